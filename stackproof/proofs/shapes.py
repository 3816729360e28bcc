"""What Ref and each GetAtt attribute of a type stand for: an ARN, an id, a name, or something else.

Ref is the trap: of a secret or a topic it is the ARN, of a key the id, of a queue the URL, of a log group the name,
whose `Arn` ends in `:*`. The table holds the types whose ARNs policies, keys and wiring need; for all others the answer
is that it is not known. Sources: the return values in the CloudFormation template reference and the ARN formats in the
service authorization reference.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from stackproof.proofs.values import Sym

if TYPE_CHECKING:
    from collections.abc import Container

ARN, STARRED, ID, NAME, FULL_NAME, URL, OTHER = "ARN", 'ARN with ":*"', "id", "name", "full name", "URL", "other"


@dataclass(frozen=True, slots=True)
class Shape:
    """How things of one type are called.

    Attributes:
        arn: the ARN without `arn:<partition>:`; `{r}` region, `{a}` account, `{n}` id or name, `{u}` a unique part that
            AWS adds; the other parts stand in `arns.PARTS`.
        arns: the attributes that hold it, the usual spelling first.
        names: the attributes that hold the id or name, the usual spelling first.
        name: the property that fixes the name; empty when AWS always makes the id.
        full: an attribute that is the part of the ARN behind the last `:`, without `prefix`.
        prefix: what the full name leaves off.
        sample: an id as AWS makes them, for checks against a schema's patterns.
    """

    arn: str
    arns: tuple[str, ...] = ("Arn",)
    names: tuple[str, ...] = ("Ref",)
    name: str = ""
    full: str = ""
    prefix: str = ""
    sample: str = "sample-name"

    @property
    def kind(self) -> str:
        """Whether `names` are ids or names."""
        return NAME if self.name else ID


_BALANCER = "elasticloadbalancing:{r}:{a}:"
_RANDOM = "0123456789abcdef0"

SHAPES: Final[dict[str, Shape]] = {
    "AWS::Backup::BackupPlan": Shape("backup:{r}:{a}:backup-plan:{n}", ("BackupPlanArn",), ("Ref", "BackupPlanId")),
    "AWS::Backup::BackupVault": Shape(
        "backup:{r}:{a}:backup-vault:{n}", ("BackupVaultArn",), ("Ref", "BackupVaultName"), "BackupVaultName"
    ),
    "AWS::CertificateManager::Certificate": Shape("acm:{r}:{a}:certificate/{u}", ("Ref", "Id"), ()),
    "AWS::CloudFront::Distribution": Shape(
        "cloudfront::{a}:distribution/{n}", (), ("Ref", "Id"), sample="E1234567890ABC"
    ),
    "AWS::CloudTrail::Trail": Shape("cloudtrail:{r}:{a}:trail/{n}", ("Arn",), ("Ref",), "TrailName"),
    "AWS::CloudWatch::Alarm": Shape("cloudwatch:{r}:{a}:alarm:{n}", ("Arn",), ("Ref",), "AlarmName"),
    "AWS::CloudWatch::CompositeAlarm": Shape("cloudwatch:{r}:{a}:alarm:{n}", ("Arn",), ("Ref",), "AlarmName"),
    "AWS::CodeBuild::Project": Shape("codebuild:{r}:{a}:project/{n}", ("Arn",), ("Ref",), "Name"),
    "AWS::DynamoDB::Table": Shape("dynamodb:{r}:{a}:table/{n}", ("Arn",), ("Ref",), "TableName"),
    "AWS::EC2::Instance": Shape("ec2:{r}:{a}:instance/{n}", (), ("Ref", "InstanceId"), sample=f"i-{_RANDOM}"),
    "AWS::EC2::SecurityGroup": Shape(
        "ec2:{r}:{a}:security-group/{n}", (), ("Ref", "GroupId", "Id"), sample=f"sg-{_RANDOM}"
    ),
    "AWS::EC2::Subnet": Shape("ec2:{r}:{a}:subnet/{n}", (), ("Ref", "SubnetId"), sample=f"subnet-{_RANDOM}"),
    "AWS::EC2::VPC": Shape("ec2:{r}:{a}:vpc/{n}", (), ("Ref", "VpcId"), sample=f"vpc-{_RANDOM}"),
    "AWS::EC2::VPCEndpoint": Shape("ec2:{r}:{a}:vpc-endpoint/{n}", (), ("Ref", "Id"), sample=f"vpce-{_RANDOM}"),
    "AWS::ECR::Repository": Shape("ecr:{r}:{a}:repository/{n}", ("Arn",), ("Ref",), "RepositoryName"),
    "AWS::ECS::Cluster": Shape("ecs:{r}:{a}:cluster/{n}", ("Arn",), ("Ref",), "ClusterName"),
    "AWS::ECS::Service": Shape("ecs:{r}:{a}:service/{Cluster}/{n}", ("Ref", "ServiceArn"), ("Name",), "ServiceName"),
    "AWS::ECS::TaskDefinition": Shape(
        "ecs:{r}:{a}:task-definition/{n}:{u}", ("Ref", "TaskDefinitionArn"), (), "Family"
    ),
    "AWS::EFS::AccessPoint": Shape(
        "elasticfilesystem:{r}:{a}:access-point/{n}", ("Arn",), ("Ref", "AccessPointId"), sample=f"fsap-{_RANDOM}"
    ),
    "AWS::EFS::FileSystem": Shape(
        "elasticfilesystem:{r}:{a}:file-system/{n}", ("Arn",), ("Ref", "FileSystemId"), sample=f"fs-{_RANDOM}"
    ),
    "AWS::ElastiCache::ReplicationGroup": Shape(
        "elasticache:{r}:{a}:replicationgroup:{n}", (), ("Ref",), "ReplicationGroupId"
    ),
    "AWS::ElastiCache::ServerlessCache": Shape(
        "elasticache:{r}:{a}:serverlesscache:{n}", ("ARN",), ("Ref",), "ServerlessCacheName"
    ),
    "AWS::ElastiCache::User": Shape("elasticache:{r}:{a}:user:{n}", ("Arn",), ("Ref",), "UserId"),
    "AWS::ElastiCache::UserGroup": Shape("elasticache:{r}:{a}:usergroup:{n}", ("Arn",), ("Ref",), "UserGroupId"),
    "AWS::ElasticLoadBalancingV2::Listener": Shape(_BALANCER + "listener/{balancer}/{u}", ("Ref", "ListenerArn"), ()),
    "AWS::ElasticLoadBalancingV2::LoadBalancer": Shape(
        _BALANCER + "loadbalancer/{kind}/{n}/{u}",
        ("Ref", "LoadBalancerArn"),
        ("LoadBalancerName",),
        "Name",
        "LoadBalancerFullName",
        "loadbalancer/",
    ),
    "AWS::ElasticLoadBalancingV2::TargetGroup": Shape(
        _BALANCER + "targetgroup/{n}/{u}",
        ("Ref", "TargetGroupArn"),
        ("TargetGroupName",),
        "Name",
        "TargetGroupFullName",
    ),
    "AWS::Events::EventBus": Shape("events:{r}:{a}:event-bus/{n}", ("Arn",), ("Ref", "Name"), "Name"),
    "AWS::Events::Rule": Shape("events:{r}:{a}:rule/{n}", ("Arn",), (), "Name"),
    "AWS::IAM::InstanceProfile": Shape("iam::{a}:instance-profile{path}{n}", ("Arn",), ("Ref",), "InstanceProfileName"),
    "AWS::IAM::ManagedPolicy": Shape("iam::{a}:policy{path}{n}", ("Ref", "PolicyArn"), (), "ManagedPolicyName"),
    "AWS::IAM::Role": Shape("iam::{a}:role{path}{n}", ("Arn",), ("Ref",), "RoleName"),
    "AWS::IAM::User": Shape("iam::{a}:user{path}{n}", ("Arn",), ("Ref",), "UserName"),
    "AWS::KMS::Alias": Shape("kms:{r}:{a}:{n}", (), ("Ref",), "AliasName", sample="alias/sample"),
    "AWS::KMS::Key": Shape(
        "kms:{r}:{a}:key/{n}", ("Arn",), ("Ref", "KeyId"), sample="1234abcd-12ab-34cd-56ef-1234567890ab"
    ),
    "AWS::Kinesis::Stream": Shape("kinesis:{r}:{a}:stream/{n}", ("Arn",), ("Ref",), "Name"),
    "AWS::KinesisFirehose::DeliveryStream": Shape(
        "firehose:{r}:{a}:deliverystream/{n}", ("Arn",), ("Ref",), "DeliveryStreamName"
    ),
    "AWS::Lambda::Function": Shape("lambda:{r}:{a}:function:{n}", ("Arn",), ("Ref",), "FunctionName"),
    "AWS::Logs::DeliveryDestination": Shape("logs:{r}:{a}:delivery-destination:{n}", ("Arn",), ("Ref",), "Name"),
    "AWS::Logs::DeliverySource": Shape("logs:{r}:{a}:delivery-source:{n}", ("Arn",), ("Ref",), "Name"),
    "AWS::Logs::LogGroup": Shape("logs:{r}:{a}:log-group:{n}", (), ("Ref",), "LogGroupName"),
    "AWS::RDS::DBCluster": Shape("rds:{r}:{a}:cluster:{n}", ("DBClusterArn",), ("Ref",), "DBClusterIdentifier"),
    "AWS::RDS::DBInstance": Shape("rds:{r}:{a}:db:{n}", ("DBInstanceArn",), ("Ref",), "DBInstanceIdentifier"),
    "AWS::S3::Bucket": Shape("s3:::{n}", ("Arn",), ("Ref",), "BucketName"),
    "AWS::SNS::Topic": Shape("sns:{r}:{a}:{n}", ("Ref", "TopicArn"), ("TopicName",), "TopicName"),
    "AWS::SQS::Queue": Shape("sqs:{r}:{a}:{n}", ("Arn",), ("QueueName",), "QueueName"),
    "AWS::SSM::Parameter": Shape("ssm:{r}:{a}:parameter{/n}", (), ("Ref",), "Name", sample="/sample"),
    "AWS::Scheduler::Schedule": Shape("scheduler:{r}:{a}:schedule/{GroupName}/{n}", ("Arn",), ("Ref",), "Name"),
    "AWS::Scheduler::ScheduleGroup": Shape("scheduler:{r}:{a}:schedule-group/{n}", ("Arn",), ("Ref",), "Name"),
    "AWS::SecretsManager::Secret": Shape("secretsmanager:{r}:{a}:secret:{n}-{random}", ("Ref", "Id"), (), "Name"),
    "AWS::StepFunctions::StateMachine": Shape(
        "states:{r}:{a}:stateMachine:{n}", ("Ref", "Arn"), ("Name",), "StateMachineName"
    ),
    "AWS::WAFv2::WebACL": Shape("wafv2:{r}:{a}:{scope}/webacl/{n}/{u}", ("Arn",), (), "Name"),
}

ECHOES: Final[dict[tuple[str, str], str]] = {
    ("AWS::EC2::Subnet", "AvailabilityZone"): "AvailabilityZone",
    ("AWS::EC2::Subnet", "CidrBlock"): "CidrBlock",
    ("AWS::EC2::Subnet", "VpcId"): "VpcId",
    ("AWS::EC2::SecurityGroup", "VpcId"): "VpcId",
    ("AWS::EC2::VPC", "CidrBlock"): "CidrBlock",
}
"""Attributes that give back what a property says."""

LISTS: Final[frozenset[tuple[str, str]]] = frozenset(
    {
        ("AWS::EC2::Subnet", "Ipv6CidrBlocks"),
        ("AWS::EC2::VPC", "CidrBlockAssociations"),
        ("AWS::EC2::VPC", "Ipv6CidrBlocks"),
        ("AWS::EC2::VPCEndpoint", "DnsEntries"),
        ("AWS::EC2::VPCEndpoint", "NetworkInterfaceIds"),
        ("AWS::ElastiCache::ReplicationGroup", "ReadEndPoint.Addresses.List"),
        ("AWS::ElastiCache::ReplicationGroup", "ReadEndPoint.Ports.List"),
        ("AWS::ElasticLoadBalancingV2::LoadBalancer", "SecurityGroups"),
        ("AWS::ElasticLoadBalancingV2::TargetGroup", "LoadBalancerArns"),
        ("AWS::Route53::HostedZone", "NameServers"),
    }
)
"""Attributes that are lists."""


def symbol(logical_id: str, resource_type: str, attribute: str, *, fixed: Container[str] = ()) -> Sym:
    """The symbol for Ref or GetAtt of a resource: two spellings of one thing (`Ref`, `VpcId`) give one symbol.

    `fixed` holds the properties that are given: a name that a person chose may have slashes in it.
    """
    shape = SHAPES.get(resource_type)
    if shape is not None:
        for spellings in (shape.names, shape.arns):
            if attribute in spellings:
                attribute = spellings[0]
    many = (resource_type, attribute) in LISTS
    generated = shape is None or not shape.name or shape.name not in fixed
    return Sym(logical_id, attribute, many=many, plain=generated and meaning(resource_type, attribute) in {ID, NAME})


def meaning(resource_type: str, attribute: str) -> str:
    """What Ref (`"Ref"`) or an attribute stands for: one of ARN, STARRED, ID, NAME, FULL_NAME, URL, OTHER."""
    shape = SHAPES.get(resource_type)
    if shape is None:
        return ID if attribute == "Ref" and resource_type.startswith("AWS::EC2::") else OTHER
    if attribute in shape.arns:
        return ARN
    if attribute in shape.names:
        return shape.kind
    if attribute == shape.full and attribute:
        return FULL_NAME
    if (resource_type, attribute) == ("AWS::Logs::LogGroup", "Arn"):
        return STARRED
    return URL if (resource_type, attribute) == ("AWS::SQS::Queue", "Ref") else OTHER


def sample(resource_type: str, attribute: str) -> str | None:
    """A text of the form that Ref or an attribute has in AWS, to try a pattern on; None when not in the table."""
    shape = SHAPES.get(resource_type)
    kind = meaning(resource_type, attribute)
    if shape is None or kind in {OTHER, URL}:
        return None
    if kind in {ID, NAME}:
        return shape.sample
    unique = {
        "AWS::CertificateManager::Certificate": "12345678-1234-1234-1234-123456789012",
        "AWS::ECS::TaskDefinition": "1",
    }.get(resource_type, "0123456789abcdef")
    parts = {
        "r": "us-east-1",
        "a": "123456789012",
        "n": shape.sample,
        "/n": shape.sample,
        "u": unique,
        "random": "AbCdEf",
    }
    parts |= {"path": "/", "kind": "app", "scope": "regional", "balancer": "app/sample-name/0123456789abcdef"}
    parts |= {"Cluster": "sample-name", "GroupName": "default"}
    text = shape.arn.format_map(parts)
    if kind == FULL_NAME:
        return text.rpartition(":")[2].removeprefix(shape.prefix)
    return f"arn:aws:{text}" + (":*" if kind == STARRED else "")
