"""What a person reads: a deletion, a stack, a cause. Lines first, in words; colour only on a terminal."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from stackproof.deployment.diagnosis import Cause
    from stackproof.deployment.leftovers import Deletion
    from stackproof.deployment.plan import Setting

# A value longer than this says more when it is cut off; --json has it whole.
_WIDEST_VALUE = 100


@dataclass(frozen=True)
class Line:
    """A line of text, and how it looks on a terminal (a style of rich)."""

    text: str
    style: str = ""


@dataclass(frozen=True)
class Section:
    """A part of the report.

    Attributes:
        title: one line.
        style: of the title.
        lines: below it.
        is_grave: what nobody should overlook.
    """

    title: str
    style: str
    lines: tuple[Line, ...]
    is_grave: bool = False


def is_terminal(stream: TextIO) -> bool:
    """Whether a person with a screen reads this stream."""
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def show(lines: Iterable[Line], stream: TextIO) -> None:
    """Write lines: plain text, and on a terminal with colour (unless NO_COLOR is set)."""
    if is_terminal(stream):
        from rich.console import Console
        from rich.text import Text

        console = Console(file=stream, highlight=False)
        for line in lines:
            console.print(Text(line.text, line.style), soft_wrap=True)
        return
    stream.writelines(f"{line.text}\n" for line in lines)
    stream.flush()


def show_json(value: Mapping[str, object], stream: TextIO) -> None:
    """Write one object on one line, at once: the reader may be waiting for it."""
    stream.write(json.dumps(value, ensure_ascii=False) + "\n")
    stream.flush()


def _titled(title: str, style: str, lines: Iterable[Line]) -> Iterator[Line]:
    yield Line("")
    yield Line(title, style)
    yield from lines


def value(value: str | None) -> str:
    """A value on one line, cut off where it is long."""
    if value is None:
        return "(none)"
    if "{{changeSet:KNOWN_AFTER_APPLY}}" in value:
        return "(known after apply)"
    text = json.dumps(value, ensure_ascii=False)[1:-1].replace('\\"', '"') if value else '""'
    return text if len(text) <= _WIDEST_VALUE else f"{text[:_WIDEST_VALUE]}…"


def setting(setting: Setting) -> Line:
    """A parameter, tag or guard of a stack, before and after."""
    return Line(f"  ~ {setting.name or setting.kind}: {value(setting.before)} → {value(setting.after)}")


def deletion(found: Deletion) -> Iterator[Line]:
    """What a deletion leaves, and what it takes."""
    yield Line(f"{found.stack}: delete in account {found.account}, {found.region}", "bold")
    for title, kind, style in (
        ("Lost for ever", "lost", "bold red"),
        ("Left in a snapshot", "snapshot", "yellow"),
        ("Deleted only if empty: the deletion fails at one that holds something", "if-empty", "yellow"),
        ("Left behind", "retained", "green"),
    ):
        group = [each for each in found.resources if each.data == kind]
        if group:
            yield from _titled(f"{title} ({len(group)})", style, ())
            names = max(len(each.logical_id) for each in group)
            types = max(len(each.type) for each in group)
            yield from (
                Line(f"  {each.logical_id:<{names}}  {each.type:<{types}}  {each.physical_id}") for each in group
            )
    if found.in_the_way:
        title = "Before this stack can be made again, its log groups must be deleted or imported"
        yield from _titled(title, "bold yellow", (Line(f"  {command}") for command in found.in_the_way))
    yield from _titled(f"{found.total} resources in all", "bold", ())


def outputs(outputs: Mapping[str, str]) -> Iterator[Line]:
    """The outputs of a stack, aligned."""
    if outputs:
        width = max(len(name) for name in outputs)
        yield Line("Outputs", "bold")
        yield from (Line(f"  {name:<{width}}  {value}") for name, value in sorted(outputs.items()))


def cause(cause: Cause | None) -> Iterator[Line]:
    """Why an operation failed."""
    if cause is None:
        yield Line("No event says why.", "yellow")
        return
    yield Line(f"Cause: {cause.logical_id} ({cause.type}) {cause.status}", "bold red")
    yield Line(f"  {cause.reason}", "red")
    if cause.hint:
        yield Line(f"  {cause.hint}", "bold")
