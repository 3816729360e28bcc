"""When two values are the same in AWS: True, False, or None (the template does not tell), which is never a pass."""

from __future__ import annotations

from typing import Final

from stackproof.proofs.logic import every
from stackproof.proofs.patterns import same_text
from stackproof.proofs.values import NESTED, Dynamic, Plain, Sym, Text, Unknown, Value, number, scalar_text

_OPAQUE: Final = (Sym, Dynamic, Text)


def equal(left: Value, right: Value) -> bool | None:
    """Are two values the same in AWS? True, False, or None when only AWS knows.

    `"80"` is 80 and `"true"` is true, as CloudFormation converts them; the order of keys does not count, the order of
    lists does.
    """
    if isinstance(left, str) and isinstance(right, str):
        return left == right
    if isinstance(left, Unknown) or isinstance(right, Unknown):
        return None
    if isinstance(left, NESTED) or isinstance(right, NESTED):
        return _same_nested(left, right)
    return _same_scalar(left, right)


def _same_nested(left: Value, right: Value) -> bool | None:
    if isinstance(left, dict) and isinstance(right, dict):
        if left.keys() != right.keys():
            return False
        return every(equal(inner, right[key]) for key, inner in left.items())
    if isinstance(left, list) and isinstance(right, list):
        return every(map(equal, left, right)) if len(left) == len(right) else False
    opaque = any(isinstance(side, Sym) and (side.many or side.kind == "expression") for side in (left, right))
    return None if opaque else False


def _same_scalar(left: Plain | Sym | Dynamic | Text, right: Plain | Sym | Dynamic | Text) -> bool | None:
    if isinstance(left, _OPAQUE) or isinstance(right, _OPAQUE):
        return True if left == right else same_text(left, right)
    return _same_literal(left, right)


def _same_literal(left: Plain, right: Plain) -> bool:
    if left is None or right is None:
        return left is right
    if isinstance(left, bool) or isinstance(right, bool):
        return scalar_text(left).lower() == scalar_text(right).lower()
    numbers = number(left), number(right)
    return numbers[0] == numbers[1] if None not in numbers else scalar_text(left) == scalar_text(right)
