"""docs/security.md: what checkers find and is left as it is, with its reason and its resources."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
ENTRIES = [line.strip("|").split("|") for line in TEXT.splitlines() if line.startswith("| ") and "`" in line]
RESOURCES = {
    name: body["Type"]
    for path in (ROOT / "dist").glob("*.json")
    for name, body in json.loads(path.read_text(encoding="utf-8")).get("Resources", {}).items()
}


def test_there_are_no_more_than_fifteen() -> None:
    assert 0 < len(ENTRIES) <= 15


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry[0].split(":")[0].strip())
def test_each_names_its_rule_its_resources_and_a_reason(entry: list[str]) -> None:
    finding, named, reason = entry
    assert re.match(r" (CKV_AWS_\d+|AwsSolutions-\w+|HIPAA \w+)", finding)
    assert set(re.findall(r"`(\w+)`", named)) <= RESOURCES.keys()
    assert len(reason.split()) > 8


def test_no_template_suppresses_a_finding() -> None:
    for path in (ROOT / "dist").glob("*.json"):
        assert not re.search(r"checkov|cdk_nag|cfn_nag|cfn-lint", path.read_text(encoding="utf-8"))


def test_every_alarm_that_tells_nobody_is_named_and_part_of_one_that_does() -> None:
    """ApplicationErrorsAlarm takes a deployment back, and DeploymentFailed tells of that."""
    template = json.loads((ROOT / "dist" / "lms.json").read_text(encoding="utf-8"))["Resources"]
    quiet = {
        name
        for name, body in template.items()
        if body["Type"] == "AWS::CloudWatch::Alarm" and "AlarmActions" not in body["Properties"]
    }
    (row,) = [named for finding, named, _ in ENTRIES if "CloudWatchAlarmAction" in finding]
    assert set(re.findall(r"`(\w+)`", row)) == quiet
    telling = json.dumps([body["Properties"]["AlarmRule"] for body in template.values() if _tells(body)])
    assert {name for name in quiet if f"${{{name}}}" not in telling} == {"ApplicationErrorsAlarm"}


def _tells(body: dict[str, Any]) -> bool:
    return "AlarmRule" in body.get("Properties", {}) and "AlarmActions" in body["Properties"]
