"""Alarms: metrics that exist, periods that CloudWatch can evaluate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stackproof.proofs.model.placement import each, whole
from stackproof.proofs.values import Value, at
from stackproof.proofs.verdicts import broken, proved
from stackproof.proofs.wiring.metrics import Judge, Metric

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from stackproof.proofs.model.system import System
    from stackproof.proofs.resolve.stack import Resource
    from stackproof.proofs.wiring.common import Findings


def alarms(system: System) -> Findings:
    """Every alarm."""
    judge = Judge(system, "wire-alarm")
    for alarm in system.stack.of_type("AWS::CloudWatch::Alarm"):
        for metric in _metrics(alarm):
            yield from judge.metric(metric)
        yield from _times(alarm)


def metrics_of(alarm: Resource) -> list[tuple[str, Mapping[str, Value]]]:
    """The metrics that an alarm reads, each with its path."""
    found: list[tuple[str, Mapping[str, Value]]] = []
    if alarm.properties.get("MetricName") is not None:
        found.append(("Properties", alarm.properties))
    for index, query in enumerate(each(alarm.properties.get("Metrics"))):
        metric = at(query, "MetricStat", "Metric")
        if isinstance(metric, dict):
            found.append((f"Properties.Metrics.{index}.MetricStat.Metric", metric))
    return found


def _metrics(alarm: Resource) -> Iterator[Metric]:
    for path, metric in metrics_of(alarm):
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
