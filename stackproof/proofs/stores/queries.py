"""Stores: encrypted at rest with the key that was meant and in transit, not public, kept with their key, backed up.

And secrets: never written out, never where they can be read. docs/proofs/stores.md has a paragraph on each rule.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stackproof.proofs.intent.intent import DEFAULT, Intent
from stackproof.proofs.stores import encryption, keeping, public, secrets, transit

if TYPE_CHECKING:
    from stackproof.proofs.model.system import System
    from stackproof.proofs.verdicts import Finding


def prove(system: System, intent: Intent = DEFAULT) -> list[Finding]:
    """Everything about the stores of a system.

    Args:
        system: the modelled stack.
        intent: what was meant; without one, what no template leaves out on purpose.
    """
    stack = system.stack
    return [
        *encryption.prove_encryption(stack, intent),
        *transit.prove_transit(system, intent),
        *public.prove_private(stack),
        *keeping.prove_keeping(stack, intent),
        *secrets.prove_secrets(stack),
    ]
