"""What a template takes of each quota at its maximum, and which are too small."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError
from botocore.stub import Stubber

from stackproof.deployment import quotas
from stackproof.deployment.access import Sides
from stackproof.deployment.aws import Aws
from stackproof.deployment.quotas import ADDRESSES, BALANCERS, ON_DEMAND, ON_SPOT, RULES, VPCS, Passed
from stackproof.proofs.resolve.stack import resolve
from tests.unit.stackproof.deployment.exposures import PLACE, resource

SPOT = [
    {"CapacityProvider": "FARGATE", "Base": 2, "Weight": 1},
    {"CapacityProvider": "FARGATE_SPOT", "Weight": 3},
]


def service(*, cpu: Any = 1024, maximum: Any = 10, **properties: Any) -> dict[str, Any]:
    """A service on Fargate that scales, of tasks with one vCPU."""
    properties = {"DesiredCount": 2, "LaunchType": "FARGATE", **properties}
    if "CapacityProviderStrategy" in properties:
        del properties["LaunchType"]
    found = {
        "Cluster": resource("ECS::Cluster", ClusterName="c"),
        "Task": resource("ECS::TaskDefinition", Cpu=cpu, RequiresCompatibilities=["FARGATE"], NetworkMode="awsvpc"),
        "Service": resource(
            "ECS::Service", ServiceName="s", Cluster={"Ref": "Cluster"}, TaskDefinition={"Ref": "Task"}, **properties
        ),
    }
    if maximum is None:
        return found
    target = resource(
        "ApplicationAutoScaling::ScalableTarget",
        ServiceNamespace="ecs",
        ScalableDimension="ecs:service:DesiredCount",
        ResourceId={"Fn::Sub": "service/${Cluster}/${Service.Name}"},
        MinCapacity=1,
        MaxCapacity=maximum,
    )
    return {**found, "Target": target}


def demands(resources: dict[str, Any]) -> dict[quotas.Quota, float]:
    found = resolve({"Parameters": {"Most": {"Type": "Number"}}, "Resources": resources}, {}, **PLACE)
    return quotas.demands(found)


@pytest.mark.parametrize(
    ("given", "on_demand", "on_spot"),
    [
        # A deployment runs as many beside those that are there, unless it is told otherwise.
        ({}, 20, 0),
        ({"DeploymentConfiguration": {"MaximumPercent": 150}}, 15, 0),
        ({"DeploymentConfiguration": {"MaximumPercent": 100}}, 10, 0),
        ({"cpu": "0.5 vCPU"}, 10, 0),
        ({"cpu": "256"}, 5, 0),
        ({"maximum": None}, 4, 0),
        ({"maximum": None, "DesiredCount": None}, 2, 0),
        ({"CapacityProviderStrategy": SPOT}, 2 + 5, 14),
        ({"CapacityProviderStrategy": [{"CapacityProvider": "FARGATE_SPOT", "Weight": 1}]}, 0, 20),
        # What is not known is not counted.
        ({"maximum": {"Ref": "Most"}}, 0, 0),
        ({"cpu": {"Ref": "Most"}}, 0, 0),
        ({"LaunchType": "EC2"}, 0, 0),
    ],
)
def test_the_processors_of_a_service_at_its_maximum(given: dict[str, Any], on_demand: float, on_spot: float) -> None:
    found = demands(service(**given))
    assert (found[ON_DEMAND], found[ON_SPOT]) == (on_demand, on_spot)


def test_services_add_up() -> None:
    one, two = service(), {f"Other{name}": body for name, body in service(maximum=None).items()}
    two["OtherService"]["Properties"] |= {"Cluster": {"Ref": "Cluster"}, "TaskDefinition": {"Ref": "Task"}}
    assert demands({**one, **two})[ON_DEMAND] == 24


def test_things_are_counted() -> None:
    balancer = "ElasticLoadBalancingV2::LoadBalancer"
    rules = [{"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "CidrIp": "10.0.0.0/8"} for port in range(5)]
    found = demands(
        {
            "A": resource("EC2::EIP"),
            "B": resource("EC2::EIP"),
            "Vpc": resource("EC2::VPC"),
            "Application": resource(balancer),
            "Network": resource(balancer, Type="network"),
            "Group": resource("EC2::SecurityGroup", SecurityGroupIngress=rules),
        }
    )
    assert (found[ADDRESSES], found[VPCS], found[BALANCERS], found[RULES]) == (2, 1, 1, 5)


def sides(before: int, after: int) -> Sides:
    old, new = (
        resolve({"Resources": {f"Address{index}": resource("EC2::EIP") for index in range(count)}}, {}, **PLACE)
        for count in (before, after)
    )
    return Sides(old, new)


def test_only_what_grows_beyond_what_every_account_has_is_asked_for() -> None:
    assert quotas.growing(sides(0, 5)) == {}
    assert quotas.growing(sides(0, 6)) == {ADDRESSES: 6}
    assert quotas.growing(sides(6, 6)) == {}
    assert quotas.growing(sides(7, 6)) == {}


class TestAsking:
    """Service Quotas' answers."""

    @pytest.fixture
    def account(self) -> Aws:
        session = boto3.Session(aws_access_key_id="1", aws_secret_access_key="x", region_name="sa-east-1")  # noqa: S106  # no secret
        return Aws(session, "111111111111", "arn:aws:iam::111111111111:user/ana", "sa-east-1")

    def test_those_that_are_passed(self, account: Aws) -> None:
        with Stubber(account.quotas) as stub:
            stub.add_response(
                "get_service_quota", {"Quota": {"Value": 6.0}}, {"ServiceCode": "fargate", "QuotaCode": "L-3032A538"}
            )
            stub.add_response("get_service_quota", {"Quota": {"Value": 20.0}})
            found = quotas.passed(account, {ON_DEMAND: 20, ON_SPOT: 20})
        assert found == ([Passed(ON_DEMAND, 20, 6)], "")

    def test_who_may_not_ask_is_told_so_once(self, account: Aws) -> None:
        with Stubber(account.quotas) as stub:
            stub.add_client_error("get_service_quota", "AccessDeniedException", "no")
            found, said = quotas.passed(account, {ON_DEMAND: 20, ON_SPOT: 20})
        assert found == []
        assert said.startswith("the quota for vCPUs of Fargate tasks was not looked at: ")
        assert "GetServiceQuota is not allowed" in said

    def test_a_service_that_does_not_answer_stops_no_plan(self, account: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
        def nobody(**_: object) -> None:
            raise EndpointConnectionError(endpoint_url="https://servicequotas.sa-east-1.amazonaws.com")

        monkeypatch.setattr(account.quotas, "get_service_quota", nobody)
        found, said = quotas.passed(account, {ON_DEMAND: 20})
        assert found == []
        assert "AWS cannot be reached" in said
