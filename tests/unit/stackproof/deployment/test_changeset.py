"""Change sets where the embedded AWS cannot follow: AWS's own answers, checked against botocore's model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.stub import ANY, Stubber

from stackproof.deployment import aws, changeset, polling
from stackproof.deployment.diagnosis import hint
from stackproof.errors import RefusedError
from tests.unit.stackproof.deployment.builders import STACK_ID, START, change, detail, environment, stack

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stackproof.deployment.stack import Stack

SET_ID = "arn:aws:cloudformation:sa-east-1:111111111111:changeSet/stackproof-1/7b3e"
DESCRIBE = {"ChangeSetName": SET_ID}
VALUED = {"ChangeSetName": SET_ID, "IncludePropertyValues": True}
INCOMPLETE = "[WARN] --include-property-values option can return incomplete ChangeSet data because: ChangeSet creation…"


@pytest.fixture
def cloudformation(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stubber]:
    """A client whose every call must be one of those that the test lists, in order."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "111111111111")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    client = boto3.client("cloudformation", region_name="sa-east-1")
    with Stubber(client) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()
    client.close()


def described(*changes: Any, status: str = "CREATE_COMPLETE", **more: Any) -> dict[str, Any]:
    return {
        "StackId": STACK_ID,
        "Status": status,
        "Changes": [{"Type": "Resource", "ResourceChange": each} for each in changes],
        **more,
    }


def read(stubber: Stubber) -> changeset.ChangeSet:
    pace = polling.for_change_set(is_local=False)
    pace.sleep = lambda _: None
    client: Any = stubber.client
    return changeset._described(client, SET_ID, pace)


def no_events(stubber: Stubber) -> None:
    stubber.add_response("describe_events", {"OperationEvents": []}, DESCRIBE)


def test_every_page_is_read_and_a_change_that_is_left_out_of_the_answer_with_values_is_found(
    cloudformation: Stubber,
) -> None:
    cloudformation.add_response("describe_change_set", described(status="CREATE_PENDING"), DESCRIBE)
    cloudformation.add_response("describe_change_set", described(status="CREATE_IN_PROGRESS"), DESCRIBE)
    first = described(
        change("One"),
        NextToken="page-2",
        Parameters=[
            {"ParameterKey": "Size", "ParameterValue": "2"},
            {"ParameterKey": "Image", "ParameterValue": "/images/lms", "ResolvedValue": "ami-1"},
            {"ParameterKey": "Kept", "UsePreviousValue": True},
        ],
    )
    cloudformation.add_response("describe_change_set", first, DESCRIBE)
    no_events(cloudformation)
    cloudformation.add_response(
        "describe_change_set",
        described(change("Blob", Replacement="True")),
        {**DESCRIBE, "NextToken": "page-2", "IncludePropertyValues": False},
    )
    one = change("One", Details=[detail("/Properties/Name", BeforeValue="a", AfterValue="b")])
    cloudformation.add_response("describe_change_set", described(StatusReason=INCOMPLETE, NextToken="v-2"), VALUED)
    cloudformation.add_response("describe_change_set", described(one), {**VALUED, "NextToken": "v-2"})

    found = read(cloudformation)

    assert found.changes == [one, change("Blob", Replacement="True")]
    assert found.parameters == {"Size": "2", "Image": "ami-1", "Kept": ""}
    assert (found.id, found.stack_id, found.warnings) == (SET_ID, STACK_ID, [])


@pytest.mark.parametrize(
    "reason",
    [
        "The submitted information didn't contain changes. Submit different information to create a change set.",
        "No updates are to be performed.",
    ],
)
def test_no_change_is_told_from_a_failure(reason: str, cloudformation: Stubber) -> None:
    cloudformation.add_response("describe_change_set", described(status="FAILED", StatusReason=reason), DESCRIBE)
    found = read(cloudformation)
    assert (found.id, found.changes, found.stack_id) == (None, [], STACK_ID)


EXISTS = "Resource of type 'AWS::Logs::LogGroup' with identifier '/lms/dev' already exists."
MEND = hint("AWS::Logs::LogGroup", EXISTS)


def validation_event(**more: Any) -> dict[str, Any]:
    return {
        "EventId": "1",
        "StackId": STACK_ID,
        "EventType": "VALIDATION_ERROR",
        "LogicalResourceId": "Logs",
        "ResourceType": "AWS::Logs::LogGroup",
        "Timestamp": START,
        "ValidationName": "NAME_CONFLICT_VALIDATION",
        "ValidationStatusReason": EXISTS,
        "ValidationPath": "/Resources/Logs",
        "ValidationFailureMode": "FAIL",
        **more,
    }


def test_a_failed_validation_is_told_with_all_its_errors(cloudformation: Stubber) -> None:
    failed = described(status="FAILED", StatusReason="The following validation(s) failed: [AWS::EarlyValidation]")
    cloudformation.add_response("describe_change_set", failed, DESCRIBE)
    cloudformation.add_response(
        "describe_events",
        {
            "OperationEvents": [validation_event(), {**validation_event(), "EventType": "STACK_EVENT"}],
            "NextToken": "more",
        },
        DESCRIBE,
    )
    second = validation_event(ValidationPath="/Resources/Logs/Properties/Size", ValidationStatusReason="is no number")
    cloudformation.add_response("describe_events", {"OperationEvents": [second]}, {**DESCRIBE, "NextToken": "more"})
    with pytest.raises(changeset.FailedChangeSetError) as failure:
        read(cloudformation)
    assert str(failure.value).splitlines() == [
        "CloudFormation refuses the change set: The following validation(s) failed: [AWS::EarlyValidation]",
        f"Logs /Resources/Logs: {EXISTS} {MEND}",
        "Logs /Resources/Logs/Properties/Size: is no number",
    ]


def test_a_failure_without_words_has_its_status(cloudformation: Stubber) -> None:
    cloudformation.add_response("describe_change_set", described(status="DELETE_FAILED"), DESCRIBE)
    no_events(cloudformation)
    with pytest.raises(changeset.FailedChangeSetError, match="refuses the change set: DELETE_FAILED"):
        read(cloudformation)


def test_a_validation_that_only_warns_is_a_warning(cloudformation: Stubber) -> None:
    cloudformation.add_response("describe_change_set", described(change()), DESCRIBE)
    nameless = {"EventId": "2", "StackId": STACK_ID, "EventType": "VALIDATION_ERROR", "Timestamp": START}
    found = {
        "OperationEvents": [
            validation_event(ValidationFailureMode="WARN"),
            {**nameless, "ValidationName": "BUCKET_NOT_EMPTY", "ValidationFailureMode": "WARN"},
        ]
    }
    cloudformation.add_response("describe_events", found, DESCRIBE)
    cloudformation.add_response("describe_change_set", described(change()), VALUED)
    assert read(cloudformation).warnings == [
        f"Logs /Resources/Logs: {EXISTS} {MEND}",
        "BUCKET_NOT_EMPTY",
    ]


def test_a_validation_that_may_not_be_read_is_a_warning_too(cloudformation: Stubber) -> None:
    cloudformation.add_response("describe_change_set", described(change()), DESCRIBE)
    cloudformation.add_client_error("describe_events", "AccessDenied", "not for you", http_status_code=403)
    cloudformation.add_response("describe_change_set", described(change()), VALUED)
    (warning,) = read(cloudformation).warnings
    assert warning.startswith("the validation of the change set could not be read: DescribeEvents is not allowed")


@pytest.mark.parametrize(
    ("template", "needed"),
    [
        ({"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}, []),
        ({}, []),
        ({"Resources": {"Role": {"Type": "AWS::IAM::Role"}}}, ["CAPABILITY_NAMED_IAM"]),
        (
            {"Resources": {"Nested": {"Type": "AWS::CloudFormation::Stack"}}},
            ["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
        ),
        ({"Transform": "AWS::LanguageExtensions"}, ["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]),
        (
            {"Resources": {"Fn::Transform": {"Name": "AWS::Include"}}},
            ["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
        ),
    ],
)
def test_capabilities_are_acknowledged_where_the_template_needs_them(
    template: dict[str, Any], needed: list[str]
) -> None:
    assert changeset.capabilities(template) == needed


@pytest.fixture
def account(cloudformation: Stubber) -> aws.Aws:
    found = aws.Aws(session=None, account="111111111111", caller="arn:me", region="sa-east-1")  # type: ignore[arg-type]
    found.__dict__["cloudformation"] = cloudformation.client  # where cached_property keeps it
    return found


def plan(account: aws.Aws, existing: Stack | None) -> None:
    with changeset.made(account, environment(), existing, {"TemplateBody": "{}"}):
        raise AssertionError("AWS refused to make it")


def refused_at_creation(stubber: Stubber, code: str, message: str) -> None:
    stubber.add_client_error("create_change_set", code, message)
    stubber.add_response("delete_change_set", {}, {"StackName": "lms-dev", "ChangeSetName": ANY})


@pytest.mark.parametrize(
    "message",
    [
        f"Stack:{STACK_ID} is in UPDATE_IN_PROGRESS state and can not be updated.",
        "Stack [lms-dev] already exists and cannot be created again with the changeSet [stackproof-1].",
    ],
)
def test_whoever_is_slower_is_refused(message: str, cloudformation: Stubber, account: aws.Aws) -> None:
    refused_at_creation(cloudformation, "ValidationError", message)
    with pytest.raises(RefusedError) as refused:
        plan(account, stack())
    assert str(refused.value) == (f"somebody else was faster, and this plan was not executed ({message}). Plan again.")


def test_whoever_loses_the_change_set_to_another_s_execution_is_refused(
    cloudformation: Stubber, account: aws.Aws
) -> None:
    cloudformation.add_response("create_change_set", {"Id": SET_ID, "StackId": STACK_ID})
    cloudformation.add_client_error("describe_change_set", "ChangeSetNotFound", "it does not exist")
    cloudformation.add_response("delete_change_set", {}, {"StackName": "lms-dev", "ChangeSetName": ANY})
    with pytest.raises(RefusedError, match="somebody else was faster"):
        plan(account, stack())


def test_what_cannot_be_cleared_away_is_named(cloudformation: Stubber, account: aws.Aws) -> None:
    cloudformation.add_client_error("create_change_set", "ExpiredToken", "too late")
    cloudformation.add_client_error("delete_change_set", "ExpiredToken", "too late")
    with pytest.raises(aws.AwsError) as failure:
        plan(account, stack())
    assert "the AWS credentials have expired" in str(failure.value)
    assert "Nothing was changed; left behind: change set stackproof-" in str(failure.value)
    assert str(failure.value).endswith(" of lms-dev.")


def test_interrupted_while_it_is_cleared_away_it_is_named_too(
    cloudformation: Stubber, account: aws.Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(**_: Any) -> None:
        raise KeyboardInterrupt

    cloudformation.add_client_error("create_change_set", "LimitExceededException", "too many")
    monkeypatch.setattr(account.cloudformation, "delete_change_set", interrupted)
    with pytest.raises(KeyboardInterrupt) as stopped:
        plan(account, stack())
    assert str(stopped.value).startswith("interrupted. Nothing was changed; left behind: change set stackproof-")


def test_an_empty_stack_that_somebody_else_plans_too_is_left_to_them(cloudformation: Stubber, account: aws.Aws) -> None:
    cloudformation.add_client_error("create_change_set", "LimitExceededException", "too many")
    cloudformation.add_client_error("delete_change_set", "ChangeSetNotFound", "there is none")
    review = {"StackName": "lms-dev", "StackId": STACK_ID, "StackStatus": "REVIEW_IN_PROGRESS", "CreationTime": START}
    cloudformation.add_response("describe_stacks", {"Stacks": [review]}, {"StackName": "lms-dev"})
    others = {"Summaries": [{"ChangeSetName": "mine", "Status": "DELETE_PENDING"}, {"Status": "CREATE_COMPLETE"}]}
    cloudformation.add_response("list_change_sets", others, {"StackName": STACK_ID})
    with pytest.raises(Exception, match="too many"):
        plan(account, None)


def test_an_empty_stack_is_gone_before_the_plan_ends(
    cloudformation: Stubber, account: aws.Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")  # a local one is looked at quickly
    review = {"StackName": "lms-dev", "StackId": STACK_ID, "StackStatus": "REVIEW_IN_PROGRESS", "CreationTime": START}
    cloudformation.add_client_error("create_change_set", "LimitExceededException", "too many")
    cloudformation.add_response("delete_change_set", {}, {"StackName": "lms-dev", "ChangeSetName": ANY})
    cloudformation.add_response("describe_stacks", {"Stacks": [review]}, {"StackName": "lms-dev"})
    cloudformation.add_response("list_change_sets", {"Summaries": []}, {"StackName": STACK_ID})
    cloudformation.add_response("delete_stack", {}, {"StackName": STACK_ID, "ClientRequestToken": ANY})
    for status in ("DELETE_IN_PROGRESS", "DELETE_COMPLETE"):
        answer = {"Stacks": [review | {"StackStatus": status}]}
        cloudformation.add_response("describe_stacks", answer, {"StackName": STACK_ID})
    with pytest.raises(Exception, match="too many"):
        plan(account, None)


def test_any_other_failure_to_delete_is_not_passed_over(cloudformation: Stubber, account: aws.Aws) -> None:
    cloudformation.add_client_error("delete_change_set", "AccessDenied", "not for you")
    with pytest.raises(Exception, match="not for you"):
        changeset._delete(account.cloudformation, "lms-dev", "stackproof-1")
