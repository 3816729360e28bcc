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
    AwsvpcConfiguration,
    DeploymentAlarms,
    DeploymentCircuitBreaker,
    DeploymentConfiguration,
    LoadBalancer,
    NetworkConfiguration,
    Service,
)

from templates.cluster import add_cluster
from templates.container_variables import platform_facts
from templates.interface import YES_NO, condition, output, parameter
from templates.parts import part
from templates.security_groups import INTERNET, connect, group_id, security_group
from templates.task_definition import add_task_definition

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
    from templates.security_groups import Peer, Port
    from templates.tags import Environment
    from templates.task_definition import Task

GROUP = "Application"


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
        task: what a task is made of, with its roles and its log group.
    """

    cluster: AWSHelperFn
    service: AWSHelperFn
    name: AWSHelperFn
    runs: str
    execute_command: str
    security_group: SecurityGroup
    task: Task


@part("application")
def add_application(
    t: Template,
    *,
    environment: Environment,
    settings: Settings,
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
    cluster = add_cluster(t, environment=environment)
    facts = platform_facts(
        environment=environment,
        balancer=balancer,
        files_path=settings.files_path,
        cache=cache,
        database=database,
    )
    task = add_task_definition(
        t,
        settings=settings,
        facts=facts,
        container_port=balancer.container_port,
        files=files,
        cache=cache,
        database=database,
        key=key,
        execute_command=execute_command,
    )
    tasks = security_group(t, "TasksSecurityGroup", description="Application tasks", vpc=network.vpc)
    rules, optional_rules = _connect(t, tasks=tasks, balancer=balancer, files=files, cache=cache, database=database)
    name = Sub(f"lms-application-${{{environment.suffix.title}}}")
    service = Service(
        "Service",
        Condition=runs,
        ServiceName=name,
        Cluster=cluster.name,
        TaskDefinition=task.definition,
        CapacityProviderStrategy=list(cluster.strategy),
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
            LoadBalancer(
                ContainerName=task.container, ContainerPort=Ref(task.port), TargetGroupArn=balancer.target_group
            )
        ],
        NetworkConfiguration=NetworkConfiguration(
            AwsvpcConfiguration=AwsvpcConfiguration(
                Subnets=network.private_subnets, SecurityGroups=[group_id(tasks)], AssignPublicIp="DISABLED"
            )
        ),
        EnableECSManagedTags=True,
        EnableExecuteCommand=If(execute_command, True, False),
        # What nothing above refers to, and yet a first task needs. What a condition may leave out cannot stand in
        # DependsOn; a reference from the metadata makes the service wait for it as well.
        DependsOn=[
            *network.depends_on,
            *files.mount_targets,
            *rules,
            balancer.listener,
            cluster.capacity,
            task.execution_role.policy,
            task.task_role.policy,
        ],
        Metadata={"WaitsFor": [network.third_zone_ready, files.third_zone_ready, *database.ready, *optional_rules]},
    )
    t.add_resource(service)
    output(t, "ServiceName", GetAtt(service, "Name"), "ECS service of the application", condition=runs)
    output(t, "LogGroupName", Ref(task.log_group), "Log group of the application")
    output(t, "TaskRoleArn", task.task_role.arn, "Role that the application itself has")
    output(t, "ExecutionRoleArn", task.execution_role.arn, "Role that starts the application's container")
    return Application(cluster.name, GetAtt(service, "Name"), name, runs, execute_command, tasks, task)


def _connect(
    t: Template, *, tasks: SecurityGroup, balancer: Balancer, files: Files, cache: Cache, database: Database
) -> tuple[list[str], list[AWSHelperFn]]:
    """Open the ways in and out of the tasks; returns the rules that always exist, and references to the others."""
    ways: list[tuple[Peer, Peer, Port, str]] = [
        (balancer.security_group, tasks, balancer.container_port, "Requests from the balancer"),
        (tasks, files.endpoint.server, files.endpoint.port, "Shared files"),
        (tasks, cache.sessions.endpoint.server, cache.sessions.endpoint.port, "Session cache"),
        (tasks, INTERNET, 443, "Image, logs, secrets, and services of others over HTTPS"),
    ]
    rules = [rule for way in ways for rule in connect(t, *way)]
    sometimes = [(cache.plain.endpoint, "Plain cache", cache.plain.condition)]
    sometimes += [(way.endpoint, "Database", way.condition) for way in database.ways]
    optional: list[AWSHelperFn] = [
        If(exists, Ref(rule), NoValue)
        for endpoint, why, exists in sometimes
        for rule in connect(t, tasks, endpoint.server, endpoint.port, why, condition=exists)
    ]
    return rules, optional


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
