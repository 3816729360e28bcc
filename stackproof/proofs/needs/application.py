"""What the application's own role needs for what the template gives it: its files, and ECS Exec."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stackproof.proofs import arns
from stackproof.proofs.model.iam import key_of, role_of
from stackproof.proofs.needs.need import Doubt, Missing, Need, Wanted, outside, something
from stackproof.proofs.values import Scalar, Value, at, join, show

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stackproof.proofs.model.compute import Service, TaskDefinition, Volume
    from stackproof.proofs.needs.need import Scene
    from stackproof.proofs.resolve.stack import Resource

MOUNT, WRITE, AS_ROOT = (f"elasticfilesystem:Client{name}" for name in ("Mount", "Write", "RootAccess"))
CHANNELS: Final = tuple(
    f"ssmmessages:{name}"
    for name in ("CreateControlChannel", "CreateDataChannel", "OpenControlChannel", "OpenDataChannel")
)
TASK: Final = "Properties.TaskRoleArn"


def application_needs(scene: Scene) -> Iterator[Wanted]:
    """The needs of every task role."""
    for task in scene.system.compute.tasks.values():
        for volume in task.volumes:
            if volume.file_system is not None:
                yield from _volume(scene, task, volume)
    services = scene.system.compute.services.values()
    for service in services:
        if service.exec is not False and service.task is not None:
            yield from _exec(scene, service, scene.system.compute.tasks[service.task])
    for name in scene.system.compute.tasks.keys() - {service.task for service in services}:
        yield from _exec_by_hand(scene, scene.system.compute.tasks[name])


def _volume(scene: Scene, task: TaskDefinition, volume: Volume) -> Iterator[Wanted]:
    """A mount of EFS: by the task role where IAM authorizes it, else by nobody in particular."""
    path = f"{volume.path}.EFSVolumeConfiguration"
    purpose = f"mount the volume {show(volume.name)}"
    if volume.iam is not True:
        yield from _mount(scene, task, volume, scene.as_anybody(task.logical_id, path, "anonymous"))
        return
    role = role_of(scene.stack, task.task_role)
    if role is not None:
        yield from _mount(scene, task, volume, scene.as_role(task.logical_id, path, role))
    elif task.task_role is not None:
        yield outside(task.logical_id, TASK, task.task_role, purpose)
    else:
        where = f"{path}.AuthorizationConfig.IAM"
        message = f"{task.logical_id} cannot {purpose}: IAM authorizes it, and the task has no role."
        yield Missing(task.logical_id, where, message, "Add TaskRoleArn, with a role that may mount it.")


def _mount(scene: Scene, task: TaskDefinition, volume: Volume, base: Need) -> Iterator[Need]:
    """One mount, and writing to it unless every container mounts it read-only."""
    stack, name = scene.stack, show(volume.name)
    target = stack.target(volume.file_system)
    ours = target is not None and target.type == "AWS::EFS::FileSystem"
    file_system = target.logical_id if target is not None and ours else None
    spelled = arns.expand(stack, volume.file_system)
    resource = scene.arn("elasticfilesystem", "file-system/", spelled)
    base = base._replace(open=ours and not scene.access.on(file_system), otherwise="no task starts")
    if not ours:
        base = base._replace(doubt=f"the policy of the file system {show(spelled)} stands outside of the template")
    point: tuple[Value, ...] = ()
    if volume.access_point is not None:
        point = (scene.arn("elasticfilesystem", "access-point/", arns.expand(stack, volume.access_point)),)
    base = base.knowing(elasticfilesystem__accesspointarn=point, elasticfilesystem__accessedviamounttarget=("true",))
    encrypted: tuple[Value, ...] = (str(volume.encrypted).lower(),)
    if volume.encrypted is None:
        encrypted = (something("TransitEncryption"),)
    base = base.knowing(aws__securetransport=encrypted)
    yield base.to(f"mount the volume {name}", (MOUNT,), resource, holder=file_system)
    written = base.to(f"write to the volume {name}", (WRITE,), resource, holder=file_system)
    yield written._replace(required=_written(task, volume), otherwise="every write fails")
    if not point:
        as_root = base.to(f"be root on the volume {name}", (AS_ROOT,), resource, holder=file_system)
        yield as_root._replace(required=False)


def _written(task: TaskDefinition, volume: Volume) -> bool:
    """Does any container mount a volume other than read-only?"""
    return any(
        mount.read_only is not True and show(mount.volume) == show(volume.name)
        for container in task.containers
        for mount in container.mounts
    )


def _exec(scene: Scene, service: Service, task: TaskDefinition) -> Iterator[Wanted]:
    """ECS Exec: the channels of Session Manager, and where the cluster has its sessions logged."""
    path = "Properties.EnableExecuteCommand"
    purpose = "open a session by ECS Exec"
    role = role_of(scene.stack, task.task_role)
    if service.exec is None:
        message = f"Whether {service.logical_id} needs the channels of ECS Exec cannot be told from {path}."
        yield Doubt(service.logical_id, path, message, "Give the parameter a value.")
    elif role is not None:
        base = scene.as_role(service.logical_id, path, role)
        yield base.to(purpose, CHANNELS)
        cluster = scene.stack.target(service.cluster)
        if cluster is not None:
            yield from _exec_logging(scene, cluster, role)
    elif task.task_role is not None:
        yield outside(task.logical_id, TASK, task.task_role, purpose)
    else:
        message = f"{service.logical_id} has ECS Exec on, but {task.logical_id} has no task role: no session opens."
        yield Missing(task.logical_id, TASK, message, f"Add TaskRoleArn with a role that allows {', '.join(CHANNELS)}.")


def _exec_by_hand(scene: Scene, task: TaskDefinition) -> Iterator[Need]:
    """Tasks that no service here runs: whoever starts one may turn ECS Exec on."""
    role = role_of(scene.stack, task.task_role)
    if role is not None:
        base = scene.as_role(task.logical_id, TASK, role)._replace(required=False)
        yield base.to("open a session by ECS Exec", CHANNELS)


def _exec_logging(scene: Scene, cluster: Resource, role: str) -> Iterator[Need]:
    """Key, log group and bucket of the sessions; the agent in the container uses them with the task role."""
    place = ("Configuration", "ExecuteCommandConfiguration")
    settings = at(cluster.properties, *place)
    purpose = "log the sessions of ECS Exec"

    def base(*keys: str) -> Need:
        return scene.as_role(cluster.logical_id, ".".join(("Properties", *place, *keys)), role)

    key = key_of(scene.stack, at(settings, "KmsKeyId"))
    if key is not None and not key.alias:
        need = base("KmsKeyId")._replace(gate="key")
        yield need.to("encrypt the sessions of ECS Exec", ("kms:Decrypt",), key.arn, holder=key.resource)
    group = at(settings, "LogConfiguration", "CloudWatchLogGroupName")
    if group is not None:
        resource, holder = scene.log_streams(group)
        actions = ("logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents")
        need = base("LogConfiguration", "CloudWatchLogGroupName")
        yield need.to(purpose, actions, resource, holder=holder)
        yield need.to(purpose, ("logs:DescribeLogGroups",))
    bucket = at(settings, "LogConfiguration", "S3BucketName")
    if bucket is not None:
        target = scene.stack.target(bucket)
        holder = target.logical_id if target is not None else None
        whole: Scalar = join("arn:", scene.stack.partition, ":s3:::", arns.expand(scene.stack, bucket))
        prefix = at(settings, "LogConfiguration", "S3KeyPrefix")
        start: tuple[Value, ...] = (prefix, "/") if prefix is not None else ()
        need = base("LogConfiguration", "S3BucketName")
        inside = join(whole, "/", *start, something("an object"))
        yield need.to(purpose, ("s3:PutObject",), inside, holder=holder)
        yield need.to(purpose, ("s3:GetEncryptionConfiguration",), whole, holder=holder)
