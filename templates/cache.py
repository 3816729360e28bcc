"""Shared cache: private, encrypted Valkey groups, one for sessions and, by parameter, one for plain caching.

Sessions must never be thrown away to make room, a plain cache should be: one parameter group cannot do both, hence two
replication groups. An application that keeps its sessions in the database needs one, which evicts. Both let in the same
user, which is named `default`, so that a client that knows a password and no user name works too. Host,
port and password reach the container.
"""

from __future__ import annotations

from dataclasses import dataclass
from string import punctuation
from typing import TYPE_CHECKING

from troposphere import Equals, FindInMap, GetAtt, If, Not, NoValue, Ref, Sub
from troposphere.elasticache import (
    CloudWatchLogsDestinationDetails,
    DestinationDetails,
    LogDeliveryConfigurationRequest,
    ParameterGroup,
    ReplicationGroup,
    SubnetGroup,
    User,
    UserGroup,
)
from troposphere.secretsmanager import GenerateSecretString
from troposphere.secretsmanager import Secret as GeneratedSecret

from templates.interface import YES_NO, condition, output, parameter
from templates.keys import Secret
from templates.logs import log_group
from templates.parts import part
from templates.security_groups import Endpoint, group_id, security_group

if TYPE_CHECKING:
    from troposphere import AWSHelperFn, Parameter, Template

    from templates.keys import Key
    from templates.network import Network
    from templates.tags import Environment

PORT = 6379
ENGINE = "valkey"
ENGINE_VERSION = "8.1"
FAMILY = "valkey8"

NODE_TYPES = [
    f"cache.{family}.{size}"
    for family, sizes in {
        "t4g": ("micro", "small", "medium"),
        "m7g": ("large", "xlarge", "2xlarge", "4xlarge"),
        "r7g": ("large", "xlarge", "2xlarge", "4xlarge"),
    }.items()
    for size in sizes
]
"""Node types that every region we build for offers (a test asks the linter's tables)."""

REPLICAS = range(6)
HAS_REPLICAS = "HasReplicas"
HAS_PLAIN_CACHE = "HasPlainCache"
KEEPS_ENTRIES = "CacheKeepsEntries"
EVICTIONS = ("noeviction", "allkeys-lru")
RESTORES = "RestoresCache"


@dataclass(frozen=True)
class CacheStore:
    """One replication group, as a client sees it.

    Attributes:
        endpoint: security group and port that connect() opens.
        host: DNS name of the primary node, for reads and writes; it follows a failover.
        port: the port it answers on, TLS only.
        secret: user and password, JSON keys `username` and `password`; the same for both stores.
        key: the key that encrypts its data.
        condition: the store exists only under this condition; None: always.
    """

    endpoint: Endpoint
    host: AWSHelperFn
    port: AWSHelperFn
    secret: Secret
    key: Key
    condition: str | None


@dataclass(frozen=True)
class Cache:
    """What the rest of the template may know about the caches."""

    sessions: CacheStore
    plain: CacheStore


@dataclass(frozen=True)
class _Shared:
    """What both replication groups have in common."""

    network: Network
    key: Key
    secret: Secret
    subnet_group: SubnetGroup
    user_group: UserGroup
    logs: list[LogDeliveryConfigurationRequest]


@part("cache")
def add_cache(
    t: Template, *, environment: Environment, network: Network, key: Key, log_key: Key, secret_key: Key
) -> Cache:
    """Add the caches in the data subnets; one replica or more turns failover over zones on.

    Args:
        t: the template.
        environment: makes the ids of user and user group, which ElastiCache cannot generate.
        network: where they stand.
        key: encrypts their data and snapshots.
        log_key: encrypts their logs.
        secret_key: encrypts the generated password.
    """
    replicas, snapshot_days, plain_cache, snapshot = _add_parameters(t)
    eviction = _add_eviction(t)
    condition(t, RESTORES, Not(Equals(Ref(snapshot), "")))
    condition(t, HAS_REPLICAS, Not(Equals(Ref(replicas), 0)))
    condition(t, HAS_PLAIN_CACHE, Equals(Ref(plain_cache), "yes"))
    # CloudFormation cannot add: a replication group counts its nodes with the primary.
    t.add_mapping("CacheNodes", {str(count): {"Nodes": count + 1} for count in REPLICAS})
    shared = _Shared(
        network=network,
        key=key,
        secret=_add_secret(t, secret_key),
        subnet_group=t.add_resource(
            SubnetGroup("CacheSubnetGroup", Description="Data subnets", SubnetIds=network.data_subnets)
        ),
        user_group=_add_user_group(t, environment),
        logs=_add_logs(t, log_key),
    )
    sessions = _add_store(
        t,
        "",
        shared,
        purpose="sessions and what must not be evicted",
        eviction=Ref(eviction),
        node_type=_node_type(t, "CacheNodeType", "Node size for sessions", "Size of each node for sessions."),
        snapshot_days=Ref(snapshot_days),
        snapshot=If(RESTORES, Ref(snapshot), NoValue),
    )
    plain = _add_store(
        t,
        "Plain",
        shared,
        purpose="plain caching, least used entries are evicted",
        eviction="allkeys-lru",
        node_type=_node_type(
            t, "PlainCacheNodeType", "Node size for plain caching", "Size of each node of the second cache, if any."
        ),
        snapshot_days=0,
        exists=HAS_PLAIN_CACHE,
    )
    output(t, "CacheEndpoint", sessions.host, "Host name of the session cache, which answers with TLS on CachePort")
    output(t, "CachePort", sessions.port, "Port of the session cache")
    output(
        t,
        "PlainCacheEndpoint",
        plain.host,
        "Host name of the second cache, on the same port",
        condition=plain.condition,
    )
    return Cache(sessions=sessions, plain=plain)


def _add_parameters(t: Template) -> tuple[Parameter, Parameter, Parameter, Parameter]:
    replicas = parameter(
        t,
        "CacheReplicas",
        group="Cache",
        label="Replicas",
        description="Copies of each cache in other zones, ready to take over. 0: none, and everybody is logged out "
        "when the node fails.",
        type="Number",
        default=1,
        allowed_values=REPLICAS,
        constraint="0 to 5.",
    )
    snapshot_days = parameter(
        t,
        "CacheSnapshotDays",
        group="Cache",
        label="Keep daily snapshots of sessions for (days)",
        description="How many days a snapshot of the session cache is kept. 0: no snapshots.",
        type="Number",
        default=1,
        min_value=0,
        max_value=35,
        constraint="0 to 35.",
    )
    plain_cache = parameter(
        t,
        "PlainCache",
        group="Cache",
        label="Second cache for plain caching",
        description="yes: a cache of its own for what can be made again; when it is full it drops the least used "
        "entries. no: everything shares the session cache.",
        default="no",
        allowed_values=YES_NO,
        constraint="yes or no.",
    )
    snapshot = parameter(
        t,
        "CacheSnapshotName",
        group="Cache",
        label="Restore sessions from snapshot",
        description="Name of a snapshot of this account and region for the session cache to begin from. Keep it for "
        "ever after: another value, or none, replaces the cache. Blank: an empty cache.",
        default="",
        pattern=r"^$|^(automatic\.)?[A-Za-z][A-Za-z0-9.-]{0,254}$",
        constraint="The name of a snapshot of a replication group, or blank.",
    )
    return replicas, snapshot_days, plain_cache, snapshot


def _add_eviction(t: Template) -> Parameter:
    eviction = parameter(
        t,
        "CacheEviction",
        group="Cache",
        label="When the session cache is full",
        description="noeviction: it refuses new entries, and nobody who is logged in is thrown out. allkeys-lru: the "
        "least used entries make room; only for an application that keeps its sessions elsewhere.",
        default=EVICTIONS[0],
        allowed_values=EVICTIONS,
        constraint="noeviction or allkeys-lru.",
    )
    condition(t, KEEPS_ENTRIES, Equals(Ref(eviction), EVICTIONS[0]))
    return eviction


def _add_store(
    t: Template,
    prefix: str,
    shared: _Shared,
    *,
    purpose: str,
    eviction: str | AWSHelperFn,
    node_type: Parameter,
    snapshot_days: int | AWSHelperFn,
    snapshot: AWSHelperFn = NoValue,
    exists: str | None = None,
) -> CacheStore:
    guard = security_group(
        t, f"{prefix}CacheSecurityGroup", description=f"Cache: {purpose}", vpc=shared.network.vpc, condition=exists
    )
    parameters = ParameterGroup(
        f"{prefix}CacheParameterGroup",
        CacheParameterGroupFamily=FAMILY,
        Description=f"For {purpose}",
        Properties={"maxmemory-policy": eviction},
    )
    group = ReplicationGroup(
        f"{prefix}CacheReplicationGroup",
        ReplicationGroupDescription=f"For {purpose}",
        Engine=ENGINE,
        EngineVersion=ENGINE_VERSION,
        AutoMinorVersionUpgrade=True,
        CacheNodeType=Ref(node_type),
        NumCacheClusters=FindInMap("CacheNodes", Ref("CacheReplicas"), "Nodes"),
        # Failover needs somebody to fail over to; Multi-AZ without failover is refused.
        AutomaticFailoverEnabled=If(HAS_REPLICAS, True, False),
        MultiAZEnabled=If(HAS_REPLICAS, True, False),
        Port=PORT,
        CacheSubnetGroupName=Ref(shared.subnet_group),
        SecurityGroupIds=[group_id(guard)],
        CacheParameterGroupName=Ref(parameters),
        AtRestEncryptionEnabled=True,
        KmsKeyId=shared.key.arn,
        TransitEncryptionEnabled=True,
        UserGroupIds=[Ref(shared.user_group)],
        SnapshotName=snapshot,
        SnapshotRetentionLimit=snapshot_days,
        LogDeliveryConfigurations=shared.logs,
    )
    for resource in (parameters, group):
        if exists is not None:
            resource.Condition = exists
        t.add_resource(resource)
    return CacheStore(
        endpoint=Endpoint(guard, PORT),
        host=GetAtt(group, "PrimaryEndPoint.Address"),
        port=GetAtt(group, "PrimaryEndPoint.Port"),
        secret=shared.secret,
        key=shared.key,
        condition=exists,
    )


def _node_type(t: Template, logical_id: str, label: str, description: str) -> Parameter:
    return parameter(
        t,
        logical_id,
        group="Cache",
        label=label,
        description=f"{description} Can be changed at any time; t4g is for development.",
        default="cache.t4g.small",
        allowed_values=NODE_TYPES,
        constraint="One of the node types in the list.",
    )


def _add_secret(t: Template, key: Key) -> Secret:
    made = t.add_resource(
        GeneratedSecret(
            "CacheSecret",
            Description="User and password of the caches",
            KmsKeyId=key.arn,
            GenerateSecretString=GenerateSecretString(
                SecretStringTemplate='{"username": "default"}',
                GenerateStringKey="password",
                # ElastiCache takes 16 to 128 characters. Letters and digits alone fit into a URL as they are.
                PasswordLength=64,
                ExcludeCharacters=punctuation,
                ExcludePunctuation=True,
            ),
        )
    )
    return Secret(arn=Ref(made), keys={"username": "username", "password": "password"}, key_arn=key.arn)


def _add_user_group(t: Template, environment: Environment) -> UserGroup:
    """Add the one user. A user group must have a user named `default`; its id must be any other."""
    suffix = f"${{{environment.suffix.title}}}"
    user = t.add_resource(
        User(
            "CacheUser",
            Engine=ENGINE,
            UserId=Sub(f"lms-cache-user-{suffix}"),
            UserName="default",
            # Everything on data and channels; nothing that administers the server.
            AccessString="on ~* &* +@all -@admin",
            # Read when the user is made or changed, never on a rotation of the secret.
            Passwords=[Sub("{{resolve:secretsmanager:${CacheSecret}:SecretString:password}}")],
        )
    )
    return t.add_resource(
        UserGroup("CacheUserGroup", Engine=ENGINE, UserGroupId=Sub(f"lms-cache-users-{suffix}"), UserIds=[Ref(user)])
    )


def _add_logs(t: Template, key: Key) -> list[LogDeliveryConfigurationRequest]:
    groups = {
        "slow-log": log_group(t, "CacheSlowLogGroup", "cache/slow", key=key, delivered=True),
        "engine-log": log_group(t, "CacheEngineLogGroup", "cache/engine", key=key, delivered=True),
    }
    return [
        LogDeliveryConfigurationRequest(
            LogType=kind,
            LogFormat="json",
            DestinationType="cloudwatch-logs",
            DestinationDetails=DestinationDetails(
                CloudWatchLogsDetails=CloudWatchLogsDestinationDetails(LogGroup=Ref(group))
            ),
        )
        for kind, group in groups.items()
    ]
