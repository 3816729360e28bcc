"""Security groups with all their rules, wherever the template states them: inline, beside the group, or added by AWS.

A group without an inline egress rule gets allow-all from AWS, and rules that stand beside it do not take that away. A
VPC's default group lets its own members in and everything out.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from stackproof.proofs.model.placement import each, whole, word
from stackproof.proofs.model.ranges import Range, loopback, read
from stackproof.proofs.values import Sym, Unknown, Value, at, show

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stackproof.proofs.resolve.stack import Resource, Stack

Direction: TypeAlias = Literal["ingress", "egress"]
DIRECTIONS: Final[tuple[Direction, ...]] = ("ingress", "egress")
DEFAULT: Final = "DefaultSecurityGroup"
_GROUP = "AWS::EC2::SecurityGroup"
_PROTOCOLS = {"6": "tcp", "17": "udp", "1": "icmp", "58": "icmpv6", "all": "-1"}


@dataclass(frozen=True)
class Peer:
    """The other side of a rule: a range, a group, a prefix list, or (`kind` empty) what is not known.

    Attributes:
        value: as the template has it.
        ranges: the ranges, where they are literal; those of a prefix list of this template too.
        group: the key of a group.
    """

    kind: Literal["range", "group", "list", ""]
    value: Value
    ranges: tuple[Range, ...] = ()
    group: str = ""


@dataclass(frozen=True, eq=False)
class Rule:
    """One rule of a security group.

    Attributes:
        owner: the resource that states it; the group itself for an inline rule and for one that AWS adds.
        path: where in that resource; empty for one that AWS adds, and for a resource of its own.
        protocol: `tcp`, `udp`, `-1` (all), …; `?` when it is not known.
        first: the first port; None when it is not known.
        last: the last port.
        added: whether AWS adds it of its own accord.
    """

    owner: str
    path: str
    group: str
    direction: Direction
    protocol: str
    first: int | None
    last: int | None
    peer: Peer
    added: bool = False

    @cached_property
    def void(self) -> bool:
        """Does it let nothing through (loopback only)?"""
        return bool(self.peer.ranges) and all(map(loopback, self.peer.ranges))

    @property
    def every_port(self) -> bool:
        """Does it open every port of its protocol?"""
        return self.protocol == "-1" or (self.first == 0 and self.last == 65535)

    @property
    def ports(self) -> str:
        """The ports as a person writes them: TCP 443, TCP 1024 to 2048, everything."""
        if self.protocol == "-1":
            return "everything"
        if self.first is None or self.last is None:
            return f"{self.protocol.upper()} on ports that only AWS knows"
        span = str(self.first) if self.first == self.last else f"{self.first} to {self.last}"
        return f"{self.protocol.upper()} {span}"


@dataclass
class Group:
    """A security group.

    Attributes:
        key: its logical id, `<VPC>.DefaultSecurityGroup`, or what a group outside of the template is called.
        vpc: logical id of its VPC; empty when that is none of this stack.
        own: whether the template makes it, so that all its rules are known.
        closed: whether an inline egress rule keeps AWS from adding allow-all.
        unknown: why some of its rules cannot be read; None when all can.
    """

    key: str
    vpc: str
    own: bool
    closed: bool = True
    unknown: Unknown | None = None
    ingress: list[Rule] = field(default_factory=list)
    egress: list[Rule] = field(default_factory=list)

    def rules(self, direction: Direction) -> list[Rule]:
        """The rules of one direction."""
        return self.ingress if direction == "ingress" else self.egress


def group_key(stack: Stack, value: Value) -> str:
    """What a group is called here: two spellings of one group give one key."""
    found = stack.target(value)
    if found is None:
        return show(value)
    if found.type == _GROUP:
        return found.logical_id
    return f"{found.logical_id}.{value.attribute}" if isinstance(value, Sym) else show(value)


def model_groups(stack: Stack) -> Mapping[str, Group]:
    """All groups by key: those of the template, the default groups of its VPCs, and those that rules are added to."""
    groups = {found.logical_id: _group(stack, found) for found in stack.of_type(_GROUP)}
    for vpc in stack.of_type("AWS::EC2::VPC"):
        key = f"{vpc.logical_id}.{DEFAULT}"
        groups[key] = Group(key, vpc.logical_id, own=True, closed=False)
        groups[key].egress.append(_allow_all(key))
        groups[key].ingress.append(
            Rule(key, "", key, "ingress", "-1", 0, 65535, Peer("group", key, (), key), added=True)
        )
    for direction in DIRECTIONS:
        for found in stack.of_type(_GROUP + direction.capitalize()):
            named = found.properties.get("GroupId", found.properties.get("GroupName"))
            key = group_key(stack, named)
            group = groups.setdefault(key, Group(key, "", own=False))
            _add(stack, group, direction, (found.logical_id, ""), found.properties)
    return groups


def _group(stack: Stack, resource: Resource) -> Group:
    vpc = stack.target(resource.properties.get("VpcId"))
    group = Group(resource.logical_id, vpc.logical_id if vpc is not None else "", own=True)
    group.unknown = resource.unknown
    for direction in DIRECTIONS:
        kind = f"SecurityGroup{direction.capitalize()}"
        given = resource.properties.get(kind)
        if isinstance(given, Unknown):
            group.unknown = given
        for index, entry in enumerate(each(given)):
            _add(stack, group, direction, (group.key, f"Properties.{kind}.{index}"), entry)
    given = resource.properties.get("SecurityGroupEgress")
    if not isinstance(given, Unknown) and not each(given):
        group.closed = False
        group.egress.append(_allow_all(group.key))
    return group


def _allow_all(key: str) -> Rule:
    """What AWS adds to a group without egress rules, for both families."""
    ranges = tuple(found for found in (read("0.0.0.0/0"), read("::/0")) if found is not None)
    return Rule(key, "", key, "egress", "-1", 0, 65535, Peer("range", "0.0.0.0/0", ranges), added=True)


def _add(stack: Stack, group: Group, direction: Direction, place: tuple[str, str], entry: Value) -> None:
    """Read the rule that stands at a place (resource, path); what cannot be read makes the group's rules unknown."""
    if not isinstance(entry, dict):
        group.unknown = entry if isinstance(entry, Unknown) else Unknown(f"a rule of {group.key} is no object")
        return
    protocol = word(entry.get("IpProtocol"), "-1").lower()
    protocol = _PROTOCOLS.get(protocol, protocol)
    first, last = _ports(protocol, entry)
    group.rules(direction).append(
        Rule(*place, group.key, direction, protocol, first, last, _peer(stack, entry, direction))
    )


def _ports(protocol: str, entry: Mapping[str, Value]) -> tuple[int | None, int | None]:
    first, last = entry.get("FromPort"), entry.get("ToPort")
    if protocol == "-1" or (first is None and last is None):
        return 0, 65535
    found = whole(first), whole(last if last is not None else first)
    return (0, 65535) if found == (-1, -1) else found


def _peer(stack: Stack, entry: Mapping[str, Value], direction: Direction) -> Peer:
    side = "Source" if direction == "ingress" else "Destination"
    for key in ("CidrIp", "CidrIpv6"):
        if (given := entry.get(key)) is not None:
            found = read(given)
            return Peer("range", given, () if found is None else (found,))
    for key in (f"{side}SecurityGroupId", f"{side}SecurityGroupName"):
        if (given := entry.get(key)) is not None:
            return Peer("group", given, (), group_key(stack, given))
    if (given := entry.get(f"{side}PrefixListId")) is not None:
        return _prefix_list(stack, given)
    return Peer("", Unknown("the rule names no peer"))


def _prefix_list(stack: Stack, value: Value) -> Peer:
    """A prefix list; one of this template has its ranges, and is as good as a range."""
    found = stack.target(value)
    entries = each(found.properties.get("Entries")) if found is not None else []
    ranges = [read(at(entry, "Cidr")) for entry in entries]
    if not ranges or None in ranges:
        return Peer("list", value)
    return Peer("range", value, tuple(one for one in ranges if one is not None))
