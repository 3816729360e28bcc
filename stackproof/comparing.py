"""Two templates compared offline, in the words of a plan: what `stackproof.proofs.diff` found, with the values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stackproof.deployment import plan
from stackproof.proofs.diff import diff
from stackproof.proofs.values import Value, at, scalar_text, show

if TYPE_CHECKING:
    from stackproof.proofs import diff as offline
    from stackproof.proofs.resolve import Resource, Stack


def compare(old: Stack, new: Stack) -> tuple[tuple[plan.Change, ...], tuple[str, ...]]:
    """What going from one stack to the other would do, destructive changes first.

    Returns:
        The changes, and sentences on what would fail or could not be compared.
    """
    found = diff(old, new)
    clashes = [f"{change.logical_id}: {change.clash}" for change in found.changes if change.clash]
    return tuple(_change(old, new, change) for change in found.changes), (*clashes, *found.notes)


def _change(old: Stack, new: Stack, change: offline.Change) -> plan.Change:
    before, after = old.resources.get(change.logical_id), new.resources.get(change.logical_id)
    return plan.Change(
        logical_id=change.logical_id,
        physical_id="",
        type=change.type,
        action=change.action,
        data=change.data,
        because=tuple(
            plan.Because(each.path, each.by, _shown(before, each.path), _shown(after, each.path))
            for each in change.because
        ),
        properties={},
    )


def _shown(resource: Resource | None, path: str) -> str | None:
    """A property as a person reads it; None where the resource has none there."""
    section, *keys = path.strip("/").split("/")
    if resource is None or section != "Properties":
        return None
    value: Value = at(resource.properties, *(int(key) if key.isdigit() else key for key in keys))
    if value is None:
        return None
    return scalar_text(value) if isinstance(value, str | int | float) else show(value)
