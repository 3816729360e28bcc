"""Network: one VPC over two or three zones, with public, private and data subnets.

The balancer and the NAT gateways live in public subnets, tasks in private ones, stores in data subnets that have no
route to the internet. Nine ranges of the VPC are set aside whatever ZoneCount says, so that a third zone later changes
no subnet that exists. Every private subnet has a route table of its own whose default route always exists: going from
one NAT gateway to one per zone only points the route elsewhere, and no subnet is ever without a way out.

The VPC's own default security group is used by nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from awacs.aws import ArnLike
from troposphere import And, AWSObject, Cidr, Condition, Equals, GetAtt, GetAZs, If, Join, NoValue, Ref, Select, Sub
from troposphere.ec2 import (
    EIP,
    VPC,
    FlowLog,
    InternetGateway,
    NatGateway,
    Route,
    RouteTable,
    Subnet,
    SubnetRouteTableAssociation,
    VPCEndpoint,
    VPCGatewayAttachment,
)

from templates.interface import YES_NO, condition, output, parameter
from templates.logs import log_group
from templates.parts import part
from templates.policies import add_policy, add_role, allow, assume_role
from templates.security_groups import INTERNET, connect, group_id, security_group

if TYPE_CHECKING:
    from collections.abc import Sequence

    from troposphere import AWSHelperFn, Parameter, Template
    from troposphere.ec2 import SecurityGroup

    from templates.keys import Key
    from templates.security_groups import Peer

Resource = TypeVar("Resource", bound=AWSObject)

ZONES = (1, 2, 3)
THIRD_ZONE = "ThreeZones"
NAT_PER_ZONE = "NatPerZone"
THIRD_NAT = "ThreeZonesWithNatPerZone"
GATEWAYS: dict[int, str | None] = {1: None, 2: NAT_PER_ZONE, 3: THIRD_NAT}
"""Zone of each NAT gateway → the condition under which it exists."""

PUBLIC, PRIVATE, DATA = 0, 3, 6
"""Where each kind's three ranges begin among the nine of the VPC. Never change them: it would replace every subnet."""

HOST_BITS = 12
"""A /20 for each subnet: 4,091 addresses, of which every task, store and balancer node takes one."""


@dataclass(frozen=True)
class Network:
    """What the rest of the template may know about the network.

    Attributes:
        vpc: the VPC's id.
        public_subnets: ids for the balancer; the third is left out with two zones.
        private_subnets: ids for tasks, likewise.
        data_subnets: ids for stores, likewise.
        data_subnet_of_zone: the same ids, one per zone; the third only under `third_zone`.
        data_zones: the availability zones of these.
        private_route_tables: ids of the private subnets' tables, one per zone; the third only under `third_zone`. None
            where the network is not ours, and no route is to be added.
        nat_gateways: ids of the NAT gateways, each with the name of the condition under which it exists; None: always.
            None of them where the network is not ours.
        third_zone: name of the condition under which there is a third zone.
        depends_on: logical ids for DependsOn: the ways in and out of zones one and two, and of the balancer.
        third_zone_ready: the same for the third zone. DependsOn cannot name what a condition may leave out; a reference
            to this value can (in a tag, for example). NoValue with two zones.
        scheme: whether the balancer is `internet-facing` or `internal`.
        clients: from where people come to it.
    """

    vpc: AWSHelperFn
    public_subnets: list[AWSHelperFn]
    private_subnets: list[AWSHelperFn]
    data_subnets: list[AWSHelperFn]
    data_subnet_of_zone: list[AWSHelperFn]
    data_zones: list[AWSHelperFn]
    private_route_tables: list[AWSHelperFn]
    nat_gateways: list[tuple[AWSHelperFn, str | None]]
    third_zone: str
    depends_on: list[str]
    third_zone_ready: AWSHelperFn
    scheme: str | AWSHelperFn
    clients: Peer


@part("network")
def add_network(t: Template, *, key: Key) -> Network:
    """Add the VPC with everything that makes packets move; `key` encrypts its flow logs."""
    cidr, zone_count, nat_gateways = _add_parameters(t)
    condition(t, THIRD_ZONE, Equals(Ref(zone_count), "3"))
    condition(t, NAT_PER_ZONE, Equals(Ref(nat_gateways), "per-zone"))
    condition(t, THIRD_NAT, And(Condition(THIRD_ZONE), Condition(NAT_PER_ZONE)))

    vpc = t.add_resource(VPC("Vpc", CidrBlock=Ref(cidr), EnableDnsSupport=True, EnableDnsHostnames=True))
    gateway = t.add_resource(InternetGateway("InternetGateway"))
    attachment = t.add_resource(
        VPCGatewayAttachment("InternetGatewayAttachment", VpcId=Ref(vpc), InternetGatewayId=Ref(gateway))
    )

    public = _add_subnets(t, "Public", PUBLIC, vpc, cidr)
    private = _add_subnets(t, "Private", PRIVATE, vpc, cidr)
    data = _add_subnets(t, "Data", DATA, vpc, cidr)

    public_table = t.add_resource(RouteTable("PublicRouteTable", VpcId=Ref(vpc)))
    data_table = t.add_resource(RouteTable("DataRouteTable", VpcId=Ref(vpc)))
    private_tables = [_add(t, zone, RouteTable(f"PrivateRouteTable{zone}", VpcId=Ref(vpc))) for zone in ZONES]
    for zone in ZONES:
        _associate(t, zone, public[zone - 1], public_table)
        _associate(t, zone, private[zone - 1], private_tables[zone - 1])
        _associate(t, zone, data[zone - 1], data_table)

    t.add_resource(
        Route(
            "PublicRoute",
            RouteTableId=Ref(public_table),
            DestinationCidrBlock="0.0.0.0/0",
            GatewayId=Ref(gateway),
            DependsOn=attachment,
        )
    )
    private_routes = _add_way_out(t, public, private_tables, attachment)
    t.add_resource(
        VPCEndpoint(
            "S3Endpoint",
            VpcId=Ref(vpc),
            VpcEndpointType="Gateway",
            ServiceName=Sub("com.amazonaws.${AWS::Region}.s3"),
            RouteTableIds=present([Ref(table) for table in private_tables]),
        )
    )
    _add_flow_log(t, vpc, key)
    output(t, "VpcId", Ref(vpc), "Id of the VPC")
    for kind, subnets in {"Public": public, "Private": private, "Data": data}.items():
        ids = present([Ref(subnet) for subnet in subnets])
        output(t, f"{kind}SubnetIds", Join(",", ids), f"Ids of the {kind.lower()} subnets, separated by commas")
    return Network(
        vpc=Ref(vpc),
        public_subnets=present([Ref(subnet) for subnet in public]),
        private_subnets=present([Ref(subnet) for subnet in private]),
        data_subnets=present([Ref(subnet) for subnet in data]),
        data_subnet_of_zone=[Ref(subnet) for subnet in data],
        data_zones=[GetAtt(subnet, "AvailabilityZone") for subnet in data],
        private_route_tables=[Ref(table) for table in private_tables],
        nat_gateways=[(Ref(f"NatGateway{zone}"), exists) for zone, exists in GATEWAYS.items()],
        third_zone=THIRD_ZONE,
        depends_on=["PublicRoute", "PublicSubnet1Routes", "PublicSubnet2Routes", "PrivateRoute1", "PrivateRoute2"],
        third_zone_ready=If(THIRD_ZONE, Ref(private_routes[2]), NoValue),
        scheme="internet-facing",
        clients=INTERNET,
    )


@part("network")
def add_interface_endpoints(t: Template, *, network: Network, client: SecurityGroup, execute_command: str) -> None:
    """Add private ways to the AWS services that tasks use, so that images, logs and secrets do not pass a NAT gateway.

    Args:
        t: the template.
        network: where the endpoints stand: in the private subnets, one address per zone.
        client: the tasks' security group, which is let in.
        execute_command: name of the condition under which tasks can be entered with ECS Exec.
    """
    wanted = parameter(
        t,
        "InterfaceEndpoints",
        group="Network",
        label="Private endpoints for AWS services",
        description="yes: images from ECR, logs and secrets reach tasks inside the VPC, paid per hour, zone and "
        "service. no: they take the tasks' way out to the internet, paid per GB at a NAT gateway.",
        default="no",
        allowed_values=YES_NO,
        constraint="yes or no.",
    )
    condition(t, "HasInterfaceEndpoints", Equals(Ref(wanted), "yes"))
    condition(t, "HasExecEndpoint", And(Condition("HasInterfaceEndpoints"), Condition(execute_command)))
    server = security_group(
        t,
        "EndpointsSecurityGroup",
        description="Interface endpoints of AWS services",
        vpc=network.vpc,
        condition="HasInterfaceEndpoints",
    )
    connect(t, client, server, 443, "Tasks to AWS services inside the VPC", condition="HasInterfaceEndpoints")
    services = {
        "EcrApiEndpoint": ("ecr.api", "HasInterfaceEndpoints"),
        "EcrDockerEndpoint": ("ecr.dkr", "HasInterfaceEndpoints"),
        "LogsEndpoint": ("logs", "HasInterfaceEndpoints"),
        "SecretsManagerEndpoint": ("secretsmanager", "HasInterfaceEndpoints"),
        "SessionMessagesEndpoint": ("ssmmessages", "HasExecEndpoint"),
    }
    for logical_id, (service, exists) in services.items():
        t.add_resource(
            VPCEndpoint(
                logical_id,
                Condition=exists,
                VpcId=network.vpc,
                VpcEndpointType="Interface",
                ServiceName=Sub(f"com.amazonaws.${{AWS::Region}}.{service}"),
                SubnetIds=network.private_subnets,
                SecurityGroupIds=[group_id(server)],
                PrivateDnsEnabled=True,
            )
        )


def _add_parameters(t: Template) -> tuple[Parameter, Parameter, Parameter]:
    cidr = parameter(
        t,
        "VpcCidr",
        group="Network",
        label="Address range",
        description="Private range of the VPC. Choose one that overlaps no network it will ever be connected to: "
        "changing it later replaces the whole network.",
        default="10.0.0.0/16",
        pattern=r"^(10\.([0-9]|[1-9][0-9]|1[0-9]{2}|2[0-4][0-9]|25[0-5])|172\.(1[6-9]|2[0-9]|3[01])|192\.168)\.0\.0/16$",
        constraint="A private range of size /16 written out, such as 10.20.0.0/16, 172.20.0.0/16 or 192.168.0.0/16.",
    )
    zone_count = add_zone_count(t)
    nat_gateways = parameter(
        t,
        "NatGateways",
        group="Network",
        label="NAT gateways",
        description="per-zone: the loss of a zone leaves the others their way out. one: cheaper, for development. "
        "Can be changed at any time.",
        default="one",
        allowed_values=["one", "per-zone"],
        constraint="one or per-zone.",
    )
    return cidr, zone_count, nat_gateways


def add_zone_count(t: Template) -> Parameter:
    """Add the parameter over how many zones everything is spread."""
    return parameter(
        t,
        "ZoneCount",
        group="Network",
        label="Availability zones",
        description="Over how many zones everything is spread. Going from 2 to 3 later replaces nothing.",
        default="2",
        allowed_values=["2", "3"],
        constraint="2 or 3.",
    )


def _add_subnets(t: Template, kind: str, first_range: int, vpc: VPC, cidr: Parameter) -> list[Subnet]:
    ranges = Cidr(Ref(cidr), 9, HOST_BITS)
    return [
        _add(
            t,
            zone,
            Subnet(
                f"{kind}Subnet{zone}",
                VpcId=Ref(vpc),
                AvailabilityZone=Select(zone - 1, GetAZs("")),
                CidrBlock=Select(first_range + zone - 1, ranges),
                # The balancer and the NAT gateways bring their own public addresses.
                MapPublicIpOnLaunch=False,
            ),
        )
        for zone in ZONES
    ]


def _associate(t: Template, zone: int, subnet: Subnet, table: RouteTable) -> None:
    """Give a subnet its route table. The association is called `<subnet>Routes`."""
    _add(
        t,
        zone,
        SubnetRouteTableAssociation(f"{subnet.title}Routes", SubnetId=Ref(subnet), RouteTableId=Ref(table)),
    )


def _add_way_out(
    t: Template, public: list[Subnet], tables: list[RouteTable], attachment: VPCGatewayAttachment
) -> list[Route]:
    """Add the NAT gateways, and the default route of each private table.

    The first gateway always exists. Where a zone has none of its own, its route leads to the first; a route's gateway
    can be changed in place.
    """
    gateways = []
    for zone, exists in GATEWAYS.items():
        address = EIP(f"NatAddress{zone}", Domain="vpc", DependsOn=attachment)
        gateway = NatGateway(
            f"NatGateway{zone}",
            SubnetId=Ref(public[zone - 1]),
            AllocationId=GetAtt(address, "AllocationId"),
            # A gateway without a way out of its own is a way out for nobody.
            DependsOn=["InternetGatewayAttachment", "PublicRoute", f"PublicSubnet{zone}Routes"],
        )
        for resource in (address, gateway):
            if exists is not None:
                resource.Condition = exists
            t.add_resource(resource)
        gateways.append(gateway)
    routes = []
    for zone, table, gateway in zip(ZONES, tables, gateways, strict=True):
        own, first = Ref(gateway), Ref(gateways[0])
        route = Route(
            f"PrivateRoute{zone}",
            RouteTableId=Ref(table),
            DestinationCidrBlock="0.0.0.0/0",
            NatGatewayId=first if zone == 1 else If(NAT_PER_ZONE, own, first),
            DependsOn=f"PrivateSubnet{zone}Routes",
        )
        routes.append(_add(t, zone, route))
    return routes


def _add_flow_log(t: Template, vpc: VPC, key: Key) -> None:
    traffic = parameter(
        t,
        "FlowLogTraffic",
        group="Logs",
        label="Network traffic to log",
        description="ALL: every connection. REJECT: only what a security group or network ACL turned away, which "
        "costs a small part of it.",
        default="REJECT",
        allowed_values=["ALL", "REJECT"],
        constraint="ALL or REJECT.",
    )
    group = log_group(t, "FlowLogGroup", "flow", key=key)
    source = ArnLike("aws:SourceArn", Sub("arn:${AWS::Partition}:ec2:${AWS::Region}:${AWS::AccountId}:vpc-flow-log/*"))
    write = allow(["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"], GetAtt(group, "Arn"))
    role = add_role(t, "FlowLogRole", assume_role("vpc-flow-logs", conditions=[source]))
    policy = add_policy(t, "FlowLogPolicy", role, write)
    t.add_resource(
        FlowLog(
            "FlowLog",
            ResourceType="VPC",
            ResourceId=Ref(vpc),
            TrafficType=Ref(traffic),
            LogDestinationType="cloud-watch-logs",
            LogGroupName=Ref(group),
            DeliverLogsPermissionArn=GetAtt(role, "Arn"),
            DependsOn=policy,
        )
    )


def _add(t: Template, zone: int, resource: Resource) -> Resource:
    """Add a resource of one zone; those of the third exist only with three zones."""
    if zone == ZONES[-1]:
        resource.Condition = THIRD_ZONE
    return t.add_resource(resource)


def present(ids: Sequence[AWSHelperFn]) -> list[AWSHelperFn]:
    """One id per zone, without the third where there is none."""
    return [*ids[:2], If(THIRD_ZONE, ids[2], NoValue)]
