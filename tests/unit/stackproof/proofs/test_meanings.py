"""Ref and GetAtt with the meaning that the property wants: each fault beside the spelling that is right."""

from __future__ import annotations

from typing import Any

import pytest

from stackproof.proofs.meanings import DIMENSIONS, TEXTS, WANTED, meanings
from stackproof.proofs.resolve.stack import resolve
from stackproof.proofs.schemas import schema
from stackproof.proofs.verdicts import Finding, Verdict

RESOURCES = {
    "Key": {"Type": "AWS::KMS::Key"},
    "Alias": {"Type": "AWS::KMS::Alias"},
    "Role": {"Type": "AWS::IAM::Role"},
    "Bucket": {"Type": "AWS::S3::Bucket"},
    "Topic": {"Type": "AWS::SNS::Topic"},
    "Queue": {"Type": "AWS::SQS::Queue"},
    "Log": {"Type": "AWS::Logs::LogGroup"},
    "Group": {"Type": "AWS::ElasticLoadBalancingV2::TargetGroup"},
    "Balancer": {"Type": "AWS::ElasticLoadBalancingV2::LoadBalancer"},
    "Cluster": {"Type": "AWS::ECS::Cluster"},
    "Service": {"Type": "AWS::ECS::Service"},
    "Function": {"Type": "AWS::Lambda::Function"},
    "Files": {"Type": "AWS::EFS::FileSystem"},
    "Access": {"Type": "AWS::EFS::AccessPoint"},
    "Subnet": {"Type": "AWS::EC2::Subnet"},
    "Peers": {"Type": "AWS::EC2::SecurityGroup"},
    "Table": {"Type": "AWS::EC2::RouteTable"},
    "Custom": {"Type": "Custom::Thing"},
}


def judged(resource_type: str, properties: dict[str, Any]) -> list[Finding]:
    user = {"Type": resource_type, "Properties": properties}
    return meanings(resolve({"Resources": {**RESOURCES, "User": user}}))


def ref(name: str) -> dict[str, Any]:
    return {"Ref": name}


def att(name: str) -> dict[str, Any]:
    return {"Fn::GetAtt": name}


def sub(text: str) -> dict[str, Any]:
    return {"Fn::Sub": text}


def within(path: str, value: object) -> dict[str, Any]:
    """An object with a value at a path: `Volumes.0.Name`."""
    head, _, rest = path.partition(".")
    inner = within(rest, value) if rest else value
    return [inner] if head == "0" else {head: inner}  # type: ignore[return-value]  # a list inside, an object outside


def dimension(name: str, value: object) -> dict[str, Any]:
    return {"Dimensions": [{"Name": name, "Value": value}]}


POLICY = "PolicyDocument.Statement.0.Resource"
CASES = [
    # type, property, wrong, right, what the message says, the fix
    (
        "AWS::Logs::LogGroup",
        "KmsKeyId",
        ref("Key"),
        att("Key.Arn"),
        "Ref Key (AWS::KMS::Key) is the id",
        "Write GetAtt Key.Arn.",
    ),
    (
        "AWS::Backup::BackupVault",
        "EncryptionKeyArn",
        ref("Key"),
        att("Key.Arn"),
        "wants the ARN",
        "Write GetAtt Key.Arn.",
    ),
    (
        "AWS::ElasticLoadBalancingV2::Listener",
        "DefaultActions.0.TargetGroupArn",
        att("Group.TargetGroupName"),
        ref("Group"),
        "is the name",
        "Write Ref Group.",
    ),
    (
        "AWS::CloudWatch::Alarm",
        "AlarmActions.0",
        att("Topic.TopicName"),
        ref("Topic"),
        "wants the ARN",
        "Write Ref Topic.",
    ),
    (
        "AWS::Lambda::Permission",
        "SourceArn",
        ref("Bucket"),
        att("Bucket.Arn"),
        "wants the ARN",
        "Write GetAtt Bucket.Arn.",
    ),
    ("AWS::Lambda::Function", "Role", ref("Role"), att("Role.Arn"), "wants the ARN", "Write GetAtt Role.Arn."),
    ("AWS::IAM::Policy", "Roles.0", att("Role.Arn"), ref("Role"), "wants the name", "Write Ref Role."),
    ("AWS::IAM::Role", "ManagedPolicyArns.0", ref("Role"), "arn:aws:iam::aws:policy/X", "wants the ARN", ""),
    ("AWS::S3::BucketPolicy", "Bucket", att("Bucket.Arn"), ref("Bucket"), "wants the name", "Write Ref Bucket."),
    ("AWS::EC2::FlowLog", "LogGroupName", att("Log.Arn"), ref("Log"), "wants the name", "Write Ref Log."),
    (
        "AWS::WAFv2::LoggingConfiguration",
        "LogDestinationConfigs.0",
        att("Log.Arn"),
        sub("arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:aws-waf-logs-x"),
        'is the ARN with ":*"',
        "Write the ARN as text, arn:${AWS::Partition}:logs:…, by Fn::Sub.",
    ),
    (
        "AWS::CloudTrail::Trail",
        "CloudWatchLogsLogGroupArn",
        ref("Log"),
        att("Log.Arn"),
        'wants the ARN with ":*"',
        "Write GetAtt Log.Arn.",
    ),
    (
        "AWS::ECS::TaskDefinition",
        "ContainerDefinitions.0.LogConfiguration.Options.awslogs-group",
        att("Log.Arn"),
        ref("Log"),
        "wants the name",
        "Write Ref Log.",
    ),
    (
        "AWS::ECS::TaskDefinition",
        "Volumes.0.EFSVolumeConfiguration.FilesystemId",
        att("Files.Arn"),
        ref("Files"),
        "wants the id",
        "Write Ref Files.",
    ),
    (
        "AWS::ECS::TaskDefinition",
        "Volumes.0.EFSVolumeConfiguration.AuthorizationConfig.AccessPointId",
        att("Access.Arn"),
        ref("Access"),
        "wants the id",
        "Write Ref Access.",
    ),
    (
        "AWS::EC2::SecurityGroupIngress",
        "GroupId",
        ref("Subnet"),
        ref("Peers"),
        "takes AWS::EC2::SecurityGroup.Id",
        "Write a reference to AWS::EC2::SecurityGroup.",
    ),
    (
        "AWS::CloudTrail::Trail",
        "S3BucketName",
        att("Bucket.Arn"),
        ref("Bucket"),
        "wants the name",
        "Write Ref Bucket.",
    ),
    ("AWS::EFS::MountTarget", "SecurityGroups.0", ref("Subnet"), ref("Peers"), "takes AWS::EC2::SecurityGroup.Id", ""),
    (
        "AWS::ApplicationAutoScaling::ScalableTarget",
        "ResourceId",
        sub("service/${Cluster}/${Service}"),
        sub("service/${Cluster}/${Service.Name}"),
        "is made of the name",
        "Write GetAtt Service.Name.",
    ),
    (
        "AWS::ApplicationAutoScaling::ScalingPolicy",
        "TargetTrackingScalingPolicyConfiguration.PredefinedMetricSpecification.ResourceLabel",
        sub("${Balancer}/${Group.TargetGroupFullName}"),
        sub("${Balancer.LoadBalancerFullName}/${Group.TargetGroupFullName}"),
        "is made of the full name",
        "Write GetAtt Balancer.LoadBalancerFullName.",
    ),
    (
        "AWS::IAM::Policy",
        POLICY,
        ref("Bucket"),
        att("Bucket.Arn"),
        "is an ARN in every policy",
        "Write GetAtt Bucket.Arn.",
    ),
    (
        "AWS::IAM::Policy",
        POLICY,
        sub("${Bucket}/*"),
        sub("${Bucket.Arn}/*"),
        "begins with an ARN",
        "Write GetAtt Bucket.Arn.",
    ),
    (
        "AWS::IAM::Policy",
        "PolicyDocument.Statement.0.NotResource.0",
        ref("Queue"),
        att("Queue.Arn"),
        "is the URL",
        "Write GetAtt Queue.Arn.",
    ),
    (
        "AWS::SNS::TopicPolicy",
        "PolicyDocument.Statement.0.Resource",
        att("Topic.TopicName"),
        ref("Topic"),
        "is the name",
        "Write Ref Topic.",
    ),
    ("AWS::SQS::QueuePolicy", "Queues.0", att("Queue.Arn"), ref("Queue"), "wants the URL", "Write Ref Queue."),
    ("AWS::SQS::QueuePolicy", "Queues.0", att("Queue.QueueName"), ref("Queue"), "is the name", "Write Ref Queue."),
    ("AWS::Lambda::Function", "LoggingConfig.LogGroup", att("Log.Arn"), ref("Log"), "wants the name", "Write Ref Log."),
    (
        "AWS::ECS::Cluster",
        "Configuration.ExecuteCommandConfiguration.LogConfiguration.CloudWatchLogGroupName",
        att("Log.Arn"),
        ref("Log"),
        "wants the name",
        "Write Ref Log.",
    ),
    (
        "AWS::Lambda::EventSourceMapping",
        "EventSourceArn",
        ref("Queue"),
        att("Queue.Arn"),
        "is the URL",
        "Write GetAtt Queue.Arn.",
    ),
]


@pytest.mark.parametrize(("resource_type", "path", "wrong", "right", "says", "fix"), CASES)
def test_the_wrong_meaning_is_named_with_the_right_spelling(
    resource_type: str, path: str, wrong: object, right: object, says: str, fix: str
) -> None:
    (found,) = judged(resource_type, within(path, wrong))
    assert (found.verdict, found.id, found.logical_id) == (Verdict.BROKEN, "ref-meaning", "User")
    assert found.path == f"Properties.{path}"
    assert found.path in found.message
    assert says in found.message
    assert fix in found.fix
    assert [each.verdict for each in judged(resource_type, within(path, right))] == [Verdict.PROVED]


@pytest.mark.parametrize(
    ("name", "wrong", "right", "fix"),
    [
        ("TargetGroup", ref("Group"), att("Group.TargetGroupFullName"), "Write GetAtt Group.TargetGroupFullName."),
        ("LoadBalancer", ref("Balancer"), att("Balancer.LoadBalancerFullName"), "Write GetAtt Balancer.LoadBalancer"),
        ("ServiceName", ref("Service"), att("Service.Name"), "Write GetAtt Service.Name."),
        ("ClusterName", att("Cluster.Arn"), ref("Cluster"), "Write Ref Cluster."),
        ("FileSystemId", att("Files.Arn"), ref("Files"), "Write Ref Files."),
        ("QueueName", ref("Queue"), att("Queue.QueueName"), "Write GetAtt Queue.QueueName."),
    ],
)
def test_dimensions_hold_what_cloudwatch_counts_by(name: str, wrong: object, right: object, fix: str) -> None:
    (found,) = judged("AWS::CloudWatch::Alarm", dimension(name, wrong))
    assert found.path == "Properties.Dimensions.0.Value"
    assert f"wants the {DIMENSIONS[name]}" in found.message
    assert fix in found.fix
    assert [each.verdict for each in judged("AWS::CloudWatch::Alarm", dimension(name, right))] == [Verdict.PROVED]


@pytest.mark.parametrize(
    ("resource_type", "path", "value"),
    [
        ("AWS::ECS::Service", "Cluster", ref("Cluster")),
        ("AWS::ECS::Service", "Cluster", att("Cluster.Arn")),
        ("AWS::ECS::TaskDefinition", "TaskRoleArn", ref("Role")),
        ("AWS::ECS::TaskDefinition", "ExecutionRoleArn", att("Role.Arn")),
        ("AWS::KMS::Alias", "TargetKeyId", ref("Key")),
        ("AWS::KMS::Alias", "TargetKeyId", att("Key.Arn")),
        ("AWS::SecretsManager::Secret", "KmsKeyId", ref("Key")),
        ("AWS::EFS::FileSystem", "KmsKeyId", att("Key.Arn")),
        ("AWS::CloudWatch::Alarm", "Dimensions.0.Value", ref("Custom")),
        ("AWS::CloudWatch::Alarm", "AlarmDescription", ref("Topic")),
        ("AWS::Events::Rule", "Targets.0.Arn", att("Log.Arn")),
        ("AWS::IAM::Policy", POLICY, att("Log.Arn")),
        ("AWS::IAM::Policy", POLICY, sub("arn:aws:s3:::${Bucket}/*")),
        ("AWS::Lambda::Function", "Role", ref("Custom")),
        ("AWS::Lambda::Function", "Code.ZipFile", sub("x ${Bucket}")),
        ("Custom::Thing", "Whatever", ref("Bucket")),
        ("Custom::Thing", "TopicArn", att("Topic.TopicArn")),
        ("AWS::EC2::Route", "GatewayId", ref("Subnet")),
        ("AWS::EC2::Instance", "Nothing", ref("Subnet")),
        # What fits cannot be said, so nothing is.
        ("AWS::EC2::Instance", "ImageId", ref("Subnet")),
        ("AWS::EFS::MountTarget", "IpAddress", ref("Bucket")),
        ("Custom::Thing", "TableArn", ref("Table")),
    ],
)
def test_what_the_property_takes_is_not_flagged(resource_type: str, path: str, value: object) -> None:
    assert [found.verdict for found in judged(resource_type, within(path, value))] == [Verdict.PROVED]


def test_a_dimension_of_another_name_is_nobody_s_business() -> None:
    assert judged("AWS::CloudWatch::Alarm", dimension("Tenant", ref("Service")))[0].verdict is Verdict.PROVED
    assert judged("AWS::CloudWatch::Alarm", dimension("Tenant", ref("Service")))[0].message.startswith("1 references")


def test_a_pattern_of_the_registry_names_the_attribute_that_matches() -> None:
    (found,) = judged("AWS::Logs::LogGroup", {"KmsKeyId": ref("Key")})
    assert found.sentences == (
        "Properties.KmsKeyId wants the ARN, but Ref Key (AWS::KMS::Key) is the id, which AWS refuses or does not find."
        " Write GetAtt Key.Arn."
    )


@pytest.mark.parametrize(("resource_type", "path"), [*WANTED, *TEXTS])
def test_the_tables_name_properties_that_exist(resource_type: str, path: tuple[str, ...]) -> None:
    found = schema(resource_type)
    assert found is not None
    assert found.property(path) is not None
