"""Operations on a stack, from the call that starts one to the event that ends it."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from stackproof.deployment import aws, changeset, diagnosis, events, history, polling, stack
from stackproof.errors import StackproofError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from stackproof.deployment.aws import Aws
    from stackproof.deployment.diagnosis import Cause
    from stackproof.deployment.events import Event
    from stackproof.deployment.preview import Preview
    from stackproof.deployment.stack import Stack

_DONE = {"CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE"}
# AWS keeps the token of an operation in its events, so whoever finds the stack busy can read there who is at work.
# Ours: see `token`. The console's own: "Console-ExecuteChangeSet-<uuid>".
_OURS = re.compile(r"stackproof-(?P<who>.+)-[0-9a-f]{32}")
_CONSOLE = re.compile(r"Console-\w+-[0-9a-f-]{36}")
_LONGEST_TOKEN = 128


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


def token(account: Aws) -> str:
    """A ClientRequestToken that is unique and says who started the operation."""
    unique = uuid.uuid4().hex
    who = re.sub(r"[^A-Za-z0-9]+", "-", re.split("[/:]", account.caller)[-1]).strip("-") or "somebody"
    return f"stackproof-{who[: _LONGEST_TOKEN - len(unique) - len('stackproof--')]}-{unique}"


def apply(account: Aws, preview: Preview, *, no_rollback: bool, request: str = "") -> Iterator[list[Event]]:
    """Execute a plan and yield its events as they come, until the stack rests.

    The stack policy and termination protection are set before an update, and right after a create: a stack that
    was never deployed takes neither.

    Args:
        account: where.
        preview: of the plan.
        no_rollback: leave it as it is where it fails.
        request: a `token` that the caller wants to know again; blank takes one.

    Raises:
        RefusedError: the change set cannot be executed any more: somebody else was faster.
        AwsError: AWS refuses: nothing was started.
    """
    client = account.cloudformation
    change_set = preview.change_set
    is_new = preview.plan.is_new
    if not is_new:
        _set_guards(account, preview)
    if change_set.id is None:
        return
    seen = events.ids(client, change_set.stack_id)
    # Until AWS answers, it may have started, and its change set must not be cleared away.
    was_kept, change_set.is_kept = change_set.is_kept, True
    yield []
    own = request or token(account)
    try:
        with aws.answered(), changeset.race():
            client.execute_change_set(ChangeSetName=change_set.id, ClientRequestToken=own, DisableRollback=no_rollback)
    except StackproofError:
        if not _is_started(account, change_set.stack_id, seen, own):
            change_set.is_kept = was_kept
            raise
    newest: Event | None = None
    for batch in watch(account, change_set.stack_id, seen=seen):
        newest = events.state(batch) or newest
        yield batch
    if is_new and newest and newest.status in _DONE:
        _finish(account, preview)


def _is_started(account: Aws, stack_id: str, seen: Collection[str], own: str) -> bool:
    """Whether the operation with this token runs: of a request that the SDK repeats, the second one is refused."""
    try:
        return any(event.request == own for event in events.unseen(account.cloudformation, stack_id, seen))
    except ClientError:
        return False


def _finish(account: Aws, preview: Preview) -> None:
    try:
        _set_guards(account, preview)
    except (ClientError, BotoCoreError) as error:
        missing = "its stack policy and termination protection are not set; the next apply sets them"
        raise aws.AwsError(f"{aws.explain(error)}\n{preview.plan.stack} was created, but {missing}.") from error


def _set_guards(account: Aws, preview: Preview) -> None:
    client, name = account.cloudformation, preview.plan.stack
    if preview.policy is not None:
        stack.set_policy(client, name, preview.policy)
    if preview.protection is not None:
        stack.set_protection(client, name, wanted=preview.protection)


def delete(account: Aws, existing: Stack) -> Iterator[list[Event]]:
    """Delete a stack and yield its events as they come, until it is gone or stuck."""
    seen = events.ids(account.cloudformation, existing.id)
    yield []
    with aws.answered():
        stack.delete(account.cloudformation, existing, token(account))
    yield from watch(account, existing.id, seen=seen)


def cancel(account: Aws, busy: Stack) -> Iterator[list[Event]]:
    """Cancel an update and yield its events from its beginning on, until it is rolled back."""
    history = events.last_operation(account.cloudformation, busy.id)
    yield []
    with aws.answered():
        stack.cancel(account.cloudformation, busy, token(account))
    yield from watch(account, busy.id, seen=(), history=history)


def watch(
    account: Aws, stack_id: str, *, seen: Collection[str], history: Sequence[Event] = ()
) -> Iterator[list[Event]]:
    """Yield a stack's new events until it rests, after those of its `history`; see `events.follow`."""
    known = set(seen)
    client = account.cloudformation
    while True:
        batch: list[Event] = []
        pace = polling.for_events(is_local=account.is_local)
        for batch in events.follow(client, stack_id, seen=known, pace=pace, history=history):
            known |= {event.id for event in batch}
            yield batch
        newest = events.state(batch)
        # A failure may be the end, or the rollback comes next.
        if newest is None or not newest.is_failure or not _is_busy(account, stack_id):
            return
        history = ()


def wait(account: Aws, busy: Stack) -> Iterator[list[Event]]:
    """Yield the events of an operation that is under way, from its beginning on, until the stack rests."""
    so_far = events.last_operation(account.cloudformation, busy.id)
    if events.has_ended(so_far):
        if _is_busy(account, busy.id):
            yield from watch(account, busy.id, seen={event.id for event in so_far[:-1]})
        return
    yield from watch(account, busy.id, seen=(), history=so_far)


def under_way(account: Aws, busy: Stack) -> str:
    """Since when an operation is under way and who started it, as far as its events say."""
    try:
        first = events.last_operation(account.cloudformation, busy.id)[:1]
    except ClientError:  # not allowed to read events: no reason to answer less than is known anyway
        first = []
    since, by = (first[0].time, who(first[0].request)) if first else (busy.updated, "")
    return f"since {since:%Y-%m-%d %H:%M:%S %Z}{by and f', started by {by}'}"


def who(request: str) -> str:
    """Who started an operation, by its ClientRequestToken: a name, or `the console`; blank where it does not say."""
    if ours := _OURS.fullmatch(request):
        return ours["who"]
    return "the console" if _CONSOLE.fullmatch(request) else ""


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
        last = events.last_operation(client, stack_id)
        cause = diagnosis.first_cause(last, history.nested(client, last))
    return Outcome(found, found.status, cause)
