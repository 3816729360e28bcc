"""Our own templates hold, with every environment's parameters and in every pair of conditions that can be reached."""

from __future__ import annotations

import copy
import json
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from stackproof.proofs.diff import diff
from stackproof.proofs.references import references
from stackproof.proofs.resolve.conditions import Scenario, Space
from stackproof.proofs.resolve.stack import Stack, resolve
from stackproof.proofs.verdicts import Finding, Verdict
from tests.combinations import ACCOUNT, EXPECTED, REGION, scenarios
from tests.combinations import faults as faulty

ROOT = Path(__file__).parents[4]
NAMES = ("bootstrap", "lms", "lms-disposable", "lms-in-vpc")
PARTS = 4
"""Parts of the cover, for processes side by side."""
ENVIRONMENTS = sorted(path.stem for path in (ROOT / "params").glob("*.json"))


def template(name: str) -> Any:
    return json.loads((ROOT / "dist" / f"{name}.json").read_text())


def parameters(environment: str) -> dict[str, object]:
    found: dict[str, object] = json.loads((ROOT / "params" / f"{environment}.json").read_text())["Parameters"]
    return found


def faults(stack: Stack) -> list[Finding]:
    return [found for found in references(stack) if found.verdict is not Verdict.PROVED]


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_left_unanalysed_and_every_reference_holds(name: str) -> None:
    stack = resolve(template(name), region="sa-east-1", account="123456789012")
    assert stack.notes == ()
    assert faults(stack) == []


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_references_hold_in_every_environment(environment: str) -> None:
    stack = resolve(template("lms"), parameters(environment), region="sa-east-1", account="123456789012")
    assert None not in stack.conditions.values()
    assert faults(stack) == []


@pytest.mark.parametrize("name", ["lms", "lms-in-vpc"])
@pytest.mark.parametrize("part", range(PARTS))
def test_every_query_holds_in_every_pair_of_conditions(part: int, name: str) -> None:
    """Nothing is broken or unknown but what tests/combinations.py expects there, with its reason."""
    for scenario in scenarios(2, name)[part::PARTS]:
        assert faulty(scenario, name) == [], scenario.parameters


def test_the_values_of_a_combination_do_what_it_says() -> None:
    for scenario in scenarios(2)[::4]:
        stack = resolve(template("lms"), scenario.parameters, account=scenario.parameters.get("AWS::AccountId"))
        assert {name: stack.conditions[name] for name in scenario.conditions} == scenario.conditions


def test_every_reachable_pair_is_in_the_cover() -> None:
    """Exactly those that `Space` reaches, over all parameters, are shown."""
    space = Space(template("lms"), {"AWS::AccountId": ACCOUNT, "AWS::Region": REGION})
    found = [scenario.conditions for scenario in scenarios(2)]
    for pair in combinations(sorted(space.conditions), 2):
        reached = space.scenarios(pair)
        assert isinstance(reached, tuple), f"{pair}: {reached}"
        assert {tuple(each[name] for name in pair) for each in found} == {
            tuple(each.conditions[name] for name in pair) for each in reached
        }, pair


def test_what_is_expected_is_expected_somewhere_and_not_everywhere() -> None:
    """As a guard: each exception covers combinations, and a fault that nobody expects is told."""
    for expected in EXPECTED:
        assert {bool(expected.when(dict(scenario.conditions))) for scenario in scenarios(2)} == {True, False}
    odd = next(each for each in scenarios(2) if EXPECTED[0].when(dict(each.conditions)))
    claimed = Scenario(odd.parameters, {**odd.conditions, "HasPermissionsBoundary": False})
    assert any("iam-boundary" in fault for fault in faulty(claimed))
    plain = next(each for each in scenarios(2) if not EXPECTED[0].when(dict(each.conditions)))
    claimed = Scenario(plain.parameters, {**plain.conditions, "HasPermissionsBoundary": True})
    assert faulty(claimed) == ["iam-boundary is not found"]


def test_every_condition_is_shown_both_ways() -> None:
    found = scenarios(2)
    for name in template("lms")["Conditions"]:
        assert {scenario.conditions[name] for scenario in found} == {True, False}


@pytest.mark.parametrize("name", NAMES)
def test_the_same_template_changes_nothing(name: str) -> None:
    assert diff(resolve(template(name)), resolve(copy.deepcopy(template(name)))).changes == ()


def test_a_template_that_forgets_data_differs_in_policies_alone() -> None:
    found = diff(resolve(template("lms")), resolve(template("lms-disposable"))).changes
    assert found
    assert {change.action for change in found} == {"modify"}
    assert {each.path for change in found for each in change.because} <= {"/DeletionPolicy", "/UpdateReplacePolicy"}


def test_another_network_is_another_everything_but_not_other_data() -> None:
    found = diff(resolve(template("lms")), resolve(template("lms"), {"VpcCidr": "10.99.0.0/16"})).changes
    by_id = {change.logical_id: change for change in found}
    assert by_id["Vpc"].action == "replace"
    assert {change.action for change in found if change.data == "kept"} == {"modify"}
    assert not [change for change in found if change.data == "lost"]
