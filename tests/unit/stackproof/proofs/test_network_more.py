"""Reachability beyond one service: functions, proxies, schedules, internal and network balancers, two VPCs, secrets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from stackproof.proofs.model import model
from stackproof.proofs.network import not_analysed, prove
from stackproof.proofs.resolve import resolve
from stackproof.proofs.verdicts import Verdict
from tests.unit.stackproof.proofs.network_support import (
    ACCOUNT,
    CONTAINER,
    NOWHERE,
    PUBLIC_TASKS,
    REGION,
    WITHOUT_NAT,
    acl_entry,
    add,
    att,
    changed,
    complaints,
    endpoint,
    findings,
    peered,
    put,
    ref,
    resource,
    rule,
    with_acl,
    without,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.stackproof.proofs.network_support import Template

    Change = Callable[[Template], None]

FUNCTION = add(
    Function=resource(
        "Lambda::Function",
        VpcConfig={"SubnetIds": [ref("Private1")], "SecurityGroupIds": [att("FunctionGroup")]},
        Environment={"Variables": {"HOST": att("Database", "Endpoint.Address")}},
    ),
    FunctionGroup=resource("EC2::SecurityGroup", VpcId=ref("Vpc"), SecurityGroupEgress=[NOWHERE]),
    FunctionOut=rule("Egress", "FunctionGroup", att("DatabaseGroup"), 5432),
    FunctionIn=rule("Ingress", "DatabaseGroup", att("FunctionGroup"), 5432),
)
PROXY = add(
    Proxy=resource(
        "RDS::DBProxy",
        EngineFamily="POSTGRESQL",
        VpcSubnetIds=[ref("Data1"), ref("Data2")],
        VpcSecurityGroupIds=[att("ProxyGroup")],
    ),
    ProxyTargets=resource(
        "RDS::DBProxyTargetGroup",
        DBProxyName=ref("Proxy"),
        TargetGroupName="default",
        DBInstanceIdentifiers=[ref("Database"), "another"],
    ),
    ProxyGroup=resource("EC2::SecurityGroup", VpcId=ref("Vpc"), SecurityGroupEgress=[NOWHERE]),
    ProxyOut=rule("Egress", "ProxyGroup", att("DatabaseGroup"), 5432),
    ProxyIn=rule("Ingress", "DatabaseGroup", att("ProxyGroup"), 5432),
)
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
    changes, rule_id, component, words = BREAKS[case]
    found = complaints(changed(*changes))
    said = [one for one in found if one.id == rule_id and one.logical_id == component]
    assert said, "\n".join(map(str, found))
    assert words in said[0].message
    assert {one.verdict for one in said} == {Verdict.BROKEN}


QUIET: dict[str, list[Change]] = {
    "public tasks without a balancer": [
        *PUBLIC_TASKS,
        put("Service", "LoadBalancers", None),
        without("BalancerToTasksIn", "BalancerToTasksOut"),
        add(Open=rule("Ingress", "TasksGroup", "0.0.0.0/0", 8080)),
    ],
    "a group of somebody else on a public balancer": [
        put("Balancer", "Scheme", ref("AWS::StackName")),
    ],
    "a function's own rules": [FUNCTION, add(More=rule("Egress", "FunctionGroup", att("CacheGroup"), 6379))],
    "groups that an instance is in as well": [
        add(
            Instance=resource("EC2::Instance", SecurityGroupIds=[att("CacheGroup")]),
            More=rule("Egress", "CacheGroup", att("FilesGroup"), 2049),
        )
    ],
    "a target group outside of the template": [
        put("Service", "LoadBalancers.0.TargetGroupArn", "arn:aws:x"),
        without("BalancerToTasksIn", "BalancerToTasksOut"),
    ],
    "a peered network by a list": [
        *peered(out=False),
        add(ByList=rule("Egress", "TasksGroup", "10.9.0.0/16", 5432)),
        put("ByList", "CidrIp", None),
        put("ByList", "DestinationPrefixListId", "pl-1"),
    ],
    "awsvpc tasks on instances": [put("Service", "LaunchType", "EC2"), WITHOUT_NAT],
    "a rule for a group of somebody else": [add(More=rule("Egress", "CacheGroup", ref("AWS::StackId"), 22))],
    "rules of tasks on instances": [
        put("Service", "LaunchType", "EC2"),
        add(More=rule("Egress", "TasksGroup", att("FilesGroup"), 22)),
    ],
    "a volume without files": [
        put("Task", "Volumes", [{"Name": "scratch"}]),
        without("TasksToFilesIn", "TasksToFilesOut"),
    ],
    "a variable that only AWS knows": [
        put("Task", f"{CONTAINER}.Environment", [{"Name": "A", "Value": ref("AWS::StackId")}]),
        without("TasksToCacheOut", "TasksToCacheIn"),
    ],
    "a function outside of a VPC": [add(Function=resource("Lambda::Function"))],
    "a function without subnets": [
        FUNCTION,
        put("Function", "VpcConfig.SubnetIds", []),
    ],
    "another listener's rule": [
        add(Rule=resource("ElasticLoadBalancingV2::ListenerRule", ListenerArn="arn:aws:x", Actions=[]))
    ],
    "a VPN gateway beside the internet gateway": [
        add(Vpn=resource("EC2::VPCGatewayAttachment", VpcId=ref("Vpc"), VpnGatewayId="vgw-1"))
    ],
    "a route in a table of somebody else": [
        add(Far=resource("EC2::Route", RouteTableId="rtb-1", DestinationCidrBlock="0.0.0.0/0", GatewayId="igw-1"))
    ],
    "an entry of an ACL of somebody else": [
        add(Far=acl_entry(1, egress=True, action="deny")),
        put("Far", "NetworkAclId", "acl-1"),
    ],
    "groups that are all left open": [
        *(
            put(f"{name}Group", "SecurityGroupEgress", None)
            for name in ("Balancer", "Tasks", "Files", "Cache", "Database")
        ),
        without(*(f"{name}Out" for name in ("Tasks", "BalancerToTasks", "TasksToFiles", "TasksToCache"))),
        without("TasksToDatabaseOut"),
    ],
    "no subnets at all": [put("Service", "NetworkConfiguration.AwsvpcConfiguration.Subnets", [])],
    "a task of somebody else": [put("Service", "TaskDefinition", "other:1"), WITHOUT_NAT],
}


@pytest.mark.parametrize("case", QUIET)
def test_nothing_is_called_broken(case: str) -> None:
    assert [str(one) for one in complaints(changed(*QUIET[case])) if one.verdict is Verdict.BROKEN] == []


def test_an_unknown_port_of_a_rule_is_no_proof_that_a_network_is_reached() -> None:
    template = changed(*peered(), put("TasksToPeerOut", "FromPort", ref("AWS::StackId")))
    assert "net-peer" not in {one.id for one in findings(template)}


def test_groups_of_somebody_else_may_let_out_to_a_peered_network() -> None:
    groups = "NetworkConfiguration.AwsvpcConfiguration.SecurityGroups"
    template = changed(*peered(out=False), put("Service", groups, ["sg-1"]))
    assert "net-peer" not in {one.id for one in complaints(template)}


def test_logs_in_another_region_go_over_the_internet() -> None:
    logs: dict[str, Any] = {"LogDriver": "awslogs", "Options": {"awslogs-group": "/lms", "awslogs-region": "eu-west-1"}}
    template = changed(put("Task", f"{CONTAINER}.LogConfiguration", logs))
    assert complaints(template) == []
    logs["Options"]["awslogs-region"] = REGION
    assert complaints(changed(put("Task", f"{CONTAINER}.LogConfiguration", logs))) == []


def test_another_log_driver_needs_no_way_to_the_logs() -> None:
    template = changed(put("Task", f"{CONTAINER}.LogConfiguration", {"LogDriver": "splunk"}))
    assert "net-logs" not in {one.id for one in findings(template)}


def test_what_is_not_followed_is_told() -> None:
    template = changed(
        add(
            Instance=resource("EC2::Instance"),
            Old=resource("ElasticLoadBalancing::LoadBalancer"),
            Other=resource("ECS::Service"),
        ),
        put("Service", "TaskDefinition", "other:1"),
    )
    told = not_analysed(model(resolve(template)))
    assert sorted(told) == ["Instance", "Old", "Other", "Service"]
    assert told["Other"] == "its tasks have no network interface of their own"
    assert told["Service"] == "its task definition is none of this template"


def test_a_need_of_many_subnets_names_each_blocking_component_once() -> None:
    found = [one for one in complaints(changed(without("TasksOut"))) if one.id == "net-secret"]
    assert [one.logical_id for one in found] == ["TasksGroup"]


def _told_of_the_proxy(*references: str, host: str = "Proxy") -> Template:
    """The tasks reach the proxy only, know the host by a variable, and read these parts of the database's secret."""
    address = {"Proxy": "Endpoint", "Database": "Endpoint.Address"}[host]
    return changed(
        PROXY,
        without("TasksToDatabaseOut", "TasksToDatabaseIn"),
        add(
            TasksToProxyOut=rule("Egress", "TasksGroup", att("ProxyGroup"), 5432),
            TasksToProxyIn=rule("Ingress", "ProxyGroup", att("TasksGroup"), 5432),
        ),
        put("Task", f"{CONTAINER}.Environment", [{"Name": "HOST", "Value": att(host, address)}]),
        put(
            "Task",
            f"{CONTAINER}.Secrets",
            [{"Name": "PART", "ValueFrom": {"Fn::Sub": f"${{DatabaseSecret}}{part}"}} for part in references],
        ),
    )


@pytest.mark.parametrize("parts", [(":password::",), (":username::", ":password:AWSCURRENT:")])
def test_a_password_is_for_the_proxy_where_that_is_the_host(parts: tuple[str, ...]) -> None:
    template = _told_of_the_proxy(*parts)
    # Its other rules have nobody left who needs them.
    assert "net-store" not in {found.id for found in complaints(template)}


@pytest.mark.parametrize("part", ["", ":host::", "::AWSCURRENT:"])
def test_a_secret_that_says_where_the_database_is_leads_there(part: str) -> None:
    found = [one for one in complaints(_told_of_the_proxy(":password::", part)) if one.id == "net-store"]
    assert [one.message.partition(":")[0] for one in found] == ["Service cannot reach Database"]


def test_a_password_leads_to_the_database_where_no_proxy_is_named() -> None:
    found = [one for one in complaints(_told_of_the_proxy(":password::", host="Database")) if one.id == "net-store"]
    assert "Service cannot reach Database" in found[0].message


def test_a_file_system_of_elsewhere_is_reached_by_its_mount_targets_here() -> None:
    moved = [put(f"Mount{zone}", "FileSystemId", "fs-1") for zone in (1, 2)]
    volume = put("Task", "Volumes.0.EFSVolumeConfiguration.FilesystemId", "fs-1")
    found = [one for one in findings(changed(*moved, volume)) if one.id == "net-files"]
    assert [one.verdict for one in found] == [Verdict.PROVED]
    assert "Mount1 in Data1" in found[0].message
