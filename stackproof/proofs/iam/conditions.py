"""Conditions of policy statements: True, False, or None when a key's value is not known.

A request's context maps keys in lower case to their values; an empty tuple means that the request has no such key for
sure, a key that the context does not hold means that nobody can tell. Sources: the IAM user guide's pages on condition
operators, on IfExists and Null, and on multivalued keys.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from stackproof.proofs.equality import equal
from stackproof.proofs.logic import every, some
from stackproof.proofs.patterns import matches
from stackproof.proofs.values import Unknown, Value, flag, scalar_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Context: TypeAlias = Mapping[str, tuple[Value, ...]]

PREFIXES: Final = ("kms:encryptioncontext:",)
"""Keys that only an encryption context has: the context names all of its own, any other is absent."""
ALL, ANY = "forallvalues:", "foranyvalue:"
IF_EXISTS = "ifexists"


@dataclass(frozen=True, slots=True)
class Condition:
    """One line of a Condition block: `{"ArnLike": {"aws:SourceArn": [...]}}`."""

    operator: str
    key: str
    values: tuple[Value, ...]
    path: str


def holds(condition: Condition, context: Context) -> bool | None:
    """Does a condition hold for a request?"""
    operator = condition.operator.lower()
    found = _lookup(condition.key.lower(), context)
    if operator == "null":
        return None if found is None else some(equal(flag(wanted), not found) for wanted in condition.values)
    quantifier = next((word for word in (ALL, ANY) if operator.startswith(word)), "")
    optional = operator.endswith(IF_EXISTS)
    operator = operator.removeprefix(quantifier).removesuffix(IF_EXISTS)
    negated = "not" in operator
    if found is None:
        return None
    if not found:
        # A key that is not there: a negated operator holds, any other does not.
        return optional or quantifier == ALL or (negated and quantifier != ANY)
    compare = _COMPARE.get(operator.replace("not", ""))
    if compare is None:
        return None
    answers = [_one(compare, value, condition.values, negated=negated) for value in found]
    return every(answers) if quantifier == ALL else some(answers)


def _lookup(key: str, context: Context) -> tuple[Value, ...] | None:
    """The values of a key; empty when it is absent, None when nobody can tell."""
    found = context.get(key)
    if found is None and key.startswith(PREFIXES) and any(known.startswith(PREFIXES) for known in context):
        return ()
    return found


def _one(
    compare: Callable[[Value, Value], bool | None], value: Value, wanted: tuple[Value, ...], *, negated: bool
) -> bool | None:
    """Does one value of the request match one of the wanted ones (none of them, when negated)?"""
    answer = some(compare(option, value) for option in wanted)
    return None if answer is None else answer is not negated


def _ignoring_case(wanted: Value, value: Value) -> bool | None:
    if isinstance(wanted, str) and isinstance(value, str):
        return wanted.lower() == value.lower()
    answer = equal(wanted, value)
    return True if answer is True else None


def _boolean(wanted: Value, value: Value) -> bool | None:
    if isinstance(wanted, Unknown) or isinstance(value, Unknown):
        return None
    if isinstance(wanted, str | bool) and isinstance(value, str | bool):
        return scalar_text(wanted).lower() == scalar_text(value).lower()
    return None


_COMPARE: Final[dict[str, Callable[[Value, Value], bool | None]]] = {
    "stringequals": equal,
    "stringequalsignorecase": _ignoring_case,
    "stringlike": matches,
    "arnequals": matches,
    "arnlike": matches,
    "bool": _boolean,
}
"""Operators without `Not`. Numbers, dates and addresses are not known of any request that is judged here."""
