"""IAM: who may do what, compared by meaning; statements, trust, boundaries, and the policies of resources."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from stackproof.deployment import grants
from stackproof.deployment.access import Access
from stackproof.proofs import arns
from stackproof.proofs.differences import same_source
from stackproof.proofs.iam.documents import read_document
from stackproof.proofs.model.iam import MANAGED, ON_ITSELF, ON_OTHERS, ROLE, model_iam, named, permission
from stackproof.proofs.model.placement import each as members
from stackproof.proofs.permissions.open import BY_SOURCE, OPEN_ANYWAY, narrowed
from stackproof.proofs.values import Value, at, show

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stackproof.deployment.access import Sides
    from stackproof.deployment.grants import Grant
    from stackproof.proofs.iam.evaluation import Document
    from stackproof.proofs.resolve.stack import Resource, Stack
    from stackproof.proofs.values import Path

# Types that are a policy of whoever it is attached to, and the property that holds it.
_ATTACHED: Final = {
    "AWS::IAM::Policy": "PolicyDocument",
    "AWS::IAM::ManagedPolicy": "PolicyDocument",
    "AWS::IAM::RolePolicy": "PolicyDocument",
    "AWS::IAM::UserPolicy": "PolicyDocument",
    "AWS::IAM::GroupPolicy": "PolicyDocument",
    "AWS::SSO::PermissionSet": "InlinePolicy",
}
_IDENTITIES: Final = (ROLE, "AWS::IAM::User", "AWS::IAM::Group", "AWS::SSO::PermissionSet")
_MANAGED: Final = ("ManagedPolicyArns", "ManagedPolicies")
_PERMISSION: Final = "AWS::Lambda::Permission"
# A role of a thousand statements is told, and the comparison of every piece with every other one is not begun.
_MOST_GRANTS: Final = 500


@dataclass
class _Side:
    """The policies of one template, by logical id and kind."""

    documents: dict[tuple[str, str], list[Document]] = field(default_factory=dict)
    managed: dict[str, set[str]] = field(default_factory=dict)
    boundaries: dict[str, str] = field(default_factory=dict)

    def add(self, logical_id: str, kind: str, *documents: Document) -> None:
        self.documents.setdefault((logical_id, kind), []).extend(documents)


def compare(sides: Sides) -> Iterator[Access]:
    """What differs between the policies of both sides."""
    before, after = _read(sides.before), _read(sides.after)
    for key in dict.fromkeys([*before.documents, *after.documents]):
        yield from _documents(sides, *key, before.documents.get(key, []), after.documents.get(key, []))
    for logical_id in dict.fromkeys([*before.managed, *after.managed]):
        yield from _attachments(
            sides, logical_id, before.managed.get(logical_id, set()), after.managed.get(logical_id, set())
        )
    for logical_id in dict.fromkeys([*before.boundaries, *after.boundaries]):
        yield from _boundary(sides, logical_id, before.boundaries.get(logical_id), after.boundaries.get(logical_id))


def _read(stack: Stack) -> _Side:
    side = _Side()
    _add_permissions(stack, side)
    for resource in stack.of_type(*_IDENTITIES):
        side.managed[resource.logical_id] = set(_outside(stack, resource))
        boundary = resource.properties.get("PermissionsBoundary")
        if boundary is not None:
            side.boundaries[resource.logical_id] = show(arns.expand(stack, boundary))
    for resource in stack.resources.values():
        if not resource.type.startswith("AWS::IAM::") and resource.type not in _ATTACHED:
            documents = list(_on_resource(stack, resource))
            if documents:
                side.add(resource.logical_id, _kind(resource), *documents)
    return side


def _add_permissions(stack: Stack, side: _Side) -> None:
    """Roles with all their policies; and users, groups and policies that no role of the template has."""
    of_roles = set()
    for role in model_iam(stack).roles.values():
        side.add(role.logical_id, "trust", role.trust)
        # A policy that stands elsewhere is told as an attachment.
        own = [document for document in role.documents if document.owner and not _is_named(document)]
        side.add(role.logical_id, "permissions", *own)
        of_roles |= {document.owner for document in own}
    for kind, name in _ATTACHED.items():
        for policy in stack.of_type(kind):
            if policy.logical_id not in of_roles and name in policy.properties:
                side.add(policy.logical_id, "permissions", _document(stack, policy, name))
    for resource in stack.of_type(*_IDENTITIES):
        if resource.type != ROLE:
            side.add(resource.logical_id, "permissions", *_inline(stack, resource))


def _is_named(document: Document) -> bool:
    return document.unread is not None and ".ManagedPolicyArns." in document.path


def _document(stack: Stack, resource: Resource, *keys: str | int) -> Document:
    path = ".".join(map(str, ("Properties", *keys)))
    return read_document(stack, resource, path, at(resource.properties, *keys))


def _inline(stack: Stack, resource: Resource) -> Iterator[Document]:
    for index, _ in enumerate(members(resource.properties.get("Policies"))):
        yield _document(stack, resource, "Policies", index, "PolicyDocument")


def _outside(stack: Stack, resource: Resource) -> Iterator[str]:
    """The managed policies that are attached by ARN, without those that stand in the template."""
    for name in _MANAGED:
        for value in members(resource.properties.get(name)):
            if named(stack, value, MANAGED) is None:
                yield show(arns.expand(stack, value))


def _kind(resource: Resource) -> str:
    return "key policy" if resource.type.startswith("AWS::KMS::") else "resource policy"


def _on_resource(stack: Stack, resource: Resource) -> Iterator[Document]:
    """Every policy among a resource's properties, wherever it stands."""
    if resource.type == _PERMISSION:
        yield permission(stack, resource)
        return
    known = ON_ITSELF.get(resource.type) or ON_OTHERS.get(resource.type, ("", ""))[1]
    if known and known in resource.properties:
        yield _document(stack, resource, known)
    for path in _policies(resource.properties, ()):
        if path[:1] != (known,):
            yield _document(stack, resource, *path)


def _policies(value: Value, path: Path) -> Iterator[Path]:
    """The paths of objects that look like a policy: statements with an effect."""
    if isinstance(value, dict):
        if any(isinstance(each, dict) and "Effect" in each for each in members(value.get("Statement"))):
            yield path
            return
        for key, inner in value.items():
            yield from _policies(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _policies(inner, (*path, index))


def _documents(
    sides: Sides, logical_id: str, kind: str, before: list[Document], after: list[Document]
) -> Iterator[Access]:
    """What differs between two sets of policies of one thing."""
    subject = (logical_id, sides.type_of(logical_id), kind)
    unread = next((document.unread for document in (*after, *before) if document.unread is not None), None)
    if unread is not None and not _same(sides, [*before, *after]):
        yield Access(*subject, "unknown", "has a policy that cannot be read", unread.reason)
    old = grants.grants(sides.before, before, sides.opaque)
    new = grants.grants(sides.after, after, sides.opaque)
    if max(len(old), len(new)) > _MOST_GRANTS:
        if not _same(sides, [*before, *after]):
            reason = f"more than {_MOST_GRANTS} statements are not compared"
            yield Access(*subject, "unknown", "has policies that change", reason)
        return
    for one in new:
        if _may_differ(sides, one):
            yield Access(*subject, "unknown", _sentence(kind, one, came=True), one.fog)
    known = [one for one in new if not one.hidden and not _may_differ(sides, one)]
    old = [one for one in old if not one.hidden]
    for one in grants.left(known, old):
        yield _access(subject, one, old, came=True)
    for one in grants.left(old, new):
        yield _access(subject, one, new, came=False)


def _may_differ(sides: Sides, one: Grant) -> bool:
    """May a grant be another one although it is told alike?"""
    owner, path = one.statement.owner, one.statement.path
    if one.hidden:
        return sides.is_touched(owner)
    return one.blind and not same_source(sides.before, sides.after, owner, _keys(path))


def _same(sides: Sides, documents: list[Document]) -> bool:
    """Are policies written alike on both sides, with the same parameters in them?"""
    return all(
        same_source(sides.before, sides.after, each.owner, _keys(each.path))
        and each.owner in sides.before.resources
        and not (sides.opaque and sides.is_touched(each.owner))
        for each in documents
    )


def _keys(path: str) -> Path:
    return tuple(int(key) if key.isdigit() else key for key in path.split("."))


def _access(subject: tuple[str, str, str], one: Grant, others: list[Grant], *, came: bool) -> Access:
    """A grant, or a part of one, that only one side has; `others` are those of the other side."""
    kind = subject[2]
    if one.fog and (one.blind or any(grants.meets(one, other) for other in others)):
        return Access(*subject, "unknown", _sentence(kind, one, came=came), one.fog)
    # An allow that comes opens, as a denial that goes; the other two close.
    opens = came is one.allows
    covered = [other for other in others if grants.within(other, one)]
    if not covered:
        sentence = _sentence(kind, one, came=came)
        return Access(*subject, "opened" if opens else "closed", sentence, everybody=opens and _everybody(subject, one))
    mine, theirs = _sentence(kind, one), "; ".join(_sentence(kind, other) for other in covered)
    now, was = (mine, theirs) if came else (theirs, mine)
    return Access(
        *subject, "broadened" if opens else "narrowed", now, was, everybody=opens and _everybody(subject, one)
    )


def _everybody(subject: tuple[str, str, str], one: Grant) -> bool:
    """Does a grant let everybody in, under no condition that tells who comes?"""
    _, kind_of_resource, kind = subject
    if not one.allows or kind == "permissions" or kind_of_resource in OPEN_ANYWAY:
        return False
    open_to_all = any(isinstance(item, grants.But) or grants.name(item) == "everybody" for item in one.principals)
    return open_to_all and not narrowed(one.statement, BY_SOURCE if kind == "trust" else ())


def _sentence(kind: str, one: Grant, *, came: bool = True) -> str:
    """What a grant allows or denies, as the rest of a sentence that begins with whose it is."""
    principals, actions, resources = (
        ", ".join(map(grants.name, items)) for items in (one.principals, one.actions, one.resources)
    )
    on = f" on {resources}" if resources and (kind == "permissions" or resources != "*") else ""
    if one.conditions:
        on += f" if {' and '.join(map(str, one.conditions))}"
    return _WORDS[kind == "permissions", one.allows, came].format(principals=principals, actions=actions) + on


# For permissions or a policy of a resource; allowed or denied; as it is, or as it was.
_WORDS: Final = {
    (True, True, True): "may {actions}",
    (True, True, False): "may no longer {actions}",
    (True, False, True): "is denied {actions}",
    (True, False, False): "is no longer denied {actions}",
    (False, True, True): "lets {principals} {actions}",
    (False, True, False): "no longer lets {principals} {actions}",
    (False, False, True): "denies {principals} {actions}",
    (False, False, False): "no longer denies {principals} {actions}",
}


def _attachments(sides: Sides, logical_id: str, before: set[str], after: set[str]) -> Iterator[Access]:
    """Managed policies, which say elsewhere what they allow."""
    subject = (logical_id, sides.type_of(logical_id), "permissions")
    for name in sorted(after - before):
        yield Access(*subject, "opened", f"gets all that the managed policy {name} allows")
    for name in sorted(before - after):
        yield Access(*subject, "closed", f"loses what the managed policy {name} allows")


def _boundary(sides: Sides, logical_id: str, before: str | None, after: str | None) -> Iterator[Access]:
    """The boundary of what a role or user may do at most, whatever its policies say."""
    stays = logical_id in sides.before.resources and logical_id in sides.after.resources
    if before == after or not stays:
        return
    subject = (logical_id, sides.type_of(logical_id), "boundary")
    if after is None:
        yield Access(*subject, "broadened", "has no permissions boundary", f"held by {before}")
    elif before is None:
        yield Access(*subject, "narrowed", f"is held by the permissions boundary {after}", "without one")
    else:
        reason = "the boundaries stand outside of the template"
        yield Access(*subject, "unknown", f"goes from the permissions boundary {before} to {after}", reason)
