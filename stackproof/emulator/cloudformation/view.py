"""A template seen with its parameters, against the resources that a stack has."""

from __future__ import annotations

import copy
from functools import cached_property
from typing import Any

from ministack.services.cloudformation import engine

# CloudFormation's own words for a value that only the operation itself will show.
UNKNOWN = "{{changeSet:KNOWN_AFTER_APPLY}}"


class _UnknownAttributes(dict[str, Any]):
    """The attributes of a resource that is not there yet: whatever is asked for is unknown."""

    def __contains__(self, name: object) -> bool:
        return True

    def __getitem__(self, name: str) -> Any:
        return UNKNOWN


class View:
    """What a template says, once its parameters, conditions and references are put in.

    Args:
        template: as parsed.
        parameters: ministack's resolved ones: name to {"Value", "NoEcho", "Type"}.
        stack: ministack's record of the stack.
        replaced: logical ids whose present resource will be another one.
        masked: show **** for each NoEcho parameter, as every answer of CloudFormation does.
    """

    def __init__(
        self,
        template: dict[str, Any],
        parameters: dict[str, dict[str, Any]],
        stack: dict[str, Any],
        *,
        replaced: frozenset[str] = frozenset(),
        masked: bool = False,
    ) -> None:
        self._template = template
        self._parameters = parameters
        if masked:
            self._parameters = {
                name: {**value, "Value": "****"} if value["NoEcho"] else value for name, value in parameters.items()
            }
        # Conditions never see the mask.
        self._conditions = engine._evaluate_conditions(template, parameters)
        self._stack = stack
        present = stack.get("_resources", {})
        absent = (template.get("Resources", {}).keys() - present.keys()) | replaced
        unknown = {"PhysicalResourceId": UNKNOWN, "Attributes": _UnknownAttributes()}
        self._resources = {**present, **dict.fromkeys(absent, unknown)}

    @cached_property
    def written(self) -> dict[str, dict[str, Any]]:
        """The resources whose condition holds, as written, with each Fn::If reduced to the branch that is taken."""
        return {
            name: self._taken(resource)
            for name, resource in self._template.get("Resources", {}).items()
            if self._holds(resource)
        }

    @cached_property
    def resources(self) -> dict[str, dict[str, Any]]:
        """The same resources with the values of their properties (there is always a dict of them) and metadata."""
        return {
            name: {**resource, **{part: self._values(resource.get(part, {})) for part in self._parts(resource)}}
            for name, resource in self.written.items()
        }

    @property
    def outputs(self) -> dict[str, Any]:
        """The outputs whose condition holds."""
        outputs = self._template.get("Outputs", {})
        return {name: self._values(output) for name, output in outputs.items() if self._holds(output)}

    @staticmethod
    def _parts(resource: dict[str, Any]) -> list[str]:
        return ["Properties", *(["Metadata"] if "Metadata" in resource else [])]

    def _holds(self, item: dict[str, Any]) -> bool:
        return bool(self._conditions.get(item.get("Condition"), True))

    def _taken(self, written: Any) -> Any:
        if isinstance(written, list):
            return [self._taken(item) for item in written]
        if not isinstance(written, dict):
            return written
        if set(written) == {"Fn::If"}:
            condition, yes, no = written["Fn::If"]
            return self._taken(yes if self._conditions[condition] else no)
        return {name: self._taken(value) for name, value in written.items()}

    def _values(self, written: dict[str, Any]) -> dict[str, Any]:
        """Each member resolved by itself, so that one that cannot be does not hide the others."""
        values = {name: self._value(value) for name, value in written.items()}
        return {name: value for name, value in values.items() if value is not engine._NO_VALUE}

    def _value(self, written: Any) -> Any:
        try:
            value = engine._resolve_refs(
                copy.deepcopy(written),
                self._resources,
                self._parameters,
                self._conditions,
                self._template.get("Mappings", {}),
                self._stack["StackName"],
                self._stack["StackId"],
            )
        except (ValueError, KeyError, IndexError):
            # For instance Fn::Cidr of a network that is not there, or an export of a stack to come.
            return UNKNOWN
        return _collapsed(value)


def _collapsed(value: Any) -> Any:
    """A text with an unknown part is unknown as a whole."""
    if isinstance(value, str) and UNKNOWN in value:
        return UNKNOWN
    if isinstance(value, list):
        return [_collapsed(item) for item in value]
    if isinstance(value, dict):
        return {name: _collapsed(item) for name, item in value.items()}
    return value
