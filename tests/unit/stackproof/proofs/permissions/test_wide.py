"""Wider than need be: wildcards where the action takes a resource, and those that cover nothing else."""

from __future__ import annotations

import re
from typing import Any

import pytest

from stackproof.proofs.permissions.wide import broad
from tests.unit.stackproof.proofs.network_support import ACCOUNT, put
from tests.unit.stackproof.proofs.permissions_support import (
    STATEMENT,
    allow,
    alone,
    changed,
    complaints,
    document,
    function,
    role,
)


@pytest.mark.parametrize(
    ("statement", "bound"),
    [
        (allow("sqs:SendMessage", "*"), True),
        (allow(["sqs:SendMessage", "sqs:ListQueues"], "*"), True),
        (allow("sqs:ListQueues", "*"), False),
        (allow("iam:PassRole", "*", Condition={"StringEquals": {"iam:PassedToService": "x"}}), False),
        (allow("sqs:*", "*"), True),
        (allow("sqs:List*", "*"), False),
        (allow("nobody:Knows", "*"), False),
        (allow("nobody:*", "*"), False),
        (allow("sqs:SendMessage", "arn:aws:sqs:*:*:*"), False),
        (allow("sqs:SendMessage", "*", Condition={"StringEquals": {"aws:ResourceTag/a": "b"}}), False),
        ({"Effect": "Allow", "NotAction": "sqs:*", "Resource": "*"}, False),
        ({**allow("sqs:SendMessage", "*"), "Effect": "Deny"}, False),
    ],
)
def test_a_wildcard_in_a_functions_role_is_broken_where_the_action_takes_a_resource(
    statement: dict[str, Any], bound: bool
) -> None:
    given = function()
    given["FunctionRole"]["Properties"]["Policies"] = [{"PolicyName": "x", "PolicyDocument": document(statement)}]
    found = complaints(alone(**given))
    assert [(one.id, one.path) for one in found] == [
        ("iam-wildcard", "Properties.Policies.0.PolicyDocument.Statement.0.Resource")
    ] * bound
    assert all(re.search(r"grants sqs:(SendMessage|\*) on \*, ", one.message) for one in found)


@pytest.mark.parametrize(("resource", "wide"), [("*", True), (f"arn:aws:sqs:us-east-1:{ACCOUNT}:jobs", False)])
def test_everything_on_everything_is_the_account(resource: str, wide: bool) -> None:
    given = function()
    statement = allow("*", resource)
    given["FunctionRole"]["Properties"]["Policies"] = [{"PolicyName": "x", "PolicyDocument": document(statement)}]
    found = [one for one in complaints(alone(**given)) if one.id == "iam-wildcard"]
    assert [one.path for one in found] == ["Properties.Policies.0.PolicyDocument.Statement.0.Action"] * wide
    assert all("every action of every service on everything" in one.message for one in found)


@pytest.mark.parametrize(
    ("statement", "wide"),
    [
        (allow("iam:PassRole", "*"), True),
        (allow(["iam:Pass*"], f"arn:aws:iam::{ACCOUNT}:role/*"), True),
        (allow("iam:PassRole", f"arn:aws:iam::{ACCOUNT}:role/one"), False),
        (
            allow("iam:PassRole", "*", Condition={"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}),
            False,
        ),
        (allow("iam:GetRole", f"arn:aws:iam::{ACCOUNT}:role/*"), False),
    ],
)
def test_passing_any_role_to_any_service_is_broken(statement: dict[str, Any], wide: bool) -> None:
    found = complaints(alone(Own=role("codebuild", statement, RoleName="build")))
    assert ("iam-pass-role" in {one.id for one in found}) is wide


@pytest.mark.parametrize(
    ("pattern", "answer"),
    [
        ("*", True),
        ("arn:aws:s3:::*", True),
        ("arn:aws:s3:::bucket/*", False),
        ("arn:aws:s3:::bucket", False),
        ("arn:aws:sqs:sa-east-1:111122223333:*", True),
        ("arn:aws:sqs:*:111122223333:jobs", True),
        ("arn:aws:sqs:sa-east-1:*:jobs", True),
        ("arn:aws:ecr:${AWS::Region}:${AWS::AccountId}:repository/*", True),
        ("arn:aws:ecr:${AWS::Region}:${AWS::AccountId}:repository/lms", False),
        ("arn:aws:logs:sa-east-1:111122223333:log-group:*", True),
        ("arn:aws:logs:sa-east-1:111122223333:log-group:/web:*", False),
        ("arn:aws:*", True),
        ("${Given}", False),
    ],
)
def test_a_pattern_is_broad_when_it_covers_everything_of_a_kind(pattern: str, answer: bool) -> None:
    assert broad(pattern) is answer


def test_channels_may_be_named_by_a_pattern_that_covers_nothing_else() -> None:
    pattern = ["ssmmessages:Create*Channel", "ssmmessages:Open*Channel"]
    assert complaints(changed(put("TaskRole", f"Policies.0.{STATEMENT}.1.Action", pattern))) == []
