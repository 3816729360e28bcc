"""What state machines need: the actions of AWS that their tasks call by themselves (`states:::aws-sdk:…`).

A definition is read where it stands in the template, as an object or as a text without references. Tasks that call
functions or Step Functions' optimized integrations are not.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from stackproof.proofs import arns
from stackproof.proofs.model.iam import role_of
from stackproof.proofs.model.placement import each
from stackproof.proofs.needs.need import Need, Wanted, outside, something
from stackproof.proofs.values import Scalar, Value, at, show

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stackproof.proofs.needs.need import Scene
    from stackproof.proofs.resolve.stack import Resource

CALL: Final = ":states:::aws-sdk:"
SERVICE: Final = {"ecs:DescribeServices": "Services", "ecs:UpdateService": "Service"}
"""Actions on a service, and the parameter that names it."""
MACHINE: Final = "AWS::StepFunctions::StateMachine"


def machine_needs(scene: Scene) -> Iterator[Wanted]:
    """The needs of every state machine's role."""
    for machine in scene.stack.of_type(MACHINE):
        path = "Properties.Definition"
        tasks = list(_tasks(_definition(machine), path))
        value = machine.properties.get("RoleArn")
        role = role_of(scene.stack, value)
        if tasks and role is None:
            yield outside(machine.logical_id, "Properties.RoleArn", value, "call what its tasks call")
        elif role is not None:
            for place, task in tasks:
                base = scene.as_role(machine.logical_id, place, role)._replace(otherwise="its run fails there")
                yield _call(scene, base, task)


def _definition(machine: Resource) -> Value:
    """The states; None where they stand elsewhere or in a text with references."""
    text = machine.properties.get("DefinitionString")
    if not isinstance(text, str):
        return machine.properties.get("Definition")
    try:
        read: Value = json.loads(text)
    except ValueError:
        return None
    return read


def _tasks(states: Value, path: str) -> Iterator[tuple[str, Value]]:
    """Every task that calls an action by itself, with its path: branches and what is done for each item included."""
    found = at(states, "States")
    for name, state in found.items() if isinstance(found, dict) else ():
        place = f"{path}.States.{name}"
        if CALL in show(at(state, "Resource")):
            yield f"{place}.Resource", state
        for index, branch in enumerate(each(at(state, "Branches"))):
            yield from _tasks(branch, f"{place}.Branches.{index}")
        for inner in ("ItemProcessor", "Iterator"):
            yield from _tasks(at(state, inner), f"{place}.{inner}")


def _call(scene: Scene, base: Need, task: Value) -> Need:
    """The action of `arn:aws:states:::aws-sdk:<service>:<action>`; a suffix says for how long it waits."""
    service, _, rest = show(at(task, "Resource")).partition(CALL)[2].partition(":")
    name = rest.partition(".")[0]
    action = f"{service}:{name[:1].upper()}{name[1:]}"
    given = at(task, "Parameters") if at(task, "Parameters") is not None else at(task, "Arguments")
    if action in SERVICE:
        services = each(at(given, SERVICE[action]))
        resource = _service(scene, at(given, "Cluster"), services[0]) if len(services) == 1 else None
        if resource is not None:
            return base.to(f"call {action}", (action,), resource)
    anything = something(f"what {action} is done to")
    return base._replace(doubt="its resource is not known").to(f"call {action}", (action,), anything)


def _service(scene: Scene, cluster: Value, service: Value) -> Scalar | None:
    """The ARN of a service, which may be named by it or by its name in a cluster; None where only the run knows."""
    found = scene.stack.target(service)
    if found is not None and found.type == "AWS::ECS::Service":
        return arns.arn(scene.stack, found)
    place, name = arns.expand(scene.stack, cluster), arns.expand(scene.stack, service)
    if show(name).startswith("arn:"):
        return name
    if cluster is None or show(place).startswith("arn:"):
        return None
    return scene.arn("ecs", "service/", place, "/", name)
