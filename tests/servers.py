"""A real PostgreSQL and a real Redis for a test: Debian's packages, each a process of the test's own, and TLS only.

Neither touches the system's service: data, keys and sockets lie in a folder that goes with the test. Where a package is
missing, the test is skipped with its name; with LMS_NEEDS_PACKAGES=1 (.ci/run) it fails instead.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

PACKAGES = {"postgres": "postgresql", "redis-server": "redis-server", "openssl": "openssl"}
HOST = "localhost"


@dataclass(frozen=True)
class Certificate:
    """A certificate for HOST that signs itself: who trusts `file` trusts the servers.

    Attributes:
        file: PEM.
        key: PEM, readable by its owner alone.
    """

    file: Path
    key: Path


@dataclass(frozen=True)
class Server:
    """A server that answers.

    Attributes:
        port: on HOST.
        password: of the user that the test has asked for.
    """

    port: int
    password: str


def program(name: str) -> str:
    """Where a program of a Debian package lies; skips the test, or fails it, where it is not installed."""
    newest_first = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    found = shutil.which(name, path=os.pathsep.join([*map(str, newest_first), os.environ.get("PATH", "")]))
    if found is None:
        sentence = f"{name} is not installed: apt-get install {PACKAGES.get(name, PACKAGES['postgres'])}"
        if os.environ.get("LMS_NEEDS_PACKAGES"):
            pytest.fail(sentence)
        pytest.skip(sentence)
    return found


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder that another user may enter: pytest's own folders are closed, and PostgreSQL does not run as root."""
    with tempfile.TemporaryDirectory(prefix="lms-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


def certificate(folder: Path) -> Certificate:
    """Make a certificate for HOST."""
    made = Certificate(folder / "ca.pem", folder / "key.pem")
    arguments = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    names = ["-subj", f"/CN={HOST}", "-addext", f"subjectAltName=DNS:{HOST}"]
    _run([program("openssl"), "req", *arguments, *names, "-keyout", str(made.key), "-out", str(made.file)])
    return made


@contextmanager
def postgres(folder: Path, trusted: Certificate, *, user: str, database: str) -> Iterator[Server]:
    """A PostgreSQL that refuses connections without TLS, as RDS does with rds.force_ssl; `user` owns `database`."""
    name = "postgres" if os.geteuid() == 0 else None
    who: dict[str, Any] = {"user": name, "group": name, "extra_groups": []} if name else {}
    home, port = folder / "postgres", free_port()
    home.mkdir()
    password = home / "password"
    password.write_text("owner")
    key = shutil.copy(trusted.key, home / "key.pem")
    Path(key).chmod(0o600)
    if name:
        for path in (home, password, Path(key)):
            shutil.chown(path, name, name)
    data = home / "data"
    options = ["--auth=scram-sha-256", f"--pwfile={password}", "--username=owner", "--no-sync", "--encoding=UTF8"]
    _run([program("initdb"), "-D", str(data), *options], cwd=home, **who)
    (data / "pg_hba.conf").write_text("hostssl all all all scram-sha-256\n")
    settings = {
        "listen_addresses": HOST,
        "port": port,
        "unix_socket_directories": home,
        "ssl": "on",
        "ssl_cert_file": trusted.file,
        "ssl_key_file": key,
        "fsync": "off",
    }
    asked = [program("pg_isready"), "--quiet", f"--host={HOST}", f"--port={port}"]

    def ready() -> bool:
        return subprocess.run(asked, check=False).returncode == 0

    told = [word for setting, value in settings.items() for word in ("-c", f"{setting}={value}")]
    with running([program("postgres"), "-D", str(data), *told], home / "log", ready, stop=signal.SIGINT, **who):
        statements = f"CREATE ROLE {user} LOGIN PASSWORD 'made-for-a-test'", f"CREATE DATABASE {database} OWNER {user}"
        for statement in statements:
            place = f"host={HOST} port={port} user=owner dbname=postgres sslmode=verify-full sslrootcert={trusted.file}"
            _run(_psql(place, statement), env={"PGPASSWORD": "owner", "PATH": os.environ["PATH"]})
        yield Server(port, "made-for-a-test")


def _psql(place: str, statement: str) -> list[str]:
    return [program("psql"), place, "--no-psqlrc", "--quiet", "--command", statement]


@contextmanager
def redis(folder: Path, trusted: Certificate, *, access: str, eviction: str) -> Iterator[Server]:
    """A Redis as ElastiCache gives it: TLS, one user with a password and an access string, nobody may CONFIG."""
    home, port = folder / "redis", free_port()
    home.mkdir()
    password = "p" * 64
    settings = home / "redis.conf"
    settings.write_text(
        f"port 0\ntls-port {port}\nbind 127.0.0.1\ntls-auth-clients no\n"
        f"tls-cert-file {trusted.file}\ntls-key-file {trusted.key}\ntls-ca-cert-file {trusted.file}\n"
        f"user default reset >{password} {access}\n"
        f'rename-command CONFIG ""\nsave ""\nappendonly no\ndir {home}\nmaxmemory 64mb\nmaxmemory-policy {eviction}\n'
    )
    with running([program("redis-server"), str(settings)], home / "log", lambda: _listens(port)):
        yield Server(port, password)


@contextmanager
def running(
    command: Sequence[str],
    log: Path,
    answers: Callable[[], bool],
    *,
    stop: signal.Signals = signal.SIGTERM,
    env: Mapping[str, str] | None = None,
    **how: Any,
) -> Iterator[subprocess.Popen[bytes]]:
    """A process, once it answers; it is told to stop at the end, and must."""
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, env=env, cwd=log.parent, **how)
    try:
        wait_until(answers, process, log)
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(stop)
            try:
                process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                raise


def wait_until(holds: Callable[[], bool], process: subprocess.Popen[bytes], log: Path, seconds: float = 60) -> None:
    """Ask again and again until something holds; tells the process's last words when it ends or takes too long."""
    until = time.monotonic() + seconds
    while not holds():
        if process.poll() is not None or time.monotonic() > until:
            state = "still runs" if process.returncode is None else f"has ended with {process.returncode}"
            pytest.fail(f"{process.args!r} {state}; it said:\n{log.read_text(errors='replace')[-4000:]}")
        time.sleep(0.05)


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as any_port:
        any_port.bind(("127.0.0.1", 0))
        port: int = any_port.getsockname()[1]
        return port


def _listens(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


def _run(command: Sequence[str], **how: Any) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False, **how)
    assert done.returncode == 0, f"{command[0]}: {done.stderr}"
