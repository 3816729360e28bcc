"""Outputs and tags of the running platform."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.integration.running.asked import caches, service, tag_map

if TYPE_CHECKING:
    from tests.integration.platform import Platform


def test_outputs_are_exported_under_the_stack_name(platform: Platform) -> None:
    exports = {each["Name"]: each["Value"] for each in platform.pages("cloudformation", "list_exports", "Exports")}
    outputs = platform.outputs
    assert {"VpcId", "ClusterName", "ServiceName", "Url", "CacheEndpoint", "FileSystemId", "LogGroupName"} <= set(
        outputs
    )
    for name, value in outputs.items():
        assert exports[f"{platform.stack}-{name}"] == value


def tags_of(platform: Platform) -> dict[str, dict[str, str]]:
    """Tags by logical id, each asked of its own service."""
    found: dict[str, dict[str, str]] = {}
    ec2 = [
        name
        for name, each in platform.resources.items()
        if each["ResourceType"]
        in {
            "AWS::EC2::VPC",
            "AWS::EC2::Subnet",
            "AWS::EC2::SecurityGroup",
            "AWS::EC2::RouteTable",
            "AWS::EC2::NatGateway",
        }
    ]
    tags = platform.pages(
        "ec2", "describe_tags", "Tags", Filters=[{"Name": "resource-id", "Values": [platform.id(name) for name in ec2]}]
    )
    for name in ec2:
        found[name] = tag_map([tag for tag in tags if tag["ResourceId"] == platform.id(name)])
    arns = [platform.id("LoadBalancer"), platform.id("TargetGroup")]
    for answer, name in zip(
        platform.client("elbv2").describe_tags(ResourceArns=arns)["TagDescriptions"],
        ["LoadBalancer", "TargetGroup"],
        strict=True,
    ):
        found[name] = tag_map(answer["Tags"])
    efs = platform.client("efs").describe_file_systems(FileSystemId=platform.id("FileSystem"))["FileSystems"][0]
    found["FileSystem"] = tag_map(efs["Tags"])
    group = caches(platform)[0][1]
    cache = platform.client("elasticache").list_tags_for_resource(ResourceName=group["ARN"])
    found["CacheReplicationGroup"] = tag_map(cache["TagList"])
    found["Service"] = tag_map(service(platform)["tags"], "key", "value")
    for name in platform.ids("AWS::KMS::Key"):
        keys = platform.client("kms").list_resource_tags(KeyId=platform.id(name))["Tags"]
        found[name] = tag_map(keys, "TagKey", "TagValue")
    for name, physical in platform.ids("AWS::Logs::LogGroup").items():
        answer = platform.client("logs").list_tags_log_group(logGroupName=physical)
        found[name] = answer["tags"]
    for name, physical in platform.ids("AWS::IAM::Role").items():
        found[name] = tag_map(platform.client("iam").list_role_tags(RoleName=physical)["Tags"])
    secret = platform.client("secretsmanager").describe_secret(SecretId=platform.id("CacheSecret"))
    found["CacheSecret"] = tag_map(secret["Tags"])
    return found


def test_everything_carries_the_tags(platform: Platform) -> None:
    suffix = platform.parameters["EnvironmentSuffix"]
    for name, tags in tags_of(platform).items():
        assert tags.get("environment") == suffix, f"{name}: {tags}"
        assert tags.get("project") == platform.parameters["ProjectTag"], name
        assert tags.get("managed-by") == "cloudformation", name
        assert tags.get("Name", "").startswith("lms-"), name
        assert tags["Name"].endswith(f"-{suffix}"), name
