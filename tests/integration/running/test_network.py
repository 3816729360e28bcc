"""The running network: ways out, zones, groups that let through exactly what is meant."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from tests.integration.running.asked import rules_of, secure

if TYPE_CHECKING:
    from tests.integration.platform import Platform

ANYWHERE = "0.0.0.0/0"
NO_EGRESS = ("egress", "-1", None, "127.0.0.1/32")


def route_table_of(platform: Platform, subnet: str) -> list[dict[str, Any]]:
    found = platform.client("ec2").describe_route_tables(
        Filters=[{"Name": "association.subnet-id", "Values": [subnet]}]
    )["RouteTables"]
    assert len(found) == 1, f"{subnet} has {len(found)} route tables"
    return found[0]["Routes"]  # type: ignore[no-any-return]


def default_route(routes: list[dict[str, Any]]) -> dict[str, Any] | None:
    return next((route for route in routes if route.get("DestinationCidrBlock") == ANYWHERE), None)


def test_every_private_subnet_has_a_way_out_through_a_nat_gateway(platform: Platform) -> None:
    gateways = {gateway["NatGatewayId"]: gateway for gateway in nat_gateways(platform)}
    used = []
    for zone in platform.zones:
        route = default_route(route_table_of(platform, platform.id(f"PrivateSubnet{zone}")))
        assert route is not None, f"private subnet {zone} has no default route"
        assert gateways[route["NatGatewayId"]]["State"] == "available"
        used.append(route["NatGatewayId"])
    per_zone = platform.parameters["NatGateways"] == "per-zone"
    assert len(set(used)) == (len(platform.zones) if per_zone else 1)


def nat_gateways(platform: Platform) -> list[dict[str, Any]]:
    wanted = list(platform.ids("AWS::EC2::NatGateway").values())
    return platform.client("ec2").describe_nat_gateways(NatGatewayIds=wanted)["NatGateways"]  # type: ignore[no-any-return]


def test_nat_gateways_are_public_and_can_get_out_themselves(platform: Platform) -> None:
    for gateway in nat_gateways(platform):
        assert gateway["NatGatewayAddresses"][0]["AllocationId"].startswith("eipalloc-")
        route = default_route(route_table_of(platform, gateway["SubnetId"]))
        assert route is not None
        assert route["GatewayId"] == platform.id("InternetGateway")


def test_data_subnets_have_no_way_to_the_internet(platform: Platform) -> None:
    for zone in platform.zones:
        routes = route_table_of(platform, platform.id(f"DataSubnet{zone}"))
        assert default_route(routes) is None
        assert not [route for route in routes if route.get("NatGatewayId")]


def test_the_network_has_the_range_that_was_asked_for(platform: Platform) -> None:
    [vpc] = platform.client("ec2").describe_vpcs(VpcIds=[platform.id("Vpc")])["Vpcs"]
    assert vpc["CidrBlock"] == platform.parameters["VpcCidr"]


def test_subnets_spread_over_as_many_zones_as_asked_for(platform: Platform) -> None:
    for kind in ("Public", "Private", "Data"):
        ids = [platform.id(f"{kind}Subnet{zone}") for zone in platform.zones]
        subnets = platform.client("ec2").describe_subnets(SubnetIds=ids)["Subnets"]
        assert len({subnet["AvailabilityZone"] for subnet in subnets}) == len(platform.zones)
        assert not any(subnet["MapPublicIpOnLaunch"] for subnet in subnets)


def expected_rules(platform: Platform) -> dict[str, set[tuple[str, str, int | None, str]]]:
    """Who may talk to whom, in full."""
    wanted = platform.parameters
    container = int(wanted["ContainerPort"])
    ports = {443, *([80] if wanted["PlainHttp"] == "redirect" else [])} if secure(platform) else {80}
    doors = {("ingress", "tcp", port, ANYWHERE) for port in ports}
    plain_cache, endpoints = platform.yes("PlainCache"), platform.yes("InterfaceEndpoints")
    tasks = "TasksSecurityGroup"
    rules: dict[str, set[tuple[str, str, int | None, str]]] = {
        "BalancerSecurityGroup": {NO_EGRESS, ("egress", "tcp", container, tasks)} | doors,
        tasks: {
            NO_EGRESS,
            ("ingress", "tcp", container, "BalancerSecurityGroup"),
            ("egress", "tcp", 2049, "FilesSecurityGroup"),
            ("egress", "tcp", 6379, "CacheSecurityGroup"),
            ("egress", "tcp", 443, ANYWHERE),
        }
        | ({("egress", "tcp", 6379, "PlainCacheSecurityGroup")} if plain_cache else set())
        | ({("egress", "tcp", 443, "EndpointsSecurityGroup")} if endpoints else set()),
        "FilesSecurityGroup": {NO_EGRESS, ("ingress", "tcp", 2049, tasks)},
        "CacheSecurityGroup": {NO_EGRESS, ("ingress", "tcp", 6379, tasks)},
    }
    add_database_rules(platform, rules)
    if platform.has("RestoreTestSecurityGroup"):
        rules["RestoreTestSecurityGroup"] = {NO_EGRESS}
    if plain_cache:
        rules["PlainCacheSecurityGroup"] = {NO_EGRESS, ("ingress", "tcp", 6379, tasks)}
    if endpoints:
        rules["EndpointsSecurityGroup"] = {NO_EGRESS, ("ingress", "tcp", 443, tasks)}
    return rules


def add_database_rules(platform: Platform, rules: dict[str, set[tuple[str, str, int | None, str]]]) -> None:
    """The way to an existing database, to the stack's own, or through its proxy."""
    port, tasks = int(platform.parameters["DatabasePort"]), "TasksSecurityGroup"
    way = [tasks, "DatabaseProxySecurityGroup", "DatabaseClusterSecurityGroup"]
    if not platform.has("DatabaseProxySecurityGroup"):
        way.remove("DatabaseProxySecurityGroup")
    if not platform.has("DatabaseClusterSecurityGroup"):
        rules[tasks].add(("egress", "tcp", port, platform.parameters["DatabaseCidr"]))
        return
    for client, server in itertools.pairwise(way):
        rules.setdefault(client, {NO_EGRESS}).add(("egress", "tcp", port, server))
        rules.setdefault(server, {NO_EGRESS}).add(("ingress", "tcp", port, client))


def test_security_groups_let_through_exactly_what_is_meant(platform: Platform) -> None:
    found = {group: rules_of(platform, group) for group in platform.ids("AWS::EC2::SecurityGroup")}
    assert found == expected_rules(platform)


def test_rejected_traffic_is_logged(platform: Platform) -> None:
    found = platform.client("ec2").describe_flow_logs(
        Filters=[{"Name": "resource-id", "Values": [platform.id("Vpc")]}]
    )["FlowLogs"]
    assert [log["TrafficType"] for log in found] == [platform.parameters["FlowLogTraffic"]]
    assert found[0]["LogGroupName"] == platform.id("FlowLogGroup")
    assert found[0]["FlowLogStatus"] == "ACTIVE"


def test_aws_services_are_reached_privately_where_asked_for(platform: Platform) -> None:
    found = platform.client("ec2").describe_vpc_endpoints(Filters=[{"Name": "vpc-id", "Values": [platform.id("Vpc")]}])[
        "VpcEndpoints"
    ]
    by_service = {each["ServiceName"].split(".", 3)[3]: each for each in found}
    tables = {platform.id(f"PrivateRouteTable{zone}") for zone in platform.zones}
    assert tables <= set(by_service.pop("s3")["RouteTableIds"])
    wanted = {"ecr.api", "ecr.dkr", "logs", "secretsmanager"} if platform.yes("InterfaceEndpoints") else set()
    assert set(by_service) - {"ssmmessages"} == wanted
    for endpoint in by_service.values():
        assert endpoint["PrivateDnsEnabled"]
        assert set(endpoint["SubnetIds"]) == {platform.id(f"PrivateSubnet{zone}") for zone in platform.zones}
        assert [group["GroupId"] for group in endpoint["Groups"]] == [platform.id("EndpointsSecurityGroup")]
