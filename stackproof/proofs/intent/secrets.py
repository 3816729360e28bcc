"""Secrets that intent.toml keeps for one task definition: no other container is told them, under whatever name.

A first administrator's password, or a database user who may change tables, is for the task that installs; whoever
breaks into the running application must not find it in its environment.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from stackproof.proofs.equality import equal
from stackproof.proofs.network.needs import secrets_of
from stackproof.proofs.verdicts import Finding, broken, proved, unknown
from stackproof.proofs.wiring.common import listed_or_reason

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stackproof.proofs.intent.intent import Intent
    from stackproof.proofs.model.compute import TaskDefinition
    from stackproof.proofs.model.secrets import SecretReference
    from stackproof.proofs.model.system import System

_RULE: Final = "intent-private-secret"
_TASK: Final = "AWS::ECS::TaskDefinition"
_AROUND: Final = ((":", ":"), ("${", "}"), ("${", "."))
"""What stands around a JSON key behind an ARN, and around a logical id in Fn::Sub."""


def private_secrets(system: System, intent: Intent) -> Iterator[Finding]:
    """Every secret that is kept for one task definition."""
    for secret, owner in intent.private_secrets.items():
        body = system.stack.section("Resources").get(owner)
        if not isinstance(body, dict) or body.get("Type") != _TASK:
            message = f"{intent.where} keeps {secret} for {owner}, and the template has no such task definition."
            yield broken(_RULE, owner, "", message, "Name the task definition by its logical id.")
        elif not _is_told(body, secret):
            message = f"{intent.where} keeps {secret} for {owner}, which is never told it: nothing is kept."
            yield broken(_RULE, owner, "", message, "Name a JSON key or the logical id of a secret that it is told.")
        else:
            yield from _kept(system, intent, secret, owner)


def _is_told(body: Any, secret: str) -> bool:
    """Whether a task definition is told a secret under some condition: its text as it stands in the template."""
    if isinstance(body, dict):
        return any(_is_told(value, secret) for value in body.values())
    if isinstance(body, list):
        return any(_is_told(value, secret) for value in body)
    around = (f"{left}{secret}{right}" for left, right in _AROUND)
    return isinstance(body, str) and (body == secret or any(each in body for each in around))


def _kept(system: System, intent: Intent, secret: str, owner: str) -> Iterator[Finding]:
    """That no container of another task definition is told it."""
    tasks = system.compute.tasks
    held = [one for one in secrets_of(tasks[owner]) if secret in _names(one)] if owner in tasks else []
    others = [task for name, task in tasks.items() if name != owner]
    findings = [found for task in others for found in _told(task, secret, owner, held, intent)]
    if not findings and held:
        yield proved(_RULE, owner, held[0].path, f"no other task definition is told {secret}")
    yield from findings


def _told(
    task: TaskDefinition, secret: str, owner: str, held: list[SecretReference], intent: Intent
) -> Iterator[Finding]:
    """What a task definition is told of a secret that is another's."""
    name, fix = task.logical_id, f"Leave it out of {task.logical_id}."
    kept = f"{intent.where} keeps that for {owner}: whoever breaks into its containers reads it."
    lists = (listed_or_reason(each.definition.get("Secrets"))[1] for each in task.containers)
    if any(reason is not None for reason in (task.unknown, *lists)):
        message = f"What {name} is told is known to AWS only, and {intent.where} keeps {secret} for {owner}."
        yield unknown(_RULE, name, "Properties.ContainerDefinitions", message, fix)
    for one in secrets_of(task):
        if secret in _names(one):
            yield broken(_RULE, name, one.path, f"{name} is told {secret} as {one.name}, and {kept}", fix)
        elif not one.suffix and any(equal(one.base, other.base) for other in held):
            message = f"{name} is told all of the secret that holds {secret} as {one.name}, and {kept}"
            yield broken(_RULE, name, one.path, message, "Name the JSON key that it needs behind the ARN.")
        elif one.kind == "unknown":
            message = f"Whether {name} is told {secret} as {one.name} is known to AWS only."
            yield unknown(_RULE, name, one.path, message, fix)


def _names(one: SecretReference) -> set[str]:
    """What a secret can be called in intent.toml: its JSON key, and the logical id of one of this template."""
    return {each for each in (*one.suffix[:1], one.resource) if each}
