"""`status`: a stack on one screen, and `outputs`: only those."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stackproof import printing, screens
from stackproof.deploying.call import connect
from stackproof.deployment import aws, events, operations, running, stack, summary
from stackproof.errors import BadInputError, Fault
from stackproof.printing import Line

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from stackproof.deploying.call import Call
    from stackproof.deployment.aws import Aws
    from stackproof.deployment.diagnosis import Cause
    from stackproof.deployment.plan import Setting
    from stackproof.deployment.running import Running
    from stackproof.deployment.stack import Stack
    from stackproof.deployment.summary import Operation
    from stackproof.environments import Environment
    from stackproof.targets import Target


def run(call: Call, place: Target, intended: Environment | None, unread: str) -> int:
    """Show a stack; one that does not exist is an answer, too.

    Args:
        call: how this was called.
        place: where the stack is.
        intended: what its files say, to compare it with.
        unread: why the files could not be read; blank where they were, or where none were named.
    """
    with aws.explained():
        account = connect(call, place)
        name = str(place.stack)
        found = stack.find(account.cloudformation, name)
        if found is None:
            where = f"in account {account.account}, {account.region}"
            nothing: dict[str, Any] = {"stack": name, "status": None, "outputs": {}, "cause": None}
            call.print([Line(f"{name} does not exist {where}.")], nothing)
            return 0
        last = operations.last(account, found.id)
        runs = running.look(account, found.id)
        differ = summary.compared(found, intended.template, intended.parameters) if intended else None
        cause = operations.outcome(account, found.id).cause
        call.print(
            _lines(call, found, account, last, runs, differ, unread, cause),
            _as_json(found, account, last, runs, differ, cause),
        )
    return 0
