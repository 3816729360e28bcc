"""What no metric tells: deployments and tasks that fail, Spot capacity that is taken back, and lines in the log.

A failed deployment tells by itself, as it comes. Tasks break off and Spot is taken back now and then, and only many at
once are worth a word: each goes to a log, with its reason, and an alarm counts how often.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from awacs.aws import ArnLike
from troposphere import And, Condition, Equals, If, Not, NoValue, Or, Ref, Sub, encode_to_dict
from troposphere.events import Rule, Target
from troposphere.logs import MetricFilter, MetricTransformation

from templates.alarms import GROUP, Measure, Watch, add_alarm, threshold
from templates.interface import condition, parameter
from templates.keys import ANY_GROUP, LOG_PREFIX
from templates.logs import log_group
from templates.parts import part
from templates.policies import allow, document, service

if TYPE_CHECKING:
    from collections.abc import Mapping

    from troposphere import Template
    from troposphere.cloudwatch import Alarm
    from troposphere.logs import LogGroup

    from templates.application import Application
    from templates.keys import Key
    from templates.tags import Environment
    from templates.topic import AlarmTopic
    from templates.workers import Workers

PLACE = "arn:${AWS::Partition}:ecs:${AWS::Region}:${AWS::AccountId}"

STOPPED = {"source": ["aws.ecs"], "detail-type": ["ECS Task State Change"]}
"""A task that stopped, beside what its detail says. Each change of its state is an event; it stops once."""
FAILED = [
    # An image that cannot be pulled, a secret that may not be read, no capacity.
    {"stopCode": ["TaskFailedToStart"]},
    # By itself: a task that the service, a deployment or a person stops has another code.
    {"stopCode": ["EssentialContainerExited"], "containers": {"exitCode": [{"anything-but": 0}]}},
]
"""What the detail of a stopped task says when it is not as it should be: one of these."""


@dataclass(frozen=True)
class EventLog:
    """Where events are kept that an alarm counts.

    Attributes:
        group: the log group, which lets in what this stack's rules send.
        environment: names the rules.
    """

    group: LogGroup
    environment: Environment

    def count(self, t: Template, name: str, exists: str, description: str, pattern: Mapping[str, Any]) -> Measure:
        """Add the rule that keeps the events of a pattern; returns how often it did."""
        rule = t.add_resource(
            Rule(
                name,
                Condition=exists,
                # What CloudFormation makes of a long stack name, the log group's policy would not know again.
                Name=Sub(_rule_name(re.sub("(?<!^)(?=[A-Z])", "-", name).lower(), self.environment)),
                Description=description,
                EventPattern=pattern,
                Targets=[Target(Id="log", Arn=Sub(f"{ANY_GROUP}{LOG_PREFIX}/events"))],
                DependsOn=self.group,
            )
        )
        return Measure("AWS/Events", "TriggeredRules", {"RuleName": Ref(rule)}, "Sum")


def _rule_name(word: str, environment: Environment) -> str:
    return f"lms-{word}-${{{environment.suffix.title}}}"


@part("watching")
def add_event_log(t: Template, *, environment: Environment, log_key: Key) -> EventLog:
    """Add the log group of events, with the policy that lets EventBridge in."""
    # Always there: a log group outlives what leaves the stack, and could not be made again under its name.
    group = log_group(t, "EventLogGroup", "events", key=log_key)
    streams = Sub(f"{ANY_GROUP}{LOG_PREFIX}/events:log-stream:*")
    rules = Sub(
        f"arn:${{AWS::Partition}}:events:${{AWS::Region}}:${{AWS::AccountId}}:rule/{_rule_name('*', environment)}"
    )
    group.ResourcePolicyDocument = encode_to_dict(
        document(
            # It makes a stream before it says for which rule.
            allow("logs:CreateLogStream", streams, principal=service("events")),
            allow(
                "logs:PutLogEvents", streams, principal=service("events"), conditions=[ArnLike("aws:SourceArn", rules)]
            ),
        )
    )
    return EventLog(group, environment)


@part("watching")
def add_event_alarms(
    t: Template, *, application: Application, workers: Workers, topic: AlarmTopic, log: EventLog
) -> list[Alarm]:
    """Add the rules, and the alarms on tasks, Spot and lines in the log; they exist where the service does."""
    topic.tell(
        t,
        "DeploymentFailed",
        application.runs,
        "A deployment of a service of this cluster failed, and was taken back: read the reason in the "
        "message, then python deploy.py why.",
        {
            "source": ["aws.ecs"],
            "detail-type": ["ECS Deployment State Change"],
            "resources": [_services(application)],
            "detail": {"eventName": ["SERVICE_DEPLOYMENT_FAILED"]},
        },
    )
    return [
        _add_failed_tasks(t, application, workers, log),
        _add_spot(t, application, workers, log),
        _add_error_lines(t, application),
    ]


def _services(application: Application) -> dict[str, Any]:
    """The services of this cluster, as the resources of an event."""
    return {"prefix": Sub(f"{PLACE}:service/${{Cluster}}/", Cluster=application.cluster)}


def _add_failed_tasks(t: Template, application: Application, workers: Workers, log: EventLog) -> Alarm:
    many = threshold(
        t,
        "AlarmFailedTasks",
        label="Failed tasks in fifteen minutes",
        description="An alarm goes off when more tasks than this break off or cannot be started within fifteen "
        "minutes: an application that runs out of memory, no capacity, a quota.",
        default=3,
        most=1000,
        unit="tasks",
    )
    # What a service started is in a group of its name; a task that runs once has its own way to tell.
    groups = [
        Sub("service:${Name}", Name=application.name),
        If(workers.exists, Sub("service:${Name}", Name=workers.name), NoValue),
    ]
    failed = log.count(
        t,
        "FailedTasks",
        application.runs,
        "A task broke off, or ECS could not start one; counted by FailedTasksAlarm, with the reason in the log.",
        {
            "source": ["aws.ecs"],
            "$or": [
                {
                    "detail-type": STOPPED["detail-type"],
                    "detail": {"group": groups, "lastStatus": ["STOPPED"], "$or": FAILED},
                },
                {
                    "detail-type": ["ECS Service Action"],
                    "resources": [_services(application)],
                    # No capacity, on Spot above all; starts that fail again and again.
                    "detail": {"eventName": ["SERVICE_TASK_PLACEMENT_FAILURE", "SERVICE_TASK_START_IMPAIRED"]},
                },
            ],
        },
    )
    return add_alarm(
        t,
        Watch(
            "FailedTasksAlarm",
            problem="Tasks break off by themselves, or ECS cannot start them: the others carry their load, and with "
            "more students there may be no more of them.",
            remedy="The log group that ends in /events has each with its reason: exit code 137 is a task out of memory "
            "(TaskSize, WorkerSize); no capacity wants a higher OnDemandWeight; else a quota, an image or a secret.",
            measures={"failed": failed},
            threshold=Ref(many),
            period=900,
            bad=1,
            among=1,
            exists=application.runs,
        ),
    )


def _add_spot(t: Template, application: Application, workers: Workers, log: EventLog) -> Alarm:
    many = threshold(
        t,
        "AlarmSpotInterruptions",
        label="Spot tasks taken back in fifteen minutes",
        description="An alarm goes off when AWS takes back more Spot tasks than this within fifteen minutes: their "
        "capacity runs out.",
        default=5,
        most=1000,
        unit="tasks",
    )
    # The periodic command and an upgrade never run on Spot.
    asked = Or(Not(Equals(Ref("SpotWeight"), "0")), Condition(workers.on_spot))
    exists = condition(t, "HasSpot", And(Condition(application.runs), asked))
    taken = log.count(
        t,
        "SpotInterruptions",
        exists,
        "A task on Spot was taken back; counted by SpotAlarm, with the task in the log.",
        {
            **STOPPED,
            "detail": {
                "clusterArn": [Sub(f"{PLACE}:cluster/${{Cluster}}", Cluster=application.cluster)],
                "stopCode": ["SpotInterruption"],
                "lastStatus": ["STOPPED"],
            },
        },
    )
    return add_alarm(
        t,
        Watch(
            "SpotAlarm",
            problem="AWS takes back many Spot tasks: their capacity runs out, and new ones may not come.",
            remedy="Raise OnDemandWeight or OnDemandBase (WorkerOnDemandWeight for workers), before an exam in any "
            "case.",
            measures={"taken": taken},
            threshold=Ref(many),
            period=900,
            bad=1,
            among=1,
            exists=exists,
        ),
    )


def _add_error_lines(t: Template, application: Application) -> Alarm:
    pattern = parameter(
        t,
        "ErrorLinePattern",
        group=GROUP,
        label="Lines in the log that are errors",
        description="Filter pattern of CloudWatch Logs for the application's log: lines with any of these words are "
        "counted. Blank: none are.",
        default="?ERROR ?CRITICAL ?FATAL ?Traceback",
        max_length=1024,
        constraint="At most 1024 characters; blank for none.",
    )
    many = threshold(
        t,
        "AlarmErrorLines",
        label="Error lines in five minutes",
        description="An alarm goes off when the application writes more error lines than this in five minutes.",
        default=50,
        most=1_000_000,
        unit="lines",
    )
    exists = condition(t, "CountsErrorLines", And(Condition(application.runs), Not(Equals(Ref(pattern), ""))))
    namespace = Sub("LMS/${AWS::StackName}")
    t.add_resource(
        MetricFilter(
            "ErrorLines",
            Condition=exists,
            LogGroupName=Ref(application.blueprint.log_group),
            FilterPattern=Ref(pattern),
            MetricTransformations=[
                MetricTransformation(
                    MetricNamespace=namespace, MetricName="ErrorLines", MetricValue="1", DefaultValue=0, Unit="Count"
                )
            ],
        )
    )
    return add_alarm(
        t,
        Watch(
            "ErrorLinesAlarm",
            problem="The application writes many errors into its log.",
            remedy="Read them: in the log group of the application, with the words of ErrorLinePattern.",
            measures={"lines": Measure(namespace, "ErrorLines", {}, "Sum")},
            threshold=Ref(many),
            period=300,
            bad=2,
            among=3,
            exists=exists,
        ),
    )
