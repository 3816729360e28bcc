"""Tiers: stores stand apart from what is public, and an endpoint that was made for the tasks carries their traffic."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stackproof.proofs.verdicts import Finding, broken, proved

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stackproof.proofs.model.stores import Store
    from stackproof.proofs.model.system import System
    from stackproof.proofs.network.outcomes import Side
    from stackproof.proofs.network.paths import Paths


def prove_tiers(system: System, paths: Paths) -> Iterator[Finding]:
    """Every store's subnets, every endpoint that tasks go past; to be asked when all needs have been walked."""
    inner = {
        subnet.vpc: subnet.logical_id
        for subnet in system.network.subnets.values()
        if subnet.vpc is not None and not _public(paths, paths.standing(subnet))
    }
    for store in system.stores.stores.values():
        if store.public is not True:
            yield from _apart(paths, store, inner)
    for name, who in paths.passed_by.items():
        if name not in system.network.exported and not system.stack.of_type("AWS::Route53::HostedZone"):
            service = system.network.endpoints[name].service
            yield broken(
                "net-endpoint",
                name,
                "Properties.PrivateDnsEnabled",
                f"{name} has no private names, so that {who} finds {service} at its public addresses and goes past it:"
                " the endpoint is paid for and carries nothing, and its policy holds nobody.",
                "Turn PrivateDnsEnabled on, or take the endpoint away.",
            )


def _public(paths: Paths, side: Side) -> bool:
    return paths.routes.way_in(side).holds is True


def _apart(paths: Paths, store: Store, inner: dict[str, str]) -> Iterator[Finding]:
    """A store without a public address in a subnet that the internet has a route to, where others have none."""
    placement = store.placement
    sides = [
        (side, side.subnet) for side in paths.sides(placement) if side.subnet is not None and side.subnet.vpc in inner
    ]
    owner = placement.subnets_owner or store.logical_id
    open_to = [subnet for side, subnet in sides if _public(paths, side)]
    for subnet in open_to:
        yield broken(
            "net-tier",
            owner,
            placement.subnets_path,
            f"{store.logical_id} stands in {subnet.logical_id}, whose routes lead to an internet gateway, while "
            f"{inner[str(subnet.vpc)]} has none that do: a public address or one rule too many, and the internet "
            "reaches it.",
            f"Put it into subnets like {inner[str(subnet.vpc)]}.",
        )
    if sides and not open_to:
        yield proved("net-tier", owner, placement.subnets_path, f"{store.logical_id} stands apart from what is public")
