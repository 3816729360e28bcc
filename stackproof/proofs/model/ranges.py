"""IP ranges: read once, and compared three-valued."""

from __future__ import annotations

import ipaddress
from functools import lru_cache
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stackproof.proofs.values import Value

Range: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network

ANYWHERE: Final = ipaddress.ip_network("0.0.0.0/0")

_NEVER_PUBLIC: Final = tuple(
    map(
        ipaddress.ip_network,
        (
            "10.0.0.0/8",
            "172.16.0.0/12",
            "192.168.0.0/16",
            "100.64.0.0/10",
            "127.0.0.0/8",
            "169.254.0.0/16",
            "198.18.0.0/15",
            "fc00::/7",
            "fe80::/10",
            "::1/128",
        ),
    )
)
"""Ranges that the internet does not route."""

_LOOPBACK: Final = tuple(map(ipaddress.ip_network, ("127.0.0.0/8", "::1/128")))


@lru_cache(maxsize=4096)
def parse(text: str) -> Range | None:
    """A range such as 10.0.0.0/16; None when the text is none."""
    try:
        return ipaddress.ip_network(text.strip(), strict=False)
    except ValueError:
        return None


def read(value: Value) -> Range | None:
    """A literal range; None for what only AWS knows and for what is no range."""
    return parse(value) if isinstance(value, str) else None


@lru_cache(maxsize=65536)
def within(inner: Range, outer: Range) -> bool:
    """Does `outer` hold all of `inner`? Ranges of two families never do."""
    return inner.version == outer.version and (
        outer.network_address <= inner.network_address  # type: ignore[operator]  # of one family
        and inner.broadcast_address <= outer.broadcast_address  # type: ignore[operator]  # of one family
    )


def overlap(left: Range, right: Range) -> bool:
    """Of two ranges, which are nested or apart: are they nested?"""
    return within(left, right) or within(right, left)


def private(given: Range) -> bool:
    """Is no address in it routed on the internet?"""
    return any(within(given, outer) for outer in _NEVER_PUBLIC)


def loopback(given: Range) -> bool:
    """Does it hold nothing that ever leaves a network interface?"""
    return any(within(given, outer) for outer in _LOOPBACK)


def together(ranges: Iterable[Range], wanted: Range) -> bool:
    """Do several ranges hold all of another one between them?"""
    same = [found for found in ranges if found.version == wanted.version]
    merged = ipaddress.collapse_addresses(same)  # type: ignore[type-var]  # of one family
    return any(within(wanted, found) for found in merged)
