"""What `python build.py` writes, checks and says, on small templates."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest
from troposphere import Output, Ref, Template

from stackproof import building, emitting
from tests.unit.stackproof.project import Project, sound, unsound

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def project(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Project:
    return Project(tmp_path, capsys)


# The files


def test_a_template_is_written_for_people_to_read() -> None:
    t = sound()
    t.set_version()
    t.add_output(Output("Topic", Value=Ref("Topic")))

    text = emitting.emit(t)

    assert text.startswith('{\n  "AWSTemplateFormatVersion": "2010-09-09",\n  "Description": "A topic",\n')
    assert text.endswith("}\n")
    assert not text.endswith("\n\n")
    assert "\r" not in text
    content = json.loads(text)
    assert list(content) == ["AWSTemplateFormatVersion", "Description", "Parameters", "Resources", "Outputs"]
    assert list(content["Resources"]["Topic"]) == ["Type", "Properties"]
    assert list(content["Parameters"]["Name"]) == ["Type", "Description"]


def test_a_template_says_what_troposphere_says() -> None:
    assert json.loads(emitting.emit(sound())) == json.loads(sound().to_json())


def test_what_is_sent_is_the_same_without_the_spaces() -> None:
    content = emitting.document(sound())

    assert json.loads(emitting.compact(content)) == content
    assert " " not in emitting.compact(content).replace("A topic", "").replace("What subscribers see", "")


def test_the_files_are_the_same_bytes_in_every_locale() -> None:
    assert emitting.emit(Template(Description="Prüfung")).isascii()


def test_both_files_are_written(project: Project) -> None:
    outcome = project.build("--no-lint")

    assert outcome.code == 0
    assert project.read("dist/topic.json").decode() == emitting.emit(sound())
    schema = project.read("dist/topic.params.schema.json")
    assert schema.endswith(b"}\n")
    assert list(json.loads(schema)["properties"]["Parameters"]["properties"]) == ["Name"]
    assert outcome.out.startswith("topic: dist/topic.json, dist/topic.params.schema.json written\n")
    assert "1 resource, 1 parameter, " in outcome.out


def test_a_file_that_says_the_same_already_is_left_alone(project: Project) -> None:
    project.build("--no-lint")
    template, schema = (project.root / "dist" / name for name in ("topic.json", "topic.params.schema.json"))
    schema.write_text("edited")
    before = template.stat()

    outcome = project.build("--no-lint")

    assert "dist/topic.json unchanged and dist/topic.params.schema.json written" in outcome.out
    # A rename makes another file.
    assert (template.stat().st_ino, template.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert json.loads(schema.read_bytes())["type"] == "object"


def test_only_what_was_asked_for_is_built(project: Project) -> None:
    project.templates = {"a": sound, "b": sound, "c": sound}

    assert project.build("c", "a", "--no-lint").code == 0

    assert sorted(path.name for path in (project.root / "dist").glob("*.json") if "schema" not in path.name) == [
        "a.json",
        "c.json",
    ]


def test_dist_that_cannot_be_written_is_told_in_a_sentence(project: Project) -> None:
    project.write("dist", "a file")

    outcome = project.build("--no-lint")

    assert (outcome.code, outcome.out) == (1, "")
    assert outcome.err == "dist/topic.json: cannot be written: File exists\n"


# --check


def test_check_is_content_with_what_build_made(project: Project) -> None:
    project.build("--no-lint")

    outcome = project.build("--check", "--no-lint")

    assert outcome.code == 0
    assert "stale" not in outcome.out


def test_check_names_everything_that_is_not_as_it_should_be_and_writes_nothing(project: Project) -> None:
    project.templates = {"a": sound, "b": sound}
    project.build("--no-lint")
    (project.root / "dist/a.params.schema.json").unlink()
    project.write("dist/b.json", "{}")
    project.write("dist/old.json", "{}")
    project.write("dist/.gitkeep", "")
    before = {path: path.read_bytes() for path in (project.root / "dist").iterdir()}

    outcome = project.build("--check", "--no-lint")

    assert outcome.code == 3
    assert outcome.out.splitlines()[-4:-1] == [
        "dist/a.params.schema.json: missing, run python build.py",
        "dist/b.json: stale, run python build.py",
        "dist/old.json: left over, no template makes it: delete it",
    ]
    assert {path: path.read_bytes() for path in (project.root / "dist").iterdir()} == before
    assert project.build("--check", "--no-lint", "--json").data["out_of_date"] == {
        "dist/a.params.schema.json": "missing",
        "dist/b.json": "stale",
        "dist/old.json": "left over",
    }


def test_check_of_one_template_knows_the_files_of_the_others(project: Project) -> None:
    project.templates = {"a": sound, "b": sound}
    project.build("--no-lint")
    project.write("dist/b.json", "{}")

    assert project.build("a", "--check", "--no-lint").code == 0


def test_check_does_not_lint_what_is_not_in_dist(project: Project) -> None:
    project.build("--no-lint")
    project.templates = {"topic": unsound}

    outcome = project.build("--check")

    assert (outcome.code, outcome.linted) == (3, [])
    assert "lint: not run (dist/topic.json is stale)" in outcome.out


@pytest.mark.parametrize("edited", ["topic.json", "topic.params.schema.json"])
def test_check_does_not_get_used_to_a_stale_file(project: Project, edited: str) -> None:
    project.build()
    project.write(f"dist/{edited}", "{}")

    assert [project.build("--check").code for _ in range(3)] == [3, 3, 3]
    assert project.build().code == 0
    assert project.build("--check").code == 0


# The linter


def test_findings_fail_the_build_and_dist_is_written_all_the_same(project: Project) -> None:
    project.templates = {"topic": unsound}

    outcome = project.build()

    assert outcome.code == 1
    assert project.read("dist/topic.json").decode() == emitting.emit(unsound())
    assert "  lint: 1 finding with its defaults in us-east-1\n" in outcome.out
    assert "\n    dist/topic.json:3: W2001 warning: Parameter Unused not used. at Parameters.Unused\n" in outcome.out


def test_an_environment_is_linted_with_the_template_and_its_disposable_variant(project: Project) -> None:
    project.templates = {"topic": sound, "topic-disposable": sound, "other": unsound}
    project.environment("dev", "topic-disposable", "eu-west-1", Name="a")
    project.environment("prod", "topic", "sa-east-1", Name="b")

    reports = project.build("--json").data["templates"]

    assert {report["name"]: report["lint"]["environments"] for report in reports} == {
        "topic": ["dev", "prod"],
        "topic-disposable": ["dev", "prod"],
        "other": [],
    }
    assert {tuple(report["lint"]["regions"]) for report in reports} == {("us-east-1", "eu-west-1", "sa-east-1")}
    assert [report["lint"]["verdict"] for report in reports] == ["clean", "clean", "findings"]


def test_progress_goes_to_standard_error(project: Project) -> None:
    outcome = project.build("--json")

    assert outcome.err == "linting dist/topic.json …\n"
    assert outcome.data["templates"][0]["lint"]["verdict"] == "clean"


# Bad input


def test_all_faults_of_all_environments_are_told_at_once(project: Project) -> None:
    project.environment("dev", Nmae="a")
    project.environment("prod", "topik", Name="b")
    project.write("params/staging.json", "{")
    project.write("params/test.json", {"Parameters": {}})

    outcome = project.build()

    assert outcome.code == 2
    assert outcome.linted == []
    assert "lint: not run (faults in its parameters)" in outcome.out
    told = outcome.err
    assert "params/dev.json:3: Parameters.Nmae" in told
    assert 'did you mean "Name"?' in told
    assert (
        'params/targets.toml: prod.template: "topik" is no template of this repository, did you mean "topic"?' in told
    )
    assert "params/staging.json:1: no valid JSON" in told
    assert "params/targets.toml: staging: names no template" in told
    assert "params/targets.toml: test: names no template" in told
    # The file is right, and the person who repairs the parameters wants its schema.
    assert project.read("dist/topic.json").decode() == emitting.emit(sound())
    assert "Traceback" not in told


def test_a_table_that_cannot_be_read_is_told_once(project: Project) -> None:
    project.environment("dev", Name="a")
    project.environment("prod", "dist/topic.json", Name="b")
    told = project.build().err.splitlines()
    [fault] = [line for line in told if line.startswith("params/targets.toml")]
    assert fault.startswith('params/targets.toml: prod.template: "dist/topic.json" is no name of a template in dist/')
    project.write("params/targets.toml", "[dev]\n[dev]\n")
    told = project.build().err.splitlines()
    assert [line for line in told if line.startswith("params/targets.toml")] == [
        "params/targets.toml:2: no valid TOML, column 5: Cannot declare dev twice"
    ]


def test_no_environment_takes_the_suffix_of_another(project: Project) -> None:
    project.templates = {"topic": lambda: sound("EnvironmentSuffix")}
    project.environment("dev", EnvironmentSuffix="dev")
    project.environment("prod", EnvironmentSuffix="dev")
    outcome = project.build()
    assert outcome.code == 2
    assert 'params/prod.json:3: Parameters.EnvironmentSuffix: EnvironmentSuffix "dev" is another environment' in (
        outcome.err
    )
    assert "params/dev.json" not in outcome.err


def test_faults_are_in_the_json_too(project: Project) -> None:
    project.environment("dev", Nmae="a")

    [unknown, missing] = project.build("--json").data["faults"]

    assert (unknown["where"], unknown["key"]) == ("params/dev.json:3", "Parameters.Nmae")
    assert '"Name"' in unknown["message"] + missing["message"]


def test_what_the_linter_cannot_be_asked_is_bad_input_once(project: Project) -> None:
    project.templates = {"a": sound, "b": sound}
    project.regions = ("us-east-1", "us-eas-1")

    outcome = project.build("--json")

    assert outcome.code == 2
    assert [report["lint"]["verdict"] for report in outcome.data["templates"]] == ["not run", "not run"]
    sentence = 'regions: us-eas-1: cfn-lint knows no such region, did you mean "us-east-1"?'
    assert outcome.err.splitlines()[-1] == sentence
    assert outcome.err.count(sentence) == 1
    assert project.build().code == 2


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["topci"], 'no template is named "topci", did you mean "topic"? (there are topic)'),
        (["x", "topic", "y"], 'no template is named "x"; no template is named "y" (there are topic)'),
        (["--chekc"], 'unknown argument "--chekc", did you mean "--check"?'),
    ],
)
def test_wrong_usage_is_answered_with_the_nearest_word(project: Project, arguments: list[str], sentence: str) -> None:
    outcome = project.build(*arguments)

    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.endswith(f"build.py: {sentence}\n")
    assert not (project.root / "dist").exists()


# Imports


def test_a_postponed_module_is_imported_when_it_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "seldom_used.py").write_text("import sys\nsys.modules['was_imported'] = sys\nanswer = 42\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "seldom_used", raising=False)
    monkeypatch.delitem(sys.modules, "was_imported", raising=False)

    building.postpone("seldom_used")
    import seldom_used  # type: ignore[import-not-found]  # written above

    assert "was_imported" not in sys.modules
    assert seldom_used.answer == 42
    assert seldom_used.answer == 42
    assert "was_imported" in sys.modules
