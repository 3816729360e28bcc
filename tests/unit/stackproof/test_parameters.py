"""One value against one parameter: accepted as it stands, or refused with a sentence that says what to write."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stackproof.documents import NumberText
from stackproof.parameters import (
    FORMATS,
    MAX_BYTES,
    Given,
    Parameter,
    check_missing,
    check_value,
    check_values,
    parameters_of,
)

ID = "0123456789abcdef0"


def parameter(type_: str = "String", **constraints: object) -> Parameter:
    return parameters_of({"Parameters": {"Name": {"Type": type_, **constraints}}})["Name"]


@pytest.mark.parametrize(
    ("type_", "value", "text"),
    [
        ("String", "", ""),
        ("String", " a b ", " a b "),
        ("String", "ação", "ação"),
        ("String", NumberText("1.10"), "1.10"),
        ("String", 7, "7"),
        ("String", 0.5, "0.5"),
        ("String", True, "true"),
        ("String", False, "false"),
        ("String", "{{resolve:ssm:/lms/image}}", "{{resolve:ssm:/lms/image}}"),
        ("String", "x" * MAX_BYTES, "x" * MAX_BYTES),
        ("Number", "2", "2"),
        ("Number", NumberText("-2.50"), "-2.50"),
        ("Number", "1e3", "1e3"),
        ("Number", ".5", ".5"),
        ("CommaDelimitedList", "", ""),
        ("CommaDelimitedList", [], ""),
        ("CommaDelimitedList", "a, b", "a, b"),
        ("CommaDelimitedList", ["a", True, NumberText("3")], "a,true,3"),
        ("List<Number>", "1, 2", "1, 2"),
        ("List<Number>", [NumberText("1"), "2"], "1,2"),
        ("List<AWS::EC2::Subnet::Id>", [f"subnet-{ID}", "subnet-01234567"], f"subnet-{ID},subnet-01234567"),
        ("AWS::EC2::VPC::Id", f"vpc-{ID}", f"vpc-{ID}"),
        ("AWS::EC2::SecurityGroup::Id", f"sg-{ID}", f"sg-{ID}"),
        ("AWS::EC2::SecurityGroup::GroupName", "my group", "my group"),
        ("AWS::EC2::Image::Id", f"ami-{ID}", f"ami-{ID}"),
        ("AWS::EC2::Instance::Id", f"i-{ID}", f"i-{ID}"),
        ("AWS::EC2::Volume::Id", f"vol-{ID}", f"vol-{ID}"),
        ("AWS::EC2::KeyPair::KeyName", "my key", "my key"),
        ("AWS::EC2::AvailabilityZone::Name", "sa-east-1a", "sa-east-1a"),
        ("AWS::EC2::AvailabilityZone::Name", "us-west-2-lax-1a", "us-west-2-lax-1a"),
        ("AWS::Route53::HostedZone::Id", "Z2FDTNDATAQYW2", "Z2FDTNDATAQYW2"),
        ("AWS::SSM::Parameter::Name", "/lms/image", "/lms/image"),
        ("AWS::SSM::Parameter::Value<String>", "/lms/image:3", "/lms/image:3"),
        ("AWS::SSM::Parameter::Value<List<AWS::EC2::Subnet::Id>>", "/lms/subnets", "/lms/subnets"),
        ("AWS::Something::New", "whatever", "whatever"),
    ],
)
def test_a_value_is_taken_as_it_is_meant(type_: str, value: object, text: str) -> None:
    assert check_value(parameter(type_), value) == (text, [])


@pytest.mark.parametrize(
    ("type_", "value", "problem"),
    [
        ("String", None, 'null is no value; write "" for a blank one'),
        ("String", {"a": 1}, "is an object; Name takes a String"),
        ("String", float("nan"), "NaN and Infinity are no values; write a number"),
        ("Number", float("-inf"), "NaN and Infinity are no values; write a number"),
        ("String", ["a"], "is an array, but Name is one String; write a text"),
        (
            "AWS::SSM::Parameter::Value<CommaDelimitedList>",
            ["/a"],
            "is an array, but Name is one AWS::SSM",
        ),
        ("CommaDelimitedList", [["a"]], "element 1: is an array in an array; Name takes a CommaDelimitedList"),
        ("CommaDelimitedList", ["a", {}], "element 2: is an object; Name takes a CommaDelimitedList"),
        (
            "CommaDelimitedList",
            ["a,b"],
            "element 1: holds a comma, at which CloudFormation would split it",
        ),
        ("String", "a\n", "holds the control character U+000A as its character 2; take it out"),
        ("String", "\0", "holds the control character U+0000 as its character 1; take it out"),
        ("String", "a\x85", "holds the control character U+0085 as its character 2; take it out"),
        ("String", "\ud800", "holds the control character U+D800 as its character 1; take it out"),
        ("CommaDelimitedList", ["a", "\t"], "holds the control character U+0009 as its character 3; take it out"),
        ("String", "é" * 2049, "has 4,098 bytes; CloudFormation takes at most 4,096"),
        ("CommaDelimitedList", ["x" * 2048] * 2, "has 4,097 bytes; CloudFormation takes at most 4,096"),
        ("Number", "", '"" is no Number; write a number such as 2 or 0.5'),
        ("Number", True, '"true" is no Number; write a number such as 2 or 0.5'),
        ("Number", " 2", '" 2" is no Number; write a number such as 2 or 0.5'),
        ("Number", "0x10", '"0x10" is no Number'),
        ("Number", "1_000", '"1_000" is no Number'),
        ("Number", "NaN", '"NaN" is no Number'),
        ("Number", "٣", '"٣" is no Number'),
        ("List<Number>", "1,,2", '"" is no Number'),
        ("List<Number>", ["1", "x"], 'element 2: "x" is no Number'),
        ("AWS::EC2::VPC::Id", "", '"" is no AWS::EC2::VPC::Id; it looks like vpc-0123456789abcdef0'),
        ("AWS::EC2::VPC::Id", f"subnet-{ID}", f'"subnet-{ID}" is no AWS::EC2::VPC::Id; it looks like vpc-'),
        ("AWS::EC2::Subnet::Id", "subnet-XYZ", '"subnet-XYZ" is no AWS::EC2::Subnet::Id; it looks like subnet-'),
        ("List<AWS::EC2::Subnet::Id>", [], '"" is no AWS::EC2::Subnet::Id; it looks like subnet-0123'),
        (
            "AWS::EC2::KeyPair::KeyName",
            "",
            '"" is no AWS::EC2::KeyPair::KeyName; a name has 1 to 255',
        ),
        (
            "AWS::EC2::AvailabilityZone::Name",
            "sa",
            '"sa" is no AWS::EC2::AvailabilityZone::Name; it looks like sa-',
        ),
        (
            "AWS::Route53::HostedZone::Id",
            "z2",
            '"z2" is no AWS::Route53::HostedZone::Id; it looks like Z2',
        ),
        (
            "AWS::SSM::Parameter::Value<String>",
            "",
            '"" is no AWS::SSM::Parameter::Name; it is the name',
        ),
    ],
)
def test_a_value_of_the_wrong_kind_is_refused(type_: str, value: object, problem: str) -> None:
    _, problems = check_value(parameter(type_), value)
    assert [found[: len(problem)] for found in problems] == [problem]


@pytest.mark.parametrize(
    ("type_", "constraints", "good", "bad", "problem"),
    [
        ("String", {"AllowedValues": ["a", "b"]}, "a", "c", '"c" is not allowed; allowed: a, b'),
        ("String", {"AllowedValues": ["", "yes"]}, "", "no", '"no" is not allowed; allowed: "", yes'),
        (
            "String",
            {"AllowedValues": ["production", "staging"]},
            "staging",
            "prodution",
            '"prodution" is not allowed; allowed: production, staging, did you mean "production"?',
        ),
        ("String", {"AllowedValues": [True, False]}, True, "yes", '"yes" is not allowed; allowed: true, false'),
        ("Number", {"AllowedValues": [256, 512]}, "256", "300", '"300" is not allowed; allowed: 256, 512'),
        ("CommaDelimitedList", {"AllowedValues": ["a", "b"]}, "a, b", "a,c", '"c" is not allowed; allowed: a, b'),
        ("String", {"AllowedPattern": "[a-z]*"}, "", "A", '"A" does not match [a-z]*'),
        (
            "String",
            {"AllowedPattern": "[a-z]+", "ConstraintDescription": "Lower case letters."},
            "abc",
            "abc1",
            '"abc1" does not match [a-z]+ (Lower case letters.)',
        ),
        ("String", {"AllowedPattern": r"\p{L}+"}, "abc", None, 'null is no value; write "" for a blank one'),
        ("CommaDelimitedList", {"AllowedPattern": "[a-z]"}, ["a", "b"], "a,B", '"B" does not match [a-z]'),
        (
            "AWS::SSM::Parameter::Value<String>",
            {"AllowedPattern": "/lms/.*"},
            "/lms/a",
            "/a",
            '"/a" does not match',
        ),
        ("Number", {"MinValue": 1}, "1", "0.5", '"0.5" is below the minimum of 1'),
        ("Number", {"MaxValue": 1000000}, "1000000", "1000001", '"1000001" is above the maximum of 1000000'),
        ("Number", {"MinValue": "0", "MaxValue": "1.5"}, "1.5", "-1", '"-1" is below the minimum of 0'),
        ("List<Number>", {"MaxValue": 5}, "1,5", "1,6", '"6" is above the maximum of 5'),
        ("Number", {"MinLength": 3, "AllowedPattern": "x"}, "1", "y", '"y" is no Number'),
        ("String", {"MinLength": 1}, "a", "", '"" has 0 characters; at least 1'),
        ("String", {"MaxLength": "2"}, "é1", "abc", '"abc" has 3 characters; at most 2'),
        ("CommaDelimitedList", {"MaxLength": 2}, "ab,cd,ef", "abc", '"abc" has 3 characters; at most 2'),
        ("String", {"MinLength": "x", "AllowedValues": "y"}, "anything", {}, "is an object; Name takes a String"),
    ],
)
def test_constraints_hold_for_the_value_or_each_element(
    type_: str, constraints: dict[str, Any], good: object, bad: object, problem: str
) -> None:
    checked = parameter(type_, **constraints)
    assert check_value(checked, good)[1] == []
    assert [found[: len(problem)] for found in check_value(checked, bad)[1]] == [problem]


def test_every_fault_of_a_list_is_found_at_once() -> None:
    subnets = parameter("List<AWS::EC2::Subnet::Id>")
    _, problems = check_value(subnets, ["subnet-1", None, "a,b", f"subnet-{ID}"])
    assert [problem.split(":")[0] for problem in problems] == ["element 1", "element 2", "element 3"]
    _, problems = check_value(parameter(AllowedPattern="[a-z]*", MaxLength=2), "ABC")
    assert problems == ['"ABC" does not match [a-z]*', '"ABC" has 3 characters; at most 2']


def test_a_long_list_of_allowed_values_is_cut() -> None:
    _, problems = check_value(parameter(AllowedValues=[f"v{number}" for number in range(30)]), "x")
    assert problems[0].endswith("v18, v19, … (30 in all)")


@pytest.mark.parametrize("no_echo", [True, "true", "True"])
@pytest.mark.parametrize(
    ("type_", "constraints"),
    [
        ("String", {"AllowedValues": ["hunter1", "hunter3"]}),
        ("String", {"AllowedPattern": "[A-Z]+"}),
        ("String", {"MinLength": 30}),
        ("String", {"MaxLength": 3}),
        ("Number", {}),
        ("AWS::EC2::VPC::Id", {}),
        ("CommaDelimitedList", {"MaxLength": 2}),
    ],
)
def test_a_hidden_value_is_never_repeated(no_echo: object, type_: str, constraints: dict[str, Any]) -> None:
    secret = parameter(type_, NoEcho=no_echo, **constraints)
    for value in ("hunter2", ["hunter2"]):
        _, problems = check_value(secret, value)
        assert problems
        assert "hunter2" not in " ".join(problems)
        assert "did you mean" not in " ".join(problems)


def test_hidden_numbers_and_strange_kinds_stay_hidden() -> None:
    assert check_value(parameter("Number", NoEcho="true", MinValue=9), "5")[1] == [
        "the value (hidden: NoEcho) is below the minimum of 9"
    ]
    assert "hunter2" not in str(check_value(parameter(NoEcho=True), {"hunter2": "hunter2"}))


def test_an_unknown_parameter_gets_the_nearest_name_and_its_value_is_not_repeated() -> None:
    known = parameters_of({"Parameters": {"MaximumTasks": {"Type": "Number"}, "Image": {"Type": "String"}}})
    values, faults = check_values(
        known,
        {
            "MaximumTask": Given("hunter2", "params/dev.json:3", "Parameters.MaximumTask"),
            "Zzz": Given("hunter2", "--set", "Zzz"),
            "Image": Given("nginx", "--set", "Image"),
        },
    )
    assert values == {"Image": "nginx"}
    assert [str(fault) for fault in faults] == [
        'params/dev.json:3: Parameters.MaximumTask: the template has no such parameter, did you mean "MaximumTasks"?',
        "--set: Zzz: the template has no such parameter; it has MaximumTasks, Image",
    ]
    _, faults = check_values({}, {"A": Given("", "--set", "A")})
    assert str(faults[0]) == "--set: A: the template has no such parameter; it has none"


def test_missing_parameters_say_what_they_take() -> None:
    known = parameters_of(
        {
            "Parameters": {
                "Given": {"Type": "String"},
                "Optional": {"Type": "String", "Default": ""},
                "Zones": {"Type": "Number", "AllowedValues": [2, 3]},
                "Tasks": {"Type": "Number", "MinValue": 1, "MaxValue": 10},
                "Arn": {"Type": "String", "AllowedPattern": "arn:.*", "ConstraintDescription": "An ARN."},
            }
        }
    )
    assert [str(fault) for fault in check_missing(known, {"Given"}, "params/dev.json")] == [
        "params/dev.json: Parameters.Zones: is missing and has no default; write one of 2, 3",
        "params/dev.json: Parameters.Tasks: is missing and has no default; write a Number from 1 to 10",
        "params/dev.json: Parameters.Arn: is missing and has no default; write a String that matches arn:.* (An ARN.)",
    ]


def test_null_names_the_default_as_a_way_out() -> None:
    _, problems = check_value(parameter(Default="x"), None)
    assert problems == [
        'null is no value; write "" for a blank one, or leave the key out to take the template\'s default'
    ]


def test_a_definition_without_a_type_is_left_to_the_linter() -> None:
    assert parameters_of({"Parameters": {"A": {"Default": "x"}, "B": "String", "C": {"Type": 7}}}) == {}
    assert parameters_of({}) == {}


@given(
    st.sampled_from(["String", "CommaDelimitedList", "List<Number>", "AWS::SSM::Parameter::Value<String>", *FORMATS]),
    st.text(max_size=20) | st.text(alphabet="0123456789,.-+e ", max_size=6),
)
def test_a_text_is_passed_unchanged_or_refused(type_: str, value: str) -> None:
    text, problems = check_value(parameter(type_), value)
    assert problems or text == value


@given(
    st.sampled_from(["String", "Number", "CommaDelimitedList", "List<AWS::EC2::VPC::Id>"]),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    ),
)
def test_any_json_value_is_a_text_or_a_sentence(type_: str, value: object) -> None:
    text, problems = check_value(parameter(type_), value)
    assert isinstance(text, str)
    assert all(problem.isprintable() for problem in problems)
