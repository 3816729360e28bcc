"""dist/lms-in-vpc.json in a VPC that somebody else made: applied, grown by a zone, and taken away from it again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from tests.embedded import embedded_aws
from tests.integration.conftest import ACCOUNTS, REGION, ROOT, deploy, variables
from tests.integration.platform import Platform

if TYPE_CHECKING:
    from pathlib import Path

STACK = "lms-campus"
KINDS = {"BalancerSubnetIds": 0, "TaskSubnetIds": 16, "DataSubnetIds": 32}
OTHERS = {
    "route_tables": "RouteTables",
    "nat_gateways": "NatGateways",
    "internet_gateways": "InternetGateways",
}


def made_by_the_company(ec2: Any) -> dict[str, str]:
    """A VPC with three subnets of each kind; the values of the parameters that name them."""
    vpc = ec2.create_vpc(CidrBlock="10.40.0.0/16")["Vpc"]["VpcId"]
    zones = [f"{REGION}{letter}" for letter in "abc"]
    found = {"VpcId": vpc, "DataSubnetZones": ",".join(zones)}
    for name, first in KINDS.items():
        made = [
            ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.40.{first + number}.0/24", AvailabilityZone=zone)["Subnet"]
            for number, zone in enumerate(zones)
        ]
        found[name] = ",".join(subnet["SubnetId"] for subnet in made)
    return found


def network(ec2: Any) -> dict[str, list[str]]:
    """What there is of a network, by kind."""
    ids = {"vpcs": [each["VpcId"] for each in ec2.describe_vpcs()["Vpcs"]]}
    ids["subnets"] = [each["SubnetId"] for each in ec2.describe_subnets()["Subnets"]]
    for call, key in OTHERS.items():
        found = getattr(ec2, f"describe_{call}")()[key]
        ids[call] = [each[f"{key[:-1]}Id"] for each in found]
    return {kind: sorted(found) for kind, found in ids.items()}


def clients(platform: Platform) -> set[str]:
    """From where the balancer may be asked."""
    group = [{"Name": "group-id", "Values": [platform.id("BalancerSecurityGroup")]}]
    rules = platform.client("ec2").describe_security_group_rules(Filters=group)["SecurityGroupRules"]
    return {rule["CidrIpv4"] for rule in rules if not rule["IsEgress"]}


def test_the_platform_comes_into_a_network_and_leaves_it_as_it_was(
    request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    if request.config.getoption("--stack"):
        pytest.skip("it makes a network of its own")
    with embedded_aws() as url:
        environment = variables(url, ACCOUNTS["dev"])
        session = boto3.Session(ACCOUNTS["dev"], "embedded", region_name=REGION)
        platform = Platform(session, STACK, url)
        ec2 = platform.client("ec2")
        given = made_by_the_company(ec2)
        before = network(ec2)
        file = tmp_path / "campus.json"
        options = ("--template", str(ROOT / "dist/lms-in-vpc.json"), "--params", str(file), "--stack-name", STACK)

        def apply(**parameters: str) -> str:
            common = {"EnvironmentSuffix": "campus", "AccessLogs": "no"}
            file.write_text(json.dumps({"Parameters": common | parameters}))
            # What dev declares is meant for another template, and here is no name to speak TLS under.
            return deploy(environment, "apply", "dev", *options, "--yes", "--no-proofs").stdout

        deploy(environment, "bootstrap", "dev", "--yes")
        inside = {"BalancerScheme": "internal", "ClientCidr": "10.0.0.0/8"}
        apply(**given, **inside)

        assert network(ec2) == before
        [balancer] = platform.client("elbv2").describe_load_balancers()["LoadBalancers"]
        assert {zone["SubnetId"] for zone in balancer["AvailabilityZones"]} == set(
            given["BalancerSubnetIds"].split(",")[:2]
        )
        assert (balancer["VpcId"], balancer["Scheme"]) == (given["VpcId"], "internal")
        assert clients(platform) == {"10.0.0.0/8"}
        assert len(platform.ids("AWS::EFS::MountTarget")) == 2

        platform.forget()
        told = apply(**given, **{**inside, "ClientCidr": "10.40.0.0/16"}, ZoneCount="3")

        assert "MountTarget3" in told
        assert clients(platform) == {"10.40.0.0/16"}
        assert "LoadBalancer (" not in told.partition("Replaced (")[2]
        targets = [platform.id(name) for name in platform.ids("AWS::EFS::MountTarget")]
        efs = platform.client("efs")
        subnets = [
            efs.describe_mount_targets(MountTargetId=target)["MountTargets"][0]["SubnetId"] for target in targets
        ]
        assert sorted(subnets) == sorted(given["DataSubnetIds"].split(","))

        deploy(environment, "destroy", "dev", *options, "--yes")

        assert network(ec2) == before
