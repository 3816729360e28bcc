"""What a change of template or parameters would do, worked out without AWS: two stacks in, changes out.

Values are compared as resolved: another spelling of the same value is no change. A create-only property replaces the
resource, a conditional one may, anything else modifies. What a replacement does to others is carried through their
references, and what becomes of data follows from the policies of both templates.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from stackproof.proofs import shapes
from stackproof.proofs.differences import differences, reasons, same_source
from stackproof.proofs.equality import equal
from stackproof.proofs.schemas import Schema, schema, without_positions
from stackproof.proofs.values import Path, Sym, references, show
from stackproof.stores import fate_in_update, is_store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stackproof.proofs.resolve.stack import Resource, Stack

ACTIONS: Final = ("modify", "may-replace", "replace")
"""What can happen to a resource that stays in the template, from harmless to destructive."""
ORDER: Final = ("remove", "replace", "may-replace", "modify", "add")
"""Destructive first: the order in which changes are read."""
ATTRIBUTES: Final = {
    "DeletionPolicy": "deletion_policy",
    "UpdateReplacePolicy": "update_replace_policy",
    "UpdatePolicy": "update_policy",
    "CreationPolicy": "creation_policy",
    "Metadata": "metadata",
}
"""What stands beside Properties and is changed in place; DependsOn changes nothing that exists."""


@dataclass(frozen=True, slots=True, order=True)
class Because:
    """One reason for a change.

    Attributes:
        path: of what changes, `/Properties/CidrBlock`.
        by: what makes it change: `template`, `parameter VpcCidr`, `resource Vpc`, `attribute Vpc.VpcId`.
    """

    path: str
    by: str


@dataclass(frozen=True, slots=True)
class Change:
    """What happens to one resource.

    Attributes:
        logical_id: its name in the template.
        type: the new type; the old one of what is removed.
        action: one of ORDER.
        data: `none` (holds no data, or is new), `kept` (the same resource stays), `retained` (left behind outside the
            stack), `protected` (left behind, since AWS deletes nothing that is protected), `snapshot`, or `lost`.
        because: why, by path; empty when the whole resource comes or goes with the template.
        clash: why the replacement fails, since the name is taken; empty when it is not.
    """

    logical_id: str
    type: str
    action: str
    data: str
    because: tuple[Because, ...] = ()
    clash: str = ""

    def as_json(self) -> dict[str, object]:
        """The change as `diff --json` prints it."""
        found: dict[str, object] = {
            "logical_id": self.logical_id,
            "type": self.type,
            "action": self.action,
            "because": [{"path": each.path, "by": each.by} for each in self.because],
            "data": self.data,
        }
        return {**found, "clash": self.clash} if self.clash else found


@dataclass(frozen=True, slots=True)
class Difference:
    """What separates two stacks.

    Attributes:
        changes: destructive ones first, then by logical id; nothing for a resource that does not change.
        notes: sentences on what could not be compared.
    """

    changes: tuple[Change, ...]
    notes: tuple[str, ...] = ()

    def as_json(self) -> dict[str, object]:
        """The object that `diff --json` prints."""
        return {"changes": [change.as_json() for change in self.changes], "notes": list(self.notes)}


@dataclass
class _Draft:
    """What is known so far of one resource that stays; `level` counts in ACTIONS, -1 is no change."""

    level: int = -1
    because: dict[Because, None] = field(default_factory=dict)
    paths: set[Path] = field(default_factory=set)

    def add(self, level: int, path: Path, by: str) -> bool:
        """Note one reason; True when it makes things worse."""
        worse = level > self.level
        self.level = max(self.level, level)
        self.because.setdefault(Because("/" + "/".join(map(str, path)), by))
        self.paths.add(without_positions(path))
        return worse


def diff(old: Stack, new: Stack) -> Difference:
    """What going from one stack to the other would do.

    Args:
        old: the template that is deployed, resolved with its parameters.
        new: the template to come, resolved with its own; the same region and account as far as these are given.
    """
    staying = [name for name in new.resources if name in old.resources]
    drafts = {name: _compare(old, new, name) for name in staying}
    _carry(new, drafts)
    changes = [
        *(_left(old, new, name) for name in old.resources if name not in new.resources),
        *(_came(old, new, name) for name in new.resources if name not in old.resources),
        *(_stayed(old, new, name, drafts[name]) for name in staying if drafts[name].level >= 0),
    ]
    notes = [
        f"{side} template: {'.'.join(map(str, note.path)) or 'as a whole'} was not compared: {note.reason}"
        for side, stack in (("old", old), ("new", new))
        for note in stack.notes
    ]
    changes.sort(key=lambda change: (ORDER.index(change.action), change.logical_id))
    return Difference(tuple(changes), tuple(notes))


def schema_of(resource: Resource, stack: Stack) -> Schema | None:
    """The schema that says what replaces a resource; custom resources share one."""
    kind = "AWS::CloudFormation::CustomResource" if resource.type.startswith("Custom::") else resource.type
    return schema(kind, show(stack.region))


def _compare(old: Stack, new: Stack, name: str) -> _Draft:
    """What changes in one resource by itself."""
    draft = _Draft()
    before, after = old.resources[name], new.resources[name]
    if before.type != after.type:
        draft.add(2, ("Type",), "template")
        return draft
    definition = schema_of(after, new)
    if (before.unknown or after.unknown) and not same_source(old, new, name, ("Properties",)):
        draft.add(1, ("Properties",), "template")
    for path, certain in differences(old, new, name, _create_only(definition)):
        level = _level(definition, path[1:], certain=certain)
        for by in reasons(old, new, name, path):
            draft.add(level, path, by)
    for attribute, key in ATTRIBUTES.items():
        same = equal(getattr(before, key), getattr(after, key))
        if same is not True and not same_source(old, new, name, (attribute,)):
            for by in reasons(old, new, name, (attribute,)):
                draft.add(0, (attribute,), by)
    return draft


def _create_only(definition: Schema | None) -> frozenset[Path]:
    """The paths at which it matters where exactly a value changes."""
    return definition.create_only | definition.conditional_create_only if definition is not None else frozenset()


def _level(definition: Schema | None, path: Path, *, certain: bool) -> int:
    """What a changed property does, as a number in ACTIONS."""
    if definition is None:
        # Nobody says what this type can change in place.
        return 1
    place = without_positions(path)
    if any(place[: len(fixed)] == fixed for fixed in definition.create_only):
        return 2 if certain else 1
    conditional = any(place[: len(fixed)] == fixed for fixed in definition.conditional_create_only)
    above = any(fixed[: len(place)] == place for fixed in _create_only(definition))
    return 1 if conditional or above else 0


def _carry(new: Stack, drafts: dict[str, _Draft]) -> None:
    """Carry replacements through references until nothing gets worse."""
    users: dict[str, list[tuple[str, Path, Sym]]] = {}
    for name in drafts:
        for path, symbol in references(new.resources[name].properties, ("Properties",)):
            if symbol.kind == "resource" and symbol.owner in drafts and symbol.owner != name:
                users.setdefault(symbol.owner, []).append((name, path, symbol))
    todo = [name for name, draft in drafts.items() if draft.level > 0]
    while todo:
        owner = todo.pop()
        for name, path, symbol in users.get(owner, ()):
            certain = drafts[owner].level == 2 and _identifies(new, symbol)
            level = _level(schema_of(new.resources[name], new), path[1:], certain=certain)
            by = f"resource {owner}" if symbol.attribute == "Ref" else f"attribute {owner}.{symbol.attribute}"
            if drafts[name].add(level, path, by) and level > 0:
                todo.append(name)


def _identifies(stack: Stack, symbol: Sym) -> bool:
    """Does another resource surely have another value of this?"""
    resource = stack.resources[symbol.owner]
    if symbol.attribute == "Ref" or shapes.meaning(resource.type, symbol.attribute) not in {shapes.OTHER, shapes.URL}:
        return True
    definition = schema_of(resource, stack)
    return definition is not None and tuple(symbol.attribute.split(".")) in definition.identifiers


def _left(old: Stack, new: Stack, name: str) -> Change:
    """A resource that goes: with the template, or by its condition."""
    before = old.resources[name]
    because = tuple(_by_condition(old, new, name, before.condition)) if name in new.absent else ()
    return Change(name, before.type, "remove", _fate(before, before.deletion_policy), because)


def _came(old: Stack, new: Stack, name: str) -> Change:
    """A resource that comes: with the template, or by its condition."""
    after = new.resources[name]
    because = tuple(_by_condition(old, new, name, after.condition)) if name in old.absent else ()
    return Change(name, after.type, "add", "none", because)


def _by_condition(old: Stack, new: Stack, name: str, condition: str) -> Iterator[Because]:
    for by in reasons(old, new, name, ("Condition",), conditions=(condition,)):
        yield Because("/Condition", by)


def _stayed(old: Stack, new: Stack, name: str, draft: _Draft) -> Change:
    before, after = old.resources[name], new.resources[name]
    action = ACTIONS[draft.level]
    data = "kept" if is_store(before.type, before.properties) else "none"
    clash = ""
    if draft.level > 0:
        # RDS's snapshot by default is for deletions; what is replaced is deleted unless the template says otherwise.
        policy = after.update_replace_policy
        data = _fate(before, "Delete" if policy is None else policy)
        clash = _clash(old, new, name, draft)
    return Change(name, after.type, action, data, tuple(sorted(draft.because)), clash)


def _fate(resource: Resource, policy: object) -> str:
    """What becomes of the data of a resource that is deleted under a policy."""
    stored = is_store(resource.type, resource.properties)
    return fate_in_update(resource.type, resource.properties, policy) if stored else "none"


def _clash(old: Stack, new: Stack, name: str, draft: _Draft) -> str:
    """Why a replacement cannot be made: the new resource has the name that the old one still holds."""
    before, after = old.resources[name], new.resources[name]
    if before.type != after.type:
        return ""
    for properties in _names(after, schema_of(after, new)):
        given = [(before.properties.get(key), after.properties.get(key)) for key in properties]
        fixed = all(left is not None and equal(left, right) is True for left, right in given[:1])
        moved = any((key,) in {path[1:2] for path in draft.paths} for key in properties)
        if fixed and not moved:
            return (
                f"CloudFormation makes the new {name} before it deletes the old one, and {properties[0]}"
                f" {show(given[0][1])} is taken: the update fails. Give it another name, or none."
            )
    return ""


SCOPED_NAMES: Final[dict[str, tuple[str, ...]]] = {
    "AWS::EC2::SecurityGroup": ("GroupName", "VpcId"),
    "AWS::ECS::Service": ("ServiceName", "Cluster"),
    "AWS::ECS::TaskDefinition": (),
    "AWS::Events::Rule": ("Name", "EventBusName"),
    "AWS::Scheduler::Schedule": ("Name", "GroupName"),
}
"""Names that are unique within something else, and Family, which is not unique at all."""


def _names(resource: Resource, definition: Schema | None) -> Iterator[tuple[str, ...]]:
    """The properties that give a resource its name, each with those within which it is unique."""
    if resource.type in SCOPED_NAMES:
        if SCOPED_NAMES[resource.type]:
            yield SCOPED_NAMES[resource.type]
        return
    shape = shapes.SHAPES.get(resource.type)
    if shape is not None and shape.name:
        yield (shape.name,)
    elif definition is not None:
        own = [path[0] for path in definition.identifier if path not in definition.read_only]
        if own and len(own) == len(definition.identifier):
            yield tuple(map(str, own))
