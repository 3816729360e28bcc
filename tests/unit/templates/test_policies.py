"""The words for policies: what each function writes."""

from __future__ import annotations

from typing import Any

import pytest
from awacs.aws import Bool, PolicyDocument, StringEquals
from troposphere import GetAtt, Sub, Template, encode_to_dict

from templates.policies import (
    ANYBODY,
    allow,
    assume_role,
    decrypt_secret,
    deny,
    document,
    key_policy,
    permissions_boundary,
    read_secret,
    service,
    use_key,
)
from tests.templates_support import Emitted, statements


def plain(value: Any) -> Any:
    """What the template says, with its functions worked out."""
    return Emitted({"Resources": {"Secret": {"Type": "AWS::SecretsManager::Secret"}}}).resolve(encode_to_dict(value))


def only_statement(policy: PolicyDocument) -> dict[str, Any]:
    (statement,) = plain(policy)["Statement"]
    return dict(statement)


class TestStatements:
    def test_one_action_on_one_resource(self) -> None:
        assert plain(allow("ecr:BatchGetImage", "arn:a")) == {
            "Effect": "Allow",
            "Action": ["ecr:BatchGetImage"],
            "Resource": ["arn:a"],
        }

    def test_several_of_each_with_all_else(self) -> None:
        made = deny(
            ["s3:GetObject", "s3:PutObject"],
            ["arn:a", Sub("arn:${AWS::Partition}:b")],
            principal=ANYBODY,
            conditions=[Bool("aws:SecureTransport", "false"), StringEquals("aws:SourceAccount", "1")],
            sid="DenyPlain",
        )
        assert plain(made) == {
            "Sid": "DenyPlain",
            "Effect": "Deny",
            "Principal": {"AWS": "*"},
            "Action": ["s3:GetObject", "s3:PutObject"],
            "Resource": ["arn:a", "arn:aws:b"],
            "Condition": {
                "Bool": {"aws:SecureTransport": "false"},
                "StringEquals": {"aws:SourceAccount": "1"},
            },
        }

    def test_a_resource_may_be_an_attribute(self) -> None:
        assert plain(allow("a:B", GetAtt("Secret", "Id")))["Resource"] == ["${Secret.Id}"]

    def test_a_document_is_written_in_todays_language(self) -> None:
        assert plain(document(allow("a:B", "*")))["Version"] == "2012-10-17"

    @pytest.mark.parametrize(
        ("name", "host"),
        [("ecs-tasks", "ecs-tasks.amazonaws.com"), ("logs.${AWS::Region}", "logs.sa-east-1.amazonaws.com")],
    )
    def test_services(self, name: str, host: str) -> None:
        assert plain(service(name)) == {"Service": host}


class TestDocuments:
    def test_a_trust_policy_serves_this_account_alone(self) -> None:
        own = only_statement(assume_role("ecs-tasks", conditions=[Bool("a", "true")]))
        assert own["Principal"] == {"Service": "ecs-tasks.amazonaws.com"}
        assert own["Action"] == ["sts:AssumeRole"]
        assert own["Condition"] == {"StringEquals": {"aws:SourceAccount": "111122223333"}, "Bool": {"a": "true"}}
        assert "Resource" not in own

    def test_a_key_policy_begins_with_the_account(self) -> None:
        first, second = plain(key_policy(use_key("logs", conditions=[Bool("a", "true")])))["Statement"]
        assert first["Principal"] == {"AWS": "arn:aws:iam::111122223333:root"}
        assert second["Principal"] == {"Service": "logs.amazonaws.com"}
        assert second["Condition"] == {"Bool": {"a": "true"}}
        assert second["Resource"] == ["*"]  # in a key's policy: this key

    def test_a_secret_is_read_and_its_key_used_through_secrets_manager_alone(self) -> None:
        assert plain(read_secret("arn:s"))["Action"] == ["secretsmanager:GetSecretValue"]
        assert plain(read_secret("arn:s"))["Resource"] == ["arn:s"]
        made = plain(decrypt_secret("arn:k"))
        assert (made["Action"], made["Resource"]) == (["kms:Decrypt"], ["arn:k"])
        assert made["Condition"] == {"StringEquals": {"kms:ViaService": "secretsmanager.sa-east-1.amazonaws.com"}}


class TestPermissionsBoundary:
    ARN = "arn:aws:iam::111122223333:policy/boundary"

    def test_every_role_has_it_when_it_is_given_and_none_when_it_is_not(self, lms: Emitted) -> None:
        bounded = lms.with_parameters(PermissionsBoundaryArn=self.ARN).of_type("AWS::IAM::Role")
        assert bounded
        assert {role["PermissionsBoundary"] for role in bounded.values()} == {self.ARN}
        assert {role.get("PermissionsBoundary") for role in lms.of_type("AWS::IAM::Role").values()} == {None}

    def test_the_parameter_is_added_once(self) -> None:
        t = Template()
        assert permissions_boundary(t).to_dict() == permissions_boundary(t).to_dict()
        assert list(t.parameters) == ["PermissionsBoundaryArn"]


def test_nobody_is_allowed_everything(every_template: Emitted) -> None:
    """Only a key's policy says `kms:*`, and only to IAM itself."""
    for name, resource in every_template.resources.items():
        for statement in statements(resource):
            if statement["Effect"] == "Allow":
                wide = [action for action in statement["Action"] if action.endswith(":*") or action == "*"]
                assert wide == [] or (resource.type == "AWS::KMS::Key" and statement["Sid"] == "Account"), name
                assert statement.get("Principal") not in ("*", {"AWS": "*"}), name
