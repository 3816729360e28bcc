"""Answers of conditions that contradict each other whatever the parameters are."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from stackproof.proofs.resolve.conditions import Space
from stackproof.proofs.resolve.implications import contradict


def when(name: str) -> dict[str, Any]:
    return {"Condition": name}


CONDITIONS: dict[str, Any] = {
    "A": {"Fn::Equals": [{"Ref": "P"}, "a"]},
    "B": {"Fn::Equals": [{"Ref": "Q"}, "b"]},
    "NotA": {"Fn::Not": [when("A")]},
    "Both": {"Fn::And": [when("A"), when("B")]},
    "One": {"Fn::Or": [when("A"), when("B")]},
    "Neither": {"Fn::Not": [when("One")]},
    "Deep": {"Fn::And": [{"Fn::Not": [when("NotA")]}, when("B")]},
    "Written": {"Fn::And": [{"Fn::Equals": [{"Ref": "P"}, "a"]}, when("B")]},
    "Broken": {"Fn::And": "A"},
    "Odd": ["A"],
}


@pytest.mark.parametrize(
    ("wanted", "answer"),
    [
        pytest.param({"Both": True, "A": False}, True, id="a part of a true and is true"),
        pytest.param({"Both": True, "B": True}, False, id="and not more"),
        pytest.param({"Both": False, "A": True}, False, id="a false and may have true parts"),
        pytest.param({"A": True, "B": True, "Both": False}, True, id="but not only true ones"),
        pytest.param({"One": False, "B": True}, True, id="a part of a false or is false"),
        pytest.param({"One": True, "A": False}, False, id="a true or may have false parts"),
        pytest.param({"One": True, "A": False, "B": False}, True, id="but not only false ones"),
        pytest.param({"A": True, "NotA": True}, True, id="a condition and its opposite"),
        pytest.param({"A": False, "NotA": True}, False, id="the opposite of what is false"),
        pytest.param({"Neither": True, "A": True}, True, id="through an opposite"),
        pytest.param({"Deep": True, "A": False}, True, id="through several levels"),
        pytest.param({"A": True, "Neither": False}, False, id="nothing follows"),
        pytest.param({"Written": True, "A": False}, False, id="what only the parameters tell"),
        pytest.param({"Broken": True, "A": False}, False, id="what is no function"),
        pytest.param({"Odd": True, "A": False}, False, id="what is no object"),
        pytest.param({"Missing": True, "A": False}, False, id="what is not there"),
        pytest.param({}, False, id="nothing asked"),
    ],
)
def test_what_the_form_of_conditions_rules_out(wanted: dict[str, bool], answer: bool) -> None:
    assert contradict(CONDITIONS, wanted) is answer


SOUND = {name: body for name, body in CONDITIONS.items() if name not in {"Broken", "Odd"}}


@pytest.mark.parametrize("first", SOUND)
def test_what_is_ruled_out_is_reached_by_no_parameters(first: str) -> None:
    space = Space({"Conditions": SOUND, "Parameters": {"P": {"Type": "String"}, "Q": {"Type": "String"}}})
    reached = space.scenarios()
    assert isinstance(reached, tuple)
    for second, one, other in product(SOUND, (True, False), (True, False)):
        wanted = {first: one, second: other}
        if contradict(SOUND, wanted):
            assert not [each for each in reached if wanted.items() <= each.conditions.items()]
            assert space.example(wanted) is None
