"""The example: its template is clean with its own parameters, and its image fits what the platform gives it."""

from __future__ import annotations

import json
import re
import shutil
from typing import TYPE_CHECKING

import pytest

from examples.kolibri import build
from tests import servers
from tests.containers import read_image
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
