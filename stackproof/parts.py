"""The parts that a template says it is made of: `Metadata` → `Stackproof::Parts`, part → logical ids."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

KEY = "Stackproof::Parts"


def parts_of(template: Mapping[str, Any]) -> dict[str, str]:
    """Logical id → part; empty for a template that does not say, which most do not."""
    metadata = template.get("Metadata")
    parts = metadata.get(KEY) if isinstance(metadata, dict) else None
    if not isinstance(parts, dict):
        return {}
    return {
        logical_id: part
        for part, logical_ids in parts.items()
        if isinstance(logical_ids, list)
        for logical_id in logical_ids
        if isinstance(logical_id, str)
    }
