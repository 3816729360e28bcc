"""What a resource waits for: also what its metadata refers to, the only place where a dependency may be conditional."""

from __future__ import annotations

from typing import Any

from ministack.services.cloudformation import engine

from stackproof.emulator.seams import rebind

_extract = engine._extract_deps


def _dependencies(resource: dict[str, Any], names: set[str]) -> set[str]:
    mentioned = {name for name, _ in engine._intrinsic_references(resource.get("Metadata", {}))}
    return set(_extract(resource, names)) | (mentioned & names)


def install() -> None:
    """Use it for the order of creation and deletion."""
    rebind(_extract, _dependencies)
