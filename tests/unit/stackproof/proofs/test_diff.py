"""What a change would do: each consequence beside the harmless change that looks like it."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings

from stackproof.proofs.diff import Change, diff
from stackproof.proofs.resolve import resolve
from tests.unit.stackproof.proofs.test_resolve import TEMPLATES

Json = Any


def of(resource_type: str, **properties: object) -> dict[str, Any]:
    return {"Type": resource_type, "Properties": properties}


def changes(old: Json, new: Json, before: Json = None, after: Json = None, **sections: Any) -> dict[str, Change]:
    """The changes between two sets of resources, by logical id."""
    found = diff(
        resolve({**sections, "Resources": old}, before, region="sa-east-1"),
        resolve({**sections, "Resources": new}, after, region="sa-east-1"),
    )
    return {change.logical_id: change for change in found.changes}


def because(change: Change) -> list[tuple[str, str]]:
    return [(each.path, each.by) for each in change.because]


NETWORK = {
    "Vpc": of("AWS::EC2::VPC", CidrBlock="10.0.0.0/16", EnableDnsSupport=True, Tags=[{"Key": "Name", "Value": "a"}]),
    "Subnet": of("AWS::EC2::Subnet", VpcId={"Ref": "Vpc"}, CidrBlock="10.0.0.0/24"),
    "Association": of(
        "AWS::EC2::SubnetRouteTableAssociation", SubnetId={"Ref": "Subnet"}, RouteTableId={"Ref": "Table"}
    ),
    "Table": of("AWS::EC2::RouteTable", VpcId={"Ref": "Vpc"}),
}
FILES = of("AWS::EFS::FileSystem", Encrypted=True, KmsKeyId={"Fn::GetAtt": "Key.Arn"}, PerformanceMode="generalPurpose")
CACHE = of(
    "AWS::ElastiCache::ReplicationGroup",
    ReplicationGroupDescription="x",
    Port=6379,
    SecurityGroupIds=[{"Ref": "Group"}],
    CacheSubnetGroupName={"Ref": "Subnets"},
)


def edited(resources: Json, name: str, **properties: object) -> Json:
    """The same with other properties of one resource; None leaves a property out."""
    found = copy.deepcopy(resources)
    kept = {**found[name]["Properties"], **properties}
    found[name]["Properties"] = {key: value for key, value in kept.items() if value is not None}
    return found


def beside(resources: Json, name: str, **attributes: object) -> Json:
    """The same with something else beside the properties of one resource."""
    found = copy.deepcopy(resources)
    found[name] |= attributes
    return found


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


# Data


@pytest.mark.parametrize(
    ("policy", "data"),
    [
        ({}, "lost"),
        ({"DeletionPolicy": "Delete"}, "lost"),
        ({"DeletionPolicy": "Retain"}, "retained"),
        ({"DeletionPolicy": "RetainExceptOnCreate"}, "retained"),
        ({"DeletionPolicy": "Snapshot"}, "snapshot"),
        ({"UpdateReplacePolicy": "Retain"}, "lost"),
        ({"DeletionPolicy": {"Fn::Transform": {}}}, "lost"),
    ],
)
def test_on_removal_the_old_deletion_policy_decides(policy: dict[str, object], data: str) -> None:
    assert changes({"It": {**CACHE, **policy}}, {})["It"].data == data


@pytest.mark.parametrize(
    ("policy", "data"),
    [
        ({}, "lost"),
        ({"UpdateReplacePolicy": "Delete"}, "lost"),
        ({"UpdateReplacePolicy": "Retain"}, "retained"),
        ({"UpdateReplacePolicy": "Snapshot"}, "snapshot"),
        ({"DeletionPolicy": "Retain"}, "lost"),
    ],
)
def test_on_replacement_the_new_replace_policy_decides(policy: dict[str, object], data: str) -> None:
    old = {"It": {**CACHE, "UpdateReplacePolicy": "Retain"}}
    new = {"It": {**of("AWS::ElastiCache::ReplicationGroup", **{**CACHE["Properties"], "Port": 6380}), **policy}}
    found = changes(old, new)["It"]
    assert (found.action, found.data) == ("replace", data)


@pytest.mark.parametrize(
    ("resource", "data"),
    [
        (of("AWS::RDS::DBCluster"), "snapshot"),
        (of("AWS::RDS::DBInstance"), "snapshot"),
        (of("AWS::RDS::DBInstance", DBClusterIdentifier="x"), "none"),
        ({**of("AWS::RDS::DBCluster"), "DeletionPolicy": "Delete"}, "lost"),
        (of("AWS::S3::Bucket"), "retained"),
        ({**of("AWS::S3::Bucket"), "DeletionPolicy": {"Fn::Transform": {}}}, "lost"),
        (of("AWS::EFS::FileSystem"), "lost"),
        (of("AWS::EC2::VPC"), "none"),
    ],
)
def test_without_a_policy_cloudformation_has_its_own(resource: dict[str, Any], data: str) -> None:
    assert changes({"It": resource}, {})["It"].data == data
    assert changes({}, {"It": resource})["It"].data == "none"


# Names


@pytest.mark.parametrize(
    ("old", "change", "clashes"),
    [
        (of("AWS::ECS::Cluster", ClusterName="lms"), None, False),
        (
            of("AWS::ElasticLoadBalancingV2::LoadBalancer", Name="lms", Scheme="internal"),
            {"Scheme": "internet-facing"},
            True,
        ),
        (of("AWS::ElasticLoadBalancingV2::LoadBalancer", Scheme="internal"), {"Scheme": "internet-facing"}, False),
        (
            of("AWS::ElasticLoadBalancingV2::LoadBalancer", Name="lms", Scheme="internal"),
            {"Scheme": "internet-facing", "Name": "lms2"},
            False,
        ),
        (
            of("AWS::ECS::Service", ServiceName="web", Cluster="a", SchedulingStrategy="REPLICA"),
            {"SchedulingStrategy": "DAEMON"},
            True,
        ),
        (of("AWS::ECS::Service", ServiceName="web", Cluster="a"), {"Cluster": "b"}, False),
        (of("AWS::ECS::TaskDefinition", Family="lms", Cpu="256"), {"Cpu": "512"}, False),
        (
            of("AWS::EC2::SecurityGroup", GroupName="x", GroupDescription="a", VpcId="v"),
            {"GroupDescription": "b"},
            True,
        ),
        (of("AWS::EC2::SecurityGroup", GroupName="x", GroupDescription="a", VpcId="v"), {"VpcId": "w"}, False),
        (of("AWS::ElastiCache::ReplicationGroup", ReplicationGroupId="c", Port=1), {"Port": 2}, True),
        (of("AWS::ElastiCache::ServerlessCache", ServerlessCacheName="c", KmsKeyId="a"), {"KmsKeyId": "b"}, True),
        (
            of("AWS::RDS::DBSubnetGroup", DBSubnetGroupName="x", DBSubnetGroupDescription="a"),
            {"DBSubnetGroupName": "y"},
            False,
        ),
        (of("AWS::EC2::VPC", CidrBlock="10.0.0.0/16"), {"CidrBlock": "10.1.0.0/16"}, False),
        (of("Nobody::Makes::This", Name="x", A=1), {"A": 2}, False),
    ],
)
def test_a_replaced_resource_cannot_keep_its_fixed_name(
    old: dict[str, Any], change: dict[str, object] | None, clashes: bool
) -> None:
    resources = {"It": old}
    found = changes(resources, edited(resources, "It", **(change or {"ClusterName": "other"})))["It"]
    assert found.action in {"replace", "may-replace"}
    assert bool(found.clash) is clashes
    assert ("clash" in found.as_json()) is clashes


def test_the_clash_names_the_property_and_the_name() -> None:
    resources = {"Group": of("AWS::EC2::SecurityGroup", GroupName={"Fn::Sub": "lms-${S}"}, GroupDescription="a")}
    parameters = {"S": {"Type": "String", "Default": "dev"}}
    found = changes(resources, edited(resources, "Group", GroupDescription="b"), Parameters=parameters)["Group"]
    assert found.clash == (
        "CloudFormation makes the new Group before it deletes the old one, and GroupName lms-dev is taken: the update"
        " fails. Give it another name, or none."
    )


def test_a_resource_named_within_one_that_is_replaced_has_room() -> None:
    resources = {
        "Cluster": of("AWS::ECS::Cluster", ClusterName="a"),
        "Service": of("AWS::ECS::Service", ServiceName="web", Cluster={"Ref": "Cluster"}),
    }
    found = changes(resources, edited(resources, "Cluster", ClusterName="b"))
    assert (found["Service"].action, found["Service"].clash) == ("replace", "")


def test_another_type_may_have_the_same_name() -> None:
    found = changes({"It": of("AWS::ECS::Cluster", ClusterName="x")}, {"It": of("AWS::S3::Bucket", BucketName="x")})
    assert found["It"].clash == ""


def test_a_name_made_of_identifiers_alone_is_a_name() -> None:
    old = {"It": of("AWS::IAM::RolePolicy", PolicyName="p", RoleName="r")}
    found = changes(old, edited(old, "It", PolicyName="q"))["It"]
    assert (found.action, found.clash) == ("replace", "")


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
