"""What lets a packet through, and its answer back: security groups (stateful) and network ACLs (stateless)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from stackproof.proofs.equality import equal
from stackproof.proofs.model import ranges
from stackproof.proofs.network.outcomes import (
    EPHEMERAL,
    LINUX_EPHEMERAL,
    Outcome,
    Side,
    blocked,
    called,
    passed,
    untold,
)

if TYPE_CHECKING:
    from stackproof.proofs.model.acls import Acl, Entry
    from stackproof.proofs.model.groups import Direction, Group, Rule
    from stackproof.proofs.model.network import Network, Subnet
    from stackproof.proofs.model.ranges import Range

_WAYS: Final = {"egress": "out to", "ingress": "in from"}


class Traffic(NamedTuple):
    """What wants through: a protocol and the port that the server listens on."""

    protocol: str
    port: int

    def __str__(self) -> str:
        """As a person writes it: TCP 443."""
        return f"{self.protocol.upper()} {self.port}"


@dataclass
class _Matches:
    """The rules of a side's groups that open a way: for sure, or perhaps; and the first group that is not known."""

    sure: list[Rule] = field(default_factory=list)
    maybe: list[Rule] = field(default_factory=list)
    partly: list[Range] = field(default_factory=list)
    foreign: str = ""


class _Opening(NamedTuple):
    """The rules of some groups that cover some traffic (None: perhaps), and the first group that is not known."""

    rules: list[tuple[Rule, bool | None]]
    foreign: str


class Filters:
    """Asks groups and ACLs of one network, and remembers which rules were needed, for what.

    Attributes:
        used: each rule that a need went through, with the traffic.
        outward: those of them that a need went through to or from the internet.
    """

    def __init__(self, network: Network) -> None:
        self.network = network
        self.used: dict[Rule, set[Traffic]] = {}
        self.outward: set[Rule] = set()
        self._opening: dict[tuple[tuple[str, ...], Direction, Traffic], _Opening] = {}

    def grouped(self, side: Side, peer: Side, direction: Direction, traffic: Traffic) -> Outcome:
        """Do a side's own groups let it out to, or in from, the other side?"""
        if not side.guarded:
            return passed()
        found = self._matches(side, peer, direction, traffic)
        if not found.sure and peer.range is not None and ranges.together(found.partly, peer.range):
            found.sure = [rule for rule in found.maybe if rule.peer.ranges]
        if len(found.sure) > 1:
            # Of several rules that open the same way one is needed: the narrowest.
            found.sure.sort(key=_width)
        for rule in found.sure[:1] or found.maybe:
            self.used.setdefault(rule, set()).add(traffic)
            if peer.subnet is None:
                self.outward.add(rule)
        if found.sure:
            rule = found.sure[0]
            return passed(f"{rule.owner} lets {traffic} {_WAYS[direction]} {peer.short}")
        what = f"{traffic} {_WAYS[direction]}"
        if found.maybe:
            rule = found.maybe[0]
            return untold(
                rule.owner,
                rule.path,
                f"whether {rule.ports} {_WAYS[direction]} {called(rule.peer.value)} covers {what} {peer.label} cannot "
                "be told",
                "Name the other side's security group in the rule, or give its range.",
            )
        if found.foreign:
            return untold(
                side.owner,
                side.groups_path,
                f"the rules of the security group {found.foreign} are not all in the template",
                "Put the security group into the template, or declare the unknown with a reason.",
            )
        return self._refused(side, peer, direction, what)

    def _matches(self, side: Side, peer: Side, direction: Direction, traffic: Traffic) -> _Matches:
        asked = (side.groups, direction, traffic)
        if asked not in self._opening:
            self._opening[asked] = self._open(*asked)
        opening = self._opening[asked]
        found = _Matches(foreign=opening.foreign)
        for rule, opens in opening.rules:
            meets = self._meets(rule, peer)
            if opens and meets:
                found.sure.append(rule)
            elif meets is not False:
                found.maybe.append(rule)
                found.partly += rule.peer.ranges if opens else ()
        return found

    def _open(self, groups: tuple[str, ...], direction: Direction, traffic: Traffic) -> _Opening:
        """What some groups say to traffic, whoever the other side is: asked again for each other side."""
        foreign = ""
        rules: list[tuple[Rule, bool | None]] = []
        for key in groups:
            group = self.network.groups.get(key)
            if group is None or not group.own or group.unknown is not None or key in self.network.strangers:
                foreign = foreign or key
            for rule in group.rules(direction) if group is not None else ():
                opens = False if rule.void else _opens(rule, traffic)
                if opens is not False:
                    rules.append((rule, opens))
        return _Opening(rules, foreign)

    def _refused(self, side: Side, peer: Side, direction: Direction, what: str) -> Outcome:
        group: Group | None = self.network.groups.get(side.groups[0]) if side.groups else None
        own = group is not None and group.key in self.network.stack.resources
        name = group.key if group is not None and own else f"the default security group that {side.owner} has"
        return blocked(
            name if own else side.owner,
            f"Properties.SecurityGroup{direction.capitalize()}" if own else side.groups_path,
            f"{name} lets no {what} {peer.label}",
            f"Add a rule to {name} that lets {what} {peer.wanted}."
            if own
            else f"Give {side.owner} a security group that lets {what} {peer.wanted}.",
        )

    def _meets(self, rule: Rule, side: Side) -> bool | None:
        """Does a rule's peer cover a side?"""
        peer = rule.peer
        if peer.kind == "group":
            return self._in_group(peer.group, side)
        if peer.ranges:
            answers = [covers(found, side) for found in peer.ranges]
            return True if True in answers else None if None in answers else False
        if any(equal(peer.value, spelling) is True for spelling in side.spellings):
            return True
        # A prefix list names services and other networks, never what stands in this VPC.
        return False if peer.kind == "list" and side.subnet is not None else None

    def _in_group(self, key: str, side: Side) -> bool | None:
        """Is a side in a group? Two groups outside of the template may be one and the same."""
        if key in side.groups:
            return True
        if key in self.network.stack.resources or not side.guarded:
            return None if any(found.startswith("(") for found in side.groups) else False
        return None if any(found not in self.network.stack.resources for found in side.groups) else False

    def crosses(self, side: Side, peer: Side, traffic: Traffic, *, opens: bool) -> Outcome:
        """Does the ACL of a side's subnet let a connection and its answers through?

        Args:
            side: whose subnet is asked.
            peer: the other side.
            traffic: what wants through.
            opens: whether the side opens the connection, or listens.
        """
        if side.subnet is None or (peer.subnet is not None and peer.subnet.logical_id == side.subnet.logical_id):
            return passed()
        acl = self._acl(side.subnet)
        if acl is None:
            return passed()
        if isinstance(acl, str):
            return untold(side.subnet.logical_id, "", acl, "Put the network ACL into the template.")
        crossing = _Crossing(acl, side.subnet, peer)
        client = side if opens else peer
        there = crossing.permits(traffic.protocol, (traffic.port, traffic.port), egress=opens)
        if there[0] is not True:
            return crossing.refused(*there, str(traffic), egress=opens)
        back = crossing.permits(traffic.protocol, EPHEMERAL, egress=not opens)
        if back[0] is False and client.ephemeral == LINUX_EPHEMERAL:
            usual = crossing.permits(traffic.protocol, LINUX_EPHEMERAL, egress=not opens)
            back = (None if usual[0] else usual[0], back[1])
        if back[0] is not True:
            return crossing.refused(*back, f"{traffic.protocol.upper()} 1024 to 65535", egress=not opens)
        return passed()

    def _acl(self, subnet: Subnet) -> Acl | str | None:
        """A subnet's ACL: None for a default one that lets everything through, a reason when it is not known."""
        acls = self.network.acls
        if subnet.logical_id in acls.foreign:
            return f"the network ACL of {subnet.logical_id} is none of this template"
        return acls.by_subnet.get(subnet.logical_id) or acls.by_vpc.get(subnet.vpc or "")


def _width(rule: Rule) -> tuple[bool, int, int]:
    """How much a rule opens: one group before any range, then ports, then addresses."""
    ports = 65_536 if rule.every_port or rule.first is None or rule.last is None else rule.last - rule.first
    return rule.peer.kind != "group", ports, sum(found.num_addresses for found in rule.peer.ranges)


def _opens(rule: Rule, traffic: Traffic) -> bool | None:
    """Does a rule cover a protocol and a port?"""
    if rule.protocol == "-1":
        return True
    if rule.protocol != traffic.protocol:
        return None if rule.protocol == "?" else False
    if rule.first is None or rule.last is None:
        return None
    return rule.first <= traffic.port <= rule.last


def covers(found: Range, side: Side) -> bool | None:
    """Does a range hold a side's address?"""
    if found.prefixlen == 0:
        return found.version == 4
    if side.public:
        return False if found.version == 6 or ranges.private(found) else None
    if side.range is None:
        return None
    if ranges.within(side.range, found):
        return True
    return None if ranges.within(found, side.range) else False


@dataclass(frozen=True)
class _Crossing:
    """One subnet's ACL, asked about one peer."""

    acl: Acl
    subnet: Subnet
    peer: Side

    def permits(self, protocol: str, ports: tuple[int, int], *, egress: bool) -> tuple[bool | None, Entry | None]:
        """Does it let all of some ports through? With the entry that decides against it, None for the implied one.

        A Deny of some addresses of the internet is no obstacle: nobody said that these are needed.
        """
        remaining, denied = [ports], False
        perhaps: dict[bool, Entry] = {}
        blame: Entry | None = None
        for entry in self.acl.entries:
            meets = self._meets(entry, protocol, egress=egress)
            if meets is False or (entry.allow is False and self._spares(entry)):
                continue
            if meets is None or entry.allow is None or entry.first is None or entry.last is None:
                perhaps.setdefault(entry.allow is not False, entry)
                continue
            left = [rest for span in remaining for rest in _without(span, entry.first, entry.last)]
            if left != remaining and not entry.allow:
                denied, blame = True, entry
            remaining = left
        if denied or remaining:
            return (None, perhaps[True]) if True in perhaps else (False, blame)
        return (None, perhaps[False]) if False in perhaps else (True, None)

    def _spares(self, entry: Entry) -> bool:
        """Is an entry about some addresses of the internet only?"""
        return self.peer.public and entry.range is not None and covers(entry.range, self.peer) is None

    def _meets(self, entry: Entry, protocol: str, *, egress: bool) -> bool | None:
        if entry.egress is not None and entry.egress is not egress:
            return False
        if entry.protocol not in {"-1", protocol, "?"}:
            return False
        if entry.range is not None:
            found = covers(entry.range, self.peer)
        else:
            found = True if any(equal(entry.value, value) is True for value in self.peer.spellings) else None
        return None if found and (entry.egress is None or entry.protocol == "?") else found

    def refused(self, holds: bool | None, entry: Entry | None, what: str, *, egress: bool) -> Outcome:
        """The outcome of a crossing that is not, or not surely, permitted."""
        way = f"{what} {_WAYS['egress' if egress else 'ingress']} {self.peer.label}"
        place = entry.owner if entry is not None else self.acl.owner
        name = f"{self.acl.owner}, the network ACL of {self.subnet.logical_id},"
        answers = " (ACLs are stateless: answers need an entry of their own)" if "65535" in what else ""
        if holds is None:
            return untold(place, "", f"whether {name} lets all of {way} cannot be told", f"Allow all of {way}.")
        return blocked(
            place, "", f"{name} denies {way}{answers}", f"Add an entry to {self.acl.owner} that allows {way}."
        )


def _without(span: tuple[int, int], first: int, last: int) -> list[tuple[int, int]]:
    """What is left of a span of ports."""
    left = (span[0], min(span[1], first - 1)), (max(span[0], last + 1), span[1])
    return [rest for rest in left if rest[0] <= rest[1]]
