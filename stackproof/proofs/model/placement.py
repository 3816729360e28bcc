"""Where network interfaces stand: the one shape that tasks, balancers, stores, functions and endpoints share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stackproof.proofs.values import Unknown, Value, at, flag, items, number

if TYPE_CHECKING:
    from stackproof.proofs.resolve.stack import Resource
    from stackproof.proofs.values import Key


@dataclass(frozen=True)
class Placement:
    """The network interfaces of one component.

    Attributes:
        owner: logical id of the component.
        subnets: one value per subnet, as the template gives them; Unknown for a list that only AWS knows.
        groups: its security groups, likewise; empty means the VPC's default group.
        subnets_path: the property that names the subnets, `Properties.Subnets`.
        groups_path: the property that names the groups.
        public: whether its interfaces have public addresses; None when the template does not say.
        subnets_owner: the resource that `subnets_path` belongs to (a subnet group); the owner itself when empty.
    """

    owner: str
    subnets: tuple[Value, ...] | Unknown
    groups: tuple[Value, ...] | Unknown
    subnets_path: str = "Properties.SubnetIds"
    groups_path: str = "Properties.SecurityGroupIds"
    public: bool | None = False
    subnets_owner: str = ""


def listed(value: Value) -> tuple[Value, ...] | Unknown:
    """A property that takes a list, as a tuple; Unknown as a whole when one member is a list that only AWS knows."""
    found = items(value)
    if isinstance(found, Unknown):
        return found
    flat: list[Value] = []
    for member in found:
        # A list parameter inside a list is one that CloudFormation flattens, or that we cannot.
        inner = items(member)
        if isinstance(inner, Unknown):
            return inner
        flat += inner
    return tuple(flat)


def each(value: Value) -> list[Value]:
    """The members of a property that takes a list; none when the list is not known."""
    found = items(value)
    return [] if isinstance(found, Unknown) else found


def placement(
    resource: Resource,
    subnets: tuple[Key, ...],
    groups: tuple[Key, ...],
    *,
    public: bool | None = False,
) -> Placement:
    """Read a placement from two properties, given as paths below Properties."""
    return Placement(
        owner=resource.logical_id,
        subnets=listed(at(resource.properties, *subnets)),
        groups=listed(at(resource.properties, *groups)),
        subnets_path=".".join(map(str, ("Properties", *subnets))),
        groups_path=".".join(map(str, ("Properties", *groups))),
        public=public,
    )


def whole(value: Value) -> int | None:
    """A literal that is a whole number (a port, a size); None for anything else."""
    found = number(value)
    return int(found) if found is not None and found == int(found) else None


def word(value: Value, default: str = "") -> str:
    """A literal text; the default where nothing stands, and `?` for what only AWS knows."""
    if value is None:
        return default
    return value if isinstance(value, str) else "?" if not isinstance(value, int | float) else str(value)


def switch(value: Value, *, default: bool) -> bool | None:
    """A boolean property: its default where nothing stands, None when it is not known."""
    return default if value is None else flag(value)
