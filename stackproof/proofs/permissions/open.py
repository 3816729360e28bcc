"""What is open to everybody: trust policies and resource policies that do not tell who may come.

A condition on who comes narrows "everybody"; one that only holds services to this account's resources narrows a
resource policy, but leaves a role to every service of AWS.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stackproof.proofs.values import show
from stackproof.proofs.verdicts import Finding, broken

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stackproof.proofs.iam.evaluation import Statement
    from stackproof.proofs.model.iam import Role
    from stackproof.proofs.needs.need import Scene
    from stackproof.proofs.resolve.stack import Resource

NARROWING: Final = (
    "aws:sourceaccount", "aws:sourcearn", "aws:sourceowner", "aws:sourceorgid", "aws:sourceorgpaths", "aws:sourcevpc",
    "aws:sourcevpce", "aws:sourceip", "aws:vpcsourceip", "aws:principalorgid", "aws:principalorgpaths",
    "aws:principalarn", "aws:principalaccount", "aws:principaltag/", "aws:userid", "kms:calleraccount",
    "sts:externalid", "elasticfilesystem:accessedviamounttarget", "elasticfilesystem:accesspointarn",
    "s3:dataaccesspointaccount", "s3:dataaccesspointarn",
)  # fmt: skip
"""Keys that tell who comes: with one of them "everybody" is not everybody."""

BY_SOURCE: Final = ("aws:sourceaccount", "aws:sourcearn", "aws:sourceowner", "aws:sourceorg")
"""Of these, the keys that hold AWS's services to one account's resources, but do not tell which service."""

HUBS: Final = {"token.actions.githubusercontent.com": ":sub", "cognito-identity.amazonaws.com": ":aud"}
"""Providers that everybody can have an identity at, and the end of the key that tells whose it is."""


OPEN_ANYWAY: Final = {"AWS::EC2::VPCEndpoint"}
"""Types whose policy is open by default: the endpoint's network decides who comes."""


def opened(scene: Scene) -> Iterator[Finding]:
    """Every policy that lets everybody in, or a service do everything."""
    for role in scene.access.roles.values():
        for statement in role.trust.statements:
            yield from _trust(role, statement)
    for owner, documents in scene.access.policies.items():
        for document in documents:
            for statement in document.statements:
                yield from _resource(scene.stack.resources[owner], statement)
                yield from _whole_service(scene.stack.resources[owner], statement)


def narrowed(statement: Statement, without: tuple[str, ...] = ()) -> bool:
    """Does a condition tell who comes, by other keys than `without`? A negated one lets everybody else in."""
    return any(
        key.startswith(NARROWING) and not (without and key.startswith(without)) and "not" not in operator
        for key, operator in ((item.key.lower(), item.operator.lower()) for item in statement.conditions)
    )


def everybody(statement: Statement) -> bool:
    """Does a statement let everybody in, whoever they are?"""
    named = statement.principals or ()
    return statement.allows and (
        statement.not_principals or any(item.value == "*" and item.kind in {"*", "AWS"} for item in named)
    )


def _trust(role: Role, statement: Statement) -> Iterator[Finding]:
    """A trust policy that lets in whoever asks."""
    if everybody(statement) and not narrowed(statement, BY_SOURCE):
        who = "Any AWS service" if narrowed(statement) else "Anybody with an AWS account"
        yield broken(
            "iam-open-trust",
            role.logical_id,
            f"{statement.path}.Principal",
            f"{who} can take on {role.logical_id}: its trust policy names everybody, without a condition that tells "
            "who it must be.",
            "Name the service, role or account that is meant.",
        )
    for principal in statement.principals or ():
        for hub, ending in HUBS.items():
            told = any(condition.key.lower().endswith(ending) for condition in statement.conditions)
            if statement.allows and principal.kind == "Federated" and hub in show(principal.value) and not told:
                yield broken(
                    "iam-open-trust",
                    role.logical_id,
                    statement.path,
                    f"Anybody with an identity at {hub} can take on {role.logical_id}: no condition on {hub}{ending} "
                    "tells whose it must be.",
                    f"Add a condition on {hub}{ending}.",
                )


def _resource(resource: Resource, statement: Statement) -> Iterator[Finding]:
    """A resource policy that lets everybody in."""
    site = resource.type == "AWS::S3::Bucket" and "WebsiteConfiguration" in resource.properties
    if resource.type in OPEN_ANYWAY or site or not everybody(statement) or narrowed(statement):
        return
    effect = "everybody on the internet can use it"
    if resource.type == "AWS::EFS::FileSystem":
        effect = "whoever reaches port 2049 is in, without a role"
    yield broken(
        "iam-open-policy",
        statement.owner,
        f"{statement.path}.Principal" if statement.path != "Properties" else "Properties.Principal",
        f"The policy of {resource.logical_id} allows {', '.join(map(show, statement.actions))} to everybody, without a "
        f"condition that tells who comes: {effect}.",
        "Name the principals that are meant, or add a condition such as aws:SourceAccount.",
    )


def _whole_service(resource: Resource, statement: Statement) -> Iterator[Finding]:
    """Every action of a kind for a service of AWS's: it could change the policy itself."""
    services = [show(item.value) for item in statement.principals or () if item.kind == "Service"]
    broad = [show(action) for action in statement.actions if show(action) == "*" or show(action).endswith(":*")]
    if statement.allows and services and (broad or statement.not_actions):
        yield broken(
            "iam-unused-action",
            statement.owner,
            f"{statement.path}.{'NotAction' if statement.not_actions else 'Action'}",
            f"The policy of {resource.logical_id} allows {', '.join(broad) or 'everything but a list'} to "
            f"{', '.join(services)}, which uses a few of these actions.",
            "Name the actions that the service's documentation asks for.",
        )
