"""What an alarm reads, and what it makes of numbers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.templates_support import Emitted, Resource

METRIC, COMPOSITE = "AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm"

EVERYTHING = {
    "DatabaseSecretArn": "",
    "Backups": "yes",
    "PlainCache": "yes",
    "CacheReplicas": "2",
    "CertificateArn": "arn:aws:acm:sa-east-1:111122223333:certificate/01234567-89ab-cdef-0123-456789abcdef",
    "ZoneCount": "3",
    "NatGateways": "per-zone",
    "SpotWeight": "3",
    "WebFirewall": "block",
    "CronCommand": "lms,cron",
    "WorkerCommand": "lms,worker",
    "DatabaseProxy": "yes",
}


def alarms(template: Emitted) -> dict[str, Resource]:
    return template.of_type(METRIC) | template.of_type(COMPOSITE)


def rule_of(template: Emitted, name: str) -> set[str]:
    """The alarms that a composite one is made of, every one of them in ALARM being enough."""
    parts = template.resources[name]["AlarmRule"].split(" OR ")
    named = [re.fullmatch(r'ALARM\("\$\{(\w+)\}"\)', part) for part in parts]
    return {found[1] for found in named if found}


def value(alarm: Resource, **metrics: float | None) -> float:
    """What an alarm's metric math makes of the metrics of one minute; None: CloudWatch has no number."""
    (expression,) = (query["Expression"] for query in alarm["Metrics"] if "Expression" in query)
    functions = {
        "IF": lambda condition, then, otherwise: then if condition else otherwise,
        "FILL": lambda number, filling: filling if number is None else number,
        "METRICS": lambda: [number for number in metrics.values() if number is not None],
        "MAX": max,
        "SUM": sum,
    }
    return float(eval(expression, {"__builtins__": {}}, {**functions, **metrics}))  # noqa: S307  # our own template


def metrics(alarm: Resource) -> list[dict[str, Any]]:
    """The metrics that an alarm reads."""
    return [query["MetricStat"] for query in alarm.get("Metrics") or [] if "MetricStat" in query]


def dimensions(alarm: Resource) -> set[tuple[str, str]]:
    return {(each["Name"], each["Value"]) for stat in metrics(alarm) for each in stat["Metric"]["Dimensions"]}
