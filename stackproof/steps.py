"""What a plan of several steps is made of: changes of the stack, and what is done and waited for between them.

How they are written down: `stackproof.step_files`. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MINUTES = 60


@dataclass(frozen=True)
class Of:
    """The value of the first of these parameters that is not blank, as the environment has it."""

    parameters: tuple[str, ...]


Value = str | Of


@dataclass(frozen=True)
class Task:
    """One task, run once to its end: where a service runs, or in a network that is named, on Fargate.

    Attributes:
        service: logical id of the ECS service whose cluster and network it runs in; blank where the last three say it.
        definition: logical id of its task definition; blank takes the service's own.
        container: whose command is replaced and whose exit code counts; blank takes the first one.
        command: instead of the image's; empty leaves that.
        minutes: how long it is waited for; it is never stopped.
        cluster: output with the cluster's name.
        subnets: output with the ids of its subnets, separated by commas.
        groups: logical ids of its security groups.
    """

    service: str = ""
    definition: str = ""
    container: str = ""
    command: tuple[str, ...] = ()
    minutes: int = MINUTES
    cluster: str = ""
    subnets: str = ""
    groups: tuple[str, ...] = ()


@dataclass(frozen=True)
class Backup:
    """A recovery point of some stores, waited for.

    Attributes:
        stores: logical ids; what the stack does not have is left out.
        vault: output with the name of AWS Backup's vault; a database cluster is left a snapshot without one.
        role: output with the ARN of the role that AWS Backup takes on.
        days: how long the vault keeps it.
        restore: logical id of a store → the parameter that makes it begin from a recovery point.
        minutes: how long it is waited for; it is never stopped.
    """

    stores: tuple[str, ...]
    vault: str = ""
    role: str = ""
    days: int = 35
    restore: Mapping[str, str] = field(default_factory=dict)
    minutes: int = MINUTES


@dataclass(frozen=True)
class Idle:
    """Waits until no task runs in a cluster.

    Attributes:
        cluster: output with the cluster's name.
        minutes: how long it is waited for.
    """

    cluster: str
    minutes: int = MINUTES


@dataclass(frozen=True)
class Healthy:
    """Waits until services run all their tasks in one version, and their targets are well.

    Attributes:
        services: logical ids; what the stack does not have is left out.
        minutes: how long it is waited for.
    """

    services: tuple[str, ...]
    minutes: int = MINUTES


Action = Task | Backup | Idle | Healthy
KINDS: Mapping[str, type[Action]] = {"task": Task, "backup": Backup, "idle": Idle, "healthy": Healthy}


def kind_of(action: Action) -> str:
    """The name of a kind of action."""
    return next(name for name, kind in KINDS.items() if type(action) is kind)


@dataclass(frozen=True)
class Step:
    """A change of the stack, or something that is done between two changes.

    Attributes:
        title: in a person's words.
        settings: parameters that replace those of the environment in this step.
        keep: parameters that stay as they are deployed.
        action: to be done; None where the step is a change.
        when: parameter → the value with which alone the step happens; one of them is enough.
        unless: parameter → the value with which the step is left out; one of them is enough.
    """

    title: str
    settings: Mapping[str, Value] = field(default_factory=dict)
    keep: tuple[str, ...] = ()
    action: Action | None = None
    when: Mapping[str, Value] = field(default_factory=dict)
    unless: Mapping[str, Value] = field(default_factory=dict)


def text(value: Value, parameters: Mapping[str, str]) -> str:
    """A value, with what the parameters say in it."""
    if isinstance(value, str):
        return value
    return next((parameters[name] for name in value.parameters if parameters.get(name)), "")


def holds(values: Mapping[str, Value], parameters: Mapping[str, str]) -> bool:
    """Whether one of the parameters has the value that is named."""
    return any(parameters.get(name) == text(value, parameters) for name, value in values.items())


def chosen(steps: Sequence[Step], parameters: Mapping[str, str]) -> tuple[Step, ...]:
    """The steps that happen with these parameters, their settings as texts.

    A change right before another one is left out where both are the same: the environment has its values anyway.
    """
    left = [
        replace(each, settings={name: text(value, parameters) for name, value in each.settings.items()})
        for each in steps
        if not holds(each.unless, parameters) and (not each.when or holds(each.when, parameters))
    ]
    moot = {
        number
        for number, (each, after) in enumerate(pairwise(left))
        if not each.action and not after.action and _outcome(each, parameters) == _outcome(after, parameters)
    }
    return tuple(each for number, each in enumerate(left) if number not in moot)


def _outcome(step: Step, parameters: Mapping[str, str]) -> Any:
    return {**parameters, **step.settings}, step.keep
