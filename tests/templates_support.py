"""Templates as tests speak of them: emitted JSON, resolved with parameters, found by type.

`Emitted` folds conditions and works out every intrinsic function, so that a test can say "private subnet 1 is
10.0.48.0/20". What only AWS knows stays as text: `${Vpc}` for the Ref of a resource, `${Vpc.CidrBlock}` for an
attribute. A reference to something that the conditions leave out is an error, as it is in CloudFormation.
"""

from __future__ import annotations

import ipaddress
import json
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stackproof.targets import load_targets
from templates import TEMPLATES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from troposphere import Template

ROOT = Path(__file__).parents[1]

PSEUDO = {
    "AWS::AccountId": "111122223333",
    "AWS::Partition": "aws",
    "AWS::Region": "sa-east-1",
    "AWS::StackId": "arn:aws:cloudformation:sa-east-1:111122223333:stack/lms-dev/0",
    "AWS::StackName": "lms-dev",
    "AWS::URLSuffix": "amazonaws.com",
}

REQUIRED = {
    "VpcId": "vpc-11111111",
    "BalancerSubnetIds": "subnet-aaaaaaa1,subnet-aaaaaaa2,subnet-aaaaaaa3",
    "TaskSubnetIds": "subnet-bbbbbbb1,subnet-bbbbbbb2,subnet-bbbbbbb3",
    "DataSubnetIds": "subnet-ccccccc1,subnet-ccccccc2,subnet-ccccccc3",
    "DataSubnetZones": "sa-east-1a,sa-east-1b,sa-east-1c",
}
"""Values of the parameters that have no default."""

_NOTHING = object()


@dataclass(frozen=True)
class Resource:
    """One resource that exists: its type, resolved properties, and its body as it stands in the template."""

    type: str
    properties: dict[str, Any]
    body: dict[str, Any]

    def __getitem__(self, name: str) -> Any:
        return self.properties[name]

    def get(self, name: str) -> Any:
        return self.properties.get(name)

    @property
    def depends_on(self) -> list[str]:
        found = self.body.get("DependsOn", [])
        return [found] if isinstance(found, str) else found


class Emitted:
    """A template's JSON with one set of parameters; defaults fill what is not given."""

    def __init__(self, template: Template | dict[str, Any], **parameters: str | int) -> None:
        self.body: dict[str, Any] = template if isinstance(template, dict) else json.loads(template.to_json())
        declared = self.body.get("Parameters", {})
        unknown = parameters.keys() - declared.keys()
        assert not unknown, f"no such parameters: {unknown}"
        self.parameters = {
            name: str(parameters.get(name, parameter.get("Default", REQUIRED.get(name))))
            for name, parameter in declared.items()
        }

    def with_parameters(self, **parameters: str | int) -> Emitted:
        """The same template with these parameters changed."""
        return Emitted(self.body, **{**self.parameters, **parameters})

    @cached_property
    def resources(self) -> dict[str, Resource]:
        """Every resource that exists with these parameters, by logical id."""
        return {
            logical_id: Resource(body["Type"], self.resolve(body.get("Properties", {})), body)
            for logical_id, body in self.body["Resources"].items()
            if self.exists(body)
        }

    @cached_property
    def outputs(self) -> dict[str, Any]:
        """Every output that exists with these parameters: its resolved value, by name."""
        return {
            name: self.resolve(body["Value"])
            for name, body in self.body.get("Outputs", {}).items()
            if self.exists(body)
        }

    def of_type(self, *types: str) -> dict[str, Resource]:
        """The resources of these types, by logical id."""
        return {name: resource for name, resource in self.resources.items() if resource.type in types}

    def exists(self, body: Mapping[str, Any]) -> bool:
        """Whether the condition of a resource or output holds."""
        return "Condition" not in body or self.holds(body["Condition"])

    def holds(self, name: str) -> bool:
        """Whether a condition of the template holds."""
        return bool(self.resolve(self.body["Conditions"][name]))

    def resolve(self, value: Any) -> Any:
        """A value with every intrinsic function worked out; AWS::NoValue takes its key or item away."""
        if isinstance(value, list):
            return [item for item in map(self.resolve, value) if item is not _NOTHING]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            ((name, argument),) = value.items()
            if name == "Condition" and isinstance(argument, str):
                return self.holds(argument)
            function = getattr(self, "_" + name.removeprefix("Fn::").lower(), None)
            if function is not None and (name == "Ref" or name.startswith("Fn::")):
                return function(argument)
        resolved = {key: self.resolve(item) for key, item in value.items()}
        return {key: item for key, item in resolved.items() if item is not _NOTHING}

    def _ref(self, name: str) -> Any:
        if name == "AWS::NoValue":
            return _NOTHING
        if name in PSEUDO:
            return PSEUDO[name]
        if name in self.parameters:
            value = self.parameters[name]
            return value.split(",") if "List" in self.body["Parameters"][name]["Type"] else value
        return self._resource(name)

    def _resource(self, name: str, attribute: str = "") -> str:
        assert name in self.body["Resources"], f"nothing is called {name}"
        assert self.exists(self.body["Resources"][name]), f"a reference to {name}, which does not exist here"
        return f"${{{name}{attribute}}}"

    def _getatt(self, argument: list[str]) -> str:
        return self._resource(argument[0], "." + ".".join(argument[1:]))

    def _if(self, argument: list[Any]) -> Any:
        return self.resolve(argument[1] if self.holds(argument[0]) else argument[2])

    def _sub(self, argument: str | list[Any]) -> str:
        text, own = (argument, {}) if isinstance(argument, str) else argument

        def value(match: re.Match[str]) -> str:
            name = match[1]
            if name.startswith("!"):
                return f"${{{name[1:]}}}"
            if name in own:
                return str(self.resolve(own[name]))
            return self._getatt(name.split(".")) if "." in name else str(self._ref(name))

        return re.sub(r"\$\{([^}]+)\}", value, text)

    def _select(self, argument: list[Any]) -> Any:
        index, items = argument
        return self.resolve(items)[int(self.resolve(index))]

    def _join(self, argument: list[Any]) -> str:
        return str(argument[0]).join(self.resolve(argument[1]))

    def _split(self, argument: list[Any]) -> list[str]:
        return str(self.resolve(argument[1])).split(argument[0])

    def _getazs(self, argument: Any) -> list[str]:
        return [f"{self.resolve(argument) or PSEUDO['AWS::Region']}{zone}" for zone in "abc"]

    def _cidr(self, argument: list[Any]) -> list[str]:
        block, count, host_bits = (self.resolve(item) for item in argument)
        subnets = ipaddress.ip_network(block).subnets(new_prefix=32 - int(host_bits))
        return [str(next(subnets)) for _ in range(int(count))]

    def _findinmap(self, argument: list[Any]) -> Any:
        name, top, second = (self.resolve(item) for item in argument)
        return self.body["Mappings"][name][top][second]

    def _equals(self, argument: list[Any]) -> bool:
        left, right = (str(self.resolve(item)) for item in argument)
        return left == right

    def _and(self, argument: list[Any]) -> bool:
        return all(self.resolve(item) for item in argument)

    def _or(self, argument: list[Any]) -> bool:
        return any(self.resolve(item) for item in argument)

    def _not(self, argument: list[Any]) -> bool:
        return not self.resolve(argument[0])


def tags_of(resource: Resource) -> dict[str, str]:
    """A resource's tags, whatever shape its type gives them."""
    lists = (value for name, value in resource.properties.items() if name.endswith("Tags"))
    found: Any = next((value for value in lists if isinstance(value, dict | list)), {})
    return dict(found) if isinstance(found, dict) else {tag["Key"]: tag["Value"] for tag in found}


def statements(resource: Resource) -> Iterator[dict[str, Any]]:
    """Every statement of every policy document in a resource's properties."""
    waiting: list[Any] = [resource.properties]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict) and isinstance(value.get("Statement"), list):
            yield from value["Statement"]
        elif isinstance(value, dict):
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)


def references(value: Any) -> set[str]:
    """Everything that a piece of a template names by Ref, GetAtt or Sub: logical ids, parameters, pseudo parameters."""
    if isinstance(value, list):
        return set().union(*map(references, value))
    if not isinstance(value, dict):
        return set()
    found: set[str] = set().union(*map(references, value.values()))
    if isinstance(value.get("Ref"), str):
        found.add(value["Ref"])
    if isinstance(value.get("Fn::GetAtt"), list):
        found.add(value["Fn::GetAtt"][0])
    text = value.get("Fn::Sub")
    for part in text if isinstance(text, list) else [text]:
        if isinstance(part, str):
            found.update(name.split(".")[0] for name in re.findall(r"\$\{([^!}]+)\}", part))
    return found


def logical_id(reference: str) -> str:
    """`${FileSystem.Arn}` → `FileSystem`."""
    return reference.removeprefix("${").removesuffix("}").split(".")[0]


def environment_template(name: str) -> Emitted:
    """The template of an environment in params/, with the environment's own values."""
    target = load_targets(ROOT)[name].template
    assert target is not None
    given = json.loads((ROOT / "params" / f"{name}.json").read_text(encoding="utf-8"))["Parameters"]
    return Emitted(TEMPLATES[target](), **given)
