"""Nothing more: what is granted that no need uses, wildcards, roles for nothing, policies open to everybody.

A role that AWS alone uses (an execution role, a flow log's) has needs that the template tells in full: what goes beyond
them is a fault. The application behind a task role makes calls that no template tells: what its needs and its
environment do not explain is unknown, to be declared with a reason. Code in functions and on instances is not analysed
at all, and nothing is called unused there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from stackproof.proofs.equality import equal
from stackproof.proofs.iam.evaluation import names, names_resource, of_action
from stackproof.proofs.logic import some
from stackproof.proofs.needs.left_out import users_left_out, with_left_out
from stackproof.proofs.needs.need import Need
from stackproof.proofs.needs.roles import followed
from stackproof.proofs.patterns import action_matches
from stackproof.proofs.permissions.trust import TAKERS, named_by, uses
from stackproof.proofs.permissions.wide import broad, everything, passing, wide, wildcard
from stackproof.proofs.schemas import actions as known_actions
from stackproof.proofs.values import show, symbols
from stackproof.proofs.verdicts import Finding, broken, unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from stackproof.proofs.iam.evaluation import Statement
    from stackproof.proofs.model.iam import Role
    from stackproof.proofs.needs.need import Scene, Wanted
    from stackproof.proofs.resolve.stack import Resource
    from stackproof.proofs.values import Value

CLOSED: Final = {
    ("AWS::Backup::RestoreTestingSelection", "IamRoleArn"),
    ("AWS::Cognito::UserPool", "SmsConfiguration.SnsCallerArn"),
    ("AWS::EC2::FlowLog", "DeliverLogsPermissionArn"),
    ("AWS::ECS::TaskDefinition", "ExecutionRoleArn"),
    ("AWS::RDS::DBCluster", "MonitoringRoleArn"),
    ("AWS::RDS::DBInstance", "MonitoringRoleArn"),
    ("AWS::RDS::DBProxy", "RoleArn"),
    ("AWS::Scheduler::Schedule", "Target.RoleArn"),
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


def excess(scene: Scene, needs: list[Need], derive: Callable[[Scene], Iterable[Wanted]]) -> Iterator[Finding]:
    """Everything that is granted beyond the needs.

    A role may also be there for what other parameters make. That is worked out only for a role of which there is
    something to say without it, so that a template with nothing too much does not pay for it.

    Args:
        scene: the stack, with all roles and policies.
        needs: every need in it.
        derive: gives the needs of the users of roles.
    """
    here = _Uses(scene, needs)
    left_out = users_left_out(scene)
    whole: _Uses | None = None
    for role in scene.access.roles.values():
        found = list(_of_role(here, role, frozenset()))
        elsewhere = left_out.get(role.logical_id)
        if found and elsewhere:
            if whole is None:
                other = with_left_out(scene)
                whole = _Uses(other, [*needs, *(item for item in derive(other) if isinstance(item, Need))])
            found = list(_of_role(whole, role, elsewhere))
        yield from found


class _Uses:
    """Who uses each role of a scene, and for what.

    Attributes:
        needs: by the role.
        services: which take the role on.
        named: the resources that name the role, with the property.
    """

    def __init__(self, scene: Scene, needs: Iterable[Need]) -> None:
        self.scene = scene
        self.needs: dict[str, list[Need]] = {}
        for need in needs:
            self.needs.setdefault(need.role or "", []).append(need)
        self.services: dict[str, set[str]] = {}
        for use in uses(scene):
            self.services.setdefault(use.role, set()).add(use.service)
        self.named = named_by(scene)
        self.outputs = {symbol.owner for output in scene.stack.outputs.values() for symbol in symbols(output.value)}

    def holder(self, role: Role, left_out: frozenset[str]) -> Holder:
        """A role with its kind; `left_out` are users that conditions leave out."""
        found = self.named.get(role.logical_id, [])
        users = {resource.logical_id for resource, _ in found}
        outside = role.logical_id in self.outputs
        kind, doubt = _kind(self.scene, role, {_place(self.scene, resource, place) for resource, place in found})
        if left_out and (users <= left_out or not left_out <= users):
            # All its users are left out, or nobody can tell what one of them does with it.
            kind, doubt = "open", ""
        if outside and kind in {"closed", "unused"}:
            kind, doubt = "told", "an output hands it to users outside of the template"
        needs = tuple(self.needs.get(role.logical_id, ()))
        return Holder(role, kind, doubt, outside, needs, _named(self.scene, found))


def _of_role(known: _Uses, role: Role, left_out: frozenset[str]) -> Iterator[Finding]:
    """What is to be said of one role: what it is granted beyond its needs, and who is let in."""
    holder = known.holder(role, left_out)
    yield from _granted_beyond(known.scene, holder)
    if holder.kind in {"closed", "told"} and not holder.outside:
        yield from _let_in_for_nothing(known.scene, role, known.services.get(role.logical_id, set()))


def _granted_beyond(scene: Scene, holder: Holder) -> Iterator[Finding]:
    if holder.kind == "unused":
        yield _useless(holder.role)
        return
    for statement in _granted(holder.role):
        yield from passing(statement)
        if holder.kind == "open":
            yield from wildcard(statement)
        else:
            yield from _beyond(scene, holder, statement)
    if holder.kind != "open":
        yield from everything(holder.role)


def _place(scene: Scene, resource: Resource, place: str) -> tuple[str, str]:
    """The property that names a role; none of the tables' for a schedule with needs that are not derived."""
    if resource.type == "AWS::Scheduler::Schedule" and not followed(scene.stack, resource):
        return resource.type, ""
    return resource.type, place


def _kind(scene: Scene, role: Role, places: set[tuple[str, str]]) -> tuple[Kind, str]:
    """What is known about the use of a role, by the properties that name it, and why not all is."""
    if scene.stack.rewritten or not _for_services(role):
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
            yield wide(statement, path, resource, bound)


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
