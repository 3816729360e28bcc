"""All that is put on top of ministack, in one list."""

from __future__ import annotations

from stackproof.emulator.cloudformation import changes, events, policy, replacement, requests
from stackproof.emulator.handlers import autoscaling, ec2, ecs


def install() -> None:
    """Extend ministack in this process; call once, before it serves."""
    for part in (replacement, changes, requests, events, policy, ec2, ecs, autoscaling):
        part.install()
