"""Shared files: encrypted, reachable from every zone, through the access point alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stackproof.configuration import check_configuration
from tests.templates_support import references, statements

if TYPE_CHECKING:
    from tests.templates_support import Emitted

CLIENT = {
    "elasticfilesystem:ClientMount",
    "elasticfilesystem:ClientWrite",
    "elasticfilesystem:ClientRootAccess",
}


def denial(lms: Emitted, sid: str) -> dict[str, dict[str, dict[str, str]]]:
    (found,) = [s for s in statements(lms.resources["FileSystem"]) if s["Sid"] == sid]
    assert found["Effect"] == "Deny"
    assert found["Principal"] == {"AWS": "*"}
    assert set(found["Action"]) == CLIENT
    return found


def test_encrypted_with_its_own_key(lms: Emitted) -> None:
    file_system = lms.resources["FileSystem"]
    assert file_system["Encrypted"] is True
    assert file_system["KmsKeyId"] == "${FilesKey.Arn}"


def test_throughput_follows_the_load(lms: Emitted) -> None:
    """Bursting throughput runs out of credits in the middle of an exam."""
    file_system = lms.resources["FileSystem"]
    assert (file_system["ThroughputMode"], file_system["PerformanceMode"]) == ("elastic", "generalPurpose")


def test_cold_files_move_to_cheaper_storage_and_come_back_when_read(lms: Emitted) -> None:
    moves = {name: when for policy in lms.resources["FileSystem"]["LifecyclePolicies"] for name, when in policy.items()}
    assert moves == {
        "TransitionToIA": "AFTER_30_DAYS",
        "TransitionToArchive": "AFTER_90_DAYS",
        "TransitionToPrimaryStorageClass": "AFTER_1_ACCESS",
    }


def test_backed_up(lms: Emitted) -> None:
    assert lms.resources["FileSystem"]["BackupPolicy"] == {"Status": "ENABLED"}


@pytest.mark.parametrize("zones", [2, 3])
def test_a_mount_target_in_every_zone_that_a_task_may_run_in(lms: Emitted, zones: int) -> None:
    template = lms.with_parameters(ZoneCount=zones)
    targets = template.of_type("AWS::EFS::MountTarget").values()
    zone_of = {f"${{{name}}}": s["AvailabilityZone"] for name, s in template.of_type("AWS::EC2::Subnet").items()}
    tasks = {zone_of[f"${{PrivateSubnet{zone}}}"] for zone in range(1, zones + 1)}
    assert sorted(zone_of[target["SubnetId"]] for target in targets) == sorted(tasks)
    for target in targets:
        assert target["SubnetId"].startswith("${DataSubnet")
        assert target["SecurityGroups"] == ["${FilesSecurityGroup.GroupId}"]


def test_tasks_mount_over_nfs_alone(lms: Emitted) -> None:
    rules = [
        (rule["SourceSecurityGroupId"], rule["FromPort"])
        for rule in lms.of_type("AWS::EC2::SecurityGroupIngress").values()
        if rule["GroupId"] == "${FilesSecurityGroup.GroupId}"
    ]
    assert rules == [("${TasksSecurityGroup.GroupId}", 2049)]


def test_plain_transport_is_denied(lms: Emitted) -> None:
    assert denial(lms, "DenyPlainTransport")["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_a_mount_that_comes_through_no_access_point_is_denied(lms: Emitted) -> None:
    """The negated operator holds for a missing key, which is what a mount without an access point has."""
    assert denial(lms, "DenyWithoutAccessPoint")["Condition"] == {
        "StringNotLike": {
            "elasticfilesystem:AccessPointArn": "arn:aws:elasticfilesystem:sa-east-1:111122223333:access-point/*"
        }
    }


def test_the_policy_lets_nobody_in_by_itself(lms: Emitted) -> None:
    """Who may mount is said by the client's own role; a policy at all shuts out clients without one."""
    assert {s["Effect"] for s in statements(lms.resources["FileSystem"])} == {"Deny"}


def test_the_policy_refers_to_no_resource(lms: Emitted) -> None:
    """The access point needs the file system, whose property the policy is: to name it would be a circle."""
    policy = lms.resources["FileSystem"].body["Properties"]["FileSystemPolicy"]
    assert not references(policy) & lms.body["Resources"].keys()


def test_the_access_point_has_a_directory_and_an_owner_of_its_own(lms: Emitted) -> None:
    access_point = lms.resources["FileAccessPoint"]
    root, user = access_point["RootDirectory"], access_point["PosixUser"]
    assert access_point["FileSystemId"] == "${FileSystem}"
    assert root["Path"] not in {"", "/"}
    assert (root["CreationInfo"]["OwnerUid"], root["CreationInfo"]["OwnerGid"]) == (user["Uid"], user["Gid"])
    assert user["Uid"] != "0"
    assert root["CreationInfo"]["Permissions"].endswith("0")


def test_outputs(lms: Emitted) -> None:
    assert lms.outputs["FileSystemId"] == "${FileSystem}"
    assert lms.outputs["FileSystemDnsName"] == "${FileSystem}.efs.sa-east-1.amazonaws.com"


class TestExistingFileSystem:
    ID = "fs-0123456789abcdef0"

    @pytest.fixture
    def given(self, lms: Emitted) -> Emitted:
        return lms.with_parameters(ExistingFileSystemId=self.ID, FilesDirectory="/aws-backup-restore_2026-11-24/lms")

    def test_takes_the_place_of_the_stacks_own(self, given: Emitted) -> None:
        assert not given.of_type("AWS::EFS::FileSystem")
        targets = given.of_type("AWS::EFS::MountTarget", "AWS::EFS::AccessPoint").values()
        assert {target["FileSystemId"] for target in targets} == {self.ID}
        [volume] = given.resources["TaskDefinition"]["Volumes"]
        assert volume["EFSVolumeConfiguration"]["FilesystemId"] == self.ID
        assert given.outputs["FileSystemId"] == self.ID
        assert given.outputs["FileSystemDnsName"] == f"{self.ID}.efs.sa-east-1.amazonaws.com"

    def test_is_what_the_task_may_mount(self, given: Emitted) -> None:
        arn = f"arn:aws:elasticfilesystem:sa-east-1:111122223333:file-system/{self.ID}"
        [mount] = [
            s for s in statements(given.resources["TaskPolicy"]) if "elasticfilesystem:ClientMount" in s["Action"]
        ]
        assert mount["Resource"] == [arn]

    def test_a_restored_directory_is_the_root_of_the_access_point(self, given: Emitted, lms: Emitted) -> None:
        assert given.resources["FileAccessPoint"]["RootDirectory"]["Path"] == "/aws-backup-restore_2026-11-24/lms"
        assert lms.resources["FileAccessPoint"]["RootDirectory"]["Path"] == "/lms"

    def test_its_key_stays_for_what_is_restored_with_it(self, given: Emitted) -> None:
        assert "FilesKey" in given.resources

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("ExistingFileSystemId", "lms"),
            ("ExistingFileSystemId", "fsap-0123456789abcdef0"),
            ("FilesDirectory", "lms"),
            ("FilesDirectory", "/"),
            ("FilesDirectory", "/a/b/c/d/e"),
            ("FilesDirectory", "/" + "a/" * 3 + "b" * 120),
        ],
    )
    def test_what_could_never_work_is_refused(self, lms: Emitted, name: str, value: str) -> None:
        found = check_configuration(lms.body, {"Parameters": {name: value}}, "params/x.json")
        assert found
        assert all(name in str(fault) for fault in found)
