"""Matching of ARN patterns and of text that holds symbols: True, False or None (only AWS knows).

A symbol is opaque. A plain one (`Sym.plain`: an id, a generated name) is not empty and has neither `/` nor `:`; any
other may hold anything. So `${Bucket.Arn}/*` matches `${Bucket.Arn}/logs/x`, may match `${ImportedArn}`, and cannot
match `${OtherBucket.Arn}/logs/x`.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias

from stackproof.proofs.values import NESTED, Dynamic, Sym, Text, Unknown, Value, scalar_text

if TYPE_CHECKING:
    from collections.abc import Callable

Token: TypeAlias = str | Sym | Dynamic
"""One character, or one symbol."""

ANY, ONE = "*", "?"
# In the search for a possible match a character stands for itself, everything else for one of these.
RUN, SEGMENT = "any text", "any text in a segment"
CHARACTER, LETTER = "any character", "any character in a segment"
CLOSED = ("/", ":")


def matches(pattern: Value, text: Value) -> bool | None:
    """Does an IAM pattern (`*` any text, `?` one character) match a text?

    Both may hold symbols. A `*` in the text is a character: a pattern that matches `secret-??????` matches all that it
    stands for. None when it depends on what the symbols stand for, or when either is Unknown; False for a list or an
    object.
    """
    if isinstance(pattern, str) and isinstance(text, str):
        return _plainly(pattern, text)
    if isinstance(pattern, Unknown) or isinstance(text, Unknown):
        return None
    if isinstance(pattern, NESTED) or isinstance(text, NESTED):
        return False
    begins, other = _head(pattern).partition(ANY)[0].partition(ONE)[0], _head(text)
    common = min(len(begins), len(other))
    if begins[:common] != other[:common]:
        # As above: nothing to be looked at sign by sign.
        return False
    if pattern == text or (pattern == begins + ANY and common == len(begins)):
        return True
    # What they begin with in common, often all but an ARN's last part, need not be looked at twice.
    return _matches(tokens(pattern)[common:], tokens(text)[common:], globs=True)


def _plainly(pattern: str, text: str) -> bool:
    """The same without symbols."""
    begins = pattern.partition(ANY)[0].partition(ONE)[0]
    if len(begins) == len(pattern) or not text.startswith(begins):
        # Most ARNs are of another service, and need no expression.
        return pattern == text
    return _literally(pattern)(text) is not None


@lru_cache(maxsize=4096)
def _literally(pattern: str) -> Callable[[str], object]:
    """A pattern without symbols, to be held against text without symbols."""
    signs = {ANY: ".*", ONE: "."}
    return re.compile("".join(signs.get(sign, re.escape(sign)) for sign in pattern), re.DOTALL).fullmatch


def _head(value: Value) -> str:
    """The literal text that a value begins with."""
    first = value.parts[0] if isinstance(value, Text) else value
    return first if isinstance(first, str) else ""


def same_text(left: Value, right: Value) -> bool | None:
    """Are two scalars the same text? Neither may be Unknown, a list or an object."""
    if not _head(left).startswith(_head(right)) and not _head(right).startswith(_head(left)):
        return False
    return _matches(tokens(left), tokens(right), globs=False)


def action_matches(pattern: str, action: str) -> bool:
    """Does an action pattern (`s3:Get*`) match an action? Actions are compared without regard to case."""
    return _literally(pattern.lower())(action.lower()) is not None


def tokens(value: Value) -> tuple[Token, ...]:
    """The characters and symbols of a scalar."""
    if isinstance(value, str):
        return tuple(value)
    if isinstance(value, Text):
        found: list[Token] = []
        for part in value.parts:
            # A string adds its characters.
            found += part if isinstance(part, str) else (part,)
        return tuple(found)
    if isinstance(value, Sym | Dynamic):
        return (value,)
    return tuple(scalar_text(value)) if isinstance(value, int | float | bool | None) else ()


def _matches(pattern: tuple[Token, ...], text: tuple[Token, ...], *, globs: bool) -> bool | None:
    """Definite match, no possible match, or between the two."""
    if _differ(pattern, text):
        # Two resources' ids, mostly.
        return False
    wild = globs and (ANY in pattern or ONE in pattern)
    if _definite(pattern, text) if wild else pattern == text:
        return True
    left, right = _strip(pattern, text, globs=globs)
    left, right = (side[::-1] for side in _strip(left[::-1], right[::-1], globs=globs))
    symbolic = any(not isinstance(token, str) for side in (left, right) for token in side)
    if not symbolic or _differ(left, right):
        return False
    return None if _possible(_runs(left, globs=globs), _runs(right, globs=False)) else False


def _definite(pattern: tuple[Token, ...], text: tuple[Token, ...]) -> bool:
    """A match whatever the symbols stand for: each is matched by itself or lies under a `*`."""
    here = there = 0
    star = back = -1
    while there < len(text):
        wanted = pattern[here] if here < len(pattern) else None
        if wanted == ANY:
            star, back = here, there
            here += 1
        elif wanted is not None and (wanted == text[there] or (wanted == ONE and _single(text[there]))):
            here, there = here + 1, there + 1
        elif star >= 0:
            back += 1
            here, there = star + 1, back
        else:
            return False
    return all(token == ANY for token in pattern[here:])


def _single(token: Token) -> bool:
    """Is this one character for sure?"""
    return isinstance(token, str) or (isinstance(token, Sym) and token.kind == "character")


def _strip(
    left: tuple[Token, ...], right: tuple[Token, ...], *, globs: bool
) -> tuple[tuple[Token, ...], tuple[Token, ...]]:
    """Both sides without their common beginning; a glob ends it."""
    count = 0
    for one, other in zip(left, right, strict=False):
        if one != other or (globs and one in {ANY, ONE}):
            break
        count += 1
    return left[count:], right[count:]


def _differ(left: tuple[Token, ...], right: tuple[Token, ...]) -> bool:
    """Do the first segments differ for sure: two things that are never the same, each filling its segment?"""
    if not left or not right or isinstance(left[0], str) or isinstance(right[0], str):
        return False
    closed = all(len(side) == 1 or side[1] in {"/", ":"} for side in (left, right))
    return closed and distinct(left[0], right[0])


def distinct(left: Token, right: Token) -> bool:
    """Are two symbols never the same text? Two zones, two parts of a block, the same attribute of two resources."""
    if not isinstance(left, Sym) or not isinstance(right, Sym) or left.kind != right.kind:
        return False
    if left.kind == "zone":
        return left.owner == right.owner and left.attribute != right.attribute
    if left.kind == "expression":
        parts = left.owner == right.owner == "Fn::Cidr" and left.attribute != right.attribute
        return parts and left.attribute.rpartition("[")[0] == right.attribute.rpartition("[")[0]
    if left.kind == "secret":
        return left.owner == right.owner and left.digest != right.digest
    identity = left.plain and right.plain and left.attribute == right.attribute
    return left.kind == "resource" and identity and left.owner != right.owner


@lru_cache(maxsize=65536)
def _possible(left: tuple[str, ...], right: tuple[str, ...]) -> bool:
    """Is there any text that both sides could be? The product of two patterns, row by row over the left one."""
    states = {0}
    for token in (*left, None):
        states = _row(token, states, right)
    return -1 in states


def _row(token: str | None, states: set[int], right: tuple[str, ...]) -> set[int]:
    """The positions in `right` that can be reached behind `token`; -1 when both sides end together."""
    todo, seen, behind = list(states), set[int](), set[int]()
    while todo:
        there = todo.pop()
        if there in seen:
            continue
        seen.add(there)
        facing = right[there] if there < len(right) else None
        if token is None and facing is None:
            behind.add(-1)
        if facing in {RUN, SEGMENT}:
            todo.append(there + 1)
        if token in {RUN, SEGMENT}:
            behind.add(there)
        if token is None or facing is None or not _fit(token, facing):
            continue
        if token in {RUN, SEGMENT}:
            todo.append(there + 1)
        elif facing in {RUN, SEGMENT}:
            behind.add(there)
        else:
            behind.add(there + 1)
    return behind


def _runs(side: tuple[Token, ...], *, globs: bool) -> tuple[str, ...]:
    """What each token may stand for."""
    found: list[str] = []
    for token in side:
        if isinstance(token, str):
            found.append({ANY: RUN, ONE: CHARACTER}.get(token, token) if globs else token)
        elif _single(token):
            found.append(LETTER)
        elif isinstance(token, Sym) and token.plain:
            found += [LETTER, SEGMENT]
        else:
            # Only a parameter, or what is made of one, may be empty.
            empty = isinstance(token, Sym) and token.kind in {"parameter", "expression"}
            found += [RUN] if empty else [CHARACTER, RUN]
    return tuple(found)


def _fit(token: str, facing: str) -> bool:
    """May the two have a character in common?"""
    for one, other in ((token, facing), (facing, token)):
        if one in {RUN, CHARACTER}:
            return True
        if one in {SEGMENT, LETTER} and other in CLOSED:
            return False
    return token == facing or not {token, facing}.isdisjoint({SEGMENT, LETTER})
