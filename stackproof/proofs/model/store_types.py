"""What each type of store is: how it is encrypted, with which key, how it is backed up, what becomes of it by default.

One row per type. Defaults are those of the API behind CloudFormation, as the registry's schemas and the services'
guides have them (Aurora since February 2026 and Redshift since January 2025 encrypt what does not say otherwise).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from stackproof import stores as stores_of_aws
from stackproof.proofs.values import Key, Unknown, Value, at

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from stackproof.proofs.resolve.stack import Resource, Stack

Kind: TypeAlias = Literal[
    "database", "table", "files", "volume", "cache", "bucket", "logs", "secret", "images", "vault", "search", "messages"
]
Where: TypeAlias = tuple[Key, ...]
"""A path below Properties."""

PRIMARY: Final = ("database", "table", "files", "volume", "search")
"""Kinds that hold what nobody can make again."""
ALWAYS: Final = True


@dataclass(frozen=True)
class StoreType:
    """One type.

    Attributes:
        switch: the property that turns encryption at rest on; empty where there is none.
        default: whether it is on without that property; None where nobody says.
        key: the property that names the key.
        inherits: properties that make it a copy of, or a part of, something else, which decides on encryption.
        days: the property that says how long backups are kept, in days.
        default_days: without it.
        snapshot: whether DeletionPolicy Snapshot is possible.
        holds_data: False where losing it loses nothing that DeletionPolicy should keep (messages on their way).
    """

    kind: Kind
    switch: Where = ()
    default: bool | None = ALWAYS
    key: Where = ("KmsKeyId",)
    inherits: tuple[str, ...] = ()
    days: Where = ()
    default_days: int = 0
    snapshot: bool = False
    holds_data: bool = True


_BUCKET_KEY: Final[Where] = (
    "BucketEncryption",
    "ServerSideEncryptionConfiguration",
    0,
    "ServerSideEncryptionByDefault",
    "KMSMasterKeyID",
)
_BACKUPS: Final[Where] = ("BackupRetentionPeriod",)
_SEARCH: Final = StoreType(
    "search", ("EncryptionAtRestOptions", "Enabled"), default=False, key=("EncryptionAtRestOptions", "KmsKeyId")
)

TYPES: Final[Mapping[str, StoreType]] = {
    "AWS::RDS::DBCluster": StoreType(
        "database",
        ("StorageEncrypted",),
        # Multi-AZ clusters of other engines than Aurora have no such default; see `encrypted`.
        default=True,
        inherits=("SnapshotIdentifier", "SourceDBClusterIdentifier", "ReplicationSourceIdentifier"),
        days=_BACKUPS,
        default_days=1,
        snapshot=True,
    ),
    "AWS::RDS::DBInstance": StoreType(
        "database",
        ("StorageEncrypted",),
        default=False,
        inherits=(
            "DBClusterIdentifier",
            "SourceDBInstanceIdentifier",
            "SourceDbiResourceId",
            "SourceDBClusterIdentifier",
            "SourceDBInstanceAutomatedBackupsArn",
            "DBSnapshotIdentifier",
            "DBClusterSnapshotIdentifier",
        ),
        days=_BACKUPS,
        default_days=1,
        snapshot=True,
    ),
    "AWS::DocDB::DBCluster": StoreType(
        "database",
        ("StorageEncrypted",),
        default=False,
        inherits=("SnapshotIdentifier", "SourceDBClusterIdentifier"),
        days=_BACKUPS,
        default_days=1,
        snapshot=True,
    ),
    "AWS::Neptune::DBCluster": StoreType(
        "database",
        ("StorageEncrypted",),
        default=False,
        inherits=("SnapshotIdentifier", "SourceDBClusterIdentifier"),
        days=_BACKUPS,
        default_days=1,
        snapshot=True,
    ),
    "AWS::Redshift::Cluster": StoreType(
        "database",
        ("Encrypted",),
        default=True,
        inherits=("SnapshotIdentifier",),
        days=("AutomatedSnapshotRetentionPeriod",),
        default_days=1,
        snapshot=True,
    ),
    "AWS::DynamoDB::Table": StoreType("table", key=("SSESpecification", "KMSMasterKeyId")),
    "AWS::EFS::FileSystem": StoreType("files", ("Encrypted",), default=False),
    "AWS::FSx::FileSystem": StoreType("files"),
    "AWS::EC2::Volume": StoreType("volume", ("Encrypted",), default=False, inherits=("SnapshotId",), snapshot=True),
    "AWS::ElastiCache::ReplicationGroup": StoreType(
        "cache",
        ("AtRestEncryptionEnabled",),
        default=False,
        inherits=("GlobalReplicationGroupId",),
        days=("SnapshotRetentionLimit",),
        snapshot=True,
    ),
    "AWS::ElastiCache::ServerlessCache": StoreType("cache", days=("SnapshotRetentionLimit",)),
    "AWS::MemoryDB::Cluster": StoreType("cache", days=("SnapshotRetentionLimit",)),
    "AWS::S3::Bucket": StoreType("bucket", key=_BUCKET_KEY),
    "AWS::Logs::LogGroup": StoreType("logs"),
    "AWS::SecretsManager::Secret": StoreType("secret"),
    "AWS::ECR::Repository": StoreType("images", key=("EncryptionConfiguration", "KmsKey")),
    "AWS::Backup::BackupVault": StoreType("vault", key=("EncryptionKeyArn",)),
    "AWS::OpenSearchService::Domain": _SEARCH,
    "AWS::Elasticsearch::Domain": _SEARCH,
    "AWS::SQS::Queue": StoreType("messages", ("SqsManagedSseEnabled",), key=("KmsMasterKeyId",), holds_data=False),
    "AWS::Kinesis::Stream": StoreType(
        "messages", ("StreamEncryption",), default=False, key=("StreamEncryption", "KeyId"), holds_data=False
    ),
    "AWS::SNS::Topic": StoreType("messages", default=None, key=("KmsMasterKeyId",), holds_data=False),
}


@dataclass(frozen=True)
class Store:
    """One store of a template, with its row of the table."""

    resource: Resource
    type: StoreType

    @property
    def logical_id(self) -> str:
        """Its name in the template."""
        return self.resource.logical_id

    @property
    def key(self) -> Value:
        """The key that it names; None where AWS chooses one."""
        return at(self.resource.properties, *self.type.key)

    @property
    def part_of(self) -> str:
        """The property that makes it a copy or a part of something else; empty for a store of its own."""
        return next((name for name in self.type.inherits if name in self.resource.properties), "")

    def path(self, where: Where) -> str:
        """A path below Properties as findings show it."""
        return ".".join(map(str, ("Properties", *where)))


def stores(stack: Stack) -> Iterator[Store]:
    """Every store whose properties are known."""
    for resource in stack.of_type(*TYPES):
        if resource.unknown is None:
            yield Store(resource, TYPES[resource.type])


def chosen(table: Mapping[str, object], store: Store) -> object:
    """What a table of intent says of a store: by logical id, else by type, else by kind; None when it says nothing."""
    for key in (store.logical_id, store.resource.type, store.type.kind):
        if key in table:
            return table[key]
    return None


def fate(store: Store, policy: Value) -> str | Unknown:
    """What becomes of the data under a DeletionPolicy: `retained`, `snapshot`, `if-empty` or `lost`."""
    if isinstance(policy, Unknown):
        return policy
    if policy == "Snapshot" and not store.type.snapshot:
        return "lost"
    return stores_of_aws.fate(store.resource.type, store.resource.properties, policy)


def fate_replaced(store: Store) -> str | Unknown:
    """What becomes of the data when the store is replaced: without an UpdateReplacePolicy it is lost, RDS's too."""
    policy = store.resource.update_replace_policy
    return fate(store, "Delete" if policy is None else policy)
