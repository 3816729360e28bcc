"""What a piece of a template is worth: functions worked out, or a reason why not."""

from __future__ import annotations

import pytest

from stackproof.proofs.equality import equal
from stackproof.proofs.resolve.stack import resolve
from stackproof.proofs.values import show
from tests.unit.stackproof.proofs.resolve_support import REGION, reason, value


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
