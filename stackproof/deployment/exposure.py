"""What a change opens and closes: permissions, trust, policies of resources, security groups, the internet.

Pure: two resolved templates in, what differs between them out. Compared by meaning, so another spelling is nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stackproof.deployment import exposure_network, exposure_policies, exposure_public
from stackproof.deployment.access import ordered

if TYPE_CHECKING:
    from stackproof.deployment.access import Access, Sides


def compare(sides: Sides) -> tuple[Access, ...]:
    """What going from one side to the other opens and closes, the weightiest first."""
    found = [
        *exposure_policies.compare(sides),
        *exposure_network.compare(sides),
        *exposure_public.compare(sides),
    ]
    return ordered(found)
