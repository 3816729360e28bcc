"""Keys, secrets, logs and roles of the running platform."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.integration.running.asked import database_secret, key_arn, task_definition
from tests.integration.shown import as_list, statements

if TYPE_CHECKING:
    from tests.integration.platform import Platform


def test_secrets_are_encrypted_with_their_own_key(platform: Platform) -> None:
    found = platform.client("secretsmanager").describe_secret(SecretId=platform.id("CacheSecret"))
    assert found["KmsKeyId"] in {key_arn(platform, "SecretsKey"), platform.id("SecretsKey")}


def test_keys_rotate_and_are_enabled(platform: Platform) -> None:
    client = platform.client("kms")
    keys = platform.ids("AWS::KMS::Key")
    own = {"DatabaseKey": "DatabaseCluster", "BackupKey": "BackupVault"}
    expected = {"FilesKey", "CacheKey", "LogsKey", "SecretsKey", "AlarmKey"} | {
        key for key, of in own.items() if platform.has(of)
    }
    assert set(keys) == expected
    for name, key in keys.items():
        assert client.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"] is True, name
        assert client.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "Enabled", name


def test_logs_are_encrypted_and_kept_as_long_as_asked_for(platform: Platform) -> None:
    groups = platform.ids("AWS::Logs::LogGroup")
    assert len(groups) >= 4
    found = platform.pages("logs", "describe_log_groups", "logGroups")
    by_name = {group["logGroupName"]: group for group in found}
    for name in groups.values():
        assert by_name[name]["retentionInDays"] == int(platform.parameters["LogRetentionDays"]), name
        assert by_name[name]["kmsKeyId"] == key_arn(platform, "LogsKey"), name
    written = task_definition(platform)["containerDefinitions"][0]["logConfiguration"]["options"]["awslogs-group"]
    assert written == platform.id("ApplicationLogGroup") == platform.outputs["LogGroupName"]


def test_the_task_may_mount_exactly_its_access_point(platform: Platform) -> None:
    mounts = [each for each in statements(platform, "TaskRole") if "elasticfilesystem" in json.dumps(each["Action"])]
    assert len(mounts) == 1
    assert platform.id("FileAccessPoint") in json.dumps(mounts[0]["Condition"])
    assert "*" not in as_list(mounts[0]["Resource"])


def test_the_task_starts_with_exactly_its_secrets(platform: Platform) -> None:
    reads = [each for each in statements(platform, "ExecutionRole") if "GetSecretValue" in json.dumps(each["Action"])]
    resources = {resource for each in reads for resource in as_list(each["Resource"])}
    wanted = {platform.id("CacheSecret"), database_secret(platform)}
    if platform.parameters["ExtraSecretArn"]:
        wanted.add(platform.parameters["ExtraSecretArn"])
    assert resources == wanted


@pytest.mark.parametrize("role", ["TaskRole", "ExecutionRole"])
def test_no_role_has_a_wildcard_action(platform: Platform, role: str) -> None:
    actions = [action for each in statements(platform, role) for action in as_list(each["Action"])]
    assert actions
    assert not [action for action in actions if "*" in action]
