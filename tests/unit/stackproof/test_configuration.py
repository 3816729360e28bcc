"""A template configuration file as a whole: its sections, its tags, and everything wrong with it at once."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stackproof.configuration import Configuration, check_configuration, read_configuration
from stackproof.documents import Document, parse_json

if TYPE_CHECKING:
    from stackproof.errors import Fault

TEMPLATE: dict[str, Any] = {
    "Parameters": {
        "Image": {"Type": "String", "Default": "nginx"},
        "Command": {"Type": "CommaDelimitedList", "Default": ""},
        "MinimumTasks": {"Type": "Number", "Default": 2},
        "MaximumTasks": {"Type": "Number", "Default": 4},
        "Password": {"Type": "String", "NoEcho": True, "AllowedPattern": "[a-z]+"},
    },
    "Resources": {"Database": {"Type": "AWS::RDS::DBCluster"}},
}
POLICY = {"Statement": [{"Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*"}]}


def document(text: str) -> Document:
    faults: list[Fault] = []
    parsed = parse_json(text, "dev.json", faults)
    assert parsed
    assert not faults
    return parsed


def faults_of(value: object, template: dict[str, Any] | None = TEMPLATE, **settings: str) -> list[str]:
    """The faults of a file, written with a key on each line."""
    return [str(fault) for fault in read_configuration(document(json.dumps(value, indent=1)), template, settings)[1]]


def test_a_sound_file_gives_what_the_api_takes() -> None:
    written = {
        "Parameters": {"Password": "abc", "Image": True, "Command": ["run", 2], "MinimumTasks": 1},
        "Tags": {"team": "platform", "cost center": 12, "on": False, "ação": "é_.:/=+-@"},
        "StackPolicy": POLICY,
    }
    configuration, faults = read_configuration(document(json.dumps(written)), TEMPLATE, {"MaximumTasks": "9"})
    assert not faults
    assert configuration == Configuration(
        parameters={"Password": "abc", "Image": "true", "Command": "run,2", "MinimumTasks": "1", "MaximumTasks": "9"},
        tags={"team": "platform", "cost center": "12", "on": "false", "ação": "é_.:/=+-@"},
        stack_policy=POLICY,
    )


def test_sections_may_be_left_out() -> None:
    configuration, faults = read_configuration(document("{}"), TEMPLATE, {"Password": "abc"})
    assert not faults
    assert configuration == Configuration(parameters={"Password": "abc"})


def test_all_faults_come_in_one_answer_each_with_its_line() -> None:
    written = {
        "Parameters": {"Imag": "x", "MinimumTasks": 5, "Command": None},
        "tags": {},
        "Tags": {"aws:x": "1"},
        "StackPolicy": {"Statement": [POLICY["Statement"][0] | {"Resource": "LogicalResourceId/Databse"}]},
    }
    assert faults_of(written, MaximumTasks="x", Nope="y") == [
        'dev.json:7: tags: is no section of this file; there are Parameters, Tags, StackPolicy, did you mean "Tags"?',
        'dev.json:3: Parameters.Imag: the template has no such parameter, did you mean "Image"?',
        (
            'dev.json:5: Parameters.Command: null is no value; write "" for a blank one, or leave the key out to'
            " take the template's default"
        ),
        '--set: MaximumTasks: "x" is no Number; write a number such as 2 or 0.5',
        "--set: Nope: the template has no such parameter; it has Image, Command, MinimumTasks, MaximumTasks, Password",
        "dev.json: Parameters.Password: is missing and has no default; write a String that matches [a-z]+",
        "dev.json:9: Tags.aws:x: tags that begin with aws: are reserved for AWS; choose another key",
        (
            'dev.json:17: StackPolicy.Statement[0].Resource: "Databse" is no resource of the template, did you mean'
            ' "Database"?'
        ),
    ]


def test_a_setting_replaces_the_value_and_the_fault_of_the_file() -> None:
    written = {"Parameters": {"MinimumTasks": "x", "Password": "abc"}}
    assert faults_of(written, MinimumTasks="5") == [
        (
            '--set: MinimumTasks: MinimumTasks "5" is above MaximumTasks "4" (the default);'
            " raise the one or lower the other"
        )
    ]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([], "dev.json: is no object; write {"),
        ("text", "dev.json: is no object; write {"),
        (
            [{"ParameterKey": "Password", "ParameterValue": "hunter2"}],
            (
                "dev.json: is the list of ParameterKey and ParameterValue that the AWS CLI takes; write"
                ' {"Parameters": {"Name": "value"}, "Tags": {}, "StackPolicy": {}}; each section may be left out'
            ),
        ),
        (
            {"Parameters": [{"ParameterKey": "Password", "ParameterValue": "hunter2"}]},
            'dev.json:2: Parameters: is the list that the AWS CLI takes; write {"Name": "value", …}',
        ),
        (
            {"Parameters": {"Password": "abc"}, "Tags": [{"Key": "a", "Value": "b"}]},
            'dev.json:5: Tags: is the list that the AWS CLI takes; write {"Name": "value", …}',
        ),
        ({"Parameters": None}, "dev.json:2: Parameters: null is no value; leave the key out"),
        ({"Parameters": {"Password": "abc"}, "StackPolicy": "x"}, "dev.json:5: StackPolicy: is no object; write {…}"),
        (
            {"Parameters": {"Password": "abc"}, "StackPolicy": {}},
            "dev.json:5: StackPolicy.Statement: a stack policy has a list of statements here",
        ),
        (
            {"Parameters": {"Password": "abc"}, "Image": "x"},
            'dev.json:5: Image: is a parameter of the template; write it inside "Parameters": {…}',
        ),
    ],
)
def test_a_file_of_another_shape_is_answered_with_what_to_write(value: object, message: str) -> None:
    faults = faults_of(value)
    assert [fault[: len(message)] for fault in faults] == [message]
    assert "hunter2" not in faults[0]


@pytest.mark.parametrize(
    ("tags", "message"),
    [
        ({"AWS:x": "1"}, "Tags.AWS:x: tags that begin with aws: are reserved for AWS; choose another key"),
        ({"": "1"}, 'Tags."": a tag\'s key has 1 to 128 characters, this one 0'),
        ({"k" * 129: "1"}, f'Tags."{"k" * 79}…": a tag\'s key has 1 to 128 characters, this one 129'),
        ({"a": ""}, "Tags.a: a tag's value has 1 to 256 characters, this one 0"),
        ({"a": "v" * 257}, "Tags.a: a tag's value has 1 to 256 characters, this one 257"),
        ({"a": None}, "Tags.a: a tag's value is a text; write one in double quotes, or leave the tag out"),
        ({"a": ["b"]}, "Tags.a: a tag's value is a text; write one in double quotes, or leave the tag out"),
        ({"a": "b&c;d&"}, 'Tags.a: a tag\'s value takes letters, digits, spaces and _.:/=+-@; not "&;"'),
        ({"a#": "b"}, 'Tags."a#": a tag\'s key takes letters, digits, spaces and _.:/=+-@; not "#"'),
        ({"a": "b\n"}, 'Tags.a: a tag\'s value takes letters, digits, spaces and _.:/=+-@; not "\\n"'),
    ],
)
def test_a_tag_that_aws_refuses(tags: dict[str, Any], message: str) -> None:
    assert faults_of({"Parameters": {"Password": "abc"}, "Tags": tags}) == [f"dev.json:6: {message}"]


def test_a_stack_takes_fifty_tags() -> None:
    tags = {f"tag{number}": "x" for number in range(51)}
    assert faults_of({"Tags": tags}, Password="abc") == [  # noqa: S106 - no password of anything
        "dev.json:2: Tags: there are 51 tags; a stack takes at most 50"
    ]
    tags.popitem()
    assert faults_of({"Tags": tags}, Password="abc") == []  # noqa: S106 - no password of anything


def test_without_a_template_the_rest_is_still_checked() -> None:
    written = {
        "Parameters": {"Anything": None},
        "Tags": {"a": ""},
        "StackPolicy": {"Statement": [POLICY["Statement"][0] | {"Resource": "LogicalResourceId/Anything"}, 1]},
    }
    assert [fault.split(": ")[1] for fault in faults_of(written, None)] == ["Tags.a", "StackPolicy.Statement[1]"]


def test_without_a_file_the_settings_are_still_checked() -> None:
    _, faults = read_configuration(None, TEMPLATE, {"MinimumTasks": "x", "Imag": "y"})
    assert [str(fault).split(";")[0] for fault in faults] == [
        '--set: MinimumTasks: "x" is no Number',
        '--set: Imag: the template has no such parameter, did you mean "Image"?',
    ]
    assert read_configuration(None, None, {"MinimumTasks": "x"}) == (Configuration(), [])


@pytest.mark.parametrize("template", [TEMPLATE | {"Transform": "AWS::LanguageExtensions"}, {}])
def test_ids_of_resources_that_are_not_there_yet_are_not_checked(template: dict[str, Any]) -> None:
    policy = {"Statement": [POLICY["Statement"][0] | {"Resource": "LogicalResourceId/Made"}]}
    written = {"Parameters": {"Password": "abc"} if template else {}, "StackPolicy": policy}
    assert faults_of(written, template) == []


def test_a_value_that_was_parsed_elsewhere_is_checked_without_lines() -> None:
    faults = check_configuration(TEMPLATE, {"Parameters": {"MinimumTasks": 2.5, "MaximumTasks": 1}}, "params/dev.json")
    assert [str(fault) for fault in faults] == [
        "params/dev.json: Parameters.Password: is missing and has no default; write a String that matches [a-z]+",
        (
            'params/dev.json: Parameters.MinimumTasks: MinimumTasks "2.5" is above MaximumTasks "1"; raise the one or'
            " lower the other"
        ),
    ]


WORDS = ["Parameters", "Tags", "StackPolicy", "Statement", "Effect", "Action", "Resource", "Condition", "StringLike"]
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from(["*", "Update:*"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=3) | st.sampled_from([*WORDS, *TEMPLATE["Parameters"]]), inner, max_size=5)
    ),
    max_leaves=20,
)


@given(JSON | st.fixed_dictionaries({}, optional={"Parameters": JSON, "Tags": JSON, "StackPolicy": JSON}))
def test_any_json_document_is_taken_or_answered(value: object) -> None:
    text = json.dumps(value, indent=1)
    faults: list[Fault] = []
    parsed = parse_json(text, "dev.json", faults)
    assert parsed
    configuration, found = read_configuration(parsed, TEMPLATE, {})
    for fault in found:
        assert fault.where.startswith("dev.json")
        assert str(fault).isprintable()
    if not found:
        assert isinstance(value, dict)
        assert set(configuration.parameters) == set(value.get("Parameters", {}))
        assert all(isinstance(text, str) for text in [*configuration.parameters.values(), *configuration.tags.values()])


@given(st.text(max_size=30))
def test_a_text_passes_unchanged_or_is_refused_by_its_key(value: str) -> None:
    configuration, found = read_configuration(
        document(json.dumps({"Parameters": {"Image": value, "Password": "abc"}})), TEMPLATE, {}
    )
    if found:
        assert [fault.key for fault in found] == ["Parameters.Image"]
    else:
        assert configuration.parameters["Image"] == value
