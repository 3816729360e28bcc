"""The Rules section: which combinations of parameters CloudFormation refuses before it does anything.

Follows the rule functions of the CloudFormation User Guide: And, Or, Not, Equals, Contains, EachMemberEquals,
EachMemberIn. Values are compared as text: a rule that refuses "1" sees "01".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from stackproof.proofs.equality import equal
from stackproof.proofs.logic import every, some
from stackproof.proofs.values import Unknown, Value, scalar_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Known: TypeAlias = Callable[[object], Value]


def refused(rule: object, known: Known) -> Iterator[dict[str, Any]]:
    """The assertions of a rule that refuse the parameters for sure.

    What depends on AWS (RefAll, ValueOf) refuses nothing here, and what is malformed is the linter's.

    Args:
        rule: as it stands in the template.
        known: what an operand is with these parameters; Unknown where only AWS knows.
    """
    if not isinstance(rule, dict) or not isinstance(rule.get("Assertions"), list):
        return
    if "RuleCondition" in rule and holds(rule["RuleCondition"], known) is not True:
        return
    for assertion in rule["Assertions"]:
        if isinstance(assertion, dict) and holds(assertion.get("Assert"), known) is False:
            yield assertion


def holds(node: object, known: Known) -> bool | None:
    """A rule's expression: True, False, or None when only AWS knows or it is none."""
    if not isinstance(node, dict) or len(node) != 1:
        return None
    ((key, arguments),) = node.items()
    if not isinstance(arguments, list) or not arguments:
        return None
    if key in {"Fn::And", "Fn::Or"}:
        answers = [holds(inner, known) for inner in arguments]
        return some(answers) if key == "Fn::Or" else every(answers)
    if key == "Fn::Not":
        answer = holds(arguments[0], known) if len(arguments) == 1 else None
        return None if answer is None else not answer
    return _compare(key, [_as_text(known(inner)) for inner in arguments])


def _as_text(value: Value) -> Value:
    if isinstance(value, list):
        return [_as_text(item) for item in value]
    return scalar_text(value) if isinstance(value, bool | int | float) else value


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
