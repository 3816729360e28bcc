"""The scalars of a resource's properties, walked once for all queries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stackproof.proofs.values import Key, Path, Scalar, Value


@dataclass(frozen=True, slots=True)
class Leaves:
    """Every scalar in a value, in order.

    Attributes:
        made: all but literal text, with its path.
        texts: literal text, with the path of the list or object around it and its key there: there is much of it, and
            the whole path of hardly any is asked for.
        names: the keys of every object: most queries look for names that most resources do not have.
    """

    made: list[tuple[Path, Scalar]]
    texts: list[tuple[Path, Key, str]]
    names: set[str]


def apart(value: list[Value] | dict[str, Value], path: Path) -> Leaves:
    """The scalars of a list or an object, literal text apart."""
    found = Leaves([], [], set())
    _sort(value, path, found)
    return found


def _sort(value: list[Value] | dict[str, Value], path: Path, found: Leaves) -> None:
    if isinstance(value, dict):
        found.names.update(value)
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
        if isinstance(inner, str):
            found.texts.append((path, key, inner))
        elif isinstance(inner, dict) or isinstance(inner, list):  # noqa: SIM101  # a tuple takes twice as long
            _sort(inner, path + (key,), found)  # noqa: RUF005  # a sum takes a quarter of the time
        else:
            found.made.append((path + (key,), inner))  # noqa: RUF005  # a sum takes a quarter of the time
