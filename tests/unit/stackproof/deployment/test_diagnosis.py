"""The first real cause of a failure, out of an operation's events."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from stackproof.deployment.diagnosis import failures, first_cause, hint
from tests.unit.stackproof.deployment.builders import STACK_ID, event

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stackproof.deployment.events import Event

NESTED_ID = "arn:aws:cloudformation:sa-east-1:111111111111:stack/lms-dev-Network/77aa"


def no_nested(_: Event) -> Sequence[Event]:
    raise AssertionError("there is no nested stack to look into")


def test_the_first_failure_counts_not_what_was_cancelled_because_of_it() -> None:
    history = [
        event("CREATE_IN_PROGRESS"),
        event("CREATE_FAILED", "Other", after=1, reason="Resource creation cancelled"),
        event("CREATE_FAILED", "Role", after=2, reason="Invalid principal"),
        event("CREATE_FAILED", "Late", after=3, reason="Something else"),
        event("ROLLBACK_IN_PROGRESS", after=4, reason="The following resource(s) failed to create: [Role]."),
        event("DELETE_FAILED", "Bucket", after=5, reason="The bucket you tried to delete is not empty"),
        event("ROLLBACK_FAILED", after=6),
    ]
    cause = first_cause(history, no_nested)
    assert cause is not None
    assert (cause.logical_id, cause.type, cause.stack, cause.status) == (
        "Role",
        "AWS::SNS::Topic",
        STACK_ID,
        "CREATE_FAILED",
    )
    assert (cause.reason, cause.time) == ("Invalid principal", "2026-03-14T03:00:02+00:00")


def nested_failure() -> list[Event]:
    return [
        event("UPDATE_IN_PROGRESS"),
        event(
            "UPDATE_FAILED",
            "Network",
            type="AWS::CloudFormation::Stack",
            physical_id=NESTED_ID,
            reason=f"Embedded stack {NESTED_ID} was not successfully updated.",
        ),
    ]


def test_a_nested_stack_s_failure_is_looked_up_inside_it() -> None:
    inside = [
        event("UPDATE_IN_PROGRESS", physical_id=NESTED_ID, stack_id=NESTED_ID),
        event("UPDATE_FAILED", "Subnet", stack_id=NESTED_ID, reason="The CIDR conflicts with another subnet"),
    ]
    asked: list[str] = []

    def nested(event: Event) -> Sequence[Event]:
        asked.append(event.physical_id)
        return inside

    cause = first_cause(nested_failure(), nested)
    assert cause is not None
    assert (cause.logical_id, cause.stack, cause.reason) == (
        "Subnet",
        NESTED_ID,
        "The CIDR conflicts with another subnet",
    )
    assert asked == [NESTED_ID]


def test_a_nested_stack_that_says_nothing_is_itself_the_cause() -> None:
    cause = first_cause(nested_failure(), lambda _: [])
    assert cause is not None
    assert cause.logical_id == "Network"
    assert cause.reason.startswith("Embedded stack")


def test_a_nested_stack_that_was_never_made_cannot_be_looked_into() -> None:
    failed = event("CREATE_FAILED", "Network", type="AWS::CloudFormation::Stack", physical_id="", reason="no template")
    cause = first_cause([failed], no_nested)
    assert cause is not None
    assert cause.reason == "no template"


def test_failures_are_told_in_their_order_of_time_each_once() -> None:
    inside = [event("CREATE_FAILED", "Subnet", stack_id=NESTED_ID, after=1, reason="The CIDR is taken")]
    history = [
        event("UPDATE_IN_PROGRESS"),
        event("UPDATE_FAILED", "Role", after=2, reason="Invalid principal"),
        event("UPDATE_FAILED", "Role", after=3, reason="Invalid principal"),
        *[replace(each, time=each.time + timedelta(seconds=9)) for each in nested_failure()[1:]],
    ]
    found = failures(history, lambda _: inside)
    assert [(each.path, each.time) for each in found] == [
        ("Network/Subnet", inside[0].time),
        ("Role", history[1].time),
    ]


@pytest.mark.parametrize("status", ["CREATE_FAILED", "ROLLBACK_IN_PROGRESS"])
def test_where_no_resource_failed_the_stack_s_own_words_count(status: str) -> None:
    history = [event("CREATE_IN_PROGRESS", reason="User Initiated"), event(status, reason="Export lms-Vpc exists")]
    cause = first_cause(history, no_nested)
    assert cause is not None
    assert (cause.logical_id, cause.reason) == ("lms-dev", "Export lms-Vpc exists")


@pytest.mark.parametrize(
    "history",
    [
        [],
        [event("CREATE_IN_PROGRESS", reason="User Initiated"), event("CREATE_COMPLETE")],
        [event("ROLLBACK_IN_PROGRESS", reason="The following resource(s) failed to create: [Role].")],
        [event("CREATE_FAILED", "Other", reason="Resource creation cancelled")],
    ],
    ids=["nothing", "success", "an echo", "a cancellation"],
)
def test_no_cause_is_invented(history: list[Event]) -> None:
    assert first_cause(history, no_nested) is None


def test_a_failure_without_a_reason_says_so() -> None:
    cause = first_cause([event("DELETE_FAILED", "Vpc")], no_nested)
    assert cause is not None
    assert (cause.reason, cause.hint) == ("AWS gives no reason", "")


@pytest.mark.parametrize(
    ("kind", "reason", "physical_id", "expected"),
    [
        (
            "AWS::Logs::LogGroup",
            "/lms/lms-dev/application already exists in stack arn:aws:x",
            "",
            "/lms/lms-dev/application belongs to another resource of stack arn:aws:x",
        ),
        (
            "AWS::Logs::LogGroup",
            "Resource of type 'AWS::Logs::LogGroup' already exists.",
            "/lms/lms-dev/cache",
            "aws logs delete-log-group --log-group-name /lms/lms-dev/cache",
        ),
        ("AWS::Logs::LogGroup", "it already exists", "", "--log-group-name NAME"),
        ("AWS::ECS::Service", "Action denied by stack policy: Statement [#1]", "", "StackPolicy in the parameter file"),
        (
            "AWS::S3::Bucket",
            "User: arn:aws:iam::1:user/ci is not authorized to perform: s3:CreateBucket on resource: arn:aws:s3:::b",
            "",
            "A permission is missing: s3:CreateBucket on arn:aws:s3:::b, for arn:aws:iam::1:user/ci.",
        ),
        (
            "AWS::S3::Bucket",
            "ci is not authorized to perform: s3:CreateBucket",
            "",
            "A permission is missing: s3:CreateBucket on its resource, for the role or user that deploys.",
        ),
        (
            "AWS::CloudFormation::Stack",
            "Export lms-Vpc cannot be deleted as it is in use by reports",
            "",
            "Other stacks import lms-Vpc (reports): change those first.",
        ),
        ("AWS::S3::Bucket", "The bucket you tried to delete is not empty", "", "Empty the bucket (all versions)"),
    ],
)
def test_a_certain_cause_comes_with_what_mends_it(kind: str, reason: str, physical_id: str, expected: str) -> None:
    assert expected in hint(kind, reason, physical_id)


@pytest.mark.parametrize("reason", ["Internal failure", "Invalid parameter: DisplayName", ""])
def test_an_uncertain_one_comes_without(reason: str) -> None:
    assert hint("AWS::SNS::Topic", reason) == ""
