"""The platform under test: applied to the embedded AWS by deploy.py, or, with --stack NAME, one that runs somewhere."""

from __future__ import annotations

import os
import runpy
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import pytest

from tests.embedded import embedded_aws
from tests.integration import stepped, upgraded
from tests.integration.deployer import Deployer
from tests.integration.platform import Platform
from tests.integration.tasks import ending

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from tests.conftest import EmbeddedAws

ROOT = Path(__file__).parents[2]
REGION = "sa-east-1"
ACCOUNTS = {"dev": "111111111111", "prod": "333333333333"}
INSTALLED = {"prod"}
"""Those whose database is installed by a task (UpgradeCommand)."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--stack", help="test this stack of the account that AWS's own variables point at")


def variables(url: str, account: str) -> dict[str, str]:
    """The environment for a command that shall see an account of the embedded AWS, and nothing of this person's."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return inherited | {
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": account,
        "AWS_SECRET_ACCESS_KEY": "embedded",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }


@dataclass(frozen=True)
class Ended:
    """How a command ended, and what it wrote."""

    code: int
    stdout: str
    stderr: str


def deploy(environment: Mapping[str, str], *arguments: str, expect: int = 0) -> Ended:
    """Run `python deploy.py …` as a person would, and check its exit code.

    In this process, which has read the SDK's models already; as a process of its own it runs in test_documents.py.
    """
    out, err = StringIO(), StringIO()
    with pytest.MonkeyPatch.context() as person, redirect_stdout(out), redirect_stderr(err):
        for name in os.environ.keys() - environment.keys():
            person.delenv(name)
        for name, value in environment.items():
            person.setenv(name, value)
        person.chdir(ROOT)
        person.setattr(sys, "argv", ["deploy.py", *arguments])
        with pytest.raises(SystemExit) as ended:
            runpy.run_path("deploy.py", run_name="__main__")
    done = Ended(int(ended.value.code or 0), out.getvalue(), err.getvalue())
    assert done.code == expect, f"{arguments}: exit {done.code}\n{done.stdout}\n{done.stderr}"
    return done


def applied(url: str, name: str, *arguments: str) -> Platform:
    """Bootstrap the environment's account and apply the environment."""
    environment = variables(url, ACCOUNTS[name])
    session = boto3.Session(
        aws_access_key_id=ACCOUNTS[name],
        aws_secret_access_key="embedded",  # noqa: S106  # any text does
        region_name=REGION,
    )
    found = Platform(session, f"lms-{name}", url)
    deploy(environment, "bootstrap", name, "--yes")
    with ending(found, 0, cluster=f"lms-cluster-{name}", tasks=1 if name in INSTALLED else 0):
        deploy(environment, "apply", name, "--yes", *arguments)
    return found


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Each test of a platform runs for dev and for prod, which differ in every switch; or once for --stack."""
    if "platform" in metafunc.fixturenames:
        stack = metafunc.config.getoption("--stack")
        metafunc.parametrize("platform", [stack] if stack else ["dev", "prod"], indirect=True, scope="session")


@pytest.fixture(scope="session")
def platform(request: pytest.FixtureRequest) -> Iterator[Platform]:
    """An environment, applied once to the embedded AWS; or the stack that --stack names, as it runs."""
    if request.config.getoption("--stack"):
        yield Platform(boto3.Session(), request.param, os.environ.get("AWS_ENDPOINT_URL"))
        return
    with embedded_aws() as url:
        yield applied(url, request.param)


@pytest.fixture
def deployer(
    aws: EmbeddedAws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Deployer:
    """The commands in an empty folder, against an empty account."""
    for name in [each for each in os.environ if each.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in aws.environment.items():
        if name.startswith("AWS_"):
            monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    return Deployer(aws, tmp_path, capsys)


KEPT = ("--template", "dist/lms.json")
"""dev's own template throws its data away with the stack; the platform's template keeps it."""


@pytest.fixture
def running(request: pytest.FixtureRequest) -> Iterator[Platform]:
    """Dev from the template that keeps its data, on an AWS of its own."""
    if request.config.getoption("--stack"):
        pytest.skip("changes are tested on the embedded AWS only")
    with embedded_aws() as url:
        yield applied(url, "dev", *KEPT)


@pytest.fixture
def run(running: Platform) -> Callable[..., str]:
    """Run `python deploy.py …` on that platform; gives standard output and standard error as one text."""
    assert running.endpoint is not None
    environment = variables(running.endpoint, ACCOUNTS["dev"])

    def _run(*arguments: str, expect: int = 0) -> str:
        done = deploy(environment, *arguments, expect=expect)
        return done.stdout + done.stderr

    return _run


@pytest.fixture
def change(running: Platform, run: Callable[..., str], tmp_path: Path) -> Callable[..., str]:
    """Plan and apply settings on top of the file's, and lose what is allowed to go; what both print."""

    def _change(*settings: str, allow: Sequence[str] = (), proofs: bool = True) -> str:
        plan = tmp_path / "plan.json"
        words = (*KEPT,) if proofs else (*KEPT, "--no-proofs")
        shown = run("plan", "dev", *words, *(f"--set={each}" for each in settings), "--out", str(plan))
        allowed = [option for name in allow if running.has(name) for option in ("--allow-data-loss", name)]
        shown += run("apply", "dev", *words, "--plan", str(plan), "--yes", *allowed)
        running.forget()
        return shown

    return _change


@pytest.fixture
def planned(deployer: Deployer) -> Deployer:
    """A stack that runs image 1, and a plan in three steps to image 2."""
    stepped.write(deployer, "1")
    deployer.apply()
    stepped.write(deployer, "2")
    stepped.steps(deployer)
    done = deployer("plan", "dev", "--steps", "steps.toml", "--out", "plan.json")
    assert done.code == 0, done.err
    assert done.err == "Apply exactly this with: python deploy.py apply dev --plan plan.json\n"
    assert deployer.change_sets() == []
    return deployer


@pytest.fixture
def installed(deployer: Deployer) -> Deployer:
    """A stack that runs image 1."""
    upgraded.write(deployer, "1", Command="", Protected="no")
    deployer.apply()
    assert upgraded.state(deployer) == ("1", "no", "yes")
    return deployer
