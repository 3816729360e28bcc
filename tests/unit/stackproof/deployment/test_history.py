"""A stack's past, cut into operations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.stub import Stubber

from stackproof.deployment import history
from tests.unit.stackproof.deployment.builders import STACK_ID, event

if TYPE_CHECKING:
    from stackproof.deployment.events import Event


def cut(*events: Event) -> list[list[str]]:
    """The statuses of each operation, newest operation first, out of events that are given oldest first."""
    return [[each.status for each in found.events] for found in history.operations(reversed(events))]


def test_each_request_begins_an_operation_and_a_rollback_belongs_to_it() -> None:
    assert cut(
        event("REVIEW_IN_PROGRESS"),
        event("CREATE_IN_PROGRESS", after=1),
        event("CREATE_COMPLETE", "Topic", after=2),
        event("CREATE_COMPLETE", after=3),
        event("UPDATE_IN_PROGRESS", after=4),
        event("UPDATE_FAILED", "Topic", after=5),
        event("UPDATE_ROLLBACK_IN_PROGRESS", after=6),
        event("UPDATE_ROLLBACK_COMPLETE", after=7),
    ) == [
        ["UPDATE_IN_PROGRESS", "UPDATE_FAILED", "UPDATE_ROLLBACK_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE"],
        ["CREATE_IN_PROGRESS", "CREATE_COMPLETE", "CREATE_COMPLETE"],
    ]


def test_an_operation_whose_beginning_aws_forgot_is_one_all_the_same() -> None:
    assert cut(event("UPDATE_FAILED", "Topic"), event("UPDATE_ROLLBACK_COMPLETE", after=1)) == [
        ["UPDATE_FAILED", "UPDATE_ROLLBACK_COMPLETE"]
    ]


def test_at_rest_twice_in_a_row_means_that_a_request_was_refused() -> None:
    refused = event("UPDATE_COMPLETE", after=2, reason="Export X cannot be deleted as it is in use by Y")
    created = [event("CREATE_IN_PROGRESS"), event("CREATE_COMPLETE", after=1)]
    found = list(history.operations(reversed([*created, refused])))
    assert [each.is_refused for each in found] == [True, False]
    assert [each.is_failed for each in found] == [True, False]


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([event("UPDATE_IN_PROGRESS"), event("UPDATE_COMPLETE")], False),
        ([event("UPDATE_IN_PROGRESS")], False),
        ([event("UPDATE_IN_PROGRESS"), event("UPDATE_FAILED", "Topic", reason="no")], True),
        ([event("UPDATE_IN_PROGRESS"), event("UPDATE_FAILED", "Topic", reason="Resource update cancelled")], False),
        # An old resource that could not be removed in the cleanup: the update itself went well.
        ([event("UPDATE_IN_PROGRESS"), event("DELETE_FAILED", "Old", reason="no"), event("UPDATE_COMPLETE")], False),
        ([event("DELETE_IN_PROGRESS"), event("DELETE_FAILED")], True),
        ([event("UPDATE_IN_PROGRESS"), event("UPDATE_ROLLBACK_IN_PROGRESS")], True),
    ],
    ids=["done", "under way", "about to turn back", "cancelled", "left behind", "deletion", "turning back"],
)
def test_an_operation_failed_when_it_did_not_do_what_was_asked_for(events: list[Event], expected: bool) -> None:
    assert history.Operation(tuple(events)).is_failed is expected


def answer(*events: Event, following: str = "") -> dict[str, Any]:
    found = [
        {
            "EventId": each.id,
            "Timestamp": each.time,
            "StackId": each.stack_id,
            "StackName": "lms-dev",
            "LogicalResourceId": each.logical_id,
            "PhysicalResourceId": each.physical_id,
            "ResourceStatus": each.status,
        }
        for each in reversed(events)
    ]
    return {"StackEvents": found, **({"NextToken": following} if following else {})}


def asked(following: str = "") -> dict[str, Any]:
    return {"StackName": STACK_ID, **({"NextToken": following} if following else {})}


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "1")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    return boto3.Session(region_name="sa-east-1").client("cloudformation")


OLD = [
    event("UPDATE_IN_PROGRESS"),
    event("UPDATE_FAILED", "Topic", after=1),
    event("UPDATE_ROLLBACK_COMPLETE", after=2),
]
GOOD = [event("UPDATE_IN_PROGRESS", after=10), event("UPDATE_COMPLETE", after=12)]


def test_reading_stops_at_the_newest_failure(client: Any) -> None:
    with Stubber(client) as stubber:
        stubber.add_response("describe_stack_events", answer(*OLD, *GOOD, following="more"), asked())
        past = history.read(client, STACK_ID)
        stubber.assert_no_pending_responses()
    assert past.newest is not None
    assert past.failed is not None
    assert (past.newest.since, past.failed.since) == (GOOD[0].time, OLD[0].time)
    assert past.unread is None


def test_a_stack_without_a_failure_is_read_to_its_beginning(client: Any) -> None:
    with Stubber(client) as stubber:
        stubber.add_response("describe_stack_events", answer(*GOOD[1:], following="more"), asked())
        stubber.add_response("describe_stack_events", answer(*GOOD[:1]), asked("more"))
        past = history.read(client, STACK_ID)
    assert (past.failed, past.unread) == (None, None)


def test_of_a_very_long_past_it_is_known_how_far_it_was_read(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "_PAGES", 1)
    with Stubber(client) as stubber:
        stubber.add_response("describe_stack_events", answer(*GOOD, following="more"), asked())
        stubber.add_response("describe_stack_events", answer(*OLD), asked("more"))
        past = history.read(client, STACK_ID)
    assert (past.failed, past.unread) == (None, GOOD[0].time)


def test_of_a_nested_stack_only_the_time_of_the_operation_counts(client: Any) -> None:
    with Stubber(client) as stubber:
        stubber.add_response("describe_stack_events", answer(*GOOD, following="more"), asked())
        stubber.add_response("describe_stack_events", answer(*OLD, following="even more"), asked("more"))
        found = history.between(client, STACK_ID, OLD[1].time, GOOD[0].time)
        stubber.assert_no_pending_responses()
    assert [each.id for each in found] == [OLD[1].id, OLD[2].id, GOOD[0].id]
