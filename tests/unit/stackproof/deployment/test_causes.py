"""Why: what the recorded histories do not go through."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.stub import Stubber

from stackproof.deployment import causes, history, stack
from stackproof.deployment.history import Past
from stackproof.deployment.observe import Eye
from tests.unit.stackproof.deployment import builders
from tests.unit.stackproof.deployment.builders import START
from tests.unit.stackproof.deployment.histories.recorded import DENIED, History, Replay, arn, events
from tests.unit.stackproof.deployment.histories.services import EVENTS, ecs, in_subnets, service, task

if TYPE_CHECKING:
    from stackproof.deployment.causes import Explanation

REPLAY = Replay()
HOOK = """
    0 | CREATE_IN_PROGRESS | @ | | User Initiated
    1 | CREATE_IN_PROGRESS | Bucket | AWS::S3::Bucket | | | hook=A::B::C | verdict=HOOK_COMPLETE_FAILED | mode=FAIL | result=22223333-4444-4555-8666-777788889999
    2 | CREATE_FAILED | Bucket | AWS::S3::Bucket | The following hook(s) failed: [A::B::C]
    3 | ROLLBACK_COMPLETE | @
"""  # noqa: E501  # a line for each event
ENCODED = """
    0 | CREATE_IN_PROGRESS | @
    1 | CREATE_FAILED | Vpc | AWS::EC2::VPC | no. Encoded authorization failure message: abc
"""


def explained(text: str, answers: dict[str, Any] | None = None, nested: dict[str, str] | None = None) -> Explanation:
    recorded = History("", "", text, "", "", "", answers=answers or {}, nested=nested or {})
    return causes.explain(REPLAY.account(recorded), builders.stack("ROLLBACK_COMPLETE", id=arn("lms-dev")))


def test_an_operation_from_before_aws_gave_ids_is_not_asked_about() -> None:
    def without_ids(_: Any) -> Any:
        answer = events("0 | CREATE_IN_PROGRESS | @\n1 | CREATE_FAILED | Topic | AWS::SNS::Topic | no", "lms-dev")
        return {
            "StackEvents": [{key: each[key] for key in each if key != "OperationId"} for each in answer],
        }

    def asked(given: Any) -> Any:
        raise AssertionError(f"DescribeEvents({given})")

    answers = {"cloudformation.DescribeStackEvents": without_ids, "cloudformation.DescribeEvents": asked}
    told = explained("", answers)
    assert told.cause is not None
    assert told.cause.logical_id == "Topic"


def test_a_past_that_is_too_long_is_said_to_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "read", lambda *_: Past(None, None, START))
    told = explained("")
    assert told.cause is None
    assert told.unseen == ("what happened before 2026-03-14 03:00:00 UTC: there are too many events since",)


def test_a_hook_may_say_what_is_wrong_and_not_what_to_do() -> None:
    annotation = {"AnnotationName": "rule", "Status": "FAILED", "StatusMessage": "not encrypted"}
    told = explained(HOOK, {"cloudformation.GetHookResult": {"Annotations": [annotation]}})
    assert [each.lines for each in told.evidence] == [("rule: not encrypted",)]
    assert told.hint.startswith("A hook of this account does not let this resource through (A::B::C)")


@pytest.mark.parametrize("decoded", ["", "not json", '{"allowed": false}', "[]"])
def test_a_refusal_that_does_not_decode_is_left_as_it_is(decoded: str) -> None:
    told = explained(ENCODED, {"sts.DecodeAuthorizationMessage": {"DecodedMessage": decoded}})
    assert told.evidence == ()
    assert told.hint.startswith("A permission is missing. Which one")


def test_an_explicit_denial_is_said_to_be_one() -> None:
    context = '{"action": "ec2:CreateVpc", "resource": "*", "principal": {"arn": "arn:me"}}'
    decoded = f'{{"explicitDeny": true, "context": {context}}}'
    told = explained(ENCODED, {"sts.DecodeAuthorizationMessage": {"DecodedMessage": decoded}})
    assert told.hint == "A permission is missing: ec2:CreateVpc on *, for arn:me, which a policy denies explicitly."


@pytest.mark.parametrize(
    ("reason", "call"),
    [
        ("Export X cannot be deleted as it is in use by Y", "cloudformation.ListImports"),
        ("resource sg-1 has a dependent object", "ec2.DescribeNetworkInterfaces"),
    ],
)
def test_where_nobody_is_found_nobody_is_named(reason: str, call: str) -> None:
    text = f"0 | DELETE_IN_PROGRESS | @\n1 | DELETE_FAILED | Group | AWS::EC2::SecurityGroup | {reason}"
    nobody: dict[str, Any] = {"Imports": []} if "Imports" in call else {"NetworkInterfaces": []}
    told = explained(text, {call: nobody})
    assert (told.evidence, told.unseen) == ((), ())
    assert told.hint


REGISTRY = task("unable to retrieve ecr registry auth: RequestError: send request failed")


def test_routes_that_may_not_be_read_leave_the_endpoints_and_both_leave_a_word() -> None:
    answers = ecs(service(**in_subnets()), REGISTRY) | {
        "ec2.DescribeSubnets": {"Subnets": [{"SubnetId": "subnet-1", "VpcId": "vpc-1"}]},
        "ec2.DescribeRouteTables": DENIED,
        "ec2.DescribeVpcEndpoints": {"VpcEndpoints": []},
    }
    told = explained(EVENTS, answers)
    assert [each.source for each in told.evidence] == ["ecs:stopped-tasks", "ec2:routes"]
    told = explained(EVENTS, answers | {"ec2.DescribeVpcEndpoints": DENIED})
    assert [each.source for each in told.evidence] == ["ecs:stopped-tasks"]
    assert len(told.unseen) == 2


def test_a_subnet_whose_table_is_not_known_has_no_way_out() -> None:
    answers = ecs(service(**in_subnets()), REGISTRY) | {
        "ec2.DescribeSubnets": {"Subnets": [{"SubnetId": "subnet-1", "VpcId": "vpc-1"}]},
        "ec2.DescribeRouteTables": {
            "RouteTables": [
                {
                    "Associations": [{"Main": False, "SubnetId": "subnet-2"}],
                    "Routes": [{"DestinationCidrBlock": "0.0.0.0/0"}],
                }
            ]
        },
        "ec2.DescribeVpcEndpoints": {"VpcEndpoints": []},
    }
    lines = explained(EVENTS, answers).evidence[1].lines
    assert lines[0].startswith("subnet-1: no default route")
    assert lines[1] == "subnet-2: the default route leads to something unknown"


def test_a_service_in_a_nested_stack_is_looked_at_there() -> None:
    inner = arn("Application")
    outer = f"""
        0 | UPDATE_IN_PROGRESS | @ | | User Initiated
        22 | UPDATE_FAILED | Application | AWS::CloudFormation::Stack | Embedded stack {inner} was not successfully updated | {inner}
        30 | UPDATE_ROLLBACK_COMPLETE | @
    """  # noqa: E501  # a line for each event
    stopped = task("OutOfMemoryError: Container killed due to memory usage")
    told = explained(outer, ecs(service(), stopped), {"Application": EVENTS})
    assert told.cause is not None
    assert told.cause.path == "Application/Service"
    assert [each.source for each in told.evidence] == ["ecs:stopped-tasks"]
    assert "needs more memory" in told.hint


def test_the_events_beside_a_nested_failure_may_be_gone_a_moment_later() -> None:
    inner = arn("Application")
    outer = f"0 | UPDATE_IN_PROGRESS | @\n22 | UPDATE_FAILED | Application | AWS::CloudFormation::Stack | | {inner}"
    asked: list[str] = []

    def once(given: Any) -> Any:
        asked.append(given["StackName"])
        return DENIED if asked.count(inner) > 1 else None

    answers = ecs(service(), REGISTRY) | {"cloudformation.DescribeStackEvents": once}
    told = explained(outer, answers, {"Application": EVENTS})
    assert told.cause is not None
    assert told.cause.path == "Application/Service"
    assert told.unseen[0].startswith("the events beside Application/Service: ")


def test_what_is_not_seen_is_said_once() -> None:
    eye = Eye(REPLAY.account(History("", "", "", "", "", "")))
    eye.miss("the log", "not allowed")
    eye.miss("the log", "not allowed")
    assert eye.unseen == ["the log: not allowed"]


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "1")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    return boto3.Session(region_name="sa-east-1").client("cloudformation")


def test_of_deleted_stacks_with_one_name_the_newest_counts(client: Any) -> None:
    def gone(number: int, name: str = "lms-dev") -> dict[str, Any]:
        return {
            "StackName": name,
            "StackId": f"arn:{number}",
            "StackStatus": "DELETE_COMPLETE",
            "CreationTime": START,
            "DeletionTime": START + timedelta(days=number),
        }

    summaries = [gone(1), gone(3), gone(2), gone(9, "another")]
    with Stubber(client) as stubber:
        for _ in range(2):
            stubber.add_response(
                "list_stacks", {"StackSummaries": summaries}, {"StackStatusFilter": ["DELETE_COMPLETE"]}
            )
        found = stack.deleted(client, "lms-dev")
        assert stack.deleted(client, "nowhere") is None
    assert found is not None
    assert (found.id, found.status, found.updated) == ("arn:3", "DELETE_COMPLETE", START + timedelta(days=3))
