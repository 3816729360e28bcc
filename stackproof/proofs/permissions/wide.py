"""Grants that are too wide whatever they are for: `*` where an ARN would do, any role to any service, everything."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from stackproof.proofs.iam import managed
from stackproof.proofs.patterns import action_matches
from stackproof.proofs.schemas import actions as known_actions
from stackproof.proofs.values import show
from stackproof.proofs.verdicts import Finding, broken

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stackproof.proofs.iam.evaluation import Statement
    from stackproof.proofs.model.iam import Role
    from stackproof.proofs.values import Value


def broad(pattern: str) -> bool:
    """Does an ARN pattern cover everything of its kind, or what other regions or accounts have?"""
    fields = re.sub(r"\$\{[^}]*\}", "x", pattern).split(":", 5)
    if len(fields) < 6:
        return "*" in pattern
    region, account, rest = fields[3:]
    # In S3 the account is left out, and a bucket's name stands where others have the kind.
    return "*" in region or "*" in account or rest == "*" or bool(account and re.fullmatch(r"[A-Za-z-]+[:/]\*", rest))


def wide(statement: Statement, path: str, resource: Value, actions: list[str]) -> Finding:
    """The finding of actions on more than they need; `path` is the resource in the statement, if it is one of many."""
    where = f"{statement.path}.{path}" if path else f"{statement.path}.Resource"
    return broken(
        "iam-wildcard",
        statement.owner,
        where,
        f"{statement.owner} grants {', '.join(dict.fromkeys(actions))} on {show(resource)}, so on everything of its "
        "kind in the account, although these actions can be held to one resource.",
        "Name the resource's ARN.",
    )


_INTERFACE: Final = re.compile(r"^ec2:.*(NetworkInterface|PrivateIpAddresses|Ipv6Addresses)", re.IGNORECASE)
"""What a service in a VPC does to interfaces that it makes itself, so that nobody knows their ARNs beforehand."""


def wildcard(statement: Statement) -> Iterator[Finding]:
    """`*` as the resource of actions that take one, in a role whose needs are not known."""
    if "*" not in (statement.resources or ()) or statement.not_actions or _tagged(statement):
        return
    # Passing a role on has a finding of its own.
    bound = [
        show(action)
        for action in statement.actions
        if _takes_resource(show(action)) and action != "iam:PassRole" and not _INTERFACE.search(show(action))
    ]
    if "*" in bound:
        yield broken(
            "iam-wildcard",
            statement.owner,
            f"{statement.path}.Action",
            f"{statement.owner} grants every action of every service on everything: whoever gets hold of it has the "
            "account.",
            "Name the actions that are needed, and the ARNs that they are needed on.",
        )
    elif bound:
        yield wide(statement, "", "*", bound)


def _tagged(statement: Statement) -> bool:
    """Does a condition hold the statement to some resources?"""
    return any(
        "resource" in condition.key.lower() or condition.key.lower().startswith(("ecs:", "ec2:", "kms:"))
        for condition in statement.conditions
    )


def _takes_resource(action: str) -> bool:
    """Does an action, or one of all of a service, take a resource?

    Other patterns are not judged, `s3:List*` may be meant for those that take none; nor is what is not known.
    """
    service, _, name = action.lower().partition(":")
    known = known_actions().get(service, {}).get("Actions", {})
    named = [known[name]] if name in known else known.values() if name == "*" else ()
    return action == "*" or any(each.get("Resources") for each in named)


def passing(statement: Statement) -> Iterator[Finding]:
    """iam:PassRole of any role to any service: whoever has it has every role of the account."""
    resources = [show(resource) for resource in statement.resources or ()]
    broad = [resource for resource in resources if resource == "*" or resource.endswith(":role/*")]
    held = any(condition.key.lower() in {"iam:passedtoservice", "iam:associatedresourcearn"} for condition in
               statement.conditions)  # fmt: skip
    passes = not statement.not_actions and any(
        isinstance(action, str) and action != "*" and action_matches(action, "iam:PassRole")
        for action in statement.actions
    )
    if passes and broad and not held:
        yield broken(
            "iam-pass-role",
            statement.owner,
            statement.path,
            f"{statement.owner} allows iam:PassRole on {broad[0]} to any service: whoever has it can run code with any "
            "role of the account.",
            "Name the roles that are passed on, and the service by iam:PassedToService.",
        )


def everything(role: Role) -> Iterator[Finding]:
    """A policy of AWS's own that allows everything."""
    for document in role.documents:
        if not document.owner and document.path == managed.EVERYTHING:
            yield broken(
                "iam-unused-action",
                role.logical_id,
                "Properties.ManagedPolicyArns",
                f"{role.logical_id} has {document.path}: every action of every service, to start or run one task.",
                "Allow what is needed, and no more.",
            )
