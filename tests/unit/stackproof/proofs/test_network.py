"""Reachability, in pairs: the platform where everything holds, and the same with one fault."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from stackproof.proofs.verdicts import Verdict
from tests.unit.stackproof.proofs.network_support import (
    ACCOUNT,
    NOWHERE,
    REGION,
    acl_entry,
    add,
    att,
    changed,
    complaints,
    endpoint,
    findings,
    platform,
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

SUBNETS = "NetworkConfiguration.AwsvpcConfiguration.Subnets"
CONTAINER = "ContainerDefinitions.0"
PUBLIC_TASKS: list[Change] = [
    put("Service", SUBNETS, [ref("Public1"), ref("Public2")]),
    put("Service", "NetworkConfiguration.AwsvpcConfiguration.AssignPublicIp", "ENABLED"),
]
ENDPOINTS = ("ecr.api", "ecr.dkr", "logs", "secretsmanager", "ssmmessages")
ALL_ENDPOINTS = add(
    **{f"Endpoint{index}": endpoint(name, "EndpointGroup") for index, name in enumerate(ENDPOINTS)},
    EndpointGroup=resource(
        "EC2::SecurityGroup", GroupDescription="endpoints", VpcId=ref("Vpc"), SecurityGroupEgress=[NOWHERE]
    ),
    TasksToEndpointsIn=rule("Ingress", "EndpointGroup", att("TasksGroup"), 443),
)
WITHOUT_NAT = without("Nat", "NatAddress", "PrivateRoute")


def peered(*, route: bool = True, out: bool = True) -> list[Change]:
    """A database in another network, over a peering connection."""
    more: dict[str, Any] = {"Peering": resource("EC2::VPCPeeringConnection", VpcId=ref("Vpc"), PeerVpcId="vpc-1")}
    if route:
        more["PeeringRoute"] = resource(
            "EC2::Route",
            RouteTableId=ref("PrivateTable"),
            DestinationCidrBlock="10.9.0.0/16",
            VpcPeeringConnectionId=ref("Peering"),
        )
    if out:
        more["TasksToPeerOut"] = rule("Egress", "TasksGroup", "10.9.0.0/16", 5432)
    return [add(**more)]


def test_everything_is_proved_with_its_way() -> None:
    found = findings(platform())
    assert {one.verdict for one in found} == {Verdict.PROVED}
    ways = {one.id: one.message for one in found}
    assert sorted(ways) == [
        "net-exec",
        "net-files",
        "net-health",
        "net-image",
        "net-isolated",
        "net-logs",
        "net-public",
        "net-secret",
        "net-store",
    ]
    assert ways["net-logs"] == (
        "Service in Private1 → TasksOut lets TCP 443 out to the internet → PrivateTable leads 0.0.0.0/0 to Nat "
        "(PrivateRoute) → Nat in Public1 → PublicTable leads 0.0.0.0/0 to Gateway (PublicRoute) → Gateway"
    )
    assert ways["net-image"].endswith("S3Endpoint")


FAULTS: dict[str, tuple[list[Change], str, str, str]] = {
    # routes and gateways
    "no default route": (
        [without("PrivateRoute")],
        "net-logs",
        "PrivateTable",
        "no route of PrivateTable, the table of",
    ),
    "no association": ([without("Private2Routes")], "net-logs", "Private2", "associated with no route table"),
    "no attachment": ([without("Attachment")], "net-secret", "Gateway", "Gateway is not attached to Vpc"),
    "no route for NAT": (
        [without("PublicRoute")],
        "net-logs",
        "PublicTable",
        "no route of PublicTable, the table of Public1",
    ),
    "NAT in a private subnet": (
        [put("Nat", "SubnetId", ref("Private1"))],
        "net-logs",
        "Nat",
        "has no way out of its own",
    ),
    "private NAT": ([put("Nat", "ConnectivityType", "private")], "net-logs", "Nat", "private NAT gateway"),
    "NAT without address": ([put("Nat", "AllocationId", None)], "net-logs", "Nat", "without an elastic address"),
    "NAT in a subnet without table": (
        [without("Public1Routes")],
        "net-logs",
        "Public1",
        "associated with no route table",
    ),
    "regional NAT without gateway": (
        [
            put("Nat", "AvailabilityMode", "regional"),
            put("Nat", "SubnetId", None),
            put("Nat", "AllocationId", None),
            without("Attachment", "PublicRoute"),
        ],
        "net-logs",
        "Nat",
        "no internet gateway is attached to Vpc",
    ),
    "private tasks behind an internet gateway": (
        [put("PrivateRoute", "NatGatewayId", None), put("PrivateRoute", "GatewayId", ref("Gateway"))],
        "net-logs",
        "Service",
        "Service in Private1 has no public address",
    ),
    "public subnets without public address": (
        PUBLIC_TASKS[:1],
        "net-image",
        "Service",
        "Service in Public1 has no public address",
    ),
    "default route over peering": (
        [
            put("PrivateRoute", "NatGatewayId", None),
            put("PrivateRoute", "VpcPeeringConnectionId", "pcx-1"),
        ],
        "net-logs",
        "PrivateRoute",
        "no peering leads to the internet",
    ),
    # names
    "resolver off": ([put("Vpc", "EnableDnsSupport", False)], "net-logs", "Vpc", "resolver turned off"),
    "names off": (
        [put("Vpc", "EnableDnsHostnames", "false")],
        "net-files",
        "Vpc",
        "the name of FileSystem is not answered",
    ),
    # groups
    "no way out for tasks": ([without("TasksOut")], "net-secret", "TasksGroup", "lets no TCP 443 out to the internet"),
    "the wrong port out": (
        [put("TasksToCacheOut", "FromPort", 6380), put("TasksToCacheOut", "ToPort", 6380)],
        "net-store",
        "TasksGroup",
        "lets no TCP 6379 out to Cache",
    ),
    "no way into the cache": (
        [without("TasksToCacheIn")],
        "net-store",
        "CacheGroup",
        "lets no TCP 6379 in from Service",
    ),
    "no way into the database": ([without("TasksToDatabaseIn")], "net-store", "DatabaseGroup", "lets no TCP 5432 in"),
    "the database listens elsewhere": (
        [put("Database", "Port", 6000)],
        "net-store",
        "TasksGroup",
        "lets no TCP 6000 out",
    ),
    "UDP instead of TCP": (
        [put("TasksToCacheIn", "IpProtocol", "udp")],
        "net-store",
        "CacheGroup",
        "lets no TCP 6379 in",
    ),
    "another range": (
        [put("TasksToCacheIn", "SourceSecurityGroupId", None), put("TasksToCacheIn", "CidrIp", "10.0.21.0/24")],
        "net-store",
        "CacheGroup",
        "lets no TCP 6379 in from Service in Private1",
    ),
    "no way into the files": ([without("TasksToFilesIn")], "net-files", "FilesGroup", "lets no TCP 2049 in"),
    "no way out to the files": ([without("TasksToFilesOut")], "net-files", "TasksGroup", "lets no TCP 2049 out"),
    "no mount target in a zone": (
        [without("Mount2")],
        "net-files",
        "FileSystem",
        "no mount target in the zone of Private2",
    ),
    "no way from the balancer": (
        [without("BalancerToTasksOut")],
        "net-health",
        "BalancerGroup",
        "lets no TCP 8080 out to Service",
    ),
    "no way to the tasks": (
        [without("BalancerToTasksIn")],
        "net-health",
        "TasksGroup",
        "lets no TCP 8080 in from Balancer",
    ),
    "another container port": (
        [put("Service", "LoadBalancers.0.ContainerPort", 9090)],
        "net-health",
        "BalancerGroup",
        "lets no TCP 9090 out",
    ),
    "another health port": (
        [put("Targets", "HealthCheckPort", "9000")],
        "net-health",
        "BalancerGroup",
        "lets no TCP 9000 out",
    ),
    "a target group of blue/green": (
        [
            add(
                Green=resource(
                    "ElasticLoadBalancingV2::TargetGroup", VpcId=ref("Vpc"), TargetType="ip", HealthCheckPort=81
                )
            ),
            put("Service", "LoadBalancers.0.AdvancedConfiguration", {"AlternateTargetGroupArn": ref("Green")}),
            put(
                "Listener",
                "DefaultActions.0",
                {
                    "Type": "forward",
                    "ForwardConfig": {
                        "TargetGroups": [{"TargetGroupArn": ref("Targets")}, {"TargetGroupArn": ref("Green")}]
                    },
                },
            ),
        ],
        "net-health",
        "BalancerGroup",
        "lets no TCP 81 out",
    ),
    "default group for tasks": (
        [put("Service", "NetworkConfiguration.AwsvpcConfiguration.SecurityGroups", None)],
        "net-store",
        "CacheGroup",
        "lets no TCP 6379 in from Service",
    ),
    "default group for the cache": (
        [
            put("Cache", "SecurityGroupIds", None),
            put("TasksToCacheOut", "DestinationSecurityGroupId", att("Vpc", "DefaultSecurityGroup")),
        ],
        "net-store",
        "Cache",
        "the default security group that Cache has lets no TCP 6379 in",
    ),
    # zones
    "balancer in other zones": (
        [
            put("Private2", "AvailabilityZone", {"Fn::Select": [2, {"Fn::GetAZs": ""}]}),
            put("Data2", "AvailabilityZone", {"Fn::Select": [2, {"Fn::GetAZs": ""}]}),
        ],
        "net-health",
        "Balancer",
        "does not stand in the zone of Private2",
    ),
    "balancer in one subnet": (
        [put("Balancer", "Subnets", [ref("Public1")])],
        "net-public",
        "Balancer",
        "in two zones or more",
    ),
    # the internet
    "no way in for the internet": (
        [without("InternetIn")],
        "net-public",
        "BalancerGroup",
        "lets no TCP 80 in from the internet",
    ),
    "a private way in only": (
        [put("InternetIn", "CidrIp", "10.0.0.0/8")],
        "net-public",
        "BalancerGroup",
        "lets no TCP 80 in",
    ),
    "balancer in private subnets": (
        [put("Balancer", "Subnets", [ref("Data1"), ref("Data2")])],
        "net-public",
        "DataTable",
        "no route of DataTable, the table of Data1, leads to the internet",
    ),
    "another listener": ([put("Listener", "Port", 8443)], "net-public", "BalancerGroup", "lets no TCP 8443 in"),
    # endpoints
    "endpoint that lets nobody in": (
        [ALL_ENDPOINTS, without("TasksToEndpointsIn")],
        "net-logs",
        "EndpointGroup",
        "EndpointGroup lets no TCP 443 in from Service",
    ),
    "endpoint without names, and no NAT": (
        [ALL_ENDPOINTS, WITHOUT_NAT, put("Endpoint2", "PrivateDnsEnabled", False)],
        "net-logs",
        "PrivateTable",
        "leads to the internet",
    ),
    "no endpoint for one service, and no NAT": (
        [ALL_ENDPOINTS, WITHOUT_NAT, without("Endpoint3")],
        "net-secret",
        "PrivateTable",
        "leads to the internet",
    ),
    "no gateway endpoint, and no NAT": (
        [ALL_ENDPOINTS, WITHOUT_NAT, without("S3Endpoint")],
        "net-image",
        "PrivateTable",
        "(s3)",
    ),
    "gateway endpoint in another table": (
        [ALL_ENDPOINTS, WITHOUT_NAT, put("S3Endpoint", "RouteTableIds", [ref("DataTable")])],
        "net-image",
        "PrivateTable",
        "(s3)",
    ),
    "no way to the layers": (
        [
            ALL_ENDPOINTS,
            put("TasksOut", "CidrIp", None),
            put("TasksOut", "DestinationSecurityGroupId", att("EndpointGroup")),
        ],
        "net-image",
        "TasksGroup",
        "(s3): TasksGroup lets no TCP 443 out to the internet",
    ),
    "S3 policy without the layer bucket": (
        [
            put(
                "S3Endpoint",
                "PolicyDocument",
                {
                    "Statement": [
                        {"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::mine/*"}
                    ]
                },
            )
        ],
        "net-image",
        "S3Endpoint",
        f"does not allow s3:GetObject on arn:aws:s3:::prod-{REGION}-starport-layer-bucket/*",
    ),
    "endpoint in no subnet": (
        [ALL_ENDPOINTS, put("Endpoint2", "SubnetIds", None)],
        "net-logs",
        "Endpoint2",
        "stands in no subnet",
    ),
    "names of endpoints refused": (
        [ALL_ENDPOINTS, put("Vpc", "EnableDnsHostnames", None)],
        "net-logs",
        "Vpc",
        "AWS refuses the private names",
    ),
    "image from elsewhere without NAT": (
        [ALL_ENDPOINTS, WITHOUT_NAT, put("Task", f"{CONTAINER}.Image", "nginx:1.27")],
        "net-image",
        "PrivateTable",
        "pull the image of container web",
    ),
    "image from another region without NAT": (
        [
            ALL_ENDPOINTS,
            WITHOUT_NAT,
            put("Task", f"{CONTAINER}.Image", f"{ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com/lms:1"),
        ],
        "net-image",
        "PrivateTable",
        "from another region",
    ),
    # network ACLs
    "an ACL without entries": ([with_acl("Private1")], "net-logs", "Acl", "denies TCP 443 out to the internet"),
    "an ACL without answers": (
        [with_acl("Private1", Out=acl_entry(100, egress=True), In=acl_entry(100, egress=False, ports=(443, 443)))],
        "net-logs",
        "Acl",
        "denies TCP 1024 to 65535 in from the internet",
    ),
    "an ACL that denies first": (
        [
            with_acl(
                "Data1",
                Out=acl_entry(100, egress=True),
                In=acl_entry(100, egress=False),
                No=acl_entry(90, egress=False, action="deny", cidr="10.0.0.0/16", ports=(6379, 6379)),
            )
        ],
        "net-store",
        "No",
        "denies TCP 6379 in from Service in Private1",
    ),
    "an ACL around the NAT gateway": (
        [
            with_acl(
                "Public1",
                Out=acl_entry(100, egress=True),
                In=acl_entry(100, egress=False, ports=(32768, 65535)),
                Web=acl_entry(110, egress=False, ports=(80, 80)),
            )
        ],
        "net-logs",
        "Acl",
        "Acl, the network ACL of Public1, denies TCP 443 in from Service in Private1",
    ),
    # other networks
    "no route to a network": (
        [*peered(route=False)],
        "net-peer",
        "PrivateTable",
        "its packets take PrivateRoute to Nat, and the internet carries no private addresses",
    ),
    "no rule for a peered network": (
        [*peered(out=False), put("TasksOut", "CidrIp", "10.0.0.0/16")],
        "net-peer",
        "TasksGroup",
        "PeeringRoute leads to 10.9.0.0/16 over Peering, and TasksGroup lets nothing out",
    ),
    "no rule for a database elsewhere": (
        [
            put(
                "Task",
                f"{CONTAINER}.Secrets.0.ValueFrom",
                f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:db-AbCdEf:host::",
            ),
            without("TasksToDatabaseOut", "TasksToDatabaseIn", "TasksToCacheOut", "TasksToCacheIn"),
            put("Task", f"{CONTAINER}.Environment", []),
        ],
        "net-database",
        "TasksGroup",
        "takes the host of a database outside of the template from a secret (DATABASE)",
    ),
    # nothing more
    "public database": (
        [
            put("Database", "PubliclyAccessible", True),
            put("DatabaseSubnets", "SubnetIds", [ref("Public1"), ref("Public2")]),
            add(Office=rule("Ingress", "DatabaseGroup", "203.0.113.0/24", 5432)),
        ],
        "net-isolated",
        "Database",
        "Office lets 203.0.113.0/24 in on TCP 5432",
    ),
    "public by default": (
        [
            put("Database", "PubliclyAccessible", None),
            put("DatabaseSubnets", "SubnetIds", [ref("Public1"), ref("Public2")]),
            add(Office=rule("Ingress", "DatabaseGroup", "0.0.0.0/0", 5432)),
        ],
        "net-isolated",
        "Database",
        "whoever is there reaches it",
    ),
    "cache open to the world": (
        [add(Open=rule("Ingress", "CacheGroup", "0.0.0.0/0", 6379))],
        "net-open",
        "Open",
        "it is not meant to be public",
    ),
    "tasks open to the world": (
        [add(Open=rule("Ingress", "TasksGroup", "0.0.0.0/0", 8080))],
        "net-open",
        "Open",
        "opens Service",
    ),
    "too many ports open to the world": (
        [put("InternetIn", "ToPort", 65535)],
        "net-open",
        "InternetIn",
        "public on 80 only",
    ),
    "a port that nobody listens on": (
        [add(Ssh=rule("Ingress", "BalancerGroup", "0.0.0.0/0", 22))],
        "net-open",
        "Ssh",
        "on TCP 22",
    ),
    "an inline rule open to the world": (
        [put("FilesGroup", "SecurityGroupIngress", [{"IpProtocol": "-1", "CidrIpv6": "::/0"}])],
        "net-open",
        "FilesGroup",
        "opens Mount1 to ::/0 on everything",
    ),
    "an internal balancer open to the world": (
        [put("Balancer", "Scheme", "internal")],
        "net-open",
        "InternetIn",
        "opens Balancer",
    ),
    "public tasks behind a balancer, open": (
        [*PUBLIC_TASKS, add(Open=rule("Ingress", "TasksGroup", "0.0.0.0/0", 8080))],
        "net-open",
        "Open",
        "opens Service",
    ),
    "allow-all that AWS adds": (
        [put("TasksGroup", "SecurityGroupEgress", None)],
        "net-open-egress",
        "TasksGroup",
        "restricts nothing",
    ),
    "a group that is left open": (
        [put("FilesGroup", "SecurityGroupEgress", [])],
        "net-open-egress",
        "FilesGroup",
        "other groups of the template are closed",
    ),
    "a rule that nobody needs": (
        [add(More=rule("Egress", "BalancerGroup", att("FilesGroup"), 2049))],
        "net-unused-rule",
        "More",
        "More lets TCP 2049 out to FilesGroup, and nothing in the template needs it",
    ),
    "a rule that opens too much": (
        [put("TasksToCacheIn", "FromPort", 0), put("TasksToCacheIn", "ToPort", 65535)],
        "net-wide-rule",
        "TasksToCacheIn",
        "all that the template needs of it is TCP 6379",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_broken_and_its_component_named(fault: str) -> None:
    changes, rule_id, component, words = FAULTS[fault]
    found = complaints(changed(*changes))
    said = [one for one in found if one.id == rule_id and one.logical_id == component]
    assert said, "\n".join(map(str, found))
    assert {one.verdict for one in said} == {Verdict.BROKEN}
    assert words in said[0].message
    assert said[0].fix.endswith(".")
    assert said[0].message.endswith(".")


def _renamed(resources: Template) -> None:
    names = {"TasksGroup": "Aaa", "Private1": "Zzz", "Cache": "Redis", "PrivateTable": "T"}

    def walk(node: Any) -> Any:
        if isinstance(node, dict):
            return {key: names.get(value, value) if key == "Ref" else walk(value) for key, value in node.items()}
        if isinstance(node, list):
            return [names.get(item, item) if isinstance(item, str) else walk(item) for item in node]
        return node

    renamed = {names.get(key, key): walk(value) for key, value in resources.items()}
    renamed["Task"]["Properties"]["ContainerDefinitions"][0]["Environment"][0]["Value"] = att(
        "Redis", "PrimaryEndPoint.Address"
    )
    resources.clear()
    resources.update(renamed)


def _reordered(resources: Template) -> None:
    turned = dict(reversed(resources.items()))
    resources.clear()
    resources.update(turned)


def _inline(resources: Template) -> None:
    """The cache's rule inline instead of beside the group."""
    del resources["TasksToCacheIn"]
    resources["CacheGroup"]["Properties"]["SecurityGroupIngress"] = [
        {"IpProtocol": 6, "FromPort": "6379", "ToPort": 6379, "SourceSecurityGroupId": ref("TasksGroup")}
    ]


HARMLESS: dict[str, list[Change]] = {
    "renamed": [_renamed],
    "reordered": [_reordered],
    "tags": [put("Vpc", "Tags", [{"Key": "a", "Value": "b"}])],
    "an unrelated resource": [add(Topic=resource("SNS::Topic"), Alarm=resource("CloudWatch::Alarm"))],
    "inline rules": [_inline],
    "the subnet's range instead of the group": [
        put("TasksToCacheIn", "SourceSecurityGroupId", None),
        put("TasksToCacheIn", "CidrIp", "10.0.0.0/16"),
    ],
    "two halves": [
        put("TasksToCacheIn", "SourceSecurityGroupId", None),
        put("TasksToCacheIn", "CidrIp", "10.0.11.0/24"),
        add(Second=rule("Ingress", "CacheGroup", "10.0.12.0/24", 6379)),
    ],
    "Join instead of Sub": [
        put("Task", f"{CONTAINER}.Secrets.0.ValueFrom", {"Fn::Join": ["", [ref("DatabaseSecret"), ":host::"]]}),
        put("S3Endpoint", "ServiceName", {"Fn::Join": [".", ["com.amazonaws", ref("AWS::Region"), "s3"]]}),
    ],
    "interface endpoints beside NAT": [ALL_ENDPOINTS],
    "interface endpoints instead of NAT": [ALL_ENDPOINTS, WITHOUT_NAT],
    "public tasks": PUBLIC_TASKS,
    "a public image": [put("Task", f"{CONTAINER}.Image", "public.ecr.aws/nginx/nginx:1.27")],
    "an ACL that lets all through": [
        with_acl("Private1", Out=acl_entry(100, egress=True), In=acl_entry(100, egress=False))
    ],
    "an ACL by protocol": [
        with_acl(
            "Private1",
            Out=acl_entry(100, egress=True, Protocol=-1, ports=None),
            In=acl_entry(100, egress="false", Protocol="-1", ports=None),
            Icmp=acl_entry(10, egress=False, action="deny", Protocol=1, ports=None),
            Some=acl_entry(20, egress=False, action="deny", cidr="203.0.113.0/24"),
            After=acl_entry(200, egress=False, action="deny"),
        )
    ],
    "entries of the default ACL": [
        add(Udp=acl_entry(50, egress=False, action="deny", Protocol=17) | {}),
        put("Udp", "NetworkAclId", att("Vpc", "DefaultNetworkAcl")),
    ],
    "back to the default ACL": [
        with_acl("Private1"),
        put("AclOfSubnet", "NetworkAclId", att("Vpc", "DefaultNetworkAcl")),
    ],
    "a regional NAT gateway": [
        put("Nat", "AvailabilityMode", "regional"),
        put("Nat", "SubnetId", None),
        put("Nat", "AllocationId", None),
    ],
    "a gateway of somebody else": [put("PublicRoute", "GatewayId", "igw-0123456789abcdef0"), without("Attachment")],
    "another network": peered(),
    "another network over the NAT gateway's subnet": [
        *peered(),
        put("PeeringRoute", "RouteTableId", ref("PublicTable")),
    ],
    "a wide rule for a peered network": [
        *peered(out=False),
        put("TasksOut", "IpProtocol", "-1"),
    ],
    "a balancer for an office": [put("InternetIn", "CidrIp", "203.0.113.0/24")],
    "subnet mappings": [
        put("Balancer", "Subnets", None),
        put("Balancer", "SubnetMappings", [{"SubnetId": ref("Public1")}, {"SubnetId": ref("Public2")}]),
    ],
    "forward by a rule": [
        put("Listener", "DefaultActions", [{"Type": "fixed-response"}]),
        add(
            Rule=resource(
                "ElasticLoadBalancingV2::ListenerRule",
                ListenerArn=ref("Listener"),
                Priority=1,
                Actions=[{"Type": "forward", "TargetGroupArn": ref("Targets")}],
            )
        ),
    ],
    "default group with members": [
        put("Cache", "SecurityGroupIds", None),
        put(
            "Service",
            "NetworkConfiguration.AwsvpcConfiguration.SecurityGroups",
            [att("TasksGroup"), att("Vpc", "DefaultSecurityGroup")],
        ),
        without("TasksToCacheIn", "TasksToCacheOut"),
    ],
    "an S3 policy with the layer bucket": [
        put(
            "S3Endpoint",
            "PolicyDocument",
            {
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {"AWS": "*"},
                        "Action": ["s3:GetObject"],
                        "Resource": {
                            "Fn::Sub": "arn:${AWS::Partition}:s3:::prod-${AWS::Region}-starport-layer-bucket/*"
                        },
                    }
                ]
            },
        )
    ],
    "an environment file": [
        put("Task", f"{CONTAINER}.EnvironmentFiles", [{"Type": "s3", "Value": "arn:aws:s3:::mine/env"}])
    ],
    "a private database that anybody may ask": [
        put("Database", "PubliclyAccessible", None),
        add(Everybody=rule("Ingress", "DatabaseGroup", "198.51.100.0/24", 5432)),
    ],
    "a public flag without a rule": [
        put("Database", "PubliclyAccessible", True),
        put("DatabaseSubnets", "SubnetIds", [ref("Public1"), ref("Public2")]),
    ],
    "nobody runs": [without("Service")],
    "bridge mode on instances": [
        put("Service", "LaunchType", "EC2"),
        put("Service", "NetworkConfiguration", None),
        without("BalancerToTasksIn", "BalancerToTasksOut", "TasksOut"),
    ],
}


@pytest.mark.parametrize("change", HARMLESS)
def test_harmless_changes_say_nothing(change: str) -> None:
    assert [str(one) for one in complaints(changed(*HARMLESS[change])) if one.verdict is Verdict.BROKEN] == []


def test_what_is_gone_is_not_needed() -> None:
    assert {one.id for one in findings(changed(without("Service")))} == {"net-public", "net-isolated"}


PARAMETERS: Template = {
    "Subnets": {"Type": "List<AWS::EC2::Subnet::Id>"},
    "Subnet": {"Type": "AWS::EC2::Subnet::Id"},
    "Group": {"Type": "AWS::EC2::SecurityGroup::Id"},
    "Groups": {"Type": "List<AWS::EC2::SecurityGroup::Id>"},
    "Any": {"Type": "String"},
}
LIST_RULE: Change = put("TasksOut", "CidrIp", None)

DOUBTS: dict[str, tuple[list[Change], str, str, str]] = {
    "subnets of somebody else": (
        [put("Service", SUBNETS, ref("Subnets"))],
        "net-logs",
        "Service",
        "${Subnets} is a list that only AWS knows",
    ),
    "one subnet of somebody else": (
        [put("Service", f"{SUBNETS}.0", ref("Subnet"))],
        "net-logs",
        "Service",
        "the subnet ${Subnet} is none of this template",
    ),
    "a list in a list": ([put("Service", f"{SUBNETS}.0", ref("Subnets"))], "net-logs", "Service", "only AWS knows"),
    "a group of somebody else": (
        [put("Service", "NetworkConfiguration.AwsvpcConfiguration.SecurityGroups", [ref("Group")])],
        "net-secret",
        "Service",
        "the rules of the security group ${Group} are not all in the template",
    ),
    "groups of somebody else": (
        [put("Service", "NetworkConfiguration.AwsvpcConfiguration.SecurityGroups", ref("Groups"))],
        "net-health",
        "BalancerToTasksOut",
        "cannot be told",
    ),
    "a group of somebody else in a rule": (
        [
            put("TasksToCacheIn", "SourceSecurityGroupId", ref("Group")),
            put("Service", "NetworkConfiguration.AwsvpcConfiguration.SecurityGroups.0", ref("Any")),
        ],
        "net-store",
        "Service",
        "${Any} are not all in the template",
    ),
    "rules that a macro makes": (
        [put("CacheGroup", "SecurityGroupIngress", {"Fn::Transform": {"Name": "Mine"}}), without("TasksToCacheIn")],
        "net-store",
        "Cache",
        "CacheGroup are not all in the template",
    ),
    "a rule without a peer": (
        [put("TasksToCacheIn", "SourceSecurityGroupId", None)],
        "net-store",
        "TasksToCacheIn",
        "cannot be told",
    ),
    "a range that only AWS knows": (
        [put("TasksOut", "CidrIp", ref("Any"))],
        "net-logs",
        "TasksOut",
        "covers TCP 443 out to the internet",
    ),
    "a port that only AWS knows": (
        [put("TasksToCacheIn", "FromPort", ref("Any"))],
        "net-store",
        "TasksToCacheIn",
        "on ports that only AWS knows",
    ),
    "a protocol that only AWS knows": (
        [put("TasksToCacheIn", "IpProtocol", ref("Any"))],
        "net-store",
        "TasksToCacheIn",
        "cannot be told",
    ),
    "part of a subnet": (
        [
            put("TasksToCacheIn", "SourceSecurityGroupId", None),
            put("TasksToCacheIn", "CidrIp", "10.0.11.0/28"),
            add(Second=rule("Ingress", "CacheGroup", "10.0.12.0/28", 6379)),
        ],
        "net-store",
        "TasksToCacheIn",
        "TCP 6379 in from 10.0.11.0/28 covers",
    ),
    "a prefix list of AWS": (
        [LIST_RULE, put("TasksOut", "DestinationPrefixListId", "pl-1234")],
        "net-logs",
        "TasksOut",
        "out to pl-1234 covers",
    ),
    "part of the internet": ([put("TasksOut", "CidrIp", "54.0.0.0/8")], "net-logs", "TasksOut", "cannot be told"),
    "a table of somebody else": (
        [put("Private1Routes", "RouteTableId", ref("Any"))],
        "net-logs",
        "Private1Routes",
        "its route table ${Any} is none of this template",
    ),
    "an association of somebody else": (
        [put("Private1Routes", "SubnetId", ref("Subnet"))],
        "net-logs",
        "Private1",
        "what gives Private1 its route table",
    ),
    "a VPC of somebody else": (
        [put("Private1", "VpcId", ref("Any")), without("Private1Routes")],
        "net-logs",
        "Private1",
        "the main route table of a VPC outside",
    ),
    "routes over a VPN": (
        [
            without("PrivateRoute"),
            add(Spread=resource("EC2::VPNGatewayRoutePropagation", RouteTableIds=[ref("PrivateTable")])),
        ],
        "net-logs",
        "PrivateTable",
        "a VPN gateway adds routes to PrivateTable",
    ),
    "routes of a nested stack": (
        [
            without("PrivateRoute"),
            add(Nested=resource("CloudFormation::Stack", Parameters={"Table": ref("PrivateTable")})),
        ],
        "net-logs",
        "PrivateTable",
        "handed to a nested stack",
    ),
    "a subnet of a nested stack": (
        [
            without("Private1Routes"),
            add(Nested=resource("CloudFormation::Stack", Parameters={"Subnet": ref("Private1")})),
        ],
        "net-logs",
        "Private1",
        "what gives Private1 its route table",
    ),
    "a destination that only AWS knows": (
        [put("PrivateRoute", "DestinationCidrBlock", ref("Any"))],
        "net-logs",
        "PrivateTable",
        "the destination of PrivateRoute is known to AWS only",
    ),
    "half of the internet": (
        [put("PrivateRoute", "DestinationCidrBlock", "0.0.0.0/1")],
        "net-logs",
        "PrivateTable",
        "covers only part of",
    ),
    "a transit gateway": (
        [put("PrivateRoute", "NatGatewayId", None), put("PrivateRoute", "TransitGatewayId", "tgw-1")],
        "net-logs",
        "PrivateRoute",
        "where that transit gateway leads is not in the template",
    ),
    "a NAT gateway of somebody else": (
        [put("PrivateRoute", "NatGatewayId", "nat-1")],
        "net-logs",
        "PrivateRoute",
        "nat-1 is none of this template",
    ),
    "a NAT gateway in a subnet of somebody else": (
        [put("Nat", "SubnetId", ref("Subnet"))],
        "net-logs",
        "Nat",
        "the subnet of Nat is none",
    ),
    "a gateway of unknown kind": (
        [put("PublicRoute", "GatewayId", ref("Any"))],
        "net-public",
        "PublicRoute",
        "whether ${Any} leads to the internet",
    ),
    "a NAT gateway behind a transit gateway": (
        [put("PublicRoute", "GatewayId", None), put("PublicRoute", "TransitGatewayId", "tgw-1")],
        "net-logs",
        "PublicRoute",
        "leads to the internet cannot be told",
    ),
    "a public address that only AWS knows": (
        [*PUBLIC_TASKS, put("Service", "NetworkConfiguration.AwsvpcConfiguration.AssignPublicIp", ref("Any"))],
        "net-image",
        "Service",
        "has a public address cannot be told",
    ),
    "a regional NAT gateway in a VPC of somebody else": (
        [
            put("Nat", "AvailabilityMode", "regional"),
            put("Private1", "VpcId", ref("Any")),
            put("Private2", "VpcId", ref("Any")),
        ],
        "net-logs",
        "Nat",
        "the VPC of Service is none of this template",
    ),
    "an endpoint in a VPC of somebody else": (
        [put("Private1", "VpcId", ref("Any")), put("Private2", "VpcId", ref("Any")), without("PrivateRoute")],
        "net-logs",
        "Service",
        "unless its VPC has an endpoint for logs that the template does not show",
    ),
    "an ACL of somebody else": (
        [
            add(
                AclOfSubnet=resource(
                    "EC2::SubnetNetworkAclAssociation", SubnetId=ref("Private1"), NetworkAclId=ref("Any")
                )
            )
        ],
        "net-logs",
        "Private1",
        "the network ACL of Private1 is none of this template",
    ),
    "an ACL for Linux": (
        [
            with_acl(
                "Private1",
                Out=acl_entry(100, egress=True),
                In=acl_entry(100, egress=False, ports=(32768, 65535)),
                Web=acl_entry(99, egress=False, ports=(8080, 8080)),
            )
        ],
        "net-logs",
        "Acl",
        "lets all of TCP 1024 to 65535 in from the internet",
    ),
    "an ACL with a range that only AWS knows": (
        [with_acl("Private1", Out=acl_entry(100, egress=True, CidrBlock=ref("Any")), In=acl_entry(100, egress=False))],
        "net-logs",
        "Out",
        "cannot be told",
    ),
    "an ACL that perhaps denies": (
        [
            with_acl(
                "Private1",
                Out=acl_entry(100, egress=True),
                In=acl_entry(100, egress=False),
                No=acl_entry(9, egress=True, action="deny", CidrBlock=ref("Any")),
            )
        ],
        "net-logs",
        "No",
        "cannot be told",
    ),
    "an ACL entry of unknown way": (
        [
            with_acl(
                "Private1",
                Out=acl_entry(100, egress=True),
                In=acl_entry(100, egress=False),
                No=acl_entry(9, egress=True, action="deny") | {},
            ),
            put("No", "Egress", ref("Any")),
        ],
        "net-logs",
        "No",
        "cannot be told",
    ),
    "an endpoint policy with a condition": (
        [
            put(
                "S3Endpoint",
                "PolicyDocument",
                {
                    "Statement": {
                        "Effect": "Allow",
                        "Principal": "*",
                        "Action": "*",
                        "Resource": "*",
                        "Condition": {"Bool": {}},
                    }
                },
            )
        ],
        "net-image",
        "S3Endpoint",
        "whether the policy of S3Endpoint allows",
    ),
    "an endpoint that perhaps has names": (
        [ALL_ENDPOINTS, WITHOUT_NAT, put("Endpoint2", "PrivateDnsEnabled", None)],
        "net-logs",
        "PrivateTable",
        "cannot be told",
    ),
    "an image that only AWS knows": (
        [ALL_ENDPOINTS, WITHOUT_NAT, put("Task", f"{CONTAINER}.Image", ref("Any"))],
        "net-image",
        "Task",
        "where the image comes from is known to AWS only, and no route of PrivateTable",
    ),
    "a file system of somebody else": (
        [put("Task", "Volumes.0.EFSVolumeConfiguration.FilesystemId", "fs-1")],
        "net-files",
        "Task",
        "fs-1 and its mount targets are not in the template",
    ),
    "a mount target in a subnet of somebody else": (
        [put("Mount1", "SubnetId", ref("Subnet"))],
        "net-files",
        "Mount1",
        "whether Mount1 stands in the zone of Private1",
    ),
    "a mount for tasks in subnets of somebody else": (
        [put("Service", SUBNETS, ref("Subnets"))],
        "net-files",
        "Service",
        "only AWS knows",
    ),
    "a port of a store that only AWS knows": (
        [put("Cache", "Port", ref("Any"))],
        "net-store",
        "Cache",
        "the port of Cache is not known",
    ),
    "a store in subnets of somebody else": (
        [put("CacheSubnets", "SubnetIds", ref("Subnets"))],
        "net-store",
        "Cache",
        "only AWS knows",
    ),
    "a store whose subnet group is elsewhere": (
        [put("Cache", "CacheSubnetGroupName", "shared")],
        "net-store",
        "Cache",
        "the subnets of Cache are not named in the template",
    ),
    "a store in a VPC of somebody else": (
        [put("Data1", "VpcId", ref("Any")), put("Data1", "CidrBlock", None)],
        "net-store",
        "Service",
        "stand in one VPC cannot be told",
    ),
    "a container port that only AWS knows": (
        [put("Service", "LoadBalancers.0.ContainerPort", ref("Any"))],
        "net-health",
        "Service",
        "the port of the target",
    ),
    "a balancer whose zones only AWS knows": (
        [put("Balancer", "Subnets", ref("Subnets"))],
        "net-health",
        "Balancer",
        "cannot be told",
    ),
    "a zone that only AWS knows": (
        [put("Public1", "AvailabilityZone", ref("Any"))],
        "net-health",
        "Balancer",
        "stands in the zone of Private1",
    ),
    "a listener's port that only AWS knows": (
        [put("Listener", "Port", ref("Any"))],
        "net-public",
        "Listener",
        "the port is not known",
    ),
    "a transit gateway to a network": (
        [
            *peered(),
            put("PeeringRoute", "VpcPeeringConnectionId", None),
            put("PeeringRoute", "TransitGatewayId", "tgw-1"),
        ],
        "net-peer",
        "PeeringRoute",
        "what lies behind it is not in the template",
    ),
    "single ports to everywhere for a peered network": (
        peered(out=False),
        "net-peer",
        "TasksGroup",
        "but single ports to everywhere",
    ),
    "a public store with routes that nobody knows": (
        [
            put("Database", "PubliclyAccessible", True),
            put("DatabaseSubnets", "SubnetIds", ref("Subnets")),
            add(Open=rule("Ingress", "DatabaseGroup", "203.0.113.0/24", 5432)),
        ],
        "net-isolated",
        "Database",
        "Whether the internet reaches Database cannot be told",
    ),
    "a rule that only somebody outside can need": (
        [add(Mail=rule("Egress", "TasksGroup", "0.0.0.0/0", 587))],
        "net-unused-rule",
        "Mail",
        "nothing in the template needs it",
    ),
    "a rule that opens everything to somebody outside": (
        [put("TasksOut", "IpProtocol", "-1")],
        "net-wide-rule",
        "TasksOut",
        "TasksOut lets everything out to 0.0.0.0/0",
    ),
}


@pytest.mark.parametrize("doubt", DOUBTS)
def test_what_cannot_be_told_is_unknown(doubt: str) -> None:
    changes, rule_id, component, words = DOUBTS[doubt]
    template = {**changed(*changes), "Parameters": PARAMETERS}
    said = [one for one in complaints(template) if one.id == rule_id and one.logical_id == component]
    assert said, "\n".join(map(str, complaints(template)))
    assert {one.verdict for one in said} == {Verdict.UNKNOWN}
    assert words in said[0].message
    assert said[0].fix
