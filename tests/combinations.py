"""Our templates in the combinations of conditions that its parameters can reach, with every query asked.

All combinations are some hundred billion. A cover is tried: combinations in which every reachable choice of N
conditions occurs, found exactly (`stackproof.proofs.resolve.conditions`). A fault needs the conditions that make it,
and these are two as a rule. The tests take N = 2, `python -m benchmarks.combinations` 3.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stackproof.intent_files import load_intent
from stackproof.proofs.check import check
from stackproof.proofs.resolve.conditions import Scenario, Space
from tests.templates_support import REQUIRED
from tests.unit.templates.test_lms import SWITCHES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from stackproof.proofs.intent.intent import Intent
    from stackproof.proofs.verdicts import Finding

ROOT = Path(__file__).parents[1]
ACCOUNT, REGION = "111122223333", "sa-east-1"
LMS = "lms"
Holds = dict[str, bool | None]


@dataclass(frozen=True)
class Expected:
    """A finding that belongs to a combination, and to no other.

    Attributes:
        rule: its id.
        resources: the start of the logical ids that it is about; empty for any.
        when: for which conditions it is found.
        reason: why that is right.
    """

    rule: str
    resources: str
    when: Callable[[Holds], bool | None]
    reason: str


EXPECTED = (
    Expected(
        "iam-boundary",
        "",
        lambda holds: holds["HasPermissionsBoundary"],
        "what a company's boundary lets through stands outside of the template",
    ),
    Expected(
        "iam-secret-key",
        "",
        lambda holds: (
            (holds["HasExistingDatabase"] or holds["HasExtraSecret"])
            and not holds["HasDatabaseSecretKey"]
            and not holds["HasExtraSecretKey"]
        ),
        "a blank key means AWS's own, and nobody can tell that from a secret's ARN",
    ),
    Expected(
        "net-peer",
        "PrivateRouteTable",
        lambda holds: (
            holds["HasExistingDatabase"]
            and (holds["RunsApplication"] or holds["HasWorkerCommand"] or holds["HasCronCommand"])
            and not holds["HasDatabasePeering"]
        ),
        "before the peering connection is given, the tasks do not reach the database, as the parameter's text says",
    ),
    Expected(
        "net-unused-rule",
        "TasksToInternetSmtpPort",
        lambda holds: (
            holds["UsesSmtp"] and (holds["RunsApplication"] or holds["HasWorkerCommand"] or holds["HasCronCommand"])
        ),
        "that the application speaks to a mail server stands in no template; an environment accepts it with its reason",
    ),
    Expected(
        "iam-unused-action",
        "TaskPolicy",
        lambda holds: holds["SendsMail"],
        "that one of the role's tasks calls SES stands in no template; an environment accepts it with its reason",
    ),
)


MORE = {"UpgradeImage": ("nginx:1.29",)}
"""What a parameter with more than two meanings can be besides the values of SWITCHES."""


@cache
def template(name: str = LMS) -> dict[str, Any]:
    """A template of dist/."""
    found: dict[str, Any] = json.loads((ROOT / "dist" / f"{name}.json").read_text(encoding="utf-8"))
    return found


@cache
def intent() -> Intent:
    """What counts for every environment, without what the values of single parameters decide (days, images, TLS).

    A network that is there already is taken as sound.
    """
    whole = load_intent(ROOT / "params" / "intent.toml", None)
    return replace(
        whole,
        in_transit=("cache", "mounts", "files", "buckets"),
        backup_days={},
        accepted=(),
        image="any",
        on_demand_base=0,
        spot_percent=100,
        given_network="somebody answers for it",
    )


def cover(space: Space, size: int) -> tuple[Scenario, ...]:
    """Combinations in which every reachable choice of `size` conditions occurs at least once."""
    chosen: list[Scenario] = []
    for group in combinations(sorted(space.conditions), min(size, len(space.conditions))):
        seen = {tuple(each.conditions[name] for name in group) for each in chosen}
        if len(seen) == 2 ** len(group):
            continue
        reachable, variables = space.scenarios(group), space.variables(group)
        assert isinstance(reachable, tuple), (group, reachable)
        for each in reachable:
            if tuple(each.conditions.values()) not in seen:
                given = {name: value for name, value in each.parameters.items() if name in variables}
                whole = space.complete(given, turn=len(chosen) + 1)
                assert isinstance(whole, Scenario), (given, whole)
                chosen.append(whole)
    return tuple(chosen)


@cache
def scenarios(size: int, name: str = LMS) -> tuple[Scenario, ...]:
    """A cover of our template's conditions, with values that a person could give."""
    needed = {key: value for key, value in REQUIRED.items() if key in template(name)["Parameters"]}
    space = Space(template(name), {"AWS::AccountId": ACCOUNT, "AWS::Region": REGION, **needed})
    found = []
    for each in cover(space, size):
        given = {**needed, **each.parameters}
        for key in given.keys() & SWITCHES.keys():
            given[key] = _like(template(name), space, each, key)
        low, high = sorted((given["MinimumTasks"], given["MaximumTasks"]), key=int)
        # Numbers are not compared by Rules, but before a deployment.
        given |= {"MinimumTasks": low, "MaximumTasks": high}
        found.append(Scenario(given, each.conditions))
    return tuple(found)


def _like(content: dict[str, Any], space: Space, scenario: Scenario, name: str) -> str:
    """A value from SWITCHES with which every condition is what it was: the space's own is a number, but no ARN."""
    own, body = scenario.parameters[name], content["Parameters"][name]
    is_usable = "AllowedValues" in body or body["Type"] == "Number"
    options: tuple[str, ...] = (own,) if is_usable else (*SWITCHES[name], *MORE.get(name, ()))
    for value in options:
        found = space.complete({**scenario.parameters, name: value})
        if isinstance(found, Scenario) and found.conditions == scenario.conditions:
            return str(value)
    raise AssertionError(f"{name}: no value of {options} does what {scenario.parameters[name]} does")


def findings(scenario: Scenario, name: str = LMS) -> tuple[Finding, ...]:
    """Everything that is broken or unknown in one combination."""
    given = {key: value for key, value in scenario.parameters.items() if not key.startswith("AWS::")}
    return check(
        template(name), given, region=REGION, account=ACCOUNT, stack_name="lms-test", intent=intent(), strict=True
    ).findings


def faults(scenario: Scenario, name: str = LMS) -> list[str]:
    """What is found and not expected, and what is expected and not found."""
    found = findings(scenario, name)
    # No peering connection leads to where no network is ours: nothing is expected of it there.
    holds: Mapping[str, bool | None] = {"HasDatabasePeering": True, **scenario.conditions}
    wrong = []
    left = list(found)
    for expected in EXPECTED:
        mine = [each for each in found if each.id == expected.rule and each.logical_id.startswith(expected.resources)]
        if expected.when(dict(holds)):
            left = [each for each in left if each not in mine]
            wrong += [] if mine else [f"{expected.rule} is not found"]
    return [*wrong, *map(str, left)]
