"""Ref and GetAtt with the meaning that the property wants: a name, an id, an ARN, an ARN without `:*`, a full name.

What a property wants is read from its schema (format, pattern) and from the few facts that schemas do not have. A value
is judged only where the table in `arns` knows what it stands for, and a finding names the spelling that would fit.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from stackproof.java_patterns import compile_pattern
from stackproof.proofs import shapes
from stackproof.proofs.resolve.stack import Resource, Stack, dotted
from stackproof.proofs.schemas import Schema, formats, schema, without_positions
from stackproof.proofs.values import Path, Sym, Text, at, show
from stackproof.proofs.verdicts import Finding, broken, proved

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ARN, STARRED, ID, NAME, FULL_NAME = shapes.ARN, shapes.STARRED, shapes.ID, shapes.NAME, shapes.FULL_NAME

DIMENSIONS: Final = {
    "AutoScalingGroupName": NAME,
    "BucketName": NAME,
    "ClusterName": NAME,
    "DBClusterIdentifier": NAME,
    "DBInstanceIdentifier": NAME,
    "FileSystemId": ID,
    "FunctionName": NAME,
    "LoadBalancer": FULL_NAME,
    "LogGroupName": NAME,
    "QueueName": NAME,
    "ReplicationGroupId": NAME,
    "ServiceName": NAME,
    "TableName": NAME,
    "TargetGroup": FULL_NAME,
    "TopicName": NAME,
}
"""What CloudWatch's dimensions hold; with anything else an alarm sees no data and never fires."""

WANTED: Final[dict[tuple[str, Path], tuple[str, ...]]] = {
    ("AWS::CloudTrail::Trail", ("CloudWatchLogsLogGroupArn",)): (STARRED,),
    **{
        (alarm, (f"{state}Actions",)): (ARN,)
        for alarm in ("AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm")
        for state in ("Alarm", "OK", "InsufficientData")
    },
    ("AWS::EC2::FlowLog", ("LogGroupName",)): (NAME,),
    (
        "AWS::ECS::Cluster",
        ("Configuration", "ExecuteCommandConfiguration", "LogConfiguration", "CloudWatchLogGroupName"),
    ): (NAME,),
    ("AWS::ECS::TaskDefinition", ("ContainerDefinitions", "LogConfiguration", "Options", "awslogs-group")): (NAME,),
    ("AWS::ECS::TaskDefinition", ("Volumes", "EFSVolumeConfiguration", "AuthorizationConfig", "AccessPointId")): (ID,),
    ("AWS::ECS::TaskDefinition", ("Volumes", "EFSVolumeConfiguration", "FilesystemId")): (ID,),
    (
        "AWS::ElastiCache::ReplicationGroup",
        ("LogDeliveryConfigurations", "DestinationDetails", "CloudWatchLogsDetails", "LogGroup"),
    ): (NAME,),
    ("AWS::IAM::InstanceProfile", ("Roles",)): (NAME,),
    ("AWS::IAM::ManagedPolicy", ("Roles",)): (NAME,),
    ("AWS::IAM::Policy", ("Roles",)): (NAME,),
    ("AWS::IAM::RolePolicy", ("RoleName",)): (NAME,),
    ("AWS::Lambda::Function", ("LoggingConfig", "LogGroup")): (NAME,),
    ("AWS::S3::BucketPolicy", ("Bucket",)): (NAME,),
    ("AWS::SQS::QueuePolicy", ("Queues",)): (shapes.URL,),
    (
        "AWS::StepFunctions::StateMachine",
        ("LoggingConfiguration", "Destinations", "CloudWatchLogsLogGroup", "LogGroupArn"),
    ): (STARRED,),
    ("AWS::WAFv2::LoggingConfiguration", ("LogDestinationConfigs",)): (ARN,),
}
"""Facts that no schema has, by type and property."""

SHORT_NAMES: Final = {
    ("AWS::ECS::TaskDefinition", ("ExecutionRoleArn",)),
    ("AWS::ECS::TaskDefinition", ("TaskRoleArn",)),
}
"""Properties called ARN that take the name as well."""


TEXTS: Final[dict[tuple[str, Path], str]] = {
    ("AWS::ApplicationAutoScaling::ScalableTarget", ("ResourceId",)): NAME,
    (
        "AWS::ApplicationAutoScaling::ScalingPolicy",
        ("TargetTrackingScalingPolicyConfiguration", "PredefinedMetricSpecification", "ResourceLabel"),
    ): FULL_NAME,
}
"""Text that is put together from several references, and what each must be."""


_MADE: Final = (Sym, Text)


def meanings(stack: Stack) -> list[Finding]:
    """Every Ref and GetAtt that stands for something else than its property wants."""
    found: list[Finding] = []
    count = 0
    for resource in stack.resources.values():
        definition = schema(resource.type, show(stack.region))
        for whole, value in stack.leaves[resource.logical_id].made:
            if not isinstance(value, _MADE):
                continue
            path = whole[1:]
            for symbol in value.parts if isinstance(value, Text) else (value,):
                if not isinstance(symbol, Sym) or symbol.kind != "resource" or symbol.owner not in stack.resources:
                    continue
                target = stack.resources[symbol.owner]
                count += 1
                meant = shapes.meaning(target.type, symbol.attribute)
                if meant != shapes.OTHER:
                    use = Use(resource, path, without_positions(path), target, symbol, meant)
                    found += _in_text(use, value) if isinstance(value, Text) else _whole(use, definition)
    return found or [proved("ref-meaning", "", "", f"{count} references have the meaning that their property wants")]


class Use(NamedTuple):
    """One reference where it is used: by whom, at which property, to what, and what it stands for. There are hundreds.

    Attributes:
        place: the property without positions in lists.
    """

    user: Resource
    path: Path
    place: Path
    target: Resource
    symbol: Sym
    meant: str

    @property
    def in_policy(self) -> bool:
        """Is this the resource of a statement in a policy?"""
        return self.place[-2:] in {("Statement", "Resource"), ("Statement", "NotResource")}


def _in_text(use: Use, value: Text) -> Iterator[Finding]:
    """A reference as a part of text."""
    wanted = TEXTS.get((use.user.type, use.place))
    if wanted is not None and use.meant != wanted and _spelling(use.target, (wanted,)):
        yield _finding(use, f"is made of the {wanted}", _spelling(use.target, (wanted,)))
    elif use.in_policy and value.parts[0] == use.symbol and use.meant not in {ARN, STARRED}:
        yield _finding(use, "begins with an ARN in every policy", _spelling(use.target, (ARN,)))


def _whole(use: Use, definition: Schema | None) -> Iterator[Finding]:
    """A reference as the whole value."""
    wanted = _wanted(use)
    if wanted:
        if use.meant not in wanted:
            yield _finding(use, f"wants the {wanted[0]}", _spelling(use.target, wanted))
    elif use.in_policy:
        if use.meant not in {ARN, STARRED}:
            yield _finding(use, "is an ARN in every policy", _spelling(use.target, (ARN,)))
    elif definition is not None:
        node = definition.property(use.path)
        if node is not None:
            yield from _by_schema(use, node)


def _wanted(use: Use) -> tuple[str, ...]:
    """What the property wants by the tables; nothing when they do not say."""
    key = (use.user.type, use.place)
    if key in WANTED:
        return WANTED[key]
    if use.place[-2:] == ("Dimensions", "Value"):
        name = at(use.user.properties, *use.path[:-1], "Name")
        return (DIMENSIONS[name],) if isinstance(name, str) and name in DIMENSIONS else ()
    if use.place == ("LoadBalancerAttributes", "Value"):
        name = at(use.user.properties, *use.path[:-1], "Key")
        return (NAME,) if isinstance(name, str) and name.endswith(".s3.bucket") else ()
    called = re.search(r"(Arn|ARN)s?$", str(use.place[-1])) is not None and key not in SHORT_NAMES
    return (ARN, STARRED) if called and _spelling(use.target, (ARN,)) else ()


def _spelling(target: Resource, wanted: tuple[str, ...]) -> str:
    """How to write what is wanted: `Ref`, an attribute, or the ARN as text; empty when there is no such thing."""
    for meaning in wanted:
        for attribute in _attributes(target.type):
            if shapes.meaning(target.type, attribute) == meaning:
                return _written(target, attribute)
    shape = shapes.SHAPES.get(target.type)
    if ARN in wanted and shape is not None:
        return f"the ARN as text, arn:${{AWS::Partition}}:{shape.arn.split(':')[0]}:…, by Fn::Sub"
    return ""


def _attributes(resource_type: str) -> list[str]:
    """The spellings whose meaning the table knows."""
    shape = shapes.SHAPES.get(resource_type)
    if shape is None:
        return []
    others = {"AWS::Logs::LogGroup": ["Arn"], "AWS::SQS::Queue": ["Ref"]}
    return [*shape.arns, *shape.names, *filter(None, [shape.full]), *others.get(resource_type, ())]


def _written(target: Resource, attribute: str) -> str:
    return f"Ref {target.logical_id}" if attribute == "Ref" else f"GetAtt {target.logical_id}.{attribute}"


def _by_schema(use: Use, node: Mapping[str, Any]) -> Iterator[Finding]:
    """A finding when the schema's formats or pattern refuse this reference."""
    kinds = [kind for kind in formats(node) if kind.startswith("AWS::")]
    pattern = node.get("pattern")
    if kinds and (use.user.type, use.place) not in SHORT_NAMES and not any(_fits(kind, use) for kind in kinds):
        fitting = [
            attribute for kind in kinds for attribute in _attributes(use.target.type) if _fits(kind, use, attribute)
        ]
        others = {_of_format(kind)[0] for kind in kinds}
        if fitting:
            yield _better(use, fitting[0])
        elif use.target.type not in others and others <= shapes.SHAPES.keys():
            yield _finding(use, f"takes {' or '.join(kinds)}", f"a reference to {' or '.join(sorted(others))}")
    elif isinstance(pattern, str) and _tries(pattern, use.target.type, use.symbol.attribute) is False:
        fitting = [
            attribute for attribute in _attributes(use.target.type) if _tries(pattern, use.target.type, attribute)
        ]
        if fitting:
            yield _better(use, fitting[0])


def _better(use: Use, attribute: str) -> Finding:
    """The finding when another spelling of the same resource is what the schema takes."""
    return _finding(use, f"wants the {shapes.meaning(use.target.type, attribute)}", _written(use.target, attribute))


def _of_format(kind: str) -> tuple[str, str]:
    """A format as the type and what it is of the type: `AWS::KMS::Key.Arn`, `AWS::EC2::Subnet.Ids`."""
    owner, _, what = kind.rpartition(".")
    owner = {"AWS::ACM::Certificate": "AWS::CertificateManager::Certificate"}.get(owner, owner)
    return owner, {"Arn": ARN, "Id": ID, "Ids": ID}.get(what, NAME)


def _fits(kind: str, use: Use, attribute: str | None = None) -> bool:
    """Does a format take this reference, or another attribute of the same resource?"""
    meant = use.meant if attribute is None else shapes.meaning(use.target.type, attribute)
    return _of_format(kind) == (use.target.type, meant)


@lru_cache(maxsize=4096)
def _tries(pattern: str, resource_type: str, attribute: str) -> bool | None:
    """Does a text of the reference's form match a schema's pattern? None when that cannot be tried."""
    sample = shapes.sample(resource_type, attribute)
    compiled = compile_pattern(pattern)
    return None if sample is None or compiled is None else compiled.search(sample) is not None


def _finding(use: Use, wants: str, better: str) -> Finding:
    path = dotted(("Properties", *use.path))
    gets = _written(use.target, use.symbol.attribute)
    return broken(
        "ref-meaning",
        use.user.logical_id,
        path,
        f"{path} {wants}, but {gets} ({use.target.type}) is the {use.meant}, which AWS refuses or does not find.",
        f"Write {better}." if better else "Refer to the thing that the property wants.",
    )
