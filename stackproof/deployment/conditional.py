"""What a change set leaves open, decided by comparing the two templates.

CloudFormation says "Conditional" whenever a property takes an attribute of something that changes, though most
attributes stay what they are: a new tag on a key does not replace what the key encrypts.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from stackproof.deployment.plan import KNOWN_LATER
from stackproof.parameters import parameters_of
from stackproof.proofs.diff import Change as Offline
from stackproof.proofs.diff import diff
from stackproof.proofs.resolve.stack import resolve

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from stackproof.deployment.plan import Change
    from stackproof.proofs.resolve.stack import Stack

OPEN = "may-replace"
# How CloudFormation shows what a nested stack gets from a resource that is not there yet.
_LATER = (KNOWN_LATER, "{{IntrinsicFunction:")


def resolved(
    deployed: Mapping[str, Any],
    before: Mapping[str, str],
    template: Mapping[str, Any],
    after: Mapping[str, str],
    *,
    region: str,
    account: str,
    stack_name: str,
) -> tuple[Stack, Stack, set[str]]:
    """Resolve the template that is deployed and the one to come.

    Args:
        deployed: the template that the stack runs.
        before: its parameters as AWS shows them.
        template: the one to come.
        after: its parameters.
        region: where the stack is.
        account: whose it is, 12 digits.
        stack_name: its name.

    Returns:
        The old stack, the new one, and the parameters that nobody but AWS can compare: secrets, which it does not
        show, those that name a value kept elsewhere, and what a nested stack gets from a resource that is not there.
    """
    opaque = {
        name
        for side, given in ((deployed, before), (template, after))
        for name, parameter in parameters_of(side).items()
        if parameter.no_echo
        or parameter.type.startswith("AWS::SSM::Parameter::Value")
        or any(mark in given.get(name, "") for mark in _LATER)
    }
    place = {"region": region, "account": account, "stack_name": stack_name}
    old, new = (
        resolve(_without(side, opaque), {name: value for name, value in given.items() if name not in opaque}, **place)
        for side, given in ((deployed, before), (template, after))
    )
    return old, new, opaque


def _without(template: Mapping[str, Any], opaque: Collection[str]) -> dict[str, Any]:
    """A template without the defaults of some parameters: their values may well be others."""
    parameters = template.get("Parameters")
    if not opaque or not isinstance(parameters, dict):
        return dict(template)
    bare = {
        name: {key: value for key, value in body.items() if key != "Default"} if name in opaque else body
        for name, body in parameters.items()
    }
    return {**template, "Parameters": bare}


def offline(old: Stack, new: Stack) -> dict[str, Offline]:
    """What would change, by logical id, as the two templates say."""
    return {change.logical_id: change for change in diff(old, new).changes}


def decide(found: Sequence[Change], known: Mapping[str, Offline], opaque: Collection[str]) -> tuple[Change, ...]:
    """The changes of a change set, those that may replace, or show no value, decided where the templates say it.

    Args:
        found: the change set's.
        known: what the templates say, by logical id; what is missing there does not change.
        opaque: parameters that could not be compared: what hangs on them stays open.
    """
    doubtful = _doubtful(found, opaque)
    return tuple(
        decided
        for change in found
        if (decided := change if change.logical_id in doubtful else _decided(change, known.get(change.logical_id)))
    )


def _doubtful(found: Iterable[Change], opaque: Collection[str]) -> set[str]:
    """Those that change by a parameter that could not be compared, or by one of these again."""
    causes = {change.logical_id: {_cause(each.by) for each in change.because} for change in found}
    doubtful: set[str] = set()
    grown = {f"parameter {name}" for name in opaque}
    while more := {name for name, by in causes.items() if by & grown and name not in doubtful}:
        doubtful |= more
        grown = more
    return doubtful


def _cause(by: str) -> str:
    """`parameter Password` as it is; the resource's id of `resource Key` and of `attribute Key.Arn`."""
    kind, _, name = by.partition(" ")
    return by if kind == "parameter" else name.partition(".")[0]


def _decided(change: Change, known: Offline | None) -> Change | None:
    if known is None and change.has_no_values:
        return replace(change, is_same=True)
    if change.action != OPEN or (known is not None and known.action == OPEN):
        return change
    if known is None:
        return None
    if known.action == "replace":
        return replace(change, action="replace")
    because = tuple(replace(each, recreates="Never") for each in change.because)
    return replace(change, action="modify", data="none" if change.data == "none" else "kept", because=because)
