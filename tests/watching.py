"""docs/watching.md's tables, made from the template: `python -m tests.watching` writes them into the document.

A table stands between a line `<!-- NAME -->` and the next line `<!-- -->`.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).resolve().parents[1]
DOCUMENT = ROOT / "docs" / "watching.md"
TEMPLATE = ROOT / "dist" / "lms.json"
METRIC, COMPOSITE = "AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm"
_SIGNS = {"GreaterThanThreshold": "above", "GreaterThanOrEqualToThreshold": "at least", "LessThanThreshold": "below"}


def with_tables(text: str, template: dict[str, Any]) -> str:
    """The document with its tables as the template has them."""
    for name, table in tables(template).items():
        start = text.index(f"<!-- {name} -->\n") + len(f"<!-- {name} -->\n")
        text = text[:start] + table + text[text.index("<!-- -->", start) :]
    return text


def tables(template: dict[str, Any]) -> dict[str, str]:
    """`paging` and `alarms`, as Markdown."""
    found: dict[str, dict[str, Any]] = {
        name: each["Properties"] for name, each in template["Resources"].items() if each["Type"] in {METRIC, COMPOSITE}
    }
    loud = {name: each for name, each in found.items() if "AlarmRule" in each and each.get("AlarmActions")}
    parts = {name: re.findall(r"ALARM\(.?\"\$\{(\w+)\}", json.dumps(each["AlarmRule"])) for name, each in loud.items()}
    pages = {child: name for name, children in parts.items() for child in children}
    paging = [
        (f"**{name}**", each["AlarmDescription"].partition(" Open the dashboard")[0], ", ".join(parts[name]))
        for name, each in loud.items()
    ]
    alarms = [
        (
            f"**{name}**",
            each["AlarmDescription"],
            _when(each, template),
            "itself" if each.get("AlarmActions") else pages.get(name, "nobody"),
        )
        for name, each in found.items()
        if "AlarmRule" not in each
    ]
    return {
        "paging": _table(("alarm", "says", "while one of these is off"), paging),
        "alarms": _table(("alarm", "what it means, and what to do", "when", "pages"), alarms),
    }


def _when(alarm: dict[str, Any], template: dict[str, Any]) -> str:
    """The threshold with its default, and for how long: `above AlarmErrorPercent (5), 3 of 5 times a minute`."""
    threshold = alarm["Threshold"]
    if isinstance(threshold, dict):
        threshold = f"{threshold['Ref']} ({template['Parameters'][threshold['Ref']]['Default']})"
    queries = [query.get("Fn::If", [None, query])[1] for query in alarm.get("Metrics", [])]
    period = alarm.get("Period") or next(query["MetricStat"]["Period"] for query in queries if "MetricStat" in query)
    among = alarm["EvaluationPeriods"]
    bad = alarm.get("DatapointsToAlarm", among)
    unit = {60: "a minute", 300: "five minutes", 900: "fifteen minutes", 3600: "an hour", 86_400: "a day"}[period]
    lasting = f"in {unit}" if among == 1 else f"{bad} of {among} times {unit}"
    return f"{_SIGNS[alarm['ComparisonOperator']]} {threshold}, {lasting}"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def main() -> None:
    """Write the tables anew."""
    text = DOCUMENT.read_text(encoding="utf-8")
    DOCUMENT.write_text(with_tables(text, json.loads(TEMPLATE.read_text(encoding="utf-8"))), encoding="utf-8")


if __name__ == "__main__":
    main()
