"""Events: read newest first, told apart by id, followed at a measured pace until the stack rests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, EndpointConnectionError

from stackproof.deployment import events, polling
from tests.unit.stackproof.deployment.builders import STACK_ID, START, event

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from stackproof.deployment.events import Event


def answer(each: Event, **more: str) -> dict[str, Any]:
    """An event as AWS writes it."""
    return {
        "EventId": each.id,
        "Timestamp": each.time,
        "StackId": each.stack_id,
        "LogicalResourceId": each.logical_id,
        "PhysicalResourceId": each.physical_id,
        "ResourceType": each.type,
        "ResourceStatus": each.status,
        "ResourceStatusReason": each.reason,
        **more,
    }


class FakeCloudFormation:
    """A stack whose events appear as time goes by; each look may fail instead.

    Attributes:
        now: seconds, moved on by sleeping.
        calls: pages that were asked for.
    """

    def __init__(self, history: Sequence[Event], *, page: int = 100, failures: Sequence[Exception] = ()) -> None:
        self.history, self.page, self.failures = list(history), page, list(failures)
        self.now = 0.0
        self.calls = 0

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def visible(self) -> list[dict[str, Any]]:
        return [answer(each) for each in reversed(self.history) if (each.time - START).total_seconds() <= self.now]

    def describe_stack_events(self, StackName: str) -> dict[str, Any]:  # noqa: N803 - as the SDK spells it
        assert StackName == STACK_ID
        self.calls += 1
        return {"StackEvents": self.visible()[: self.page]}

    def get_paginator(self, name: str) -> FakeCloudFormation:
        assert name == "describe_stack_events"
        return self

    def paginate(self, StackName: str) -> Any:  # noqa: N803 - as the SDK spells it
        assert StackName == STACK_ID
        if self.failures:
            self.calls += 1
            raise self.failures.pop(0)
        found = self.visible()
        for start in range(0, max(len(found), 1), self.page):
            self.calls += 1
            yield {"StackEvents": found[start : start + self.page]}


def follow(
    aws: FakeCloudFormation, *, seen: Sequence[str] = (), look: Callable[[list[Event]], None] = lambda _: None
) -> list[str]:
    pace = polling.for_events(is_local=False)
    pace.sleep, pace.jitter = aws.sleep, lambda low, high: (low + high) / 2
    found = []
    for batch in events.follow(aws, STACK_ID, seen=seen, pace=pace):  # type: ignore[arg-type]  # the calls it needs
        look(batch)
        found += [each.id for each in batch]
    return found


HISTORY = [
    event("CREATE_IN_PROGRESS"),
    event("CREATE_IN_PROGRESS", "Topic", after=1),
    event("CREATE_COMPLETE", "Topic", after=4),
    event("CREATE_IN_PROGRESS", "Cache", after=5),
    event("CREATE_COMPLETE", "Cache", after=600),
    event("CREATE_COMPLETE", after=602),
]


def test_every_event_comes_once_oldest_first_and_the_stack_s_own_end_is_the_end() -> None:
    later = event("UPDATE_IN_PROGRESS", after=603)
    assert follow(FakeCloudFormation([*HISTORY, later])) == [each.id for each in HISTORY]


def test_what_was_there_before_is_not_told_again() -> None:
    old = [event("CREATE_COMPLETE", "Old", after=-20), event("UPDATE_COMPLETE", after=-10)]
    found = follow(FakeCloudFormation([*old, *HISTORY]), seen=[each.id for each in old])
    assert found == [each.id for each in HISTORY]


def test_events_with_the_same_time_are_told_apart() -> None:
    crowd = [event("CREATE_COMPLETE", f"Topic{number}", after=1) for number in range(5)]
    assert len(follow(FakeCloudFormation([*crowd, event("CREATE_COMPLETE", after=1)]))) == 6


def test_all_pages_are_read_but_none_beyond_a_known_event() -> None:
    crowd = [event("CREATE_COMPLETE", f"Topic{number}", after=-1) for number in range(7)]
    aws = FakeCloudFormation([*crowd, event("CREATE_COMPLETE", after=0)], page=3)
    assert len(follow(aws)) == 8
    assert aws.calls == 3

    aws = FakeCloudFormation([*crowd, event("CREATE_COMPLETE", after=0)], page=3)
    assert follow(aws, seen=[each.id for each in crowd]) == [event("CREATE_COMPLETE", after=0).id]
    assert aws.calls == 1


def test_ten_minutes_take_two_hundred_calls_and_the_end_is_seen_within_three_seconds() -> None:
    aws = FakeCloudFormation(HISTORY)
    delays: list[float] = []

    def look(batch: list[Event]) -> None:
        delays.extend(aws.now - (each.time - START).total_seconds() for each in batch)

    follow(aws, look=look)
    assert aws.now - 602 < 3
    assert max(delays) < 3
    assert aws.calls < 210  # the AWS CLI's waiter asks 20 times, and sees the end up to half a minute late


def client_error(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "slow down"}}, "DescribeStackEvents")


@pytest.mark.parametrize(
    "error",
    [
        client_error("Throttling"),
        client_error("RequestLimitExceeded"),
        EndpointConnectionError(endpoint_url="https://cloudformation.sa-east-1.amazonaws.com"),
        ConnectionClosedError(endpoint_url="https://cloudformation.sa-east-1.amazonaws.com"),
    ],
    ids=["throttled", "limited", "unreachable", "line lost"],
)
def test_a_failure_that_passes_is_waited_out_because_the_operation_goes_on(error: Exception) -> None:
    aws = FakeCloudFormation(HISTORY, failures=[error] * 3)
    waited: list[float] = []
    assert follow(aws, look=lambda _: waited.append(aws.now)) == [each.id for each in HISTORY]
    assert waited[:4] == [0, 2, 6, 14]


def test_a_line_that_does_not_come_back_is_an_error_after_minutes() -> None:
    aws = FakeCloudFormation(HISTORY, failures=[client_error("Throttling")] * 100)
    with pytest.raises(ClientError, match="slow down"):
        follow(aws)
    assert 300 < aws.now < 900


def test_credentials_that_expire_meanwhile_are_an_error_at_once() -> None:
    aws = FakeCloudFormation(HISTORY, failures=[client_error("ExpiredToken")])
    with pytest.raises(ClientError):
        follow(aws)
    assert aws.now == 0


def test_the_last_operation_begins_where_the_stack_itself_started_and_has_its_rollback() -> None:
    operation = [
        event("UPDATE_IN_PROGRESS", after=10),
        event("UPDATE_FAILED", "Topic", after=11),
        event("UPDATE_ROLLBACK_IN_PROGRESS", after=12),
        event("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", after=13),
        event("UPDATE_ROLLBACK_COMPLETE", after=14),
    ]
    aws = FakeCloudFormation([*HISTORY[:3], *operation])
    aws.now = 20
    found = events.last_operation(aws, STACK_ID)  # type: ignore[arg-type]  # the calls it needs
    assert [each.id for each in found] == [each.id for each in operation]


def test_the_last_operation_of_a_stack_whose_start_is_forgotten_is_all_there_is() -> None:
    aws = FakeCloudFormation(HISTORY[1:3])
    aws.now = 20
    found = events.last_operation(aws, STACK_ID)  # type: ignore[arg-type]  # the calls it needs
    assert [each.id for each in found] == [each.id for each in HISTORY[1:3]]


def test_a_hook_s_verdict_is_part_of_the_reason() -> None:
    class Hooked(FakeCloudFormation):
        def visible(self) -> list[dict[str, Any]]:
            failed = event("CREATE_FAILED", "Bucket", reason="The following hook(s) failed: [Team::Hook]")
            return [answer(failed, HookStatusReason="buckets want encryption")]

    found = events.unseen(Hooked([]), STACK_ID, [])  # type: ignore[arg-type]  # the calls it needs
    assert found[0].reason == "The following hook(s) failed: [Team::Hook] buckets want encryption"


@pytest.mark.parametrize(
    ("each", "ends"),
    [
        (event("CREATE_COMPLETE"), True),
        (event("UPDATE_ROLLBACK_FAILED"), True),
        (event("DELETE_COMPLETE"), True),
        (event("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"), False),
        (event("CREATE_COMPLETE", "Topic"), False),
        (event("CREATE_COMPLETE", "Nested", type="AWS::CloudFormation::Stack", physical_id="arn:another"), False),
    ],
)
def test_only_the_stack_itself_ends_an_operation(each: Event, ends: bool) -> None:
    assert each.ends_operation is ends


def test_an_operation_that_was_found_under_way_is_told_without_those_before_it() -> None:
    """They ended: taken for its own, one of them would end it at once."""
    earlier = [event("CREATE_IN_PROGRESS"), event("CREATE_COMPLETE", after=1)]
    begun = [event("UPDATE_IN_PROGRESS", after=100), event("UPDATE_IN_PROGRESS", "Topic", after=101)]
    ended = [event("UPDATE_COMPLETE", "Topic", after=110), event("UPDATE_COMPLETE", after=111)]
    aws = FakeCloudFormation([*earlier, *begun, *ended])
    aws.now = 105.0
    pace = polling.for_events(is_local=False)
    pace.sleep, pace.jitter = aws.sleep, lambda low, high: (low + high) / 2
    batches = events.follow(aws, STACK_ID, seen=(), pace=pace, history=begun)  # type: ignore[arg-type]  # the calls it needs
    assert [each for batch in batches for each in batch] == [*begun, *ended]
