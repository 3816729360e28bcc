"""Change sets: what they list (conditions count, outputs alone suffice), with every value before and after."""

from __future__ import annotations

import copy
import json
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING, Any

from ministack.services import cloudformation
from ministack.services.cloudformation import changesets, engine, handlers, helpers, stacks

from stackproof.emulator.cloudformation.view import View
from stackproof.emulator.seams import rebind

if TYPE_CHECKING:
    from stackproof.emulator.handler import Response

_find_changes = stacks._diff_resources
_create = changesets._create_change_set
_describe = changesets._describe_change_set
_NAMESPACE = f"{{{helpers.CFN_NS}}}"


def _resolved(template: dict[str, Any], parameters: dict[str, Any], stack_name: str, stack_id: str) -> dict[str, Any]:
    """One side of the comparison: the resources that will exist, with their values."""
    view = View(template, parameters, cloudformation._stacks[stack_name])
    return {"Resources": view.resources, "Written": view.written}


def _changes(
    old: dict[str, Any],
    new: dict[str, Any],
    resources: dict[str, Any] | None = None,
    template: dict[str, Any] | None = None,
    changed_parameters: Any = (),
    retag: Any = (),
) -> list[dict[str, Any]]:
    """The changes from one side to the other; only references that are taken count."""
    changes: list[dict[str, Any]] = _find_changes(
        old, new, resources, {"Resources": new["Written"]}, changed_parameters, retag
    )
    return changes


def create_change_set(parameters: dict[str, Any]) -> Response:
    """CreateChangeSet, completed: values as they are at this moment, and outputs that change alone.

    A request that comes again with its ClientToken gets the answer that it had.
    """
    token = helpers._p(parameters, "ClientToken")
    if token and (before := _answered(parameters, token)):
        return before
    answer: Response = _create(parameters)
    if answer[0] == 200:
        identifier = ET.fromstring(answer[2]).findtext(f".//{_NAMESPACE}Id")  # noqa: S314  # ministack's own answer
        change_set = cloudformation._change_sets[identifier]
        change_set["_answer"] = token, answer
        stack = cloudformation._stacks[change_set["StackName"]]
        _accept_outputs(change_set, stack)
        change_set["_valued_changes"] = _valued(change_set, stack)
    return answer


def _answered(parameters: dict[str, Any], token: str) -> Response | None:
    """What was answered to the same request before, if it was made before."""
    _, change_set = changesets._find_change_set(
        helpers._p(parameters, "ChangeSetName"), helpers._p(parameters, "StackName")
    )
    first, answer = (change_set or {}).get("_answer", ("", None))
    return answer if first == token else None


def _accept_outputs(change_set: dict[str, Any], stack: dict[str, Any]) -> None:
    """A change set with no change but in the outputs can be executed, and lists nothing (aws-cdk #2029)."""
    if change_set["StatusReason"].startswith("The submitted information didn't contain changes"):
        before = View(stack["_template"], stack["_resolved_params"], stack).outputs
        after = View(change_set["_template"], change_set["_resolved_params"], stack).outputs
        if before != after:
            change_set.update(Status="CREATE_COMPLETE", ExecutionStatus="AVAILABLE", StatusReason="")


def _valued(change_set: dict[str, Any], stack: dict[str, Any]) -> list[dict[str, Any]]:
    """The changes with BeforeContext and AfterContext, and one detail for each value that differs."""
    changes = [change["ResourceChange"] for change in copy.deepcopy(change_set["Changes"])]
    replaced = frozenset(change["LogicalResourceId"] for change in changes if change.get("Replacement") == "True")
    before = View(stack.get("_template", {}), stack.get("_resolved_params", {}), stack, masked=True)
    after = View(change_set["_template"], change_set["_resolved_params"], stack, replaced=replaced, masked=True)
    for change in changes:
        name = change["LogicalResourceId"]
        sides = [_side(before, name), _side(after, name)]
        for context, side in zip(("BeforeContext", "AfterContext"), sides, strict=True):
            if side is not None:
                change[context] = _text({"Properties": side["Properties"]})
        change["Details"] = [
            leaf for detail in change.get("Details", []) for leaf in _leaves(detail, *(side or {} for side in sides))
        ]
    return [{"ResourceChange": change} for change in changes]


def _side(view: View, name: str) -> dict[str, Any] | None:
    """A resource with its values, or None where it does not exist."""
    if name not in view.resources:
        return None
    return {**view.resources[name], "Written": view.written[name].get("Properties", {})}


def _leaves(detail: dict[str, Any], before: dict[str, Any], after: dict[str, Any]) -> list[dict[str, Any]]:
    """A detail for each value below the detail's target that differs; the detail alone where none does."""
    target = detail["Target"]
    path = [target["Attribute"], *([target["Name"]] if "Name" in target else [])]
    written = after.get("Written", {}).get(target.get("Name"))
    for step in path:
        before, after = before.get(step, {}), after.get(step, {})
    return [
        {**detail, "Target": {**target, "Path": "/" + "/".join([*path, *below]), **values}}
        for below, values in _differences(before, after)
        if _refers(written, below, detail.get("CausingEntity"))
    ] or [{**detail, "Target": {**target, "Path": "/" + "/".join(path)}}]


def _refers(written: Any, path: tuple[str, ...], entity: str | None) -> bool:
    """Whether the value at a path is written with a reference to `entity` (a name, or name.attribute; None: any)."""
    for step in path:
        members = _members(written) or {}
        if step not in members:
            break
        written = members[step]
    found = {f"{name}.{attribute}" if attribute else name for name, attribute in engine._intrinsic_references(written)}
    return entity is None or entity in found


def _differences(before: Any, after: Any, path: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], dict[str, str]]]:
    """Path and values of each leaf that differs; an empty dict or list where a side has nothing."""
    if before == after:
        return []
    old, new = _members(before), _members(after)
    if old is not None and new is not None and (old or new):
        return [
            difference
            for step in dict.fromkeys([*old, *new])
            for difference in _differences(old.get(step, {}), new.get(step, {}), (*path, step))
        ]
    values: dict[str, str] = {}
    if before not in ({}, []):
        values["BeforeValue"] = _text(before)
    if after not in ({}, []):
        values["AfterValue"] = _text(after)
    kind = "Modify" if len(values) == 2 else "Add" if "AfterValue" in values else "Remove"
    return [(path, {**values, "AttributeChangeType": kind})]


def _members(value: Any) -> dict[str, Any] | None:
    """The members of a dict or list by name or position; None for anything else."""
    if isinstance(value, list):
        return {str(position): item for position, item in enumerate(value)}
    return value if isinstance(value, dict) else None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def describe_change_set(parameters: dict[str, Any]) -> Response:
    """DescribeChangeSet, with the values where IncludePropertyValues asks for them."""
    if helpers._p(parameters, "IncludePropertyValues").lower() != "true":
        return _describe(parameters)
    _, change_set = changesets._find_change_set(
        helpers._p(parameters, "ChangeSetName"), helpers._p(parameters, "StackName")
    )
    if change_set is None:
        return _describe(parameters)
    plain = change_set["Changes"]
    change_set["Changes"] = change_set["_valued_changes"]
    try:
        status, headers, body = _describe(parameters)
    finally:
        change_set["Changes"] = plain
    return status, headers, _with_values(body, change_set["_valued_changes"])


def _with_values(body: bytes, changes: list[dict[str, Any]]) -> bytes:
    """Write into the answer what ministack does not render; changes and details come in the same order."""
    ET.register_namespace("", helpers.CFN_NS)
    root = ET.fromstring(body)  # noqa: S314  # ministack's own answer
    for element, change in zip(root.iter(f"{_NAMESPACE}ResourceChange"), changes, strict=True):
        _add(element, change["ResourceChange"], ("BeforeContext", "AfterContext"))
        for target, detail in zip(
            element.iter(f"{_NAMESPACE}Target"), change["ResourceChange"]["Details"], strict=True
        ):
            _add(target, detail["Target"], ("Path", "BeforeValue", "AfterValue", "AttributeChangeType"))
    return ET.tostring(root, xml_declaration=True, encoding="utf-8")


def _add(element: ET.Element, values: dict[str, str], names: tuple[str, ...]) -> None:
    for name in names:
        if name in values:
            ET.SubElement(element, _NAMESPACE + name).text = values[name]


def install() -> None:
    """Put all of it in place."""
    rebind(changesets._resolve_props_for_diff, _resolved)
    # In the preview alone: the stack policy (policy.py) brings both sides itself.
    changesets._diff_resources = _changes
    handlers._ACTION_HANDLERS["CreateChangeSet"] = create_change_set
    handlers._ACTION_HANDLERS["DescribeChangeSet"] = describe_change_set
