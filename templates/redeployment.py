"""New tasks after a rotation: the event that a new password is in force starts a deployment of each service.

EventBridge itself cannot ask ECS for one. A state machine does, without any code, for each service there is, and looks
on until the deployment is done. It is a rolling one like any other, with its circuit breaker and its alarms; a service
without tasks gets none. Requests that fail for want of a connection may set off an alarm that takes the deployment
back, and with it the new password: then it is begun again, and ECS overlooks an alarm that is off already when a
deployment begins. An event that does not reach the state machine is kept in a queue.

Without the application nothing runs (RunApplication=no stops background work as well), and there is nothing to deploy.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from troposphere import And, Condition, GetAtt, If, NoValue, Ref, Sub
from troposphere.events import DeadLetterConfig, RetryPolicy, Rule, Target
from troposphere.stepfunctions import StateMachine

from templates.alarms import Measure, Watch, add_alarm
from templates.dead_letters import add_dead_letters, waiting
from templates.interface import condition
from templates.parts import part
from templates.policies import OnlyIf, add_policy, add_role, allow, assume_role
from templates.rotation import KIND, SOURCE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from awacs.aws import Statement
    from troposphere import AWSHelperFn, Template
    from troposphere.sqs import Queue

    from templates.cluster import TaskCluster
    from templates.rotation import Rotation
    from templates.topic import AlarmTopic

LATE_SECONDS = 3600
"""An event that is not delivered for so long is given up, and an alarm tells."""
AGAIN = {"ErrorEquals": ["States.ALL"], "IntervalSeconds": 60, "BackoffRate": 2, "MaxAttempts": 4}
"""What ECS refused or took back is begun again after 1, 2, 4 and 8 minutes."""
LOOK_SECONDS = 15
LONGEST_SECONDS = 3 * 3600


@dataclass(frozen=True)
class Deployed:
    """A service that is deployed anew.

    Attributes:
        name: the service's, as text.
        exists: name of the condition under which it exists; None: whenever the application runs.
    """

    name: AWSHelperFn
    exists: str | None = None


@part("application")
def add_redeployment(
    t: Template,
    *,
    rotation: Rotation,
    runs: str,
    cluster: TaskCluster,
    services: Sequence[Deployed],
    topic: AlarmTopic,
) -> None:
    """Add rule, state machine, their roles, the queue and the alarm.

    Args:
        t: the template.
        rotation: whose event it waits for.
        runs: name of the condition under which the application runs.
        cluster: where the services run.
        services: all that have the password.
        topic: is told when no deployment was started.
    """
    exists = condition(t, "RedeploysAfterRotation", And(Condition(rotation.exists), Condition(runs)))
    machine = _add_machine(t, exists, cluster, services)
    # Named before there is a queue, whose policy names it as well.
    rule = Rule("RedeploymentRule", Condition=exists)
    letters = add_dead_letters(t, "Redeployment", exists=exists, key=topic.key, rule=GetAtt(rule, "Arn"))
    role = add_role(t, "RedeploymentEventRole", assume_role("events", says_for_whom=False), exists=exists)
    start = add_policy(t, "RedeploymentEventPolicy", role, allow("states:StartExecution", machine))
    rule.Description = "The database has a new password: a new deployment of each service that uses it."
    rule.EventPattern = {"source": [SOURCE], "detail-type": [KIND], "resources": [rotation.secret]}
    rule.Targets = [
        Target(
            Id="deployments",
            Arn=machine,
            RoleArn=GetAtt(role, "Arn"),
            RetryPolicy=RetryPolicy(MaximumEventAgeInSeconds=LATE_SECONDS, MaximumRetryAttempts=60),
            DeadLetterConfig=DeadLetterConfig(Arn=GetAtt(letters, "Arn")),
        )
    ]
    rule.DependsOn = [start]
    t.add_resource(rule)
    _add_alarm(t, exists, machine, letters, topic)


def _add_machine(t: Template, exists: str, cluster: TaskCluster, services: Sequence[Deployed]) -> AWSHelperFn:
    """Add the state machine with its role; returns its ARN."""
    role = add_role(t, "RedeploymentRole", assume_role("states"), exists=exists)
    policy = add_policy(t, "RedeploymentPolicy", role, *(_may_deploy(cluster, each) for each in services))
    machine = t.add_resource(
        StateMachine(
            "RedeploymentMachine",
            Condition=exists,
            RoleArn=GetAtt(role, "Arn"),
            Definition={
                "Comment": "A new deployment of each service",
                "TimeoutSeconds": LONGEST_SECONDS,
                "StartAt": "Deploy",
                "States": {
                    "Deploy": {
                        "Type": "Parallel",
                        "Branches": [_branch(cluster, each) for each in services],
                        "End": True,
                    }
                },
            },
            DependsOn=[policy],
        )
    )
    return Ref(machine)


def _may_deploy(cluster: TaskCluster, service: Deployed) -> Statement:
    arn = Sub(
        "arn:${AWS::Partition}:ecs:${AWS::Region}:${AWS::AccountId}:service/${Cluster}/${Name}",
        Cluster=cluster.name,
        Name=service.name,
    )
    statement = allow(["ecs:DescribeServices", "ecs:UpdateService"], arn)
    return statement if service.exists is None else OnlyIf(service.exists, statement)


def _branch(cluster: TaskCluster, service: Deployed) -> dict[str, Any] | If:
    """Of one service: a state around its deployment, which begins it again as a whole."""
    whole = {"Type": "Parallel", "Branches": [_deployment(cluster, service)], "Retry": [AGAIN], "End": True}
    branch = {"StartAt": "Service", "States": {"Service": whole}}
    return branch if service.exists is None else If(service.exists, branch, NoValue)


def _deployment(cluster: TaskCluster, service: Deployed) -> dict[str, Any]:
    """Begin a deployment, and look at the service until it is done. ECS names the newest deployment first."""
    call = "arn:${AWS::Partition}:states:::aws-sdk:ecs:"
    taken_back = {"Not": {"Variable": "$.Newest.Id", "StringEqualsPath": "$.Begun.Id"}, "Next": "TakenBack"}
    states = {
        "Begin": {
            "Type": "Task",
            "Resource": Sub(f"{call}updateService"),
            "Parameters": {"Cluster": cluster.name, "Service": service.name, "ForceNewDeployment": True},
            # The answer is all that ECS knows of the service.
            "ResultSelector": {"Id.$": "$.Service.Deployments[0].Id"},
            "ResultPath": "$.Begun",
            "Next": "Wait",
        },
        "Wait": {"Type": "Wait", "Seconds": LOOK_SECONDS, "Next": "Look"},
        "Look": {
            "Type": "Task",
            "Resource": Sub(f"{call}describeServices"),
            "Parameters": {"Cluster": cluster.name, "Services": [service.name]},
            "ResultSelector": {
                "Id.$": "$.Services[0].Deployments[0].Id",
                "State.$": "$.Services[0].Deployments[0].RolloutState",
            },
            "ResultPath": "$.Newest",
            "Next": "Judge",
        },
        "Judge": {
            "Type": "Choice",
            "Choices": [
                taken_back,
                {"Variable": "$.Newest.State", "StringEquals": "FAILED", "Next": "TakenBack"},
                {"Variable": "$.Newest.State", "StringEquals": "COMPLETED", "Next": "Done"},
            ],
            "Default": "Wait",
        },
        "TakenBack": {"Type": "Fail", "Error": "TakenBack", "Cause": "ECS took the deployment back"},
        "Done": {"Type": "Succeed"},
    }
    return {"StartAt": "Begin", "States": states}


def _add_alarm(t: Template, exists: str, machine: AWSHelperFn, letters: Queue, topic: AlarmTopic) -> None:
    """Add the alarm on a run that failed, and on an event that began none."""
    measures = {
        name.lower(): Measure("AWS/States", f"Executions{name}", {"StateMachineArn": machine}, "Sum")
        for name in ("Aborted", "Failed", "TimedOut")
    }
    measures["letters"] = waiting(GetAtt(letters, "QueueName"))
    add_alarm(
        t,
        Watch(
            "RedeploymentAlarm",
            problem="The database has a new password, and a deployment of new tasks with it could not be started, or "
            "was taken back again and again: tasks that run open no new connection.",
            remedy="Deploy each service anew (docs/running.md). The state machine's last run says what went wrong; if "
            "there was none, the message in the queue does, which stays until it is taken out.",
            measures=measures,
            expression="SUM(METRICS())",
            threshold=0,
            period=300,
            bad=1,
            among=1,
            exists=exists,
        ),
        topic,
    )
