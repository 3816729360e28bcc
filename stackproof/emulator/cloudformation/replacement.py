"""Which changed property replaces its resource: from the registry's schemas, which cfn-lint brings along.

ministack knows it for a third of its types and answers "Conditional" for the rest. The schemas are read as files,
since importing cfnlint takes longer than everything else at start.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ministack.services.cloudformation import provisioners

from stackproof.emulator.seams import rebind

if TYPE_CHECKING:
    from stackproof.emulator.handler import Properties

# It has every type. What replaces a resource does not depend on the region.
_REGION = "us-east-1"
# The schema knows these as conditional: no cluster of one engine becomes one of another.
_REPLACING = {"AWS::RDS::DBCluster": ("Engine",)}


@cache
def _schema_files() -> dict[str, Path]:
    """The schema file of each resource type."""
    folder = Path(str(find_spec("cfnlint").origin)).parent / "data" / "schemas"  # type: ignore[union-attr]  # our own dependency
    hashes = json.loads((folder / "providers" / f"{_REGION}.json").read_bytes())
    return {name: folder / "resources" / f"{digest}.json" for name, digest in hashes.items()}


@cache
def _paths(type_name: str, kind: str) -> tuple[tuple[str, ...], ...]:
    """The property paths under `kind` in a type's schema, for instance `("RootDirectory", "Path")`."""
    schema = json.loads(_schema_files()[type_name].read_bytes())
    return tuple(tuple(path.split("/")[2:]) for path in schema.get(kind, ()))


def recreation(type_name: str, name: str) -> str:
    """Always, Conditionally or Never: what a change of the property `name` means, before its value is looked at."""
    if type_name not in _schema_files():
        # A custom resource's provider decides.
        return "Conditionally"
    replacing = _paths(type_name, "createOnlyProperties")
    if (name,) in replacing:
        return "Always"
    conditional = {path[0] for path in replacing + _paths(type_name, "conditionalCreateOnlyProperties")}
    return "Conditionally" if name in conditional else "Never"


def replaces(type_name: str, old: Properties, new: Properties) -> bool:
    """Whether the update replaces the resource: a value at a create-only path differs."""
    also = tuple((name,) for name in _REPLACING.get(type_name, ()))
    return type_name in _schema_files() and any(
        _at(old, path) != _at(new, path) for path in _paths(type_name, "createOnlyProperties") + also
    )


def _at(value: Any, path: tuple[str, ...]) -> Any:
    """The value at a path, or None. No type that we know of has a create-only property inside a list."""
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def install() -> None:
    """Use the schemas in the preview and in the update itself."""
    rebind(provisioners._property_recreation, recreation)
    rebind(provisioners._replacing_change, replaces)
