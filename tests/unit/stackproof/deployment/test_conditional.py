"""What a change set leaves open, and the two templates decide."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from stackproof.deployment import conditional
from stackproof.deployment.plan import Because, Change, Plan

FILES = "AWS::EFS::FileSystem"
PLACE = {"region": "sa-east-1", "account": "123456789012", "stack_name": "lms-dev"}


def template(*, tag: str = "a", pending: int = 30) -> dict[str, Any]:
    """A key, what it encrypts, and what mounts that."""
    return {
        "Parameters": {
            "Password": {"Type": "String", "NoEcho": True},
            "Zone": {"Type": "AWS::SSM::Parameter::Value<String>"},
            "Mode": {"Type": "String", "Default": "generalPurpose"},
        },
        "Resources": {
            "Key": {
                "Type": "AWS::KMS::Key",
                "Properties": {"PendingWindowInDays": pending, "Tags": [{"Key": "a", "Value": tag}]},
            },
            "Files": {
                "Type": FILES,
                "Properties": {
                    "Encrypted": True,
                    "KmsKeyId": {"Fn::GetAtt": ["Key", "Arn"]},
                    "PerformanceMode": {"Ref": "Mode"},
                    "AvailabilityZoneName": {"Ref": "Zone"},
                },
            },
            "Mount": {"Type": "AWS::EFS::MountTarget", "Properties": {"FileSystemId": {"Ref": "Files"}}},
        },
    }


def change(logical_id: str, *by: str, action: str = "may-replace", data: str = "none") -> Change:
    because = tuple(Because("/Properties/X", each, recreates="Always") for each in by)
    return Change(logical_id, f"{logical_id}-1", FILES, action, data, because, {})


KEY = change("Key", "template", action="modify", data="kept")
FOUND = (KEY, change("Files", "attribute Key.Arn", data="lost"), change("Mount", "resource Files"))
GIVEN = {"Password": "****", "Zone": "sa-east-1a", "Mode": "generalPurpose"}


def decided(
    new: dict[str, Any], found: tuple[Change, ...] = FOUND, after: dict[str, str] | None = None
) -> dict[str, Change]:
    before, to_come, opaque = conditional.resolved(template(), GIVEN, new, GIVEN if after is None else after, **PLACE)
    known = conditional.offline(before, to_come)
    return {each.logical_id: each for each in conditional.decide(found, known, opaque)}


def test_a_new_tag_on_a_key_replaces_nothing_that_it_encrypts() -> None:
    assert decided(template(tag="b")) == {"Key": KEY}


def test_what_is_replaced_for_sure_is_said_to_be() -> None:
    found = decided(template(), after=GIVEN | {"Mode": "maxIO"})
    assert {name: each.action for name, each in found.items()} == {
        "Key": "modify",
        "Files": "replace",
        "Mount": "replace",
    }
    assert found["Files"].data == "lost", "the change set's own word on the data stays"


def test_what_is_only_modified_keeps_its_data_and_no_longer_says_that_it_may_be_replaced() -> None:
    new = template()
    new["Resources"]["Files"]["Properties"]["ThroughputMode"] = "elastic"
    new["Resources"]["Mount"]["Metadata"] = {"Why": "it moved"}
    found = decided(new)
    assert (found["Files"].action, found["Files"].data) == ("modify", "kept")
    assert {each.recreates for each in found["Files"].because} == {"Never"}
    assert (found["Mount"].action, found["Mount"].data) == ("modify", "none")


def test_what_the_templates_leave_open_stays_open() -> None:
    new = template()
    new["Resources"]["Files"]["Properties"]["PerformanceMode"] = "{{resolve:ssm:mode}}"
    assert decided(new)["Files"] == FOUND[1]


def test_a_condition_on_a_secret_is_not_decided_by_its_default() -> None:
    """It may well have another value, and what hangs on it must not be taken for gone."""
    conditional_files = template()
    conditional_files["Parameters"]["Password"]["Default"] = ""
    conditional_files["Conditions"] = {"HasPassword": {"Fn::Not": [{"Fn::Equals": [{"Ref": "Password"}, ""]}]}}
    conditional_files["Resources"]["Files"]["Condition"] = "HasPassword"
    old, new, opaque = conditional.resolved(conditional_files, GIVEN, conditional_files, GIVEN, **PLACE)
    assert [side.conditions for side in (old, new)] == [{"HasPassword": None}] * 2
    assert "Files" in new.resources
    assert opaque == {"Password", "Zone"}


@pytest.mark.parametrize("value", ["{{changeSet:KNOWN_AFTER_APPLY}}", "{{IntrinsicFunction://Fn::GetAtt}}"])
def test_what_a_nested_stack_gets_later_cannot_be_compared(value: str) -> None:
    _, new, opaque = conditional.resolved(template(), GIVEN, template(), GIVEN | {"Mode": value}, **PLACE)
    assert opaque == {"Password", "Zone", "Mode"}
    assert str(new.resources["Files"].properties["PerformanceMode"]) == "${Mode}"


@pytest.mark.parametrize("parameter", ["Password", "Zone"])
def test_what_hangs_on_a_value_that_nobody_can_compare_stays_open(parameter: str) -> None:
    found = (
        change("Files", f"parameter {parameter}", data="lost"),
        change("Mount", "resource Files"),
        change("Other", "attribute Mount.Id"),
    )
    assert tuple(decided(template(), found).values()) == found


def test_what_the_change_set_is_sure_of_is_not_asked_again() -> None:
    sure = change("Files", "template", action="replace", data="retained")
    assert decided(template(), (sure,)) == {"Files": sure}


def test_what_names_a_parameter_that_changes_and_stays_as_it_is_is_no_action() -> None:
    """A part of a name, say, which is the same in both: a step of a plan must not be refused for it."""
    touched = change("Files", "parameter Mode", action="modify")
    found = decided(template(), (touched,))["Files"]
    assert found == replace(touched, is_same=True)
    plan = Plan("lms-dev", "123456789012", "sa-east-1", False, None, (found,), ())
    assert plan.actions == {}
    assert replace(plan, changes=(touched,)).actions == {"Files": "modify"}


def test_what_gets_another_value_is_an_action() -> None:
    touched = change("Files", "parameter Mode", action="modify")
    assert decided(template(), (touched,), after=GIVEN | {"Mode": "maxIO"})["Files"] == touched
    shown = replace(touched, because=(Because("Properties.Mode", "parameter Mode", "a", "b"),))
    assert decided(template(), (shown,))["Files"] == shown, "the change set shows the values, and is believed"
    hidden = change("Files", "parameter Password", action="modify")
    assert decided(template(), (hidden,))["Files"] == hidden
    bare = change("Files", action="modify")
    assert decided(template(), (bare,))["Files"] == bare, "tags, say: no property is named"
