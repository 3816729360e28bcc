"""Reachability that cannot be told from the template: unknown, with the reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.unit.stackproof.proofs.network_support import (
    ALL_ENDPOINTS,
    CONTAINER,
    PUBLIC_TASKS,
    SUBNETS,
    acl_entry,
    add,
    changed,
    complaints,
    put,
    ref,
    resource,
    rule,
    told_as_unknown,
    with_acl,
    without,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.stackproof.proofs.network_support import Template

    Change = Callable[[Template], None]

GATEWAY: Change = add(
    S3=resource(
        "EC2::VPCEndpoint",
        VpcId=ref("Vpc"),
        ServiceName={"Fn::Sub": "com.amazonaws.${AWS::Region}.s3"},
        RouteTableIds=[ref("PrivateTable")],
    )
)
ALL_OF_IT: Change = add(Wide=rule("Ingress", "CacheGroup", "10.0.0.0/16", 6379))


def _asking(*servers: str) -> Change:
    """The VPC's DHCP options name resolvers."""
    return add(
        Options=resource("EC2::DHCPOptions", DomainNameServers=list(servers), DomainName="school.example"),
        Tie=resource("EC2::VPCDHCPOptionsAssociation", VpcId=ref("Vpc"), DhcpOptionsId=ref("Options")),
    )


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
    "a range beside the group that needs it": (
        [ALL_OF_IT],
        "net-unused-rule",
        "Wide",
        "a part of Vpc itself (10.0.0.0/16), and nothing in the template needs it",
    ),
    "a resolver of one's own for endpoints": (
        [ALL_ENDPOINTS, _asking("10.9.9.9", "10.9.9.10")],
        "net-secret",
        "Options",
        "asks the servers in Options for names, and whether these pass questions on to the resolver of Vpc is not",
    ),
    "a resolver of one's own for files": ([_asking("10.9.9.9")], "net-files", "Options", "can mount FileSystem"),
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
}


@pytest.mark.parametrize(
    "change",
    [
        # The range serves tasks that the group's rule no longer lets in.
        [ALL_OF_IT, without("TasksToCacheIn")],
        [ALL_ENDPOINTS, _asking("AmazonProvidedDNS")],
        # Public names are known to everybody, S3's among them.
        [
            GATEWAY,
            _asking("10.9.9.9"),
            put("Task", "Volumes", None),
            put("Task", f"{CONTAINER}.MountPoints", None),
            without("TasksToFilesOut", "TasksToFilesIn"),
        ],
        [ALL_ENDPOINTS, _asking("10.9.9.9", "169.254.169.253")],
        [ALL_ENDPOINTS, _asking()],
        [ALL_ENDPOINTS, _asking("10.9.9.9"), without("Tie")],
        [ALL_ENDPOINTS, _asking("10.9.9.9"), put("Tie", "DhcpOptionsId", "dopt-12345678")],
        [ALL_ENDPOINTS, _asking("10.9.9.9"), put("Tie", "VpcId", "vpc-12345678")],
    ],
)
def test_a_range_that_is_needed_and_the_vpcs_own_resolver_are_no_doubt(change: list[Change]) -> None:
    assert complaints(changed(*change)) == []


@pytest.mark.parametrize("doubt", DOUBTS)
def test_what_cannot_be_told_is_unknown(doubt: str) -> None:
    told_as_unknown(*DOUBTS[doubt])
