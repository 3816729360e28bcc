"""Lists of which a template takes more members than a person gave."""

from __future__ import annotations

import json
from typing import Any

import pytest

from stackproof.configuration import check_configuration
from stackproof.list_lengths import check_list_lengths
from stackproof.parameters import Given, Values, check_values, parameters_of
from tests.templates_support import ROOT

THIRD = {"Fn::Select": [2, {"Ref": "Zones"}]}
SECOND = {"Fn::Select": ["1", {"Ref": "Zones"}]}


def faults(resources: object, zones: str, third: str = "yes") -> list[str]:
    template = {
        "Parameters": {"Zones": {"Type": "CommaDelimitedList"}, "Third": {"Type": "String"}},
        "Conditions": {
            "HasThird": {"Fn::Equals": [{"Ref": "Third"}, "yes"]},
            "Unknown": {"Fn::Equals": [{"Ref": "AWS::AccountId"}, "111122223333"]},
        },
        "Resources": resources,
    }
    known = parameters_of(template)
    given = {name: Given(text, "params/dev.json:3", name) for name, text in {"Zones": zones, "Third": third}.items()}
    values = Values(known, given, check_values(known, given)[0], "params/dev.json")
    return [str(fault) for fault in check_list_lengths(template, values)]


def topic(name: object, **more: Any) -> dict[str, Any]:
    return {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {"Names": [name]}} | more, "Odd": "no resource"}


@pytest.mark.parametrize(
    ("zones", "sentence"),
    [
        ("a,b", 'Zones "a,b" has 2 members, and Topic.Properties.Names[0] takes number 3; give at least 3'),
        ("a", 'Zones "a" has 1 member, and Topic.Properties.Names[0] takes number 3; give at least 3'),
    ],
)
@pytest.mark.parametrize(
    "resources",
    [
        topic(THIRD),
        topic({"Fn::If": ["HasThird", THIRD, SECOND]}),
        topic(THIRD, Condition="HasThird"),
        topic(THIRD, Condition="NoSuchCondition"),
    ],
)
def test_a_list_that_is_too_short_is_named_with_what_takes_more(
    resources: dict[str, Any], zones: str, sentence: str
) -> None:
    assert faults(resources, zones) == [f"params/dev.json:3: Zones: {sentence}"]
    assert faults(resources, "a,b,c") == []


def test_the_longest_wish_is_told_once() -> None:
    told = faults({**topic(SECOND), "Other": topic(THIRD)["Topic"], "Last": topic(SECOND)["Topic"]}, "a")

    place = "Other.Properties.Names[0]"
    assert told == [f'params/dev.json:3: Zones: Zones "a" has 1 member, and {place} takes number 3; give at least 3']


@pytest.mark.parametrize(
    "resources",
    [
        topic(THIRD, Condition="HasThird"),
        topic({"Fn::If": ["HasThird", THIRD, SECOND]}),
        topic({"Fn::If": ["Unknown", THIRD, SECOND]}),
        topic({"Fn::Select": [2, {"Ref": "Third"}]}),
        topic({"Fn::Select": [{"Ref": "Third"}, {"Ref": "Zones"}]}),
        topic({"Fn::Select": [2, ["a"]]}),
        None,
    ],
)
def test_what_the_conditions_leave_out_or_nobody_can_tell_is_no_fault(resources: object) -> None:
    assert faults(resources, "a,b", third="no") == []


@pytest.mark.parametrize(("zones", "told"), [("3", True), ("2", False)])
def test_the_subnets_of_a_company_s_network_reach_as_far_as_its_zones(zones: str, *, told: bool) -> None:
    template = json.loads((ROOT / "dist/lms-in-vpc.json").read_text())
    document = json.loads((ROOT / "params/company.json").read_text())
    document["Parameters"] |= {"ZoneCount": zones, "DataSubnetIds": ["subnet-44444441", "subnet-44444442"]}

    found = [str(fault) for fault in check_configuration(template, document, "params/company.json")]

    assert bool(found) is told
    assert all("DataSubnetIds" in one and "has 2 members" in one and "give at least 3" in one for one in found)
