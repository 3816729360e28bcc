"""Nothing more: what is granted that no need uses, wildcards, roles for nothing, policies open to everybody.

A role that AWS alone uses (an execution role, a flow log's) has needs that the template tells in full: what goes beyond
them is a fault. The application behind a task role makes calls that no template tells: what its needs and its
environment do not explain is unknown, to be declared with a reason. Code in functions and on instances is not analysed
at all, and nothing is called unused there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from stackproof.proofs import iam_managed
from stackproof.proofs.iam import names, names_resource, of_action
from stackproof.proofs.patterns import action_matches
from stackproof.proofs.permissions_trust import TAKERS, named_by, uses
from stackproof.proofs.rules import some
from stackproof.proofs.schemas import actions as known_actions
from stackproof.proofs.values import equal, show, symbols
from stackproof.proofs.verdicts import Finding, broken, unknown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from stackproof.proofs.iam import Statement
    from stackproof.proofs.model_iam import Role
    from stackproof.proofs.needs import Need, Scene
    from stackproof.proofs.resolve import Resource
    from stackproof.proofs.values import Value

CLOSED: Final = {
    ("AWS::Backup::RestoreTestingSelection", "IamRoleArn"),
    ("AWS::Cognito::UserPool", "SmsConfiguration.SnsCallerArn"),
    ("AWS::EC2::FlowLog", "DeliverLogsPermissionArn"),
    ("AWS::ECS::TaskDefinition", "ExecutionRoleArn"),
    ("AWS::RDS::DBCluster", "MonitoringRoleArn"),
    ("AWS::RDS::DBInstance", "MonitoringRoleArn"),
    ("AWS::RDS::DBProxy", "RoleArn"),
}
"""Properties whose role AWS alone uses, for needs that are all derived."""
TOLD: Final = {
    ("AWS::Backup::BackupSelection", "BackupSelection.IamRoleArn"): "a selection may take in what stands outside of "
    "the template",
    ("AWS::ECS::TaskDefinition", "TaskRoleArn"): "the application's own calls are not in the template",
}
"""Properties whose role has needs that are known in part, and why not all are."""

Kind: TypeAlias = Literal["closed", "told", "open", "unused"]


@dataclass(frozen=True)
class Holder:
    """A role with what is known about its use.

    Attributes:
        kind: `closed` (AWS alone, all needs known), `told` (known in part: an application makes calls of its own, an
            output is for users outside of the template), `open` (not analysed), `unused`.
        doubt: why the needs are known in part; empty unless `told`.
        outside: an output hands it to users outside of the template.
        named: resources that the application's environment names, by logical id.
    """

    role: Role
    kind: Kind
    doubt: str
    outside: bool
    needs: tuple[Need, ...]
    named: frozenset[str]


def excess(scene: Scene, needs: list[Need]) -> Iterator[Finding]:
    """Everything that is granted beyond the needs."""
    by_role: dict[str, list[Need]] = {}
    for need in needs:
        by_role.setdefault(need.role or "", []).append(need)
    services: dict[str, set[str]] = {}
    for use in uses(scene):
        services.setdefault(use.role, set()).add(use.service)
    for holder in _holders(scene, by_role):
        yield from _of_role(scene, holder)
        if holder.kind in {"closed", "told"} and not holder.outside:
            yield from _let_in_for_nothing(scene, holder.role, services.get(holder.role.logical_id, set()))


def _of_role(scene: Scene, holder: Holder) -> Iterator[Finding]:
    """What one role is granted beyond its needs."""
    if holder.kind == "unused":
        yield _useless(holder.role)
        return
    for statement in _granted(holder.role):
        yield from _passing(statement)
        if holder.kind == "open":
            yield from _wildcard(statement)
        else:
            yield from _beyond(scene, holder, statement)
    if holder.kind != "open":
        yield from _everything(holder.role)


def _holders(scene: Scene, by_role: Mapping[str, list[Need]]) -> Iterator[Holder]:
    """Every role with its kind."""
    users = named_by(scene)
    outputs = {symbol.owner for output in scene.stack.outputs.values() for symbol in symbols(output.value)}
    for role in scene.access.roles.values():
        found = users.get(role.logical_id, [])
        kind, doubt = _kind(scene, role, {(resource.type, place) for resource, place in found})
        if role.logical_id in outputs and kind in {"closed", "unused"}:
            kind, doubt = "told", "an output hands it to users outside of the template"
        outside = role.logical_id in outputs
        yield Holder(role, kind, doubt, outside, tuple(by_role.get(role.logical_id, ())), _named(scene, found))


def _kind(scene: Scene, role: Role, places: set[tuple[str, str]]) -> tuple[Kind, str]:
    """What is known about the use of a role, by the properties that name it, and why not all is."""
    if scene.stack.rewritten or not _for_services(role) or _written(scene, role, scene.stack.absent):
        return "open", ""
    if not places:
        # Elsewhere a fixed name is enough to use it; a branch that is dead here is alive with other parameters.
        fixed = "RoleName" in scene.stack.resources[role.logical_id].properties
        users = [name for name, found in scene.stack.resources.items() if not found.type.startswith("AWS::IAM::")]
        elsewhere = fixed or _written(scene, role, users) or not _could_be_used(scene, role)
        return "open" if elsewhere else "unused", ""
    if places <= CLOSED:
        return "closed", ""
    if places <= CLOSED | TOLD.keys():
        return "told", next(TOLD[place] for place in sorted(places) if place in TOLD)
    return "open", ""


def _could_be_used(scene: Scene, role: Role) -> bool:
    """Does the template have anything that takes such roles? One with roles alone is made for users elsewhere."""
    trusted = [item.value for statement in role.trust.statements for item in statement.principals or ()]
    types = {
        resource_type
        for (resource_type, _), service in TAKERS.items()
        if any(value in scene.service(service).names for value in trusted)
    }
    return bool(scene.stack.of_type(*types))


def _written(scene: Scene, role: Role, resources: Iterable[str]) -> bool:
    """Does any of these resources name a role in the template's text, dead branches included?"""
    mentions = scene.stack.mentions
    return any(
        mention.name == role.logical_id for name in resources for mention in mentions.get(("Resources", name), ())
    )


def _for_services(role: Role) -> bool:
    """Are services the only ones that a role is for? People and pipelines take on others from outside."""
    principals = [item for statement in role.trust.statements for item in statement.principals or ()]
    return role.trust.unread is None and bool(principals) and all(item.kind == "Service" for item in principals)


def _named(scene: Scene, users: list[tuple[Resource, str]]) -> frozenset[str]:
    """What the environment of the tasks that use a role names: the application is meant to call it."""
    return frozenset(
        symbol.owner
        for resource, _ in users
        if resource.logical_id in scene.system.compute.tasks
        for container in scene.system.compute.tasks[resource.logical_id].containers
        for variable in container.environment
        for symbol in symbols(variable.value)
    )


def _granted(role: Role) -> Iterator[Statement]:
    """The statements that a role's policies allow by; a policy of AWS's own is taken as it is."""
    for document in role.documents:
        for statement in document.statements:
            if statement.allows and statement.owner:
                yield statement


def _useless(role: Role) -> Finding:
    return broken(
        "iam-unused-role",
        role.logical_id,
        "",
        f"{role.logical_id} can be taken on by an AWS service, but nothing in the template uses it: rights that lie "
        "about for whoever may pass them on.",
        "Name it where it is meant to be used, or remove it.",
    )


def _beyond(scene: Scene, holder: Holder, statement: Statement) -> Iterator[Finding]:
    """What one statement grants that no need of its role uses."""
    if statement.not_actions or statement.not_resources:
        yield _unused(holder, statement, "Action", "everything but a list", "NotAction or NotResource grants the rest")
        return
    if _explained(scene, holder, statement):
        return
    asking = [
        need for need in holder.needs if any(of_action(statement, action) is not False for action in need.actions)
    ]
    met = [
        [need for need in asking if names_resource(resource, need.resource) is not False]
        for resource in statement.resources or ()
    ]
    about = asking if statement.resources is None else [need for needs in met for need in needs]
    idle = [show(action) for action in statement.actions if not _used(about, action)]
    if idle:
        yield _unused(holder, statement, "Action", ", ".join(idle), "no need of its users asks for it there")
    wide = [show(action) for action in statement.actions if show(action) not in idle and "*" in show(action)]
    more = [example for action in wide if (example := _more(holder, action))]
    if more:
        yield _unused(holder, statement, "Action", ", ".join(wide), f"it grants {', '.join(more)} too")
    if len(idle) < len(statement.actions):
        yield from _resources(holder, statement, met)


def _explained(scene: Scene, holder: Holder, statement: Statement) -> bool:
    """Does an application's environment name everything that a statement is about, and the actions are spelled out?"""
    if not holder.doubt or not holder.named or not statement.resources:
        return False
    plain = all("*" not in show(action).partition(":")[2][:1] and ":" in show(action) for action in statement.actions)
    return plain and all(
        any(owner in holder.named for owner in _owners(scene, resource)) for resource in statement.resources
    )


def _owners(scene: Scene, resource: Value) -> set[str]:
    """The resources of the stack whose name or id stands in an ARN."""
    return {symbol.owner for symbol in symbols(resource) if symbol.owner in scene.stack.resources}


def _used(about: list[Need], action: Value) -> bool:
    """Does any of the needs that are about the statement's resources use an action?"""
    return not isinstance(action, str) or any(names(action, wanted) for need in about for wanted in need.actions)


def _more(holder: Holder, pattern: str) -> str:
    """An action that a pattern grants and no need uses; empty when there is none."""
    service, _, rest = pattern.partition(":")
    if not rest:
        return "every action of every service"
    wanted = {action.lower() for need in holder.needs for action in need.actions}
    for name in known_actions().get(service.lower(), {}).get("Actions", ()):
        whole = f"{service.lower()}:{name}"
        if whole not in wanted and action_matches(pattern, whole):
            return whole
    return ""


def _resources(holder: Holder, statement: Statement, met: list[list[Need]]) -> Iterator[Finding]:
    """Resources of a statement that no need is about (`met`: of each, those that are), and those that cover more."""
    for index, (resource, needs) in enumerate(zip(statement.resources or (), met, strict=True)):
        one = [need for need in needs if any(of_action(statement, action) for action in need.actions)]
        path = f"Resource.{index}"
        if not one:
            yield _unused(holder, statement, path, show(resource), "no need is about this resource")
        elif broad(show(resource)) and not all(need.resource == "*" or _opaque(need) for need in one):
            bound = [action for need in one if need.resource != "*" for action in need.actions]
            yield _wide(statement, path, resource, bound)


def broad(pattern: str) -> bool:
    """Does an ARN pattern cover everything of its kind, or what other regions or accounts have?"""
    fields = re.sub(r"\$\{[^}]*\}", "x", pattern).split(":", 5)
    if len(fields) < 6:
        return "*" in pattern
    region, account, rest = fields[3:]
    # In S3 the account is left out, and a bucket's name stands where others have the kind.
    return "*" in region or "*" in account or rest == "*" or bool(account and re.fullmatch(r"[A-Za-z-]+[:/]\*", rest))


def _opaque(need: Need) -> bool:
    """Is a need about something that nobody can name before it exists?"""
    return bool(need.doubt) or need.key_of_elsewhere or need.unnamed


def _unused(holder: Holder, statement: Statement, place: str, what: str, why: str) -> Finding:
    """Broken for a role whose needs are all known, unknown for an application's."""
    path = f"{statement.path}.{place}"
    role = holder.role.logical_id
    if holder.doubt:
        return unknown(
            "iam-unused-action",
            statement.owner,
            path,
            f"Whether anything needs {what}, which {statement.owner} grants to {role}, cannot be told, since "
            f"{holder.doubt}, and {why}.",
            "Name what it calls in the container's environment, remove it, or accept this with a reason.",
        )
    return broken(
        "iam-unused-action",
        statement.owner,
        path,
        f"{statement.owner} grants {what} to {role} for nothing: {why}.",
        "Remove it, or narrow it to what is used.",
    )


def _wide(statement: Statement, path: str, resource: Value, actions: list[str]) -> Finding:
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


def _wildcard(statement: Statement) -> Iterator[Finding]:
    """`*` as the resource of actions that take one, in a role whose needs are not known."""
    if "*" not in (statement.resources or ()) or statement.not_actions or _tagged(statement):
        return
    # Passing a role on has a finding of its own.
    bound = [
        show(action)
        for action in statement.actions
        if _takes_resource(show(action)) and action != "iam:PassRole" and not _INTERFACE.search(show(action))
    ]
    if bound:
        yield _wide(statement, "", "*", bound)


def _tagged(statement: Statement) -> bool:
    """Does a condition hold the statement to some resources?"""
    return any(
        "resource" in condition.key.lower() or condition.key.lower().startswith(("ecs:", "ec2:", "kms:"))
        for condition in statement.conditions
    )


def _takes_resource(action: str) -> bool:
    """Does an action that is spelled out take a resource? A pattern, and what is not known, is not judged."""
    service, _, name = action.lower().partition(":")
    known = known_actions().get(service, {}).get("Actions", {}).get(name)
    return isinstance(known, dict) and bool(known.get("Resources"))


def _passing(statement: Statement) -> Iterator[Finding]:
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


def _everything(role: Role) -> Iterator[Finding]:
    """A policy of AWS's own that allows everything."""
    for document in role.documents:
        if not document.owner and document.path == iam_managed.EVERYTHING:
            yield broken(
                "iam-unused-action",
                role.logical_id,
                "Properties.ManagedPolicyArns",
                f"{role.logical_id} has {document.path}: every action of every service, to start or run one task.",
                "Allow what is needed, and no more.",
            )


def _let_in_for_nothing(scene: Scene, role: Role, services: set[str]) -> Iterator[Finding]:
    """Services that may take on a role although nothing here has them use it."""
    used = [name for service in services for name in scene.service(service).names]
    for statement in role.trust.statements:
        for principal in statement.principals or () if statement.allows else ():
            if some(equal(principal.value, name) for name in used) is False:
                yield broken(
                    "iam-unused-trust",
                    role.logical_id,
                    f"{statement.path}.Principal",
                    f"{show(principal.value)} may take on {role.logical_id}, although nothing in the template has it "
                    "do so.",
                    "Leave it out of the trust policy.",
                )
