"""Restore testing, by parameter: once a month AWS Backup restores the newest backups, and deletes what it has restored.

A backup that nobody has ever restored is a hope. The restored copies stand in the data subnets, behind a group that
lets nothing in, under the stores' own keys; AWS Backup names what it restores `awsbackup-restore-test-…`. No backup of
a neighbour is restored, and no file system that is not encrypted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from awacs.aws import Bool, StringLike
from troposphere import And, Condition, Equals, GetAtt, Join, Ref, Split, Sub
from troposphere.backup import (
    RestoreTestingPlan,
    RestoreTestingRecoveryPointSelection,
    RestoreTestingSelection,
)

from templates.backup import add_backup_role, use_keys
from templates.backup_parameters import GROUP
from templates.interface import YES_NO, condition, parameter, rule
from templates.parts import part
from templates.policies import OnlyIf, allow
from templates.security_groups import group_id, security_group

if TYPE_CHECKING:
    from awacs.aws import Statement
    from troposphere import AWSHelperFn, Template

    from templates.backup import Vault
    from templates.backup_parameters import Backups
    from templates.database import Database
    from templates.files import Files
    from templates.network import Network
    from templates.tags import Environment
    from templates.topic import AlarmTopic

SCHEDULE = "cron(0 12 2 * ? *)"
"""In UTC, after the first monthly backup."""


@part("backup")
def add_restore_testing(
    t: Template,
    *,
    environment: Environment,
    network: Network,
    backups: Backups,
    vault: Vault,
    files: Files,
    database: Database,
    topic: AlarmTopic,
) -> None:
    """Add the plan, with a selection for the files and one for our own database; a test that fails tells."""
    asked = parameter(
        t,
        "RestoreTesting",
        group=GROUP,
        label="Restore every month for a test",
        description="yes: AWS Backup restores the newest backup of files and database on the second of each month, and "
        "deletes the copies again after four hours. Charged like any restore. Only with Backups=yes.",
        default="no",
        allowed_values=YES_NO,
        constraint="yes or no.",
    )
    sentence = "{} is given, but Backups is no: there would be no vault. Say yes, or leave it out."
    rule(
        t,
        "BackupsAreOn",
        when=Equals(Ref("Backups"), "no"),
        assertions=[
            (Equals(Ref(name), off), sentence.format(name))
            for name, off in (("RestoreTesting", "no"), ("BackupLock", "none"))
        ],
    )
    exists = condition(t, "TestsRestores", And(Condition(vault.exists), Equals(Ref(asked), "yes")))
    own = condition(t, "TestsDatabaseRestores", And(Condition(exists), Condition(database.own.exists)))
    guard = security_group(
        t, "RestoreTestSecurityGroup", description="Restored for a test", vpc=network.vpc, condition=own
    )
    role, policy = add_backup_role(
        t, "RestoreTest", exists, vault, [*_permissions(backups, database), *use_keys(vault.key, files, database)]
    )
    plan = t.add_resource(
        RestoreTestingPlan(
            "RestoreTestingPlan",
            Condition=exists,
            # Letters, digits and underscores are all that it may have.
            RestoreTestingPlanName=Join("_", ["lms", Join("_", Split("-", Ref(environment.suffix)))]),
            ScheduleExpression=SCHEDULE,
            StartWindowHours=4,
            RecoveryPointSelection=RestoreTestingRecoveryPointSelection(
                Algorithm="LATEST_WITHIN_WINDOW",
                IncludeVaults=[vault.arn],
                RecoveryPointTypes=["SNAPSHOT"],
                SelectionWindowDays=31,
            ),
        )
    )

    def select(name: str, kind: str, arn: AWSHelperFn, when: str, overrides: dict[str, AWSHelperFn]) -> None:
        t.add_resource(
            RestoreTestingSelection(
                f"RestoreTesting{name}",
                Condition=when,
                RestoreTestingPlanName=Ref(plan),
                RestoreTestingSelectionName=name.lower(),
                ProtectedResourceType=kind,
                ProtectedResourceArns=[arn],
                IamRoleArn=role,
                RestoreMetadataOverrides=overrides,
                ValidationWindowHours=4,
                DependsOn=policy,
            )
        )

    select("Files", "EFS", files.arn, exists, {"kmsKeyId": files.key.arn})
    # Without these it would look for a default VPC.
    inside = {
        "dbSubnetGroupName": database.own.subnet_group,
        "vpcSecurityGroupIds": Sub('["${Group}"]', Group=group_id(guard)),
    }
    select("Database", "Aurora", database.own.arn, own, inside)
    topic.tell(
        t,
        "RestoreTestFailed",
        exists,
        "A backup could not be restored for a test: nobody knows whether it can be when it must. Read "
        "the reason in the message, and in AWS Backup's list of restore jobs.",
        {
            "source": ["aws.backup"],
            "detail-type": ["Restore Job State Change"],
            "detail": {
                "status": ["FAILED", "ABORTED"],
                "restoreTestingPlanArn": [GetAtt(plan, "RestoreTestingPlanArn")],
            },
        },
    )


def _permissions(backups: Backups, database: Database) -> list[Statement]:
    """What AWS Backup does to what it restores: known by its name or its tag, since its id is not known before."""
    own = database.own
    file_systems = Sub("arn:${AWS::Partition}:elasticfilesystem:${AWS::Region}:${AWS::AccountId}:file-system/*")
    rds = "arn:${AWS::Partition}:rds:${AWS::Region}:${AWS::AccountId}:"
    return [
        allow("elasticfilesystem:CreateFileSystem", "*", conditions=[Bool("elasticfilesystem:Encrypted", "true")]),
        allow("elasticfilesystem:DescribeFileSystems", file_systems),
        allow(
            ["elasticfilesystem:DeleteFileSystem", "elasticfilesystem:Restore", "elasticfilesystem:TagResource"],
            file_systems,
            conditions=[StringLike("aws:ResourceTag/awsbackup-restore-test", "*")],
        ),
        OnlyIf(
            own.exists,
            allow(
                [
                    "rds:AddTagsToResource",
                    "rds:DeleteDBCluster",
                    "rds:DescribeDBClusterSnapshots",
                    "rds:DescribeDBClusters",
                    "rds:ListTagsForResource",
                    "rds:RestoreDBClusterFromSnapshot",
                ],
                [
                    Sub(f"{rds}cluster:awsbackup-restore-test-*"),
                    Sub(f"{rds}cluster-snapshot:awsbackup:*"),
                    Sub(f"{rds}subgrp:${{Name}}", Name=own.subnet_group),
                    Sub(f"{rds}cluster-pg:default.*"),
                    Sub(f"{rds}og:default:*"),
                ],
                conditions=[backups.no_neighbour],
            ),
        ),
    ]
