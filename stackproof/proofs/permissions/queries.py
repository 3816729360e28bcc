"""Permissions: each action that a component needs is allowed, on exactly that resource, and nothing more.

Needs come from the template (`needs/`), policies from `model/iam.py`; here the two meet. Role, boundary, resource
policy and key policy are judged together, as IAM does it. `trust` asks who may take a role on,
`excess` what is granted that no need uses.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal

from stackproof.proofs import arns
from stackproof.proofs.iam.conditions import holds
from stackproof.proofs.iam.evaluation import (
    NOTHING,
    Answer,
    Request,
    covers,
    decide,
    of_action,
    of_principal,
    of_resource,
)
from stackproof.proofs.intent.intent import DEFAULT
from stackproof.proofs.logic import some
from stackproof.proofs.model.iam import KEY, LOG_GROUP, model_iam
from stackproof.proofs.needs.application import application_needs
from stackproof.proofs.needs.backup import backup_needs
from stackproof.proofs.needs.declared import declared_needs
from stackproof.proofs.needs.machines import machine_needs
from stackproof.proofs.needs.need import Doubt, Missing, Need, Scene, Wanted
from stackproof.proofs.needs.roles import role_needs
from stackproof.proofs.needs.rotation import rotation_needs
from stackproof.proofs.needs.services import service_needs
from stackproof.proofs.needs.tasks import execution_needs
from stackproof.proofs.permissions.excess import excess
from stackproof.proofs.permissions.open import opened
from stackproof.proofs.permissions.trust import trust
from stackproof.proofs.values import show
from stackproof.proofs.verdicts import Finding, broken, proved, unknown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from stackproof.proofs.iam.evaluation import Document, Statement
    from stackproof.proofs.intent.intent import Intent
    from stackproof.proofs.model.system import System

GATES: Final = {"either": "iam-allowed", "key": "iam-key", "resource": "iam-service"}


def prove(system: System, intent: Intent = DEFAULT) -> list[Finding]:
    """Everything that is to be said about permissions.

    Args:
        system: the modelled stack.
        intent: what the application itself needs stands there.
    """
    scene = Scene(system, model_iam(system.stack))
    wanted = [*_of_roles(scene), *service_needs(scene), *declared_needs(scene, intent)]
    return [
        *(finding for item in wanted for finding in _said(scene, item)),
        *_boundaries(scene),
        *trust(scene),
        *opened(scene),
        *excess(scene, [item for item in wanted if isinstance(item, Need)], _of_roles),
    ]


def _of_roles(scene: Scene) -> Iterator[Wanted]:
    """What the users of roles need."""
    for derive in (execution_needs, application_needs, role_needs, machine_needs, rotation_needs, backup_needs):
        yield from derive(scene)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What all policies together say to one action of a need, and whose policies decided."""

    answer: Answer
    side: Literal["role", "resource", "boundary"]


def judge(scene: Scene, need: Need, action: str) -> Judgement:
    """Join role, boundary and resource policy as IAM does."""
    request = Request(action, need.resource, need.caller, need.context)
    role = scene.access.roles.get(need.role or "")
    own = decide(role.documents, request) if role is not None else NOTHING
    there = resource_documents(scene, need)
    direct = decide(there, request)
    if need.open:
        return Judgement(Answer(allowed=True), "resource")
    if own.denied or direct.denied:
        return Judgement(own, "role") if own.denied else Judgement(direct, "resource")
    if need.gate == "resource":
        return Judgement(direct, "resource")
    if need.gate == "key" and need.holder is not None:
        joined = _with_key(own, direct, decide(there, request, delegated=True))
    else:
        joined = _either(own, direct, has_role=role is not None)
    doubt = next((side for side in (own, direct) if side.may_deny), None)
    if doubt is not None and joined.answer.allowed is True:
        joined = Judgement(replace(doubt, allowed=None), "role" if doubt is own else "resource")
    boundary = role.boundary if role is not None else None
    if boundary is not None and boundary.unread is None and joined.answer.allowed is not False:
        bounded = decide([boundary], request)
        if bounded.allowed is not True:
            return Judgement(bounded, "boundary")
    return joined


def resource_documents(scene: Scene, need: Need) -> tuple[Document, ...]:
    """The policies on what a need is about; log groups also come under the account's."""
    holder = scene.stack.resources.get(need.holder or "")
    shared = scene.access.shared if holder is not None and holder.type == LOG_GROUP else ()
    return (*scene.access.on(need.holder), *shared)


def _either(own: Answer, direct: Answer, *, has_role: bool) -> Judgement:
    """In one account one side is enough."""
    allowed = some([own.allowed, direct.allowed])
    if direct.allowed is allowed and (own.allowed is not allowed or not has_role):
        return Judgement(direct, "resource")
    return Judgement(own, "role")


def _with_key(own: Answer, direct: Answer, delegated: Answer) -> Judgement:
    """A key's policy names the role, or hands the decision to IAM."""
    if direct.allowed is True or delegated.allowed is not True:
        return Judgement(direct if direct.allowed is True else delegated, "resource")
    return Judgement(own, "role")


def _said(scene: Scene, item: Wanted) -> Iterator[Finding]:
    """The finding of one need."""
    if isinstance(item, Missing):
        yield broken(item.rule, item.owner, item.path, item.message, item.fix)
    elif isinstance(item, Doubt):
        yield unknown(item.rule, item.owner, item.path, item.message, item.fix)
    elif item.required:
        yield _answered(scene, item)
    elif item.key_of_elsewhere:
        yield from _secret_key(scene, item)


def _answered(scene: Scene, need: Need) -> Finding:
    """Proved when each action is allowed; else the worst of the answers, with the actions that have it."""
    found = list(_judged(scene, need))
    for wanted in (False, None):
        missing = [action for action, judgement in found if judgement.answer.allowed is wanted]
        if missing:
            first = next(judgement for action, judgement in found if action == missing[0])
            return _refused(scene, need, missing, first)
    by = found[0][1].answer.by
    witness = f"by {by.path} of {by.owner}" if by is not None and by.owner else "by a policy of AWS"
    if need.open:
        witness = "since no policy stands in the way"
    return proved(
        GATES[need.gate],
        need.owner,
        need.path,
        f"{need.owner} can {need.purpose}: {', '.join(need.actions)} on {show(need.resource)} is allowed {witness}.",
    )


def _judged(scene: Scene, need: Need) -> Iterator[tuple[str, Judgement]]:
    """Each action of a need with its judgement; the same for actions that the same statements are about."""
    if len(need.actions) == 1:
        yield need.actions[0], judge(scene, need, need.actions[0])
        return
    role = scene.access.roles.get(need.role or "")
    documents = [*resource_documents(scene, need), *((*role.documents, role.boundary) if role is not None else ())]
    statements = [statement for document in documents if document is not None for statement in document.statements]
    known: dict[tuple[bool | None, ...], Judgement] = {}
    for action in need.actions:
        about = tuple([of_action(statement, action) for statement in statements])
        if about not in known:
            known[about] = judge(scene, need, action)
        yield action, known[about]


def who(need: Need) -> str:
    """The caller in words."""
    if need.role is not None:
        return need.role
    kinds = {"anonymous": "a client without a role", "account": "whoever deploys"}
    return kinds.get(need.caller.kind, show(need.caller.names[0]) if need.caller.names else "")


def _refused(scene: Scene, need: Need, actions: list[str], judgement: Judgement) -> Finding:
    """The finding for actions that are not allowed, at the statement or the component that blocks."""
    what = f"{', '.join(actions)} on {show(need.resource)}"
    rule = GATES[need.gate]
    owner, path, why = _blocker(scene, need, actions[0], judgement)
    if judgement.answer.allowed is None or (need.doubt and not judgement.answer.denied):
        reason = judgement.answer.reason or need.doubt
        message = f"Whether {need.owner} can {need.purpose} cannot be told, since {reason} ({who(need)}: {what})."
        return unknown(rule, owner, path, message, "Give the value that is missing, or accept this with a reason.")
    outcome = f", so that {need.otherwise}" if need.otherwise else ""
    message = f"{need.owner} cannot {need.purpose}{outcome}: {who(need)} may not {what}, since {why}."
    if judgement.answer.denied:
        return broken(rule, owner, path, message, f"Narrow or remove the denial in {path} of {owner}.")
    if judgement.side == "boundary":
        return broken("iam-boundary", owner, path, message, "Let the boundary allow it too, or use another boundary.")
    place = f"the policy of {need.holder}" if judgement.side == "resource" else f"a policy of {need.role}"
    return broken(rule, owner, path, message, f"Allow {', '.join(actions)} to {who(need)} in {place}.")


def _blocker(scene: Scene, need: Need, action: str, judgement: Judgement) -> tuple[str, str, str]:
    """Logical id, property path and reason of what blocks."""
    answer = judgement.answer
    role = scene.access.roles.get(need.role or "")
    if answer.by is not None and answer.denied:
        owner = answer.by.owner or need.role or need.owner
        return owner, answer.by.path, f"{answer.by.path} of {owner} denies it"
    if judgement.side == "boundary" and role is not None:
        return role.logical_id, "Properties.PermissionsBoundary", f"the boundary of {role.logical_id} leaves it out"
    documents = resource_documents(scene, need) if judgement.side == "resource" else role.documents if role else ()
    near = _nearest(documents, need, action)
    if near is not None:
        return near
    document = next((found for found in documents if found.owner), None)
    if document is not None:
        return document.owner, document.path, f"no statement of {document.owner} allows it"
    if judgement.side == "resource" and need.holder is not None:
        return need.holder, "", f"no policy on {need.holder} allows it"
    owner = need.role or need.owner
    return owner, "", f"{owner} has no policy that allows it"


def _nearest(documents: Iterable[Document], need: Need, action: str) -> tuple[str, str, str] | None:
    """The statement that would allow it but for one part: its principal, resource, condition, or action."""
    found = [
        (_likeness(statement, need, action), statement)
        for document in documents
        for statement in document.statements
        if statement.allows and statement.owner
    ]
    likeness, nearest = max(found, key=lambda one: one[0], default=(0, None))
    if nearest is None or likeness == 0:
        return None
    if of_action(nearest, action) is not False:
        return (nearest.owner, *_part(nearest, need))
    where = f"{nearest.path}.{'NotAction' if nearest.not_actions else 'Action'}"
    return nearest.owner, where, f"{where} of {nearest.owner} leaves it out"


def _likeness(statement: Statement, need: Need, action: str) -> int:
    """How much a statement seems to be meant for a need; 0 when it is about another service."""
    prefix = action.partition(":")[0] + ":"
    if of_action(statement, action) is not False:
        score = 4
    elif any(of_action(statement, other) for other in need.actions):
        score = 2
    elif any(isinstance(pattern, str) and pattern.startswith(prefix) for pattern in statement.actions):
        score = 1
    else:
        return 0
    if of_principal(statement, need.caller, delegated=need.gate == "key") is not False:
        score += 4
    elif need.caller.kind == "service" and any(one.kind == "Service" for one in statement.principals or ()):
        score += 2
    return score + (2 if of_resource(statement, need.resource) is True else 0)


def _part(statement: Statement, need: Need) -> tuple[str, str]:
    """The part of a statement that keeps it from covering a need: path and reason."""
    delegated = need.gate == "key"
    if of_principal(statement, need.caller, delegated=delegated) is not True:
        where = f"{statement.path}.{'NotPrincipal' if statement.not_principals else 'Principal'}"
        return where, f"{where} of {statement.owner} does not name it"
    if of_resource(statement, need.resource) is not True:
        where = f"{statement.path}.{'NotResource' if statement.not_resources else 'Resource'}"
        named = ", ".join(map(show, statement.resources or ()))
        return where, f"{where} of {statement.owner} covers {named}"
    for condition in statement.conditions:
        if holds(condition, need.context) is not True:
            wanted = ", ".join(map(show, condition.values))
            where = f"{condition.path} of {statement.owner}"
            return condition.path, f"{where} asks for {wanted}"
    return statement.path, f"{statement.path} of {statement.owner} may not exist"


def _secret_key(scene: Scene, need: Need) -> Iterator[Finding]:
    """A secret of elsewhere: nobody here knows its key, unless the role may use a key of elsewhere for it."""
    ours = {show(arns.arn(scene.stack, key)) for key in scene.stack.of_type(KEY)}
    role = scene.access.roles[need.role or ""]
    for document in role.documents:
        for statement in document.statements:
            foreign = replace(
                statement, resources=tuple(one for one in statement.resources or () if show(one) not in ours)
            )
            request = Request(need.actions[0], need.resource, need.caller, need.context)
            if statement.allows and covers(foreign, request) is not False:
                return
    owners = ", ".join(dict.fromkeys(document.owner for document in role.documents if document.owner))
    yield unknown(
        "iam-secret-key",
        need.owner,
        need.path,
        f"Whether {need.owner} can {need.purpose} cannot be told, since its key stands outside of the template: under "
        f"AWS's own key it can; under a customer key {need.role} needs kms:Decrypt on it, which "
        f"{owners or 'no policy'} does not allow, and no task starts.",
        "Allow kms:Decrypt on the secret's key, or accept this with a reason when it is under aws/secretsmanager.",
    )


def _boundaries(scene: Scene) -> Iterator[Finding]:
    """A boundary that is not of this template bounds in ways that nobody can tell here."""
    for role in scene.access.roles.values():
        if role.boundary is not None and role.boundary.unread is not None:
            yield unknown(
                "iam-boundary",
                role.logical_id,
                "Properties.PermissionsBoundary",
                f"Whether the boundary of {role.logical_id} lets through what its policies allow cannot be told, since "
                f"{role.boundary.unread.reason}.",
                "Accept this with a reason once the boundary is known to allow the role's actions.",
            )
