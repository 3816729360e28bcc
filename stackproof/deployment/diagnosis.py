"""Why an operation failed: the first real cause among its events, nested stacks included. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from stackproof.deployment import hints
from stackproof.deployment.hint_rules import RULES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from stackproof.deployment.events import Event

_CANCELLED = re.compile(r"Resource (creation|update|deletion|import) cancelled", re.IGNORECASE)
# How a stack says that its resources failed: an echo, not a cause.
_ECHO = re.compile(r"The following resource\(s\) failed to|Embedded stack .* was not successfully")
_NESTED = "AWS::CloudFormation::Stack"


@dataclass(frozen=True)
class Cause:
    """Where an operation went wrong.

    Attributes:
        logical_id: of the resource; the stack's name where the stack itself failed.
        path: the same, the nested stacks that it is in before it: `Network/Subnet1`.
        type: of the resource.
        stack: ARN of the stack that it is in: a nested one, maybe.
        status: for example `CREATE_FAILED`.
        reason: AWS's words.
        time: ISO 8601, by AWS's clock.
        hint: what mends it, where that is certain; else blank.
    """

    logical_id: str
    path: str
    type: str
    stack: str
    status: str
    reason: str
    time: str
    hint: str


@dataclass(frozen=True)
class Evidence:
    """Something that another service says about a failure.

    Attributes:
        source: `ecs:service-events`, `ecs:stopped-tasks`, `elb:target-health`, `log`, `hook`, `ec2:routes`,
            `ec2:interfaces`, `cloudformation:imports`, `certificate`, `sts:decoded`.
        title: whose words these are, and of when.
        lines: bounded, with what looks like a secret masked.
    """

    source: str
    title: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Finding:
    """What a look beyond CloudFormation brought.

    Attributes:
        evidence: in the order in which a person reads it.
        hint: what mends it; None where it does not tell.
    """

    evidence: tuple[Evidence, ...] = ()
    hint: hints.Hint | None = None


def first_cause(events: Sequence[Event], nested: Callable[[Event], Sequence[Event]]) -> Cause | None:
    """Find the first real failure of an operation; see `failures`.

    Returns:
        None when nothing in the events says why: no cause is invented.
    """
    found = failures(events, nested)
    return cause(found[0]) if found else None


def failures(events: Sequence[Event], nested: Callable[[Event], Sequence[Event]]) -> list[Event]:
    """Find every real failure of an operation, the first one first.

    What CloudFormation only cancelled, and the echoes of a nested stack's failure, are passed over.

    Args:
        events: of the operation, oldest first, rollback included.
        nested: the events of a nested stack during the same operation, by the event that says how it failed.

    Returns:
        Nothing when no event says why: no cause is invented.
    """
    real: list[Event] = []
    echoes: list[Event] = []
    known = {each.logical_id: each.physical_id for each in events if each.physical_id}
    for each in filter(is_real, events):
        # The event of a failure may lack the ARN that those before and after it have.
        inner = _inside(replace(each, physical_id=known.get(each.logical_id, "")), nested)
        real += inner
        # Of a nested stack's words nothing is left when it was itself cancelled, or never made.
        (echoes if each.type == _NESTED and _ECHO.search(each.reason) else real).extend([] if inner else [each])
    own = _of_stack(events)
    if own and all(own.time < each.time for each in real):
        # No resource failed before the stack turned back: an output, an export, a time limit, a person.
        real.insert(0, own)
    once = {(each.path, each.status, each.reason): each for each in reversed(real or echoes)}
    return sorted(once.values(), key=lambda each: each.time)


def _inside(event: Event, nested: Callable[[Event], Sequence[Event]]) -> list[Event]:
    if event.type != _NESTED or not event.physical_id:
        return []
    return failures([replace(each, within=event.path) for each in nested(event)], nested)


def _of_stack(events: Sequence[Event]) -> Event | None:
    """How the stack itself first said that something is wrong, if it says why; a request that was refused, too."""
    alone = len(events) == 1
    own = [each for each in events if each.is_of_stack]
    first = next((each for each in own if each.is_failure or each.is_rollback or (alone and not each.is_start)), None)
    return first if first and first.reason and not _ECHO.search(first.reason) else None


def is_real(event: Event) -> bool:
    """Whether a resource failed, and not only because another one did."""
    return event.is_failure and not event.is_of_stack and not _CANCELLED.search(event.reason)


def cause(event: Event, mend: str | None = None) -> Cause:
    """What is told of a failure.

    Args:
        event: that says it.
        mend: what mends it; None takes what the words alone tell.
    """
    return Cause(
        logical_id=event.logical_id,
        path=event.path,
        type=event.type,
        stack=event.stack_id,
        status=event.status,
        reason=event.reason or "AWS gives no reason",
        time=event.time.isoformat(),
        hint=hint(event.type, event.reason, event.physical_id, event.stack_id) if mend is None else mend,
    )


def hint(resource_type: str, reason: str, physical_id: str = "", stack_id: str = "") -> str:
    """What mends a failure with these words, as one sentence; blank where they do not tell."""
    found = hints.find(hints.Failure(resource_type, reason, physical_id, stack_id), RULES)
    return found.sentence if found else ""
