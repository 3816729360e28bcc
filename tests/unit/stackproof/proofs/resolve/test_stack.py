"""From a template and its parameters to values: conditions folded, functions worked out, nothing ever raised."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stackproof.proofs.equality import equal
from stackproof.proofs.resolve.resolver import MAX_DEPTH, Resolver
from stackproof.proofs.resolve.stack import Stack, dotted, resolve
from stackproof.proofs.values import Dynamic, Sym, Unknown, Value, join, show
from tests.unit.stackproof.proofs.anything import JSON, TEMPLATES
from tests.unit.stackproof.proofs.resolve_support import TEMPLATE, value

if TYPE_CHECKING:
    from collections.abc import Callable

    from stackproof.proofs.values import Path


@pytest.mark.parametrize(
    ("name", "given", "found"),
    [
        ("Suffix", "prod", "prod"),
        ("Size", 4, "4"),
        ("Ports", ["1", 2], ["1", "2"]),
        ("Ports", "1,2", ["1", "2"]),
        ("Ports", [["x"]], ["['x']"]),
        ("Words", None, [""]),
        ("Suffix", True, "true"),
        ("Ami", None, Sym("/aws/ami", kind="ssm")),
        ("SharedVpc", None, Sym("SharedVpc", kind="parameter")),
        ("SharedSubnets", None, Sym("SharedSubnets", kind="parameter", many=True)),
        ("Suffix", "{{resolve:ssm:/x}}", Dynamic("ssm", "/x")),
        ("Password", "", ""),
    ],
)
def test_parameters_take_what_parameter_files_hold(name: str, given: object, found: Value) -> None:
    assert resolve(TEMPLATE, {name: given}).parameters[name] == found


def test_a_parameter_that_is_an_object_is_unknown() -> None:
    found = resolve(TEMPLATE, {"Suffix": {}}).parameters["Suffix"]
    assert isinstance(found, Unknown)
    assert found.reason == "the value of the parameter Suffix is neither text nor number"


def test_a_secret_never_shows_and_still_has_identity() -> None:
    one, same, other = (resolve(TEMPLATE, {"Password": text}) for text in ("hunter2", "hunter2", "hunter3"))
    assert "hunter2" not in repr(one.parameters["Password"]) + show(one.parameters["Password"])
    assert equal(one.parameters["Password"], same.parameters["Password"]) is True
    assert equal(one.parameters["Password"], other.parameters["Password"]) is False
    assert one.conditions["HasPassword"] is True
    assert resolve(TEMPLATE).conditions["HasPassword"] is False


@pytest.mark.parametrize(
    ("zones", "conditions"),
    [
        ("2", {"Three": False, "Two": True, "Both": True, "Either": True, "InBrazil": None}),
        ("3", {"Three": True, "Two": False, "Both": False, "Either": True, "InBrazil": None}),
    ],
)
def test_conditions_fold(zones: str, conditions: dict[str, bool | None]) -> None:
    found = resolve(TEMPLATE, {"Zones": zones})
    assert {name: found.conditions[name] for name in conditions} == conditions
    assert ("Third" in found.resources) is (zones == "3")
    assert ("Third" in found.absent) is (zones == "2")


@pytest.mark.parametrize(
    "node",
    [
        {"Condition": "Itself"},
        {"Fn::And": [{"Condition": "Itself"}, {"Condition": "Itself"}]},
        {"Fn::Equals": [1]},
        {"Fn::Equals": "x"},
        {"Fn::Not": []},
        {"Fn::Not": [{"Fn::Equals": [{"Ref": "AWS::Region"}, "x"]}]},
        {"Fn::Not": [{}, {}]},
        {"Fn::Or": [{"Fn::Equals": [{"Ref": "AWS::Region"}, "x"]}, {"Fn::Equals": [1, 2]}]},
        {"Fn::Whatever": [{}]},
        {"Fn::And": [], "Fn::Or": []},
        "text",
        None,
    ],
)
def test_a_condition_that_makes_no_sense_is_not_decided(node: object) -> None:
    stack = resolve({"Conditions": {"Itself": node}, "Resources": {"It": {"Type": "X", "Condition": "Itself"}}})
    assert stack.conditions == {"Itself": None}
    assert not stack.resources["It"].certain


def test_outputs_follow_their_condition() -> None:
    outputs = {
        "Yes": {"Condition": "Two", "Value": {"Ref": "Vpc"}, "Export": {"Name": {"Fn::Sub": "${AWS::StackName}-Yes"}}},
        "No": {"Condition": "Three", "Value": "x"},
        "Bad": "text",
    }
    stack = resolve({**TEMPLATE, "Outputs": outputs}, stack_name="lms")
    assert set(stack.outputs) == {"Yes", "Bad"}
    assert stack.outputs["Yes"].value == Sym("Vpc")
    assert stack.outputs["Yes"].export == "lms-Yes"
    assert isinstance(stack.outputs["Bad"].value, Unknown)


def test_a_resource_brings_all_that_stands_beside_its_properties() -> None:
    body = {
        "Type": "AWS::RDS::DBCluster",
        "DependsOn": "Vpc",
        "DeletionPolicy": "Snapshot",
        "UpdateReplacePolicy": {"Fn::If": ["Two", "Retain", "Delete"]},
        "UpdatePolicy": {"A": 1},
        "CreationPolicy": {"B": 2},
        "Metadata": {"C": {"Ref": "Suffix"}},
        "Condition": "Two",
    }
    template = {**TEMPLATE, "Resources": {**TEMPLATE["Resources"], "Database": body}}
    found = resolve(template).resources["Database"]
    assert found.depends_on == ("Vpc",)
    assert (found.deletion_policy, found.update_replace_policy) == ("Snapshot", "Retain")
    assert (found.update_policy, found.creation_policy, found.metadata) == ({"A": 1}, {"B": 2}, {"C": "dev"})
    assert (found.condition, found.certain, found.unknown, found.properties) == ("Two", True, None, {})


def test_values_know_where_they_come_from() -> None:
    subnets = [{"Fn::If": ["Three", "c", {"Ref": "AWS::NoValue"}]}, "a", {"Fn::If": ["Two", {"x": 1}, "b"]}]
    template = {**TEMPLATE, "Resources": {"It": {"Type": "X", "Properties": {"Subnets": subnets}}}}
    stack = resolve(template)

    def source(*path: str | int) -> Path:
        return stack.source("It", ("Properties", *path))

    assert stack.resources["It"].properties == {"Subnets": ["a", {"x": 1}]}
    start = ("Resources", "It", "Properties", "Subnets")
    assert source("Subnets") == start
    assert source("Subnets", 0) == (*start, 1)
    assert source("Subnets", 1, "x") == (*start, 2, "Fn::If", 1, "x")
    assert dotted(source("Subnets", 0)) == "Resources.It.Properties.Subnets.1"
    assert source("Subnets", 5) == (*start, 5), "there is none, and none is left out behind the last"


def test_an_item_that_is_not_there_comes_from_where_it_is_left_out() -> None:
    third = {"Fn::If": ["Three", {"x": 1}, {"Ref": "AWS::NoValue"}]}
    template = {**TEMPLATE, "Resources": {"It": {"Type": "X", "Properties": {"Subnets": ["a", third, third]}}}}
    start = ("Resources", "It", "Properties", "Subnets")
    without, with_it = resolve(template), resolve(template, {"Zones": "3"})
    assert without.source("It", ("Properties", "Subnets", 1, "x")) == (*start, 1, "Fn::If", 2, "x")
    assert without.source("It", ("Properties", "Subnets", 2)) == (*start, 2, "Fn::If", 2)
    assert with_it.source("It", ("Properties", "Subnets", 1, "x")) == (*start, 1, "Fn::If", 1, "x")


def test_what_a_function_makes_comes_from_the_function_as_a_whole() -> None:
    """Not from the branch that one of its arguments takes: another text around it is another value."""
    made = {"Fn::Sub": ["lms-${End}", {"End": {"Fn::If": ["Three", "three", "two"]}}]}
    undecided = {"Fn::If": ["Nobody", "a", "b"]}
    template = {**TEMPLATE, "Resources": {"It": {"Type": "X", "Properties": {"Name": made, "Other": undecided}}}}
    stack = resolve(template)
    for name in ("Name", "Other"):
        assert stack.source("It", ("Properties", name)) == ("Resources", "It", "Properties", name)
    assert stack.source("Nobody", ("Properties", 0)) == ("Resources", "Nobody", "Properties", 0)


def test_resources_are_found_by_type_and_by_reference() -> None:
    stack = resolve(TEMPLATE, {"Zones": "3"})
    assert [found.logical_id for found in stack.of_type("AWS::EC2::Subnet", "AWS::EC2::VPC")] == ["Third", "Vpc"]
    assert stack.of_type("AWS::S3::Bucket") == []
    assert stack.target(stack.resources["Third"].properties["VpcId"]) is stack.resources["Vpc"]
    for nothing in ("Vpc", Sym("SharedVpc", kind="parameter"), join("a", Sym("Vpc")), None):
        assert stack.target(nothing) is None


def test_an_attribute_that_gives_back_a_property_may_go_round_in_a_circle() -> None:
    vpc = {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": {"Fn::GetAtt": "Vpc.CidrBlock"}}}
    other = {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": {"Ref": "Nobody"}}}
    user = {"Type": "X", "Properties": {"A": {"Fn::GetAtt": "Other.CidrBlock"}}}
    stack = resolve({"Resources": {"Vpc": vpc, "Other": other, "User": user}})
    assert show(stack.resources["Vpc"].properties["CidrBlock"]) == "${Vpc.CidrBlock}"
    assert show(stack.resources["User"].properties["A"]) == "${Other.CidrBlock}"


@pytest.mark.parametrize(
    ("template", "notes"),
    [
        (None, [((), "the template is no object")]),
        ("text", [((), "the template is no object")]),
        ({}, []),
        ({"Resources": []}, [(("Resources",), "it is no object")]),
        ({"Parameters": 5}, [(("Parameters",), "it is no object")]),
        ({"Resources": {"A": 1}}, [(("Resources", "A"), "it is no object")]),
        ({"Resources": {"A": {}}}, [(("Resources", "A"), "it has no Type")]),
        (
            {"Resources": {"Fn::ForEach::X": []}},
            [(("Resources", "Fn::ForEach::X"), "a macro or a loop makes these resources")],
        ),
        ({"Resources": {"A": {"Type": "X", "Properties": []}}}, [(("Resources", "A"), "its Properties are no object")]),
        (
            {"Resources": {"A": {"Type": "X", "Properties": {"Fn::Transform": {}}}}},
            [(("Resources", "A"), "a macro rewrites it (Fn::Transform)")],
        ),
        (
            {"Transform": "AWS::Serverless-2016-10-31"},
            [(("Transform",), "the macro AWS::Serverless-2016-10-31 may rewrite it")],
        ),
        (
            {"Transform": ["AWS::LanguageExtensions", {"Name": "Mine"}, {}]},
            [(("Transform",), "the macro Mine may rewrite it"), (("Transform",), "the macro ? may rewrite it")],
        ),
    ],
)
def test_what_is_not_analysed_is_noted(template: object, notes: list[tuple[Path, str]]) -> None:
    assert [(note.path, note.reason) for note in resolve(template).notes] == notes


def test_what_may_rewrite_a_template_is_named() -> None:
    assert resolve({"Transform": "AWS::LanguageExtensions"}).rewritten == ""
    assert (
        resolve({"Transform": ["A"], "Resources": {"Fn::ForEach::X": []}}).rewritten == "the macro A or Fn::ForEach::X"
    )


def nested(depth: int, wrap: Callable[[object], object] = lambda inner: [inner]) -> object:
    node: object = "x"
    for _ in range(depth):
        node = wrap(node)
    return node


def test_depth_has_a_limit() -> None:
    assert "nested deeper than 200 levels" in show(value(nested(MAX_DEPTH + 5)))
    assert "nested deeper than 200 levels" in show(value(nested(MAX_DEPTH + 5, lambda inner: {"In": inner})))
    assert "nested deeper" not in show(value(nested(100)))
    node: object = {"Fn::Equals": [1, 1]}
    for _ in range(MAX_DEPTH):
        node = {"Fn::Not": [node]}
    assert resolve({"Conditions": {"Deep": node}}).conditions == {"Deep": None}


def test_work_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stackproof.proofs.resolve.resolver.MAX_WORK", 5)
    found = Resolver({}, {}).known([[], [], [], [], [], []])
    assert "the template is too large to be worked out" in show(found)


@given(TEMPLATES, st.none() | st.dictionaries(st.sampled_from(["A", "B"]), JSON))
def test_no_json_ever_raises(template: object, parameters: dict[str, object] | None) -> None:
    stack = resolve(template, parameters)
    assert isinstance(stack, Stack)
    for resource in stack.resources.values():
        assert isinstance(show(resource.properties), str)
    assert all(note.reason for note in stack.notes)
