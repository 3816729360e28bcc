"""`list`: every environment, each seen with its own credentials."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stackproof import screens
from stackproof.deploying.call import connect
from stackproof.deployment import aws, stack
from stackproof.deployment.summary import Row
from stackproof.errors import RefusedError, StackproofError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stackproof.deploying.call import Call
    from stackproof.targets import Target


def run(call: Call, targets: Iterable[Target]) -> int:
    """Show each environment; 1 when not one of them could be looked at."""
    rows = [_row(call, each) for each in targets]
    call.print(screens.listed(rows), {"environments": [each.as_json() for each in rows]})
    return 1 if all(each.problem for each in rows) else 0


def _row(call: Call, target: Target) -> Row:
    """What one environment looks like; that it cannot be looked at is an answer about it, not the end of the list."""
    found, problem = None, ""
    region, account = target.region or "", target.account or ""
    if target.stack is None:
        problem = 'no file says its stack: write template = "…" in its table of params/targets.toml'
    else:
        try:
            with aws.explained():
                here = connect(call, target)
                region, account = here.region, here.account
                found = stack.find(here.cloudformation, target.stack)
        except RefusedError:
            problem = "these credentials are of another account"
        except StackproofError as error:
            problem = str(error).partition("\n")[0]
    return Row(target.environment, target.stack or "", account, region, found, problem)
