"""Topic: where alarms and events of the platform go, and from there to people.

It always exists, so that a chat, a pager or a mailbox can be subscribed at any time; mail to one address is a
parameter. It is encrypted with a key of its own, because no service can be let into AWS's own one (aws/sns): an alarm
would be lost without a word.

Who may send is said exactly: alarms of this account, and EventBridge. EventBridge sends nothing that a condition could
look at, neither to the topic nor to its key: with one, every message of it would be lost (EventBridge
user guide, "Using resource-based policies"; SNS developer guide, "Key management").
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from awacs.aws import ArnLike, Bool, StringEquals
from troposphere import Equals, Not, Ref, Sub
from troposphere.events import Rule, Target
from troposphere.sns import SubscriptionResource, Topic, TopicPolicy

from templates.interface import condition, output, parameter
from templates.keys import add_key
from templates.parts import part
from templates.policies import ANYBODY, allow, deny, document, key_policy, service

if TYPE_CHECKING:
    from collections.abc import Mapping

    from troposphere import AWSHelperFn, Template

    from templates.keys import Key

GROUP = "Watching"

_ENCRYPT = ["kms:Decrypt", "kms:GenerateDataKey*"]


@dataclass(frozen=True)
class AlarmTopic:
    """What the rest of the template may know about the topic.

    Attributes:
        arn: of the topic.
        key: that encrypts it, and whatever else waits for operators to read it.
    """

    arn: AWSHelperFn
    key: Key

    def tell(self, t: Template, name: str, exists: str, description: str, pattern: Mapping[str, Any]) -> None:
        """Add the rule that sends the events of a pattern here, each as it comes."""
        t.add_resource(
            Rule(
                name,
                Condition=exists,
                Description=description,
                EventPattern=pattern,
                Targets=[Target(Id="topic", Arn=self.arn)],
            )
        )


@part("watching")
def add_topic(t: Template) -> AlarmTopic:
    """Add the topic with its key and its policy, and a mail subscription where an address is given."""
    mail = parameter(
        t,
        "AlarmEmail",
        group=GROUP,
        label="Mail address for alarms",
        description="Who gets a mail when something is wrong; SNS asks that address once whether it wants them. Blank: "
        "nobody is told (not in production), alarms and dashboard are there all the same, and others can be "
        "subscribed to the topic.",
        default="",
        pattern=r"^$|^[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$",
        max_length=254,
        constraint="A mail address, such as operators@example.org, or blank.",
    )
    told = condition(t, "HasAlarmEmail", Not(Equals(Ref(mail), "")))
    alarms = Sub("arn:${AWS::Partition}:cloudwatch:${AWS::Region}:${AWS::AccountId}:alarm:*")
    ours = [StringEquals("aws:SourceAccount", Ref("AWS::AccountId")), ArnLike("aws:SourceArn", alarms)]
    key = add_key(
        t,
        "AlarmKey",
        "Messages of alarms, and of runs that could not be started",
        key_policy(
            allow(_ENCRYPT, "*", principal=service("cloudwatch"), conditions=ours),
            allow(_ENCRYPT, "*", principal=service("events")),
        ),
        # A message that is under way when the topic goes is lost with it.
        keeps_data=False,
    )
    topic = t.add_resource(Topic("AlarmTopic", DisplayName=Sub("${AWS::StackName}"), KmsMasterKeyId=key.arn))
    t.add_resource(
        TopicPolicy(
            "AlarmTopicPolicy",
            Topics=[Ref(topic)],
            PolicyDocument=document(
                allow("sns:Publish", Ref(topic), principal=service("cloudwatch"), conditions=ours),
                allow("sns:Publish", Ref(topic), principal=service("events")),
                deny(
                    "sns:Publish",
                    Ref(topic),
                    principal=ANYBODY,
                    conditions=[Bool("aws:SecureTransport", "false")],
                    sid="DenyPlainTransport",
                ),
            ),
        )
    )
    t.add_resource(
        SubscriptionResource("AlarmMail", Condition=told, TopicArn=Ref(topic), Protocol="email", Endpoint=Ref(mail))
    )
    output(t, "AlarmTopicArn", Ref(topic), "Topic of the alarms, for further subscriptions")
    return AlarmTopic(Ref(topic), key)
