"""What a build remembers, and what makes it build, check and lint again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from stackproof import verdicts
from stackproof.verdicts import Finding, Record
from tests.unit.stackproof.project import Project, sound, unsound

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from troposphere import Template

FINDING = Finding("E3002", "error", "Resources.Topic", 7, "wrong", None)
RECORD = Record("sources", 3, 2, 100, 50, ["dev"], ["us-east-1"], [FINDING])


@pytest.fixture
def project(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Project:
    """A project with an environment, and a count of how often its builder ran."""
    project = Project(tmp_path, capsys)
    project.environment("dev", Name="a")
    project.write(".cfnlintrc", "include_checks: [I]\n")
    return project


class Counted:
    """A builder that knows how often it ran."""

    def __init__(self, builder: Callable[[], Template] = sound) -> None:
        self.builder = builder
        self.runs = 0

    def build(self) -> Template:
        self.runs += 1
        return self.builder()


# The store itself


@pytest.mark.parametrize("findings", [None, [], [FINDING]])
def test_a_record_is_read_as_it_was_stored(tmp_path: Path, findings: list[Finding] | None) -> None:
    path = tmp_path / "cache" / "a.json"
    record = RECORD._replace(findings=findings)

    verdicts.store(path, "key", record)

    assert verdicts.load(path, "key") == record
    assert verdicts.load(path, "another key") is None


@pytest.mark.parametrize(
    "damage",
    [
        lambda _: b"",
        lambda data: data[:-1],
        lambda data: data.replace(b"E3002", b"E3003"),
        lambda data: data.split(b"\n")[1],
        lambda data: b"\xff\xfe" + data,
        lambda _: b'{"key": "key", "findings": []}',
        lambda data: b"0" * 64 + b"\n" + data.split(b"\n")[1],
    ],
)
def test_a_damaged_record_is_none(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    path = tmp_path / "a.json"
    verdicts.store(path, "key", RECORD)
    path.write_bytes(damage(path.read_bytes()))

    assert verdicts.load(path, "key") is None


def test_a_digest_follows_names_contents_and_borders(tmp_path: Path) -> None:
    a, b = tmp_path / "a", tmp_path / "b"
    a.write_bytes(b"12")
    b.write_bytes(b"3")
    folder = tmp_path / "folder"
    (folder / "deep").mkdir(parents=True)
    (folder / "deep" / "c.py").write_text("x = 1")

    def digest(*files: Path, words: tuple[str, ...] = ()) -> str:
        return verdicts.digest(files, [], words)

    first = [digest(a, b), digest(b, a), digest(a), digest(folder), digest(), digest(tmp_path / "missing")]
    words = [digest(words=("a", "b")), digest(words=("ab",))]
    assert len({*first, *words}) == len(first) + len(words)
    assert digest(a, b) == first[0]
    a.write_bytes(b"1")
    b.write_bytes(b"23")
    assert digest(a, b) != first[0]
    (folder / "deep" / "c.py").write_text("x = 2")
    assert digest(folder) != first[3]


def test_a_digest_follows_a_package_s_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "some_package"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "version.py").write_text('__version__ = "1"')
    (tmp_path / "no_init").mkdir()
    monkeypatch.syspath_prepend(tmp_path)

    first = verdicts.digest([], ["some_package"], [])
    (package / "version.py").write_text('__version__ = "2"')

    assert verdicts.digest([], ["some_package"], []) != first
    # Neither is a reason to fail here: whoever needs the package will say so.
    assert verdicts.digest([], ["no_such_package"], []) == verdicts.digest([], ["no_init"], [])


# The build with it


def test_an_unchanged_build_does_not_lint_again(project: Project) -> None:
    first, second = project.build(), project.build()

    assert (first.code, first.linted) == (0, ["dist/topic.json"])
    assert (second.code, second.linted) == (0, [])
    assert "lint: clean with dev in us-east-1, stored verdict" in second.out


def test_an_unchanged_build_that_failed_fails_again_and_says_why(project: Project) -> None:
    project.templates = {"topic": unsound}
    project.write("params/dev.json", {})

    first, second = project.build("--json"), project.build("--json")

    assert (first.code, second.code, second.linted) == (1, 1, [])
    [before], [after] = first.data["templates"], second.data["templates"]
    assert [finding["id"] for finding in after["lint"]["findings"]] == ["W2001"]
    assert after["lint"] == before["lint"] | {"stored": True}


def _described() -> Template:
    t = sound()
    t.set_description("Another")
    return t


CHANGES: dict[str, Callable[[Project, pytest.MonkeyPatch], Any]] = {
    "template": lambda project, _: project.templates.update(topic=_described),
    "parameters": lambda project, _: project.write("params/dev.json", {"Parameters": {"Name": "b"}}),
    "targets": lambda project, _: project.write(
        "params/targets.toml", '[dev]\ntemplate = "topic"\nregion = "eu-west-1"'
    ),
    "regions": lambda project, _: setattr(project, "regions", ("us-east-1", "sa-east-1")),
    "rules": lambda project, _: project.write(".cfnlintrc", "include_checks: [I, W]\n"),
    "linter": lambda _project, patch: patch.setattr(verdicts, "_version", lambda _: b"0.1"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_whatever_the_verdict_depends_on_makes_it_lint_again(
    project: Project, change: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.build()
    CHANGES[change](project, monkeypatch)

    outcome = project.build()

    assert (outcome.code, outcome.linted) == (0, ["dist/topic.json"])
    assert project.build().linted == []


def test_fresh_lints_again(project: Project) -> None:
    project.build()

    assert project.build("--fresh").linted == ["dist/topic.json"]


def test_a_damaged_store_is_no_store(project: Project) -> None:
    project.build()
    [stored] = (project.root / ".cache").rglob("*.json")
    stored.write_text("{}")

    assert project.build().linted == ["dist/topic.json"]
    assert project.build().linted == []


def test_a_store_that_cannot_be_written_is_no_fault(project: Project) -> None:
    project.write(".cache", "a file")

    assert [project.build().linted for _ in range(2)] == [["dist/topic.json"]] * 2
    assert project.build().code == 0


def test_a_build_without_lint_keeps_the_verdict_and_makes_none_up(project: Project) -> None:
    assert "lint: not run (--no-lint)" in project.build("--no-lint").out
    assert project.build().linted == ["dist/topic.json"]
    assert project.build("--no-lint", "--fresh").linted == []
    assert project.build().linted == []


def test_a_fault_in_params_is_told_every_time(project: Project) -> None:
    project.write("params/dev.json", {"Parameters": {"Nmae": "a"}})

    assert [project.build().code for _ in range(2)] == [2, 2]


def test_a_fault_of_one_template_does_not_make_the_others_pass(project: Project) -> None:
    """The key covers all of params/, so a record under it must mean that all of params/ is sound."""
    project.templates = {"topic": sound, "other": unsound}
    project.write("params/dev.json", {"Parameters": {"Nmae": "a"}})

    assert [project.build("other", "--no-lint").code for _ in range(2)] == [0, 0]
    assert project.build("--no-lint").code == 2
    assert project.build("--no-lint").code == 2


# Not even building


def test_a_template_whose_sources_did_not_change_is_not_built(project: Project) -> None:
    counted = Counted()
    project.templates = {"topic": counted.build}
    source = project.write("builders/topic.py", "x = 1")
    project.sources = [project.root / "builders", project.root / "application.toml"]

    first, second = project.build("--json"), project.build("--json")
    assert counted.runs == 1
    assert second.data["templates"][0]["files"] == {
        "dist/topic.json": "unchanged",
        "dist/topic.params.schema.json": "unchanged",
    }
    for key in ("resources", "parameters", "bytes"):
        assert second.data["templates"][0][key] == first.data["templates"][0][key]

    # The same template from other sources: built, and not linted.
    source.write_text("x = 2")
    third = project.build()
    assert (counted.runs, third.linted) == (2, [])
    assert "stored verdict" in third.out
    project.build()
    assert counted.runs == 2

    project.write("application.toml", "y = 1")
    project.build("--check")
    assert counted.runs == 3
    project.build("--fresh", "--no-lint")
    assert counted.runs == 4


def test_without_known_sources_it_is_always_built(project: Project) -> None:
    counted = Counted()
    project.templates = {"topic": counted.build}

    project.build()
    project.build()

    assert counted.runs == 2


@pytest.mark.parametrize("edited", ["topic.json", "topic.params.schema.json"])
def test_dist_edited_by_hand_is_seen_though_the_sources_did_not_change(project: Project, edited: str) -> None:
    project.sources = [project.write("builder.py", "x = 1")]
    project.build()
    before = project.read(f"dist/{edited}")
    project.write(f"dist/{edited}", "{}")

    assert project.build("--check").code == 3
    outcome = project.build()
    assert (outcome.code, outcome.linted) == (0, [])
    assert f"dist/{edited} written" in outcome.out
    assert project.read(f"dist/{edited}") == before


def test_a_verdict_that_was_not_asked_for_is_asked_for_later(project: Project) -> None:
    project.sources = [project.write("builder.py", "x = 1")]
    project.build("--no-lint")

    assert project.build().linted == ["dist/topic.json"]
