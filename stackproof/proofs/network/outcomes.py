"""Answers of the network's queries, and the two ends of a connection.

Every question gives an `Outcome`: True with the path it took, False with the component that blocks, None with the
reason why it cannot be told. A False wins over a None: what is blocked stays blocked whatever the rest is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from stackproof.proofs.model.ranges import ANYWHERE, Range
from stackproof.proofs.values import Sym, Unknown, show

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stackproof.proofs.model.network import Subnet
    from stackproof.proofs.values import Value

EPHEMERAL: Final = (1024, 65535)
"""Ports from which a client opens connections, and to which answers go: those of NAT gateways, balancers, functions."""
LINUX_EPHEMERAL: Final = (32768, 60999)
"""The part of them that Linux uses unless told otherwise."""


class Outcome(NamedTuple):
    """An answer with its evidence. A tuple, since a network gives hundreds.

    Attributes:
        holds: True, False (blocked), or None (cannot be told).
        trail: the components on the way, in order, as far as it went.
        logical_id: the component that blocks, or that cannot be judged.
        path: its property.
        reason: what it does, a sentence without a full stop.
        fix: what to change, a sentence.
        outside: of a None: nothing is in doubt but the network outside of the template, in which a side stands.
    """

    holds: bool | None
    trail: tuple[str, ...] = ()
    logical_id: str = ""
    path: str = ""
    reason: str = ""
    fix: str = ""
    outside: bool = False


def called(value: Value) -> str:
    """A value as messages name it: a resource by its logical id, all else as it stands."""
    if isinstance(value, Unknown):
        return f"something that is not known ({value.reason})"
    return value.owner if isinstance(value, Sym) and value.kind == "resource" else show(value)


def passed(*trail: str) -> Outcome:
    """It goes through, by way of these."""
    return Outcome(holds=True, trail=trail) if trail else _PASSED


_PASSED: Final = Outcome(holds=True)


def blocked(logical_id: str, path: str, reason: str, fix: str) -> Outcome:
    """It ends here."""
    return Outcome(holds=False, logical_id=logical_id, path=path, reason=reason, fix=fix)


def untold(logical_id: str, path: str, reason: str, fix: str = "") -> Outcome:
    """Nobody can tell from the template."""
    return Outcome(holds=None, logical_id=logical_id, path=path, reason=reason, fix=fix)


def beyond_template(side: Side, reason: str = "") -> Outcome:
    """A side stands in a subnet that is none of the template, and nobody can tell where that leads."""
    return Outcome(
        holds=None,
        logical_id=side.owner,
        path=side.subnets_path,
        reason=reason or side.doubt or f"the subnets of {side.owner} are not known",
        fix="Give the subnets as resources of the template, or say in intent.toml why their network is sound "
        "(given_network).",
        outside=True,
    )


def along(*legs: Outcome | str) -> Outcome:
    """One leg behind the other: the first that blocks decides, else the first that cannot be told.

    A doubt about the template itself goes before one about the network outside of it.

    Args:
        legs: text is a component on the way, which lets everything through.
    """
    # Each step once, in order.
    trail: dict[str, None] = {}
    doubt: Outcome | None = None
    for leg in legs:
        trail.update(dict.fromkeys((leg,) if isinstance(leg, str) else leg.trail))
        if isinstance(leg, str):
            continue
        if leg.holds is False:
            return leg._replace(trail=tuple(trail))
        if leg.holds is None and (doubt is None or (doubt.outside and not leg.outside)):
            doubt = leg._replace(trail=tuple(trail))
    return passed(*trail) if doubt is None else doubt


def either(*ways: Outcome) -> Outcome:
    """One of several ways, not known which: the same answer by all, or it cannot be told."""
    if all(way.holds for way in ways):
        return ways[0]
    if all(way.holds is False for way in ways):
        return ways[-1]
    return next(way for way in ways if way.holds is not True)._replace(holds=None)


def worst(outcomes: Sequence[Outcome]) -> Outcome:
    """All of several ways are needed: the first that is blocked, else the first that cannot be told, else the first."""
    return min(outcomes, key=lambda outcome: (outcome.holds is not False, outcome.holds is not None, outcome.outside))


class Side(NamedTuple):
    """One end of a connection.

    Attributes:
        label: how a person names it.
        owner: the component, for findings.
        groups: the keys of its security groups.
        guarded: False when no security group of ours filters it (the internet, a network balancer without groups).
        range: where its address lies, as far as that is known.
        spellings: symbols that stand for ranges which hold its address (the VPC's, the subnet's).
        subnet: where it stands; None outside of this template.
        public: it is any address of the internet.
        ephemeral: the ports from which it opens connections.
        subnets_path: the property that names its subnets.
        doubt: why its subnet is not known; empty when it is.
    """

    label: str
    owner: str
    groups: tuple[str, ...] = ()
    groups_path: str = ""
    guarded: bool = False
    range: Range | None = None
    spellings: tuple[Value, ...] = ()
    subnet: Subnet | None = None
    public: bool = False
    ephemeral: tuple[int, int] = EPHEMERAL
    doubt: str = ""
    subnets_path: str = ""

    @property
    def short(self) -> str:
        """The component alone."""
        return self.owner or self.label

    @property
    def wanted(self) -> str:
        """What a rule that covers it would name."""
        return self.groups[0] if self.guarded and self.groups else self.label


INTERNET: Final = Side("the internet", "", range=ANYWHERE, public=True)
