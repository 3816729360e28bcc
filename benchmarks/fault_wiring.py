"""Faults of wiring: references that mean something else, names that nobody has, ports, orders, sizes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from benchmarks.fault_classes import P
from benchmarks.fault_tools import Source, get, references, resource, walk
from stackproof.proofs import shapes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.fault_tools import Fault, Path


EITHER = {
    ("AWS::CloudWatch::CompositeAlarm", "ActionsSuppressor"),
    ("AWS::ECS::Cluster", "Cluster"),
    ("AWS::EFS::FileSystem", "FileSystemId"),
    ("AWS::IAM::Role", "ExecutionRoleArn"),
    ("AWS::IAM::Role", "TaskRoleArn"),
    ("AWS::Lambda::Function", "FunctionName"),
}
"""Where the name or id does as well as the ARN (the services' API references)."""


def another_meaning(source: Source) -> Iterator[Fault]:
    """Ref where the ARN is wanted, and the other way round."""
    for name, body in source.resources.items():
        for path, target, attribute in references(body.get(P, {})):
            kind = source.resources.get(target, {}).get("Type", "")
            # Both the id and the ARN of a key are a key, except to CloudWatch Logs.
            key = next(str(step) for step in reversed(path) if isinstance(step, str) and step != "Fn::If")
            of_key = (
                kind == "AWS::KMS::Key"
                and body["Type"] != "AWS::Logs::LogGroup"
                and {"kms", "key"} <= set(re.findall("kms|key", key.lower()))
            )
            either = of_key or (kind, key) in EITHER
            if either or not kind or shapes.meaning(kind, "Ref") == shapes.OTHER:
                continue
            if attribute == "Arn" and shapes.meaning(kind, "Ref") != shapes.meaning(kind, "Arn"):
                yield source.set("Ref instead of the ARN", name, (P, *path), {"Ref": target})
            if not attribute and shapes.meaning(kind, "Arn") not in {shapes.OTHER, shapes.meaning(kind, "Ref")}:
                yield source.set("ARN instead of Ref", name, (P, *path), {"Fn::GetAtt": [target, "Arn"]})


def missing_reference(source: Source) -> Iterator[Fault]:
    """A reference to a name that is misspelt."""
    for name, body in source.resources.items():
        for path, target, attribute in list(references(body.get(P, {})))[:1]:
            value = {"Fn::GetAtt": [f"{target}x", attribute]} if attribute else {"Ref": f"{target}x"}
            yield source.set("misspelt reference", name, (P, *path), value)


def unguarded_reference(source: Source) -> Iterator[Fault]:
    """A reference to what a condition leaves out, without that condition."""
    for name, body in source.resources.items():
        for path, value in walk(body.get(P, {})):
            branches = value.get("Fn::If") if isinstance(value, dict) else None
            if not branches or branches[2] != {"Ref": "AWS::NoValue"}:
                continue
            condition, target = branches[0], branches[1].get("Ref") if isinstance(branches[1], dict) else None
            if source.resources.get(target or "", {}).get("Condition") == condition != body.get("Condition"):
                yield source.set("reference without its condition", name, (P, *path), branches[1])


def circle(source: Source) -> Iterator[Fault]:
    """Two resources that wait for each other."""
    for name, body in source.resources.items():
        targets = [target for _, target, _ in references(body.get(P, {})) if target in source.resources]
        for target in targets[:1]:

            def change(whole: Any, name: str = name, target: str = target) -> None:
                there = resource(whole, target)
                depends = there.get("DependsOn", [])
                there["DependsOn"] = [*([depends] if isinstance(depends, str) else depends), name]

            yield source.changed("circle", target, f"DependsOn {name}", change)


def no_order(source: Source) -> Iterator[Fault]:
    """An order that is not stated any more."""
    for name, body in source.resources.items():
        depends = body.get("DependsOn", [])
        for index, other in enumerate(depends if isinstance(depends, list) else [depends]):
            if _follows_anyhow(source, name, other):
                continue
            path: Path = ("DependsOn", index) if isinstance(depends, list) else ("DependsOn",)
            yield source.changed("no order", name, f"does not wait for {other}", _without(name, path))


def _without(name: str, path: Path) -> Any:
    def change(whole: Any) -> None:
        del get(resource(whole, name), path[:-1])[path[-1]]

    return change


def _follows_anyhow(source: Source, name: str, other: str) -> bool:
    """Whether something else that a resource waits for waits for the other already."""
    depends = source.resources[name].get("DependsOn", [])
    todo = [each for each in (depends if isinstance(depends, list) else [depends]) if each != other]
    todo += [target for _, target, _ in references(source.resources[name])]
    seen: set[str] = set()
    while todo:
        each = todo.pop()
        if each in seen or each not in source.resources:
            continue
        seen.add(each)
        waits = source.resources[each].get("DependsOn", [])
        todo += waits if isinstance(waits, list) else [waits]
        todo += [target for _, target, _ in references(source.resources[each])]
    return other in seen


PORTS = {"Port", "ContainerPort"}


def another_port(source: Source) -> Iterator[Fault]:
    """A port that nobody else knows."""
    for name, body in source.resources.items():
        if body["Type"] in {"AWS::EC2::SecurityGroupIngress", "AWS::EC2::SecurityGroupEgress"}:
            continue
        for path, value in walk(body.get(P, {})):
            if path and path[-1] in PORTS and not isinstance(value, list):
                text = isinstance(value, str)
                yield source.set("another port", name, (P, *path), "7" if text else 7)


NAMES = {
    "ContainerName",
    "SourceVolume",
    "CapacityProvider",
    "ScalableDimension",
    "ServiceNamespace",
    "MetricName",
    "awslogs-group",
    "awslogs-region",
}


def another_name(source: Source) -> Iterator[Fault]:
    """A name that nobody has."""
    for name, body in source.resources.items():
        for path, _ in walk(body.get(P, {})):
            # What a web ACL calls its own metrics is free.
            if path and path[-1] in NAMES and "VisibilityConfig" not in path:
                yield source.set("another name", name, (P, *path), "nobody")
            if path and path[-1] == "ResourceId" and "ScalableDimension" in body[P]:
                yield source.set("another name", name, (P, *path), "service/lms/nobody")
            if path and len(path) > 2 and path[-1] == "Value" and path[-3] == "Dimensions":
                yield source.set("another name", name, (P, *path), "nobody")


SIZES: dict[str, tuple[Any, ...]] = {
    "Cpu": ("16384",),
    "Memory": ("999999",),
    "MinCapacity": (100000,),
    "MaximumPercent": (100,),
    "HealthCheckTimeoutSeconds": (119,),
    "StopTimeout": (999,),
    "NumCacheClusters": (1,),
}


def another_size(source: Source) -> Iterator[Fault]:
    """A size or time that does not fit the others."""
    for name, body in source.resources.items():
        for path, _ in walk(body.get(P, {})):
            for value in SIZES.get(str(path[-1]), ()) if path else ():
                yield source.set("another size", name, (P, *path), value)


MODES: dict[str, tuple[Any, ...]] = {
    "NetworkMode": ("bridge",),
    "RequiresCompatibilities": (["EC2"],),
    "TargetType": ("instance",),
    "SslPolicy": ("ELBSecurityPolicy-2016-08",),
    "Scheme": ("internal",),
    "IAM": ("DISABLED",),
    "VpcEndpointType": ("Gateway",),
    "DestinationType": ("kinesis-firehose",),
    "ReadOnly": (True,),
}


def another_mode(source: Source) -> Iterator[Fault]:
    """A mode that does not go with the rest."""
    for name, body in source.resources.items():
        for path, value in walk(body.get(P, {})):
            for other in MODES.get(str(path[-1]), ()) if path else ():
                if value != other:
                    yield source.set("another mode", name, (P, *path), other)


def secret_without_colons(source: Source) -> Iterator[Fault]:
    """`arn:key` where `arn:key::` is wanted, and a key that the secret does not have."""
    for name, body in source.resources.items():
        for path, value in walk(body.get(P, {})):
            text = value.get("Fn::Sub") if isinstance(value, dict) else None
            if path and path[-1] == "ValueFrom" and isinstance(text, str) and text.endswith("::"):
                yield source.set("secret's key", name, (P, *path), {"Fn::Sub": text.removesuffix("::")})
                if source.resources.get(text[2:].partition("}")[0]):
                    other = text.removesuffix("::").rpartition(":")[0]
                    yield source.set("secret's key", name, (P, *path), {"Fn::Sub": f"{other}:nobody::"})


def no_listener(source: Source) -> Iterator[Fault]:
    """A part without which another one does nothing."""
    kinds = (
        "AWS::ElasticLoadBalancingV2::Listener",
        "AWS::EFS::MountTarget",
        "AWS::ECS::ClusterCapacityProviderAssociations",
        "AWS::S3::BucketPolicy",
        "AWS::IAM::ManagedPolicy",
    )
    for name, _ in source.of_type(*kinds):
        yield source.remove("a part is missing", name)
    for name, body in source.of_type("AWS::ECS::TaskDefinition"):
        for key in ("ExecutionRoleArn", "Volumes"):
            if key in body[P]:
                yield source.drop("a part is missing", name, (P, key))
    for name, body in source.of_type("AWS::ECS::Service"):
        for key in ("LoadBalancers", "NetworkConfiguration"):
            if key in body[P]:
                yield source.drop("a part is missing", name, (P, key))


CLASSES = (
    another_meaning,
    missing_reference,
    unguarded_reference,
    circle,
    no_order,
    another_port,
    another_name,
    another_size,
    another_mode,
    secret_without_colons,
    no_listener,
)
