"""CloudFormation's properties in the shape of a service's API, taken from the service's own model in botocore.

A template writes `FilesystemId` and a parameter turns 8080 into "8080"; the API says `fileSystemId` and 8080.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_NUMBERS = {"integer": int, "long": int, "float": float, "double": float}


def in_api_shape(service: str, shape: str, properties: dict[str, Any]) -> dict[str, Any]:
    """Properties with the API's spelling and types; what the API does not know is left out."""
    shaped: dict[str, Any] = _shaped(_model(service).shape_for(shape), properties, spell=True)
    return shaped


def with_api_types(service: str, shape: str, properties: dict[str, Any]) -> dict[str, Any]:
    """Properties in the template's spelling with the API's types; what the API does not know stays as it is."""
    shaped: dict[str, Any] = _shaped(_model(service).shape_for(shape), properties, spell=False)
    return shaped


def as_query(properties: dict[str, Any]) -> dict[str, list[str]]:
    """Properties as the parameters of a query: `{"Tags.member.1.Key": ["Name"]}`."""
    return {path: [value] for path, value in _flat("", properties)}


def _flat(path: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _flat(f"{path}.{name}" if path else name, item)
    elif isinstance(value, list):
        for number, item in enumerate(value, start=1):
            yield from _flat(f"{path}.member.{number}", item)
    else:
        yield path, str(value).lower() if isinstance(value, bool) else str(value)


@cache
def _model(service: str) -> Any:
    # Loaded when a first resource needs it: it is no part of the start.
    from botocore.loaders import Loader
    from botocore.model import ServiceModel

    return ServiceModel(Loader().load_service_model(service, "service-2"), service)


def _shaped(shape: Any, value: Any, *, spell: bool) -> Any:
    if shape.type_name == "structure":
        members = {name.lower(): (name, member) for name, member in shape.members.items()}
        shaped = {} if spell else dict(value)
        for name, item in value.items():
            if found := members.get(name.lower()):
                shaped[found[0] if spell else name] = _shaped(found[1], item, spell=spell)
        return shaped
    if shape.type_name == "list":
        return [_shaped(shape.member, item, spell=spell) for item in value]
    if shape.type_name == "map":
        return dict(value)
    if shape.type_name == "boolean":
        return str(value).lower() == "true"
    return _NUMBERS.get(shape.type_name, str)(value)
