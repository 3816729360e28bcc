"""A command on a terminal of its own, as a person types it."""

from __future__ import annotations

import os
import pty
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.integration.deployer import Deployer


class Terminal:
    """A command on a terminal of its own."""

    def __init__(self, deployer: Deployer, *arguments: str, **variables: str) -> None:
        self.screen = ""
        self.process, self.descriptor = pty.fork()
        if self.process == 0:  # pragma: no cover - the child is another program
            environment = deployer.aws.environment | {"PYTHONPATH": os.pathsep.join(sys.path), "TERM": "xterm"}
            environment.pop("NO_COLOR", None)
            os.chdir(deployer.folder)
            os.execve(sys.executable, [sys.executable, "-m", "stackproof", *arguments], environment | variables)  # noqa: S606 - as a person's shell does

    def read_until(self, words: str) -> None:
        while words not in self.screen:
            self.screen += os.read(self.descriptor, 4096).decode(errors="replace")

    def answer(self, question: str, answer: str) -> None:
        self.read_until(question)
        os.write(self.descriptor, f"{answer}\n".encode())

    def end(self) -> int:
        """Read to the end and return the exit code."""
        try:
            while data := os.read(self.descriptor, 4096):
                self.screen += data.decode(errors="replace")
        except OSError:  # how a terminal says that nobody writes any more
            pass
        os.close(self.descriptor)
        return os.waitstatus_to_exitcode(os.waitpid(self.process, 0)[1])
