"""Names: within what each service takes, with the suffix, free when CloudFormation needs them."""

from __future__ import annotations

from typing import Any

import pytest

from stackproof.proofs.tags import prove
from tests.unit.stackproof.proofs.store_support import complaints, expect, make, ref

BALANCER = "ElasticLoadBalancingV2::LoadBalancer"
SUFFIX = {"name_suffix": "Suffix"}


def sub(text: str) -> dict[str, str]:
    return {"Fn::Sub": text}


def parameters(**body: Any) -> dict[str, Any]:
    return {"Parameters": {"Suffix": {"Type": "String", "Default": "dev", **body}, "Other": {"Type": "String"}}}


@pytest.mark.parametrize(
    "resource",
    [
        make(BALANCER, Name="lms-balancer"),
        make(BALANCER, Name="a" * 32),
        make(BALANCER),
        make("S3::Bucket", BucketName="lms-logs-1"),
        make("Lambda::Function", FunctionName="a" * 64),
        make("SQS::Queue", QueueName="work.fifo"),
        make("CloudWatch::Alarm", AlarmName="anything at all: (1)"),
        make("IAM::Role", RoleName="lms-role"),
        make("RDS::DBInstance", DBInstanceIdentifier="lms-1"),
        make("S3::Bucket", BucketName=ref("Other")),
        make("S3::Bucket", BucketName=sub("${Other}-UPPER")),
        make("CodeBuild::Project", Name="no limit is known"),
        make("EC2::VPC", CidrBlock="10.0.0.0/16"),
        {"Type": "My::Own::Type", "Properties": {"Name": "x" * 999}},
    ],
)
def test_a_name_that_its_service_takes_is_right(resource: dict[str, Any]) -> None:
    assert complaints(prove, {"It": resource}, **parameters()) == {}


@pytest.mark.parametrize(
    ("resource", "rule", "path", "words"),
    [
        (make(BALANCER, Name="a" * 33), "length", "Name", "33 characters: AWS takes 1 to 32"),
        (make(BALANCER, Name="internal-lms"), "characters", "Name", "refuses the characters"),
        (make(BALANCER, Name="lms_balancer"), "characters", "Name", "Take the others out"),
        (make(BALANCER, Name="lms-"), "characters", "Name", "matches"),
        (make("ElasticLoadBalancingV2::TargetGroup", Name="a.b"), "characters", "Name", "a.b"),
        (make("S3::Bucket", BucketName="Logs"), "characters", "BucketName", "Logs"),
        (make("S3::Bucket", BucketName="ab"), "length", "BucketName", "takes 3 to 63 and refuses it. Make it longer"),
        (make("IAM::Role", RoleName="a" * 65), "length", "RoleName", "Shorten"),
        (make("Events::Rule", Name="a b"), "characters", "Name", "a b"),
        (make("RDS::DBInstance", DBInstanceIdentifier="1st"), "characters", "DBInstanceIdentifier", "1st"),
        (make("Synthetics::Canary", Name="a/b"), "characters", "Name", "a/b"),
        (
            make("ECS::Cluster", ClusterName=sub("x${AWS::StackName}" + "y" * 300)),
            "length",
            "ClusterName",
            "308 characters",
        ),
    ],
)
def test_a_name_that_aws_refuses_is_broken(resource: dict[str, Any], rule: str, path: str, words: str) -> None:
    found = complaints(prove, {"It": resource}, **parameters())
    expect(found, {f"broken tag-name-{rule} It.Properties.{path}": words})


def test_a_stacks_name_that_is_not_known_counts_as_one_character() -> None:
    resources = {"It": make(BALANCER, Name=sub("${AWS::StackName}-balancer"))}
    assert complaints(prove, resources, stack_name=None) == {}
    found = complaints(prove, resources, stack_name="a" * 30)
    expect(found, {"broken tag-name-length It.Properties.Name": "39 characters"})


NAMED = make(BALANCER, Name=sub("lms-load-balancer-of-${Suffix}"))
UPPER = {"MaxLength": 8, "AllowedPattern": "[A-Z0-9]+", "Default": "DEV"}


@pytest.mark.parametrize(
    "body",
    [
        {"MaxLength": 11},
        {"MaxLength": "11", "AllowedPattern": "[a-z]+"},
        {"AllowedValues": ["dev", "prod"]},
        {"AllowedPattern": "^[a-z0-9]+(-[a-z0-9]+)*$"},
        {"AllowedPattern": r"\p{L}+"},
        {},
        UPPER,
    ],
)
def test_every_suffix_that_is_allowed_fits(body: dict[str, Any]) -> None:
    assert complaints(prove, {"It": NAMED}, SUFFIX, **parameters(**body)) == {}


@pytest.mark.parametrize(
    ("body", "rule", "words"),
    [
        ({"MaxLength": 12}, "length", "With Suffix aaaaaaaaaaaa, which MaxLength allows, It is called"),
        ({"MaxLength": 12, "AllowedPattern": "[A-Z]+"}, "length", "With Suffix AAAAAAAAAAAA"),
        ({"MaxLength": 9999999}, "length", "takes 1 to 32"),
        (
            {"AllowedValues": ["dev", "a-long-production"]},
            "length",
            "With Suffix a-long-production, which AllowedValues",
        ),
        ({"AllowedPattern": "[a-z_]+"}, "characters", "With Suffix a_a, which AllowedPattern allows"),
    ],
)
def test_a_suffix_that_is_allowed_and_does_not_fit_is_broken(body: dict[str, Any], rule: str, words: str) -> None:
    found = complaints(prove, {"It": NAMED}, SUFFIX, **parameters(**body))
    expect(found, {f"broken tag-name-{rule} It.Properties.Name": words})
    assert complaints(prove, {"It": NAMED}, **parameters(**body)) == {}


def test_capital_letters_of_a_suffix_do_not_go_into_a_buckets_name() -> None:
    bucket = make("S3::Bucket", BucketName=sub("lms-${Suffix}"))
    found = complaints(prove, {"It": bucket}, SUFFIX, **parameters(AllowedPattern="[a-zA-Z]+"))
    expect(found, {"broken tag-name-characters It.Properties.BucketName": "With Suffix aAa"})


def test_a_name_that_depends_on_a_condition_is_followed() -> None:
    name = {"Fn::If": ["Dev", sub("lms-${Suffix}"), ref("AWS::NoValue")]}
    conditions = {"Conditions": {"Dev": {"Fn::Equals": [ref("Suffix"), "dev"]}}}
    found = complaints(prove, {"It": make(BALANCER, Name=name)}, SUFFIX, **parameters(MaxLength=64), **conditions)
    assert found == {}


@pytest.mark.parametrize(
    ("name", "right"),
    [
        (sub("lms-${Suffix}"), True),
        ({"Fn::Join": ["-", ["lms", ref("Suffix")]]}, True),
        (sub("${AWS::StackName}-web"), True),
        ("lms-dev", False),
        (sub("lms-${AWS::Region}"), False),
    ],
)
def test_fixed_names_carry_the_suffix(name: object, right: bool) -> None:
    found = complaints(prove, {"It": make(BALANCER, Name=name)}, SUFFIX, **parameters())
    words = "in every environment: a second one in the same account and region cannot be created. Put ${Suffix}"
    expect(found, {} if right else {"broken tag-name-suffix It.Properties.Name": words})


FIXED = {"fixed_names": ("AWS::ECS::Cluster",)}


@pytest.mark.parametrize(
    ("resource", "path"),
    [
        (make(BALANCER, Name="lms"), "Name"),
        (make("IAM::Role", RoleName="lms"), "RoleName"),
        (make("Athena::WorkGroup", Name="lms"), ""),
        (make("Logs::LogGroup", LogGroupName="/lms"), ""),
        (make("ECS::Cluster", ClusterName="lms"), ""),
        (make(BALANCER), ""),
    ],
)
def test_what_can_be_replaced_has_no_fixed_name(resource: dict[str, Any], path: str) -> None:
    found = complaints(prove, {"It": resource}, FIXED)
    wanted = {f"broken tag-name-clash It.Properties.{path}": "the update fails. Leave"} if path else {}
    expect(found, wanted)
    assert complaints(prove, {"It": resource}) == {}
    assert complaints(prove, {"It": resource}, {"fixed_names": ("It",)}) == {}
    assert complaints(prove, {"It": resource}, {"fixed_names": (resource["Type"],)}) == {}


@pytest.mark.parametrize(
    ("first", "second", "twice"),
    [
        (make(BALANCER, Name="lms"), make(BALANCER, Name="lms"), True),
        (make(BALANCER, Name=sub("lms-${Suffix}")), make(BALANCER, Name="lms-dev"), True),
        (make(BALANCER, Name="lms"), make(BALANCER, Name="lms-2"), False),
        (make(BALANCER, Name="lms"), make("ElasticLoadBalancingV2::TargetGroup", Name="lms"), False),
        (
            make("ECS::Service", ServiceName="web", Cluster="a"),
            make("ECS::Service", ServiceName="web", Cluster="b"),
            False,
        ),
        (
            make("ECS::Service", ServiceName="web", Cluster="a"),
            make("ECS::Service", ServiceName="web", Cluster="a"),
            True,
        ),
        (make("ECS::TaskDefinition", Family="web"), make("ECS::TaskDefinition", Family="web"), False),
    ],
)
def test_two_of_a_kind_have_two_names(first: dict[str, Any], second: dict[str, Any], twice: bool) -> None:
    found = complaints(prove, {"First": first, "Second": second}, **parameters())
    assert [key.split(".")[0] for key in found] == (["broken tag-name-twice Second"] if twice else [])
    assert "Second and First are both called" in "".join(found.values()) or not twice


def test_one_of_two_that_may_not_exist_clashes_with_nobody() -> None:
    second = {**make(BALANCER, Name="lms"), "Condition": "Perhaps"}
    conditions = {"Conditions": {"Perhaps": {"Fn::Equals": [ref("Other"), "x"]}}}
    assert (
        complaints(prove, {"First": make(BALANCER, Name="lms"), "Second": second}, **parameters(), **conditions) == {}
    )


SWITCHED = {
    "Conditions": {
        "On": {"Fn::Equals": [ref("Suffix"), "dev"]},
        "Here": {"Fn::Not": [{"Fn::Equals": [ref("AWS::Region"), "us-east-1"]}]},
    }
}
KEPT = {"Condition": "On", "DeletionPolicy": "Retain"}
GROUP = make("Logs::LogGroup", LogGroupName=sub("/lms/${AWS::StackName}"))
AGAIN = "when it has left the stack and On holds again, CloudFormation finds the name"


@pytest.mark.parametrize(
    ("resource", "trapped"),
    [
        ({**GROUP, **KEPT}, True),
        ({**GROUP, **KEPT, "DeletionPolicy": "RetainExceptOnCreate"}, True),
        ({**make("Logs::LogGroup", LogGroupName=sub("/lms/${Fixed}")), **KEPT}, True),
        ({**make("Backup::BackupVault", BackupVaultName=sub("lms-${Suffix}")), **KEPT}, True),
        ({**make("Backup::BackupVault", BackupVaultName=sub("lms-${Key}")), **KEPT}, False),
        ({**GROUP, **KEPT, "DeletionPolicy": "Delete"}, False),
        ({**GROUP, "DeletionPolicy": "Retain"}, False),
        ({**GROUP, **KEPT, "Condition": "Here"}, False),
        ({**make("Logs::LogGroup"), **KEPT}, False),
    ],
    ids=[
        "a log group",
        "except on create",
        "named after what never leaves",
        "a vault",
        "named after a key that is new each time",
        "goes with the feature",
        "never leaves",
        "a region does not change",
        "named by AWS",
    ],
)
def test_what_stays_behind_leaves_its_name_free_for_the_next(resource: dict[str, Any], trapped: bool) -> None:
    others = {"Key": {**make("KMS::Key"), "Condition": "On"}, "Fixed": make("EC2::VPC", CidrBlock="10.0.0.0/16")}
    allowed = {"fixed_names": (resource["Type"],)}
    found = complaints(prove, {"It": resource, **others}, allowed, **parameters(), **SWITCHED)
    key = next((name for name in resource["Properties"] if name.endswith("Name")), "")
    expect(found, {f"broken tag-name-kept It.Properties.{key}": AGAIN} if trapped else {})
    assert complaints(prove, {"It": resource, **others}, **parameters(), **SWITCHED) == {}, "nobody asked"
