"""A stack's events: read once, or followed until the operation that is under way ends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from stackproof.deployment import aws

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from datetime import datetime

    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.type_defs import StackEventTypeDef

    from stackproof.deployment.polling import Pace

# So many looks in a row without an answer, each after botocore's own attempts: the line is not coming back.
_PATIENCE = 20
# How the stack itself says that an operation begins; a rollback belongs to the one that it takes back.
_STARTS = {"CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "DELETE_IN_PROGRESS", "IMPORT_IN_PROGRESS"}


@dataclass(frozen=True)
class Event:
    """One event of a stack.

    Attributes:
        id: unique; what events are told apart by (time stamps are not).
        time: by AWS's clock.
        stack_id: ARN of the stack that it belongs to.
        logical_id: of the resource; the stack's name for the stack itself.
        physical_id: of the resource; blank while AWS has none.
        type: of the resource.
        status: for example `CREATE_IN_PROGRESS`.
        reason: why; often blank.
    """

    id: str
    time: datetime
    stack_id: str
    logical_id: str
    physical_id: str
    type: str
    status: str
    reason: str

    @property
    def is_of_stack(self) -> bool:
        """It is about the stack itself; a nested stack is a resource with another ARN."""
        return self.physical_id == self.stack_id

    @property
    def is_start(self) -> bool:
        """The resource is being worked on."""
        return self.status.endswith("_IN_PROGRESS")

    @property
    def is_failure(self) -> bool:
        """What was tried did not work."""
        return self.status.endswith("_FAILED")

    @property
    def is_rollback(self) -> bool:
        """It is about the way back."""
        return "ROLLBACK" in self.status

    @property
    def ends_operation(self) -> bool:
        """Nothing more will happen to the stack by itself."""
        return self.is_of_stack and not self.is_start


def state(events: Sequence[Event]) -> Event | None:
    """The newest event of the stack itself."""
    return next((event for event in reversed(events) if event.is_of_stack), None)


def has_ended(events: Sequence[Event]) -> bool:
    """Whether the stack rests after these events, as far as they say."""
    newest = state(events)
    return newest is not None and newest.ends_operation


def _event(answer: StackEventTypeDef) -> Event:
    reason = answer.get("ResourceStatusReason", "")
    # A hook's verdict stands beside the resource's own reason.
    hook = answer.get("HookStatusReason", "")
    return Event(
        id=answer["EventId"],
        time=answer["Timestamp"],
        stack_id=answer["StackId"],
        logical_id=answer.get("LogicalResourceId", ""),
        physical_id=answer.get("PhysicalResourceId", ""),
        type=answer.get("ResourceType", ""),
        status=answer.get("ResourceStatus", ""),
        reason=" ".join(part for part in (reason, hook) if part),
    )


def unseen(client: CloudFormationClient, stack_id: str, seen: Collection[str]) -> list[Event]:
    """The events that are not known yet, oldest first.

    AWS answers newest first; reading stops at the page that has a known event on it.
    """
    found: list[Event] = []
    for page in client.get_paginator("describe_stack_events").paginate(StackName=stack_id):
        events = [_event(each) for each in page["StackEvents"]]
        fresh = [event for event in events if event.id not in seen]
        found += fresh
        if len(fresh) < len(events):
            break
    return found[::-1]


def ids(client: CloudFormationClient, stack_id: str) -> set[str]:
    """The newest events that a stack has already; enough to tell new ones from."""
    return {each["EventId"] for each in client.describe_stack_events(StackName=stack_id)["StackEvents"]}


def last_operation(client: CloudFormationClient, stack_id: str) -> list[Event]:
    """The events of the newest operation, its rollback included, oldest first."""
    found: list[Event] = []
    for page in client.get_paginator("describe_stack_events").paginate(StackName=stack_id):
        for event in map(_event, page["StackEvents"]):
            found.append(event)
            if event.is_of_stack and event.status in _STARTS:
                return found[::-1]
    return found[::-1]


def follow(client: CloudFormationClient, stack_id: str, *, seen: Collection[str], pace: Pace) -> Iterator[list[Event]]:
    """Yield what happens to a stack until the operation that is under way ends.

    Args:
        client: CloudFormation.
        stack_id: the stack's ARN: a deleted stack has no name any more.
        seen: ids of the events that were there before the operation started.
        pace: how long to wait between two looks.

    Yields:
        After each look the new events, oldest first; nothing new is an empty list. The last batch is the one
        that `has_ended`.

    Raises:
        ClientError, BotoCoreError: AWS refuses, or nobody answered for minutes. Throttling and a lost line are waited
        out: the operation goes on in AWS meanwhile.
    """
    known = set(seen)
    silent = 0
    while True:
        try:
            batch = unseen(client, stack_id, known)
        except (ClientError, BotoCoreError) as error:
            silent += 1
            if not aws.is_passing(error) or silent >= _PATIENCE:
                raise
            yield []
            pace.wait(throttled=True)
            continue
        silent = 0
        known |= {event.id for event in batch}
        yield batch
        if has_ended(batch):
            return
        pace.wait(news=bool(batch))
