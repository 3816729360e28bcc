"""A plan as a person reads it: grouped by what matters, in words, with colour where there is some."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from stackproof import plan_markdown, printing
from stackproof.deployment.access import EFFECTS
from stackproof.deployment.guards import FATES
from stackproof.printing import Line, Section, setting, value

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Iterator, Sequence

    from stackproof.deployment.access import Access
    from stackproof.deployment.exports import Export
    from stackproof.deployment.plan import Because, Change, Plan, Setting
    from stackproof.deployment.quotas import Passed

# From so many on, what is added is told by type.
_MOST_ADDED = 12
# A list of names longer than this is cut off; --json has it whole.
_WIDEST_LIST = 100

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
# Sign and colour of what happens to access.
_EFFECTS = {
    "opened": ("+", "red"),
    "broadened": ("+", "red"),
    "unknown": ("?", "yellow"),
    "narrowed": ("-", "green"),
    "closed": ("-", "green"),
}
_EXPORTS = {"removed": "is removed", "changed": "changes", "may-change": "may change (only AWS knows)"}


def show(plan: Plan, options: argparse.Namespace, title: str = "", share: int = 1) -> None:
    """Write a plan to standard output, as the options say.

    Args:
        plan: to be shown.
        options: of the command: `json`, and `markdown` where there is such an option.
        title: of a plan that was made without AWS.
        share: between how many plans the room of a comment is shared out.
    """
    if options.json:
        printing.show_json(plan.as_json(), sys.stdout)
    elif getattr(options, "markdown", False):
        sys.stdout.write(plan_markdown.markdown(heading(plan, title), sections(plan), share, caller=plan.caller))
    else:
        printing.show(lines(plan, title), sys.stdout)


def lines(plan: Plan, title: str = "") -> Iterator[Line]:
    """The whole report, under a title of its own if the plan was made without AWS."""
    yield Line(heading(plan, title), "bold")
    if plan.caller:
        yield Line(f"  as {plan.caller}")
    yield from _flat(sections(plan))


def heading(plan: Plan, title: str) -> str:
    """What the plan is about: stack, account and region, or the title."""
    if title:
        return title if plan.is_waiting else f"{title}: no changes"
    what = ("create" if plan.is_new else "update") if plan.is_waiting else "no changes"
    return f"{plan.stack}: {what} in account {plan.account}, {plan.region}"


def sections(plan: Plan) -> Iterator[Section]:
    """The report in parts, in the order in which it is read."""
    yield from _grouped(plan.changes)
    if plan.at_stake:
        yield Section(f"Data at stake ({len(plan.at_stake)})", "bold white on red", tuple(_at_stake(plan)), True)
    if plan.access:
        is_grave = any(each.everybody for each in plan.access)
        yield Section(_access_title(plan.access), "bold", tuple(_access(plan.access)), is_grave)
    if plan.exports:
        title = f"Exports in use ({len(plan.exports)}): AWS lets nobody remove or change these"
        yield Section(title, "bold white on red", tuple(_exports(plan.exports)), True)
    if plan.quotas:
        yield Section(f"Quotas passed ({len(plan.quotas)})", "bold yellow", tuple(_quotas(plan.quotas)), True)
    for title, kinds in _SETTINGS:
        rows = [each for each in plan.settings if each.kind in kinds]
        if rows:
            yield Section(title, "bold", tuple(map(setting, rows)))
    if plan.triggers and plan.change_set:
        alarms = tuple(Line(f"  {name}") for name in plan.triggers)
        yield Section("Rolled back if one of these alarms goes off meanwhile", "bold", alarms)
    if plan.warnings:
        yield _warnings(plan.warnings)
    if plan.is_waiting:
        yield Section(_summary(plan.changes, plan.settings), "bold", ())


def difference(title: str, changes: Sequence[Change], notes: Sequence[str]) -> Iterator[Line]:
    """What would change between two templates, in the words of a plan."""
    yield Line(title if changes else f"{title}: no changes", "bold")
    yield from _flat(_difference(changes, notes))


def _difference(changes: Sequence[Change], notes: Sequence[str]) -> Iterator[Section]:
    yield from _grouped(changes)
    lost = [each for each in changes if each.data in FATES]
    if lost:
        fates = (Line(f"  ! {each.logical_id}  {each.type}: its data would be {FATES[each.data]}") for each in lost)
        yield Section(f"Data at stake ({len(lost)})", "bold white on red", tuple(fates), True)
    if notes:
        yield _warnings(notes)
    if changes:
        yield Section(_summary(changes, ()), "bold", ())


def _flat(found: Iterable[Section]) -> Iterator[Line]:
    for section in found:
        yield Line("")
        yield Line(section.title, section.style)
        yield from section.lines


def _warnings(sentences: Sequence[str]) -> Section:
    return Section("Warnings", "bold yellow", tuple(Line(f"  ! {each}", "yellow") for each in sentences))


def _grouped(changes: Sequence[Change]) -> Iterator[Section]:
    for title, actions, style, _ in _GROUPS:
        group = [each for each in changes if each.action in actions]
        if group:
            is_long = actions == ("add",) and len(group) > _MOST_ADDED
            tell = _by_type if is_long else _one_by_one
            is_grave = style == "bold red"
            yield Section(f"{title} ({len(group)})", style, tuple(tell(group, style.removeprefix("bold "))), is_grave)


def _one_by_one(changes: Sequence[Change], style: str) -> Iterator[Line]:
    width = max(len(each.logical_id) for each in changes)
    for each in changes:
        part = f"  ({each.part})" if each.part else ""
        yield Line(f"  {_SIGNS[each.action]} {each.logical_id:<{width}}  {each.type}{part}", style)
        if each.action != "add":
            yield from _reasons(each.because)


def _by_type(changes: Sequence[Change], style: str) -> Iterator[Line]:
    """A line for each type, with the part that all of the type belong to, where there is one."""
    types: dict[str, list[Change]] = {}
    for each in sorted(changes, key=lambda change: change.type):
        types.setdefault(each.type, []).append(each)
    titles = {kind: f"{kind} ({len(same)})" for kind, same in types.items()}
    width = max(map(len, titles.values()))
    for kind, same in types.items():
        parts = {each.part for each in same}
        part = f"  ({parts.pop()})" if len(parts) == 1 and all(parts) else ""
        yield Line(f"  + {titles[kind]:<{width}}  {_list([each.logical_id for each in same])}{part}", style)


def _list(names: Sequence[str]) -> str:
    """Names, as many as fit."""
    told = ", ".join(names)
    if len(told) <= _WIDEST_LIST:
        return told
    return f"{told[:_WIDEST_LIST].rpartition(', ')[0]}, …"


def _reasons(because: Sequence[Because]) -> Iterator[Line]:
    """A line for each path; CloudFormation gives one that changes for two reasons twice."""
    for path in dict.fromkeys(each.path for each in because):
        same = [each for each in because if each.path == path]
        words = [_REPLACES[kind] for kind in _REPLACES if any(each.recreates == kind for each in same)][:1]
        words += [f"from {each.by}" for each in same if each.by != "template"]
        name = path.removeprefix("/Properties").removeprefix("/").replace("/", ".")
        valued = next((each for each in same if (each.before, each.after) != (None, None)), None)
        values = f": {value(valued.before)} → {value(valued.after)}" if valued else ""
        note = f"  ({', '.join(words)})" if words else ""
        yield Line(f"      {name}{values}{note}")


def _at_stake(plan: Plan) -> Iterator[Line]:
    for each in plan.at_stake:
        yield Line(f"  ! {each.logical_id}  {each.type}: its data would be {FATES[each.data]}", "bold red")
        yield Line(f"      apply needs --allow-data-loss {each.logical_id}")


def _access_title(access: Sequence[Access]) -> str:
    """`Access (3): 1 opened, 2 closed`."""
    numbers = {effect: sum(each.effect == effect for each in access) for effect in EFFECTS}
    told = ", ".join(f"{number} {effect}" for effect, number in numbers.items() if number)
    return f"Access ({len(access)}): {told}"


def _access(access: Sequence[Access]) -> Iterator[Line]:
    width = max(len(each.logical_id) for each in access)
    for each in access:
        sign, style = _EFFECTS[each.effect]
        sign, style = ("!", "bold red") if each.everybody else (sign, style)
        yield Line(f"  {sign} {each.effect:<9}  {each.logical_id:<{width}}  {each.what}", style)
        if each.instead:
            yield Line(f"      {'not known' if each.effect == 'unknown' else 'before'}: {each.instead}")


def _exports(exports: Sequence[Export]) -> Iterator[Line]:
    for each in exports:
        yield Line(f"  ! {each.name} {_EXPORTS[each.change]}; it is imported by {', '.join(each.used_by)}", "bold red")
        yield Line("      keep it, or take Fn::ImportValue out of these stacks first")


def _quotas(quotas: Sequence[Passed]) -> Iterator[Line]:
    for each in quotas:
        quota = each.quota
        yield Line(f"  ! {quota.what}: {each.needed:g} at the maximum, and {each.allowed:g} are allowed", "yellow")
        yield Line(
            "      aws service-quotas request-service-quota-increase "
            f"--service-code {quota.service} --quota-code {quota.code} --desired-value {each.needed:g}"
        )


def _summary(changes: Sequence[Change], settings: Sequence[Setting]) -> str:
    """`1 to replace, 2 to modify, 3 to add, 1 setting`."""
    parts = []
    for _, actions, _, words in _GROUPS:
        number = sum(each.action in actions for each in changes)
        parts += [f"{number} {words}"] if number else []
    if settings:
        parts.append("1 setting" if len(settings) == 1 else f"{len(settings)} settings")
    return ", ".join(parts) or "Nothing that changes a resource."
