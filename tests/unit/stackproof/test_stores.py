"""Which resource types hold data, and what their policies do with it."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

import pytest

from stackproof import stores


def test_no_type_that_cfn_lint_calls_stateful_is_missing() -> None:
    listed = json.loads(files("cfnlint.data.AdditionalSpecs").joinpath("StatefulResources.json").read_text())
    assert set(listed["ResourceTypes"]) <= stores.STORES
    assert stores.is_store("AWS::EFS::FileSystem")
    assert not stores.is_store("AWS::EC2::VPC")


def test_an_instance_of_a_cluster_holds_nothing_itself() -> None:
    assert stores.is_store("AWS::RDS::DBInstance")
    assert stores.is_store("AWS::RDS::DBInstance", {"DBName": "lms"})
    assert not stores.is_store("AWS::RDS::DBInstance", {"DBClusterIdentifier": "lms"})
    assert stores.is_store("AWS::RDS::DBCluster", {"DBClusterIdentifier": "lms"})


@pytest.mark.parametrize(
    ("resource", "fate"),
    [
        ({"Type": "AWS::S3::Bucket"}, "if-empty"),
        ({"Type": "AWS::S3::Bucket", "DeletionPolicy": "Delete"}, "if-empty"),
        ({"Type": "AWS::Backup::BackupVault"}, "if-empty"),
        ({"Type": "AWS::ECR::Repository"}, "if-empty"),
        ({"Type": "AWS::ECR::Repository", "Properties": {"EmptyOnDelete": False}}, "if-empty"),
        ({"Type": "AWS::ECR::Repository", "Properties": {"EmptyOnDelete": "true"}}, "lost"),
        ({"Type": "AWS::ECR::Repository", "Properties": {"EmptyOnDelete": {"Ref": "Given"}}}, "lost"),
        ({"Type": "AWS::EFS::FileSystem"}, "lost"),
        ({"Type": "AWS::S3::Bucket", "DeletionPolicy": "Retain"}, "retained"),
        ({"Type": "AWS::S3::Bucket", "DeletionPolicy": "RetainExceptOnCreate"}, "retained"),
        ({"Type": "AWS::EC2::Volume", "DeletionPolicy": "Snapshot"}, "snapshot"),
        ({"Type": "AWS::RDS::DBCluster"}, "snapshot"),
        ({"Type": "AWS::RDS::DBCluster", "DeletionPolicy": "Delete"}, "lost"),
        ({"Type": "AWS::RDS::DBInstance"}, "snapshot"),
        ({"Type": "AWS::RDS::DBInstance", "Properties": {"DBClusterIdentifier": "lms"}}, "lost"),
        ({"Type": "AWS::S3::Bucket", "DeletionPolicy": {"Ref": "Policy"}}, "lost"),
        ({}, "lost"),
    ],
)
def test_the_fate_of_a_resource_follows_its_deletion_policy_and_aws_s_defaults(
    resource: dict[str, Any], fate: str
) -> None:
    found = stores.fate(resource.get("Type", ""), resource.get("Properties", {}), resource.get("DeletionPolicy"))
    assert found == fate


def test_what_is_deleted_only_when_it_is_empty_holds_data() -> None:
    assert set(stores.FULL) <= stores.STORES
