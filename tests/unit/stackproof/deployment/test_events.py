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


def test_what_moves_to_the_next_page_while_it_is_read_is_not_told_twice() -> None:
    crowd = [event("CREATE_COMPLETE", f"Topic{number}", after=-1) for number in range(6)]
    newer = [event("CREATE_COMPLETE", f"Cache{number}", after=0) for number in range(3)]

    class Growing(FakeCloudFormation):
        def paginate(self, StackName: str) -> Any:  # noqa: N803 - as the SDK spells it
            assert StackName == STACK_ID
            # By offset: three new events, and the second page is the first one again.
            for start in (0, 3, 6):
                yield {"StackEvents": self.visible()[start : start + self.page]}
                self.history += newer if start == 0 else []

    found = events.unseen(Growing(crowd, page=3), STACK_ID, [])  # type: ignore[arg-type]  # the calls it needs
    assert [each.logical_id for each in found] == [f"Topic{number}" for number in range(6)]


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


NESTED = "AWS::CloudFormation::Stack"
NETWORK = "arn:aws:cloudformation:sa-east-1:111111111111:stack/lms-dev-Network/77aa"
SUBNETS = "arn:aws:cloudformation:sa-east-1:111111111111:stack/lms-dev-Network-Subnets/88bb"


class Nested(FakeCloudFormation):
    """Stacks within stacks; `failing` is the look at one of them that fails, counted from one."""

    def __init__(self, histories: dict[str, list[Event]], *, failing: int = 0) -> None:
        super().__init__([])
        self.histories, self.failing = histories, failing
        self.asked: list[str] = []

    def paginate(self, StackName: str) -> Any:  # noqa: N803 - as the SDK spells it
        self.asked.append(StackName)
        if len(self.asked) == self.failing:
            raise client_error("Throttling")
        self.history = self.histories[StackName]
        yield {"StackEvents": self.visible()}


def nested(status: str, logical_id: str, stack_id: str, within: str = STACK_ID, *, after: float = 0) -> Event:
    return event(status, logical_id, after=after, type=NESTED, stack_id=within, physical_id=stack_id)


def inside(status: str, logical_id: str, stack_id: str, *, after: float = 0) -> Event:
    return event(status, logical_id, after=after, stack_id=stack_id)


def own(status: str, stack_id: str, *, after: float = 0) -> Event:
    return event(status, after=after, stack_id=stack_id, physical_id=stack_id)


HISTORIES = {
    STACK_ID: [
        event("UPDATE_IN_PROGRESS"),
        nested("UPDATE_IN_PROGRESS", "Network", NETWORK, after=1),
        event("UPDATE_COMPLETE", "Topic", after=2),
        nested("UPDATE_COMPLETE", "Network", NETWORK, after=9),
        event("UPDATE_COMPLETE", after=10),
    ],
    NETWORK: [
        own("CREATE_IN_PROGRESS", NETWORK, after=-100),
        inside("CREATE_COMPLETE", "Vpc", NETWORK, after=-99),
        own("CREATE_COMPLETE", NETWORK, after=-98),
        own("UPDATE_IN_PROGRESS", NETWORK, after=1.5),
        inside("CREATE_COMPLETE", "Route", NETWORK, after=3),
        nested("CREATE_IN_PROGRESS", "Subnets", "", NETWORK, after=4),
        nested("CREATE_COMPLETE", "Subnets", SUBNETS, NETWORK, after=7),
        own("UPDATE_COMPLETE", NETWORK, after=8),
    ],
    SUBNETS: [
        own("CREATE_IN_PROGRESS", SUBNETS, after=4),
        inside("CREATE_COMPLETE", "Subnet1", SUBNETS, after=5),
        own("CREATE_COMPLETE", SUBNETS, after=6),
    ],
}
PATHS = ["lms-dev", "Network", "Topic", "Network/Route", "Network/Subnets", "Network/Subnets/Subnet1"]
PATHS += ["Network/Subnets", "Network", "lms-dev"]


def follow_nested(aws: Nested) -> list[Event]:
    pace = polling.for_events(is_local=False)
    pace.sleep, pace.jitter = aws.sleep, lambda low, high: (low + high) / 2
    return [each for batch in events.follow(aws, STACK_ID, seen=(), pace=pace) for each in batch]  # type: ignore[arg-type]  # the calls it needs


def test_nested_stacks_are_followed_from_the_moment_that_their_work_begins_until_it_ends() -> None:
    aws = Nested(HISTORIES)
    found = follow_nested(aws)
    assert [each.path for each in sorted(found, key=lambda each: each.time)] == PATHS
    assert NETWORK not in aws.asked[:1]
    assert aws.asked.count(SUBNETS) == 1
    last = [number for number, stack_id in enumerate(aws.asked) if stack_id == NETWORK][-1]
    assert STACK_ID in aws.asked[last:]  # the outer one went on; the nested one was left alone


@pytest.mark.parametrize("failing", range(1, 12))
def test_whichever_look_fails_no_event_is_lost_and_none_comes_twice(failing: int) -> None:
    aws = Nested(HISTORIES, failing=failing)
    found = follow_nested(aws)
    assert sorted(each.path for each in found) == sorted(PATHS)
    assert len(aws.asked) >= failing, "that look never happened"


def test_a_nested_stack_that_is_rolled_back_is_followed_a_second_time() -> None:
    histories = {
        STACK_ID: [
            event("UPDATE_IN_PROGRESS"),
            nested("UPDATE_IN_PROGRESS", "Network", NETWORK, after=1),
            nested("UPDATE_FAILED", "Network", NETWORK, after=3),
            event("UPDATE_ROLLBACK_IN_PROGRESS", after=4),
            nested("UPDATE_IN_PROGRESS", "Network", NETWORK, after=5),
            nested("UPDATE_COMPLETE", "Network", NETWORK, after=7),
            event("UPDATE_ROLLBACK_COMPLETE", after=8),
        ],
        NETWORK: [
            inside("UPDATE_FAILED", "Route", NETWORK, after=2),
            inside("UPDATE_COMPLETE", "Route", NETWORK, after=6),
        ],
    }
    found = [(each.path, each.status) for each in follow_nested(Nested(histories)) if each.within]
    assert found == [("Network/Route", "UPDATE_FAILED"), ("Network/Route", "UPDATE_COMPLETE")]


def test_an_operation_that_is_taken_up_begins_with_its_history() -> None:
    before = [event("CREATE_COMPLETE", "Topic", after=-50), event("CREATE_COMPLETE", after=-49)]
    aws = Nested(HISTORIES | {STACK_ID: [*before, *HISTORIES[STACK_ID]]})
    aws.now = 9
    so_far = events.last_operation(aws, STACK_ID)  # type: ignore[arg-type]  # the calls it needs
    pace = polling.for_events(is_local=False)
    pace.sleep = aws.sleep
    first, *later = events.follow(aws, STACK_ID, seen=(), pace=pace, history=so_far)  # type: ignore[arg-type]  # the calls it needs
    assert [each.path for each in first] == PATHS[:-1]
    assert [each.path for batch in later for each in batch] == PATHS[-1:]
