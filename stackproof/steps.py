"""A plan of several steps, read from a file: change sets and one-shot tasks, in the order in which they happen.

[[step]]
title = "Maintenance page on"
set   = { MaintenancePage = "yes" }     # parameters for this step, on top of the environment's
keep  = ["Image"]                       # parameters that stay as they are deployed, whatever the file says

[[step]]
title   = "Upgrade the database"
service = "Service"                     # run one task in the network of this ECS service of the stack,
task    = "UpgradeTask"                 # with this task definition; the service's own unless given
command = ["lms", "upgrade"]            # instead of the image's
minutes = 30                            # how long it is waited for; 60 unless given

[[step]]
title = "The new image, maintenance page off"     # neither: the environment as its files say
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from stackproof.cli import nearest
from stackproof.documents import quoted, read_toml
from stackproof.errors import BadInputError, Fault
from stackproof.parameters import parameters_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

_CHANGE = {"title", "set", "keep"}
_TASK = {"title", "service", "task", "container", "command", "minutes"}
_MINUTES = 60
_LONGEST = 24 * 60


@dataclass(frozen=True)
class Task:
    """One task, run once to its end.

    Attributes:
        service: logical id of the ECS service whose cluster and network it runs in.
        definition: logical id of its task definition; blank takes the service's own.
        container: whose command is replaced and whose exit code counts; blank takes the first one.
        command: instead of the image's; empty leaves that.
        minutes: how long it is waited for; it is never stopped.
    """

    service: str
    definition: str = ""
    container: str = ""
    command: tuple[str, ...] = ()
    minutes: int = _MINUTES


@dataclass(frozen=True)
class Step:
    """A change of the stack, or a task.

    Attributes:
        title: in a person's words.
        settings: parameters that replace those of the environment in this step.
        keep: parameters that stay as they are deployed.
        task: to run; None where the step is a change.
    """

    title: str
    settings: Mapping[str, str] = field(default_factory=dict)
    keep: tuple[str, ...] = ()
    task: Task | None = None


def read_steps(
    path: Path, template: Mapping[str, Any], load: Callable[[Mapping[str, str]], object]
) -> tuple[Step, ...]:
    """Read the file, and hold it against the template.

    Args:
        path: the file.
        template: whose parameters the steps set and keep.
        load: checks the environment with the parameters of a step; BadInputError where they do not fit.

    Raises:
        BadInputError: with every fault of it.
    """
    where = str(path)
    faults: list[Fault] = []
    tables = read_toml(path, where, faults)
    if tables is None:
        raise BadInputError(faults)
    faults += [
        Fault(where, key, f"is unknown; a plan has [[step]] only{nearest(key, ['step'])}")
        for key in tables
        if key != "step"
    ]
    listed = tables.get("step")
    if not isinstance(listed, list) or not listed or not all(isinstance(each, dict) for each in listed):
        faults.append(Fault(where, "step", "is missing: write [[step]], once for each step"))
        raise BadInputError(faults)
    steps = []
    for number, table in enumerate(listed, start=1):
        key = f"step {number}"
        steps.append(_step(table, where, key, faults))
        faults += _parameter_faults(steps[-1], where, key, template, load)
    if faults:
        raise BadInputError(faults)
    return tuple(steps)


def _parameter_faults(
    step: Step, where: str, key: str, template: Mapping[str, Any], load: Callable[[Mapping[str, str]], object]
) -> list[Fault]:
    known = parameters_of(template)
    faults = [
        Fault(where, f"{key}.keep", f'the template has no parameter "{each}"{nearest(each, known)}')
        for each in step.keep
        if each not in known
    ]
    faults += [
        Fault(where, f"{key}.{name}", f"{each} is NoEcho, and a plan would write its value into a file")
        for name, names in (("set", step.settings), ("keep", step.keep))
        for each in names
        if each in known and known[each].no_echo
    ]
    try:
        load(step.settings)
    except BadInputError as error:
        faults += [replace(each, where=where, key=".".join(filter(None, (key, each.key)))) for each in error.faults]
    return faults


def _step(table: dict[str, Any], where: str, key: str, faults: list[Fault]) -> Step:
    reader = _Reader(table, where, key, faults)
    title = reader.text("title", required=True)
    if not table.keys() & (_TASK - _CHANGE):
        reader.only(_CHANGE if table.keys() & (_CHANGE - {"title"}) else _CHANGE | _TASK)
        return Step(title, reader.settings(), reader.words("keep"))
    reader.only(_TASK)
    task = Task(
        service=reader.text("service", required=True),
        definition=reader.text("task"),
        container=reader.text("container"),
        command=reader.words("command"),
        minutes=reader.minutes(),
    )
    return Step(title, task=task)


@dataclass(frozen=True)
class _Reader:
    """One table, and the faults that are found in it."""

    table: dict[str, Any]
    where: str
    key: str
    faults: list[Fault]

    def fault(self, name: str, message: str) -> None:
        self.faults.append(Fault(self.where, f"{self.key}.{name}", message))

    def only(self, known: set[str]) -> None:
        kind = "a task" if "service" in known and "set" not in known else "a step"
        for name in self.table.keys() - known:
            self.fault(name, f"is no key of {kind}; there are {', '.join(sorted(known))}{nearest(name, known)}")

    def text(self, name: str, *, required: bool = False) -> str:
        value = self.table.get(name, "")
        if not isinstance(value, str):
            self.fault(name, f"{quoted(str(value))} is no text")
        elif required and not value.strip():
            self.fault(name, "is missing")
        else:
            return value.strip()
        return ""

    def words(self, name: str) -> tuple[str, ...]:
        value = self.table.get(name, [])
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            self.fault(name, 'is no list of texts, like ["one", "two"]')
            return ()
        return tuple(value)

    def settings(self) -> dict[str, str]:
        value = self.table.get("set", {})
        if not isinstance(value, dict):
            self.fault("set", 'is no table of parameters, like { Name = "value" }')
            return {}
        found = {}
        for name, each in value.items():
            if isinstance(each, str | bool | int):
                found[name] = each if isinstance(each, str) else str(each).lower()
            else:
                self.fault(f"set.{name}", f"{quoted(str(each))} is no text; a list is one text, with commas")
        return found

    def minutes(self) -> int:
        value = self.table.get("minutes", _MINUTES)
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= _LONGEST:
            self.fault("minutes", f"{quoted(str(value))} is no whole number from 1 to {_LONGEST}")
            return _MINUTES
        return value
