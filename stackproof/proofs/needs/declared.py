"""What the application itself needs from AWS: no template tells, so params/intent.toml declares it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stackproof.proofs import arns
from stackproof.proofs.needs.need import Missing, Wanted
from stackproof.proofs.values import Scalar, Unknown, join

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stackproof.proofs.intent.intent import Intent
    from stackproof.proofs.needs.need import Scene


def declared_needs(scene: Scene, intent: Intent) -> Iterator[Wanted]:
    """One need for each resource of each declared permission; none for a role that a condition leaves out."""
    for permission in intent.permissions:
        if permission.role in scene.stack.absent:
            continue
        if permission.role not in scene.access.roles:
            yield Missing(
                permission.role,
                "",
                f"{intent.where} declares what the role {permission.role} needs, and the template has no such role.",
                "Name the role by its logical id, or take the permission out.",
            )
            continue
        need = scene.as_role(permission.role, "Properties.Policies", permission.role)
        for resource in permission.resources:
            spelled = _spelled(scene, resource)
            if spelled is not None:
                yield need.to(permission.reason, permission.actions, spelled)


def _spelled(scene: Scene, resource: str) -> Scalar | None:
    """An ARN as it is; a logical id, and what stands behind its first slash, as an ARN; None for one that is absent."""
    if resource == "*" or resource.startswith("arn:"):
        return resource
    name, slash, rest = resource.partition("/")
    if name in scene.stack.absent:
        return None
    found = scene.stack.resources.get(name)
    if found is None:
        return Unknown(f"the template has no resource {name}")
    return join(arns.arn(scene.stack, found), slash, rest)
