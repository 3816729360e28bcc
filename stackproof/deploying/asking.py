"""Questions to the person at the terminal, if there is one."""

from __future__ import annotations

import sys

from stackproof.errors import RefusedError


def type_name(name: str) -> None:
    """Have the stack's name typed; RefusedError when it is not, or when there is nobody to type it."""
    if not can_ask():
        raise RefusedError("not done: there is no terminal to ask on; add --yes when it is meant")
    if ask(f"Type the stack's name, {name}, to go on: ") != name:
        raise RefusedError(f"not done: that was not {name}")


def can_ask() -> bool:
    """Whether a person sits there."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def ask(question: str) -> str:
    """One line of an answer, without the blanks around it."""
    sys.stderr.write(question)
    sys.stderr.flush()
    return sys.stdin.readline().strip()
