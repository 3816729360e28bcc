"""Templates as files: JSON and YAML give the same value, and what is no template is said so."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from stackproof.template_files import read_template

if TYPE_CHECKING:
    from pathlib import Path

    from stackproof.errors import Fault

YAML = """
AWSTemplateFormatVersion: 2010-09-09
Parameters:
  Count: {Type: Number, Default: 2}
Conditions:
  Many: !Not [!Equals [!Ref Count, 1]]
  Few: !Not [{Condition: Many}]
Resources:
  Base: &base
    Type: AWS::SQS::Queue
    Properties: &properties
      QueueName: !Sub "${AWS::StackName}-queue"
      Tags:
        - {Key: role, Value: !Join ["-", [a, !Select [0, !GetAZs ""]]]}
  Other:
    <<: *base
    Condition: !Condition Many
    Metadata: *properties
  Topic:
    Type: AWS::SNS::Topic
    Properties:
      TopicName: !GetAtt Base.QueueName
      DisplayName: !GetAtt [Base, QueueName]
      Other: !Transform {Name: AWS::Include, Parameters: {Location: x}}
"""


def read(tmp_path: Path, text: str, name: str = "template.yaml") -> tuple[dict[str, Any] | None, list[str]]:
    path = tmp_path / name
    path.write_text(text)
    faults: list[Fault] = []
    found = read_template(path, name, faults)
    assert found is None or found[0] == text
    return found[1] if found else None, [str(fault) for fault in faults]


def test_short_forms_are_spelled_out_and_dates_stay_text(tmp_path: Path) -> None:
    template, faults = read(tmp_path, YAML)
    assert not faults
    assert template
    assert template["AWSTemplateFormatVersion"] == "2010-09-09"
    assert template["Conditions"]["Many"] == {"Fn::Not": [{"Fn::Equals": [{"Ref": "Count"}, 1]}]}
    base, other, topic = template["Resources"].values()
    assert base["Properties"] == {
        "QueueName": {"Fn::Sub": "${AWS::StackName}-queue"},
        "Tags": [
            {"Key": "role", "Value": {"Fn::Join": ["-", ["a", {"Fn::Select": [0, {"Fn::GetAZs": ""}]}]]}},
        ],
    }
    assert other == base | {"Condition": {"Condition": "Many"}, "Metadata": base["Properties"]}
    assert topic["Properties"] == {
        "TopicName": {"Fn::GetAtt": ["Base", "QueueName"]},
        "DisplayName": {"Fn::GetAtt": ["Base", "QueueName"]},
        "Other": {"Fn::Transform": {"Name": "AWS::Include", "Parameters": {"Location": "x"}}},
    }


def test_keys_are_the_text_that_they_are_written_as(tmp_path: Path) -> None:
    text = (
        "Mappings: {A: {012345678901: {on: yes}, 1: {~: null}}}\nResources: {2: {Type: x}}\nParameters: {3: {Type: y}}"
    )
    template, faults = read(tmp_path, text)
    assert not faults
    assert template == {
        "Mappings": {"A": {"012345678901": {"on": True}, "1": {"~": None}}},
        "Resources": {"2": {"Type": "x"}},
        "Parameters": {"3": {"Type": "y"}},
    }


@pytest.mark.parametrize("name", ["template.json", "template.template", "template.yml", "template"])
def test_json_is_read_whatever_the_file_is_called(tmp_path: Path, name: str) -> None:
    wanted = {"Resources": {"Queue": {"Type": "AWS::SQS::Queue", "Properties": {"DelaySeconds": 1.5}}}}
    assert read(tmp_path, json.dumps(wanted), name) == (wanted, [])


@pytest.mark.parametrize(
    ("name", "text", "messages"),
    [
        ("t.json", "", ["t.json: the file is empty; JSON was expected"]),
        (
            "t.json",
            "{",
            ["t.json:1: no valid JSON, column 2: Expecting property name enclosed in double quotes"],
        ),
        ("t.json", '{"a": 1,\n"a": 2}', ["t.json:2: a: is given more than once, on lines 1 and 2; keep one"]),
        ("t.json", "# comment\n[", ["t.json:2: no valid YAML, column 2: expected the node content, but found"]),
        ("t.yaml", "", ["t.yaml: is no template: CloudFormation wants an object with Resources"]),
        ("t.yaml", "just words", ["t.yaml: is no template: CloudFormation wants an object with Resources"]),
        ("t.yaml", "a: b: c", ["t.yaml:1: no valid YAML, column 5: mapping values are not allowed here"]),
        ("t.yaml", "a: !!python/name:os.system x", ["t.yaml:1: no valid YAML, column 4: could not determine a constr"]),
        ("t.yaml", "? [a]\n: b", ["t.yaml:1: no valid YAML, column 3: found unhashable key"]),
        ("t.yaml", "a: \x07", ["t.yaml: no valid YAML: unacceptable character #x0007: special characters are not"]),
        ("t.yaml", "a: !!int x", ["t.yaml: is YAML that no tool reads: nested too deeply, or with an impossible"]),
        ("t.yaml", "[" * 5000, ["t.yaml: is YAML that no tool reads: nested too deeply"]),
        ("t.yaml", "%YAML 2.0\n---\na", ["t.yaml:1: no valid YAML, column 1: found incompatible YAML document"]),
        ("t.yaml", "a: *b", ["t.yaml:1: no valid YAML, column 4: found undefined alias 'b'"]),
        (
            "t.yaml",
            "Resources:\n  A: {Type: x}\n  A: {Type: y}\n  B: [{k: 1, k: 2}]\n  C: &c [*c]",
            [
                't.yaml:3: "A": is given more than once here; keep one',
                't.yaml:4: "k": is given more than once here; keep one',
            ],
        ),
        (
            "t.json",
            '{"Resource": {}, "Parameters": []}',
            [
                "t.json: Resource: is no section of a template; there are AWSTemplateFormatVersion, Conditions,",
                "t.json: Resources: is missing or empty; a template has at least one resource",
                "t.json: Parameters: is no object; parameters are written by name",
            ],
        ),
        (
            "t.json",
            '{"Resources": {"A": {"type": "x"}, "Fn::ForEach::B": ["x", [], {}]}, "Parameters": {"P": {"Type": 1}}}',
            [
                't.json: Resources.A: is no resource: it wants a "Type" such as "AWS::S3::Bucket"',
                't.json: Parameters.P: is no parameter: it wants a "Type" such as "String"',
            ],
        ),
    ],
)
def test_what_is_no_template_is_said_at_once(tmp_path: Path, name: str, text: str, messages: list[str]) -> None:
    template, faults = read(tmp_path, text, name)
    assert template is None
    assert [fault[: len(message)] for fault, message in zip(faults, messages, strict=True)] == messages


def test_a_section_gets_the_nearest_name(tmp_path: Path) -> None:
    _, faults = read(tmp_path, '{"Resource": {"A": {"Type": "x"}}}', "t.json")
    assert faults[0].endswith(', Rules, Transform, did you mean "Resources"?')


def test_a_template_that_is_not_there(tmp_path: Path) -> None:
    faults: list[Fault] = []
    assert read_template(tmp_path / "t.json", "dist/t.json", faults) is None
    assert str(faults[0]) == "dist/t.json: there is no such file"


def test_a_macro_may_know_more_sections(tmp_path: Path) -> None:
    path = tmp_path / "sam.yaml"
    text = "Transform: AWS::Serverless-2016-10-31\nGlobals: {Function: {Timeout: 3}}\n"
    path.write_text(f"{text}Resources: {{F: {{Type: 'AWS::Serverless::Function'}}}}\n")
    faults: list[Fault] = []
    assert read_template(path, "sam.yaml", faults) is not None
    assert faults == []
