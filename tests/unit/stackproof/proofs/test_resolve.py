"""From a template and its parameters to values: conditions folded, functions worked out, nothing ever raised."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stackproof.proofs.resolve import Stack, dotted, resolve
from stackproof.proofs.resolver import MAX_DEPTH, Resolver
from stackproof.proofs.values import Dynamic, Sym, Unknown, Value, equal, join, show

if TYPE_CHECKING:
    from collections.abc import Callable

    from stackproof.proofs.values import Path

REGION = "sa-east-1"
TEMPLATE: dict[str, Any] = {
    "Parameters": {
        "Suffix": {"Type": "String", "Default": "dev"},
        "Zones": {"Type": "String", "Default": "2", "AllowedValues": ["2", "3"]},
        "Ports": {"Type": "CommaDelimitedList", "Default": "80, 443"},
        "Words": {"Type": "CommaDelimitedList", "Default": ""},
        "Size": {"Type": "Number", "Default": 2},
        "Password": {"Type": "String", "NoEcho": True, "Default": ""},
        "Ami": {"Type": "AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>", "Default": "/aws/ami"},
        "SharedSubnets": {"Type": "List<AWS::EC2::Subnet::Id>"},
        "SharedVpc": {"Type": "AWS::EC2::VPC::Id"},
    },
    "Mappings": {"Sizes": {"small": {"cpu": "256", "zones": ["a", "b"]}}},
    "Conditions": {
        "Three": {"Fn::Equals": [{"Ref": "Zones"}, 3]},
        "Two": {"Fn::Not": [{"Condition": "Three"}]},
        "Both": {"Fn::And": [{"Condition": "Two"}, {"Fn::Equals": [{"Ref": "Suffix"}, "dev"]}]},
        "Either": {"Fn::Or": [{"Condition": "Three"}, {"Condition": "Both"}]},
        "HasPassword": {"Fn::Not": [{"Fn::Equals": [{"Ref": "Password"}, ""]}]},
        "InBrazil": {"Fn::Equals": [{"Ref": "AWS::Region"}, "sa-east-1"]},
    },
    "Resources": {
        "Vpc": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}},
        "Third": {"Type": "AWS::EC2::Subnet", "Condition": "Three", "Properties": {"VpcId": {"Ref": "Vpc"}}},
        "Subject": {"Type": "AWS::ECS::Service", "Properties": {}},
    },
}


def value(node: object, parameters: dict[str, object] | None = None, **pseudo: Any) -> Value:
    """A piece of a template as a property of the template above."""
    template = copy.deepcopy(TEMPLATE)
    template["Resources"]["Subject"]["Properties"]["It"] = node
    return resolve(template, parameters, **pseudo).resources["Subject"].properties.get("It", "(left out)")


def reason(node: object) -> str:
    found = value(node)
    assert isinstance(found, Unknown), found
    return found.reason


@pytest.mark.parametrize(
    ("node", "shown"),
    [
        ({"Ref": "Suffix"}, "dev"),
        ({"Ref": "Size"}, "2"),
        ({"Ref": "Ports"}, "[80, 443]"),
        ({"Ref": "Words"}, "[]"),
        ({"Ref": "Ami"}, "${ssm:/aws/ami}"),
        ({"Ref": "SharedVpc"}, "${SharedVpc}"),
        ({"Fn::Select": [1, {"Ref": "SharedSubnets"}]}, "${SharedSubnets.Ref[1]}"),
        ({"Ref": "Vpc"}, "${Vpc}"),
        ({"Fn::GetAtt": "Vpc.VpcId"}, "${Vpc}"),
        ({"Fn::GetAtt": ["Vpc", "DefaultSecurityGroup"]}, "${Vpc.DefaultSecurityGroup}"),
        ({"Fn::GetAtt": ["Subject", "A", "B"]}, "${Subject.A.B}"),
        ({"Fn::GetAtt": ["Subject", {"Ref": "Suffix"}]}, "${Subject.dev}"),
        ({"Fn::GetAtt": "Vpc.CidrBlock"}, "10.0.0.0/16"),
        ({"Fn::Sub": "a-${Suffix}-${!Literal}-${Vpc.CidrBlock}-${ Vpc }"}, "a-dev-${Literal}-10.0.0.0/16-${Vpc}"),
        ({"Fn::Sub": ["${Name}-${Suffix}", {"Name": {"Ref": "Vpc"}}]}, "${Vpc}-dev"),
        ({"Fn::Sub": "no placeholder, {not ${} either"}, "(unknown: nothing in the template is called )"),
        ({"Fn::Join": ["-", ["a", {"Ref": "Suffix"}, {"Ref": "AWS::NoValue"}]]}, "a-dev"),
        ({"Fn::Join": [",", {"Ref": "Ports"}]}, "80,443"),
        ({"Fn::Join": [",", {"Ref": "SharedSubnets"}]}, "${Fn::Join(,, ${SharedSubnets})}"),
        ({"Fn::Select": [0, {"Fn::GetAZs": ""}]}, "${availability zone 0}"),
        ({"Fn::FindInMap": ["Sizes", "small", "cpu"]}, "256"),
        ({"Fn::FindInMap": ["Sizes", "small", "zones"]}, "[a, b]"),
        ({"Fn::FindInMap": ["Sizes", "huge", "cpu", {"DefaultValue": {"Ref": "Suffix"}}]}, "dev"),
        ({"Fn::FindInMap": ["Sizes", {"Ref": "SharedVpc"}, "cpu"]}, "${Fn::FindInMap(Sizes, ${SharedVpc}, cpu)}"),
        ({"Fn::If": ["Three", "yes", "no"]}, "no"),
        ({"Fn::If": ["Three", "yes", {"Ref": "AWS::NoValue"}]}, "(left out)"),
        ({"Fn::If": ["InBrazil", "same", "same"]}, "same"),
        ({"Fn::If": ["InBrazil", {"Ref": "AWS::NoValue"}, {"Ref": "AWS::NoValue"}]}, "(left out)"),
        ({"Fn::Cidr": [{"Fn::GetAtt": "Vpc.CidrBlock"}, 1, 8]}, "[10.0.0.0/24]"),
        ({"Fn::Base64": "x"}, "eA=="),
        ({"Fn::ImportValue": {"Fn::Sub": "${Suffix}-vpc"}}, "${import:dev-vpc}"),
        ({"Fn::Length": {"Ref": "Ports"}}, "2"),
        ({"Fn::ToJsonString": {"a": [1]}}, '{"a":[1]}'),
        ({"Ref": {"Fn::Sub": "Suf${X}"}}, "(unknown: nothing in the template is called X)"),
        ({"Ref": {"Fn::Join": ["", ["Suf", "fix"]]}}, "dev"),
        ("{{resolve:ssm:/a}}", "{{resolve:ssm:/a}}"),
        ({"Ref": "AWS::Partition"}, "${AWS::Partition}"),
        ({"Ref": "AWS::NotificationARNs"}, "${AWS::NotificationARNs}"),
        ([{"Ref": "AWS::NoValue"}, 1, {"a": {"Ref": "AWS::NoValue"}}], "[1, {}]"),
    ],
)
def test_functions_are_worked_out_in_their_template(node: object, shown: str) -> None:
    assert show(value(node)) == shown


@pytest.mark.parametrize(
    ("node", "why"),
    [
        ({"Ref": 5}, "Ref takes a name"),
        ({"Ref": "Nobody"}, "nothing in the template is called Nobody"),
        ({"Ref": "Third"}, "Third is left out, since the condition Three is false"),
        ({"Fn::GetAtt": "Vpc"}, "Fn::GetAtt takes a resource and an attribute"),
        ({"Fn::GetAtt": ["Vpc", 5]}, "Fn::GetAtt takes a resource and an attribute"),
        ({"Fn::GetAtt": {}}, "Fn::GetAtt takes a resource and an attribute"),
        ({"Fn::GetAtt": [{"Ref": "Nobody"}, "Arn"]}, "nothing in the template is called Nobody"),
        ({"Fn::Sub": ["${X}"]}, "Fn::Sub takes text, or a list of text and an object"),
        ({"Fn::Sub": ["${X}", "Y"]}, "Fn::Sub takes text, or a list of text and an object"),
        ({"Fn::Sub": "${AWS::NoValue}"}, "Fn::Sub takes no AWS::NoValue"),
        ({"Fn::Sub": "${Ports}"}, "a list or an object stands where text is needed"),
        ({"Fn::Join": "x"}, "Fn::Join takes a list of 2"),
        ({"Fn::Join": ["-", [{"Ref": "Nobody"}]]}, "nothing in the template is called Nobody"),
        ({"Fn::Select": [0, {"Ref": "Nobody"}]}, "nothing in the template is called Nobody"),
        ({"Fn::Cidr": ["10.0.0.0/16"]}, "Fn::Cidr takes a list of 2 or 3"),
        ({"Fn::Base64": {"Ref": "Nobody"}}, "nothing in the template is called Nobody"),
        ({"Fn::GetAZs": []}, "Fn::GetAZs takes a region"),
        ({"Fn::GetAZs": {"Ref": "Nobody"}}, "nothing in the template is called Nobody"),
        ({"Fn::FindInMap": ["Sizes", "small"]}, "Fn::FindInMap takes a map and two keys"),
        ({"Fn::FindInMap": ["Sizes", "huge", "cpu"]}, "no mapping holds Sizes / huge / cpu"),
        ({"Fn::FindInMap": ["Sizes", "huge", "cpu", "x"]}, "no mapping holds Sizes / huge / cpu"),
        ({"Fn::FindInMap": ["Sizes", {"Ref": "Nobody"}, "cpu"]}, "nothing in the template is called Nobody"),
        ({"Fn::If": ["Three", "yes"]}, "Fn::If takes a condition and two values"),
        ({"Fn::If": ["Nobody", 1, 2]}, "the condition Nobody cannot be decided from the parameters"),
        (
            {"Fn::If": ["InBrazil", 1, {"Ref": "AWS::NoValue"}]},
            "the condition InBrazil cannot be decided from the parameters",
        ),
        ({"Fn::If": ["InBrazil", 1, 2]}, "the condition InBrazil cannot be decided from the parameters"),
        ({"Fn::Transform": {"Name": "AWS::Include"}}, "a macro rewrites it (Fn::Transform)"),
        ({"Fn::Transform": {"Name": "AWS::Include"}, "A": 1}, "a macro rewrites it (Fn::Transform)"),
        ({"Fn::ForEach::Each": ["X", ["a"], {}]}, "a loop makes it (Fn::ForEach)"),
        ({"Fn::And": []}, "Fn::And cannot stand there, or is not modelled"),
        ({5: "x"}, "5 cannot stand there, or is not modelled"),
        (b"bytes", "bytes is no JSON"),
    ],
)
def test_what_cannot_be_worked_out_gets_a_reason(node: object, why: str) -> None:
    assert reason(node) == why


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"Fn::Sub": "lms-${Suffix}"}, {"Fn::Join": ["-", ["lms", {"Ref": "Suffix"}]]}),
        (
            {"Fn::Sub": "${Vpc}/${Vpc.DefaultSecurityGroup}"},
            {"Fn::Join": ["/", [{"Ref": "Vpc"}, {"Fn::GetAtt": ["Vpc", "DefaultSecurityGroup"]}]]},
        ),
        ({"Ref": "Vpc"}, {"Fn::GetAtt": ["Vpc", "VpcId"]}),
        ({"Ref": "Vpc"}, {"Fn::Sub": "${Vpc}"}),
        ({"Fn::GetAtt": "Vpc.DefaultNetworkAcl"}, {"Fn::GetAtt": ["Vpc", "DefaultNetworkAcl"]}),
        (80, "80"),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        ([1], {"Fn::If": ["Two", [1], [2]]}),
        ([1], [1, {"Ref": "AWS::NoValue"}]),
        ({"a": 1}, {"a": 1, "b": {"Fn::If": ["Three", 2, {"Ref": "AWS::NoValue"}]}}),
        ("80", {"Fn::Select": [0, {"Fn::Split": [",", "80,443"]}]}),
        ("256", {"Fn::FindInMap": ["Sizes", "small", "cpu"]}),
        ({"Fn::Select": [0, {"Fn::GetAZs": ""}]}, {"Fn::Select": ["0", {"Fn::GetAZs": {"Ref": "AWS::Region"}}]}),
        ({"Ref": "AWS::NoValue"}, {"Fn::If": ["Three", 1, {"Ref": "AWS::NoValue"}]}),
    ],
)
def test_another_spelling_of_the_same_is_the_same(one: object, other: object) -> None:
    assert equal(value(one), value(other)) is True
    assert equal(value([one]), value([other])) is True


def test_zones_are_distinct_by_position() -> None:
    first, second = ({"Fn::Select": [index, {"Fn::GetAZs": ""}]} for index in (0, 1))
    assert equal(value(first), value(second)) is False
    assert equal(value(first), value({"Fn::Select": [1, {"Fn::GetAZs": "us-east-1"}]})) is None


@pytest.mark.parametrize(
    ("region", "partition", "suffix"),
    [
        ("sa-east-1", "aws", "amazonaws.com"),
        ("cn-north-1", "aws-cn", "amazonaws.com.cn"),
        ("us-gov-west-1", "aws-us-gov", "amazonaws.com"),
    ],
)
def test_pseudo_parameters_are_literal_where_they_are_given(region: str, partition: str, suffix: str) -> None:
    node = {"Fn::Sub": "${AWS::Partition} ${AWS::Region} ${AWS::AccountId} ${AWS::StackName} ${AWS::URLSuffix}"}
    found = value(node, region=region, account="123456789012", stack_name="lms-dev")
    assert found == f"{partition} {region} 123456789012 lms-dev {suffix}"
    stack = resolve({"Resources": {}}, region=region)
    assert (stack.partition, stack.region) == (partition, region)
    assert show(stack.account) == "${AWS::AccountId}"


def test_the_stack_id_is_an_arn() -> None:
    found = value({"Ref": "AWS::StackId"}, region=REGION, account="123456789012", stack_name="lms")
    assert show(found) == "arn:aws:cloudformation:sa-east-1:123456789012:stack/lms/${AWS::StackId.unique part}"


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
    monkeypatch.setattr("stackproof.proofs.resolver.MAX_WORK", 5)
    found = Resolver({}, {}).known([[], [], [], [], [], []])
    assert "the template is too large to be worked out" in show(found)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(
        ["A", "B", "${A}", "${A.Arn}", "AWS::NoValue", "AWS::Region", "{{resolve:ssm:x}}", "A.Arn", "C", ""]
    ),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    "Ref",
                    "Fn::GetAtt",
                    "Fn::Sub",
                    "Fn::Join",
                    "Fn::Select",
                    "Fn::Split",
                    "Fn::FindInMap",
                    "Fn::If",
                    "Fn::Cidr",
                    "Fn::GetAZs",
                    "Fn::Base64",
                    "Fn::ImportValue",
                    "Fn::Transform",
                    "Fn::Length",
                    "Fn::ToJsonString",
                    "Fn::And",
                    "Fn::Not",
                    "Fn::Or",
                    "Fn::Equals",
                    "Condition",
                    "Type",
                    "Properties",
                    "A",
                    "B",
                    "Default",
                    "DependsOn",
                ]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=25,
)
SECTIONS = ["Parameters", "Mappings", "Conditions", "Resources", "Outputs", "Transform", "Rules", "Metadata"]
TEMPLATES = JSON | st.dictionaries(
    st.sampled_from(SECTIONS), JSON | st.dictionaries(st.sampled_from(["A", "B", "C"]), JSON, max_size=3)
)


@given(TEMPLATES, st.none() | st.dictionaries(st.sampled_from(["A", "B"]), JSON))
def test_no_json_ever_raises(template: object, parameters: dict[str, object] | None) -> None:
    stack = resolve(template, parameters)
    assert isinstance(stack, Stack)
    for resource in stack.resources.values():
        assert isinstance(show(resource.properties), str)
    assert all(note.reason for note in stack.notes)
