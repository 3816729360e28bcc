"""Every rule id that there is: each module of queries lists its own in RULES."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Final

MODULES: Final = ("references", "network", "permissions", "stores", "wiring", "tags", "declared")
"""The modules of queries, in the order in which docs/proofs.md describes them."""


@cache
def rule_ids() -> frozenset[str]:
    """All rule ids; an exception in params/intent.toml names one of them."""
    found: set[str] = set()
    for name in MODULES:
        found.update(import_module(f"stackproof.proofs.{name}").RULES)
    return frozenset(found)
