"""Capacity providers: associated with the cluster, one base, and never beside a launch type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stackproof.proofs.model.placement import each, whole
from stackproof.proofs.values import Value, at, show
from stackproof.proofs.verdicts import broken, proved
from stackproof.proofs.wiring.common import FARGATE, SPOT, Findings, associations, listed_or_reason, same, unclear

if TYPE_CHECKING:
    from stackproof.proofs.model.compute import Service
    from stackproof.proofs.model.system import System
    from stackproof.proofs.resolve.stack import Resource, Stack

_REFUSED: Final = "ECS refuses"


def capacity(system: System) -> Findings:
    """Strategies of services, and the default ones of clusters."""
    stack = system.stack
    for service in system.compute.services.values():
        resource = stack.resources[service.logical_id]
        yield from _either(resource)
        yield from _strategy(stack, resource, "CapacityProviderStrategy")
        cluster = stack.target(service.cluster)
        if cluster is not None and cluster.type == "AWS::ECS::Cluster":
            yield from _associated(stack, resource, "CapacityProviderStrategy", cluster)
            if resource.properties.get("LaunchType") is None:
                yield from _platform(system, service)
    for cluster in stack.of_type("AWS::ECS::Cluster"):
        for owner in (cluster, *associations(stack, cluster)):
            yield from _strategy(stack, owner, "DefaultCapacityProviderStrategy")
            yield from _associated(stack, owner, "DefaultCapacityProviderStrategy", cluster)


def _either(resource: Resource) -> Findings:
    """A launch type or a strategy, not both."""
    launch = resource.properties.get("LaunchType")
    if launch is not None and each(resource.properties.get("CapacityProviderStrategy")):
        yield broken(
            "wire-strategy",
            resource.logical_id,
            "Properties.LaunchType",
            f"{_REFUSED} the service: it has the launch type {show(launch)} and a capacity provider strategy as well.",
            "Leave LaunchType out.",
        )


def _strategy(stack: Stack, resource: Resource, key: str) -> Findings:
    """One base, each provider once, a share for somebody, one kind of provider."""
    entries, _ = listed_or_reason(resource.properties.get(key))
    if not entries:
        return
    owner, path = resource.logical_id, f"Properties.{key}"
    faults = [*_bases(entries), *_shares(stack, entries)]
    for place, message, fix in faults:
        yield broken("wire-strategy", owner, f"{path}{place}", f"{_REFUSED} the strategy: {message}", fix)
    if not faults:
        names = ", ".join(show(at(entry, "CapacityProvider")) for entry in entries)
        yield proved("wire-strategy", owner, path, f"one base at most, and shares for {names}")


def _bases(entries: list[Value]) -> list[tuple[str, str, str]]:
    based = [index for index, entry in enumerate(entries) if (whole(at(entry, "Base")) or 0) > 0]
    if len(based) < 2:
        return []
    names = " and ".join(show(at(entries[index], "CapacityProvider")) for index in based)
    return [(f".{based[1]}.Base", f"only one provider may have a base, here {names} have one.", "Keep one Base.")]


def _shares(stack: Stack, entries: list[Value]) -> list[tuple[str, str, str]]:
    found = []
    providers = [at(entry, "CapacityProvider") for entry in entries]
    for index, name in enumerate(providers):
        if any(same(stack, name, other) is True for other in providers[:index]):
            found.append(
                (f".{index}.CapacityProvider", f"{show(name)} stands in it twice.", "Name each provider once.")
            )
    weights = [whole(at(entry, "Weight")) if at(entry, "Weight") is not None else 0 for entry in entries]
    if len(entries) > 1 and all(weight == 0 for weight in weights):
        found.append(("", "no provider has a Weight above 0.", "Give at least one a Weight of 1 or more."))
    kinds = {name in FARGATE for name in providers if isinstance(name, str)}
    if len(kinds) > 1:
        found.append(("", "Fargate and other providers cannot be mixed.", "Name providers of one kind."))
    return found


def _associated(stack: Stack, resource: Resource, key: str, cluster: Resource) -> Findings:
    """Every provider that is named is associated with the cluster."""
    entries, _ = listed_or_reason(resource.properties.get(key))
    if not entries:
        return
    known: list[Value] = []
    reasons = []
    for owner in (cluster, *associations(stack, cluster)):
        providers, reason = listed_or_reason(owner.properties.get("CapacityProviders"))
        known += providers
        reasons.append(reason or (owner.unknown.reason if owner.unknown is not None else None))
    reason = next((found for found in reasons if found is not None), None)
    for index, entry in enumerate(entries):
        name = at(entry, "CapacityProvider")
        place = ("wire-capacity-provider", resource.logical_id, f"Properties.{key}.{index}.CapacityProvider")
        answers = [same(stack, name, provider) for provider in known]
        if True in answers:
            yield proved(*place, f"{show(name)} is associated with {cluster.logical_id}")
        elif reason is not None or None in answers:
            why = reason or "the names are known to AWS only"
            yield unclear(*place, f"{show(name)} is associated with {cluster.logical_id}", why)
        else:
            yield broken(
                *place,
                f"{_REFUSED} the strategy, since {show(name)} is not associated with the cluster {cluster.logical_id}.",
                "Add it to CapacityProviders of the cluster, or of its ClusterCapacityProviderAssociations.",
            )


def _platform(system: System, service: Service) -> Findings:
    """Fargate Spot runs no Windows."""
    task = system.compute.tasks.get(service.task or "")
    resource = system.stack.resources[service.logical_id]
    family = (
        at(system.stack.resources[task.logical_id].properties, "RuntimePlatform", "OperatingSystemFamily")
        if task
        else None
    )
    spot = any(
        at(entry, "CapacityProvider") == SPOT for entry in each(resource.properties.get("CapacityProviderStrategy"))
    )
    if task is not None and spot and isinstance(family, str) and family.startswith("WINDOWS"):
        yield broken(
            "wire-strategy",
            task.logical_id,
            "Properties.RuntimePlatform.OperatingSystemFamily",
            f"No task of {service.logical_id} starts on Fargate Spot, which runs no Windows.",
            "Take FARGATE for it.",
        )
