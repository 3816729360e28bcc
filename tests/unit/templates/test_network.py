"""The network: every subnet in its place, with the way out that it needs and no other."""

from __future__ import annotations

import ipaddress
from itertools import combinations, product
from typing import TYPE_CHECKING

import pytest

from tests.templates_support import statements

if TYPE_CHECKING:
    from tests.templates_support import Emitted

CHOICES = [{"ZoneCount": zones, "NatGateways": nat} for zones, nat in product(("2", "3"), ("one", "per-zone"))]


def zones_of(template: Emitted) -> range:
    return range(1, int(template.parameters["ZoneCount"]) + 1)


def table_of(template: Emitted, subnet: str) -> str:
    """The route table that is associated with a subnet; there must be exactly one."""
    (table,) = [
        str(association["RouteTableId"])
        for association in template.of_type("AWS::EC2::SubnetRouteTableAssociation").values()
        if association["SubnetId"] == f"${{{subnet}}}"
    ]
    return table


def default_routes(template: Emitted, subnet: str) -> list[dict[str, str]]:
    """The routes that take a subnet's packets to the internet."""
    return [
        route.properties
        for route in template.of_type("AWS::EC2::Route").values()
        if route["RouteTableId"] == table_of(template, subnet) and route.get("DestinationCidrBlock") == "0.0.0.0/0"
    ]


@pytest.mark.parametrize("choice", CHOICES)
class TestEveryChoice:
    """What holds for two zones and three, one NAT gateway and one per zone."""

    @pytest.fixture
    def template(self, lms: Emitted, choice: dict[str, str]) -> Emitted:
        return lms.with_parameters(**choice)

    def test_subnets_lie_inside_the_vpc_and_apart(self, template: Emitted) -> None:
        (vpc,) = template.of_type("AWS::EC2::VPC").values()
        ranges = [
            ipaddress.IPv4Network(subnet["CidrBlock"]) for subnet in template.of_type("AWS::EC2::Subnet").values()
        ]
        assert len(ranges) == 3 * len(zones_of(template))
        assert all(one.subnet_of(ipaddress.IPv4Network(vpc["CidrBlock"])) for one in ranges)
        assert not any(one.overlaps(other) for one, other in combinations(ranges, 2))

    def test_each_kind_has_a_subnet_in_every_zone(self, template: Emitted) -> None:
        subnets = template.of_type("AWS::EC2::Subnet")
        for kind in ("Public", "Private", "Data"):
            zones = [subnets[f"{kind}Subnet{zone}"]["AvailabilityZone"] for zone in zones_of(template)]
            assert zones == [f"sa-east-1{letter}" for letter in "abc"[: len(zones)]]

    def test_no_subnet_gives_public_addresses(self, template: Emitted) -> None:
        assert {subnet["MapPublicIpOnLaunch"] for subnet in template.of_type("AWS::EC2::Subnet").values()} == {False}

    def test_a_task_has_a_way_out_in_every_zone(self, template: Emitted) -> None:
        """Without one a task cannot pull its image, and every linter stays silent."""
        for zone in zones_of(template):
            (route,) = default_routes(template, f"PrivateSubnet{zone}")
            gateway = template.resources[route["NatGatewayId"].strip("${}")]
            assert gateway.type == "AWS::EC2::NatGateway"
            (way_out,) = default_routes(template, gateway["SubnetId"].strip("${}"))
            assert template.resources[way_out["GatewayId"].strip("${}")].type == "AWS::EC2::InternetGateway"

    def test_every_private_subnet_has_a_route_table_of_its_own(self, template: Emitted) -> None:
        tables = [table_of(template, f"PrivateSubnet{zone}") for zone in zones_of(template)]
        assert len(set(tables)) == len(tables)

    def test_data_subnets_have_a_table_without_a_way_out(self, template: Emitted) -> None:
        for zone in zones_of(template):
            table = table_of(template, f"DataSubnet{zone}")
            assert not [r for r in template.of_type("AWS::EC2::Route").values() if r["RouteTableId"] == table]

    def test_a_gateway_stands_ready_before_anybody_is_sent_to_it(self, template: Emitted) -> None:
        gateways = template.of_type("AWS::EC2::NatGateway")
        assert len(gateways) == (1 if template.parameters["NatGateways"] == "one" else len(zones_of(template)))
        for gateway in gateways.values():
            address = template.resources[gateway["AllocationId"].strip("${}").removesuffix(".AllocationId")]
            assert address.type == "AWS::EC2::EIP"
            assert "InternetGatewayAttachment" in address.depends_on
            assert {"InternetGatewayAttachment", "PublicRoute"} <= set(gateway.depends_on)
        assert "InternetGatewayAttachment" in template.resources["PublicRoute"].depends_on

    def test_images_from_s3_do_not_pass_a_nat_gateway(self, template: Emitted) -> None:
        endpoint = template.resources["S3Endpoint"]
        assert endpoint["VpcEndpointType"] == "Gateway"
        assert endpoint["ServiceName"] == "com.amazonaws.sa-east-1.s3"
        assert endpoint["RouteTableIds"] == [table_of(template, f"PrivateSubnet{zone}") for zone in zones_of(template)]

    def test_outputs_name_the_subnets_that_exist(self, template: Emitted) -> None:
        expected = ",".join(f"${{DataSubnet{zone}}}" for zone in zones_of(template))
        assert template.outputs["DataSubnetIds"] == expected


def test_ranges_by_position(lms: Emitted) -> None:
    """Accepted ranges: a change of these numbers replaces subnets and all that stands in them."""
    ranges = {
        name: subnet["CidrBlock"]
        for name, subnet in lms.with_parameters(ZoneCount=3).of_type("AWS::EC2::Subnet").items()
    }
    assert ranges == {
        "PublicSubnet1": "10.0.0.0/20",
        "PublicSubnet2": "10.0.16.0/20",
        "PublicSubnet3": "10.0.32.0/20",
        "PrivateSubnet1": "10.0.48.0/20",
        "PrivateSubnet2": "10.0.64.0/20",
        "PrivateSubnet3": "10.0.80.0/20",
        "DataSubnet1": "10.0.96.0/20",
        "DataSubnet2": "10.0.112.0/20",
        "DataSubnet3": "10.0.128.0/20",
    }


def test_ranges_follow_the_vpc(lms: Emitted) -> None:
    moved = lms.with_parameters(VpcCidr="172.20.0.0/16")
    assert moved.resources["PrivateSubnet1"]["CidrBlock"] == "172.20.48.0/20"


def test_a_third_zone_changes_nothing_that_exists(lms: Emitted) -> None:
    network = ("AWS::EC2::Subnet", "AWS::EC2::Route", "AWS::EC2::RouteTable", "AWS::EC2::NatGateway", "AWS::EC2::EIP")
    for nat in ("one", "per-zone"):
        two, three = (lms.with_parameters(ZoneCount=zones, NatGateways=nat).of_type(*network) for zones in (2, 3))
        assert {name: three[name].properties for name in two} == {name: two[name].properties for name in two}
        assert three.keys() - two.keys()


def test_changing_between_one_nat_gateway_and_more_only_points_routes_elsewhere(lms: Emitted) -> None:
    """Each default route keeps its table and destination, the two properties that would replace it."""
    one, more = (
        lms.with_parameters(ZoneCount=3, NatGateways=nat).of_type("AWS::EC2::Route") for nat in ("one", "per-zone")
    )
    assert one.keys() == more.keys()
    for name in one:
        before, after = dict(one[name].properties), dict(more[name].properties)
        before.pop("NatGatewayId", None)
        after.pop("NatGatewayId", None)
        assert before == after
    assert {one[f"PrivateRoute{zone}"]["NatGatewayId"] for zone in (1, 2, 3)} == {"${NatGateway1}"}
    assert [more[f"PrivateRoute{zone}"]["NatGatewayId"] for zone in (1, 2, 3)] == [
        f"${{NatGateway{zone}}}" for zone in (1, 2, 3)
    ]


def test_names_resolve_inside_the_vpc(lms: Emitted) -> None:
    """Endpoints with private DNS, the file system and the caches are found by name."""
    vpc = lms.resources["Vpc"]
    assert (vpc["EnableDnsSupport"], vpc["EnableDnsHostnames"]) == (True, True)


class TestInterfaceEndpoints:
    def test_none_by_default(self, lms: Emitted) -> None:
        assert [e for e in lms.of_type("AWS::EC2::VPCEndpoint").values() if e["VpcEndpointType"] == "Interface"] == []
        assert "EndpointsSecurityGroup" not in lms.resources

    @pytest.mark.parametrize(("execute_command", "session"), [("no", set()), ("yes", {"ssmmessages"})])
    def test_what_tasks_use(self, lms: Emitted, execute_command: str, session: set[str]) -> None:
        template = lms.with_parameters(InterfaceEndpoints="yes", ExecuteCommand=execute_command, ZoneCount=3)
        endpoints = [
            e for e in template.of_type("AWS::EC2::VPCEndpoint").values() if e["VpcEndpointType"] == "Interface"
        ]
        services = {endpoint["ServiceName"].removeprefix("com.amazonaws.sa-east-1.") for endpoint in endpoints}
        assert services == {"ecr.api", "ecr.dkr", "logs", "secretsmanager"} | session
        for endpoint in endpoints:
            assert endpoint["PrivateDnsEnabled"] is True
            assert endpoint["SubnetIds"] == [f"${{PrivateSubnet{zone}}}" for zone in (1, 2, 3)]
            assert endpoint["SecurityGroupIds"] == ["${EndpointsSecurityGroup.GroupId}"]

    def test_only_tasks_are_let_in(self, lms: Emitted) -> None:
        template = lms.with_parameters(InterfaceEndpoints="yes")
        rules = [
            rule.properties
            for rule in template.of_type("AWS::EC2::SecurityGroupIngress").values()
            if rule["GroupId"] == "${EndpointsSecurityGroup.GroupId}"
        ]
        assert [(r["FromPort"], r["ToPort"], r["SourceSecurityGroupId"]) for r in rules] == [
            (443, 443, "${TasksSecurityGroup.GroupId}")
        ]


class TestFlowLogs:
    @pytest.mark.parametrize("traffic", ["ALL", "REJECT"])
    def test_the_vpc_is_logged(self, lms: Emitted, traffic: str) -> None:
        template = lms.with_parameters(FlowLogTraffic=traffic)
        log = template.resources["FlowLog"]
        assert (log["ResourceType"], log["ResourceId"], log["TrafficType"]) == ("VPC", "${Vpc}", traffic)
        group = template.resources[log["LogGroupName"].strip("${}")]
        assert group["LogGroupName"] == "/lms/lms-dev/flow"
        assert group["KmsKeyId"] == "${LogsKey.Arn}"

    def test_the_role_writes_to_that_group_and_nowhere_else(self, lms: Emitted) -> None:
        [trust] = statements(lms.resources["FlowLogRole"])
        [permission] = statements(lms.resources["FlowLogPolicy"])
        assert lms.resources["FlowLogPolicy"]["Roles"] == ["${FlowLogRole}"]
        assert lms.resources["FlowLog"].body["DependsOn"] == "FlowLogPolicy"
        assert trust["Principal"] == {"Service": "vpc-flow-logs.amazonaws.com"}
        assert trust["Condition"]["StringEquals"] == {"aws:SourceAccount": "111122223333"}
        assert permission["Resource"] == ["${FlowLogGroup.Arn}"]
        assert not [action for action in permission["Action"] if "*" in action]
