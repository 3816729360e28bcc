"""The registry schemas and tables that cfn-lint ships, read as files: importing cfn-lint would cost a second.

One file per type, found through the region's list of types, read when first asked for and kept. Where cfn-lint's data
is not installed, or does not know a type, the answer is None and the caller says that it is not known.
"""

from __future__ import annotations

import importlib.util
import json
from functools import cached_property, lru_cache
from pathlib import Path as File
from typing import TYPE_CHECKING, Any, Final

from stackproof.cli import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from stackproof.proofs.values import Path

EVERYWHERE: Final = "us-east-1"
"""The region that has every type; asked when a region's own list has none."""
OPEN_TYPES: Final = ("Custom::", "AWS::CloudFormation::CustomResource", "AWS::Serverless::", "Module")
"""Types whose attributes no schema lists."""


class Schema:
    """What the registry says about one type.

    Paths are tuples of property names as in a template, without positions in lists: `("Listeners", "Port")`.

    Attributes:
        type: the type's name.
        data: the schema as the registry has it.
    """

    def __init__(self, data: Mapping[str, Any]) -> None:
        self.type: str = str(data.get("typeName", ""))
        self.data = data
        self._properties: dict[Path, Mapping[str, Any] | None] = {}

    @cached_property
    def create_only(self) -> frozenset[Path]:
        """Properties whose change replaces the resource."""
        return self._paths("createOnlyProperties")

    @cached_property
    def conditional_create_only(self) -> frozenset[Path]:
        """Properties whose change may replace the resource, depending on the values."""
        return self._paths("conditionalCreateOnlyProperties")

    @cached_property
    def read_only(self) -> frozenset[Path]:
        """Properties that AWS fills; GetAtt gives them."""
        return self._paths("readOnlyProperties")

    @cached_property
    def identifier(self) -> tuple[Path, ...]:
        """The properties that make the resource's identifier; for most types with one of them, Ref gives it."""
        return tuple(_path(pointer) for pointer in self.data.get("primaryIdentifier", ()))

    @cached_property
    def identifiers(self) -> frozenset[Path]:
        """Every property that tells one resource of the type from another, by itself or with others."""
        more = [pointer for group in self.data.get("additionalIdentifiers", ()) for pointer in group]
        return frozenset([*self.identifier, *map(_path, more)])

    @cached_property
    def tags(self) -> Path | None:
        """The property that holds the tags; None when the type takes none."""
        tagging = self.data.get("tagging")
        if not isinstance(tagging, dict):
            # Older schemas say only whether.
            has = self.data.get("taggable") is True and self.property(("Tags",)) is not None
            return ("Tags",) if has else None
        if tagging.get("taggable") is not True:
            return None
        return _path(tagging.get("tagProperty", "/properties/Tags"))

    @cached_property
    def tags_are_a_map(self) -> bool:
        """Are tags an object of names and values (as in SSM parameters), and not a list of Key and Value?"""
        found = self.property(self.tags) if self.tags is not None else None
        return found is not None and found.get("type") == "object"

    def property(self, path: Path) -> Mapping[str, Any] | None:
        """The schema of a property, `$ref`s followed, with or without positions in lists; None when there is none."""
        if path not in self._properties:
            node: Mapping[str, Any] | None = self._follow(self.data)
            for key in path:
                node = self._step(node, key) if node is not None else None
            self._properties[path] = node
        return self._properties[path]

    def names(self, path: Path) -> frozenset[str]:
        """The names of the properties below a path; empty when it is no object."""
        node = self.property(path)
        return frozenset(node.get("properties", ())) if node is not None else frozenset()

    def has_attribute(self, attribute: str) -> bool:
        """Can GetAtt give this? True also for a property that is not read-only, since for some types it can."""
        if self.type.startswith(OPEN_TYPES):
            return True
        head = attribute.split(".", 1)[0]
        outputs = self.type in {"AWS::CloudFormation::Stack", "AWS::ServiceCatalog::CloudFormationProvisionedProduct"}
        if head == "Outputs" and outputs:
            return True
        path = tuple(attribute.split("."))
        return path in self.read_only or self.property(path) is not None

    def _paths(self, key: str) -> frozenset[Path]:
        return frozenset(_path(pointer) for pointer in self.data.get(key, ()))

    def _step(self, node: Mapping[str, Any], key: str | int) -> Mapping[str, Any] | None:
        if isinstance(key, int):
            inner = node.get("items")
            return self._follow(inner) if isinstance(inner, dict) else None
        if "properties" not in node and isinstance(node.get("items"), dict):
            # Registry paths name the properties of a list's items without a position.
            node = self._follow(node["items"])
        inner = node.get("properties", {}).get(key)
        if inner is None:
            inner = next(iter(node.get("patternProperties", {}).values()), None)
        return self._follow(inner) if isinstance(inner, dict) else None

    def _follow(self, node: Mapping[str, Any]) -> Mapping[str, Any]:
        """The definition behind `$ref`, with the keys beside it; a circle of references ends after a few steps."""
        for _ in range(8):
            pointer = node.get("$ref")
            if not isinstance(pointer, str):
                break
            target = self.data.get("definitions", {}).get(pointer.rpartition("/")[2], {})
            node = {**target, **{key: value for key, value in node.items() if key != "$ref"}}
        return node


def _path(pointer: str) -> Path:
    """`/properties/Listeners/*/Port` as a path without positions."""
    return tuple(part for part in pointer.split("/")[2:] if part != "*")


def without_positions(path: Path) -> Path:
    """A path in a template as schemas write it: without positions in lists."""
    return tuple(key for key in path if isinstance(key, str))


@lru_cache(maxsize=1)
def _data() -> File | None:
    """cfn-lint's folder of data, found without importing cfn-lint."""
    found = importlib.util.find_spec("cfnlint")
    return File(found.submodule_search_locations[0]) / "data" if found and found.submodule_search_locations else None


@lru_cache(maxsize=64)
def _read(*parts: str) -> Any:
    """A JSON file of cfn-lint's data; None when it is not there."""
    folder = _data()
    try:
        return json.loads(folder.joinpath(*parts).read_bytes()) if folder is not None else None
    except (OSError, ValueError):
        return None


@lru_cache(maxsize=4096)
def schema(resource_type: str, region: str = EVERYWHERE) -> Schema | None:
    """The schema of a type in a region, or in us-east-1 where the region has none; None for a type that nobody has."""
    for place in (region, EVERYWHERE, "sam"):
        found = (_read("schemas", "providers", f"{place}.json") or {}).get(resource_type)
        if found is not None:
            data = _read("schemas", "resources", f"{found}.json")
            return Schema(data) if isinstance(data, dict) else None
    return None


def available(resource_type: str, region: str) -> bool | None:
    """Does a region have a type? None when the region is not known."""
    types = _read("schemas", "providers", f"{region}.json")
    return resource_type in types if isinstance(types, dict) else None


def misspelt(resource_type: str) -> str | None:
    """A half sentence on a type that AWS does not have (`, did you mean "AWS::SNS::Topic"?`); None for the others."""
    known = _read("schemas", "providers", f"{EVERYWHERE}.json")
    if not known or not resource_type.startswith("AWS::") or resource_type.startswith(OPEN_TYPES):
        return None
    return None if resource_type in known else nearest(resource_type, known)


@lru_cache(maxsize=16)
def table(resource_type: str, name: str) -> Any:
    """A table of cfn-lint about one type: `table("aws_ecs_taskdefinition", "fargate_cpu_memory")`; None without it."""
    return _read("schemas", "extensions", resource_type, f"{name}.json")


def stateful() -> frozenset[str]:
    """The types that hold data, as cfn-lint lists them."""
    found = _read("AdditionalSpecs", "StatefulResources.json") or {}
    return frozenset(found.get("ResourceTypes", ()))


def actions() -> Mapping[str, Mapping[str, Any]]:
    """IAM's services: `{"ecr": {"Actions": {"batchgetimage": {"Resources": ["repository"]}}, "Resources": {...}}}`.

    Names of actions are in lower case; one without Resources takes "*" alone. Resources holds each kind's ARN formats.
    """
    found = _read("AdditionalSpecs", "Policies.json")
    return found if isinstance(found, dict) else {}


def formats(node: Mapping[str, Any]) -> Iterator[str]:
    """The formats that a property's schema takes: `AWS::KMS::Key.Arn`."""
    for option in (node, *node.get("anyOf", ()), *node.get("oneOf", ())):
        if isinstance(option, dict) and isinstance(option.get("format"), str):
            yield option["format"]
