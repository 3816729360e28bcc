"""Security groups, rule by rule: who may reach what on which ports, compared by meaning."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stackproof.deployment.access import Access
from stackproof.proofs.differences import same_source
from stackproof.proofs.equality import equal
from stackproof.proofs.model.groups import DEFAULT, DIRECTIONS, Group, Rule, model_groups
from stackproof.proofs.model.ranges import together
from stackproof.proofs.network.outcomes import called
from stackproof.proofs.values import Unknown, symbols

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from stackproof.deployment.access import Sides
    from stackproof.proofs.model.groups import Peer

_TYPE = "AWS::EC2::SecurityGroup"
_BESIDE = (f"{_TYPE}Ingress", f"{_TYPE}Egress")


def compare(sides: Sides) -> Iterator[Access]:
    """What differs between the rules of both sides."""
    before, after = model_groups(sides.before), model_groups(sides.after)
    for key in dict.fromkeys([*before, *after]):
        old, new = before.get(key), after.get(key)
        if any(group is not None and group.unknown is not None for group in (old, new)) and _changes(sides, key):
            reason = next(str(group.unknown.reason) for group in (new, old) if group is not None and group.unknown)
            yield Access(key, _TYPE, "security group", "unknown", "has rules that cannot be read", reason)
        for direction in DIRECTIONS:
            yield from _rules(sides, key, _of(old, direction), _of(new, direction))


def _changes(sides: Sides, key: str) -> bool:
    """May the rules of a group change: those in it, or any that stand beside their groups?"""
    beside = {rule.logical_id for side in (sides.before, sides.after) for rule in side.of_type(*_BESIDE)}
    return any(_is_rewritten(sides, name) for name in {key, *beside})


def _is_rewritten(sides: Sides, name: str) -> bool:
    """Is a resource written otherwise than before, or with other parameters?"""
    return sides.is_touched(name) and not same_source(sides.before, sides.after, name, ("Properties",))


def _of(group: Group | None, direction: str) -> list[Rule]:
    """The rules that let something through; not those that AWS makes for a VPC's default group, in which nobody is."""
    if group is None:
        return []
    rules = group.ingress if direction == "ingress" else group.egress
    return [rule for rule in rules if not rule.void and not (rule.added and group.key.endswith(f".{DEFAULT}"))]


def _rules(sides: Sides, key: str, before: list[Rule], after: list[Rule]) -> Iterator[Access]:
    for rule in after:
        if _is_hidden(sides, rule):
            reason = "it takes the value of a parameter that is shown to nobody"
            yield Access(key, _TYPE, "security group", "unknown", _sentence(rule), reason)
    for rules, others, came in ((after, before, True), (before, after, False)):
        for rule in rules:
            is_same = _is_hidden(sides, rule) or any(_covers(other, rule) for other in others)
            # What cannot be read is the same where it is written alike.
            if not is_same and (not _fog(rule) or _is_rewritten(sides, rule.owner)):
                yield _access(key, rule, others, came=came)


def _is_hidden(sides: Sides, rule: Rule) -> bool:
    owners = {symbol.owner for symbol in symbols(rule.peer.value)}
    return bool(owners & sides.opaque) and sides.is_touched(rule.owner)


def _access(key: str, rule: Rule, others: Collection[Rule], *, came: bool) -> Access:
    """A rule that only one side has; `others` are those of the other side."""
    subject = (key, _TYPE, "security group")
    everybody = came and rule.direction == "ingress" and any(found.prefixlen == 0 for found in rule.peer.ranges)
    sentence = _sentence(rule) if came else f"no longer {_sentence(rule)}"
    if reason := _fog(rule):
        return Access(*subject, "unknown", sentence, reason)
    covered = [other for other in others if _covers(rule, other)]
    if not covered:
        return Access(*subject, "opened" if came else "closed", sentence, everybody=everybody)
    mine, theirs = _sentence(rule), "; ".join(map(_sentence, covered))
    now, was = (mine, theirs) if came else (theirs, mine)
    return Access(*subject, "broadened" if came else "narrowed", now, was, everybody=everybody)


def _fog(rule: Rule) -> str:
    """Why it is not known what a rule lets through; blank when it is."""
    if rule.first is None or rule.last is None or rule.protocol == "?":
        return "its ports are known to AWS only"
    if isinstance(rule.peer.value, Unknown):
        return rule.peer.value.reason
    if rule.peer.kind == "range" and not rule.peer.ranges:
        return f"{called(rule.peer.value)} is known to AWS only"
    return ""


def _covers(wider: Rule, rule: Rule) -> bool:
    """Does a rule let through all that another one of the same direction does?"""
    if wider.protocol not in {"-1", rule.protocol} or not _takes_in(wider.peer, rule.peer):
        return False
    if wider.protocol == "-1":
        return True
    if None in {wider.first, wider.last, rule.first, rule.last}:
        return (wider.first, wider.last) == (rule.first, rule.last)
    return wider.first <= rule.first and rule.last <= wider.last  # type: ignore[operator]  # None is out


def _takes_in(wider: Peer, peer: Peer) -> bool:
    """Is everybody of a peer in another one?"""
    if wider.ranges and peer.ranges:
        return all(together(wider.ranges, found) for found in peer.ranges)
    if wider.kind == "group" and peer.kind == "group":
        return wider.group == peer.group
    return wider.kind == peer.kind and equal(wider.value, peer.value) is True


def _sentence(rule: Rule) -> str:
    """What a rule lets through: `lets TCP 443 in from 0.0.0.0/0 (everybody)`."""
    peer = rule.peer.group or called(rule.peer.value)
    if any(found.prefixlen == 0 for found in rule.peer.ranges):
        peer = f"{peer} (everybody)" if rule.direction == "ingress" else f"{peer} (anywhere)"
    way = "in from" if rule.direction == "ingress" else "out to"
    return f"lets {rule.ports} {way} {peer}"
