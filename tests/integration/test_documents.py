"""The examples of the documents are run as they stand there: what a reader types gives what he reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests import documents
from tests.documents import ROOT

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    "name",
    [
        "docs/deploying.md",
        "docs/deploying/plans.md",
        "docs/deploying/apply.md",
        "docs/existing-stacks.md",
        "docs/upgrades.md",
    ],
)
def test_each_example_prints_what_the_document_says(name: str, tmp_path: Path) -> None:
    """To accept what they print now: `python -m tests.documents NAME`."""
    wrong = [
        f"{name}:{each.line + 1}: $ {each.command}\n" + "\n".join(printed)
        for each, printed in documents.played(ROOT / name, tmp_path)
        if not documents.matches(each.output, printed)
    ]
    assert wrong == [], "\n\n".join(wrong)


SESSION = """\
```console
$ cat > words <<'END'
one
$ two
END
$ false; echo more
more
$ echo $?
0
```
```
$ not run
```
```console
$ (exit 3)
$ echo $? >&2
3
```
"""


def test_a_session_is_typed_into_one_shell(tmp_path: Path) -> None:
    found = documents.examples(SESSION)
    assert [(each.line, each.start) for each in found] == [(1, 5), (5, 6), (7, 8), (14, 15), (15, 16)]
    printed = documents.run([each.command for each in found], tmp_path, documents.variables("http://127.0.0.1:9"))
    assert printed == [[], ["more"], ["0"], [], ["3"]]
    assert [each.output for each in found] == printed
    assert (tmp_path / "words").read_text() == "one\n$ two\n"


@pytest.mark.parametrize(
    ("expected", "printed", "is_match"),
    [
        (["a"], ["a"], True),
        (["a"], ["b"], False),
        (["a"], ["a", "b"], False),
        (["a", "…", "d"], ["a", "b", "c", "d"], True),
        (["a", "…", "d"], ["a", "d"], True),
        (["a", "…", "d"], ["a", "b"], False),
        (["made at 2026-01-02 03:04:05 UTC"], ["made at 2026-11-12 13:14:15 UTC"], True),
        (["Vpc  vpc-0123456789abcdef0  x"], ["Vpc  vpc-fedcba98  x"], True),
        (["Vpc  vpc-0123456789abcdef0  x"], ["Vpc  vpc-fedcba98  y"], False),
        (["count: 12"], ["count: 13"], False),
        (["0 broken, 12 proved"], ["0 broken, 13 proved"], True),
        (["0 broken, 12 proved"], ["1 broken, 12 proved"], False),
        (["  0:00   7 of 76  CREATE_COMPLETE"], ["  0:01  12 of 80  CREATE_COMPLETE"], True),
        (["Added (76)"], ["Added (80)"], True),
        (["1 to add"], ["0 to add"], False),
        (["a.b"], ["axb"], False),
    ],
)
def test_only_what_differs_from_run_to_run_may_differ(expected: list[str], printed: list[str], is_match: bool) -> None:
    assert documents.matches(expected, printed) == is_match


def test_what_is_accepted_stays_as_short_as_it_was() -> None:
    printed = ["1", "2", "3", "4", "5"]
    assert documents.shortened(["a", "…", "b", "c"], printed) == ["1", "…", "4", "5"]
    assert documents.shortened(["a", "…"], printed) == ["1", "…"]
    assert documents.shortened([], printed) == printed
