"""The events of an update: ministack reports every resource of the stack as updated, AWS only what the update touches.

A new resource is created, a removed or replaced one is deleted in the cleanup phase, and one that stays as it is has
no event at all.
"""

from __future__ import annotations

from typing import Any

from ministack.services import cloudformation
from ministack.services.cloudformation import provisioners, stacks

from stackproof.emulator.seams import rebind

_record = stacks._add_event
_update = stacks._update_resource
_delete = stacks._delete_resource

_CLEANUP = "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"
# Resources in this update of a stack, by stack id and logical id: an "in progress" that waits until it is known
# whether anything changes; those that the update creates.
_waiting: dict[tuple[str, str], tuple[Any, ...]] = {}
_new: set[tuple[str, str]] = set()


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


def install() -> None:
    """Put it in place wherever ministack has bound the names."""
    rebind(_record, _add_event)
    # Nested stacks update and delete through provisioners, and report for themselves.
    stacks._update_resource = _update_resource
    stacks._delete_resource = _delete_resource
