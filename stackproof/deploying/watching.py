"""An operation that runs, shown until it ends or the line to it is cut."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from stackproof import progress
from stackproof.deployment import aws
from stackproof.errors import StackproofError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stackproof.deploying.call import Call
    from stackproof.deployment.events import Event


def watch(call: Call, batches: Iterator[list[Event]], *, total: int, what: str) -> None:
    """Show events until the operation ends. Whatever cuts this short, the operation itself goes on."""
    so_far = progress.Progress(total)
    started = False
    goes_on = f"{what} goes on in AWS. Look at it: {call.commands.status}"
    if call.options.command != "destroy":
        goes_on += f"\nTake it up again: {call.commands.apply} --wait"
    try:
        with progress.display(so_far, as_json=call.options.json) as shown:
            for batch in batches:
                started = True
                shown.update(batch)
    except KeyboardInterrupt:
        raise KeyboardInterrupt(f"interrupted; {goes_on}" if started else "interrupted") from None
    except (ClientError, BotoCoreError) as error:
        if not started:
            raise
        raise StackproofError(f"{aws.explain(error)}\n{goes_on}") from error
