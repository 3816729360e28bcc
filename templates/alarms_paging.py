"""Who is told of what: composite alarms, so that one cause pages once.

What students notice always pages. What is nearly used up pages by its layer, stores before tasks before work in the
background, and only while nothing above has: when students notice, or a store is the cause, somebody has been told
already, and the dashboard shows the rest. A page may wait two minutes for the one that makes it needless, and stays
away for five after it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from troposphere import GetAtt, If, Join, NoValue, Sub
from troposphere.cloudwatch import CompositeAlarm

from templates.parts import part

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from troposphere import AWSHelperFn, Template
    from troposphere.cloudwatch import Alarm

    from templates.alarms_background import Background
    from templates.topic import AlarmTopic

ROLLBACK_TRIGGERS = "Stackproof::RollbackTriggers"
"""Of the template's Metadata: the alarms that take an update of the stack back. Most have nothing to do with one."""

WAIT_SECONDS = 120
EXTENSION_SECONDS = 300

STORES = {
    "DatabaseAlarm": "The database is near one of its limits: connections, capacity, or a reader that is behind.",
    "CacheAlarm": "A cache is near one of its limits: memory, processor, connections, evictions, or a replica behind.",
    "FilesAlarm": "The shared files are near one of their limits: operations, throughput or burst credit.",
}
LOOK = "Open the dashboard; the alarms named in the reason say what to do."


@part("watching")
def add_paging(
    t: Template,
    *,
    topic: AlarmTopic,
    exists: str,
    students: Sequence[Alarm],
    stores: Mapping[str, Sequence[Alarm]],
    tasks: Sequence[Alarm],
    background: Background,
) -> list[CompositeAlarm]:
    """Add the alarms that page, most urgent first.

    Args:
        t: the template.
        topic: who is told.
        exists: name of the condition under which there is an application to use.
        students: what students notice; an update of the stack is taken back by it, too.
        stores: what each store is near to, by the names of STORES; the first alarm exists where the store does, or one
            of them always.
        tasks: what the application's tasks are near to.
        background: what workers and the periodic command are near to; they exist only beside an application.
    """
    noticed = _add(
        t,
        "StudentsAlarm",
        f"Students notice it: errors, slow answers, or nobody there to answer. {LOOK}",
        students,
        exists=exists,
        AlarmActions=[topic.arn],
        OKActions=[topic.arn],
    )
    t.metadata[ROLLBACK_TRIGGERS] = [noticed.title]
    after: dict[str, Any] = {
        "ActionsSuppressor": GetAtt(noticed, "Arn"),
        "ActionsSuppressorWaitPeriod": WAIT_SECONDS,
        "ActionsSuppressorExtensionPeriod": EXTENSION_SECONDS,
    }
    while_there: dict[str, Any] = {name: If(exists, value, NoValue) for name, value in after.items()}
    layers = [
        _add(
            t,
            name,
            f"{problem} {LOOK}",
            stores[name],
            exists=_exists(stores[name]),
            AlarmActions=[topic.arn],
            **while_there,
        )
        for name, problem in STORES.items()
    ]
    told = _add(
        t,
        "ToldAlarm",
        "Somebody has been told of students who notice, or of a store. It tells nobody: CapacityAlarm waits for it.",
        [noticed, *layers],
        exists=exists,
    )
    waiting = {**after, "ActionsSuppressor": GetAtt(told, "Arn")}
    capacity = _add(
        t,
        "CapacityAlarm",
        f"The tasks are near their limits, or do not run as they should. {LOOK}",
        tasks,
        exists=exists,
        AlarmActions=[topic.arn],
        **waiting,
    )
    told_of_tasks = _add(
        t,
        "ToldOfTasksAlarm",
        "Somebody has been told of the above, or of the tasks. It tells nobody: BackgroundAlarm waits for it.",
        [told, capacity],
        exists=background.exists,
        implied=exists,
    )
    behind = _add(
        t,
        "BackgroundAlarm",
        f"Work in the background is not done as it should: by the workers, or by the periodic command. {LOOK}",
        background.alarms,
        exists=background.exists,
        AlarmActions=[topic.arn],
        **{**after, "ActionsSuppressor": GetAtt(told_of_tasks, "Arn")},
    )
    return [noticed, *layers, capacity, behind]


def _add(
    t: Template,
    name: str,
    description: str,
    alarms: Sequence[Alarm | CompositeAlarm],
    *,
    exists: str | None,
    implied: str | None = None,
    **more: Any,
) -> CompositeAlarm:
    """Add an alarm that is off while one of others is, without those that do not exist.

    It exists under `exists`, which does not hold without `implied`.
    """
    composite = CompositeAlarm(
        name,
        AlarmDescription=description,
        AlarmRule=Join(" OR ", [_if_there(alarm, exists, implied) for alarm in alarms]),
        **more,
    )
    if exists is not None:
        composite.Condition = exists
    return t.add_resource(composite)


def _exists(alarms: Sequence[Alarm]) -> str | None:
    """The condition under which there is one of the alarms; where all have one, the first has the widest."""
    conditions = [alarm.resource.get("Condition") for alarm in alarms]
    return None if None in conditions else conditions[0]


def _if_there(alarm: Alarm | CompositeAlarm, *inside: str | None) -> AWSHelperFn:
    """The part of a rule for one alarm; `inside` are conditions that hold wherever the rule is."""
    off = Sub(f'ALARM("${{{alarm.title}}}")')
    exists = alarm.resource.get("Condition")
    return off if exists is None or exists in inside else If(exists, off, NoValue)
