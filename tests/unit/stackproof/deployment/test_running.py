"""What runs in a stack: nested stacks, many services and alarms, two versions at once. AWS's own answers."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from botocore.stub import Stubber

from stackproof.deployment import aws, running
from stackproof.deployment.running import Alarm, Deployment
from tests.unit.stackproof.deployment.builders import STACK_ID, START

if TYPE_CHECKING:
    from collections.abc import Iterator

NESTED_ID = "arn:aws:cloudformation:sa-east-1:111111111111:stack/lms-dev-Web-1ABC/77aa"
CLUSTER = "arn:aws:ecs:sa-east-1:111111111111:service/lms"
LATER = datetime(2026, 3, 14, 4, 0, tzinfo=UTC)


@pytest.fixture
def services(account: aws.Aws) -> Iterator[dict[str, Stubber]]:
    """Service → stubber; every call must be one of those that the test lists, in order."""
    found = {name: Stubber(getattr(account, name)) for name in ("cloudformation", "ecs", "cloudwatch")}
    for each in found.values():
        each.activate()
    yield found
    for each in found.values():
        each.assert_no_pending_responses()


def resources(stub: Stubber, *found: tuple[str, str], stack_id: str = STACK_ID) -> None:
    """ListStackResources answers these types and physical ids; a blank id is one that AWS has not made yet."""
    rows = [
        {
            "LogicalResourceId": f"Resource{number}",
            "ResourceType": kind,
            "ResourceStatus": "CREATE_COMPLETE" if physical_id else "CREATE_IN_PROGRESS",
            "LastUpdatedTimestamp": START,
            **({"PhysicalResourceId": physical_id} if physical_id else {}),
        }
        for number, (kind, physical_id) in enumerate(found)
    ]
    stub.add_response("list_stack_resources", {"StackResourceSummaries": rows}, {"StackName": stack_id})


def service(name: str, *deployments: dict[str, Any], desired: int = 1, running: int = 1, pending: int = 0) -> Any:
    """A service as DescribeServices answers it."""
    counts = {"desiredCount": desired, "runningCount": running, "pendingCount": pending}
    return {"serviceName": name, **counts, "deployments": list(deployments)}


def deployment(definition: str, status: str = "PRIMARY", running: int = 1, **more: Any) -> dict[str, Any]:
    """One of its deployments."""
    counts = {"desiredCount": 1, "runningCount": running, "pendingCount": 0}
    return {"status": status, "taskDefinition": definition, **counts, **more}


def definition(stub: Stubber, arn: str, *images: str) -> None:
    """DescribeTaskDefinition answers these containers."""
    containers = [{"name": f"c{number}", "image": image} for number, image in enumerate(images)]
    stub.add_response(
        "describe_task_definition",
        {"taskDefinition": {"taskDefinitionArn": arn, "containerDefinitions": containers}},
        {"taskDefinition": arn},
    )


def test_while_a_new_version_comes_both_are_shown(account: aws.Aws, services: dict[str, Stubber]) -> None:
    resources(services["cloudformation"], ("AWS::ECS::Service", f"{CLUSTER}/web"))
    new = deployment("web:8", running=0, failedTasks=3, rolloutState="IN_PROGRESS")
    old = deployment("web:7", status="ACTIVE", running=2, rolloutState="COMPLETED")
    answer = {"services": [service("web", new, old, desired=2, running=2, pending=1)]}
    services["ecs"].add_response("describe_services", answer, {"cluster": "lms", "services": [f"{CLUSTER}/web"]})
    definition(services["ecs"], "web:8", "web:v8")
    definition(services["ecs"], "web:7", "web:v7", "proxy:1")
    (found,) = running.look(account, STACK_ID).services
    assert (found.desired, found.running, found.pending) == (2, 2, 1)
    assert found.deployments == (
        Deployment(("web:v8",), desired=1, running=0, pending=0, failed=3, rollout="IN_PROGRESS"),
        Deployment(("web:v7", "proxy:1"), desired=1, running=2, pending=0, failed=0, rollout="COMPLETED"),
    )


def test_nested_stacks_are_looked_into_and_what_is_not_made_yet_is_left_out(
    account: aws.Aws, services: dict[str, Stubber]
) -> None:
    stub = services["cloudformation"]
    pending = [("AWS::CloudFormation::Stack", ""), ("AWS::ECS::Service", "")]
    resources(stub, ("AWS::CloudFormation::Stack", NESTED_ID), *pending, ("AWS::SNS::Topic", "topic"))
    resources(stub, ("AWS::ECS::Service", f"{CLUSTER}/inner"), stack_id=NESTED_ID)
    answer = {"services": [service("inner", deployment("inner:1"))]}
    services["ecs"].add_response("describe_services", answer, {"cluster": "lms", "services": [f"{CLUSTER}/inner"]})
    definition(services["ecs"], "inner:1", "inner:v1")
    assert [each.name for each in running.look(account, STACK_ID).services] == ["inner"]


def test_a_call_takes_ten_services_of_one_cluster_and_a_definition_is_read_once(
    account: aws.Aws, services: dict[str, Stubber]
) -> None:
    """An ARN in the form of before 2018 names no cluster: ECS then takes the default one."""
    many = [f"{CLUSTER}/s{number:02}" for number in range(11)]
    old = "arn:aws:ecs:sa-east-1:111111111111:service/old"
    resources(services["cloudformation"], *[("AWS::ECS::Service", arn) for arn in (*many, old)])
    for cluster, arns in (("lms", many[:10]), ("lms", many[10:]), ("default", [old])):
        answer = {"services": [service(arn.rpartition("/")[2], deployment("same:1")) for arn in arns]}
        services["ecs"].add_response("describe_services", answer, {"cluster": cluster, "services": arns})
        if arns == many[:10]:
            definition(services["ecs"], "same:1", "same:v1")
    found = running.look(account, STACK_ID).services
    assert [each.name for each in found] == ["old", *(f"s{number:02}" for number in range(11))]
    assert {each.deployments[0].images for each in found} == {("same:v1",)}


def test_alarms_of_both_kinds_are_asked_for_a_hundred_at_a_time(account: aws.Aws, services: dict[str, Stubber]) -> None:
    names = [f"alarm-{number:03}" for number in range(101)]
    kinds = ["AWS::CloudWatch::Alarm"] * 100 + ["AWS::CloudWatch::CompositeAlarm"]
    resources(services["cloudformation"], *zip(kinds, names, strict=True))
    both = {"AlarmTypes": ["MetricAlarm", "CompositeAlarm"], "MaxRecords": 100}
    one = {"AlarmName": names[0], "StateValue": "ALARM", "StateReason": "too many", "StateUpdatedTimestamp": LATER}
    services["cloudwatch"].add_response("describe_alarms", {"MetricAlarms": [one]}, {"AlarmNames": names[:100], **both})
    all_of_them = {"CompositeAlarms": [{"AlarmName": names[100], "StateValue": "OK"}]}
    services["cloudwatch"].add_response("describe_alarms", all_of_them, {"AlarmNames": names[100:], **both})
    assert running.look(account, STACK_ID).alarms == (
        Alarm(names[0], "ALARM", "too many", "2026-03-14T04:00:00+00:00"),
        Alarm(names[100], "OK", "", ""),
    )


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("AccessDeniedException", "ecs:DescribeServices is not allowed to these credentials: no"),
        ("ThrottlingException", "ecs:DescribeServices was throttled by AWS 10 times: no\nTry again in a minute."),
    ],
)
def test_what_is_refused_is_said_once(code: str, words: str, account: aws.Aws, services: dict[str, Stubber]) -> None:
    arns = [f"{CLUSTER}/s{number:02}" for number in range(11)]
    resources(services["cloudformation"], *[("AWS::ECS::Service", arn) for arn in arns])
    for _ in range(2):
        services["ecs"].add_client_error("describe_services", code, "no", http_status_code=400)
    found = running.look(account, STACK_ID)
    assert (found.services, found.unseen) == ((), (words,))
