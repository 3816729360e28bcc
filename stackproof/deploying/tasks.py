"""What is waited for between two changes, shown (a task with its log) until it ends or the line to it is cut."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from stackproof import printing
from stackproof.deployment import aws
from stackproof.errors import StackproofError
from stackproof.printing import Line
from stackproof.progress import HEARTBEAT, duration

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from stackproof.deploying.call import Call
    from stackproof.deployment.waiting import Look


def watch(
    call: Call, looks: Iterator[Look], *, title: str, meanwhile: str, clock: Callable[[], float] = time.monotonic
) -> Look | None:
    """Show something until it ends, and return the last look. Whatever cuts this short, AWS goes on with it.

    Args:
        call: of the command.
        looks: at it.
        title: of the step.
        meanwhile: a sentence on what AWS goes on with where nobody looks any more; blank where it is nothing.
        clock: seconds.
    """
    began = spoke = clock()
    status = ""
    look = None
    try:
        for look in looks:
            now = clock()
            if look.lines or look.status != status or now - spoke >= HEARTBEAT:
                _show(call, look, title=title, elapsed=now - began, is_new=look.status != status)
                status, spoke = look.status, now
    except KeyboardInterrupt:
        raise KeyboardInterrupt(interrupted(call, meanwhile)) from None
    except (ClientError, BotoCoreError) as error:
        raise StackproofError(f"{aws.explain(error)}\n{goes_on(call, meanwhile)}") from error
    return look


def interrupted(call: Call, meanwhile: str) -> str:
    """What a person reads who has interrupted a plan of several steps."""
    return f"interrupted; {goes_on(call, meanwhile)}" if meanwhile else f"interrupted\n{goes_on(call, meanwhile)}"


def goes_on(call: Call, meanwhile: str) -> str:
    """What AWS does meanwhile, and how to take it up again."""
    again = f"Take it up again: {call.commands.apply}"
    return f"{meanwhile}\n{again}" if meanwhile else again


def _show(call: Call, look: Look, *, title: str, elapsed: float, is_new: bool) -> None:
    if call.options.json:
        printing.show_json({"step": title, "status": look.status, "log": list(look.lines)}, sys.stdout)
        return
    lines = [Line(f"{duration(elapsed):>6}  {look.status:<14}  {title}", "" if is_new else "dim")]
    call.say(*(lines if is_new or not look.lines else []), *(Line(f"{'':>6}  | {text}") for text in look.lines))
