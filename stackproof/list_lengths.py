"""Lists that are too short: `Fn::Select` of a member that a parameter's list does not have.

CloudFormation says so half-way through, with an index and no name; its Rules cannot count.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stackproof.documents import dotted
from stackproof.errors import Fault

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from stackproof.parameters import Values

Path = tuple[str | int, ...]


def check_list_lengths(template: Mapping[str, Any], values: Values) -> Iterator[Fault]:
    """A fault for each list that is shorter than what the template takes of it under its conditions."""
    lengths = {
        name: len(values.parameters[name].elements(text))
        for name, text in values.texts.items()
        if values.parameters[name].is_list
    }
    resources = template.get("Resources")
    if not lengths or not isinstance(resources, dict):
        return
    if not any(index >= lengths[name] for _, name, index in _selections(resources, lengths, None, ())):
        return
    from stackproof.proofs.resolve.stack import resolve  # seldom needed

    conditions = resolve(template, values.texts).conditions
    longest: dict[str, tuple[int, Path]] = {}
    for logical_id, body in resources.items():
        if isinstance(body, dict) and conditions.get(str(body.get("Condition")), True):
            for path, name, index in _selections(body, lengths, conditions, (logical_id,)):
                if index >= max(lengths[name], longest.get(name, (0, ()))[0]):
                    longest[name] = (index, path)
    for name, (index, path) in longest.items():
        count = f"has {lengths[name]} member{'' if lengths[name] == 1 else 's'}"
        yield Fault(
            *values.place(name),
            f"{values.show(name)} {count}, and {dotted(*path)} takes number {index + 1}; give at least {index + 1}",
        )


def _selections(
    value: object, lists: Mapping[str, int], conditions: Mapping[str, bool | None] | None, path: Path
) -> Iterator[tuple[Path, str, int]]:
    """Where a literal position of a parameter's list is taken; with conditions, on the sides that are for sure."""
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _selections(item, lists, conditions, (*path, index))
    if not isinstance(value, dict):
        return
    match value:
        case {"Fn::Select": [int() | str() as number, {"Ref": str() as name}]} if (
            name in lists and str(number).isdigit()
        ):
            yield path, name, int(number)
        case {"Fn::If": [str() as condition, yes, no]} if conditions is not None:
            holds = conditions.get(condition)
            if holds is not None:
                yield from _selections(yes if holds else no, lists, conditions, path)
        case _:
            for key, item in value.items():
                yield from _selections(item, lists, conditions, (*path, key))
