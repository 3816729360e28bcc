"""Every reference that a piece of a template makes, as it is written: where it stands, and when it counts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from stackproof.proofs.resolve.resolver import MAX_DEPTH

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stackproof.proofs.values import Path

Guards = tuple[tuple[str, bool], ...]
_PLACEHOLDER: Final = re.compile(r"\$\{([^{}]*)\}")


class Mention(NamedTuple):
    """One reference as it is written. A tuple, since a template makes thousands.

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


def mentions(node: object, path: Path = (), guards: Guards = ()) -> list[Mention]:
    """The references in a piece of a template, in order; what is malformed mentions nothing."""
    found: list[Mention] = []
    _collect(node, path, guards, found)
    return found


def _collect(node: object, path: Path, guards: Guards, found: list[Mention]) -> None:
    """Into one list: a generator inside a generator hands each mention up through every level."""
    if len(path) > MAX_DEPTH:
        return
    if isinstance(node, dict):
        if len(node) == 1:
            ((key, inner),) = node.items()
            _of_key(key, inner, path, guards, found)
            return
        for key, inner in node.items():
            # Most of a template is text, which mentions nothing.
            if not isinstance(inner, str):
                _collect(inner, path + (key,), guards, found)  # noqa: RUF005  # a sum takes a quarter of the time
    elif isinstance(node, list):
        for index, inner in enumerate(node):
            if not isinstance(inner, str):
                _collect(inner, path + (index,), guards, found)  # noqa: RUF005  # a sum takes a quarter of the time


def _of_key(key: str, inner: object, place: Path, guards: Guards, found: list[Mention]) -> None:
    """The references in an object with this one key."""
    path = place + (key,)  # noqa: RUF005  # a sum takes a quarter of the time
    if isinstance(inner, str):
        if key == "Ref":
            found.append(Mention(inner, "Ref", path, guards))
        elif key == "Fn::GetAtt":
            _get_att(inner, path, guards, found)
        elif key == "Fn::Sub":
            _sub(inner, path, guards, found)
        elif key == "Condition" and path[0] == "Conditions":
            found.append(Mention(inner, "Condition", path, guards))
    elif key == "Fn::If" and isinstance(inner, list) and len(inner) == 3 and isinstance(inner[0], str):
        found.append(Mention(inner[0], "Condition", (*path, 0), guards))
        for branch, holds in ((1, True), (2, False)):
            _collect(inner[branch], (*path, branch), (*guards, (inner[0], holds)), found)
    elif key == "Fn::GetAtt":
        _get_att(inner, path, guards, found)
    elif key == "Fn::Sub":
        _sub(inner, path, guards, found)
    else:
        _collect(inner, path, guards, found)


def _get_att(inner: object, path: Path, guards: Guards, found: list[Mention]) -> None:
    if isinstance(inner, str):
        name, _, attribute = inner.partition(".")
        found.append(Mention(name, attribute, path, guards))
    elif isinstance(inner, list) and len(inner) > 1 and isinstance(inner[0], str):
        if all(isinstance(part, str) for part in inner):
            found.append(Mention(inner[0], ".".join(inner[1:]), path, guards))
        else:
            # The attribute's name is made by a function.
            found.append(Mention(inner[0], "", path, guards))
            _collect(inner[1:], path, guards, found)


def _sub(inner: object, path: Path, guards: Guards, found: list[Mention]) -> None:
    text, given = (inner[0], inner[1]) if isinstance(inner, list) and len(inner) == 2 else (inner, {})
    if isinstance(text, str):
        for inside in _PLACEHOLDER.findall(text):
            name = inside.strip()
            if name and name[0] != "!" and (not isinstance(given, dict) or name not in given):
                owner, _, attribute = name.partition(".")
                found.append(Mention(owner, attribute or "Ref", path, guards))
    if isinstance(given, dict):
        for key, value in given.items():
            _collect(value, (*path, 1, str(key)), guards, found)


def contradicts(guards: Guards, conditions: Mapping[str, bool | None]) -> bool:
    """Is one of the branches dead for sure?"""
    # Most references stand in no branch at all.
    return bool(guards) and any(conditions.get(name) is (not holds) for name, holds in guards)


def follows(guards: Guards, conditions: Mapping[str, bool | None]) -> bool:
    """Is each of the branches taken for sure?"""
    return all(conditions.get(name) is holds for name, holds in guards)
