"""Documents whose examples are run: what stands under a command is what the command prints.

A fenced block that is marked `console` is a session at a terminal: a line that begins with `$ ` is a command (with its
here-document, where it has one), and what follows is its output, standard error included. A line `…` stands for any
number of lines. Whatever differs from run to run (times, ids, ports) is compared by its shape alone.

`python -m tests.documents docs/deploying.md …` runs the examples and writes what they print into the document. Where
an output has a line `…`, as many lines as stand before and after it are kept.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.embedded import embedded_aws

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

ROOT = Path(__file__).resolve().parents[1]
ANY = "…"
_FENCE = "```"
_OWN = "```console"
_HERE_DOCUMENT = re.compile(r"<<'(\w+)'")
# The account of dev in params/targets.toml, as which the embedded AWS answers.
_ACCOUNT = "111111111111"
# Where a document's shell finds what is on a reader's machine besides.
_PROGRAMS = ".bin"
_MARK = "--- end of the output of "
# What differs from run to run, and what stands for it.
_PASSING = (
    (re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?( UTC|\+00:00)?"), "WHEN"),
    (re.compile(r"\b\d\d:\d\d:\d\d\b"), "TIME"),
    (re.compile(r"^ +\d+:\d\d(?= )"), "  0:00"),
    (re.compile(r"\b\d+\.\d+ s\b"), "0.00 s"),
    (re.compile(r"127\.0\.0\.1:\d+"), "HOST"),
    (re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"), "UUID"),
    (re.compile(r"[0-9A-Fa-f]{8,}"), "ID"),
    (re.compile(r"lms-balancer-dev-\w+\."), "BALANCER."),
)


@dataclass
class Example:
    """A command in a document.

    Attributes:
        line: where it stands, from zero.
        command: as it is typed, here-document included.
        output: the lines under it.
    """

    line: int
    command: str
    output: list[str]

    @property
    def start(self) -> int:
        """The line of the first line of output."""
        return self.line + len(self.command.splitlines())


def examples(text: str) -> list[Example]:
    """Every command of a document, in order."""
    found: list[Example] = []
    is_inside, until = False, ""
    for number, line in enumerate(text.splitlines()):
        if until:
            found[-1].command += f"\n{line}"
            until = "" if line == until else until
        elif line.startswith(_FENCE):
            is_inside = line == _OWN
        elif is_inside and line.startswith("$ "):
            found.append(Example(number, line.removeprefix("$ "), []))
            here = _HERE_DOCUMENT.search(line)
            until = here[1] if here else ""
        elif is_inside:
            assert found, f"line {number + 1}: output before any command"
            found[-1].output.append(line)
    return found


def run(commands: Sequence[str], folder: Path, environment: Mapping[str, str]) -> list[list[str]]:
    """Type commands one after the other into one shell, and return what each one printed."""
    # Of the environment of a command, only its own exit code may be seen by the next one (`echo $?`).
    script = "\n".join(
        f"{command}\n__code=$?; echo '{_MARK}{number}'; (exit $__code)" for number, command in enumerate(commands)
    )
    done = subprocess.run(
        ["bash", "-c", f"exec 2>&1\n{script}\n"],  # noqa: S607  # the shell that a reader has
        cwd=folder,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
        timeout=600,
    )
    outputs: list[list[str]] = [[]]
    for line in done.stdout.splitlines():
        if line == f"{_MARK}{len(outputs) - 1}":
            outputs.append([])
        else:
            outputs[-1].append(line)
    assert len(outputs) == len(commands) + 1, f"the shell ended early:\n{done.stdout}"
    return outputs[:-1]


def matches(expected: Sequence[str], printed: Sequence[str]) -> bool:
    """Whether an output is what the document says, up to what differs from run to run."""
    pattern = "".join(r"(.*\n)*?" if line == ANY else f"{re.escape(_shape(line))}\\n" for line in expected)
    return re.fullmatch(pattern, "".join(f"{_shape(line)}\n" for line in printed)) is not None


def _shape(line: str) -> str:
    for pattern, stands in _PASSING:
        line = pattern.sub(stands, line)
    # How many resources, changes or proofs there are moves with the template.
    line = re.sub(
        r"\b\d+(?= of \d)|(?<= of )\d+|(?<=\()\d+(?=\))|\b\d+(?= proved\b| resources in all\b| without data\b)",
        "#",
        line,
    )
    # Columns are as wide as the ids in them.
    return re.sub(r"(?<=\S) {2,}", "  ", line.rstrip())


def shortened(expected: Sequence[str], printed: list[str]) -> list[str]:
    """An output with as much of it left out as the document leaves out."""
    if ANY not in expected:
        return printed
    first, last = expected.index(ANY), len(expected) - 1 - expected[::-1].index(ANY)
    before, after = printed[:first], printed[len(printed) - (len(expected) - 1 - last) :]
    return [*before, ANY, *after]


def lay_out(folder: Path) -> None:
    """The repository as its user sees it, to work in: files of one's own, the code where it is."""
    for name in ("params", "dist"):
        shutil.copytree(ROOT / name, folder / name)
    for name in ("build.py", "deploy.py", "application.toml"):
        shutil.copy(ROOT / name, folder)
    for name in ("stackproof", "templates"):
        (folder / name).symlink_to(ROOT / name)
    aws = folder / _PROGRAMS / "aws"
    aws.parent.mkdir()
    aws.write_text(f"#!{sys.executable}\n{(ROOT / 'tests' / 'aws_cli.py').read_text()}")
    aws.chmod(0o755)


def variables(url: str) -> dict[str, str]:
    """The environment of somebody who has followed docs/emulator.md, and nothing of this person's."""
    # What is typed here is covered by other tests; measured, each command takes half as long again.
    foreign = ("AWS_", "COVERAGE_")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    return inherited | {
        "PATH": os.pathsep.join([_PROGRAMS, str(Path(sys.executable).parent), os.environ["PATH"]]),
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": _ACCOUNT,
        "AWS_SECRET_ACCESS_KEY": "embedded",
        "AWS_REGION": "sa-east-1",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "COLUMNS": "120",
    }


def played(document: Path, folder: Path) -> Iterator[tuple[Example, list[str]]]:
    """Run every example of a document, on an embedded AWS of its own, and yield it with what it printed."""
    found = examples(document.read_text())
    lay_out(folder)
    with embedded_aws() as url:
        yield from zip(found, run([each.command for each in found], folder, variables(url)), strict=True)


def accept(document: Path) -> None:
    """Write what the examples print into the document, where it does not say so already."""
    lines = document.read_text().splitlines()
    with tempfile.TemporaryDirectory() as folder:
        outcomes = list(played(document, Path(folder)))
    for each, printed in reversed(outcomes):
        if not matches(each.output, printed):
            lines[each.start : each.start + len(each.output)] = shortened(each.output, printed)
    document.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    for name in sys.argv[1:]:
        accept(Path(name))
