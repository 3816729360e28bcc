"""Scaling: what it measures, between which bounds, and that it never outlives its service."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.templates_support import Emitted

POLICY = "AWS::ApplicationAutoScaling::ScalingPolicy"


def test_scales_the_services_tasks_between_the_bounds(lms: Emitted) -> None:
    target = lms.with_parameters(MinimumTasks=2, MaximumTasks=40).resources["ScalableTarget"]
    assert (target["ServiceNamespace"], target["ScalableDimension"]) == ("ecs", "ecs:service:DesiredCount")
    assert target["ResourceId"] == "service/${Cluster}/${Service.Name}"
    assert (target["MinCapacity"], target["MaxCapacity"]) == ("2", "40")


@pytest.mark.parametrize(
    ("metric", "parameter"),
    [
        ("ECSServiceAverageCPUUtilization", "TargetCpuPercent"),
        ("ECSServiceAverageMemoryUtilization", "TargetMemoryPercent"),
        ("ALBRequestCountPerTarget", "RequestsPerTarget"),
    ],
)
def test_follows_the_measure(lms: Emitted, metric: str, parameter: str) -> None:
    policies = [
        policy["TargetTrackingScalingPolicyConfiguration"]
        for policy in lms.with_parameters(**{parameter: 77}).of_type(POLICY).values()
        if policy["ScalingTargetId"] == "${ScalableTarget}" and policy["PolicyType"] == "TargetTrackingScaling"
    ]
    [found] = [p for p in policies if p["PredefinedMetricSpecification"]["PredefinedMetricType"] == metric]
    assert found["TargetValue"] == "77"
    assert found["ScaleOutCooldown"] < found["ScaleInCooldown"]


def test_requests_are_counted_on_this_balancer_and_target_group(lms: Emitted) -> None:
    """CloudFormation takes the policy without a label; Application Auto Scaling then refuses it."""
    specification = lms.resources["RequestScaling"]["TargetTrackingScalingPolicyConfiguration"]
    assert specification["PredefinedMetricSpecification"]["ResourceLabel"] == (
        "${LoadBalancer.LoadBalancerFullName}/${TargetGroup.TargetGroupFullName}"
    )


def test_goes_with_the_service(lms: Emitted) -> None:
    stopped = lms.with_parameters(RunApplication="no")
    assert not stopped.of_type("AWS::ECS::Service", "AWS::ApplicationAutoScaling::ScalableTarget", POLICY)
    assert len(lms.of_type(POLICY)) == 3
