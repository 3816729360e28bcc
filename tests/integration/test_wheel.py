"""The package as a stranger gets it: a wheel, installed in a fresh environment, used in an empty folder."""

from __future__ import annotations

import json
import shutil
import site
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.templates_support import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import EmbeddedAws

BUCKET = {
    "Resources": {
        "Notes": {"Type": "AWS::S3::Bucket", "Properties": {"Tags": [{"Key": "team", "Value": {"Ref": "Team"}}]}}
    },
    "Parameters": {"Team": {"Type": "String", "AllowedPattern": "[a-z]+"}},
}


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the command `stackproof` of a fresh environment that has the wheel and its dependencies."""
    place = tmp_path_factory.mktemp("wheel")
    source = place / "source"
    shutil.copytree(ROOT / "stackproof", source / "stackproof", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("setup.cfg", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source / name)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    wheel = [*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(place), str(source)]
    subprocess.run(wheel, check=True, capture_output=True)
    [built] = place.glob("stackproof-*.whl")
    environment = place / "environment"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(environment)], check=True)
    python = str(environment / "bin" / "python")
    subprocess.run([*pip, "--python", python, "install", "--no-deps", "--no-index", str(built)], check=True)
    # Its dependencies are those of this environment: no network is needed, and the same versions are tested.
    [packages] = (environment / "lib").glob("python*/site-packages")
    (packages / "dependencies.pth").write_text(f"{site.getsitepackages()[0]}\n", encoding="utf-8")
    return environment / "bin"


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    folder = tmp_path / "empty"
    folder.mkdir()
    return folder


def test_the_command_is_the_installed_one(installed: Path, empty: Path) -> None:
    code = "import stackproof; print(stackproof.__file__)"
    found = subprocess.run([installed / "python", "-c", code], cwd=empty, check=True, capture_output=True, text=True)
    assert found.stdout.startswith(str(installed.parent))
    version = subprocess.run([installed / "stackproof", "--version"], check=True, capture_output=True, text=True)
    assert version.stdout.startswith("stackproof ")


def test_a_strangers_template_is_planned_applied_and_deleted(installed: Path, empty: Path, aws: EmbeddedAws) -> None:
    (empty / "notes.json").write_text(json.dumps(BUCKET), encoding="utf-8")
    (empty / "values.json").write_text(json.dumps({"Parameters": {"Team": "notes"}}), encoding="utf-8")
    stack = ["--stack-name", "notes", "--region", "sa-east-1"]
    template = ["--template", "notes.json", "--params", "values.json"]

    def run(*arguments: str) -> str:
        done = subprocess.run(
            [installed / "stackproof", *arguments, *stack],
            cwd=empty,
            env=aws.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert "Notes" in run("plan", *template)
    assert json.loads(run("apply", *template, "--yes", "--json").splitlines()[-1])["status"] == "CREATE_COMPLETE"
    assert "CREATE_COMPLETE" in run("status")
    assert run("plan", *template, "--check")
    run("destroy", "--yes")
    assert "does not exist" in run("status")


def test_a_strangers_template_is_checked_and_compared(installed: Path, empty: Path) -> None:
    opened = json.loads(json.dumps(BUCKET))
    opened["Resources"]["Notes"]["Properties"]["PublicAccessBlockConfiguration"] = {"BlockPublicPolicy": False}
    opened["Resources"]["Policy"] = {
        "Type": "AWS::S3::BucketPolicy",
        "Properties": {
            "Bucket": {"Ref": "Notes"},
            "PolicyDocument": {
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": "*",
                        "Action": "s3:GetObject",
                        "Resource": {"Fn::Sub": "${Notes.Arn}/*"},
                    }
                ]
            },
        },
    }
    (empty / "old.json").write_text(json.dumps(BUCKET), encoding="utf-8")
    (empty / "new.json").write_text(json.dumps(opened), encoding="utf-8")

    def run(*arguments: str) -> tuple[int, dict[str, Any]]:
        done = subprocess.run(
            [installed / "stackproof", *arguments, "--json"], cwd=empty, capture_output=True, text=True, check=False
        )
        return done.returncode, json.loads(done.stdout)

    assert run("check", "old.json")[0] == 0
    code, checked = run("check", "new.json")
    assert code == 1
    assert {finding["verdict"] for finding in checked["findings"]} >= {"broken"}
    code, compared = run("diff", "old.json", "new.json")
    assert code == 0
    assert {change["logical_id"]: change["action"] for change in compared["changes"]} == {
        "Notes": "modify",
        "Policy": "add",
    }


def test_a_strangers_mistake_is_answered(installed: Path, empty: Path) -> None:
    (empty / "notes.json").write_text(json.dumps(BUCKET), encoding="utf-8")
    (empty / "values.json").write_text(json.dumps({"Parameters": {"Teem": "notes"}}), encoding="utf-8")
    done = subprocess.run(
        [installed / "stackproof", "plan", "--template", "notes.json", "--params", "values.json", "--stack-name", "n"],
        cwd=empty,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert 'did you mean "Team"' in done.stderr
    assert "Traceback" not in done.stderr
