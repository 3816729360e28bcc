"""References: circles, missing things, what a condition leaves out; each fault beside its harmless twin."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from stackproof.proofs.references import circles, conditional, missing, references
from stackproof.proofs.resolve.stack import resolve
from stackproof.proofs.verdicts import Finding, Verdict
from tests.unit.stackproof.proofs.anything import TEMPLATES

SUBNET, VPC, GROUP = "AWS::EC2::Subnet", "AWS::EC2::VPC", "AWS::EC2::SecurityGroup"


def of(resource_type: str, **properties: object) -> dict[str, Any]:
    return {"Type": resource_type, "Properties": properties}


def only(findings: list[Finding], verdict: Verdict = Verdict.BROKEN) -> Finding:
    (found,) = findings
    assert found.verdict is verdict, found
    return found


def clean(findings: list[Finding]) -> None:
    assert [found.verdict for found in findings] == [Verdict.PROVED], findings


# Circles


def rules_between(one: str, other: str) -> dict[str, Any]:
    """Two security groups, each letting the other in."""

    def rule(peer: str) -> list[dict[str, Any]]:
        return [{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "SourceSecurityGroupId": {"Ref": peer}}]

    return {
        one: of(GROUP, GroupDescription="x", SecurityGroupIngress=rule(other)),
        other: of(GROUP, GroupDescription="x", SecurityGroupIngress=rule(one)),
    }


def test_two_groups_that_let_each_other_in_are_a_circle() -> None:
    found = only(circles(resolve({"Resources": rules_between("Balancer", "Tasks")})))
    assert (found.id, found.logical_id) == ("ref-circle", "Balancer")
    assert found.path == "Properties.SecurityGroupIngress.0.SourceSecurityGroupId"
    assert found.message == (
        "CloudFormation refuses the template: Balancer (Properties.SecurityGroupIngress.0.SourceSecurityGroupId) →"
        " Tasks (Properties.SecurityGroupIngress.0.SourceSecurityGroupId) → Balancer wait for each other."
    )
    assert "separate resource for the rule" in found.fix


def test_standalone_rules_between_two_groups_are_no_circle() -> None:
    template = {name: of(GROUP, GroupDescription="x") for name in ("Balancer", "Tasks")}
    for name, (group, source) in {"In": ("Tasks", "Balancer"), "Out": ("Balancer", "Tasks")}.items():
        rule = {"GroupId": {"Ref": group}, "SourceSecurityGroupId": {"Ref": source}}
        template[name] = of("AWS::EC2::SecurityGroupIngress", **rule)
    clean(circles(resolve({"Resources": template})))


@pytest.mark.parametrize(
    "back",
    [
        {"DependsOn": "Service"},
        {"DependsOn": ["Service"]},
        {"Metadata": {"A": {"Ref": "Service"}}},
        {"Properties": {"A": {"Fn::GetAtt": ["Service", "Name"]}}},
        {"Properties": {"A": {"Fn::Sub": "x-${Service.Name}"}}},
        {"Properties": {"A": {"Fn::Sub": ["x-${S}", {"S": {"Ref": "Service"}}]}}},
        {"Properties": {"A": {"Fn::Select": [0, {"Fn::Split": ["/", {"Ref": "Service"}]}]}}},
        {"Properties": {"A": {"Fn::If": ["Yes", {"Ref": "Service"}, "x"]}}},
    ],
)
def test_a_circle_is_seen_through_every_spelling(back: dict[str, Any]) -> None:
    resources = {
        "Service": of("AWS::ECS::Service", Alarm={"Ref": "Alarm"}),
        "Alarm": {"Type": "AWS::CloudWatch::Alarm", **back},
    }
    conditions = {"Yes": {"Fn::Equals": [1, 1]}}
    found = only(circles(resolve({"Conditions": conditions, "Resources": resources})))
    assert "Service (Properties.Alarm) → Alarm (" in found.message


@pytest.mark.parametrize(
    "back",
    [
        {"DependsOn": "Elsewhere"},
        {"Properties": {"A": {"Fn::Sub": "${!Service.Name}"}}},
        {"Properties": {"A": {"Fn::Sub": ["${Service}", {"Service": "text"}]}}},
        {"Properties": {"A": {"Fn::If": ["Yes", "x", {"Ref": "Service"}]}}},
    ],
)
def test_what_only_looks_like_a_circle_is_none(back: dict[str, Any]) -> None:
    resources = {
        "Service": of("AWS::ECS::Service", Alarm={"Ref": "Alarm"}),
        "Alarm": {"Type": "AWS::CloudWatch::Alarm", **back},
        "Elsewhere": of(VPC),
    }
    clean(circles(resolve({"Conditions": {"Yes": {"Fn::Equals": [1, 1]}}, "Resources": resources})))


def test_each_resource_on_a_circle_is_on_one_that_is_named() -> None:
    resources = {
        "A": of("X", To=[{"Ref": "B"}, {"Ref": "C"}]),
        "B": of("X", To={"Ref": "C"}),
        "C": of("X", To={"Ref": "A"}),
        "D": of("X", To={"Ref": "D"}),
        "E": of("X", To={"Ref": "A"}),
    }
    found = circles(resolve({"Resources": resources}))
    assert [(each.logical_id, each.message.count("→")) for each in found] == [("A", 2), ("B", 3), ("D", 1)]


@pytest.mark.parametrize(
    ("sections", "other", "doubt"),
    [
        ({"Transform": "AWS::Serverless-2016-10-31"}, {"Ref": "A"}, "the macro AWS::Serverless-2016-10-31"),
        ({}, {"Fn::If": ["Here", {"Ref": "A"}, 1]}, "a condition that the parameters do not decide"),
        ({}, {"Fn::If": ["Here", 1, {"Ref": "A"}]}, "a condition that the parameters do not decide"),
    ],
)
def test_a_circle_that_may_be_undone_is_not_known(sections: dict[str, Any], other: object, doubt: str) -> None:
    template = {
        "Conditions": {"Here": {"Fn::Equals": [{"Ref": "AWS::Region"}, "sa-east-1"]}},
        "Resources": {"A": of("X", To={"Ref": "B"}), "B": of("X", To=other)},
        **sections,
    }
    found = only(circles(resolve(template)), Verdict.UNKNOWN)
    assert found.message == (
        f"A (Properties.To) → B ({found.message.split('B (')[1].split(')')[0]}) → A wait for each other, unless {doubt}"
        " undoes it."
    )


def test_a_circle_through_a_resource_that_may_not_exist_is_not_known() -> None:
    conditions = {"Here": {"Fn::Equals": [{"Ref": "AWS::Region"}, "sa-east-1"]}}
    resources = {"A": of("X", To={"Ref": "B"}), "B": {**of("X", To={"Ref": "A"}), "Condition": "Here"}}
    template = {"Conditions": conditions, "Resources": resources}
    assert only(circles(resolve(template)), Verdict.UNKNOWN).logical_id == "A"
    assert only(circles(resolve(template, region="sa-east-1"))).logical_id == "A"
    clean(circles(resolve(template, region="us-east-1")))


def test_dependencies_name_the_property() -> None:
    resources = {"A": {**of("X", To={"Ref": "B"}), "DependsOn": ["C", "Gone"]}, "B": of("X"), "C": of("X")}
    found = resolve({"Resources": resources}).dependencies()
    assert found == {"A": {"B": ("Properties", "To"), "C": ("DependsOn",)}, "B": {}, "C": {}}


# Missing


@pytest.mark.parametrize(
    ("node", "path", "message"),
    [
        ({"Ref": "Vcp"}, "Properties.It", 'no parameter or resource is called Vcp, did you mean "Vpc".'),
        ({"Fn::GetAtt": "Vcp.VpcId"}, "Properties.It", 'no resource is called Vcp, did you mean "Vpc".'),
        ({"Fn::GetAtt": ["Size", "Arn"]}, "Properties.It", "no resource is called Size."),
        ({"Fn::Sub": "${Nobody}-x"}, "Properties.It", "no parameter or resource is called Nobody."),
        ({"Fn::Sub": "${Nobody.Arn}"}, "Properties.It", "no resource is called Nobody."),
        ({"Fn::GetAtt": "Vpc.Arn2"}, "Properties.It", "Vpc (AWS::EC2::VPC) has no attribute Arn2."),
        ({"Fn::Sub": "${Vpc.CidrBlok}"}, "Properties.It", "Vpc (AWS::EC2::VPC) has no attribute CidrBlok"),
        ({"Fn::If": ["Three", 1, 2]}, "Properties.It.Fn::If.0", "no condition is called Three."),
        (
            {"Fn::If": ["Yes", 1, {"Ref": "Nobody"}]},
            "Properties.It.Fn::If.2",
            "no parameter or resource is called Nobody.",
        ),
    ],
)
def test_a_reference_to_nothing_is_refused(node: object, path: str, message: str) -> None:
    found = only(missing(with_user(node)))
    assert (found.id, found.logical_id, found.path) == ("ref-missing", "User", path)
    assert message in found.message
    assert found.message.startswith("CloudFormation refuses the template, since ")
    assert found.fix


def with_user(node: object, **user: object) -> Any:
    return resolve(
        {
            "Parameters": {"Size": {"Type": "String", "Default": "x"}},
            "Conditions": {"Yes": {"Fn::Equals": [{"Ref": "Size"}, "x"]}},
            "Resources": {
                "Vpc": of(VPC),
                "Nested": of("AWS::CloudFormation::Stack"),
                "Strange": of("Custom::Thing"),
                "Unheard": of("Nobody::Makes::This"),
                "User": {**of("Custom::User", It=node), **user},
            },
        }
    )


@pytest.mark.parametrize(
    "node",
    [
        {"Ref": "Vpc"},
        {"Ref": "Size"},
        {"Ref": "AWS::NoValue"},
        {"Fn::Sub": "${AWS::Region} ${Size} ${Vpc} ${Vpc.VpcId} ${!Nobody} $Nobody"},
        {"Fn::Sub": ["${Nobody}", {"Nobody": 1}]},
        {"Fn::GetAtt": "Vpc.VpcId"},
        {"Fn::GetAtt": ["Vpc", "CidrBlockAssociations"]},
        {"Fn::GetAtt": ["Vpc", {"Ref": "Size"}]},
        {"Fn::GetAtt": "Nested.Outputs.Whatever"},
        {"Fn::GetAtt": "Strange.Whatever"},
        {"Fn::GetAtt": "Unheard.Whatever"},
        {"Fn::If": ["Yes", 1, 2]},
        {"Condition": "a key of somebody else's"},
        {"Fn::GetAtt": 5},
        {"Fn::GetAtt": [5]},
        {"Fn::Sub": 5},
        {"Fn::Sub": ["${Vpc}"]},
        {"Fn::If": [5, 1, 2]},
        {"Fn::Sub": ["${Vpc}", "text"]},
    ],
)
def test_a_reference_to_something_is_fine(node: object) -> None:
    clean(missing(with_user(node)))


@pytest.mark.parametrize(
    ("beside", "path", "message"),
    [
        ({"Condition": "No"}, "Condition", "no condition is called No"),
        ({"DependsOn": "Nobody"}, "DependsOn", "no resource is called Nobody"),
        ({"DependsOn": ["Vpc", "Nobody"]}, "DependsOn", "no resource is called Nobody"),
        ({"DependsOn": "Size"}, "DependsOn", "no resource is called Size"),
    ],
)
def test_what_stands_beside_the_properties_counts_too(beside: dict[str, object], path: str, message: str) -> None:
    found = only(missing(with_user("x", **beside)))
    assert (found.logical_id, found.path) == ("User", path)
    assert message in found.message


def test_outputs_and_conditions_count_too() -> None:
    template = {
        "Conditions": {"A": {"Fn::Not": [{"Condition": "B"}]}, "C": {"Fn::Equals": [{"Ref": "Nobody"}, 1]}},
        "Outputs": {"O": {"Condition": "D", "Value": {"Ref": "Nobody"}}},
    }
    found = missing(resolve(template))
    assert [(each.logical_id, each.path) for each in found] == [
        ("", "Conditions.A.Fn::Not.0.Condition"),
        ("", "Conditions.C.Fn::Equals.0"),
        ("", "Outputs.O.Value"),
        ("", "Outputs.O.Condition"),
    ]


def test_a_type_without_attributes_says_so() -> None:
    template = {"Resources": {"A": of("AWS::IAM::UserToGroupAddition"), "B": of("X", It={"Fn::GetAtt": "A.Arn"})}}
    found = only(missing(resolve(template)))
    assert "Id" in found.fix or "Ref" in found.fix


@pytest.mark.parametrize(
    "sections",
    [
        {"Transform": "AWS::Serverless-2016-10-31"},
        {"Transform": "AWS::LanguageExtensions", "Resources": {"Fn::ForEach::Topics": ["X", [], {}]}},
    ],
)
def test_what_a_macro_may_make_is_not_known(sections: dict[str, Any]) -> None:
    resources = {"User": of("X", It={"Ref": "ServerlessRestApi"}), **sections.get("Resources", {})}
    found = only(missing(resolve({**sections, "Resources": resources})), Verdict.UNKNOWN)
    assert "may make it" in found.message
    assert found.fix == "Check the processed template instead."


def test_a_loops_own_variable_is_not_missed() -> None:
    body = {"Topic${X}": of("AWS::SNS::Topic", TopicName={"Fn::Sub": "${X}-a"}, DisplayName={"Ref": "X"})}
    resources = {"Fn::ForEach::Topics": ["X", ["One"], body], "User": of("Y", It={"Ref": "TopicTwo"})}
    template = {"Transform": "AWS::LanguageExtensions", "Resources": resources}
    found = only(missing(resolve(template)), Verdict.UNKNOWN)
    assert (found.logical_id, found.path) == ("User", "Properties.It")


# Conditions


def guarded(user: dict[str, Any], **sections: Any) -> Any:
    """A user of a second database that exists only where one is wanted."""
    return resolve(
        {
            "Parameters": {
                "Database": {"Type": "String", "AllowedValues": ["yes", "no"]},
                "Zones": {"Type": "String", "AllowedValues": ["2", "3"]},
                "Mode": {"Type": "String", "Default": ""},
            },
            "Conditions": {
                "HasDatabase": {"Fn::Equals": [{"Ref": "Database"}, "yes"]},
                "NoDatabase": {"Fn::Not": [{"Condition": "HasDatabase"}]},
                "Three": {"Fn::Equals": [{"Ref": "Zones"}, "3"]},
                "HasDatabaseInThree": {"Fn::And": [{"Condition": "HasDatabase"}, {"Condition": "Three"}]},
                "Shared": {"Fn::Equals": [{"Fn::ImportValue": "shared"}, "yes"]},
            },
            "Resources": {"Secret": {**of("AWS::SecretsManager::Secret"), "Condition": "HasDatabase"}, "User": user},
            **sections,
        }
    )


SECRET = {"Ref": "Secret"}


@pytest.mark.parametrize(
    ("user", "path", "given"),
    [
        (of("X", It=SECRET), "Properties.It", "Database=no"),
        ({**of("X", It=SECRET), "Condition": "NoDatabase"}, "Properties.It", "Database=no"),
        ({**of("X", It=SECRET), "Condition": "Three"}, "Properties.It", "Database=no, Zones=3"),
        (of("X", It={"Fn::If": ["Three", SECRET, 1]}), "Properties.It.Fn::If.1", "Database=no, Zones=3"),
        (of("X", It={"Fn::If": ["HasDatabase", 1, SECRET]}), "Properties.It.Fn::If.2", "Database=no"),
        (of("X", It={"Fn::Sub": "${Secret}"}), "Properties.It", "Database=no"),
    ],
)
def test_a_reference_to_what_a_condition_leaves_out_is_refused(user: dict[str, Any], path: str, given: str) -> None:
    found = only(conditional(guarded(user)))
    assert (found.id, found.logical_id, found.path) == ("ref-condition", "User", path)
    assert found.message == (
        f"With {given} CloudFormation refuses the template: HasDatabase leaves Secret out, while this refers to it."
    )
    assert found.fix == "Put the reference, or all of User, under the condition HasDatabase."


@pytest.mark.parametrize(
    "user",
    [
        {**of("X", It=SECRET), "Condition": "HasDatabase"},
        {**of("X", It=SECRET), "Condition": "HasDatabaseInThree"},
        of("X", It={"Fn::If": ["HasDatabase", SECRET, 1]}),
        of("X", It={"Fn::If": ["NoDatabase", 1, SECRET]}),
        of("X", It={"Fn::If": ["Three", {"Fn::If": ["HasDatabaseInThree", SECRET, 1]}, 2]}),
        of("X", It={"Fn::If": ["HasDatabase", 1, {"Fn::If": ["HasDatabase", SECRET, 1]}]}),
        {**of("X"), "DependsOn": "Secret"},
        {**of("X", It=SECRET), "Condition": "Nobody"},
        of("X", It={"Ref": "User"}),
    ],
)
def test_a_reference_under_the_same_condition_is_fine(user: dict[str, Any]) -> None:
    clean(conditional(guarded(user)))


def test_outputs_are_held_to_the_same() -> None:
    found = only(conditional(guarded(of("X"), Outputs={"Arn": {"Value": SECRET}})))
    assert (found.logical_id, found.path) == ("", "Outputs.Arn.Value")
    assert found.fix == "Put the reference, or all of the output, under the condition HasDatabase."
    clean(conditional(guarded(of("X"), Outputs={"Arn": {"Condition": "HasDatabase", "Value": SECRET}})))


def test_a_rule_that_excludes_the_combination_makes_it_fine() -> None:
    user = {**of("X", It=SECRET), "Condition": "Three"}
    rule = {
        "RuleCondition": {"Fn::Equals": [{"Ref": "Zones"}, "3"]},
        "Assertions": [{"Assert": {"Fn::Equals": [{"Ref": "Database"}, "yes"]}}],
    }
    assert only(conditional(guarded(user))).logical_id == "User"
    clean(conditional(guarded(user, Rules={"ThreeNeedsOne": rule})))


def test_a_blank_value_is_shown() -> None:
    template = {
        "Parameters": {"Arn": {"Type": "String", "Default": ""}},
        "Conditions": {"HasArn": {"Fn::Not": [{"Fn::Equals": [{"Ref": "Arn"}, ""]}]}},
        "Resources": {"A": {**of("X"), "Condition": "HasArn"}, "B": of("X", It={"Ref": "A"})},
    }
    assert only(conditional(resolve(template))).message.startswith("With Arn=(blank) CloudFormation refuses")


def test_what_depends_on_another_stack_is_not_known() -> None:
    user = {**of("X", It=SECRET), "Condition": "Shared"}
    found = only(conditional(guarded(user)), Verdict.UNKNOWN)
    assert "a condition depends on what only AWS knows" in found.message


# All together


@given(TEMPLATES)
def test_no_json_ever_raises(template: object) -> None:
    findings = references(resolve(template))
    assert {found.id for found in findings} <= {"ref-circle", "ref-missing", "ref-condition", "ref-meaning"}
    assert len(findings) >= 4


def test_depth_ends_somewhere() -> None:
    node: object = {"Ref": "Nobody"}
    for _ in range(600):
        node = [node]
    stack = with_user(node)
    clean(missing(stack))
    clean(circles(stack))
