"""Recovery points: what is asked of AWS Backup and of RDS, how far they are, and the ways back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.stub import Stubber

from stackproof.deployment import aws, recovery
from stackproof.deployment.recovery import Job
from stackproof.deployment.stack import Resource
from stackproof.deployment.waiting import Ended, Look
from stackproof.errors import RefusedError
from stackproof.steps import Backup
from tests.unit.stackproof.deployment.builders import stack

if TYPE_CHECKING:
    from collections.abc import Iterator

STORES = ("Database", "Files", "Table", "Instance")
TYPES = {
    "Database": "AWS::RDS::DBCluster",
    "Files": "AWS::EFS::FileSystem",
    "Table": "AWS::DynamoDB::Table",
    "Instance": "AWS::RDS::DBInstance",
}
FOUND = {name: Resource(name, f"{name.lower()}-1", kind, "CREATE_COMPLETE") for name, kind in TYPES.items()}
BACKUP = Backup(STORES, "Vault", "Role", 7)
ROLE = "arn:aws:iam::111111111111:role/backup"
REQUEST = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> aws.Aws:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "111111111111")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    return aws.Aws(boto3.Session(region_name="cn-north-1"), "111111111111", "arn:me", "cn-north-1")


@pytest.fixture
def vault(account: aws.Aws) -> Iterator[Stubber]:
    with Stubber(account.backup) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


@pytest.fixture
def rds(account: aws.Aws) -> Iterator[Stubber]:
    with Stubber(account.rds) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def test_each_store_is_backed_up_by_its_arn_into_the_vault(account: aws.Aws, vault: Stubber) -> None:
    arns = ("rds:{}:cluster:database-1", "elasticfilesystem:{}:file-system/files-1", "dynamodb:{}:table/table-1")
    for name, arn in zip(STORES, (*arns, "rds:{}:db:instance-1"), strict=True):
        wanted = {
            "BackupVaultName": "lms",
            "ResourceArn": f"arn:aws-cn:{arn.format('cn-north-1:111111111111')}",
            "IamRoleArn": ROLE,
            "IdempotencyToken": f"{REQUEST}-{name}",
            "Lifecycle": {"DeleteAfterDays": 7},
        }
        vault.add_response("start_backup_job", {"BackupJobId": f"job-{name}"}, wanted)
    existing = stack(outputs={"Vault": "lms", "Role": ROLE})
    jobs = recovery.start(account, existing, FOUND, BACKUP, REQUEST)
    assert jobs == [Job(name, f"job-{name}", is_snapshot=False) for name in STORES]


def test_a_vault_without_a_role_is_refused(account: aws.Aws) -> None:
    with pytest.raises(RefusedError, match="lms-dev has no output Role; it has Vault"):
        recovery.start(account, stack(outputs={"Vault": "lms"}), FOUND, BACKUP, REQUEST)


@pytest.mark.parametrize(
    ("name", "snapshot"), [("Lms--Dev", "lms-dev-0123456789ab"), ("a" * 49 + "-b", "a" * 49 + "-0123456789ab")]
)
@pytest.mark.parametrize("is_there", [False, True])
def test_without_a_vault_a_cluster_is_left_a_snapshot_once(
    name: str, snapshot: str, is_there: bool, account: aws.Aws, rds: Stubber
) -> None:
    wanted = {"DBClusterSnapshotIdentifier": snapshot, "DBClusterIdentifier": "database-1"}
    if is_there:
        code = "DBClusterSnapshotAlreadyExistsFault"
        rds.add_client_error("create_db_cluster_snapshot", code, expected_params=wanted)
    else:
        rds.add_response("create_db_cluster_snapshot", {}, wanted)
    jobs = recovery.start(account, stack(name=name), FOUND, BACKUP, REQUEST)
    assert jobs == [Job("Database", snapshot, is_snapshot=True)]


def test_what_has_no_recovery_point_is_said() -> None:
    only = {"Files": TYPES["Files"]}
    assert recovery.taken(Backup(("Database", "Files"), "Vault", "Role"), only, ["Vault"]) == (
        ["Files"],
        ["the stack has no Database: whoever has that store backs it up"],
    )
    assert recovery.taken(Backup(("Files",)), only, [])[1] == ["without a vault, Files is not backed up here"]


def described(vault: Stubber, job: str, **answer: Any) -> None:
    vault.add_response("describe_backup_job", answer, {"BackupJobId": job})


JOBS = [Job("Database", "one", is_snapshot=False), Job("Files", "two", is_snapshot=False)]


def test_they_are_looked_at_until_the_last_one_is_there(account: aws.Aws, vault: Stubber) -> None:
    points: dict[str, str] = {}
    described(vault, "one", State="COMPLETED", RecoveryPointArn="arn:one")
    described(vault, "two", State="RUNNING", PercentDone="41.5")
    assert recovery.look(account, JOBS, points) == Look("Files 41 %")
    described(vault, "one", State="CREATED")
    described(vault, "two", State="PENDING")
    assert recovery.look(account, JOBS, points) == Look("Database 0 %, Files 0 %")
    for job in ("one", "two"):
        described(vault, job, State="COMPLETED", RecoveryPointArn=f"arn:{job}")
    assert recovery.look(account, JOBS, points) == Look("COMPLETED", ended=Ended(None, "", True))
    assert points == {"Database": "arn:one", "Files": "arn:two"}


def test_one_that_fails_is_told_when_all_have_ended(account: aws.Aws, vault: Stubber) -> None:
    described(vault, "one", State="EXPIRED")
    described(vault, "two", State="FAILED", StatusMessage="no such role")
    ended = recovery.look(account, JOBS, {}).ended
    assert ended == Ended(None, "Database: EXPIRED: AWS gives no reason; Files: FAILED: no such role", False)


@pytest.mark.parametrize(
    ("status", "look"),
    [
        ("creating", Look("Database 30 %")),
        ("available", Look("COMPLETED", ended=Ended(None, "", True))),
        ("failed", Look("FAILED", ended=Ended(None, "Database: failed: AWS gives no reason", False))),
    ],
)
def test_a_snapshot_is_told_in_the_same_words(status: str, look: Look, account: aws.Aws, rds: Stubber) -> None:
    found = {"Status": status, "PercentProgress": 30, "DBClusterSnapshotArn": "arn:snapshot"}
    answer = {"DBClusterSnapshots": [found]}
    rds.add_response("describe_db_cluster_snapshots", answer, {"DBClusterSnapshotIdentifier": "lms-1"})
    points: dict[str, str] = {}
    assert recovery.look(account, [Job("Database", "lms-1", is_snapshot=True)], points) == look
    assert points == ({"Database": "arn:snapshot"} if status == "available" else {})


def test_the_ways_back_are_a_plan_of_ours_or_commands_of_aws() -> None:
    points = {"Database": "arn:one", "Files": "arn:two"}
    kept = {"Image": "1"}
    ours = "deploy plan --set Image=1 --set Snapshot=arn:one --out restore.json"
    files = (
        "aws backup start-restore-job --recovery-point-arn arn:two --iam-role-arn ROLE --metadata file://METADATA.json"
    )
    assert recovery.ways_back(points, TYPES, {"Database": "Snapshot"}, kept, "deploy plan") == [ours, files]
    by_hand = (
        "aws rds restore-db-cluster-from-snapshot --db-cluster-identifier NEW --engine ENGINE --snapshot-identifier"
    )
    assert recovery.ways_back(points, TYPES, {}, kept, "deploy plan") == [f"{by_hand} arn:one", files]
