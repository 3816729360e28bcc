"""Networks beyond the template.

Those that a group lets out to, those that a peering connection leads to, and the database of a secret that somebody
else made.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stackproof.proofs.model import ranges
from stackproof.proofs.network.filters import Traffic
from stackproof.proofs.network.needs import secrets_of
from stackproof.proofs.network.outcomes import called
from stackproof.proofs.network.proof import Need, Proof
from stackproof.proofs.verdicts import broken, proved, unknown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stackproof.proofs.model.compute import Service, TaskDefinition
    from stackproof.proofs.model.groups import Group, Rule
    from stackproof.proofs.model.network import Route
    from stackproof.proofs.network.outcomes import Side
    from stackproof.proofs.verdicts import Finding

_HOST_KEYS: Final = frozenset({"host", "hostname", "endpoint"})
"""JSON keys with which a secret says where its database is; RDS writes `host`."""
_NO_DATABASE: Final = frozenset({53, 80, 443, 2049})


def prove_networks(proof: Proof, service: Service, sides: Sequence[Side]) -> None:
    """A private network that a service's groups let out to has a route in every subnet."""
    for rule in _outward(proof, sides):
        destination = rule.peer.ranges[0]
        if rule.first is None:
            continue
        traffic = Traffic("tcp" if rule.protocol == "-1" else rule.protocol, rule.first)
        need = Need(
            "net-peer",
            rule.owner,
            rule.path,
            service.logical_id,
            f"reach {destination}, to which {rule.group} lets {rule.ports} out",
            "its connections there are not answered (timeout)",
        )
        proof.answer(need, [proof.paths.beyond(side, destination, str(destination), traffic) for side in sides])


def _outward(proof: Proof, sides: Sequence[Side]) -> list[Rule]:
    """The egress rules of some sides that name one private range outside of their VPC, as far as that is known."""
    found: dict[int, Rule] = {}
    for side in sides:
        vpc = proof.paths.vpc(side.subnet)
        if vpc is not None and not vpc.ranges:
            continue
        for key in side.groups:
            group = proof.system.network.groups.get(key)
            for rule in group.egress if group is not None else ():
                if rule.void or len(rule.peer.ranges) != 1 or not ranges.private(rule.peer.ranges[0]):
                    continue
                if not any(ranges.overlap(rule.peer.ranges[0], own) for own in (vpc.ranges if vpc is not None else ())):
                    found[id(rule)] = rule
    return list(found.values())


def groups_of(proof: Proof, side: Side) -> list[Group | None]:
    """A side's groups; None for each whose rules are not all known."""
    network = proof.system.network
    found = [network.groups.get(key) for key in side.groups]
    return [
        None if group is None or not group.own or group.unknown is not None or group.key in network.strangers else group
        for group in found
    ]


def _place(proof: Proof, side: Side) -> tuple[str, str]:
    """Where a missing egress rule of a side is told: at its group, or where its groups are named."""
    group = side.groups[0]
    return (
        (group, "Properties.SecurityGroupEgress")
        if group in proof.system.stack.resources
        else (side.owner, side.groups_path)
    )


def prove_database(proof: Proof, service: Service, task: TaskDefinition, sides: Sequence[Side]) -> None:
    """A secret of somebody else that holds a host is a database outside of the template: some rule must lead there."""
    secret = next(
        (one for one in secrets_of(task) if one.resource is None and one.suffix and one.suffix[0] in _HOST_KEYS), None
    )
    groups = groups_of(proof, sides[0])
    if secret is None or None in groups:
        return
    place = ("net-database", task.logical_id, secret.path)
    for group in groups:
        for rule in group.egress if group is not None else ():
            single = rule.first is not None and rule.first == rule.last
            if rule.peer.group in proof.system.stack.resources or rule.void or rule.protocol not in {"tcp", "-1", "?"}:
                continue
            if not (single and rule.first in _NO_DATABASE):
                way = f"{rule.owner} lets {rule.ports} out to {called(rule.peer.value)}"
                proof.findings.append(proved(*place, f"{service.logical_id} → {way}"))
                return
    proof.findings.append(
        broken(
            "net-database",
            *_place(proof, sides[0]),
            f"{service.logical_id} takes the host of a database outside of the template from a secret "
            f"({secret.name or secret.path}), but {', '.join(sides[0].groups)} lets nothing out to any: its "
            "connections are not answered (timeout).",
            "Add an egress rule for the database's network and port.",
        )
    )


def prove_peering(proof: Proof) -> None:
    """A route over a peering connection is of use only if somebody's groups let him out to where it leads."""
    known = proof.system.network
    users: dict[str, tuple[Route, list[Side]]] = {}
    for service in (*proof.system.compute.services.values(), *proof.system.compute.runs.values()):
        for side in proof.paths.sides(service.placement) if service.placement is not None else ():
            table = side.subnet.table if side.subnet is not None else ""
            for route in table.routes if not isinstance(table, str) else ():
                if route.way == "peering" and route.range is not None:
                    users.setdefault(route.logical_id, (route, []))[1].append(side)
    told: set[tuple[str, str]] = set()
    for route, sides in users.values():
        if (inside := _inside(proof, sides, route)) is not None:
            proof.findings += [] if (inside.id, called(route.destination)) in told else [inside]
            told.add((inside.id, called(route.destination)))
            continue
        outside = any(side.subnet is None or side.subnet.logical_id in known.elsewhere for side in sides)
        answers = [_lets_out(proof, side, route) for side in sides]
        group, destination = sides[0].groups[0], called(route.destination)
        told_already = (group, destination) in told or any(
            finding.id == "net-database" and finding.logical_id == group for finding in proof.findings
        )
        if outside or True in answers or told_already:
            continue
        told.add((group, destination))
        give, beside = (unknown, " but single ports to everywhere") if None in answers else (broken, "")
        finding = give(
            "net-peer",
            *_place(proof, sides[0]),
            f"{route.logical_id} leads to {destination} over {called(route.target)}, and {group} lets nothing out to "
            f"there{beside}: what lives there is not reached.",
            f"Add an egress rule to {group} for {destination} and its port, or take the route away.",
        )
        proof.findings.append(finding)


def _inside(proof: Proof, sides: Sequence[Side], route: Route) -> Finding | None:
    """A route over a peering connection to addresses of its own VPC: the two cannot be peered."""
    vpc = proof.paths.vpc(sides[0].subnet)
    for own in vpc.ranges if vpc is not None else ():
        if route.range is not None and vpc is not None and ranges.within(route.range, own):
            return broken(
                "net-peer",
                route.logical_id,
                "Properties.DestinationCidrBlock",
                f"{route.logical_id} leads to {called(route.destination)} over {called(route.target)}, but that lies "
                f"in {own}, the range of {vpc.logical_id} itself: AWS peers no two VPCs whose ranges overlap, and what "
                "is inside never leaves.",
                "Give the range of the network at the other end.",
            )
    return None


def _lets_out(proof: Proof, side: Side, route: Route) -> bool | None:
    """Do a side's groups let anything out to a route's destination? None for single ports to everywhere alone."""
    answer: bool | None = False
    for group in groups_of(proof, side):
        if group is None:
            return True
        for rule in group.egress:
            if rule.peer.kind != "group" and not rule.peer.ranges:
                return True
            if any(ranges.overlap(one, route.range) for one in rule.peer.ranges if route.range is not None):
                if rule.every_port or not any(one.prefixlen == 0 for one in rule.peer.ranges):
                    return True
                answer = None
    return answer
