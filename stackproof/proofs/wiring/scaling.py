"""Scaling: targets name a service that exists, and leave its number to scaling; minimum and maximum leave room."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stackproof.proofs import shapes
from stackproof.proofs.model.placement import whole
from stackproof.proofs.values import Sym, Unknown, Value, show
from stackproof.proofs.verdicts import broken, proved
from stackproof.proofs.wiring.common import called, find, same, segments, unclear

if TYPE_CHECKING:
    from stackproof.proofs.model.system import System
    from stackproof.proofs.resolve.stack import Resource, Stack
    from stackproof.proofs.wiring.common import Findings

_WRITE: Final = "Write service/${Cluster}/${Service.Name}, with the names by Ref and GetAtt Name."
SERVICE: Final = "AWS::ECS::Service"
TARGET: Final = "AWS::ApplicationAutoScaling::ScalableTarget"
REFUSED: Final = "Application Auto Scaling refuses"


def scaling(system: System) -> Findings:
    """Every scalable target, every group of instances."""
    for target in system.stack.of_type(TARGET):
        yield from _target(system, target)
        yield from _range(target)
    for group in system.stack.of_type("AWS::AutoScaling::AutoScalingGroup"):
        yield from _group(group)


def service_named(system: System, target: Resource) -> str | None:
    """The service of this template whose task count a target (or a policy) scales; None when it is none."""
    cluster, service = _segments(target)
    stack = system.stack
    named = stack.target(service)
    for owner in system.compute.services if named is None else (named.logical_id,):
        found = stack.resources[owner]
        if (
            found.type == SERVICE
            and called(stack, service, found) is True
            and in_cluster(stack, cluster, owner) is True
        ):
            return owner
    return None


def _segments(target: Resource) -> tuple[Value, Value]:
    """Cluster and service of `service/<cluster>/<service>`."""
    parts = segments(target.properties.get("ResourceId"))
    unknown = Unknown("the resource id is not service/<cluster>/<service>")
    return (parts[1], parts[2]) if len(parts) == 3 and parts[0] == "service" else (unknown, unknown)


def in_cluster(stack: Stack, value: Value, service: str) -> bool | None:
    """Is a cluster's name that of the service's cluster, which the service names by name or ARN?"""
    own = stack.resources[service].properties.get("Cluster", "default")
    cluster = stack.target(own)
    if cluster is not None:
        return called(stack, value, cluster)
    return same(stack, value, own.rpartition("/")[2] if isinstance(own, str) else own)


def _target(system: System, target: Resource) -> Findings:
    """Namespace, dimension and resource id fit together, and name a service that exists."""
    properties = target.properties
    namespace, dimension = properties.get("ServiceNamespace"), properties.get("ScalableDimension")
    if isinstance(namespace, str) and isinstance(dimension, str) and dimension.partition(":")[0] != namespace:
        yield broken(
            "wire-scaling-target",
            target.logical_id,
            "Properties.ScalableDimension",
            f"{REFUSED} the target: {dimension} is no dimension of the namespace {namespace}.",
            f"Take a dimension that begins with {namespace}:.",
        )
    elif namespace == "ecs" and isinstance(dimension, str) and dimension != "ecs:service:DesiredCount":
        yield broken(
            "wire-scaling-target",
            target.logical_id,
            "Properties.ScalableDimension",
            f"{REFUSED} the target: ECS has no dimension {dimension}.",
            "Set it to ecs:service:DesiredCount.",
        )
    elif namespace == "ecs":
        yield from _resource_id(system, target)


def _resource_id(system: System, target: Resource) -> Findings:
    """The resource id names a service of the template, or one that nobody can see."""
    place = ("wire-scaling-target", target.logical_id, "Properties.ResourceId")
    given = target.properties.get("ResourceId")
    parts = segments(given)
    found = service_named(system, target)
    if found is not None:
        yield proved(*place, f"{target.logical_id} scales {found}")
        yield from _desired(system.stack.resources[found], target)
    elif isinstance(given, Unknown):
        yield unclear(*place, "the service exists", given.reason)
    elif len(parts) == 3 and parts[0] == "service":
        yield from _astray(system, target, parts[1], parts[2])
    elif isinstance(given, str) or any(system.stack.target(part) is not None for part in parts):
        told = f"{REFUSED} the target: {show(given)} is not of the form service/<cluster>/<service>."
        yield broken(*place, told, _WRITE)
    else:
        yield unclear(*place, "the service exists", f"{show(given)} is known to AWS only")


def _astray(system: System, target: Resource, cluster: Value, service: Value) -> Findings:
    """A resource id of the right form that names no service of the template."""
    stack = system.stack
    place = ("wire-scaling-target", target.logical_id, "Properties.ResourceId")
    services = [stack.resources[name] for name in system.compute.services]
    own = find(stack, cluster, "AWS::ECS::Cluster")
    match = find(stack, service, SERVICE)
    named = stack.target(service)
    if match is not None and in_cluster(stack, cluster, match.logical_id) is False:
        told = f"{REFUSED} the target: {match.logical_id} does not run in the cluster {show(cluster)}."
        yield broken(*place, told, "Name the cluster that the service names.")
    elif match is None and named is not None and isinstance(service, Sym):
        what = shapes.meaning(named.type, service.attribute)
        told = f"{REFUSED} the target: the {what} of {named.logical_id} ({named.type}) is no service's name."
        yield broken(*place, told, _WRITE)
    elif own is not None and all(called(stack, service, found) is False for found in services):
        told = f"{REFUSED} the target: {own.logical_id}, a cluster of this template, has no service {show(service)}."
        yield broken(*place, told, _WRITE)
    else:
        what = f"the service {show(service)} exists"
        yield unclear(*place, what, "the template has no service of this name in this cluster")


def _desired(service: Resource, target: Resource) -> Findings:
    """A number of tasks in the template fights with scaling, unless both stop the service."""
    desired = service.properties.get("DesiredCount")
    place = ("wire-desired-count", service.logical_id, "Properties.DesiredCount")
    if whole(desired) == 0 and whole(target.properties.get("MaxCapacity")) == 0:
        yield proved(*place, f"{service.logical_id} is stopped, and {target.logical_id} starts no task")
    elif desired is not None:
        yield broken(
            *place,
            f"Every update of {service.logical_id} sets it back to {show(desired)} tasks, however many"
            f" {target.logical_id} has scaled it to.",
            "Leave DesiredCount out: a new service starts with one task, and scaling raises it to MinCapacity.",
        )


def _range(target: Resource) -> Findings:
    """Minimum and maximum."""
    low, high = whole(target.properties.get("MinCapacity")), whole(target.properties.get("MaxCapacity"))
    place = ("wire-scaling-range", target.logical_id, "Properties.MinCapacity")
    if low is None or high is None:
        yield unclear(*place, "the minimum is not above the maximum", "they are known to AWS only")
    elif low > high:
        message = f"{REFUSED} the target: MinCapacity {low} is above MaxCapacity {high}."
        yield broken(*place, message, "Lower MinCapacity, or raise MaxCapacity.")
    else:
        yield proved(*place, f"between {low} and {high}")


def _group(group: Resource) -> Findings:
    """The sizes of a group of instances."""
    low, high = whole(group.properties.get("MinSize")), whole(group.properties.get("MaxSize"))
    desired = whole(group.properties.get("DesiredCapacity"))
    if low is None or high is None:
        return
    place = ("wire-scaling-range", group.logical_id)
    refused = "Auto Scaling refuses the group"
    if low > high:
        message = f"{refused}: MinSize {low} is above MaxSize {high}."
        yield broken(*place, "Properties.MinSize", message, "Lower MinSize, or raise MaxSize.")
    elif desired is not None and not low <= desired <= high:
        message = f"{refused}: DesiredCapacity {desired} is not between MinSize {low} and MaxSize {high}."
        yield broken(*place, "Properties.DesiredCapacity", message, "Take a number between the two.")
    else:
        yield proved(*place, "Properties.MinSize", f"between {low} and {high}")
