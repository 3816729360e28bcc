"""Stores that nobody outside may reach: buckets, databases with a public address, policies that let everybody in.

Since April 2023 a new bucket blocks public policies and has no ACLs: a template that asks for either without lifting
that is refused by S3. A bucket that is a website is meant to be read by everybody.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stackproof.proofs.iam.documents import read_document
from stackproof.proofs.stores.transit import bucket_policies
from stackproof.proofs.values import Value, at, flag, is_one_of, show
from stackproof.proofs.verdicts import Finding, broken, proved, unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stackproof.proofs.iam.evaluation import Document, Statement
    from stackproof.proofs.resolve.stack import Resource, Stack

BLOCKS: Final = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
PUBLIC_ACLS: Final = ("PublicRead", "PublicReadWrite", "AuthenticatedRead")
ADDRESSES: Final = {
    "AWS::RDS::DBInstance": "PubliclyAccessible",
    "AWS::RDS::DBCluster": "PubliclyAccessible",
    "AWS::Redshift::Cluster": "PubliclyAccessible",
    "AWS::DMS::ReplicationInstance": "PubliclyAccessible",
    "AWS::AmazonMQ::Broker": "PubliclyAccessible",
}
"""The property that gives a store a public address."""
POLICIES: Final = (
    ("AWS::SQS::QueuePolicy", "PolicyDocument"),
    ("AWS::SNS::TopicPolicy", "PolicyDocument"),
    ("AWS::SecretsManager::ResourcePolicy", "ResourcePolicy"),
    ("AWS::ECR::Repository", "RepositoryPolicyText"),
    ("AWS::KMS::Key", "KeyPolicy"),
    ("AWS::Backup::BackupVault", "AccessPolicy"),
)
"""Policies of resources that AWS's API offers to the whole internet: type and property."""
HARMLESS: Final = ("aws:securetransport",)
"""Conditions that keep nobody out."""


def prove_private(stack: Stack) -> Iterator[Finding]:
    """Whether each store keeps strangers out."""
    for bucket in stack.of_type("AWS::S3::Bucket"):
        yield from _bucket(stack, bucket)
    for kind, name in ADDRESSES.items():
        for resource in stack.of_type(kind):
            yield from _address(resource, name)
    for kind, name in POLICIES:
        for resource in stack.of_type(kind):
            if resource.properties.get(name) is not None:
                yield from _policy(stack, resource, name)


def _address(resource: Resource, name: str) -> Iterator[Finding]:
    """A database with a public address."""
    given, path = resource.properties.get(name), f"Properties.{name}"
    if given is None:
        return
    public = flag(given)
    if public is None:
        message = f"Whether {resource.logical_id} has a public address is known to AWS only: {show(given)}."
        yield unknown("store-public", resource.logical_id, path, message, f"Set {name} to false.")
    elif public:
        message = (
            f"{resource.logical_id} gets a public address: only its security groups stand between it and everybody."
        )
        yield broken("store-public", resource.logical_id, path, message, f"Set {name} to false.")
    else:
        yield proved("store-public", resource.logical_id, path, "it has no public address")


def _policy(stack: Stack, resource: Resource, name: str) -> Iterator[Finding]:
    """A resource's policy that lets everybody in."""
    path = f"Properties.{name}"
    document = read_document(stack, resource, path, resource.properties[name])
    opened = next((found for found in document.statements if _for_everybody(found)), None)
    if opened is not None:
        message = f"Everybody with an AWS account may do this with what {resource.logical_id} guards:"
        message += f" {', '.join(map(show, opened.actions))}."
        fix = "Name the accounts, roles or services that need it, or add a condition such as aws:SourceAccount."
        yield broken("store-public", resource.logical_id, opened.path, message, fix)
    elif document.unread is not None:
        message = f"Whom {resource.logical_id} lets in cannot be told: {document.unread.reason}."
        yield unknown("store-public", resource.logical_id, path, message, "Write the policy out.")
    else:
        yield proved("store-public", resource.logical_id, path, "its policy lets no strangers in")


def _for_everybody(statement: Statement) -> bool:
    """Does a statement allow something to everybody, under no condition that keeps anybody out?"""
    if not statement.allows or statement.not_principals:
        return False
    everybody = any(found.value == "*" and found.kind in {"*", "AWS"} for found in statement.principals or ())
    return everybody and all(found.key.lower() in HARMLESS for found in statement.conditions)


def _bucket(stack: Stack, bucket: Resource) -> Iterator[Finding]:
    """A bucket, by its ACL, its policies and its block."""
    block = bucket.properties.get("PublicAccessBlockConfiguration")
    blocked = {name: _blocked(block, name) for name in BLOCKS}
    findings = [*_acl(bucket, blocked)]
    for policy in bucket_policies(stack, bucket):
        document = read_document(stack, policy, "Properties.PolicyDocument", policy.properties.get("PolicyDocument"))
        findings += _bucket_policy(bucket, policy, document, blocked)
    lifted = next((name for name in BLOCKS if flag(at(block, name)) is False), None)
    if not findings and lifted is not None and not _website(bucket):
        findings.append(
            broken(
                "store-public-block",
                bucket.logical_id,
                f"Properties.PublicAccessBlockConfiguration.{lifted}",
                f"Nothing in the template makes {bucket.logical_id} public, and nothing keeps the next policy or ACL"
                f" from doing so: the block that every new bucket has is lifted.",
                "Set it to true, or leave PublicAccessBlockConfiguration out.",
            )
        )
    unread = next((name for name in BLOCKS if blocked[name] is None), None)
    if not findings and unread is not None:
        message = f"Whether {bucket.logical_id} blocks public access is known to AWS only."
        path = f"Properties.PublicAccessBlockConfiguration.{unread}"
        findings.append(unknown("store-public-block", bucket.logical_id, path, message, "Set it to true."))
    yield from findings or [proved("store-public", bucket.logical_id, "", "public access is blocked, or meant")]


def _blocked(block: Value, name: str) -> bool | None:
    """Is one kind of public access blocked? New buckets block all four; a stated block blocks what it says."""
    if block is None:
        return True
    if not isinstance(block, dict):
        return None
    given = block.get(name)
    return False if given is None else flag(given)


def _acl(bucket: Resource, blocked: dict[str, bool | None]) -> Iterator[Finding]:
    """A canned ACL: refused where ACLs are off, public where nothing blocks it."""
    acl, path = bucket.properties.get("AccessControl"), "Properties.AccessControl"
    if not isinstance(acl, str) or acl in {"Private", "BucketOwnerFullControl"}:
        return
    name = bucket.logical_id
    ownership = at(bucket.properties, "OwnershipControls", "Rules", 0, "ObjectOwnership")
    if is_one_of(ownership, None, "BucketOwnerEnforced"):
        message = f"S3 refuses to create {name}: new buckets have no ACLs, and it asks for {acl}."
        fix = "Use a bucket policy instead; where an ACL must be, set OwnershipControls to ObjectWriter."
        yield broken("store-public-refused", name, path, message, fix)
    elif acl in PUBLIC_ACLS and blocked["BlockPublicAcls"]:
        message = f"S3 refuses to create {name}: new buckets block public ACLs, and it asks for {acl}."
        yield broken("store-public-refused", name, path, message, "Leave AccessControl out.")
    elif acl in PUBLIC_ACLS and not blocked["IgnorePublicAcls"] and not _website(bucket):
        message = f"Everybody may list {name}" + (", and write to it." if acl == "PublicReadWrite" else ".")
        yield broken("store-public", name, path, message, "Leave AccessControl out.")


def _website(bucket: Resource) -> bool:
    return bucket.properties.get("WebsiteConfiguration") is not None


def _bucket_policy(
    bucket: Resource, policy: Resource, document: Document, blocked: dict[str, bool | None]
) -> Iterator[Finding]:
    """One policy of a bucket: refused where public policies are blocked, public where they are not."""
    name = bucket.logical_id
    opened = next((found for found in document.statements if _for_everybody(found)), None)
    if opened is None:
        if document.unread is not None:
            message = f"Whom {policy.logical_id} lets into {name} cannot be told: {document.unread.reason}."
            path = "Properties.PolicyDocument"
            yield unknown("store-public", policy.logical_id, path, message, "Write the policy out.")
        return
    actions = ", ".join(map(show, opened.actions))
    if blocked["BlockPublicPolicy"]:
        message = (
            f"S3 refuses {policy.logical_id}: it allows {actions} to everybody, and {name} blocks public policies."
        )
        fix = "Name who needs it; where everybody is meant, set BlockPublicPolicy and RestrictPublicBuckets to false."
        yield broken("store-public-refused", policy.logical_id, opened.path, message, fix)
    elif not _website(bucket) and not blocked["RestrictPublicBuckets"]:
        message = f"Everybody on the internet may do this with {name}: {actions}."
        yield broken("store-public", policy.logical_id, opened.path, message, "Name who needs it.")
