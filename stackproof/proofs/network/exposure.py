"""Nothing more: who is open to the internet without being meant to, and rules that nobody needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stackproof.proofs.model import ranges
from stackproof.proofs.network.outcomes import called
from stackproof.proofs.values import Unknown
from stackproof.proofs.verdicts import Finding, broken, proved, unknown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from stackproof.proofs.model.groups import Group, Rule
    from stackproof.proofs.model.placement import Placement
    from stackproof.proofs.model.stores import Store
    from stackproof.proofs.model.system import System
    from stackproof.proofs.network.paths import Paths


def prove_exposure(system: System, paths: Paths) -> list[Finding]:
    """What is open, and what is open for nobody; to be asked when all needs have been walked."""
    members = _members(system, paths)
    findings = [finding for store in system.stores.stores.values() for finding in _isolated(system, paths, store)]
    for group in system.network.groups.values():
        if not group.own:
            continue
        if group.key not in members:
            findings += _logins(group)
            continue
        findings += _unclosed(system, group)
        for rule in (*group.ingress, *group.egress):
            # A rule that is open to everybody and should not be is told once.
            open_to_all = _open(system, group, rule, members[group.key]) if rule.direction == "ingress" else []
            findings += open_to_all or _unused(system, paths, rule, members)
    return findings


def _members(system: System, paths: Paths) -> Mapping[str, tuple[str, ...]]:
    """Who is in each group, by logical id."""
    found: dict[str, tuple[str, ...]] = {}
    for placement in _placements(system):
        if isinstance(placement.groups, Unknown):
            continue
        for key in dict.fromkeys(key for side in paths.sides(placement) for key in side.groups):
            found[key] = (*found.get(key, ()), placement.owner)
    return found


def _placements(system: System) -> Iterator[Placement]:
    for service in (*system.compute.services.values(), *system.compute.runs.values()):
        if service.placement is not None:
            yield service.placement
    for function in system.compute.functions.values():
        if function.placement is not None:
            yield function.placement
    yield from (balancer.placement for balancer in system.balancers.balancers.values() if balancer.guarded)
    yield from (store.placement for store in system.stores.stores.values())
    yield from (mount.placement for mounts in system.stores.mount_targets.values() for mount in mounts)
    yield from (one.placement for one in system.network.endpoints.values() if one.kind == "Interface")


def _isolated(system: System, paths: Paths, store: Store) -> list[Finding]:
    """A store is not reached from the internet: it has no public address, no route, or no rule that lets it in."""
    place = ("net-isolated", store.logical_id, store.public_path)
    if store.public is False:
        return [proved(*place, f"{store.logical_id} has no public address")]
    outcomes = [paths.routes.way_in(side) for side in paths.sides(store.placement)]
    if outcomes and all(outcome.holds is False for outcome in outcomes):
        return [proved(*place, f"no route leads from the subnets of {store.logical_id} to an internet gateway")]
    rule = _public_rule(system, paths, store)
    if rule is None:
        return [proved(*place, f"no group of {store.logical_id} lets any address of the internet in")]
    if any(outcome.holds for outcome in outcomes):
        way = " → ".join(next(outcome for outcome in outcomes if outcome.holds).trail)
        return [
            broken(
                *place,
                f"{store.logical_id} has a public address, {rule.owner} lets {called(rule.peer.value)} in on "
                f"{rule.ports}, and its subnet is open to the internet ({way}): whoever is there reaches it.",
                "Set PubliclyAccessible to false and put it into subnets without a route to an internet gateway.",
            )
        ]
    return [
        unknown(
            *place,
            f"Whether the internet reaches {store.logical_id} cannot be told: {rule.owner} lets "
            f"{called(rule.peer.value)} in on its port, and the routes of its subnets are not known.",
            "Set PubliclyAccessible to false.",
        )
    ]


def _public_rule(system: System, paths: Paths, store: Store) -> Rule | None:
    """A rule that lets addresses of the internet in to a store's port."""
    for key in {key for side in paths.sides(store.placement) for key in side.groups}:
        group = system.network.groups.get(key)
        for rule in group.ingress if group is not None else ():
            public = any(not ranges.private(found) for found in rule.peer.ranges)
            opens = rule.protocol in {"-1", "tcp"} and (
                not store.ports
                or rule.first is None
                or rule.last is None
                or any(rule.first <= port <= rule.last for port in store.ports)
            )
            if public and opens:
                return rule
    return None


def _open(system: System, group: Group, rule: Rule, members: tuple[str, ...]) -> list[Finding]:
    """A rule that lets everybody in stands only before an internet-facing balancer, on its listeners' ports."""
    if not any(found.prefixlen == 0 for found in rule.peer.ranges):
        return []
    findings = []
    for owner in members:
        allowed = _meant(system, owner)
        if allowed is None:
            continue
        if rule.first is not None and rule.last is not None and rule.last - rule.first <= len(allowed):
            surplus = sorted(set(range(rule.first, rule.last + 1)) - allowed)
        else:
            surplus = [-1]
        if not surplus:
            continue
        public = (
            f"it is meant to be public on {', '.join(map(str, sorted(allowed)))} only"
            if allowed
            else "it is not meant to be public"
        )
        findings.append(
            broken(
                "net-open",
                rule.owner,
                rule.path,
                f"{rule.owner} opens {owner} to {called(rule.peer.value)} on {rule.ports}, but {public}: "
                "whoever gets a packet to it is let in.",
                f"Have {group.key} let in the security groups that need it, and nobody else.",
            )
        )
        break
    return findings


LOGINS: Final = {22: "SSH", 3389: "Remote Desktop"}
"""TCP ports at which strangers try passwords as soon as they are open."""


def _logins(group: Group) -> Iterator[Finding]:
    """Rules of a group whose members are not analysed, instances say: whatever they serve, not this to everybody."""
    for rule in group.ingress:
        if not any(found.prefixlen == 0 for found in rule.peer.ranges) or rule.first is None or rule.last is None:
            continue
        login = [name for port, name in LOGINS.items() if rule.first <= port <= rule.last and rule.protocol == "tcp"]
        what = "every port" if rule.every_port else " and ".join(login)
        if what:
            yield broken(
                "net-open",
                rule.owner,
                rule.path,
                f"{rule.owner} lets {called(rule.peer.value)} in on {rule.ports}: {what} of whatever is in {group.key} "
                "is open to everybody who can get a packet there.",
                "Name the addresses that people come from, or use Session Manager, which needs no open port.",
            )


def _meant(system: System, owner: str) -> set[int] | None:
    """The ports on which a component is meant to be public; None when that cannot be said."""
    balancer = system.balancers.balancers.get(owner)
    if balancer is not None:
        if not balancer.public:
            return None if balancer.public is None else set()
        ports = [one.port for one in system.balancers.listeners.values() if one.balancer == owner]
        return None if None in ports or not ports else {port for port in ports if port is not None}
    service = system.compute.services.get(owner) or system.compute.runs.get(owner)
    if service is not None and service.placement is not None and service.placement.public is not False:
        if service.targets:
            return set()
        task = system.compute.tasks.get(service.task or "")
        return (
            None
            if task is None
            else {port.number for container in task.containers for port in container.ports if port.number is not None}
        )
    return set()


def _unclosed(system: System, group: Group) -> list[Finding]:
    """Egress rules beside a group take AWS's allow-all not away; a group that its template closes must stay closed."""
    if group.closed or group.key not in system.stack.resources:
        return []
    beside = next((rule for rule in group.egress if not rule.added), None)
    others = any(rule.void for other in system.network.groups.values() for rule in other.egress)
    if beside is None and not others:
        return []
    why = (
        f"{beside.owner} restricts nothing"
        if beside is not None
        else "other groups of the template are closed by an inline rule, and this one is not"
    )
    return [
        broken(
            "net-open-egress",
            group.key,
            "Properties.SecurityGroupEgress",
            f"{group.key} has no inline egress rule, so AWS lets everything out to everywhere, and {why}.",
            "Add an inline egress rule that lets nothing through, such as all protocols to 127.0.0.1/32.",
        )
    ]


def _unused(system: System, paths: Paths, rule: Rule, members: Mapping[str, tuple[str, ...]]) -> list[Finding]:
    """A rule that no need went through, or that opens far more than the needs that did."""
    if rule.added or rule.void or any(found.prefixlen == 0 and found.version == 6 for found in rule.peer.ranges):
        return []
    nobody = rule.peer.group in system.stack.resources and rule.peer.group not in members
    if nobody or not _judged(system, rule.group, members):
        # For a group in which nobody is yet there is no need to ask.
        return []
    used = paths.filters.used.get(rule)
    everywhere = any(found.prefixlen == 0 for found in rule.peer.ranges)
    if used and everywhere and rule not in paths.filters.outward:
        surplus = 1
    elif used and (not rule.every_port and rule.last is not None and rule.first is not None):
        surplus = rule.last - rule.first + 1 - len({traffic.port for traffic in used})
    else:
        surplus = 1
    if used and surplus <= 0:
        return []
    inside = rule.peer.kind == "group" and _judged(system, rule.peer.group, members) and rule.peer.group != rule.group
    way = f"{rule.ports} {'out to' if rule.direction == 'egress' else 'in from'} {called(rule.peer.value)}"
    if used:
        needed = ", ".join(sorted(map(str, used)))
        inner = " inside the VPC" if everywhere and rule not in paths.filters.outward else ""
        message = f"{rule.owner} lets {way}, and all that the template needs of it is {needed}{inner}."
        fix = f"Narrow it to {needed}{inner}."
    else:
        own = _own_range(system, rule)
        message = f"{rule.owner} lets {way}, {f'a part of {own}, ' if own else ''}and nothing in the template needs it."
        fix = f"Take it away, or {'give the range of another network' if own else 'declare why it is there'}."
    give = broken if inside else unknown
    return [give("net-wide-rule" if used else "net-unused-rule", rule.owner, rule.path, message, fix)]


def _own_range(system: System, rule: Rule) -> str:
    """The VPC of the template in whose range a rule's one private range lies, as a person names it; empty for none."""
    if len(rule.peer.ranges) != 1:
        return ""
    for vpc in system.network.vpcs.values():
        for own in vpc.ranges:
            if ranges.within(rule.peer.ranges[0], own):
                return f"{vpc.logical_id} itself ({own})"
    return ""


def _judged(system: System, key: str, members: Mapping[str, tuple[str, ...]]) -> bool:
    """Are all needs of everybody in a group known?"""
    network = system.network
    if key not in members or key not in system.stack.resources:
        return False
    if key in network.elsewhere or key in network.exported or key in network.strangers:
        return False
    for owner in members[key]:
        service = system.compute.services.get(owner) or system.compute.runs.get(owner)
        if service is not None:
            task = system.compute.tasks.get(service.task or "")
            if task is None or task.unknown is not None or not service.fargate:
                return False
    return True
