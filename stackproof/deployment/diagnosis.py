"""Why an operation failed: the first real cause among its events, and what mends it. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from stackproof.deployment.events import Event

_CANCELLED = re.compile(r"Resource (creation|update|deletion|import) cancelled", re.IGNORECASE)
# How a stack says that its resources failed: an echo, not a cause.
_ECHO = re.compile(r"The following resource\(s\) failed to|Embedded stack .* was not successfully")
_NESTED = "AWS::CloudFormation::Stack"

# Only where the words leave no doubt: pattern in the reason → what to do.
_HINTS = (
    (
        r"Action denied by stack policy",
        "The stack policy forbids this change: change StackPolicy in the parameter file, if the change is meant.",
    ),
    (
        r"is not authorized to perform: (?P<action>\S+)( on resource: (?P<resource>\S+))?",
        "A permission is missing: {action} on {resource}, for the role or user that deploys.",
    ),
    (
        r"(?P<export>\S+) cannot be (deleted|updated) as it is in use by (?P<stack>\S+)",
        "Stack {stack} imports {export}: change that stack first.",
    ),
    (
        r"bucket you tried to delete is not empty",
        "Empty the bucket (all versions), then try again; CloudFormation deletes no bucket with objects in it.",
    ),
)
_LOG_GROUP_EXISTS = (
    "A log group of this name was left behind by an earlier stack. Delete it if its logs may go: "
    "aws logs delete-log-group --log-group-name {name}"
)


@dataclass(frozen=True)
class Cause:
    """Where an operation went wrong.

    Attributes:
        logical_id: of the resource; the stack's name where the stack itself failed.
        type: of the resource.
        stack: ARN of the stack that it is in: a nested one, maybe.
        status: for example `CREATE_FAILED`.
        reason: AWS's words.
        time: ISO 8601, by AWS's clock.
        hint: what mends it, where that is certain; else blank.
    """

    logical_id: str
    type: str
    stack: str
    status: str
    reason: str
    time: str
    hint: str


def first_cause(events: Sequence[Event], nested: Callable[[str], Sequence[Event]]) -> Cause | None:
    """Find the first real failure of an operation.

    Failures that CloudFormation only cancelled, and the echoes of a nested stack's failure, are passed over.

    Args:
        events: of the operation, oldest first, rollback included.
        nested: the same for a nested stack, by its ARN.

    Returns:
        None when nothing in the events says why: no cause is invented.
    """
    failures = [each for each in events if each.is_failure and not each.is_of_stack and _is_real(each)]
    if failures:
        first = failures[0]
        inner = first_cause(nested(first.physical_id), nested) if first.type == _NESTED and first.physical_id else None
        return inner or _cause(first)
    # No resource failed: an output, an export, a check before anything started.
    of_stack = [each for each in events if each.is_of_stack and each.reason and not _ECHO.search(each.reason)]
    return next((_cause(each) for each in of_stack if each.is_failure or each.is_rollback), None)


def _is_real(event: Event) -> bool:
    return not _CANCELLED.search(event.reason)


def _cause(event: Event) -> Cause:
    return Cause(
        logical_id=event.logical_id,
        type=event.type,
        stack=event.stack_id,
        status=event.status,
        reason=event.reason or "AWS gives no reason",
        time=event.time.isoformat(),
        hint=hint(event.type, event.reason, event.physical_id),
    )


def hint(resource_type: str, reason: str, physical_id: str = "") -> str:
    """What mends a failure of this kind; blank where it is not certain."""
    if resource_type == "AWS::Logs::LogGroup" and "already exists" in reason:
        named = re.search(r"/[\w./#-]+", reason)
        return _LOG_GROUP_EXISTS.format(name=physical_id or (named[0] if named else "NAME"))
    for pattern, sentence in _HINTS:
        found = re.search(pattern, reason)
        if found:
            words = {key: value or "its resource" for key, value in found.groupdict().items()}
            return sentence.format(**words)
    return ""
