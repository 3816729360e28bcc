"""Our own templates hold, with every environment's parameters and in every pair of conditions that can be reached."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from stackproof.proofs.conditions import Scenario, Space
from stackproof.proofs.diff import diff
from stackproof.proofs.references import references
from stackproof.proofs.resolve import Stack, resolve
from stackproof.proofs.verdicts import Finding, Verdict

ROOT = Path(__file__).parents[4]
NAMES = ("bootstrap", "lms", "lms-disposable")
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


def scenarios() -> tuple[Scenario, ...]:
    return Space(template("lms")).cover()


@pytest.mark.parametrize("scenario", scenarios(), ids=lambda _: "")
def test_references_hold_in_every_pair_of_conditions(scenario: Scenario) -> None:
    stack = resolve(template("lms"), scenario.parameters, account=scenario.parameters.get("AWS::AccountId"))
    assert stack.conditions == scenario.conditions
    assert faults(stack) == []


def test_every_condition_is_shown_both_ways() -> None:
    found = scenarios()
    for name in template("lms")["Conditions"]:
        assert {scenario.conditions[name] for scenario in found} == {True, False}


@pytest.mark.parametrize("name", NAMES)
def test_the_same_template_changes_nothing(name: str) -> None:
    assert diff(resolve(template(name)), resolve(copy.deepcopy(template(name)))).changes == ()


def test_a_template_that_forgets_data_differs_in_policies_alone() -> None:
    given = {"AccessLogs": "no"}
    found = diff(resolve(template("lms"), given), resolve(template("lms-disposable"), given)).changes
    assert found
    assert {change.action for change in found} == {"modify"}
    assert {each.path for change in found for each in change.because} <= {"/DeletionPolicy", "/UpdateReplacePolicy"}


def test_another_network_is_another_everything_but_not_other_data() -> None:
    found = diff(resolve(template("lms")), resolve(template("lms"), {"VpcCidr": "10.99.0.0/16"})).changes
    by_id = {change.logical_id: change for change in found}
    assert by_id["Vpc"].action == "replace"
    assert {change.action for change in found if change.data == "kept"} == {"modify"}
    assert not [change for change in found if change.data == "lost"]
