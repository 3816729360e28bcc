"""SNS: the key of a topic. Messages go nowhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ministack.services import sns

from stackproof.emulator.handler import after

if TYPE_CHECKING:
    from stackproof.emulator.handler import Properties


def _encrypt(physical_id: str, properties: Properties, attributes: dict[str, Any]) -> None:
    shown = sns._topics[physical_id]["attributes"]
    shown.pop("KmsMasterKeyId", None)
    if key := properties.get("KmsMasterKeyId"):
        shown["KmsMasterKeyId"] = key


def install() -> None:
    """Complete the type."""
    after("AWS::SNS::Topic", _encrypt)
