"""Change sets of nested stacks, and what hooks say: AWS's answers, checked against botocore's model.

The embedded AWS makes no change sets for nested stacks. Their answers follow the user guide, "Change sets for nested
stacks", and the threads that are named.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.stub import ANY, Stubber

from stackproof.deployment import aws, changeset, polling
from stackproof.deployment.changeset import FailedChangeSetError
from tests.unit.stackproof.deployment.builders import STACK_ID, change, environment, stack

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stackproof.environments import Environment

ROOT, NETWORK, DEEP = (
    f"arn:aws:cloudformation:sa-east-1:111111111111:changeSet/{name}/7b3e" for name in ("stackproof-1", "net", "deep")
)
NESTED = "AWS::CloudFormation::Stack"
# The whole reason of the parent's change set, as tools that read nested change sets quote it.
FAILED = "Nested change set {} was not successfully created: Currently in FAILED."
NOTHING = "The submitted information didn't contain changes. Submit different information to create a change set."


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[aws.Aws, Stubber]]:
    """An account whose every call must be one of those that the test lists, in order."""
    session = boto3.Session(aws_access_key_id="1", aws_secret_access_key="x", region_name="sa-east-1")  # noqa: S106  # no secret
    found = aws.Aws(session, "111111111111", "arn:aws:iam::111111111111:user/ana", "sa-east-1")
    monkeypatch.setattr(polling.Pace, "wait", lambda _: None)
    with Stubber(found.cloudformation) as stubber:
        yield found, stubber
        stubber.assert_no_pending_responses()


def nested_environment() -> Environment:
    resources = {"Network": {"Type": NESTED, "Properties": {"TemplateURL": "https://s3.sa-east-1.amazonaws.com/b/n"}}}
    return environment(template={"Resources": resources})


def described(*changes: Any, status: str = "CREATE_COMPLETE", **more: Any) -> dict[str, Any]:
    found = [{"Type": "Resource", "ResourceChange": each} for each in changes]
    return {"StackId": STACK_ID, "StackName": "lms-dev", "Status": status, "Changes": found, **more}


def complete(stubber: Stubber, change_set: str, *changes: Any, events: tuple[Any, ...] = (), **more: Any) -> None:
    """The answers that describe a change set in full: waited for, its events, and once more with values."""
    answer = described(*changes, **more)
    stubber.add_response("describe_change_set", answer, {"ChangeSetName": change_set})
    stubber.add_response("describe_events", {"OperationEvents": list(events)}, {"ChangeSetName": change_set})
    stubber.add_response("describe_change_set", answer, {"ChangeSetName": change_set, "IncludePropertyValues": True})


def created(stubber: Stubber, **given: Any) -> None:
    stubber.add_response(
        "create_change_set",
        {"Id": ROOT, "StackId": STACK_ID},
        {
            "StackName": "lms-dev",
            "ChangeSetName": ANY,
            "ChangeSetType": "UPDATE",
            "ClientToken": ANY,
            "Tags": ANY,
            "Capabilities": ["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
            "TemplateBody": "{}",
            **given,
        },
    )


def deleted(stubber: Stubber, times: int = 2) -> None:
    for _ in range(times):
        stubber.add_response("delete_change_set", {}, {"StackName": "lms-dev", "ChangeSetName": ANY})


def in_nested(name: str, change_set: str) -> Any:
    return change(name, NESTED, ChangeSetId=change_set, PhysicalResourceId=f"{STACK_ID}-{name}")


def test_every_level_is_described_in_full(account: tuple[aws.Aws, Stubber]) -> None:
    made, stubber = account
    created(stubber, IncludeNestedStacks=True)
    complete(stubber, ROOT, in_nested("Network", NETWORK), change("Topic"))
    complete(
        stubber,
        NETWORK,
        in_nested("Deep", DEEP),
        change("Vpc", "AWS::EC2::VPC"),
        Parameters=[{"ParameterKey": "Cidr", "ParameterValue": "10.0.0.0/16"}],
    )
    complete(stubber, DEEP, change("Subnet", "AWS::EC2::Subnet"))
    deleted(stubber)
    with changeset.made(made, nested_environment(), stack(), {"TemplateBody": "{}"}) as found:
        network = found.nested["Network"]
        assert [each["LogicalResourceId"] for each in network.changes] == ["Deep", "Vpc"]
        assert network.parameters == {"Cidr": "10.0.0.0/16"}
        assert [each["LogicalResourceId"] for each in network.nested["Deep"].changes] == ["Subnet"]
        assert network.nested["Deep"].nested == {}


def test_a_nested_stack_that_does_not_change_has_no_change_set_to_speak_of(account: tuple[aws.Aws, Stubber]) -> None:
    made, stubber = account
    created(stubber, IncludeNestedStacks=True)
    complete(stubber, ROOT, in_nested("Network", NETWORK))
    stubber.add_response("describe_change_set", described(status="FAILED", StatusReason=NOTHING))
    deleted(stubber)
    with changeset.made(made, nested_environment(), stack(), {"TemplateBody": "{}"}) as found:
        assert (found.nested["Network"].id, found.nested["Network"].changes) == (None, [])


def test_warnings_say_which_nested_stack_they_are_of(account: tuple[aws.Aws, Stubber]) -> None:
    made, stubber = account
    warning = {
        **event("VALIDATION_ERROR"),
        "ValidationFailureMode": "WARN",
        "ValidationStatusReason": "the bucket name is taken",
        "LogicalResourceId": "Bucket",
    }
    created(stubber, IncludeNestedStacks=True)
    complete(stubber, ROOT, in_nested("Network", NETWORK))
    complete(stubber, NETWORK, change("Bucket"), events=(warning,))
    deleted(stubber)
    with changeset.made(made, nested_environment(), stack(), {"TemplateBody": "{}"}) as found:
        assert [each.startswith("Network/Bucket: the bucket name is taken") for each in found.warnings] == [True]


@pytest.mark.parametrize("is_deeper", [False, True])
def test_where_a_nested_one_fails_the_plan_is_made_without_and_says_why(
    account: tuple[aws.Aws, Stubber], is_deeper: bool
) -> None:
    """What comes from another nested stack is not known yet: cloudformation-coverage-roadmap issue 759."""
    made, stubber = account
    why = "Template error: Fn::Select cannot select nonexistent value at index 1"
    created(stubber, IncludeNestedStacks=True)
    stubber.add_response("describe_change_set", described(status="FAILED", StatusReason=FAILED.format(NETWORK)))
    stubber.add_response("describe_events", {"OperationEvents": []}, {"ChangeSetName": ROOT})
    at = NETWORK
    if is_deeper:
        answer = described(status="FAILED", StatusReason=FAILED.format(DEEP))
        stubber.add_response("describe_change_set", answer, {"ChangeSetName": NETWORK})
        at = DEEP
    answer = {**described(status="FAILED", StatusReason=why), "StackName": "lms-dev-Network"}
    stubber.add_response("describe_change_set", answer, {"ChangeSetName": at})
    stubber.add_response("describe_events", {"OperationEvents": []}, {"ChangeSetName": at})
    deleted(stubber, 1)
    created(stubber)
    complete(stubber, ROOT, change("Network", NESTED))
    deleted(stubber)
    with changeset.made(made, nested_environment(), stack(), {"TemplateBody": "{}"}) as found:
        assert found.warnings == [f"nested stacks could not be looked into, and may fail: lms-dev-Network: {why}"]
        assert found.nested == {}


def test_where_nobody_says_why_the_parent_s_words_are_told(account: tuple[aws.Aws, Stubber]) -> None:
    made, stubber = account
    created(stubber, IncludeNestedStacks=True)
    stubber.add_response("describe_change_set", described(status="FAILED", StatusReason=FAILED.format(NETWORK)))
    stubber.add_response("describe_events", {"OperationEvents": []})
    stubber.add_response("describe_change_set", described(status="FAILED"), {"ChangeSetName": NETWORK})
    stubber.add_response("describe_events", {"OperationEvents": []})
    deleted(stubber, 1)
    created(stubber)
    complete(stubber, ROOT, change("Network", NESTED))
    deleted(stubber)
    with changeset.made(made, nested_environment(), stack(), {"TemplateBody": "{}"}) as found:
        assert "CloudFormation refuses the change set: Nested change set arn:" in found.warnings[0]


def event(kind: str, **more: Any) -> dict[str, Any]:
    return {
        "EventId": "1",
        "StackId": STACK_ID,
        "OperationId": "2",
        "OperationType": "CREATE_CHANGESET",
        "EventType": kind,
        **more,
    }


@pytest.mark.parametrize("mode", ["FAIL", "WARN"])
def test_a_hook_that_refuses_is_told_and_one_that_only_warns_warns(account: tuple[aws.Aws, Stubber], mode: str) -> None:
    """Stack and change set hooks are invoked before the change set is there: CloudFormation Hooks user guide."""
    made, stubber = account
    hook = event(
        "HOOK_INVOCATION_ERROR",
        HookType="Private::Guard::Buckets",
        HookStatus="HOOK_COMPLETE_FAILED",
        HookStatusReason="Buckets must be encrypted with a key of ours.",
        HookFailureMode=mode,
        LogicalResourceId="Uploads",
    )
    said = "Uploads: the hook Private::Guard::Buckets refuses it: Buckets must be encrypted with a key of ours."
    whole = event("HOOK_INVOCATION_ERROR", HookType="A::B::C", HookStatusReason="no", HookFailureMode="WARN")
    done = event("STACK_EVENT")
    stubber.add_response("describe_events", {"OperationEvents": [hook, whole, done]}, {"ChangeSetName": ROOT})
    errors, warnings = changeset.validation(made.cloudformation, ROOT)
    assert errors == ([said] if mode == "FAIL" else [])
    assert warnings == [*([said] if mode == "WARN" else []), "the hook A::B::C refuses it: no"]


def test_any_other_failure_is_a_failure_although_there_are_nested_stacks(account: tuple[aws.Aws, Stubber]) -> None:
    made, stubber = account
    created(stubber, IncludeNestedStacks=True)
    stubber.add_response("describe_change_set", described(status="FAILED", StatusReason="no such bucket"))
    stubber.add_response("describe_events", {"OperationEvents": []})
    deleted(stubber)
    with (
        pytest.raises(FailedChangeSetError, match="no such bucket"),
        changeset.made(made, nested_environment(), stack(), {"TemplateBody": "{}"}),
    ):
        pass  # nothing to look at


def test_the_template_of_a_change_set_is_asked_for_by_its_arn(account: tuple[aws.Aws, Stubber]) -> None:
    made, stubber = account
    wanted = {"ChangeSetName": NETWORK, "TemplateStage": "Processed"}
    stubber.add_response("get_template", {"TemplateBody": '{"Resources": {}}'}, wanted)
    assert changeset.template(made.cloudformation, NETWORK) == {"Resources": {}}
