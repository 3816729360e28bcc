"""Buckets that are nobody's but ours: encrypted, versioned, not public, reached over TLS only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from awacs.aws import Bool
from troposphere import GetAtt, Sub
from troposphere.s3 import (
    Bucket,
    BucketEncryption,
    OwnershipControls,
    OwnershipControlsRule,
    PublicAccessBlockConfiguration,
    ServerSideEncryptionByDefault,
    ServerSideEncryptionRule,
    VersioningConfiguration,
)

from templates.policies import ANYBODY, deny

if TYPE_CHECKING:
    from awacs.aws import Statement
    from troposphere import Template

    from templates.keys import Key


def private_bucket(
    t: Template,
    logical_id: str,
    *,
    key: Key,
    **properties: Any,  # passed through as given
) -> Bucket:
    """Add a versioned bucket without a name of its own; it still needs a bucket policy with `tls_only` in it.

    Args:
        t: the template.
        logical_id: of the bucket.
        key: that encrypts it.
        properties: the bucket's further ones.
    """
    by_default = ServerSideEncryptionByDefault(SSEAlgorithm="aws:kms", KMSMasterKeyID=key.arn)
    # One data key for many objects: hardly any request to KMS.
    encryption = ServerSideEncryptionRule(ServerSideEncryptionByDefault=by_default, BucketKeyEnabled=True)
    return t.add_resource(
        Bucket(
            logical_id,
            BucketEncryption=BucketEncryption(ServerSideEncryptionConfiguration=[encryption]),
            PublicAccessBlockConfiguration=PublicAccessBlockConfiguration(
                BlockPublicAcls=True, BlockPublicPolicy=True, IgnorePublicAcls=True, RestrictPublicBuckets=True
            ),
            OwnershipControls=OwnershipControls(Rules=[OwnershipControlsRule(ObjectOwnership="BucketOwnerEnforced")]),
            VersioningConfiguration=VersioningConfiguration(Status="Enabled"),
            **properties,
        )
    )


def tls_only(bucket: Bucket) -> Statement:
    """For the bucket's policy: nobody speaks to it in the clear."""
    everything = [GetAtt(bucket, "Arn"), Sub(f"${{{bucket.title}.Arn}}/*")]
    return deny("s3:*", everything, principal=ANYBODY, conditions=[Bool("aws:SecureTransport", "false")], sid="TlsOnly")
