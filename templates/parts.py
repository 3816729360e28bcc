"""Which part of the platform each resource belongs to, written into the template's Metadata: a plan names it."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from troposphere import Template

P = ParamSpec("P")
R = TypeVar("R")

KEY = "Stackproof::Parts"
"""Of the Metadata: part → logical ids."""


def part(name: str) -> Callable[[Callable[Concatenate[Template, P], R]], Callable[Concatenate[Template, P], R]]:
    """Make what a function adds to a template a part of this name.

    What a part adds by way of another one belongs to that one.
    """

    def named(add: Callable[Concatenate[Template, P], R]) -> Callable[Concatenate[Template, P], R]:
        @wraps(add)
        def added(t: Template, /, *args: P.args, **kwargs: P.kwargs) -> R:
            before = set(t.resources)
            made = add(t, *args, **kwargs)
            parts: dict[str, list[str]] = t.metadata.setdefault(KEY, {})
            known = before.union(*parts.values())
            new = [logical_id for logical_id in t.resources if logical_id not in known]
            if new:
                parts.setdefault(name, []).extend(new)
            return made

        return added

    return named
