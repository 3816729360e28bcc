"""No parameter and no branch of the templates is dead: each can be reached, and changes what is made."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.test_platform_settings import ELSEWHERE, SETTINGS
from tests.templates_support import ROOT, Emitted
from tests.unit.templates.conftest import emitted
from tests.unit.templates.test_lms import CHOICES, SWITCHES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

NAMES = ("lms", "lms-in-vpc")
"""lms-disposable has the parameters of lms, and bootstrap has its own test."""
OTHER = {
    "BalancerSubnetIds": "subnet-1,subnet-2,subnet-3",
    "ClientCidr": "10.0.0.0/8",
    "DataSubnetIds": "subnet-1,subnet-2,subnet-3",
    "DataSubnetZones": "sa-east-1c,sa-east-1b,sa-east-1a",
    "DatabaseCidr": "10.20.0.0/16",
    "DatabaseName": "campus",
    "DatabasePasswordKey": "secret",
    "DatabaseUser": "campus",
    "DatabaseUserKey": "user",
    "EnvironmentSuffix": "exam",
    "FilesDirectory": "/campus",
    "HealthCheckPath": "/health",
    "ProjectTag": "campus",
    "TaskSubnetIds": "subnet-1,subnet-2,subnet-3",
    "VpcCidr": "10.99.0.0/16",
    "VpcId": "vpc-2",
}
"""Another value for each parameter that has neither a list to choose from nor a number nor a condition."""
OWN = {"DatabaseSecretArn": "", "ExistingFileSystemId": ""}
"""The stack makes its stores itself."""
JUDGED = "RollingImage"
"""It makes nothing: a rule asks for it, and the steps of an upgrade."""


@cache
def bases(name: str) -> tuple[Emitted, ...]:
    """Everything on with stores of the stack's own, everything on with those that exist, and everything off."""
    template = emitted(name)
    off, on = ({key: values[side] for key, values in SWITCHES.items() if key in template.parameters} for side in (0, 1))
    own = on | OWN
    return tuple(template.with_parameters(**given) for given in (own, on, off))


def others(name: str, body: Mapping[str, Any]) -> Iterator[str]:
    """Values that the parameter may have."""
    yield from SWITCHES.get(name, ())
    yield from map(str, body.get("AllowedValues", ()))
    if body["Type"] == "Number" and "AllowedValues" not in body:
        yield str(body["Default"] + (-1 if body["Default"] == body.get("MaxValue") else 1))
    if name in OTHER:
        yield OTHER[name]


def changes(base: Emitted, name: str, value: str) -> bool:
    """Whether the value makes another stack."""
    changed = base.with_parameters(**{name: value})
    return (changed.resources, changed.outputs) != (base.resources, base.outputs)


@pytest.mark.parametrize("template", NAMES)
def test_every_parameter_changes_what_is_made(template: str) -> None:
    parameters = emitted(template).body["Parameters"]
    dead = {
        name
        for name, body in parameters.items()
        if not any(changes(base, name, value) for base in bases(template) for value in others(name, body))
    }

    assert dead == {JUDGED}
    assert f'{{"Ref": "{JUDGED}"}}' in json.dumps(emitted(template).body["Rules"])


Way = frozenset[tuple[str, bool]]


def ways(value: Any, way: Way) -> Iterator[Way]:
    """What must hold, and what must not, for each side of each Fn::If in a piece of a template."""
    if isinstance(value, list):
        for item in value:
            yield from ways(item, way)
    elif isinstance(value, dict) and value.keys() == {"Fn::If"}:
        condition, *sides = value["Fn::If"]
        for holds, side in zip((True, False), sides, strict=True):
            yield way | {(condition, holds)}
            yield from ways(side, way | {(condition, holds)})
    elif isinstance(value, dict):
        for item in value.values():
            yield from ways(item, way)


def unreached(template: Emitted, choices: Iterable[Mapping[str, str]]) -> set[tuple[str, Way]]:
    """Sides that no choice takes, with the resource or output that they stand in."""
    tried = [template.with_parameters(**given) for given in choices]
    truths = [{(name, each.holds(name)) for name in template.body["Conditions"]} for each in tried]
    return {
        (name, way)
        for name, body in [*template.body["Resources"].items(), *template.body["Outputs"].items()]
        for way in ways(
            [body.get("Properties"), body.get("Value")],
            frozenset({(body["Condition"], True)} if "Condition" in body else ()),
        )
        if not any(way <= truth for truth in truths)
    }


@pytest.mark.parametrize("template", NAMES)
def test_every_side_of_every_condition_is_made(template: str) -> None:
    """What `Condition` leaves out has both sides in test_lms.py; this is Fn::If, within what exists."""
    body = emitted(template)
    choices = [{name: value for name, value in each.items() if name in body.parameters} for each in CHOICES]
    own = [{**each, **OWN} for each in choices]
    listed = [
        {**own[len(own) // 2], name: str(value)}
        for name, parameter in body.body["Parameters"].items()
        for value in parameter.get("AllowedValues", ())
    ]

    assert unreached(body, choices + own + listed) == set()


def test_a_side_that_nothing_reaches_is_told() -> None:
    """As a guard: it can fail."""
    topic = {"Type": "AWS::SNS::Topic", "Condition": "Is", "Properties": {"DisplayName": {"Fn::If": ["Is", "a", "b"]}}}
    template = Emitted(
        {
            "Parameters": {"Given": {"Type": "String", "Default": ""}},
            "Conditions": {"Is": {"Fn::Not": [{"Fn::Equals": [{"Ref": "Given"}, ""]}]}},
            "Resources": {"Topic": topic},
            "Outputs": {},
        }
    )

    assert unreached(template, [{}, {"Given": "x"}]) == {("Topic", frozenset({("Is", True), ("Is", False)}))}


def test_every_parameter_is_applied_to_a_running_platform() -> None:
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "tests" / "integration").rglob("test_*.py")]
    for test, names in ELSEWHERE.items():
        [source] = [each for each in sources if f"\ndef {test}(" in each]
        assert [name for name in names.split() if name not in source] == [], test
    declared = {name for template in NAMES for name in emitted(template).body["Parameters"]}
    elsewhere = {name for names in ELSEWHERE.values() for name in names.split()}
    assert declared - SETTINGS.keys() - elsewhere == set(), "say in SETTINGS what a service shows of it"
    assert (SETTINGS.keys() | elsewhere) - declared == set(), "there is no such parameter"
    assert SETTINGS.keys() & elsewhere == set()
