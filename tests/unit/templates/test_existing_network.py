"""The platform in a VPC that is there already: the same functions, and nothing of the network made or changed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from stackproof.configuration import check_configuration
from tests.templates_support import ROOT, Emitted
from tests.unit.templates.test_lms import CHOICES

if TYPE_CHECKING:
    from collections.abc import Iterator

NETWORK = {
    "AWS::EC2::EIP",
    "AWS::EC2::FlowLog",
    "AWS::EC2::InternetGateway",
    "AWS::EC2::NatGateway",
    "AWS::EC2::Route",
    "AWS::EC2::RouteTable",
    "AWS::EC2::Subnet",
    "AWS::EC2::SubnetRouteTableAssociation",
    "AWS::EC2::VPC",
    "AWS::EC2::VPCGatewayAttachment",
}
OF_THE_NETWORK = {"FlowLogGroup", "FlowLogPolicy", "FlowLogRole", "S3Endpoint", "NatPortsAlarm", "NatTrafficAlarm"}
LISTS = {"BalancerSubnetIds": "aaaaaaa", "TaskSubnetIds": "bbbbbbb", "DataSubnetIds": "ccccccc"}


def subnets(name: str, zones: int) -> list[str]:
    return [f"subnet-{LISTS[name]}{zone}" for zone in range(1, zones + 1)]


def test_it_is_the_platform_without_its_network(lms: Emitted, in_vpc: Emitted) -> None:
    """Each resource of dist/lms.json but the network's, under its own name and with its own type."""
    wanted = {
        name.replace("InternetTo", "ClientsTo"): body["Type"]
        for name, body in lms.body["Resources"].items()
        if body["Type"] not in NETWORK and name not in OF_THE_NETWORK
    }

    assert {name: body["Type"] for name, body in in_vpc.body["Resources"].items()} == wanted


def test_what_the_network_alone_takes_is_asked_and_nothing_else_differs(lms: Emitted, in_vpc: Emitted) -> None:
    own, theirs = lms.parameters.keys(), in_vpc.parameters.keys()

    assert own - theirs == {
        "VpcCidr",
        "NatGateways",
        "FlowLogTraffic",
        "DatabasePeeringConnectionId",
        "AlarmNatGigabytes",
    }
    assert theirs - own == {"VpcId", *LISTS, "DataSubnetZones", "BalancerScheme", "ClientCidr"}


def test_the_console_looks_up_what_exists(in_vpc: Emitted) -> None:
    parameters = in_vpc.body["Parameters"]
    types = {name: parameters[name]["Type"] for name in ("VpcId", *LISTS, "DataSubnetZones")}

    assert types == {
        "VpcId": "AWS::EC2::VPC::Id",
        **dict.fromkeys(LISTS, "List<AWS::EC2::Subnet::Id>"),
        "DataSubnetZones": "List<AWS::EC2::AvailabilityZone::Name>",
    }
    assert {name for name, body in parameters.items() if "Default" not in body} == set(types)


@pytest.mark.parametrize("zones", [2, 3])
def test_everything_stands_in_the_subnets_that_were_given(in_vpc: Emitted, zones: int) -> None:
    template = in_vpc.with_parameters(
        ZoneCount=zones, RunApplication="yes", InterfaceEndpoints="yes", DatabaseSecretArn="", DatabaseProxy="yes"
    )
    found = template.resources
    data = subnets("DataSubnetIds", zones)

    assert found["LoadBalancer"]["Subnets"] == subnets("BalancerSubnetIds", zones)
    tasks = found["Service"]["NetworkConfiguration"]["AwsvpcConfiguration"]["Subnets"]
    assert tasks == found["LogsEndpoint"]["SubnetIds"] == subnets("TaskSubnetIds", zones)
    assert [target["SubnetId"] for target in template.of_type("AWS::EFS::MountTarget").values()] == data
    assert found["CacheSubnetGroup"]["SubnetIds"] == found["DatabaseSubnetGroup"]["SubnetIds"] == data
    assert found["DatabaseConnectionProxy"]["VpcSubnetIds"] == data[:2]
    assert found["DatabaseWriterInstance"]["AvailabilityZone"] == "sa-east-1a"
    assert found["DatabaseReaderInstance"]["AvailabilityZone"] == "sa-east-1b"
    vpcs = {group["VpcId"] for group in template.of_type("AWS::EC2::SecurityGroup").values()}
    assert vpcs == {found["TargetGroup"]["VpcId"]} == {"vpc-11111111"}


@pytest.mark.parametrize(
    ("scheme", "cidr"),
    [("internet-facing", "0.0.0.0/0"), ("internal", "10.0.0.0/8"), ("internet-facing", "192.0.2.0/24")],
)
def test_the_balancer_lets_in_whom_it_is_for(in_vpc: Emitted, scheme: str, cidr: str) -> None:
    certificate = "arn:aws:acm:sa-east-1:111122223333:certificate/01234567-89ab-cdef-0123-456789abcdef"
    template = in_vpc.with_parameters(BalancerScheme=scheme, ClientCidr=cidr, CertificateArn=certificate)

    assert template.resources["LoadBalancer"]["Scheme"] == scheme
    opened = {
        rule["FromPort"]: rule["CidrIp"]
        for rule in template.of_type("AWS::EC2::SecurityGroupIngress").values()
        if rule["GroupId"] == "${BalancerSecurityGroup.GroupId}" and rule.get("CidrIp")
    }
    assert opened == {80: cidr, 443: cidr}


def test_an_existing_database_is_reached_in_its_range_and_by_no_route(in_vpc: Emitted) -> None:
    template = in_vpc.with_parameters(DatabaseCidr="10.40.128.0/20", DatabasePort=3306)
    rule = template.resources["TasksToDatabaseDatabasePortEgress"]

    assert (rule["CidrIp"], rule["FromPort"], rule["ToPort"]) == ("10.40.128.0/20", "3306", "3306")
    assert not template.of_type("AWS::EC2::Route")


class TestRules:
    def test_subnets_are_of_the_one_vpc(self, in_vpc: Emitted) -> None:
        assertions = in_vpc.body["Rules"]["SubnetsAreOfTheVpc"]["Assertions"]

        assert [one["Assert"] for one in assertions] == [
            {"Fn::EachMemberEquals": [{"Fn::ValueOf": [name, "VpcId"]}, {"Ref": "VpcId"}]} for name in LISTS
        ]
        assert all(name in one["AssertDescription"] for name, one in zip(LISTS, assertions, strict=True))

    def test_each_zone_of_the_tasks_has_what_they_need(self, in_vpc: Emitted) -> None:
        rule = in_vpc.body["Rules"]["ZonesBelongTogether"]
        zones = {name: {"Fn::ValueOf": [name, "AvailabilityZone"]} for name in LISTS}

        assert [one["Assert"]["Fn::EachMemberIn"] for one in rule["Assertions"]] == [
            [zones["TaskSubnetIds"], zones["DataSubnetIds"]],
            [zones["TaskSubnetIds"], zones["BalancerSubnetIds"]],
            [zones["DataSubnetIds"], {"Ref": "DataSubnetZones"}],
        ]
        assert "tasks there could not mount their files" in rule["Assertions"][0]["AssertDescription"]
        assert "tasks there could not get any requests" in rule["Assertions"][1]["AssertDescription"]

    @pytest.mark.parametrize(("cidr", "refused"), [("0.0.0.0/0", True), ("10.0.0.0/8", False)])
    def test_an_internal_balancer_is_not_for_everybody(self, in_vpc: Emitted, cidr: str, *, refused: bool) -> None:
        found = [one.message for one in company(in_vpc, BalancerScheme="internal", ClientCidr=cidr)]

        assert bool(found) is refused
        assert all("BalancerScheme is internal, but ClientCidr is 0.0.0.0/0" in one for one in found)

    def test_production_asks_for_no_nat_gateways(self, in_vpc: Emitted) -> None:
        assert "ProductionHasNatPerZone" not in in_vpc.body["Rules"]
        assert "ProductionHasCertificate" in in_vpc.body["Rules"]

    @pytest.mark.parametrize(
        ("parameter", "value"),
        [
            ("VpcId", "subnet-11111111"),
            ("TaskSubnetIds", "vpc-11111111,subnet-11111112"),
            ("DataSubnetZones", "sa-east"),
            ("ClientCidr", "10.0.0.0"),
            ("ClientCidr", "10.0.0.0/33"),
            ("BalancerScheme", "public"),
        ],
    )
    def test_what_is_no_value_is_refused(self, in_vpc: Emitted, parameter: str, value: str) -> None:
        assert [one.key for one in company(in_vpc, **{parameter: value})] == [f"Parameters.{parameter}"]


def company(template: Emitted, **parameters: str) -> list[Any]:
    """What is wrong with params/company.json when these are changed."""
    document = json.loads((ROOT / "params/company.json").read_text())
    document["Parameters"] |= parameters
    return check_configuration(template.body, document, "params/company.json")


def variants(template: Emitted) -> Iterator[Emitted]:
    for choice in CHOICES:
        yield template.with_parameters(**{name: value for name, value in choice.items() if name in template.parameters})


def test_every_condition_is_used_and_has_two_sides(in_vpc: Emitted) -> None:
    text = json.dumps([in_vpc.body["Resources"], in_vpc.body["Outputs"], in_vpc.body["Conditions"]])
    found = list(variants(in_vpc))

    for name in in_vpc.body["Conditions"]:
        assert f'"{name}"' in text.replace(f'"{name}": {{', ""), f"nothing asks for {name}"
        assert {template.holds(name) for template in found} == {True, False}, name


def test_nothing_refers_to_what_a_condition_left_out(in_vpc: Emitted) -> None:
    for template in variants(in_vpc):
        assert all(template.outputs.values())
        for name, resource in template.resources.items():
            template.resolve(resource.body.get("Metadata", {}))
            assert set(resource.depends_on) <= template.resources.keys(), name
            assert resource.body.get("DependsOn") != [], f"{name} waits for nothing"
