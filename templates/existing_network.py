"""Existing network: the platform inside a VPC that a company has already, with an existing database in reach.

Nothing of the network is made or changed: no VPC, subnet, route, NAT gateway, peering connection or flow log. Each kind
of subnet is a list in the order of its zones, of which the first two or three are used, as ZoneCount says: subnets in
the same place of the three lists need not lie in one zone, but each zone of the tasks needs a data subnet, for its
mount target. What a rule can ask AWS about them, it asks; that a list is long enough, `python build.py` says.

What the template cannot see has to be there: the tasks' subnets lead to the internet (images, logs, secrets), by a NAT
gateway, a firewall or endpoints, and the VPC has DNS support and host names on, by which file system, cache
and database are found.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from troposphere import Equals, Not, NoValue, Ref, Select

from templates.interface import condition, parameter, rule
from templates.network import THIRD_ZONE, ZONES, Network, add_zone_count, present
from templates.security_groups import Cidr

if TYPE_CHECKING:
    from collections.abc import Sequence

    from troposphere import AWSHelperFn, Parameter, Template

GROUP = "Network"


def add_existing_network(t: Template) -> Network:
    """Add parameters for a network that exists, and rules that ask whether its parts belong together."""
    vpc = parameter(
        t,
        "VpcId",
        group=GROUP,
        label="VPC",
        description="VPC in which everything stands. It needs DNS resolution and DNS host names turned on.",
        type="AWS::EC2::VPC::Id",
        constraint="The id of a VPC of this account and region.",
    )
    zone_count = add_zone_count(t)
    condition(t, THIRD_ZONE, Equals(Ref(zone_count), "3"))
    balancer, tasks, data = _add_subnets(t)
    zones = parameter(
        t,
        "DataSubnetZones",
        group=GROUP,
        label="Zones of the stores' subnets",
        description="Availability zones of the stores' subnets, in the same order: the database's writer stands in the "
        "first, its reader in the second.",
        type="List<AWS::EC2::AvailabilityZone::Name>",
        constraint="As many zones of this region as there are subnets of the stores.",
    )
    _add_vpc_rule(t, vpc, (balancer, tasks, data))
    _add_zone_rule(t, balancer=balancer, tasks=tasks, data=data, zones=zones)
    scheme, clients = _add_clients(t)
    return Network(
        vpc=Ref(vpc),
        public_subnets=present(_by_zone(balancer)),
        private_subnets=present(_by_zone(tasks)),
        data_subnets=present(_by_zone(data)),
        data_subnet_of_zone=_by_zone(data),
        data_zones=_by_zone(zones),
        private_route_tables=[],
        nat_gateways=[],
        third_zone=THIRD_ZONE,
        depends_on=[],
        third_zone_ready=NoValue,
        scheme=Ref(scheme),
        clients=Cidr("Clients", Ref(clients)),
    )


def _add_subnets(t: Template) -> list[Parameter]:
    """Add the three lists of subnets: of balancer, tasks and stores."""
    balancer = (
        "Public ones (a default route to an internet gateway) for an internet-facing balancer, private ones for an "
        "internal one."
    )
    tasks = (
        "Private ones with a way out to the internet, or to the endpoints of ECR, S3, CloudWatch Logs and Secrets "
        "Manager."
    )
    data = (
        "For file system, caches and database; they need no way out. Each zone of the tasks needs one, and none more "
        "than one."
    )
    return [
        parameter(
            t,
            name,
            group=GROUP,
            label=label,
            description=f"{description} One in each zone; the first two or three count, as ZoneCount says.",
            type="List<AWS::EC2::Subnet::Id>",
            constraint="Ids of at least two subnets of the VPC, in different zones.",
        )
        for name, label, description in (
            ("BalancerSubnetIds", "Subnets of the balancer", balancer),
            ("TaskSubnetIds", "Subnets of the tasks", tasks),
            ("DataSubnetIds", "Subnets of the stores", data),
        )
    ]


def _by_zone(listed: Parameter) -> list[AWSHelperFn]:
    return [Select(zone - 1, Ref(listed)) for zone in ZONES]


def _add_vpc_rule(t: Template, vpc: Parameter, lists: Sequence[Parameter]) -> None:
    """Ask AWS whether all subnets are of the one VPC."""
    sentence = "{} names a subnet of another VPC than VpcId. Choose subnets of that VPC."
    rule(
        t,
        "SubnetsAreOfTheVpc",
        assertions=[
            (
                {"Fn::EachMemberEquals": [{"Fn::ValueOf": [listed.title, "VpcId"]}, Ref(vpc)]},
                sentence.format(listed.title),
            )
            for listed in lists
        ],
    )


def _add_zone_rule(t: Template, *, balancer: Parameter, tasks: Parameter, data: Parameter, zones: Parameter) -> None:
    """Ask AWS whether each zone of the tasks has what tasks there need."""
    lacking = "TaskSubnetIds lie in a zone without a subnet of {}: tasks there could not {}. Give one in each zone."
    rule(
        t,
        "ZonesBelongTogether",
        assertions=[
            (_each_zone_in(tasks, _zones_of(data)), lacking.format("DataSubnetIds", "mount their files")),
            (_each_zone_in(tasks, _zones_of(balancer)), lacking.format("BalancerSubnetIds", "get any requests")),
            (
                _each_zone_in(data, Ref(zones)),
                "DataSubnetZones lacks a zone of DataSubnetIds. Give the zones of these subnets, in their order.",
            ),
        ],
    )


def _zones_of(listed: Parameter) -> dict[str, object]:
    return {"Fn::ValueOf": [listed.title, "AvailabilityZone"]}


def _each_zone_in(listed: Parameter, zones: object) -> dict[str, object]:
    return {"Fn::EachMemberIn": [_zones_of(listed), zones]}


def _add_clients(t: Template) -> tuple[Parameter, Parameter]:
    scheme = parameter(
        t,
        "BalancerScheme",
        group="Address and balancer",
        label="Who reaches the balancer",
        description="internet-facing: it has public addresses. internal: it has addresses of the VPC alone, for people "
        "in the company's network or VPN. Changing it replaces the balancer, and with it its address.",
        default="internet-facing",
        allowed_values=["internet-facing", "internal"],
        constraint="internet-facing or internal.",
    )
    clients = parameter(
        t,
        "ClientCidr",
        group="Address and balancer",
        label="Network of the people",
        description="IPv4 range from which the balancer takes connections: everybody, or the company's network alone.",
        default="0.0.0.0/0",
        pattern=r"^((25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])\.){3}(25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])/([0-9]|[12][0-9]|3[0-2])$",
        constraint="An IPv4 range, such as 10.0.0.0/8, or 0.0.0.0/0 for everybody.",
    )
    sentence = (
        "BalancerScheme is internal, but ClientCidr is 0.0.0.0/0, everybody. Give the range from which people come, "
        "such as 10.0.0.0/8."
    )
    rule(
        t,
        "InternalBalancerHasClients",
        when=Equals(Ref(scheme), "internal"),
        assertions=[(Not(Equals(Ref(clients), "0.0.0.0/0")), sentence)],
    )
    return scheme, clients
