"""`status`: a stack on one screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stackproof import printing
from stackproof.deploying.call import connect
from stackproof.deployment import aws, operations, stack
from stackproof.printing import Line

if TYPE_CHECKING:
    from stackproof.deploying.call import Call
    from stackproof.targets import Target


def run(call: Call, place: Target) -> int:
    """Show a stack; one that does not exist is an answer, too."""
    with aws.explained():
        account = connect(call, place)
        name = str(place.stack)
        found = stack.find(account.cloudformation, name)
        if found is None:
            where = f"in account {account.account}, {account.region}"
            call.print(
                [Line(f"{name} does not exist {where}.")], {"stack": name, "status": None, "outputs": {}, "cause": None}
            )
            return 0
        ended = operations.outcome(account, found.id)
        lines = [*printing.stack(found, account.account, account.region), *printing.outputs(found.outputs)]
        if "ROLLBACK" in found.status or "FAILED" in found.status:
            lines += printing.cause(ended.cause)
        call.print(
            lines,
            {
                "stack": name,
                "status": found.status,
                "reason": found.reason,
                "account": account.account,
                "region": account.region,
                "created": found.created.isoformat(),
                "updated": found.updated.isoformat(),
                "protected": found.is_protected,
                "outputs": dict(found.outputs),
                "cause": printing.cause_as_json(ended.cause),
            },
        )
    return 0
