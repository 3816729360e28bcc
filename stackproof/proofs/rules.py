"""The Rules section: which combinations of parameters CloudFormation refuses before it does anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stackproof.proofs.values import Unknown, Value, equal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stackproof.proofs.resolver import Resolver


def refuses(rule: object, resolver: Resolver) -> bool:
    """Does a rule refuse the parameters for sure? What depends on AWS (RefAll, ValueOf) refuses nothing here."""
    if not isinstance(rule, dict) or not isinstance(rule.get("Assertions"), list):
        return False
    if "RuleCondition" in rule and holds(rule["RuleCondition"], resolver) is not True:
        return False
    assertions = [entry.get("Assert") for entry in rule["Assertions"] if isinstance(entry, dict)]
    return any(holds(assertion, resolver) is False for assertion in assertions)


def holds(node: object, resolver: Resolver) -> bool | None:
    """A rule's expression: True, False, or None when only AWS knows or it is none."""
    if not isinstance(node, dict) or len(node) != 1:
        return None
    ((key, arguments),) = node.items()
    if not isinstance(arguments, list) or not arguments:
        return None
    if key in {"Fn::And", "Fn::Or"}:
        answers = [holds(inner, resolver) for inner in arguments]
        return some(answers) if key == "Fn::Or" else every(answers)
    if key == "Fn::Not":
        answer = holds(arguments[0], resolver)
        return None if answer is None else not answer
    return _compare(key, [resolver.known(inner, ("Rules", key)) for inner in arguments])


def _compare(function: str, arguments: list[Value]) -> bool | None:
    """The functions that compare values."""
    if len(arguments) != 2 or any(isinstance(argument, Unknown) for argument in arguments):
        return None
    left, right = arguments
    answer: bool | None = None
    if function == "Fn::Equals":
        answer = equal(left, right)
    elif isinstance(left, list):
        if function == "Fn::EachMemberEquals":
            answer = every(equal(item, right) for item in left)
        elif function == "Fn::Contains":
            answer = some(equal(item, right) for item in left)
        elif function == "Fn::EachMemberIn" and isinstance(right, list):
            answer = every(some(equal(item, option) for option in right) for item in left)
    return answer


def every(answers: Iterable[bool | None]) -> bool | None:
    """And: False if one is, else None if one is, else True."""
    found: bool | None = True
    for answer in answers:
        if answer is False:
            return False
        if answer is None:
            found = None
    return found


def some(answers: Iterable[bool | None]) -> bool | None:
    """Or: True if one is, else None if one is, else False."""
    found: bool | None = False
    for answer in answers:
        if answer is True:
            return True
        if answer is None:
            found = None
    return found
