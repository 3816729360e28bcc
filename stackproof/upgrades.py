"""How a template wants to be created and upgraded, in steps, from its own metadata. Pure.

"Metadata": {"Stackproof::Upgrade": {
"changes": ["Image"],               parameters: where one of them changes, the steps happen
"unless": {"UpgradeCommand": ""},   not with one of these values; a value may be {"parameter": "Image"}
"steps": [{"title": …}, …],         as in a steps file, see `stackproof.step_files`
"create": [{"title": …}, …]         instead of them, when the stack is new
}}.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stackproof.errors import BadInputError, Fault
from stackproof.parameters import parameters_of
from stackproof.step_files import Reader, parsed
from stackproof.steps import chosen, holds

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stackproof.steps import Step, Value

KEY = "Stackproof::Upgrade"
"""Of the template's Metadata."""

_KEYS = {"changes", "unless", "steps", "create"}


@dataclass(frozen=True)
class Upgrade:
    """What a template declares.

    Attributes:
        changes: parameters whose change takes the steps.
        unless: parameter → the value with which it does not; one of them is enough.
        steps: of a stack that runs.
        create: of a new stack.
    """

    changes: tuple[str, ...] = ()
    unless: Mapping[str, Value] | None = None
    steps: tuple[Step, ...] = ()
    create: tuple[Step, ...] = ()

    def taken(self, parameters: Mapping[str, str], deployed: Mapping[str, str] | None) -> tuple[Step, ...]:
        """The steps that a deployment takes; empty where it is a single change.

        Args:
            parameters: of the environment, with defaults.
            deployed: of the stack; None where it is new.
        """
        if deployed is None:
            found = chosen(self.create, parameters)
        elif holds(self.unless or {}, parameters) or not self._moves(parameters, deployed):
            return ()
        else:
            found = chosen(self.steps, parameters)
        return () if len(found) == 1 and _is_plain(found[0], parameters) else found

    def _moves(self, parameters: Mapping[str, str], deployed: Mapping[str, str]) -> bool:
        """Whether one of the parameters changes; one that the stack does not have yet does not."""
        return any(name in deployed and deployed[name] != parameters.get(name) for name in self.changes)


def _is_plain(step: Step, parameters: Mapping[str, str]) -> bool:
    """Whether a step is the change that would be made without steps."""
    as_is = all(parameters.get(name) == value for name, value in step.settings.items())
    return as_is and step.action is None and not step.keep


def read_upgrade(template: Mapping[str, Any], where: str) -> Upgrade:
    """Read what a template declares, and hold it against the template; a blank one where it declares nothing.

    Args:
        template: whose Metadata may have KEY.
        where: its file.

    Raises:
        BadInputError: with every fault of it.
    """
    declared = (template.get("Metadata") or {}).get(KEY)
    if declared is None:
        return Upgrade()
    key = f"Metadata.{KEY}"
    if not isinstance(declared, dict):
        raise BadInputError([Fault(where, key, f"is no table; it takes {', '.join(sorted(_KEYS))}")])
    faults: list[Fault] = []
    reader = Reader(declared, where, key, template, faults)
    reader.only(_KEYS, "an upgrade")
    changes, unless = reader.parameters("changes"), reader.values("unless")
    known = parameters_of(template)
    for name in changes:
        if name in known and known[name].type.startswith("AWS::SSM::"):
            reader.fault("changes", f"{name} is looked up in Parameter Store, so only AWS knows whether it changes")
    if not changes and "steps" in declared:
        reader.fault("changes", "is missing: which parameters take the steps?")
    lists = {
        name: parsed(declared[name], where, f"{key}.{name}", template, faults)
        for name in ("steps", "create")
        if name in declared
    }
    if not lists:
        reader.fault("steps", "is missing, and so is create")
    if faults:
        raise BadInputError(faults)
    return Upgrade(changes, unless, lists.get("steps", ()), lists.get("create", ()))
