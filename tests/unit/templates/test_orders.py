"""Pairs of numbers: a value above its limit is refused with a sentence before AWS is asked, for every pair."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from stackproof.configuration import check_configuration
from stackproof.number_orders import KEY
from templates.orders import BELOW, NOT_ABOVE
from tests.templates_support import ROOT

if TYPE_CHECKING:
    from tests.templates_support import Emitted

NAMED = (("MinimumTasks", "MaximumTasks"), ("MinimumWorkers", "MaximumWorkers"))
OFF = {"DatabaseProxy": "no", "DatabaseMinimumCapacity": "64", "DatabaseMaximumCapacity": "32"}


def refused(template: Emitted, **given: str) -> list[str]:
    prod = json.loads((ROOT / "params" / "prod.json").read_text())["Parameters"]
    return [str(fault) for fault in check_configuration(template.body, {"Parameters": {**prod, **given}}, "prod.json")]


def around(template: Emitted, low: str, high: str) -> int:
    """A number that both parameters take, and one more of the first as well."""
    bodies = [template.body["Parameters"][name] for name in (low, high)]
    least = max(int(body["MinValue"]) for body in bodies)
    assert least < min(int(body["MaxValue"]) for body in bodies), "it could never be refused"
    return least


@pytest.mark.parametrize(("pair", "because"), NOT_ABOVE.items())
def test_a_number_is_not_above_another(lms: Emitted, pair: tuple[str, str], because: str) -> None:
    low, high = pair
    number = around(lms, low, high)
    alone: dict[str, Any] = {"MinimumTasks": "2", "MinimumWorkers": "1"} if high.startswith("Maximum") else {}
    number = max(number, 2)
    assert refused(lms, **alone, **{low: str(number), high: str(number)}) == []
    [told] = refused(lms, **alone, **{low: str(number + 1), high: str(number)})
    assert told == (
        f'prod.json: Parameters.{low}: {low} "{number + 1}" is above {high} "{number}": {because};'
        " raise the one or lower the other"
    )


@pytest.mark.parametrize(("pair", "because"), BELOW.items())
def test_a_number_is_below_another(lms: Emitted, pair: tuple[str, str], because: str) -> None:
    low, high = pair
    number = around(lms, low, high)
    others = {name: "10" for name, _ in BELOW if name.endswith("Percent")} | {"AlarmLatencySeconds": "1"}
    given = {**others, "IdleSeconds": "60", "AlarmUsedPercent": "60"}
    assert refused(lms, **{**given, low: str(number), high: str(number + 1)}) == []
    told = refused(lms, **{**given, low: str(number), high: str(number)})
    assert f'{low} "{number}" is the same as {high} "{number}": {because}' in "\n".join(told)
    told = refused(lms, **{**given, low: str(number + 1), high: str(number)})
    assert f'{low} "{number + 1}" is above {high} "{number}": {because}' in "\n".join(told)


@pytest.mark.parametrize(("low", "high"), NAMED)
def test_a_minimum_is_not_above_its_maximum(lms: Emitted, low: str, high: str) -> None:
    base = {"OnDemandBase": "1", "WorkerOnDemandBase": "1"}
    assert refused(lms, **base, **{low: "3", high: "3"}) == []
    [told] = refused(lms, **base, **{low: "4", high: "3"})
    assert told.endswith(f'{low} "4" is above {high} "3"; raise the one or lower the other')


def test_the_database_s_range_is_refused_by_cloudformation_as_well(lms: Emitted) -> None:
    [told] = refused(lms, **OFF)
    assert "Rules.DatabaseCapacityIsARange: DatabaseMinimumCapacity is above DatabaseMaximumCapacity." in told
    assert refused(lms, **{**OFF, "DatabaseMaximumCapacity": "64"}) == []


def test_every_template_of_the_platform_declares_the_pairs(lms: Emitted, in_vpc: Emitted, disposable: Emitted) -> None:
    for template in (lms, in_vpc, disposable):
        declared = template.body["Metadata"][KEY]
        assert [(each["low"], each["high"]) for each in declared] == [*NOT_ABOVE, *BELOW]
        assert [each.get("equal", True) for each in declared] == [True] * len(NOT_ABOVE) + [False] * len(BELOW)
        named = {each[side] for each in declared for side in ("low", "high")}
        assert {template.body["Parameters"][name]["Type"] for name in named} == {"Number"}
