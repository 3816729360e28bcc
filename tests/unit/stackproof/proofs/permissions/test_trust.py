"""Who may take a role on: services that do not tell for whom they come, and trust that keeps its service out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stackproof.proofs.verdicts import Verdict
from tests.unit.stackproof.proofs.network_support import ACCOUNT, att, put, ref, resource
from tests.unit.stackproof.proofs.permissions_support import (
    TRUST,
    allow,
    alone,
    changed,
    complaints,
    document,
    role,
    the,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.stackproof.proofs.permissions_support import Template

    Change = Callable[[Template], None]


@pytest.mark.parametrize(
    ("principal", "condition", "says"),
    [
        ("*", {"StringEquals": {"aws:SourceAccount": "1"}}, "Any AWS service can take on Own"),
        ("*", {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}, ""),
        ("*", {"StringEquals": {"sts:ExternalId": "x"}}, ""),
        ("*", {"StringNotEquals": {"aws:PrincipalOrgID": "o-1"}}, "Anybody with an AWS account"),
        ({"Federated": "token.actions.githubusercontent.com"}, None, "no condition on token.actions.githubusercontent"),
        (
            {"Federated": "token.actions.githubusercontent.com"},
            {"StringLike": {"token.actions.githubusercontent.com:sub": "repo:x/y:*"}},
            "",
        ),
        ({"Federated": "accounts.google.com"}, None, ""),
        ({"AWS": "111122223333"}, None, ""),
    ],
)
def test_a_trust_policy_that_does_not_tell_who_comes_is_broken(principal: object, condition: object, says: str) -> None:
    statement = allow("sts:AssumeRole", Principal=principal, **({"Condition": condition} if condition else {}))
    found = complaints(alone(Own=resource("IAM::Role", AssumeRolePolicyDocument=document(statement))))
    assert [one.id for one in found] == ["iam-open-trust"] * bool(says)
    assert all(says in one.message for one in found)


@pytest.mark.parametrize(
    ("change", "path", "says"),
    [
        (
            put("TaskRole", TRUST + ".Condition", {"StringEquals": {"aws:SourceAccount": "999999999999"}}),
            f"Properties.{TRUST}.Condition.StringEquals.aws:SourceAccount",
            "asks for 999999999999",
        ),
        (
            put(
                "TaskRole",
                TRUST + ".Condition",
                {
                    "StringEquals": {"aws:SourceAccount": ACCOUNT},
                    "ArnLike": {"aws:SourceArn": "arn:aws:ecs:us-east-1:1:*"},
                },
            ),
            f"Properties.{TRUST}.Condition.ArnLike.aws:SourceArn",
            "asks for arn:aws:ecs:us-east-1:1:*",
        ),
        (
            put("TaskRole", TRUST + ".Action", "sts:TagSession"),
            "Properties.AssumeRolePolicyDocument",
            "lets in ecs-tasks",
        ),
        (
            put("TaskRole", TRUST + ".Effect", "Deny"),
            f"Properties.{TRUST}",
            "denies it",
        ),
        (
            put("TaskRole", "AssumeRolePolicyDocument.Statement", []),
            "Properties.AssumeRolePolicyDocument",
            "it lets nobody in",
        ),
    ],
)
def test_a_trust_policy_that_keeps_the_service_out_names_the_part(change: Change, path: str, says: str) -> None:
    (found,) = (one for one in complaints(changed(change)) if one.id == "iam-trust")
    assert (found.verdict, found.logical_id, found.path) == (Verdict.BROKEN, "TaskRole", path)
    assert says in found.message
    assert found.fix == (
        'Allow sts:AssumeRole to the principal {"Service": "ecs-tasks.amazonaws.com"} in the role\'s trust policy.'
    )


def test_a_trust_policy_that_only_aws_can_judge_is_unknown() -> None:
    condition = {"StringEquals": {"aws:PrincipalTag/a": "b"}}
    (found,) = complaints(changed(put("TaskRole", TRUST + ".Condition", condition)))
    assert (found.id, found.verdict) == ("iam-trust", Verdict.UNKNOWN)
    template = alone(Own=role("ecs-tasks"), Task=resource("ECS::TaskDefinition", TaskRoleArn=ref("Own")))
    template["Parameters"] = {"Who": {"Type": "String"}}
    template["Resources"]["Own"]["Properties"]["AssumeRolePolicyDocument"]["Statement"][0]["Principal"] = {
        "Service": ref("Who")
    }
    assert [(one.id, one.verdict) for one in complaints(template)] == [("iam-trust", Verdict.UNKNOWN)]


def test_a_role_named_in_a_list_inside_an_object_is_trusted_by_its_service_too() -> None:
    settings = [{"AdvancedConfiguration": {"RoleArn": att("Own", "Arn")}}, "not an object", {}]
    own = role("ecs-tasks", allow("elasticloadbalancing:Describe*"), RoleName="x")
    template = alone(Own=own, Web=resource("ECS::Service", LoadBalancers=settings))
    found = the(template)
    assert (found.id, found.logical_id) == ("iam-trust", "Own")
    assert "in Properties.LoadBalancers.0.AdvancedConfiguration.RoleArn, but ecs.amazonaws.com may not" in found.message
