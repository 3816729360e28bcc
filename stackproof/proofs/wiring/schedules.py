"""Scheduled scaling: windows that open, actions that leave room, names that are taken once."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from stackproof.proofs.model.placement import each, whole
from stackproof.proofs.values import Value, at, is_one_of, show
from stackproof.proofs.verdicts import broken, proved
from stackproof.proofs.wiring.scaling import TARGET

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stackproof.proofs.model.system import System
    from stackproof.proofs.resolve.stack import Resource
    from stackproof.proofs.wiring.common import Findings

_AT: Final = re.compile(r"at\((\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d)\)")
_RATE: Final = re.compile(r"rate\(([1-9]\d*) (minutes?|hours?|days?)\)")
_CRON: Final = re.compile(r"cron\((.*)\)")
_TIMED: Final = ("AWS::Backup::RestoreTestingPlan", "AWS::Events::Rule", "AWS::Scheduler::Schedule")
_REFUSED: Final = "Application Auto Scaling refuses the scheduled action"


def schedules(system: System) -> Findings:
    """Every scheduled action of every scalable target."""
    for target in system.stack.of_type(TARGET):
        seen: set[str] = set()
        for index, action in enumerate(each(target.properties.get("ScheduledActions"))):
            path = f"Properties.ScheduledActions.{index}"
            name = at(action, "ScheduledActionName")
            faults = [*_expressed(action), *_window(action), *_capacity(target, action)]
            if isinstance(name, str) and name in seen:
                faults.append(
                    ("ScheduledActionName", f"another is called {name} as well", "Give each a name of its own.")
                )
            seen.add(show(name))
            for below, message, fix in faults:
                where = f"{path}.{below}" if below else path
                yield broken("wire-schedule", target.logical_id, where, f"{_REFUSED} {show(name)}: {message}.", fix)
            if not faults:
                yield proved("wire-schedule", target.logical_id, path, f"{show(name)}: {show(at(action, 'Schedule'))}")


def unreadable(schedule: Value) -> Iterator[tuple[str, str]]:
    """What is wrong with a schedule that AWS cannot read, and what mends it; all services write them alike."""
    if not isinstance(schedule, str) or _AT.fullmatch(schedule) or _RATE.fullmatch(schedule):
        return
    cron = _CRON.fullmatch(schedule)
    if cron is None or len(cron[1].split()) != 6:
        told = f"{schedule} is none of at(yyyy-mm-ddThh:mm:ss), rate(5 minutes), cron with six fields"
        yield told, "Write cron(0 7 ? * MON-FRI *), for example."
        return
    day, weekday = cron[1].split()[2], cron[1].split()[4]
    if "?" not in {day, weekday}:
        yield f"{schedule} says the day of the month and the day of the week", "Write ? for one of the two."


def timetables(system: System) -> Findings:
    """Schedules and rules of EventBridge, and restore tests."""
    path = "Properties.ScheduleExpression"
    for resource in system.stack.of_type(*_TIMED):
        schedule = resource.properties.get("ScheduleExpression")
        faults = list(unreadable(schedule))
        for message, fix in faults:
            yield broken("wire-schedule", resource.logical_id, path, f"AWS refuses the schedule: {message}.", fix)
        if not faults and schedule is not None:
            yield proved("wire-schedule", resource.logical_id, path, show(schedule))


def _expressed(action: Value) -> list[tuple[str, str, str]]:
    """The schedule is one that the service can read."""
    return [("Schedule", *fault) for fault in unreadable(at(action, "Schedule"))]


def _window(action: Value) -> list[tuple[str, str, str]]:
    """The window has a length, and an exact time lies in it. Times without a zone are compared as they stand."""
    start, end = at(action, "StartTime"), at(action, "EndTime")
    moments = [_moment(value) for value in (start, end)]
    if moments[0] and moments[1] and moments[0] >= moments[1]:
        told = f"it ends at {show(end)}, and begins at {show(start)}"
        return [("EndTime", told, "Take an EndTime behind StartTime.")]
    schedule = at(action, "Schedule")
    exact = _AT.fullmatch(schedule) if isinstance(schedule, str) else None
    if exact and is_one_of(at(action, "Timezone"), None, "UTC", "Etc/UTC"):
        before = moments[0] is not None and exact[1] < moments[0]
        behind = moments[1] is not None and exact[1] > moments[1]
        if before or behind:
            return [("Schedule", f"{schedule} lies outside of StartTime and EndTime", "Move one of them.")]
    return []


def _moment(value: Value) -> str | None:
    """A time in UTC as text that sorts; None for any other spelling."""
    found = (
        re.fullmatch(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)(:\d\d)?(?:\.0+)?(?:Z|\+00:00)?", value)
        if isinstance(value, str)
        else None
    )
    return f"{found[1]}T{found[2]}{found[3] or ':00'}" if found else None


def _capacity(target: Resource, action: Value) -> list[tuple[str, str, str]]:
    """Something is set, and a minimum is not above the maximum that counts then."""
    wanted = at(action, "ScalableTargetAction")
    low, high = at(wanted, "MinCapacity"), at(wanted, "MaxCapacity")
    if wanted is None or (isinstance(wanted, dict) and low is None and high is None):
        return [("ScalableTargetAction", "it sets neither MinCapacity nor MaxCapacity", "Set one of them.")]
    least = whole(low if low is not None else target.properties.get("MinCapacity"))
    most = whole(high if high is not None else target.properties.get("MaxCapacity"))
    if least is not None and most is not None and least > most:
        below = "MinCapacity" if low is not None else "MaxCapacity"
        told = f"MinCapacity {least} is above MaxCapacity {most}"
        return [(f"ScalableTargetAction.{below}", told, "Set both, with MinCapacity not above MaxCapacity.")]
    return []
