"""Operations on a stack, from the call that starts one to the event that ends it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stackproof.deployment import changeset, diagnosis, events, polling, stack

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from stackproof.deployment.aws import Aws
    from stackproof.deployment.diagnosis import Cause
    from stackproof.deployment.events import Event
    from stackproof.deployment.preview import Preview
    from stackproof.deployment.stack import Stack

_DONE = {"CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE"}


@dataclass(frozen=True)
class Outcome:
    """How an operation ended.

    Attributes:
        stack: as it is now; None when it was deleted.
        status: its status, or `DELETE_COMPLETE`.
        cause: the first real cause, when it failed and the events say one.
    """

    stack: Stack | None
    status: str
    cause: Cause | None

    @property
    def is_done(self) -> bool:
        """Whether the stack is what was asked for; a stack that was rolled back is not."""
        return self.status in _DONE


def apply(account: Aws, preview: Preview, *, no_rollback: bool) -> Iterator[list[Event]]:
    """Execute a plan and yield its events as they come, until the stack rests.

    The stack policy and termination protection are set before an update, and right after a create: a stack that
    was never deployed takes neither.

    Raises:
        RefusedError: the change set cannot be executed any more: somebody else was faster.
    """
    client = account.cloudformation
    change_set = preview.change_set
    is_new = preview.plan.is_new
    if not is_new:
        _set_guards(account, preview)
    if change_set.id is None:
        return
    seen = events.ids(client, change_set.stack_id)
    with changeset.race():
        client.execute_change_set(
            ChangeSetName=change_set.id, ClientRequestToken=uuid.uuid4().hex, DisableRollback=no_rollback
        )
    change_set.is_kept = True
    yield []  # from here on, it goes on whatever happens to us
    newest: Event | None = None
    for batch in watch(account, change_set.stack_id, seen=seen):
        newest = events.state(batch) or newest
        yield batch
    if is_new and newest and newest.status in _DONE:
        _set_guards(account, preview)


def _set_guards(account: Aws, preview: Preview) -> None:
    client, name = account.cloudformation, preview.plan.stack
    if preview.policy is not None:
        stack.set_policy(client, name, preview.policy)
    if preview.protection is not None:
        stack.set_protection(client, name, wanted=preview.protection)


def delete(account: Aws, existing: Stack) -> Iterator[list[Event]]:
    """Delete a stack and yield its events as they come, until it is gone or stuck."""
    seen = events.ids(account.cloudformation, existing.id)
    stack.delete(account.cloudformation, existing)
    yield []
    yield from watch(account, existing.id, seen=seen)


def watch(account: Aws, stack_id: str, *, seen: Collection[str]) -> Iterator[list[Event]]:
    """Yield a stack's new events until it rests; see `events.follow`."""
    known = set(seen)
    client = account.cloudformation
    while True:
        batch: list[Event] = []
        for batch in events.follow(client, stack_id, seen=known, pace=polling.for_events(is_local=account.is_local)):
            known |= {event.id for event in batch}
            yield batch
        newest = events.state(batch)
        # A failure may be the end, or the rollback comes next.
        if newest is None or not newest.is_failure or not _is_busy(account, stack_id):
            return


def wait(account: Aws, busy: Stack) -> Iterator[list[Event]]:
    """Yield the new events of an operation that somebody else started, until the stack rests."""
    so_far = events.last_operation(account.cloudformation, busy.id)
    if events.has_ended(so_far) and not _is_busy(account, busy.id):
        return
    yield from watch(account, busy.id, seen={event.id for event in so_far[:-1]})


def _is_busy(account: Aws, stack_id: str) -> bool:
    found = stack.find(account.cloudformation, stack_id)
    return found is not None and found.is_busy


def outcome(account: Aws, stack_id: str) -> Outcome:
    """How the stack's last operation ended."""
    client = account.cloudformation
    found = stack.find(client, stack_id)
    if found is None:
        return Outcome(None, "DELETE_COMPLETE", None)
    cause = None
    if "FAILED" in found.status or "ROLLBACK" in found.status:
        cause = diagnosis.first_cause(
            events.last_operation(client, stack_id), lambda nested: events.last_operation(client, nested)
        )
    return Outcome(found, found.status, cause)
