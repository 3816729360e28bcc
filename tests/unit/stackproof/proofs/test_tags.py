"""Tags: the declared ones on everything that can carry them, in whatever shape."""

from __future__ import annotations

from typing import Any

import pytest

from stackproof.proofs.tags import prove
from tests.unit.stackproof.proofs.store_support import complaints, expect, make, ref

DECLARED = {"tags": {"project": "lms", "environment": "*"}}
LATER: dict[str, Any] = {"Parameters": {"Later": {"Type": "String"}, "Many": {"Type": "CommaDelimitedList"}}}
LIST: list[dict[str, Any]] = [{"Key": "project", "Value": "lms"}, {"Key": "environment", "Value": ref("Later")}]
MAP = {"project": "lms", "environment": "dev"}


@pytest.mark.parametrize(
    "resource",
    [
        make("EC2::VPC", Tags=LIST),
        make("EC2::VPC", Tags=[*reversed(LIST), {"Key": "owner", "Value": "me"}]),
        make("EFS::FileSystem", FileSystemTags=LIST),
        make("EFS::AccessPoint", AccessPointTags=LIST),
        make("Backup::BackupVault", BackupVaultTags=MAP),
        make("SSM::Parameter", Tags=MAP),
        make("ECS::Service", Tags=LIST, PropagateTags="SERVICE"),
        make("ECS::Service", Tags=LIST, PropagateTags="TASK_DEFINITION"),
        make("AutoScaling::AutoScalingGroup", Tags=[{**tag, "PropagateAtLaunch": True} for tag in LIST]),
        make("EC2::Route"),
        make("IAM::Policy"),
        {"Type": "Custom::Thing", "Properties": {}},
        {"Type": "My::Own::Type", "Properties": {}},
    ],
    ids=lambda found: str(found["Type"]),
)
def test_declared_tags_in_any_shape_are_right(resource: dict[str, Any]) -> None:
    assert complaints(prove, {"It": resource}, DECLARED, **LATER) == {}


def test_nothing_is_asked_where_no_tags_are_declared() -> None:
    assert complaints(prove, {"It": make("EC2::VPC"), "Service": make("ECS::Service")}) == {}


@pytest.mark.parametrize(
    ("resource", "path"),
    [
        (make("EC2::VPC"), "Tags"),
        (make("EC2::VPC", Tags=LIST[1:]), "Tags"),
        (make("EC2::VPC", Tags=[{"Key": "project", "Value": ""}, LIST[1]]), "Tags"),
        (make("EFS::FileSystem", FileSystemTags=LIST[1:]), "FileSystemTags"),
        (make("SSM::Parameter", Tags={"environment": "dev"}), "Tags"),
        (make("Backup::BackupVault", BackupVaultTags={"environment": "dev"}), "BackupVaultTags"),
    ],
)
def test_a_missing_tag_is_broken(resource: dict[str, Any], path: str) -> None:
    found = complaints(prove, {"It": resource}, {"tags": {"project": "lms"}}, **LATER)
    expect(found, {f"broken tag-missing It.Properties.{path}": f"Add project to {path}."})


def test_a_tag_that_is_nearly_right_is_pointed_out() -> None:
    tags = [{"Key": "Project", "Value": "lms"}]
    found = complaints(prove, {"It": make("EC2::VPC", Tags=tags)}, {"tags": {"project": "*"}})
    expect(found, {"broken tag-missing It.Properties.Tags": 'comes without the tag project ("Project" is another tag)'})


@pytest.mark.parametrize(
    ("value", "verdict", "words"),
    [
        ("other", "broken", "The tag project of It is other, and params/intent.toml asks for lms"),
        (ref("Later"), "unknown", "known to AWS only: ${Later}. Set it to lms."),
    ],
)
def test_another_value_is_not_the_declared_one(value: object, verdict: str, words: str) -> None:
    resource = make("EC2::VPC", Tags=[{"Key": "project", "Value": value}])
    found = complaints(prove, {"It": resource}, {"tags": {"project": "lms"}}, **LATER)
    expect(found, {f"{verdict} tag-value It.Properties.Tags": words})


@pytest.mark.parametrize(
    "tags", [ref("Many"), [{"Key": ref("Later"), "Value": "x"}], [ref("Later")]], ids=["list", "key", "item"]
)
def test_tags_that_only_aws_knows_are_no_pass(tags: object) -> None:
    found = complaints(prove, {"It": make("EC2::VPC", Tags=tags)}, DECLARED, **LATER)
    expect(found, {"unknown tag-missing It.Properties.Tags": "Write the tags out."})


def test_properties_that_a_macro_writes_are_no_pass() -> None:
    resource = {"Type": "AWS::EC2::VPC", "Properties": {"Fn::Transform": {"Name": "Network"}}}
    found = complaints(prove, {"It": resource}, DECLARED)
    assert list(found) == ["unknown tag-missing It.Properties.Tags"]


@pytest.mark.parametrize(
    ("given", "verdict", "words"),
    [
        ({}, "broken", "carry no tags"),
        ({"PropagateTags": "NONE"}, "broken", "SERVICE or"),
        ({"PropagateTags": ref("Later")}, "unknown", "only"),
    ],
)
def test_a_service_hands_its_tags_to_its_tasks(given: dict[str, Any], verdict: str, words: str) -> None:
    found = complaints(prove, {"It": make("ECS::Service", Tags=LIST, **given)}, DECLARED, **LATER)
    expect(found, {f"{verdict} tag-propagation It.Properties.PropagateTags": words})


def test_a_group_hands_its_tags_to_its_instances() -> None:
    tags = [{**tag, "PropagateAtLaunch": index > 0} for index, tag in enumerate(LIST)]
    found = complaints(prove, {"It": make("AutoScaling::AutoScalingGroup", Tags=tags)}, DECLARED, **LATER)
    expect(found, {"broken tag-propagation It.Properties.Tags.0.PropagateAtLaunch": "do not carry the tag project"})
    unknown = complaints(prove, {"It": make("AutoScaling::AutoScalingGroup", Tags=ref("Many"))}, DECLARED, **LATER)
    assert list(unknown) == ["unknown tag-missing It.Properties.Tags"]
