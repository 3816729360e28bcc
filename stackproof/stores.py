"""Which resource types hold data: losing, emptying or replacing one of these is what a person must agree to by name."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

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


def fate(resource: dict[str, Any]) -> str:
    """What a deletion of the stack does to this resource of its template, by its DeletionPolicy.

    Returns:
        `retained`, `snapshot`, or `lost`. Where no policy is written, CloudFormation takes a snapshot of an
        RDS cluster and of an RDS instance outside a cluster, and deletes everything else.
    """
    by_default = (
        "Snapshot" if snapshot_by_default(resource.get("Type", ""), resource.get("Properties", {})) else "Delete"
    )
    # An intrinsic function that nobody resolved counts as the worst.
    policy = str(resource.get("DeletionPolicy", by_default))
    return {"Retain": "retained", "RetainExceptOnCreate": "retained", "Snapshot": "snapshot"}.get(policy, "lost")
