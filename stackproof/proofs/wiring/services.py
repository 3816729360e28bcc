"""A service and its task definition: the container and the port that it registers, and how tasks are reached."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stackproof.proofs.model.placement import each
from stackproof.proofs.values import Value, at, show
from stackproof.proofs.verdicts import broken, proved
from stackproof.proofs.wiring.common import Findings, listed_or_reason, same, unclear

if TYPE_CHECKING:
    from stackproof.proofs.model.compute import Container, Service, TaskDefinition
    from stackproof.proofs.model.system import System
    from stackproof.proofs.resolve.stack import Resource, Stack

_CREATE = "ECS refuses to create the service"


@dataclass(frozen=True)
class _Registration:
    """A container and port that a service registers somewhere; either may be missing in a service registry."""

    owner: str
    path: str
    container: Value
    port: Value


def services(system: System) -> Findings:
    """Containers, ports and target types of every service."""
    for service in system.compute.services.values():
        resource = system.stack.resources[service.logical_id]
        if resource.unknown is not None:
            yield unclear("wire-container", service.logical_id, "Properties", "it is wired", resource.unknown.reason)
            continue
        task = system.compute.tasks.get(service.task or "")
        registrations, reason = _registrations(resource)
        place = ("wire-container", service.logical_id)
        if reason is not None:
            yield unclear(*place, "Properties.LoadBalancers", "its containers exist", reason)
        if task is not None:
            for registration in registrations:
                yield from _registered(system.stack, task, registration)
            yield from _connected(system.stack, resource, task)
        elif registrations:
            reason = "its task definition is none of this template"
            yield unclear(*place, "Properties.TaskDefinition", "its containers exist", reason)
        yield from _target_types(system, service, task)


def _registrations(resource: Resource) -> tuple[list[_Registration], str | None]:
    """What a service registers with balancers and with service discovery."""
    found = []
    reasons = []
    for key in ("LoadBalancers", "ServiceRegistries"):
        entries, reason = listed_or_reason(resource.properties.get(key))
        reasons.append(reason)
        for index, entry in enumerate(entries):
            container, port = at(entry, "ContainerName"), at(entry, "ContainerPort")
            # A registry without a container registers the task's address alone.
            if container is not None and isinstance(entry, dict):
                found.append(_Registration(resource.logical_id, f"Properties.{key}.{index}", container, port))
    return found, next((reason for reason in reasons if reason is not None), None)


def _registered(stack: Stack, task: TaskDefinition, registration: _Registration) -> Findings:
    """One registration: the container exists, and says that it listens on the port."""
    owner, path = registration.owner, registration.path
    container, reason = _container(stack, task, registration.container)
    named = show(registration.container)
    if reason is not None:
        yield unclear("wire-container", owner, f"{path}.ContainerName", f"the container {named} exists", reason)
    elif container is None:
        names = ", ".join(show(found.name) for found in task.containers) or "none at all"
        yield broken(
            "wire-container",
            owner,
            f"{path}.ContainerName",
            f"{_CREATE}, since {task.logical_id} has no container called {named}.",
            f"Name one of its containers: {names}.",
        )
    else:
        yield proved("wire-container", owner, f"{path}.ContainerName", f"{named} is a container of {task.logical_id}")
        if registration.port is not None:
            yield from _port(stack, container, registration)


def _container(stack: Stack, task: TaskDefinition, name: Value) -> tuple[Container | None, str | None]:
    """The container of a name, or why that cannot be told."""
    answers = [(found, same(stack, found.name, name)) for found in task.containers]
    match = next((found for found, answer in answers if answer is True), None)
    if match is not None:
        return match, None
    if task.unknown is not None:
        return None, task.unknown.reason
    return None, "the name is known to AWS only" if any(answer is None for _, answer in answers) else None


def _port(stack: Stack, container: Container, registration: _Registration) -> Findings:
    """The registered port is one that the container's mappings have."""
    owner, path = registration.owner, f"{registration.path}.ContainerPort"
    mappings, reason = listed_or_reason(container.definition.get("PortMappings"))
    ports = [at(mapping, "ContainerPort") for mapping in mappings]
    answers = [same(stack, port, registration.port) for port in ports]
    wanted, named = show(registration.port), show(container.name)
    if True in answers:
        witness = f"{named} ({container.task}.{container.path}.PortMappings.{answers.index(True)}) listens on {wanted}"
        yield proved("wire-port", owner, path, witness)
    elif reason is not None or None in answers:
        why = reason or "the ports are known to AWS only"
        yield unclear("wire-port", owner, path, f"{named} listens on {wanted}", why)
    else:
        has = ", ".join(map(show, ports))
        yield broken(
            "wire-port",
            owner,
            path,
            f"{_CREATE}, since the container {named} of {container.task} has no port mapping for {wanted}.",
            f"Name a port of its PortMappings ({has or 'there are none'}), or add a mapping for {wanted}.",
        )


def _target_types(system: System, service: Service, task: TaskDefinition | None) -> Findings:
    """Tasks with an address of their own are targets by address; all others are targets by instance."""
    mode = "awsvpc" if service.fargate or service.placement is not None else task.network_mode if task else "?"
    for target in service.targets:
        for value in target.target_groups:
            group = system.stack.target(value)
            found = system.balancers.target_groups.get(group.logical_id) if group is not None else None
            if found is None:
                continue
            place = ("wire-target-type", found.logical_id, "Properties.TargetType")
            wanted = "ip" if mode == "awsvpc" else "instance"
            if "?" in {mode, found.type}:
                what = "its network mode" if mode == "?" else "the target type"
                yield unclear(*place, f"{service.logical_id} can register here", f"{what} is known to AWS only")
            elif found.type != wanted:
                yield broken(
                    *place,
                    f"{_CREATE} {service.logical_id}: its tasks run in network mode {mode} and register as targets of"
                    f" type {wanted}, while the target group takes {found.type}.",
                    f"Set TargetType to {wanted}.",
                )
            else:
                yield proved(*place, f"tasks of {service.logical_id} in mode {mode} are targets of type {wanted}")


def _connected(stack: Stack, resource: Resource, task: TaskDefinition) -> Findings:
    """Service Connect refers to ports by the names that the mappings give them."""
    names = [port.name for container in task.containers for port in container.ports if port.name is not None]
    for index, entry in enumerate(each(at(resource.properties, "ServiceConnectConfiguration", "Services"))):
        wanted = at(entry, "PortName")
        place = ("wire-port", resource.logical_id, f"Properties.ServiceConnectConfiguration.Services.{index}.PortName")
        answers = [same(stack, name, wanted) for name in names]
        if True in answers:
            yield proved(*place, f"{task.logical_id} has a port called {show(wanted)}")
        elif None in answers or task.unknown is not None or not isinstance(wanted, str):
            why = task.unknown.reason if task.unknown is not None else "the names are known to AWS only"
            yield unclear(*place, f"a port is called {show(wanted)}", why)
        else:
            yield broken(
                *place,
                f"{_CREATE}, since no port mapping of {task.logical_id} is called {wanted}.",
                f"Give the mapping that Name{', or name one of ' + ', '.join(map(show, names)) if names else ''}.",
            )
