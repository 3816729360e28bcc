"""How to go on from each state that a failure may leave a stack in. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stackproof.deployment import guards

if TYPE_CHECKING:
    from stackproof.arguments import Commands


@dataclass(frozen=True)
class Way:
    """What can be done now.

    Attributes:
        sentence: what became of the stack, and what is to be done first.
        commands: one after the other, or the one or the other, as the sentence says.
    """

    sentence: str
    commands: tuple[str, ...] = ()


def out_of(status: str, name: str, commands: Commands) -> Way:
    """The way out of a state.

    Args:
        status: of the stack.
        name: of the stack.
        commands: of the person at hand.
    """
    apply, destroy = commands.apply, commands.destroy
    mend = "Mend the cause, then:"
    known = {
        "UPDATE_FAILED": Way(
            "Nothing was rolled back. Mend the cause and apply again, or go back; one of:",
            (f"{apply} --no-rollback", guards.roll_back(name)),
        ),
        "UPDATE_ROLLBACK_FAILED": Way(f"The rollback stopped half-way. {mend}", (guards.continue_rollback(name),)),
        "UPDATE_ROLLBACK_COMPLETE": Way(f"It was rolled back: everything is as it was before. {mend}", (apply,)),
        "DELETE_FAILED": Way(f"What could not be deleted is still there. {mend}", (destroy,)),
        "DELETE_COMPLETE": Way(f"The stack is gone. {mend}", (apply,)),
    }
    never = dict.fromkeys(guards.NEVER_DEPLOYED, Way(f"It can only be deleted now. {mend}", (destroy, apply)))
    if status.endswith("_IN_PROGRESS") and status != "REVIEW_IN_PROGRESS":
        return Way("Something is still under way. Look at it:", (commands.status,))
    return (known | never).get(status, Way(mend, (apply,)))
