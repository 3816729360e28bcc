"""The list of templates: nothing is built on import, and application.toml is read when it is needed."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

import templates
from templates.application_settings import SettingsError

if TYPE_CHECKING:
    from pathlib import Path


def test_the_templates() -> None:
    assert list(templates.TEMPLATES) == ["lms", "lms-disposable", "lms-in-vpc", "bootstrap"]


def test_importing_builds_nothing() -> None:
    code = "import sys, templates; print(sorted(n for n in sys.modules if n.startswith(('troposphere', 'awacs'))))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_templates_know_nothing_of_the_engine() -> None:
    code = (
        "import sys, templates; [build() for build in templates.TEMPLATES.values()];"
        "print(sorted(n for n in sys.modules if n.partition('.')[0] in {'stackproof', 'boto3', 'botocore', 'cfnlint'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("name", templates.TEMPLATES)
def test_the_same_template_every_time(name: str) -> None:
    first, second = (templates.TEMPLATES[name]().to_json() for _ in range(2))
    assert first == second


@pytest.mark.parametrize("name", ["lms", "lms-disposable", "lms-in-vpc"])
def test_a_missing_application_toml_is_named(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(templates, "APPLICATION_TOML", tmp_path / "application.toml")
    with pytest.raises(SettingsError, match=r"application\.toml: cannot be read.*No such file.*variables"):
        templates.TEMPLATES[name]()
    assert templates.TEMPLATES["bootstrap"]().resources, "a template without variables does not read it"


def test_an_application_toml_that_is_no_text(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "application.toml"
    file.write_bytes(b"\xff\xfe")
    monkeypatch.setattr(templates, "APPLICATION_TOML", file)
    with pytest.raises(SettingsError, match=r"application\.toml: is no UTF-8 text"):
        templates.TEMPLATES["lms"]()


def test_what_an_application_toml_wants_is_what_is_built(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "application.toml"
    file.write_text('[variables]\nMOODLE_DB = { fact = "database.host" }\n')
    monkeypatch.setattr(templates, "APPLICATION_TOML", file)
    assert "MOODLE_DB" in templates.TEMPLATES["lms"]().to_json()


def test_build_tells_every_fault_of_application_toml_and_exits_with_2(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from stackproof import building

    file = tmp_path / "application.toml"
    file.write_text('[variables]\nA = { fact = "cache.hots" }\nB_PASSWORD = "x"\nC = { parameter = "Imag" }\n')
    monkeypatch.setattr(templates, "APPLICATION_TOML", file)
    (tmp_path / "dist").mkdir()
    assert building.main(templates.TEMPLATES, root=tmp_path, regions=["sa-east-1"], argv=["--no-lint"]) == 2
    told = capsys.readouterr()
    lines = [line for line in told.err.splitlines() if line.startswith("application.toml: ")]
    assert [line.split(": ")[1] for line in lines] == ["variables.A", "variables.B_PASSWORD", "variables.C"]
    assert "Traceback" not in told.err + told.out
    assert (tmp_path / "dist" / "bootstrap.json").exists(), "the others are built all the same"
