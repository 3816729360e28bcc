"""What must hold between values: Rules as CloudFormation evaluates them, minimum and maximum, images, suffixes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stackproof.parameters import Given, Values, check_values, parameters_of
from stackproof.relations import check_relations

PARAMETERS = {
    "EnvironmentType": {"Type": "String", "Default": "development"},
    "Zones": {"Type": "CommaDelimitedList", "Default": "a, b"},
    "Tasks": {"Type": "Number", "Default": 2},
    "Ami": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/ami"},
    "Certificate": {"Type": "String"},
    "Password": {"Type": "String", "NoEcho": True, "Default": ""},
}
SUFFIXED = {"Parameters": {"EnvironmentSuffix": {"Type": "String", "Default": "demo"}}}
SECRET = "hunter2"  # noqa: S105 - no password of anything
TRUE = {"Fn::Equals": ["a", "a"]}
FALSE = {"Fn::Equals": ["a", "b"]}
UNKNOWN = {"Fn::RefAll": "AWS::EC2::VPC::Id"}


def values(parameters: dict[str, Any] | None = None, **texts: str) -> Values:
    known = parameters_of({"Parameters": PARAMETERS if parameters is None else parameters})
    given_ = {name: Given(text, "params/dev.json:3", f"Parameters.{name}") for name, text in texts.items()}
    return Values(known, given_, check_values(known, given_)[0], "params/dev.json")


def relations(template: dict[str, Any], **texts: str) -> list[str]:
    return [str(fault) for fault in check_relations(template, values(template.get("Parameters"), **texts))]


def value_of(expression: object) -> bool | None:
    """What a rule makes of an expression: it refuses what is false for sure, and so its negation."""
    false, true = (
        relations({"Parameters": PARAMETERS, "Rules": {"R": {"Assertions": [{"Assert": assertion}]}}}) != []
        for assertion in (expression, {"Fn::Not": [expression]})
    )
    assert not (false and true)
    return False if false else True if true else None


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("text", None),
        (None, None),
        ({"Fn::Equals": [True, "true"]}, True),
        ({"Fn::Equals": [3, "3"]}, True),
        ({"Fn::Equals": [3, "03"]}, False),
        ({"Fn::Equals": [["a", 1], ["a", "1"]]}, True),
        ({"Fn::Equals": [None, None]}, None),
        ({"Fn::Equals": [{"Ref": "EnvironmentType"}, "development"]}, True),
        ({"Fn::Equals": [{"Ref": "Ami"}, "/ami"]}, None),
        ({"Fn::Equals": [{"Ref": "AWS::Region"}, "us-east-1"]}, None),
        ({"Fn::Equals": [{"Ref": ["x"]}, "x"]}, None),
        ({"Fn::Equals": [{"Ref": "Tasks", "Else": 1}, "2"]}, None),
        ({"Fn::Equals": [["a", {"Ref": "AWS::Region"}], ["a", "b"]]}, None),
        ({"Fn::Equals": [{"Ref": "Tasks"}, 2]}, True),
        ({"Fn::Equals": [{"Ref": "Zones"}, ["a", "b"]]}, True),
        ({"Fn::Equals": [{"Ref": "Tasks"}, "3"]}, False),
        ({"Fn::Equals": [{"Ref": "Certificate"}, ""]}, None),
        ({"Fn::Equals": ["a"]}, None),
        ({"Fn::Not": [TRUE]}, False),
        ({"Fn::Not": [FALSE]}, True),
        ({"Fn::Not": [UNKNOWN]}, None),
        ({"Fn::Not": [TRUE, TRUE]}, None),
        ({"Fn::And": [TRUE, TRUE]}, True),
        ({"Fn::And": [TRUE, UNKNOWN]}, None),
        ({"Fn::And": [UNKNOWN, FALSE]}, False),
        ({"Fn::Or": [UNKNOWN, TRUE]}, True),
        ({"Fn::Or": [FALSE, UNKNOWN]}, None),
        ({"Fn::Or": [FALSE, FALSE]}, False),
        ({"Fn::Contains": [["1", "2"], {"Ref": "Tasks"}]}, True),
        ({"Fn::Contains": [["0", "1"], {"Ref": "Tasks"}]}, False),
        ({"Fn::Contains": ["2", {"Ref": "Tasks"}]}, None),
        ({"Fn::EachMemberIn": [{"Ref": "Zones"}, ["a", "b", "c"]]}, True),
        ({"Fn::EachMemberIn": [{"Ref": "Zones"}, ["a"]]}, False),
        ({"Fn::EachMemberIn": [{"Ref": "Zones"}, UNKNOWN]}, None),
        ({"Fn::EachMemberEquals": [["a", "a"], "a"]}, True),
        ({"Fn::EachMemberEquals": [{"Ref": "Zones"}, "a"]}, False),
        ({"Fn::EachMemberEquals": [{"Fn::ValueOf": ["Zones", "VpcId"]}, "a"]}, None),
        ({"Fn::ValueOfAll": ["AWS::EC2::VPC::Id", "Tags.x"]}, None),
        ({"Fn::If": ["x", TRUE, FALSE]}, None),
        ({"Fn::And": TRUE}, None),
        ({"Fn::And": [TRUE], "Fn::Or": [TRUE]}, None),
    ],
)
def test_an_expression_has_its_value_or_is_not_known_here(expression: object, value: object) -> None:
    assert value_of(expression) is value


RULES = {
    "Parameters": PARAMETERS,
    "Rules": {
        "ProductionIsSafe": {
            "RuleCondition": {"Fn::Equals": [{"Ref": "EnvironmentType"}, "production"]},
            "Assertions": [
                {
                    "Assert": {"Fn::Not": [{"Fn::Equals": [{"Ref": "Certificate"}, ""]}]},
                    "AssertDescription": "Production needs a certificate.",
                },
                {"Assert": {"Fn::Not": [{"Fn::Contains": [["0", "1"], {"Ref": "Tasks"}]}]}},
                {"Assert": {"Fn::Not": [{"Fn::Equals": [{"Ref": "Password"}, SECRET]}]}},
            ],
        }
    },
}


def test_a_rule_that_does_not_hold_says_its_sentence_and_the_values() -> None:
    assert relations(RULES, EnvironmentType="production", Certificate="", Tasks="1", Password=SECRET) == [
        (
            "params/dev.json:3: Rules.ProductionIsSafe: Production needs a certificate."
            ' (Certificate "", EnvironmentType "production")'
        ),
        (
            "params/dev.json:3: Rules.ProductionIsSafe: an assertion of the template does not hold"
            ' (Tasks "1", EnvironmentType "production")'
        ),
        (
            "params/dev.json:3: Rules.ProductionIsSafe: an assertion of the template does not hold"
            ' (Password the value (hidden: NoEcho), EnvironmentType "production")'
        ),
    ]


def test_a_rule_holds_by_its_condition_or_by_its_values() -> None:
    assert relations(RULES, EnvironmentType="staging", Certificate="", Tasks="1") == []
    assert relations(RULES, EnvironmentType="production", Certificate="arn", Tasks="2") == []


def test_a_rule_is_silent_about_values_that_have_a_fault_of_their_own() -> None:
    assert relations(RULES, EnvironmentType="production", Certificate="arn", Tasks="one") == []
    assert relations(RULES, EnvironmentType="production", Tasks="2") == []


def test_a_rule_that_breaks_by_defaults_points_at_the_file() -> None:
    rule: dict[str, Any] = {"Rules": {"R": {"Assertions": [{"Assert": {"Fn::Equals": [{"Ref": "Tasks"}, "3"]}}]}}}
    assert relations({"Parameters": PARAMETERS} | rule) == [
        'params/dev.json: Rules.R: an assertion of the template does not hold (Tasks "2" (the default))'
    ]
    rule = {"Rules": {"R": {"Assertions": [{"Assert": FALSE}]}}}
    assert relations({"Parameters": PARAMETERS} | rule) == [
        "params/dev.json: Rules.R: an assertion of the template does not hold"
    ]


@pytest.mark.parametrize(
    "rules",
    [[], {"R": 1}, {"R": {}}, {"R": {"Assertions": {}}}, {"R": {"Assertions": [1, {}, {"Assert": "text"}]}}],
)
def test_a_malformed_rule_is_left_to_the_linter(rules: object) -> None:
    assert relations({"Parameters": PARAMETERS, "Rules": rules}) == []


EXPRESSIONS: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.text(max_size=3) | st.sampled_from([{"Ref": name} for name in PARAMETERS]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["Fn::And", "Fn::Or", "Fn::Not", "Fn::Equals", "Fn::Contains", "Fn::EachMemberIn", "Ref"]),
            inner | st.lists(inner, max_size=3),
            max_size=2,
        )
    ),
)


@given(EXPRESSIONS)
def test_no_expression_is_fatal_and_a_double_negation_changes_nothing(expression: object) -> None:
    assert value_of({"Fn::Not": [{"Fn::Not": [expression]}]}) is value_of(expression)


PAIR = {
    "Parameters": {"MinimumTasks": {"Type": "Number", "Default": 2}, "MaximumTasks": {"Type": "Number", "Default": 4}}
}


@pytest.mark.parametrize(
    ("texts", "faults"),
    [
        ({}, []),
        ({"MinimumTasks": "4"}, []),
        (
            {"MinimumTasks": "10"},
            [
                (
                    'params/dev.json:3: Parameters.MinimumTasks: MinimumTasks "10" is above MaximumTasks "4" (the'
                    " default); raise the one or lower the other"
                )
            ],
        ),
        (
            {"MaximumTasks": "1"},
            [
                (
                    'params/dev.json:3: Parameters.MaximumTasks: MinimumTasks "2" (the default) is above MaximumTasks'
                    ' "1"; raise the one or lower the other'
                )
            ],
        ),
        ({"MinimumTasks": "x", "MaximumTasks": "1"}, []),
    ],
)
def test_a_minimum_is_not_above_its_maximum(texts: dict[str, str], faults: list[str]) -> None:
    assert relations(PAIR, **texts) == faults


@pytest.mark.parametrize(
    ("low", "high", "count"),
    [("MinSize", "MaxSize", 1), ("Minutes", "Maxutes", 1), ("MinSize", "MaxCount", 0), ("SizeMin", "SizeMax", 0)],
)
def test_pairs_are_found_by_their_names(low: str, high: str, count: int) -> None:
    template = {"Parameters": {low: {"Type": "String", "Default": "3"}, high: {"Type": "Number", "Default": 2.5}}}
    assert len(relations(template)) == count


def test_words_are_no_pair() -> None:
    template = {"Parameters": {name: {"Type": "String", "Default": name} for name in ("MinType", "MaxType")}}
    assert relations(template) == []


DIGEST = "0123456789abcdef" * 4
IMAGES = {
    "Parameters": {
        "EnvironmentType": {"Type": "String", "Default": "development"},
        "Image": {"Type": "String", "Default": "public.ecr.aws/nginx/nginx:stable"},
        "WorkerImage": {"Type": "String", "Default": ""},
        "BaseImage": {"Type": "AWS::EC2::Image::Id", "Default": "ami-01234567"},
        "ImageName": {"Type": "String", "Default": "x"},
    }
}


@pytest.mark.parametrize(
    ("texts", "keys"),
    [
        ({}, []),
        ({"EnvironmentType": "staging", "Image": "nginx:latest"}, []),
        ({"EnvironmentType": "production"}, ["Image"]),
        ({"EnvironmentType": "production", "Image": "nginx"}, ["Image"]),
        ({"EnvironmentType": "production", "Image": "nginx@sha256:12"}, ["Image"]),
        ({"EnvironmentType": "production", "Image": f"@sha256:{DIGEST}"}, ["Image"]),
        ({"EnvironmentType": "production", "Image": f"nginx:1@sha256:{DIGEST}"}, []),
        ({"EnvironmentType": "production", "Image": f"a/b@sha256:{DIGEST}", "WorkerImage": "b"}, ["WorkerImage"]),
    ],
)
def test_an_image_is_pinned_in_production(texts: dict[str, str], keys: list[str]) -> None:
    faults = check_relations(IMAGES, values(IMAGES["Parameters"], **texts))
    assert [fault.key for fault in faults] == [f"Parameters.{key}" for key in keys]
    assert all("write it with its digest: repository@sha256:<64 hexadecimal digits>" in str(fault) for fault in faults)


def test_nothing_is_asked_of_a_template_without_an_environment_type() -> None:
    assert relations({"Parameters": {"Image": {"Type": "String", "Default": "nginx"}}}) == []


@pytest.mark.parametrize(
    ("given_", "place", "shown"),
    [
        ({"EnvironmentSuffix": "prod"}, "params/dev.json:3", '"prod"'),
        ({}, "params/dev.json", '"demo" (the default)'),
    ],
    ids=["copied", "left out"],
)
def test_an_environment_does_not_take_the_name_of_another(given_: dict[str, str], place: str, shown: str) -> None:
    [fault] = check_relations(SUFFIXED, values(SUFFIXED["Parameters"], **given_), others=["demo", "prod"])
    assert str(fault) == (
        f"{place}: Parameters.EnvironmentSuffix: EnvironmentSuffix {shown} is another environment,"
        " and names and tags would be that one's; give this one its own"
    )


@pytest.mark.parametrize("suffix", ["dev", "blue"])
def test_any_other_suffix_is_an_environments_own(suffix: str) -> None:
    given_ = values(SUFFIXED["Parameters"], EnvironmentSuffix=suffix)
    assert check_relations(SUFFIXED, given_, others=["demo", "prod"]) == []
