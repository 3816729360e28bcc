"""Which resource types hold data: losing, emptying or replacing one of these is what a person must agree to by name."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

# Data of users, or what decrypts it, or what only this resource knows. cfn-lint keeps a list of the same kind
# (its rule I3011); a test holds ours to be no smaller.
STORES = frozenset(
    {
        "AWS::AmazonMQ::Broker",
        "AWS::Backup::BackupVault",
        "AWS::Cassandra::Table",
        "AWS::CloudFormation::Stack",
        "AWS::Cognito::UserPool",
        "AWS::DocDB::DBCluster",
        "AWS::DocDB::DBInstance",
        "AWS::DSQL::Cluster",
        "AWS::DynamoDB::GlobalTable",
        "AWS::DynamoDB::Table",
        "AWS::EC2::Volume",
        "AWS::ECR::Repository",
        "AWS::EFS::FileSystem",
        "AWS::EMR::Cluster",
        "AWS::ElastiCache::CacheCluster",
        "AWS::ElastiCache::ReplicationGroup",
        "AWS::ElastiCache::ServerlessCache",
        "AWS::Elasticsearch::Domain",
        "AWS::FSx::FileSystem",
        "AWS::KMS::Key",
        "AWS::Kinesis::Stream",
        "AWS::Logs::LogGroup",
        "AWS::MSK::Cluster",
        "AWS::MemoryDB::Cluster",
        "AWS::Neptune::DBCluster",
        "AWS::Neptune::DBInstance",
        "AWS::OpenSearchService::Domain",
        "AWS::Organizations::Account",
        "AWS::QLDB::Ledger",
        "AWS::RDS::DBCluster",
        "AWS::RDS::DBInstance",
        "AWS::RDS::GlobalCluster",
        "AWS::Redshift::Cluster",
        "AWS::S3::Bucket",
        "AWS::S3Tables::TableBucket",
        "AWS::SDB::Domain",
        "AWS::SQS::Queue",
        "AWS::SecretsManager::Secret",
        "AWS::Timestream::Table",
    }
)


# Where these name a cluster, the data is the cluster's: it outlives every one of its instances.
_INSTANCES = frozenset({"AWS::DocDB::DBInstance", "AWS::Neptune::DBInstance", "AWS::RDS::DBInstance"})


def is_store(resource_type: str, properties: Mapping[str, object] = MappingProxyType({})) -> bool:
    """Whether a resource of this type holds data; with its properties, an instance of a cluster does not."""
    return resource_type in STORES and not (resource_type in _INSTANCES and "DBClusterIdentifier" in properties)


_PROTECTION = ("DeletionProtection", "DeletionProtectionEnabled")
"""The property that protects a store of any type that has one."""


def is_protected(properties: Mapping[str, object]) -> bool:
    """Whether AWS refuses to delete a store: CloudFormation then leaves it behind, whatever its policies say."""
    return any(str(properties.get(name)).lower() in {"true", "active"} for name in _PROTECTION)


def snapshot_by_default(resource_type: str, properties: Mapping[str, object]) -> bool:
    """Whether CloudFormation takes a snapshot where no policy is written: of RDS databases, not of cluster members."""
    return resource_type in {"AWS::RDS::DBCluster", "AWS::RDS::DBInstance"} and "DBClusterIdentifier" not in properties


FULL: Final = {
    "AWS::Backup::BackupVault": "recovery points",
    "AWS::ECR::Repository": "images",
    "AWS::S3::Bucket": "objects",
}
"""What AWS deletes only when it is empty, and what would be inside. A stack's deletion fails at it (DELETE_FAILED); an
update that replaces it or takes it out leaves it behind."""


def fate(resource_type: str, properties: Mapping[str, Any], policy: object) -> str:
    """What becomes of the data of a resource that CloudFormation deletes, under its policy.

    Args:
        resource_type: for example `AWS::EFS::FileSystem`.
        properties: of the resource, as far as they are known.
        policy: its DeletionPolicy, or UpdateReplacePolicy; None where none is written.

    Returns:
        `retained`, `snapshot`, `lost`, or `if-empty`: gone if nothing is inside, else it stays (see FULL). Where no
        policy is written, CloudFormation takes a snapshot of an RDS cluster and of an RDS instance outside a cluster,
        and deletes everything else.
    """
    if policy is None and snapshot_by_default(resource_type, properties):
        return "snapshot"
    kept = {"Retain": "retained", "RetainExceptOnCreate": "retained", "Snapshot": "snapshot"}
    # An intrinsic function that nobody resolved counts as the worst.
    if isinstance(policy, str) and policy in kept:
        return kept[policy]
    emptied = str(properties.get("EmptyOnDelete", "false")).lower() != "false"
    plain = policy is None or policy == "Delete"
    return "if-empty" if resource_type in FULL and plain and not emptied else "lost"


def fate_in_update(resource_type: str, properties: Mapping[str, Any], policy: object) -> str:
    """The same for a resource that an update deletes: `protected` beside, for what AWS refuses to delete.

    A stack's deletion stops at what is protected; an update goes on without it.
    """
    found = fate(resource_type, properties, policy)
    return "protected" if found != "retained" and is_protected(properties) else found
