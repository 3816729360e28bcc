"""Recovery points of stores, taken and waited for: by AWS Backup where the stack has a vault, else as a snapshot.

Only a database cluster can be left a snapshot; files without a vault are not copied, and that is said. A backup is
never stopped from here.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stackproof.deployment import runtask
from stackproof.deployment.waiting import Ended, Look
from stackproof.proofs.resolve.pseudo import partition_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from stackproof.deployment.aws import Aws
    from stackproof.deployment.stack import Resource, Stack
    from stackproof.steps import Backup

CLUSTER = "AWS::RDS::DBCluster"
# Service and resource part of an ARN, by type (Service Authorization Reference, "Resource types").
_ARNS = {
    "AWS::DynamoDB::Table": ("dynamodb", "table/{}"),
    "AWS::EFS::FileSystem": ("elasticfilesystem", "file-system/{}"),
    CLUSTER: ("rds", "cluster:{}"),
    "AWS::RDS::DBInstance": ("rds", "db:{}"),
}
_UNFINISHED = {"CREATED", "PENDING", "RUNNING", "ABORTING"}
# Characters of the name of a cluster snapshot: 63 at most, and a part of a token that makes it unique.
_LONGEST_NAME, _UNIQUE = 63, 12


@dataclass(frozen=True)
class Job:
    """One recovery point that is being taken.

    Attributes:
        store: logical id.
        id: of AWS Backup's job, or of the snapshot.
        is_snapshot: RDS takes it.
    """

    store: str
    id: str
    is_snapshot: bool


def taken(backup: Backup, types: Mapping[str, str], outputs: Collection[str]) -> tuple[list[str], list[str]]:
    """Of which stores a recovery point can be taken.

    Args:
        backup: as it is wanted.
        types: logical id → type, of what the stack has.
        outputs: names of the outputs that the stack has.

    Returns:
        Their logical ids, and a sentence for each of the others.
    """
    has_vault = backup.vault in outputs
    stores, left = [], []
    for name in backup.stores:
        if name not in types:
            left.append(f"the stack has no {name}: whoever has that store backs it up")
        elif not has_vault and types[name] != CLUSTER:
            left.append(f"without a vault, {name} is not backed up here")
        else:
            stores.append(name)
    return stores, left


def start(account: Aws, existing: Stack, found: Mapping[str, Resource], backup: Backup, request: str) -> list[Job]:
    """Start what `taken` says; the same request twice is the same recovery points."""
    stores, _ = taken(backup, {name: each.type for name, each in found.items()}, existing.outputs)
    if backup.vault not in existing.outputs:
        return [_snapshot(account, existing, found[name], request) for name in stores]
    role = runtask.output(existing, backup.role)
    jobs = []
    for name in stores:
        answer = account.backup.start_backup_job(
            BackupVaultName=existing.outputs[backup.vault],
            ResourceArn=_arn(account, found[name]),
            IamRoleArn=role,
            IdempotencyToken=f"{request}-{name}",
            Lifecycle={"DeleteAfterDays": backup.days},
        )
        jobs.append(Job(name, answer["BackupJobId"], is_snapshot=False))
    return jobs


def _snapshot(account: Aws, existing: Stack, cluster: Resource, request: str) -> Job:
    stem = re.sub("-+", "-", existing.name)[: _LONGEST_NAME - _UNIQUE - 1].rstrip("-")
    name = f"{stem}-{request[:_UNIQUE]}".lower()
    # An earlier run may have asked for it and not heard the answer.
    with suppress(account.rds.exceptions.DBClusterSnapshotAlreadyExistsFault):
        account.rds.create_db_cluster_snapshot(
            DBClusterSnapshotIdentifier=name, DBClusterIdentifier=cluster.physical_id
        )
    return Job(cluster.logical_id, name, is_snapshot=True)


def _arn(account: Aws, store: Resource) -> str:
    service, resource = _ARNS[store.type]
    place = f"{service}:{account.region}:{account.account}"
    return f"arn:{partition_of(account.region)[0]}:{place}:{resource.format(store.physical_id)}"


def look(account: Aws, jobs: Sequence[Job], points: dict[str, str]) -> Look:
    """See how far recovery points are.

    Args:
        account: where.
        jobs: as they were started.
        points: logical id of a store → its recovery point; those that are there are added.
    """
    waits, failed = [], []
    for job in jobs:
        state, reason, progress, point = (_of_snapshot if job.is_snapshot else _of_job)(account, job.id)
        if state in _UNFINISHED:
            waits.append(f"{job.store} {progress} %")
        elif state != "COMPLETED":
            failed.append(f"{job.store}: {state}: {reason or 'AWS gives no reason'}")
        else:
            points[job.store] = point
    if waits:
        return Look(", ".join(waits))
    return Look("FAILED" if failed else "COMPLETED", ended=Ended(None, "; ".join(failed), not failed))


def _of_job(account: Aws, job: str) -> tuple[str, str, str, str]:
    """State, reason, percent done, and the recovery point."""
    found = account.backup.describe_backup_job(BackupJobId=job)
    percent = str(found.get("PercentDone") or "0").partition(".")[0]
    return found["State"], found.get("StatusMessage", ""), percent, found.get("RecoveryPointArn", "")


def _of_snapshot(account: Aws, name: str) -> tuple[str, str, str, str]:
    """The same of a snapshot, in the words of AWS Backup."""
    (found,) = account.rds.describe_db_cluster_snapshots(DBClusterSnapshotIdentifier=name)["DBClusterSnapshots"]
    status = found["Status"]
    state = {"available": "COMPLETED", "creating": "RUNNING"}.get(status, status)
    return state, "", str(found.get("PercentProgress", 0)), found["DBClusterSnapshotArn"]


def ways_back(
    points: Mapping[str, str], types: Mapping[str, str], restore: Mapping[str, str], kept: Mapping[str, str], plan: str
) -> list[str]:
    """The commands that bring the stores back to their recovery points, and the parameters to what they were.

    Args:
        points: logical id → recovery point.
        types: logical id → type.
        restore: logical id → the parameter that makes a store begin from a recovery point.
        kept: parameters as they were before.
        plan: the command that plans.
    """
    own = {restore[store]: point for store, point in points.items() if store in restore}
    words = " ".join(f"--set {name}={value}" for name, value in {**kept, **own}.items())
    commands = [f"{plan} {words} --out restore.json"] if own else []
    for store, point in points.items():
        if store in restore:
            continue
        if types.get(store) == CLUSTER:
            commands.append(
                "aws rds restore-db-cluster-from-snapshot --db-cluster-identifier NEW --engine ENGINE "
                f"--snapshot-identifier {point}"
            )
        else:
            commands.append(
                f"aws backup start-restore-job --recovery-point-arn {point} --iam-role-arn ROLE "
                "--metadata file://METADATA.json"
            )
    return commands
