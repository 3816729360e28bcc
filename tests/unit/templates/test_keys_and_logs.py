"""Keys and log groups: who may decrypt, and where lines go and for how long."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.templates_support import references, statements

if TYPE_CHECKING:
    from tests.templates_support import Emitted

ROOT = {"AWS": "arn:aws:iam::111122223333:root"}


def everything_on(template: Emitted) -> Emitted:
    return template.with_parameters(PlainCache="yes", ExecuteCommand="yes", WebFirewall="block")


class TestKeys:
    def test_one_key_per_store(self, lms: Emitted) -> None:
        keys = {"FilesKey", "CacheKey", "LogsKey", "SecretsKey", "AlarmKey"}
        assert set(lms.of_type("AWS::KMS::Key")) == keys
        assert set(lms.with_parameters(DatabaseSecretArn="").of_type("AWS::KMS::Key")) == keys | {"DatabaseKey"}
        assert set(lms.with_parameters(Backups="yes").of_type("AWS::KMS::Key")) == keys | {"BackupKey"}

    def test_every_key_rotates(self, lms: Emitted) -> None:
        for key in lms.of_type("AWS::KMS::Key").values():
            assert key["EnableKeyRotation"] is True

    def test_every_key_leaves_the_decision_to_iam(self, lms: Emitted) -> None:
        """Without the account's root in it, a key can lock everybody out for good."""
        for key in lms.of_type("AWS::KMS::Key").values():
            first = next(iter(key["KeyPolicy"]["Statement"]))
            assert (first["Effect"], first["Principal"], first["Action"]) == ("Allow", ROOT, ["kms:*"])

    def test_only_the_keys_of_logs_and_alarms_let_services_in(self, lms: Emitted) -> None:
        let_in = {
            name: [s["Principal"] for s in statements(key) if s["Principal"] != ROOT]
            for name, key in lms.of_type("AWS::KMS::Key").items()
        }
        assert let_in == {
            "FilesKey": [],
            "CacheKey": [],
            "SecretsKey": [],
            "LogsKey": [{"Service": "logs.sa-east-1.amazonaws.com"}],
            "AlarmKey": [{"Service": "cloudwatch.amazonaws.com"}, {"Service": "events.amazonaws.com"}],
        }

    def test_logs_encrypt_this_stacks_groups_and_those_of_aws_names(self, lms: Emitted) -> None:
        (statement,) = [s for s in statements(lms.resources["LogsKey"]) if s["Principal"] != ROOT]
        prefix = "arn:aws:logs:sa-east-1:111122223333:log-group:/lms/lms-dev/"
        firewall = "arn:aws:logs:sa-east-1:111122223333:log-group:aws-waf-logs-lms-dev"
        databases = "arn:aws:logs:sa-east-1:111122223333:log-group:/aws/rds/cluster/"
        assert statement["Condition"] == {
            "ArnLike": {"kms:EncryptionContext:aws:logs:arn": [f"{prefix}*", f"{databases}*", firewall]}
        }
        assert {"kms:Decrypt*", "kms:GenerateDataKey*"} <= set(statement["Action"])
        assert "kms:*" not in statement["Action"]
        names = [group["LogGroupName"] for group in lms.of_type("AWS::Logs::LogGroup").values()]
        assert {name for name in names if not name.startswith("/lms/lms-dev/")} == {"aws-waf-logs-lms-dev"}

    def test_a_key_refers_to_nothing_that_may_use_it(self, every_template: Emitted) -> None:
        """A role or a log group in a key's policy is a circle as soon as that one uses the key."""
        for key in every_template.of_type("AWS::KMS::Key").values():
            assert not references(key.body["Properties"]) & every_template.body["Resources"].keys()


class TestLogGroups:
    def test_encrypted_with_a_retention_under_the_stacks_prefix(self, lms: Emitted) -> None:
        groups = everything_on(lms).of_type("AWS::Logs::LogGroup").values()
        assert groups
        for group in groups:
            assert group["LogGroupName"].startswith(("/lms/lms-dev/", "aws-waf-logs-lms-dev"))
            assert group["KmsKeyId"] == "${LogsKey.Arn}"
            assert group["RetentionInDays"] == "90"

    def test_retention_is_one_parameter(self, lms: Emitted) -> None:
        kept = lms.with_parameters(LogRetentionDays=365).of_type("AWS::Logs::LogGroup").values()
        assert {group["RetentionInDays"] for group in kept} == {"365"}

    def test_every_offered_retention_is_one_that_cloudwatch_takes(
        self, lms: Emitted, registry_schema: dict[str, dict[str, object]]
    ) -> None:
        schema = registry_schema["AWS::Logs::LogGroup"]["properties"]
        offered = lms.body["Parameters"]["LogRetentionDays"]["AllowedValues"]
        assert set(offered) == set(schema["RetentionInDays"]["enum"])  # type: ignore[index]  # JSON as it comes

    @pytest.mark.parametrize("group", ["CacheSlowLogGroup", "CacheEngineLogGroup", "WebFirewallLogGroup"])
    def test_log_delivery_is_let_into_the_groups_that_it_serves(self, lms: Emitted, group: str) -> None:
        template = everything_on(lms)
        (statement,) = statements(template.resources[group])
        name = template.resources[group]["LogGroupName"]
        assert statement["Principal"] == {"Service": "delivery.logs.amazonaws.com"}
        assert statement["Resource"] == [f"arn:aws:logs:sa-east-1:111122223333:log-group:{name}:log-stream:*"]
        assert statement["Action"] == ["logs:CreateLogStream", "logs:PutLogEvents"]
        assert statement["Condition"]["StringEquals"] == {"aws:SourceAccount": "111122223333"}

    def test_nobody_else_is(self, lms: Emitted) -> None:
        delivered = {
            name
            for name, group in everything_on(lms).of_type("AWS::Logs::LogGroup").items()
            if group.get("ResourcePolicyDocument")
        }
        # Events of Spot come straight from EventBridge.
        assert delivered == {
            "AccessLogGroup",
            "CacheSlowLogGroup",
            "CacheEngineLogGroup",
            "WebFirewallLogGroup",
            "EventLogGroup",
        }


def test_templates_belong_to_no_region_and_no_account(every_template: Emitted) -> None:
    body = json.dumps(every_template.body["Resources"])
    for word in ("sa-east-1", "us-east-1", "eu-west-1", '"arn:aws:'):
        assert word not in body
