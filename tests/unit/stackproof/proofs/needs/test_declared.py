"""What the application itself needs, by the intent: allowed, and then used; pairs of what holds and one fault."""

from __future__ import annotations

from typing import Any

import pytest

from stackproof.proofs.intent.intent import Permission
from stackproof.proofs.permissions.queries import prove
from tests.unit.stackproof.proofs.store_support import att, complaints, make

TRUST = {
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"},
    ]
}
GET = "s3:GetObject"
OBJECTS = {"Fn::Sub": "${Bucket.Arn}/*"}


def platform(action: str = GET, resource: Any = OBJECTS) -> dict[str, Any]:
    granted = {"Statement": [{"Effect": "Allow", "Action": action, "Resource": resource}]}
    policies = [{"PolicyName": "own", "PolicyDocument": granted}]
    return {
        "Bucket": make("S3::Bucket", BucketName="files"),
        "Role": make("IAM::Role", AssumeRolePolicyDocument=TRUST, Policies=policies),
        "Task": make("ECS::TaskDefinition", TaskRoleArn=att("Role"), ContainerDefinitions=[{"Name": "web"}]),
    }


def declaring(resource: str, role: str = "Role", action: str = GET) -> dict[str, Any]:
    return {"permissions": (Permission(role, (action,), (resource,), "read course packages"),)}


def about(found: dict[str, str], *rules: str) -> dict[str, str]:
    return {key: words for key, words in found.items() if key.split(" ")[1] in rules}


def test_without_a_declaration_it_is_not_known_what_a_grant_is_for() -> None:
    found = about(complaints(prove, platform()), "iam-unused-action", "iam-allowed")
    assert [key.split(" ")[:2] for key in found] == [["unknown", "iam-unused-action"]]


@pytest.mark.parametrize("resource", ["Bucket/*", "Bucket/courses/1"])
def test_what_is_declared_and_granted_is_right(resource: str) -> None:
    assert about(complaints(prove, platform(), declaring(resource)), "iam-unused-action", "iam-allowed") == {}


def test_an_arn_is_taken_as_it_is() -> None:
    arn = "arn:aws:s3:::packages/*"
    found = complaints(prove, platform(resource=arn), declaring(arn))
    assert about(found, "iam-unused-action", "iam-allowed") == {}


@pytest.mark.parametrize(
    ("resources", "intent"),
    [
        (platform("s3:PutObject"), declaring("Bucket/*")),
        (platform(resource="arn:aws:s3:::another/*"), declaring("Bucket/*")),
        (platform(), declaring("arn:aws:s3:::another/file")),
        (platform(), declaring("*", action="ses:SendEmail")),
    ],
)
def test_what_is_declared_and_not_granted_is_broken(resources: dict[str, Any], intent: dict[str, Any]) -> None:
    found = about(complaints(prove, resources, intent), "iam-allowed")
    assert len(found) == 1
    ((key, words),) = found.items()
    assert key.startswith("broken iam-allowed Role")
    assert words.startswith("Role cannot read course packages")


def test_a_resource_that_the_template_has_not_is_no_pass() -> None:
    found = about(complaints(prove, platform(), declaring("Buckt/*")), "iam-allowed")
    ((key, words),) = found.items()
    assert key.startswith("unknown iam-allowed")
    assert "cannot be told" in words


def test_a_role_that_the_template_has_not_is_a_finding() -> None:
    found = about(complaints(prove, platform(), declaring("*", "Rle")), "iam-role")
    assert list(found) == ["broken iam-role Rle"]
    assert "the template has no such role" in found["broken iam-role Rle"]


def test_what_a_condition_leaves_out_needs_nothing() -> None:
    never = {"Conditions": {"Never": {"Fn::Equals": ["a", "b"]}}}
    resources = platform(resource="arn:aws:s3:::another/*")
    resources["Bucket"]["Condition"] = "Never"
    assert about(complaints(prove, resources, declaring("Bucket/*"), **never), "iam-allowed") == {}
    gone = {"Role": {**platform()["Role"], "Condition": "Never"}}
    assert about(complaints(prove, gone, declaring("*"), **never), "iam-allowed", "iam-role") == {}
