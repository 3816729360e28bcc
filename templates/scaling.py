"""Scaling: as many tasks as the load wants, between a minimum and a maximum.

Three measures, and whichever wants most tasks wins: CPU (what a learning platform runs out of first), memory, and
requests per task, which rises minutes before CPU when an exam opens. Scaling out is quick, scaling in is slow: a rush
has pauses.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from troposphere import Ref, Sub
from troposphere.applicationautoscaling import (
    PredefinedMetricSpecification,
    ScalableTarget,
    ScalingPolicy,
    TargetTrackingScalingPolicyConfiguration,
)

from templates.interface import parameter
from templates.parts import part

if TYPE_CHECKING:
    from troposphere import AWSHelperFn, Parameter, Template

    from templates.application import Application
    from templates.balancer import Balancer

GROUP = "Scaling"

SCALE_OUT_SECONDS = 60
SCALE_IN_SECONDS = 300


@dataclass(frozen=True)
class Scaling:
    """What the rest of the template may know about scaling: the parameters with the fewest and the most tasks."""

    minimum: Parameter
    maximum: Parameter


@part("scaling")
def add_scaling(t: Template, *, application: Application, balancer: Balancer) -> Scaling:
    """Add the service's scaling by CPU, memory and requests per task; it exists where the service does."""
    minimum, maximum = _add_range(t)
    target = scale(
        t,
        "ScalableTarget",
        exists=application.runs,
        cluster=application.cluster,
        service=application.service,
        minimum=Ref(minimum),
        maximum=Ref(maximum),
    )
    cpu = target_percent(
        t,
        "TargetCpuPercent",
        group=GROUP,
        label="CPU to aim at (%)",
        description="Tasks are added while their mean CPU is above this. Lower means more room for a sudden start.",
        default=55,
    )
    memory = target_percent(
        t,
        "TargetMemoryPercent",
        group=GROUP,
        label="Memory to aim at (%)",
        description="Tasks are added while their mean memory is above this.",
        default=75,
    )
    requests = parameter(
        t,
        "RequestsPerTarget",
        group=GROUP,
        label="Requests per task and minute to aim at",
        description="Tasks are added while each gets more requests a minute than this. Measure your application's own "
        "number; too low a value only costs money.",
        type="Number",
        default=600,
        min_value=1,
        max_value=1000000,
        constraint="1 to 1000000 requests a minute.",
    )
    label = Sub("${Balancer}/${TargetGroup}", Balancer=balancer.full_name, TargetGroup=balancer.target_group_full_name)
    scale_by(t, "CpuScaling", target, cpu, PredefinedMetricType="ECSServiceAverageCPUUtilization")
    scale_by(t, "MemoryScaling", target, memory, PredefinedMetricType="ECSServiceAverageMemoryUtilization")
    scale_by(
        t, "RequestScaling", target, requests, PredefinedMetricType="ALBRequestCountPerTarget", ResourceLabel=label
    )
    return Scaling(minimum, maximum)


def scale(
    t: Template,
    logical_id: str,
    *,
    exists: str,
    cluster: AWSHelperFn,
    service: AWSHelperFn,
    minimum: AWSHelperFn,
    maximum: AWSHelperFn,
) -> ScalableTarget:
    """Let a service have between `minimum` and `maximum` tasks, where the condition `exists` holds."""
    return t.add_resource(
        ScalableTarget(
            logical_id,
            Condition=exists,
            ServiceNamespace="ecs",
            ScalableDimension="ecs:service:DesiredCount",
            ResourceId=Sub("service/${Cluster}/${Name}", Cluster=cluster, Name=service),
            MinCapacity=minimum,
            MaxCapacity=maximum,
        )
    )


def scale_by(t: Template, logical_id: str, target: ScalableTarget, value: Parameter, **metric: Any) -> None:
    """Keep one of AWS's predefined metrics near a value, by more or fewer tasks."""
    t.add_resource(
        ScalingPolicy(
            logical_id,
            Condition=target.Condition,
            PolicyName=logical_id,
            PolicyType="TargetTrackingScaling",
            ScalingTargetId=Ref(target),
            TargetTrackingScalingPolicyConfiguration=TargetTrackingScalingPolicyConfiguration(
                PredefinedMetricSpecification=PredefinedMetricSpecification(**metric),
                TargetValue=Ref(value),
                ScaleOutCooldown=SCALE_OUT_SECONDS,
                ScaleInCooldown=SCALE_IN_SECONDS,
            ),
        )
    )


def target_percent(
    t: Template, logical_id: str, *, group: str, label: str, description: str, default: int
) -> Parameter:
    """Add the parameter of a percentage that scaling aims at."""
    return parameter(
        t,
        logical_id,
        group=group,
        label=label,
        description=description,
        type="Number",
        default=default,
        min_value=10,
        max_value=95,
        constraint="10 to 95 percent.",
    )


def _add_range(t: Template) -> tuple[Parameter, Parameter]:
    minimum = parameter(
        t,
        "MinimumTasks",
        group=GROUP,
        label="Fewest tasks",
        description="So many tasks run however quiet it is. In production at least two, in different zones.",
        type="Number",
        default=1,
        min_value=1,
        max_value=1000,
        constraint="1 to 1000 tasks, not above MaximumTasks.",
    )
    maximum = parameter(
        t,
        "MaximumTasks",
        group=GROUP,
        label="Most tasks",
        description="So many tasks run however busy it is. Each takes an address in its subnet and connections to the "
        "database; one balancer serves at most 1000.",
        type="Number",
        default=4,
        min_value=1,
        max_value=1000,
        constraint="1 to 1000 tasks, not below MinimumTasks.",
    )
    return minimum, maximum
