"""Outputs: text, and exports under names that nobody else in the template takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stackproof.proofs.values import Sym, Unknown, Value, show
from stackproof.proofs.verdicts import broken, proved
from stackproof.proofs.wiring.common import Findings, unclear

if TYPE_CHECKING:
    from stackproof.proofs.model.system import System
    from stackproof.proofs.resolve.stack import Output

_REFUSED: Final = "CloudFormation fails at the end of the deployment"


def outputs(system: System) -> Findings:
    """Every output."""
    exports: dict[str, str] = {}
    for output in system.stack.outputs.values():
        path = f"Outputs.{output.name}"
        fault = _fault(output)
        if fault is not None:
            yield broken("wire-output", "", f"{path}.Value", f"{_REFUSED}: {fault[0]}.", fault[1])
        elif isinstance(output.value, Unknown):
            yield unclear("wire-output", "", f"{path}.Value", "it is text", output.value.reason)
        else:
            yield proved("wire-output", "", f"{path}.Value", show(output.value))
        if output.export is None or isinstance(output.export, Unknown):
            continue
        name = show(output.export)
        other = exports.setdefault(name, output.name)
        if other != output.name:
            told = f"CloudFormation refuses the template: {other} exports {name} as well."
            yield broken("wire-output", "", f"{path}.Export.Name", told, "Give each export a name of its own.")


def _fault(output: Output) -> tuple[str, str] | None:
    """Why an output cannot be; None when it can."""
    value: Value = output.value
    if isinstance(value, list | dict) or (isinstance(value, Sym) and value.many):
        return f"an output is text, and {output.name} is a list or an object", "Join it with Fn::Join."
    if value is None:
        return f"{output.name} has no value", "Give it one, or remove it."
    if value == "" and output.export is not None:
        return f"an export cannot be empty, and {output.name} is", "Put the output under a condition."
    return None
