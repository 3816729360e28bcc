"""What an application does with its task role: its files, and sessions in its containers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stackproof.proofs.verdicts import Verdict
from tests.unit.stackproof.proofs.network_support import CONTAINER, add, att, put, ref, resource, without
from tests.unit.stackproof.proofs.permissions_support import (
    CHANNELS,
    STATEMENT,
    VOLUME,
    allow,
    changed,
    complaints,
    document,
    findings,
    key,
    statements,
    sub,
    the,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.stackproof.proofs.permissions_support import Template

    Change = Callable[[Template], None]


def test_a_file_system_without_a_policy_lets_in_whoever_reaches_it() -> None:
    template = changed(put("FileSystem", "FileSystemPolicy", None), put("Task", f"{VOLUME}.TransitEncryption", None))
    assert complaints(template) == []
    proof = next(one for one in findings(template) if "mount the volume" in one.message)
    assert proof.message.endswith("is allowed since no policy stands in the way.")


def test_a_file_system_policy_that_lets_everybody_in_makes_a_role_unnecessary() -> None:
    opened = allow(
        "elasticfilesystem:Client*",
        Principal={"AWS": "*"},
        Condition={"Bool": {"elasticfilesystem:AccessedViaMountTarget": "true"}},
    )
    template = changed(
        put("FileSystem", "FileSystemPolicy", document(opened)),
        put("Task", VOLUME, {"FilesystemId": ref("FileSystem")}),
        statements("TaskRole", allow(CHANNELS, "*"), inline=True),
    )
    assert complaints(template) == []


def test_files_that_are_only_read_need_no_right_to_write() -> None:
    template = changed(
        put("Task", f"{CONTAINER}.MountPoints.0.ReadOnly", True),
        put("TaskRole", f"Policies.0.{STATEMENT}.0.Action", "elasticfilesystem:ClientMount"),
    )
    assert complaints(template) == []


def test_encryption_that_is_not_known_leaves_the_mount_unknown() -> None:
    template = changed(put("Task", f"{VOLUME}.TransitEncryption", ref("Given")))
    template["Parameters"] = {"Given": {"Type": "String"}}
    assert {one.verdict for one in complaints(template)} == {Verdict.UNKNOWN}


def test_a_file_system_from_elsewhere_may_let_everybody_in() -> None:
    def template(*changes: Change) -> Template:
        return changed(
            put("Task", VOLUME, {"FilesystemId": "fs-1", "AuthorizationConfig": {"IAM": "ENABLED"}}), *changes
        )

    found = [one for one in complaints(template()) if one.id == "iam-allowed"]
    assert {one.verdict for one in found} == {Verdict.UNKNOWN}
    assert "the policy of the file system fs-1 stands outside of the template" in found[0].message
    there = sub("arn:aws:elasticfilesystem:${AWS::Region}:${AWS::AccountId}:file-system/fs-1")
    actions = [f"elasticfilesystem:Client{name}" for name in ("Mount", "Write", "RootAccess")]
    granted = statements("TaskRole", allow(actions, there), allow(CHANNELS, "*"), inline=True)
    assert complaints(template(granted)) == []


@pytest.mark.parametrize(
    ("change", "verdict", "says"),
    [
        (put("Task", "TaskRoleArn", None), Verdict.BROKEN, "Service has ECS Exec on, but Task has no task role"),
        (put("Task", "TaskRoleArn", "arn:aws:iam::1:role/x"), Verdict.UNKNOWN, "open a session by ECS Exec"),
        (put("Service", "EnableExecuteCommand", ref("Given")), Verdict.UNKNOWN, "needs the channels of ECS Exec"),
    ],
)
def test_exec_without_a_role_that_can_be_judged(change: Change, verdict: Verdict, says: str) -> None:
    template = changed(change, put("Task", "Volumes", None), put("Task", f"{CONTAINER}.MountPoints", None))
    template["Parameters"] = {"Given": {"Type": "String"}}
    (found,) = (one for one in complaints(template) if says in one.message)
    assert found.verdict is verdict


def test_tasks_that_no_service_runs_may_have_exec_turned_on_by_hand() -> None:
    assert complaints(changed(without("Service"))) == []
    bare = changed(without("Service", "TaskRole"), put("Task", "TaskRoleArn", None), put("Task", "Volumes", None))
    assert complaints(bare) == []


def _logged(*granted: object, prefix: str | None = "exec") -> Template:
    logging: dict[str, object] = {"CloudWatchLogGroupName": ref("Sessions"), "S3BucketName": ref("Recordings")}
    if prefix:
        logging["S3KeyPrefix"] = prefix
    settings = {"KmsKeyId": att("SessionKey", "Arn"), "LogConfiguration": logging}
    return changed(
        add(
            SessionKey=key(),
            Sessions=resource("Logs::LogGroup", LogGroupName="/exec"),
            Recordings=resource("S3::Bucket", BucketName="recordings"),
        ),
        put("Cluster", "Configuration", {"ExecuteCommandConfiguration": settings}),
        lambda resources: resources["TaskRole"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"].extend(
            granted
        ),
    )


LOG_SESSIONS = (
    allow("kms:Decrypt", att("SessionKey", "Arn")),
    allow("logs:DescribeLogGroups", "*"),
    allow(["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"], att("Sessions", "Arn")),
    allow("s3:PutObject", "arn:aws:s3:::recordings/exec/*"),
    allow("s3:GetEncryptionConfiguration", att("Recordings", "Arn")),
)


def test_sessions_are_logged_and_encrypted_by_the_task_role() -> None:
    assert complaints(_logged(*LOG_SESSIONS)) == []
    whole = [*LOG_SESSIONS[:3], allow("s3:PutObject", "arn:aws:s3:::recordings/*"), LOG_SESSIONS[4]]
    assert complaints(_logged(*whole, prefix=None)) == []


@pytest.mark.parametrize(
    ("index", "rule", "missing"),
    [
        (0, "iam-key", "kms:Decrypt"),
        (1, "iam-allowed", "logs:DescribeLogGroups on *"),
        (2, "iam-allowed", "logs:CreateLogStream, logs:DescribeLogStreams, logs:PutLogEvents"),
        (3, "iam-allowed", "s3:PutObject"),
        (4, "iam-allowed", "s3:GetEncryptionConfiguration"),
    ],
)
def test_each_part_of_logged_sessions_needs_its_right(index: int, rule: str, missing: str) -> None:
    found = the(_logged(*(one for number, one in enumerate(LOG_SESSIONS) if number != index)))
    assert (found.id, found.verdict) == (rule, Verdict.BROKEN)
    assert found.message.startswith("Cluster cannot ")
    assert f"TaskRole may not {missing}" in found.message


def test_a_cluster_from_elsewhere_logs_where_nobody_here_knows() -> None:
    assert complaints(changed(put("Service", "Cluster", "default"), without("Cluster"))) == []


def test_a_volume_of_another_kind_needs_nothing() -> None:
    scratch = {"Name": "scratch"}
    volumes = [scratch, changed()["Resources"]["Task"]["Properties"]["Volumes"][0]]
    assert complaints(changed(put("Task", "Volumes", volumes))) == []
