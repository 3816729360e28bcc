"""The scalars of a resource's properties, walked once for all queries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stackproof.proofs.values import NESTED

if TYPE_CHECKING:
    from stackproof.proofs.values import Key, Path, Scalar, Value


@dataclass(frozen=True, slots=True)
class Leaves:
    """Every scalar in a value, in order.

    Attributes:
        made: all but literal text, with its path.
        texts: literal text, with the path of the list or object around it and its key there: there is much of it, and
            the whole path of hardly any is asked for.
    """

    made: list[tuple[Path, Scalar]]
    texts: list[tuple[Path, Key, str]]


def apart(value: list[Value] | dict[str, Value], path: Path) -> Leaves:
    """The scalars of a list or an object, literal text apart."""
    found = Leaves([], [])
    _sort(value, path, found)
    return found


def _sort(value: list[Value] | dict[str, Value], path: Path, found: Leaves) -> None:
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
        if isinstance(inner, str):
            found.texts.append((path, key, inner))
        elif isinstance(inner, NESTED):
            _sort(inner, (*path, key), found)
        else:
            found.made.append(((*path, key), inner))
