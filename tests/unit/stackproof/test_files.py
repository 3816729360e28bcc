"""Files that are whole or not there."""

from __future__ import annotations

from pathlib import Path

import pytest

from stackproof.files import write_atomically


def test_the_text_is_written_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "a.json"

    write_atomically(path, "ä\r\nb\n")

    assert path.read_bytes() == "ä\r\nb\n".encode()
    assert [found.name for found in path.parent.iterdir()] == ["a.json"]


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.json"
    path.write_text("old")

    def interrupted(self: Path, target: Path) -> None:
        raise KeyboardInterrupt(self.name, target.name)

    monkeypatch.setattr(Path, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_atomically(path, "new")

    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
