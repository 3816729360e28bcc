"""Network ACLs: stateless, by rule number, one for each subnet.

A VPC's default ACL lets everything through both ways; one of the template's own without entries lets nothing through.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from stackproof.proofs.model.placement import switch, whole, word
from stackproof.proofs.model.ranges import ANYWHERE, Range, read
from stackproof.proofs.values import Sym, Value, at

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stackproof.proofs.resolve.stack import Stack

_LAST: Final = 32767
"""The number of the entry that denies what no other decided."""


@dataclass(frozen=True)
class Entry:
    """One entry; `first` and `last` are None when the ports are not known, `range` likewise."""

    owner: str
    number: int
    egress: bool | None
    allow: bool | None
    protocol: str
    first: int | None
    last: int | None
    range: Range | None
    value: Value = None


@dataclass(frozen=True)
class Acl:
    """An ACL with its entries in order; `owner` is the ACL, or the VPC for its default one."""

    owner: str
    default: bool
    entries: tuple[Entry, ...]


@dataclass(frozen=True)
class Acls:
    """The ACL of each subnet, by logical id; a subnet that is not in it has its VPC's default one.

    Attributes:
        by_subnet: what the template associates.
        by_vpc: default ACLs that the template adds entries to.
        unknown: whether an association names a subnet that only AWS knows.
    """

    by_subnet: Mapping[str, Acl]
    by_vpc: Mapping[str, Acl]
    foreign: frozenset[str]


def model_acls(stack: Stack) -> Acls:
    """Read all of it from a resolved stack."""
    entries: dict[str, list[Entry]] = {}
    for found in stack.of_type("AWS::EC2::NetworkAclEntry"):
        owner = stack.target(found.properties.get("NetworkAclId"))
        if owner is not None:
            entries.setdefault(owner.logical_id, []).append(_entry(found.logical_id, found.properties))
    own = {
        found.logical_id: Acl(found.logical_id, default=False, entries=_ordered(entries.get(found.logical_id, [])))
        for found in stack.of_type("AWS::EC2::NetworkAcl")
    }
    by_subnet: dict[str, Acl] = {}
    foreign: set[str] = set()
    for found in stack.of_type("AWS::EC2::SubnetNetworkAclAssociation"):
        subnet = stack.target(found.properties.get("SubnetId"))
        named = found.properties.get("NetworkAclId")
        acl = stack.target(named)
        if subnet is None or (isinstance(named, Sym) and named.attribute == "DefaultNetworkAcl"):
            continue
        if acl is not None and acl.logical_id in own:
            by_subnet[subnet.logical_id] = own[acl.logical_id]
        else:
            foreign.add(subnet.logical_id)
    by_vpc = {
        vpc.logical_id: Acl(
            vpc.logical_id,
            default=True,
            entries=_ordered([*entries.get(vpc.logical_id, []), *_default_entries(vpc.logical_id)]),
        )
        for vpc in stack.of_type("AWS::EC2::VPC")
        if vpc.logical_id in entries
    }
    return Acls(by_subnet, by_vpc, frozenset(foreign))


def _ordered(entries: list[Entry]) -> tuple[Entry, ...]:
    return tuple(sorted(entries, key=lambda entry: entry.number))


def _default_entries(vpc: str) -> list[Entry]:
    """What AWS puts into a default ACL."""
    return [
        Entry(vpc, 100, egress, allow=True, protocol="-1", first=0, last=65535, range=ANYWHERE)
        for egress in (True, False)
    ]


def _entry(owner: str, properties: Mapping[str, Value]) -> Entry:
    protocol = word(properties.get("Protocol"), "?")
    protocol = {"6": "tcp", "17": "udp", "1": "icmp"}.get(protocol, protocol)
    ports = properties.get("PortRange")
    first, last = whole(at(ports, "From")), whole(at(ports, "To"))
    if protocol == "-1" or (ports is None and protocol in {"tcp", "udp"}):
        first, last = 0, 65535
    number = whole(properties.get("RuleNumber"))
    cidr = properties.get("CidrBlock", properties.get("Ipv6CidrBlock"))
    return Entry(
        owner,
        _LAST if number is None else number,
        switch(properties.get("Egress"), default=False),
        {"allow": True, "deny": False}.get(word(properties.get("RuleAction")).lower()),
        protocol,
        first,
        last,
        read(cidr),
        cidr,
    )
