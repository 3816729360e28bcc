"""Two templates compared offline, in the words of a plan: what `stackproof.proofs.diff` found, with the values."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from stackproof.deployment import exposure, plan
from stackproof.deployment.access import Sides
from stackproof.parameters import with_defaults
from stackproof.parts import parts_of
from stackproof.proofs.diff import ATTRIBUTES, diff
from stackproof.proofs.resolve.stack import resolve
from stackproof.proofs.stores.secrets import plain_secrets
from stackproof.proofs.values import Value, at, scalar_text, show

if TYPE_CHECKING:
    from stackproof.environments import Environment
    from stackproof.proofs import diff as offline
    from stackproof.proofs.resolve.stack import Resource, Stack


def compare(old: Stack, new: Stack) -> tuple[tuple[plan.Change, ...], tuple[str, ...]]:
    """What going from one stack to the other would do, destructive changes first.

    Returns:
        The changes, and sentences on what would fail or could not be compared.
    """
    found = diff(old, new)
    clashes = [f"{change.logical_id}: {change.clash}" for change in found.changes if change.clash]
    return tuple(_change(old, new, change) for change in found.changes), (*clashes, *found.notes)


def between(old: Environment, new: Environment) -> plan.Plan:
    """What going from one environment to the other would do, as a plan that was made without AWS."""
    sides = Sides(resolved(old), resolved(new))
    changes, notes = compare(sides.before, sides.after)
    parts = {**parts_of(old.template), **parts_of(new.template)}
    before, after = (with_defaults(side.template, side.parameters) for side in (old, new))
    hidden = {**plan.secrets(old.template, before), **plan.secrets(new.template, after)}
    settings = [
        *plan.settings("parameter", before, after, secrets=hidden),
        *plan.settings("tag", old.tags, new.tags),
    ]
    if old.stack_policy != new.stack_policy:
        policies = [None if side.stack_policy is None else json.dumps(side.stack_policy) for side in (old, new)]
        settings.append(plan.Setting("stack policy", "", *policies))
    if old.protected != new.protected:
        words = ["on" if side.protected else "off" for side in (old, new)]
        settings.append(plan.Setting("termination protection", "", *words))
    if old.stack != new.stack:
        notes = (f"The stack was called {old.stack}: {new.stack} is another stack, and all of it would be new.", *notes)
    return plan.Plan(
        stack=new.stack,
        account=new.account or "",
        region=new.region or "",
        is_new=False,
        change_set=None,
        changes=tuple(replace(each, part=parts.get(each.logical_id, "")) for each in changes),
        settings=tuple(settings),
        warnings=notes,
        access=exposure.compare(sides),
    )


def resolved(environment: Environment) -> Stack:
    """The resources of an environment, with its parameters in them."""
    return resolve(
        environment.template,
        environment.parameters,
        region=environment.region,
        account=environment.account,
        stack_name=environment.stack,
    )


def _change(old: Stack, new: Stack, change: offline.Change) -> plan.Change:
    before, after = old.resources.get(change.logical_id), new.resources.get(change.logical_id)
    plain = plain_secrets([side.properties for side in (before, after) if side])
    return plan.Change(
        logical_id=change.logical_id,
        physical_id="",
        type=change.type,
        action=change.action,
        data=change.data,
        because=tuple(_because(each, before, after, plain) for each in change.because),
        properties={},
    )


def _because(
    reason: offline.Because, before: Resource | None, after: Resource | None, plain: frozenset[str]
) -> plan.Because:
    left, right = (_shown(side, reason.path) for side in (before, after))
    if left == right and left is not None:
        # Written alike, and still another value: that of a resource which is another one.
        right = plan.KNOWN_LATER
    left, right = (plan.concealed(reason.path, side, plain) for side in (left, right))
    return plan.Because(reason.path, reason.by, left, right)


def _shown(resource: Resource | None, path: str) -> str | None:
    """A property or policy as a person reads it; None where the resource has none there."""
    section, *keys = path.strip("/").split("/")
    if resource is None or section != "Properties":
        policy = getattr(resource, ATTRIBUTES.get(section, ""), None)
        return policy if isinstance(policy, str) else None
    value: Value = at(resource.properties, *(int(key) if key.isdigit() else key for key in keys))
    if value is None:
        return None
    return scalar_text(value) if isinstance(value, str | int | float) else show(value)
