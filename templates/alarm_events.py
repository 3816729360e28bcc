"""What no metric tells: deployments that fail, Spot capacity that is taken back, and lines in the application's log.

A failed deployment tells by itself, as it comes. Spot is taken back all the time, and only many at once are worth a
word: each goes to a log, and an alarm counts how often.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from awacs.aws import ArnLike
from troposphere import And, Condition, Equals, Not, Ref, Sub, encode_to_dict
from troposphere.events import Rule, Target
from troposphere.logs import MetricFilter, MetricTransformation

from templates.alarms import GROUP, Measure, Watch, add_alarm, threshold
from templates.interface import condition, parameter
from templates.keys import ANY_GROUP, LOG_PREFIX
from templates.logs import log_group
from templates.parts import part
from templates.policies import allow, document, service

if TYPE_CHECKING:
    from troposphere import Template
    from troposphere.cloudwatch import Alarm

    from templates.application import Application
    from templates.keys import Key
    from templates.topic import AlarmTopic

PLACE = "arn:${AWS::Partition}:ecs:${AWS::Region}:${AWS::AccountId}"


@part("watching")
def add_event_alarms(t: Template, *, application: Application, topic: AlarmTopic, log_key: Key) -> list[Alarm]:
    """Add the rules, and the alarms on Spot and on lines in the log; they exist where the service does."""
    t.add_resource(
        Rule(
            "DeploymentFailed",
            Condition=application.runs,
            Description="A deployment of a service of this cluster failed, and was taken back: read the reason in the "
            "message, then python deploy.py why.",
            EventPattern={
                "source": ["aws.ecs"],
                "detail-type": ["ECS Deployment State Change"],
                "resources": [{"prefix": Sub(f"{PLACE}:service/${{Cluster}}/", Cluster=application.cluster)}],
                "detail": {"eventName": ["SERVICE_DEPLOYMENT_FAILED"]},
            },
            Targets=[Target(Id="topic", Arn=topic.arn)],
        )
    )
    return [_add_spot(t, application, log_key), _add_error_lines(t, application)]


def _add_spot(t: Template, application: Application, log_key: Key) -> Alarm:
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
    exists = condition(t, "HasSpot", And(Condition(application.runs), Not(Equals(Ref("SpotWeight"), "0"))))
    # Always there: a log group outlives what leaves the stack, and could not be made again under its name.
    group = log_group(t, "SpotLogGroup", "spot", key=log_key)
    streams = Sub(f"{ANY_GROUP}{LOG_PREFIX}/spot:log-stream:*")
    rules = Sub("arn:${AWS::Partition}:events:${AWS::Region}:${AWS::AccountId}:rule/${AWS::StackName}-*")
    group.ResourcePolicyDocument = encode_to_dict(
        document(
            # It makes a stream before it says for which rule.
            allow("logs:CreateLogStream", streams, principal=service("events")),
            allow(
                "logs:PutLogEvents", streams, principal=service("events"), conditions=[ArnLike("aws:SourceArn", rules)]
            ),
        )
    )
    rule = t.add_resource(
        Rule(
            "SpotInterruptions",
            Condition=exists,
            Description="A task on Spot was taken back; counted by SpotAlarm, with the task in the log.",
            EventPattern={
                "source": ["aws.ecs"],
                "detail-type": ["ECS Task State Change"],
                "detail": {
                    "clusterArn": [Sub(f"{PLACE}:cluster/${{Cluster}}", Cluster=application.cluster)],
                    "stopCode": ["SpotInterruption"],
                    # Each change of its state is an event; a task stops once.
                    "lastStatus": ["STOPPED"],
                },
            },
            Targets=[Target(Id="log", Arn=Sub(f"{ANY_GROUP}{LOG_PREFIX}/spot"))],
            DependsOn=group,
        )
    )
    return add_alarm(
        t,
        Watch(
            "SpotAlarm",
            problem="AWS takes back many Spot tasks: their capacity runs out, and new ones may not come.",
            remedy="Raise OnDemandWeight or OnDemandBase, before an exam in any case.",
            measures={"taken": Measure("AWS/Events", "TriggeredRules", {"RuleName": Ref(rule)}, "Sum")},
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
