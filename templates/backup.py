"""Backups, by parameter: AWS Backup copies files and database into a vault of its own, daily and monthly.

What is backed up is named by its ARN, and carries the tag `backup` with the environment's suffix in it: no stack backs
up its neighbour, and a store whose tag somebody takes away is left out.
The vault's name has a part of its key's id in it: a vault with backups outlives its stack, and Backups=yes as well, and
must not stop the next one. While the plan is on, the file system's own daily backup is off: it would be paid twice.

The role names what AWS Backup does to these two stores; AWS's managed policy reaches every store of the account. AWS
Backup gives snapshots their names, but copies the tags of the cluster to them: no snapshot of a neighbour is deleted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from awacs.aws import Bool
from troposphere import Equals, GetAtt, If, Not, NoValue, Ref, Select, Split, Sub
from troposphere.backup import (
    BackupPlan,
    BackupPlanResourceType,
    BackupRuleResourceType,
    BackupSelection,
    BackupSelectionResourceType,
    BackupVault,
    ConditionParameter,
    Conditions,
    LifecycleResourceType,
    LockConfigurationType,
)
from troposphere.cloudwatch import Alarm, MetricDimension

from templates.backup_parameters import COOLING_OFF_DAYS, LOCK_DAYS, TAG
from templates.files import OWN as OWN_FILES
from templates.interface import condition, output
from templates.keys import add_key
from templates.parts import part
from templates.policies import OnlyIf, add_policy, add_role, allow, assume_role, key_policy

if TYPE_CHECKING:
    from awacs.aws import Statement
    from troposphere import AWSHelperFn, Parameter, Template

    from templates.backup_parameters import Backups
    from templates.database import Database
    from templates.files import Files
    from templates.keys import Key
    from templates.tags import Environment
    from templates.topic import AlarmTopic


DAILY = "cron(0 6 * * ? *)"
MONTHLY = "cron(0 9 1 * ? *)"
"""In UTC: the night of São Paulo, and never both at once."""


@dataclass(frozen=True)
class Vault:
    """Where the backups lie; it exists under `exists`."""

    name: AWSHelperFn
    arn: AWSHelperFn
    key: Key
    exists: str


@part("backup")
def add_backup(
    t: Template,
    *,
    environment: Environment,
    backups: Backups,
    files: Files,
    database: Database,
    topic: AlarmTopic,
) -> Vault:
    """Add vault, plan, selection and role, and the alarm on a job that failed."""
    key = add_key(t, "BackupKey", "Backups in the vault", key_policy(), condition=backups.exists)
    vault = _add_vault(t, environment, backups, key)
    role, policy = add_backup_role(
        t,
        "Backup",
        backups.exists,
        vault,
        [*_permissions(backups, files, database), *use_keys(vault.key, files, database, files_when=OWN_FILES)],
    )
    plan = t.add_resource(
        BackupPlan(
            "BackupPlan",
            Condition=backups.exists,
            BackupPlan=BackupPlanResourceType(
                BackupPlanName=Sub(f"lms-${{{environment.suffix.title}}}"),
                BackupPlanRule=[
                    _rule("daily", DAILY, vault, backups.daily),
                    _rule("monthly", MONTHLY, vault, backups.monthly),
                ],
            ),
        )
    )
    t.add_resource(
        BackupSelection(
            "BackupSelection",
            Condition=backups.exists,
            BackupPlanId=Ref(plan),
            BackupSelection=BackupSelectionResourceType(
                SelectionName="tagged",
                IamRoleArn=role,
                Resources=[files.arn, If(database.own.exists, database.own.arn, NoValue)],
                # Both must hold; ListOfTags would add what is tagged to what is named.
                Conditions=Conditions(
                    StringEquals=[ConditionParameter(ConditionKey=f"aws:ResourceTag/{TAG}", ConditionValue=backups.tag)]
                ),
            ),
            DependsOn=policy,
        )
    )
    _add_alarm(t, backups, vault, topic)
    output(t, "BackupVaultName", vault.name, "Vault of the backups", condition=backups.exists)
    output(t, "BackupRoleArn", role, "Role that AWS Backup works with", condition=backups.exists)
    return vault


def _add_vault(t: Template, environment: Environment, backups: Backups, key: Key) -> Vault:
    locked = condition(t, "LocksBackups", Not(Equals(Ref(backups.lock), "none")))
    for_good = condition(t, "LocksBackupsForGood", Equals(Ref(backups.lock), "compliance"))
    # The first eight characters of a UUID; the next vault has another key.
    unique = Select(0, Split("-", key.id))
    vault = t.add_resource(
        BackupVault(
            "BackupVault",
            Condition=backups.exists,
            BackupVaultName=Sub(f"lms-${{{environment.suffix.title}}}-${{Unique}}", Unique=unique),
            EncryptionKeyArn=key.arn,
            LockConfiguration=If(
                locked,
                LockConfigurationType(
                    MinRetentionDays=LOCK_DAYS, ChangeableForDays=If(for_good, COOLING_OFF_DAYS, NoValue)
                ),
                NoValue,
            ),
        )
    )
    return Vault(Ref(vault), GetAtt(vault, "BackupVaultArn"), key, backups.exists)


def _rule(name: str, schedule: str, vault: Vault, days: Parameter) -> BackupRuleResourceType:
    return BackupRuleResourceType(
        RuleName=name,
        TargetBackupVault=vault.name,
        ScheduleExpression=schedule,
        StartWindowMinutes=60,
        CompletionWindowMinutes=720,
        Lifecycle=LifecycleResourceType(DeleteAfterDays=Ref(days)),
    )


def add_backup_role(
    t: Template, name: str, exists: str, vault: Vault, statements: list[Statement]
) -> tuple[AWSHelperFn, str]:
    """Add a role that AWS Backup takes on, which knows the vault and may do what the statements say."""
    role = add_role(t, f"{name}Role", assume_role("backup", says_for_whom=False), exists=exists)
    known = allow(["backup:CopyIntoBackupVault", "backup:DescribeBackupVault"], vault.arn)
    return GetAtt(role, "Arn"), add_policy(t, f"{name}Policy", role, known, *statements)


def _permissions(backups: Backups, files: Files, database: Database) -> list[Statement]:
    """What AWS Backup does to the two stores."""
    own = database.own
    ours = Sub("arn:${AWS::Partition}:rds:${AWS::Region}:${AWS::AccountId}:cluster-snapshot:awsbackup:*")
    return [
        # Which resources have the tag; it takes no resource.
        allow("tag:GetResources", "*"),
        allow(["elasticfilesystem:Backup", "elasticfilesystem:DescribeTags"], files.arn),
        OnlyIf(
            own.exists,
            allow(
                [
                    "rds:CreateDBClusterSnapshot",
                    "rds:DescribeDBClusterSnapshots",
                    "rds:DescribeDBClusters",
                    "rds:ListTagsForResource",
                ],
                [own.arn, ours],
            ),
        ),
        OnlyIf(
            own.exists,
            allow(
                ["rds:AddTagsToResource", "rds:DeleteDBClusterSnapshot", "rds:ModifyDBClusterSnapshotAttribute"],
                ours,
                conditions=[backups.no_neighbour],
            ),
        ),
    ]


def use_keys(vault: Key, files: Files, database: Database, *, files_when: str | None = None) -> list[Statement]:
    """Grants on the stores' keys for the services that read them, and the vault's key to write and read backups.

    Args:
        vault: the vault's key.
        files: the shared files.
        database: ours or an existing one, whose key is not ours to grant.
        files_when: the condition under which the files' key is used; always when None.
    """

    def of_files(statement: Statement) -> Statement:
        return statement if files_when is None else OnlyIf(files_when, statement)

    for_services = [Bool("kms:GrantIsForAWSResource", "true")]
    own = database.own
    return [
        allow(
            [
                "kms:Decrypt",
                "kms:DescribeKey",
                "kms:Encrypt",
                "kms:GenerateDataKey",
                "kms:GenerateDataKeyWithoutPlaintext",
            ],
            vault.arn,
        ),
        allow("kms:CreateGrant", vault.arn, conditions=for_services),
        of_files(allow("kms:DescribeKey", files.key.arn)),
        of_files(allow("kms:CreateGrant", files.key.arn, conditions=for_services)),
        OnlyIf(own.exists, allow("kms:DescribeKey", own.key.arn)),
        OnlyIf(own.exists, allow("kms:CreateGrant", own.key.arn, conditions=for_services)),
    ]


def _add_alarm(t: Template, backups: Backups, vault: Vault, topic: AlarmTopic) -> None:
    """Tell of a backup that failed, and of one that no metric counts as failed."""
    topic.tell(
        t,
        "BackupNotMade",
        backups.exists,
        "A backup into this stack's vault did not begin in its window, was stopped, or lacks a part: "
        "read the reason in the message, and in AWS Backup's list of jobs.",
        {
            "source": ["aws.backup"],
            "detail-type": ["Backup Job State Change"],
            "detail": {"state": ["EXPIRED", "ABORTED", "PARTIAL"], "backupVaultArn": [vault.arn]},
        },
    )
    t.add_resource(
        Alarm(
            "BackupAlarm",
            Condition=backups.exists,
            AlarmDescription="A backup into this stack's vault failed: the newest copy of files or database is older "
            "than it should be. AWS Backup's list of jobs says why.",
            Namespace="AWS/Backup",
            MetricName="NumberOfBackupJobsFailed",
            Dimensions=[MetricDimension(Name="BackupVaultName", Value=vault.name)],
            Statistic="Sum",
            Period=3600,
            EvaluationPeriods=1,
            ComparisonOperator="GreaterThanThreshold",
            Threshold=0,
            TreatMissingData="notBreaching",
            AlarmActions=[topic.arn],
        )
    )
