"""What can be said of a stack without asking more: its last operation, how it compares with its files. Pure."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from stackproof.deployment.plan import settings
from stackproof.parameters import parameters_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from stackproof.deployment.diagnosis import Cause
    from stackproof.deployment.events import Event
    from stackproof.deployment.plan import Setting
    from stackproof.deployment.running import Running
    from stackproof.deployment.stack import Stack


@dataclass(frozen=True)
class Operation:
    """The last thing that was done to a stack.

    Attributes:
        kind: `create`, `update`, `delete` or `import`.
        status: of the stack at its end, or now.
        started: by AWS's clock.
        ended: None while it runs.
        by: who started it; blank where the events do not say.
    """

    kind: str
    status: str
    started: datetime
    ended: datetime | None
    by: str

    def as_json(self) -> dict[str, str | None]:
        """The `operation` of the object that `status --json` prints."""
        return {
            "kind": self.kind,
            "status": self.status,
            "started": self.started.isoformat(),
            "ended": self.ended.isoformat() if self.ended else None,
            "by": self.by or None,
        }


def operation(events: Sequence[Event], by: str) -> Operation | None:
    """The operation that these events are of, oldest first; None for a stack of which nothing was ever made."""
    own = [each for each in events if each.is_of_stack]
    if not own or own[0].status == "REVIEW_IN_PROGRESS":
        return None
    first, last = own[0], own[-1]
    ended = last.time if last.ends_operation else None
    return Operation(first.status.partition("_")[0].lower(), last.status, first.time, ended, by)


@dataclass(frozen=True)
class Files:
    """What the files say that a stack shall be.

    Attributes:
        name: of the parameter file, as a person would name it; blank where no file was named.
        template: long form; None where it could not be read.
        parameters: that are given; the others have the template's defaults.
        problem: why the files could not be read; blank where they were.
    """

    name: str = ""
    template: Mapping[str, Any] | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""


def compared(stack: Stack, files: Files) -> tuple[Setting, ...] | None:
    """The parameters whose value in the stack (before) is not that of the files (after); None without files."""
    if files.template is None:
        return None
    known = parameters_of(files.template)
    # What stands behind the name of an SSM parameter is known to AWS alone.
    opaque = {name for name, each in known.items() if each.type.startswith("AWS::SSM::Parameter::Value<")}
    wanted = {name: each.default for name, each in known.items() if each.default is not None} | dict(files.parameters)
    return settings(
        "parameter",
        {name: value for name, value in stack.parameters.items() if name not in opaque},
        {name: value for name, value in wanted.items() if name not in opaque},
        secrets=[name for name, each in known.items() if each.no_echo],
    )


@dataclass(frozen=True)
class Standing:
    """All that `status` says of a stack.

    Attributes:
        stack: as it is.
        account: 12 digits.
        region: for example `sa-east-1`.
        last: operation; None for a stack of which nothing was ever made.
        running: services and alarms.
        files: that it was compared with.
        differences: see `compared`.
        cause: of a failure, where its last operation failed.
        unfinished: how far steps have come that have not ended; blank where there are none.
    """

    stack: Stack
    account: str
    region: str
    last: Operation | None
    running: Running
    files: Files
    differences: tuple[Setting, ...] | None
    cause: Cause | None
    unfinished: str = ""

    def as_json(self) -> dict[str, Any]:
        """The object that `status --json` prints."""
        runs = asdict(self.running)
        return {
            "stack": self.stack.name,
            "status": self.stack.status,
            "reason": self.stack.reason,
            "account": self.account,
            "region": self.region,
            "created": self.stack.created.isoformat(),
            "updated": self.stack.updated.isoformat(),
            "protected": self.stack.is_protected,
            "operation": self.last.as_json() if self.last else None,
            "differences": None
            if self.differences is None
            else [{"name": each.name, "stack": each.before, "file": each.after} for each in self.differences],
            **runs,
            "outputs": dict(self.stack.outputs),
            "cause": asdict(self.cause) if self.cause else None,
            "unfinished": self.unfinished or None,
        }


@dataclass(frozen=True)
class Row:
    """One environment in a list.

    Attributes:
        environment: its name.
        name: of the stack; blank where no file says it.
        account: 12 digits; blank where no file says it.
        region: blank where no file says it.
        stack: None where there is none, or it could not be looked at.
        problem: why it could not be looked at; blank where it was.
    """

    environment: str
    name: str
    account: str
    region: str
    stack: Stack | None
    problem: str

    def as_json(self) -> dict[str, str | bool | None]:
        """A member of the list that `list --json` prints."""
        return {
            "environment": self.environment,
            "stack": self.name or None,
            "account": self.account or None,
            "region": self.region or None,
            "status": self.stack.status if self.stack else None,
            "updated": self.stack.updated.isoformat() if self.stack else None,
            "protected": self.stack.is_protected if self.stack else None,
            "problem": self.problem or None,
        }
