"""Who may do what: roles with all their policies, and the policies that stand on resources.

Users and groups are not modelled: a platform's own parts come with roles, and a policy that only users have is no part
of any need.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from stackproof.proofs import arns
from stackproof.proofs.equality import equal
from stackproof.proofs.iam import managed
from stackproof.proofs.iam.conditions import Condition
from stackproof.proofs.iam.documents import read_document
from stackproof.proofs.iam.evaluation import Document, Principal, Statement
from stackproof.proofs.model.placement import each
from stackproof.proofs.values import Scalar, Text, Unknown, Value, at, items, join, show

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from stackproof.proofs.resolve.stack import Resource, Stack

ROLE, MANAGED, KEY, LOG_GROUP = "AWS::IAM::Role", "AWS::IAM::ManagedPolicy", "AWS::KMS::Key", "AWS::Logs::LogGroup"

ON_ITSELF: Final = {
    "AWS::KMS::Key": "KeyPolicy",
    "AWS::EFS::FileSystem": "FileSystemPolicy",
    LOG_GROUP: "ResourcePolicyDocument",
    "AWS::ECR::Repository": "RepositoryPolicyText",
    "AWS::EC2::VPCEndpoint": "PolicyDocument",
}
"""Types whose policy is a property of their own."""
ON_OTHERS: Final = {
    "AWS::S3::BucketPolicy": ("Bucket", "PolicyDocument"),
    "AWS::SNS::TopicPolicy": ("Topics", "PolicyDocument"),
    "AWS::SNS::TopicInlinePolicy": ("TopicArn", "PolicyDocument"),
    "AWS::SQS::QueuePolicy": ("Queues", "PolicyDocument"),
    "AWS::SQS::QueueInlinePolicy": ("Queue", "PolicyDocument"),
    "AWS::SecretsManager::ResourcePolicy": ("SecretId", "ResourcePolicy"),
    "AWS::Logs::ResourcePolicy": ("", "PolicyDocument"),
}
"""Types that are the policy of something else: the property that names it, and the one that holds the policy. A
resource policy of Logs belongs to the account and names log groups as resources."""


@dataclass(frozen=True)
class Role:
    """A role of this template.

    Attributes:
        arn: spelled out.
        trust: who may take it on.
        documents: every policy of it, inline and attached.
        boundary: what bounds it; None without one.
    """

    logical_id: str
    arn: Scalar
    trust: Document
    documents: tuple[Document, ...]
    boundary: Document | None


@dataclass(frozen=True)
class Key:
    """What a property that takes a KMS key names.

    Attributes:
        arn: the key's ARN; None for a key of AWS's own, which nobody needs a permission for.
        resource: logical id of the key; None when it is none of this stack.
        alias: the alias by which a key of AWS's own is named.
    """

    arn: Scalar
    resource: str | None = None
    alias: str = ""


@dataclass(frozen=True)
class Access:
    """Roles by logical id, and the policies on each resource by its logical id; `shared` are those of the account."""

    roles: Mapping[str, Role]
    policies: Mapping[str, tuple[Document, ...]]
    shared: tuple[Document, ...]

    def on(self, logical_id: str | None) -> tuple[Document, ...]:
        """The policies on a resource; none for what is not of this stack."""
        return self.policies.get(logical_id or "", ())


def model_iam(stack: Stack) -> Access:
    """Read all of it from a resolved stack."""
    attached = _attached(stack)
    policies, shared = _resource_policies(stack)
    return Access(
        roles={role.logical_id: _role(stack, role, attached.get(role.logical_id, [])) for role in stack.of_type(ROLE)},
        policies={name: tuple(found) for name, found in policies.items()},
        shared=tuple(shared),
    )


def role_of(stack: Stack, value: Value) -> str | None:
    """Logical id of the role that a property names, by ARN or by name; None when it is none of this stack."""
    target = named(stack, value, ROLE)
    return target.logical_id if target is not None else None


def named(stack: Stack, value: Value, resource_type: str) -> Resource | None:
    """The resource of a type that a value names: by reference, by its ARN or by its name."""
    target = stack.target(value)
    if target is not None:
        return target if target.type == resource_type else None
    if value is None or isinstance(value, list | dict | Unknown):
        return None
    for found in stack.of_type(resource_type):
        spellings = (arns.arn(stack, found), arns.name(found))
        if any(equal(spelling, arns.expand(stack, value)) is True for spelling in spellings):
            return found
    return None


def key_of(stack: Stack, value: Value) -> Key | None:
    """The key that a property names, by id, ARN or alias; None when it names none."""
    if value is None or value == "":
        return None
    found = named(stack, value, KEY)
    if found is None:
        alias = named(stack, value, "AWS::KMS::Alias")
        found = named(stack, alias.properties.get("TargetKeyId"), KEY) if alias is not None else None
    if found is not None:
        return Key(arns.arn(stack, found), found.logical_id)
    text = show(value)
    if text.startswith("alias/aws/") or ":alias/aws/" in text:
        return Key(None, alias="alias/aws/" + text.partition("alias/aws/")[2])
    return Key(arns.expand(stack, value))


def _attached(stack: Stack) -> dict[str, list[Document]]:
    """Policies that name their roles, by the role's logical id."""
    found: dict[str, list[Document]] = {}
    for policy in stack.of_type("AWS::IAM::Policy", MANAGED, "AWS::IAM::RolePolicy"):
        if policy.type == "AWS::IAM::RolePolicy":
            roles = [policy.properties.get("RoleName")]
        else:
            roles = each(policy.properties.get("Roles"))
        owners = [owner for owner in (role_of(stack, role) for role in roles) if owner is not None]
        if owners:
            document = _own(stack, policy)
            for owner in owners:
                found.setdefault(owner, []).append(document)
    return found


def _own(stack: Stack, policy: Resource) -> Document:
    return read_document(stack, policy, "Properties.PolicyDocument", policy.properties.get("PolicyDocument"))


def _role(stack: Stack, resource: Resource, attached: list[Document]) -> Role:
    properties = resource.properties
    boundary = properties.get("PermissionsBoundary")
    return Role(
        logical_id=resource.logical_id,
        arn=arns.arn(stack, resource),
        trust=read_document(
            stack, resource, "Properties.AssumeRolePolicyDocument", properties.get("AssumeRolePolicyDocument")
        ),
        documents=(*_inline(stack, resource), *_managed(stack, resource), *attached),
        boundary=None if boundary is None else _by_arn(stack, resource, "Properties.PermissionsBoundary", boundary),
    )


def _inline(stack: Stack, resource: Resource) -> Iterator[Document]:
    found = items(resource.properties.get("Policies"))
    if isinstance(found, Unknown):
        yield Document(resource.logical_id, "Properties.Policies", (), found)
        return
    for index, policy in enumerate(found):
        path = f"Properties.Policies.{index}.PolicyDocument"
        yield read_document(stack, resource, path, at(policy, "PolicyDocument"))


def _managed(stack: Stack, resource: Resource) -> Iterator[Document]:
    """The policies that the role names by ARN."""
    found = items(resource.properties.get("ManagedPolicyArns"))
    if isinstance(found, Unknown):
        yield Document(resource.logical_id, "Properties.ManagedPolicyArns", (), found)
        return
    for index, value in enumerate(found):
        yield _by_arn(stack, resource, f"Properties.ManagedPolicyArns.{index}", value)


def _by_arn(stack: Stack, owner: Resource, path: str, value: Value) -> Document:
    """A managed policy: of this template, one of AWS's that is known by name, or Unknown."""
    policy = named(stack, value, MANAGED)
    if policy is not None:
        return _own(stack, policy)
    known = managed.policy(show(value))
    reason = Unknown(f"what the policy {show(value)} says stands outside of the template")
    return known or Document(owner.logical_id, path, (), reason)


def _resource_policies(stack: Stack) -> tuple[dict[str, list[Document]], list[Document]]:
    """Policies on resources by logical id, and those that belong to the account."""
    found: dict[str, list[Document]] = {}
    shared: list[Document] = []
    for resource in stack.of_type(*ON_ITSELF):
        name = ON_ITSELF[resource.type]
        given = resource.properties.get(name, _default_policy(stack) if resource.type == KEY else None)
        if given is not None:
            found.setdefault(resource.logical_id, []).append(
                read_document(stack, resource, f"Properties.{name}", given)
            )
    for resource in stack.of_type(*ON_OTHERS):
        owner, name = ON_OTHERS[resource.type]
        document = read_document(stack, resource, f"Properties.{name}", resource.properties.get(name))
        if not owner:
            shared.append(document)
        for value in each(resource.properties.get(owner)):
            target = _holder(stack, resource.type, value)
            if target is not None:
                found.setdefault(target, []).append(document)
    for resource in stack.of_type("AWS::Lambda::Permission"):
        function = named(stack, resource.properties.get("FunctionName"), "AWS::Lambda::Function")
        if function is not None:
            found.setdefault(function.logical_id, []).append(permission(stack, resource))
    return found, shared


def _default_policy(stack: Stack) -> Value:
    """What KMS gives a key that has no policy: everything to the account, which may hand it on (KMS guide)."""
    root = join("arn:", stack.partition, ":iam::", stack.account, ":root")
    return {"Statement": [{"Effect": "Allow", "Principal": {"AWS": root}, "Action": "kms:*", "Resource": "*"}]}


def _holder(stack: Stack, policy_type: str, value: Value) -> str | None:
    """Logical id of what a policy stands on."""
    service = policy_type.split("::")[1]
    kind = {"S3": "Bucket", "SNS": "Topic", "SQS": "Queue", "SecretsManager": "Secret"}[service]
    target = named(stack, value, f"AWS::{service}::{kind}")
    return target.logical_id if target is not None else None


def permission(stack: Stack, resource: Resource) -> Document:
    """AWS::Lambda::Permission as the statement that it adds to the function's policy."""
    properties = resource.properties
    principal = properties.get("Principal")
    # A service, else an account, an ARN or everybody: `events.${AWS::URLSuffix}` is one as well.
    service = isinstance(principal, str | Text) and "." in show(principal) and not show(principal).startswith("arn:")
    lines = {
        "SourceArn": ("ArnLike", "aws:SourceArn"),
        "SourceAccount": ("StringEquals", "aws:SourceAccount"),
        "PrincipalOrgID": ("StringEquals", "aws:PrincipalOrgID"),
    }
    statement = Statement(
        owner=resource.logical_id,
        path="Properties",
        allows=True,
        actions=(properties.get("Action"),),
        resources=None,
        principals=(Principal("Service" if service else "AWS", principal),),
        conditions=tuple(
            Condition(operator, key, (arns.expand(stack, properties[name]),), f"Properties.{name}")
            for name, (operator, key) in lines.items()
            if name in properties
        ),
        certain=resource.certain,
    )
    return Document(resource.logical_id, "Properties", (statement,))
