"""What tasks need: their image, logs, secrets and files, and ECS Exec.

The execution role is used by ECS alone, before and beside the containers; the task role is the application's own.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from stackproof.proofs import arns
from stackproof.proofs.iam.evaluation import Caller
from stackproof.proofs.model.iam import Key, key_of, role_of
from stackproof.proofs.needs.need import Missing, Need, Wanted, outside, something
from stackproof.proofs.values import Scalar, Sym, Text, Unknown, Value, at, join, show

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stackproof.proofs.model.compute import Container, TaskDefinition
    from stackproof.proofs.model.secrets import SecretReference
    from stackproof.proofs.needs.need import Scene

PULL: Final = ("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")
WRITE_LOGS: Final = ("logs:CreateLogStream", "logs:PutLogEvents")
EXECUTION: Final = "Properties.ExecutionRoleArn"
NO_START: Final = "no task starts"
_FULL = re.compile(r"-[A-Za-z0-9]{6}$")


def execution_needs(scene: Scene) -> Iterator[Wanted]:
    """Everything that ECS does before an application starts, by the execution role of each task definition."""
    for task in scene.system.compute.tasks.values():
        role = role_of(scene.stack, task.execution_role)
        starting = _Starting(scene, task, role)
        needs = [need for container in task.containers for need in starting.container(container)]
        if not needs:
            continue
        if role is not None:
            yield from _once(needs)
        elif task.execution_role is not None:
            purpose = "pull its images, write its logs and read its secrets"
            yield outside(task.logical_id, EXECUTION, task.execution_role, purpose)
        elif _by_ecs(scene, task, needs):
            yield Missing(
                task.logical_id,
                EXECUTION,
                f"{task.logical_id} names no execution role, so that ECS cannot {needs[0].purpose}: {NO_START}.",
                f"Add ExecutionRoleArn with a role that allows {', '.join(needs[0].actions)}.",
            )


def _by_ecs(scene: Scene, task: TaskDefinition, needs: list[Need]) -> bool:
    """Does ECS need a role of the task? On an instance the instance's role pulls images and writes logs."""
    services = scene.system.compute.services.values()
    fargate = any(service.task == task.logical_id and service.fargate for service in services)
    secret = any(action.startswith(("secretsmanager:", "ssm:")) for need in needs for action in need.actions)
    return secret or fargate or "FARGATE" in task.compatibilities


def _once(needs: list[Need]) -> Iterator[Need]:
    """Each need once: containers share a repository, a log group, a secret with several keys."""
    seen: set[tuple[tuple[str, ...], str]] = set()
    for need in needs:
        mark = (need.actions, show(need.resource))
        if mark not in seen:
            seen.add(mark)
            yield need


def _bucket(file: Scalar) -> Scalar:
    """The ARN of the bucket that a file's ARN is in."""
    start: list[Value] = []
    for part in file.parts if isinstance(file, Text) else (file,):
        if isinstance(part, str) and "/" in part:
            return join(*start, part.partition("/")[0])
        start.append(part)
    return join(*start)


class _Starting:
    """The needs of one task definition's execution role; without one they only say what it would need."""

    def __init__(self, scene: Scene, task: TaskDefinition, role: str | None) -> None:
        self.scene, self.stack = scene, scene.stack
        nobody = Need(task.logical_id, EXECUTION, Caller("role", (), scene.stack.partition, scene.stack.account))
        self.base = scene.as_role(task.logical_id, EXECUTION, role) if role is not None else nobody
        self.base = self.base._replace(otherwise=NO_START)

    def container(self, container: Container) -> Iterator[Need]:
        """Image, registry credentials, secrets, logs and environment files of a container."""
        called = f"the container {show(container.name)}"
        yield from self._image(container, called)
        references = [*container.secrets, *(container.log.secrets if container.log else ())]
        if container.credentials is not None:
            references.append(container.credentials)
        for secret in references:
            yield from self._secret(secret, f"read the secret {secret.name or 'for the registry'} of {called}")
        yield from self._logs(container, called)
        for path, value, purpose in container.files():
            yield from self._file(self.base._replace(path=path), value, f"{purpose} of {called}")

    def _file(self, base: Need, value: Value, purpose: str) -> Iterator[Need]:
        """A file in S3, whose bucket the agent may look for first."""
        target = arns.expand(self.stack, value)
        yield base.to(purpose, ("s3:GetObject",), target)
        yield base._replace(required=False).to(purpose, ("s3:GetBucketLocation",), _bucket(target))

    def _image(self, container: Container, called: str) -> Iterator[Need]:
        image = container.image
        if image.registry == "public":
            return
        base = self.base._replace(path=f"{container.path}.Image")
        resource: Scalar
        if image.registry == "unknown":
            resource = something("the image's repository")
            base = base._replace(doubt=f"the image {show(image.value)} is known to AWS only")
        else:
            start = ("arn:", self.stack.partition, ":ecr:", image.region, ":", image.account, ":repository/")
            resource = join(*start, arns.expand(self.stack, image.repository))
        yield base.to(f"pull the image of {called}", ("ecr:GetAuthorizationToken",))
        yield base.to(f"pull the image of {called}", PULL, resource, holder=image.resource)

    def _logs(self, container: Container, called: str) -> Iterator[Need]:
        if container.log is None or container.log.group is None:
            return
        base = self.base._replace(path=f"{container.log.path}.Options.awslogs-group")
        resource, holder = self.scene.log_streams(container.log.group)
        yield base.to(f"write the logs of {called}", WRITE_LOGS, resource, holder=holder)
        if show(container.log.options.get("awslogs-create-group")).lower() == "true":
            yield base.to(f"make the log group of {called}", ("logs:CreateLogGroup",), resource, holder=holder)

    def _secret(self, secret: SecretReference, purpose: str) -> Iterator[Need]:
        owner = self.stack.resources.get(secret.resource or "")
        base = self.base._replace(path=secret.path)
        if secret.kind == "parameter":
            arn = arns.arn(self.stack, owner) if owner is not None else self._parameter(secret.base)
            yield base.to(purpose, ("ssm:GetParameters",), arn)
            if owner is None:
                yield self._key_of_elsewhere(base, arn, "ssm", purpose)._replace(key_of_elsewhere=False)
            return
        if secret.kind == "unknown":
            base = base._replace(doubt=f"{show(secret.value)} is known to AWS only")
        arn = self._whole(arns.expand(self.stack, secret.base), ours=owner is not None)
        holder = owner.logical_id if owner is not None else None
        yield base.to(purpose, ("secretsmanager:GetSecretValue",), arn, holder=holder)
        if owner is None:
            yield self._key_of_elsewhere(base, arn, "secretsmanager", purpose)
            return
        inside = ("MasterUserSecret", "KmsKeyId") if owner.type.startswith("AWS::RDS::") else ("KmsKeyId",)
        key = key_of(self.stack, at(owner.properties, *inside))
        if key is not None and not key.alias:
            need = self.scene.through(base, key, "secretsmanager", f"decrypt and {purpose}")
            yield need.knowing(kms__encryptioncontext__secretarn=(arn,))

    def _key_of_elsewhere(self, base: Need, arn: Scalar, service: str, purpose: str) -> Need:
        """The key of a secret from elsewhere: one that only whoever gives the secret knows."""
        parts = (Sym(f"{part} of the key of {show(arn)}", kind="expression", plain=True) for part in ("account", "id"))
        account, name = parts
        start = ("arn:", self.stack.partition, ":kms:", self.stack.region, ":")
        key = Key(join(*start, account, ":key/", name))
        need = self.scene.through(base, key, service, f"decrypt and {purpose}")
        context = {"ssm": "kms:encryptioncontext:parameter_arn"}.get(service, "kms:encryptioncontext:secretarn")
        return need.knowing(**{context: (arn,)})._replace(required=False, key_of_elsewhere=True)

    def _parameter(self, base: Scalar) -> Scalar:
        """The ARN of a parameter that is named by name or by ARN."""
        spelled = arns.expand(self.stack, base)
        text = show(spelled)
        if text.startswith("arn:") or isinstance(spelled, Unknown):
            return spelled
        return self.scene.arn("ssm", "parameter" if text.startswith("/") else "parameter/", spelled)

    def _whole(self, base: Scalar, *, ours: bool) -> Scalar:
        """A secret's ARN with the six characters at its end, which a person may have left out."""
        if ours or not isinstance(base, str) or _FULL.search(base):
            return base
        ending = [Sym(base, f"random character {index}", kind="character", plain=True) for index in range(6)]
        return join(base, "-", *ending)
