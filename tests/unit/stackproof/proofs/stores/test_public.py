"""Not public: buckets, databases and policies keep strangers out; pairs of what holds and the same with one fault."""

from __future__ import annotations

from typing import Any

import pytest

from stackproof.proofs.stores.public import BLOCKS, prove_private
from tests.unit.stackproof.proofs.store_support import complaints, expect, make, ref

LATER: dict[str, Any] = {"Parameters": {"Later": {"Type": "String"}}}
BLOCKED = dict.fromkeys(BLOCKS, True)
OPEN = dict.fromkeys(BLOCKS, False)
OWNED = {"OwnershipControls": {"Rules": [{"ObjectOwnership": "ObjectWriter"}]}}
SITE = {"WebsiteConfiguration": {"IndexDocument": "index.html"}}


def prove(system: Any, _: Any) -> Any:
    return list(prove_private(system.stack))


def bucket(**properties: Any) -> dict[str, Any]:
    return make("S3::Bucket", **properties)


def block(**settings: Any) -> dict[str, Any]:
    return {"PublicAccessBlockConfiguration": settings}


def reading(principal: Any = "*", /, **changes: Any) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Principal": principal, "Action": "s3:GetObject", "Resource": "*", **changes}
    return make("S3::BucketPolicy", Bucket=ref("Bucket"), PolicyDocument={"Statement": [statement]})


@pytest.mark.parametrize(
    "resources",
    [
        {"Bucket": bucket()},
        {"Bucket": bucket(**block(**BLOCKED))},
        {"Bucket": bucket(AccessControl="Private")},
        {"Bucket": bucket(AccessControl="LogDeliveryWrite", **OWNED)},
        {"Bucket": bucket(AccessControl="PublicRead", **OWNED, **SITE, **block(**OPEN))},
        {"Bucket": bucket(**SITE, **block(**OPEN)), "Policy": reading()},
        {"Bucket": bucket(), "Policy": reading({"AWS": "111111111111"})},
        {"Bucket": bucket(), "Policy": reading(Effect="Deny")},
        {"Bucket": bucket(), "Policy": reading({"Service": "logging.s3.amazonaws.com"})},
        {"Bucket": bucket(), "Policy": reading(Condition={"StringEquals": {"aws:SourceAccount": "111111111111"}})},
    ],
)
def test_a_private_bucket_is_right(resources: dict[str, Any]) -> None:
    assert complaints(prove, resources) == {}


ACL = "Bucket.Properties.AccessControl"
STATEMENT = "Policy.Properties.PolicyDocument.Statement.0"
BLOCK = "Bucket.Properties.PublicAccessBlockConfiguration"
ACLS_OPEN = block(**{**BLOCKED, "BlockPublicAcls": False, "IgnorePublicAcls": False})


@pytest.mark.parametrize(
    ("resources", "place", "words"),
    [
        (
            {"Bucket": bucket(AccessControl="PublicRead")},
            f"broken store-public-refused {ACL}",
            "new buckets have no ACLs",
        ),
        (
            {"Bucket": bucket(AccessControl="LogDeliveryWrite")},
            f"broken store-public-refused {ACL}",
            "LogDeliveryWrite",
        ),
        (
            {"Bucket": bucket(AccessControl="PublicRead", **OWNED)},
            f"broken store-public-refused {ACL}",
            "block public ACLs",
        ),
        (
            {"Bucket": bucket(AccessControl="PublicRead", **OWNED, **ACLS_OPEN)},
            f"broken store-public {ACL}",
            "may list",
        ),
        (
            {"Bucket": bucket(AccessControl="PublicReadWrite", **OWNED, **ACLS_OPEN)},
            f"broken store-public {ACL}",
            "and write to it",
        ),
        (
            {"Bucket": bucket(), "Policy": reading()},
            f"broken store-public-refused {STATEMENT}",
            "blocks public policies",
        ),
        (
            {"Bucket": bucket(), "Policy": reading({"AWS": "*"})},
            f"broken store-public-refused {STATEMENT}",
            "s3:GetObject",
        ),
        (
            {"Bucket": bucket(**block(**OPEN)), "Policy": reading(Condition={"Bool": {"aws:SecureTransport": "true"}})},
            f"broken store-public {STATEMENT}",
            "Everybody on the internet may do this with Bucket: s3:GetObject",
        ),
        (
            {"Bucket": bucket(**block(**{**BLOCKED, "BlockPublicPolicy": False}))},
            f"broken store-public-block {BLOCK}.BlockPublicPolicy",
            "nothing keeps the next policy",
        ),
        (
            {"Bucket": bucket(**block(**{**BLOCKED, "IgnorePublicAcls": ref("Later")}))},
            f"unknown store-public-block {BLOCK}.IgnorePublicAcls",
            "known to AWS only",
        ),
        (
            {"Bucket": bucket(PublicAccessBlockConfiguration=ref("Later"))},
            f"unknown store-public-block {BLOCK}.BlockPublicAcls",
            "AWS only",
        ),
        (
            {"Bucket": bucket(), "Policy": make("S3::BucketPolicy", Bucket=ref("Bucket"), PolicyDocument=ref("Later"))},
            "unknown store-public Policy.Properties.PolicyDocument",
            "Whom Policy lets into Bucket",
        ),
    ],
)
def test_a_bucket_that_is_open_or_refused_is_broken(resources: dict[str, Any], place: str, words: str) -> None:
    expect(complaints(prove, resources, **LATER), {place: words})


def test_a_policy_that_aws_restricts_is_not_public() -> None:
    held = block(**{**OPEN, "RestrictPublicBuckets": True})
    found = complaints(prove, {"Bucket": bucket(**held), "Policy": reading()})
    assert "broken store-public" not in " ".join(key for key in found if "public-block" not in key)


@pytest.mark.parametrize("kind", ["RDS::DBInstance", "RDS::DBCluster", "Redshift::Cluster", "AmazonMQ::Broker"])
def test_a_store_has_no_public_address(kind: str) -> None:
    assert complaints(prove, {"Store": make(kind)}) == {}
    assert complaints(prove, {"Store": make(kind, PubliclyAccessible="false")}) == {}
    found = complaints(prove, {"Store": make(kind, PubliclyAccessible=True)})
    expect(found, {"broken store-public Store.Properties.PubliclyAccessible": "gets a public address"})
    found = complaints(prove, {"Store": make(kind, PubliclyAccessible=ref("Later"))}, **LATER)
    expect(found, {"unknown store-public Store.Properties.PubliclyAccessible": "known to AWS only: ${Later}"})


def allowing(principal: Any, **changes: Any) -> dict[str, Any]:
    return {"Statement": {"Effect": "Allow", "Principal": principal, "Action": "x:Do", "Resource": "*", **changes}}


@pytest.mark.parametrize(
    ("kind", "key"),
    [
        ("SQS::QueuePolicy", "PolicyDocument"),
        ("SNS::TopicPolicy", "PolicyDocument"),
        ("SecretsManager::ResourcePolicy", "ResourcePolicy"),
        ("ECR::Repository", "RepositoryPolicyText"),
        ("KMS::Key", "KeyPolicy"),
        ("Backup::BackupVault", "AccessPolicy"),
    ],
)
def test_a_policy_lets_no_strangers_in(kind: str, key: str) -> None:
    for policy in (
        allowing({"AWS": "arn:aws:iam::111111111111:root"}),
        allowing("*", Condition={"StringEquals": {"kms:CallerAccount": "111111111111"}}),
        allowing("*", Effect="Deny"),
    ):
        assert complaints(prove, {"Store": make(kind, **{key: policy})}) == {}
    assert complaints(prove, {"Store": make(kind)}) == {}
    found = complaints(prove, {"Store": make(kind, **{key: allowing("*")})})
    expect(found, {f"broken store-public Store.Properties.{key}.Statement": "Everybody with an AWS account"})
    found = complaints(prove, {"Store": make(kind, **{key: ref("Later")})}, **LATER)
    expect(found, {f"unknown store-public Store.Properties.{key}": "Whom Store lets in cannot be told"})


def test_everybody_but_one_is_not_taken_for_everybody() -> None:
    policy = {"Statement": [{"Effect": "Allow", "NotPrincipal": "*", "Action": "kms:*", "Resource": "*"}]}
    assert complaints(prove, {"Key": make("KMS::Key", KeyPolicy=policy)}) == {}
