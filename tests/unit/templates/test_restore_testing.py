"""Restore testing: the newest backups of this stack's vault, into its own network, and away again."""

from __future__ import annotations

import json
import re

import pytest

from tests.templates_support import Emitted, statements

DATABASE = "arn:aws:secretsmanager:sa-east-1:111122223333:secret:lms/db-AbCdEf"


@pytest.fixture(scope="module")
def tested(lms: Emitted) -> Emitted:
    return lms.with_parameters(DatabaseSecretArn="", Backups="yes", RestoreTesting="yes")


@pytest.mark.parametrize("given", [{"RestoreTesting": "no"}, {"Backups": "no"}])
def test_without_being_asked_for_there_is_none_of_it(tested: Emitted, given: dict[str, str]) -> None:
    names = {name for name in tested.with_parameters(**given).resources if name.startswith("RestoreTest")}
    assert names == set()


@pytest.mark.parametrize("suffix", ["dev", "exam-2027", "a-b-c-d-e-f"])
def test_the_plans_name_has_no_hyphens(tested: Emitted, suffix: str) -> None:
    name = tested.with_parameters(EnvironmentSuffix=suffix).resources["RestoreTestingPlan"]["RestoreTestingPlanName"]
    assert name == f"lms_{suffix.replace('-', '_')}"
    assert re.fullmatch(r"[A-Za-z0-9_]{1,50}", name)


def test_the_newest_backup_of_this_vault_is_restored(tested: Emitted) -> None:
    selection = tested.resources["RestoreTestingPlan"]["RecoveryPointSelection"]
    assert selection == {
        "Algorithm": "LATEST_WITHIN_WINDOW",
        "IncludeVaults": ["${BackupVault.BackupVaultArn}"],
        "RecoveryPointTypes": ["SNAPSHOT"],
        "SelectionWindowDays": 31,
    }


def test_files_and_database_are_tested_under_their_own_keys_in_our_network(tested: Emitted) -> None:
    files, database = tested.resources["RestoreTestingFiles"], tested.resources["RestoreTestingDatabase"]
    assert (files["ProtectedResourceType"], files["ProtectedResourceArns"]) == ("EFS", ["${FileSystem.Arn}"])
    assert files["RestoreMetadataOverrides"] == {"kmsKeyId": "${FilesKey.Arn}"}
    assert (database["ProtectedResourceType"], database["ProtectedResourceArns"]) == (
        "Aurora",
        ["${DatabaseCluster.DBClusterArn}"],
    )
    inside = database["RestoreMetadataOverrides"]
    assert inside["dbSubnetGroupName"] == "${DatabaseSubnetGroup}"
    assert json.loads(inside["vpcSecurityGroupIds"]) == ["${RestoreTestSecurityGroup.GroupId}"]
    for selection in (files, database):
        assert selection.depends_on == ["RestoreTestPolicy"]


def test_a_test_that_fails_tells(tested: Emitted) -> None:
    rule = tested.resources["RestoreTestFailed"]
    assert rule["EventPattern"] == {
        "source": ["aws.backup"],
        "detail-type": ["Restore Job State Change"],
        "detail": {
            "status": ["FAILED", "ABORTED"],
            "restoreTestingPlanArn": ["${RestoreTestingPlan.RestoreTestingPlanArn}"],
        },
    }
    assert rule["Targets"] == [{"Id": "topic", "Arn": "${AlarmTopic}"}]


def test_nothing_reaches_what_is_restored(tested: Emitted) -> None:
    guarded = [
        name
        for name, rule in tested.of_type("AWS::EC2::SecurityGroupIngress", "AWS::EC2::SecurityGroupEgress").items()
        if rule["GroupId"] == "${RestoreTestSecurityGroup.GroupId}"
    ]
    assert guarded == []


def test_an_existing_database_is_not_tested(tested: Emitted) -> None:
    theirs = tested.with_parameters(DatabaseSecretArn=DATABASE)
    assert "RestoreTestingFiles" in theirs.resources
    assert not {"RestoreTestingDatabase", "RestoreTestSecurityGroup"} & theirs.resources.keys()
    actions = {action for s in statements(theirs.resources["RestoreTestPolicy"]) for action in s["Action"]}
    assert not [action for action in actions if action.startswith("rds:")]


def test_an_existing_file_system_is_tested_by_its_arn(tested: Emitted) -> None:
    template = tested.with_parameters(ExistingFileSystemId="fs-0123456789abcdef0")
    assert template.resources["RestoreTestingFiles"]["ProtectedResourceArns"] == [
        "arn:aws:elasticfilesystem:sa-east-1:111122223333:file-system/fs-0123456789abcdef0"
    ]


def test_only_what_aws_backup_has_restored_may_be_deleted(tested: Emitted) -> None:
    deleting = [
        s for s in statements(tested.resources["RestoreTestPolicy"]) if any(":Delete" in a for a in s["Action"])
    ]
    assert len(deleting) == 2
    [files] = [s for s in deleting if "elasticfilesystem:DeleteFileSystem" in s["Action"]]
    assert files["Condition"] == {"StringLike": {"aws:ResourceTag/awsbackup-restore-test": "*"}}
    [databases] = [s for s in deleting if "rds:DeleteDBCluster" in s["Action"]]
    clusters = [resource for resource in databases["Resource"] if ":cluster:" in resource]
    assert clusters == ["arn:aws:rds:sa-east-1:111122223333:cluster:awsbackup-restore-test-*"]


def test_no_backup_of_a_neighbour_is_restored(tested: Emitted) -> None:
    template = tested.with_parameters(EnvironmentSuffix="exam")
    [restoring] = [
        s
        for s in statements(template.resources["RestoreTestPolicy"])
        if "rds:RestoreDBClusterFromSnapshot" in s["Action"]
    ]
    assert restoring["Condition"] == {"StringEqualsIfExists": {"aws:ResourceTag/backup": "lms-exam"}}


def test_files_are_restored_into_encrypted_file_systems_alone(tested: Emitted) -> None:
    [making] = [
        s
        for s in statements(tested.resources["RestoreTestPolicy"])
        if "elasticfilesystem:CreateFileSystem" in s["Action"]
    ]
    assert making["Condition"] == {"Bool": {"elasticfilesystem:Encrypted": "true"}}
