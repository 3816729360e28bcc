"""A template with one environment's values put in, for checkers that read neither parameters nor conditions.

`python -m benchmarks.concrete dist/lms.json params/prod.json > prod.json`: conditions are decided, what they leave out
is gone, and references to parameters are values. docs/security.md says what the checkers find in it.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stackproof.proofs.resolve.stack import resolve

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

NOTHING = object()
"""What AWS::NoValue becomes."""


class Values:
    """What an environment makes of a template's functions."""

    def __init__(self, template: Mapping[str, Any], given: Mapping[str, str]) -> None:
        declared: Mapping[str, Any] = template.get("Parameters", {})
        values = {name: given.get(name, body.get("Default")) for name, body in declared.items()}
        self.values: dict[str, Any] = {
            name: str(value).split(",") if "List" in declared[name]["Type"] else value
            for name, value in values.items()
            if value is not None
        }
        self.conditions = resolve(template, given).conditions
        self.mappings: Mapping[str, Any] = template.get("Mappings", {})
        self._functions: dict[str, Callable[[Any], Any]] = {
            "Ref": self._ref,
            "Fn::If": self._if,
            "Fn::FindInMap": self._in_map,
            "Fn::Sub": self._sub,
        }

    def put_in(self, node: Any) -> Any:
        """A part of the template with values for what can be known; NOTHING where it is left out."""
        if isinstance(node, list):
            return [new for each in node if (new := self.put_in(each)) is not NOTHING]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            ((name, argument),) = node.items()
            if name in self._functions:
                return self._functions[name](argument)
        return {key: new for key, each in node.items() if (new := self.put_in(each)) is not NOTHING}

    def _ref(self, name: str) -> Any:
        return NOTHING if name == "AWS::NoValue" else self.values.get(name, {"Ref": name})

    def _if(self, argument: list[Any]) -> Any:
        name, yes, no = argument
        return self.put_in(yes if self.conditions[name] else no)

    def _in_map(self, argument: list[Any]) -> Any:
        table, first, second = self.put_in(argument)
        return self.mappings[table][first][second]

    def _sub(self, argument: Any) -> Any:
        text, own = (argument, {}) if isinstance(argument, str) else (argument[0], self.put_in(argument[1]))
        for name, value in {**self.values, **own}.items():
            if isinstance(value, str | int):
                text = text.replace(f"${{{name}}}", str(value))
        left = {name: value for name, value in own.items() if f"${{{name}}}" in text}
        if "${" not in text:
            return text
        return {"Fn::Sub": [text, left] if left else text}


def concrete(template: dict[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """A template without parameters and conditions."""
    values = Values(template, {name: _text(value) for name, value in given.items()})

    def present(section: str) -> dict[str, Any]:
        found: dict[str, Any] = template.get(section, {})
        return {
            name: values.put_in({key: each for key, each in body.items() if key not in {"Condition", "Metadata"}})
            for name, body in found.items()
            if values.conditions.get(body.get("Condition", ""), True)
        }

    resources = present("Resources")
    for body in resources.values():
        others = body.pop("DependsOn", [])
        there = [each for each in ([others] if isinstance(others, str) else others) if each in resources]
        if there:
            body["DependsOn"] = there
    return {"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources, "Outputs": present("Outputs")}


def _text(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def main() -> None:
    """Print it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("template", type=Path, help="JSON")
    parser.add_argument("params", nargs="?", type=Path, help="a parameter file; without one, the defaults")
    files = parser.parse_args()
    given = json.loads(files.params.read_text())["Parameters"] if files.params else {}
    json.dump(concrete(json.loads(files.template.read_text()), given), sys.stdout, indent=2)


if __name__ == "__main__":
    main()
