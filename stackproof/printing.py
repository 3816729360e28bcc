"""What a person reads: a plan, a deletion, a stack, a cause. Lines first, in words; colour only on a terminal."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, TextIO

from stackproof.deployment.guards import FATES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from stackproof.deployment.diagnosis import Cause
    from stackproof.deployment.leftovers import Deletion
    from stackproof.deployment.plan import Because, Change, Plan, Setting

# A value longer than this says more when it is cut off; --json has it whole.
_WIDEST_VALUE = 100

# Title, actions, colour, and the words of the summary; what cannot be taken back comes first.
_GROUPS = (
    ("Removed", ("remove",), "bold red", "to remove"),
    ("Replaced", ("replace",), "bold red", "to replace"),
    ("May be replaced (only AWS knows)", ("may-replace",), "bold red", "that may be replaced"),
    ("Modified", ("modify",), "bold yellow", "to modify"),
    ("Imported", ("import",), "bold green", "to import"),
    ("Added", ("add",), "bold green", "to add"),
)
_SIGNS = {"remove": "-", "replace": "±", "may-replace": "±", "modify": "~", "import": "+", "add": "+"}
_REPLACES = {"Always": "replaces it", "Conditionally": "may replace it"}
_SETTINGS = (
    ("Parameters", ("parameter",)),
    ("Tags", ("tag",)),
    ("Stack", ("stack policy", "termination protection")),
)


@dataclass(frozen=True)
class Line:
    """A line of text, and how it looks on a terminal (a style of rich)."""

    text: str
    style: str = ""


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


def plan(plan: Plan, title: str = "") -> Iterator[Line]:
    """A plan, grouped by what matters, under a title of its own if it was made without AWS."""
    place = f"account {plan.account}, {plan.region}"
    if title:
        yield Line(title if plan.is_waiting else f"{title}: no changes", "bold")
    elif plan.is_waiting:
        yield Line(f"{plan.stack}: {'create' if plan.is_new else 'update'} in {place}", "bold")
    else:
        yield Line(f"{plan.stack}: no changes in {place}", "bold")
    yield from _grouped(plan.changes)
    if plan.at_stake:
        yield from _titled(f"Data at stake ({len(plan.at_stake)})", "bold white on red", _at_stake(plan))
    for heading, kinds in _SETTINGS:
        rows = [each for each in plan.settings if each.kind in kinds]
        if rows:
            yield from _titled(heading, "bold", map(setting, rows))
    if plan.warnings:
        yield from _titled("Warnings", "bold yellow", (Line(f"  ! {each}", "yellow") for each in plan.warnings))
    if plan.is_waiting:
        yield from _titled(_summary(plan.changes, plan.settings), "bold", ())


def difference(title: str, changes: Sequence[Change], notes: Sequence[str]) -> Iterator[Line]:
    """What would change between two templates, in the words of a plan."""
    yield Line(title if changes else f"{title}: no changes", "bold")
    yield from _grouped(changes)
    lost = [each for each in changes if each.data in FATES]
    if lost:
        fates = (Line(f"  ! {each.logical_id}  {each.type}: its data would be {FATES[each.data]}") for each in lost)
        yield from _titled(f"Data at stake ({len(lost)})", "bold white on red", fates)
    if notes:
        yield from _titled("Warnings", "bold yellow", (Line(f"  ! {each}", "yellow") for each in notes))
    if changes:
        yield from _titled(_summary(changes, ()), "bold", ())


def _grouped(changes: Sequence[Change]) -> Iterator[Line]:
    for title, actions, style, _ in _GROUPS:
        group = [each for each in changes if each.action in actions]
        if group:
            yield from _titled(f"{title} ({len(group)})", style, _changes(group, style.removeprefix("bold ")))


def _titled(title: str, style: str, lines: Iterable[Line]) -> Iterator[Line]:
    yield Line("")
    yield Line(title, style)
    yield from lines


def _changes(changes: Sequence[Change], style: str) -> Iterator[Line]:
    width = max(len(each.logical_id) for each in changes)
    for each in changes:
        yield Line(f"  {_SIGNS[each.action]} {each.logical_id:<{width}}  {each.type}", style)
        if each.action != "add":
            yield from _reasons(each.because)


def _reasons(because: Sequence[Because]) -> Iterator[Line]:
    """A line for each path; CloudFormation gives one that changes for two reasons twice."""
    for path in dict.fromkeys(each.path for each in because):
        same = [each for each in because if each.path == path]
        words = [_REPLACES[kind] for kind in _REPLACES if any(each.recreates == kind for each in same)][:1]
        words += [f"from {each.by}" for each in same if each.by != "template"]
        name = path.removeprefix("/Properties").removeprefix("/").replace("/", ".")
        valued = next((each for each in same if (each.before, each.after) != (None, None)), None)
        values = f": {_value(valued.before)} → {_value(valued.after)}" if valued else ""
        note = f"  ({', '.join(words)})" if words else ""
        yield Line(f"      {name}{values}{note}")


def _value(value: str | None) -> str:
    if value is None:
        return "(none)"
    if "{{changeSet:KNOWN_AFTER_APPLY}}" in value:
        return "(known after apply)"
    text = json.dumps(value, ensure_ascii=False)[1:-1].replace('\\"', '"') if value else '""'
    return text if len(text) <= _WIDEST_VALUE else f"{text[:_WIDEST_VALUE]}…"


def _at_stake(plan: Plan) -> Iterator[Line]:
    for each in plan.at_stake:
        yield Line(f"  ! {each.logical_id}  {each.type}: its data would be {FATES[each.data]}", "bold red")
        yield Line(f"      apply needs --allow-data-loss {each.logical_id}")


def setting(setting: Setting) -> Line:
    """A parameter, tag or guard of a stack, before and after."""
    return Line(f"  ~ {setting.name or setting.kind}: {_value(setting.before)} → {_value(setting.after)}")


def _summary(changes: Sequence[Change], settings: Sequence[Setting]) -> str:
    """`1 to replace, 2 to modify, 3 to add, 1 setting`."""
    parts = []
    for _, actions, _, words in _GROUPS:
        number = sum(each.action in actions for each in changes)
        parts += [f"{number} {words}"] if number else []
    if settings:
        parts.append("1 setting" if len(settings) == 1 else f"{len(settings)} settings")
    return ", ".join(parts) or "Nothing that changes a resource."


def deletion(found: Deletion) -> Iterator[Line]:
    """What a deletion leaves, and what it takes."""
    yield Line(f"{found.stack}: delete in account {found.account}, {found.region}", "bold")
    for title, kind, style in (
        ("Lost for ever", "lost", "bold red"),
        ("Left in a snapshot", "snapshot", "yellow"),
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


def cause_as_json(cause: Cause | None) -> dict[str, str] | None:
    """The `cause` of the object that apply and destroy end with."""
    return None if cause is None else asdict(cause)
