"""What answers of conditions follow from others by the form of the conditions alone.

Fn::And of A and B is not true while A is false, whatever the parameters are. To see that costs nothing, and spares the
search through the parameters' values nearly always; what cannot be seen here may contradict itself all the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def contradict(conditions: Mapping[str, object], wanted: Mapping[str, bool]) -> bool:
    """Can these answers never be given together, for sure?

    Args:
        conditions: the template's section.
        wanted: an answer for each of some conditions.
    """
    known = implied(conditions, wanted)
    if known is None:
        return True
    return any(_refuted(conditions[name], known, answer=answer) for name, answer in known.items() if name in conditions)


def implied(conditions: Mapping[str, object], wanted: Mapping[str, bool]) -> dict[str, bool] | None:
    """The answers that are wanted, with those that they need; None when they contradict each other."""
    known: dict[str, bool] = {}
    todo: list[tuple[object, bool]] = [({"Condition": name}, answer) for name, answer in wanted.items()]
    while todo:
        node, answer = todo.pop()
        name = _condition(node)
        if not name:
            todo += _follows(node, answer=answer)
        elif name not in known:
            known[name] = answer
            todo.append((conditions.get(name), answer))
        elif known[name] is not answer:
            return None
    return known


def _condition(node: object) -> str:
    """The name in `{"Condition": name}`; empty for anything else."""
    name = node.get("Condition") if isinstance(node, dict) and len(node) == 1 else None
    return name if isinstance(name, str) else ""


def _parts(node: object, function: str) -> list[object]:
    """What a function is about; empty when the node is no such function."""
    found = node.get(function) if isinstance(node, dict) and len(node) == 1 else None
    return found if isinstance(found, list) else []


def _follows(node: object, *, answer: bool) -> Iterator[tuple[object, bool]]:
    """The answers that this answer of an expression needs."""
    for inner in _parts(node, "Fn::Not"):
        yield inner, not answer
    for inner in _parts(node, "Fn::And" if answer else "Fn::Or"):
        yield inner, answer


def _refuted(node: object, known: Mapping[str, bool], *, answer: bool) -> bool:
    """Is it a false Fn::And of what is true throughout, or a true Fn::Or of what is false throughout?"""
    parts = _parts(node, "Fn::Or" if answer else "Fn::And")
    return bool(parts) and all(known.get(_condition(inner)) is (not answer) for inner in parts)
