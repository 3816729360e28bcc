"""What a build has to say: one `Report` per template, as text for people and as one JSON object for programs."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, TextIO

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from troposphere import Template

    from stackproof.errors import Fault
    from stackproof.verdicts import Finding, Record

INLINE_LIMIT = 51_200
"""Bytes of a template body that CloudFormation takes in the call itself; larger ones come from a bucket."""

BUCKET_LIMIT = 1_000_000
"""Bytes of a template that comes from a bucket: documented as 1 MB, read as cfn-lint reads it."""


@dataclass
class Report:
    """What became of one template.

    Attributes:
        name: its name in TEMPLATES.
        files: path below the root to `written`, `unchanged`, `stale` or `missing` (the last two with --check only);
            the template comes first.
        record: what is known of it; None when its builder made none.
        stored: whether that is known from an earlier build of the same content.
        unlinted: why it was not linted; empty when it was.
        unproved: why nothing was proven; empty when it was.
        failure: why there is no template, with the builder's file and line; empty when there is one.
        seconds: how long building and linting took.
    """

    name: str
    files: dict[str, str] = field(default_factory=dict)
    record: Record | None = None
    stored: bool = False
    unlinted: str = ""
    unproved: str = ""
    failure: str = ""
    seconds: float = 0.0

    @property
    def findings(self) -> Sequence[Finding]:
        """What the linter found, if it was asked."""
        return (self.record and not self.unlinted and self.record.findings) or ()

    @property
    def broken(self) -> Sequence[Finding]:
        """What the proofs found broken or unknown, if they were asked."""
        return (self.record and not self.unproved and self.record.broken) or ()


class Summary(NamedTuple):
    """A whole build.

    Attributes:
        reports: one per template that was asked for.
        left_over: files in dist/ that no template makes (looked for with --check only).
        faults: what is wrong in params/.
        seconds: how long it took.
        pages: files that tell of all templates together, and how they stand; none where nothing was built.
    """

    reports: Sequence[Report]
    left_over: Sequence[str]
    faults: Sequence[Fault]
    seconds: float
    pages: Mapping[str, str] = MappingProxyType({})

    @property
    def out_of_date(self) -> dict[str, str]:
        """What --check objects to: path to `stale`, `missing` or `left over`."""
        found = {
            path: state
            for files in (*(report.files for report in self.reports), self.pages)
            for path, state in files.items()
            if state in {"stale", "missing"}
        }
        return found | dict.fromkeys(self.left_over, "left over")

    @property
    def failed(self) -> bool:
        """Whether a builder raised, the linter found something or a proof is missing."""
        return any(report.failure or report.findings or report.broken for report in self.reports)

    @property
    def exit_code(self) -> int:
        """2 for bad input, else 1 for a failure, else 3 for a stale dist/, else 0."""
        if self.faults:
            return 2
        if self.failed:
            return 1
        return 3 if self.out_of_date else 0


def as_json(summary: Summary) -> dict[str, Any]:
    """The object that --json prints."""
    return {
        "templates": [_template(report) for report in summary.reports],
        "pages": dict(summary.pages),
        "out_of_date": summary.out_of_date,
        "faults": [vars(fault) for fault in summary.faults],
        "seconds": round(summary.seconds, 3),
    }


def _template(report: Report) -> dict[str, Any]:
    told: dict[str, Any] = {"name": report.name, "files": report.files, "failure": report.failure or None}
    record = report.record
    if record:
        told |= {
            "resources": record.resources,
            "parameters": record.parameters,
            "bytes": {"indented": record.indented, "compact": record.compact, "inline_limit": INLINE_LIMIT},
            "lint": {
                "verdict": "not run" if report.unlinted else "findings" if report.findings else "clean",
                "why_not": report.unlinted or None,
                "stored": report.stored and not report.unlinted,
                "environments": record.environments,
                "regions": record.regions,
                "findings": [finding._asdict() for finding in report.findings],
            },
            "proofs": {
                "verdict": "not run" if report.unproved else "findings" if report.broken else "clean",
                "why_not": report.unproved or None,
                "stored": report.stored and not report.unproved,
                "proved": record.proved,
                "findings": [finding._asdict() for finding in report.broken],
            },
        }
    return told | {"seconds": round(report.seconds, 3)}


def as_text(summary: Summary, stream: TextIO) -> str:
    """The summary for a person; in colour when the stream is a terminal that wants it."""
    paint = _painter(stream)
    lines = [line for report in summary.reports for line in _lines(report, paint)]
    lines += [f"{page} {state}" for page, state in summary.pages.items() if state == "written"]
    for path, state in summary.out_of_date.items():
        advice = "no template makes it: delete it" if state == "left over" else "run python build.py"
        lines.append(f"{paint(path, RED)}: {state}, {advice}")
    lines.append(f"{_count(len(summary.reports), 'template')} in {summary.seconds:.2f} s")
    return "\n".join(lines)


BOLD, RED, GREEN = "1", "31", "32"


def _painter(stream: TextIO) -> Callable[[str, str], str]:
    """A function that puts a colour around a text, or leaves it alone (see no-color.org).

    Three colours, so not worth the 80 ms that importing rich costs an unchanged build.
    """
    if stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb":
        return lambda text, colour: f"\033[{colour}m{text}\033[0m"
    return lambda text, _colour: text


def _lines(report: Report, paint: Callable[[str, str], str]) -> list[str]:
    record = report.record
    if record is None:
        return [f"{paint(report.name, BOLD)}: {paint('not built', RED)}: {report.failure}"]
    states = dict.fromkeys(report.files.values())
    what = " and ".join(f"{', '.join(p for p, s in report.files.items() if s == state)} {state}" for state in states)
    return [
        f"{paint(report.name, BOLD)}: {what}",
        f"  {_count(record.resources, 'resource')}, {_count(record.parameters, 'parameter')}, {_size(record)}",
        *_lint_lines(report, record, paint),
        *_proof_lines(report, record, paint),
        f"  took {report.seconds:.2f} s",
    ]


def _size(record: Record) -> str:
    sizes = f"{record.indented:,} bytes indented, {record.compact:,} compact"
    if record.compact <= INLINE_LIMIT:
        return f"{sizes}: sent inline ({record.compact / INLINE_LIMIT:.0%} of {INLINE_LIMIT:,})"
    if record.compact <= BUCKET_LIMIT:
        share = f"{record.compact / BUCKET_LIMIT:.0%} of 1 MB"
        return f"{sizes}: over {INLINE_LIMIT:,}, sent by the artifact bucket ({share})"
    return f"{sizes}: over 1 MB, more than CloudFormation takes"


def _lint_lines(report: Report, record: Record, paint: Callable[[str, str], str]) -> list[str]:
    if report.unlinted:
        return [f"  lint: not run ({report.unlinted})"]
    told = paint(_count(len(report.findings), "finding"), RED) if report.findings else paint("clean", GREEN)
    whose = ", ".join(record.environments) or "its defaults"
    source = ", stored verdict" if report.stored else ""
    return [
        f"  lint: {told} with {whose} in {', '.join(record.regions)}{source}",
        *_finding_lines(report, report.findings),
    ]


def _proof_lines(report: Report, record: Record, paint: Callable[[str, str], str]) -> list[str]:
    if report.unproved:
        return [f"  proofs: not run ({report.unproved})"]
    told = paint(_count(len(report.broken), "finding"), RED) if report.broken else paint("clean", GREEN)
    source = ", stored verdict" if report.stored else ""
    return [f"  proofs: {told}, {record.proved} needs hold{source}", *_finding_lines(report, report.broken)]


def _finding_lines(report: Report, findings: Sequence[Finding]) -> list[str]:
    # `dist/lms.json:12` is what editors and terminals open.
    template = next(iter(report.files))
    return [
        f"    {template}:{finding.line}: {finding.id} {finding.level}: {finding.message}"
        + (f" (environment {finding.environment})" if finding.environment else "")
        + (f" at {finding.path}" if finding.path else "")
        for finding in findings
    ]


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def where_it_broke(builder: Callable[[], Template], error: Exception, root: Path) -> str:
    """File, line and sentence of what a builder raised: the last line of its own package that was running.

    troposphere checks a whole resource when it is written out, when no line of the builder runs any more; then it is
    the builder's first line, and the sentence names the resource.
    """
    code = getattr(builder, "func", builder).__code__  # .func: a functools.partial
    package = Path(code.co_filename).parent
    file, line = code.co_filename, code.co_firstlineno
    step = error.__traceback__
    while step is not None:
        if Path(step.tb_frame.f_code.co_filename).is_relative_to(package):
            file, line = step.tb_frame.f_code.co_filename, step.tb_lineno
        step = step.tb_next
    place = Path(file)
    shown = place.relative_to(root) if place.is_relative_to(root) else place
    # troposphere writes its own words to standard error, and raises without any.
    said = " ".join(str(error).split()) or "its words stand above"
    return f"{shown}:{line}: {type(error).__name__}: {said}"
