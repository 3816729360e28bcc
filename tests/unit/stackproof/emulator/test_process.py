"""The process: what it prints, where it listens, how it ends, and what it leaves behind."""

from __future__ import annotations

import os
import re
import resource
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

COMMAND = [sys.executable, "-m", "stackproof.emulator"]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command to its end, where it cannot start."""
    return subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, check=False, timeout=60)


def run_with(preparation: str) -> subprocess.CompletedProcess[str]:
    """Run the command in an interpreter that is prepared first, for instance without a package."""
    program = f"import sys; {preparation}; sys.argv = ['emulator', '--port', '0']; import runpy; "
    program += "runpy.run_module('stackproof.emulator', run_name='__main__', alter_sys=True)"
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60)


@contextmanager
def started(folder: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """The running process and its port, with `folder` for temporary files."""
    environment = {**os.environ, "TMPDIR": str(folder), "BIND_HOST": "0.0.0.0", "PERSIST_STATE": "1"}  # noqa: S104  # must not be heard
    with subprocess.Popen(
        [*COMMAND, "--port", "0"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdout is not None
        ready = process.stdout.readline()
        assert ready.startswith("ready: http://127.0.0.1:")
        yield process, int(ready.rsplit(":", 1)[1])
        process.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_with_0_and_nothing_stays_behind(tmp_path: Path, number: signal.Signals) -> None:
    with started(tmp_path) as (process, _):
        assert list(tmp_path.iterdir()), "it keeps its files in a folder of its own"
        process.send_signal(number)
        output, errors = process.communicate(timeout=30)
    assert process.returncode == 0
    assert (output, errors) == ("", ""), "the ready line is the only one"
    assert list(tmp_path.iterdir()) == []


def test_a_signal_during_the_start_ends_it_as_well(tmp_path: Path) -> None:
    program = (
        "import os, signal, sys; from stackproof.emulator import server; "
        "server._require_ministack = lambda: os.kill(os.getpid(), signal.SIGTERM); "
        "server.serve(0)"
    )
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", program], env=environment, check=False, timeout=60)
    assert done.returncode == 0
    assert list(tmp_path.iterdir()) == []


def test_it_listens_on_127_0_0_1_alone(tmp_path: Path) -> None:
    with started(tmp_path) as (process, port):
        tables = [Path(f"/proc/{process.pid}/net/{name}").read_text() for name in ("tcp", "tcp6")]
        inodes = {str(entry.readlink()) for entry in Path(f"/proc/{process.pid}/fd").iterdir()}
    rows = [row.split() for table in tables for row in table.splitlines()[1:]]
    own = [row[1] for row in rows if row[3] == "0A" and f"socket:[{row[9]}]" in inodes]
    assert own == [f"0100007F:{port:04X}"]


def test_it_starts_within_two_seconds_of_work(tmp_path: Path) -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with started(tmp_path):
        pass
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 2


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = run("--port", str(port))
    assert done.returncode == 2
    expected = f"--port: {port}: 127.0.0.1:{port} cannot be used (Address already in use); name another port, or 0\n"
    assert (done.stdout, done.stderr) == ("", expected)


@pytest.mark.parametrize("text", ["-1", "65536", "http", ""])
def test_a_port_that_is_none_is_refused(text: str) -> None:
    done = run(f"--port={text}")
    assert done.returncode == 2
    assert f'"{text}" is no port: a number from 1 to 65535, or 0 for a free one' in done.stderr


def test_a_missing_ministack_is_answered_with_the_command_that_installs_it() -> None:
    done = run_with("sys.modules['ministack'] = None")
    assert done.returncode == 2
    assert done.stderr == (
        "stackproof.emulator: needs the package ministack;"
        " in a clone, python -m pip install --constraint constraints.txt '.[local]'\n"
    )


def test_a_ministack_that_lacks_a_name_is_refused_before_it_serves() -> None:
    done = run_with(
        "from ministack.services import ec2; del ec2._nat_gateways; sys.modules['ministack.services.ecs'] = None"
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith(
        "ministack: 1.5.33: the embedded AWS is made for version 1.5.33; this one has no ministack."
    )
    # The whole of a service that cannot be imported, and of those that import it.
    assert {"ministack.services.ec2._nat_gateways", "ministack.services.ecs._clusters"} <= set(
        re.findall(r"[\w.]+", done.stderr)
    )
    assert done.stderr.endswith("python -m pip install --constraint constraints.txt '.[local]'\n")
