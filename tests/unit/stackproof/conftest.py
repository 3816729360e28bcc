"""`stackproof …` in this process, on files in a folder of its own."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from stackproof import commands
from tests.unit.stackproof.project import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., Outcome]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, object], str]:
    """Write a file into the current folder; gives its name."""
    monkeypatch.chdir(tmp_path)

    def _write(name: str, content: object) -> str:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content, indent=1))
        return name

    return _write


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run `stackproof` with these words."""

    def _run(*arguments: str) -> Outcome:
        try:
            code = commands.main(arguments)
        except SystemExit as end:  # argparse
            code = int(end.code or 0)
        told = capsys.readouterr()
        return Outcome(code, told.out, told.err)

    return _run
