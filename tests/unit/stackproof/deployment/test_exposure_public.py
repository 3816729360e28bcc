"""What comes onto the internet and what goes from it."""

from __future__ import annotations

from typing import Any

import pytest

from stackproof.deployment.access import Access, Sides
from stackproof.deployment.exposure import compare
from stackproof.proofs.resolve.stack import resolve
from tests.unit.stackproof.deployment.exposures import PLACE, compared, resource, told

BALANCER = "ElasticLoadBalancingV2::LoadBalancer"
TASKS = {"NetworkConfiguration": {"AwsvpcConfiguration": {"AssignPublicIp": "ENABLED"}}}
PRIVATE_TASKS = {"NetworkConfiguration": {"AwsvpcConfiguration": {"AssignPublicIp": "DISABLED"}}}


@pytest.mark.parametrize(
    ("kind", "private", "public", "words"),
    [
        (BALANCER, {"Scheme": "internal"}, {}, "is reached from the internet"),
        (BALANCER, {"Scheme": "internal"}, {"Scheme": "internet-facing"}, "is reached from the internet"),
        ("ElasticLoadBalancing::LoadBalancer", {"Scheme": "internal"}, {}, "is reached from the internet"),
        ("RDS::DBInstance", {}, {"PubliclyAccessible": "true"}, "has a public address"),
        ("EC2::Subnet", {"MapPublicIpOnLaunch": False}, {"MapPublicIpOnLaunch": True}, "gives a public address"),
        ("ECS::Service", PRIVATE_TASKS, TASKS, "gives its tasks public addresses"),
        ("EC2::Instance", {}, {"NetworkInterfaces": [{"AssociatePublicIpAddress": True}]}, "has a public address"),
        ("S3::Bucket", {}, {"AccessControl": "PublicRead"}, "can be read by everybody"),
        (
            "S3::Bucket",
            {},
            {"PublicAccessBlockConfiguration": {"BlockPublicPolicy": False}},
            "is without the block BlockPublicPolicy",
        ),
        ("Lambda::Url", {"AuthType": "AWS_IAM"}, {"AuthType": "NONE"}, "can be called by everybody"),
        ("EKS::Cluster", {"ResourcesVpcConfig": {"EndpointPublicAccess": False}}, {}, "has an API on the internet"),
        ("OpenSearchService::Domain", {"VPCOptions": {"SubnetIds": ["a"]}}, {}, "has an endpoint on the internet"),
    ],
)
def test_what_is_public_is_opened_to_everybody_and_closed_when_it_goes(
    kind: str, private: dict[str, Any], public: dict[str, Any], words: str
) -> None:
    before, after = ({"It": resource(kind, **properties)} for properties in (private, public))
    (opened,) = compared(before, after)
    assert (opened.kind, opened.effect, opened.everybody) == ("public", "opened", True)
    assert opened.what.startswith(words)
    (closed,) = compared(after, before)
    assert (closed.effect, closed.what, closed.everybody) == ("closed", f"no longer {opened.what}", False)
    assert compared(after, after) == ()
    assert [each.effect for each in compared({}, after)] == ["opened"]
    assert [each.effect for each in compared(after, {})] == ["closed"]


def test_a_balancer_of_another_kind_of_word_is_known_to_aws_only() -> None:
    after = {"It": resource(BALANCER, Scheme={"Ref": "Scheme"})}
    parameters = {"Scheme": {"Type": "String"}}
    (found,) = compared({"It": resource(BALANCER, Scheme="internal")}, after, parameters=parameters)
    assert (found.effect, found.instead) == ("unknown", "${Scheme} is known to AWS only")
    assert compared(after, after, parameters=parameters) == ()


@pytest.mark.parametrize(("value", "effect"), [({"Ref": "Block"}, "unknown"), (True, None)])
def test_a_block_that_is_not_known_is_unknown_and_one_that_is_there_is_none(value: Any, effect: str | None) -> None:
    after = {"It": resource("S3::Bucket", PublicAccessBlockConfiguration={"BlockPublicAcls": value})}
    found = compared({"It": resource("S3::Bucket")}, after, parameters={"Block": {"Type": "String"}})
    assert [each.effect for each in found] == ([effect] if effect else [])


class TestRoutes:
    """Subnets become public by their route."""

    TABLE = resource("EC2::RouteTable", VpcId="vpc-1")
    GATEWAY = resource("EC2::InternetGateway")

    @staticmethod
    def route(gateway: Any, destination: str = "0.0.0.0/0", name: str = "DestinationCidrBlock") -> dict[str, Any]:
        return resource("EC2::Route", RouteTableId={"Ref": "Table"}, GatewayId=gateway, **{name: destination})

    @pytest.mark.parametrize("gateway", [{"Ref": "Gateway"}, "igw-0123"])
    @pytest.mark.parametrize(
        ("destination", "name"), [("0.0.0.0/0", "DestinationCidrBlock"), ("::/0", "DestinationIpv6CidrBlock")]
    )
    def test_a_default_route_to_an_internet_gateway_is_public(self, gateway: Any, destination: str, name: str) -> None:
        before = {"Table": self.TABLE, "Gateway": self.GATEWAY}
        after = {**before, "Route": self.route(gateway, destination, name)}
        assert told(before, after) == [("opened", "leads the subnets of Table to the internet")]

    @pytest.mark.parametrize(
        "route",
        [
            {"gateway": "igw-0123", "destination": "10.9.0.0/16"},
            {"gateway": "vgw-0123"},
            {"gateway": {"Ref": "Table"}},
            {"gateway": None},
        ],
    )
    def test_any_other_route_is_not(self, route: dict[str, Any]) -> None:
        before = {"Table": self.TABLE}
        assert told(before, {**before, "Route": self.route(**route)}) == []

    def test_a_table_outside_of_the_template_is_named(self) -> None:
        route = resource("EC2::Route", RouteTableId="rtb-1", GatewayId="igw-1", DestinationCidrBlock="0.0.0.0/0")
        assert told({}, {"Route": route}) == [("opened", "leads the subnets of rtb-1 to the internet")]
        nowhere = resource("EC2::Route", RouteTableId="rtb-1", GatewayId="igw-1")
        assert told({}, {"Route": nowhere}) == []


def test_the_weightiest_comes_first() -> None:
    before = {"Old": resource(BALANCER)}
    after = {"New": resource(BALANCER), "Bucket": resource("S3::Bucket", AccessControl={"Ref": "Acl"})}
    old, new = (
        resolve({"Parameters": {"Acl": {"Type": "String"}}, "Resources": side}, {}, **PLACE) for side in (before, after)
    )
    found = compare(Sides(old, new))
    assert [each.effect for each in found] == ["opened", "unknown", "closed"]
    assert found[0] == Access("New", f"AWS::{BALANCER}", "public", "opened", "is reached from the internet", "", True)
