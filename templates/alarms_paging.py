"""Who is told of what: composite alarms, so that one cause pages once.

What students notice always pages. What is about to be used up pages by its layer, and only while students notice
nothing: when they do, somebody has been told already, and the dashboard shows the cause.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from troposphere import If, Join, NoValue, Sub
from troposphere.cloudwatch import CompositeAlarm

from templates.parts import part

if TYPE_CHECKING:
    from collections.abc import Sequence

    from troposphere import AWSHelperFn, Template
    from troposphere.cloudwatch import Alarm

    from templates.topic import AlarmTopic


ROLLBACK_TRIGGERS = "Stackproof::RollbackTriggers"
"""Of the template's Metadata: the alarms that take an update of the stack back. Most have nothing to do with one."""


@part("watching")
def add_students_alarm(t: Template, *, topic: AlarmTopic, alarms: Sequence[Alarm], exists: str) -> CompositeAlarm:
    """Add the alarm on what students notice; it also takes back an update of the stack."""
    made = t.add_resource(
        CompositeAlarm(
            "StudentsAlarm",
            Condition=exists,
            AlarmDescription="Students notice it: errors, slow answers, or nobody there to answer. Open the dashboard; "
            "the alarms named in the reason say more.",
            AlarmRule=any_of(alarms, inside=exists),
            AlarmActions=[topic.arn],
            OKActions=[topic.arn],
        )
    )
    t.metadata[ROLLBACK_TRIGGERS] = [made.title]
    return made


def any_of(alarms: Sequence[Alarm | CompositeAlarm], *, inside: str | None) -> AWSHelperFn:
    """The rule that holds while one of the alarms is off, without those that do not exist.

    `inside` is the condition of the alarm with the rule, which needs not be asked again.
    """
    return Join(" OR ", [_if_there(alarm, inside) for alarm in alarms])


def _if_there(alarm: Alarm | CompositeAlarm, inside: str | None) -> AWSHelperFn:
    off = Sub(f'ALARM("${{{alarm.title}}}")')
    exists = alarm.resource.get("Condition")
    return off if exists in (None, inside) else If(exists, off, NoValue)
