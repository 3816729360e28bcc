"""What a person reads of a failure: cause, what lies behind it, what mends it, and what could not be seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stackproof.printing import Line

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from stackproof.deployment.causes import Explanation
    from stackproof.deployment.diagnosis import Cause, Evidence
    from stackproof.deployment.ways import Way

# More is in --json.
_ALSO = 5


def explanation(found: Explanation, way: Way) -> Iterator[Line]:
    """An explanation under the name and state of its stack.

    Args:
        found: what is known.
        way: how to go on from the state that the stack is in.
    """
    yield Line(f"{found.stack}: {found.status}", "bold")
    operation = found.operation
    if operation is None:
        yield Line("No operation on it failed, as far as its events go back.")
        yield from _unseen(found.unseen)
        return
    by = f" by {operation.by}" if operation.by else ""
    end = f", ended {operation.ended:%H:%M:%S}" if operation.ended else ", still under way"
    yield Line(f"The {operation.kind} of {operation.started:%Y-%m-%d %H:%M:%S %Z}{by} failed{end}.")
    if not found.is_newest:
        yield Line("What was done to the stack since did not fail.")
    yield from cause(found)
    if found.is_newest:
        yield from going_on(way)


def cause(found: Explanation) -> Iterator[Line]:
    """The cause, what other services say about it, what mends it, what else failed, and what could not be seen."""
    if found.cause is None:
        yield Line("No event says why.", "yellow")
    else:
        yield from _cause("Cause", found.cause)
    for evidence in found.evidence:
        yield from _evidence(evidence)
    if found.hint:
        yield Line("What mends it", "bold")
        yield Line(f"  {found.hint}", "bold")
        yield from _commands(found.commands)
    if found.also:
        yield Line(f"Failed as well ({len(found.also)})", "bold")
        for each in found.also[:_ALSO]:
            yield from _also(each)
        if len(found.also) > _ALSO:
            yield Line(f"  and {len(found.also) - _ALSO} more; --json has them all")
    yield from _unseen(found.unseen)


def going_on(way: Way) -> Iterator[Line]:
    """How to go on."""
    yield Line(way.sentence)
    yield from _commands(way.commands)


def _cause(title: str, found: Cause) -> Iterator[Line]:
    yield Line(f"{title}: {found.path} ({found.type}) {found.status}", "bold red")
    yield Line(f"  {found.time[11:19]}  {_one_line(found.reason)}", "red")


def _also(found: Cause) -> Iterator[Line]:
    yield Line(f"  {found.path} ({found.type}) {found.status}", "yellow")
    yield Line(f"    {found.time[11:19]}  {_one_line(found.reason)}")
    if found.hint:
        yield Line(f"    {found.hint}", "bold")


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _evidence(found: Evidence) -> Iterator[Line]:
    yield Line(found.title, "bold")
    bar = "| " if found.source == "log" else ""
    yield from (Line(f"  {bar}{line}") for line in found.lines)


def _commands(commands: Sequence[str]) -> Iterator[Line]:
    yield from (Line(f"  {each}") for each in commands)


def _unseen(unseen: Sequence[str]) -> Iterator[Line]:
    if unseen:
        yield Line("Not seen", "bold yellow")
        yield from (Line(f"  ! {each}", "yellow") for each in unseen)
