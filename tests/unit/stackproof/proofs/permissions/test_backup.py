"""AWS Backup's roles: each action that is needed, on what is selected, and nothing more."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest

from stackproof.proofs.verdicts import Verdict
from tests.unit.stackproof.proofs.network_support import ACCOUNT, REGION, add, att, put, ref, resource, without
from tests.unit.stackproof.proofs.permissions_support import allow, complaints, findings, key, role, sub, the

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.stackproof.proofs.permissions_support import Template

    Change = Callable[[Template], None]

TAGGED = [{"Key": "backup", "Value": "lms"}]
GRANT = {"Bool": {"kms:GrantIsForAWSResource": "true"}}
RESTORED = {"StringLike": {"aws:ResourceTag/awsbackup-restore-test": "*"}}
RDS = "arn:aws:rds:${AWS::Region}:${AWS::AccountId}:"
SNAPSHOT = sub(f"{RDS}cluster-snapshot:awsbackup:*")
KEYS = [att("VaultKey", "Arn"), att("FilesKey", "Arn"), att("DatabaseKey", "Arn")]

BACKING_UP = [
    allow("tag:GetResources", "*"),
    allow(["backup:CopyIntoBackupVault", "backup:DescribeBackupVault"], att("Vault", "BackupVaultArn")),
    allow(["elasticfilesystem:Backup", "elasticfilesystem:DescribeTags"], att("Files", "Arn")),
    allow(["rds:CreateDBClusterSnapshot", "rds:ListTagsForResource"], [att("Database", "DBClusterArn"), SNAPSHOT]),
    allow("rds:DescribeDBClusters", att("Database", "DBClusterArn")),
    allow(["rds:DescribeDBClusterSnapshots", "rds:AddTagsToResource", "rds:DeleteDBClusterSnapshot"], SNAPSHOT),
    allow("kms:DescribeKey", KEYS),
    allow("kms:CreateGrant", KEYS, Condition=GRANT),
]
COPIES = sub("arn:aws:elasticfilesystem:${AWS::Region}:${AWS::AccountId}:file-system/*")
RESTORING = [
    allow("elasticfilesystem:CreateFileSystem", "*"),
    allow(["elasticfilesystem:DescribeFileSystems"], COPIES),
    allow(["elasticfilesystem:Restore", "elasticfilesystem:DeleteFileSystem"], COPIES, Condition=RESTORED),
    allow(
        "rds:RestoreDBClusterFromSnapshot",
        [
            sub(f"{RDS}cluster:awsbackup-restore-test-*"),
            SNAPSHOT,
            sub(f"{RDS}subgrp:${{Group}}"),
            sub(f"{RDS}cluster-pg:default.*"),
            sub(f"{RDS}og:default:*"),
        ],
    ),
    allow(
        ["rds:DescribeDBClusters", "rds:AddTagsToResource", "rds:DeleteDBCluster"],
        sub(f"{RDS}cluster:awsbackup-restore-test-*"),
    ),
    allow("rds:ListTagsForResource", [sub(f"{RDS}cluster:awsbackup-restore-test-*"), SNAPSHOT]),
    allow("rds:DescribeDBClusterSnapshots", SNAPSHOT),
    allow("kms:DescribeKey", KEYS),
    allow("kms:CreateGrant", KEYS, Condition=GRANT),
]


def platform(*changes: Change) -> Template:
    """Files and a cluster with a tag, a plan that selects it, and a test of what it makes."""
    resources = {
        "VaultKey": key(),
        "FilesKey": key(),
        "DatabaseKey": key(),
        "Vault": resource("Backup::BackupVault", BackupVaultName="lms", EncryptionKeyArn=att("VaultKey", "Arn")),
        "Files": resource("EFS::FileSystem", FileSystemTags=TAGGED, KmsKeyId=ref("FilesKey")),
        "Group": resource("RDS::DBSubnetGroup"),
        "Database": resource(
            "RDS::DBCluster", Tags=TAGGED, KmsKeyId=ref("DatabaseKey"), DBSubnetGroupName=ref("Group")
        ),
        "BackupRole": role("backup", *BACKING_UP),
        "Plan": resource("Backup::BackupPlan", BackupPlan={"BackupPlanRule": [{"TargetBackupVault": ref("Vault")}]}),
        "Selection": resource(
            "Backup::BackupSelection",
            BackupPlanId=ref("Plan"),
            BackupSelection={
                "IamRoleArn": att("BackupRole", "Arn"),
                "ListOfTags": [
                    {"ConditionType": "STRINGEQUALS", "ConditionKey": "backup", "ConditionValue": "lms"},
                ],
            },
        ),
        "RestoreRole": role("backup", *RESTORING),
        "Test": resource(
            "Backup::RestoreTestingPlan",
            RestoreTestingPlanName="lms",
            RecoveryPointSelection={"IncludeVaults": [att("Vault", "BackupVaultArn")]},
        ),
        "TestFiles": _test("Files", "Arn"),
        "TestDatabase": _test("Database", "DBClusterArn"),
    }
    template: Template = {"Resources": copy.deepcopy(resources)}
    for change in changes:
        change(template["Resources"])
    return template


def _test(name: str, attribute: str) -> dict[str, Any]:
    return resource(
        "Backup::RestoreTestingSelection",
        RestoreTestingPlanName=ref("Test"),
        ProtectedResourceArns=[att(name, attribute)],
        IamRoleArn=att("RestoreRole", "Arn"),
    )


def lacking(owner: str, action: str) -> Change:
    """A role's policy without one action, in every statement."""

    def change(resources: Template) -> None:
        policy = resources[owner]["Properties"]["Policies"][0]["PolicyDocument"]
        left = []
        for statement in policy["Statement"]:
            actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
            statement["Action"] = [each for each in actions if each != action]
            left += [statement] if statement["Action"] else []
        policy["Statement"] = left

    return change


def test_a_role_for_what_is_selected_holds() -> None:
    found = findings(platform())
    assert [str(one) for one in found if one.verdict is not Verdict.PROVED] == []
    told = {one.message.partition(":")[0] for one in found if one.logical_id.startswith(("Selection", "Test"))}
    assert {
        "Selection can find what has its tags",
        "Selection can keep backups in Vault",
        "Selection can back up Files",
        "Selection can back up Database",
        "Selection can let backups of Database expire",
        "Selection can use the key of Vault",
        "TestFiles can restore files for a test",
        "TestFiles can delete what it has restored",
        "TestDatabase can restore Database for a test",
        "TestDatabase can use the key of Database",
    } <= told


def required(statements: list[dict[str, Any]]) -> list[str]:
    listed = [each["Action"] if isinstance(each["Action"], list) else [each["Action"]] for each in statements]
    return sorted({action for actions in listed for action in actions})


@pytest.mark.parametrize("action", required(BACKING_UP))
def test_a_backup_without_one_action_fails(action: str) -> None:
    found = complaints(platform(lacking("BackupRole", action)))
    assert found
    for one in found:
        assert (one.id, one.verdict, one.logical_id) in {
            ("iam-allowed", Verdict.BROKEN, "BackupRole"),
            ("iam-key", Verdict.BROKEN, "BackupRole"),
        }
        assert "so that every job fails: BackupRole may not" in one.message
        assert action in one.message


@pytest.mark.parametrize("action", required(RESTORING))
def test_a_test_without_one_action_fails(action: str) -> None:
    found = complaints(platform(lacking("RestoreRole", action)))
    assert found
    for one in found:
        assert (one.verdict, one.logical_id) == (Verdict.BROKEN, "RestoreRole")
        assert action in one.message


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (allow("rds:RebootDBCluster", att("Database", "DBClusterArn")), "rds:RebootDBCluster"),
        (allow("s3:GetObject", "arn:aws:s3:::everything"), "s3:GetObject"),
    ],
)
def test_more_than_the_selected_stores_need_is_told(more: dict[str, Any], says: str) -> None:
    """A selection by tag may take in what the template does not show; a test names its stores."""

    def given(name: str) -> Change:
        def change(resources: Template) -> None:
            resources[name]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"].append(more)

        return change

    backup = the(platform(given("BackupRole")))
    assert (backup.id, backup.verdict, backup.logical_id) == ("iam-unused-action", Verdict.UNKNOWN, "BackupRole")
    assert f"Whether anything needs {says}" in backup.message
    assert "a selection may take in what stands outside of the template" in backup.message
    restore = the(platform(given("RestoreRole")))
    assert (restore.id, restore.verdict, restore.logical_id) == ("iam-unused-action", Verdict.BROKEN, "RestoreRole")
    assert f"RestoreRole grants {says} to RestoreRole for nothing" in restore.message


def managed(name: str, policy: str) -> Change:
    def change(resources: Template) -> None:
        del resources[name]["Properties"]["Policies"]
        resources[name]["Properties"]["ManagedPolicyArns"] = [f"arn:aws:iam::aws:policy/service-role/{policy}"]

    return change


def test_the_policies_of_aws_itself_hold() -> None:
    changes = (
        managed("BackupRole", "AWSBackupServiceRolePolicyForBackup"),
        managed("RestoreRole", "AWSBackupServiceRolePolicyForRestores"),
    )
    assert complaints(platform(*changes)) == []
    wrong = complaints(platform(managed("RestoreRole", "AWSBackupServiceRolePolicyForBackup")))
    assert {(one.id, one.logical_id) for one in wrong} == {("iam-allowed", "RestoreRole")}
    assert any("TestFiles cannot restore files for a test" in one.message for one in wrong)


@pytest.mark.parametrize(
    ("name", "path", "purpose"),
    [
        ("Selection", "BackupSelection.IamRoleArn", "back up what it selects"),
        ("TestFiles", "IamRoleArn", "restore what it selects"),
    ],
)
def test_a_role_of_elsewhere_is_unknown(name: str, path: str, purpose: str) -> None:
    arn = f"arn:aws:iam::{ACCOUNT}:role/service-role/AWSBackupDefaultServiceRole"
    template = platform(put(name, path, arn), without("TestDatabase"))
    (found,) = (one for one in complaints(template) if one.logical_id == name)
    assert (found.verdict, found.path) == (Verdict.UNKNOWN, f"Properties.{path}")
    assert f"Whether {name} can {purpose} cannot be told, since the role {arn} stands outside" in found.message


def test_what_is_not_selected_or_not_here_needs_nothing() -> None:
    """Another tag, a plan and a vault of elsewhere, a store that is not followed, no role yet."""
    other = put("Database", "Tags", [{"Key": "backup", "Value": "other"}])
    fewer = [each for each in BACKING_UP if "rds:" not in str(each["Action"])]
    keys = [each | {"Resource": KEYS[:2]} if "kms:" in str(each["Action"]) else each for each in fewer]
    changed = platform(other, put("BackupRole", "Policies.0.PolicyDocument.Statement", keys))
    assert complaints(changed) == []
    foreign = (
        put("Selection", "BackupPlanId", "0a1b"),
        put("BackupRole", "Policies.0.PolicyDocument.Statement", [allow("tag:GetResources", "*")]),
        put("TestFiles", "RestoreTestingPlanName", "elsewhere"),
        put("TestFiles", "ProtectedResourceArns", [f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/x"]),
        put("TestDatabase", "IamRoleArn", ref("AWS::NoValue")),
    )
    told = {one.message.partition(":")[0] for one in findings(platform(*foreign)) if one.verdict is Verdict.PROVED}
    assert "Selection can find what has its tags" in told
    assert not [one for one in told if "back up" in one or "restore" in one]


def test_a_selection_by_arn_needs_no_search_and_a_plain_vault_no_key() -> None:
    changes = (
        put("Selection", "BackupSelection.ListOfTags", ref("AWS::NoValue")),
        put("Selection", "BackupSelection.Resources", [att("Files", "Arn")]),
        put("Vault", "EncryptionKeyArn", ref("AWS::NoValue")),
        put("Test", "RecoveryPointSelection.IncludeVaults", ["*"]),
    )
    told = {one.message.partition(":")[0] for one in findings(platform(*changes)) if one.verdict is Verdict.PROVED}
    assert "Selection can back up Files" in told
    assert not {"Selection can find what has its tags", "Selection can use the key of Vault"} & told
    assert "Selection can back up Database" not in told


def conditioned(owner: str, action: str, condition: dict[str, Any]) -> Change:
    """A role's policy with a condition on one action, wherever it is granted."""

    def change(resources: Template) -> None:
        granted = resources[owner]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
        held = [
            {**each, "Action": action, "Condition": condition}
            for each in granted
            if action in each["Action"] or action == each["Action"]
        ]
        lacking(owner, action)(resources)
        resources[owner]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"] += held

    return change


def tagged(value: str, *, operator: str = "StringEqualsIfExists") -> dict[str, Any]:
    return {operator: {"aws:ResourceTag/backup": value}}


ENCRYPTED = {"Bool": {"elasticfilesystem:Encrypted": "true"}}


@pytest.mark.parametrize(
    ("owner", "action", "condition"),
    [
        ("BackupRole", "rds:AddTagsToResource", tagged("lms")),
        ("BackupRole", "rds:DeleteDBClusterSnapshot", tagged("lms", operator="StringEquals")),
        ("BackupRole", "elasticfilesystem:Backup", tagged("lms", operator="StringEquals")),
        ("RestoreRole", "rds:RestoreDBClusterFromSnapshot", tagged("lms")),
        ("RestoreRole", "rds:DeleteDBCluster", tagged("lms")),
        ("RestoreRole", "elasticfilesystem:CreateFileSystem", ENCRYPTED),
    ],
)
def test_a_role_may_be_held_to_the_tags_of_what_is_selected(owner: str, action: str, condition: dict[str, Any]) -> None:
    assert [str(one) for one in complaints(platform(conditioned(owner, action, condition)))] == []


@pytest.mark.parametrize(
    ("owner", "action", "condition", "says"),
    [
        ("BackupRole", "rds:DeleteDBClusterSnapshot", tagged("other"), "let backups of Database expire"),
        # AWS Backup tags a snapshot that has no tag yet.
        ("BackupRole", "rds:AddTagsToResource", tagged("lms", operator="StringEquals"), "back up Database"),
        ("BackupRole", "elasticfilesystem:Backup", tagged("other"), "back up Files"),
        ("RestoreRole", "rds:RestoreDBClusterFromSnapshot", tagged("other"), "restore Database for a test"),
        (
            "RestoreRole",
            "elasticfilesystem:CreateFileSystem",
            {"Bool": {"elasticfilesystem:Encrypted": "false"}},
            "restore files for a test",
        ),
    ],
)
def test_a_role_that_is_held_to_other_tags_fails(owner: str, action: str, condition: dict[str, Any], says: str) -> None:
    found = [one for one in complaints(platform(conditioned(owner, action, condition))) if "cannot" in one.message]
    assert {(one.verdict, one.logical_id) for one in found} == {(Verdict.BROKEN, owner)}
    assert all(f"cannot {says}" in one.message for one in found)


def test_a_group_with_other_tags_is_no_hindrance_but_where_it_is_asked_for() -> None:
    grouped = put("Group", "Tags", [{"Key": "backup", "Value": "none"}])
    held = conditioned("RestoreRole", "rds:RestoreDBClusterFromSnapshot", tagged("lms"))
    assert complaints(platform(grouped)) == []
    found = [one for one in complaints(platform(grouped, held)) if "cannot" in one.message]
    assert [one.logical_id for one in found] == ["RestoreRole"]
    assert "subgrp:" in found[0].message


def test_a_cluster_in_the_default_group_is_restored_into_that() -> None:
    assert complaints(platform(without("Group"), put("Database", "DBSubnetGroupName", ref("AWS::NoValue")))) == []


def test_tags_that_only_aws_knows_leave_a_role_that_is_held_to_them_in_doubt() -> None:
    unknown = put("Database", "Tags", ref("Later"))
    held = conditioned("BackupRole", "rds:DeleteDBClusterSnapshot", tagged("lms"))
    named = put("Selection", "BackupSelection.Resources", [att("Database", "DBClusterArn")])
    template = platform(unknown, held, named)
    template["Parameters"] = {"Later": {"Type": "CommaDelimitedList"}}
    found = [one for one in complaints(template) if "expire" in one.message]
    assert [one.verdict for one in found] == [Verdict.UNKNOWN]


def test_a_restore_under_another_key_and_in_another_group_needs_these() -> None:
    there = {"kmsKeyId": att("VaultKey", "Arn"), "dbSubnetGroupName": "tests"}
    found = complaints(platform(put("TestDatabase", "RestoreMetadataOverrides", there)))
    assert any(f"on arn:aws:rds:{REGION}:{ACCOUNT}:subgrp:tests" in one.message for one in found)
    assert {one.logical_id for one in found} == {"RestoreRole"}


FOREIGN = f"arn:aws:elasticfilesystem:{REGION}:{ACCOUNT}:file-system/fs-0123456789abcdef0"


def test_a_file_system_of_elsewhere_is_restored_alike_and_may_be_backed_up() -> None:
    """It may have the tags when the template's tasks mount it."""
    volume = {"Name": "files", "EFSVolumeConfiguration": {"FilesystemId": "fs-0123456789abcdef0"}}
    given = allow(["elasticfilesystem:Backup", "elasticfilesystem:DescribeTags"], FOREIGN)
    task = add(Task=resource("ECS::TaskDefinition", ContainerDefinitions=[], Volumes=[volume]))

    def granted(resources: Template) -> None:
        resources["BackupRole"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"].append(given)

    elsewhere = put("TestFiles", "ProtectedResourceArns", [FOREIGN])
    keyed = put("TestFiles", "RestoreMetadataOverrides", {"kmsKeyId": att("FilesKey", "Arn")})
    assert [one for one in complaints(platform(granted, task, elsewhere, keyed)) if "Role" in one.logical_id] == []
    wrong = complaints(platform(elsewhere, keyed, lacking("RestoreRole", "elasticfilesystem:Restore")))
    assert {(one.verdict, one.logical_id) for one in wrong} == {(Verdict.BROKEN, "RestoreRole")}
