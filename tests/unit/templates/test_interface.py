"""What a person sees in the console: every parameter has its place, its words and a value that works."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from troposphere import Equals, Ref, Template

from stackproof.configuration import check_configuration
from templates.interface import FIRST, GROUPS, INTERFACE, condition, output, parameter, rule
from tests.templates_support import Emitted, references

if TYPE_CHECKING:
    from collections.abc import Iterator

RULE_FUNCTIONS = {
    "Fn::And", "Fn::Contains", "Fn::EachMemberEquals", "Fn::EachMemberIn", "Fn::Equals", "Fn::Not", "Fn::Or",
    "Fn::RefAll", "Fn::ValueOf", "Fn::ValueOfAll", "Ref",
}  # fmt: skip


def shown(template: Emitted) -> dict[str, list[str]]:
    """The console's groups in their order: label → parameters."""
    groups = template.body.get("Metadata", {}).get(INTERFACE, {}).get("ParameterGroups", [])
    return {group["Label"]["default"]: group["Parameters"] for group in groups}


def functions(value: Any) -> Iterator[str]:
    """Every function that a piece of a template uses."""
    if isinstance(value, dict):
        for name, item in value.items():
            if name.startswith("Fn::") or name in {"Ref", "Condition"}:
                yield name
            yield from functions(item)
    elif isinstance(value, list):
        for item in value:
            yield from functions(item)


class TestWholeTemplates:
    def test_every_parameter_is_shown_once_in_a_known_group(self, every_template: Emitted) -> None:
        groups = shown(every_template)
        listed = [name for names in groups.values() for name in names]
        assert sorted(listed) == sorted(every_template.parameters)
        assert list(groups) == [group for group in GROUPS if group in groups]

    def test_the_console_asks_in_the_order_in_which_a_person_decides(self, lms: Emitted) -> None:
        groups = shown(lms)
        assert set(FIRST) <= lms.parameters.keys()
        assert groups["Existing database"][:4] == [
            "DatabaseSecretArn", "DatabaseSecretKeyArn", "DatabaseCidr", "DatabasePort",
        ]  # fmt: skip
        assert groups["Application"][:5] == ["Image", "Command", "ContainerPort", "HealthCheckPath", "TaskSize"]
        assert groups["Application"][-1] == "ExecuteCommand"
        assert groups["Scaling"][:2] == ["MinimumTasks", "MaximumTasks"]
        assert groups["Cache"][0] == "CacheNodeType"

    def test_every_parameter_has_a_label_and_says_what_it_does(self, every_template: Emitted) -> None:
        labels = every_template.body.get("Metadata", {}).get(INTERFACE, {}).get("ParameterLabels", {})
        for name, body in every_template.body.get("Parameters", {}).items():
            assert labels[name]["default"]
            assert body["Description"].endswith("."), f"{name}: a description is a sentence"
            if body.get("Default") == "":
                assert "blank" in body["Description"].lower(), f"{name}: what does leaving it blank do?"

    def test_every_limit_is_explained(self, every_template: Emitted) -> None:
        limits = ("AllowedPattern", "AllowedValues", "MinValue", "MaxValue", "MinLength", "MaxLength")
        for name, body in every_template.body.get("Parameters", {}).items():
            if any(limit in body for limit in limits):
                assert body["ConstraintDescription"].endswith("."), name

    def test_every_default_is_allowed(self, every_template: Emitted) -> None:
        for name, body in every_template.body.get("Parameters", {}).items():
            if "Default" not in body:
                continue
            default = str(body["Default"])
            assert re.fullmatch(body.get("AllowedPattern", "(?s:.*)"), default), name
            assert default in [str(value) for value in body.get("AllowedValues", [default])], name
            assert len(default) <= int(body.get("MaxLength", len(default))), name
            if body["Type"] == "Number":
                assert int(body.get("MinValue", default)) <= int(default) <= int(body.get("MaxValue", default)), name

    def test_every_parameter_does_something(self, every_template: Emitted) -> None:
        sections = ("Conditions", "Resources", "Outputs", "Rules")
        used = references([every_template.body.get(section, {}) for section in sections])
        assert every_template.parameters.keys() <= used

    def test_rules_use_only_what_rules_know(self, every_template: Emitted) -> None:
        """The linter lets Select, Split and Condition pass there, CloudFormation does not."""
        rules = every_template.body.get("Rules", {})
        assert set(functions(rules)) <= RULE_FUNCTIONS
        assert references(rules) <= every_template.parameters.keys()
        for made in rules.values():
            for assertion in made["Assertions"]:
                assert assertion["AssertDescription"].endswith(".")

    def test_every_output_says_what_it_is_and_is_exported_by_its_name(self, every_template: Emitted) -> None:
        for name, body in every_template.body.get("Outputs", {}).items():
            assert body["Description"]
            assert body["Export"] == {"Name": {"Fn::Sub": f"${{AWS::StackName}}-{name}"}}

    def test_a_first_try_asks_for_nothing(self, lms: Emitted) -> None:
        assert [name for name, body in lms.body["Parameters"].items() if "Default" not in body] == []
        assert check_configuration(lms.body, {"Parameters": {}}, "params/x.json") == []


class TestParameter:
    def test_groups_keep_their_order_whatever_comes_first(self) -> None:
        t = Template()
        for group, name in (("Network", "Second"), ("Environment", "First"), ("Network", "Third")):
            parameter(t, name, group=group, label=name, description=f"The {name}.")
        assert shown(Emitted(t)) == {"Environment": ["First"], "Network": ["Second", "Third"]}

    def test_what_a_person_decides_first_stands_first_in_its_group(self) -> None:
        t = Template()
        for name in ("Seldom", "ContainerPort", "Image", "Never"):
            parameter(t, name, group="Application", label=name, description=f"The {name}.")
        assert shown(Emitted(t)) == {"Application": ["Image", "ContainerPort", "Seldom", "Never"]}

    def test_what_is_given_is_written_and_nothing_else(self) -> None:
        t = Template()
        parameter(t, "Plain", group="Cache", label="Plain", description="Says nothing.")
        parameter(
            t,
            "Days",
            group="Cache",
            label="Days",
            description="How many.",
            type="Number",
            default=0,
            min_value=0,
            max_value=35,
            constraint="0 to 35.",
        )
        parameter(
            t,
            "Name",
            group="Cache",
            label="Name",
            description="Blank: none.",
            default="",
            allowed_values=("", "a"),
            pattern="^a?$",
            min_length=0,
            max_length=1,
        )
        assert Emitted(t).body["Parameters"] == {
            "Plain": {"Type": "String", "Description": "Says nothing."},
            "Days": {
                "Type": "Number",
                "Description": "How many.",
                "Default": 0,
                "MinValue": 0,
                "MaxValue": 35,
                "ConstraintDescription": "0 to 35.",
            },
            "Name": {
                "Type": "String",
                "Description": "Blank: none.",
                "Default": "",
                "AllowedValues": ["", "a"],
                "AllowedPattern": "^a?$",
                "MinLength": 0,
                "MaxLength": 1,
            },
        }

    def test_an_unknown_group_is_refused(self) -> None:
        with pytest.raises(ValueError, match='parameter Size: "Sizes" is not one of the groups Environment, '):
            parameter(Template(), "Size", group="Sizes", label="Size", description="How large.")

    def test_a_second_parameter_of_the_same_name_is_refused(self) -> None:
        t = Template()
        parameter(t, "Size", group="Cache", label="Size", description="How large.")
        with pytest.raises(ValueError, match="Size"):
            parameter(t, "Size", group="Cache", label="Size", description="How large.")


class TestOthers:
    def test_a_condition_gives_its_name(self) -> None:
        t = Template()
        assert condition(t, "HasCache", Equals(Ref("AWS::Region"), "sa-east-1")) == "HasCache"
        assert Emitted(t).holds("HasCache")

    def test_a_second_condition_of_the_same_name_is_refused(self) -> None:
        t = Template()
        condition(t, "HasCache", Equals("a", "a"))
        with pytest.raises(ValueError, match="HasCache"):
            condition(t, "HasCache", Equals("a", "b"))

    def test_a_rule_may_count_always_or_sometimes(self) -> None:
        t = Template()
        holds = Equals(Ref("Size"), "1")
        rule(t, "Always", assertions=[(holds, "Size is 1.")])
        rule(t, "Sometimes", assertions=[({"Fn::Contains": [["1"], Ref("Size")]}, "Size is 1.")], when=holds)
        equals, contains = {"Fn::Equals": [{"Ref": "Size"}, "1"]}, {"Fn::Contains": [["1"], {"Ref": "Size"}]}
        assert Emitted(t).body["Rules"] == {
            "Always": {"Assertions": [{"Assert": equals, "AssertDescription": "Size is 1."}]},
            "Sometimes": {
                "RuleCondition": equals,
                "Assertions": [{"Assert": contains, "AssertDescription": "Size is 1."}],
            },
        }

    def test_an_output_has_the_condition_of_what_it_shows(self) -> None:
        t = Template()
        output(t, "Always", "a", "Always there")
        output(t, "Sometimes", "b", "There with the condition", condition="HasCache")
        outputs = Emitted(t).body["Outputs"]
        assert outputs["Sometimes"]["Condition"] == "HasCache"
        assert "Condition" not in outputs["Always"]
