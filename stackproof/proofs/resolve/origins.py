"""Where a value stands in the template when that is not where it ended up: behind Fn::If, moved in a list.

Only a comparison of two templates asks for it, and of few values: it is worked out when it is asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stackproof.proofs.resolve.resolver import NOTHING

if TYPE_CHECKING:
    from stackproof.proofs.resolve.resolver import Resolver
    from stackproof.proofs.values import Path


def origin(resolver: Resolver, node: object, path: Path) -> Path:
    """The place of a value in a piece of the template.

    Args:
        resolver: what worked the value out.
        node: the piece as it stands in the template.
        path: the value's place in the piece when it is worked out, `("Properties", "Subnets", 0)`.
    """
    where: Path = ()
    for key in path:
        node, where = _taken(resolver, node, where)
        if isinstance(node, list) and isinstance(key, int):
            key = _position(resolver, node, key)  # noqa: PLW2901  # the same item, by its own number
        node, where = _below(node, key), (*where, key)
    return _taken(resolver, node, where)[1]


def _taken(resolver: Resolver, node: object, where: Path) -> tuple[object, Path]:
    """Past every Fn::If that is decided, to the branch that is taken."""
    while isinstance(node, dict) and len(node) == 1 and isinstance(found := node.get("Fn::If"), list):
        answer = resolver.condition(found[0]) if len(found) == 3 else None
        if answer is None:
            break
        branch = 1 if answer else 2
        node, where = found[branch], (*where, "Fn::If", branch)
    return node, where


def _position(resolver: Resolver, node: list[object], index: int) -> int:
    """The number of a list's item in the template: those that AWS::NoValue leaves out do not count.

    An item behind the last one is the one that would be there if it were not left out.
    """
    there = [number for number, inner in enumerate(node) if not _left_out(resolver, inner)]
    behind = range(there[-1] + 1 if there else 0, len(node))
    return next(iter([*there, *behind][index:]), index)


def _left_out(resolver: Resolver, node: object) -> bool:
    return isinstance(node, dict) and len(node) == 1 and resolver.value(node) is NOTHING


def _below(node: object, key: str | int) -> object:
    """What stands under a key or a position; None where nothing does."""
    if isinstance(node, dict):
        return node.get(key)
    return node[key] if isinstance(node, list) and isinstance(key, int) and key < len(node) else None
