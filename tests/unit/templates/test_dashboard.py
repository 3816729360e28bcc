"""The dashboard: what it shows, in which order, and that all of it exists."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.templates_support import Emitted

CHOICES: list[dict[str, Any]] = [
    {},
    {"DatabaseSecretArn": "", "SpotWeight": "3"},
    {"RunApplication": "no"},
    {"DatabaseSecretArn": "", "DatabaseProxy": "yes", "WorkerCommand": "work", "CronCommand": "cron"},
    {"ExistingFileSystemId": "fs-0123456789abcdef0"},
]


def widgets(template: Emitted) -> list[dict[str, Any]]:
    body = json.loads(template.resources["Dashboard"]["DashboardBody"])
    return body["widgets"]  # type: ignore[no-any-return]


def titles(template: Emitted) -> list[str]:
    return [
        each["properties"].get("title") or each["properties"]["markdown"].partition("\n")[0]
        for each in widgets(template)
    ]


@pytest.mark.parametrize("choice", CHOICES)
def test_is_json_and_names_only_what_is_there(lms: Emitted, choice: dict[str, Any]) -> None:
    template = lms.with_parameters(**choice)
    named = re.findall(r"\$\{(\w+)", json.dumps(widgets(template)))
    assert named
    assert set(named) <= template.resources.keys()


def test_students_come_first_then_tasks_then_stores(lms: Emitted) -> None:
    everything = {"DatabaseProxy": "yes", "WorkerCommand": "work", "CronCommand": "cron"}
    assert titles(lms.with_parameters(DatabaseSecretArn="", SpotWeight="3", **everything)) == [
        "Alarms",
        "## What students notice",
        "Requests a minute",
        "Errors (% of requests)",
        "Answers (seconds)",
        "## What the tasks have left",
        "Tasks",
        "CPU and memory of the tasks (%)",
        "Spot tasks taken back",
        "Workers",
        "Periodic command",
        "## What the stores have left",
        "Database (% of capacity)",
        "Database proxy (% of connections)",
        "Session cache (%)",
        "Files (% of operations)",
    ]


def test_what_is_left_out_is_not_shown(lms: Emitted) -> None:
    left_out = {"Database (% of capacity)", "Database proxy (% of connections)", "Workers", "Periodic command"}
    assert not (left_out | {"Spot tasks taken back"}) & set(titles(lms))
    stopped = titles(lms.with_parameters(RunApplication="no"))
    assert not {"## What the tasks have left", "Tasks", "CPU and memory of the tasks (%)"} & set(stopped)


def test_its_alarms_are_those_that_page_the_most_urgent_near_the_top(lms: Emitted) -> None:
    (first, *_) = widgets(lms.with_parameters(DatabaseSecretArn=""))
    assert first["type"] == "alarm"
    assert set(first["properties"]["alarms"]) == {
        f"${{{name}Alarm.Arn}}" for name in ("Students", "Database", "Cache", "Files", "Capacity")
    }
    stopped = widgets(lms.with_parameters(RunApplication="no"))[0]["properties"]["alarms"]
    assert set(stopped) == {"${CacheAlarm.Arn}", "${FilesAlarm.Arn}"}


def test_answers_are_shown_by_their_percentiles(lms: Emitted) -> None:
    (answers,) = [each for each in widgets(lms) if each["properties"].get("title") == "Answers (seconds)"]
    assert [row[-1]["stat"] for row in answers["properties"]["metrics"]] == ["p50", "p95", "p99"]


def test_widgets_close_up_where_one_is_left_out(lms: Emitted) -> None:
    assert not [each for each in widgets(lms) if {"x", "y"} & each.keys()]


def test_an_operator_finds_it(lms: Emitted) -> None:
    assert lms.outputs["DashboardUrl"].startswith("https://sa-east-1.console.aws.amazon.com/cloudwatch/")
    assert lms.outputs["DashboardUrl"].endswith("#dashboards/dashboard/${Dashboard}")
