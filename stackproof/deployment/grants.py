"""What statements of policies allow or deny, as boxes that can be compared: principals, actions, resources.

One box taken off another leaves what only the other grants, so two sets of policies are compared by what they mean:
a statement that is split, moved or written otherwise is no change, and a wildcard that covers what was named before
is broader. Where the template cannot tell, nothing counts as covered.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from stackproof.proofs.equality import equal
from stackproof.proofs.iam.evaluation import Principal
from stackproof.proofs.model import ranges
from stackproof.proofs.patterns import matches
from stackproof.proofs.values import Sym, Text, Unknown, Value, at, leaves, show, symbols

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from stackproof.proofs.iam.conditions import Condition
    from stackproof.proofs.iam.evaluation import Document, Statement
    from stackproof.proofs.resolve.stack import Stack

ANYTHING: Final = "*"
_NOBODY: Final = Principal("", "")
# A whole account, by its number or its root's ARN; and whoever belongs to one.
_ACCOUNT: Final = re.compile(r"(?:arn:[^:]+:iam::)?(\d{12})(?::root)?")
_IN_ACCOUNT: Final = re.compile(r"arn:[^:]+:(?:iam|sts)::(\d{12}):.+")


@dataclass(frozen=True)
class But:
    """Everything but these: what NotAction, NotResource and NotPrincipal say."""

    items: tuple[Item, ...]

    def __str__(self) -> str:
        """As it stands in a sentence."""
        return f"everything but {', '.join(map(name, self.items))}"


@dataclass(frozen=True)
class Written:
    """Something that can only be told apart by how it is written: a policy variable, a list that AWS knows."""

    text: str

    def __str__(self) -> str:
        """The text itself."""
        return self.text


Item: TypeAlias = "Value | But | Written | Principal"


@dataclass(frozen=True)
class Clause:
    """One line of a Condition block."""

    key: str
    operator: str
    values: tuple[Item, ...]

    def __str__(self) -> str:
        """As it stands in a sentence: `aws:SourceArn ArnLike arn:aws:sns:…`."""
        return f"{self.key} {self.operator} {' or '.join(map(name, self.values))}"


@dataclass(frozen=True)
class Grant:
    """What one statement grants: each action on each resource to each principal.

    Attributes:
        allows: Allow; else Deny.
        principals: one that stands for whoever has the policy, where the policy names none.
        actions: patterns.
        resources: patterns; one blank where the policy belongs to the resource.
        conditions: that all must hold.
        statement: that it was read from; a grant that is left over is only a part of it.
        fog: why what it grants is known later only; blank when it is known.
        hidden: the fog comes from a parameter that AWS shows to nobody, so that equal texts need not be equal.
        blind: nothing tells what is in the fog; else it may at most be what another grant gives.
    """

    allows: bool
    principals: tuple[Item, ...]
    actions: tuple[Item, ...]
    resources: tuple[Item, ...]
    conditions: tuple[Clause, ...]
    statement: Statement = field(compare=False)
    fog: str = field(default="", compare=False)
    hidden: bool = field(default=False, compare=False)
    blind: bool = field(default=False, compare=False)


def grants(stack: Stack, documents: Iterable[Document], opaque: Collection[str] = ()) -> list[Grant]:
    """The grants of policies.

    Args:
        stack: that the policies stand in.
        documents: the policies.
        opaque: parameters whose values cannot be compared: a statement with one is in the fog.
    """
    statements = [statement for document in documents for statement in document.statements]
    # AWS refuses a statement without an action; it grants nothing.
    return [_grant(stack, statement, opaque) for statement in statements if statement.actions]


def _grant(stack: Stack, statement: Statement, opaque: Collection[str]) -> Grant:
    body = _body(stack, statement)
    hidden = sorted({symbol.owner for symbol in symbols(body) if symbol.owner in opaque})
    blind = _blind(statement, body)
    principals = tuple(
        Principal(each.kind, show(each.value)) if isinstance(each.value, Unknown | list | dict) else each
        for each in statement.principals or (_NOBODY,)
    )
    return Grant(
        allows=statement.allows,
        principals=(But(principals),) if statement.not_principals else principals,
        actions=_items(statement.actions, body, "Action", negated=statement.not_actions),
        resources=_items(statement.resources or ("",), body, "Resource", negated=statement.not_resources),
        conditions=tuple(_clause(condition, body) for condition in statement.conditions),
        statement=statement,
        fog=f"the value of {', '.join(hidden)} is shown to nobody" if hidden else blind or _later(body),
        hidden=bool(hidden),
        blind=bool(blind),
    )


def _body(stack: Stack, statement: Statement) -> Value:
    """The statement as it stands in the resource; None where it stands in a text."""
    resource = stack.resources.get(statement.owner)
    keys = [int(key) if key.isdigit() else key for key in statement.path.split(".")[1:]]
    return at(resource.properties, *keys) if resource is not None else None


def _items(given: tuple[Value, ...], body: Value, key: str, *, negated: bool) -> tuple[Item, ...]:
    items = _written(given, at(body, f"Not{key}" if negated else key) if isinstance(body, dict) else None)
    return (But(items),) if negated else items


def _clause(condition: Condition, body: Value) -> Clause:
    raw = at(body, "Condition", condition.operator, condition.key) if isinstance(body, dict) else None
    return Clause(condition.key, condition.operator, _written(condition.values, raw))


def _written(given: tuple[Value, ...], raw: Value) -> tuple[Item, ...]:
    """Values, those that could not be read by their wording."""
    texts = raw if isinstance(raw, list) and len(raw) == len(given) else [raw] * len(given)
    return tuple(map(_item, given, texts))


def _item(value: Value, raw: Value) -> Item:
    if isinstance(value, list | dict):
        return Written(show(value))
    if not isinstance(value, Unknown):
        return value
    return Written(show(raw) if isinstance(raw, str | Text | Sym) else value.reason)


def _blind(statement: Statement, body: Value) -> str:
    """Why nothing can be said of a statement; blank where something can."""
    if not statement.certain:
        return f"whether {statement.owner} exists depends on a condition that only AWS can decide"
    return next((leaf.reason for _, leaf in leaves(body) if isinstance(leaf, Unknown)), "")


def _later(body: Value) -> str:
    """Why some of it is known later only; blank where all is known."""
    later = sorted({str(symbol) for symbol in symbols(body) if symbol.kind in {"parameter", "ssm", "import"}})
    return f"{' and '.join(later)} is known to AWS only" if later else ""


def left(these: Iterable[Grant], others: Collection[Grant]) -> list[Grant]:
    """What these grants give beyond the others."""
    found: list[Grant] = []
    for grant in these:
        pieces = [grant]
        for other in others:
            pieces = [rest for piece in pieces for rest in _without(piece, other)]
        found += [piece for piece in pieces if piece not in found]
    return found


def within(grant: Grant, other: Grant) -> bool:
    """Does the other give everything that the grant gives?"""
    return not _without(grant, other)


def meets(grant: Grant, other: Grant) -> bool:
    """May the two give the same, as far as principals and actions tell?"""
    return grant.allows == other.allows and all(
        any(covers(mine, each) or covers(each, mine) for mine in getattr(grant, key) for each in getattr(other, key))
        for key, covers in list(_DIMENSIONS.items())[:2]
    )


def _without(grant: Grant, other: Grant) -> list[Grant]:
    """A grant less what another one gives, in at most three pieces."""
    if grant.allows != other.allows or not _follows(grant.conditions, other.conditions):
        return [grant]
    outside: list[Grant] = []
    inside = grant
    for dimension, covers in _DIMENSIONS.items():
        items, wider = getattr(inside, dimension), getattr(other, dimension)
        common = tuple(item for item in items if any(covers(each, item) for each in wider))
        if not common:
            return [grant]
        rest = tuple(item for item in items if item not in common)
        if rest:
            outside.append(_with(inside, dimension, rest))
        inside = _with(inside, dimension, common)
    return outside


def _with(grant: Grant, dimension: str, items: tuple[Item, ...]) -> Grant:
    changed: dict[str, Any] = {dimension: items}
    return replace(grant, **changed)


def _covers(wider: Item, item: Item) -> bool:
    """Does a pattern cover all that another one stands for?"""
    return _takes_in(wider, item, _covers_text, _apart)


def _covers_action(wider: Item, item: Item) -> bool:
    return _covers(_lower(wider), _lower(item))


def _lower(item: Item) -> Item:
    if isinstance(item, But):
        return But(tuple(map(_lower, item.items)))
    return item.lower() if isinstance(item, str) else item


def _covers_principal(wider: Item, item: Item) -> bool:
    return _takes_in(wider, item, _covers_one, _strangers)


def _takes_in(
    wider: Item, item: Item, covers: Callable[[Item, Item], bool], apart: Callable[[Item, Item], bool]
) -> bool:
    """Does one item cover another one?

    Args:
        wider: the one.
        item: the other.
        covers: answers for two that are no exceptions.
        apart: whether two that are none have nothing in common for sure.
    """
    if wider == item:
        return True
    if isinstance(wider, But) and isinstance(item, But):
        return all(any(_takes_in(mine, each, covers, apart) for mine in item.items) for each in wider.items)
    if isinstance(wider, But):
        return all(apart(each, item) for each in wider.items)
    return covers(wider, item)


def _covers_text(wider: Item, item: Item) -> bool:
    if wider == ANYTHING:
        return True
    if isinstance(item, But | Written | Principal) or isinstance(wider, But | Written | Principal):
        return False
    return all(matches(wider, each) is True for each in _spellings(item))


def _covers_one(wider: Item, item: Item) -> bool:
    """Is a principal another one, or in its account?"""
    if isinstance(wider, Principal) and wider.value == ANYTHING and wider.kind in {"*", "AWS"}:
        return True
    if not isinstance(wider, Principal) or not isinstance(item, Principal) or wider.kind != item.kind:
        return False
    account = _account(wider.value) if wider.kind == "AWS" else None
    return equal(wider.value, item.value) is True or (account is not None and account == _account_of(item.value))


def _strangers(left: Item, right: Item) -> bool:
    """Are two principals of different kinds, or of different accounts?"""
    principals = [side for side in (left, right) if isinstance(side, Principal)]
    kinds, accounts = {each.kind for each in principals}, {_account_of(each.value) for each in principals}
    return len(kinds) == 2 or (len(accounts) == 2 and None not in accounts)


def _spellings(pattern: Value) -> Iterator[Value]:
    """A pattern as a text, its `*` as no character, one and two: so that a `?` does not pass for it."""
    for star in ("*", "", "**"):
        if isinstance(pattern, str):
            yield pattern.replace("*", star)
        elif isinstance(pattern, Text):
            yield Text(tuple(part.replace("*", star) if isinstance(part, str) else part for part in pattern.parts))
        else:
            yield pattern


def _apart(left: Item, right: Item) -> bool:
    """Do two patterns have nothing in common for sure, since they begin with other texts?"""
    heads = [re.split(r"[*?]|\$\{", name(side), maxsplit=1)[0] for side in (left, right)]
    shorter = min(map(len, heads))
    return heads[0][:shorter] != heads[1][:shorter] or _different_literals(left, right)


def _different_literals(left: Item, right: Item) -> bool:
    literal = all(isinstance(side, str) and not {"*", "?"} & set(side) for side in (left, right))
    return literal and left != right


def _account(value: Value) -> str | None:
    """The account that a principal is as a whole."""
    found = _ACCOUNT.fullmatch(value) if isinstance(value, str) else None
    return found and found[1]


def _account_of(value: Value) -> str | None:
    """The account that a principal belongs to, or is."""
    found = _IN_ACCOUNT.fullmatch(show(value))
    return found[1] if found else _account(value)


_DIMENSIONS: Final[dict[str, Callable[[Item, Item], bool]]] = {
    "principals": _covers_principal,
    "actions": _covers_action,
    "resources": _covers,
}


def _follows(strict: Collection[Clause], loose: Collection[Clause]) -> bool:
    """Do the loose conditions hold whenever the strict ones do?"""
    return all(any(_implies(mine, wanted) for mine in strict) for wanted in loose)


def _implies(one: Clause, other: Clause) -> bool:
    operator = one.operator.lower()
    if one.key.lower() != other.key.lower() or other.operator.lower() not in {operator, f"{operator}ifexists"}:
        return False
    covers = _comparison(operator)
    narrow, wide = one.values, other.values
    if "not" in operator:
        # None of the values may match: the more are named, the stricter.
        narrow, wide = wide, narrow
    return all(any(covers(each, value) for each in wide) for value in narrow)


def _comparison(operator: str) -> Callable[[Item, Item], bool]:
    """How a value of a condition takes in another one."""
    if "like" in operator or "arn" in operator:
        return _covers
    return _covers_range if "ipaddress" in operator else _same


def _same(one: Item, other: Item) -> bool:
    kinds = But | Written | Principal
    plain = not isinstance(one, kinds) and not isinstance(other, kinds)
    return one == other or (plain and equal(one, other) is True)  # type: ignore[arg-type]  # plain says so


def _covers_range(wider: Item, item: Item) -> bool:
    outer, inner = (ranges.parse(side) if isinstance(side, str) else None for side in (wider, item))
    return wider == item or (outer is not None and inner is not None and ranges.within(inner, outer))


def name(item: Item) -> str:
    """An item as a person reads it."""
    if isinstance(item, But | Written):
        return str(item)
    if isinstance(item, Principal):
        return "everybody" if item.value == ANYTHING and item.kind in {"*", "AWS"} else show(item.value)
    return show(item)
