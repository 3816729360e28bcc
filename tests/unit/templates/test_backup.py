"""The backup plan: what it takes, where it puts it, how long it stays, and who may do what."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from stackproof.configuration import check_configuration
from tests.templates_support import Emitted, statements, tags_of

if TYPE_CHECKING:
    from collections.abc import Iterator

ACCOUNT = "arn:aws:{}:sa-east-1:111122223333:"
RDS = ACCOUNT.format("rds")


@pytest.fixture(scope="module")
def backed_up(lms: Emitted) -> Emitted:
    return lms.with_parameters(DatabaseSecretArn="", Backups="yes")


def sentences(template: Emitted, **parameters: str) -> str:
    return "\n".join(map(str, check_configuration(template.body, {"Parameters": parameters}, "params/x.json")))


def rules(template: Emitted) -> dict[str, dict[str, Any]]:
    plan = template.resources["BackupPlan"]["BackupPlan"]
    return {rule["RuleName"]: rule for rule in plan["BackupPlanRule"]}


def granted(template: Emitted, policy: str) -> Iterator[tuple[str, str]]:
    for statement in statements(template.resources[policy]):
        for action in statement["Action"]:
            for resource in statement["Resource"]:
                yield action, resource


def test_without_being_asked_for_there_is_none_of_it(lms: Emitted) -> None:
    template = lms.with_parameters(DatabaseSecretArn="")
    assert not [name for name, resource in template.resources.items() if resource.type.startswith("AWS::Backup::")]
    assert not {"BackupKey", "BackupRole", "BackupPolicy", "BackupAlarm"} & template.resources.keys()
    assert not [name for name in template.outputs if name.startswith("Backup")]


class TestSelection:
    def test_is_by_a_tag_with_the_suffix(self, backed_up: Emitted) -> None:
        template = backed_up.with_parameters(EnvironmentSuffix="exam")
        selection = template.resources["BackupSelection"]["BackupSelection"]
        assert selection["Conditions"] == {
            "StringEquals": [{"ConditionKey": "aws:ResourceTag/backup", "ConditionValue": "lms-exam"}]
        }
        assert selection.keys() == {"SelectionName", "IamRoleArn", "Resources", "Conditions"}

    def test_names_the_stores_that_are_ours(self, backed_up: Emitted) -> None:
        """Resources and Conditions must both hold (AWS Backup API reference, BackupSelection)."""

        def named(**given: str) -> object:
            return backed_up.with_parameters(**given).resources["BackupSelection"]["BackupSelection"]["Resources"]

        assert named() == ["${FileSystem.Arn}", "${DatabaseCluster.DBClusterArn}"]
        theirs = "arn:aws:elasticfilesystem:sa-east-1:111122223333:file-system/fs-0123456789abcdef0"
        assert named(ExistingFileSystemId="fs-0123456789abcdef0") == [theirs, "${DatabaseCluster.DBClusterArn}"]
        secret = "arn:aws:secretsmanager:sa-east-1:111122223333:secret:lms-AbCdEf"  # noqa: S105  # its name alone
        assert named(DatabaseSecretArn=secret) == ["${FileSystem.Arn}"]

    @pytest.mark.parametrize("suffix", ["dev", "exam"])
    def test_takes_the_file_system_and_the_database_and_nothing_else(self, backed_up: Emitted, suffix: str) -> None:
        template = backed_up.with_parameters(EnvironmentSuffix=suffix)
        tagged = {
            name: tags["backup"] for name, each in template.resources.items() if "backup" in (tags := tags_of(each))
        }
        assert tagged == {"FileSystem": f"lms-{suffix}", "DatabaseCluster": f"lms-{suffix}"}

    def test_waits_for_what_its_role_may_do(self, backed_up: Emitted) -> None:
        assert backed_up.resources["BackupSelection"].depends_on == ["BackupPolicy"]


class TestPlan:
    def test_daily_and_monthly_backups_have_their_own_time_to_live(self, backed_up: Emitted) -> None:
        template = backed_up.with_parameters(BackupDailyDays=14, BackupMonthlyDays=400)
        kept = {name: rule["Lifecycle"]["DeleteAfterDays"] for name, rule in rules(template).items()}
        assert kept == {"daily": "14", "monthly": "400"}
        assert {rule["TargetBackupVault"] for rule in rules(template).values()} == {"${BackupVault}"}

    def test_the_two_never_begin_at_once(self, backed_up: Emitted) -> None:
        """On the first of the month both are due; their windows to begin in do not touch."""
        hours = {}
        for name, rule in rules(backed_up).items():
            minute, hour = re.match(r"cron\((\d+) (\d+) ", rule["ScheduleExpression"]).groups()  # type: ignore[union-attr]  # else the test fails
            hours[name] = int(hour) * 60 + int(minute)
        assert hours["daily"] + rules(backed_up)["daily"]["StartWindowMinutes"] < hours["monthly"]

    @pytest.mark.parametrize(
        ("name", "value"), [("BackupDailyDays", "6"), ("BackupMonthlyDays", "89"), ("BackupMonthlyDays", "3651")]
    )
    def test_less_than_the_lock_keeps_is_refused(self, lms: Emitted, name: str, value: str) -> None:
        assert name in sentences(lms, **{name: value})

    @pytest.mark.parametrize(("asked", "automatic"), [("yes", "DISABLED"), ("no", "ENABLED")])
    def test_the_file_systems_own_backup_is_off_while_it_is_on(self, lms: Emitted, asked: str, automatic: str) -> None:
        template = lms.with_parameters(Backups=asked)
        assert template.resources["FileSystem"]["BackupPolicy"] == {"Status": automatic}


class TestVault:
    def test_has_its_own_key(self, backed_up: Emitted) -> None:
        assert backed_up.resources["BackupVault"]["EncryptionKeyArn"] == "${BackupKey.Arn}"

    def test_its_name_is_new_with_each_key(self, backed_up: Emitted) -> None:
        """It outlives its stack, and Backups=yes, while there are backups in it: the next one is called otherwise."""
        _, parts = backed_up.body["Resources"]["BackupVault"]["Properties"]["BackupVaultName"]["Fn::Sub"]
        assert parts == {"Unique": {"Fn::Select": [0, {"Fn::Split": ["-", {"Ref": "BackupKey"}]}]}}
        template = backed_up.with_parameters(EnvironmentSuffix="x" * 12)
        name = template.resources["BackupVault"]["BackupVaultName"]
        assert len(name.replace("${BackupKey}", "0" * 8)) <= 50

    def test_stays_with_its_key(self, backed_up: Emitted) -> None:
        for name in ("BackupVault", "BackupKey"):
            assert backed_up.resources[name].body["DeletionPolicy"] == "RetainExceptOnCreate"

    @pytest.mark.parametrize(
        ("lock", "configuration"),
        [
            ("none", None),
            ("governance", {"MinRetentionDays": 7}),
            ("compliance", {"MinRetentionDays": 7, "ChangeableForDays": 3}),
        ],
    )
    def test_is_locked_as_far_as_asked(self, backed_up: Emitted, lock: str, configuration: object) -> None:
        template = backed_up.with_parameters(BackupLock=lock)
        assert template.resources["BackupVault"].get("LockConfiguration") == configuration


class TestRole:
    def test_backs_up_these_two_stores(self, backed_up: Emitted) -> None:
        reached = {resource for _, resource in granted(backed_up, "BackupPolicy")}
        assert reached == {
            "*",
            "${BackupVault.BackupVaultArn}",
            "${FileSystem.Arn}",
            "${DatabaseCluster.DBClusterArn}",
            f"{RDS}cluster-snapshot:awsbackup:*",
            "${BackupKey.Arn}",
            "${FilesKey.Arn}",
            "${DatabaseKey.Arn}",
        }
        assert {action for action, resource in granted(backed_up, "BackupPolicy") if resource == "*"} == {
            "tag:GetResources"
        }

    def test_changes_no_snapshot_of_a_neighbour(self, backed_up: Emitted) -> None:
        """Their names are AWS Backup's; their tags are those of the cluster, once it has copied them."""
        template = backed_up.with_parameters(EnvironmentSuffix="exam")
        changing = [
            s for s in statements(template.resources["BackupPolicy"]) if "rds:DeleteDBClusterSnapshot" in s["Action"]
        ]
        assert [s["Resource"] for s in changing] == [[f"{RDS}cluster-snapshot:awsbackup:*"]]
        assert changing[0]["Action"] == [
            "rds:AddTagsToResource",
            "rds:DeleteDBClusterSnapshot",
            "rds:ModifyDBClusterSnapshotAttribute",
        ]
        assert changing[0]["Condition"] == {"StringEqualsIfExists": {"aws:ResourceTag/backup": "lms-exam"}}

    def test_knows_no_database_where_there_is_none_of_ours(self, lms: Emitted) -> None:
        services = {action.split(":")[0] for action, _ in granted(lms.with_parameters(Backups="yes"), "BackupPolicy")}
        assert services == {"tag", "backup", "elasticfilesystem", "kms"}

    def test_gives_keys_to_aws_services_alone(self, backed_up: Emitted) -> None:
        grants = [s for s in statements(backed_up.resources["BackupPolicy"]) if "kms:CreateGrant" in s["Action"]]
        assert [s["Resource"] for s in grants] == [["${BackupKey.Arn}"], ["${FilesKey.Arn}"], ["${DatabaseKey.Arn}"]]
        assert all(s["Condition"] == {"Bool": {"kms:GrantIsForAWSResource": "true"}} for s in grants)

    def test_leaves_the_key_of_files_alone_that_are_none_of_ours(self, backed_up: Emitted) -> None:
        elsewhere = backed_up.with_parameters(ExistingFileSystemId="fs-0123456789abcdef0")
        assert "FilesKey" not in str(statements(elsewhere.resources["BackupPolicy"]))

    def test_is_for_aws_backup(self, backed_up: Emitted) -> None:
        [trusted] = backed_up.resources["BackupRole"]["AssumeRolePolicyDocument"]["Statement"]
        assert trusted["Principal"] == {"Service": "backup.amazonaws.com"}


def test_a_failed_job_raises_an_alarm(backed_up: Emitted) -> None:
    alarm = backed_up.resources["BackupAlarm"]
    assert (alarm["Namespace"], alarm["MetricName"]) == ("AWS/Backup", "NumberOfBackupJobsFailed")
    assert alarm["Dimensions"] == [{"Name": "BackupVaultName", "Value": "${BackupVault}"}]
    assert (alarm["Statistic"], alarm["ComparisonOperator"], alarm["Threshold"]) == ("Sum", "GreaterThanThreshold", 0)
    assert alarm["TreatMissingData"] == "notBreaching"


def test_a_job_that_did_not_run_or_lacks_a_part_tells_as_well(backed_up: Emitted, lms: Emitted) -> None:
    """No metric counts it as failed."""
    rule = backed_up.resources["BackupNotMade"]
    assert rule["EventPattern"]["detail-type"] == ["Backup Job State Change"]
    assert rule["EventPattern"]["detail"] == {
        "state": ["EXPIRED", "ABORTED", "PARTIAL"],
        "backupVaultArn": ["${BackupVault.BackupVaultArn}"],
    }
    assert rule["Targets"] == [{"Id": "topic", "Arn": "${AlarmTopic}"}]
    assert "BackupNotMade" not in lms.resources


def test_an_operator_finds_vault_and_role(backed_up: Emitted) -> None:
    assert backed_up.outputs["BackupVaultName"] == "${BackupVault}"
    assert backed_up.outputs["BackupRoleArn"] == "${BackupRole.Arn}"


@pytest.mark.parametrize(("name", "value"), [("RestoreTesting", "yes"), ("BackupLock", "governance")])
def test_what_needs_the_plan_is_refused_without_it(lms: Emitted, name: str, value: str) -> None:
    assert f"{name} is given, but Backups is no" in sentences(lms, **{name: value})
    assert sentences(lms, Backups="yes", **{name: value}) == ""
