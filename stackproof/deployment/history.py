"""A stack's past, operation by operation, and the newest one that failed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stackproof.deployment import diagnosis, events

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import datetime

    from mypy_boto3_cloudformation import CloudFormationClient

    from stackproof.deployment.events import Event

# Pages of 100 events. A stack that fails now and then is answered by the first few; AWS keeps events for 90 days.
_PAGES = 100


@dataclass(frozen=True)
class Operation:
    """One operation on a stack: its events from the request to the end, the way back included.

    Attributes:
        events: of the stack and its resources, oldest first; at least one.
    """

    events: tuple[Event, ...]

    @property
    def own(self) -> list[Event]:
        """What the stack says of itself."""
        return [each for each in self.events if each.is_of_stack]

    @property
    def id(self) -> str:
        """OperationId of the request, not of the rollback that followed; blank in old events."""
        return self.events[0].operation

    @property
    def since(self) -> datetime:
        """When it began, by AWS's clock."""
        return self.events[0].time

    @property
    def until(self) -> datetime:
        """Its newest event."""
        return self.events[-1].time

    @property
    def is_refused(self) -> bool:
        """CloudFormation did not even begin: an export that others use, for example. The state stays as it was."""
        return len(self.events) == 1 and bool(self.own) and self.own[0].ends_operation and bool(self.own[0].reason)

    @property
    def is_failed(self) -> bool:
        """It did not do what was asked for, or is on its way back already."""
        own = self.own
        if self.is_refused or any(each.is_failure or each.is_rollback for each in own):
            return True
        # No rollback in sight: it comes next, or the stack is deleted instead (OnFailure).
        return not any(each.ends_operation for each in own) and any(map(diagnosis.is_real, self.events))


def operations(found: Iterable[Event]) -> Iterator[Operation]:
    """Cut a stack's events into operations.

    Args:
        found: newest first, as AWS answers them.

    Yields:
        Operations, newest first. Of the oldest one the beginning may be missing: AWS forgets.
    """
    newest_first: list[Event] = []
    for event in found:
        own = [each for each in newest_first if each.is_of_stack]
        if own and own[-1].ends_operation and event.ends_operation:
            # At rest twice in a row: in between, a request was refused.
            yield Operation(tuple(reversed(newest_first)))
            newest_first = []
        newest_first.append(event)
        if event.is_of_stack and event.status in events.STARTS:
            yield Operation(tuple(reversed(newest_first)))
            newest_first = []
    if any(event.status != "REVIEW_IN_PROGRESS" for event in newest_first):
        yield Operation(tuple(reversed(newest_first)))


@dataclass(frozen=True)
class Past:
    """What was done to a stack.

    Attributes:
        newest: operation; None when nothing was ever done.
        failed: the newest operation that failed; None when none is known.
        unread: the events before this moment were not looked at; None where all were.
    """

    newest: Operation | None
    failed: Operation | None
    unread: datetime | None


def read(client: CloudFormationClient, stack_id: str) -> Past:
    """Read a stack's events back to the last operation that failed."""
    last: list[Event] = []
    newest = None
    for operation in operations(_events(client, stack_id, last)):
        newest = newest or operation
        if operation.is_failed:
            return Past(newest, operation, None)
    return Past(newest, None, last[0].time if last else None)


def _events(client: CloudFormationClient, stack_id: str, last: list[Event]) -> Iterator[Event]:
    """Newest first; `last` ends up with the oldest one where there are more than are read."""
    for number, page in enumerate(events.pages(client, stack_id)):
        if number == _PAGES:
            return
        yield from page
        last[:] = page[-1:]
    last.clear()


def between(client: CloudFormationClient, stack_id: str, since: datetime, until: datetime) -> list[Event]:
    """The events of a stack in that time, oldest first.

    A nested stack's newest operation may be the deletion that its parent's rollback brought: time tells them apart.
    """
    found: list[Event] = []
    for page in events.pages(client, stack_id):
        found += [event for event in page if since <= event.time <= until]
        if page and page[-1].time < since:
            break
    return found[::-1]


def nested(client: CloudFormationClient, operation: Sequence[Event]) -> Callable[[Event], list[Event]]:
    """What happened inside a nested stack during an operation, by the event that says how that ended."""
    return lambda event: between(client, event.physical_id, operation[0].time, event.time)
