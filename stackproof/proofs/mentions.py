"""Every reference that a piece of a template makes, as it is written: where it stands, and when it counts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from stackproof.proofs.resolver import MAX_DEPTH

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from stackproof.proofs.values import Path

Guards = tuple[tuple[str, bool], ...]
_PLACEHOLDER: Final = re.compile(r"\$\{\s*([^!{}\s][^{}]*?)\s*\}")


@dataclass(frozen=True, slots=True)
class Mention:
    """One reference as it is written.

    Attributes:
        name: what it refers to: a logical id, a parameter, a pseudo parameter, a condition.
        attribute: `Ref`, an attribute, or `Condition`.
        path: where it stands in the template.
        guards: the Fn::If branches that it stands in: condition, and whether it is the first branch.
    """

    name: str
    attribute: str
    path: Path
    guards: Guards

    @property
    def place(self) -> Path:
        """Where it stands, without the function at the end."""
        return self.path[:-1] if self.path[-1] in {"Ref", "Fn::GetAtt", "Fn::Sub"} else self.path


def mentions(node: object, path: Path = (), guards: Guards = ()) -> Iterator[Mention]:
    """The references in a piece of a template, in order; what is malformed mentions nothing."""
    if len(path) > MAX_DEPTH:
        return
    if isinstance(node, list):
        for index, inner in enumerate(node):
            if isinstance(inner, dict | list):
                yield from mentions(inner, (*path, index), guards)
    elif isinstance(node, dict):
        alone = len(node) == 1
        for key, inner in node.items():
            if alone:
                yield from _of_key(str(key), inner, (*path, str(key)), guards)
            elif isinstance(inner, dict | list):
                yield from mentions(inner, (*path, str(key)), guards)


def _of_key(key: str, inner: object, path: Path, guards: Guards) -> Iterator[Mention]:
    """The references in an object with this one key."""
    if key == "Ref" and isinstance(inner, str):
        yield Mention(inner, "Ref", path, guards)
    elif key == "Condition" and isinstance(inner, str) and path[0] == "Conditions":
        yield Mention(inner, "Condition", path, guards)
    elif key == "Fn::GetAtt":
        yield from _get_att(inner, path, guards)
    elif key == "Fn::Sub":
        yield from _sub(inner, path, guards)
    elif key == "Fn::If" and isinstance(inner, list) and len(inner) == 3 and isinstance(inner[0], str):
        yield Mention(inner[0], "Condition", (*path, 0), guards)
        for branch, holds in ((1, True), (2, False)):
            yield from mentions(inner[branch], (*path, branch), (*guards, (inner[0], holds)))
    else:
        yield from mentions(inner, path, guards)


def _get_att(inner: object, path: Path, guards: Guards) -> Iterator[Mention]:
    if isinstance(inner, str):
        name, _, attribute = inner.partition(".")
        yield Mention(name, attribute, path, guards)
    elif isinstance(inner, list) and len(inner) > 1 and isinstance(inner[0], str):
        if all(isinstance(part, str) for part in inner):
            yield Mention(inner[0], ".".join(inner[1:]), path, guards)
        else:
            # The attribute's name is made by a function.
            yield Mention(inner[0], "", path, guards)
            yield from mentions(inner[1:], path, guards)


def _sub(inner: object, path: Path, guards: Guards) -> Iterator[Mention]:
    text, given = (inner[0], inner[1]) if isinstance(inner, list) and len(inner) == 2 else (inner, {})
    if isinstance(text, str):
        for name in _PLACEHOLDER.findall(text):
            if not isinstance(given, dict) or name not in given:
                owner, _, attribute = name.partition(".")
                yield Mention(owner, attribute or "Ref", path, guards)
    if isinstance(given, dict):
        for key, value in given.items():
            yield from mentions(value, (*path, 1, str(key)), guards)


def contradicts(guards: Guards, conditions: Mapping[str, bool | None]) -> bool:
    """Is one of the branches dead for sure?"""
    return any(conditions.get(name) is (not holds) for name, holds in guards)


def follows(guards: Guards, conditions: Mapping[str, bool | None]) -> bool:
    """Is each of the branches taken for sure?"""
    return all(conditions.get(name) is holds for name, holds in guards)
