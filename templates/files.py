"""Shared files: one encrypted file system that every task mounts, through one access point and nothing else.

Uploads and generated files live here, application code does not: it is in the image. Throughput is elastic, so that an
exam's rush does not run out of burst credits. Mount targets stand in the data subnets, one in each zone that a task may
run in.

A file system that exists, such as one that AWS Backup has restored, can take the place of the stack's own. Its policy,
life cycle and backups are then its owner's: CloudFormation has no way to set them from outside (docs/restore.md does).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from awacs.aws import Bool, StringNotLike
from troposphere import Equals, GetAtt, If, NoValue, Ref, Sub, encode_to_dict
from troposphere.efs import (
    AccessPoint,
    BackupPolicy,
    CreationInfo,
    FileSystem,
    LifecyclePolicy,
    MountTarget,
    PosixUser,
    RootDirectory,
)

from templates.interface import condition, output, parameter
from templates.parts import part
from templates.policies import ANYBODY, deny, document
from templates.security_groups import Endpoint, group_id, security_group

if TYPE_CHECKING:
    from typing import Any

    from troposphere import AWSHelperFn, Parameter, Template

    from templates.backup_parameters import Backups
    from templates.keys import Key
    from templates.network import Network

PORT = 2049
"""NFS, the only port that EFS listens on."""

GROUP = "Files"
OWN = "HasOwnFiles"

OWNER = "1000"
"""Everything in the access point belongs to this user and group, whoever the container runs as."""

_CLIENT = [
    "elasticfilesystem:ClientMount",
    "elasticfilesystem:ClientWrite",
    "elasticfilesystem:ClientRootAccess",
]


@dataclass(frozen=True)
class Files:
    """What the rest of the template may know about the shared files.

    Attributes:
        file_system: the file system's id.
        arn: its ARN, the resource that a client's role is allowed on.
        dns_name: where NFS clients find it from inside the VPC.
        access_point: the access point's id.
        access_point_arn: for the condition elasticfilesystem:AccessPointArn in a client's role.
        endpoint: security group and port that connect() opens.
        mount_targets: logical ids for DependsOn: a task in zone one or two cannot start before them.
        third_zone_ready: the same for the third zone, to be referred to (see Network.third_zone_ready).
        key: the key that encrypts the files.
    """

    file_system: AWSHelperFn
    arn: AWSHelperFn
    dns_name: AWSHelperFn
    access_point: AWSHelperFn
    access_point_arn: AWSHelperFn
    endpoint: Endpoint
    mount_targets: list[str]
    third_zone_ready: AWSHelperFn
    key: Key


@part("files")
def add_files(t: Template, *, network: Network, key: Key, backups: Backups) -> Files:
    """Add the file system with its access point, and a mount target in the data subnet of every zone."""
    existing, directory = _add_parameters(t)
    own = t.add_resource(
        FileSystem(
            "FileSystem",
            Condition=OWN,
            Encrypted=True,
            KmsKeyId=key.arn,
            PerformanceMode="generalPurpose",
            ThroughputMode="elastic",
            LifecyclePolicies=[
                LifecyclePolicy(TransitionToIA="AFTER_30_DAYS"),
                LifecyclePolicy(TransitionToArchive="AFTER_90_DAYS"),
                LifecyclePolicy(TransitionToPrimaryStorageClass="AFTER_1_ACCESS"),
            ],
            # A plan does it instead, where there is one.
            BackupPolicy=BackupPolicy(Status=If(backups.exists, "DISABLED", "ENABLED")),
            FileSystemTags=backups.tags,
            FileSystemPolicy=_policy(),
        )
    )
    file_system = If(OWN, Ref(own), Ref(existing))
    access_point = t.add_resource(
        AccessPoint(
            "FileAccessPoint",
            FileSystemId=file_system,
            PosixUser=PosixUser(Uid=OWNER, Gid=OWNER),
            RootDirectory=RootDirectory(
                Path=Ref(directory), CreationInfo=CreationInfo(OwnerUid=OWNER, OwnerGid=OWNER, Permissions="0750")
            ),
        )
    )
    group = security_group(t, "FilesSecurityGroup", description="Shared files: mount targets", vpc=network.vpc)
    for zone in (1, 2, 3):
        target = MountTarget(
            f"MountTarget{zone}",
            FileSystemId=file_system,
            SubnetId=network.data_subnet_of_zone[zone - 1],
            SecurityGroups=[group_id(group)],
        )
        if zone == 3:
            target.Condition = network.third_zone
        t.add_resource(target)
    dns_name = Sub("${Id}.efs.${AWS::Region}.${AWS::URLSuffix}", Id=file_system)
    theirs = Sub(
        "arn:${AWS::Partition}:elasticfilesystem:${AWS::Region}:${AWS::AccountId}:file-system/${Id}", Id=Ref(existing)
    )
    output(t, "FileSystemId", file_system, "Id of the shared file system")
    output(t, "FileSystemDnsName", dns_name, "Name of the shared file system inside the VPC")
    return Files(
        file_system=file_system,
        arn=If(OWN, GetAtt(own, "Arn"), theirs),
        dns_name=dns_name,
        access_point=Ref(access_point),
        access_point_arn=GetAtt(access_point, "Arn"),
        endpoint=Endpoint(group, PORT),
        mount_targets=["MountTarget1", "MountTarget2"],
        third_zone_ready=If(network.third_zone, Ref("MountTarget3"), NoValue),
        key=key,
    )


def _add_parameters(t: Template) -> tuple[Parameter, Parameter]:
    existing = parameter(
        t,
        "ExistingFileSystemId",
        group=GROUP,
        label="File system that exists",
        description="Id of an EFS file system of this account and region to use, such as a restored one; it must have "
        "no mount targets. Giving one to a running stack, or another one, changes what everybody's files are. Blank: "
        "this stack makes its own.",
        default="",
        pattern=r"^$|^fs-[0-9a-f]{8,40}$",
        constraint="The id of a file system, such as fs-0123456789abcdef0, or blank.",
    )
    directory = parameter(
        t,
        "FilesDirectory",
        group=GROUP,
        label="Directory of the files",
        description="Where the application's files lie in the file system; it is made where it is missing. AWS Backup "
        "restores into a directory of its own: then it is /aws-backup-restore_(date)/lms.",
        default="/lms",
        # EFS takes four levels at most.
        pattern=r"^(/[A-Za-z0-9._:-]{1,60}){1,4}$",
        max_length=100,
        constraint="An absolute path of at most four levels and 100 characters, such as /lms.",
    )
    condition(t, OWN, Equals(Ref(existing), ""))
    return existing, directory


def _policy() -> dict[str, Any]:
    """Who may not come in. Who may is said by the client's own role, which suffices inside one account.

    Having a policy at all shuts out clients without a role. The access point cannot be named here, since it needs the
    file system first; "any access point" can. A request that comes through none has no such key in it, and for a
    missing key the negated operator holds: denied.
    """
    access_points = Sub("arn:${AWS::Partition}:elasticfilesystem:${AWS::Region}:${AWS::AccountId}:access-point/*")
    policy: dict[str, Any] = encode_to_dict(
        document(
            deny(
                _CLIENT,
                principal=ANYBODY,
                conditions=[Bool("aws:SecureTransport", "false")],
                sid="DenyPlainTransport",
            ),
            deny(
                _CLIENT,
                principal=ANYBODY,
                conditions=[StringNotLike("elasticfilesystem:AccessPointArn", access_points)],
                sid="DenyWithoutAccessPoint",
            ),
        )
    )
    return policy
