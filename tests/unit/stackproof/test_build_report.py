"""What a build says: sizes, findings, colours, exit codes."""

from __future__ import annotations

import io

import pytest

from stackproof.build_report import BUCKET_LIMIT, INLINE_LIMIT, Report, Summary, as_json, as_text
from stackproof.errors import Fault
from stackproof.verdicts import Finding, Record

RECORD = Record("", 1, 2, 1234, 567, ["dev", "prod"], ["sa-east-1", "us-east-1"], [], [], 12)
ERROR = Finding("E3002", "error", "Resources.Vpc", 12, "wrong", None)
OF_PROD = Finding("E2900", "error", "", 1, "'A' is a required property", "prod")

BROKEN = Finding("net-image", "broken", "Resources.Service", 7, "No way out. Add one.", "dev, prod")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def report(**changes: object) -> Report:
    written = {"dist/lms.json": "written", "dist/lms.params.schema.json": "unchanged"}
    return Report(**{"name": "lms", "files": written, "record": RECORD, "seconds": 1.234} | changes)  # type: ignore[arg-type]  # as above


def summary(*reports: Report, left_over: tuple[str, ...] = (), faults: tuple[Fault, ...] = ()) -> Summary:
    return Summary(reports, left_over, faults, 2.345)


def text(*reports: Report) -> str:
    return as_text(summary(*reports), io.StringIO())


def test_a_clean_template() -> None:
    assert text(report()) == (
        "lms: dist/lms.json written and dist/lms.params.schema.json unchanged\n"
        "  1 resource, 2 parameters, 1,234 bytes indented, 567 compact: sent inline (1% of 51,200)\n"
        "  lint: clean with dev, prod in sa-east-1, us-east-1\n"
        "  proofs: clean, 12 needs hold\n"
        "  took 1.23 s\n"
        "1 template in 2.35 s"
    )


def test_findings_stand_where_an_editor_finds_them() -> None:
    lines = text(report(record=RECORD._replace(findings=[OF_PROD, ERROR]), stored=True)).splitlines()

    assert lines[2:5] == [
        "  lint: 2 findings with dev, prod in sa-east-1, us-east-1, stored verdict",
        "    dist/lms.json:1: E2900 error: 'A' is a required property (environment prod)",
        "    dist/lms.json:12: E3002 error: wrong at Resources.Vpc",
    ]


def test_what_is_not_proven_stands_where_an_editor_finds_it() -> None:
    one = report(record=RECORD._replace(broken=[BROKEN]), stored=True)

    assert text(one).splitlines()[3:5] == [
        "  proofs: 1 finding, 12 needs hold, stored verdict",
        "    dist/lms.json:7: net-image broken: No way out. Add one. (environment dev, prod) at Resources.Service",
    ]
    assert summary(one).exit_code == 1


def test_proofs_that_were_not_asked_for_do_not_count() -> None:
    one = report(record=RECORD._replace(broken=[BROKEN]), unproved="--no-proofs")

    assert "  proofs: not run (--no-proofs)\n" in text(one)
    assert "net-image" not in text(one)
    assert summary(one).exit_code == 0


def test_findings_that_were_not_asked_for_do_not_count() -> None:
    one = report(record=RECORD._replace(findings=[ERROR]), unlinted="--no-lint")

    assert "  lint: not run (--no-lint)\n" in text(one)
    assert "E3002" not in text(one)
    assert summary(one).exit_code == 0


@pytest.mark.parametrize(
    ("size", "told"),
    [
        (INLINE_LIMIT, "51,200 compact: sent inline (100% of 51,200)"),
        (INLINE_LIMIT + 1, "51,201 compact: over 51,200, sent by the artifact bucket (5% of 1 MB)"),
        (BUCKET_LIMIT, "1,000,000 compact: over 51,200, sent by the artifact bucket (100% of 1 MB)"),
        (BUCKET_LIMIT + 1, "1,000,001 compact: over 1 MB, more than CloudFormation takes"),
    ],
)
def test_the_size_is_told_against_the_limits(size: int, told: str) -> None:
    assert f"{told}\n" in text(report(record=RECORD._replace(compact=size)))


def test_a_template_that_was_not_built() -> None:
    assert text(report(record=None, failure="templates/lms.py:3: ValueError: no"), report()).startswith(
        "lms: not built: templates/lms.py:3: ValueError: no\nlms: dist/lms.json written"
    )


@pytest.mark.parametrize("variable", [None, ("NO_COLOR", "1"), ("TERM", "dumb")])
def test_colour_is_for_terminals_that_want_it(
    monkeypatch: pytest.MonkeyPatch, variable: tuple[str, str] | None
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    if variable:
        monkeypatch.setenv(*variable)

    told = as_text(summary(report()), Terminal())

    if variable:
        assert told == text(report())
    else:
        assert "\033[1mlms\033[0m: " in told
        assert "\033[32mclean\033[0m" in told


STALE = {"dist/lms.json": "stale"}
FAULT = Fault("params/dev.json", "Parameters.A", "wrong")


@pytest.mark.parametrize(
    ("what", "code"),
    [
        (summary(report()), 0),
        (summary(report(), report(files=STALE)), 3),
        (summary(report(files={"dist/lms.json": "missing"})), 3),
        (summary(report(), left_over=("dist/old.json",)), 3),
        (summary(report(files=STALE), report(record=RECORD._replace(findings=[ERROR]))), 1),
        (summary(report(record=None, failure="x")), 1),
        (summary(report(record=None, failure="x"), report(files=STALE), faults=(FAULT,)), 2),
    ],
)
def test_the_gravest_outcome_is_the_exit_code(what: Summary, code: int) -> None:
    assert what.exit_code == code


def test_json_says_all_that_the_text_says() -> None:
    found = report(record=RECORD._replace(findings=[ERROR], broken=[BROKEN]), stored=True)
    failed = report(name="bad", files={}, record=None, failure="templates/bad.py:3: ValueError: no", seconds=0)

    assert as_json(summary(found, failed, left_over=("dist/old.json",), faults=(FAULT,))) == {
        "templates": [
            {
                "name": "lms",
                "files": {"dist/lms.json": "written", "dist/lms.params.schema.json": "unchanged"},
                "failure": None,
                "resources": 1,
                "parameters": 2,
                "bytes": {"indented": 1234, "compact": 567, "inline_limit": 51200},
                "lint": {
                    "verdict": "findings",
                    "why_not": None,
                    "stored": True,
                    "environments": ["dev", "prod"],
                    "regions": ["sa-east-1", "us-east-1"],
                    "findings": [
                        {
                            "id": "E3002",
                            "level": "error",
                            "path": "Resources.Vpc",
                            "line": 12,
                            "message": "wrong",
                            "environment": None,
                        }
                    ],
                },
                "proofs": {
                    "verdict": "findings",
                    "why_not": None,
                    "stored": True,
                    "proved": 12,
                    "findings": [
                        {
                            "id": "net-image",
                            "level": "broken",
                            "path": "Resources.Service",
                            "line": 7,
                            "message": "No way out. Add one.",
                            "environment": "dev, prod",
                        }
                    ],
                },
                "seconds": 1.234,
            },
            {
                "name": "bad",
                "files": {},
                "failure": "templates/bad.py:3: ValueError: no",
                "seconds": 0,
            },
        ],
        "pages": {},
        "out_of_date": {"dist/old.json": "left over"},
        "faults": [{"where": "params/dev.json", "key": "Parameters.A", "message": "wrong"}],
        "seconds": 2.345,
    }


@pytest.mark.parametrize(
    ("one", "verdict"), [(report(), "clean"), (report(unlinted="--no-lint"), "not run"), (report(stored=True), "clean")]
)
def test_the_verdict_has_a_word(one: Report, verdict: str) -> None:
    [told] = as_json(summary(one))["templates"]

    assert told["lint"]["verdict"] == verdict
    assert told["lint"]["why_not"] == (one.unlinted or None)
    assert told["lint"]["stored"] == one.stored


@pytest.mark.parametrize(
    ("one", "verdict"),
    [(report(), "clean"), (report(unproved="--no-proofs"), "not run"), (report(stored=True), "clean")],
)
def test_the_proofs_have_a_word(one: Report, verdict: str) -> None:
    [told] = as_json(summary(one))["templates"]

    assert told["proofs"]["verdict"] == verdict
    assert told["proofs"]["why_not"] == (one.unproved or None)
    assert told["proofs"]["stored"] == one.stored
