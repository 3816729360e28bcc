"""Cron, by parameter: the application's periodic command, in one place and never twice at the same moment by us.

Every five minutes or seldomer, EventBridge Scheduler starts one task that runs the command and ends. A task takes most
of a minute to start, so below five minutes it is one service with exactly one task instead, whose command works, waits
and works again: the image's business (docs/running.md). A deployment stops that task before it starts the next, which
is why there is no zone rebalancing: it would start a second one first.

What could not be started is kept in a queue with the reason. alarms_background.py counts that, and the runs that
failed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from awacs.aws import ArnEquals, ArnLike, StringEquals
from troposphere import And, Condition, Equals, GetAtt, If, Not, Or, Ref, Sub
from troposphere.ecs import (
    CapacityProviderStrategyItem,
    DeploymentCircuitBreaker,
    DeploymentConfiguration,
    Service,
)
from troposphere.scheduler import (
    AwsVpcConfiguration,
    DeadLetterConfig,
    EcsParameters,
    FlexibleTimeWindow,
    NetworkConfiguration,
    RetryPolicy,
    Schedule,
    ScheduleGroup,
    Target,
)

from templates.cluster import ON_DEMAND
from templates.dead_letters import add_dead_letters
from templates.interface import condition, output, parameter
from templates.parts import part
from templates.policies import add_policy, add_role, allow, assume_role
from templates.security_groups import group_id
from templates.task_definition import add_task_definition
from templates.task_parameters import LONGEST_STOP, command_parameter, size_parameter

if TYPE_CHECKING:
    from troposphere import AWSHelperFn, Parameter, Template

    from templates.application import Application
    from templates.keys import Key
    from templates.tags import Environment

GROUP = "Background work"
OFTEN = (1, 2, 3, 4)
"""Minutes between two runs for which a task is not started each time."""
MINUTES = (*OFTEN, 5, 10, 15, 20, 30, 60, 120, 180, 240, 360, 720, 1440)
LATE_SECONDS = 300
"""A run that is this late is not made up for: the next one does its work."""


@dataclass(frozen=True)
class Cron:
    """What the rest of the template may know about the periodic command.

    Attributes:
        task: ARN of the task definition; it exists under `exists`.
        exists: name of the condition under which there is a periodic command.
        service: name of the one task's service, as text; it exists under `runs_on`.
        runs_on: name of the condition under which one task runs all the time.
        letters: name of the queue of runs that could not be started; it exists under `scheduled`.
        scheduled: name of the condition under which each run is a task.
    """

    task: AWSHelperFn
    exists: str
    service: AWSHelperFn
    runs_on: str
    letters: AWSHelperFn
    scheduled: str


@part("cron")
def add_cron(t: Template, *, environment: Environment, application: Application, background: str, key: Key) -> Cron:
    """Add the periodic command's task definition, and a schedule or a service that runs it.

    Args:
        t: the template.
        environment: names the service and the group of schedules.
        application: beside which it runs.
        background: name of the condition under which it may run.
        key: encrypts what says why a run could not be started.
    """
    command = command_parameter(
        t,
        "CronCommand",
        group=GROUP,
        label="Periodic command",
        description="What runs every few minutes, in one task, its words separated by commas: lms,cron. Blank: "
        "nothing.",
    )
    minutes = parameter(
        t,
        "CronMinutes",
        group=GROUP,
        label="Minutes between two runs",
        description="5 and more: a task is started for each run, and ends. Below: one task runs all the time, and the "
        "command itself waits between two runs.",
        type="Number",
        default=5,
        allowed_values=list(MINUTES),
        constraint=f"One of {', '.join(map(str, MINUTES))}.",
    )
    size = size_parameter(
        t,
        "CronSize",
        group=GROUP,
        label="Size of its task (CPU units / MiB)",
        description="CPU and memory of the periodic command, out of the pairs that Fargate offers.",
    )
    often = Or(*(Equals(Ref(minutes), str(number)) for number in OFTEN))
    runs_on = condition(t, "HasCronService", And(Condition(command.given), often))
    scheduled = condition(t, "HasCronSchedule", And(Condition(command.given), Not(Condition(runs_on))))
    definition = add_task_definition(
        t,
        "CronTask",
        application.blueprint,
        name="cron",
        command=Ref(command.words),
        size=size,
        stop_timeout=LONGEST_STOP,
        exists=command.given,
    )
    service = Sub(f"lms-cron-${{{environment.suffix.title}}}")
    _add_service(
        t,
        name=service,
        application=application,
        definition=definition,
        exists=runs_on,
        background=background,
    )
    letters = _add_schedule(
        t,
        environment=environment,
        application=application,
        definition=definition,
        exists=scheduled,
        background=background,
        minutes=minutes,
        key=key,
    )
    return Cron(definition, command.given, service, runs_on, letters, scheduled)


def _add_service(
    t: Template,
    *,
    name: AWSHelperFn,
    application: Application,
    definition: AWSHelperFn,
    exists: str,
    background: str,
) -> None:
    place = application.place
    service = t.add_resource(
        Service(
            "CronService",
            Condition=exists,
            ServiceName=name,
            Cluster=place.cluster.name,
            TaskDefinition=definition,
            DesiredCount=If(background, 1, 0),
            # Never on Spot: nobody else runs it meanwhile.
            CapacityProviderStrategy=[CapacityProviderStrategyItem(CapacityProvider=ON_DEMAND, Base=1, Weight=1)],
            DeploymentConfiguration=DeploymentConfiguration(
                MinimumHealthyPercent=0,
                MaximumPercent=100,
                DeploymentCircuitBreaker=DeploymentCircuitBreaker(Enable=True, Rollback=True),
            ),
            AvailabilityZoneRebalancing="DISABLED",
            NetworkConfiguration=place.network,
            EnableECSManagedTags=True,
            EnableExecuteCommand=If(application.execute_command, True, False),
            DependsOn=[*place.depends_on, *application.blueprint.policies],
            Metadata=place.metadata,
        )
    )
    output(t, "CronServiceName", GetAtt(service, "Name"), "ECS service of the periodic command", condition=exists)


def _add_schedule(
    t: Template,
    *,
    environment: Environment,
    application: Application,
    definition: AWSHelperFn,
    exists: str,
    background: str,
    minutes: Parameter,
    key: Key,
) -> AWSHelperFn:
    """Add the schedule with its role and its dead letters; returns the name of their queue."""
    place = application.place
    # A name of its own, since the role's trust names the group before there is one.
    name = Sub(f"lms-cron-${{{environment.suffix.title}}}")
    queue = add_dead_letters(t, "Cron", exists=exists, key=key)
    output(t, "CronDeadLettersUrl", Ref(queue), "Queue of periodic runs that could not be started", condition=exists)
    letters = GetAtt(queue, "Arn")
    role, policy = _add_role(
        t, application=application, definition=definition, letters=letters, key=key, exists=exists, group=name
    )
    group = t.add_resource(ScheduleGroup("CronScheduleGroup", Condition=exists, Name=name))
    t.add_resource(
        Schedule(
            "CronSchedule",
            Condition=exists,
            GroupName=Ref(group),
            Description="The application's periodic command, in one task",
            ScheduleExpression=Sub(f"rate(${{{minutes.title}}} minutes)"),
            State=If(background, "ENABLED", "DISABLED"),
            FlexibleTimeWindow=FlexibleTimeWindow(Mode="OFF"),
            Target=Target(
                Arn=GetAtt("Cluster", "Arn"),
                RoleArn=role,
                DeadLetterConfig=DeadLetterConfig(Arn=letters),
                RetryPolicy=RetryPolicy(MaximumEventAgeInSeconds=LATE_SECONDS, MaximumRetryAttempts=3),
                EcsParameters=EcsParameters(
                    TaskDefinitionArn=definition,
                    TaskCount=1,
                    LaunchType="FARGATE",
                    EnableECSManagedTags=True,
                    EnableExecuteCommand=If(application.execute_command, True, False),
                    PropagateTags="TASK_DEFINITION",
                    NetworkConfiguration=NetworkConfiguration(
                        AwsvpcConfiguration=AwsVpcConfiguration(
                            Subnets=place.subnets,
                            SecurityGroups=[group_id(place.security_group)],
                            AssignPublicIp="DISABLED",
                        )
                    ),
                ),
            ),
            DependsOn=[*place.depends_on, *application.blueprint.policies, policy],
            Metadata=place.metadata,
        )
    )
    return GetAtt(queue, "QueueName")


def _add_role(
    t: Template,
    *,
    application: Application,
    definition: AWSHelperFn,
    letters: AWSHelperFn,
    key: Key,
    exists: str,
    group: AWSHelperFn,
) -> tuple[AWSHelperFn, str]:
    """What the schedule may do: run this task definition in this cluster, with these two roles, and nothing else."""
    # A schedule's role is asked for in the name of its group.
    mine = ArnLike(
        "aws:SourceArn",
        Sub("arn:${AWS::Partition}:scheduler:${AWS::Region}:${AWS::AccountId}:schedule-group/${Group}", Group=group),
    )
    role = add_role(t, "CronRole", assume_role("scheduler", conditions=[mine]), exists=exists)
    blueprint = application.blueprint
    policy = add_policy(
        t,
        "CronPolicy",
        role,
        allow("ecs:RunTask", definition, conditions=[ArnEquals("ecs:cluster", GetAtt("Cluster", "Arn"))]),
        allow(
            "iam:PassRole",
            [blueprint.execution_role.arn, blueprint.task_role.arn],
            conditions=[StringEquals("iam:PassedToService", "ecs-tasks.amazonaws.com")],
        ),
        allow("sqs:SendMessage", letters),
        allow(
            ["kms:Decrypt", "kms:GenerateDataKey"],
            key.arn,
            conditions=[StringEquals("kms:ViaService", Sub("sqs.${AWS::Region}.amazonaws.com"))],
        ),
    )
    return GetAtt(role, "Arn"), policy
