"""Inside a task definition: volumes that are mounted, containers that wait for each other, log groups that exist."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stackproof.cli import nearest
from stackproof.proofs import arns, shapes
from stackproof.proofs.model.placement import each
from stackproof.proofs.values import Sym, Text, Value, at, show
from stackproof.proofs.verdicts import broken, proved
from stackproof.proofs.wiring.common import Findings, called, find, listed_or_reason, on, same, unclear

if TYPE_CHECKING:
    from stackproof.proofs.model.compute import Container, Log, TaskDefinition, Volume
    from stackproof.proofs.model.system import System
    from stackproof.proofs.resolve.stack import Resource, Stack

_GROUP: Final = "AWS::Logs::LogGroup"
_BEHIND_A_SECRET: Final = 3
"""JSON key, version stage, version id (Amazon ECS Developer Guide, secrets in environment variables)."""
_MANAGED: Final = ("", "username", "password")
"""What the secret holds that RDS keeps itself (RDS User Guide, "Password management with Secrets Manager")."""
_REGISTER: Final = "ECS refuses to register the task definition"


def tasks(system: System) -> Findings:
    """Every task definition by itself."""
    for task in system.compute.tasks.values():
        resource = system.stack.resources[task.logical_id]
        for volume in task.volumes:
            yield from _volume(system, task, volume)
        for container in task.containers:
            yield from _mounts(system.stack, resource, container)
            yield from _siblings(system.stack, task, container)
            yield from _secrets(system.stack, task, container)
            if container.log is not None:
                yield from _log_group(system.stack, task.logical_id, container.log)
        yield from _names(task)


def _names(task: TaskDefinition) -> Findings:
    """Two containers or two volumes never share a name."""
    for kind, things in (("container", task.containers), ("volume", task.volumes)):
        seen: set[str] = set()
        for thing in things:
            if isinstance(thing.name, str):
                if thing.name in seen:
                    yield broken(
                        "wire-container" if kind == "container" else "wire-mount",
                        task.logical_id,
                        f"{thing.path}.Name",
                        f"{_REGISTER}, since two {kind}s are called {thing.name}.",
                        "Give each a name of its own.",
                    )
                seen.add(thing.name)


def _secrets(stack: Stack, task: TaskDefinition, container: Container) -> Findings:
    """Behind a secret's ARN stand a JSON key, a stage and a version, blank or not; or nothing at all."""
    stores = {found.logical_id for found in stack.of_type("AWS::RDS::DBCluster", "AWS::RDS::DBInstance")}
    for secret in container.secrets:
        if secret.kind != "secret" or not secret.suffix:
            continue
        if len(secret.suffix) != _BEHIND_A_SECRET:
            tail = "".join(f":{part}" for part in secret.suffix)
            colons = ":" * max(_BEHIND_A_SECRET - len(secret.suffix), 0)
            yield broken(
                "wire-secret",
                task.logical_id,
                secret.path,
                f"Tasks cannot start: ECS does not understand {tail} behind the ARN of {secret.name or 'the secret'}.",
                f"Write {tail}{colons}, the JSON key, the stage and the version, blank or not."
                if colons
                else "Write the JSON key, the stage and the version behind the ARN, and nothing else.",
            )
        elif secret.resource in stores and secret.suffix[0] not in _MANAGED:
            yield broken(
                "wire-secret",
                task.logical_id,
                secret.path,
                f"Tasks cannot start: the secret that RDS keeps for {secret.resource} holds username and password, and"
                f" no {secret.suffix[0]}.",
                f"Give the container {secret.suffix[0]} from the attributes of {secret.resource}, in Environment.",
            )
        else:
            yield proved("wire-secret", task.logical_id, secret.path, f"{secret.name} names a key, stage or version")


def _mounts(stack: Stack, resource: Resource, container: Container) -> Findings:
    """Each mount point names a volume of the task definition."""
    volumes, reason = listed_or_reason(resource.properties.get("Volumes"))
    names = [at(volume, "Name") for volume in volumes]
    for mount in container.mounts:
        path = f"{mount.path}.SourceVolume"
        answers = [same(stack, name, mount.volume) for name in names]
        wanted = show(mount.volume)
        if True in answers:
            witness = f"{container.task} has the volume {wanted}"
            yield proved("wire-mount", container.task, path, witness)
        elif None in answers or reason is not None:
            why = reason or "the names are known to AWS only"
            yield unclear("wire-mount", container.task, path, f"a volume is called {wanted}", why)
        else:
            known = ", ".join(map(show, names)) or "there are none"
            yield broken(
                "wire-mount",
                container.task,
                path,
                f"{_REGISTER}, since no volume is called {wanted}.",
                f"Name one of its Volumes ({known}).",
            )


def _siblings(stack: Stack, task: TaskDefinition, container: Container) -> Findings:
    """What a container waits for, or takes its volumes from, is a container of the same task definition."""
    for key, name in (("DependsOn", "ContainerName"), ("VolumesFrom", "SourceContainer")):
        for index, entry in enumerate(each(container.definition.get(key))):
            wanted = at(entry, name)
            answers = [same(stack, other.name, wanted) for other in task.containers if other is not container]
            if True not in answers and None not in answers and task.unknown is None:
                yield broken(
                    "wire-container",
                    task.logical_id,
                    f"{container.path}.{key}.{index}.{name}",
                    f"{_REGISTER}, since it has no other container called {show(wanted)}.",
                    "Name another container of the same task definition.",
                )


def _volume(system: System, task: TaskDefinition, volume: Volume) -> Findings:
    """A volume on EFS: encrypted where that is needed, entered by the access point's own root, and mounted."""
    if volume.file_system is None:
        return
    owner, path = task.logical_id, f"{volume.path}.EFSVolumeConfiguration"
    needs = " and ".join(name for name, used in (("an access point", volume.access_point), ("IAM", volume.iam)) if used)
    if needs and volume.encrypted is False:
        yield broken(
            "wire-efs-encryption",
            owner,
            f"{path}.TransitEncryption",
            f"{_REGISTER}: a volume with {needs} has to be encrypted in transit.",
            "Set TransitEncryption to ENABLED.",
        )
    elif needs and volume.encrypted is None:
        yield unclear("wire-efs-encryption", owner, f"{path}.TransitEncryption", "it is on", "its value is not known")
    elif needs:
        yield proved("wire-efs-encryption", owner, f"{path}.TransitEncryption", f"encrypted, as {needs} needs it")
    if volume.access_point is not None:
        yield from _access_point(system, task, volume)
    mounted = [mount for container in task.containers for mount in container.mounts]
    if any(all(same(system.stack, mount.volume, one.name) is False for one in task.volumes) for mount in mounted):
        return  # its mount point has the wrong name
    answers = [same(system.stack, mount.volume, volume.name) for mount in mounted]
    lists = [container.definition.get("MountPoints") for container in task.containers]
    if not any(answers) and None not in answers and task.unknown is None and all(map(_known, lists)):
        yield broken(
            "wire-mount",
            owner,
            f"{volume.path}.Name",
            f"No container mounts the volume {show(volume.name)}: what they write goes to the task's own disk and is"
            " lost with it.",
            "Add a mount point for it, or remove the volume.",
        )


def _known(value: Value) -> bool:
    return listed_or_reason(value)[1] is None


def _access_point(system: System, task: TaskDefinition, volume: Volume) -> Findings:
    """An access point has a root directory of its own, and belongs to one file system."""
    path = f"{volume.path}.EFSVolumeConfiguration"
    if isinstance(volume.root, str) and volume.root not in {"", "/"}:
        yield broken(
            "wire-access-point",
            task.logical_id,
            f"{path}.RootDirectory",
            f"{_REGISTER}: with an access point the root directory is the access point's, not {volume.root}.",
            "Leave RootDirectory out, or set it to /.",
        )
    point = system.stack.target(volume.access_point)
    found = system.stores.access_points.get(point.logical_id) if point is not None else None
    if found is not None:
        whose = same(system.stack, found.file_system, volume.file_system)
        place = ("wire-access-point", task.logical_id, f"{path}.AuthorizationConfig.AccessPointId")
        if whose is False:
            yield broken(
                *place,
                f"Tasks cannot start: {found.logical_id} is an access point of {show(found.file_system)}, while the"
                f" volume is {show(volume.file_system)}.",
                "Name an access point of the same file system.",
            )
        elif whose is None:
            yield unclear(
                *place, f"{found.logical_id} belongs to the volume's file system", "ids are known to AWS only"
            )
        else:
            yield proved(*place, f"{found.logical_id} is an access point of {show(found.file_system)}")


def _log_group(stack: Stack, task: str, log: Log) -> Findings:
    """The log group that a container writes to exists before it, unless the driver makes it."""
    group = log.group
    if group is None:
        return
    place = ("wire-log-group", task, f"{log.path}.Options.awslogs-group")
    match = find(stack, group, _GROUP)
    target = stack.target(group)
    meant = (
        shapes.meaning(target.type, group.attribute) if target is not None and isinstance(group, Sym) else shapes.OTHER
    )
    if match is not None:
        yield from _log_region(stack, task, log, match)
    elif target is not None and (target.type == _GROUP or meant != shapes.OTHER):
        yield broken(
            *place,
            f"Tasks cannot start: {show(group)} is the {meant} of {target.logical_id} ({target.type}), not a log"
            " group's name.",
            "Refer to the log group with Ref, which is its name.",
        )
    elif on(log.options.get("awslogs-create-group")) is True:
        yield proved(*place, f"the log driver makes the group {show(group)} itself")
    elif _of_this_stack(stack, group) and all(called(stack, group, one) is False for one in stack.of_type(_GROUP)):
        hint = nearest(show(group), [show(arns.name(one)) for one in stack.of_type(_GROUP)]).removesuffix("?")
        yield broken(
            *place,
            f"Tasks cannot start: the log group {show(group)} carries this stack's name, and the stack makes no such"
            f" group{hint}.",
            "Refer to a log group of the template, or add one of this name.",
        )
    else:
        yield unclear(
            *place,
            f"the log group {show(group)} exists",
            "the template makes no group of this name",
            fix="Make the log group in the template and refer to it, or declare the unknown in intent.toml.",
        )


def _of_this_stack(stack: Stack, group: Value) -> bool:
    """Is the name made with the stack's own name? Nobody else makes such a group."""
    if isinstance(stack.stack_name, str):
        return isinstance(group, str) and len(stack.stack_name) > 2 and stack.stack_name in group.split("/")
    return isinstance(group, Text) and stack.stack_name in group.parts


def _log_region(stack: Stack, task: str, log: Log, group: Resource) -> Findings:
    """A group of this template lies in the stack's own region."""
    region = log.options.get("awslogs-region")
    place = ("wire-log-group", task, f"{log.path}.Options.awslogs-region")
    if region is not None and same(stack, region, stack.region) is False:
        told = f"{group.logical_id} lies in {show(stack.region)}, while the driver writes to {show(region)}"
        yield broken(*place, f"Tasks cannot start: {told}.", 'Set awslogs-region to {"Ref": "AWS::Region"}.')
    else:
        yield proved(*place, f"logs go to {group.logical_id}")
