"""Application: the learning platform itself, as a Fargate service behind the balancer.

Any image that speaks HTTP and takes its settings from environment variables fits; application.toml says which ones it
wants. The number of tasks is never written here: scaling owns it, and a number in the template would reset it at every
deployment. To stop the application, RunApplication=no leaves out the service with its scaling.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from troposphere import Equals, GetAtt, If, NoValue, Ref, Sub
from troposphere.ecs import (
    DeploymentAlarms,
    DeploymentCircuitBreaker,
    DeploymentConfiguration,
    LoadBalancer,
    Service,
)

from templates.cluster import add_sessions
from templates.container_variables import platform_facts
from templates.interface import YES_NO, condition, output, parameter
from templates.parts import part
from templates.place import add_place
from templates.security_groups import connect
from templates.task_definition import GROUP, add_blueprint, add_task_definition
from templates.task_parameters import command_parameter, size_parameter, stop_parameter

if TYPE_CHECKING:
    from collections.abc import Sequence

    from troposphere import AWSHelperFn, Parameter, Template
    from troposphere.cloudwatch import Alarm
    from troposphere.ec2 import SecurityGroup

    from templates.application_settings import Settings
    from templates.balancer import Balancer
    from templates.cache import Cache
    from templates.database import Database
    from templates.files import Files
    from templates.keys import Key
    from templates.network import Network
    from templates.place import Place
    from templates.tags import Environment
    from templates.task_definition import Blueprint
    from templates.upgrade_parameters import UpgradeParameters

CONTAINER = "application"


@dataclass(frozen=True)
class Application:
    """What the rest of the template may know about the application.

    Attributes:
        cluster: the cluster's name.
        service: the service's name; it exists only under `runs`.
        name: the same as text, which waits for nothing and changes with nothing.
        runs: name of the condition under which the service exists.
        execute_command: name of the condition under which tasks can be entered with ECS Exec.
        security_group: the tasks' group.
        place: where its tasks run, and others beside them.
        blueprint: what its tasks are made of, and others with them.
        size: the parameter of its tasks' CPU and memory.
    """

    cluster: AWSHelperFn
    service: AWSHelperFn
    name: AWSHelperFn
    runs: str
    execute_command: str
    security_group: SecurityGroup
    place: Place
    blueprint: Blueprint
    size: Parameter


@part("application")
def add_application(
    t: Template,
    *,
    environment: Environment,
    settings: Settings,
    upgrade: UpgradeParameters,
    network: Network,
    files: Files,
    cache: Cache,
    database: Database,
    balancer: Balancer,
    roll_back: Sequence[Alarm],
    key: Key,
) -> Application:
    """Add cluster, task definition and service, and open the ways between the tasks and what they use.

    A deployment during which one of the alarms `roll_back` goes off is taken back; they may not refer to the service.
    """
    runs, execute_command, grace = _add_parameters(t)
    sessions = add_sessions(t, exists=execute_command, key=key)
    place = add_place(
        t,
        environment=environment,
        sessions=sessions,
        network=network,
        files=files,
        cache=cache,
        database=database,
    )
    port = balancer.container_port
    requests = connect(
        t, balancer.security_group, place.security_group, port, "Requests from the balancer", condition=runs
    )
    facts = platform_facts(
        environment=environment,
        balancer=balancer,
        files_path=settings.files_path,
        cache=cache,
        database=database,
    )
    blueprint = add_blueprint(
        t,
        settings=settings,
        facts=facts,
        upgrade=upgrade,
        files=files,
        cache=cache,
        database=database,
        key=key,
        sessions=sessions,
    )
    size, definition = _add_task_definition(t, blueprint, port)
    name = Sub(f"lms-application-${{{environment.suffix.title}}}")
    service = Service(
        "Service",
        Condition=runs,
        ServiceName=name,
        Cluster=place.cluster.name,
        TaskDefinition=definition,
        CapacityProviderStrategy=list(place.cluster.strategy),
        # Full strength during a deployment. Zone rebalancing starts the new task before it stops the old one, so it
        # needs room above 100 %.
        DeploymentConfiguration=DeploymentConfiguration(
            MinimumHealthyPercent=100,
            MaximumPercent=200,
            DeploymentCircuitBreaker=DeploymentCircuitBreaker(Enable=True, Rollback=True),
            Alarms=DeploymentAlarms(AlarmNames=[Ref(alarm) for alarm in roll_back], Enable=True, Rollback=True),
        ),
        AvailabilityZoneRebalancing="ENABLED",
        HealthCheckGracePeriodSeconds=Ref(grace),
        LoadBalancers=[
            LoadBalancer(ContainerName=CONTAINER, ContainerPort=Ref(port), TargetGroupArn=balancer.target_group)
        ],
        NetworkConfiguration=place.network,
        EnableECSManagedTags=True,
        EnableExecuteCommand=If(execute_command, True, False),
        # What nothing above refers to, and yet a first task needs.
        DependsOn=[*place.depends_on, *requests, *blueprint.policies],
        Metadata={"WaitsFor": [balancer.listener, *place.waits_for]},
    )
    t.add_resource(service)
    output(t, "ServiceName", GetAtt(service, "Name"), "ECS service of the application", condition=runs)
    output(t, "LogGroupName", Ref(blueprint.log_group), "Log group of the application")
    output(t, "TaskRoleArn", blueprint.task_role.arn, "Role that the application itself has")
    output(t, "ExecutionRoleArn", blueprint.execution_role.arn, "Role that starts the application's container")
    return Application(
        cluster=place.cluster.name,
        service=GetAtt(service, "Name"),
        name=name,
        runs=runs,
        execute_command=execute_command,
        security_group=place.security_group,
        place=place,
        blueprint=blueprint,
        size=size,
    )


def _add_task_definition(t: Template, blueprint: Blueprint, port: Parameter) -> tuple[Parameter, AWSHelperFn]:
    """What answers requests; returns the parameter of its size, and its ARN."""
    command = command_parameter(
        t,
        "Command",
        group=GROUP,
        label="Command",
        description="What the container runs, its words separated by commas: kolibri,start,--foreground. Blank: what "
        "the image says itself.",
    )
    size = size_parameter(
        t,
        "TaskSize",
        group=GROUP,
        label="Size of a task (CPU units / MiB)",
        description="CPU and memory of one task: 1024/2048 is one vCPU and 2 GiB. The list holds every pair that "
        "Fargate offers; the price follows both numbers.",
    )
    stop_timeout = stop_parameter(
        t,
        "StopTimeout",
        group=GROUP,
        label="Time to stop (seconds)",
        description="How long the application may take to finish after SIGTERM before it is killed.",
        default=60,
    )
    definition = add_task_definition(
        t,
        "TaskDefinition",
        blueprint,
        name=CONTAINER,
        command=If(command.given, Ref(command.words), NoValue),
        size=size,
        stop_timeout=stop_timeout,
        port=port,
    )
    return size, definition


def _add_parameters(t: Template) -> tuple[str, str, Parameter]:
    run = parameter(
        t,
        "RunApplication",
        group=GROUP,
        label="Run the application",
        description="no: everything stands but the service and its scaling, for a first installation or for work on "
        "the stores.",
        default="yes",
        allowed_values=YES_NO,
        constraint="yes or no.",
    )
    execute = parameter(
        t,
        "ExecuteCommand",
        group=GROUP,
        label="Allow entering tasks",
        description="yes: whoever IAM allows it can open a shell in a running task (ECS Exec). Leave it off until it "
        "is needed.",
        default="no",
        allowed_values=YES_NO,
        constraint="yes or no.",
    )
    grace = parameter(
        t,
        "HealthGraceSeconds",
        group=GROUP,
        label="Time to start (seconds)",
        description="How long after its start a task's failed health checks are overlooked. Longer than the "
        "application's slowest start, or no task ever gets well.",
        type="Number",
        default=120,
        min_value=0,
        max_value=7200,
        constraint="0 to 7200 seconds.",
    )
    return (
        condition(t, "RunsApplication", Equals(Ref(run), "yes")),
        condition(t, "AllowsExecuteCommand", Equals(Ref(execute), "yes")),
        grace,
    )
