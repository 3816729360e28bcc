"""Reachability that cannot be told from the template: unknown, with the reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stackproof.proofs.verdicts import Verdict
from tests.unit.stackproof.proofs.network_support import (
    ALL_ENDPOINTS,
    CONTAINER,
    PUBLIC_TASKS,
    SUBNETS,
    WITHOUT_NAT,
    acl_entry,
    add,
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

PARAMETERS: Template = {
    "Subnets": {"Type": "List<AWS::EC2::Subnet::Id>"},
    "Subnet": {"Type": "AWS::EC2::Subnet::Id"},
    "Group": {"Type": "AWS::EC2::SecurityGroup::Id"},
    "Groups": {"Type": "List<AWS::EC2::SecurityGroup::Id>"},
    "Any": {"Type": "String"},
}
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
    changes, rule_id, component, words = DOUBTS[doubt]
    template = {**changed(*changes), "Parameters": PARAMETERS}
    said = [one for one in complaints(template) if one.id == rule_id and one.logical_id == component]
    assert said, "\n".join(map(str, complaints(template)))
    assert {one.verdict for one in said} == {Verdict.UNKNOWN}
    assert words in said[0].message
    assert said[0].fix
