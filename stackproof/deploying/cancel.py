"""`cancel`: have an update that is under way rolled back, and watch that to its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stackproof.deploying import watching
from stackproof.deploying.call import connect
from stackproof.deployment import aws, guards, operations, stack
from stackproof.printing import Line

if TYPE_CHECKING:
    from stackproof.deploying.call import Call
    from stackproof.targets import Target


def run(call: Call, place: Target) -> int:
    """Cancel the update of a stack; a stack that rests is an answer, too."""
    with aws.explained():
        account = connect(call, place)
        name = str(place.stack)
        existing = stack.find(account.cloudformation, name)
        if existing is None or not existing.is_busy:
            status = existing.status if existing else None
            said = f"{name} {f'is in {status}' if status else 'does not exist'}: nothing to cancel."
            call.print([Line(said)], {"stack": name, "status": status, "outputs": {}, "cause": None})
            return 0
        guards.can_cancel(existing, call.commands)
        call.say(Line(f"Cancelling the update of {name}, under way {operations.under_way(account, existing)}"))
        watching.watch(call, operations.cancel(account, existing), total=0, what=f"the rollback of {name}")
        ended = operations.outcome(account, existing.id)
        is_back = ended.status == "UPDATE_ROLLBACK_COMPLETE"
        outputs = dict(ended.stack.outputs) if ended.stack else {}
        said = "everything is as it was before" if is_back else f"look at it with {call.commands.status}"
        call.print(
            [Line(f"{name} is in {ended.status}: {said}.", "bold green" if is_back else "bold red")],
            {"stack": name, "status": ended.status, "outputs": outputs, "cause": None},
        )
        return 0 if is_back else 1
