"""How a change ended, told."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from stackproof import explaining, printing
from stackproof.deployment import causes, operations, ways
from stackproof.printing import Line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stackproof.deploying.call import Call
    from stackproof.deployment.aws import Aws
    from stackproof.deployment.causes import Explanation


def tell(call: Call, account: Aws, name: str, stack_id: str, *, is_executed: bool) -> int:
    """Tell how it ended; the exit code.

    Args:
        call: of the command.
        account: where.
        name: of the stack.
        stack_id: its ARN, or its name where that is not known.
        is_executed: a change set was; else how an earlier operation ended is no failure of this one.
    """
    ended = operations.outcome(account, stack_id)
    is_done = ended.stack is not None and (ended.is_done or not is_executed)
    outputs = dict(ended.stack.outputs) if ended.stack else {}
    told = None if is_done or ended.stack is None else causes.explain(account, ended.stack)
    result = {
        "stack": name,
        "status": ended.status,
        "outputs": outputs,
        "cause": asdict(told.cause) if told and told.cause else None,
    }
    if is_done:
        call.print(printing.outputs(outputs), result)
        return 0
    call.print([], result)
    if not call.options.json:
        call.say(*_failure(call, name, ended.status, told))
    return 1


def _failure(call: Call, name: str, status: str, told: Explanation | None) -> Iterator[Line]:
    yield Line("")
    yield Line(f"{name} ended in {status}.", "bold red")
    if told:
        yield from explaining.cause(told)
    yield from explaining.going_on(ways.out_of(status, name, call.commands))
