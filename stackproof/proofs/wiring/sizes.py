"""Sizes: CPU and memory that Fargate sells, containers that fit into their task, counts below AWS's limits."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from stackproof.proofs.model.placement import whole
from stackproof.proofs.values import Value, at, show
from stackproof.proofs.verdicts import broken, proved
from stackproof.proofs.wiring.common import listed_or_reason, unclear
from stackproof.proofs.wiring.scaling import TARGET, service_named
from stackproof.proofs.wiring.tables import fargate_sizes

if TYPE_CHECKING:
    from stackproof.proofs.model.compute import Container, TaskDefinition
    from stackproof.proofs.model.system import System
    from stackproof.proofs.resolve.stack import Resource
    from stackproof.proofs.wiring.common import Findings

_REGISTER: Final = "ECS refuses to register the task definition"
_UNITS: Final = re.compile(r"\s*(\d*\.?\d+)\s*(vcpu|gb)?\s*", re.IGNORECASE)

LIMITS: Final = (
    ("AWS::ECS::TaskDefinition", ("ContainerDefinitions",), 10, "containers in a task definition"),
    ("AWS::ECS::Service", ("LoadBalancers",), 5, "target groups for a service"),
    ("AWS::ECS::Service", ("CapacityProviderStrategy",), 20, "capacity providers in a strategy"),
    ("AWS::ECS::Service", ("NetworkConfiguration", "AwsvpcConfiguration", "Subnets"), 16, "subnets for a service"),
    ("AWS::ECS::Service", ("NetworkConfiguration", "AwsvpcConfiguration", "SecurityGroups"), 5, "groups for a service"),
    (
        "AWS::ElasticLoadBalancingV2::ListenerRule",
        ("Actions", 0, "ForwardConfig", "TargetGroups"),
        5,
        "target groups in a rule",
    ),
)
"""Limits that AWS does not raise (Amazon ECS and Elastic Load Balancing, "Service quotas")."""

TARGETS: Final = 1000
"""Targets of one target group by default; AWS raises it on request (Elastic Load Balancing, "Quotas")."""


def sizes(system: System) -> Findings:
    """Task sizes, container sizes, counts."""
    on_fargate = {service.task for service in system.compute.services.values() if service.fargate is True}
    for task in system.compute.tasks.values():
        fargate = task.logical_id in on_fargate or "FARGATE" in task.compatibilities
        if fargate:
            yield from _pair(task)
            yield from _disk(system.stack.resources[task.logical_id])
            for container in task.containers:
                yield from _stop(container)
        yield from _memory(task)
        yield from _cpu(task, fargate=fargate)
    for kind, path, most, what in LIMITS:
        for resource in system.stack.of_type(kind):
            count = len(listed_or_reason(at(resource.properties, *path))[0])
            if count > most:
                yield broken(
                    "wire-quota",
                    resource.logical_id,
                    ".".join(map(str, ("Properties", *path))),
                    f"AWS refuses it: {count} {what}, where {most} is the limit, which is not raised.",
                    f"Keep it to {most}.",
                )
    yield from _targets(system)


def units(value: Value) -> int | None:
    """CPU units or MiB of `1024`, `"1024"`, `"1 vCPU"`, `".5 vCPU"`, `"2 GB"`; None when it is none of these."""
    found = _UNITS.fullmatch(value) if isinstance(value, str) else None
    if found is not None and found[2]:
        return int(float(found[1]) * 1024)
    return whole(value)


def _pair(task: TaskDefinition) -> Findings:
    """CPU and memory are a pair that Fargate sells."""
    cpu, memory = units(task.cpu), units(task.memory)
    place = ("wire-fargate-size", task.logical_id, "Properties.Memory")
    sold = fargate_sizes()
    for key, value in (("Cpu", task.cpu), ("Memory", task.memory)):
        if value is None:
            yield broken(
                place[0], place[1], f"Properties.{key}", f"{_REGISTER}: on Fargate it needs {key}.", f"Add {key}."
            )
            return
    if cpu is None or memory is None or not sold:
        why = "cfn-lint's table is not installed" if not sold else "the size is known to AWS only"
        yield unclear(*place, "Fargate has this size", why)
    elif cpu not in sold:
        yield broken(
            place[0],
            place[1],
            "Properties.Cpu",
            f"{_REGISTER}: Fargate has no tasks of {show(task.cpu)} CPU units.",
            f"Take one of {', '.join(map(str, sorted(sold)))}.",
        )
    elif memory not in sold[cpu]:
        choices = sorted(sold[cpu])
        best = min(choices, key=lambda choice: (abs(choice - memory), choice))
        yield broken(
            *place,
            f"{_REGISTER}: Fargate has {choices[0]} to {choices[-1]} MiB for {cpu} CPU units, and not"
            f" {show(task.memory)}.",
            f"Take {best} MiB, or another number of CPU units.",
        )
    else:
        yield proved(*place, f"{cpu} CPU units with {memory} MiB")


def _disk(resource: Resource) -> Findings:
    size = whole(at(resource.properties, "EphemeralStorage", "SizeInGiB"))
    if size is not None and not 21 <= size <= 200:
        yield broken(
            "wire-fargate-size",
            resource.logical_id,
            "Properties.EphemeralStorage.SizeInGiB",
            f"{_REGISTER}: a task's own disk on Fargate has 21 to 200 GiB, not {size}.",
            "Take a size between the two; 20 GiB are there without it.",
        )


def _stop(container: Container) -> Findings:
    """Fargate waits for two minutes at most."""
    given = container.definition.get("StopTimeout")
    timeout = whole(given)
    place = ("wire-stop-timeout", container.task, f"{container.path}.StopTimeout")
    if timeout is not None and timeout > 120:
        yield broken(
            *place,
            f"{_REGISTER}: on Fargate a container gets 120 s to stop at most, not {timeout}.",
            "Lower it to 120 or less.",
        )
    elif given is not None and timeout is None:
        yield unclear(*place, "it is 120 s at most", "it is known to AWS only")
    elif given is not None:
        yield proved(*place, f"{show(container.name)} has {timeout} s to stop")


def _memory(task: TaskDefinition) -> Findings:
    """What containers reserve fits into the task, and no limit is below its reservation."""
    total = units(task.memory)
    reserved = 0
    for container in task.containers:
        hard, soft = (whole(container.definition.get(key)) for key in ("Memory", "MemoryReservation"))
        reserved += soft if soft is not None else hard or 0
        path = f"{container.path}.Memory"
        if hard is not None and soft is not None and hard < soft:
            told = (
                f"{_REGISTER}: the limit of {show(container.name)} ({hard} MiB) is below its reservation ({soft} MiB)."
            )
            yield broken("wire-memory", task.logical_id, path, told, "Raise Memory above MemoryReservation.")
        if hard is not None and total is not None and hard > total:
            told = f"{_REGISTER}: {show(container.name)} may use {hard} MiB of a task that has {total} MiB."
            yield broken(
                "wire-memory", task.logical_id, path, told, "Raise the task's Memory, or lower the container's."
            )
    if total is None:
        return
    if reserved > total:
        told = f"{_REGISTER}: its containers reserve {reserved} MiB, and the task has {total} MiB."
        yield broken(
            "wire-memory", task.logical_id, "Properties.Memory", told, "Raise the task's Memory, or reserve less."
        )
    else:
        yield proved("wire-memory", task.logical_id, "Properties.Memory", f"{reserved} of {total} MiB are reserved")


def _cpu(task: TaskDefinition, *, fargate: bool) -> Findings:
    """On Fargate the containers' CPU units are a part of the task's."""
    total = units(task.cpu)
    reserved = sum(whole(container.definition.get("Cpu")) or 0 for container in task.containers)
    if fargate and total is not None and reserved > total:
        told = f"{_REGISTER}: its containers take {reserved} CPU units, and the task has {total}."
        yield broken(
            "wire-memory", task.logical_id, "Properties.Cpu", told, "Raise the task's Cpu, or give containers less."
        )


def _targets(system: System) -> Findings:
    """A service that scales beyond what a target group takes."""
    for target in system.stack.of_type(TARGET):
        most = whole(target.properties.get("MaxCapacity"))
        service = system.compute.services.get(service_named(system, target) or "")
        if most is None or service is None:
            continue
        if service.targets and most > TARGETS:
            yield unclear(
                "wire-quota",
                target.logical_id,
                "Properties.MaxCapacity",
                f"{service.logical_id} can grow to {most} tasks",
                f"a target group takes {TARGETS} targets unless AWS has raised the quota",
                fix="Lower MaxCapacity, or declare the unknown with the quota that AWS has granted in intent.toml.",
            )
        yield from _addresses(system, target, most, service.logical_id)


def _addresses(system: System, target: Resource, most: int, owner: str) -> Findings:
    """Each task takes an address; AWS keeps five of each subnet."""
    placement = system.compute.services[owner].placement
    subnets = placement.subnets if placement is not None and isinstance(placement.subnets, tuple) else ()
    found = [system.network.subnet(value) for value in subnets]
    ranges = [subnet.range if subnet is not None else None for subnet in found]
    if not ranges or None in ranges:
        return
    room = sum(entry.num_addresses - 5 for entry in ranges if entry is not None)
    place = ("wire-addresses", target.logical_id, "Properties.MaxCapacity")
    if most > room:
        yield broken(
            *place,
            f"{owner} stops growing at about {room} tasks, since its subnets have no more addresses for up to {most}.",
            "Lower MaxCapacity, or give the service larger subnets.",
        )
    else:
        yield proved(*place, f"{room} addresses for up to {most} tasks")
