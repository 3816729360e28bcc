"""Policy documents: small functions that return awacs statements and documents.

A component's permissions are stated where the component is; the words for them are here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from awacs.aws import Action, Condition, ConditionElement, PolicyDocument, Principal, Statement, StringEquals
from troposphere import Equals, If, Not, NoValue, Ref, Sub
from troposphere.iam import ManagedPolicy, Role

from templates.interface import condition, parameter

if TYPE_CHECKING:
    from troposphere import AWSHelperFn, Template

    Value: TypeAlias = "str | AWSHelperFn"

ACCOUNT = Principal("AWS", Sub("arn:${AWS::Partition}:iam::${AWS::AccountId}:root"))
"""Everybody in the account whom an IAM policy allows it: a delegation to IAM, not a permission."""

ANYBODY = Principal("AWS", "*")


def service(name: str) -> Principal:
    """A service as a principal: `service("ecs-tasks")`, `service("logs.${AWS::Region}")`."""
    host = f"{name}.amazonaws.com"
    return Principal("Service", Sub(host) if "${" in host else host)


def allow(
    actions: str | Sequence[str],
    resource: Value | Sequence[Value] | None = None,
    *,
    principal: Principal | None = None,
    conditions: Sequence[ConditionElement] = (),
    sid: str | None = None,
    effect: str = "Allow",
) -> Statement:
    """A statement that allows `actions` ("ecr:BatchGetImage") on `resource`.

    Args:
        actions: one action or several.
        resource: one ARN or several; none in a trust policy, and where the policy belongs to the resource itself.
        principal: who; none in a role's own policy.
        conditions: all of them must hold.
        sid: the statement's name.
        effect: Allow, or Deny (see `deny`).
    """
    names = [actions] if isinstance(actions, str) else actions
    resources = list(resource) if isinstance(resource, Sequence) and not isinstance(resource, str) else [resource]
    properties = {
        "Sid": sid,
        "Principal": principal,
        "Resource": None if resource is None else resources,
        "Condition": Condition(list(conditions)) if conditions else None,
    }
    return Statement(
        Effect=effect,
        Action=[Action(*name.split(":")) for name in names],
        **{name: value for name, value in properties.items() if value is not None},
    )


def deny(
    actions: str | Sequence[str],
    resource: Value | Sequence[Value] | None = None,
    *,
    principal: Principal | None = None,
    conditions: Sequence[ConditionElement] = (),
    sid: str | None = None,
) -> Statement:
    """A statement that denies, whatever another statement allows; the arguments are those of `allow`."""
    return allow(actions, resource, principal=principal, conditions=conditions, sid=sid, effect="Deny")


class OnlyIf(Statement):
    """A statement that its policy has only where a condition of the template holds."""

    def __init__(self, condition: str, statement: Statement) -> None:
        super().__init__(**statement.properties)
        self.__dict__["condition"] = condition  # awacs takes attributes of its own alone

    def JSONrepr(self) -> dict[str, Any]:  # noqa: N802  # awacs's name for it
        """The statement, or nothing, for CloudFormation to choose."""
        return {"Fn::If": [self.__dict__["condition"], super().JSONrepr(), NoValue]}


def document(*statements: Statement) -> PolicyDocument:
    """A policy document in today's version of the language."""
    return PolicyDocument(Version="2012-10-17", Statement=list(statements))


def add_role(t: Template, logical_id: str, trust: PolicyDocument, *, exists: str | None = None) -> Role:
    """Add a role within the permissions boundary; what it may do comes by `add_policy`.

    Args:
        t: the template.
        logical_id: of the role.
        trust: who may take it on, from `assume_role`.
        exists: name of the condition under which it exists; always without one.
    """
    role = Role(logical_id, AssumeRolePolicyDocument=trust, PermissionsBoundary=permissions_boundary(t))
    if exists is not None:
        role.Condition = exists
    return t.add_resource(role)


def add_policy(t: Template, logical_id: str, role: Role, *statements: Statement) -> str:
    """Add what a role may do, where the role is; returns the logical id, for DependsOn of whatever needs it at once.

    It is a policy of its own and not one inside the role, so that IAM keeps its versions and shows who has it, and
    CloudFormation changes it without touching the role. It has no name, and is attached to this one role.
    """
    policy = ManagedPolicy(logical_id, PolicyDocument=document(*statements), Roles=[Ref(role)])
    if hasattr(role, "Condition"):
        policy.Condition = role.Condition
    return str(t.add_resource(policy).title)


def assume_role(
    name: str, *, conditions: Sequence[ConditionElement] = (), says_for_whom: bool = True
) -> PolicyDocument:
    """The trust policy of a role that one AWS service takes on, for this account's resources only.

    `aws:SourceAccount` keeps the service from being sent here by somebody else's resource (the confused deputy).

    Args:
        name: the service, as `service` takes it.
        conditions: what must hold besides.
        says_for_whom: False for a service that does not tell the account. It can be sent here only by who may pass the
            role on, and IAM lets no role be passed to another account.
    """
    mine = [StringEquals("aws:SourceAccount", Ref("AWS::AccountId"))] if says_for_whom else []
    return document(allow("sts:AssumeRole", principal=service(name), conditions=[*mine, *conditions]))


def key_policy(*statements: Statement) -> PolicyDocument:
    """A key's policy: IAM policies of this account decide, and the given statements let services in.

    Never name a role or a log group that uses the key by Ref or GetAtt: it needs the key first, which is a circle.
    """
    return document(allow("kms:*", "*", principal=ACCOUNT, sid="Account"), *statements)


def use_key(name: str, *, conditions: Sequence[ConditionElement]) -> Statement:
    """For a key policy: an AWS service that encrypts and decrypts by itself, under the given conditions."""
    actions = ["kms:Encrypt*", "kms:Decrypt*", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"]
    return allow(actions, "*", principal=service(name), conditions=conditions)


def read_secret(arn: Value) -> Statement:
    """Read one secret's value."""
    return allow("secretsmanager:GetSecretValue", arn)


def decrypt_secret(key_arn: Value) -> Statement:
    """Decrypt with one key, through Secrets Manager only."""
    through = StringEquals("kms:ViaService", Sub("secretsmanager.${AWS::Region}.amazonaws.com"))
    return allow("kms:Decrypt", key_arn, conditions=[through])


def permissions_boundary(t: Template) -> If:
    """What every role writes into PermissionsBoundary; the parameter is added with the first role that asks."""
    if "PermissionsBoundaryArn" not in t.parameters:
        boundary = parameter(
            t,
            "PermissionsBoundaryArn",
            group="Permissions",
            label="Permissions boundary",
            description="ARN of an IAM policy that bounds every role of this stack, where your company demands one. "
            "Blank: no boundary.",
            default="",
            pattern=r"^$|^arn:[a-z-]+:iam::([0-9]{12}|aws):policy/.+$",
            constraint="The ARN of an IAM policy, such as arn:aws:iam::111122223333:policy/boundary, or blank.",
        )
        condition(t, "HasPermissionsBoundary", Not(Equals(Ref(boundary), "")))
    return If("HasPermissionsBoundary", Ref("PermissionsBoundaryArn"), NoValue)
