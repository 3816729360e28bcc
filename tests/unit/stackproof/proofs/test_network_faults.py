"""Reachability with one fault each: broken, with the component that blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stackproof.proofs.verdicts import Verdict
from tests.unit.stackproof.proofs.network_support import (
    ACCOUNT,
    ALL_ENDPOINTS,
    CONTAINER,
    PUBLIC_TASKS,
    REGION,
    WITHOUT_NAT,
    acl_entry,
    add,
    att,
    changed,
    complaints,
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
    "balancer behind a NAT gateway": (
        [put("Balancer", "Subnets", [ref("Private1"), ref("Private2")])],
        "net-public",
        "PrivateTable",
        "lets nobody in: a public address in Balancer in Private1 answers through an internet gateway only",
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
