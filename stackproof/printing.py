"""What a person reads: a plan, a deletion, a stack, a cause. Lines first, in words; colour only on a terminal."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from stackproof.deployment.diagnosis import Cause
    from stackproof.deployment.leftovers import Deletion
    from stackproof.deployment.plan import Because, Change, Plan, Setting
    from stackproof.deployment.stack import Stack

# A value longer than this says more when it is cut off; --json has it whole.
_WIDEST_VALUE = 100

_HEADINGS = {
    "remove": ("-", "removed", "bold red"),
    "replace": ("±", "replaced", "bold red"),
    "may-replace": ("±", "may be replaced: CloudFormation does not know yet", "bold red"),
    "modify": ("~", "", "yellow"),
    "import": ("+", "imported", "green"),
    "add": ("+", "", "green"),
}
_GROUPS = (
    ("Replaced or removed", ("remove", "replace", "may-replace"), "bold red"),
    ("Modified", ("modify",), "bold yellow"),
    ("Added", ("import", "add"), "bold green"),
)
_DATA = {
    "lost": "its data is lost",
    "snapshot": "its data stays in a snapshot; the stack goes on without it",
    "retained": "it is left behind outside the stack, which goes on without its data",
}


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


def plan(plan: Plan) -> Iterator[Line]:
    """A plan, grouped by what matters."""
    what = "create" if plan.is_new else "update"
    yield Line(f"{plan.stack}: {what} in account {plan.account}, {plan.region}", "bold")
    for title, actions, style in _GROUPS:
        group = [each for each in plan.changes if each.action in actions]
        if group:
            yield Line("")
            yield Line(f"{title} ({len(group)})", style)
            yield from _changes(group)
        if title == _GROUPS[0][0] and plan.at_stake:
            yield from _at_stake(plan)
    yield from _settings(plan.settings)
    if plan.warnings:
        yield Line("")
        yield Line("Warnings", "bold yellow")
        yield from (Line(f"  ! {warning}", "yellow") for warning in plan.warnings)
    yield Line("")
    yield Line(summary(plan), "bold")


def _changes(changes: Sequence[Change]) -> Iterator[Line]:
    width = max(len(each.logical_id) for each in changes)
    for each in changes:
        sign, word, style = _HEADINGS[each.action]
        tail = f"  {word}" if word else ""
        yield Line(f"  {sign} {each.logical_id:<{width}}  {each.type}{tail}", style)
        if each.action != "add":
            yield from (_because(reason) for reason in each.because)


def _because(reason: Because) -> Line:
    path = reason.path.removeprefix("/Properties/").replace("/", ".").lstrip(".")
    replaces = {"Always": "replaces it", "Conditionally": "may replace it"}.get(reason.recreates, "")
    by = "" if reason.by == "template" else f"from {reason.by}"
    notes = ", ".join(note for note in (replaces, by) if note)
    values = ""
    if reason.before is not None or reason.after is not None:
        values = f": {_value(reason.before)} → {_value(reason.after)}"
    return Line(f"      {path}{values}{f'  ({notes})' if notes else ''}")


def _value(value: str | None) -> str:
    if value is None:
        return "nothing"
    if "{{changeSet:KNOWN_AFTER_APPLY}}" in value:
        return "(known after apply)"
    text = json.dumps(value, ensure_ascii=False)[1:-1].replace('\\"', '"') if value else '""'
    return text if len(text) <= _WIDEST_VALUE else f"{text[:_WIDEST_VALUE]}…"


def _at_stake(plan: Plan) -> Iterator[Line]:
    yield Line("")
    yield Line(f"Data at stake ({len(plan.at_stake)})", "bold white on red")
    for each in plan.at_stake:
        yield Line(f"  ! {each.logical_id}  {each.type}: {_DATA[each.data]}", "bold red")
        yield Line(f"      apply needs --allow-data-loss {each.logical_id}")


def _settings(settings: Sequence[Setting]) -> Iterator[Line]:
    for title, kinds in (
        ("Parameters", ("parameter",)),
        ("Tags", ("tag",)),
        ("Stack", ("stack policy", "termination protection")),
    ):
        group = [each for each in settings if each.kind in kinds]
        if group:
            yield Line("")
            yield Line(title, "bold")
        for each in group:
            yield Line(f"  ~ {each.name or each.kind}: {_value(each.before)} → {_value(each.after)}")


def summary(plan: Plan) -> str:
    """`1 to replace or remove, 2 to modify, 3 to add`."""
    if not plan.is_waiting:
        return "No changes."
    counts = [
        (sum(each.action in actions for each in plan.changes), words)
        for (_, actions, _), words in zip(_GROUPS, ("to replace or remove", "to modify", "to add"), strict=True)
    ]
    parts = [f"{number} {words}" for number, words in counts if number]
    if plan.settings:
        parts.append(f"{len(plan.settings)} settings" if len(plan.settings) > 1 else "1 setting")
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
            yield Line("")
            yield Line(f"{title} ({len(group)})", style)
            width = max(len(each.logical_id) for each in group)
            yield from (Line(f"  {each.logical_id:<{width}}  {each.type}  {each.physical_id}") for each in group)
    if found.in_the_way:
        yield Line("")
        yield Line("Before this stack can be made again, its log groups must go or be imported:", "bold yellow")
        yield from (Line(f"  {command}") for command in found.in_the_way)
    yield Line("")
    yield Line(f"{found.total} resources to delete or leave.", "bold")


def outputs(stack: Stack) -> Iterator[Line]:
    """The outputs of a stack, aligned."""
    if stack.outputs:
        width = max(len(name) for name in stack.outputs)
        yield Line("Outputs", "bold")
        yield from (Line(f"  {name:<{width}}  {value}") for name, value in sorted(stack.outputs.items()))


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


def stack(stack: Stack, account: str, region: str) -> Iterator[Line]:
    """A stack on one screen."""
    good = stack.status.endswith("_COMPLETE") and "ROLLBACK" not in stack.status
    yield Line(
        f"{stack.name}: {stack.status}", "bold green" if good else "bold yellow" if stack.is_busy else "bold red"
    )
    if stack.reason:
        yield Line(f"  {stack.reason}")
    yield Line(f"  account      {account}, {region}")
    yield Line(f"  created      {stack.created:%Y-%m-%d %H:%M:%S %Z}")
    yield Line(f"  last change  {stack.updated:%Y-%m-%d %H:%M:%S %Z}")
    yield Line(f"  protection   {'on' if stack.is_protected else 'off'}")
