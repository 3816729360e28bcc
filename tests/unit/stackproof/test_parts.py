"""The parts that a template says it is made of."""

from __future__ import annotations

from typing import Any

import pytest

from stackproof.parts import KEY, parts_of


def test_each_resource_has_its_part() -> None:
    assert parts_of({"Metadata": {KEY: {"network": ["Vpc", "Subnet"], "cache": ["Cache"]}}}) == {
        "Vpc": "network",
        "Subnet": "network",
        "Cache": "cache",
    }


@pytest.mark.parametrize(
    "template",
    [
        {},
        {"Metadata": None},
        {"Metadata": {"AWS::CloudFormation::Interface": {}}},
        {"Metadata": {KEY: ["network"]}},
        {"Metadata": {KEY: {"network": "Vpc", "other": [1, {"Ref": "Vpc"}]}}},
    ],
)
def test_a_template_that_does_not_say_has_none(template: dict[str, Any]) -> None:
    assert parts_of(template) == {}
