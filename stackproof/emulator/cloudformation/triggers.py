"""Rollback triggers: kept with change set and stack, shown, and heeded between two resources of an update."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING, Any

from ministack.services import cloudformation, cloudwatch
from ministack.services.cloudformation import changesets, handlers, helpers, stacks

from stackproof.emulator.seams import rebind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from stackproof.emulator.handler import Response

_NAMESPACE = f"{{{helpers.CFN_NS}}}"
_PARAMETER = "RollbackConfiguration.RollbackTriggers"
_Triggers = list[tuple[str, str]]  # ARN and type of each


def _given(parameters: dict[str, Any]) -> _Triggers | None:
    """The triggers of a request; None where it says nothing of them, and those of the stack stay."""
    if not any(name.startswith(_PARAMETER) for name in parameters):
        return None
    return list(_members(parameters))


def _members(parameters: dict[str, Any]) -> Iterator[tuple[str, str]]:
    number = 1
    while arn := helpers._p(parameters, f"{_PARAMETER}.member.{number}.Arn"):
        yield arn, helpers._p(parameters, f"{_PARAMETER}.member.{number}.Type")
        number += 1


def _creating(create: Callable[[dict[str, Any]], Response]) -> Callable[[dict[str, Any]], Response]:
    def create_change_set(parameters: dict[str, Any]) -> Response:
        answer = create(parameters)
        if answer[0] == 200:
            identifier = ET.fromstring(answer[2]).findtext(f".//{_NAMESPACE}Id")  # noqa: S314  # our own answer
            change_set = cloudformation._change_sets[identifier]
            stack = cloudformation._stacks[change_set["StackName"]]
            given = _given(parameters)
            change_set["_triggers"] = stack.get("_triggers", []) if given is None else given
        return answer

    return create_change_set


def _executing(execute: Callable[[dict[str, Any]], Response]) -> Callable[[dict[str, Any]], Response]:
    def execute_change_set(parameters: dict[str, Any]) -> Response:
        change_set = _change_set(parameters)
        answer = execute(parameters)
        if answer[0] == 200:
            cloudformation._stacks[change_set["StackName"]]["_triggers"] = change_set["_triggers"]
        return answer

    return execute_change_set


def _change_set(parameters: dict[str, Any]) -> dict[str, Any]:
    found = changesets._find_change_set(helpers._p(parameters, "ChangeSetName"), helpers._p(parameters, "StackName"))
    return found[1] or {}


def _describing_change_set(describe: Callable[[dict[str, Any]], Response]) -> Callable[[dict[str, Any]], Response]:
    def describe_change_set(parameters: dict[str, Any]) -> Response:
        answer = describe(parameters)
        return _with(answer, "DescribeChangeSetResult", lambda _: _change_set(parameters).get("_triggers", []))

    return describe_change_set


def _describing_stacks(describe: Callable[[dict[str, Any]], Response]) -> Callable[[dict[str, Any]], Response]:
    def describe_stacks(parameters: dict[str, Any]) -> Response:
        return _with(describe(parameters), "Stacks/*", _of_stack)

    return describe_stacks


def _of_stack(element: ET.Element) -> _Triggers:
    stack = cloudformation._stacks.get(element.findtext(f"{_NAMESPACE}StackName"), {})
    triggers: _Triggers = stack.get("_triggers", [])
    return triggers


def _with(answer: Response, path: str, of: Callable[[ET.Element], _Triggers]) -> Response:
    """The answer with the triggers of each element at a path."""
    status, headers, body = answer
    if status != 200:
        return answer
    ET.register_namespace("", helpers.CFN_NS)
    root = ET.fromstring(body)  # noqa: S314  # ministack's own answer
    first, *rest = path.split("/")
    for element in root.iterfind("/".join([f".//{_NAMESPACE}{first}", *rest])):
        listed = ET.SubElement(
            ET.SubElement(element, f"{_NAMESPACE}RollbackConfiguration"), f"{_NAMESPACE}RollbackTriggers"
        )
        for arn, kind in of(element):
            member = ET.SubElement(listed, f"{_NAMESPACE}member")
            ET.SubElement(member, f"{_NAMESPACE}Arn").text = arn
            ET.SubElement(member, f"{_NAMESPACE}Type").text = kind
    return status, headers, ET.tostring(root, xml_declaration=True, encoding="utf-8")


def _recording(record: Callable[..., None]) -> Callable[..., None]:
    def add_event(stack_id: str, stack_name: str, *arguments: Any, **more: Any) -> None:
        stack = cloudformation._stacks.get(stack_name, {})
        if stack.get("StackStatus") == "UPDATE_IN_PROGRESS" and _is_off(stack.get("_triggers", [])):
            # What CancelUpdateStack does: the next resource is not touched any more, and all is rolled back.
            stack["_cancel_requested"] = True
        record(stack_id, stack_name, *arguments, **more)

    return add_event


def _is_off(triggers: _Triggers) -> bool:
    names = [arn.partition(":alarm:")[2] for arn, _ in triggers]
    alarms = [cloudwatch._alarms.get(name) or cloudwatch._composite_alarms.get(name) for name in names]
    return any(alarm is None or alarm["StateValue"] == "ALARM" for alarm in alarms)


def install() -> None:
    """Put all of it around what the other parts have put in place."""
    table = handlers._ACTION_HANDLERS
    for action, wrap in (
        ("CreateChangeSet", _creating),
        ("ExecuteChangeSet", _executing),
        ("DescribeChangeSet", _describing_change_set),
        ("DescribeStacks", _describing_stacks),
    ):
        table[action] = wrap(table[action])
    rebind(stacks._add_event, _recording(stacks._add_event))
