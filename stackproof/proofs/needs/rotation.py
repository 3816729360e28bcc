"""What a rotation of a secret needs: Secrets Manager calls the function, and the function's role changes the secret.

What the function does to the database or service whose secret it is, its code alone knows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stackproof.proofs import arns
from stackproof.proofs.model.iam import key_of, named, role_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stackproof.proofs.needs.need import Scene, Wanted
    from stackproof.proofs.resolve.stack import Resource

# Secrets Manager User Guide, "Lambda rotation function execution role permissions".
ROTATE: Final = tuple(
    f"secretsmanager:{name}"
    for name in ("DescribeSecret", "GetSecretValue", "PutSecretValue", "UpdateSecretVersionStage")
)
ENCRYPT: Final = ("kms:Decrypt", "kms:GenerateDataKey")


def rotation_needs(scene: Scene) -> Iterator[Wanted]:
    """The needs of every rotation schedule with a function of this stack."""
    for schedule in scene.stack.of_type("AWS::SecretsManager::RotationSchedule"):
        function = named(scene.stack, schedule.properties.get("RotationLambdaARN"), "AWS::Lambda::Function")
        if function is not None:
            yield from _called(scene, schedule, function)
            yield from _changes(scene, schedule, function)


def _called(scene: Scene, schedule: Resource, function: Resource) -> Iterator[Wanted]:
    """The guide promises that Secrets Manager says for which account it comes, and nothing of the secret."""
    path = "Properties.RotationLambdaARN"
    base = scene.as_service(schedule.logical_id, path, "secretsmanager")
    base = base._replace(otherwise="AWS refuses the schedule")
    arn = arns.arn(scene.stack, function)
    yield base.to(f"call {function.logical_id}", ("lambda:InvokeFunction",), arn, holder=function.logical_id)


def _changes(scene: Scene, schedule: Resource, function: Resource) -> Iterator[Wanted]:
    """The four actions of a rotation on the secret, and its key; a role of elsewhere is the function's own finding."""
    role = role_of(scene.stack, function.properties.get("Role"))
    value = schedule.properties.get("SecretId")
    if role is None or value is None:
        return
    base = scene.as_role(schedule.logical_id, "Properties.SecretId", role)._replace(otherwise="no rotation ends")
    secret = named(scene.stack, value, "AWS::SecretsManager::Secret")
    arn = arns.arn(scene.stack, secret) if secret is not None else arns.expand(scene.stack, value)
    holder = secret.logical_id if secret is not None else None
    called = f"the secret {holder}" if holder is not None else "its secret"
    yield base.to(f"rotate {called}", ROTATE, arn, holder=holder)
    key = key_of(scene.stack, secret.properties.get("KmsKeyId")) if secret is not None else None
    if key is not None and not key.alias:
        need = scene.through(base, key, "secretsmanager", f"encrypt the new value of {called}", ENCRYPT)
        yield need.knowing(kms__encryptioncontext__secretarn=(arn,))
