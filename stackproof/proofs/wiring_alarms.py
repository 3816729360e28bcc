"""Alarms: metrics that exist, periods that CloudWatch can evaluate."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from stackproof.proofs import arns
from stackproof.proofs.model_placement import each, whole
from stackproof.proofs.values import Text, Value, at, join, show
from stackproof.proofs.verdicts import broken, proved
from stackproof.proofs.wiring_common import called, same, unclear
from stackproof.proofs.wiring_metrics import Judge, Metric

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from stackproof.proofs.model import System
    from stackproof.proofs.resolve import Resource
    from stackproof.proofs.wiring_common import Findings


ALARM: Final = "AWS::CloudWatch::Alarm"
COMPOSITE: Final = "AWS::CloudWatch::CompositeAlarm"


def alarms(system: System) -> Findings:
    """Every alarm."""
    judge = Judge(system, "wire-alarm")
    for alarm in system.stack.of_type(ALARM):
        for metric in _metrics(alarm):
            yield from judge.metric(metric)
        yield from _times(alarm)
    for composite in system.stack.of_type(COMPOSITE):
        yield from _heard(system, composite)


def _heard(system: System, composite: Resource) -> Findings:
    """A composite alarm hears alarms that exist, which it names by name or ARN."""
    path = "Properties.AlarmRule"
    rule = composite.properties.get("AlarmRule")
    known = system.stack.of_type(ALARM, COMPOSITE)
    missing = False
    for value in _named(rule):
        target = system.stack.target(value)
        if target is not None and target.type not in {ALARM, COMPOSITE}:
            missing = True
            told = f"{composite.logical_id} asks for the state of {target.logical_id}, which is no alarm but of type"
            message = f"CloudWatch refuses the alarm: {told} {target.type}."
            yield broken("wire-alarm", composite.logical_id, path, message, "Name an alarm.")
        elif target is None and not any(_is(system, value, alarm) for alarm in known):
            missing = True
            question = f"there is an alarm called {show(value)}"
            reason = "the template has none of that name"
            fix = "Name an alarm of the template by Ref, or declare the unknown with its reason."
            yield unclear("wire-alarm", composite.logical_id, path, question, reason, fix=fix)
    if not missing and isinstance(rule, str | Text):
        yield proved("wire-alarm", composite.logical_id, path, "every alarm that it hears exists")


def _is(system: System, value: Value, alarm: Resource) -> bool:
    """Is a value the name or the ARN of an alarm?"""
    stack = system.stack
    return called(stack, value, alarm) is True or same(stack, value, arns.arn(stack, alarm)) is True


def _named(rule: Value) -> Iterator[Value]:
    """What stands in the brackets of ALARM(…), OK(…) and INSUFFICIENT_DATA(…)."""
    inside: list[Value] | None = None
    for part in rule.parts if isinstance(rule, Text) else (rule,):
        if not isinstance(part, str):
            if inside is not None:
                inside.append(part)
            continue
        for piece in re.split(r"((?:ALARM|OK|INSUFFICIENT_DATA)\s*\(|\))", part):
            if piece.endswith("("):
                inside = []
            elif piece == ")":
                if inside is not None:
                    yield join(*inside)
                inside = None
            elif inside is not None:
                inside.append(piece.strip().strip("'\""))


def _metrics(alarm: Resource) -> Iterator[Metric]:
    """The metrics that an alarm reads."""
    found = [("Properties", alarm.properties)] if alarm.properties.get("MetricName") is not None else []
    for index, query in enumerate(each(alarm.properties.get("Metrics"))):
        metric = at(query, "MetricStat", "Metric")
        if isinstance(metric, dict):
            found.append((f"Properties.Metrics.{index}.MetricStat.Metric", metric))
    for path, metric in found:
        namespace = metric.get("Namespace")
        if isinstance(namespace, str):
            yield Metric(alarm.logical_id, path, namespace, metric.get("MetricName"), _dimensions(metric, path))


def _dimensions(metric: Mapping[str, Value], path: str) -> dict[str, tuple[Value, str]]:
    return {
        name: (at(entry, "Value"), f"{path}.Dimensions.{index}.Value")
        for index, entry in enumerate(each(metric.get("Dimensions")))
        if isinstance(name := at(entry, "Name"), str)
    }


def _times(alarm: Resource) -> Findings:
    """As many data points as are looked at, over a day at most (a week for periods of an hour and more)."""
    periods, wanted = whole(alarm.properties.get("EvaluationPeriods")), whole(alarm.properties.get("DatapointsToAlarm"))
    period = whole(alarm.properties.get("Period"))
    if periods is not None and wanted is not None and wanted > periods:
        yield broken(
            "wire-alarm-period",
            alarm.logical_id,
            "Properties.DatapointsToAlarm",
            f"CloudWatch refuses the alarm: {wanted} of {periods} data points can never be bad.",
            "Take a number up to EvaluationPeriods.",
        )
    if periods is not None and period is not None:
        most = 604_800 if period >= 3600 else 86_400
        if periods * period > most:
            yield broken(
                "wire-alarm-period",
                alarm.logical_id,
                "Properties.EvaluationPeriods",
                f"CloudWatch refuses the alarm: {periods} periods of {period} s are longer than {most // 86_400}"
                f" day{'s' if most > 86_400 else ''}.",
                "Take fewer or shorter periods.",
            )
        else:
            yield proved(
                "wire-alarm-period",
                alarm.logical_id,
                "Properties.EvaluationPeriods",
                f"{periods} periods of {period} s",
            )
