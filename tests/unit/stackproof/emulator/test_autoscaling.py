"""Application Auto Scaling: targets and policies of a stack, and the calls that read them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tests.unit.stackproof.emulator.stacks import resources

if TYPE_CHECKING:
    from tests.unit.stackproof.emulator.stacks import Stacks, Template

SERVICE = {
    "ResourceId": "service/lms/app",
    "ScalableDimension": "ecs:service:DesiredCount",
    "ServiceNamespace": "ecs",
}


def scaling(*, maximum: int = 10, target: int = 60) -> Template:
    tracking = {
        "TargetValue": {"Ref": "Target"},
        "ScaleInCooldown": {"Ref": "Cooldown"},
        "DisableScaleIn": "false",
        "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"},
    }
    policy = {
        "PolicyName": "cpu",
        "PolicyType": "TargetTrackingScaling",
        "ScalingTargetId": {"Ref": "ScalableTarget"},
        "TargetTrackingScalingPolicyConfiguration": tracking,
    }
    limits = {"MinCapacity": {"Ref": "Minimum"}, "MaxCapacity": {"Ref": "Maximum"}}
    numbers = {"Minimum": 2, "Maximum": maximum, "Target": target, "Cooldown": 300}
    return {
        "Parameters": {name: {"Type": "Number", "Default": value} for name, value in numbers.items()},
        **resources(
            ScalableTarget=("ApplicationAutoScaling::ScalableTarget", {**SERVICE, **limits}),
            Policy=("ApplicationAutoScaling::ScalingPolicy", policy),
        ),
    }


def targets(stacks: Stacks, **request: Any) -> list[dict[str, Any]]:
    client = stacks.aws.client("application-autoscaling")
    found: list[dict[str, Any]] = client.describe_scalable_targets(ServiceNamespace="ecs", **request)["ScalableTargets"]
    return found


def policies(stacks: Stacks, **request: Any) -> list[dict[str, Any]]:
    client = stacks.aws.client("application-autoscaling")
    found: list[dict[str, Any]] = client.describe_scaling_policies(ServiceNamespace="ecs", **request)["ScalingPolicies"]
    return found


def test_a_target_and_a_policy_live_and_change_with_their_stack(stacks: Stacks) -> None:
    stacks.deploy(scaling())
    assert stacks.physical_id("ScalableTarget") == "service/lms/app|ecs:service:DesiredCount|ecs"
    (target,) = targets(stacks)
    assert target.items() >= {**SERVICE, "MinCapacity": 2, "MaxCapacity": 10}.items()
    assert target["RoleARN"].endswith("/AWSServiceRoleForApplicationAutoScaling_ECSService")
    (policy,) = policies(stacks)
    assert policy["PolicyARN"] == stacks.physical_id("Policy")
    assert policy.items() >= {**SERVICE, "PolicyName": "cpu", "PolicyType": "TargetTrackingScaling"}.items()
    assert policy["TargetTrackingScalingPolicyConfiguration"] == {
        "TargetValue": 60.0,
        "ScaleInCooldown": 300,
        "DisableScaleIn": False,
        "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"},
    }
    stacks.deploy(scaling(maximum=20, target=70))
    assert targets(stacks)[0]["MaxCapacity"] == 20
    (changed,) = policies(stacks)
    assert changed["PolicyARN"] == policy["PolicyARN"]
    assert changed["TargetTrackingScalingPolicyConfiguration"]["TargetValue"] == 70.0
    stacks.delete()
    assert (targets(stacks), policies(stacks)) == ([], [])


def test_a_service_is_brought_within_the_bounds_of_its_target(stacks: Stacks) -> None:
    """Whatever its number is: below them, above them, or stopped and started again."""
    ecs = stacks.aws.client("ecs")

    def tasks() -> tuple[int, int]:
        (service,) = ecs.describe_services(cluster="lms", services=["app"])["services"]
        return service["desiredCount"], service["runningCount"]

    def bounds(minimum: int, maximum: int) -> None:
        stacks.deploy(scaling(), parameters={"Minimum": str(minimum), "Maximum": str(maximum)})

    ecs.create_cluster(clusterName="lms")
    container = {"name": "app", "image": "nginx", "essential": True}
    definition = ecs.register_task_definition(family="app", containerDefinitions=[container])
    ecs.create_service(
        cluster="lms",
        serviceName="app",
        desiredCount=1,
        taskDefinition=definition["taskDefinition"]["taskDefinitionArn"],
    )
    bounds(2, 10)
    assert tasks() == (2, 2)
    bounds(1, 10)
    assert tasks() == (2, 2)
    bounds(0, 0)
    assert tasks() == (0, 0)
    bounds(3, 10)
    assert tasks() == (3, 3)
    ecs.delete_service(cluster="lms", service="app", force=True)
    bounds(1, 4)
    assert tasks() == (0, 0)


def test_the_calls_can_be_narrowed(stacks: Stacks) -> None:
    stacks.deploy(scaling())
    assert len(targets(stacks, ResourceIds=["service/lms/app", "service/lms/other"])) == 1
    assert targets(stacks, ResourceIds=["service/lms/other"]) == []
    assert len(targets(stacks, ScalableDimension="ecs:service:DesiredCount")) == 1
    assert len(policies(stacks, ResourceId="service/lms/app")) == 1
    assert policies(stacks, PolicyNames=["memory"]) == []
    client = stacks.aws.client("application-autoscaling")
    assert client.describe_scalable_targets(ServiceNamespace="rds")["ScalableTargets"] == []


def test_a_policy_names_its_target_in_one_way_or_the_other(stacks: Stacks) -> None:
    template = scaling()
    policy = template["Resources"]["Policy"]
    del policy["Properties"]["ScalingTargetId"]
    policy["Properties"] |= SERVICE
    policy["DependsOn"] = "ScalableTarget"
    stacks.deploy(template)
    assert len(policies(stacks)) == 1


def test_a_policy_without_a_target_fails(stacks: Stacks) -> None:
    template = scaling()
    template["Resources"]["Policy"]["Properties"]["ScalingTargetId"] = "service/x|ecs:service:DesiredCount|ecs"
    stacks.deploy(template)
    assert stacks.failure() == "No scalable target registered for service/x|ecs:service:DesiredCount|ecs"


def test_other_calls_are_refused_by_name(stacks: Stacks) -> None:
    with pytest.raises(ClientError, match="DescribeScalingActivities is not in the embedded AWS"):
        stacks.aws.client("application-autoscaling").describe_scaling_activities(ServiceNamespace="ecs")
