"""Security groups, closed both ways until connect() opens them.

A group without inline egress gets allow-all from AWS, and rules added beside it do not take that away. So each group
has one inline rule that lets nothing through, and `connect` is the only way to open one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from troposphere import GetAtt, Parameter, Ref
from troposphere.ec2 import SecurityGroup, SecurityGroupEgress, SecurityGroupIngress

if TYPE_CHECKING:
    from troposphere import AWSHelperFn, Template

_SUFFIX = "SecurityGroup"

NO_EGRESS = {"IpProtocol": "-1", "CidrIp": "127.0.0.1/32", "Description": "Nothing but what separate rules open"}
"""Loopback never leaves a network interface: the rule is there so that AWS adds none of its own."""


@dataclass(frozen=True)
class Cidr:
    """A network that is not ours: a name for logical ids (`Internet`), and its IPv4 range."""

    name: str
    block: str | AWSHelperFn


@dataclass(frozen=True)
class PrefixList:
    """An AWS-managed or customer-managed list of ranges: a name for logical ids, and its id (`pl-…`)."""

    name: str
    id: str | AWSHelperFn


Peer: TypeAlias = SecurityGroup | Cidr | PrefixList
Port: TypeAlias = int | Parameter

INTERNET = Cidr("Internet", "0.0.0.0/0")


@dataclass(frozen=True)
class Endpoint:
    """Where a store or service listens: who guards it, and the TCP port. `connect` opens it."""

    server: Peer
    port: Port


def security_group(
    t: Template, logical_id: str, *, description: str, vpc: AWSHelperFn, condition: str | None = None
) -> SecurityGroup:
    """Add a group that lets nothing in and nothing out.

    Args:
        t: the template.
        logical_id: ends in `SecurityGroup`; what stands before it names the rules.
        description: what the group guards. It cannot change later without replacing the group.
        vpc: the VPC's id.
        condition: the group exists only where this condition holds.
    """
    group = SecurityGroup(logical_id, GroupDescription=description, VpcId=vpc, SecurityGroupEgress=[dict(NO_EGRESS)])
    if condition is not None:
        group.Condition = condition
    return t.add_resource(group)


def connect(
    t: Template, client: Peer, server: Peer, port: Port, description: str, *, condition: str | None = None
) -> list[str]:
    """Let `client` reach `server` on one TCP port: each side that is a group of ours gets its rule.

    Args:
        t: the template.
        client: who opens the connection.
        server: who listens.
        port: a number, or the parameter that holds it.
        description: why, in the words of a person who reads the rule in the console.
        condition: the connection exists only where this condition holds (that of its groups, where they have one).

    Returns:
        The logical ids of the rules: what uses the connection refers to a group and must wait for the rules itself.

    Raises:
        ValueError: neither side is a security group, so that there is nothing to open.
    """
    number = Ref(port) if isinstance(port, Parameter) else port
    path = f"{_name(client)}To{_name(server)}{port.title if isinstance(port, Parameter) else port}"
    common: dict[str, Any] = {"IpProtocol": "tcp", "FromPort": number, "ToPort": number, "Description": description}
    rules: dict[str, SecurityGroupEgress | SecurityGroupIngress] = {}
    if isinstance(client, SecurityGroup):
        name = f"{path}Egress"
        rules[name] = SecurityGroupEgress(name, GroupId=group_id(client), **_peer("Destination", server), **common)
    if isinstance(server, SecurityGroup):
        name = f"{path}Ingress"
        rules[name] = SecurityGroupIngress(name, GroupId=group_id(server), **_peer("Source", client), **common)
    if not rules:
        raise ValueError(f"neither {_name(client)} nor {_name(server)} is a security group: nothing to open")
    for made in rules.values():
        if condition is not None:
            made.Condition = condition
        t.add_resource(made)
    return list(rules)


def _peer(side: str, peer: Peer) -> dict[str, Any]:
    """The other end of a rule, in the properties of an ingress (Source) or an egress (Destination) rule."""
    if isinstance(peer, SecurityGroup):
        return {f"{side}SecurityGroupId": group_id(peer)}
    if isinstance(peer, Cidr):
        return {"CidrIp": peer.block}
    return {f"{side}PrefixListId": peer.id}


def group_id(group: SecurityGroup) -> GetAtt:
    """The group's id (`sg-…`), which is what every property of AWS that takes a group wants."""
    return GetAtt(group, "GroupId")


def _name(peer: Peer) -> str:
    return str(peer.title).removesuffix(_SUFFIX) if isinstance(peer, SecurityGroup) else peer.name
