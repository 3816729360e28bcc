"""What can go wrong in words that a person can act on: every error that a command shows is one of these.

Exit codes: 0 done or nothing to do, 1 failed, 2 wrong usage or bad input (found before anything is sent),
3 changes are waiting or something is stale, 4 refused, 130 interrupted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True)
class Fault:
    """One mistake in what a person gave us.

    Attributes:
        where: the file, with `:line` where the format gives one, or the option (`--set`).
        key: the key or table inside it, dotted (`Parameters.DesiredTasks`); empty for the file as a whole.
        message: one or more sentences: what is wrong with which value, what is allowed, what to do.
    """

    where: str
    key: str
    message: str

    def __str__(self) -> str:
        """The fault on one line: `where: key: message`."""
        return ": ".join(part for part in (self.where, self.key, self.message) if part)


class StackproofError(Exception):
    """A failure that is shown as its own sentences, without a traceback; `--debug` shows the traceback too."""

    exit_code: ClassVar[int] = 1


class BadInputError(StackproofError):
    """Wrong usage or bad input, found before anything was sent; carries every fault that was found."""

    exit_code = 2

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))


class RefusedError(StackproofError):
    """Not done, because a person or a guard said no; the message says what would make it a yes."""

    exit_code = 4
