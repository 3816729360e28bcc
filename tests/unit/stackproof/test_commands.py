"""The commands before AWS is asked: what is imported, what is missing, and how a command is written back."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from argparse import Namespace
from pathlib import Path
from typing import Any

import pytest

from stackproof import arguments
from tests.unit.stackproof.deployment.builders import environment

ROOT = Path(__file__).parents[3]


def run(*words: str, options: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *options, "deploy.py", *words], cwd=ROOT, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("words", [["plan", "nowhere"], ["plan", "dev", "--set", "Nothing=1"], ["status", "nowhere"]])
def test_bad_input_is_answered_before_the_sdk_is_imported(words: list[str]) -> None:
    outcome = run(*words, options=("-X", "importtime"))
    imported = set(re.findall(r"^import time:.*\| +([\w.]+)$", outcome.stderr, re.MULTILINE))
    assert outcome.returncode == 2
    assert "stackproof.commands" in imported
    assert imported & {"boto3", "botocore", "rich", "troposphere", "cfnlint"} == set()


def test_without_its_dependencies_it_says_how_to_install_them() -> None:
    """-S leaves the installed packages out."""
    outcome = run("plan", "dev", options=("-S",))
    assert (outcome.returncode, outcome.stdout) == (2, "")
    told = outcome.stderr.splitlines()
    assert told[0].startswith("deploy.py: not installed for ")
    assert told[0].endswith(": boto3, rich; install what is needed with")
    assert told[1:] == ["  python -m pip install --constraint constraints.txt ."]


def test_each_missing_dependency_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    spec = importlib.util.spec_from_file_location("deploy", ROOT / "deploy.py")
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    monkeypatch.setattr(script, "find_spec", lambda name: None if name == "rich" else object())
    assert script.main() == 2
    assert ": rich; install" in capsys.readouterr().err


def given(**options: Any) -> Namespace:
    nothing = dict.fromkeys(("template", "params", "stack_name", "region", "profile"))
    return Namespace(environments=None, **(nothing | options))


def test_a_command_that_is_named_carries_on_what_this_one_overrode() -> None:
    options = given(template=Path("my templates/lms.json"), stack_name="lms-test", region="us-east-1", profile="ours")
    found = arguments.commands("python deploy.py", options, "dev")
    place = "--stack-name lms-test --region us-east-1 --profile ours"
    assert found.apply == f"python deploy.py apply dev --template 'my templates/lms.json' {place}"
    assert found.destroy == f"python deploy.py destroy dev --template 'my templates/lms.json' {place}"
    assert found.status == f"python deploy.py status dev {place}"
    assert found.bootstrap == "python deploy.py bootstrap dev --region us-east-1 --profile ours"


def test_for_somebody_else_s_stack_it_names_no_environment() -> None:
    options = given(template=Path("theirs.yaml"), params=Path("theirs.json"), stack_name="theirs")
    found = arguments.commands("stackproof", options, None)
    assert found.apply == "stackproof apply --template theirs.yaml --params theirs.json --stack-name theirs"
    assert found.bootstrap == "stackproof bootstrap --template FILE"


def test_the_bootstrap_stack_is_named_by_its_place_never_by_an_environment() -> None:
    options = given(region="us-east-1")
    options.environments = "dev"
    own = environment(stack="lms-bootstrap", region="us-east-1", profile="ours")
    found = arguments.bootstrap_commands("python deploy.py", options, own)
    place = "--stack-name lms-bootstrap --region us-east-1 --profile ours"
    assert found.destroy == f"python deploy.py destroy {place}"
    assert found.status == f"python deploy.py status {place}"
    assert found.apply == found.bootstrap == "python deploy.py bootstrap dev --region us-east-1"
    options.environments = None
    assert arguments.bootstrap_commands("stackproof", options, own).apply == "stackproof bootstrap --region us-east-1"
