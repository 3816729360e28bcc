"""Queues of what AWS could not deliver, under the key of the alarms; the newest message says why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from awacs.aws import ArnEquals, Bool
from troposphere import GetAtt, Ref
from troposphere.sqs import Queue, QueuePolicy

from templates.alarms import Measure
from templates.policies import ANYBODY, allow, deny, document, service

if TYPE_CHECKING:
    from troposphere import AWSHelperFn, Template

    from templates.keys import Key

KEPT_SECONDS = 14 * 24 * 3600
"""The longest that SQS keeps a message."""


def add_dead_letters(t: Template, name: str, *, exists: str, key: Key, rule: AWSHelperFn | None = None) -> Queue:
    """Add the queue `<name>DeadLetters` with its policy.

    Args:
        t: the template.
        name: what the logical ids begin with.
        exists: name of the condition under which it exists.
        key: that of the alarms, which EventBridge may use.
        rule: the ARN of a rule of EventBridge that may send here; it has no role to do so with.
    """
    queue = t.add_resource(
        Queue(f"{name}DeadLetters", Condition=exists, KmsMasterKeyId=key.arn, MessageRetentionPeriod=KEPT_SECONDS)
    )
    arn = GetAtt(queue, "Arn")
    statements = [deny("sqs:*", arn, principal=ANYBODY, conditions=[Bool("aws:SecureTransport", "false")])]
    if rule is not None:
        mine = [ArnEquals("aws:SourceArn", rule)]
        statements.append(allow("sqs:SendMessage", arn, principal=service("events"), conditions=mine))
    t.add_resource(
        QueuePolicy(
            f"{name}DeadLettersPolicy", Condition=exists, Queues=[Ref(queue)], PolicyDocument=document(*statements)
        )
    )
    return queue


def waiting(name: AWSHelperFn) -> Measure:
    """How many messages wait in a queue of this name for somebody to read them."""
    return Measure("AWS/SQS", "ApproximateNumberOfMessagesVisible", {"QueueName": name}, "Maximum")
