"""docs/upgrades.md by hand: each name exists, in its group, and the order is that of the declared steps."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from templates import TEMPLATES
from tests.templates_support import Emitted

ROOT = Path(__file__).parents[2]
WHOLE = (ROOT / "docs" / "upgrades.md").read_text(encoding="utf-8")
BY_HAND = WHOLE.partition("## With the console")[2].partition("Known by:")[0]
STEPS = dict(re.findall(r"^([1-7])\. (.*(?:\n   .*)*)$", BY_HAND, re.MULTILINE))
NAMES = re.compile(r"`([A-Z][a-zA-Z]+)`")


@pytest.fixture(scope="module")
def template() -> Emitted:
    return Emitted(TEMPLATES["lms"](), UpgradeCommand="lms,upgrade", Backups="yes")


def test_every_name_is_a_parameter_an_output_or_a_resource(template: Emitted) -> None:
    known = template.body["Parameters"].keys() | template.outputs.keys() | template.resources.keys()
    named = set(NAMES.findall(BY_HAND))
    assert len(named) > 12
    assert named - known == set()


def test_what_is_called_an_output_is_one(template: Emitted) -> None:
    named = re.findall(r"output `(\w+)`", BY_HAND)
    assert len(named) == 5
    assert set(named) <= template.outputs.keys()


def test_each_parameter_stands_in_the_group_that_is_said(template: Emitted) -> None:
    groups = template.body["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    group = {name: each["Label"]["default"] for each in groups for name in each["Parameters"]}
    said = dict(re.findall(r"`(\w+)` (?:yes|no) \(([^)]+)\)", STEPS["1"].replace("(group ", "(")))
    assert {name: group[name] for name in said} == said
    others = set(NAMES.findall(STEPS["1"])) - said.keys() - {"Image"}
    assert {group[name] for name in others} == {"Installation and upgrade"}


def test_the_steps_by_hand_are_those_that_are_declared(template: Emitted) -> None:
    declared = template.body["Metadata"]["Stackproof::Upgrade"]["steps"]
    assert list(STEPS) == [str(number) for number in range(1, len(declared) + 1)]
    rows = re.findall(r"^\| ([1-7]) ([^|]+) \|", WHOLE, re.MULTILINE)
    assert rows == [(str(number), step["title"]) for number, step in enumerate(declared, start=1)]
    kept, changed = declared[0]["keep"], declared[0]["set"]
    assert set(NAMES.findall(STEPS["1"])) == {*changed, *kept, "RollingImage"}
    assert all(f"`{name}` {value}" in STEPS["1"] for name, value in changed.items() if isinstance(value, str))
    assert set(NAMES.findall(STEPS["5"])) == {*kept, *(changed.keys() - declared[4]["set"].keys())}
    assert set(NAMES.findall(STEPS["7"])) == set(declared[4]["set"])
    stores = declared[2]["backup"]
    assert {*stores, declared[2]["vault"], declared[2]["role"]} == set(NAMES.findall(STEPS["3"]))
    assert f"kept {declared[2].get('days', 35)} days" in STEPS["3"]
    task = declared[3]
    assert {"UpgradeTaskDefinition", "RunApplication", task["subnets"], *task["groups"]} == set(
        NAMES.findall(STEPS["4"])
    )


def test_a_new_stack_is_made_by_hand_with_what_is_declared(template: Emitted) -> None:
    (sentence,) = re.findall(r"^A new stack: create it with (.*?), run the task", BY_HAND, re.MULTILINE)
    first = template.body["Metadata"]["Stackproof::Upgrade"]["create"][0]["set"]
    assert dict(re.findall(r"`(\w+)` (no)", sentence)) == {
        name: value for name, value in first.items() if isinstance(value, str)
    }
