"""Stores: encrypted at rest with the key that was meant and in transit, not public, kept with their key, backed up.

And secrets: never written out, never where they can be read. docs/proofs/stores.md has a paragraph on each rule.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stackproof.proofs import store_encryption, store_keeping, store_public, store_secrets, store_transit
from stackproof.proofs.intent import DEFAULT, Intent

if TYPE_CHECKING:
    from stackproof.proofs.model import System
    from stackproof.proofs.verdicts import Finding


def prove(system: System, intent: Intent = DEFAULT) -> list[Finding]:
    """Everything about the stores of a system.

    Args:
        system: the modelled stack.
        intent: what was meant; without one, what no template leaves out on purpose.
    """
    stack = system.stack
    return [
        *store_encryption.prove_encryption(stack, intent),
        *store_transit.prove_transit(system, intent),
        *store_public.prove_private(stack),
        *store_keeping.prove_keeping(stack, intent),
        *store_secrets.prove_secrets(stack),
    ]
