"""The IAM policies for what CloudFormation does in a deployer's name: making, changing and deleting resources. Pure.

Which actions a type takes stands in its schema of CloudFormation's registry, as its handlers declare them; there are
more of them than a template needs, since a schema does not say which property takes which. So they are allowed only
while CloudFormation makes the call (`aws:CalledVia`), and with them nobody reaches a resource but through a stack that
they may change. (CloudFormation User Guide, "Forward access sessions requests and permission evaluation".)
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from stackproof.deployment.permissions import roles_of
from stackproof.proofs.schemas import schema

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from stackproof.deployment.permissions import Scope

LARGEST: Final = 6_144
"""Characters of a managed policy, white space not counted (IAM and STS quotas)."""

_WORK: Final = ("create", "read", "update", "delete")
"""The handlers that a deployment calls; `list` is for tools that look for what there is."""
_CALLED: Final = {"ForAnyValue:StringEquals": {"aws:CalledVia": ["cloudformation.amazonaws.com"]}}
_HANDED_ON: Final = "iam:PassRole"

_PARAMETERS: Final = {
    "AWS::EC2::AvailabilityZone::Name": "ec2:DescribeAvailabilityZones",
    "AWS::EC2::Image::Id": "ec2:DescribeImages",
    "AWS::EC2::Instance::Id": "ec2:DescribeInstances",
    "AWS::EC2::KeyPair::KeyName": "ec2:DescribeKeyPairs",
    "AWS::EC2::SecurityGroup::GroupName": "ec2:DescribeSecurityGroups",
    "AWS::EC2::SecurityGroup::Id": "ec2:DescribeSecurityGroups",
    "AWS::EC2::Subnet::Id": "ec2:DescribeSubnets",
    "AWS::EC2::VPC::Id": "ec2:DescribeVpcs",
    "AWS::EC2::Volume::Id": "ec2:DescribeVolumes",
    "AWS::Route53::HostedZone::Id": "route53:GetHostedZone",
}
"""How CloudFormation finds out whether the value of a parameter exists."""
_REFERENCES: Final = {
    "{{resolve:secretsmanager:": ("secretsmanager:GetSecretValue", "kms:Decrypt"),
    "{{resolve:ssm": ("ssm:GetParameters", "kms:Decrypt"),
}
"""What a dynamic reference reads, by how it begins."""


def resource_policies(scopes: Collection[Scope]) -> list[dict[str, Any]]:
    """The policy documents for what the templates of some stacks are made of, each no larger than IAM takes.

    Args:
        scopes: the stacks, with their templates.
    """
    actions = {action for scope in scopes for action in _actions(scope.template)}
    statements = [
        _statement(service, [action for action in sorted(actions - {_HANDED_ON}) if action.startswith(f"{service}:")])
        for service in sorted({action.partition(":")[0] for action in actions - {_HANDED_ON}})
    ]
    if _HANDED_ON in actions:
        statements.append({**_statement("roles", [_HANDED_ON]), "Resource": roles_of(scopes)})
    return _packed(statements)


def unknown_types(scopes: Iterable[Scope]) -> list[str]:
    """The types of which no schema says what they take: custom resources, and what is too new."""
    return sorted({kind for scope in scopes for kind in _types(scope.template) if not _handlers(kind)})


def _types(template: Mapping[str, Any]) -> set[str]:
    resources = template.get("Resources") or {}
    return {str(each["Type"]) for each in resources.values() if isinstance(each, dict) and "Type" in each}


def _handlers(kind: str) -> Mapping[str, Mapping[str, Any]]:
    found = schema(kind)
    return found.data.get("handlers", {}) if found is not None else {}


def _actions(template: Mapping[str, Any]) -> Iterator[str]:
    for kind in _types(template):
        handlers = _handlers(kind)
        for handler in _WORK:
            yield from handlers.get(handler, {}).get("permissions", ())
    for parameter in (template.get("Parameters") or {}).values():
        kind = str(parameter.get("Type", ""))
        if kind.startswith("AWS::SSM::"):
            yield "ssm:GetParameters"
        yield from (action for name, action in _PARAMETERS.items() if name in kind)
    text = json.dumps(template, default=str)
    for begin, taken in _REFERENCES.items():
        if begin in text:
            yield from taken


def _statement(service: str, actions: list[str]) -> dict[str, Any]:
    sid = re.sub("[^A-Za-z0-9]", "", service.title())
    return {"Sid": f"Via{sid}", "Effect": "Allow", "Action": actions, "Resource": "*", "Condition": _CALLED}


def _packed(statements: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """As few documents as come of putting each statement into the first that has room."""
    packed: list[list[dict[str, Any]]] = []
    for statement in sorted(statements, key=size, reverse=True):
        fitting = (each for each in packed if size(_document([*each, statement])) <= LARGEST)
        if (found := next(fitting, None)) is not None:
            found.append(statement)
        else:
            packed.append([statement])
    return [_document(sorted(each, key=lambda one: str(one["Sid"]))) for each in packed]


def _document(statements: list[dict[str, Any]]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": statements}


def size(document: Mapping[str, Any]) -> int:
    """Characters of a document, as IAM counts them."""
    return len(json.dumps(document, separators=(",", ":")))
