"""What CloudFormation's own checks and the account's hooks refused before a resource was touched: DescribeEvents.

It is asked about one operation at a time. By the stack's name it answers with the newest operation, which after a
failure is the rollback that went well.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from stackproof.deployment.events import Event, Hook

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.type_defs import OperationEventTypeDef

    from stackproof.deployment.observe import Eye

# Of a change set, and of a creation or an update that was checked by itself.
_POINTER = re.compile(r"use the DescribeEvents API|hook\(s\)/validation failed|Call DescribeEvents to retrieve")


def points_there(event: Event) -> bool:
    """Whether an event only says that checks failed, not which."""
    return bool(_POINTER.search(event.reason))


def of_operation(client: CloudFormationClient, eye: Eye, operation: str) -> list[Event]:
    """Every check that refused something in an operation, in AWS's order of time; warnings left out.

    Args:
        client: CloudFormation.
        eye: that reads: without permission for DescribeEvents, what it would have said is named as unseen.
        operation: its id; blank for an operation from before AWS gave them ids.
    """
    if not operation:
        return []
    pages = client.get_paginator("describe_events").paginate(OperationId=operation, Filters={"FailedEvents": True})
    answers = eye.see(
        "all that CloudFormation's checks found (only the stack's events were looked at)",
        lambda: [each for page in pages for each in page["OperationEvents"]],
    )
    found = [_event(each) for each in answers or [] if _refuses(each)]
    return sorted(found, key=lambda each: each.time)


def of_change_sets(
    client: CloudFormationClient, eye: Eye, planned: Sequence[str], since: datetime | None
) -> list[Event]:
    """What was refused in the newest change set that was refused, if that is later than `since`."""
    found = [of_operation(client, eye, each) for each in planned]
    newest = max((each for each in found if each), key=lambda each: each[0].time, default=[])
    return newest if newest and (since is None or newest[0].time > since) else []


def _refuses(answer: OperationEventTypeDef) -> bool:
    if answer["EventType"] == "VALIDATION_ERROR":
        return answer.get("ValidationFailureMode") != "WARN"
    return answer["EventType"] == "HOOK_INVOCATION_ERROR" and answer.get("HookFailureMode") != "WARN"


def _event(answer: OperationEventTypeDef) -> Event:
    hook = None
    if answer["EventType"] == "HOOK_INVOCATION_ERROR":
        hook = Hook(
            type=answer.get("HookType", ""),
            status=answer.get("HookStatus", "HOOK_COMPLETE_FAILED"),
            mode=answer.get("HookFailureMode", ""),
            reason=answer.get("HookStatusReason", ""),
            result="",
        )
    said = answer.get("ValidationStatusReason") or answer.get("HookStatusReason") or answer.get("ValidationName", "")
    path = f" (at {answer['ValidationPath']})" if answer.get("ValidationPath") else ""
    return Event(
        id=answer["EventId"],
        time=answer["Timestamp"],
        stack_id=answer["StackId"],
        # What is refused as a whole is the stack.
        logical_id=answer.get("LogicalResourceId") or answer["StackId"].split("/")[1],
        physical_id=answer.get("PhysicalResourceId", ""),
        type=answer.get("ResourceType", "AWS::CloudFormation::Stack"),
        status=answer["EventType"],
        reason=f"{said}{path}",
        operation=answer.get("OperationId", ""),
        hook=hook,
    )
