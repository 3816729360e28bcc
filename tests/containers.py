"""What ECS would start, without containers: a task definition's process with the variables that it would have.

A task definition and the image's Dockerfile together say which command runs with which environment. Three things are
put in place of what only AWS has: names and ports of stores, the content of secrets, and folders for the container's.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from tests.templates_support import Emitted

# ARN:key:: as ECS takes it, in its newest version.
_JSON_KEY = re.compile(r"(.+):([^:]+)::")


@dataclass(frozen=True)
class Image:
    """What a Dockerfile says of every container: variables, command, and `uid:gid`."""

    environment: dict[str, str]
    command: list[str]
    user: str


@dataclass(frozen=True)
class Container:
    """A process as ECS would start it; `health` is the shell command that tells whether it is well."""

    command: list[str]
    environment: dict[str, str]
    health: str
    stop_timeout: int


def read_image(dockerfile: Path) -> Image:
    """Read what a Dockerfile fixes; only what stands on one line each."""
    told = dict(re.findall(r"^(ENV|CMD|USER) (.+)$", dockerfile.read_text(), re.MULTILINE))
    variables = re.findall(r"^ENV (\w+)=(\S+)$", dockerfile.read_text(), re.MULTILINE)
    return Image(dict(variables), json.loads(told["CMD"]), told["USER"])


def build_steps(dockerfile: Path) -> list[tuple[str, str]]:
    """The instructions of a Dockerfile in order, each with its arguments, continued lines as one."""
    text = dockerfile.read_text().replace("\\\n", " ")
    found = re.findall(r"^([A-Z]+) +(.+)$", text, re.MULTILINE)
    return [(word, " ".join(arguments.split())) for word, arguments in found]


@dataclass(frozen=True)
class Host:
    """What stands in for AWS and for the container's file system.

    Attributes:
        facts: `${Resource.Attribute}` → what it would be.
        secrets: ARN → the JSON object in it.
        folders: path in the container → path here; the longest that fits counts.
    """

    facts: Mapping[str, str]
    secrets: Mapping[str, Mapping[str, Any]]
    folders: Mapping[str, Path]

    def start(self, stack: Emitted, task: str, image: Image) -> Container:
        """The process of a task definition's one container."""
        [definition] = stack.resources[task]["ContainerDefinitions"]
        plain = {each["Name"]: self._known(each["Value"]) for each in definition["Environment"]}
        secret = {each["Name"]: self._secret(each["ValueFrom"]) for each in definition["Secrets"]}
        assert not plain.keys() & secret.keys()
        environment = image.environment | plain | secret
        return Container(
            command=_words(definition.get("Command")) or image.command,
            environment={name: self._here(value) for name, value in environment.items()},
            health=definition["HealthCheck"]["Command"][1] if "HealthCheck" in definition else "",
            stop_timeout=int(definition["StopTimeout"]),
        )

    def _known(self, text: str) -> str:
        """A text with the stack's facts in it."""
        filled = re.sub(r"\$\{[^}]*\}", lambda found: self.facts[found[0]], text)
        assert "${" not in filled
        return filled

    def _secret(self, value_from: str) -> str:
        found = _JSON_KEY.fullmatch(value_from)
        assert found is not None, value_from
        return str(self.secrets[found[1]][found[2]])

    def _here(self, value: str) -> str:
        """A path of the container as a path of this machine; other values as they are."""
        if not value.startswith("/"):
            return value
        inside = [folder for folder in self.folders if f"{value}/".startswith(f"{folder}/")]
        assert inside, f"{value} is a path in the container that the test gives no place"
        longest = max(inside, key=len)
        return str(self.folders[longest]) + value.removeprefix(longest)


def _words(command: Sequence[str] | str | None) -> list[str]:
    return command.split(",") if isinstance(command, str) else list(command or ())
