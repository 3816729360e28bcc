"""The embedded AWS for tests and the demo: the real process, started and stopped."""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def embedded_aws() -> Iterator[str]:
    """Start `python -m stackproof.emulator` on a free port, yield its URL, and stop it."""
    command = [sys.executable, "-m", "stackproof.emulator", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("ready: "), f"the embedded AWS did not start: {line!r}"
        try:
            yield line.removeprefix("ready: ").strip()
        finally:
            process.terminate()
            assert process.wait(timeout=30) == 0, "the embedded AWS did not stop cleanly"
