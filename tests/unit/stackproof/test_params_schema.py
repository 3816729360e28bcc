"""The schema that editors use says what environments.py says, and no more."""

from __future__ import annotations

from typing import Any

import pytest
from cfnlint.jsonschema import StandardValidator
from hypothesis import given
from hypothesis import strategies as st

from stackproof.configuration import check_configuration
from stackproof.environments import parameters_schema

TEMPLATE: dict[str, Any] = {
    "Description": "A platform",
    "Metadata": {"AWS::CloudFormation::Interface": {"ParameterLabels": {"Tasks": {"default": "How many tasks"}}}},
    "Parameters": {
        "Tasks": {"Type": "Number", "MinValue": 1, "MaxValue": 10, "Default": 2, "Description": "Tasks to run."},
        "Size": {"Type": "Number", "AllowedValues": [256, 0.5], "Default": 256},
        "Kind": {"Type": "String", "AllowedValues": ["a", "b"]},
        "Suffix": {
            "Type": "String",
            "AllowedPattern": "[a-z]+",
            "MaxLength": 5,
            "ConstraintDescription": "Lower case.",
            "Default": "dev",
        },
        "Java": {"Type": "String", "AllowedPattern": r"\p{Alpha}+", "Default": "a"},
        "Unsayable": {"Type": "String", "AllowedPattern": r"\p{L}+", "Default": "a"},
        "Subnets": {"Type": "List<AWS::EC2::Subnet::Id>", "Default": "subnet-01234567"},
        "Ports": {"Type": "List<Number>", "Default": ""},
        "Vpc": {"Type": "AWS::EC2::VPC::Id", "AllowedPattern": ".{12}", "Default": "vpc-01234567"},
        "Password": {"Type": "String", "NoEcho": True, "Default": "hunter2", "Description": "Of the database."},
    },
    "Resources": {"Queue": {"Type": "AWS::SQS::Queue"}},
}
POLICY = {"Statement": [{"Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*"}]}


def accepted(value: object) -> bool:
    return not list(StandardValidator(parameters_schema(TEMPLATE)).iter_errors(value))


@pytest.mark.parametrize(
    "value",
    [
        {"Parameters": {"Kind": "a"}},
        {"Parameters": {"Kind": "a", "Tasks": 10, "Suffix": "prod"}},
        {"Parameters": {"Kind": "b", "Tasks": "3", "Size": "256"}},
        {"Parameters": {"Kind": "b", "Size": 0.5, "Subnets": ["subnet-01234567"]}},
        {"Parameters": {"Kind": "b", "Subnets": "subnet-01234567", "Ports": [80, "443"], "Vpc": "vpc-01234567"}},
        {"Parameters": {"Kind": "a"}, "Tags": {"team": "x"}, "StackPolicy": POLICY},
    ],
)
def test_what_an_editor_accepts_is_accepted(value: object) -> None:
    assert accepted(value)
    assert not check_configuration(TEMPLATE, value, "dev.json")


@pytest.mark.parametrize(
    "value",
    [
        {},
        [],
        {"Parameters": {}},
        {"Parameters": {"Kind": "c"}},
        {"Parameters": {"Kind": "a", "Nope": "x"}},
        {"Parameters": {"Kind": "a", "Tasks": 0}},
        {"Parameters": {"Kind": "a", "Tasks": 11}},
        {"Parameters": {"Kind": "a", "Tasks": "many"}},
        {"Parameters": {"Kind": "a", "Tasks": None}},
        {"Parameters": {"Kind": "a", "Size": 300}},
        {"Parameters": {"Kind": "a", "Suffix": "Dev"}},
        {"Parameters": {"Kind": "a", "Suffix": "develop"}},
        {"Parameters": {"Kind": "a", "Suffix": {}}},
        {"Parameters": {"Kind": "a", "Subnets": ["sg-01234567"]}},
        {"Parameters": {"Kind": "a", "Ports": ["http"]}},
        {"Parameters": {"Kind": "a", "Vpc": "vpc-0123456789abcdef0"}},
        {"Parameters": {"Kind": "a"}, "Tags": {"aws:x": "y"}},
        {"Parameters": {"Kind": "a"}, "Tags": {"x": ""}},
        {"Parameters": {"Kind": "a"}, "StackPolicy": {}},
        {"Parameters": {"Kind": "a"}, "Extra": {}},
    ],
)
def test_what_an_editor_marks_is_refused(value: object) -> None:
    assert not accepted(value)
    assert check_configuration(TEMPLATE, value, "dev.json")


def test_an_editor_shows_what_the_console_shows() -> None:
    schema = parameters_schema(TEMPLATE)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["additionalProperties"] is False
    assert schema["required"] == ["Parameters"]
    parameters = schema["properties"]["Parameters"]
    assert parameters["required"] == ["Kind"]
    assert parameters["additionalProperties"] is False
    assert list(parameters["properties"]) == list(TEMPLATE["Parameters"])
    assert parameters["properties"]["Tasks"] == {
        "title": "How many tasks",
        "description": "Tasks to run.",
        "default": "2",
        "type": ["number", "string"],
        "minimum": 1,
        "maximum": 10,
        "pattern": r"^(?:[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?)$",
    }
    assert parameters["properties"]["Suffix"]["description"] == "Lower case."
    assert parameters["properties"]["Suffix"]["pattern"] == "^(?:[a-z]+)$"


def test_a_hidden_default_is_not_shown() -> None:
    password = parameters_schema(TEMPLATE)["properties"]["Parameters"]["properties"]["Password"]
    assert password == {"description": "Of the database. NoEcho: never shown.", "type": "string"}


def test_patterns_that_javascript_does_not_know_are_left_out() -> None:
    parameters = parameters_schema(TEMPLATE)["properties"]["Parameters"]["properties"]
    assert "pattern" not in parameters["Java"]
    assert "pattern" not in parameters["Unsayable"]


def test_a_template_without_parameters_wants_none() -> None:
    schema = parameters_schema({"Resources": {}})
    assert schema["required"] == []
    assert schema["properties"]["Parameters"]["properties"] == {}


DEFINITIONS = st.fixed_dictionaries(
    {"Type": st.sampled_from(["String", "Number", "CommaDelimitedList", "List<Number>", "AWS::EC2::VPC::Id"])},
    optional={"AllowedValues": st.lists(st.sampled_from(["x", "", "2", 3, 0.5, None, True]))}
    | {
        name: st.none() | st.booleans() | st.floats() | st.text(max_size=4) | st.lists(st.text(max_size=2) | st.none())
        for name in (
            "Default",
            "AllowedPattern",
            "ConstraintDescription",
            "MinValue",
            "MaxValue",
            "MinLength",
            "MaxLength",
            "NoEcho",
        )
    },
)


@given(DEFINITIONS, st.text(max_size=3) | st.integers() | st.lists(st.integers(), max_size=2))
def test_no_definition_of_a_parameter_is_fatal(definition: dict[str, Any], value: object) -> None:
    template = {"Parameters": {"Name": definition}, "Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}}
    schema = parameters_schema(template)
    assert schema["properties"]["Parameters"]["properties"]["Name"]["type"]
    faults = check_configuration(template, {"Parameters": {"Name": value}}, "dev.json")
    assert all(fault.key == "Parameters.Name" for fault in faults)
