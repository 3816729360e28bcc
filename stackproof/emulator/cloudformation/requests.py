"""Requests that CloudFormation refuses at once, in its own words, and that ministack takes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ministack.services import cloudformation
from ministack.services.cloudformation import engine, handlers, helpers

from stackproof.emulator.seams import rebind

if TYPE_CHECKING:
    from collections.abc import Callable

    from stackproof.emulator.handler import Response

_resolve_parameters = engine._resolve_parameters
_NAME = re.compile("[a-zA-Z][-a-zA-Z0-9]{0,127}")
_UPDATABLE = {
    "CREATE_COMPLETE",
    "UPDATE_COMPLETE",
    "UPDATE_ROLLBACK_COMPLETE",
    "IMPORT_COMPLETE",
    "IMPORT_ROLLBACK_COMPLETE",
    "CREATE_FAILED",
    "UPDATE_FAILED",
}


def _checked_parameters(
    template: dict[str, Any], provided: list[dict[str, Any]], previous: dict[str, Any] | None = None
) -> dict[str, Any]:
    """The parameters of an operation; all unknown and all missing ones are named. The template is looked at first."""
    for block in ("Resources", "Outputs"):
        if unresolved := _unresolved(template, block):
            raise ValueError(
                f"Template format error: Unresolved resource dependencies [{', '.join(unresolved)}] "
                f"in the {block} block of the template"
            )
    declared = template.get("Parameters", {})
    given = [parameter["Key"] for parameter in provided]
    if unknown := [name for name in given if name not in declared]:
        raise ValueError(f"Parameters: [{', '.join(unknown)}] do not exist in the template")
    if missing := [name for name, rest in declared.items() if "Default" not in rest and name not in given]:
        raise ValueError(f"Parameters: [{', '.join(missing)}] must have values")
    return _resolve_parameters(template, provided, previous)


def _unresolved(template: dict[str, Any], block: str) -> list[str]:
    """What a block of the template refers to and nothing defines: a resource, a parameter or a condition."""
    written = template.get(block, {})
    names = {name for name, _ in engine._intrinsic_references(written) if not name.startswith("AWS::")}
    for item in written.values():
        depends = item.get("DependsOn", [])
        names.update([depends] if isinstance(depends, str) else depends)
        names.update(_conditions(item))
    defined = [template.get(section, {}) for section in ("Resources", "Parameters", "Conditions")]
    return sorted(name for name in names if not any(name in section for section in defined))


def _conditions(written: Any) -> list[str]:
    """The conditions that something depends on: its own, and that of every Fn::If in it."""
    if isinstance(written, list):
        return [name for item in written for name in _conditions(item)]
    if not isinstance(written, dict):
        return []
    own = [written["Condition"]] if isinstance(written.get("Condition"), str) and "Type" in written else []
    chosen = [written["Fn::If"][0]] if "Fn::If" in written else []
    return own + chosen + [name for item in written.values() for name in _conditions(item)]


def _check_create_change_set(parameters: dict[str, Any]) -> str | None:
    """Why CreateChangeSet is refused, or None."""
    name = helpers._p(parameters, "ChangeSetName")
    if not _NAME.fullmatch(name):
        rule = "Member must satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*"
        problem = f"Value '{name}' at 'changeSetName' failed to satisfy constraint: {rule}"
        return helpers.validation_error_message([problem])
    stack = handlers._resolve_stack(helpers._p(parameters, "StackName"))
    status = stack["StackStatus"] if stack else "DELETE_COMPLETE"
    if status == "DELETE_COMPLETE":
        return None
    if helpers._p(parameters, "ChangeSetType", "UPDATE") == "CREATE":
        if status == "REVIEW_IN_PROGRESS":
            return None
        return f"Stack [{stack['StackName']}] already exists and cannot be created again with the changeSet [{name}]."
    if status not in _UPDATABLE:
        return f"Stack:{stack['StackId']} is in {status} state and can not be updated."
    return None


def _check_set_stack_policy(parameters: dict[str, Any]) -> str | None:
    """Why SetStackPolicy is refused, or None."""
    stack = handlers._resolve_stack(helpers._p(parameters, "StackName"))
    if stack and stack["StackStatus"] == "REVIEW_IN_PROGRESS":
        return (
            f"Stack [{stack['StackName']}] is in REVIEW_IN_PROGRESS state; a policy cannot be set before it is created"
        )
    return None


def _guard(action: str, check: Callable[[dict[str, Any]], str | None]) -> None:
    """Refuse a request for which `check` has a reason."""
    answer = handlers._ACTION_HANDLERS[action]

    def guarded(parameters: dict[str, Any]) -> Response:
        if reason := check(parameters):
            return helpers._error("ValidationError", reason)
        return answer(parameters)

    handlers._ACTION_HANDLERS[action] = guarded


def _keep_stack_under_review() -> None:
    """Let a second change set of a stack under review leave the stack as it is; ministack makes another one."""
    create = handlers._ACTION_HANDLERS["CreateChangeSet"]

    def kept(parameters: dict[str, Any]) -> Response:
        name = helpers._p(parameters, "StackName")
        stack = cloudformation._stacks.get(name)
        if stack is None or stack["StackStatus"] != "REVIEW_IN_PROGRESS":
            return create(parameters)
        status, headers, body = create(parameters)
        replacement = cloudformation._stacks.get(name)
        cloudformation._stacks[name] = stack
        if replacement is not None:
            cloudformation._stack_events.pop(replacement["StackId"])
            for change_set in cloudformation._change_sets.values():
                if change_set["StackId"] == replacement["StackId"]:
                    change_set["StackId"] = stack["StackId"]
            body = body.replace(replacement["StackId"].encode(), stack["StackId"].encode())
        return status, headers, body

    handlers._ACTION_HANDLERS["CreateChangeSet"] = kept


def install() -> None:
    """Put the checks in front of ministack's; after changes.py, whose CreateChangeSet they guard."""
    # ministack asks for capabilities only where it checks credentials too.
    handlers._capabilities_enforced = lambda: True
    rebind(_resolve_parameters, _checked_parameters)
    _keep_stack_under_review()
    _guard("CreateChangeSet", _check_create_change_set)
    _guard("SetStackPolicy", _check_set_stack_policy)
