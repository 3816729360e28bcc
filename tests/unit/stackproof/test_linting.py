"""What the linter is asked, and what its answers become."""

from __future__ import annotations

import json
import os
import signal
from typing import TYPE_CHECKING, Any

import pytest

from stackproof import linting
from stackproof.errors import BadInputError, StackproofError
from stackproof.linting import lint

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from stackproof.verdicts import Finding

TOPIC = {"Type": "AWS::SNS::Topic"}


def parameters(**types: str) -> dict[str, Any]:
    return {name: {"Type": kind} for name, kind in types.items()}


@pytest.fixture
def check(tmp_path: Path) -> Any:
    """Lint a template that is given as data, in a folder of its own."""

    def run(
        template: dict[str, Any],
        sets: Mapping[str, Mapping[str, str]] | None = None,
        regions: Sequence[str] = ("us-east-1",),
    ) -> list[Finding]:
        path = tmp_path / "t.json"
        path.write_text(json.dumps(template, indent=2))
        return lint({path: sets or {}}, regions=regions, root=tmp_path)[path].findings

    return run


def test_a_sound_template_has_no_finding(check: Any) -> None:
    assert check({"Resources": {"Topic": TOPIC}}) == []


def test_a_finding_says_rule_level_path_line_and_sentence(check: Any) -> None:
    template = {"Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayNam": "x"}}}}

    [finding] = check(template)

    assert (finding.id, finding.level) == ("E3002", "error")
    assert finding.path == "Resources.Topic.Properties.DisplayNam"
    assert finding.line == 6
    assert "'DisplayNam' was unexpected" in finding.message
    assert finding.environment is None


def test_warnings_and_informational_findings_count_too(check: Any) -> None:
    template = {
        "Parameters": parameters(Unused="String"),
        "Resources": {"Topic": TOPIC | {"Properties": {"DisplayName": {"Fn::Join": ["", ["a", "b"]]}}}},
    }

    assert {(finding.id, finding.level) for finding in check(template)} == {
        ("W2001", "warning"),
        ("I1022", "informational"),
    }


def test_what_an_environment_gives_wrongly_carries_its_name(check: Any) -> None:
    template = {
        "Parameters": parameters(Name="String"),
        "Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": {"Ref": "Name"}}}},
    }

    findings = check(template, {"dev": {"Name": "a"}, "prod": {}, "staging": {"Name": "a", "Nme": "b"}})

    assert [(finding.id, finding.environment) for finding in findings] == [("E2900", "prod"), ("E2900", "staging")]
    assert "'Name' is a required property" in findings[0].message
    assert "'Nme' was unexpected" in findings[1].message


def test_the_same_fault_in_two_environments_is_told_for_each(check: Any) -> None:
    template = {
        "Parameters": parameters(Name="String"),
        "Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": {"Ref": "Name"}}}},
    }

    assert [finding.environment for finding in check(template, {"dev": {}, "prod": {}})] == ["dev", "prod"]


def test_the_values_of_an_environment_reach_the_resources(check: Any) -> None:
    """The reason to lint with parameters: the template alone is sound, this value is not."""
    template = {
        "Parameters": parameters(Days="Number"),
        "Resources": {
            "Log": {
                "Type": "AWS::Logs::LogGroup",
                "DeletionPolicy": "Delete",
                "UpdateReplacePolicy": "Delete",
                "Properties": {"RetentionInDays": {"Ref": "Days"}},
            }
        },
    }

    assert check(template, {"dev": {"Days": "30"}}) == []
    assert {finding.id for finding in check(template, {"dev": {"Days": "31"}})} == {"W1030"}


@pytest.mark.parametrize("kind", ["CommaDelimitedList", "List<String>"])
@pytest.mark.parametrize("value", ["sh,-c,sleep 1", "sh", ""])
def test_lists_are_given_as_cfn_lint_takes_them(check: Any, kind: str, value: str) -> None:
    template = {
        "Parameters": parameters(Command=kind),
        "Resources": {
            "Task": {
                "Type": "AWS::ECS::TaskDefinition",
                "Properties": {
                    "ContainerDefinitions": [{"Name": "a", "Image": "b", "Command": {"Ref": "Command"}, "Memory": 64}]
                },
            }
        },
    }

    assert check(template, {"dev": {"Command": value}}) == []


def test_every_region_is_asked(check: Any) -> None:
    """A type that one region has and the other has not."""
    template = {
        "Resources": {
            "App": {"Type": "AWS::RoboMaker::RobotApplication", "Properties": {"RobotSoftwareSuite": {"Name": "ROS"}}}
        }
    }

    assert [finding.id for finding in check(template, regions=["us-east-1", "sa-east-1"])] == ["E3006"]


def test_a_region_that_does_not_exist_is_bad_input(check: Any) -> None:
    with pytest.raises(BadInputError) as caught:
        check({"Resources": {"Topic": TOPIC}}, regions=["sa-east-1", "us-eas-1", "moon-1"])

    assert str(caught.value).splitlines() == [
        'regions: us-eas-1: cfn-lint knows no such region, did you mean "us-east-1"?',
        "regions: moon-1: cfn-lint knows no such region",
    ]


def test_a_folder_that_looks_like_a_pattern_is_a_folder(tmp_path: Path) -> None:
    path = tmp_path / "[ab]*" / "t.json"
    path.parent.mkdir()
    path.write_text(json.dumps({"Resources": {"Topic": {"Type": "AWS::SNS::Topc"}}}))

    [finding] = lint({path: {}}, regions=["us-east-1"], root=tmp_path)[path].findings

    assert finding.id == "E3006"


def test_the_repository_configures_the_rules_and_a_home_folder_does_not(
    check: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.chdir(home)
    template = {"Parameters": parameters(Unused="String"), "Resources": {"Topic": TOPIC}}
    (home / ".cfnlintrc").write_text("ignore_checks: [W2001]\n")
    assert [finding.id for finding in check(template)] == ["W2001"]

    (tmp_path / ".cfnlintrc").write_text("ignore_checks: [W2001]\n")
    assert check(template) == []


def test_the_templates_that_the_configuration_names_are_for_other_calls(
    check: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".cfnlintrc").write_text("templates: [dist/*.json]\nignore_templates: ['*.json']\n")
    monkeypatch.chdir(tmp_path.parent)

    assert [finding.id for finding in check({"Resources": {"Topic": {"Type": "AWS::SNS::Topc"}}})] == ["E3006"]


@pytest.mark.parametrize(
    ("text", "told"),
    [("ignore_check: [W2001]\n", "Invalid configuration key 'ignore_check'"), ("a: [\n", "expected")],
)
def test_a_broken_configuration_is_bad_input(check: Any, tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / ".cfnlintrc").write_text(text)

    with pytest.raises(BadInputError) as caught:
        check({"Resources": {"Topic": TOPIC}})

    assert str(caught.value).startswith(".cfnlintrc: ")
    assert told in str(caught.value)


def test_rules_are_loaded_once_for_all_folders_that_configure_none_and_one_set_is_kept(tmp_path: Path) -> None:
    """A set takes 0.3 s and 60 MB: 50 folders would be 3 GB."""
    linting._rules.cache_clear()
    for name in ("a", "b", "c"):
        path = tmp_path / name / "t.json"
        path.parent.mkdir()
        path.write_text(json.dumps({"Resources": {"Topic": TOPIC}}))
        lint({path: {}}, regions=["us-east-1"], root=path.parent)
    (path.parent / ".cfnlintrc").write_text("ignore_checks: [W2001]\n")
    lint({path: {}}, regions=["us-east-1"], root=path.parent)

    kept = linting._rules.cache_info()

    assert (kept.misses, kept.hits, kept.currsize) == (2, 2, 1)


@pytest.mark.parametrize("processors", [1, 2, None])
def test_several_templates_are_linted_alike_on_one_processor_and_on_two(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, processors: int | None
) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: processors)
    sound, wrong, unused = (tmp_path / f"{name}.json" for name in ("sound", "wrong", "unused"))
    sound.write_text(json.dumps({"Resources": {"Topic": TOPIC}}))
    wrong.write_text(json.dumps({"Resources": {"Topic": {"Type": "AWS::SNS::Topc"}}}))
    unused.write_text(json.dumps({"Parameters": parameters(A="String"), "Resources": {"Topic": TOPIC}}))

    outcome = lint({sound: {}, wrong: {}, unused: {"dev": {}}}, regions=["us-east-1"], root=tmp_path)

    assert list(outcome) == [sound, wrong, unused]
    assert [[finding.id for finding in linted.findings] for linted in outcome.values()] == [
        [],
        ["E3006"],
        ["E2900", "W2001"],
    ]
    assert all(linted.seconds > 0 for linted in outcome.values())


def test_a_linter_that_is_killed_is_said_and_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    monkeypatch.setattr(linting, "_lint", lambda *_: os.kill(os.getpid(), signal.SIGKILL))
    templates = [tmp_path / "one.json", tmp_path / "two.json"]

    with pytest.raises(StackproofError, match="cfn-lint ended before it had an answer"):
        lint({path: {} for path in templates}, regions=["us-east-1"], root=tmp_path)
