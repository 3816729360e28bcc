"""Balancers: reached by the internet on their listeners' ports, and reaching the tasks behind them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stackproof.proofs.equality import equal
from stackproof.proofs.network.filters import Traffic
from stackproof.proofs.network.outcomes import (
    INTERNET,
    Outcome,
    Side,
    along,
    beyond_template,
    blocked,
    called,
    untold,
    worst,
)
from stackproof.proofs.network.proof import Need, Proof
from stackproof.proofs.values import Unknown
from stackproof.proofs.verdicts import broken

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stackproof.proofs.model.balancers import Balancer, Listener
    from stackproof.proofs.model.compute import Service
    from stackproof.proofs.model.system import System


def listeners_of(system: System, balancer: Balancer) -> list[Listener]:
    """A balancer's own listeners."""
    return [one for one in system.balancers.listeners.values() if one.balancer == balancer.logical_id]


def prove_health(proof: Proof, service: Service, sides: Sequence[Side]) -> None:
    """The balancer reaches the tasks on their port and on that of the health check, in every zone they may run in."""
    system = proof.system
    for target in service.targets:
        for value in target.target_groups:
            found = system.stack.target(value)
            group = system.balancers.target_groups.get(found.logical_id) if found is not None else None
            if group is None:
                continue
            listeners = system.balancers.serving(group.logical_id, system.stack)
            names = dict.fromkeys(one.balancer for one in listeners if one.balancer in system.balancers.balancers)
            protocol = "udp" if group.protocol in {"UDP", "QUIC"} else "tcp"
            port = target.port or 0
            wanted = dict.fromkeys(
                (Traffic(protocol, port), Traffic("tcp", port if group.health_port is None else group.health_port))
            )
            for name in names:
                balancer = system.balancers.balancers[str(name)]
                need = Need(
                    "net-health",
                    service.logical_id,
                    target.path,
                    balancer.logical_id,
                    f"reach the tasks of {service.logical_id} on {' and '.join(map(str, wanted))}",
                    "no task passes its health check, and each is replaced for ever",
                )
                proof.answer(need, _healths(proof, balancer, sides, list(wanted)))


def _healths(proof: Proof, balancer: Balancer, sides: Sequence[Side], wanted: Sequence[Traffic]) -> list[Outcome]:
    clients = proof.paths.sides(balancer.placement, guarded=balancer.guarded)
    if any(traffic.port == 0 for traffic in wanted):
        return [untold(sides[0].owner, "", "the port of the target or of its health check is not known")]
    outcomes = []
    for side in sides:
        zone = _same_zone(balancer, clients, side)
        reached = [
            worst([proof.paths.connects(client, side, traffic) for client in clients]) for traffic in wanted if clients
        ]
        outcomes += [along(way, zone) for way in reached]
    return outcomes


def _same_zone(balancer: Balancer, clients: Sequence[Side], side: Side) -> Outcome:
    """A balancer sends nothing to targets in a zone in which it does not stand itself."""
    zones = [client.subnet.zone if client.subnet is not None else None for client in clients]
    if side.subnet is None or any(client.subnet is None for client in clients):
        return beyond_template(side if side.subnet is None else clients[0], "its zones are not known")
    if None in zones:
        return untold(balancer.logical_id, balancer.placement.subnets_path, "its zones are not known")
    answers = [equal(zone, side.subnet.zone) for zone in zones]
    if True in answers:
        return Outcome(holds=True)
    place = (balancer.logical_id, balancer.placement.subnets_path)
    if None in answers:
        return untold(
            *place, f"whether {balancer.logical_id} stands in the zone of {side.subnet.logical_id} is not known"
        )
    return blocked(
        *place,
        f"{balancer.logical_id} does not stand in the zone of {side.subnet.logical_id} ({called(side.subnet.zone)}), "
        "and sends nothing to targets there",
        f"Give {balancer.logical_id} a subnet in that zone.",
    )


def prove_public(proof: Proof, balancer: Balancer) -> None:
    """An internet-facing balancer is reached on each listener's port, through each of its subnets."""
    sides = proof.paths.sides(balancer.placement, guarded=balancer.guarded)
    for listener in listeners_of(proof.system, balancer):
        need = Need(
            "net-public",
            listener.logical_id,
            "Properties.Port",
            "the internet",
            f"reach {balancer.logical_id} on port {listener.port}",
            "browsers wait until they give up",
        )
        if listener.port is None:
            doubt = untold(listener.logical_id, "Properties.Port", "the port is not known")
            proof.answer(need, [doubt])
            continue
        traffic = Traffic("udp" if listener.protocol in {"UDP", "QUIC"} else "tcp", listener.port)
        proof.answer(need, [_reached(proof, side, traffic) for side in sides])
    placement = balancer.placement
    if balancer.type == "application" and len(sides) < 2 and not isinstance(placement.subnets, Unknown):
        proof.findings.append(
            broken(
                "net-public",
                balancer.logical_id,
                placement.subnets_path,
                f"{balancer.logical_id} stands in {len(sides)} subnet, and AWS makes an application load balancer in "
                "two zones or more only.",
                "Give it a subnet in a second zone.",
            )
        )


def admit_clients(proof: Proof, balancer: Balancer) -> None:
    """Whom an internal balancer is for stands outside of the template, and needs the rules for its listeners' ports."""
    for listener in listeners_of(proof.system, balancer):
        for key in {key for side in proof.paths.sides(balancer.placement) for key in side.groups}:
            group = proof.system.network.groups.get(key)
            for rule in group.ingress if group is not None else ():
                if rule.peer.ranges and listener.port is not None and rule.first == rule.last == listener.port:
                    proof.paths.filters.used.setdefault(rule, set()).add(Traffic("tcp", listener.port))


def _reached(proof: Proof, side: Side, traffic: Traffic) -> Outcome:
    return along(
        proof.paths.routes.way_in(side),
        proof.paths.filters.crosses(side, INTERNET, traffic, opens=False),
        _somebody(proof, side, traffic),
        Outcome(holds=True, trail=(side.label,)),
    )


def _somebody(proof: Proof, side: Side, traffic: Traffic) -> Outcome:
    """A balancer may be meant for some addresses only (an office, a content network): one rule is enough."""
    outcome = proof.paths.filters.grouped(side, INTERNET, "ingress", traffic)
    return Outcome(holds=True, trail=outcome.trail) if outcome.holds is None and outcome.trail else outcome
