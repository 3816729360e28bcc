"""Fargate: what runs there is registered for it, in network mode awsvpc; such tasks have subnets for addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stackproof.proofs.model.placement import each, word
from stackproof.proofs.values import Value, at
from stackproof.proofs.verdicts import Finding, broken, proved

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stackproof.proofs.model.compute import Service, TaskDefinition
    from stackproof.proofs.model.system import System
    from stackproof.proofs.resolve.stack import Stack
    from stackproof.proofs.wiring.common import Findings

_RULE: Final = "wire-fargate"
_CREATE: Final = "ECS refuses to create the service"
_NONE: Final = "No task starts by"


def fargate(system: System) -> Findings:
    """Services, tasks that schedules and events start, and task definitions that nobody here runs on Fargate."""
    stack, tasks = system.stack, system.compute.tasks
    there: set[str] = set()
    for users, effect in ((system.compute.services, _CREATE), (system.compute.runs, _NONE)):
        for user in users.values():
            task = tasks.get(user.task or "")
            if task is not None and user.fargate is True and stack.resources[user.logical_id].unknown is None:
                there.add(task.logical_id)
                yield from _on_fargate(user, task, f"{effect} {user.logical_id}")
    for owner, path, definition, network, effect in _started(system):
        task = tasks.get(getattr(stack.target(definition), "logical_id", ""))
        if task is not None and task.network_mode == "awsvpc" and network is None:
            yield broken(
                _RULE,
                owner,
                path,
                f"{effect}: the tasks of {task.logical_id} have addresses of their own, and no subnet to take them"
                " from.",
                "Add NetworkConfiguration with the subnets and security groups.",
            )
    for task in tasks.values():
        if task.logical_id not in there and "FARGATE" in map(word, task.compatibilities):
            yield from _mode(task, "ECS refuses to register the task definition")


def _started(system: System) -> Iterator[tuple[str, str, Value, Value, str]]:
    """Who starts tasks: logical id, the property with its settings, task definition, network, what a fault does."""
    stack = system.stack
    for name in system.compute.services:
        properties = stack.resources[name].properties
        if stack.resources[name].unknown is None:
            yield name, "Properties", properties.get("TaskDefinition"), properties.get("NetworkConfiguration"), _CREATE
    for name, path, target in _targets(stack):
        given = at(target, "EcsParameters")
        if isinstance(given, dict):
            definition, network = given.get("TaskDefinitionArn"), given.get("NetworkConfiguration")
            yield name, f"{path}.EcsParameters", definition, network, f"{_NONE} {name}"


def _targets(stack: Stack) -> Iterator[tuple[str, str, Value]]:
    """The targets of all schedules and rules."""
    for schedule in stack.of_type("AWS::Scheduler::Schedule"):
        yield schedule.logical_id, "Properties.Target", schedule.properties.get("Target")
    for rule in stack.of_type("AWS::Events::Rule"):
        for index, target in enumerate(each(rule.properties.get("Targets"))):
            yield rule.logical_id, f"Properties.Targets.{index}", target


def _on_fargate(user: Service, task: TaskDefinition, effect: str) -> Findings:
    """A task definition that somebody runs on Fargate."""
    yield from _mode(task, effect)
    kinds = [word(kind) for kind in task.compatibilities]
    if "?" not in kinds and "FARGATE" not in kinds:
        yield broken(
            _RULE,
            task.logical_id,
            "Properties.RequiresCompatibilities",
            f"{effect}: it runs on Fargate, which the task definition is not registered for.",
            "Put FARGATE into RequiresCompatibilities.",
        )
    elif task.network_mode == "awsvpc" and "FARGATE" in kinds:
        yield proved(_RULE, user.logical_id, "", f"{task.logical_id} is registered for Fargate")


def _mode(task: TaskDefinition, effect: str) -> Iterator[Finding]:
    if task.network_mode not in {"awsvpc", "?"}:
        yield broken(
            _RULE,
            task.logical_id,
            "Properties.NetworkMode",
            f"{effect}: tasks on Fargate run in network mode awsvpc, not {task.network_mode}.",
            "Set NetworkMode to awsvpc.",
        )
