"""What is open to more than need it: broken, with the rule that opens it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.unit.stackproof.proofs.network_support import (
    PUBLIC_TASKS,
    add,
    att,
    changed,
    complaints,
    put,
    ref,
    resource,
    rule,
    told_as_broken,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.stackproof.proofs.network_support import Template

    Change = Callable[[Template], None]

FAULTS: dict[str, tuple[list[Change], str, str, str]] = {
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
    told_as_broken(*FAULTS[fault])


BOX = {
    "BoxGroup": resource("EC2::SecurityGroup", VpcId=ref("Vpc"), GroupDescription="box"),
    "Box": resource("EC2::Instance", SubnetId=ref("Public1"), SecurityGroupIds=[att("BoxGroup")]),
}
"""An instance: what it serves, no template tells."""


@pytest.mark.parametrize(
    ("peer", "ports", "words"),
    [
        ("0.0.0.0/0", (22,), "lets 0.0.0.0/0 in on TCP 22: SSH of whatever is in BoxGroup is open to everybody"),
        ("::/0", (3389,), "Remote Desktop of whatever"),
        ("0.0.0.0/0", (20, 4000), "SSH and Remote Desktop of"),
        ("0.0.0.0/0", (0, 65535), "every port of"),
        ("0.0.0.0/0", (443,), ""),
        ("203.0.113.0/24", (22,), ""),
        (att("BalancerGroup"), (22,), ""),
    ],
)
def test_no_instance_lets_everybody_log_in(peer: object, ports: tuple[int, ...], words: str) -> None:
    changes = [add(**BOX, In=rule("Ingress", "BoxGroup", peer, *ports))]
    if words:
        told_as_broken(changes, "net-open", "In", words)
    else:
        assert [one for one in complaints(changed(*changes)) if one.id == "net-open"] == []


def test_a_port_that_is_not_known_is_no_login() -> None:
    given = {"IpProtocol": "tcp", "FromPort": ref("Unset"), "ToPort": ref("Unset"), "CidrIp": "0.0.0.0/0"}
    found = complaints(changed(add(**BOX), put("BoxGroup", "SecurityGroupIngress", [given])))
    assert [one for one in found if one.id == "net-open"] == []
