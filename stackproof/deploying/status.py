"""`status`: a stack on one screen; `outputs`: its outputs alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stackproof import screens
from stackproof.deploying.call import connect
from stackproof.deployment import aws, events, operations, planfile, running, stack, summary
from stackproof.deployment.summary import Standing
from stackproof.errors import BadInputError, Fault
from stackproof.printing import Line

if TYPE_CHECKING:
    from stackproof.deploying.call import Call
    from stackproof.deployment.aws import Aws
    from stackproof.deployment.stack import Stack
    from stackproof.deployment.summary import Files
    from stackproof.targets import Target


def run(call: Call, place: Target, files: Files) -> int:
    """Show a stack; one that does not exist is an answer, too."""
    with aws.explained():
        account = connect(call, place)
        name = str(place.stack)
        found = stack.find(account.cloudformation, name)
        if found is None:
            where = f"in account {account.account}, {account.region}"
            nothing: dict[str, object] = {"stack": name, "status": None, "outputs": {}, "cause": None}
            call.print([Line(f"{name} does not exist {where}.")], nothing)
            return 0
        standing = _standing(call, account, found, files)
        call.print(screens.standing(standing, call.commands), standing.as_json())
    return 0


def _standing(call: Call, account: Aws, found: Stack, files: Files) -> Standing:
    history = events.last_operation(account.cloudformation, found.id)
    return Standing(
        stack=found,
        account=account.account,
        region=account.region,
        last=summary.operation(history, operations.who(history[0].request) if history else ""),
        running=running.look(account, found.id),
        files=files,
        differences=summary.compared(found, files),
        cause=operations.outcome(account, found.id).cause,
        unfinished=_unfinished(call, account, found),
    )


def _unfinished(call: Call, account: Aws, found: Stack) -> str:
    """How far steps have come that `apply` begun here and has not ended; blank where there are none."""
    try:
        shown = planfile.read(call.progress(account, found.name))
    except BadInputError:
        return ""
    left = [stage.title for stage in shown.stages if not stage.is_done]
    if not left or shown != shown.at(found):
        return ""
    return f"{len(shown.stages) - len(left)} of {len(shown.stages)} done, next is: {left[0]}"


def outputs(call: Call, place: Target) -> int:
    """Show the outputs of a stack.

    Raises:
        BadInputError: there is no such stack.
    """
    with aws.explained():
        account = connect(call, place)
        name = str(place.stack)
        found = stack.find(account.cloudformation, name)
        if found is None:
            problem = f"does not exist in account {account.account}, {account.region}"
            raise BadInputError([Fault(name, "", problem)])
        values = dict(sorted(found.outputs.items()))
        call.print(screens.aligned(values.items()), {"stack": name, "status": found.status, "outputs": values})
    return 0
