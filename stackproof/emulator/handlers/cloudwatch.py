"""CloudWatch: an alarm on metric math, which ministack's CloudFormation refuses. It is kept, and never fires."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ministack.services.cloudformation import provisioners

from stackproof.emulator.wire import in_api_shape

if TYPE_CHECKING:
    from stackproof.emulator.handler import Properties

_record = provisioners._cw_metric_alarm_record


def _alarm_record(name: str, properties: Properties) -> dict[str, Any]:
    """The record of an alarm; one on metric math has queries where another one has a metric."""
    if "Metrics" not in properties:
        alarm: dict[str, Any] = _record(name, properties)
        return alarm
    metrics = in_api_shape("cloudwatch", "MetricAlarm", {"Metrics": properties["Metrics"]})
    placeholders = dict.fromkeys(("MetricName", "Namespace"), "none")
    others = {member: value for member, value in properties.items() if member != "Metrics"}
    alarm = _record(name, {**others, **placeholders})
    for member in (*placeholders, "Statistic", "Period"):
        del alarm[member]
    return {**alarm, **metrics}


def install() -> None:
    """Complete the type."""
    provisioners._cw_metric_alarm_record = _alarm_record
