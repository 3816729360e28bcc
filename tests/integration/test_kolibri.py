"""Kolibri on the platform, without containers: the processes of production's task definitions, with their variables.

PostgreSQL and Redis are Debian's, Kolibri comes from PyPI with the pins of examples/kolibri. The balancer is the test
itself, with the headers that a balancer sends; files, keys and secrets lie in a folder.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
import zipfile
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import TYPE_CHECKING, Any

import pytest

from examples.kolibri.build import templates
from tests import servers
from tests.containers import Host, build_steps, read_image
from tests.templates_support import ROOT, Emitted

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.containers import Container

EXAMPLE = ROOT / "examples" / "kolibri"
NAME = "kolibri.example.org"
SECRETS = {"secret_key": "k" * 50, "facility": "Escola", "admin_user": "admin", "admin_password": "made-for-a-test-1"}


def installed() -> Path:
    """Kolibri in an environment of its own below .cache/, made once for these pins and this Python; its programs."""
    pins = (EXAMPLE / "requirements.txt").read_bytes() + sys.version.encode()
    folder = ROOT / ".cache" / "kolibri" / hashlib.sha256(pins).hexdigest()[:12]
    ready = folder / "ready"
    if not ready.exists():
        python = folder / "bin" / "python"
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        # As the image does it, line by line.
        [line] = [line for word, line in build_steps(EXAMPLE / "Dockerfile") if line.startswith("pip ")]
        install = shlex.split(line.replace("/opt/lms", shlex.quote(str(EXAMPLE))))
        subprocess.run([str(python), "-m", *install, "--quiet", "--disable-pip-version-check"], check=True)
        ready.touch()
    return folder / "bin"


@dataclass
class Answer:
    status: int
    text: str
    cookies: SimpleCookie

    def json(self) -> Any:
        return json.loads(self.text)


@dataclass
class Person:
    """Somebody with a browser, behind a balancer that speaks HTTPS and sends each request to the task that it likes."""

    cookies: dict[str, str] = field(default_factory=dict)

    def get(self, task: int, path: str) -> Answer:
        return self.ask(task, path)

    def post(self, task: int, path: str, **data: object) -> Answer:
        return self.ask(task, path, json.dumps(data).encode())

    def sign_in(self, task: int, user: str, password: str, facility: str) -> Answer:
        self.get(task, "/en/auth/")
        return self.post(task, "/api/auth/session/", username=user, password=password, facility=facility)

    def ask(self, task: int, path: str, body: bytes | None = None) -> Answer:
        headers = {
            "Host": NAME,
            "Referer": f"https://{NAME}/",
            "X-Forwarded-Proto": "https",
            "X-Forwarded-For": "203.0.113.9",
            "Content-Type": "application/json",
            "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
            "X-CSRFToken": self.cookies.get("kolibri_csrftoken", ""),
        }
        request = urllib.request.Request(f"http://127.0.0.1:{task}{path}", body, headers)
        try:
            with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310  # http it is
                return self._remember(response)
        except urllib.error.HTTPError as error:
            with error:
                return self._remember(error)

    def _remember(self, response: Any) -> Answer:
        given = SimpleCookie()
        for line in response.headers.get_all("Set-Cookie", []):
            given.load(line)
        self.cookies |= {name: morsel.value for name, morsel in given.items()}
        return Answer(response.status, response.read().decode(), given)


@dataclass
class School:
    """The platform for Kolibri with production's parameters, on this machine.

    Attributes:
        folder: everything is below it; `files` is the shared file system.
        stack: the template with its parameters.
        programs: of Kolibri's environment.
    """

    folder: Path
    stack: Emitted
    programs: Path
    certificate: servers.Certificate
    database: servers.Server
    cache: servers.Server

    @property
    def files(self) -> Path:
        return self.folder / "files"

    def container(self, name: str, task: str = "TaskDefinition", **parameters: str | int) -> Container:
        """A task definition's container, with these parameters changed; its own folder bears `name`."""
        host = Host(
            facts={
                "${DatabaseConnectionProxy.Endpoint}": servers.HOST,
                "${CacheReplicationGroup.PrimaryEndPoint.Address}": servers.HOST,
                "${CacheReplicationGroup.PrimaryEndPoint.Port}": str(self.cache.port),
            },
            secrets={
                "${DatabaseSecret}": {
                    "host": "the proxy's is used",
                    "port": self.database.port,
                    "dbname": "lms",
                    "username": "lms",
                    "password": self.database.password,
                },
                "${CacheSecret}": {"username": "default", "password": self.cache.password},
                self.stack.parameters["ExtraSecretArn"]: SECRETS,
            },
            folders={
                "/opt/lms": EXAMPLE,
                "/var/lib/kolibri": self.files,
                "/etc/ssl/databases.pem": self.certificate.file,
                "/tmp": self.folder / name,  # noqa: S108  # the container's own
            },
        )
        (self.folder / name).mkdir()
        stack, image = self.stack.with_parameters(**parameters), read_image(EXAMPLE / "Dockerfile")
        return host.start(stack, task, image)

    def environment(self, container: Container) -> dict[str, str]:
        """What a process of the container sees: nothing of this machine but its programs."""
        programs = os.pathsep.join([str(self.programs), "/usr/bin", "/bin"])
        # Whose certificates are trusted: the test's own servers', as a container trusts Amazon's.
        return container.environment | {"PATH": programs, "SSL_CERT_FILE": str(self.certificate.file)}

    def run(self, container: Container) -> subprocess.CompletedProcess[str]:
        """Run a container to its end."""
        command = [str(self.programs / container.command[0]), *container.command[1:]]
        return subprocess.run(
            command, env=self.environment(container), cwd=self.folder, capture_output=True, text=True, check=False
        )

    def well(self, container: Container) -> bool:
        """Whether the container's own health check succeeds."""
        check = ["/bin/sh", "-c", container.health]
        done = subprocess.run(check, env=self.environment(container), capture_output=True, check=False)
        return done.returncode == 0

    @contextmanager
    def running(self, container: Container, name: str) -> Iterator[subprocess.Popen[bytes]]:
        """Run a container until it is stopped; one that has a health check is well before anybody asks."""
        command = [str(self.programs / container.command[0]), *container.command[1:]]
        log = self.folder / name / "log"

        def well() -> bool:
            return not container.health or self.well(container)

        with servers.running(command, log, well, env=self.environment(container)) as process:
            yield process


@pytest.fixture
def school() -> Iterator[School]:
    parameters = json.loads((EXAMPLE / "params" / "prod.json").read_text())["Parameters"]
    stack = Emitted(templates()["kolibri"](), **parameters)
    with ExitStack() as stop, servers.scratch() as folder:
        (folder / "files").mkdir()
        trusted = servers.certificate(folder)
        database = servers.postgres(folder, trusted, user="lms", database="lms")
        cache = servers.redis(
            folder,
            trusted,
            access=stack.resources["CacheUser"]["AccessString"],
            eviction=stack.resources["CacheParameterGroup"]["Properties"]["maxmemory-policy"],
        )
        both = stop.enter_context(database), stop.enter_context(cache)
        yield School(folder, stack, installed(), trusted, *both)


def stopped(process: subprocess.Popen[bytes], seconds: int) -> float:
    """Send SIGTERM as ECS does; how long the process took, which must be less than its stop timeout."""
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=seconds) == 0
    return time.monotonic() - began


@pytest.mark.packages
def test_a_school_from_installation_to_upgrade(school: School) -> None:
    install = school.run(school.container("install", "UpgradeTask"))
    assert install.returncode == 0, install.stderr
    assert "Applying kolibriauth.0001_initial... OK" in install.stdout
    for secret in (school.database.password, school.cache.password, SECRETS["admin_password"], SECRETS["secret_key"]):
        assert secret not in install.stdout + install.stderr

    known = school.run(school.container("list", Command="kolibri,configure,list-env")).stdout
    assert {name for name in school.container("any").environment if name.startswith("KOLIBRI_")} <= set(
        re.findall(r"KOLIBRI_\w+", known)
    )

    ports = servers.free_port(), servers.free_port()
    tasks = [school.container(f"task-{port}", ContainerPort=port) for port in ports]
    worker = school.container("worker", "WorkerTaskDefinition")
    assert not school.well(tasks[0])
    with (
        school.running(tasks[0], f"task-{ports[0]}") as first,
        school.running(tasks[1], f"task-{ports[1]}") as second,
        school.running(worker, "worker") as jobs,
    ):
        _lesson(school, ports)
        assert stopped(first, tasks[0].stop_timeout) < tasks[0].stop_timeout
        assert Person().get(ports[1], "/en/auth/").status == 200
        assert stopped(jobs, worker.stop_timeout) < worker.stop_timeout
        assert stopped(second, tasks[1].stop_timeout) < tasks[1].stop_timeout
    logs = [(school.folder / f"task-{port}" / "log").read_text() for port in ports]
    assert "ERROR" not in "".join(logs)

    again = school.run(school.container("upgrade", "UpgradeTask"))
    assert again.returncode == 0, again.stderr
    assert "Running migrations" not in again.stdout
    assert "Applying" not in again.stdout


def _lesson_that_is_a_web_application(school: School, learner: Person, ports: tuple[int, int], page: str) -> None:
    """It comes through the same port, out of the shared files, into a frame that Kolibri's own pages allow."""
    name = f"{'0123456789abcdef' * 2}.zip"
    shelf = school.files / "content" / "storage" / name[0] / name[1]
    shelf.mkdir(parents=True)
    with zipfile.ZipFile(shelf / name, "w") as lesson:
        lesson.writestr("index.html", "<html><body>Photosynthesis</body></html>")
    told = dict(re.findall(r'"__(zipContentOrigin|zipContentUrl|sandboxUrl)":"([^"]+)"', page))
    assert told["zipContentOrigin"] == f"https://{NAME}"
    for port in ports:
        assert learner.get(port, told["sandboxUrl"]).status == 200
        shown = learner.get(port, f"{told['zipContentUrl']}{name}/index.html")
        assert (shown.status, "Photosynthesis" in shown.text) == (200, True)


def _lesson(school: School, ports: tuple[int, int]) -> None:
    """What two people do, now with one task, now with the other."""
    here, there = ports
    [facility] = Person().get(here, "/api/auth/facility/").json()
    assert facility["name"] == SECRETS["facility"]
    devices = {Person().get(port, "/api/public/info/").json()["instance_id"] for port in ports}
    assert len(devices) == 1

    # Nobody is asked to become the administrator: there is one.
    admin = Person()
    assert admin.sign_in(here, "admin", "wrong", facility["id"]).status == 401
    signed_in = admin.sign_in(here, "admin", SECRETS["admin_password"], facility["id"])
    assert signed_in.status == 200, signed_in.text
    assert signed_in.cookies["kolibri"]["secure"]
    pupil = {"username": "ana", "full_name": "Ana Lima", "password": "made-for-a-test-2"}
    made = admin.post(there, "/api/auth/facilityuser/", facility=facility["id"], **pupil)
    assert made.status == 201, made.text

    learner = Person()
    assert learner.sign_in(here, "ana", pupil["password"], facility["id"]).status == 200
    assert [who["full_name"] for who in learner.get(there, "/api/auth/facilityuser/").json()] == ["Ana Lima"]
    page = learner.get(there, "/en/learn/")
    assert page.status == 200
    scripts = re.findall(r'src="(/static/kolibri[.]plugins[.]learn[.]app/[^"]+[.]js)"', page.text)
    assert scripts
    assert {learner.get(here, script).status for script in scripts} == {200}
    _lesson_that_is_a_web_application(school, learner, ports, page.text)

    # A worker makes the file, and a task that never saw it made hands it out.
    asked = {"type": "kolibri.core.auth.tasks.exportuserstocsv", "facility": facility["id"], "locale": "en"}
    job = admin.post(here, "/api/tasks/tasks/", **asked)
    assert job.status == 200, job.text
    until = time.monotonic() + 30
    while (state := admin.get(there, f"/api/tasks/tasks/{job.json()['id']}/").json()["status"]) != "COMPLETED":
        assert state != "FAILED"
        assert time.monotonic() < until, state
        time.sleep(0.2)
    listed = admin.get(there, f"/facility/api/downloadcsvfile/user/{facility['id']}/")
    assert "Ana Lima" in listed.text
    assert list((school.files / "media").rglob("*.csv"))
