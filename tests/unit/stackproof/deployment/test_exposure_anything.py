"""Whatever stands in a template: an answer, no difference from itself, and JSON that can be written."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from tests.unit.stackproof.deployment.exposures import compared, document, resource, role, statement

ODD: list[Any] = [
    None,
    "",
    [],
    {},
    [[["x"]]],
    ["a", {"Ref": "Nothing"}],
    {"Ref": "Vpc"},
    {"Fn::GetAtt": ["Vpc", "Nothing"]},
    {"Fn::If": ["Nothing", 1, 2]},
    {"Fn::Transform": {"Name": "x"}},
    {"Statement": [1, {"Effect": "Allow"}]},
    {"Statement": {"Effect": "Maybe", "Action": {}}},
]
RULE = {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 2, "CidrIp": "10.0.0.0/8"}
RESOURCES: dict[str, Any] = {
    "Vpc": resource("EC2::VPC", CidrBlock="10.0.0.0/16"),
    "Role": role(
        statement(["s3:Get*"], ["arn:aws:s3:::a"], Condition={"StringEquals": {"aws:SourceVpce": ["a"]}}),
        ManagedPolicyArns=["arn:aws:iam::aws:policy/ReadOnlyAccess"],
        PermissionsBoundary="arn:aws:iam::aws:policy/ViewOnlyAccess",
    ),
    "Key": resource("KMS::Key", KeyPolicy=document(statement("kms:*", "*", Principal={"AWS": ["111111111111"]}))),
    "Group": resource("EC2::SecurityGroup", SecurityGroupIngress=[RULE], SecurityGroupEgress=[RULE]),
    "Beside": resource("EC2::SecurityGroupIngress", GroupId={"Ref": "Group"}, **RULE),
    "Balancer": resource("ElasticLoadBalancingV2::LoadBalancer", Scheme="internal"),
    "Bucket": resource("S3::Bucket", PublicAccessBlockConfiguration={"BlockPublicAcls": True}),
    "Route": resource("EC2::Route", RouteTableId="rtb-1", GatewayId="igw-1", DestinationCidrBlock="0.0.0.0/0"),
    "Permission": resource("Lambda::Permission", Action="lambda:InvokeFunction", FunctionName="f", Principal="a"),
}


def paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place below a value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place for key, below in inner for place in ((*path, key), *paths(below, (*path, key)))]


@pytest.mark.parametrize("odd", ODD, ids=json.dumps)
def test_an_odd_value_anywhere_is_taken_for_what_it_is(odd: Any) -> None:
    for place in paths(RESOURCES):
        changed = copy.deepcopy(RESOURCES)
        node: Any = changed
        for key in place[:-1]:
            node = node[key]
        node[place[-1]] = copy.deepcopy(odd)
        assert json.dumps([each.as_json() for each in compared(RESOURCES, changed)])
        assert compared(changed, changed) == (), place
