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
    """Show events until the operation ends. Whatever cuts this short, the operation itself goes on.

    Args:
        call: of the command.
        batches: the events as they come; the first batch, empty maybe, says that the request is on its way.
        total: resources that the operation is about.
        what: the operation, in words.
    """
    so_far = progress.Progress(total)
    sent = started = False
    try:
        with progress.display(so_far, as_json=call.options.json) as shown:
            for batch in batches:
                sent, started = True, started or bool(batch)
                shown.update(batch)
    except KeyboardInterrupt:
        raise KeyboardInterrupt(f"interrupted; {_goes_on(call, what, started)}" if sent else "interrupted") from None
    except (ClientError, BotoCoreError) as error:
        if not sent:
            raise
        raise StackproofError(f"{aws.explain(error)}\n{_goes_on(call, what, started)}") from error


def _goes_on(call: Call, what: str, started: bool) -> str:
    """What AWS does meanwhile, and the commands that look at it and take it up again."""
    said = "goes on in AWS" if started else "may have started in AWS"
    again = f"{call.commands.apply} --wait" if call.options.command in {"apply", "bootstrap"} else ""
    ways = [f"{what} {said}. Look at it: {call.commands.status}"]
    ways += [f"Take it up again: {again}"] if again else []
    ways += [f"Cancel it: {call.commands.cancel}"] if what.startswith("the update ") else []
    return "\n".join(ways)
