"""Stores that answer on an address in a VPC: caches, databases, shared files.

One table says for each type where its subnets, groups and port stand. Defaults are those of the CloudFormation template
reference.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from stackproof.proofs.model.placement import Placement, listed, switch, whole, word
from stackproof.proofs.values import Sym, Unknown, Value, at, is_one_of, show

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stackproof.proofs.resolve.stack import Resource, Stack

StoreKind: TypeAlias = Literal["cache", "database", "proxy", "search", "files"]
FILES_PORT: Final = 2049


@dataclass(frozen=True)
class _Shape:
    """Where a type's address stands; `subnets` is a path below Properties, or names a subnet group.

    Attributes:
        group_type: the type of its subnet group; empty where subnets stand in the store itself.
        public: the property that gives it a public address; empty where it never has one.
        public_by_default: what is true without that property; None when its VPC decides.
    """

    kind: StoreKind
    subnets: tuple[str, ...]
    groups: tuple[str, ...]
    group_type: str = ""
    port: tuple[str, ...] = ("Port",)
    ports: tuple[int, ...] = ()
    public: str = ""
    public_by_default: bool | None = False


_CACHE_SUBNETS = "AWS::ElastiCache::SubnetGroup"
_RDS_SUBNETS = "AWS::RDS::DBSubnetGroup"
_RDS_GROUPS = ("VpcSecurityGroupIds",)

SHAPES: Final[Mapping[str, _Shape]] = {
    "AWS::ElastiCache::ReplicationGroup": _Shape(
        "cache", ("CacheSubnetGroupName",), ("SecurityGroupIds",), _CACHE_SUBNETS, ports=(6379,)
    ),
    "AWS::ElastiCache::CacheCluster": _Shape(
        "cache", ("CacheSubnetGroupName",), ("VpcSecurityGroupIds",), _CACHE_SUBNETS
    ),
    "AWS::ElastiCache::ServerlessCache": _Shape("cache", ("SubnetIds",), ("SecurityGroupIds",), port=("",)),
    "AWS::MemoryDB::Cluster": _Shape(
        "cache", ("SubnetGroupName",), ("SecurityGroupIds",), "AWS::MemoryDB::SubnetGroup", ports=(6379,)
    ),
    "AWS::RDS::DBInstance": _Shape(
        "database",
        ("DBSubnetGroupName",),
        ("VPCSecurityGroups",),
        _RDS_SUBNETS,
        public="PubliclyAccessible",
        public_by_default=None,
    ),
    "AWS::RDS::DBCluster": _Shape(
        "database", ("DBSubnetGroupName",), _RDS_GROUPS, _RDS_SUBNETS, public="PubliclyAccessible"
    ),
    "AWS::RDS::DBProxy": _Shape("proxy", ("VpcSubnetIds",), _RDS_GROUPS, port=("",)),
    "AWS::DocDB::DBCluster": _Shape(
        "database", ("DBSubnetGroupName",), _RDS_GROUPS, "AWS::DocDB::DBSubnetGroup", ports=(27017,)
    ),
    "AWS::Neptune::DBCluster": _Shape(
        "database",
        ("DBSubnetGroupName",),
        _RDS_GROUPS,
        "AWS::Neptune::DBSubnetGroup",
        port=("DBPort",),
        ports=(8182,),
    ),
    "AWS::Redshift::Cluster": _Shape(
        "database",
        ("ClusterSubnetGroupName",),
        _RDS_GROUPS,
        "AWS::Redshift::ClusterSubnetGroup",
        ports=(5439,),
        public="PubliclyAccessible",
    ),
    "AWS::OpenSearchService::Domain": _Shape(
        "search", ("VPCOptions", "SubnetIds"), ("VPCOptions", "SecurityGroupIds"), port=("",), ports=(443,)
    ),
}

_ENGINES: Final[Mapping[str, int]] = {
    "mysql": 3306,
    "mariadb": 3306,
    "aurora": 3306,
    "aurora-mysql": 3306,
    "postgres": 5432,
    "oracle": 1521,
    "sqlserver": 1433,
    "db2": 50000,
    "MYSQL": 3306,
    "POSTGRESQL": 5432,
    "SQLSERVER": 1433,
    "redis": 6379,
    "valkey": 6379,
    "memcached": 11211,
}
"""The port that each engine listens on by default. Aurora PostgreSQL's is left out: the template reference says 3306,
the engine's own documentation 5432."""


@dataclass(frozen=True)
class Store:
    """One store.

    Attributes:
        ports: where it listens; empty when that is not known.
        port_path: the property that says so.
        public: whether it has a public address; None when only its VPC decides.
        public_path: the property that says so; empty where it never has one.
    """

    logical_id: str
    type: str
    kind: StoreKind
    placement: Placement
    ports: tuple[int, ...]
    port_path: str
    public: bool | None
    public_path: str


@dataclass(frozen=True)
class MountTarget:
    """A file system's address in one subnet; `file_system` is the value that names it."""

    logical_id: str
    file_system: Value
    placement: Placement


@dataclass(frozen=True)
class AccessPoint:
    """A door into a file system: its root directory, and the user that everybody becomes."""

    logical_id: str
    file_system: Value
    root: Value
    user: Value


@dataclass(frozen=True)
class FileSystem:
    """An EFS file system; `policy` is None without one."""

    logical_id: str
    policy: Value
    encrypted: bool | None
    key: Value


@dataclass(frozen=True)
class Stores:
    """All of them, by logical id; mount targets by the file system, as `mounted` names it."""

    stores: Mapping[str, Store]
    file_systems: Mapping[str, FileSystem]
    mount_targets: Mapping[str, tuple[MountTarget, ...]]
    access_points: Mapping[str, AccessPoint]


def model_stores(stack: Stack) -> Stores:
    """Read all of it from a resolved stack."""
    mounts: dict[str, tuple[MountTarget, ...]] = {}
    for found in stack.of_type("AWS::EFS::MountTarget"):
        key = mounted(stack, found.properties.get("FileSystemId"))
        mounts[key] = (*mounts.get(key, ()), _mount_target(found))
    return Stores(
        stores={found.logical_id: _store(stack, found) for found in stack.of_type(*SHAPES)},
        file_systems={
            found.logical_id: FileSystem(
                found.logical_id,
                found.properties.get("FileSystemPolicy"),
                switch(found.properties.get("Encrypted"), default=False),
                found.properties.get("KmsKeyId"),
            )
            for found in stack.of_type("AWS::EFS::FileSystem")
        },
        mount_targets=mounts,
        access_points={
            found.logical_id: AccessPoint(
                found.logical_id,
                found.properties.get("FileSystemId"),
                at(found.properties, "RootDirectory", "Path"),
                found.properties.get("PosixUser"),
            )
            for found in stack.of_type("AWS::EFS::AccessPoint")
        },
    )


def mounted(stack: Stack, file_system: Value) -> str:
    """A file system's logical id, or the id of one that is not in the template."""
    owner = stack.target(file_system)
    return owner.logical_id if owner is not None else show(file_system)


def _mount_target(resource: Resource) -> MountTarget:
    properties = resource.properties
    return MountTarget(
        resource.logical_id,
        properties.get("FileSystemId"),
        Placement(
            resource.logical_id,
            listed(properties.get("SubnetId")),
            listed(properties.get("SecurityGroups")),
            "Properties.SubnetId",
            "Properties.SecurityGroups",
        ),
    )


def _store(stack: Stack, resource: Resource) -> Store:
    shape = SHAPES[resource.type]
    cluster = _cluster(stack, resource)
    source, source_shape = (resource, shape) if cluster is None else (cluster, SHAPES[cluster.type])
    properties = resource.properties
    public = switch(properties.get(shape.public), default=False) if properties.get(shape.public) is not None else None
    return Store(
        logical_id=resource.logical_id,
        type=resource.type,
        kind=shape.kind,
        placement=_placement(stack, source, source_shape),
        ports=_ports(source, source_shape),
        port_path="Properties." + ".".join(source_shape.port),
        public=public if shape.public and public is not None else shape.public_by_default,
        public_path=f"Properties.{shape.public}" if shape.public else "",
    )


def _cluster(stack: Stack, resource: Resource) -> Resource | None:
    """The Aurora cluster that an instance belongs to, which has its network; None for any other store."""
    found = stack.target(resource.properties.get("DBClusterIdentifier"))
    return found if found is not None and found.type == "AWS::RDS::DBCluster" and found is not resource else None


def _placement(stack: Stack, resource: Resource, shape: _Shape) -> Placement:
    named = at(resource.properties, *shape.subnets)
    owner, path = resource.logical_id, "Properties." + ".".join(shape.subnets)
    subnets: tuple[Value, ...] | Unknown
    group = stack.target(named) if shape.group_type else None
    if group is not None and group.type == shape.group_type:
        owner, path = group.logical_id, "Properties.SubnetIds"
        subnets = listed(group.properties.get("SubnetIds"))
    elif shape.group_type or named is None:
        subnets = Unknown(f"the subnets of {resource.logical_id} are not named in the template")
    else:
        subnets = listed(named)
    return Placement(
        resource.logical_id,
        subnets,
        listed(at(resource.properties, *shape.groups)),
        path,
        "Properties." + ".".join(shape.groups),
        subnets_owner=owner,
    )


def _ports(resource: Resource, shape: _Shape) -> tuple[int, ...]:
    given = at(resource.properties, *shape.port)
    if given is not None:
        port = whole(given)
        return (port,) if port is not None else ()
    if shape.ports:
        return shape.ports
    engine = word(resource.properties.get("Engine", resource.properties.get("EngineFamily")), "?")
    if resource.type == "AWS::ElastiCache::ServerlessCache" and is_one_of(engine, "redis", "valkey"):
        return (6379, 6380)
    family = engine.partition("-")[0]
    found = _ENGINES.get(engine) or (_ENGINES.get(family) if family != "aurora" else None)
    return (found,) if found is not None else ()


def endpoint_of(symbol: Sym) -> bool:
    """Does a symbol of a store stand for an address that one connects to?"""
    return "endpoint" in symbol.attribute.lower() or symbol.attribute == "DNSName"
