"""What a change would do: each consequence beside the harmless change that looks like it."""

from __future__ import annotations

import copy
import json

import pytest
from hypothesis import given, settings

from stackproof.proofs.diff import Change, diff
from stackproof.proofs.resolve.stack import resolve
from tests.unit.stackproof.proofs.anything import TEMPLATES
from tests.unit.stackproof.proofs.diff_support import CACHE, FILES, NETWORK, Json, because, beside, changes, edited, of

# No change


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("80", 80),
        (True, "true"),
        ({"Fn::Sub": "lms-${Suffix}"}, {"Fn::Join": ["-", ["lms", {"Ref": "Suffix"}]]}),
        ({"Fn::Sub": "lms-${Suffix}"}, "lms-dev"),
        ({"Ref": "Vpc"}, {"Fn::GetAtt": ["Vpc", "VpcId"]}),
        ({"Fn::GetAtt": "Vpc.CidrBlock"}, "10.0.0.0/16"),
        ("x", {"Fn::If": ["Dead", "y", "x"]}),
        (["x"], [{"Fn::If": ["Dead", "y", {"Ref": "AWS::NoValue"}]}, "x"]),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1, "c": {"Ref": "AWS::NoValue"}}),
        (None, {"Ref": "AWS::NoValue"}),
        (
            {"Fn::GetAtt": "Log.Arn"},
            {"Fn::Sub": "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:/lms:*"},
        ),
        ({"Ref": "Given"}, {"Fn::Sub": "${Given}"}),
        ({"Ref": "Password"}, {"Fn::Sub": "${Password}"}),
        ({"Fn::Transform": {"Name": "X"}}, {"Fn::Transform": {"Name": "X"}}),
        ({"Fn::If": ["Elsewhere", 1, 2]}, {"Fn::If": ["Elsewhere", 1, 2]}),
        ("{{resolve:ssm:/x}}", {"Fn::Join": ["", ["{{resolve:ssm:", "/x}}"]]}),
        (["a", "b"], {"Fn::Split": [",", "a,b"]}),
    ],
)
def test_another_spelling_of_the_same_value_is_no_change(old: object, new: object) -> None:
    sections = {
        "Parameters": {
            "Suffix": {"Type": "String", "Default": "dev"},
            "Given": {"Type": "String"},
            "Password": {"Type": "String", "NoEcho": True, "Default": "hunter2"},
        },
        "Conditions": {"Dead": {"Fn::Equals": [1, 2]}, "Elsewhere": {"Fn::Equals": [{"Ref": "AWS::AccountId"}, "1"]}},
    }
    resources = {**NETWORK, "Log": of("AWS::Logs::LogGroup", LogGroupName="/lms")}
    # A create-only property, so that a difference would replace.
    one = {**resources, "It": of("AWS::EFS::AccessPoint", PosixUser=old)}
    other = {**resources, "It": of("AWS::EFS::AccessPoint", PosixUser=new)}
    assert changes(one, other, **sections) == {}
    assert changes(other, one, **sections) == {}


@pytest.mark.parametrize(
    "new",
    [
        dict(reversed(NETWORK.items())),
        beside(NETWORK, "Subnet", DependsOn="Vpc"),
        beside(NETWORK, "Subnet", Condition="Live"),
    ],
)
def test_order_and_dependson_change_nothing(new: Json) -> None:
    assert changes(NETWORK, new, Conditions={"Live": {"Fn::Equals": [1, 1]}}) == {}


# Modify, replace, may replace


@pytest.mark.parametrize(
    ("name", "properties", "action", "path"),
    [
        ("Vpc", {"EnableDnsSupport": False}, "modify", "/Properties/EnableDnsSupport"),
        ("Vpc", {"EnableDnsSupport": None}, "modify", "/Properties/EnableDnsSupport"),
        ("Vpc", {"EnableDnsHostnames": True}, "modify", "/Properties/EnableDnsHostnames"),
        ("Vpc", {"Tags": [{"Key": "Name", "Value": "b"}]}, "modify", "/Properties/Tags/0/Value"),
        ("Vpc", {"Tags": [{"Key": "New", "Value": 1}, {"Key": "Name", "Value": "a"}]}, "modify", "/Properties/Tags/0"),
        ("Vpc", {"Tags": []}, "modify", "/Properties/Tags/0"),
        ("Vpc", {"Tags": None}, "modify", "/Properties/Tags"),
        ("Vpc", {"CidrBlock": "10.1.0.0/16"}, "replace", "/Properties/CidrBlock"),
        ("Vpc", {"CidrBlock": {"Ref": "Given"}}, "may-replace", "/Properties/CidrBlock"),
        ("Vpc", {"InstanceTenancy": "dedicated"}, "may-replace", "/Properties/InstanceTenancy"),
    ],
)
def test_a_property_does_what_the_registry_says(
    name: str, properties: dict[str, object], action: str, path: str
) -> None:
    only = {name: NETWORK[name]}
    sections = {"Parameters": {"Given": {"Type": "String"}}}
    (found,) = changes(only, edited(only, name, **properties), **sections).values()
    assert (found.action, because(found), found.type) == (action, [(path, "template")], "AWS::EC2::VPC")


def test_a_create_only_property_counts_at_its_own_path_and_not_at_its_parents() -> None:
    """Of an environment's tier nothing may change but its version."""
    tier = {"Name": "WebServer", "Type": "Standard", "Version": "1"}
    old = {"It": of("AWS::ElasticBeanstalk::Environment", Tier=tier)}

    def change(**other: object) -> Change:
        return changes(old, edited(old, "It", Tier={**tier, **other}))["It"]

    assert (change(Version="2").action, because(change(Version="2"))) == (
        "modify",
        [("/Properties/Tier/Version", "template")],
    )
    assert change(Name="Worker").action == "replace"
    assert because(change(Name="Worker")) == [("/Properties/Tier/Name", "template")]
    gone = changes(old, edited(old, "It", Tier=None))["It"]
    assert gone.action == "replace"
    assert ("/Properties/Tier/Name", "template") in because(gone)
    assert changes(edited(old, "It", Tier=None), old)["It"].action == "replace"


def test_a_nested_create_only_property_of_list_items() -> None:
    tables = [{"DestinationTableName": "a"}]
    old = {"It": of("AWS::MSK::Channel", IcebergDestinationConfiguration={"DestinationTableList": tables})}
    other = {"DestinationTableList": [{"DestinationTableName": "b"}]}
    found = changes(old, edited(old, "It", IcebergDestinationConfiguration=other))["It"]
    assert found.action == "replace"
    more = {"DestinationTableList": [*tables, {"DestinationTableName": "b"}]}
    found = changes(old, edited(old, "It", IcebergDestinationConfiguration=more))["It"]
    path = "/Properties/IcebergDestinationConfiguration/DestinationTableList/1/DestinationTableName"
    assert because(found) == [(path, "template")]


def test_what_a_macro_makes_of_a_parent_may_replace() -> None:
    old = {"It": of("AWS::ElasticBeanstalk::Environment", Tier={"Fn::Transform": {"Name": "A"}})}
    found = changes(old, edited(old, "It", Tier={"Fn::Transform": {"Name": "B"}}))["It"]
    assert (found.action, because(found)) == ("may-replace", [("/Properties/Tier", "template")])


def test_a_changed_type_is_a_replacement_and_a_changed_id_a_remove_and_an_add() -> None:
    old = {"It": of("AWS::SNS::Topic")}
    assert because(changes(old, {"It": of("AWS::SQS::Queue")})["It"]) == [("/Type", "template")]
    assert changes(old, {"It": of("AWS::SQS::Queue")})["It"].action == "replace"
    found = changes(old, {"Other": of("AWS::SNS::Topic")})
    assert {name: change.action for name, change in found.items()} == {"It": "remove", "Other": "add"}


@pytest.mark.parametrize(
    "attribute", ["Metadata", "DeletionPolicy", "UpdateReplacePolicy", "UpdatePolicy", "CreationPolicy"]
)
def test_what_stands_beside_the_properties_replaces_nothing(attribute: str) -> None:
    old = {"It": of("AWS::EFS::FileSystem")}
    found = changes(old, beside(old, "It", **{attribute: "Retain"}))["It"]
    assert (found.action, found.data, because(found)) == ("modify", "kept", [(f"/{attribute}", "template")])
    assert changes(beside(old, "It", **{attribute: "Retain"}), beside(old, "It", **{attribute: "Retain"})) == {}


def test_a_type_that_nobody_knows_may_be_replaced_by_anything() -> None:
    old = {"It": of("Nobody::Makes::This", A=1)}
    assert changes(old, edited(old, "It", A=2))["It"].action == "may-replace"


def test_a_custom_resource_is_replaced_by_another_provider_only() -> None:
    old = {"It": of("Custom::Thing", ServiceToken="arn:a", A=1)}
    assert changes(old, edited(old, "It", A=2))["It"].action == "modify"
    assert changes(old, edited(old, "It", ServiceToken="arn:b"))["It"].action == "replace"


def test_properties_that_a_macro_makes_as_a_whole() -> None:
    old = {"It": {"Type": "AWS::EC2::VPC", "Properties": {"Fn::Transform": {"Name": "A"}}}}
    new = {"It": {"Type": "AWS::EC2::VPC", "Properties": {"Fn::Transform": {"Name": "B"}}}}
    assert changes(old, old) == {}
    assert changes(old, new)["It"].action == "may-replace"
    assert because(changes(old, new)["It"]) == [("/Properties", "template")]


# As a whole


def test_destructive_changes_come_first_and_json_has_the_agreed_keys() -> None:
    old = {"Gone": CACHE, "Replaced": of("AWS::EC2::VPC", CidrBlock="10.0.0.0/16"), "Kept": FILES}
    new = {
        "Replaced": of("AWS::EC2::VPC", CidrBlock="10.1.0.0/16"),
        "Kept": of("AWS::EFS::FileSystem", **{**FILES["Properties"], "ThroughputMode": "elastic"}),
        "New": of("AWS::SNS::Topic"),
    }
    found = diff(resolve({"Resources": old}), resolve({"Resources": new})).as_json()
    assert found == {
        "changes": [
            {
                "logical_id": "Gone",
                "type": "AWS::ElastiCache::ReplicationGroup",
                "action": "remove",
                "because": [],
                "data": "lost",
            },
            {
                "logical_id": "Replaced",
                "type": "AWS::EC2::VPC",
                "action": "replace",
                "because": [{"path": "/Properties/CidrBlock", "by": "template"}],
                "data": "none",
            },
            {
                "logical_id": "Kept",
                "type": "AWS::EFS::FileSystem",
                "action": "modify",
                "because": [{"path": "/Properties/ThroughputMode", "by": "template"}],
                "data": "kept",
            },
            {"logical_id": "New", "type": "AWS::SNS::Topic", "action": "add", "because": [], "data": "none"},
        ],
        "notes": [],
    }


def test_what_was_not_compared_is_said() -> None:
    found = diff(resolve(None), resolve({"Transform": "AWS::Serverless-2016-10-31"}))
    assert found.notes == (
        "old template: as a whole was not compared: the template is no object",
        "new template: Transform was not compared: the macro AWS::Serverless-2016-10-31 may rewrite it",
    )


@given(TEMPLATES, TEMPLATES)
def test_no_json_ever_raises(old: object, new: object) -> None:
    found = diff(resolve(old), resolve(new))
    assert json.dumps(found.as_json())


@given(TEMPLATES)
@settings(max_examples=200)
def test_nothing_changes_between_a_template_and_itself(template: object) -> None:
    assert diff(resolve(template), resolve(copy.deepcopy(template))).changes == ()
