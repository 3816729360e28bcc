"""Conditions with all the functions that CloudFormation takes in them; ministack knows no Split, Join or FindInMap."""

from __future__ import annotations

from typing import Any

from ministack.services.cloudformation import engine

from stackproof.emulator.seams import rebind


class _Conditions(dict[str, bool]):
    """The conditions of a template, each evaluated when it is first asked for: they may refer to each other."""

    def __init__(self, template: dict[str, Any], parameters: dict[str, Any]) -> None:
        super().__init__()
        self._template = template
        self._parameters = parameters

    def get(self, name: str, default: Any = None) -> Any:
        """Evaluate one condition."""
        if name not in self and name in self._template["Conditions"]:
            # References to resources are not allowed here, so no stack is needed.
            self[name] = engine._resolve_refs(
                self._template["Conditions"][name],
                {},
                self._parameters,
                self,
                self._template.get("Mappings", {}),
                "",
                "",
            )
        return super().get(name, default)


def _evaluate(template: dict[str, Any], parameters: dict[str, Any]) -> dict[str, bool]:
    conditions = _Conditions(template, parameters)
    return {name: bool(conditions.get(name)) for name in template.get("Conditions", {})}


def install() -> None:
    """Use it wherever ministack evaluates conditions."""
    rebind(engine._evaluate_conditions, _evaluate)
