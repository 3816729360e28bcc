"""The events of an update: ministack reports every resource of the stack as updated, AWS only what the update touches.

A new resource is created, a removed or replaced one is deleted in the cleanup phase, and one that stays as it is has
no event at all. Where CloudFormation's own checks refuse an operation, its events carry the id that DescribeEvents is
asked about.
"""

from __future__ import annotations

import re
from typing import Any

from ministack.services import cloudformation
from ministack.services.cloudformation import handlers, provisioners, stacks

from stackproof.emulator.seams import rebind

_record = stacks._add_event
_update = stacks._update_resource
_delete = stacks._delete_resource
_check = stacks._fail_property_validation
_describe = handlers._ACTION_HANDLERS["DescribeStackEvents"]

_CLEANUP = "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"
# Resources in this update of a stack, by stack id and logical id: an "in progress" that waits until it is known
# whether anything changes; those that the update creates.
_waiting: dict[tuple[str, str], tuple[Any, ...]] = {}
_new: set[tuple[str, str]] = set()
# Event id → id of the operation that was refused.
_operations: dict[str, str] = {}
_EVENT = re.compile(r"<EventId>(?P<id>[^<]+)</EventId>")


def _add_event(
    stack_id: str,
    stack_name: str,
    logical_id: str,
    resource_type: str,
    status: str,
    reason: str = "",
    physical_id: str = "",
    detailed_status: str = "",
) -> None:
    """Record an event, unless it says that a resource which does not change is updated."""
    stack = cloudformation._stacks.get(stack_name, {})
    key = (stack_id, logical_id)
    if physical_id == stack_id:
        if status == "UPDATE_COMPLETE":
            _announce_cleanup(stack_id, stack_name)
    elif stack.get("StackStatus") == "UPDATE_IN_PROGRESS":
        if status != "UPDATE_COMPLETE" and logical_id not in stack["_resources"]:
            _new.add(key)
        elif status == "UPDATE_IN_PROGRESS" and not reason:
            _waiting[key] = (stack_id, stack_name, logical_id, resource_type, status)
            return
        elif _waiting.pop(key, None) and status == "UPDATE_COMPLETE":
            return
        if key in _new:
            status = status.replace("UPDATE", "CREATE")
            if not status.endswith("IN_PROGRESS"):
                _new.remove(key)
    _record(stack_id, stack_name, logical_id, resource_type, status, reason, physical_id, detailed_status)


def _update_resource(
    resource_type: str,
    physical_id: str,
    old: dict[str, Any],
    new: dict[str, Any],
    stack_name: str,
    logical_id: str,
    attributes: dict[str, Any] | None = None,
) -> Any:
    """Update a resource; its event was not premature where something differs."""
    key = (cloudformation._stacks[stack_name]["StackId"], logical_id)
    if old != new and (event := _waiting.pop(key, None)):
        _record(*event)
    return _update(resource_type, physical_id, old, new, stack_name, logical_id, attributes)


def _delete_resource(
    resource_type: str, physical_id: str, properties: dict[str, Any], stack_name: str, logical_id: str
) -> None:
    """Delete a resource; in the cleanup of an update, say so, and take the snapshot of UpdateReplacePolicy."""
    stack = cloudformation._stacks[stack_name]
    if stack["StackStatus"] not in ("UPDATE_IN_PROGRESS", _CLEANUP):
        _delete(resource_type, physical_id, properties, stack_name, logical_id)
        return
    stack_id = stack["StackId"]
    stack["StackStatus"] = _CLEANUP
    _announce_cleanup(stack_id, stack_name)
    _record(stack_id, stack_name, logical_id, resource_type, "DELETE_IN_PROGRESS", "", physical_id)
    replaced = stack["_resources"][logical_id]["PhysicalResourceId"] != physical_id
    if replaced and stack["_template"]["Resources"][logical_id].get("UpdateReplacePolicy") == "Snapshot":
        provisioners._snapshot_resource(resource_type, physical_id, properties)
    _delete(resource_type, physical_id, properties, stack_name, logical_id)
    _record(stack_id, stack_name, logical_id, resource_type, "DELETE_COMPLETE", "", physical_id)


def _announce_cleanup(stack_id: str, stack_name: str) -> None:
    """The stack's own event between the last update and the first deletion, once."""
    events = cloudformation._stack_events[stack_id]
    own = [event["ResourceStatus"] for event in events if event["PhysicalResourceId"] == stack_id]
    if own[-1] != _CLEANUP:
        _record(stack_id, stack_name, stack_name, "AWS::CloudFormation::Stack", _CLEANUP, "", stack_id)


def _fail_property_validation(
    stack: dict[str, Any], stack_id: str, stack_name: str, *arguments: Any, **more: Any
) -> bool:
    """Check an operation before it begins; one that is refused has one id in all of its events, the first included."""
    begun = len(cloudformation._stack_events[stack_id]) - 1
    is_refused = bool(_check(stack, stack_id, stack_name, *arguments, **more))
    if is_refused:
        operation = stack["_operation_events"][0]["OperationId"]
        _operations.update({each["EventId"]: operation for each in cloudformation._stack_events[stack_id][begun:]})
    return is_refused


def _describe_stack_events(params: dict[str, Any]) -> Any:
    """Events with the id of their operation, where it is known."""
    status, headers, body = _describe(params)
    return status, headers, _EVENT.sub(_with_operation, body.decode()).encode()


def _with_operation(event: re.Match[str]) -> str:
    operation = _operations.get(event["id"])
    return f"{event[0]}<OperationId>{operation}</OperationId>" if operation else event[0]


def install() -> None:
    """Put it in place wherever ministack has bound the names."""
    rebind(_record, _add_event)
    rebind(_check, _fail_property_validation)
    handlers._ACTION_HANDLERS["DescribeStackEvents"] = _describe_stack_events
    # Nested stacks update and delete through provisioners, and report for themselves.
    stacks._update_resource = _update_resource
    stacks._delete_resource = _delete_resource
