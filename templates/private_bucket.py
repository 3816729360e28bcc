"""Buckets that are nobody's but ours: encrypted, not public, owned by the bucket's owner, reached over TLS only."""

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
)

from templates.policies import ANYBODY, deny

if TYPE_CHECKING:
    from awacs.aws import Statement
    from troposphere import Template


def private_bucket(t: Template, logical_id: str, **properties: Any) -> Bucket:  # passed through as given
    """Add a bucket without a name of its own, encrypted with S3's keys; `properties` are the bucket's further ones.

    It still needs a bucket policy with `tls_only` in it.
    """
    return t.add_resource(
        Bucket(
            logical_id,
            BucketEncryption=BucketEncryption(
                ServerSideEncryptionConfiguration=[
                    ServerSideEncryptionRule(
                        ServerSideEncryptionByDefault=ServerSideEncryptionByDefault(SSEAlgorithm="AES256")
                    )
                ]
            ),
            PublicAccessBlockConfiguration=PublicAccessBlockConfiguration(
                BlockPublicAcls=True, BlockPublicPolicy=True, IgnorePublicAcls=True, RestrictPublicBuckets=True
            ),
            OwnershipControls=OwnershipControls(Rules=[OwnershipControlsRule(ObjectOwnership="BucketOwnerEnforced")]),
            **properties,
        )
    )


def tls_only(bucket: Bucket) -> Statement:
    """For the bucket's policy: nobody speaks to it in the clear."""
    everything = [GetAtt(bucket, "Arn"), Sub(f"${{{bucket.title}.Arn}}/*")]
    return deny("s3:*", everything, principal=ANYBODY, conditions=[Bool("aws:SecureTransport", "false")], sid="TlsOnly")
