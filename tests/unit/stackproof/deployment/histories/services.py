"""Short ways to write what ECS, EC2 and the log answer about a service whose tasks do not come up."""

from __future__ import annotations

from typing import Any

from tests.unit.stackproof.deployment.histories.customs import log
from tests.unit.stackproof.deployment.histories.recorded import REGION, History, after

SERVICE = f"arn:aws:ecs:{REGION}:111111111111:service/lms-dev/lms-app"
CLUSTER = f"arn:aws:ecs:{REGION}:111111111111:cluster/lms-dev"
DEFINITION = f"arn:aws:ecs:{REGION}:111111111111:task-definition/lms-app:7"
GROUP = "arn:aws:elasticloadbalancing:sa-east-1:111111111111:targetgroup/lms-app/555a47e25c5a1850"
TASK = "ca675154981d4ebd81b7a97747141a2e"
BREAKER = "Resource handler returned message: \"Error occurred during operation 'ECS Deployment Circuit Breaker was triggered'.\" (RequestToken: a3ab2120-1821-f83c-3adc-23d519cacdfe, HandlerErrorCode: GeneralServiceException)"

EVENTS = f"""
    0 | UPDATE_IN_PROGRESS | @ | | User Initiated
    1 | UPDATE_COMPLETE | Task | AWS::ECS::TaskDefinition | | {DEFINITION}
    20 | UPDATE_FAILED | Service | AWS::ECS::Service | {BREAKER} | {SERVICE}
    21 | UPDATE_ROLLBACK_IN_PROGRESS | @ | | The following resource(s) failed to update: [Service].
    25 | UPDATE_ROLLBACK_COMPLETE | @
"""
TEMPLATE = {
    "Parameters": {name: {"Type": "String"} for name in ("Image", "Size", "HealthPath", "Cpu", "Command", "Endpoints")},
    "Conditions": {"HasEndpoints": {"Fn::Equals": [{"Ref": "Endpoints"}, "yes"]}},
    "Resources": {
        "Logs": {"Type": "AWS::EC2::VPCEndpoint", "Condition": "HasEndpoints"},
        "Targets": {
            "Type": "AWS::ElasticLoadBalancingV2::TargetGroup",
            "Properties": {"HealthCheckPath": {"Ref": "HealthPath"}},
        },
        "Task": {
            "Type": "AWS::ECS::TaskDefinition",
            "Properties": {
                "Memory": {"Ref": "Size"},
                "RuntimePlatform": {"CpuArchitecture": {"Ref": "Cpu"}},
                "ContainerDefinitions": [{"Image": {"Ref": "Image"}, "Command": {"Ref": "Command"}}],
            },
        },
        "Service": {
            "Type": "AWS::ECS::Service",
            "Properties": {
                "TaskDefinition": {"Ref": "Task"},
                "LoadBalancers": [{"TargetGroupArn": {"Ref": "Targets"}}],
            },
        },
    },
}


def service(*messages: str, **more: Any) -> dict[str, Any]:
    """The service as ECS describes it, with its events, the newest first."""
    events = [
        {"id": str(number), "createdAt": after(2 + number), "message": f"(service lms-app) {message}"}
        for number, message in enumerate(messages)
    ]
    described = {"serviceArn": SERVICE, "serviceName": "lms-app", "clusterArn": CLUSTER, "events": events[::-1]}
    return {"services": [described | more]}


def container(reason: str = "", code: int | None = None) -> dict[str, Any]:
    """A container of a task that stopped."""
    found: dict[str, Any] = {"name": "app"}
    if reason:
        found["reason"] = reason
    return found if code is None else found | {"exitCode": code}


def task(
    stopped: str, *containers: dict[str, Any], code: str = "TaskFailedToStart", minute: float = 5, name: str = TASK
) -> dict[str, Any]:
    """A task that stopped."""
    return {
        "taskArn": f"arn:aws:ecs:{REGION}:111111111111:task/lms-dev/{name}",
        "taskDefinitionArn": DEFINITION,
        "stopCode": code,
        "stoppedReason": stopped,
        "stoppedAt": after(minute),
        "containers": [*containers],
    }


def ecs(described: dict[str, Any], *tasks: dict[str, Any], lines: tuple[str, ...] | None = None) -> dict[str, Any]:
    """What ECS and the log answer."""

    def known(given: Any) -> Any:
        assert given == {"cluster": "lms-dev", "services": [SERVICE]}
        return described

    options = {"awslogs-group": "/lms/lms-dev/app", "awslogs-stream-prefix": "web", "awslogs-region": REGION}
    containers = [
        {"name": "app", "logConfiguration": {"logDriver": "awslogs", "options": options}},
        {"name": "proxy", "logConfiguration": {"logDriver": "fluentd"}},
    ]
    found: dict[str, Any] = {
        "ecs.DescribeServices": known,
        "ecs.ListTasks": {"taskArns": [each["taskArn"] for each in tasks]},
        "ecs.DescribeTasks": {"tasks": [*tasks]},
        "ecs.DescribeTaskDefinition": {
            "taskDefinition": {"taskDefinitionArn": DEFINITION, "containerDefinitions": containers}
        },
    }
    if lines is not None:
        found["logs.GetLogEvents"] = log("/lms/lms-dev/app", f"web/app/{TASK}", *lines)
    return found


def network(routes: list[dict[str, str]], *endpoints: str, public: str = "DISABLED") -> dict[str, Any]:
    """EC2's answers on the subnets of a service; the second subnet has a table of its own, without a way out."""
    return {
        "ec2.DescribeSubnets": {"Subnets": [{"SubnetId": "subnet-1", "VpcId": "vpc-1"}]},
        "ec2.DescribeRouteTables": {
            "RouteTables": [
                {"Associations": [{"Main": True}], "Routes": routes},
                {
                    "Associations": [{"Main": False, "SubnetId": "subnet-2"}],
                    "Routes": [{"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local"}],
                },
            ]
        },
        "ec2.DescribeVpcEndpoints": {
            "VpcEndpoints": [
                {"ServiceName": f"com.amazonaws.{REGION}.{each}", "State": "Available"} for each in endpoints
            ]
        },
    }


def in_subnets(public: str = "DISABLED") -> dict[str, Any]:
    """The service's network."""
    return {
        "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-1", "subnet-2"], "assignPublicIp": public}}
    }


def failed(name: str, source: str, **more: Any) -> History:
    """An update that the service failed in."""
    return History(
        name=name,
        source=source,
        **{
            "events": EVENTS,
            "path": "Service",
            "status": "UPDATE_FAILED",
            "reason": "Circuit Breaker was triggered",
            "template": TEMPLATE,
            "state": "UPDATE_ROLLBACK_COMPLETE",
        }
        | more,
    )
