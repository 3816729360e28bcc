"""What templates of others taught: right templates that a rule called broken, each with its broken twin."""

from __future__ import annotations

from typing import Any

import pytest

from stackproof.proofs.check import check
from stackproof.proofs.verdicts import Verdict


def broken(resources: dict[str, Any]) -> set[tuple[str, str]]:
    """Rule and component of everything that is broken."""
    found = check({"Resources": resources}, region="eu-west-1", account="111122223333", strict=True).findings
    return {(each.id, each.logical_id) for each in found if each.verdict is Verdict.BROKEN}


def resource(kind: str, **properties: Any) -> dict[str, Any]:
    return {"Type": kind, "Properties": properties}


def statement(actions: list[str], **more: Any) -> dict[str, Any]:
    return {"Statement": [{"Effect": "Allow", "Action": actions, **more}]}


def test_a_key_without_a_policy_has_the_one_that_kms_gives_it() -> None:
    assert broken({"Key": resource("AWS::KMS::Key")}) == set()
    nobody = statement(["kms:Decrypt"], Principal={"AWS": "arn:aws:iam::111122223333:root"}, Resource="*")
    assert ("iam-service", "Key") in broken({"Key": resource("AWS::KMS::Key", KeyPolicy=nobody)})


@pytest.mark.parametrize(
    ("actions", "is_broken"),
    [
        (["ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface", "ec2:AssignPrivateIpAddresses"], False),
        (["ec2:CreateNetworkInterface", "ec2:TerminateInstances"], True),
    ],
)
def test_interfaces_that_a_service_makes_itself_have_no_arn_beforehand(actions: list[str], is_broken: bool) -> None:
    trust = statement(["sts:AssumeRole"], Principal={"Service": "lambda.amazonaws.com"})
    policy = {"PolicyName": "p", "PolicyDocument": statement(actions, Resource="*")}
    role = resource("AWS::IAM::Role", AssumeRolePolicyDocument=trust, Policies=[policy])
    function = resource("AWS::Lambda::Function", Role={"Fn::GetAtt": ["Role", "Arn"]}, Code={"ZipFile": "x"})
    found = broken({"Role": role, "Function": function})
    assert (("iam-wildcard", "Role") in found) is is_broken


@pytest.mark.parametrize(
    ("actions", "told", "expected"),
    [
        (["sns:Publish"], "pool-1", set()),
        (["sns:Publish", "sns:CreateTopic"], "pool-1", {("iam-unused-action", "Role")}),
        (["sns:Subscribe"], "pool-1", {("iam-unused-action", "Role"), ("iam-allowed", "Role")}),
        (["sns:Publish"], "pool-2", {("iam-trust", "Role")}),
        (["sns:Publish"], None, {("iam-trust", "Role")}),
    ],
)
def test_no_arn_names_the_telephones_that_a_user_pool_writes_to(
    actions: list[str], told: str | None, expected: set[tuple[str, str]]
) -> None:
    trust = statement(
        ["sts:AssumeRole"],
        Principal={"Service": "cognito-idp.amazonaws.com"},
        Condition={"StringEquals": {"sts:ExternalId": "pool-1"}},
    )
    policy = {"PolicyName": "p", "PolicyDocument": statement(actions, Resource="*")}
    role = resource("AWS::IAM::Role", AssumeRolePolicyDocument=trust, Policies=[policy])
    sms = {"SnsCallerArn": {"Fn::GetAtt": ["Role", "Arn"]}} | ({} if told is None else {"ExternalId": told})
    assert broken({"Role": role, "Pool": resource("AWS::Cognito::UserPool", SmsConfiguration=sms)}) == expected


def test_a_user_pool_without_text_messages_or_with_a_role_from_elsewhere_is_no_fault() -> None:
    role = {"SnsCallerArn": "arn:aws:iam::111122223333:role/elsewhere"}
    pools = {
        "Silent": resource("AWS::Cognito::UserPool"),
        "Pool": resource("AWS::Cognito::UserPool", SmsConfiguration=role),
    }
    found = check({"Resources": pools}, strict=True).findings
    assert [(each.verdict, each.logical_id, each.path) for each in found] == [
        (Verdict.UNKNOWN, "Pool", "Properties.SmsConfiguration.SnsCallerArn")
    ]


@pytest.mark.parametrize(
    ("principal", "is_broken"),
    [
        ("events.amazonaws.com", False),
        ({"Fn::Sub": "events.${AWS::URLSuffix}"}, False),
        ({"Fn::Sub": "s3.${AWS::URLSuffix}"}, True),
        ("111122223333", True),
        ({"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/events.amazonaws.com"}, True),
    ],
)
def test_a_service_may_be_spelled_with_the_suffix_of_its_partition(principal: object, *, is_broken: bool) -> None:
    function = {"Fn::GetAtt": ["Function", "Arn"]}
    role = "arn:aws:iam::111122223333:role/elsewhere"
    resources = {
        "Function": resource("AWS::Lambda::Function", Role=role, Code={"ZipFile": "x"}),
        "Rule": resource("AWS::Events::Rule", Targets=[{"Id": "f", "Arn": function}]),
        "Door": resource(
            "AWS::Lambda::Permission", FunctionName=function, Action="lambda:InvokeFunction", Principal=principal
        ),
    }
    found = check({"Resources": resources}, strict=True).findings
    assert (("iam-service", "Door") in {(each.id, each.logical_id) for each in found}) is is_broken


def test_logs_that_are_kept_say_nothing_of_other_data() -> None:
    table = resource("AWS::DynamoDB::Table")
    kept = {"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}
    logs = {**resource("AWS::Logs::LogGroup", RetentionInDays=7), **kept}
    assert ("store-kept", "Table") not in broken({"Table": table, "Logs": logs})
    other = {**resource("AWS::DynamoDB::Table"), **kept}
    assert ("store-kept", "Table") in broken({"Table": table, "Other": other})


@pytest.mark.parametrize("sections", [{}, {"Transform": "AWS::Serverless-2016-10-31"}])
def test_what_points_at_nothing_is_told_once(sections: dict[str, Any]) -> None:
    template = {
        "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}},
        "Outputs": {"Role": {"Value": {"Ref": "Rolle"}}, "Later": {"Value": {"Fn::Transform": {"Name": "A"}}}},
        **sections,
    }
    found = [(each.id, each.path) for each in check(template, strict=True).findings if each.id.startswith(("ref", "w"))]
    assert found == [("ref-missing", "Outputs.Role.Value"), ("wire-output", "Outputs.Later.Value")]


def test_a_type_that_no_region_has_is_told_with_the_nearest_one() -> None:
    types = ("AWS::SSM::Paramter", "AWS::Quux::Thing", "AWS::SSM::Parameter", "Acme::Own::Type", "Custom::AWS")
    template = {"Resources": {f"R{number}": {"Type": each} for number, each in enumerate(types)}}
    found = [each for each in check(template, strict=True).findings if each.id == "check-not-read"]
    assert [(each.logical_id, each.path) for each in found] == [("R0", "Type"), ("R1", "Type")]
    assert 'called AWS::SSM::Paramter, did you mean "AWS::SSM::Parameter"?' in found[0].message
