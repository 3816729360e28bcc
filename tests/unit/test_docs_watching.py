"""docs/watching.md names every alarm, with its threshold and what to do, as the template has them."""

from __future__ import annotations

import json
import re

from tests import watching


def test_its_tables_are_the_templates() -> None:
    """To write them anew: `python -m tests.watching`."""
    text = watching.DOCUMENT.read_text(encoding="utf-8")
    assert watching.with_tables(text, json.loads(watching.TEMPLATE.read_text(encoding="utf-8"))) == text


def test_every_alarm_and_every_threshold_has_its_row() -> None:
    template = json.loads(watching.TEMPLATE.read_text(encoding="utf-8"))
    text = watching.DOCUMENT.read_text(encoding="utf-8")
    named = set(re.findall(r"^\| \*\*(\w+)\*\* \|", text, flags=re.MULTILINE))
    alarms = {name for name, each in template["Resources"].items() if each["Type"].endswith("Alarm")}
    # They tell nobody, and stand in the text.
    assert alarms - named == {"ToldAlarm", "ToldOfTasksAlarm"}
    thresholds = {name for name in template["Parameters"] if name.startswith("Alarm")} - {"AlarmEmail"}
    assert {name for name in thresholds if f"{name} (" not in text} == set()


def test_a_changed_threshold_changes_the_document() -> None:
    text = watching.DOCUMENT.read_text(encoding="utf-8")
    template = json.loads(watching.TEMPLATE.read_text(encoding="utf-8"))
    template["Parameters"]["AlarmLatencySeconds"]["Default"] = 7
    assert "above AlarmLatencySeconds (7), 3 of 5 times a minute" in watching.with_tables(text, template)
