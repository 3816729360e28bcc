"""Build: templates in, dist/ out, linted and proven with every environment's own values.

For each template: its builder makes it, its JSON goes to `dist/<name>.json` and a JSON Schema of its parameters to
`dist/<name>.params.schema.json`; params/ is checked against it, offline; cfn-lint sees it, and the proofs go through it
for every environment, once and not again while it is the same. docs/parameters.md tells of all their parameters. What a
builder, a parameter file or a template has wrong is told at the end, all of it; one broken template does not keep the
others from being built.

Nothing heavy is imported here: an unchanged build costs little more than importing troposphere (benchmarks/build.py).
"""

from __future__ import annotations

import json
import sys
from importlib import import_module
from pathlib import Path
from time import perf_counter
from types import ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple

from stackproof import build_report, cli, verdicts
from stackproof.build_report import Report, Summary
from stackproof.emitting import compact, document, pretty
from stackproof.errors import BadInputError, Fault, StackproofError
from stackproof.files import write_atomically
from stackproof.verdicts import Record

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from troposphere import Template

    from stackproof.environment_checks import Checks
    from stackproof.linting import Linted
    from stackproof.proving import Proven

DIST = "dist"
PAGE = "docs/parameters.md"
STALE = {"stale", "missing"}

# What makes templates, besides the sources that the caller names.
PACKAGES = ("awacs", "troposphere")


def postpone(name: str) -> None:
    """Let a module be imported when one of its names is first asked for; for what others import and seldom use."""
    stand_in = ModuleType(name)

    def load(wanted: str) -> Any:
        sys.modules.pop(name, None)
        return getattr(import_module(name), wanted)

    stand_in.__getattr__ = load  # type: ignore[method-assign]  # PEP 562
    sys.modules[name] = stand_in


def main(
    templates: Mapping[str, Callable[[], Template]],
    *,
    root: Path,
    regions: Sequence[str],
    sources: Sequence[Path] = (),
    argv: Sequence[str] | None = None,
) -> int:
    """`python build.py`: build, write, check and lint the templates that were asked for.

    Args:
        templates: name to builder; the file in dist/ has the template's name.
        root: the folder that holds dist/, params/ and .cfnlintrc.
        regions: regions that every template must fit, whatever params/targets.toml says.
        sources: all that the builders read: files, and folders of Python files. While they, the installed packages
            and dist/ stay the same, nothing is built again. Without sources it always is.
        argv: the arguments; by default the process's own.

    Returns:
        The exit code: 0, 1 (a builder raised, or findings; dist/ is written all the same), 2 (wrong usage, faults in
        params/ or in a file that a builder reads), 3 (`--check` and dist/ is stale), 130 (interrupted).
    """
    parser = _parser(templates)
    options = parser.parse_args(argv)
    unknown = [name for name in options.names if name not in templates]
    if unknown:
        known = ", ".join(templates)
        parser.error(
            "; ".join(f'no template is named "{name}"{cli.nearest(name, templates)}' for name in unknown)
            + f" (there are {known})"
        )
    build = _Build(templates, root, regions, sources, options)
    return cli.run(build.run, debug=options.debug)


def _parser(templates: Iterable[str]) -> cli.Parser:
    parser = cli.Parser(
        prog="build.py",
        description="Write dist/ from templates/, check params/ against it and lint it for every environment.",
        epilog="exit codes: 0 done; 1 a builder or the linter found fault; 2 wrong usage or a fault in params/;\n"
        "3 dist/ is stale (--check); 130 interrupted",
    )
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"{', '.join(templates)}; all of them if none is named"
    )
    parser.add_argument("--check", action="store_true", help="write nothing in dist/; exit 3 when it is stale")
    parser.add_argument("--fresh", action="store_true", help="build, check and lint even what has not changed")
    parser.add_argument("--no-lint", action="store_true", help="do not lint")
    parser.add_argument("--no-proofs", action="store_true", help="prove nothing")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--debug", action="store_true", help="show tracebacks")
    return parser


class _Made(NamedTuple):
    """What a builder made: the template, and what can be said of it so far."""

    content: dict[str, Any]
    record: Record


class _Build:
    """One run of the command: the I/O around the functions above."""

    def __init__(
        self,
        templates: Mapping[str, Callable[[], Template]],
        root: Path,
        regions: Sequence[str],
        sources: Sequence[Path],
        options: argparse.Namespace,
    ) -> None:
        self.templates = templates
        self.root = root
        self.regions = regions
        self.options = options
        self.faults: list[Fault] = []
        self.made: dict[str, _Made] = {}
        self.pages: dict[str, str] = {}
        # Before anything is read: a file that is saved meanwhile must not pass for one that was checked.
        self.made_from = verdicts.digest(sources, PACKAGES, [sys.version]) if sources else ""
        self.circumstances = verdicts.digest(
            [
                root / verdicts.CONFIGURATION,
                *sorted((root / "params").glob("*.*")),
                *sorted(Path(__file__).parent.glob("*.py")),
                Path(__file__).parent / "proofs",
            ],
            ["cfnlint"],
            regions,
        )

    def run(self) -> int:
        """Build what was asked for, say what came of it, and return the exit code."""
        started = perf_counter()
        names = [name for name in self.templates if name in self.options.names or not self.options.names]
        unlinted = "--no-lint" if self.options.no_lint else ""
        unproved = "--no-proofs" if self.options.no_proofs else ""
        reports = [Report(name, unlinted=unlinted, unproved=unproved) for name in names]
        for report in reports:
            if not self._recall(report, from_sources=True):
                self._make(report)
        unjudged = [report for report in reports if report.name in self.made and not self._recall(report)]
        if unjudged or self.faults:  # with a fault elsewhere, too: all faults are told at once
            self._judge(unjudged)
        left_over = self._left_over() if self.options.check else []
        faults = list(dict.fromkeys(self.faults))
        summary = Summary(reports, left_over, faults, perf_counter() - started, self.pages)
        self._print(summary)
        if summary.faults:
            raise BadInputError(summary.faults)
        return summary.exit_code

    def _recall(self, report: Report, *, from_sources: bool = False) -> bool:
        """Take over what an earlier build found out, if dist/ is what was judged and it answers what is asked now.

        Args:
            report: of the template.
            from_sources: only if the template need not even be built, because all that its builder reads is the same.
        """
        paths = _files(report.name)
        if self.options.fresh or STALE & set(report.files.values()):
            return False
        record = verdicts.load(self._place(report), self._key(report))
        if record is None or (record.findings is None and not report.unlinted):
            return False
        if record.broken is None and not report.unproved:
            return False
        if from_sources and not (self.made_from and record.made_from == self.made_from):
            return False
        if record.made_from != self.made_from:
            record = record._replace(made_from=self.made_from)
            verdicts.store(self._place(report), self._key(report), record)
        report.record, report.stored = record, True
        report.files = dict.fromkeys(paths, "unchanged") | report.files
        return True

    def _make(self, report: Report) -> None:
        """Call the builder, and write or compare the template."""
        started = perf_counter()
        builder = self.templates[report.name]
        try:
            content = document(builder())
            text, sent = pretty(content), compact(content)
        except Exception as error:  # whatever a builder raises is told as its fault, and the rest is built
            # A builder whose own input is at fault says so: `faults`, (file, key, sentence) of each.
            found = [Fault(*fault) for fault in getattr(error, "faults", ())]
            self.faults += found
            report.failure = "faults in its input" if found else build_report.where_it_broke(builder, error, self.root)
            if self.options.debug:
                import traceback

                traceback.print_exc()
            return
        report.record = Record(
            made_from=self.made_from,
            resources=len(content["Resources"]),
            parameters=len(content.get("Parameters", {})),
            indented=len(text),  # json escapes what is not ASCII: characters are bytes
            compact=len(sent),
            environments=[],
            regions=[],
            findings=None,
        )
        self.made[report.name] = _Made(content, report.record)
        template = _files(report.name)[0]
        self._bring_up_to_date(report.files, template, text)
        if report.files[template] in STALE:
            # What the linter would see is not what is in dist/, and its lines would lead nowhere.
            _excuse(report, f"{template} is {report.files[template]}")
        report.seconds = perf_counter() - started

    def _judge(self, reports: Sequence[Report]) -> None:
        """Write the schemas, check params/, lint, and remember the outcome."""
        from stackproof import environment_checks, environments

        for report in reports:
            schema = pretty(environments.parameters_schema(self.made[report.name].content))
            self._bring_up_to_date(report.files, _files(report.name)[1], schema)
        self._tell_parameters()
        # A schema that was put right again may be all that was missing.
        reports = [report for report in reports if not self._recall(report)]
        checks = environment_checks.check_environments(
            self.root, self.templates, {report.name: self.made[report.name].content for report in reports}
        )
        self.faults += checks.faults
        regions = list(dict.fromkeys([*self.regions, *checks.regions]))
        for report in reports:
            if report.name in checks.faulty:
                _excuse(report, "faults in its parameters")
        linted = self._lint([report for report in reports if not report.unlinted], regions, checks.parameter_sets)
        proven = self._prove([report for report in reports if not report.unproved], checks)
        for report in reports:
            findings, seconds = linted.get(report.name, (None, 0.0))
            broken, proved, more = proven.get(report.name, (None, 0, 0.0))
            report.seconds += seconds + more
            report.record = self.made[report.name].record._replace(
                environments=list(checks.parameter_sets[report.name]),
                regions=regions,
                findings=findings,
                broken=broken,
                proved=proved,
            )
            if not self.faults and not STALE & {*report.files.values(), *self.pages.values()}:
                self._remember(report, report.record)

    def _remember(self, report: Report, record: Record) -> None:
        """Store a record; one without a verdict does not wipe out the verdict on the same content."""
        place, key = self._place(report), self._key(report)
        if earlier := verdicts.load(place, key):
            if record.findings is None:
                record = record._replace(findings=earlier.findings)
            if record.broken is None:
                record = record._replace(broken=earlier.broken, proved=earlier.proved)
        verdicts.store(place, key, record)

    def _lint(
        self,
        reports: Sequence[Report],
        regions: Sequence[str],
        parameter_sets: Mapping[str, Mapping[str, Mapping[str, str]]],
    ) -> dict[str, Linted]:
        """The linter's word on each of these templates; none when it could not be asked, which is then a fault."""
        if not reports:
            return {}
        from stackproof.linting import lint

        names = {self.root / _files(report.name)[0]: report.name for report in reports}
        for path in names:
            sys.stderr.write(f"linting {path.relative_to(self.root)} …\n")
        try:
            linted = lint({path: parameter_sets[name] for path, name in names.items()}, regions=regions, root=self.root)
        except BadInputError as error:
            self.faults += error.faults
            for report in reports:
                report.unlinted = "faults in what the linter is asked"
            return {}
        return {names[path]: outcome for path, outcome in linted.items()}

    def _prove(self, reports: Sequence[Report], checks: Checks) -> dict[str, Proven]:
        """What holds in each of these templates; nothing when params/intent.toml is at fault."""
        if not reports:
            return {}
        from stackproof.proving import prove

        made = {report.name: self.made[report.name].content for report in reports}
        try:
            return prove(self.root, {name: (each, pretty(each)) for name, each in made.items()}, checks)
        except BadInputError as error:
            self.faults += error.faults
            for report in reports:
                report.unproved = "faults in what was meant"
            return {}

    def _tell_parameters(self) -> None:
        """Write the page on all parameters; of templates that are not built now, dist/ tells."""
        from stackproof.parameters_page import read_page

        contents = {name: self.made[name].content if name in self.made else None for name in self.templates}
        page = read_page(self.root, contents)
        if page is not None:
            self._bring_up_to_date(self.pages, PAGE, page)

    def _bring_up_to_date(self, files: dict[str, str], name: str, text: str) -> None:
        """Write a file of ours when it differs; with --check only note how it stands, in `files`."""
        path = self.root / name
        try:
            found = path.read_bytes() if path.exists() else None
            if found == text.encode():
                files[name] = "unchanged"
            elif self.options.check:
                files[name] = "missing" if found is None else "stale"
            else:
                write_atomically(path, text)
                files[name] = "written"
        except OSError as error:
            raise StackproofError(f"{name}: cannot be written: {error.strerror}") from error

    def _key(self, report: Report) -> str:
        """The key of a template's record: its two files as they stand in dist/, and all that they are judged by.

        The page on parameters is among that: where the record holds, the page need not be looked at.
        """
        return verdicts.key(self.circumstances, *(self.root / path for path in (*_files(report.name), PAGE)))

    def _place(self, report: Report) -> Path:
        return self.root / ".cache" / "build" / f"{report.name}.json"

    def _left_over(self) -> list[str]:
        """Files in dist/ that no template makes; names that begin with a dot are the tools' own business."""
        made = {path for name in self.templates for path in _files(name)}
        found = (f"{DIST}/{path.name}" for path in (self.root / DIST).glob("[!.]*"))
        return sorted(set(found) - made)

    def _print(self, summary: Summary) -> None:
        if self.options.json:
            text = json.dumps(build_report.as_json(summary), indent=2)
        else:
            text = build_report.as_text(summary, sys.stdout)
        sys.stdout.write(f"{text}\n")


def _excuse(report: Report, why: str) -> None:
    """Say why a template is neither linted nor proven, unless it is said already."""
    report.unlinted = report.unlinted or why
    report.unproved = report.unproved or why


def _files(name: str) -> tuple[str, str]:
    """The two files of a template, below the root: the template first."""
    return f"{DIST}/{name}.json", f"{DIST}/{name}.params.schema.json"
