"""What is unusual and right: nothing is called broken."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from stackproof.proofs.model.system import model
from stackproof.proofs.network.queries import not_analysed
from stackproof.proofs.resolve.stack import resolve
from stackproof.proofs.verdicts import Verdict
from tests.unit.stackproof.proofs.network_support import (
    CONTAINER,
    FUNCTION,
    PROXY,
    PUBLIC_TASKS,
    REGION,
    WITHOUT_NAT,
    acl_entry,
    add,
    att,
    changed,
    complaints,
    findings,
    peered,
    put,
    ref,
    resource,
    rule,
    without,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.stackproof.proofs.network_support import Template

    Change = Callable[[Template], None]

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
