"""Rollback triggers: the stack's own alarms, which take an update back when one of them goes off while it runs.

Many an alarm has nothing to do with an update: a backup that failed last night, a certificate about to expire. A
template that knows says so: its Metadata lists under `Stackproof::RollbackTriggers` those that count, by logical id.

An alarm that is off already would take the update back at once, and one that does not exist fails it; so those that
exist and are quiet are chosen anew for every update (CloudFormation User Guide, "Roll back your CloudFormation stack
on alarm breach").
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from stackproof.deployment import aws, stack

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mypy_boto3_cloudformation.type_defs import RollbackConfigurationTypeDef

    from stackproof.deployment.aws import Aws
    from stackproof.deployment.stack import Stack

# The more it sums up, the earlier it is taken.
_KINDS = ("AWS::CloudWatch::CompositeAlarm", "AWS::CloudWatch::Alarm")
# What CloudFormation takes (API reference, RollbackConfiguration), and what one call of DescribeAlarms takes.
_MOST = 5
_AT_ONCE = 100
KEY = "Stackproof::RollbackTriggers"
"""Of the template's Metadata: logical ids of alarms. Without it, all of them count."""
# An alarm that scales goes off in the course of things.
_SCALES = (":autoscaling:", ":automate:")


@dataclass(frozen=True)
class Alarm:
    """An alarm of the stack that the template to come has, too.

    Attributes:
        logical_id: its name in the template.
        arn: of the alarm.
        type: one of the two kinds.
        state: `OK`, `ALARM` or `INSUFFICIENT_DATA`.
        scales: it drives a scaling policy.
    """

    logical_id: str
    arn: str
    type: str
    state: str
    scales: bool


def find(
    account: Aws, existing: Stack | None, template: Mapping[str, Any]
) -> tuple[RollbackConfigurationTypeDef | None, list[str]]:
    """The rollback configuration for an update, and sentences on what it leaves out.

    Args:
        account: where.
        existing: the stack as it is; a new one has no alarms yet.
        template: the one to come.

    Returns:
        None where the stack's own configuration stays: somebody chose triggers that are no alarms of the stack, or
        there are neither triggers nor alarms, or they may not be looked at.
    """
    if existing is None or existing.is_new:
        return None, []
    wanted = _that_count(template)
    if not wanted and not existing.triggers:
        return None, []
    try:
        alarms = list(_alarms(account, existing))
        others = sorted(set(existing.triggers) - {each.arn for each in alarms})
        # An alarm of the stack that an earlier update took away is no trigger any more: it would fail this one.
        there = {each["AlarmArn"] for each in _described(account, [each.partition(":alarm:")[2] for each in others])}
    except ClientError as error:
        if aws.code(error) not in aws.ACCESS_DENIED:
            raise
        return None, [f"no alarm takes this update back: {aws.explain(error)}"]
    if foreign := [each for each in others if each in there]:
        names = ", ".join(each.partition(":alarm:")[2] for each in foreign)
        return None, [f"its rollback triggers stay, which are no alarms of this stack: {names}"]
    return choose([each for each in alarms if each.logical_id in wanted])


def _that_count(template: Mapping[str, Any]) -> list[str]:
    """Logical ids of the alarms of a template that an update is to be taken back by."""
    names = [name for name, each in template.get("Resources", {}).items() if each.get("Type") in _KINDS]
    metadata = template.get("Metadata")
    listed = metadata.get(KEY) if isinstance(metadata, dict) else None
    return [name for name in names if name in listed] if isinstance(listed, list) else names


def choose(alarms: Sequence[Alarm]) -> tuple[RollbackConfigurationTypeDef, list[str]]:
    """The alarms that guard an update, and sentences on those that do not. Pure.

    Args:
        alarms: of the stack, in the order of its template.
    """
    able = sorted((each for each in alarms if not each.scales), key=lambda each: _KINDS.index(each.type))
    quiet = [each for each in able if each.state != "ALARM"]
    said = [
        f"{each.logical_id} is in ALARM now, so it cannot take this update back" for each in able if each not in quiet
    ]
    if left := [each.logical_id for each in quiet[_MOST:]]:
        said.append(f"CloudFormation takes {_MOST} rollback triggers; not among them: {', '.join(left)}")
    return {"RollbackTriggers": [{"Arn": each.arn, "Type": each.type} for each in quiet[:_MOST]]}, said


def _alarms(account: Aws, existing: Stack) -> Iterator[Alarm]:
    found = [each for each in stack.resources(account.cloudformation, existing.id) if each.type in _KINDS]
    described = {each["AlarmName"]: each for each in _described(account, [each.physical_id for each in found])}
    for each in found:
        # One that somebody deleted by hand would fail the update.
        if alarm := described.get(each.physical_id):
            scales = any(word in action for action in alarm.get("AlarmActions", []) for word in _SCALES)
            yield Alarm(each.logical_id, alarm["AlarmArn"], each.type, alarm["StateValue"], scales)


def _described(account: Aws, names: Sequence[str]) -> Iterator[Mapping[str, Any]]:
    """The alarms of these names that exist."""
    for start in range(0, len(names), _AT_ONCE):
        answer = account.cloudwatch.describe_alarms(
            AlarmNames=names[start : start + _AT_ONCE],
            AlarmTypes=["MetricAlarm", "CompositeAlarm"],
            MaxRecords=_AT_ONCE,
        )
        yield from [*answer["MetricAlarms"], *answer["CompositeAlarms"]]
