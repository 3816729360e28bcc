"""Workers, by parameter: a second service for background jobs, with the same image and a command of its own.

It answers no requests, so it has no balancer, and a deployment is done when its tasks stay up. Jobs can be taken up
again, so it may run on Spot more boldly than what students wait for.

One switch stops everything that works in the background, for an upgrade. The service stays and gets no task, and its
scaling may not start one: to take both away and make them again would be slower, and what CloudFormation takes away it
takes away last, after whatever should have waited for it. Switched on again, scaling raises the service to its minimum:
Application Auto Scaling does so whenever a target is registered (API reference, RegisterScalableTarget).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from troposphere import And, Condition, Equals, GetAtt, If, Not, NoValue, Ref, Sub
from troposphere.ecs import (
    CapacityProviderStrategyItem,
    DeploymentCircuitBreaker,
    DeploymentConfiguration,
    Service,
)

from templates.cluster import ON_DEMAND, SPOT
from templates.interface import YES_NO, condition, output, parameter
from templates.parts import part
from templates.scaling import scale, scale_by, target_percent
from templates.task_definition import add_task_definition
from templates.task_parameters import LONGEST_STOP, command_parameter, size_parameter, stop_parameter

if TYPE_CHECKING:
    from troposphere import AWSHelperFn, Parameter, Template

    from templates.application import Application
    from templates.tags import Environment
    from templates.task_parameters import Command

GROUP = "Background work"


@dataclass(frozen=True)
class Workers:
    """What the rest of the template may know about the workers.

    Attributes:
        service: the service's name; it exists under `exists`.
        name: the same as text, which waits for nothing and changes with nothing.
        exists: name of the condition under which there is a service.
        on_spot: name of the condition under which a part of it runs on Spot.
    """

    service: AWSHelperFn
    name: AWSHelperFn
    exists: str
    on_spot: str


def add_background_switch(t: Template, *, application: Application) -> str:
    """Add the one switch for background work; returns the name of the condition under which it is on."""
    jobs = parameter(
        t,
        "BackgroundJobs",
        group=GROUP,
        label="Work in the background",
        description="no: workers and the periodic command stop and start no more, for an upgrade or for work on the "
        "stores; everything else of them stays. RunApplication=no stops them as well.",
        default="yes",
        allowed_values=YES_NO,
        constraint="yes or no.",
    )
    return condition(t, "RunsBackgroundJobs", And(Condition(application.runs), Equals(Ref(jobs), "yes")))


@part("workers")
def add_workers(t: Template, *, environment: Environment, application: Application, background: str) -> Workers:
    """Add task definition, service and scaling of the workers.

    Some applications know one worker only, and a second would take its jobs: with MaximumWorkers=1 the old one is gone
    before a new one starts.

    Args:
        t: the template.
        environment: names the service.
        application: beside which it runs.
        background: name of the condition under which workers may run.
    """
    command = command_parameter(
        t,
        "WorkerCommand",
        group=GROUP,
        label="Command of the workers",
        description="What a worker runs, its words separated by commas: celery,-A,lms,worker. It works until it gets "
        "SIGTERM. Blank: no workers.",
    )
    place, blueprint = application.place, application.blueprint
    definition = _add_task_definition(t, application, command)
    minimum, maximum = _add_range(t)
    alone = condition(t, "HasOneWorker", Equals(Ref(maximum), 1))
    name = Sub(f"lms-worker-${{{environment.suffix.title}}}")
    strategy = _add_capacity(t)
    service = t.add_resource(
        Service(
            "WorkerService",
            Condition=command.given,
            ServiceName=name,
            Cluster=place.cluster.name,
            TaskDefinition=definition,
            DesiredCount=If(background, NoValue, 0),
            CapacityProviderStrategy=strategy,
            DeploymentConfiguration=DeploymentConfiguration(
                MinimumHealthyPercent=If(alone, 0, 100),
                MaximumPercent=If(alone, 100, 200),
                DeploymentCircuitBreaker=DeploymentCircuitBreaker(Enable=True, Rollback=True),
            ),
            # It needs room above 100 %.
            AvailabilityZoneRebalancing=If(alone, "DISABLED", "ENABLED"),
            NetworkConfiguration=place.network,
            EnableECSManagedTags=True,
            EnableExecuteCommand=If(application.execute_command, True, False),
            DependsOn=[*place.depends_on, *blueprint.policies],
            Metadata=place.metadata,
        )
    )
    target = scale(
        t,
        "WorkerScalableTarget",
        exists=command.given,
        cluster=application.cluster,
        service=GetAtt(service, "Name"),
        minimum=If(background, Ref(minimum), 0),
        maximum=If(background, Ref(maximum), 0),
    )
    cpu = target_percent(
        t,
        "WorkerTargetCpuPercent",
        group=GROUP,
        label="CPU to aim at (%)",
        description="Workers are added while their mean CPU is above this.",
        default=70,
    )
    scale_by(t, "WorkerCpuScaling", target, cpu, PredefinedMetricType="ECSServiceAverageCPUUtilization")
    output(t, "WorkerServiceName", GetAtt(service, "Name"), "ECS service of the workers", condition=command.given)
    some = And(Condition(command.given), Not(Equals(Ref("WorkerSpotWeight"), "0")))
    return Workers(GetAtt(service, "Name"), name, command.given, condition(t, "HasWorkersOnSpot", some))


def _add_task_definition(t: Template, application: Application, command: Command) -> AWSHelperFn:
    size = size_parameter(
        t,
        "WorkerSize",
        group=GROUP,
        label="Size of a worker (CPU units / MiB)",
        description="CPU and memory of one worker, out of the pairs that Fargate offers.",
    )
    stop_timeout = stop_parameter(
        t,
        "WorkerStopTimeout",
        group=GROUP,
        label="Time to stop (seconds)",
        description="How long a worker may take to finish its job after SIGTERM before it is killed.",
        default=LONGEST_STOP,
    )
    return add_task_definition(
        t,
        "WorkerTaskDefinition",
        application.blueprint,
        name="worker",
        command=Ref(command.words),
        size=size,
        stop_timeout=stop_timeout,
        exists=command.given,
    )


def _add_range(t: Template) -> tuple[Parameter, Parameter]:
    minimum = parameter(
        t,
        "MinimumWorkers",
        group=GROUP,
        label="Fewest workers",
        description="So many workers run however little there is to do. At least one: without any, nothing measures "
        "that more are wanted.",
        type="Number",
        default=1,
        min_value=1,
        max_value=1000,
        constraint="1 to 1000 workers, not above MaximumWorkers.",
    )
    maximum = parameter(
        t,
        "MaximumWorkers",
        group=GROUP,
        label="Most workers",
        description="So many workers run however much there is to do. Each takes an address in its subnet and "
        "connections to the database. 1: never two at a time, not even during a deployment, where workers would take "
        "each other's jobs.",
        type="Number",
        default=4,
        min_value=1,
        max_value=1000,
        constraint="1 to 1000 workers, not below MinimumWorkers.",
    )
    return minimum, maximum


def _add_capacity(t: Template) -> list[CapacityProviderStrategyItem]:
    base = parameter(
        t,
        "WorkerOnDemandBase",
        group=GROUP,
        label="Workers that always run on demand",
        description="So many workers run on demand before the shares below count. 0 where every job may wait until "
        "there is Spot capacity again.",
        type="Number",
        default=1,
        min_value=0,
        max_value=1000,
        constraint="0 to 1000 workers.",
    )
    on_demand = parameter(
        t,
        "WorkerOnDemandWeight",
        group=GROUP,
        label="Share on demand",
        description="Of the workers above the base, this share runs on demand. At least 1: ECS places no task on "
        "capacity whose weight is 0, and promises no exception for the base.",
        type="Number",
        default=1,
        min_value=1,
        max_value=1000,
        constraint="1 to 1000.",
    )
    spot = parameter(
        t,
        "WorkerSpotWeight",
        group=GROUP,
        label="Share on Spot",
        description="Of the workers above the base, this share runs on Spot capacity, which may be taken back with two "
        "minutes' notice. 0: none.",
        type="Number",
        default=0,
        min_value=0,
        max_value=1000,
        constraint="0 to 1000.",
    )
    return [
        CapacityProviderStrategyItem(CapacityProvider=ON_DEMAND, Base=Ref(base), Weight=Ref(on_demand)),
        CapacityProviderStrategyItem(CapacityProvider=SPOT, Weight=Ref(spot)),
    ]
