"""Log groups: encrypted, with a retention, under `/lms/<stack name>/`.

The prefix is what the logs key's policy lets in, and what tells one stack's logs from another's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from awacs.aws import ArnLike, StringEquals
from troposphere import Ref, Sub, encode_to_dict
from troposphere.logs import LogGroup

from templates.interface import parameter
from templates.keys import ANY_GROUP, LOG_PREFIX
from templates.policies import allow, document, service

if TYPE_CHECKING:
    from troposphere import Template

    from templates.keys import Key

RETENTIONS = [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653]
"""The only numbers of days that CloudWatch Logs takes."""


def log_group(
    t: Template,
    logical_id: str,
    part: str,
    *,
    key: Key,
    delivered: bool = False,
    name: str | None = None,
) -> LogGroup:
    """Add the log group `/lms/<stack name>/<part>`; Ref is its name, GetAtt Arn ends in `:*`.

    Args:
        t: the template.
        logical_id: the resource's logical id.
        part: the last part of the name: `flow`, `cache/slow`.
        key: the logs key, whose policy knows the name.
        delivered: AWS's log delivery writes here for a service that has no role of ours (ElastiCache, WAF). The policy
            that lets it in stands on the group itself; otherwise AWS would put one into the account, which has room
            for ten, and would ask whoever deploys for the right to do so.
        name: the whole name instead, for Sub, where a service insists on one of its own.

    None is under a condition: it would stay behind when the condition no longer holds, and keep its name from the next.
    """
    name = name or f"{LOG_PREFIX}/{part}"
    group = LogGroup(logical_id, LogGroupName=Sub(name), KmsKeyId=key.arn, RetentionInDays=retention_days(t))
    if delivered:
        mine = [
            StringEquals("aws:SourceAccount", Ref("AWS::AccountId")),
            ArnLike("aws:SourceArn", Sub("arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:*")),
        ]
        write = allow(
            ["logs:CreateLogStream", "logs:PutLogEvents"],
            Sub(f"{ANY_GROUP}{name}:log-stream:*"),
            principal=service("delivery.logs"),
            conditions=mine,
        )
        group.ResourcePolicyDocument = encode_to_dict(document(write))
    return t.add_resource(group)


def retention_days(t: Template) -> Ref:
    """How long every log group keeps its lines; the parameter is added with the first group that asks."""
    if "LogRetentionDays" not in t.parameters:
        parameter(
            t,
            "LogRetentionDays",
            group="Logs",
            label="Keep logs for (days)",
            description="How long every log group of this stack keeps its lines. Longer costs storage.",
            type="Number",
            default=90,
            allowed_values=RETENTIONS,
            constraint="One of the numbers of days that CloudWatch Logs offers.",
        )
    return Ref("LogRetentionDays")
