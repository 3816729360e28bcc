"""Whole ways through the network: between two components, to the internet, to an AWS service, to another network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stackproof.proofs.equality import equal
from stackproof.proofs.iam.evaluation import decide
from stackproof.proofs.model.groups import DEFAULT, group_key
from stackproof.proofs.model.placement import Placement
from stackproof.proofs.network.filters import Filters, Traffic
from stackproof.proofs.network.outcomes import (
    EPHEMERAL,
    INTERNET,
    LINUX_EPHEMERAL,
    Outcome,
    Side,
    along,
    beyond_template,
    blocked,
    called,
    either,
    passed,
    untold,
    worst,
)
from stackproof.proofs.network.routes import Routes
from stackproof.proofs.values import Unknown, show

if TYPE_CHECKING:
    from stackproof.proofs.iam.evaluation import Request
    from stackproof.proofs.model.network import Endpoint, Network, Subnet, Vpc
    from stackproof.proofs.model.ranges import Range

HTTPS = Traffic("tcp", 443)


class Paths:
    """Walks one network.

    Attributes:
        filters: groups and ACLs; it remembers which rules the walks went through.
        routes: where routes lead.
        passed_by: endpoints whose service somebody reached without them, since they have no private names.
    """

    def __init__(self, network: Network) -> None:
        self.network = network
        self.filters = Filters(network)
        self.routes = Routes(network, self.filters)
        self.passed_by: dict[str, str] = {}
        self._servers: dict[str, list[Side]] = {}

    def sides(self, placement: Placement, label: str = "", *, linux: bool = False, guarded: bool = True) -> list[Side]:
        """A component's interfaces, one for each subnet; a single one without subnet when they are not known.

        Args:
            placement: where it stands.
            label: how messages name it; its logical id when empty.
            linux: whether Linux chooses the ports from which it opens connections.
            guarded: False for a network balancer without groups.
        """
        label = label or placement.owner
        if isinstance(placement.subnets, Unknown):
            return [self._side(placement, None, label, placement.subnets.reason, linux=linux, guarded=guarded)]
        sides = []
        for value in placement.subnets:
            subnet = self.network.subnet(value)
            doubt = "" if subnet is not None else f"the subnet {called(value)} is none of this template"
            sides.append(self._side(placement, subnet, label, doubt, linux=linux, guarded=guarded))
        return sides

    def standing(self, subnet: Subnet) -> Side:
        """Whoever stands in a subnet, as far as routes are asked."""
        placement = Placement(subnet.logical_id, (), ())
        return self._side(placement, subnet, subnet.logical_id, "", linux=False, guarded=False)

    def _side(  # the parts of one Side
        self, placement: Placement, subnet: Subnet | None, label: str, doubt: str, *, linux: bool, guarded: bool
    ) -> Side:
        vpc = self.vpc(subnet)
        known = [place for place in (subnet, vpc) if place is not None]
        return Side(
            label=f"{label} in {subnet.logical_id}" if subnet is not None else label,
            owner=placement.owner,
            groups=self._groups(placement, subnet) if guarded else (),
            groups_path=placement.groups_path,
            guarded=guarded,
            range=_range(subnet, vpc),
            spellings=tuple(place.value for place in known if place.value is not None),
            subnet=subnet,
            ephemeral=LINUX_EPHEMERAL if linux else EPHEMERAL,
            doubt=doubt,
            subnets_path=placement.subnets_path,
        )

    def _groups(self, placement: Placement, subnet: Subnet | None) -> tuple[str, ...]:
        """Keys of a placement's groups; a key in parentheses is one that nobody knows."""
        groups = placement.groups
        if isinstance(groups, Unknown):
            return (f"({groups.reason})",)
        if groups:
            return tuple(group_key(self.network.stack, group) for group in groups)
        if subnet is not None and subnet.vpc is not None:
            return (f"{subnet.vpc}.{DEFAULT}",)
        return ("(the default one of a VPC outside of the template)",)

    def vpc(self, subnet: Subnet | None) -> Vpc | None:
        """A subnet's VPC, when it is one of this template."""
        return self.network.vpcs.get(subnet.vpc) if subnet is not None and subnet.vpc is not None else None

    def connects(self, client: Side, server: Side, traffic: Traffic) -> Outcome:
        """A connection between two components: both groups, both ACLs, and routes when they stand in two VPCs."""
        return along(
            client.label,
            self.filters.grouped(client, server, "egress", traffic),
            self._between(client, server),
            self.filters.crosses(client, server, traffic, opens=True),
            self.filters.crosses(server, client, traffic, opens=False),
            self.filters.grouped(server, client, "ingress", traffic),
            server.label,
        )

    def _between(self, client: Side, server: Side) -> Outcome:
        """Inside one VPC the local route leads everywhere."""
        places = [side.subnet for side in (client, server) if side.subnet is not None]
        if len(places) < 2:
            side = client if client.subnet is None else server
            return beyond_template(side)
        same = equal(places[0].network, places[1].network)
        if same:
            return passed()
        if same is None and None in (places[0].vpc, places[1].vpc):
            told = f"whether {client.label} and {server.label} stand in one VPC cannot be told"
            return untold(client.owner, client.subnets_path, told)
        if server.range is None or client.range is None:
            return untold(client.owner, client.subnets_path, f"{client.label} and {server.label} stand in two VPCs")
        return along(
            self.routes.beyond(client, server.range, server.label),
            self.routes.beyond(server, client.range, client.label),
        )

    def internet(self, side: Side, traffic: Traffic, *, public: bool | None) -> Outcome:
        """From a component to any address of the internet; `public`: whether it has a public address itself."""
        return along(
            side.label,
            self._resolves(side),
            self.filters.grouped(side, INTERNET, "egress", traffic),
            self.filters.crosses(side, INTERNET, traffic, opens=True),
            self.routes.way_out(side, public=public),
        )

    def beyond(self, side: Side, destination: Range, label: str, traffic: Traffic) -> Outcome:
        """From a component to a private network outside of its VPC, as far as the template goes."""
        peer = Side(label, "", range=destination)
        return along(
            side.label,
            self.filters.grouped(side, peer, "egress", traffic),
            self.filters.crosses(side, peer, traffic, opens=True),
            self.routes.beyond(side, destination, label),
        )

    # AWS services

    def service(self, side: Side, service: str, requests: tuple[Request, ...], *, public: bool | None) -> Outcome:
        """From a component to an AWS service of the stack's own region.

        An interface endpoint with private names takes all traffic of its service, whatever other ways there are; a
        gateway endpoint takes that of the subnets whose table it is in.

        Args:
            side: who asks.
            service: as endpoints name it: `ecr.api`, `s3`.
            requests: what an endpoint's policy must allow.
            public: whether the asking component has a public address.
        """
        # Of VPCs outside of the template it is not known whether two are the same: the endpoint may take it, or not.
        vpc = (side.subnet.vpc if side.subnet is not None else None) or ""
        ways: list[Outcome] = []
        certain = False
        for endpoint in self.network.serving(vpc, service):
            if endpoint.kind == "Gateway":
                if self._takes(endpoint, side):
                    return self._gateway(side, endpoint, requests)
            elif endpoint.kind == "Interface" and endpoint.private_names is not False:
                ways.append(self._interface(side, endpoint, requests))
                certain = certain or (endpoint.private_names is True and bool(vpc))
            elif endpoint.kind == "Interface":
                self.passed_by.setdefault(endpoint.logical_id, side.owner)
        if certain:
            return either(*ways)
        return either(*ways, self._without_endpoint(side, service, public=public))

    def _without_endpoint(self, side: Side, service: str, *, public: bool | None) -> Outcome:
        way = self.internet(side, HTTPS, public=public)
        vpc = side.subnet.vpc if side.subnet is not None else None
        elsewhere = vpc is None or vpc in self.network.strangers
        if way.holds is False and way.logical_id not in side.groups and elsewhere:
            name = vpc or "its VPC"
            return untold(
                side.owner,
                side.subnets_path,
                f"{way.reason}, unless {name} has an endpoint for {service} that the template does not show",
                "Put the VPC and its endpoints into the template.",
            )
        return way

    def _resolves(self, side: Side) -> Outcome:
        """Does the VPC answer questions for names at all?"""
        vpc = self.vpc(side.subnet)
        if vpc is None or vpc.resolves is not False:
            return passed()
        return blocked(
            vpc.logical_id,
            "Properties.EnableDnsSupport",
            f"{vpc.logical_id} has its resolver turned off, so that {side.label} finds no host by name",
            "Turn EnableDnsSupport on.",
        )

    def asks(self, side: Side) -> Outcome:
        """Does the VPC's own resolver get the questions, which alone is sure to know the VPC's private names?"""
        vpc = self.vpc(side.subnet)
        if vpc is None or not vpc.asks:
            return passed()
        return untold(
            vpc.asks,
            "Properties.DomainNameServers",
            f"{side.label} asks the servers in {vpc.asks} for names, and whether these pass questions on to "
            f"the resolver of {vpc.logical_id} is not in the template",
            "Name AmazonProvidedDNS, or accept this with a reason.",
        )

    def _takes(self, endpoint: Endpoint, side: Side) -> bool:
        """Is a gateway endpoint in the route table of a subnet?"""
        table = side.subnet.table if side.subnet is not None else ""
        return not isinstance(table, str) and not table.main and table.owner in endpoint.tables

    def _gateway(self, side: Side, endpoint: Endpoint, requests: tuple[Request, ...]) -> Outcome:
        return along(
            side.label,
            self._resolves(side),
            self.filters.grouped(side, INTERNET, "egress", HTTPS),
            self.filters.crosses(side, INTERNET, HTTPS, opens=True),
            endpoint.logical_id,
            self._policy(endpoint, requests),
        )

    def _interface(self, side: Side, endpoint: Endpoint, requests: tuple[Request, ...]) -> Outcome:
        if endpoint.logical_id not in self._servers:
            self._servers[endpoint.logical_id] = self.sides(endpoint.placement)
        servers = self._servers[endpoint.logical_id]
        if not servers:
            return blocked(
                endpoint.logical_id,
                endpoint.placement.subnets_path,
                f"{endpoint.logical_id} stands in no subnet, and takes the names of its service nowhere",
                "Give it the subnets of those who use it.",
            )
        return along(
            self._names(side, endpoint),
            worst([self.connects(side, server, HTTPS) for server in servers]),
            self._policy(endpoint, requests),
        )

    def _names(self, side: Side, endpoint: Endpoint) -> Outcome:
        """Private names need both of the VPC's DNS attributes."""
        vpc = self.vpc(side.subnet)
        for attribute, given in (
            ("EnableDnsSupport", vpc.resolves if vpc is not None else None),
            ("EnableDnsHostnames", vpc.names if vpc is not None else None),
        ):
            if vpc is not None and given is False and endpoint.private_names:
                return blocked(
                    vpc.logical_id,
                    f"Properties.{attribute}",
                    f"{attribute} of {vpc.logical_id} is off: AWS refuses the private names of {endpoint.logical_id}",
                    f"Turn {attribute} on.",
                )
        return self.asks(side)

    def _policy(self, endpoint: Endpoint, requests: tuple[Request, ...]) -> Outcome:
        for request in requests:
            answer = endpoint.policy is None or decide([endpoint.policy], request).allowed
            place = (endpoint.logical_id, "Properties.PolicyDocument")
            what = f"{request.action} on {show(request.resource)}"
            if answer is None:
                return untold(*place, f"whether the policy of {endpoint.logical_id} allows {what} cannot be told")
            if not answer:
                return blocked(
                    *place,
                    f"the policy of {endpoint.logical_id} does not allow {what}",
                    f"Allow {what} in the endpoint's policy, or leave the policy out.",
                )
        return passed()


def _range(subnet: Subnet | None, vpc: Vpc | None) -> Range | None:
    """Where an address of a subnet lies: in the subnet's range, else in the VPC's."""
    if subnet is not None and subnet.range is not None:
        return subnet.range
    return vpc.ranges[0] if vpc is not None and len(vpc.ranges) == 1 else None
