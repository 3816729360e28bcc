"""The stack policy, which ministack stores and does not apply: an update that it denies fails and is rolled back."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from typing import Any

from ministack.services import cloudformation
from ministack.services.cloudformation import stacks

from stackproof.emulator.cloudformation.view import View
from stackproof.emulator.seams import rebind

_deploy = stacks._deploy_stack_async


async def _deploy_if_allowed(
    stack_name: str,
    stack_id: str,
    template: dict[str, Any],
    parameters: dict[str, Any],
    disable_rollback: bool,
    tags: list[dict[str, str]],
    *,
    previous_stack: dict[str, Any] | None = None,
    **options: Any,
) -> None:
    """Run an operation on a stack; where its policy denies a change, fail that and roll back."""
    stack = cloudformation._stacks[stack_name]
    denied = _denied(stack, previous_stack, template, parameters) if previous_stack else {}
    if not denied:
        await _deploy(
            stack_name,
            stack_id,
            template,
            parameters,
            disable_rollback,
            tags,
            previous_stack=previous_stack,
            **options,
        )
        return
    for name, reason in denied.items():
        record = stack["_resources"][name]
        stacks._add_event(
            stack_id,
            stack_name,
            name,
            record["ResourceType"],
            "UPDATE_FAILED",
            reason,
            record["PhysicalResourceId"],
        )
    first = next(iter(denied))
    record = stack["_resources"][first]
    failed = stacks._failed_operation(
        is_update=True,
        previous_stack=previous_stack,
        created=[],
        failed_update=(first, record["ResourceType"], record["PhysicalResourceId"], None, None, None),
        failed_logical_id=", ".join(denied),
        replaced_ids=[],
        cancelled=False,
        template=template,
        param_values=parameters,
        retain_except_on_create=False,
        stack_tags=[],
        previous_tags=[],
    )
    if disable_rollback:
        stack.update(StackStatus="UPDATE_FAILED", _failed_operation=failed)
        stacks._add_event(
            stack_id, stack_name, stack_name, "AWS::CloudFormation::Stack", "UPDATE_FAILED", denied[first], stack_id
        )
        return
    await stacks._roll_back_operation(stack_name, stack_id, stack, failed)


def _denied(
    stack: dict[str, Any], previous: dict[str, Any], template: dict[str, Any], parameters: dict[str, Any]
) -> dict[str, str]:
    """Why each denied change of an update is denied, by logical id."""
    if not stack.get("_stack_policy"):
        return {}
    policy = json.loads(stack["_stack_policy"])
    old = View(previous["_template"], previous["_resolved_params"], stack).resources
    new = View(template, parameters, stack).resources
    denied = {}
    for change in stacks._diff_resources({"Resources": old}, {"Resources": new}):
        resource = change["ResourceChange"]
        action = _action(resource)
        if action and (reason := denial(policy, action, resource["LogicalResourceId"], resource["ResourceType"])):
            denied[resource["LogicalResourceId"]] = reason
    return denied


def _action(change: dict[str, Any]) -> str | None:
    """The action of the policy's language that a change is; adding is always allowed."""
    if change["Action"] == "Add":
        return None
    if change["Action"] == "Remove":
        return "Update:Delete"
    return "Update:Replace" if change["Replacement"] == "True" else "Update:Modify"


def denial(policy: dict[str, Any], action: str, logical_id: str, type_name: str) -> str | None:
    """Why a policy denies an action on a resource, in CloudFormation's words, or None: a Deny, or no Allow."""
    allowed = False
    for number, statement in enumerate(_list(policy["Statement"]), start=1):
        if not _applies(statement, action, f"LogicalResourceId/{logical_id}", type_name):
            continue
        if statement["Effect"] == "Deny":
            return (
                f"Action denied by stack policy: Statement [#{number}] does not allow [{action}] "
                f"for resource [LogicalResourceId/{logical_id}];"
            )
        allowed = True
    if allowed:
        return None
    return f"Action not allowed by stack policy: no statement allows [{action}] for resource [{logical_id}]"


def _applies(statement: dict[str, Any], action: str, resource: str, type_name: str) -> bool:
    """Whether a statement speaks of this action on this resource."""
    types = [
        wanted
        for operator in statement.get("Condition", {}).values()
        for wanted in _list(operator.get("ResourceType", []))
    ]
    return (
        _matches(statement, "Action", action)
        and _matches(statement, "Resource", resource)
        and (not types or any(fnmatchcase(type_name, wanted) for wanted in types))
    )


def _matches(statement: dict[str, Any], element: str, value: str) -> bool:
    """Whether Action or Resource names the value, or NotAction or NotResource does not."""
    inverted = f"Not{element}" in statement
    patterns = _list(statement[f"Not{element}" if inverted else element])
    return any(fnmatchcase(value, pattern) for pattern in patterns) is not inverted


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def install() -> None:
    """Ask the policy before every update."""
    rebind(_deploy, _deploy_if_allowed)
