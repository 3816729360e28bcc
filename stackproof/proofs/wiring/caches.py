"""ElastiCache: what its API refuses and no schema says."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from stackproof.proofs.model.placement import each, whole
from stackproof.proofs.values import Value, at, is_one_of, scalar_text, show
from stackproof.proofs.verdicts import broken, proved
from stackproof.proofs.wiring.common import on, unclear
from stackproof.proofs.wiring.tables import cache_nodes, cache_versions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stackproof.proofs.model.system import System
    from stackproof.proofs.resolve.stack import Resource, Stack
    from stackproof.proofs.wiring.common import Findings

_REFUSED: Final = "ElastiCache refuses"
_ENGINES: Final = ("valkey", "redis", "memcached")
_TOKEN: Final = re.compile(r"[A-Za-z0-9!&#$^<>-]{16,128}")
Fault = tuple[str, str, str, str]
"""Rule, property, message, fix."""


def caches(system: System) -> Findings:
    """Replication groups, serverless caches, user groups."""
    for group in system.stack.of_type("AWS::ElastiCache::ReplicationGroup"):
        faults = [
            *_access(group),
            *_failover(group),
            *_engine(system.stack, group),
            *_node(system.stack, group),
            *_logs(group),
        ]
        for rule, key, message, fix in faults:
            yield broken(
                rule, group.logical_id, f"Properties.{key}", f"{_REFUSED} the replication group: {message}.", fix
            )
        if group.properties.get("LogDeliveryConfigurations") and "wire-cache-logs" not in {
            fault[0] for fault in faults
        }:
            yield proved("wire-cache-logs", group.logical_id, "Properties.LogDeliveryConfigurations", "kinds agree")
        for rule in ("wire-cache-access", "wire-cache-failover", "wire-cache-engine", "wire-cache-node"):
            if rule not in {fault[0] for fault in faults}:
                yield from _otherwise(rule, group)
    for cache in system.stack.of_type("AWS::ElastiCache::ServerlessCache"):
        yield from _serverless(cache)
    for group in system.stack.of_type("AWS::ElastiCache::UserGroup"):
        yield from _users(system.stack, group)


def _otherwise(rule: str, group: Resource) -> Findings:
    """No fault of a rule: proved, or unknown when a property that it reads is known to AWS only."""
    reads = {
        "wire-cache-access": ("TransitEncryptionEnabled",),
        "wire-cache-failover": ("MultiAZEnabled", "AutomaticFailoverEnabled", "NumCacheClusters"),
        "wire-cache-engine": ("Engine", "EngineVersion"),
        "wire-cache-node": ("CacheNodeType",),
    }[rule]
    hidden = next(
        (key for key in reads if not isinstance(group.properties.get(key), str | int | float | bool | None)), None
    )
    if hidden is not None:
        yield unclear(
            rule, group.logical_id, f"Properties.{hidden}", "ElastiCache takes it", f"{hidden} is known to AWS only"
        )
    else:
        told = ", ".join(f"{key} {show(group.properties[key])}" for key in reads if key in group.properties)
        yield proved(rule, group.logical_id, f"Properties.{reads[0]}", told or "nothing is asked for")


def _access(group: Resource) -> Iterator[Fault]:
    """User groups and tokens travel encrypted, and only one of them."""
    properties = group.properties
    users, token = each(properties.get("UserGroupIds")), properties.get("AuthToken")
    encrypted = on(properties.get("TransitEncryptionEnabled"))
    for key, used in (("UserGroupIds", bool(users)), ("AuthToken", token is not None)):
        if used and encrypted is False:
            yield (
                "wire-cache-access",
                key,
                f"{key} needs encryption in transit",
                "Set TransitEncryptionEnabled to true.",
            )
    if users and token is not None:
        yield (
            "wire-cache-access",
            "AuthToken",
            "it has user groups and a token",
            "Keep UserGroupIds, and leave AuthToken out.",
        )
    if isinstance(token, str) and not _TOKEN.fullmatch(token):
        told = "a token has 16 to 128 letters, digits and !&#$^<>-"
        yield "wire-cache-access", "AuthToken", told, "Generate one of that form."


def _failover(group: Resource) -> Iterator[Fault]:
    """Several zones need failover, and failover somebody to fail over to."""
    properties = group.properties
    zones, failover = on(properties.get("MultiAZEnabled")), on(properties.get("AutomaticFailoverEnabled"))
    nodes, shards = whole(properties.get("NumCacheClusters")), whole(properties.get("NumNodeGroups"))
    replicas = whole(properties.get("ReplicasPerNodeGroup"))
    if zones is True and failover is False:
        told = "MultiAZEnabled needs automatic failover"
        yield "wire-cache-failover", "MultiAZEnabled", told, "Set AutomaticFailoverEnabled to true, with a replica."
    if failover is True and nodes == 1 and shards in {None, 1}:
        told = "automatic failover needs a replica, and NumCacheClusters is 1"
        yield "wire-cache-failover", "NumCacheClusters", told, "Take 2 or more, or turn failover off."
    elif zones is True and replicas == 0:
        told = "several zones need a replica, and ReplicasPerNodeGroup is 0"
        yield "wire-cache-failover", "ReplicasPerNodeGroup", told, "Take 1 or more."
    if shards is not None and shards > 1 and failover is False:
        told = f"{shards} shards need automatic failover"
        yield "wire-cache-failover", "AutomaticFailoverEnabled", told, "Set AutomaticFailoverEnabled to true."


_DESTINATIONS: Final = {"cloudwatch-logs": "CloudWatchLogsDetails", "kinesis-firehose": "KinesisFirehoseDetails"}


def _logs(group: Resource) -> Iterator[Fault]:
    """Where a log goes is said twice: by its kind, and by the details of that kind."""
    for index, entry in enumerate(each(group.properties.get("LogDeliveryConfigurations"))):
        kind, details = at(entry, "DestinationType"), at(entry, "DestinationDetails")
        wanted = _DESTINATIONS.get(kind) if isinstance(kind, str) else None
        if wanted is not None and isinstance(details, dict) and wanted not in details:
            given = ", ".join(details) or "nothing"
            yield (
                "wire-cache-logs",
                f"LogDeliveryConfigurations.{index}.DestinationType",
                f"a log that goes to {kind} has {wanted}, and {given} is given",
                "Let DestinationType and DestinationDetails name the same kind.",
            )


def _engine(stack: Stack, group: Resource) -> Iterator[Fault]:
    """The engine has the version, and the parameter group is one of that version."""
    engine, version = group.properties.get("Engine", "redis"), group.properties.get("EngineVersion")
    if not isinstance(engine, str):
        return
    if not is_one_of(engine, "valkey", "redis"):
        yield "wire-cache-engine", "Engine", f"its engine is {engine}", "Take valkey or redis."
        return
    known = cache_versions(engine)
    if isinstance(version, str | int | float) and known:
        text = scalar_text(version)
        if engine == "valkey" and text not in known:
            yield (
                "wire-cache-engine",
                "EngineVersion",
                f"valkey has no version {text}",
                f"Take one of {', '.join(known)}.",
            )
        elif engine == "redis" and _numbers(text) > max(map(_numbers, known)):
            yield (
                "wire-cache-engine",
                "EngineVersion",
                f"redis ends with {known[-1]}, and has no {text}",
                "Take an older one, or valkey.",
            )
        else:
            yield from _family(stack, group, engine, text)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version))


def _family(stack: Stack, group: Resource, engine: str, version: str) -> Iterator[Fault]:
    """`redis6.x`, `redis7`, `valkey8`: the family of the parameter group has the engine's major version."""
    parameters = stack.target(group.properties.get("CacheParameterGroupName"))
    family = parameters.properties.get("CacheParameterGroupFamily") if parameters is not None else None
    if not isinstance(family, str) or parameters is None:
        return
    major, wanted = _numbers(family)[:1], _numbers(version)[:1]
    if not family.startswith(engine) or major != wanted:
        told = f"{parameters.logical_id} is of the family {family}, while the engine is {engine} {version}"
        yield "wire-cache-engine", "CacheParameterGroupName", told, "Take a parameter group of the engine's family."


def _node(stack: Stack, group: Resource) -> Iterator[Fault]:
    """The region sells the node type."""
    node = group.properties.get("CacheNodeType")
    if not isinstance(node, str) or not isinstance(stack.region, str):
        return
    sold = cache_nodes(stack.region)
    if sold and node not in sold:
        family, _, size = node.rpartition(".")
        near = [kind for kind in sold if kind.startswith(f"{family}.")] or [
            kind for kind in sold if kind.endswith(f".{size}")
        ]
        told = f"{stack.region} has no {node}"
        yield "wire-cache-node", "CacheNodeType", told, f"Take another, {', '.join((near or sold)[:4])} for example."


def _serverless(cache: Resource) -> Findings:
    """Engines of a serverless cache."""
    engine = cache.properties.get("Engine")
    place = ("wire-cache-engine", cache.logical_id, "Properties.Engine")
    if isinstance(engine, str) and engine not in _ENGINES:
        told = f"{_REFUSED} the cache: there is no engine {engine}."
        yield broken(*place, told, f"Take one of {', '.join(_ENGINES)}.")
    elif isinstance(engine, str):
        yield proved(*place, f"the engine {engine}")
    else:
        yield unclear(*place, "there is such an engine", "it is known to AWS only")


def _users(stack: Stack, group: Resource) -> Findings:
    """A group of the engine redis has a user called `default`; Redis takes no users of Valkey."""
    engine = group.properties.get("Engine")
    place = ("wire-cache-users", group.logical_id, "Properties.UserIds")
    members: list[tuple[Value, Resource | None]] = [
        (user, stack.target(user)) for user in each(group.properties.get("UserIds"))
    ]
    known = [user for _, user in members if user is not None and user.type == "AWS::ElastiCache::User"]
    names = [
        "default" if value == "default" else user.properties.get("UserName") if user else None
        for value, user in members
    ]
    if engine == "redis" and members and "default" not in names and all(isinstance(name, str) for name in names):
        told = f"{_REFUSED} the user group: none of its users has the name default."
        yield broken(*place, told, 'Add a user with UserName "default", and an id of its own.')
    elif engine == "redis" and any(at(user.properties, "Engine") == "valkey" for user in known):
        yield broken(
            *place,
            f"{_REFUSED} the user group: a group of redis takes no user of valkey.",
            "Set the group's Engine to valkey.",
        )
    elif len(set(given := [name for name in names if isinstance(name, str)])) < len(given):
        yield broken(*place, f"{_REFUSED} the user group: two of its users have the same name.", "Keep one of them.")
    elif known and isinstance(engine, str):
        yield proved(*place, f"{len(members)} users of {engine}")
