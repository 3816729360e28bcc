"""Why something would change, and how a replacement is carried on to what refers to it."""

from __future__ import annotations

import json

import pytest

from stackproof.proofs.diff import diff
from stackproof.proofs.resolve.stack import resolve
from tests.unit.stackproof.proofs.diff_support import CACHE, FILES, NETWORK, because, changes, edited, of

# Causes


PARAMETERS = {
    "Cidr": {"Type": "String", "Default": "10.0.0.0/16"},
    "Zones": {"Type": "String", "Default": "2"},
    "Unused": {"Type": "String", "Default": "x"},
}
CONDITIONS = {
    "Three": {"Fn::Equals": [{"Ref": "Zones"}, "3"]},
    "Thrice": {"Fn::And": [{"Condition": "Three"}, {"Condition": "Three"}]},
}


@pytest.mark.parametrize(
    ("node", "by"),
    [
        ({"Ref": "Cidr"}, "parameter Cidr"),
        ({"Fn::Sub": "${Cidr}"}, "parameter Cidr"),
        ({"Fn::Join": ["", [{"Ref": "Cidr"}]]}, "parameter Cidr"),
        ({"Fn::If": ["Thrice", "10.0.0.0/20", "10.0.0.0/16"]}, "parameter Zones"),
        ({"Fn::GetAtt": "Vpc.CidrBlock"}, "attribute Vpc.CidrBlock"),
        ({"Fn::FindInMap": ["Blocks", {"Ref": "Zones"}, "block"]}, "parameter Zones"),
    ],
)
def test_a_value_written_alike_is_changed_by_a_parameter_or_an_attribute(node: object, by: str) -> None:
    sections = {
        "Parameters": PARAMETERS,
        "Conditions": CONDITIONS,
        "Mappings": {"Blocks": {"2": {"block": "10.0.0.0/20"}, "3": {"block": "10.0.0.0/22"}}},
    }
    resources = {
        "Vpc": of("AWS::EC2::VPC", CidrBlock={"Ref": "Cidr"}),
        "Subnet": of("AWS::EC2::Subnet", CidrBlock=node),
    }
    given = {"Cidr": "10.1.0.0/16", "Zones": "3", "Unused": "y"}
    found = changes(resources, resources, None, given, **sections)
    assert because(found["Subnet"]) == [("/Properties/CidrBlock", by)]
    assert found["Subnet"].action == "replace"
    assert changes(resources, resources, None, {"Unused": "y"}, **sections) == {}


def test_a_list_that_a_condition_lengthens_names_the_parameter() -> None:
    subnets = ["a", {"Fn::If": ["Three", "b", {"Ref": "AWS::NoValue"}]}, "c"]
    resources = {"It": of("AWS::ElasticLoadBalancingV2::LoadBalancer", Subnets=subnets)}
    sections = {"Parameters": PARAMETERS, "Conditions": CONDITIONS}
    found = changes(resources, resources, {"Zones": 2}, {"Zones": 3}, **sections)["It"]
    assert because(found) == [("/Properties/Subnets/1", "parameter Zones")]
    found = changes(resources, resources, {"Zones": 3}, {"Zones": 2}, **sections)["It"]
    assert because(found) == [("/Properties/Subnets/1", "parameter Zones")]


def test_a_value_that_moved_up_names_its_own_parameter() -> None:
    """The item behind one that a condition leaves out, and a branch around it."""
    gone = {"Fn::If": ["Three", "b", {"Ref": "AWS::NoValue"}]}
    subnets = [gone, {"Ref": "Cidr"}, {"Fn::If": ["Three", 1, {"Ref": "Unused"}]}]
    resources = {"It": of("AWS::ElasticLoadBalancingV2::LoadBalancer", Subnets=subnets)}
    sections = {"Parameters": PARAMETERS, "Conditions": CONDITIONS}
    found = changes(resources, resources, None, {"Cidr": "x", "Unused": "y"}, **sections)["It"]
    assert because(found) == [
        ("/Properties/Subnets/0", "parameter Cidr"),
        ("/Properties/Subnets/1", "parameter Unused"),
    ]


def test_a_changed_condition_is_part_of_the_template() -> None:
    resources = {"It": of("AWS::SNS::Topic", DisplayName={"Fn::If": ["C", "a", "b"]})}
    one, other = (
        resolve({"Resources": resources, "Conditions": {"C": {"Fn::Equals": [1, number]}}}) for number in (1, 2)
    )
    (found,) = diff(one, other).changes
    assert because(found) == [("/Properties/DisplayName", "template")]


def test_a_mapping_is_part_of_the_template() -> None:
    resources = {"It": of("AWS::EC2::VPC", CidrBlock={"Fn::FindInMap": ["M", "a", "b"]})}
    one, other = ({"Resources": resources, "Mappings": {"M": {"a": {"b": f"10.{n}.0.0/16"}}}} for n in (0, 1))
    (found,) = diff(resolve(one), resolve(other)).changes
    assert because(found) == [("/Properties/CidrBlock", "template")]


def test_a_region_is_a_cause_like_a_parameter() -> None:
    resources = {"It": of("AWS::SNS::Topic", DisplayName={"Ref": "AWS::Region"})}
    old, new = (resolve({"Resources": resources}, region=region) for region in ("sa-east-1", "us-east-1"))
    (found,) = diff(old, new).changes
    assert because(found) == [("/Properties/DisplayName", "parameter AWS::Region")]


def test_a_secret_that_changes_is_a_change_without_its_value() -> None:
    parameters = {"Password": {"Type": "String", "NoEcho": True}}
    resources = {"It": of("AWS::RDS::DBInstance", MasterUserPassword={"Ref": "Password"})}
    one, other = {"Password": "hunter2"}, {"Password": "hunter3"}
    assert changes(resources, resources, one, one, Parameters=parameters) == {}
    found = changes(resources, resources, one, other, Parameters=parameters)["It"]
    assert because(found) == [("/Properties/MasterUserPassword", "parameter Password")]
    assert "hunter" not in json.dumps(found.as_json()) + repr(found)


def test_resources_come_and_go_with_their_condition() -> None:
    resources = {"It": {**of("AWS::SNS::Topic"), "Condition": "Three"}}
    sections = {"Parameters": PARAMETERS, "Conditions": CONDITIONS}
    came = changes(resources, resources, {"Zones": 2}, {"Zones": 3}, **sections)["It"]
    assert (came.action, because(came)) == ("add", [("/Condition", "parameter Zones")])
    left = changes(resources, resources, {"Zones": 3}, {"Zones": 2}, **sections)["It"]
    assert (left.action, because(left)) == ("remove", [("/Condition", "parameter Zones")])
    bare = {"It": of("AWS::SNS::Topic")}
    assert because(changes(bare, resources, **sections)["It"]) == [("/Condition", "template")]
    assert because(changes({}, bare)["It"]) == []


# Carried on


def test_a_replaced_resource_replaces_those_that_cannot_be_moved() -> None:
    found = changes(NETWORK, edited(NETWORK, "Vpc", CidrBlock="10.1.0.0/16"))
    assert {name: change.action for name, change in found.items()} == dict.fromkeys(NETWORK, "replace")
    assert because(found["Subnet"]) == [("/Properties/VpcId", "resource Vpc")]
    assert because(found["Association"]) == [
        ("/Properties/RouteTableId", "resource Table"),
        ("/Properties/SubnetId", "resource Subnet"),
    ]
    assert list(found) == sorted(found)


def test_a_resource_that_can_be_pointed_elsewhere_is_modified() -> None:
    resources = {"Group": of("AWS::EC2::SecurityGroup", GroupDescription="a"), "Cache": CACHE}
    found = changes(resources, edited(resources, "Group", GroupDescription="b"))
    assert (found["Group"].action, found["Cache"].action) == ("replace", "modify")
    assert because(found["Cache"]) == [("/Properties/SecurityGroupIds/0", "resource Group")]
    assert found["Cache"].data == "kept"


@pytest.mark.parametrize(
    "node",
    [
        {"Ref": "Vpc"},
        {"Fn::GetAtt": "Vpc.VpcId"},
        {"Fn::Sub": "${Vpc}"},
        {"Fn::Select": [0, {"Fn::Split": ["-", {"Ref": "Vpc"}]}]},
    ],
)
def test_a_replacement_is_carried_through_every_spelling(node: object) -> None:
    resources = {"Vpc": NETWORK["Vpc"], "Subnet": of("AWS::EC2::Subnet", VpcId=node)}
    found = changes(resources, edited(resources, "Vpc", CidrBlock="10.1.0.0/16"))
    assert found["Subnet"].action in {"replace", "may-replace"}
    assert because(found["Subnet"]) == [("/Properties/VpcId", "resource Vpc")]


@pytest.mark.parametrize(
    ("attribute", "action"),
    [("Arn", "replace"), ("FileSystemId", "replace"), ("Whatever", "may-replace")],
)
def test_an_attribute_that_may_stay_the_same_may_replace(attribute: str, action: str) -> None:
    resources = {"Files": FILES, "It": of("AWS::EFS::AccessPoint", FileSystemId={"Fn::GetAtt": f"Files.{attribute}"})}
    found = changes(resources, edited(resources, "Files", Encrypted=False))
    assert found["It"].action == action


def test_an_identifier_of_the_registry_is_one_for_certain() -> None:
    service = of("AWS::ServiceDiscovery::Service", Name="x")
    resources = {"Thing": service, "It": of("AWS::EC2::Subnet", VpcId={"Fn::GetAtt": "Thing.Id"})}
    assert changes(resources, edited(resources, "Thing", Name="y"))["It"].action == "replace"


def test_may_replace_travels_on_as_may_replace() -> None:
    found = changes(NETWORK, edited(NETWORK, "Vpc", InstanceTenancy="dedicated"))
    assert {name: change.action for name, change in found.items()} == dict.fromkeys(NETWORK, "may-replace")


def test_a_certain_replacement_outweighs_a_possible_one() -> None:
    resources = {**NETWORK, "Other": of("AWS::EC2::VPC")}
    new = edited(edited(resources, "Vpc", InstanceTenancy="dedicated"), "Table", VpcId={"Ref": "Other"})
    found = changes(resources, new)
    assert found["Table"].action == "replace"
    assert found["Subnet"].action == "may-replace"
    assert found["Association"].action == "replace"


def test_what_refers_to_itself_ends() -> None:
    resources = {
        "A": of("AWS::EC2::Subnet", VpcId={"Ref": "B"}, CidrBlock="10.0.0.0/24"),
        "B": of("AWS::EC2::Subnet", VpcId={"Ref": "A"}, OutpostArn={"Ref": "B"}),
    }
    found = changes(resources, edited(resources, "A", CidrBlock="10.0.1.0/24"))
    assert {name: change.action for name, change in found.items()} == {"A": "replace", "B": "replace"}
