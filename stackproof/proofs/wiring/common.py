"""What the queries about wiring share: comparing names that are spelled differently, and saying what is not known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

from stackproof.proofs import arns, shapes
from stackproof.proofs.equality import equal
from stackproof.proofs.model.iam import named
from stackproof.proofs.model.placement import each, switch, whole
from stackproof.proofs.values import Sym, Text, Unknown, Value, at, is_one_of, items, join
from stackproof.proofs.verdicts import Finding, unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stackproof.proofs.model.compute import Service
    from stackproof.proofs.model.system import System
    from stackproof.proofs.resolve.stack import Resource, Stack

Findings: TypeAlias = "Iterator[Finding]"

SAY: Final = "Give the parameter a value, or declare the unknown with its reason in intent.toml."
SPOT: Final = "FARGATE_SPOT"
FARGATE: Final = ("FARGATE", SPOT)


def unclear(rule: str, owner: str, path: str, question: str, reason: str, *, fix: str = SAY) -> Finding:
    """An unknown: `question` fits behind "Whether", `reason` is a half sentence."""
    return unknown(rule, owner, path, f"Whether {question} cannot be told: {reason}.", fix)


def same(stack: Stack, left: Value, right: Value) -> bool | None:
    """Are two values the same in AWS, however they are spelled (Ref, GetAtt, Sub, a literal)?"""
    answer = equal(left, right)
    return answer if answer is True else equal(arns.expand(stack, left), arns.expand(stack, right))


def called(stack: Stack, value: Value, resource: Resource) -> bool | None:
    """Is a value the name (or id) of a resource? An ARN is not."""
    target = stack.target(value)
    if target is not None and isinstance(value, Sym):
        meant = shapes.meaning(target.type, value.attribute)
        if meant in {shapes.ID, shapes.NAME} and target is resource:
            return True
        if meant != shapes.OTHER and (target is resource or meant != shapes.NAME):
            return False
    return same(stack, value, arns.name(resource))


def find(stack: Stack, value: Value, *types: str) -> Resource | None:
    """The resource of some types whose name a value is; a reference is followed without looking at the others."""
    target = stack.target(value)
    if target is not None and target.type in types and called(stack, value, target) is True:
        return target
    return next((found for found in stack.of_type(*types) if called(stack, value, found) is True), None)


def segments(value: Value) -> list[Value]:
    """A text cut at its slashes; symbols stay whole. Nothing to cut gives the value alone."""
    parts = value.parts if isinstance(value, Text) else (value,)
    found: list[list[Value]] = [[]]
    for part in parts:
        first, *rest = part.split("/") if isinstance(part, str) else [part]
        found[-1].append(first)
        found += [[piece] for piece in rest]
    return [_joined([piece for piece in pieces if piece != ""]) for pieces in found]


def _joined(pieces: list[Value]) -> Value:
    return pieces[0] if len(pieces) == 1 else join(*pieces)


def listed_or_reason(value: Value) -> tuple[list[Value], str | None]:
    """A property that takes a list: what is known of it, and why the rest is not; None when all of it is."""
    found = items(value)
    if isinstance(found, Unknown):
        return [], found.reason
    return found, next((member.reason for member in found if isinstance(member, Unknown)), None)


def strategy(system: System, service: Service) -> tuple[str, str, list[Value]]:
    """The capacity provider strategy that a service runs by: owner, path and entries; its own, or its cluster's."""
    stack = system.stack
    resource = stack.resources[service.logical_id]
    own = each(resource.properties.get("CapacityProviderStrategy"))
    if own or resource.properties.get("LaunchType") is not None:
        return service.logical_id, "Properties.CapacityProviderStrategy", own
    cluster = stack.target(service.cluster)
    for owner in [] if cluster is None else [cluster, *associations(stack, cluster)]:
        found = each(owner.properties.get("DefaultCapacityProviderStrategy"))
        if found:
            return owner.logical_id, "Properties.DefaultCapacityProviderStrategy", found
    return service.logical_id, "Properties.CapacityProviderStrategy", []


def associations(stack: Stack, cluster: Resource) -> list[Resource]:
    """The resources that associate capacity providers with a cluster of this stack."""
    return [
        found
        for found in stack.of_type("AWS::ECS::ClusterCapacityProviderAssociations")
        if named(stack, found.properties.get("Cluster"), cluster.type) is cluster
    ]


def on_spot(entries: list[Value]) -> bool:
    """Does a strategy put tasks on Fargate Spot, for all that is known?"""
    return any(
        at(entry, "CapacityProvider") == SPOT
        and (whole(at(entry, "Weight")) != 0 or (whole(at(entry, "Base")) or 0) > 0)
        for entry in entries
    )


def rolling(resource: Resource) -> bool | None:
    """Does a service replace its tasks one after the other (ECS's own rolling update)?"""
    controller = at(resource.properties, "DeploymentController", "Type")
    kind = at(resource.properties, "DeploymentConfiguration", "Strategy")
    if not is_one_of(controller, None, "ECS"):
        return False if isinstance(controller, str) else None
    if kind in {None, "ROLLING"}:
        return True
    return False if isinstance(kind, str) else None


def on(value: Value, *, default: bool = False) -> bool | None:
    """A boolean property; None when it is not known."""
    return switch(value, default=default)
