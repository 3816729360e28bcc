"""Operations where the embedded AWS cannot follow: lost races, nested failures, refusals. AWS's own answers."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from botocore.stub import ANY, Stubber

from stackproof.deployment import artifacts, aws, observe, operations, preview, stack
from stackproof.deployment.changeset import ChangeSet
from stackproof.deployment.plan import Plan
from stackproof.deployment.planfile import PlanFile
from stackproof.deployment.preview import Preview
from stackproof.errors import RefusedError
from tests.unit.stackproof.deployment import builders
from tests.unit.stackproof.deployment.builders import STACK_ID, START, event

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stackproof.deployment.events import Event

NESTED_ID = "arn:aws:cloudformation:sa-east-1:111111111111:stack/lms-dev-Network/77aa"


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> aws.Aws:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "111111111111")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")  # a local one is looked at quickly
    return aws.Aws(boto3.Session(region_name="sa-east-1"), "111111111111", "arn:me", "sa-east-1")


@pytest.fixture
def cloudformation(account: aws.Aws) -> Iterator[Stubber]:
    """Every call must be one of those that the test lists, in order."""
    with Stubber(account.cloudformation) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def answers(stubber: Stubber, *events: Event, stack_id: str = STACK_ID) -> None:
    """DescribeStackEvents answers these events, newest first."""
    found = [
        {
            "EventId": each.id,
            "Timestamp": each.time,
            "StackId": each.stack_id,
            "StackName": "lms-dev",
            "LogicalResourceId": each.logical_id,
            "PhysicalResourceId": each.physical_id,
            "ResourceType": each.type,
            "ResourceStatus": each.status,
            "ResourceStatusReason": each.reason,
            **({"ClientRequestToken": each.request} if each.request else {}),
        }
        for each in reversed(events)
    ]
    stubber.add_response("describe_stack_events", {"StackEvents": found}, {"StackName": stack_id})


def described(stubber: Stubber, status: str) -> None:
    answer = {"StackName": "lms-dev", "StackId": STACK_ID, "StackStatus": status, "CreationTime": START}
    stubber.add_response("describe_stacks", {"Stacks": [answer]}, {"StackName": STACK_ID})


def a_preview() -> Preview:
    change_set = ChangeSet("arn:set", STACK_ID, [], {}, [])
    plan = Plan("lms-dev", "111111111111", "sa-east-1", False, "arn:set", (), ())
    return Preview(plan, change_set, builders.stack(), policy=None, protection=None)


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("InvalidChangeSetStatus", "ChangeSet cannot be executed in its current execution status of [OBSOLETE]"),
        ("ChangeSetNotFound", "ChangeSet [arn:set] does not exist"),
        ("ValidationError", "Stack is in UPDATE_IN_PROGRESS state and can not be updated."),
    ],
)
def test_whoever_executes_second_is_refused(code: str, message: str, cloudformation: Stubber, account: aws.Aws) -> None:
    answers(cloudformation, event("UPDATE_COMPLETE"))
    cloudformation.add_client_error("execute_change_set", code, message)
    answers(cloudformation, event("UPDATE_COMPLETE"), event("UPDATE_IN_PROGRESS", after=1, request="theirs"))
    found = a_preview()
    with pytest.raises(RefusedError, match="somebody else was faster"):
        list(operations.apply(account, found, no_rollback=False))
    assert found.change_set.is_kept is False


def test_any_other_refusal_to_execute_is_passed_on(cloudformation: Stubber, account: aws.Aws) -> None:
    answers(cloudformation, event("UPDATE_COMPLETE"))
    cloudformation.add_client_error("execute_change_set", "AccessDenied", "not for you")
    cloudformation.add_client_error("describe_stack_events", "AccessDenied", "nor this")
    with pytest.raises(aws.AwsError, match="not for you"):
        list(operations.apply(account, a_preview(), no_rollback=False))


def test_a_request_whose_first_answer_was_lost_is_ours_although_its_second_is_refused(
    cloudformation: Stubber, account: aws.Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operations, "token", lambda _: "stackproof-ana-1")
    history = [event("UPDATE_COMPLETE"), event("UPDATE_IN_PROGRESS", after=1, request="stackproof-ana-1")]
    answers(cloudformation, history[0])
    cloudformation.add_client_error("execute_change_set", "InvalidChangeSetStatus", "[EXECUTE_IN_PROGRESS]")
    answers(cloudformation, *history)
    answers(cloudformation, *history, event("UPDATE_COMPLETE", after=2))
    found = a_preview()
    batches = list(operations.apply(account, found, no_rollback=False))
    assert [each.status for batch in batches for each in batch] == ["UPDATE_IN_PROGRESS", "UPDATE_COMPLETE"]
    assert found.change_set.is_kept is True


def test_a_stack_whose_policy_cannot_be_set_after_its_creation_is_created_all_the_same(
    cloudformation: Stubber, account: aws.Aws
) -> None:
    answers(cloudformation, event("REVIEW_IN_PROGRESS"))
    cloudformation.add_response("execute_change_set", {})
    answers(cloudformation, event("CREATE_COMPLETE", after=1))
    cloudformation.add_client_error("set_stack_policy", "AccessDenied", "not for you")
    found = replace(a_preview(), policy={"Statement": []})
    found = replace(found, plan=replace(found.plan, is_new=True))
    with pytest.raises(aws.AwsError) as failure:
        list(operations.apply(account, found, no_rollback=False))
    assert str(failure.value).splitlines() == [
        "cloudformation:SetStackPolicy is not allowed to these credentials: not for you",
        "lms-dev was created, but its stack policy and termination protection are not set; the next apply sets them.",
    ]


def test_a_stack_whose_policy_is_lost_on_the_way_is_created_all_the_same(
    cloudformation: Stubber, account: aws.Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(*_: Any) -> None:
        raise EndpointConnectionError(endpoint_url="https://cloudformation.sa-east-1.amazonaws.com/")

    monkeypatch.setattr(stack, "set_policy", lost)
    answers(cloudformation, event("REVIEW_IN_PROGRESS"))
    cloudformation.add_response("execute_change_set", {})
    answers(cloudformation, event("CREATE_COMPLETE", after=1))
    found = replace(a_preview(), policy={"Statement": []})
    found = replace(found, plan=replace(found.plan, is_new=True))
    with pytest.raises(aws.AwsError) as failure:
        list(operations.apply(account, found, no_rollback=False))
    first, *_, last = str(failure.value).splitlines()
    assert first.startswith("AWS cannot be reached: ")
    assert last.startswith("lms-dev was created, but ")


@pytest.mark.parametrize(
    ("caller", "who"),
    [
        ("arn:aws:iam::111111111111:user/team/ana.lima@example.org", "ana-lima-example-org"),
        ("arn:aws:sts::111111111111:assumed-role/Deployer/GitHub_Actions", "GitHub-Actions"),
        ("arn:aws:iam::111111111111:root", "root"),
        ("arn:aws:iam::111111111111:user/___", "somebody"),
        ("arn:aws:sts::111111111111:assumed-role/R/" + "x" * 64, "x" * 64),
        ("arn:aws:sts::111111111111:assumed-role/R/" + "x" * 200, "x" * 84),
    ],
)
def test_the_token_of_an_operation_says_who_started_it(caller: str, who: str, account: aws.Aws) -> None:
    token = operations.token(replace(account, caller=caller))
    # CreateStack's model: [a-zA-Z0-9][-a-zA-Z0-9]*, 128 at most
    assert re.fullmatch(rf"stackproof-{who}-[0-9a-f]{{32}}", token)
    assert len(token) <= 128
    assert operations.who(token) == who


@pytest.mark.parametrize(
    ("token", "words"),
    [
        ("Console-ExecuteChangeSet-0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0", ", started by the console"),
        ("exec0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0", ""),
        ("", ""),
    ],
)
def test_who_else_started_it_is_said_where_it_is_known(
    token: str, words: str, cloudformation: Stubber, account: aws.Aws
) -> None:
    answers(cloudformation, event("UPDATE_IN_PROGRESS", request=token), event("UPDATE_IN_PROGRESS", "Topic", after=9))
    said = operations.under_way(account, builders.stack("UPDATE_IN_PROGRESS"))
    assert said == f"since 2026-03-14 03:00:00 UTC{words}"


def test_without_a_look_at_the_events_since_when_is_what_the_stack_says(
    cloudformation: Stubber, account: aws.Aws
) -> None:
    cloudformation.add_client_error("describe_stack_events", "AccessDenied", "not for you")
    assert operations.under_way(account, builders.stack("UPDATE_IN_PROGRESS")) == "since 2026-03-14 03:00:00 UTC"


def test_a_failure_after_which_the_rollback_comes_later_is_not_taken_for_the_end(
    cloudformation: Stubber, account: aws.Aws
) -> None:
    history = [event("CREATE_FAILED", after=1), event("ROLLBACK_IN_PROGRESS", after=2)]
    history += [event("ROLLBACK_COMPLETE", after=3)]
    answers(cloudformation, history[0])
    described(cloudformation, "ROLLBACK_IN_PROGRESS")
    answers(cloudformation, *history)
    batches = list(operations.watch(account, STACK_ID, seen=[]))
    assert [each.status for batch in batches for each in batch] == [each.status for each in history]


def test_a_failure_and_the_rollback_s_beginning_in_one_look_are_not_the_end(
    cloudformation: Stubber, account: aws.Aws
) -> None:
    history = [event("CREATE_FAILED", after=1), event("ROLLBACK_IN_PROGRESS", after=2)]
    history += [event("DELETE_COMPLETE", "Topic", after=3), event("ROLLBACK_COMPLETE", after=4)]
    answers(cloudformation, *history[:3])
    answers(cloudformation, *history)
    assert [len(batch) for batch in operations.watch(account, STACK_ID, seen=[])] == [3, 1]


def test_a_failure_that_is_the_end_is_the_end(cloudformation: Stubber, account: aws.Aws) -> None:
    answers(cloudformation, event("UPDATE_FAILED"))
    described(cloudformation, "UPDATE_FAILED")
    assert len(list(operations.watch(account, STACK_ID, seen=[]))) == 1


def test_what_ended_before_anybody_waited_is_not_waited_for(cloudformation: Stubber, account: aws.Aws) -> None:
    answers(cloudformation, event("UPDATE_IN_PROGRESS"), event("UPDATE_COMPLETE", after=1))
    described(cloudformation, "UPDATE_COMPLETE")
    assert list(operations.wait(account, builders.stack("UPDATE_IN_PROGRESS"))) == []


def test_what_is_still_described_as_busy_after_its_last_event_is_looked_at_once_more(
    cloudformation: Stubber, account: aws.Aws
) -> None:
    history = (event("UPDATE_IN_PROGRESS"), event("UPDATE_COMPLETE", after=1))
    answers(cloudformation, *history)
    described(cloudformation, "UPDATE_IN_PROGRESS")
    answers(cloudformation, *history)
    (batch,) = operations.wait(account, builders.stack("UPDATE_IN_PROGRESS"))
    assert [each.status for each in batch] == ["UPDATE_COMPLETE"]


def test_the_cause_of_a_failure_is_followed_into_a_nested_stack(cloudformation: Stubber, account: aws.Aws) -> None:
    echo = event(
        "UPDATE_FAILED",
        "Network",
        after=1,
        type="AWS::CloudFormation::Stack",
        physical_id=NESTED_ID,
        reason="Embedded stack was not successfully updated",
    )
    inner = [
        event("UPDATE_IN_PROGRESS", physical_id=NESTED_ID, stack_id=NESTED_ID),
        event("CREATE_FAILED", "Subnet", after=1, stack_id=NESTED_ID, reason="The CIDR conflicts"),
    ]
    described(cloudformation, "UPDATE_ROLLBACK_COMPLETE")
    answers(cloudformation, event("UPDATE_IN_PROGRESS"), echo)
    answers(cloudformation, *inner, stack_id=NESTED_ID)
    ended = operations.outcome(account, STACK_ID)
    assert ended.cause is not None
    assert (ended.cause.logical_id, ended.cause.stack, ended.is_done) == ("Subnet", NESTED_ID, False)


def test_an_error_that_does_not_say_that_there_is_no_stack_is_passed_on(
    cloudformation: Stubber, account: aws.Aws
) -> None:
    cloudformation.add_client_error("describe_stacks", "AccessDenied", "not for you")
    with pytest.raises(ClientError, match="not for you"):
        stack.find(account.cloudformation, "lms-dev")


def test_an_error_that_does_not_say_that_the_change_set_is_gone_is_passed_on(
    cloudformation: Stubber, account: aws.Aws
) -> None:
    cloudformation.add_client_error("describe_change_set", "AccessDenied", "not for you")
    shown = PlanFile("lms-dev", "1", "sa-east-1", "arn:aws:set", STACK_ID, None, "", "", "", "")
    with pytest.raises(ClientError, match="not for you"):
        preview._waiting(account, shown)


def test_log_groups_that_may_not_be_looked_up_are_a_sentence(account: aws.Aws) -> None:
    with Stubber(account.logs) as stubber:
        stubber.add_client_error("describe_log_groups", "AccessDeniedException", "not for you")
        found, said = observe.existing_log_groups(account.logs, ["/lms/app", "/lms/cache"])
    assert found == []
    assert said.startswith("whether log group /lms/app exists already could not be looked up: ")
    assert "is not allowed to these credentials" in said


def test_any_other_error_of_that_look_up_is_passed_on(account: aws.Aws) -> None:
    with Stubber(account.logs) as stubber:
        stubber.add_client_error("describe_log_groups", "ExpiredTokenException", "too late")
        with pytest.raises(ClientError, match="too late"):
            observe.existing_log_groups(account.logs, ["/lms/app"])


PLACE: Any = {"Bucket": "artifacts", "Key": "templates/1", "ExpectedBucketOwner": "111111111111"}


@pytest.mark.parametrize("code", ["404", "403"])
def test_an_object_that_cannot_be_seen_is_stored(code: str, account: aws.Aws) -> None:
    with Stubber(account.s3) as stubber:
        stubber.add_client_error("head_object", code)
        stubber.add_response("put_object", {}, {**PLACE, "Key": ANY, "Body": b"{}"})
        url = artifacts._upload(account, "artifacts", b"{}")
        stubber.assert_no_pending_responses()
    assert url.startswith("http://127.0.0.1:1/artifacts/templates/44136fa355b3678a")


def test_a_bucket_of_somebody_else_gets_nothing(account: aws.Aws) -> None:
    with Stubber(account.s3) as stubber:
        stubber.add_client_error("head_object", "400", "Bad Request")
        with pytest.raises(ClientError, match="Bad Request"):
            artifacts._is_there(account, PLACE)
