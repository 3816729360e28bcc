"""Templates of others: whatever stands anywhere, the answer is findings, never an exception."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest

from stackproof.proofs.model.system import model
from stackproof.proofs.network.queries import not_analysed
from stackproof.proofs.resolve.stack import resolve
from stackproof.proofs.verdicts import Finding
from tests.unit.stackproof.proofs.network_support import findings, platform

if TYPE_CHECKING:
    from collections.abc import Iterator

ANYTHING: list[Any] = [
    None,
    [],
    {},
    "x",
    -1,
    True,
    {"Ref": "Nowhere"},
    {"Ref": "Gateway"},
    {"Fn::Transform": {"Name": "Mine"}},
    {"Fn::If": ["Nowhere", 1, 2]},
    [{"Ref": "Nowhere"}, None],
    [[]],
    "10.0.0.0/8",
    "::/0",
]


def _places(node: Any, place: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    yield place
    entries = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, inner in entries:
        yield from _places(inner, (*place, key))


@pytest.mark.parametrize("offset", range(2))
def test_anything_anywhere(offset: int) -> None:
    base = platform()
    for index, place in enumerate(_places(base)):
        if len(place) < 2:
            continue
        template = copy.deepcopy(base)
        node: Any = template
        for key in place[:-1]:
            node = node[key]
        node[place[-1]] = ANYTHING[(index * 2 + offset) % len(ANYTHING)]
        found = findings(template)
        assert all(isinstance(one, Finding) and one.message for one in found), place


@pytest.mark.parametrize("template", [{}, {"Resources": None}, {"Resources": {"A": {"Type": "AWS::ECS::Service"}}}])
def test_next_to_nothing(template: dict[str, Any]) -> None:
    assert findings(template) == []


def test_a_new_template_has_nothing_that_is_not_followed() -> None:
    assert not_analysed(model(resolve(platform()))) == {}
