"""A stack's events: read once, or followed until the operation that is under way ends, nested stacks included."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from stackproof.deployment import aws, polling

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from datetime import datetime

    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.type_defs import StackEventTypeDef

    from stackproof.deployment.polling import Pace

# How the stack itself says that an operation begins; a rollback belongs to the one that it takes back.
STARTS = {"CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "DELETE_IN_PROGRESS", "IMPORT_IN_PROGRESS"}
_NESTED = "AWS::CloudFormation::Stack"
_TOKEN = re.compile(r'"ServiceToken"\s*:\s*"([^"]+)"')
# What AWS's words for the end of an operation leave unsaid.
MEANINGS = {
    "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS": "the new state is live; old resources are being removed",
    "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS": "the old state is back; new resources are being removed",
}


@dataclass(frozen=True)
class Hook:
    """A hook of the account that looked at a resource before it was made.

    Attributes:
        type: for example `Private::Guard::Buckets`.
        status: `HOOK_COMPLETE_FAILED` when it found something, `HOOK_FAILED` when it broke itself.
        mode: `FAIL` or `WARN`; a warning stops nothing.
        reason: what it says; often blank.
        result: what GetHookResult knows it by; blank in old events.
    """

    type: str
    status: str
    mode: str
    reason: str
    result: str

    @property
    def refuses(self) -> bool:
        """It stopped the operation."""
        return self.status.endswith("_FAILED") and self.mode != "WARN"


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
        request: ClientRequestToken of the operation, which its first caller chose; blank where he chose none.
        within: logical ids of the nested stacks that it is in, `Network/Subnets`; blank in the stack itself.
        operation: OperationId; what DescribeEvents is asked about.
        hook: that this event is about.
        handler: ServiceToken of a custom resource: the function or topic behind it. The other properties are not kept:
            they may hold secrets.
    """

    id: str
    time: datetime
    stack_id: str
    logical_id: str
    physical_id: str
    type: str
    status: str
    reason: str
    request: str = ""
    within: str = ""
    operation: str = ""
    hook: Hook | None = None
    handler: str = ""

    @property
    def path(self) -> str:
        """The logical id, nested stacks before it: `Network/Subnet1`."""
        return f"{self.within}/{self.logical_id}" if self.within else self.logical_id

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
        request=answer.get("ClientRequestToken", ""),
        operation=answer.get("OperationId", ""),
        hook=_hook(answer),
        handler=_handler(answer.get("ResourceProperties", "")),
    )


def _hook(answer: StackEventTypeDef) -> Hook | None:
    if "HookType" not in answer:
        return None
    return Hook(
        type=answer["HookType"],
        status=answer.get("HookStatus", ""),
        mode=answer.get("HookFailureMode", ""),
        reason=answer.get("HookStatusReason", ""),
        result=answer.get("HookInvocationId", ""),
    )


def _handler(properties: str) -> str:
    # JSON, but AWS cuts off what is long.
    found = _TOKEN.search(properties)
    return found[1] if found else ""


def pages(client: CloudFormationClient, stack_id: str) -> Iterator[list[Event]]:
    """A stack's events as AWS answers them: newest first, some hundred a page. By ARN, for 90 days, deleted or not.

    Those that come while it is read may push the last ones of a page into the next one: none is told twice.
    """
    told: set[str] = set()
    for page in client.get_paginator("describe_stack_events").paginate(StackName=stack_id):
        events = [_event(each) for each in page["StackEvents"] if each["EventId"] not in told]
        told |= {event.id for event in events}
        yield events


def unseen(
    client: CloudFormationClient, stack_id: str, seen: Collection[str], since: datetime | None = None
) -> list[Event]:
    """The events that are not known yet, oldest first; none before `since`.

    AWS answers newest first; reading stops at the page that has a known event, or one that is too old, on it.
    """
    found: list[Event] = []
    for events in pages(client, stack_id):
        fresh = [event for event in events if event.id not in seen and (since is None or event.time >= since)]
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
    for page in pages(client, stack_id):
        for event in page:
            found.append(event)
            if event.is_of_stack and event.status in STARTS:
                return found[::-1]
    return found[::-1]


def follow(
    client: CloudFormationClient,
    stack_id: str,
    *,
    seen: Collection[str],
    pace: Pace,
    history: Sequence[Event] = (),
) -> Iterator[list[Event]]:
    """Yield what happens to a stack, and to those nested in it, until the operation that is under way ends.

    Args:
        client: CloudFormation.
        stack_id: the stack's ARN: a deleted stack has no name any more.
        seen: ids of the events that were there before the operation started.
        pace: how long to wait between two looks.
        history: of the operation, where it was found under way: it comes first.

    Yields:
        After each look the new events, oldest first; nothing new is an empty list. The last batch is the one
        that `has_ended`.

    Raises:
        ClientError, BotoCoreError: AWS refuses, or nobody answered for minutes. Throttling and a lost line are waited
        out: the operation goes on in AWS meanwhile.
    """
    known = set(seen) | {event.id for event in history}
    # What came before an operation that was found under way is of others.
    since = history[0].time if history else None
    nested = _Nested(client)
    batch = list(history)
    silent = 0
    while True:
        try:
            batch += unseen(client, stack_id, known, since)
            inner = nested.look(batch)
        except (ClientError, BotoCoreError) as error:
            silent += 1
            if not aws.is_passing(error) or silent >= polling.PATIENCE:
                raise
            known |= {event.id for event in batch}
            yield []
            pace.wait(throttled=True)
            continue
        silent = 0
        known |= {event.id for event in batch}
        yield sorted([*inner, *batch], key=lambda event: event.time)
        if has_ended(batch):
            return
        pace.wait(news=bool(batch or inner))
        batch = []


@dataclass
class _Nested:
    """The nested stacks that are being worked on.

    Attributes:
        client: CloudFormation.
        begun: by path: when the work on it began, which is before its ARN is known.
        open: by ARN: where it is nested, when the work on it began, and its events that are known.
        found: events that nobody was told of yet: a later look may have failed.
    """

    client: CloudFormationClient
    begun: dict[str, datetime] = field(default_factory=dict)
    open: dict[str, tuple[str, datetime, set[str]]] = field(default_factory=dict)
    found: list[Event] = field(default_factory=list)

    def look(self, batch: Sequence[Event]) -> list[Event]:
        """What is new in them, oldest first within each, without what their parent says as well.

        Args:
            batch: what is new in the outermost stack: it says which nested stacks begin and end.
        """
        ended: set[str] = set()
        looked: set[str] = set()
        news = [*batch, *self.found]
        while news:
            self._note(news, ended)
            news = [event for stack_id in [*self.open] if stack_id not in looked for event in self._fresh(stack_id)]
            looked |= set(self.open)
        for stack_id in ended:
            self.open.pop(stack_id, None)
        found, self.found = self.found, []
        return found

    def _note(self, news: Sequence[Event], ended: set[str]) -> None:
        for event in news:
            if event.type != _NESTED or event.is_of_stack:
                continue
            since = self.begun.setdefault(event.path, event.time)
            if event.physical_id:
                self.open.setdefault(event.physical_id, (event.path, since, set()))
            if event.is_start:
                ended.discard(event.physical_id)
            else:
                ended.add(event.physical_id)
                del self.begun[event.path]

    def _fresh(self, stack_id: str) -> list[Event]:
        within, since, known = self.open[stack_id]
        events = unseen(self.client, stack_id, known, since)
        known |= {event.id for event in events}
        fresh = [replace(event, within=within) for event in events if not event.is_of_stack]
        self.found += fresh
        return fresh
