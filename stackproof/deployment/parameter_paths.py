"""Which parameters decide a property of a resource: what a person changes to mend it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stackproof.proofs.resolve.mentions import mentions

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

# A template of references that go in circles is refused by CloudFormation, but this may be no template of ours.
_DEEPEST = 20


def behind(template: Mapping[str, Any], logical_id: str, path: tuple[str, ...]) -> list[str]:
    """The parameters behind a property.

    Args:
        template: long form.
        logical_id: of the resource to start from.
        path: names of properties; lists are looked at element by element, both sides of an If, and where a property
            refers to another resource of the template the path goes on there. `*Name` is any property that ends so;
            `Condition` alone is the condition of the resource itself; after a type, of every resource of that type.

    Returns:
        Names, without repetition; none where the path leads nowhere, or no parameter has a say.
    """
    finder = _Finder(template)
    found: Iterator[str]
    if path[-1:] == ("Condition",):
        resources = finder.section("Resources").items()
        switched = (
            each for name, each in resources if path[0] in {"Condition" if name == logical_id else "", each["Type"]}
        )
        found = (name for each in switched for name in finder.of_condition(each.get("Condition", ""), _DEEPEST))
    else:
        nodes = finder.nodes({"Ref": logical_id}, path, _DEEPEST)
        found = (name for node in nodes for name in finder.of_value(node, (), _DEEPEST))
    return list(dict.fromkeys(found))


class _Finder:
    def __init__(self, template: Mapping[str, Any]) -> None:
        self._template = template

    def section(self, name: str) -> Mapping[str, Any]:
        found = self._template.get(name)
        return found if isinstance(found, dict) else {}

    def nodes(self, node: object, path: Sequence[str], depth: int) -> Iterator[object]:
        """What stands at the end of the path."""
        if not path:
            yield node
        elif depth and isinstance(node, list):
            for each in node:
                yield from self.nodes(each, path, depth - 1)
        elif depth and isinstance(node, dict):
            for inner, rest in self._steps(node, path):
                yield from self.nodes(inner, rest, depth - 1)

    def _steps(self, node: Mapping[str, Any], path: Sequence[str]) -> Iterator[tuple[object, Sequence[str]]]:
        """One step along the path, or through a function or a reference on the way."""
        if isinstance(node.get("Fn::If"), list):
            yield node["Fn::If"][1:], path
        elif isinstance(node.get("Ref"), str) or "Fn::GetAtt" in node:
            name = next((each.name for each in mentions(node)), "")
            yield self.section("Resources").get(name, {}).get("Properties", {}), path
        else:
            for key, value in node.items():
                if key == path[0] or (path[0].startswith("*") and key.endswith(path[0][1:])):
                    yield value, path[1:]

    def of_value(self, node: object, where: tuple[str, ...], depth: int) -> Iterator[str]:
        """The parameters that a value mentions, those of its conditions included."""
        for each in mentions(node, where):
            if each.attribute == "Condition":
                yield from self.of_condition(each.name, depth)
            elif each.name in self.section("Parameters"):
                yield each.name

    def of_condition(self, name: str, depth: int) -> Iterator[str]:
        if depth and name in self.section("Conditions"):
            yield from self.of_value(self.section("Conditions")[name], ("Conditions", name), depth - 1)
