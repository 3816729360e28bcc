"""`plan ENV --against REV`: two states of a repository compared without AWS."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from stackproof import commands
from stackproof.parts import KEY

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., tuple[int, str, str]]

TEMPLATE: dict[str, Any] = {
    "Parameters": {
        "Name": {"Type": "String"},
        "Days": {"Type": "Number", "Default": 3},
        "Password": {"Type": "String", "NoEcho": True, "Default": "first-secret"},
    },
    "Resources": {
        "Table": {"Type": "AWS::DynamoDB::Table", "Properties": {"TableName": {"Ref": "Name"}}},
        "Logs": {"Type": "AWS::Logs::LogGroup", "Properties": {"RetentionInDays": {"Ref": "Days"}}},
        "Secret": {"Type": "AWS::SecretsManager::Secret", "Properties": {"SecretString": {"Ref": "Password"}}},
    },
}
TARGETS = '[dev]\ntemplate = "site"\nregion = "eu-west-1"\naccount = "111111111111"\n'


class Repository:
    """A repository with one environment, committed once."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.git("init", "-q", "-b", "main")
        self.write("dist/site.json", TEMPLATE)
        self.write("params/dev.json", {"Parameters": {"Name": "a"}, "Tags": {"team": "one"}})
        self.write("params/targets.toml", TARGETS)
        self.commit()

    def git(self, *words: str) -> None:
        identity = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false")
        subprocess.run(["git", *identity, *words], cwd=self.root, check=True, capture_output=True)  # noqa: S607 - git

    def write(self, name: str, content: object) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content))

    def commit(self) -> None:
        self.git("add", ".")
        self.git("commit", "-qm", "state")


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    monkeypatch.chdir(tmp_path)
    return Repository(tmp_path)


@pytest.fixture
def plan(repository: Repository, capsys: pytest.CaptureFixture[str]) -> Run:
    def _plan(*arguments: str) -> tuple[int, str, str]:
        code = commands.main(("plan", *arguments), root=repository.root)
        told = capsys.readouterr()
        return code, told.out, told.err

    return _plan


def test_nothing_has_changed(plan: Run) -> None:
    assert plan("dev", "--against", "HEAD", "--check") == (0, "site-dev: HEAD → working tree: no changes\n", "")


def test_what_has_changed_reads_like_a_plan(repository: Repository, plan: Run) -> None:
    repository.write("params/dev.json", {"Parameters": {"Name": "b"}, "Tags": {"team": "two"}})
    code, out, _ = plan("dev", "--against", "main", "--set", "Days=7")
    assert code == 0
    assert out.splitlines() == [
        "site-dev: main → working tree",
        "",
        "Replaced (1)",
        "  ± Table  AWS::DynamoDB::Table",
        "      TableName: a → b  (from parameter Name)",
        "",
        "Modified (1)",
        "  ~ Logs  AWS::Logs::LogGroup",
        "      RetentionInDays: 3 → 7  (from parameter Days)",
        "",
        "Data at stake (1)",
        "  ! Table  AWS::DynamoDB::Table: its data would be lost",
        "      apply needs --allow-data-loss Table",
        "",
        "Parameters",
        "  ~ Days: 3 → 7",
        "  ~ Name: a → b",
        "",
        "Tags",
        "  ~ team: one → two",
        "",
        "1 to replace, 1 to modify, 3 settings",
    ]
    assert plan("dev", "--against", "main", "--check")[0] == 3


def test_json_is_a_plan_that_has_no_change_set(repository: Repository, plan: Run) -> None:
    repository.write("params/dev.json", {"Parameters": {"Name": "b"}})
    code, out, _ = plan("dev", "--against", "HEAD", "--json")
    found: dict[str, Any] = json.loads(out)
    assert code == 0
    assert (found["stack"], found["account"], found["region"]) == ("site-dev", "111111111111", "eu-west-1")
    assert found["change_set"] is None
    [change] = found["changes"]
    assert (change["action"], change["data"]) == ("replace", "lost")
    assert change["before"] == {"/Properties/TableName": "a"}
    assert change["after"] == {"/Properties/TableName": "b"}
    assert found["needs"] == [{"option": "--allow-data-loss", "id": "Table"}]


def test_a_secret_that_changes_is_not_shown(repository: Repository, plan: Run) -> None:
    repository.write("params/dev.json", {"Parameters": {"Name": "a", "Password": "second-secret"}})
    for options in ((), ("--json",)):
        _, out, _ = plan("dev", "--against", "HEAD", *options)
        assert "SecretString" in out
        assert "first-secret" not in out
        assert "second-secret" not in out


def test_policy_protection_and_another_stack_are_told(repository: Repository, plan: Run) -> None:
    policy = {"Statement": [{"Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*"}]}
    repository.write("params/dev.json", {"Parameters": {"Name": "a"}, "Tags": {"team": "one"}, "StackPolicy": policy})
    repository.write("params/targets.toml", TARGETS + 'protected = true\nstack = "site-two"\n')
    _, out, _ = plan("dev", "--against", "HEAD")
    assert f"  ~ stack policy: (none) → {json.dumps(policy)[:60]}" in out
    assert "  ~ termination protection: off → on" in out
    assert "  ! The stack was called site-dev: site-two is another stack, and all of it would be new." in out


def test_several_environments_and_files_of_the_repository(repository: Repository, plan: Run) -> None:
    repository.write("dist/other.json", TEMPLATE)
    repository.write("params/test.json", {"Parameters": {"Name": "t"}})
    repository.write("params/targets.toml", TARGETS + '[test]\ntemplate = "site"\n')
    repository.commit()
    repository.write("dist/other.json", {**TEMPLATE, "Resources": {"Table": TEMPLATE["Resources"]["Table"]}})
    code, out, _ = plan("dev", "test", "--against", "HEAD", "--template", "dist/other.json", "--check")
    assert code == 3
    assert out.count("  - Logs") == 2


def test_a_file_from_elsewhere_is_the_same_on_both_sides(plan: Run, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("elsewhere") / "site.json"
    path.write_text(json.dumps(TEMPLATE))
    assert plan("dev", "--against", "HEAD", "--template", str(path))[1].endswith(": no changes\n")


@pytest.mark.parametrize(
    ("revision", "message"),
    [
        ("nowhere", '--against: "nowhere" cannot be compared with: '),
        ("--output=x", '--against: "--output=x" is no git revision'),
    ],
)
def test_a_revision_that_is_none_is_bad_input(plan: Run, revision: str, message: str) -> None:
    code, out, err = plan("dev", f"--against={revision}")
    assert (code, out) == (2, "")
    assert err.startswith(message)


def test_an_environment_that_was_not_there_is_named_with_its_revision(repository: Repository, plan: Run) -> None:
    repository.write("params/test.json", {"Parameters": {"Name": "t"}})
    repository.write("params/targets.toml", TARGETS + '[test]\ntemplate = "site"\n')
    code, _, err = plan("test", "--against", "HEAD")
    assert code == 2
    assert err.startswith('HEAD:params/: there is no environment "test"; there are dev')


def test_a_folder_that_is_no_repository_says_so(
    plan: Run, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_DIR", str(repository.root / "none"))
    code, _, err = plan("dev", "--against", "HEAD")
    assert code == 2
    assert "not a git repository" in err


def test_without_git_it_says_so(plan: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert plan("dev", "--against", "HEAD")[::2] == (2, "--against: git is not installed here\n")


def test_there_is_no_change_set_to_keep(plan: Run) -> None:
    code, _, err = plan("dev", "--against", "HEAD", "--out", "plan.json")
    assert (code, err) == (2, "--out: keeps a change set; --against makes none\n")


def test_access_and_parts_are_told_and_markdown_is_written(repository: Repository, plan: Run) -> None:
    statement = {"Effect": "Allow", "Principal": "*", "Action": "sns:Publish", "Resource": "*"}
    policy = {"Topics": ["t"], "PolicyDocument": {"Version": "2012-10-17", "Statement": [statement]}}
    resources = {**TEMPLATE["Resources"], "Open": {"Type": "AWS::SNS::TopicPolicy", "Properties": policy}}
    repository.write("dist/site.json", {**TEMPLATE, "Resources": resources, "Metadata": {KEY: {"news": ["Open"]}}})
    code, out, _ = plan("dev", "--against", "HEAD")
    assert code == 0
    assert "  + Open  AWS::SNS::TopicPolicy  (news)\n" in out
    assert "  ! opened     Open  lets everybody sns:Publish\n" in out
    _, out, _ = plan("dev", "--against", "HEAD", "--markdown")
    assert out.startswith("### site-dev: HEAD → working tree\n")
    assert "<details open><summary>Access (1): 1 opened</summary>" in out
