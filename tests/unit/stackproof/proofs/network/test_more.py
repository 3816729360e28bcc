"""Reachability beyond one service: functions, proxies, schedules, internal and network balancers, two VPCs, secrets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from stackproof.proofs.model.system import model
from stackproof.proofs.network.queries import prove
from stackproof.proofs.resolve.stack import resolve
from stackproof.proofs.verdicts import Verdict
from tests.unit.stackproof.proofs.network_support import (
    ACCOUNT,
    CONTAINER,
    FUNCTION,
    NOWHERE,
    PROXY,
    PUBLIC_TASKS,
    REGION,
    acl_entry,
    add,
    att,
    changed,
    endpoint,
    peered,
    put,
    ref,
    resource,
    rule,
    told_as_broken,
    with_acl,
    without,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.stackproof.proofs.network_support import Template

    Change = Callable[[Template], None]

INTERNAL = add(
    Inner=resource(
        "ElasticLoadBalancingV2::LoadBalancer",
        Scheme="internal",
        Subnets=[ref("Private1"), ref("Private2")],
        SecurityGroups=[att("InnerGroup")],
    ),
    InnerListener=resource(
        "ElasticLoadBalancingV2::Listener", LoadBalancerArn=ref("Inner"), Port=81, Protocol="HTTP", DefaultActions=[]
    ),
    InnerGroup=resource("EC2::SecurityGroup", VpcId=ref("Vpc"), SecurityGroupEgress=[NOWHERE]),
    InnerOut=rule("Egress", "TasksGroup", att("InnerGroup"), 81),
    InnerIn=rule("Ingress", "InnerGroup", att("TasksGroup"), 81),
)
NAME_INNER = put("Task", f"{CONTAINER}.Command", ["--upstream", {"Fn::Sub": "http://${Inner.DNSName}:81"}])


def _schedule(name: str = "Private1") -> Change:
    network = {"Subnets": [ref(name)], "SecurityGroups": [att("TasksGroup")]}
    return add(
        Nightly=resource(
            "Scheduler::Schedule",
            Target={
                "Arn": att("Cluster", "Arn"),
                "EcsParameters": {
                    "TaskDefinitionArn": ref("Task"),
                    "LaunchType": "FARGATE",
                    "NetworkConfiguration": {"AwsvpcConfiguration": network},
                },
            },
        )
    )


def _other_vpc(*routes: str) -> list[Change]:
    """The cache moves to a VPC of its own, with these routes back and forth."""
    more: dict[str, Any] = {
        "Vpc2": resource("EC2::VPC", CidrBlock="10.50.0.0/16"),
        "Table2": resource("EC2::RouteTable", VpcId=ref("Vpc2")),
        "Peering": resource("EC2::VPCPeeringConnection", VpcId=ref("Vpc"), PeerVpcId=ref("Vpc2")),
    }
    for name, table, block in (("There", "PrivateTable", "10.50.0.0/16"), ("Back", "Table2", "10.0.0.0/16")):
        if name in routes:
            more[name] = resource(
                "EC2::Route",
                RouteTableId=ref(table),
                DestinationCidrBlock=block,
                VpcPeeringConnectionId=ref("Peering"),
            )
    return [
        add(**more),
        put("Data1", "VpcId", ref("Vpc2")),
        put("Data1", "CidrBlock", "10.50.1.0/24"),
        put("Data1Routes", "RouteTableId", ref("Table2")),
        put("CacheSubnets", "SubnetIds", [ref("Data1")]),
        put("CacheGroup", "VpcId", ref("Vpc2")),
    ]


HOLDS: dict[str, tuple[list[Change], str, str]] = {
    "a function": ([FUNCTION], "Function", "Function in Private1 → FunctionOut lets TCP 5432 out to Database"),
    "a proxy": ([PROXY], "ProxyTargets", "Proxy in Data1 → ProxyOut lets TCP 5432 out to Database"),
    "a schedule": ([_schedule()], "Task", "Nightly in Private1 → TasksOut lets TCP 443 out to the internet"),
    "an internal balancer": ([INTERNAL, NAME_INNER], "Task", "InnerIn lets TCP 81 in from Service → Inner in Private1"),
    "a secret that names its store": (
        [
            put("DatabaseSecret", "SecretString", {"Fn::Sub": '{"host":"${Database.Endpoint.Address}"}'}),
            without("SecretAttachment"),
        ],
        "Task",
        "TasksToDatabaseOut lets TCP 5432 out to Database",
    ),
    "a secret whose template names its store": (
        [
            put(
                "DatabaseSecret",
                "GenerateSecretString.SecretStringTemplate",
                {"Fn::Sub": '{"host":"${Database.Endpoint.Address}"}'},
            ),
            without("SecretAttachment"),
        ],
        "Task",
        "TasksToDatabaseOut lets TCP 5432 out to Database",
    ),
    "a secret that its store manages": (
        [put("Task", f"{CONTAINER}.Secrets.0.ValueFrom", att("Database", "MasterUserSecret.SecretArn"))],
        "Task",
        "TasksToDatabaseOut lets TCP 5432 out to Database",
    ),
    "a parameter that names a store": (
        [
            add(Host=resource("SSM::Parameter", Name="/host", Value=att("Cache", "PrimaryEndPoint.Address"))),
            put("Task", f"{CONTAINER}.Secrets", [{"Name": "HOST", "ValueFrom": "/host"}]),
            put("Task", f"{CONTAINER}.Environment", []),
            without("TasksToDatabaseIn", "TasksToDatabaseOut"),
        ],
        "Task",
        "TasksToCacheOut lets TCP 6379 out to Cache",
    ),
    "a parameter's value": (
        [
            add(Host=resource("SSM::Parameter", Value=att("Cache", "PrimaryEndPoint.Address"))),
            put("Task", f"{CONTAINER}.Environment.0.Value", att("Host", "Value")),
        ],
        "Task",
        "TasksToCacheOut lets TCP 6379 out to Cache",
    ),
    "two VPCs": (_other_vpc("There", "Back"), "Task", "PrivateTable leads 10.50.0.0/16 to Peering (There)"),
    "two halves of the internet": (
        [put("TasksOut", "CidrIp", "0.0.0.0/1"), add(Half=rule("Egress", "TasksGroup", "128.0.0.0/1", 443))],
        "Task",
        "Service in Private1 → TasksOut lets TCP 443 out to the internet",
    ),
    "a network balancer without groups": (
        [
            put("Balancer", "Type", "network"),
            put("Balancer", "SecurityGroups", None),
            put("Listener", "Protocol", "TCP"),
            put("Targets", "Protocol", "TCP"),
            put("BalancerToTasksIn", "SourceSecurityGroupId", None),
            put("BalancerToTasksIn", "CidrIp", "10.0.0.0/16"),
            without("BalancerToTasksOut", "InternetIn"),
        ],
        "Service",
        "Balancer in Public1 → BalancerToTasksIn lets TCP 8080 in from Balancer → Service in Private1",
    ),
    "a range by its VPC": (
        [
            put("Vpc", "CidrBlock", ref("AWS::StackName")),
            put("Private1", "CidrBlock", {"Fn::Select": [0, {"Fn::Cidr": [att("Vpc", "CidrBlock"), 2, 8]}]}),
            put("TasksToCacheIn", "SourceSecurityGroupId", None),
            put("TasksToCacheIn", "CidrIp", att("Vpc", "CidrBlock")),
            put("Private2", "CidrBlock", ref("AWS::AccountId")),
        ],
        "Task",
        "TasksToCacheIn lets TCP 6379 in from Service",
    ),
    "an ACL by a VPC's own range": (
        [
            put("Vpc", "CidrBlock", ref("AWS::StackName")),
            with_acl(
                "Data1",
                Out=acl_entry(100, egress=True, cidr=ref("AWS::StackName")),
                In=acl_entry(100, egress=False, cidr=ref("AWS::StackName")),
            ),
        ],
        "Task",
        "Service in Private1 → TasksToCacheOut",
    ),
    "a database elsewhere": (
        [
            *peered(),
            without("TasksToDatabaseIn", "TasksToDatabaseOut"),
            put(
                "Task",
                f"{CONTAINER}.Secrets.0.ValueFrom",
                f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:other-AbCdEf:host::",
            ),
        ],
        "Task",
        "Service → TasksToPeerOut lets TCP 5432 out to 10.9.0.0/16",
    ),
    "registry credentials and parameters": (
        [
            put("Task", f"{CONTAINER}.RepositoryCredentials", {"CredentialsParameter": ref("DatabaseSecret")}),
            put(
                "Task",
                f"{CONTAINER}.LogConfiguration.SecretOptions",
                [{"Name": "a", "ValueFrom": "name"}, {"Name": "b", "ValueFrom": f"arn:aws:ssm:{REGION}:1:parameter/x"}],
            ),
        ],
        "Task",
        "Service in Private1 → TasksOut lets TCP 443 out to the internet",
    ),
}


@pytest.mark.parametrize("case", HOLDS)
def test_it_holds_and_the_way_is_told(case: str) -> None:
    changes, owner, way = HOLDS[case]
    # Without a stack name its pseudo parameter is a symbol, which stands for whatever only AWS knows.
    found = prove(model(resolve(changed(*changes), region=REGION, account=ACCOUNT)))
    assert [str(one) for one in found if one.verdict is Verdict.BROKEN] == []
    assert [one for one in found if one.logical_id == owner and way in one.message], "\n".join(map(str, found))


BREAKS: dict[str, tuple[list[Change], str, str, str]] = {
    "a function": ([FUNCTION, without("FunctionIn")], "net-store", "DatabaseGroup", "Function cannot reach Database"),
    "a proxy": ([PROXY, without("ProxyOut")], "net-store", "ProxyGroup", "Proxy cannot reach Database"),
    "a schedule": ([_schedule("Data1")], "net-image", "DataTable", "Nightly cannot pull the image"),
    "an internal balancer": (
        [INTERNAL, NAME_INNER, without("InnerIn")],
        "net-store",
        "InnerGroup",
        "cannot reach Inner",
    ),
    "no route to another VPC": (_other_vpc("Back"), "net-store", "PrivateTable", "leads to Cache in Data1"),
    "no route back from another VPC": (_other_vpc("There"), "net-store", "Table2", "leads to Service in Private1"),
    "a network balancer that the tasks do not let in": (
        [
            put("Balancer", "Type", "network"),
            put("Balancer", "SecurityGroups", None),
            without("BalancerToTasksOut", "InternetIn"),
        ],
        "net-health",
        "TasksGroup",
        "lets no TCP 8080 in from Balancer",
    ),
    "a private network over an internet gateway": (
        [*PUBLIC_TASKS, *peered(route=False)],
        "net-peer",
        "PublicTable",
        "its packets take PublicRoute to Gateway",
    ),
    "an endpoint policy for other secrets": (
        [
            add(
                Secrets=endpoint(
                    "secretsmanager",
                    "EndpointGroup",
                    PolicyDocument={
                        "Statement": {
                            "Effect": "Allow",
                            "Principal": "*",
                            "Action": "secretsmanager:*",
                            "Resource": "arn:aws:secretsmanager:*:*:secret:other-*",
                        }
                    },
                ),
                EndpointGroup=resource("EC2::SecurityGroup", VpcId=ref("Vpc"), SecurityGroupEgress=[NOWHERE]),
                ToEndpoint=rule("Ingress", "EndpointGroup", att("TasksGroup"), 443),
            ),
            put("DatabaseSecret", "Name", "lms/db"),
        ],
        "net-secret",
        "Secrets",
        "the policy of Secrets does not allow secretsmanager:GetSecretValue",
    ),
    "tasks that are meant to be public, on too many ports": (
        [
            *PUBLIC_TASKS,
            put("Service", "LoadBalancers", None),
            without("BalancerToTasksIn", "BalancerToTasksOut"),
            add(Open=rule("Ingress", "TasksGroup", "0.0.0.0/0", 8000, 9000)),
        ],
        "net-open",
        "Open",
        "it is meant to be public on 8080 only",
    ),
}


@pytest.mark.parametrize("case", BREAKS)
def test_it_breaks_and_the_component_is_named(case: str) -> None:
    told_as_broken(*BREAKS[case])
