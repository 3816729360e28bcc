"""Scaling: targets, policies, schedules: one fault each."""

from __future__ import annotations

import pytest

from tests.unit.stackproof.proofs.network_support import add, put, ref, resource, without
from tests.unit.stackproof.proofs.wiring_support import Fault, blue_green, changed, complaints, only
from tests.unit.stackproof.proofs.wiring_watching import METRIC

PREDEFINED = f"Properties.{METRIC}"
ACTIONS = "ScheduledActions"

FAULTS: dict[str, Fault] = {
    "dimension of another namespace": (
        [put("Scaling", "ServiceNamespace", "rds")],
        "wire-scaling-target",
        "Scaling",
        "Properties.ScalableDimension",
        "ecs:service:DesiredCount is no dimension of the namespace rds",
    ),
    "dimension": (
        [put("Scaling", "ScalableDimension", "ecs:service:Desired")],
        "wire-scaling-target",
        "Scaling",
        "Properties.ScalableDimension",
        "ECS has no dimension ecs:service:Desired",
    ),
    "service's ARN": (
        [put("Scaling", "ResourceId", {"Fn::Sub": "service/${Cluster}/${Service}"})],
        "wire-scaling-target",
        "Scaling",
        "Properties.ResourceId",
        "the ARN of Service (AWS::ECS::Service) is no service's name",
    ),
    "no such service": (
        [put("Scaling", "ResourceId", {"Fn::Sub": "service/${Cluster}/wbe"})],
        "wire-scaling-target",
        "Scaling",
        "Properties.ResourceId",
        "Cluster, a cluster of this template, has no service wbe",
    ),
    "another cluster": (
        [
            add(Other=resource("ECS::Cluster", ClusterName="other")),
            put("Cluster", "ClusterName", "web"),
            put("Scaling", "ResourceId", {"Fn::Sub": "service/${Other}/${Service.Name}"}),
        ],
        "wire-scaling-target",
        "Scaling",
        "Properties.ResourceId",
        "Service does not run in the cluster ${Other}",
    ),
    "form": (
        [put("Scaling", "ResourceId", {"Fn::Sub": "${Cluster}/${Service.Name}"})],
        "wire-scaling-target",
        "Scaling",
        "Properties.ResourceId",
        "is not of the form service/<cluster>/<service>",
    ),
    "form of text": (
        [put("Scaling", "ResourceId", "web")],
        "wire-scaling-target",
        "Scaling",
        "Properties.ResourceId",
        "web is not of the form service/<cluster>/<service>",
    ),
    "number of tasks": (
        [put("Service", "DesiredCount", 2)],
        "wire-desired-count",
        "Service",
        "Properties.DesiredCount",
        "Every update of Service sets it back to 2 tasks, however many Scaling has scaled it to",
    ),
    "stopped, but not for scaling": (
        [put("Service", "DesiredCount", 0)],
        "wire-desired-count",
        "Service",
        "Properties.DesiredCount",
        "Every update of Service sets it back to 0 tasks, however many Scaling has scaled it to",
    ),
    "range": (
        [put("Scaling", "MaxCapacity", 1), put("Scaling", "ScheduledActions", None)],
        "wire-scaling-range",
        "Scaling",
        "Properties.MinCapacity",
        "MinCapacity 2 is above MaxCapacity 1",
    ),
    "range of instances": (
        [put("Instances", "MaxSize", "0")],
        "wire-scaling-range",
        "Instances",
        "Properties.MinSize",
        "MinSize 1 is above MaxSize 0",
    ),
    "number of instances": (
        [put("Instances", "DesiredCapacity", "4")],
        "wire-scaling-range",
        "Instances",
        "Properties.DesiredCapacity",
        "DesiredCapacity 4 is not between MinSize 1 and MaxSize 3",
    ),
    "policy's target": (
        [put("Cpu", "ScalingTargetId", ref("Service"))],
        "wire-scaling-policy",
        "Cpu",
        "Properties.ScalingTargetId",
        "Service is AWS::ECS::Service, not a scalable target",
    ),
    "policy without a target": (
        [put("Cpu", "ScalingTargetId", None)],
        "wire-scaling-policy",
        "Cpu",
        "Properties.ScalingTargetId",
        "it names nothing to scale",
    ),
    "prediction without its block": (
        [put("Predicted", "PredictiveScalingPolicyConfiguration", None)],
        "wire-scaling-policy",
        "Predicted",
        "Properties.PredictiveScalingPolicyConfiguration",
        "its type is PredictiveScaling, and PredictiveScalingPolicyConfiguration is missing",
    ),
    "tracking without its block": (
        [put("Cpu", "TargetTrackingScalingPolicyConfiguration", None)],
        "wire-scaling-policy",
        "Cpu",
        "Properties.TargetTrackingScalingPolicyConfiguration",
        "TargetTrackingScalingPolicyConfiguration is missing",
    ),
    "aims at nothing": (
        [put("Requests", "TargetTrackingScalingPolicyConfiguration.TargetValue", 0)],
        "wire-scaling-policy",
        "Requests",
        "Properties.TargetTrackingScalingPolicyConfiguration.TargetValue",
        "it aims at 0",
    ),
    "aims too high": (
        [put("Cpu", "TargetTrackingScalingPolicyConfiguration.TargetValue", 550)],
        "wire-scaling-policy",
        "Cpu",
        "Properties.TargetTrackingScalingPolicyConfiguration.TargetValue",
        "it aims at 550 %, which is never reached",
    ),
    "metric of another namespace": (
        [
            put("Scaling", "ServiceNamespace", "dynamodb"),
            put("Scaling", "ScalableDimension", "dynamodb:table:ReadCapacityUnits"),
            without("Requests"),
        ],
        "wire-scaling-policy",
        "Cpu",
        f"{PREDEFINED}.PredefinedMetricType",
        "ECSServiceAverageCPUUtilization is no metric of the namespace dynamodb",
    ),
    "no label": (
        [put("Requests", f"{METRIC}.ResourceLabel", None)],
        "wire-scaling-policy",
        "Requests",
        f"{PREDEFINED}.ResourceLabel",
        "ALBRequestCountPerTarget counts the requests of a target group, and none is named",
    ),
    "needless label": (
        [put("Cpu", f"{METRIC}.ResourceLabel", "x")],
        "wire-scaling-policy",
        "Cpu",
        f"{PREDEFINED}.ResourceLabel",
        "ECSServiceAverageCPUUtilization takes no label",
    ),
    "label of ARNs": (
        [put("Requests", f"{METRIC}.ResourceLabel", {"Fn::Sub": "${Balancer}/${Targets}"})],
        "wire-scaling-label",
        "Requests",
        f"{PREDEFINED}.ResourceLabel",
        "is not the full name of a balancer, a slash, and the full name of a target group behind it",
    ),
    "label of another group": (
        [
            add(Green=resource("ElasticLoadBalancingV2::TargetGroup", TargetType="ip")),
            put("Rule", "Actions.0.TargetGroupArn", ref("Green")),
            put(
                "Requests",
                f"{METRIC}.ResourceLabel",
                {"Fn::Sub": "${Balancer.LoadBalancerFullName}/${Green.TargetGroupFullName}"},
            ),
        ],
        "wire-scaling-label",
        "Requests",
        f"{PREDEFINED}.ResourceLabel",
        "Scaling follows the requests of Green, while the service registers in Targets",
    ),
    "requests of shifted traffic": (
        [*blue_green()],
        "wire-scaling-label",
        "Requests",
        f"{PREDEFINED}.PredefinedMetricType",
        "ALBRequestCountPerTarget follows one target group, while deployments of Service shift requests between two",
    ),
    "unreadable": (
        [put("Scaling", f"{ACTIONS}.1.Schedule", "cron(0 7 * * *)")],
        "wire-schedule",
        "Scaling",
        f"Properties.{ACTIONS}.1.Schedule",
        "cron(0 7 * * *) is none of at(yyyy-mm-ddThh:mm:ss), rate(5 minutes), cron with six fields",
    ),
    "two days": (
        [put("Scaling", f"{ACTIONS}.1.Schedule", "cron(0 7 * * MON *)")],
        "wire-schedule",
        "Scaling",
        f"Properties.{ACTIONS}.1.Schedule",
        "says the day of the month and the day of the week",
    ),
    "window without a length": (
        [put("Scaling", f"{ACTIONS}.0.EndTime", "2027-03-01T00:00Z")],
        "wire-schedule",
        "Scaling",
        f"Properties.{ACTIONS}.0.EndTime",
        "it ends at 2027-03-01T00:00Z, and begins at 2027-03-01T00:00:00Z",
    ),
    "outside of its window": (
        [put("Scaling", f"{ACTIONS}.0.Schedule", "at(2027-03-03T07:00:00)")],
        "wire-schedule",
        "Scaling",
        f"Properties.{ACTIONS}.0.Schedule",
        "lies outside of StartTime and EndTime",
    ),
    "before its window": (
        [
            put("Scaling", f"{ACTIONS}.0.Schedule", "at(2027-02-03T07:00:00)"),
            put("Scaling", f"{ACTIONS}.0.EndTime", None),
        ],
        "wire-schedule",
        "Scaling",
        f"Properties.{ACTIONS}.0.Schedule",
        "lies outside of StartTime and EndTime",
    ),
    "sets nothing": (
        [put("Scaling", f"{ACTIONS}.1.ScalableTargetAction", {})],
        "wire-schedule",
        "Scaling",
        f"Properties.{ACTIONS}.1.ScalableTargetAction",
        "it sets neither MinCapacity nor MaxCapacity",
    ),
    "minimum above the maximum": (
        [put("Scaling", f"{ACTIONS}.0.ScalableTargetAction.MinCapacity", 11)],
        "wire-schedule",
        "Scaling",
        f"Properties.{ACTIONS}.0.ScalableTargetAction.MinCapacity",
        "exam: MinCapacity 11 is above MaxCapacity 10",
    ),
    "maximum below the minimum": (
        [put("Scaling", f"{ACTIONS}.2.ScalableTargetAction.MaxCapacity", 1)],
        "wire-schedule",
        "Scaling",
        f"Properties.{ACTIONS}.2.ScalableTargetAction.MaxCapacity",
        "often: MinCapacity 2 is above MaxCapacity 1",
    ),
    "name taken": (
        [put("Scaling", f"{ACTIONS}.1.ScheduledActionName", "exam")],
        "wire-schedule",
        "Scaling",
        f"Properties.{ACTIONS}.1.ScheduledActionName",
        "another is called exam as well",
    ),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_fault_is_found_where_it_is(fault: Fault) -> None:
    only(fault)


def test_a_service_that_is_stopped_may_say_so_where_scaling_starts_nothing() -> None:
    stopped = changed(
        put("Service", "DesiredCount", 0),
        put("Scaling", "MinCapacity", 0),
        put("Scaling", "MaxCapacity", 0),
        put("Scaling", "ScheduledActions", None),
    )
    assert complaints(stopped) == []
