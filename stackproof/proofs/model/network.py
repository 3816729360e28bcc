"""The network: VPCs, subnets with their route tables and ACLs, gateways, endpoints, peering, and security groups."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from stackproof.proofs.iam.documents import read_document
from stackproof.proofs.model.acls import Acls, model_acls
from stackproof.proofs.model.groups import Group, model_groups
from stackproof.proofs.model.outsiders import outsiders
from stackproof.proofs.model.placement import Placement, each, listed, placement, switch, word
from stackproof.proofs.model.ranges import Range, read
from stackproof.proofs.values import Sym, Text, Unknown, Value, is_one_of, references, show

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from stackproof.proofs.iam.evaluation import Document
    from stackproof.proofs.resolve.stack import Resource, Stack

Way: TypeAlias = Literal[
    "gateway", "nat", "peering", "transit gateway", "egress-only gateway", "endpoint", "instance", "interface", "other"
]

_TARGETS: Final[Mapping[str, Way]] = {
    "GatewayId": "gateway",
    "NatGatewayId": "nat",
    "VpcPeeringConnectionId": "peering",
    "TransitGatewayId": "transit gateway",
    "EgressOnlyInternetGatewayId": "egress-only gateway",
    "VpcEndpointId": "endpoint",
    "InstanceId": "instance",
    "NetworkInterfaceId": "interface",
    "CarrierGatewayId": "other",
    "LocalGatewayId": "other",
    "CoreNetworkArn": "other",
    "OdbNetworkArn": "other",
}
_DESTINATIONS: Final = ("DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId")


@dataclass(frozen=True)
class Vpc:
    """A VPC.

    Attributes:
        ranges: its IPv4 ranges; empty when they are not known.
        value: its first range as the template has it.
        resolves: whether its resolver answers (EnableDnsSupport).
        names: whether private names can be given out (EnableDnsHostnames).
        asks: logical id of the DHCP options that name resolvers other than the VPC's own; empty without.
        internet: logical ids of the internet gateways that are attached to it.
    """

    logical_id: str
    ranges: tuple[Range, ...]
    value: Value
    resolves: bool | None
    names: bool | None
    asks: str
    internet: frozenset[str]


@dataclass(frozen=True)
class Route:
    """One route; `range` is None when its destination is not known, or a prefix list."""

    logical_id: str
    range: Range | None
    destination: Value
    way: Way
    target: Value


@dataclass(frozen=True)
class Table:
    """A route table; `owner` is the table, or the VPC for its main table.

    Attributes:
        unknown: why it may have routes that the template does not show; None when it cannot.
    """

    owner: str
    main: bool
    routes: tuple[Route, ...] = ()
    unknown: str | None = None


@dataclass(frozen=True)
class Subnet:
    """A subnet of this template.

    Attributes:
        vpc: its VPC, None when that is none of this template.
        network: what it calls its VPC.
        zone: its availability zone, a literal or a symbol.
        range: its IPv4 range; None when it is not known.
        value: the range as the template has it.
        table: its route table; a reason when that cannot be told.
        association: the resource that gives it its table; empty when it has the VPC's main one.
    """

    logical_id: str
    vpc: str | None
    network: Value
    zone: Value
    range: Range | None
    value: Value
    table: Table | str
    association: str


@dataclass(frozen=True)
class Nat:
    """A NAT gateway.

    Attributes:
        public: whether it reaches the internet; None when it is not known.
        regional: one for all zones, without a subnet.
        address: its elastic address; None without one.
    """

    logical_id: str
    public: bool | None
    regional: bool
    subnet: Value
    vpc: Value
    address: Value


@dataclass(frozen=True)
class Endpoint:
    """A VPC endpoint.

    Attributes:
        service: the AWS service without `com.amazonaws.<region>.` (`ecr.api`); empty for any other.
        tables: the route tables of a gateway endpoint, by logical id.
        private_names: whether the service's own name leads to it; None when it is not known.
        policy: what it lets through; None without one, which lets everything through.
    """

    logical_id: str
    kind: str
    service: str
    vpc: str | None
    tables: frozenset[str]
    placement: Placement
    private_names: bool | None
    policy: Document | None


@dataclass(frozen=True)
class Network:
    """All of it, by logical id.

    Attributes:
        strangers: what is handed to nested stacks, custom resources and macros, which may add to it.
        elsewhere: what resources outside of this model (instances, functions, …) are in.
        exported: what outputs hand to other stacks.
    """

    stack: Stack
    vpcs: Mapping[str, Vpc]
    subnets: Mapping[str, Subnet]
    nats: Mapping[str, Nat]
    endpoints: Mapping[str, Endpoint]
    groups: Mapping[str, Group]
    acls: Acls
    strangers: frozenset[str]
    elsewhere: frozenset[str]
    exported: frozenset[str]
    by_service: Mapping[tuple[str, str], tuple[Endpoint, ...]] = field(default_factory=dict)

    def subnet(self, value: Value) -> Subnet | None:
        """The subnet that a value names; None when it is none of this template."""
        found = self.stack.target(value)
        return None if found is None else self.subnets.get(found.logical_id)

    def serving(self, vpc: str, service: str) -> tuple[Endpoint, ...]:
        """The endpoints for a service in a VPC."""
        return self.by_service.get((vpc, service), ())


def model_network(stack: Stack) -> Network:
    """Read all of it from a resolved stack."""
    strangers, elsewhere = outsiders(stack)
    tables = _tables(stack, strangers)
    endpoints = {found.logical_id: _endpoint(stack, found) for found in stack.of_type("AWS::EC2::VPCEndpoint")}
    by_service: dict[tuple[str, str], tuple[Endpoint, ...]] = {}
    for endpoint in endpoints.values():
        key = (endpoint.vpc or "", endpoint.service)
        by_service[key] = (*by_service.get(key, ()), endpoint)
    return Network(
        stack=stack,
        vpcs=_vpcs(stack),
        subnets=_subnets(stack, tables, strangers),
        nats={found.logical_id: _nat(found) for found in stack.of_type("AWS::EC2::NatGateway")},
        endpoints=endpoints,
        groups=model_groups(stack),
        acls=model_acls(stack),
        strangers=strangers,
        elsewhere=elsewhere,
        exported=frozenset(symbol.owner for output in stack.outputs.values() for _, symbol in references(output.value)),
        by_service=by_service,
    )


def _owner(stack: Stack, value: Value) -> str | None:
    found = stack.target(value)
    return None if found is None else found.logical_id


def _vpcs(stack: Stack) -> dict[str, Vpc]:
    gateways: dict[str, set[str]] = {}
    for found in stack.of_type("AWS::EC2::VPCGatewayAttachment"):
        vpc = _owner(stack, found.properties.get("VpcId"))
        given = found.properties.get("InternetGatewayId")
        if vpc is not None and given is not None:
            gateways.setdefault(vpc, set()).add(_owner(stack, given) or show(given))
    more: dict[str, list[Value]] = {}
    for found in stack.of_type("AWS::EC2::VPCCidrBlock"):
        vpc = _owner(stack, found.properties.get("VpcId"))
        if vpc is not None and (block := found.properties.get("CidrBlock")) is not None:
            more.setdefault(vpc, []).append(block)
    resolvers = _other_resolvers(stack)
    return {
        found.logical_id: Vpc(
            found.logical_id,
            _known([found.properties.get("CidrBlock"), *more.get(found.logical_id, [])]),
            found.properties.get("CidrBlock"),
            switch(found.properties.get("EnableDnsSupport"), default=True),
            switch(found.properties.get("EnableDnsHostnames"), default=False),
            resolvers.get(found.logical_id, ""),
            frozenset(gateways.get(found.logical_id, ())),
        )
        for found in stack.of_type("AWS::EC2::VPC")
    }


# The one that the VPC brings along, by the names that it goes by.
_OWN_RESOLVER: Final = ("AmazonProvidedDNS", "169.254.169.253")


def _other_resolvers(stack: Stack) -> dict[str, str]:
    """The DHCP options of each VPC that name other resolvers alone."""
    found = {}
    for tie in stack.of_type("AWS::EC2::VPCDHCPOptionsAssociation"):
        vpc, options = _owner(stack, tie.properties.get("VpcId")), stack.target(tie.properties.get("DhcpOptionsId"))
        servers = each(options.properties.get("DomainNameServers")) if options is not None else []
        own = not servers or any(is_one_of(server, *_OWN_RESOLVER) for server in servers)
        if vpc is not None and options is not None and not own:
            found[vpc] = options.logical_id
    return found


def _known(values: Iterable[Value]) -> tuple[Range, ...]:
    """The ranges, when every one of them is known."""
    found = [read(value) for value in values]
    return tuple(one for one in found if one is not None) if None not in found else ()


def _tables(stack: Stack, strangers: frozenset[str]) -> dict[str, Table]:
    """The route tables by logical id, with their routes."""
    routes: dict[str, list[Route]] = {}
    for found in stack.of_type("AWS::EC2::Route"):
        owner = _owner(stack, found.properties.get("RouteTableId"))
        if owner is not None:
            routes.setdefault(owner, []).append(_route(found))
    spread = {
        _owner(stack, table)
        for found in stack.of_type("AWS::EC2::VPNGatewayRoutePropagation")
        for table in each(found.properties.get("RouteTableIds"))
    }
    tables = {}
    for found in stack.of_type("AWS::EC2::RouteTable"):
        name = found.logical_id
        unknown = f"a VPN gateway adds routes to {name}" if name in spread else None
        if name in strangers:
            unknown = f"{name} is handed to a nested stack or custom resource, which may add routes"
        tables[name] = Table(name, main=False, routes=tuple(routes.get(name, ())), unknown=unknown)
    return tables


def _route(resource: Resource) -> Route:
    properties = resource.properties
    destination = next((properties[key] for key in _DESTINATIONS if properties.get(key) is not None), None)
    name = next((key for key in _TARGETS if properties.get(key) is not None), "")
    return Route(resource.logical_id, read(destination), destination, _TARGETS.get(name, "other"), properties.get(name))


def _subnets(stack: Stack, tables: Mapping[str, Table], strangers: frozenset[str]) -> dict[str, Subnet]:
    given: dict[str, tuple[str, Value]] = {}
    hidden = False
    for found in stack.of_type("AWS::EC2::SubnetRouteTableAssociation"):
        subnet = _owner(stack, found.properties.get("SubnetId"))
        if subnet is None:
            hidden = True
        else:
            given[subnet] = (found.logical_id, found.properties.get("RouteTableId"))
    return {
        found.logical_id: _subnet(stack, found, given.get(found.logical_id), tables, strangers, hidden=hidden)
        for found in stack.of_type("AWS::EC2::Subnet")
    }


def _subnet(
    stack: Stack,
    resource: Resource,
    given: tuple[str, Value] | None,
    tables: Mapping[str, Table],
    strangers: frozenset[str],
    *,
    hidden: bool,
) -> Subnet:
    properties = resource.properties
    vpc = stack.target(properties.get("VpcId"))
    own = vpc.logical_id if vpc is not None and vpc.type == "AWS::EC2::VPC" else None
    table: Table | str
    if given is not None:
        named = stack.target(given[1])
        table = tables.get(
            named.logical_id if named is not None else "", f"its route table {show(given[1])} is none of this template"
        )
    elif own is None:
        table = f"{resource.logical_id} has the main route table of a VPC outside of this template"
    elif hidden or resource.logical_id in strangers:
        table = f"what gives {resource.logical_id} its route table is not in the template"
    else:
        # A new VPC's main table has the local route alone, and CloudFormation cannot add to it.
        table = Table(own, main=True)
    zone = properties.get("AvailabilityZone", properties.get("AvailabilityZoneId"))
    return Subnet(
        resource.logical_id,
        own,
        properties.get("VpcId"),
        zone,
        read(properties.get("CidrBlock")),
        properties.get("CidrBlock"),
        table,
        given[0] if given is not None else "",
    )


def _nat(resource: Resource) -> Nat:
    properties = resource.properties
    kind = word(properties.get("ConnectivityType"), "public")
    return Nat(
        resource.logical_id,
        {"public": True, "private": False}.get(kind),
        word(properties.get("AvailabilityMode"), "zonal") == "regional",
        properties.get("SubnetId"),
        properties.get("VpcId"),
        properties.get("AllocationId"),
    )


def _endpoint(stack: Stack, resource: Resource) -> Endpoint:
    properties = resource.properties
    tables = listed(properties.get("RouteTableIds"))
    known = () if isinstance(tables, Unknown) else tuple(_owner(stack, table) for table in tables)
    given, policy = properties.get("PrivateDnsEnabled"), properties.get("PolicyDocument")
    # Whether the endpoint exists is another question: where it does, so does its policy.
    there = replace(resource, certain=True)
    return Endpoint(
        resource.logical_id,
        word(properties.get("VpcEndpointType"), "Gateway"),
        _service(stack, properties.get("ServiceName")),
        _owner(stack, properties.get("VpcId")),
        frozenset(table for table in known if table is not None),
        placement(resource, ("SubnetIds",), ("SecurityGroupIds",)),
        None if given is None else switch(given, default=False),
        None if policy is None else read_document(stack, there, "Properties.PolicyDocument", policy),
    )


def _service(stack: Stack, value: Value) -> str:
    """The short name of an AWS service in the stack's own region; empty for any other service."""
    parts = list(value.parts) if isinstance(value, Text) else [value]
    if not isinstance(parts[0], str) or not parts[0].startswith(("com.amazonaws.", "cn.com.amazonaws.")):
        return ""
    text = "".join(part if isinstance(part, str) else "\0" if part == stack.region else "\1" for part in parts)
    rest = text.partition("com.amazonaws.")[2]
    region = stack.region if isinstance(stack.region, str) else "\0"
    prefix, _, name = rest.partition(".")
    if prefix == region:
        return name
    # A region that only AWS knows is the stack's own: an endpoint cannot be made in another one.
    unknown = isinstance(stack.region, Sym) and "\0" not in rest and "\1" not in rest
    return name if unknown or prefix == "\1" else ""
