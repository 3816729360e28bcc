"""What CloudFormation does in a deployer's name: every type, through CloudFormation alone, no larger than IAM takes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from stackproof.deployment.permissions import Scope, roles_of
from stackproof.deployment.resource_permissions import LARGEST, resource_policies, size, unknown_types
from stackproof.proofs.schemas import schema
from tests.templates_support import ROOT

THEIRS = Scope("shop", "eu-west-1", "111111111111", {})
PLATFORM = ("bootstrap", "lms", "lms-disposable", "lms-in-vpc")


def scope(**template: Any) -> Scope:
    return Scope("shop", "eu-west-1", "111111111111", template)


def of(*types: str) -> Scope:
    return scope(Resources={f"R{number}": {"Type": kind} for number, kind in enumerate(types)})


def platform(name: str) -> Scope:
    template = json.loads((ROOT / "dist" / f"{name}.json").read_text(encoding="utf-8"))
    return Scope("lms-prod", "sa-east-1", "333333333333", template)


def allowed(*scopes: Scope) -> set[str]:
    return {
        action
        for each in resource_policies(scopes)
        for statement in each["Statement"]
        for action in statement["Action"]
    }


@pytest.mark.parametrize("name", PLATFORM)
def test_every_type_of_the_platform_is_made_changed_and_deleted(name: str) -> None:
    found = platform(name)
    assert unknown_types([found]) == []
    given = allowed(found)
    types = {each["Type"] for each in found.template["Resources"].values()}
    for kind in types:
        handlers = getattr(schema(kind), "data", {})["handlers"]
        for work in {"create", "read", "update", "delete"} & handlers.keys():
            assert set(handlers[work]["permissions"]) <= given, f"{kind}: {work}"


@pytest.mark.parametrize(
    "action",
    [
        "lambda:CreateFunction",
        "lambda:AddPermission",
        "states:CreateStateMachine",
        "states:UpdateStateMachine",
        "events:PutRule",
        "events:PutTargets",
        "events:DeleteRule",
        "scheduler:CreateSchedule",
        "secretsmanager:RotateSecret",
        "ecs:CreateService",
        "elasticloadbalancing:ModifyListener",
        "iam:CreateRole",
    ],
)
def test_it_is_what_one_knows_of_the_services(action: str) -> None:
    assert action in allowed(platform("lms"))


@pytest.mark.parametrize("names", [["lms"], ["lms-in-vpc"], list(PLATFORM)])
def test_each_policy_is_one_that_iam_takes(names: list[str]) -> None:
    documents = resource_policies([platform(name) for name in names])
    assert len(documents) <= 9, "IAM attaches ten to a role, and one is that of apply"
    for document in documents:
        assert size(document) <= LARGEST
        sids = [each["Sid"] for each in document["Statement"]]
        assert len(set(sids)) == len(sids)
        assert all(sid.isalnum() for sid in sids)
    actions = [action for each in documents for one in each["Statement"] for action in one["Action"]]
    assert len(actions) == len(set(actions))


def test_nothing_is_allowed_but_through_cloudformation() -> None:
    statements = [each for document in resource_policies([platform("lms")]) for each in document["Statement"]]
    assert {json.dumps(each["Condition"]) for each in statements} == {
        '{"ForAnyValue:StringEquals": {"aws:CalledVia": ["cloudformation.amazonaws.com"]}}'
    }
    assert {each["Effect"] for each in statements} == {"Allow"}


def test_no_role_is_handed_on_but_the_stack_s_own() -> None:
    [roles] = [
        each
        for document in resource_policies([platform("lms")])
        for each in document["Statement"]
        if "iam:PassRole" in each["Action"]
    ]
    assert (roles["Action"], roles["Resource"]) == (
        ["iam:PassRole"],
        ["arn:aws:iam::333333333333:role/lms-prod-*"],
    )


@pytest.mark.parametrize(
    ("stack", "begins"),
    [
        ("a" * 24, "a" * 24 + "-*"),
        ("learning-platform-of-the-university", "learning-platform-of-the*"),
    ],
)
def test_of_a_long_stack_name_the_roles_names_have_the_beginning(stack: str, begins: str) -> None:
    assert roles_of([Scope(stack, "eu-west-1", "111111111111", {})]) == [f"arn:aws:iam::111111111111:role/{begins}"]


def test_only_what_the_templates_are_made_of() -> None:
    assert allowed(of("AWS::SNS::TopicPolicy")) == {"sns:SetTopicAttributes"}
    assert allowed(of("AWS::SQS::QueuePolicy"), of("AWS::SNS::TopicPolicy")) == {
        "sns:SetTopicAttributes",
        "sqs:SetQueueAttributes",
    }
    assert resource_policies([THEIRS]) == []


def test_what_only_looks_for_resources_is_left_out() -> None:
    assert "dynamodb:ListTables" not in allowed(of("AWS::DynamoDB::Table"))


@pytest.mark.parametrize(
    ("kind", "action"),
    [
        ("AWS::EC2::VPC::Id", "ec2:DescribeVpcs"),
        ("List<AWS::EC2::Subnet::Id>", "ec2:DescribeSubnets"),
        ("AWS::Route53::HostedZone::Id", "route53:GetHostedZone"),
        ("AWS::SSM::Parameter::Value<String>", "ssm:GetParameters"),
    ],
)
def test_a_parameter_that_aws_looks_up(kind: str, action: str) -> None:
    assert allowed(scope(Parameters={"P": {"Type": kind}, "Other": {"Type": "String"}})) == {action}


@pytest.mark.parametrize(
    ("text", "actions"),
    [
        ("{{resolve:secretsmanager:db:SecretString:password}}", {"secretsmanager:GetSecretValue", "kms:Decrypt"}),
        ("{{resolve:ssm-secure:password}}", {"ssm:GetParameters", "kms:Decrypt"}),
        ("resolve:ssm", set()),
    ],
)
def test_what_a_dynamic_reference_reads(text: str, actions: set[str]) -> None:
    assert allowed(scope(Outputs={"O": {"Value": text}})) == actions


def test_what_no_schema_knows_is_named() -> None:
    found = of("Custom::Thing", "AWS::SNS::Topic", "AWS::Nowhere::Thing")
    assert unknown_types([found, of("Custom::Thing")]) == ["AWS::Nowhere::Thing", "Custom::Thing"]
    assert {action.partition(":")[0] for action in allowed(found)} >= {"sns"}
    assert unknown_types([scope(Resources={"Odd": "no resource", "Untyped": {}})]) == []
