"""The example: its template is clean with its own parameters, and its image fits what the platform gives it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from typing import TYPE_CHECKING, Any

import pytest

from examples.kolibri import build
from tests import servers
from tests.containers import build_steps, read_image
from tests.templates_support import ROOT, Emitted

if TYPE_CHECKING:
    from pathlib import Path

EXAMPLE = ROOT / "examples" / "kolibri"


def parameters(environment: str) -> dict[str, str]:
    content = json.loads((EXAMPLE / "params" / f"{environment}.json").read_text())
    given: dict[str, str] = content["Parameters"]
    return given


@pytest.fixture(scope="module")
def stack() -> Emitted:
    return Emitted(build.templates()["kolibri"]())


def test_it_is_linted_and_proven_with_its_own_parameters(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(EXAMPLE / "params", tmp_path / "params")
    assert build.main(["--json"], root=tmp_path) == 0
    told = json.loads(capsys.readouterr().out)
    [made] = told["templates"]
    assert made["lint"]["environments"] == ["dev", "prod"]
    assert [made["lint"]["verdict"], made["proofs"]["verdict"]] == ["clean", "clean"]


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_the_image_fits_the_platform(stack: Emitted, environment: str) -> None:
    image = read_image(EXAMPLE / "Dockerfile")
    with_parameters = stack.with_parameters(**parameters(environment))
    owner = with_parameters.resources["FileAccessPoint"]["PosixUser"]
    assert image.user == f"{owner['Uid']}:{owner['Gid']}"
    [container] = with_parameters.resources["TaskDefinition"]["ContainerDefinitions"]
    told = {each["Name"]: each.get("Value", "") for each in container["Environment"] + container["Secrets"]}
    # What both set would be the platform's word against the image's.
    assert not told.keys() & image.environment.keys()
    assert int(told["KOLIBRI_HTTP_PORT"]) > 1024  # not root
    assert told["KOLIBRI_DATABASE_SSL_MODE"] == "verify-full"
    assert told["KOLIBRI_CACHE_LOCATION"].startswith("rediss://")
    # Requests under way have their time before the platform kills.
    asked = re.search(r"^graceful_timeout = (\d+)$", (EXAMPLE / "on_lms" / "gunicorn.py").read_text(), re.MULTILINE)
    assert asked is not None
    assert int(asked[1]) < int(container["StopTimeout"])


class TestDockerfile:
    """What can be known of the image without building it: its steps, against each other and against the platform."""

    STEPS = build_steps(EXAMPLE / "Dockerfile")

    def arguments(self, word: str) -> list[str]:
        return [arguments for each, arguments in self.STEPS if each == word]

    def test_it_has_these_steps_and_no_other(self) -> None:
        """pip's step is run by tests/integration/test_kolibri.py, the other one here."""
        words = [word for word, _ in self.STEPS if word != "ENV"]
        assert words == ["ARG", "FROM", "ADD", "RUN", "COPY", "RUN", "COPY", "USER", "CMD"]
        assert re.fullmatch(
            r"PYTHON=public\.ecr\.aws/docker/library/python:3\.11\.\d+-slim-bookworm", self.arguments("ARG")[0]
        )
        assert self.arguments("FROM") == ["${PYTHON}"]

    def test_both_kinds_of_authorities_stand_in_the_one_file_that_everybody_may_read(self, tmp_path: Path) -> None:
        (tmp_path / "certs").mkdir()
        (tmp_path / "certs" / "ca-certificates.crt").write_text("public\n")
        [added] = self.arguments("ADD")
        assert added.split()[1] == "/etc/ssl/rds.pem"
        (tmp_path / "rds.pem").write_text("amazon\n")
        step = self.arguments("RUN")[0].replace("/etc/ssl", str(tmp_path))
        subprocess.run(["/bin/sh", "-euc", f"umask 077; {step}"], check=True)
        made = tmp_path / "databases.pem"
        assert made.read_text() == "public\namazon\n"
        assert made.stat().st_mode & 0o777 == 0o644
        [named] = [each for each in application()["variables"].values() if str(each).endswith(".pem")]
        assert named == str(made).replace(str(tmp_path), "/etc/ssl")

    def test_what_is_copied_is_there_and_lies_where_python_and_pip_look(self) -> None:
        copied = dict(each.split() for each in self.arguments("COPY"))
        assert all((EXAMPLE / source).exists() for source in copied)
        image = read_image(EXAMPLE / "Dockerfile")
        folder = image.environment["PYTHONPATH"]
        assert copied == {"requirements.txt": f"{folder}/", "on_lms": f"{folder}/on_lms"}
        assert self.arguments("RUN")[1].endswith(f"--requirement {folder}/requirements.txt")
        modules = {path.stem for path in (EXAMPLE / "on_lms").glob("*.py")}
        assert image.command == ["gunicorn", "--config", "python:on_lms.gunicorn"]
        asked = {image.environment["DJANGO_SETTINGS_MODULE"], parameters("prod")["UpgradeCommand"].split(",")[-1]}
        assert {name.removeprefix("on_lms.") for name in asked} | {"gunicorn", "serve"} <= modules

    def test_programs_are_those_of_the_base_and_of_pip(self, stack: Emitted) -> None:
        installed = set(re.findall(r"^(\w+)==", (EXAMPLE / "requirements.in").read_text(), re.MULTILINE))
        given = parameters("prod")
        [container] = stack.with_parameters(**given).resources["TaskDefinition"]["ContainerDefinitions"]
        _, checked = container["HealthCheck"]["Command"]
        commands = [given["WorkerCommand"].split(","), given["UpgradeCommand"].split(","), checked.split()]
        assert {command[0] for command in commands} | {"gunicorn"} <= {"python", *installed}

    @pytest.mark.skipif(os.getuid() != 0, reason="only root becomes somebody else")
    def test_whoever_it_runs_as_writes_only_where_everybody_may(self, tmp_path: Path) -> None:
        """Its home and Kolibri's are below /tmp; the program's own folder is root's, and no bytecode is written."""
        image = read_image(EXAMPLE / "Dockerfile")
        user, group = map(int, image.user.split(":"))
        assert min(user, group) > 0
        assert image.environment["HOME"] == "/tmp"  # noqa: S108  # every base image has it, open to all
        assert image.environment["KOLIBRI_HOME"].startswith("/tmp/")  # noqa: S108
        program = tmp_path / "on_lms"
        shutil.copytree(EXAMPLE / "on_lms", program, ignore=shutil.ignore_patterns("__pycache__"))
        for folder in (tmp_path, *tmp_path.parents[:-2]):
            folder.chmod(0o755)
        told = {**image.environment, "PYTHONPATH": str(tmp_path), "KOLIBRI_HTTP_PORT": "8080", "LMS_IDLE_SECONDS": "60"}
        script = f"import os; os.setgroups([]); os.setgid({group}); os.setuid({user}); import on_lms.gunicorn as g"
        script += "; print(os.getuid(), os.getgid(), g.bind, g.keepalive)"
        done = subprocess.run(
            [sys.executable, "-c", script], env=told, cwd=tmp_path, check=True, capture_output=True, text=True
        )
        assert done.stdout.split() == [str(user), str(group), "0.0.0.0:8080", "75"]
        assert not list(program.glob("__pycache__"))


def application() -> dict[str, Any]:
    return tomllib.loads((EXAMPLE / "application.toml").read_text())


def test_what_the_image_installs_is_pinned_by_hash() -> None:
    wanted = (EXAMPLE / "requirements.in").read_text().split()
    pinned = (EXAMPLE / "requirements.txt").read_text()
    assert set(re.findall(r"^(\S+==\S+) \\$", pinned, re.MULTILINE)) == set(wanted)
    assert all("--hash=sha256:" in entry for entry in re.split(r"^\S+==", pinned, flags=re.MULTILINE)[1:])


def test_a_missing_package_is_named_and_skipped_but_not_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(servers.PACKAGES, "no-such-server", "no-such-package")
    monkeypatch.delenv("LMS_NEEDS_PACKAGES", raising=False)
    with pytest.raises(pytest.skip.Exception, match="apt-get install no-such-package"):
        servers.program("no-such-server")
    monkeypatch.setenv("LMS_NEEDS_PACKAGES", "1")
    with pytest.raises(pytest.fail.Exception, match="apt-get install no-such-package"):
        servers.program("no-such-server")


def test_ci_installs_every_package_and_skips_nothing() -> None:
    ci = (ROOT / ".ci" / "run").read_text()
    assert "export LMS_NEEDS_PACKAGES=1" in ci
    [installed] = re.findall(r"^packages=\((.*)\)$", ci, re.MULTILINE)
    assert set(servers.PACKAGES.values()) == set(installed.split())
