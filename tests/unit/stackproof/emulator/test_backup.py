"""AWS Backup: plans with selections, locked vaults, and restore testing that can be read again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tests.unit.stackproof.emulator.stacks import resources

if TYPE_CHECKING:
    from tests.unit.stackproof.emulator.stacks import Stacks, Template

ROLE = "arn:aws:iam::000000000000:role/backup"
VAULT = "arn:aws:backup:sa-east-1:000000000000:backup-vault:lms"


def planned(value: str = "lms-dev", lock: dict[str, Any] | None = None) -> Template:
    vault = {"BackupVaultName": "lms", **({"LockConfiguration": lock} if lock else {})}
    rule = {"RuleName": "daily", "TargetBackupVault": {"Ref": "Vault"}, "Lifecycle": {"DeleteAfterDays": 7}}
    tag = {"ConditionType": "STRINGEQUALS", "ConditionKey": "backup", "ConditionValue": value}
    selection = {"SelectionName": "tagged", "IamRoleArn": ROLE, "ListOfTags": [tag]}
    return resources(
        Vault=("Backup::BackupVault", vault),
        Plan=("Backup::BackupPlan", {"BackupPlan": {"BackupPlanName": "lms", "BackupPlanRule": [rule]}}),
        Selection=("Backup::BackupSelection", {"BackupPlanId": {"Ref": "Plan"}, "BackupSelection": selection}),
    )


def selected(stacks: Stacks) -> dict[str, Any]:
    """The one selection of the plan."""
    backup, plan = stacks.aws.client("backup"), stacks.physical_id("Plan")
    (listed,) = backup.list_backup_selections(BackupPlanId=plan)["BackupSelectionsList"]
    found: dict[str, Any] = backup.get_backup_selection(BackupPlanId=plan, SelectionId=listed["SelectionId"])
    return found


def test_a_selection_is_of_its_plan_and_goes_with_it(stacks: Stacks) -> None:
    stacks.deploy(planned())
    found = selected(stacks)
    assert found["BackupSelection"]["ListOfTags"][0]["ConditionValue"] == "lms-dev"
    assert stacks.physical_id("Selection") == f"{found['SelectionId']}_{stacks.physical_id('Plan')}"
    stacks.deploy(resources(Vault=("Backup::BackupVault", {"BackupVaultName": "lms"})))
    assert stacks.aws.client("backup").list_backup_plans()["BackupPlansList"] == []


def test_every_change_of_a_selection_replaces_it(stacks: Stacks) -> None:
    stacks.deploy(planned())
    before = selected(stacks)["SelectionId"]
    assert stacks.changes(planned("lms-exam"))["Selection"]["Replacement"] == "True"
    stacks.deploy(planned("lms-exam"))
    after = selected(stacks)
    assert after["SelectionId"] != before
    assert after["BackupSelection"]["ListOfTags"][0]["ConditionValue"] == "lms-exam"


def test_a_selection_of_no_plan_fails(stacks: Stacks) -> None:
    template = planned()
    template["Resources"]["Selection"]["Properties"]["BackupPlanId"] = "none"
    assert stacks.deploy(template)["StackStatus"] == "ROLLBACK_COMPLETE"
    assert stacks.failure() == "Plan 'none' not found."


def test_a_vault_says_whether_it_is_locked(stacks: Stacks) -> None:
    backup = stacks.aws.client("backup")
    stacks.deploy(planned())
    assert backup.describe_backup_vault(BackupVaultName="lms")["Locked"] is False
    stacks.deploy(planned(lock={"MinRetentionDays": "7", "MaxRetentionDays": 400}))
    vault = backup.describe_backup_vault(BackupVaultName="lms")
    assert (vault["Locked"], vault["MinRetentionDays"], vault["MaxRetentionDays"]) == (True, 7, 400)
    stacks.deploy(planned())
    vault = backup.describe_backup_vault(BackupVaultName="lms")
    assert (vault["Locked"], "MinRetentionDays" in vault) == (False, False)


def drilled(days: int = 31, plan: Any = None) -> Template:
    chosen = {
        "Algorithm": "LATEST_WITHIN_WINDOW",
        "IncludeVaults": [VAULT],
        "RecoveryPointTypes": ["SNAPSHOT"],
        "SelectionWindowDays": days,
    }
    return resources(
        Plan=(
            "Backup::RestoreTestingPlan",
            {
                "RestoreTestingPlanName": "lms",
                "ScheduleExpression": "cron(0 1 1 * ? *)",
                "RecoveryPointSelection": chosen,
            },
        ),
        Test=(
            "Backup::RestoreTestingSelection",
            {
                "RestoreTestingPlanName": plan or {"Ref": "Plan"},
                "RestoreTestingSelectionName": "files",
                "ProtectedResourceType": "EFS",
                "ProtectedResourceArns": ["*"],
                "IamRoleArn": ROLE,
                "RestoreMetadataOverrides": {"kmsKeyId": "key"},
            },
        ),
    )


def test_restore_testing_can_be_read_again(stacks: Stacks) -> None:
    backup = stacks.aws.client("backup")
    stacks.deploy(drilled())
    (listed,) = backup.list_restore_testing_plans()["RestoreTestingPlans"]
    plan = backup.get_restore_testing_plan(RestoreTestingPlanName="lms")["RestoreTestingPlan"]
    assert plan["RestoreTestingPlanArn"] == listed["RestoreTestingPlanArn"]
    assert plan["RecoveryPointSelection"]["IncludeVaults"] == [VAULT]
    (listed,) = backup.list_restore_testing_selections(RestoreTestingPlanName="lms")["RestoreTestingSelections"]
    assert listed["RestoreTestingSelectionName"] == "files"
    found = backup.get_restore_testing_selection(RestoreTestingPlanName="lms", RestoreTestingSelectionName="files")
    assert found["RestoreTestingSelection"]["RestoreMetadataOverrides"] == {"kmsKeyId": "key"}


def test_restore_testing_changes_in_place_and_goes(stacks: Stacks) -> None:
    backup = stacks.aws.client("backup")
    stacks.deploy(drilled())
    before = backup.list_restore_testing_plans()["RestoreTestingPlans"][0]["RestoreTestingPlanArn"]
    stacks.deploy(drilled(days=7))
    plan = backup.get_restore_testing_plan(RestoreTestingPlanName="lms")["RestoreTestingPlan"]
    assert (plan["RestoreTestingPlanArn"], plan["RecoveryPointSelection"]["SelectionWindowDays"]) == (before, 7)
    stacks.delete()
    assert backup.list_restore_testing_plans()["RestoreTestingPlans"] == []
    with pytest.raises(ClientError, match="not found"):
        backup.get_restore_testing_plan(RestoreTestingPlanName="lms")
    with pytest.raises(ClientError, match="not found"):
        backup.get_restore_testing_selection(RestoreTestingPlanName="lms", RestoreTestingSelectionName="files")


def test_names_are_given_once_and_plans_must_be_there(stacks: Stacks) -> None:
    assert stacks.deploy(drilled(plan="another"))["StackStatus"] == "ROLLBACK_COMPLETE"
    assert stacks.failure() == "Restore testing plan another was not found."
    stacks.deploy(drilled(), stack="first")
    assert stacks.deploy(drilled(), stack="second")["StackStatus"] == "ROLLBACK_COMPLETE"
    assert "already exists" in stacks.failure("second")


CLUSTER = {
    "Engine": "aurora-postgresql",
    "DBClusterIdentifier": "lms",
    "MasterUsername": "lms",
    "MasterUserPassword": "12345678",
}


def with_more(lock: dict[str, Any] | None, **more: tuple[str, dict[str, Any]]) -> Template:
    return {"Resources": planned(lock=lock)["Resources"] | resources(**more)["Resources"]}


def job(stacks: Stacks, name: str, days: int = 35, request: str = "one") -> dict[str, Any]:
    """A backup job of a resource, as it ended."""
    client = stacks.aws.client("backup")
    started = client.start_backup_job(
        BackupVaultName="lms",
        ResourceArn=f"arn:aws:{name}",
        IamRoleArn=ROLE,
        IdempotencyToken=request,
        Lifecycle={"DeleteAfterDays": days},
    )
    found: dict[str, Any] = client.describe_backup_job(BackupJobId=started["BackupJobId"])
    return found


class TestJobs:
    """A job ends at once, well or as AWS would end it."""

    def test_a_cluster_is_left_a_snapshot_that_can_be_restored(self, stacks: Stacks) -> None:
        stacks.deploy(with_more({"MinRetentionDays": 7}, Database=("RDS::DBCluster", CLUSTER)))
        name = f"rds:sa-east-1:{stacks.aws.account}:cluster:lms"
        done = job(stacks, name)
        assert done["State"] == "COMPLETED"
        rds = stacks.aws.client("rds")
        (snapshot,) = rds.describe_db_cluster_snapshots(DBClusterIdentifier="lms")["DBClusterSnapshots"]
        assert done["RecoveryPointArn"] == snapshot["DBClusterSnapshotArn"]
        assert job(stacks, name)["BackupJobId"] == done["BackupJobId"]
        assert job(stacks, name, request="two")["BackupJobId"] != done["BackupJobId"]

    def test_files_are_left_a_recovery_point(self, stacks: Stacks) -> None:
        stacks.deploy(with_more(None, Files=("EFS::FileSystem", {})))
        done = job(
            stacks, f"elasticfilesystem:sa-east-1:{stacks.aws.account}:file-system/{stacks.physical_id('Files')}"
        )
        assert (done["State"], ":recovery-point:" in done["RecoveryPointArn"]) == ("COMPLETED", True)

    def test_what_is_kept_too_short_or_is_not_there_fails(self, stacks: Stacks) -> None:
        stacks.deploy(planned(lock={"MinRetentionDays": 7}))
        done = job(stacks, "rds:sa-east-1:000000000000:cluster:lms")
        assert (done["State"], "does not exist" in done["StatusMessage"]) == ("FAILED", True)
        done = job(stacks, "rds:sa-east-1:000000000000:cluster:lms", days=1, request="two")
        assert (done["State"], "outside the valid range" in done["StatusMessage"]) == ("FAILED", True)

    def test_without_a_vault_there_is_none(self, stacks: Stacks) -> None:
        with pytest.raises(ClientError, match="not found"):
            job(stacks, "rds:sa-east-1:000000000000:cluster:lms")
