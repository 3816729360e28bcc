"""How a command was called, and the account that it is about."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from stackproof import printing
from stackproof.deployment import aws, guards, operations

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterable, Mapping

    from stackproof.arguments import Commands
    from stackproof.deployment.aws import Aws
    from stackproof.deployment.stack import Stack
    from stackproof.environments import Environment
    from stackproof.printing import Line
    from stackproof.targets import Target

    # The environment with other values of some parameters.
    Load = Callable[[Mapping[str, str]], Environment]


@dataclass(frozen=True)
class Call:
    """How a command was called.

    Attributes:
        options: as they were parsed.
        commands: that an answer may name.
        is_foreign: no environment was named: the stack is somebody else's.
        notes: about the files, for the plan's warnings.
        cache: the folder for what is remembered from one command to the next.
    """

    options: argparse.Namespace
    commands: Commands
    is_foreign: bool
    notes: tuple[str, ...] = ()
    cache: Path = Path(".cache")

    def progress(self, account: Aws, name: str) -> Path:
        """The file that says how far the steps of a stack have come, while they are not all done."""
        return self.cache / "plans" / f"{account.account}-{account.region}-{name}.json"

    def say(self, *lines: Line) -> None:
        """Progress, on standard error."""
        printing.show(lines, sys.stderr)

    def print(self, lines: Iterable[Line], as_json: Mapping[str, object]) -> None:
        """Data, on standard output."""
        if self.options.json:
            printing.show_json(as_json, sys.stdout)
        else:
            printing.show(lines, sys.stdout)


def connect(call: Call, place: Environment | Target) -> Aws:
    """The account that the credentials are of, if it is the one that is meant."""
    asked = call.options.profile is not None
    account = aws.connect(region=place.region, profile=place.profile, asked_for_profile=asked)
    guards.account(place.account, account.account, account.caller, str(place.stack))
    return account


def under_way(account: Aws, existing: Stack | None) -> str:
    """Of a busy stack: since when, and who is at work; nothing of one that rests."""
    return operations.under_way(account, existing) if existing is not None and existing.is_busy else ""
