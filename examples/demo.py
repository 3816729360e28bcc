"""The platform from nothing to nothing on the embedded AWS: every command below can be typed as it is shown.

`make demo`, or `python examples/demo.py`. It builds dist/, starts the embedded AWS on a free port of this machine,
plans and applies dev by real change sets, changes it, asks AWS's services whether the platform is what it should be,
and takes everything down again. No account, no network, about half a minute once dist/ has been linted.
"""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROOT = Path(__file__).resolve().parents[1]
ACCOUNT = "111111111111"
"""The account of dev in params/targets.toml: the embedded AWS answers as the account that the access key id spells."""


@contextmanager
def embedded_aws() -> Iterator[str]:
    """Start the embedded AWS and yield its URL; stop it at the end, whatever happened."""
    command = [sys.executable, "-m", "stackproof.emulator", "--port", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None  # noqa: S101  # PIPE was asked for
        ready = process.stdout.readline()
        if not ready.startswith("ready: "):
            raise SystemExit("the embedded AWS did not start; its own words stand above")
        try:
            yield ready.removeprefix("ready: ").strip()
        finally:
            process.terminate()


def step(words: str, *command: str, environment: Mapping[str, str]) -> None:
    """Say what comes, show the command as it would be typed, run it, and stop the demo where it fails."""
    shown = "python " + " ".join(command)
    sys.stdout.write(f"\n# {words}\n$ {shown}\n")
    sys.stdout.flush()
    done = subprocess.run([sys.executable, *command], cwd=ROOT, env=dict(environment), check=False)
    if done.returncode != 0:
        raise SystemExit(f"\nthe demo stops here: {shown} ended with {done.returncode}")


def main() -> None:
    """Walk through the whole life of an environment."""
    missing = [name for name in ("ministack", "pytest") if find_spec(name) is None]
    if missing:
        raise SystemExit(
            f"demo.py: not installed for {sys.executable}: {', '.join(missing)}; install what is needed with\n"
            "  python -m pip install --constraint constraints.txt '.[local,test]'"
        )
    plan = ".cache/demo-plan.json"
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    with embedded_aws() as url:
        access = {"AWS_ENDPOINT_URL": url, "AWS_ACCESS_KEY_ID": ACCOUNT, "AWS_SECRET_ACCESS_KEY": "embedded"}
        # A profile of yours must not reach into the demo.
        nobody = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
        environment = inherited | access | nobody
        sys.stdout.write("# The embedded AWS runs; these variables send every command to it:\n")
        sys.stdout.writelines(f"$ export {name}={value}\n" for name, value in access.items())
        step("The templates, linted with each environment's own values", "build.py", environment=environment)
        step(
            "Once per account and region: artifact bucket and image repository",
            "deploy.py",
            "bootstrap",
            "dev",
            "--yes",
            environment=environment,
        )
        step("What would be made? Nothing is, yet", "deploy.py", "plan", "dev", environment=environment)
        step("Make it", "deploy.py", "apply", "dev", "--yes", environment=environment)
        step(
            "A change: more tasks at the most. The plan is kept …",
            "deploy.py",
            "plan",
            "dev",
            "--set",
            "MaximumTasks=8",
            "--out",
            plan,
            environment=environment,
        )
        step(
            "… and applied as it was shown",
            "deploy.py",
            "apply",
            "dev",
            "--plan",
            plan,
            "--yes",
            environment=environment,
        )
        step("How does it stand?", "deploy.py", "status", "dev", environment=environment)
        step(
            "Ask each service whether the platform is what it should be",
            "-m",
            "pytest",
            "tests/integration/running",
            "--stack",
            "lms-dev",
            "--verbose",
            "--no-header",
            "-p",
            "no:cacheprovider",
            "-rN",
            "--tb=short",
            environment=environment | {"AWS_REGION": "sa-east-1", "AWS_DEFAULT_REGION": "sa-east-1"},
        )
        step("Take it down", "deploy.py", "destroy", "dev", "--yes", environment=environment)
    sys.stdout.write("\n# The embedded AWS has stopped and kept nothing. The same commands work on a real account.\n")


if __name__ == "__main__":
    main()
