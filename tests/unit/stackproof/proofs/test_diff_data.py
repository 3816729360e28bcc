"""What would become of data, and of names that can be taken once only."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.stackproof.proofs.diff_support import CACHE, changes, edited, of

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
        (of("AWS::S3::Bucket"), "if-empty"),
        ({**of("AWS::S3::Bucket"), "DeletionPolicy": {"Fn::Transform": {}}}, "lost"),
        (of("AWS::EFS::FileSystem"), "lost"),
        (of("AWS::EC2::VPC"), "none"),
    ],
)
def test_without_a_policy_cloudformation_has_its_own(resource: dict[str, Any], data: str) -> None:
    assert changes({"It": resource}, {})["It"].data == data
    assert changes({}, {"It": resource})["It"].data == "none"


@pytest.mark.parametrize(
    ("resource", "data"),
    [
        ({**of("AWS::RDS::DBCluster", DeletionProtection=True), "DeletionPolicy": "Snapshot"}, "protected"),
        ({**of("AWS::RDS::DBCluster", DeletionProtection="true"), "DeletionPolicy": "Delete"}, "protected"),
        ({**of("AWS::RDS::DBCluster", DeletionProtection=False), "DeletionPolicy": "Snapshot"}, "snapshot"),
        ({**of("AWS::RDS::DBCluster", DeletionProtection=True), "DeletionPolicy": "Retain"}, "retained"),
        (of("AWS::DynamoDB::Table", DeletionProtectionEnabled=True), "protected"),
        (of("AWS::Cognito::UserPool", DeletionProtection="ACTIVE"), "protected"),
        (of("AWS::Cognito::UserPool", DeletionProtection="INACTIVE"), "lost"),
    ],
)
def test_what_is_protected_aws_leaves_behind(resource: dict[str, Any], data: str) -> None:
    assert changes({"It": resource}, {})["It"].data == data


def test_a_protection_that_a_replacement_takes_away_still_holds_for_the_old_one() -> None:
    old, new = (
        {"It": of("AWS::RDS::DBCluster", DeletionProtection=protected, DatabaseName=name)}
        for protected, name in ((True, "a"), (False, "b"))
    )
    found = changes(old, new)["It"]
    assert (found.action, found.data) == ("replace", "protected")


def test_what_rds_keeps_by_default_when_it_is_deleted_is_lost_when_it_is_replaced() -> None:
    old, new = (
        {"It": of("AWS::RDS::DBInstance", StorageEncrypted=encrypted, DBName="a")} for encrypted in ("false", "true")
    )
    found = changes(old, new)["It"]
    assert (found.action, found.data) == ("replace", "lost")


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
