"""docs/security.md: what checkers find and is left as it is, with its reason and its resources."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
TEXT, _, WILDCARDS = (
    (ROOT / "docs" / "security.md").read_text(encoding="utf-8").partition("### What is left of wildcards")
)


def rows(text: str) -> list[list[str]]:
    """The cells of each row of a table that names something."""
    return [line.strip("|").split("|") for line in text.splitlines() if line.startswith("| ") and "`" in line]


ENTRIES = rows(TEXT)
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


def test_none_is_about_encryption_transport_or_public_data() -> None:
    words = re.compile(r"encrypt|KMS|CKV_AWS_173|TLS|SSL|transport|public(ly)? access", re.IGNORECASE)
    assert [finding for finding, _, _ in ENTRIES if words.search(finding)] == []


def test_every_wildcard_of_a_policy_is_listed_with_its_reason_and_its_bound() -> None:
    """Each action with each pattern, in any template and under any condition."""
    listed = set()
    for name, actions, patterns, reason, bound in rows(WILDCARDS):
        assert len(reason.split()) > 3
        assert len(bound.split()) > 3
        listed |= {(quoted(name)[0], action, pattern) for action in quoted(actions) for pattern in quoted(patterns)}
    assert listed == set(wildcards())


def quoted(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def wildcards() -> Iterator[tuple[str, str, str]]:
    """Policy, action and pattern, without the ARN's beginning, wherever a `*` stands in a resource."""
    for path in (ROOT / "dist").glob("*.json"):
        for name, body in json.loads(path.read_text(encoding="utf-8")).get("Resources", {}).items():
            if not body["Type"].startswith("AWS::IAM::"):
                continue
            for statement in statements(body["Properties"].get("PolicyDocument")):
                assert [action for action in statement["Action"] if "*" in action] == []
                for resource in texts(statement["Resource"]):
                    if "*" in resource:
                        for action in statement["Action"]:
                            yield name, action, resource.rpartition("${AWS::AccountId}:")[2]


def statements(value: Any) -> Iterator[dict[str, Any]]:
    """Every statement, whatever condition it stands under."""
    if isinstance(value, dict) and "Effect" in value:
        yield value
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from statements(inner)


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from texts(inner)


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
