"""Reachability where it holds: the platform as it is, and harmless changes to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from stackproof.proofs.verdicts import Verdict
from tests.unit.stackproof.proofs.network_support import (
    ALL_ENDPOINTS,
    CONTAINER,
    PUBLIC_TASKS,
    WITHOUT_NAT,
    acl_entry,
    add,
    att,
    changed,
    complaints,
    findings,
    peered,
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
        "net-tier",
    ]
    assert ways["net-logs"] == (
        "Service in Private1 → TasksOut lets TCP 443 out to the internet → PrivateTable leads 0.0.0.0/0 to Nat "
        "(PrivateRoute) → Nat in Public1 → PublicTable leads 0.0.0.0/0 to Gateway (PublicRoute) → Gateway"
    )
    assert ways["net-image"].endswith("S3Endpoint")


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
    "files from S3": [
        put(
            "Task",
            f"{CONTAINER}.FirelensConfiguration",
            {"Type": "fluentbit", "Options": {"config-file-type": "s3", "config-file-value": "arn:aws:s3:::mine/log"}},
        ),
        put("Task", f"{CONTAINER}.EnvironmentFiles", [{"Type": "s3", "Value": "arn:aws:s3:::mine/env"}]),
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
    assert {one.id for one in findings(changed(without("Service")))} == {"net-public", "net-isolated", "net-tier"}
