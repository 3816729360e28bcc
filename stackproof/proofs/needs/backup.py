"""What AWS Backup's roles need: to find, copy and keep the stores that a plan selects, and to restore them for a test.

Source: the policies that AWS itself gives such roles (AWSBackupServiceRolePolicyForBackup and …ForRestores), on the
template's own stores. File systems and databases of RDS are followed; what else a selection takes in is not judged.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stackproof.proofs import arns
from stackproof.proofs.model.backups import selects
from stackproof.proofs.model.iam import key_of, named, role_of
from stackproof.proofs.model.placement import each
from stackproof.proofs.needs.need import Need, Wanted, outside, something
from stackproof.proofs.tag_values import tags_of
from stackproof.proofs.values import Unknown, Value, at, show

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from stackproof.proofs.model.compute import Volume
    from stackproof.proofs.model.iam import Key
    from stackproof.proofs.needs.need import Scene
    from stackproof.proofs.resolve.stack import Resource

FILES, CLUSTER, INSTANCE, VAULT = (
    "AWS::EFS::FileSystem",
    "AWS::RDS::DBCluster",
    "AWS::RDS::DBInstance",
    "AWS::Backup::BackupVault",
)
KEEP_IN: Final = ("backup:CopyIntoBackupVault", "backup:DescribeBackupVault")
COPY_FILES: Final = ("elasticfilesystem:Backup", "elasticfilesystem:DescribeTags")
LABELS: Final = ("rds:AddTagsToResource", "rds:ListTagsForResource")
SNAPSHOTS: Final = {
    CLUSTER: ("cluster-snapshot", "DBClusterSnapshot", "DBClusters"),
    INSTANCE: ("snapshot", "DBSnapshot", "DBInstances"),
}
"""The kind of a database's snapshots, and what actions call them and the database."""
WITH_KEY: Final = ("kms:CreateGrant", "kms:DescribeKey")
INSIDE: Final = ("kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext")
FILE_SYSTEM: Final = ":file-system/"
"""In the ARN of a file system, of elsewhere too."""
RESTORED: Final = "awsbackup-restore-test-"
"""How the names of what is restored for a test begin; its tag has the same words."""


def backup_needs(scene: Scene) -> Iterator[Wanted]:
    """The needs of every role that AWS Backup takes on."""
    for selection in scene.stack.of_type("AWS::Backup::BackupSelection"):
        path = "Properties.BackupSelection.IamRoleArn"
        body = selection.properties.get("BackupSelection")
        working = _working(scene, selection, path, at(body, "IamRoleArn"), "back up what it selects")
        yield from _backups(scene, selection, working, body) if isinstance(working, Need) else working
    for selection in scene.stack.of_type("AWS::Backup::RestoreTestingSelection"):
        path = "Properties.IamRoleArn"
        working = _working(scene, selection, path, selection.properties.get("IamRoleArn"), "restore what it selects")
        yield from _restores(scene, selection, working) if isinstance(working, Need) else working


def _working(scene: Scene, selection: Resource, path: str, value: Value, purpose: str) -> Need | list[Wanted]:
    """The role at work; without one of this stack what there is to say about that."""
    role = role_of(scene.stack, value)
    if role is not None:
        return scene.as_role(selection.logical_id, path, role)._replace(otherwise="every job fails")
    return [] if value is None else [outside(selection.logical_id, path, value, purpose)]


def _backups(scene: Scene, selection: Resource, base: Need, body: Value) -> Iterator[Need]:
    stack = scene.stack
    tagged = at(body, "ListOfTags") is not None or at(body, "Conditions") is not None
    if tagged:
        yield base.to("find what has its tags", ("tag:GetResources",))
    vaults = _vaults(scene, stack.target(selection.properties.get("BackupPlanId")))
    for vault in vaults:
        yield base.to(f"keep backups in {vault.logical_id}", KEEP_IN, arns.arn(stack, vault), holder=vault.logical_id)
        yield from _with_key(scene, base, vault, "EncryptionKeyArn", inside=True)
    for store in stack.of_type(FILES, CLUSTER, INSTANCE):
        if vaults and selects(stack, body, store):
            yield from _copies(scene, base, store)
            yield from _with_key(scene, base, store, "KmsKeyId")

    if not tagged:
        return
    # A file system of elsewhere that the template mounts may carry the tags, too.
    for value in {show(volume.file_system): volume.file_system for volume in _mounted(scene)}.values():
        arn = scene.arn("elasticfilesystem", "file-system/", arns.expand(stack, value))
        yield base._replace(required=False).to(f"back up {show(value)}", COPY_FILES, arn)


def _mounted(scene: Scene) -> Iterator[Volume]:
    """Volumes on file systems that are none of this stack."""
    for task in scene.system.compute.tasks.values():
        for volume in task.volumes:
            if volume.file_system is not None and scene.stack.target(volume.file_system) is None:
                yield volume


def _vaults(scene: Scene, plan: Resource | None) -> list[Resource]:
    """The vaults of this stack that a plan's rules copy into."""
    rules = each(at(plan.properties, "BackupPlan", "BackupPlanRule")) if plan is not None else []
    found = [named(scene.stack, at(rule, "TargetBackupVault"), VAULT) for rule in rules]
    return list({vault.logical_id: vault for vault in found if vault is not None}.values())


def _copies(scene: Scene, base: Need, store: Resource) -> Iterator[Need]:
    """What is done to one store, and to its snapshots."""
    purpose, arn, owner = f"back up {store.logical_id}", arns.arn(scene.stack, store), store.logical_id
    if store.type == FILES:
        # Its own policy is for those who mount it.
        yield _tagged(base, store, tags_of(store)).to(purpose, COPY_FILES, arn)
        return
    kind, snapshot, database = SNAPSHOTS[store.type]
    copy = scene.arn("rds", f"{kind}:awsbackup:", something(f"a snapshot of {owner}"))
    there, fresh, copied = (_tagged(base, store, tags) for tags in (tags_of(store), {}, tags_of(store)))
    yield there.to(purpose, (f"rds:Create{snapshot}", f"rds:Describe{database}", LABELS[1]), arn)
    yield fresh.to(purpose, (f"rds:Create{snapshot}", LABELS[0]), copy)
    yield copied.to(purpose, (f"rds:Describe{snapshot}s", LABELS[1]), copy)
    yield copied.to(f"let backups of {owner} expire", (f"rds:Delete{snapshot}",), copy)
    # To share one, or to copy it to another vault, which nobody asks for here.
    more = (f"rds:Modify{snapshot}Attribute", f"rds:Copy{snapshot}")
    yield copied._replace(required=False).to(purpose, more, copy)
    yield there._replace(required=False).to(purpose, (f"rds:Describe{snapshot}s", *LABELS), arn)


def _tagged(base: Need, store: Resource, tags: Mapping[str, Value] | Unknown) -> Need:
    """A need of what has these tags, and of the store's own no others; AWS Backup copies those to snapshots."""
    known = tags_of(store)
    if isinstance(tags, Unknown) or isinstance(known, Unknown):
        return base
    keys = {f"aws:resourcetag/{key.lower()}": (tags[key],) if key in tags else () for key in known}
    return base.knowing(**keys)


def _with_key(
    scene: Scene, base: Need, store: Resource | None, name: str, *, inside: bool = False, given: Value = None
) -> Iterator[Need]:
    """The customer key of a store or vault: grants for the services that read it; in a vault Backup may use it itself.

    Args:
        scene: what needs are read from.
        base: the role.
        store: what is encrypted; None for what is none of this stack.
        name: the property that names its key.
        inside: whether AWS Backup may encrypt and decrypt with it by itself.
        given: another key that takes its place.
    """
    own = store.properties.get(name) if store is not None else None
    called = store.logical_id if store is not None else "what it restores"
    key = key_of(scene.stack, given if given is not None else own)
    if key is None or key.alias:
        return
    base = base._replace(gate="key").knowing(kms__grantisforawsresource=("true",))
    yield _of_key(base, f"use the key of {called}", WITH_KEY, key)
    if inside:
        yield _of_key(base._replace(required=False), f"encrypt in {called}", INSIDE, key)


def _of_key(base: Need, purpose: str, actions: tuple[str, ...], key: Key) -> Need:
    return base.to(purpose, actions, key.arn, holder=key.resource)


def _restores(scene: Scene, selection: Resource, base: Need) -> Iterator[Need]:
    """A test: the newest backup out of the plan's vaults, into a copy that is deleted again."""
    stack = scene.stack
    plan = named(stack, selection.properties.get("RestoreTestingPlanName"), "AWS::Backup::RestoreTestingPlan")
    included = each(at(plan.properties, "RecoveryPointSelection", "IncludeVaults")) if plan is not None else []
    for vault in (named(stack, value, VAULT) for value in included):
        if vault is not None:
            free = base._replace(required=False)
            arn = arns.arn(stack, vault)
            yield free.to(f"read backups in {vault.logical_id}", KEEP_IN, arn, holder=vault.logical_id)
            yield from _with_key(scene, base, vault, "EncryptionKeyArn", inside=True)
    overrides = selection.properties.get("RestoreMetadataOverrides")
    for value in each(selection.properties.get("ProtectedResourceArns")):
        store = named(stack, value, FILES) or named(stack, value, CLUSTER)
        if store is None and FILE_SYSTEM not in show(arns.expand(stack, value)):
            continue
        if store is not None and store.type == CLUSTER:
            yield from _cluster(scene, base, store, overrides)
        else:
            encrypted = at(overrides, "kmsKeyId") if store is None else store.properties.get("KmsKeyId")
            yield from _files(scene, base, encrypted=encrypted is not None)
        yield from _with_key(scene, base, store, "KmsKeyId", given=at(overrides, "kmsKeyId"))


def _files(scene: Scene, base: Need, *, encrypted: bool) -> Iterator[Need]:
    copy = scene.arn("elasticfilesystem", "file-system/", something("the restored file system"))
    actions = ("elasticfilesystem:DescribeFileSystems", "elasticfilesystem:Restore")
    base = base._replace(unnamed=True)
    restored = base.knowing(**{f"aws:resourcetag/{RESTORED[:-1]}": (something("the test"),)})
    made = base.knowing(elasticfilesystem__encrypted=("true",)) if encrypted else base
    yield made.to("restore files for a test", ("elasticfilesystem:CreateFileSystem",), copy)
    yield restored.to("restore files for a test", actions, copy)
    yield restored.to("delete what it has restored", ("elasticfilesystem:DeleteFileSystem",), copy)
    yield restored._replace(required=False).to("tag what it restores", ("elasticfilesystem:TagResource",), copy)


def _cluster(scene: Scene, base: Need, store: Resource, overrides: Value) -> Iterator[Need]:
    """RDS asks for the copy, its snapshot, and the groups that it is made with."""
    purpose = f"restore {store.logical_id} for a test"
    groups = at(overrides, "dbSubnetGroupName")
    groups = groups if groups is not None else store.properties.get("DBSubnetGroupName")
    copy = scene.arn("rds", f"cluster:{RESTORED}", something("the restored cluster"))
    snapshot = scene.arn("rds", "cluster-snapshot:awsbackup:", something(f"a snapshot of {store.logical_id}"))
    restore = ("rds:RestoreDBClusterFromSnapshot",)
    group = named(scene.stack, groups, "AWS::RDS::DBSubnetGroup")
    fresh, copied = _tagged(base, store, {}), _tagged(base, store, tags_of(store))
    yield fresh.to(purpose, restore, copy)
    yield copied.to(purpose, restore, snapshot)
    if groups is not None:
        given = base if group is None else _tagged(base, store, tags_of(group))
        yield given.to(purpose, restore, scene.arn("rds", "subgrp:", groups))
    for kind in ("cluster-pg:default.", "og:default:"):
        yield fresh.to(purpose, restore, scene.arn("rds", kind, something("a default group")))
    yield fresh.to(purpose, ("rds:DescribeDBClusters", *LABELS), copy)
    yield copied.to(purpose, ("rds:DescribeDBClusterSnapshots", LABELS[1]), snapshot)
    yield fresh.to("delete what it has restored", ("rds:DeleteDBCluster",), copy)
    yield copied._replace(required=False).to(purpose, LABELS, snapshot)
