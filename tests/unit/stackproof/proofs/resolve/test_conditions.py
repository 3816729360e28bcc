"""Which combinations of conditions parameters can reach."""

from __future__ import annotations

import re
from itertools import combinations, pairwise
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stackproof.proofs.resolve.conditions import MAX_COMBINATIONS, Scenario, Space, text
from stackproof.proofs.resolve.resolver import Resolver
from stackproof.proofs.resolve.rules import refused
from stackproof.proofs.resolve.stack import resolve
from stackproof.proofs.values import Unknown
from tests.combinations import cover

if TYPE_CHECKING:
    from collections.abc import Iterable


def is_(name: str, value: object) -> dict[str, Any]:
    return {"Fn::Equals": [{"Ref": name}, value]}


def not_(inner: object) -> dict[str, Any]:
    return {"Fn::Not": [inner]}


YES_NO = {"Type": "String", "AllowedValues": ["yes", "no"]}


def space(conditions: dict[str, Any], parameters: dict[str, Any], **sections: Any) -> Space:
    return Space({"Conditions": conditions, "Parameters": parameters, **sections})


def reached(found: Space, *names: str) -> set[tuple[bool | None, ...]]:
    scenarios = found.scenarios(names or None)
    assert not isinstance(scenarios, Unknown)
    return {tuple(scenario.conditions[name] for name in (names or sorted(found.conditions))) for scenario in scenarios}


@pytest.mark.parametrize(
    ("parameter", "literal", "answers"),
    [
        ({"Type": "String"}, "x", {True, False}),
        ({"Type": "String"}, None, {False}),
        ({"Type": "String", "Default": "x"}, "x", {True, False}),
        ({"Type": "String", "AllowedValues": ["x", "y"]}, "x", {True, False}),
        ({"Type": "String", "AllowedValues": ["x"]}, "x", {True}),
        ({"Type": "String", "AllowedValues": ["y", "z"]}, "x", {False}),
        ({"Type": "String", "AllowedPattern": "[a-z]+"}, "", {False}),
        ({"Type": "String", "AllowedPattern": "[a-z]*"}, "", {True, False}),
        ({"Type": "String", "AllowedPattern": "("}, "", {True, False}),
        ({"Type": "String", "MinLength": 1}, "", {False}),
        ({"Type": "String", "MaxLength": "2"}, "xyz", {False}),
        ({"Type": "Number", "MinValue": 1, "MaxValue": 3}, 2, {True, False}),
        ({"Type": "Number", "MinValue": 1}, 0, {False}),
        ({"Type": "Number", "MinValue": 1}, 1, {True, False}),
        ({"Type": "Number", "MaxValue": 3}, 4, {False}),
        ({"Type": "Number", "MinValue": 2, "MaxValue": 100000}, 2, {True, False}),
        ({"Type": "Number", "MinValue": 2, "MaxValue": 2}, 2, {True}),
        ({"Type": "Number"}, 0, {True, False}),
        ({"Type": "Number", "AllowedValues": [1, 2]}, "2", {True, False}),
        ("no object", "x", {True, False}),
    ],
)
def test_a_comparison_is_reached_as_far_as_the_parameter_allows(
    parameter: Any, literal: object, answers: set[bool]
) -> None:
    assert reached(space({"Is": is_("P", literal)}, {"P": parameter})) == {(answer,) for answer in answers}


def test_conditions_of_one_parameter_exclude_each_other() -> None:
    found = space({"A": is_("P", "a"), "B": is_("P", "b")}, {"P": {"Type": "String"}})
    assert reached(found) == {(True, False), (False, True), (False, False)}
    assert found.example({"A": True, "B": True}) is None
    example = found.example({"A": True, "B": False})
    assert not isinstance(example, Unknown | None)
    assert example.parameters == {"P": "a"}


def test_two_parameters_may_be_alike_or_not() -> None:
    conditions = {"Same": {"Fn::Equals": [{"Ref": "P"}, {"Ref": "Q"}]}, "Blank": is_("P", "")}
    found = space(conditions, {"P": {"Type": "String"}, "Q": {"Type": "String"}})
    assert reached(found) == {(True, True), (True, False), (False, True), (False, False)}


def test_a_condition_made_of_others_follows_them() -> None:
    conditions = {
        "Peered": not_(is_("Peering", "")),
        "Three": is_("Zones", 3),
        "PeeredInThird": {"Fn::And": [{"Condition": "Peered"}, {"Condition": "Three"}]},
    }
    parameters = {
        "Peering": {"Type": "String", "Default": ""},
        "Zones": {"Type": "String", "AllowedValues": ["2", "3"]},
    }
    found = space(conditions, parameters)
    assert found.example({"PeeredInThird": True, "Three": False}) is None
    assert found.example({"PeeredInThird": True, "Peered": False}) is None
    assert reached(found, "PeeredInThird") == {(True,), (False,)}
    assert found.variables(["PeeredInThird"]) == {"Peering", "Zones"}
    assert found.variables(["Nobody"]) == set()


@pytest.mark.parametrize(
    ("node", "parameter"),
    [
        ({"Fn::Equals": [{"Fn::Select": [0, {"Ref": "P"}]}, ""]}, {"Type": "CommaDelimitedList", "Default": ""}),
        ({"Fn::Equals": [{"Fn::Join": ["", {"Ref": "P"}]}, ""]}, {"Type": "CommaDelimitedList"}),
        ({"Fn::Equals": [{"Fn::Sub": "x-${P}"}, "x-a"]}, {"Type": "String", "AllowedValues": ["a", "b"]}),
        ({"Fn::Equals": [{"Fn::Sub": ["x-${P}", {}]}, "x-a"]}, {"Type": "String", "AllowedValues": ["a", "b"]}),
        ({"Fn::Equals": [{"Fn::FindInMap": ["M", {"Ref": "P"}, "k"]}, "1"]}, {"Type": "String"}),
    ],
)
def test_functions_inside_comparisons_are_worked_out(node: object, parameter: dict[str, Any]) -> None:
    found = space({"Is": node}, {"P": parameter}, Mappings={"M": {"one": {"k": "1"}, "two": {"k": "2"}}})
    assert {(True,), (False,)} <= reached(found)


@pytest.mark.parametrize("mappings", [{}, {"M": "text"}, {"M": {"one": "text"}}, {"M": None}])
def test_a_mapping_that_is_none_decides_nothing(mappings: dict[str, Any]) -> None:
    node = {"Fn::Equals": [{"Fn::FindInMap": ["M", {"Ref": "P"}, "k"]}, "1"]}
    assert reached(space({"Is": node}, {"P": {"Type": "String"}}, Mappings=mappings)) == {(None,)}


def test_the_region_counts_like_a_parameter_unless_it_is_fixed() -> None:
    template = {"Conditions": {"Here": is_("AWS::Region", "sa-east-1")}}
    assert reached(Space(template)) == {(True,), (False,)}
    assert reached(Space(template, {"AWS::Region": "sa-east-1"})) == {(True,)}


def test_what_only_aws_knows_leaves_a_doubt() -> None:
    conditions = {"Shared": {"Fn::Equals": [{"Fn::ImportValue": "mode"}, "shared"]}, "A": is_("P", "a")}
    found = space(conditions, {"P": {"Type": "String"}})
    doubt = found.example({"Shared": True, "A": True})
    assert isinstance(doubt, Unknown)
    assert doubt.reason == "a condition depends on what only AWS knows"


def rule(assertion: object, condition: object = None) -> dict[str, Any]:
    body: dict[str, Any] = {"Assertions": [{"Assert": assertion}]}
    return {"Rule": body if condition is None else {**body, "RuleCondition": condition}}


@pytest.mark.parametrize(
    "assertion",
    [
        is_("Q", "yes"),
        {"Fn::Contains": [["yes"], {"Ref": "Q"}]},
        {"Fn::EachMemberIn": [[{"Ref": "Q"}], ["yes", "maybe"]]},
        {"Fn::EachMemberEquals": [[{"Ref": "Q"}], "yes"]},
        {"Fn::Or": [is_("Q", "yes"), is_("Q", "maybe")]},
        {"Fn::And": [is_("Q", "yes"), not_(is_("Q", "no"))]},
    ],
)
def test_rules_make_combinations_unreachable(assertion: object) -> None:
    conditions = {"A": is_("P", "yes"), "B": is_("Q", "yes")}
    parameters = {"P": YES_NO, "Q": YES_NO}
    assert len(reached(space(conditions, parameters))) == 4
    limited = space(conditions, parameters, Rules=rule(assertion, is_("P", "yes")))
    assert reached(limited) == {(True, True), (False, True), (False, False)}
    assert limited.example({"A": True, "B": False}) is None


@pytest.mark.parametrize(
    "assertion",
    [
        {"Fn::Contains": [{"Fn::RefAll": "AWS::EC2::VPC::Id"}, {"Ref": "Q"}]},
        {"Fn::EachMemberIn": [["no"], "text"]},
        {"Fn::Contains": ["text", "x"]},
        {"Fn::Contains": [[]]},
        {"Fn::Whatever": [["no"], "x"]},
        {"Fn::Not": [{}]},
        {"Fn::Equals": "text"},
        {"Fn::Equals": []},
        "text",
        {"Fn::Or": [{}, {}]},
    ],
)
def test_a_rule_that_only_aws_can_judge_refuses_nothing(assertion: object) -> None:
    found = space({"A": is_("P", "yes"), "B": is_("Q", "yes")}, {"P": YES_NO, "Q": YES_NO}, Rules=rule(assertion))
    assert len(reached(found)) == 4


@pytest.mark.parametrize(
    "body",
    [
        "text",
        {},
        {"Assertions": ["text"]},
        {"Assertions": [{"Assert": "text"}]},
        {"Assertions": [{"Assert": {"Fn::Or": [{}, is_("P", "no")]}}]},
        {"RuleCondition": "text", "Assertions": [{"Assert": is_("P", "no")}]},
        {"Assertions": [{"Assert": {"Fn::Contains": [["a"], "b", "c"]}}]},
        {"Assertions": [{"Assert": {"Fn::Contains": ["a", "b"]}}]},
        {"Assertions": [{"Assert": {"Fn::Whatever": [["a"], "b"]}}]},
        {"Assertions": [{"Assert": {"Fn::Equals": "text"}}]},
        {"Assertions": [{"Assert": {"Fn::Contains": [{"Ref": "Nobody"}, "b"]}}]},
    ],
)
def test_a_malformed_rule_refuses_nothing(body: object) -> None:
    known = Resolver({"P": "yes"}, {}).known
    assert list(refused(body, known)) == []
    assert list(refused({"Assertions": [{"Assert": is_("P", "no")}]}, known)) == [{"Assert": is_("P", "no")}]
    rules = {"R": body, "Uses": {"Note": {"Ref": "P"}}}
    assert len(reached(space({"A": is_("P", "yes")}, {"P": YES_NO}, Rules=rules))) == 2


def test_rules_that_are_no_object_are_none() -> None:
    assert len(reached(space({"A": is_("P", "yes")}, {"P": YES_NO}, Rules="text"))) == 2


def test_rules_that_are_linked_count_together() -> None:
    rules = {
        "R1": rule(is_("Q", "yes"), is_("P", "yes"))["Rule"],
        "R2": rule(is_("R", "yes"), is_("Q", "yes"))["Rule"],
        "Elsewhere": rule(is_("S", "yes"))["Rule"],
    }
    parameters = dict.fromkeys("PQRS", YES_NO)
    found = space({"A": is_("P", "yes"), "C": is_("R", "yes")}, parameters, Rules=rules)
    assert found.example({"A": True, "C": False}) is None


def test_too_many_combinations_are_not_tried() -> None:
    names = [f"P{index}" for index in range(20)]
    conditions = {f"C{name}": is_(name, "yes") for name in names}
    found = space(conditions, dict.fromkeys(names, YES_NO))
    everything = found.scenarios()
    assert isinstance(everything, Unknown)
    assert f"{MAX_COMBINATIONS:,}" in everything.reason
    assert found.example(dict.fromkeys(conditions, True)) is everything
    assert reached(found, "CP0", "CP1") == {(True, True), (True, False), (False, True), (False, False)}


def test_values_that_no_comparison_tells_apart_are_tried_once() -> None:
    many = {"Type": "String", "AllowedValues": [str(number) for number in range(1000)]}
    found = space(
        {f"C{index}": is_(f"P{index}", "1") for index in range(10)}, {f"P{index}": many for index in range(10)}
    )
    assert len(reached(found)) == 1024


def test_the_account_is_compared_as_one() -> None:
    image = {"Fn::Select": [0, {"Fn::Split": [".dkr.ecr.", {"Ref": "Image"}]}]}
    template = {
        "Parameters": {"Image": {"Type": "String", "Default": "nginx"}},
        "Conditions": {"Own": {"Fn::Equals": [image, {"Ref": "AWS::AccountId"}]}},
    }
    assert reached(Space(template)) == {(True,), (False,)}
    assert reached(Space(template, {"AWS::AccountId": "123456789012"})) == {(True,), (False,)}
    example = Space(template).example({"Own": True})
    assert not isinstance(example, Unknown | None)
    assert re.fullmatch(r"\d{12}", example.parameters["AWS::AccountId"])


def test_a_few_scenarios_show_every_pair_that_can_be_reached() -> None:
    names = "PQRST"
    conditions = {f"C{name}": is_(name, "yes") for name in names}
    rules = {
        "R": rule(is_("Q", "yes"), is_("P", "yes"))["Rule"],
        "S": rule({"Fn::Not": [is_("T", "yes")]}, is_("R", "yes"))["Rule"],
    }
    parameters = {**dict.fromkeys(names, YES_NO), "S": {**YES_NO, "Default": "no"}}
    found = space(conditions, parameters, Rules=rules)
    everything, few = found.scenarios(), cover(found, 2)
    assert not isinstance(everything, Unknown)
    assert len(few) < len(everything)

    def pairs(scenarios: Iterable[Scenario]) -> set[tuple[tuple[str, bool | None], ...]]:
        return {pair for each in scenarios for pair in combinations(sorted(each.conditions.items()), 2)}

    assert pairs(few) == pairs(everything)
    for each in few:
        assert each.conditions in [scenario.conditions for scenario in everything]


def chained(length: int) -> dict[str, Any]:
    """Rules that lead from P0 over one parameter after the other to the last one, which has no value left."""
    names = [f"P{index}" for index in range(length)]
    steps = pairwise(names)
    rules = {f"R{one}": rule(is_(other, "yes"), is_(one, "yes"))["Rule"] for one, other in steps}
    return {**rules, "Last": rule(not_(is_(names[-1], "yes")))["Rule"]}


def test_many_parameters_that_rules_link_are_no_obstacle() -> None:
    """Thirty parameters with two values have a thousand million combinations; the rules rule nearly all of them out."""
    names = [f"P{index}" for index in range(30)]
    found = space({"First": is_("P0", "yes")}, dict.fromkeys(names, YES_NO), Rules=chained(30))
    assert reached(found) == {(False,)}
    free = space({"First": is_("P1", "yes")}, dict.fromkeys(names, YES_NO), Rules=dict(list(chained(30).items())[:-1]))
    assert reached(free) == {(True,), (False,)}
    example = free.example({"First": True})
    assert not isinstance(example, Unknown | None)
    assert {example.parameters[name] for name in names[1:]} == {"yes"}


def test_a_search_that_takes_too_long_is_given_up() -> None:
    """The parameters that are tried first say nothing, and the last two can never both be right."""
    free = [f"A{index}" for index in range(20)]
    linked = rule({"Fn::Or": [is_(name, "yes") for name in [*free, "P"]] + [not_(is_("P", "no"))]}, is_("Z", "x"))
    rules = {
        "Linked": linked["Rule"],
        "One": rule({"Fn::Or": [is_("Z", "yes"), not_(is_("P", "yes"))]})["Rule"],
        "Other": rule({"Fn::Or": [is_("Z", "no"), not_(is_("P", "yes"))]})["Rule"],
    }
    found = space({"C": is_("P", "yes")}, dict.fromkeys([*free, "P", "Z"], YES_NO), Rules=rules)
    scenarios = found.scenarios()
    assert isinstance(scenarios, Unknown)
    assert f"{MAX_COMBINATIONS:,}" in scenarios.reason
    assert isinstance(found.complete({"P": "yes"}), Unknown)


def test_a_combination_is_completed_by_turns_within_the_rules() -> None:
    """Defaults first, then other values, so that few combinations show much; free parameters keep their defaults."""
    given = {"P": YES_NO, "Q": {**YES_NO, "Default": "no"}, "Free": {**YES_NO, "Default": "no"}}
    rules = {**rule(is_("Q", "yes"), is_("P", "yes")), "Far": rule(not_(is_("Free", "x")), is_("Q", "yes"))["Rule"]}
    found = space({"C": is_("P", "yes"), "D": is_("Q", "yes")}, given, Rules=rules)
    assert found.complete({"P": "yes"}) == Scenario({"P": "yes", "Q": "yes", "Free": "no"}, {"C": True, "D": True})
    turns = [found.complete({"P": "no"}, turn) for turn in range(9)]
    assert {each.parameters["Q"] for each in turns if isinstance(each, Scenario)} == {"yes", "no"}
    assert {each.parameters["Free"] for each in turns if isinstance(each, Scenario)} == {"no"}
    assert turns[0] == Scenario({"P": "no", "Q": "no", "Free": "no"}, {"C": False, "D": False})
    assert found.complete({"P": "yes", "Q": "no"}) is None


def test_malformed_sections_have_no_conditions() -> None:
    assert Space({"Conditions": [], "Parameters": 5, "Rules": None}).scenarios() == Space({}).scenarios()
    deep: object = is_("P", "x")
    for _ in range(300):
        deep = [deep]
    assert reached(space({"Deep": deep}, {"P": YES_NO})) == {(None,)}
    assert reached(space({"Deep": {"Fn::Equals": [{"Ref": "P"}, deep]}}, {"P": {"Type": "String"}})) == {(False,)}


def test_text_is_what_cloudformation_makes_of_a_default() -> None:
    assert text(["a", 1, True]) == "a,1,true"
    assert text(None) == "None"


@given(st.lists(st.sampled_from(["yes", "no"]), min_size=3, max_size=3))
def test_a_scenario_is_what_resolving_gives(values: list[str]) -> None:
    conditions = {
        "A": is_("P", "yes"),
        "B": {"Fn::Or": [is_("Q", "yes"), {"Condition": "A"}]},
        "C": {"Fn::And": [not_({"Condition": "B"}), is_("R", "no")]},
    }
    template = {"Conditions": conditions, "Parameters": dict.fromkeys("PQR", YES_NO)}
    scenarios = Space(template).scenarios()
    assert not isinstance(scenarios, Unknown)
    resolved = dict(resolve(template, dict(zip("PQR", values, strict=True))).conditions)
    assert resolved in [scenario.conditions for scenario in scenarios]
    for scenario in scenarios:
        assert resolve(template, scenario.parameters).conditions == scenario.conditions
