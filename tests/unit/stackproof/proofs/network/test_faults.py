"""Reachability with one fault each: broken, with the component that blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.unit.stackproof.proofs.network_support import (
    ACCOUNT,
    CONTAINER,
    PUBLIC_TASKS,
    REGION,
    acl_entry,
    add,
    att,
    peered,
    put,
    ref,
    resource,
    told_as_broken,
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
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_broken_and_its_component_named(fault: str) -> None:
    told_as_broken(*FAULTS[fault])
