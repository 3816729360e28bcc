"""What becomes of data when a resource leaves the stack or is replaced: decided by type, once, at the end.

A resource with network interfaces is never retained: it would hold its subnets and the VPC, and the stack could not be
deleted. It leaves a snapshot. Everything else that holds data stays behind, and so does every key: without its key,
data is lost.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from troposphere import Template

SNAPSHOT = frozenset({"AWS::ElastiCache::ReplicationGroup", "AWS::RDS::DBCluster"})

RETAIN = frozenset(
    {
        "AWS::Backup::BackupVault",
        "AWS::ECR::Repository",
        "AWS::EFS::FileSystem",
        "AWS::KMS::Key",
        "AWS::Logs::LogGroup",
        "AWS::S3::Bucket",
        "AWS::SecretsManager::Secret",
    }
)

NOTHING_INSIDE = frozenset({"AWS::RDS::DBInstance", "AWS::SQS::Queue"})
"""What holds nothing that is missed: the instances of a cluster, a queue of failures. Said in so many words, since a
database of its own would, and so would a queue of work."""


def keep_data(t: Template, *, disposable: bool = False) -> None:
    """Set DeletionPolicy and UpdateReplacePolicy on everything that holds data; call it when the template is complete.

    Args:
        t: the complete template.
        disposable: delete data with the stack, for environments that come and go.
    """
    for resource in t.resources.values():
        if resource.resource_type not in SNAPSHOT | RETAIN | NOTHING_INSIDE:
            continue
        if disposable or resource.resource_type in NOTHING_INSIDE:
            deleted = replaced = "Delete"
        elif resource.resource_type in SNAPSHOT:
            deleted = replaced = "Snapshot"
        else:
            # A failed first create leaves nothing behind, unless the part itself says what becomes of it.
            # UpdateReplacePolicy does not know RetainExceptOnCreate.
            deleted = resource.resource.get("DeletionPolicy", "RetainExceptOnCreate")
            replaced = resource.resource.get("UpdateReplacePolicy", "Retain")
        resource.DeletionPolicy = deleted
        resource.UpdateReplacePolicy = replaced
