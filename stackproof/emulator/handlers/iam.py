"""IAM: the boundary of a role's permissions. Nothing is judged by it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ministack.services import iam

from stackproof.emulator.handler import after

if TYPE_CHECKING:
    from stackproof.emulator.handler import Properties


def _bound(physical_id: str, properties: Properties, attributes: dict[str, Any]) -> None:
    iam._roles[physical_id]["PermissionsBoundary"] = properties.get("PermissionsBoundary")


def install() -> None:
    """Complete the type."""
    after("AWS::IAM::Role", _bound)
