"""Numbers as they are written: CloudFormation hands a Number on as its text, and compares it as text in Rules.

So "3.5" and "01" pass the template's own constraints and fail later: at the service, for a property that takes whole
numbers, or not at all, where a rule that refuses "1" sees "01". A Number that neither reads (an account's id, say) may
be written in any way.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

from stackproof.documents import dotted
from stackproof.errors import Fault

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from stackproof.parameters import Values

_WHOLE = re.compile(r"-?(0|[1-9][0-9]*)")
_PLAIN = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]*[1-9])?")


def check_number_forms(template: Mapping[str, Any], values: Values) -> Iterator[Fault]:
    """A fault for each number that a property or a rule would not read as it is meant."""
    for name, text in values.texts.items():
        if values.parameters[name].type != "Number" or _WHOLE.fullmatch(text):
            continue
        place = next(_whole_uses(template, name), None)
        if place and not float(text).is_integer():
            low = math.floor(float(text))
            problem = f"is no whole number, and {place} takes nothing else; write {low} or {low + 1}"
        elif place:
            problem = f"is handed to {place} as it is written; write {float(text):.0f}"
        elif not _PLAIN.fullmatch(text) and _refers(template.get("Rules"), name):
            problem = f"is compared in the template's Rules as it is written; write {float(text):.15g}"
        else:
            continue
        yield Fault(*values.place(name), f"{values.show(name)} {problem}")


def _whole_uses(template: Mapping[str, Any], name: str) -> Iterator[str]:
    """Properties that take whole numbers alone, and get the parameter: `Service.Properties.DesiredCount`."""
    from stackproof.proofs.schemas import schema

    resources = template.get("Resources")
    for logical_id, body in resources.items() if isinstance(resources, dict) else ():
        if not isinstance(body, dict) or not isinstance(body.get("Type"), str):
            continue
        for path in uses(body.get("Properties"), name, ()):
            known = schema(body["Type"])
            found = known.property(path) if known else None
            if found is not None and found.get("type") == "integer":
                yield dotted(logical_id, "Properties", *path)


def uses(value: object, name: str, path: tuple[str | int, ...]) -> Iterator[tuple[str | int, ...]]:
    """The properties that are this parameter, as it is or as one side of a condition."""
    if value == {"Ref": name}:
        yield path
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from uses(item, name, (*path, index))
    elif isinstance(value, dict) and isinstance(sides := value.get("Fn::If"), list):
        for side in sides[1:]:
            yield from uses(side, name, path)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from uses(item, name, (*path, key))


def _refers(value: object, name: str) -> bool:
    if isinstance(value, dict):
        return value == {"Ref": name} or any(_refers(item, name) for item in value.values())
    return isinstance(value, list) and any(_refers(item, name) for item in value)
