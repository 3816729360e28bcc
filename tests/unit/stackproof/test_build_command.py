"""`python build.py` as a process, on a copy of this repository's templates."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[3]
PARTS = ("build.py", "application.toml", ".cfnlintrc", "templates", "params")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """The templates and their parameters in another folder; dist/ is empty there."""
    root = tmp_path / "copy of the repository"
    root.mkdir()
    for part in PARTS:
        source = REPOSITORY / part
        if source.is_dir():
            shutil.copytree(source, root / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, root / part)
    return root


def run(
    root: Path, *arguments: str, options: tuple[str, ...] = (), **environment: str
) -> subprocess.CompletedProcess[str]:
    inherited = dict(os.environ)
    if root != REPOSITORY:
        # The coverage of a copy is not that of the file.
        inherited.pop("COVERAGE_PROCESS_CONFIG", None)
    return subprocess.run(
        [sys.executable, *options, str(root / "build.py"), *arguments],
        env=inherited | {"PYTHONPATH": str(REPOSITORY)} | environment,
        cwd=REPOSITORY if root == REPOSITORY else root.parent,
        capture_output=True,
        text=True,
        check=False,
    )


def imported(process: subprocess.CompletedProcess[str]) -> set[str]:
    """The modules that a process with `-X importtime` imported."""
    return {line.rpartition("|")[2].strip() for line in process.stderr.splitlines() if "|" in line}


def dist(root: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted((root / "dist").iterdir())}


def test_isolated_from_the_folder_of_the_script(repository: Path) -> None:
    """`python -I` leaves the script's own folder out, where the templates are."""
    outcome = run(repository, "bootstrap", "--no-lint", options=("-I",))
    assert (outcome.returncode, outcome.stderr) == (0, "")
    assert run(REPOSITORY, "--help", options=("-I",)).stdout.startswith("usage: build.py")


def test_the_same_bytes_on_every_machine(repository: Path, tmp_path: Path) -> None:
    """Neither the hash seed nor time zone, locale, working folder or the repository's place may show in dist/."""
    elsewhere = tmp_path / "elsewhere" / "deep"
    shutil.copytree(repository, elsewhere)

    first = run(repository, "--no-lint", PYTHONHASHSEED="0", TZ="UTC", LC_ALL="C", PYTHONUTF8="0")
    second = run(elsewhere, "--no-lint", PYTHONHASHSEED="4711", TZ="Asia/Tokyo", LC_ALL="C.UTF-8", AWS_REGION="x")

    assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
    assert dist(repository) == dist(elsewhere)
    assert set(dist(repository)) == {
        f"{name}.{kind}"
        for name in ("lms", "lms-disposable", "lms-in-vpc", "bootstrap")
        for kind in ("json", "params.schema.json")
    }
    for name, content in dist(repository).items():
        assert str(tmp_path).encode() not in content, name
        assert b"\r" not in content, name
        assert content.endswith(b"}\n"), name


def test_an_unchanged_build_imports_neither_troposphere_nor_what_else_is_slow(repository: Path) -> None:
    assert run(repository, "--no-lint").returncode == 0

    again = run(repository, "--no-lint", options=("-X", "importtime"))

    assert "dist/lms.json, dist/lms.params.schema.json unchanged" in again.stdout
    assert "stackproof.building" in imported(again)
    slow = {"troposphere", "awacs", "boto3", "botocore", "cfnlint", "rich", "yaml", "importlib.metadata", "tempfile"}
    assert imported(again) & slow == set()


def test_a_build_imports_what_it_needs_and_no_more(repository: Path) -> None:
    built = run(repository, "--no-lint", options=("-X", "importtime"))

    assert "troposphere" in imported(built)
    slow = {"boto3", "botocore", "cfnlint", "rich", "yaml", "cfn_flip", "importlib.metadata"}
    assert imported(built) & slow == set()


def test_a_changed_source_is_built(repository: Path) -> None:
    run(repository, "bootstrap", "--no-lint")
    with (repository / "templates" / "bootstrap.py").open("a") as part:
        part.write("# A comment.\n")

    outcome = run(repository, "bootstrap", "--no-lint", options=("-X", "importtime"))

    assert "troposphere" in imported(outcome)
    assert outcome.stdout.startswith("bootstrap: dist/bootstrap.json, dist/bootstrap.params.schema.json unchanged\n")


def test_without_its_dependencies_it_says_how_to_install_them(repository: Path) -> None:
    """-S leaves the installed packages out."""
    outcome = run(repository, options=("-S",))

    assert (outcome.returncode, outcome.stdout) == (2, "")
    told = outcome.stderr.splitlines()
    assert told[0].startswith("build.py: not installed for ")
    assert ": awacs, cfnlint, troposphere; " in told[0]
    assert told[1:] == ["  python -m pip install --constraint constraints.txt ."]
    assert not (repository / "dist").exists()


def test_each_missing_dependency_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    specification = importlib.util.spec_from_file_location("build_script", REPOSITORY / "build.py")
    assert specification is not None
    assert specification.loader is not None
    script = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(script)
    monkeypatch.setattr(script, "find_spec", lambda name: None if name == "cfnlint" else name)

    assert script.main() == 2

    assert ": cfnlint; install what is needed with\n" in capsys.readouterr().err


def test_a_reader_that_closes_the_pipe_is_no_fault(repository: Path) -> None:
    run(repository, "--no-lint")
    reader, writer = os.pipe()
    os.close(reader)
    try:
        process = subprocess.run(
            [sys.executable, str(repository / "build.py"), "--no-lint"],
            env={name: value for name, value in os.environ.items() if name != "COVERAGE_PROCESS_CONFIG"},
            cwd=REPOSITORY,
            stdout=writer,
            stderr=subprocess.PIPE,
            check=False,
        )
    finally:
        os.close(writer)

    assert (process.returncode, process.stderr) == (0, b"")


def test_ctrl_c_ends_a_build_and_its_linters_with_one_word(repository: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, str(repository / "build.py")],
        env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    with process:
        assert process.stderr is not None
        assert process.stderr.readline() == "linting dist/lms.json …\n"
        # As a terminal does: to the process and to all that it started.
        os.killpg(process.pid, signal.SIGINT)
        out, err = process.communicate()

    assert (process.returncode, out) == (130, "")
    assert err.splitlines()[-1] == "interrupted"
    assert "Traceback" not in err


def test_dist_is_what_the_templates_make() -> None:
    """What is committed, is what is built; `python build.py` brings it up to date."""
    outcome = run(REPOSITORY, "--check", "--no-lint")

    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
