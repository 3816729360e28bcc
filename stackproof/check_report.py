"""A `Report` of `stackproof check` for a person: what is broken first, then what is unknown, then the counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stackproof.printing import Line
from stackproof.proofs.verdicts import Finding, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from stackproof.proofs.check import Report

_MOST_NAMES = 8
_TITLES = ((Verdict.BROKEN, "Broken", "bold red"), (Verdict.UNKNOWN, "Unknown: only AWS can tell", "bold yellow"))


def lines(report: Report, places: Mapping[Finding, str], missing: Sequence[str] = ()) -> Iterator[Line]:
    """The whole report.

    Args:
        report: of one template.
        places: where each finding stands, `lms.json:120`.
        missing: the parameters without a value.
    """
    for verdict, title, style in _TITLES:
        found = [finding for finding in report.findings if finding.verdict is verdict]
        if found:
            yield Line(f"{title} ({len(found)})", style)
        for finding in found:
            yield from _finding(finding, places[finding], style.removeprefix("bold "))
            yield Line("")
    yield from _counts(report)
    if missing:
        names = ", ".join(missing[:_MOST_NAMES]) + (
            f" and {len(missing) - _MOST_NAMES} more" if len(missing) > _MOST_NAMES else ""
        )
        yield Line(f"parameters without a value: {names}; with --params FILE more can be told")


def _finding(finding: Finding, place: str, style: str) -> Iterator[Line]:
    component = ".".join(part for part in (finding.logical_id, finding.path) if part)
    yield Line(f"  {finding.id}  {component}  ({place})", style)
    yield Line(f"    {finding.message}")
    yield Line(f"    Fix: {finding.fix}")


def _counts(report: Report) -> Iterator[Line]:
    broken, unknown = report.count(Verdict.BROKEN), report.count(Verdict.UNKNOWN)
    style = "bold red" if broken else "bold yellow" if unknown or not report.analysed else "bold green"
    yield Line(f"{broken} broken, {unknown} unknown, {report.proved} proved", style)
    analysed, others = sum(report.analysed.values()), sum(report.not_analysed.values())
    yield Line(f"{analysed} of {analysed + others} resources analysed")
    if others:
        types = ", ".join(f"{number} {kind or 'without a type'}" for kind, number in report.not_analysed.items())
        yield Line(f"not analysed: {types}")
    if not report.analysed:
        yield Line("There is nothing to prove here: no rule is about these resources, only references.", "bold yellow")


def places(
    report: Report, where: str, template: Mapping[str, object], numbers: Mapping[tuple[str | int, ...], Sequence[int]]
) -> dict[Finding, str]:
    """Where each finding stands: the file and the line.

    Args:
        report: of the template.
        where: the file as a person knows it.
        template: what it says.
        numbers: the lines of its keys and elements.
    """
    found = {}
    for finding in report.findings:
        line = line_of(finding, template, numbers)
        found[finding] = where if line is None else f"{where}:{line}"
    return found


def line_of(
    finding: Finding, template: Mapping[str, object], numbers: Mapping[tuple[str | int, ...], Sequence[int]]
) -> int | None:
    """The line of a finding's property, or of the nearest thing around it; None where no line is known."""
    path = _path(finding, template)
    places = (path[:length] for length in range(len(path), 0, -1))
    return next((numbers[place][0] for place in places if place in numbers), None)


def _path(finding: Finding, template: Mapping[str, object]) -> tuple[str | int, ...]:
    """The finding's place in the template, as deep as it can be followed: not behind Fn::If, where it is another."""
    steps = finding.path.split(".") if finding.path else []
    if finding.logical_id:
        steps = ["Resources", finding.logical_id, *steps]
    node: object = template
    path: list[str | int] = []
    while steps:
        if isinstance(node, dict):
            # A key may hold dots itself: the longest that is there counts.
            sizes = [size for size in range(len(steps), 0, -1) if ".".join(steps[:size]) in node]
            if not sizes:
                break
            path.append(".".join(steps[: sizes[0]]))
            node, steps = node[path[-1]], steps[sizes[0] :]
        elif isinstance(node, list) and steps[0].isdigit() and int(steps[0]) < len(node):
            path.append(int(steps[0]))
            node, steps = node[int(steps[0])], steps[1:]
        else:
            break
    return tuple(path)
