"""What the fault classes are made of: a template's places, and single changes of them."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Template = dict[str, Any]
Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Fault:
    """One change of a template.

    Attributes:
        kind: the class that it belongs to.
        logical_id: the resource that is changed.
        what: the change in words.
        sound: the template without it.
        change: makes it in a copy, which it is given.
        also: resources that may be named instead: what it connects, or what uses it.
    """

    kind: str
    logical_id: str
    what: str
    sound: Template = field(repr=False)
    change: Callable[[Template], object] = field(repr=False)
    also: frozenset[str] = frozenset()

    @property
    def template(self) -> Template:
        """The template with the change, a new copy each time: a thousand of them would fill the memory."""
        template = copy.deepcopy(self.sound)
        self.change(template)
        return template


class Source:
    """A sound template, and the changes that can be made to it."""

    def __init__(self, template: Template) -> None:
        self.template = template
        self.resources: dict[str, dict[str, Any]] = template["Resources"]

    def of_type(self, *types: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """The resources of these types, by logical id."""
        return ((name, body) for name, body in self.resources.items() if body["Type"] in types)

    def neighbours(self, name: str) -> frozenset[str]:
        """What a resource's properties refer to, and what refers to it."""
        users = {other for other, targets in self._targets.items() if name in targets}
        return frozenset((self._targets[name] | users) & self.resources.keys())

    @cached_property
    def _targets(self) -> dict[str, set[str]]:
        """What each resource's properties refer to."""
        return {
            name: {target for _, target, _ in references(body.get("Properties", {}))}
            for name, body in self.resources.items()
        }

    def changed(self, kind: str, name: str, what: str, change: Callable[[Template], object]) -> Fault:
        """A fault that a function makes in a copy of the template."""
        return Fault(kind, name, what, self.template, change, self.neighbours(name))

    def set(self, kind: str, name: str, path: Path, value: Any, what: str = "") -> Fault:
        """A fault that puts another value at a path of a resource."""
        shown = ".".join(map(str, path[1:]))
        return self.changed(
            kind, name, what or f"{shown} = {value}", lambda whole: put(resource(whole, name), path, value)
        )

    def drop(self, kind: str, name: str, path: Path) -> Fault:
        """A fault that takes a property, or an item of a list, away."""
        what = f"no {'.'.join(map(str, path))}"
        return self.changed(kind, name, what, lambda whole: take(resource(whole, name), path))

    def remove(self, kind: str, name: str) -> Fault:
        """A fault that takes a whole resource away, and what waits for it along."""
        return self.changed(kind, name, "is not there", lambda whole: without(whole, name))


def resource(template: Template, name: str) -> dict[str, Any]:
    """A resource of a template."""
    found: dict[str, Any] = template["Resources"][name]
    return found


def get(node: Any, path: Path) -> Any:
    """What stands at a path; None where nothing does."""
    for key in path:
        if isinstance(node, dict):
            node = node.get(key)
        elif isinstance(node, list) and isinstance(key, int) and key < len(node):
            node = node[key]
        else:
            return None
    return node


def put(node: Any, path: Path, value: Any) -> None:
    """Put a value at a path."""
    get(node, path[:-1])[path[-1]] = value


def take(node: Any, path: Path) -> None:
    """Take away what stands at a path."""
    del get(node, path[:-1])[path[-1]]


def walk(node: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every value below a node, with its path."""
    yield path, node
    inner = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in inner:
        yield from walk(value, (*path, key))


def references(node: Any) -> Iterator[tuple[Path, str, str]]:
    """Every Ref and Fn::GetAtt below a node: path, name, attribute ("" for Ref). Fn::Sub counts without its text."""
    for path, value in walk(node):
        if isinstance(value, dict) and len(value) == 1:
            if isinstance(value.get("Ref"), str):
                yield path, value["Ref"], ""
            elif isinstance(value.get("Fn::GetAtt"), list):
                yield path, value["Fn::GetAtt"][0], value["Fn::GetAtt"][1]


def without(template: Template, name: str) -> None:
    """Take a resource away, and every reference to it: in DependsOn, in lists, in branches, in outputs."""
    del template["Resources"][name]
    for body in template["Resources"].values():
        depends = body.get("DependsOn")
        if isinstance(depends, list):
            body["DependsOn"] = [other for other in depends if other != name]
        elif depends == name:
            del body["DependsOn"]
        for section in ("Metadata", "Properties"):
            if section in body:
                body[section] = _scrubbed(body[section], name)
    for key in [key for key, output in template.get("Outputs", {}).items() if _mentions(output, name)]:
        del template["Outputs"][key]


def _scrubbed(node: Any, name: str) -> Any:
    if isinstance(node, list):
        return [_scrubbed(item, name) for item in node if not _is_reference(item, name)]
    if isinstance(node, dict):
        if "Fn::If" in node and any(_is_reference(branch, name) for branch in node["Fn::If"][1:]):
            return {"Ref": "AWS::NoValue"}
        return {key: _scrubbed(value, name) for key, value in node.items() if not _is_reference(value, name)}
    return node


def _is_reference(node: Any, name: str) -> bool:
    return node == {"Ref": name} or (isinstance(node, dict) and node.get("Fn::GetAtt", [None])[0] == name)


def _mentions(node: Any, name: str) -> bool:
    return any(target == name for _, target, _ in references(node))
