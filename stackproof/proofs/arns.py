"""What Ref and each GetAtt attribute of a type stand for: an ARN, an id, a name, or something else.

Ref is the trap: of a secret or a topic it is the ARN, of a key the id, of a queue the URL, of a log group the name,
whose `Arn` ends in `:*`. The table holds the types whose ARNs policies, keys and wiring need; for all others the answer
is that it is not known. Sources: the return values in the CloudFormation template reference and the ARN formats in the
service authorization reference.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from stackproof.proofs.values import Scalar, Sym, Text, Unknown, Value, join, show

if TYPE_CHECKING:
    from collections.abc import Callable, Container

    from stackproof.proofs.resolve import Resource, Stack

ARN, STARRED, ID, NAME, FULL_NAME, URL, OTHER = "ARN", 'ARN with ":*"', "id", "name", "full name", "URL", "other"


@dataclass(frozen=True, slots=True)
class Shape:
    """How things of one type are called.

    Attributes:
        arn: the ARN without `arn:<partition>:`; `{r}` region, `{a}` account, `{n}` id or name, `{u}` a unique part that
            AWS adds; the other parts stand in `_PARTS`.
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


def name(resource: Resource) -> Scalar:
    """The name or id of a resource: what its property says, else a symbol for what AWS makes."""
    shape = SHAPES.get(resource.type)
    given = resource.properties.get(shape.name) if shape is not None and shape.name else None
    if given is None or isinstance(given, list | dict):
        attribute = shape.names[0] if shape is not None and shape.names else "name"
        return Sym(resource.logical_id, attribute, plain=True)
    return given


def _spelled(stack: Stack, resource: Resource, within: tuple[str, ...] = ()) -> Scalar:
    """The name with the names that it is made of spelled out; `within` ends a circle of names."""
    given = name(resource)
    parts: list[Value] = []
    for part in given.parts if isinstance(given, Text) else (given,):
        target = stack.target(part)
        named = target is not None and isinstance(part, Sym) and meaning(target.type, part.attribute) in {ID, NAME}
        if target is not None and named and target.logical_id not in (*within, resource.logical_id):
            parts.append(_spelled(stack, target, (*within, resource.logical_id)))
        else:
            parts.append(part)
    return join(*parts)


def arn(stack: Stack, resource: Resource) -> Scalar:
    """A resource's ARN as text, without a log group's `:*`; Unknown for a type that the table does not hold."""
    if resource.logical_id not in stack.arns:
        shape = SHAPES.get(resource.type)
        stack.arns[resource.logical_id] = (
            Unknown(f"the shape of an ARN of {resource.type} is not in the table")
            if shape is None
            else join("arn:", stack.partition, ":", _fill(stack, resource, shape.arn))
        )
    return stack.arns[resource.logical_id]


def _fill(stack: Stack, resource: Resource, pattern: str) -> Scalar:
    """A pattern of the table with this resource's values."""
    first, *rest = pattern.split("{")
    parts: list[Value] = [first]
    for piece in rest:
        key, _, text = piece.partition("}")
        parts += [*_PARTS[key](stack, resource), text]
    return join(*parts)


def _named(stack: Stack, value: Value) -> Value:
    """The name of what a property refers to, by name or by ARN."""
    target = stack.target(value)
    if target is not None:
        return _spelled(stack, target)
    return value.rpartition("/")[2] if isinstance(value, str) else value


def _balancer(stack: Stack, listener: Resource) -> list[Value]:
    """Kind, name and unique part of a listener's balancer."""
    balancer = stack.target(listener.properties.get("LoadBalancerArn"))
    if balancer is None:
        return [Unknown(f"the balancer of {listener.logical_id} is not in the template")]
    return [*_kind(balancer), "/", _spelled(stack, balancer), "/", *_unique(balancer)]


def _kind(balancer: Resource) -> list[Value]:
    return [{"network": "net", "gateway": "gwy"}.get(str(balancer.properties.get("Type")), "app")]


def _unique(resource: Resource) -> list[Value]:
    return [Sym(resource.logical_id, "unique part", plain=True)]


def _random(resource: Resource) -> list[Value]:
    """The six characters that end a secret's ARN; each matches a `?`."""
    owner = resource.logical_id
    return [Sym(owner, f"random character {index}", kind="character", plain=True) for index in range(6)]


def _rooted(stack: Stack, resource: Resource) -> list[Value]:
    """A parameter's name with the slash that its ARN has in any case."""
    found = _spelled(stack, resource)
    return [found] if show(found).startswith("/") else ["/", found]


_PARTS: Final[dict[str, Callable[[Stack, Resource], list[Value]]]] = {
    "r": lambda stack, _: [stack.region],
    "a": lambda stack, _: [stack.account],
    "n": lambda stack, resource: [_spelled(stack, resource)],
    "/n": _rooted,
    "u": lambda _, resource: _unique(resource),
    "random": lambda _, resource: _random(resource),
    "path": lambda _, resource: [resource.properties.get("Path", "/")],
    "kind": lambda _, resource: _kind(resource),
    "scope": lambda _, resource: ["global" if resource.properties.get("Scope") == "CLOUDFRONT" else "regional"],
    "balancer": _balancer,
    "Cluster": lambda stack, resource: [_named(stack, resource.properties.get("Cluster", "default"))],
    "GroupName": lambda stack, resource: [_named(stack, resource.properties.get("GroupName", "default"))],
}
"""What each `{key}` of the table stands for."""


def expand(stack: Stack, value: Value) -> Scalar:
    """A scalar with each symbol of a resource spelled out as far as the template tells: its ARN, its name.

    Two spellings of one ARN (GetAtt, Sub) are equal only after this. A list or an object gives Unknown.
    """
    if isinstance(value, Sym):
        return _expand(stack, value)
    if isinstance(value, Text):
        return join(*(_expand(stack, part) if isinstance(part, Sym) else part for part in value.parts))
    return Unknown("a list or an object stands where text is needed") if isinstance(value, list | dict) else value


def _expand(stack: Stack, symbol: Sym) -> Scalar:
    """One symbol spelled out; itself when nothing more is known."""
    resource = stack.resources.get(symbol.owner) if symbol.kind == "resource" else None
    shape = SHAPES.get(resource.type) if resource is not None else None
    if resource is None or shape is None:
        return symbol
    kind = meaning(resource.type, symbol.attribute)
    if kind in {ARN, STARRED}:
        spelled = join(arn(stack, resource), ":*" if kind == STARRED else "")
        return symbol if isinstance(spelled, Unknown) else spelled
    if kind == FULL_NAME:
        tail = shape.arn.rpartition(":")[2].removeprefix(shape.prefix)
        return _fill(stack, resource, tail)
    return _spelled(stack, resource) if kind in {ID, NAME} else symbol


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
