"""What a person reads when a builder fails, and that the other templates are built all the same."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NoReturn

import pytest
from troposphere import Template
from troposphere.s3 import Bucket
from troposphere.sns import Topic

from stackproof import emitting
from tests.unit.stackproof.project import Project, sound

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def project(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Project:
    return Project(tmp_path, capsys)


def at_fault() -> NoReturn:
    raise ValueError("a zone too\nmany")


def deep() -> Template:
    t = Template()
    _add(t)
    return t


def _add(t: Template) -> None:
    t.add_resource(Topic("Topic", DisplayNam="x"))


def incomplete() -> Template:
    t = Template()
    t.add_resource(Bucket("Store", Tags="none"))
    return t


def wrong_type() -> Template:
    t = Template()
    t.add_resource(Topic("Topic", FifoTopic="perhaps"))
    return t


def no_json() -> Template:
    return Template(Metadata={"seen": {1, 2}}, Description="x")


def not_a_number() -> Template:
    return Template(Metadata={"ratio": float("nan")}, Description="x")


def line_of(function: Callable[..., object], below: int) -> str:
    return f"tests/unit/stackproof/test_builder_failures.py:{function.__code__.co_firstlineno + below}: "


@pytest.mark.parametrize(
    ("builder", "place", "sentence"),
    [
        (at_fault, line_of(at_fault, 1), "ValueError: a zone too many"),
        (partial(at_fault), line_of(at_fault, 1), "ValueError: a zone too many"),
        (deep, line_of(_add, 1), "AttributeError: AWS::SNS::Topic object does not support attribute DisplayNam"),
        (incomplete, line_of(incomplete, 2), "TypeError: "),
        (wrong_type, line_of(wrong_type, 2), "ValueError: its words stand above"),
        # No line of the builder runs any more.
        (no_json, line_of(no_json, 0), "TypeError: Object of type set is not JSON serializable"),
        (not_a_number, line_of(not_a_number, 0), "ValueError: Out of range float values are not JSON compliant"),
        (lambda: None, "tests/unit/stackproof/test_builder_failures.py:", "AttributeError: 'NoneType'"),
    ],
)
def test_a_builder_that_fails_is_told_with_file_line_and_sentence(
    project: Project, builder: Callable[[], Template], place: str, sentence: str
) -> None:
    project.templates = {"bad": builder, "topic": sound}

    outcome = project.build("--no-lint")

    assert outcome.code == 1
    told = outcome.out.splitlines()[0]
    assert told.startswith("bad: not built: ")
    assert place in told
    assert sentence in told
    assert "Traceback" not in outcome.err
    assert not (project.root / "dist/bad.json").exists()
    assert project.read("dist/topic.json").decode() == emitting.emit(sound())


def test_the_place_is_told_from_the_root(project: Project) -> None:
    project.root = project.root / "repository"
    source = project.write("parts/builders.py", "def build():\n    raise KeyError('zone')\n")
    code = compile(source.read_text(), str(source), "exec")
    names: dict[str, Callable[[], Template]] = {}
    exec(code, names)  # noqa: S102  # a builder that lives below the root
    project.templates = {"bad": names["build"]}

    assert project.build().out.splitlines()[0] == "bad: not built: parts/builders.py:2: KeyError: 'zone'"


def test_debug_shows_the_traceback(project: Project) -> None:
    project.templates = {"bad": at_fault}

    outcome = project.build("--debug")

    assert outcome.code == 1
    assert "Traceback (most recent call last)" in outcome.err
    assert "in at_fault" in outcome.err


def test_a_builder_whose_input_is_at_fault_is_bad_input(project: Project) -> None:
    class InputError(ValueError):
        faults = (("application.toml", "variables.A", "is wrong"), ("application.toml", "", "is old"))

    def build() -> NoReturn:
        raise InputError

    project.templates = {"a": build, "b": build, "topic": sound}

    outcome = project.build("--no-lint")

    assert outcome.code == 2
    assert outcome.err.splitlines() == ["application.toml: variables.A: is wrong", "application.toml: is old"]
    # The faults of params/ are told with it, as far as they can be seen without the template.
    project.write("params/dev.json", "")
    assert "params/dev.json: the file is empty" in project.build("a", "--no-lint").err
    assert outcome.out.splitlines()[:2] == ["a: not built: faults in its input", "b: not built: faults in its input"]
    assert (project.root / "dist/topic.json").exists()


def test_an_interrupted_build_ends_with_130(project: Project) -> None:
    def build() -> NoReturn:
        raise KeyboardInterrupt

    project.templates = {"topic": build}

    outcome = project.build()

    assert (outcome.code, outcome.out, outcome.err) == (130, "", "interrupted\n")
