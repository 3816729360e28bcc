"""A stack policy that CloudFormation would refuse, or that protects nothing, is found in the file."""

from __future__ import annotations

import json
from typing import Any

import pytest

from stackproof.stack_policy import check_stack_policy

ALLOW = {"Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*"}
RESOURCES = ["Database", "CacheGroup", "CacheUser"]


def problems(policy: dict[str, Any], resources: list[str] | None = RESOURCES) -> list[str]:
    return [f"{keys} {message}" for keys, message in check_stack_policy(policy, resources)]


def statement(**changes: object) -> dict[str, Any]:
    """The statement that allows everything, changed; None takes a key out."""
    return {key: value for key, value in (ALLOW | changes).items() if value is not None}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"Sid": "All"},
        {"Effect": "Deny", "Action": ["Update:Replace", "Update:Delete"], "Resource": "LogicalResourceId/Database"},
        {"Resource": ["LogicalResourceId/Cache*", "LogicalResourceId/Data?ase"]},
        {"Action": None, "NotAction": "Update:Delete"},
        {"Resource": None, "NotResource": ["LogicalResourceId/Database"]},
        {"Condition": {"StringEquals": {"ResourceType": ["AWS::RDS::DBCluster"]}}},
        {"Condition": {"StringLike": {"ResourceType": "AWS::RDS::*"}}},
    ],
)
def test_a_policy_as_the_user_guide_has_it(changes: dict[str, Any]) -> None:
    assert problems({"Version": "2012-10-17", "Id": "x", "Statement": [statement(**changes), ALLOW]}) == []


@pytest.mark.parametrize(
    ("policy", "problem"),
    [
        ({}, "('Statement',) a stack policy has a list of statements here"),
        ({"Statement": []}, "('Statement',) a stack policy has a list of statements here"),
        ({"Statement": ALLOW}, "('Statement',) a stack policy has a list of statements here"),
        ({"Statement": ["x"]}, "('Statement', 0) is no statement; write {Effect, Action, Principal, Resource}"),
        ({"Statement": [ALLOW], "Statment": []}, "('Statment',) is no part of a stack policy; write Statement"),
        ({"Statement": [ALLOW], "Version": {}}, "('Version',) is a text; leave it out"),
    ],
)
def test_what_is_no_policy(policy: dict[str, Any], problem: str) -> None:
    assert problems(policy) == [problem]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"Effect": None}, "('Statement', 1, 'Effect') is Allow or Deny"),
        ({"Effect": ["Allow"]}, "('Statement', 1, 'Effect') is Allow or Deny"),
        ({"Sid": 1}, "('Statement', 1, 'Sid') is a text; leave it out"),
        ({"Principal": None}, "('Statement', 1, 'Principal') a stack policy is for everybody: write \"*\""),
        ({"Principal": {"AWS": "*"}}, "('Statement', 1, 'Principal') a stack policy is for everybody: write \"*\""),
        (
            {"Actoin": "Update:*"},
            (
                "('Statement', 1, 'Actoin') is no part of a statement; there are Sid, Effect, Action, NotAction,"
                ' Principal, Resource, NotResource, Condition, did you mean "Action"?'
            ),
        ),
        (
            {"Action": "Update:Replce"},
            (
                "('Statement', 1, 'Action') \"Update:Replce\" is no action of a stack policy; there are Update:Modify,"
                ' Update:Replace, Update:Delete, Update:*, did you mean "Update:Replace"?'
            ),
        ),
        (
            {"Action": None},
            (
                "('Statement', 1, 'Action') a statement has exactly one of Action and NotAction, a text or a list of"
                " texts: Update:Modify, Update:Replace, Update:Delete, Update:*"
            ),
        ),
        ({"NotAction": "Update:*"}, "('Statement', 1, 'Action') a statement has exactly one of Action and NotAction"),
        ({"Action": []}, "('Statement', 1, 'Action') a statement has exactly one of Action and NotAction"),
        ({"Action": [1]}, "('Statement', 1, 'Action') a statement has exactly one of Action and NotAction"),
        (
            {"Resource": None, "NotResource": {}},
            (
                "('Statement', 1, 'NotResource') a statement has exactly one of Resource and NotResource, a text or a"
                ' list of texts: "*" or "LogicalResourceId/<id>"'
            ),
        ),
        (
            {"Resource": "Database"},
            (
                "('Statement', 1, 'Resource') \"Database\" is no resource of a stack policy; write"
                ' "LogicalResourceId/<id>" or "*"'
            ),
        ),
        (
            {"Resource": "LogicalResourceId/Databse"},
            "('Statement', 1, 'Resource') \"Databse\" is no resource of the template, did you mean \"Database\"?",
        ),
        (
            {"Resource": ["*", "LogicalResourceId/Files*"]},
            "('Statement', 1, 'Resource') \"Files*\" matches no resource of the template",
        ),
        ({"Condition": []}, "('Statement', 1, 'Condition') is no condition; write {\"StringEquals\""),
        ({"Condition": {}}, "('Statement', 1, 'Condition') is no condition; write {\"StringEquals\""),
        (
            {"Condition": {"StringNotEquals": {}}},
            "('Statement', 1, 'Condition', 'StringNotEquals') is no operator of a stack policy; write",
        ),
        (
            {"Condition": {"StringLike": {"Type": "x"}}},
            "('Statement', 1, 'Condition', 'StringLike') tests ResourceType and nothing else; write",
        ),
        (
            {"Condition": {"StringLike": {"ResourceType": [1]}}},
            "('Statement', 1, 'Condition', 'StringLike') tests ResourceType and nothing else; write",
        ),
        ({"Condition": {"StringLike": "x"}}, "('Statement', 1, 'Condition', 'StringLike') tests ResourceType"),
    ],
)
def test_what_is_no_statement(changes: dict[str, Any], problem: str) -> None:
    found = problems({"Statement": [ALLOW, statement(**changes)]})
    assert [one[: len(problem)] for one in found] == [problem]


def test_ids_are_not_checked_where_the_template_is_not_known() -> None:
    assert problems({"Statement": [statement(Resource="LogicalResourceId/Anything")]}, None) == []


def test_a_policy_has_its_limit() -> None:
    size = len(json.dumps({"Statement": [statement(Sid="")]}, separators=(",", ":")))
    assert problems({"Statement": [statement(Sid="x" * (16_384 - size))]}) == []
    assert problems({"Statement": [statement(Sid="x" * (16_385 - size))]}) == [
        "() has 16,385 characters; CloudFormation takes at most 16,384"
    ]
