"""Questions to the person at the terminal, if there is one."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from stackproof.deployment import guards
from stackproof.errors import RefusedError

if TYPE_CHECKING:
    from stackproof.deploying.call import Call
    from stackproof.deployment.plan import Plan


def approve(call: Call, plan: Plan) -> None:
    """Ask, or take the options for an answer.

    Raises:
        RefusedError: the answer is no, or there is nobody to ask.
    """
    options = call.options
    at_stake = [each.logical_id for each in plan.at_stake if each.logical_id not in options.allow_data_loss]
    if options.yes or not can_ask():
        guards.data(plan, options.allow_data_loss)
        if not options.yes:
            raise RefusedError("not applied: there is no terminal to ask on; add --yes when the plan is approved")
        return
    if at_stake:
        type_name(plan.stack)
    elif ask("Apply this? [y/N] ").lower() not in {"y", "yes"}:
        raise RefusedError("not applied: the answer was no")


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
