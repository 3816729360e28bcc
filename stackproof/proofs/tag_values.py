"""The tags of a resource, in whatever shape its type has them: a list of Key and Value, or an object."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stackproof.proofs.schemas import EVERYWHERE, schema
from stackproof.proofs.values import Unknown, Value, at, items

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stackproof.proofs.resolve.stack import Resource
    from stackproof.proofs.values import Path


def tag_path(resource: Resource, region: str = EVERYWHERE) -> Path | None:
    """The property that holds a resource's tags; None when its type takes none, or is not known."""
    definition = schema(resource.type, region)
    path = definition.tags if definition is not None else None
    return path if path is not None and definition is not None and definition.property(path) is not None else None


def tags_of(resource: Resource) -> Mapping[str, Value] | Unknown:
    """A resource's tags by name; Unknown when they cannot be told, or one name cannot."""
    path = tag_path(resource)
    return {} if path is None else tags_at(resource, path)


def tags_at(resource: Resource, path: Path) -> Mapping[str, Value] | Unknown:
    """The same where the property is known, from `tag_path`."""
    found = at(resource.properties, *path)
    if isinstance(found, dict) and not {"Key", "Value"} <= found.keys():
        return found
    listed = items(found)
    if isinstance(listed, Unknown):
        return listed
    tags: dict[str, Value] = {}
    for member in listed:
        key = member.get("Key") if isinstance(member, dict) else None
        if not isinstance(member, dict) or not isinstance(key, str):
            return Unknown("the name of a tag is known to AWS only")
        tags[key] = member.get("Value")
    return tags
