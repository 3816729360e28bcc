"""Single faults on our own template, made from its structure, are caught; harmless changes are not flagged."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest

from benchmarks import faults
from benchmarks.fault_tools import Source, references, walk
from stackproof.proofs.intent.intent import DEFAULT

if TYPE_CHECKING:
    from collections.abc import Callable

# The full run is `python -m benchmarks.faults`; docs/proofs.md has its tally, and why some are not caught.
SEVERAL = 2


def first_of_each_class() -> list[Any]:
    """A few faults of every class that the full run catches all of."""
    chosen: dict[str, list[Any]] = {}
    for fault in faults.faults():
        chosen.setdefault(fault.kind, []).append(fault)
    return [each for kind, found in chosen.items() if kind not in faults.PARTLY for each in found[:SEVERAL]]


@pytest.mark.parametrize("fault", first_of_each_class(), ids=lambda fault: f"{fault.kind}: {fault.logical_id}")
def test_a_single_fault_is_caught_with_the_right_component(fault: Any) -> None:
    found = faults.caught(fault)
    assert found.findings, f"{fault.what}: nothing was said"
    assert found.named, [str(each) for each in found.findings]


def test_the_faults_come_from_the_structure() -> None:
    """The generator knows types and properties: with other logical ids it makes as many faults of the same kinds."""
    renamed = rename(faults.sound())
    counts = [
        [sum(1 for _ in make(Source(template))) for make in faults.CLASSES] for template in (faults.sound(), renamed)
    ]
    assert counts[0] == counts[1]
    assert min(counts[0]) > 0
    assert sum(counts[0]) > 500


# Harmless changes


def rename(template: Any) -> Any:
    """Other logical ids everywhere."""
    names = {name: f"X{number}{name[::-1]}" for number, name in enumerate(template["Resources"])}
    new = _renamed(template, names)
    for body in new["Resources"].values():
        depends = body.get("DependsOn", [])
        if depends:
            body["DependsOn"] = [names[other] for other in ([depends] if isinstance(depends, str) else depends)]
    new["Resources"] = {names[name]: body for name, body in new["Resources"].items()}
    return new


def _renamed(node: Any, names: dict[str, str]) -> Any:
    if isinstance(node, list):
        return [_renamed(item, names) for item in node]
    if not isinstance(node, dict):
        return node
    if isinstance(node.get("Ref"), str):
        return {"Ref": names.get(node["Ref"], node["Ref"])}
    if isinstance(node.get("Fn::GetAtt"), list):
        return {"Fn::GetAtt": [names.get(node["Fn::GetAtt"][0], node["Fn::GetAtt"][0]), node["Fn::GetAtt"][1]]}
    if "Fn::Sub" in node:
        text, own = node["Fn::Sub"] if isinstance(node["Fn::Sub"], list) else (node["Fn::Sub"], {})
        for old, new in names.items():
            if old not in own:
                text = text.replace(f"${{{old}}}", f"${{{new}}}").replace(f"${{{old}.", f"${{{new}.")
        return {"Fn::Sub": [text, _renamed(own, names)] if own else text}
    return {key: _renamed(value, names) for key, value in node.items()}


def reversed_keys(node: Any) -> Any:
    if isinstance(node, dict):
        return {key: reversed_keys(node[key]) for key in reversed(node)}
    return [reversed_keys(item) for item in node] if isinstance(node, list) else node


def as_sub(template: Any) -> Any:
    """Fn::Sub for every Ref of a single value, and for every GetAtt of an ARN."""

    def spelled(node: Any) -> Any:
        if isinstance(node, list):
            return [spelled(item) for item in node]
        if not isinstance(node, dict):
            return node
        if node.keys() == {"Ref"} and node["Ref"] in template["Resources"]:
            return {"Fn::Sub": f"${{{node['Ref']}}}"}
        if node.keys() == {"Fn::GetAtt"} and node["Fn::GetAtt"][1].endswith("Arn"):
            return {"Fn::Sub": f"${{{'.'.join(node['Fn::GetAtt'])}}}"}
        return {key: spelled(value) for key, value in node.items()}

    new = copy.deepcopy(template)
    for body in new["Resources"].values():
        body["Properties"] = spelled(body["Properties"])
    return new


def behind_if(template: Any) -> Any:
    """Every property of every resource behind a condition that holds."""
    new = copy.deepcopy(template)
    new["Conditions"]["Always"] = {"Fn::Equals": ["a", "a"]}
    for body in new["Resources"].values():
        body["Properties"] = {
            key: {"Fn::If": ["Always", value, {"Ref": "AWS::NoValue"}]} for key, value in body["Properties"].items()
        }
    return new


def numbers_as_text(template: Any) -> Any:
    """CloudFormation takes "80" for 80 and "true" for true."""
    new = copy.deepcopy(template)
    for body in new["Resources"].values():
        for path, value in list(walk(body["Properties"])):
            if isinstance(value, int) and path:
                node = body["Properties"]
                for key in path[:-1]:
                    node = node[key]
                if "Fn::Select" not in path and "Fn::Cidr" not in path:
                    node[path[-1]] = str(value).lower()
    return new


def extra_tag(template: Any) -> Any:
    new = copy.deepcopy(template)
    for body in new["Resources"].values():
        tags = body["Properties"].get("Tags")
        if isinstance(tags, list):
            tags.append({**tags[0], "Key": "cost-center", "Value": "education"})
        elif isinstance(tags, dict):
            tags["cost-center"] = "education"
    return new


def unrelated(template: Any) -> Any:
    new = copy.deepcopy(template)
    new["Resources"]["Unrelated"] = {"Type": "AWS::CloudFormation::WaitConditionHandle", "Properties": {}}
    new["Outputs"]["Unrelated"] = {"Value": {"Ref": "Unrelated"}}
    return new


def reordered(template: Any) -> Any:
    return {**template, "Resources": dict(reversed(template["Resources"].items()))}


def new_descriptions(template: Any) -> Any:
    new = copy.deepcopy(template)
    for body in new["Resources"].values():
        for path, value in list(walk(body["Properties"])):
            if path and path[-1] == "Description" and isinstance(value, str) and len(path) == 1:
                body["Properties"]["Description"] = f"{value} again"
    return new


HARMLESS = (
    reversed_keys,
    as_sub,
    behind_if,
    numbers_as_text,
    extra_tag,
    unrelated,
    reordered,
    new_descriptions,
)


@pytest.mark.parametrize("place", faults.PLACES)
@pytest.mark.parametrize("change", HARMLESS)
def test_a_harmless_change_is_not_flagged(change: Callable[[Any], Any], place: str) -> None:
    changed = change(faults.sound())
    assert changed != faults.sound() or change in {reordered, reversed_keys}
    assert [str(each) for each in faults.findings(changed, place)] == []


@pytest.mark.parametrize("place", faults.PLACES)
def test_other_logical_ids_make_no_difference(place: str) -> None:
    """Without the intent, which names components by their logical ids."""
    before, after = (faults.findings(each, place, intent=DEFAULT) for each in (faults.sound(), rename(faults.sound())))
    assert [(each.id, each.path) for each in after] == [(each.id, each.path) for each in before]


def test_the_sound_template_is_sound_everywhere() -> None:
    for place in faults.PLACES:
        assert faults.findings(faults.sound(), place) == (), place


def test_the_other_spelling_really_is_another_one() -> None:
    """As a guard on the tests above."""
    properties = [body["Properties"] for body in as_sub(faults.sound())["Resources"].values()]
    referred = {target for _, target, attribute in references(properties) if not attribute}
    assert not referred & faults.sound()["Resources"].keys()
