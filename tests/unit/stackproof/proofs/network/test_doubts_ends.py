"""Reachability that cannot be told for what stands at either end: endpoints, images, files, stores, other networks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.unit.stackproof.proofs.network_support import (
    ALL_ENDPOINTS,
    CONTAINER,
    SUBNETS,
    WITHOUT_NAT,
    add,
    peered,
    put,
    ref,
    resource,
    rule,
    told_as_unknown,
    without,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.stackproof.proofs.network_support import Template

    Change = Callable[[Template], None]

DOUBTS: dict[str, tuple[list[Change], str, str, str]] = {
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
                        "Condition": {"Bool": {"aws:SecureTransport": True}},
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
    "an image that only AWS knows, beside NAT in one zone": (
        [
            put("Task", f"{CONTAINER}.Image", ref("Any")),
            add(OtherTable=resource("EC2::RouteTable", VpcId=ref("Vpc"))),
            put("Private2Routes", "RouteTableId", ref("OtherTable")),
        ],
        "net-image",
        "Task",
        "no route of OtherTable",
    ),
    "a file system of somebody else": (
        [put("Task", "Volumes.0.EFSVolumeConfiguration.FilesystemId", "fs-1")],
        "net-files",
        "Task",
        "fs-1 and its mount targets are not in the template",
    ),
    "a file system of somebody else with one mount target here": (
        [
            put("Task", "Volumes.0.EFSVolumeConfiguration.FilesystemId", "fs-1"),
            put("Mount1", "FileSystemId", "fs-1"),
            without("Mount2"),
        ],
        "net-files",
        "Service",
        "fs-1 is not in the template, and may have a mount target in the zone of Private2",
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
    "a transit gateway behind the NAT gateway": (
        [
            *peered(route=False),
            add(
                Transit=resource(
                    "EC2::Route",
                    RouteTableId=ref("PublicTable"),
                    DestinationCidrBlock="10.9.0.0/16",
                    TransitGatewayId="tgw-1",
                )
            ),
        ],
        "net-peer",
        "PrivateRoute",
        "what lies behind it is not in the template",
    ),
    "a default group of somebody else": (
        [
            put("Private1", "VpcId", ref("Any")),
            put("Service", "NetworkConfiguration.AwsvpcConfiguration.SecurityGroups", None),
        ],
        "net-logs",
        "Service",
        "the default one of a VPC outside of the template",
    ),
    "two VPCs without ranges": (
        [
            add(Vpc2=resource("EC2::VPC", CidrBlock=ref("Any"))),
            put("Data1", "VpcId", ref("Vpc2")),
            put("Data1", "CidrBlock", ref("Any")),
        ],
        "net-store",
        "Service",
        "stand in two VPCs",
    ),
    "a route whose destination says nothing": (
        [
            put("PrivateRoute", "DestinationCidrBlock", "10.77.0.0/16"),
            add(Lists=resource("EC2::Route", RouteTableId=ref("PrivateTable"), DestinationPrefixListId=ref("Any"))),
        ],
        "net-logs",
        "PrivateTable",
        "the destination of Lists is known to AWS only",
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
    "a rule to everywhere for what is inside": (
        [
            put("TasksToCacheOut", "DestinationSecurityGroupId", None),
            put("TasksToCacheOut", "CidrIp", "0.0.0.0/0"),
        ],
        "net-wide-rule",
        "TasksToCacheOut",
        "all that the template needs of it is TCP 6379 inside the VPC",
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
    told_as_unknown(*DOUBTS[doubt])
