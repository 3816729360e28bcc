"""What a VPC endpoint's policy lets through. Without one, everything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stackproof.proofs.patterns import action_matches, matches
from stackproof.proofs.values import Unknown, Value, at, items

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


@dataclass(frozen=True)
class Request:
    """What a component asks of a service: an action, and the ARN of what it is done to (`*` for no resource)."""

    action: str
    resource: Value = "*"


def allows(policy: Value, request: Request) -> bool | None:
    """Does a policy allow a request? None when a condition, a principal or an unknown decides."""
    if policy is None:
        return True
    if isinstance(policy, Unknown):
        return None
    statements = items(at(policy, "Statement"))
    if isinstance(statements, Unknown):
        return None
    allowed, denied = (
        _any(_applies(statement, request) for statement in statements if (at(statement, "Effect") == "Deny") is deny)
        for deny in (False, True)
    )
    if allowed is False or denied is True:
        return False
    return allowed if denied is False else None


def _applies(statement: Value, request: Request) -> bool | None:
    """Is a statement about a request? A condition and a named principal make it None at best."""
    answers = [
        _names(statement, "Action", lambda pattern: _action(pattern, request.action)),
        _names(statement, "Resource", lambda pattern: _resource(pattern, request.resource)),
    ]
    if False in answers:
        return False
    everybody = at(statement, "Principal") in ("*", {"AWS": "*"}, {"AWS": ["*"]})
    return True if all(answers) and everybody and at(statement, "Condition") is None else None


def _names(statement: Value, key: str, matching: Callable[[Value], bool | None]) -> bool | None:
    """Does a statement name an action or a resource, by itself or by its negation?"""
    given, negated = at(statement, key), at(statement, f"Not{key}")
    if given is None and negated is None:
        return key == "Resource"
    patterns = items(given if given is not None else negated)
    if isinstance(patterns, Unknown):
        return None
    answer = _any(map(matching, patterns))
    if given is not None or answer is None:
        return answer
    return not answer


def _any(answers: Iterable[bool | None]) -> bool | None:
    found = list(answers)
    return True if True in found else None if None in found else False


def _action(pattern: Value, action: str) -> bool | None:
    return action_matches(pattern, action) if isinstance(pattern, str) else None


def _resource(pattern: Value, resource: Value) -> bool | None:
    return True if pattern == "*" else matches(pattern, resource)
