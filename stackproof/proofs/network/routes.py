"""Where routes lead: to the internet through gateways of all kinds, and to private networks beyond the VPC."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stackproof.proofs.model import ranges
from stackproof.proofs.model.ranges import ANYWHERE, Range
from stackproof.proofs.network.filters import Filters, Traffic
from stackproof.proofs.network.outcomes import (
    INTERNET,
    Outcome,
    Side,
    along,
    beyond_template,
    blocked,
    called,
    passed,
    untold,
)

if TYPE_CHECKING:
    from stackproof.proofs.model.network import Nat, Network, Route, Subnet, Table, Vpc

_HTTPS = Traffic("tcp", 443)


@dataclass(frozen=True)
class _Found:
    """The route that a packet takes, in the table that has it."""

    table: Table
    route: Route

    @property
    def step(self) -> str:
        """As a path names it."""
        return f"{self.table.owner} leads {called(self.route.destination)} to {self.target} ({self.route.logical_id})"

    @property
    def target(self) -> str:
        """Where the route leads, as a person names it."""
        return called(self.route.target)


class Routes:
    """Follows the routes of one network."""

    def __init__(self, network: Network, filters: Filters) -> None:
        self.network = network
        self.filters = filters

    def way_out(self, side: Side, *, public: bool | None) -> Outcome:
        """Does a route lead from a subnet to the internet, with an address that the internet can answer to?

        Args:
            side: who wants out.
            public: whether it has a public address; None when that is not known.
        """
        found = self._lookup(side, ANYWHERE, "the internet")
        if isinstance(found, Outcome):
            return found
        way = found.route.way
        if way == "nat":
            return along(found.step, self._nat(side, found))
        if way == "gateway":
            return along(found.step, self._gateway(side, found), _has_address(side, found, public=public))
        if way in {"peering", "egress-only gateway"}:
            return blocked(
                found.route.logical_id,
                "",
                f"{found.step}, and no {way} leads to the internet",
                "Let the default route lead to a NAT gateway or an internet gateway.",
            )
        return untold(found.route.logical_id, "", f"{found.step}, and where that {way} leads is not in the template")

    def way_in(self, side: Side) -> Outcome:
        """Does a subnet's default route lead to an attached internet gateway, so that public addresses answer?"""
        found = self._lookup(side, ANYWHERE, "the internet")
        if isinstance(found, Outcome):
            return found
        if found.route.way in {"nat", "peering", "egress-only gateway"}:
            return blocked(
                found.table.owner,
                "",
                f"{found.step}, which lets nobody in: a public address in {side.label} answers through an internet "
                "gateway only",
                "Use subnets whose default route leads to an internet gateway.",
            )
        return along(found.step, self._gateway(side, found))

    def beyond(self, side: Side, destination: Range, label: str) -> Outcome:
        """Does a route lead from a subnet to a range outside of its VPC that the internet does not carry?"""
        found = self._lookup(side, destination, label)
        if isinstance(found, Outcome):
            return found
        route = found.route
        if route.way == "peering":
            return passed(found.step)
        nat = self._nat_gateway(route) if route.way == "nat" else None
        subnet = self.network.subnet(nat.subnet) if nat is not None else None
        if nat is not None and subnet is not None and subnet != side.subnet:
            # A NAT gateway passes private addresses on by the routes of its own subnet.
            behind = self._lookup(side._replace(subnet=subnet), destination, label)
            if not isinstance(behind, Outcome) and behind.route.way == "peering":
                return passed(found.step, behind.step)
            if isinstance(behind, Outcome) or self._internet_gateway(behind.route):
                return _unroutable(found, label)
        if route.way == "gateway" and self._internet_gateway(route):
            return _unroutable(found, label)
        return untold(
            route.logical_id,
            "",
            f"{found.step}, and what lies behind it is not in the template",
            "Declare it with a reason.",
        )

    def _lookup(self, side: Side, destination: Range, label: str) -> _Found | Outcome:
        """The route with the longest prefix that covers a destination."""
        subnet = side.subnet
        if subnet is None:
            return beyond_template(side)
        table = subnet.table
        if isinstance(table, str):
            return untold(subnet.association or subnet.logical_id, "", table, "Put the route table into the template.")
        best = _longest(table, destination)
        if best is not None:
            return _Found(table, best)
        doubt = _doubt(table, destination)
        if doubt:
            return untold(table.owner, "", doubt, "Give the routes in the template.")
        return self._nowhere(subnet, table, label)

    def _nowhere(self, subnet: Subnet, table: Table, label: str) -> Outcome:
        if table.main:
            return blocked(
                subnet.logical_id,
                "",
                f"{subnet.logical_id} is associated with no route table: it has the main one of {table.owner}, which "
                f"leads nowhere outside of the VPC, and nothing in it reaches {label}",
                f"Associate {subnet.logical_id} with a route table that leads to {label}.",
            )
        return blocked(
            table.owner,
            "",
            f"no route of {table.owner}, the table of {subnet.logical_id}, leads to {label}",
            f"Add a route for {label} to {table.owner}.",
        )

    # NAT gateways

    def _nat_gateway(self, route: Route) -> Nat | None:
        found = self.network.stack.target(route.target)
        return None if found is None else self.network.nats.get(found.logical_id)

    def _nat(self, side: Side, found: _Found) -> Outcome:
        """A NAT gateway is a way out when it is public, has an address, and its own subnet has a way out."""
        nat = self._nat_gateway(found.route)
        if nat is None:
            place = found.route.logical_id
            return untold(place, "Properties.NatGatewayId", f"{found.target} is none of this template")
        fault = _useless(nat)
        if fault is not None:
            return fault
        if nat.regional:
            return along(nat.logical_id, self._regional(side, nat))
        subnet = self.network.subnet(nat.subnet)
        if subnet is None:
            place = "Properties.SubnetId"
            return untold(nat.logical_id, place, f"the subnet of {nat.logical_id} is none of this template")
        own = Side(f"{nat.logical_id} in {subnet.logical_id}", nat.logical_id, subnet=subnet, range=subnet.range)
        return along(
            own.label,
            self.filters.crosses(own, side, _HTTPS, opens=False),
            self.filters.crosses(own, INTERNET, _HTTPS, opens=True),
            self._behind(own),
        )

    def _behind(self, nat: Side) -> Outcome:
        """A zonal NAT gateway's own way out."""
        found = self._lookup(nat, ANYWHERE, "the internet")
        if isinstance(found, Outcome):
            return found
        if found.route.way in {"nat", "peering"}:
            return blocked(
                nat.owner,
                "Properties.SubnetId",
                f"{nat.label} has no way out of its own: {found.step}, which is no internet gateway",
                "Put it into a subnet whose default route leads to an internet gateway.",
            )
        return along(found.step, self._gateway(nat, found))

    def _regional(self, side: Side, nat: Nat) -> Outcome:
        """A regional NAT gateway brings its own routes, and needs the VPC's internet gateway."""
        vpc = self._vpc(side)
        if vpc is None:
            return untold(nat.logical_id, "Properties.VpcId", f"the VPC of {side.owner} is none of this template")
        if vpc.internet or vpc.logical_id in self.network.strangers:
            return passed(*sorted(vpc.internet))
        return blocked(
            nat.logical_id,
            "Properties.VpcId",
            f"{nat.logical_id} has no way out: no internet gateway is attached to {vpc.logical_id}",
            f"Attach an internet gateway to {vpc.logical_id}.",
        )

    # Internet gateways

    def _vpc(self, side: Side) -> Vpc | None:
        return self.network.vpcs.get((side.subnet.vpc if side.subnet is not None else None) or "")

    def _internet_gateway(self, route: Route) -> bool:
        """Is a route's gateway for sure one of the internet?"""
        found = self.network.stack.target(route.target)
        if found is not None:
            return found.type == "AWS::EC2::InternetGateway"
        return isinstance(route.target, str) and route.target.startswith("igw-")

    def _gateway(self, side: Side, found: _Found) -> Outcome:
        """Is a route's gateway an internet gateway that is attached to this VPC?"""
        vpc = self._vpc(side)
        gateway = self.network.stack.target(found.route.target)
        if found.route.way != "gateway" or not self._internet_gateway(found.route):
            return untold(found.route.logical_id, "", f"whether {found.target} leads to the internet cannot be told")
        if gateway is None or vpc is None or gateway.logical_id in vpc.internet:
            return passed(found.target)
        return blocked(
            gateway.logical_id,
            "",
            f"{gateway.logical_id} is not attached to {vpc.logical_id}: AWS refuses {found.route.logical_id}, and "
            "nothing leaves the VPC",
            f"Attach {gateway.logical_id} to {vpc.logical_id} (AWS::EC2::VPCGatewayAttachment).",
        )


def _longest(table: Table, destination: Range) -> Route | None:
    best: Route | None = None
    length = -1
    for route in table.routes:
        if route.range is not None and route.range.prefixlen > length and ranges.within(destination, route.range):
            best, length = route, route.range.prefixlen
    return best


def _doubt(table: Table, destination: Range) -> str:
    """Why a table may lead to a destination although none of its known routes covers it; empty when it cannot."""
    for route in table.routes:
        if route.range is None and not (isinstance(route.destination, str) and route.destination.startswith("pl-")):
            return f"the destination of {route.logical_id} is known to AWS only"
        if route.range is not None and ranges.within(route.range, destination) and not ranges.private(route.range):
            return f"{route.logical_id} covers only part of {destination}"
    return table.unknown or ""


def _useless(nat: Nat) -> Outcome | None:
    """Why a NAT gateway leads nobody to the internet, whatever its routes are."""
    if nat.public is False:
        return blocked(
            nat.logical_id,
            "Properties.ConnectivityType",
            f"{nat.logical_id} is a private NAT gateway: it leads to other networks, never to the internet",
            "Make it public, with an elastic address.",
        )
    if nat.address is None and not nat.regional:
        return blocked(
            nat.logical_id,
            "Properties.AllocationId",
            f"{nat.logical_id} is a public NAT gateway without an elastic address, which AWS refuses to make",
            "Give it the AllocationId of an elastic address.",
        )
    return None


def _unroutable(found: _Found, label: str) -> Outcome:
    return blocked(
        found.table.owner,
        "",
        f"no route of {found.table.owner} leads to {label}: its packets take {found.route.logical_id} to "
        f"{found.target}, and the internet carries no private addresses",
        f"Add a route for {label} to {found.table.owner}, over a peering connection or a transit gateway.",
    )


def _has_address(side: Side, found: _Found, *, public: bool | None) -> Outcome:
    if public:
        return passed()
    if public is None:
        return untold(side.owner, "", f"whether {side.label} has a public address cannot be told")
    return blocked(
        side.owner,
        "",
        f"{side.label} has no public address, and {found.target} forwards for nobody without one",
        "Let the subnet's default route lead to a NAT gateway, or give the component a public address.",
    )
