"""Numbers that must not be above others: known by their names, or declared by the template."""

from __future__ import annotations

from typing import Any

import pytest

from stackproof.configuration import check_configuration

PAIR = {"low": "Base", "high": "Most", "because": "Spot would never be used"}
SHAPE = '{"low": PARAMETER, "high": PARAMETER, "because": TEXT}, with "equal": false where they must differ'


def faults(metadata: object, **given: str) -> list[str]:
    template = {
        "Parameters": {
            "Base": {"Type": "Number", "Default": 1},
            "Most": {"Type": "Number", "Default": 4},
            "Word": {"Type": "String", "Default": "x"},
        },
        "Metadata": metadata,
    }
    return [str(fault) for fault in check_configuration(template, {"Parameters": given}, "params/dev.json")]


def declared(*entries: object) -> dict[str, Any]:
    return {"Stackproof::Orders": list(entries)}


def test_a_pair_that_is_declared_is_held_to_its_order() -> None:
    assert faults(declared(PAIR), Base="4") == []
    [told] = faults(declared(PAIR), Base="5")
    assert told == (
        'params/dev.json: Parameters.Base: Base "5" is above Most "4" (the default): Spot would never be used;'
        " raise the one or lower the other"
    )
    [told] = faults(declared(PAIR), Most="0.5")
    assert told == (
        'params/dev.json: Parameters.Most: Base "1" (the default) is above Most "0.5": Spot would never be used;'
        " raise the one or lower the other"
    )


def test_where_they_must_differ_the_same_number_is_a_fault_as_well() -> None:
    pair = {**PAIR, "equal": False}
    assert faults(declared(pair), Base="3") == []
    [same] = faults(declared(pair), Base="4")
    assert 'Base "4" is the same as Most "4" (the default): Spot would never be used' in same
    [above] = faults(declared(pair), Base="5")
    assert 'Base "5" is above Most "4"' in above


def test_every_pair_is_told_at_once() -> None:
    other = {"low": "Most", "high": "Base", "because": "no reason"}
    found = faults(declared(PAIR, other), Base="5", Most="4")
    assert len(found) == 1
    assert len(faults(declared(PAIR, other, {**other, "equal": False}), Base="4", Most="4")) == 1


def test_what_is_no_number_is_somebody_else_s_fault() -> None:
    assert faults(declared({**PAIR, "high": "Word"}), Base="5") == []
    [told] = faults(declared(PAIR), Base="many")
    assert 'Base: "many" is no Number' in told


@pytest.mark.parametrize("metadata", [None, {}, "text", [], {"Stackproof::Orders": []}])
def test_most_templates_declare_nothing(metadata: object) -> None:
    assert faults(metadata, Base="5") == []


@pytest.mark.parametrize(
    "entry",
    [
        "Base",
        None,
        {"low": "Base", "high": "Most"},
        {**PAIR, "low": "Bas"},
        {**PAIR, "high": ["Most"]},
        {**PAIR, "equal": "false"},
        {**PAIR, "equal": []},
        {**PAIR, "equals": False},
    ],
)
def test_what_names_no_pair_is_a_fault_of_the_template(entry: object) -> None:
    assert faults(declared(PAIR, entry)) == [
        f"params/dev.json: Metadata.Stackproof::Orders[1]: of the template names no two parameters; {SHAPE}"
    ]


def test_a_declaration_is_a_list() -> None:
    assert faults({"Stackproof::Orders": PAIR}) == [
        f"params/dev.json: Metadata.Stackproof::Orders: of the template is no list of {SHAPE}"
    ]
