"""The least policy: by level, by place, and no larger than IAM takes."""

from __future__ import annotations

import ast
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore import xform_name

import stackproof
from stackproof.deployment import aws
from stackproof.deployment.permissions import LEVELS, Scope, policy

if TYPE_CHECKING:
    from collections.abc import Iterator

SOURCE = Path(stackproof.__file__).parent

DEV = Scope("lms-dev", "sa-east-1", "111111111111", {})
PROD = Scope("lms-prod", "us-east-1", "333333333333", {})
READS = re.compile(r"\w[\w-]*:(Describe|List|Get|Decode)\w+")
# IAM and STS quotas: characters of a managed policy, white space not counted.
LARGEST = 6_144
# S3 asks for these, with a template that is encrypted with the key of the bucket.
KEY = {"kms:Decrypt", "kms:GenerateDataKey"}
# No call of ours: AWS checks it inside of CreateChangeSet, ExecuteChangeSet and RunTask.
INSIDE_OF_OTHERS = {"cloudformation:TagResource", "cloudformation:UntagResource", "iam:PassRole"} | KEY
# Calls of CloudFormation that another service has under the same name.
NAMESAKES = {"rds:DescribeEvents"}
# Needs no permission (its API reference).
FREE = {"sts:GetCallerIdentity"}


def statement(document: dict[str, Any], sid: str) -> dict[str, Any]:
    (found,) = [each for each in document["Statement"] if each["Sid"] == sid]
    return dict(found)


def actions(document: dict[str, Any]) -> set[str]:
    return {action for each in document["Statement"] for action in each["Action"]}


def operations() -> dict[str, set[str]]:
    """Method of a client → what it is as an action, for every service that aws.py makes a client of."""
    services = set(
        re.findall(r'_client\((?:self\.)?session, "([\w-]+)"', (SOURCE / "deployment" / "aws.py").read_text())
    )
    found: dict[str, set[str]] = {}
    for service in services:
        client: Any = boto3.client(service, region_name="sa-east-1")
        model = client.meta.service_model
        for name in model.operation_names:
            found.setdefault(xform_name(name), set()).add(aws.iam_action(model.signing_name, name))
    return found


def called(path: Path) -> Iterator[str]:
    """The methods that a file calls on anything but a module of ours, and the paginators that it asks for."""
    tree = ast.parse(path.read_text())
    modules = {
        name.asname or name.name
        for each in ast.walk(tree)
        if isinstance(each, ast.ImportFrom) and (each.module or "").startswith("stackproof")
        for name in each.names
    }
    for each in ast.walk(tree):
        if isinstance(each, ast.Attribute):
            if not (isinstance(each.value, ast.Name) and each.value.id in modules):
                yield each.attr
        elif isinstance(each, ast.Call) and isinstance(each.func, ast.Attribute) and each.func.attr == "get_paginator":
            yield each.args[0].value  # type: ignore[attr-defined]  # always a word


def test_the_policy_is_what_the_source_calls_no_less_and_no_more() -> None:
    known = operations()
    files = [*(SOURCE / "deployment").glob("*.py"), *(SOURCE / "deploying").glob("*.py")]
    found = {action for path in files for name in called(path) for action in known.get(name, ())}
    types = ("AWS::ECS::Service", "AWS::Backup::BackupVault", "AWS::RDS::DBCluster")
    running = replace(DEV, template={"Resources": {str(number): {"Type": each} for number, each in enumerate(types)}})
    assert found - FREE - NAMESAKES == actions(policy("apply", [running])) - INSIDE_OF_OTHERS


def test_each_level_can_do_what_those_before_it_can() -> None:
    look, plan, apply, bootstrap = (policy(level, [DEV]) for level in LEVELS)
    assert actions(look) < actions(plan) < actions(apply)
    assert actions(apply) - actions(bootstrap) == {"s3:GetObject", "s3:PutObject"} | KEY


def test_looking_changes_nothing() -> None:
    assert [each for each in actions(policy("look", [DEV])) if not READS.fullmatch(each)] == []


def test_planning_neither_executes_nor_deletes() -> None:
    changing = {each for each in actions(policy("plan", [DEV])) if not READS.fullmatch(each)}
    assert (
        changing
        == {
            "cloudformation:CreateChangeSet",
            "cloudformation:DeleteChangeSet",
            "cloudformation:TagResource",
            "s3:PutObject",
        }
        | KEY
    )


def test_a_key_is_used_for_the_artifact_bucket_alone() -> None:
    allowed = statement(policy("plan", [DEV, PROD]), "ArtifactKey")
    assert allowed["Condition"] == {
        "StringLike": {
            "kms:ViaService": ["s3.sa-east-1.amazonaws.com", "s3.us-east-1.amazonaws.com"],
            "kms:EncryptionContext:aws:s3:arn": ["arn:aws:s3:::lms-bootstrap-artifactbucket-*"],
        }
    }


def test_a_stack_is_named_in_its_region_and_account() -> None:
    document = policy("apply", [DEV, PROD])
    assert statement(document, "Apply")["Resource"] == [
        "arn:aws:cloudformation:sa-east-1:111111111111:stack/lms-dev/*",
        "arn:aws:cloudformation:us-east-1:333333333333:stack/lms-prod/*",
    ]
    regions = statement(document, "LookElsewhere")["Condition"]["StringEquals"]["aws:RequestedRegion"]
    owners = statement(document, "Artifacts")["Condition"]["StringEquals"]["s3:ResourceAccount"]
    assert (regions, owners) == (["sa-east-1", "us-east-1"], ["111111111111", "333333333333"])


def test_what_changes_is_never_allowed_on_everything() -> None:
    for level in LEVELS:
        open_to_all = [each for each in policy(level, [DEV])["Statement"] if "*" in each["Resource"]]
        assert [action for each in open_to_all for action in each["Action"] if not READS.fullmatch(action)] == []


def test_bootstrap_is_about_its_own_stack_alone() -> None:
    named = {arn for each in policy("bootstrap", [DEV])["Statement"] for arn in each["Resource"] if ":stack/" in arn}
    assert named == {"arn:aws:cloudformation:sa-east-1:111111111111:stack/lms-bootstrap/*"}


def test_what_no_file_says_is_left_open() -> None:
    document = policy("apply", [Scope("theirs", "*", "*", {})])
    assert statement(document, "Apply")["Resource"] == ["arn:aws:cloudformation:*:*:stack/theirs/*"]
    assert "Condition" not in statement(document, "LookElsewhere")
    assert "Condition" not in statement(document, "Artifacts")


@pytest.mark.parametrize(
    ("region", "partition"), [("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov"), ("eu-west-1", "aws")]
)
def test_the_partition_follows_the_region(region: str, partition: str) -> None:
    document = policy("plan", [Scope("theirs", region, "*", {})])
    found = {arn.split(":")[1] for each in document["Statement"] for arn in each["Resource"] if arn != "*"}
    assert found == {partition}


def test_nested_stacks_are_seen_under_their_parent_s_name() -> None:
    template = {"Resources": {"Inner": {"Type": "AWS::CloudFormation::Stack"}, "Topic": {"Type": "AWS::SNS::Topic"}}}
    found = statement(policy("look", [Scope("theirs", "*", "*", template)]), "Look")["Resource"]
    assert found == ["arn:aws:cloudformation:*:*:stack/theirs-*/*", "arn:aws:cloudformation:*:*:stack/theirs/*"]


@pytest.mark.parametrize(
    ("transform", "arns"),
    [
        ("AWS::Serverless-2016-10-31", ["arn:aws:cloudformation:sa-east-1:aws:transform/Serverless-2016-10-31"]),
        (["Ours"], ["arn:aws:cloudformation:sa-east-1:111111111111:transform/Ours"]),
        ({"Name": "AWS::Include", "Parameters": {}}, ["arn:aws:cloudformation:sa-east-1:aws:transform/Include"]),
    ],
)
def test_a_macro_needs_leave_of_its_own(transform: Any, arns: list[str]) -> None:
    """See aws/serverless-application-model issue 186."""
    scope = Scope("theirs", "sa-east-1", "111111111111", {"Transform": transform, "Resources": {}})
    found = statement(policy("plan", [scope]), "Plan")["Resource"]
    assert [arn for arn in found if ":transform/" in arn] == arns


def test_three_environments_fit_into_one_managed_policy() -> None:
    scopes = [Scope(f"lms-{name}", "sa-east-1", account * 12, {}) for name, account in zip("abc", "123", strict=True)]
    assert len(re.sub(r"\s", "", json.dumps(policy("apply", scopes)))) < LARGEST


def test_tasks_may_be_run_only_where_the_stack_has_a_service_and_with_its_own_roles_only() -> None:
    running = replace(PROD, template={"Resources": {"Service": {"Type": "AWS::ECS::Service"}}})
    found = policy("apply", [DEV, running])
    assert statement(found, "Tasks")["Resource"] == ["arn:aws:ecs:us-east-1:333333333333:task-definition/*"]
    passed = statement(found, "TaskRoles")
    assert passed["Resource"] == ["arn:aws:iam::333333333333:role/lms-prod-*"]
    assert passed["Condition"] == {"StringEquals": {"iam:PassedToService": ["ecs-tasks.amazonaws.com"]}}
    assert "ecs:RunTask" not in actions(policy("apply", [DEV]))
    assert "ecs:RunTask" not in actions(policy("plan", [running]))
