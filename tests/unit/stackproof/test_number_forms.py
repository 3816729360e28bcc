"""Numbers that pass CloudFormation's own constraints and are read otherwise, or not at all, further on."""

from __future__ import annotations

import json
from typing import Any

import pytest

from stackproof.configuration import check_configuration
from stackproof.number_forms import check_number_forms
from stackproof.parameters import Given, Values, check_values, parameters_of
from tests.templates_support import ROOT

TASKS = {"Ref": "Tasks"}
SCALING_POLICY = "AWS::ApplicationAutoScaling::ScalingPolicy"


def faults(properties: object, text: str, resource_type: object = "AWS::ECS::Service", **sections: Any) -> list[str]:
    resources = {"Service": {"Type": resource_type, "Properties": properties}, "Odd": "no resource"}
    template = {"Parameters": {"Tasks": {"Type": "Number"}, "Name": {"Type": "String"}}, "Resources": resources}
    known = parameters_of(template)
    given = {name: Given(text, "params/dev.json:3", f"Parameters.{name}") for name in known}
    values = Values(known, given, check_values(known, given)[0], "params/dev.json")
    return [str(fault) for fault in check_number_forms(template | sections, values)]


@pytest.mark.parametrize(
    "properties",
    [
        {"DesiredCount": TASKS},
        {"DesiredCount": {"Fn::If": ["Runs", TASKS, 0]}},
        {"DesiredCount": {"Fn::If": ["Runs", 0, {"Fn::If": ["Small", 1, TASKS]}]}},
    ],
)
def test_a_property_of_whole_numbers_takes_no_fraction(properties: object) -> None:
    [told] = faults(properties, "3.5")

    assert told == (
        'params/dev.json:3: Parameters.Tasks: Tasks "3.5" is no whole number, and '
        "Service.Properties.DesiredCount takes nothing else; write 3 or 4"
    )


@pytest.mark.parametrize(("text", "plain"), [("01", "1"), ("1.0", "1"), ("+1", "1"), ("1e2", "100")])
def test_a_whole_number_is_handed_on_in_its_plain_form(text: str, plain: str) -> None:
    [told] = faults({"CapacityProviderStrategy": [{"Base": TASKS}]}, text)

    place = "Service.Properties.CapacityProviderStrategy[0].Base"
    assert told.endswith(f'Tasks "{text}" is handed to {place} as it is written; write {plain}')
    assert faults({"CapacityProviderStrategy": [{"Base": TASKS}]}, plain) == []


@pytest.mark.parametrize(("text", "plain"), [("01", "1"), ("1.50", "1.5"), (".5", "0.5")])
def test_a_rule_compares_numbers_as_texts(text: str, plain: str) -> None:
    rules = {"Two": {"Assertions": [{"Assert": {"Fn::Not": [{"Fn::Contains": [["0", "1"], TASKS]}]}}]}}

    [told] = faults({}, text, Rules=rules)

    assert told.endswith(f'Tasks "{text}" is compared in the template\'s Rules as it is written; write {plain}')
    assert faults({}, plain, Rules=rules) == []


@pytest.mark.parametrize(
    ("properties", "resource_type"),
    [
        ({"Unknown": TASKS, "AlsoUnknown": {"Ref": "Name"}}, "AWS::ECS::Service"),
        ({"TargetTrackingScalingPolicyConfiguration": {"TargetValue": TASKS}}, SCALING_POLICY),
        ({"ServiceName": {"Fn::Sub": "lms-${Tasks}"}}, "AWS::ECS::Service"),
        ({"DesiredCount": {"Ref": "Name"}}, "AWS::ECS::Service"),
        ({"DesiredCount": TASKS}, "AWS::Unknown::Type"),
        ({"DesiredCount": TASKS}, None),
        (None, "AWS::ECS::Service"),
    ],
)
def test_where_any_form_is_read_as_it_is_meant_nothing_is_said(properties: object, resource_type: object) -> None:
    """An account's id with its leading zero is a Number to some, and a target of 52.50 is one to AWS."""
    assert faults(properties, "052.50", resource_type) == []


@pytest.mark.parametrize("resources", [None, [], "text"])
def test_a_template_without_resources_has_no_uses(resources: object) -> None:
    assert faults({}, "3.5", Resources=resources) == []


@pytest.mark.parametrize("minimum", ["3.5", "01", "1.0"])
def test_production_s_minimum_cannot_be_passed_off_as_something_else(minimum: str) -> None:
    template = json.loads((ROOT / "dist/lms.json").read_text())
    prod = json.loads((ROOT / "params/prod.json").read_text())["Parameters"]

    [fault] = check_configuration(template, {"Parameters": prod | {"MinimumTasks": minimum}}, "params/prod.json")

    assert f'MinimumTasks "{minimum}"' in fault.message
    assert "write" in fault.message
