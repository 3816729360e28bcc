"""Declared intent: what a template states but cannot justify by itself, held against params/intent.toml.

TLS versions, key rotation, pinned images, the share of Spot capacity, who may write shared files; declared_guards has
the web firewalls, declared_secrets the secrets of one task alone. docs/proofs/intent.md has a paragraph on each rule.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from stackproof.proofs.intent.guards import guards
from stackproof.proofs.intent.intent import DEFAULT, Intent
from stackproof.proofs.intent.secrets import private_secrets
from stackproof.proofs.values import Value, at, flag, is_one_of, number, show
from stackproof.proofs.verdicts import Finding, broken, proved, unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stackproof.proofs.model.compute import Container, Service, TaskDefinition
    from stackproof.proofs.model.system import System
    from stackproof.proofs.resolve.stack import Resource, Stack

SPOT: Final = "FARGATE_SPOT"
DEFAULT_POLICY: Final = "ELBSecurityPolicy-2016-08"
"""What a listener gets that names none (Elastic Load Balancing's guide)."""
OTHER_POLICIES: Final = (
    ("AWS::CloudFront::Distribution", ("DistributionConfig", "ViewerCertificate", "MinimumProtocolVersion")),
    ("AWS::ApiGateway::DomainName", ("SecurityPolicy",)),
    ("AWS::OpenSearchService::Domain", ("DomainEndpointOptions", "TLSSecurityPolicy")),
    ("AWS::Elasticsearch::Domain", ("DomainEndpointOptions", "TLSSecurityPolicy")),
)
"""Where others say which TLS versions they take; judged only where they say it."""
_BY_DATE: Final = {"ELBSecurityPolicy-2016-08", "ELBSecurityPolicy-2015-05", "ELBSecurityPolicy-FS-2018-06"}
_VERSION: Final = re.compile(r"(?:TLS13|TLS|FS|TLSv1)[-_.](?:1[-_.])?([0-3])(?![0-9])", re.IGNORECASE)


def prove(system: System, intent: Intent = DEFAULT) -> list[Finding]:
    """Everything that intent.toml asks for and no other module answers.

    Args:
        system: the modelled stack.
        intent: what was meant; without one, TLS 1.2 and nothing else.
    """
    return [
        *_tls(system.stack, intent),
        *(_rotates(key) for key in system.stack.of_type("AWS::KMS::Key") if intent.key_rotation and _symmetric(key)),
        *_images(system, intent),
        *_capacity(system, intent),
        *_writers(system, intent),
        *private_secrets(system, intent),
        *guards(system.stack, intent),
    ]


def _tls(stack: Stack, intent: Intent) -> Iterator[Finding]:
    """The oldest TLS version that each listener takes."""
    for listener in stack.of_type("AWS::ElasticLoadBalancingV2::Listener"):
        if is_one_of(listener.properties.get("Protocol"), "HTTPS", "TLS"):
            given = listener.properties.get("SslPolicy")
            yield _version(listener, "Properties.SslPolicy", DEFAULT_POLICY if given is None else given, intent)
    for kind, path in OTHER_POLICIES:
        for resource in stack.of_type(kind):
            given = at(resource.properties, *path)
            if given is not None:
                yield _version(resource, ".".join(("Properties", *path)), given, intent)


def _version(resource: Resource, path: str, policy: Value, intent: Intent) -> Finding:
    """One policy against the minimum."""
    rule, name = "intent-tls-minimum", resource.logical_id
    oldest = oldest_version(policy)
    fix = f"Choose a policy that begins with TLS {intent.tls_minimum}, such as {_suggestion(path, intent)}."
    if oldest is None:
        message = f"Which TLS versions {name} takes cannot be told from its policy {show(policy)}."
        return unknown(rule, name, path, message, fix)
    if oldest < intent.tls_minimum:
        message = (
            f"{name} takes connections with TLS {oldest} ({show(policy)}), and at least TLS {intent.tls_minimum} is"
        )
        message += " asked for: old, broken ciphers stay open to whoever sits in between."
        return broken(rule, name, path, message, fix)
    return proved(rule, name, path, f"TLS {oldest} and newer")


def oldest_version(policy: Value) -> str | None:
    """The oldest TLS version that a policy takes, by its name: `1.2`; None for a name that does not say."""
    if not isinstance(policy, str):
        return None
    if policy in _BY_DATE or policy in {"SSLv3", "TLSv1", "TLSv1_2016"}:
        return "1.0"
    found = _VERSION.search(policy)
    return f"1.{found[1]}" if found is not None else None


def _suggestion(path: str, intent: Intent) -> str:
    newest = intent.tls_minimum == "1.3"
    if path.endswith("MinimumProtocolVersion"):
        return "TLSv1.3_2025" if newest else "TLSv1.2_2021"
    if path != "Properties.SslPolicy":
        return "one with TLS 1.3" if newest else "one with TLS 1.2"
    return "ELBSecurityPolicy-TLS13-1-3-2021-06" if newest else "ELBSecurityPolicy-TLS13-1-2-Res-2021-06"


def _symmetric(key: Resource) -> bool:
    """Can AWS rotate a key? Only symmetric ones whose material is AWS's own."""
    properties = key.properties
    return (
        properties.get("KeySpec", "SYMMETRIC_DEFAULT") == "SYMMETRIC_DEFAULT"
        and properties.get("Origin", "AWS_KMS") == "AWS_KMS"
    )


def _rotates(key: Resource) -> Finding:
    """A key whose material is renewed every year."""
    path, given = "Properties.EnableKeyRotation", key.properties.get("EnableKeyRotation")
    on = False if given is None else flag(given)
    fix = "Set EnableKeyRotation to true."
    if on is None:
        message = f"Whether {key.logical_id} rotates is known to AWS only: {show(given)}."
        return unknown("intent-key-rotation", key.logical_id, path, message, fix)
    if not on:
        message = f"{key.logical_id} never rotates: all that it ever encrypts hangs on the same key material."
        return broken("intent-key-rotation", key.logical_id, path, message, fix)
    return proved("intent-key-rotation", key.logical_id, path, "it rotates every year")


def _images(system: System, intent: Intent) -> Iterator[Finding]:
    """Images that are what they were when somebody last looked."""
    if intent.image == "any":
        return
    for task in system.compute.tasks.values():
        for container in task.containers:
            yield _image(task, container, intent)


def _image(task: TaskDefinition, container: Container, intent: Intent) -> Finding:
    image, path = container.image, f"{container.path}.Image"
    pinned = bool(image.digest) or (intent.image == "tag" and image.tag not in {"", "latest"})
    wanted = "by digest (@sha256:…)" if intent.image == "digest" else "by a tag that is not latest"
    fix = f"Name the image {wanted}."
    if pinned:
        return proved("intent-image", task.logical_id, path, f"{show(image.value)} is pinned")
    if image.registry == "unknown" and image.digest is None:
        message = f"How the image of {show(container.name)} is pinned is known to AWS only: {show(image.value)}."
        return unknown("intent-image", task.logical_id, path, message, fix)
    message = (
        f"{show(image.value)} can become another image at any time: tasks that start later run what nobody tested,"
        f" beside old ones."
    )
    return broken("intent-image", task.logical_id, path, message, fix)


def _capacity(system: System, intent: Intent) -> Iterator[Finding]:
    """How much of each service may run on capacity that AWS takes back."""
    for service in system.compute.services.values():
        owner, strategy = _strategy(system, service)
        if strategy is None:
            continue
        path = "Properties.DefaultCapacityProviderStrategy" if owner != service.logical_id else _STRATEGY
        shares = [(at(entry, "CapacityProvider"), _share(entry, "Weight"), _share(entry, "Base")) for entry in strategy]
        if any(not isinstance(provider, str) or None in numbers for provider, *numbers in shares):
            if intent.spot_percent < 100 or intent.on_demand_base:
                message = f"How many tasks of {service.logical_id} run on Spot capacity is known to AWS only."
                fix = "Give CapacityProvider, Weight and Base as plain values."
                yield unknown("intent-spot-share", service.logical_id, path, message, fix)
            continue
        yield from _shares(service.logical_id, owner, path, shares, intent)


_STRATEGY: Final = "Properties.CapacityProviderStrategy"


def _strategy(system: System, service: Service) -> tuple[str, list[Value] | None]:
    """The strategy of a service, its own or the cluster's; None where it has none."""
    properties = system.stack.resources[service.logical_id].properties
    own = properties.get("CapacityProviderStrategy")
    if isinstance(own, list) or "LaunchType" in properties:
        return service.logical_id, own if isinstance(own, list) else None
    target = system.stack.target(service.cluster)
    if target is None:
        return service.logical_id, None
    for owner in (target, *system.stack.of_type("AWS::ECS::ClusterCapacityProviderAssociations")):
        found = owner.properties.get("DefaultCapacityProviderStrategy")
        if isinstance(found, list) and (
            owner is target or system.stack.target(owner.properties.get("Cluster")) is target
        ):
            return owner.logical_id, found
    return service.logical_id, None


def _share(entry: Value, key: str) -> float | None:
    """A weight or a base; 0 where nothing stands."""
    given = at(entry, key)
    return 0.0 if given is None else number(given)


def _shares(
    service: str, owner: str, path: str, shares: list[tuple[Value, float | None, float | None]], intent: Intent
) -> Iterator[Finding]:
    """One service's strategy, all of whose numbers are known."""
    weights = {str(provider): weight or 0.0 for provider, weight, _ in shares}
    whole, spot = sum(weights.values()), sum(weight for name, weight in weights.items() if name == SPOT)
    percent = round(100 * spot / whole) if whole else 0
    if percent > intent.spot_percent:
        message = (
            f"{percent} of 100 tasks of {service} above the base run on Spot capacity, which AWS takes back with two"
        )
        message += f" minutes' notice; {intent.where} allows {intent.spot_percent}."
        fix = f"Lower the weight of {SPOT}, or raise the others."
        yield broken("intent-spot-share", owner, path, message, fix)
    else:
        yield proved("intent-spot-share", owner, path, f"{percent} of 100 tasks above the base run on Spot capacity")
    base = sum(base or 0.0 for provider, _, base in shares if provider != SPOT)
    # Without any Spot capacity every task runs on demand.
    if base < intent.on_demand_base and spot:
        message = f"{base:g} tasks of {service} run on demand in any case, and {intent.where} asks for"
        message += (
            f" {intent.on_demand_base}: when Spot capacity is gone, so is the rest, since Spot does not fall back."
        )
        fix = f"Set Base of FARGATE to {intent.on_demand_base} or more."
        yield broken("intent-on-demand-base", owner, path, message, fix)
    elif intent.on_demand_base:
        yield proved("intent-on-demand-base", owner, path, f"{base:g} tasks run on demand in any case")


def _writers(system: System, intent: Intent) -> Iterator[Finding]:
    """Who can write shared files: those who are declared, and nobody else."""
    if intent.file_writers is None:
        return
    for task in system.compute.tasks.values():
        shared = {show(volume.name) for volume in task.volumes if volume.file_system is not None}
        mounts = [
            (container, mount)
            for container in task.containers
            for mount in container.mounts
            if show(mount.volume) in shared
        ]
        writable = [found for found in mounts if found[1].read_only is not True]
        if task.logical_id in intent.file_writers:
            yield _may_write(task.logical_id, [mount.path for _, mount in writable], bool(mounts), intent)
        for container, mount in writable if task.logical_id not in intent.file_writers else ():
            yield _must_not_write(task.logical_id, show(container.name), mount.path, known=mount.read_only is False)
        if mounts and not writable and task.logical_id not in intent.file_writers:
            yield proved("intent-file-writers", task.logical_id, "", "it only reads shared files")
    for function in system.stack.of_type("AWS::Lambda::Function"):
        if function.properties.get("FileSystemConfigs") and function.logical_id not in intent.file_writers:
            path = "Properties.FileSystemConfigs"
            yield _must_not_write(function.logical_id, function.logical_id, path, known=True)


def _may_write(task: str, writable: list[str], mounts: bool, intent: Intent) -> Finding:
    """A declared writer has a mount that can be written to."""
    if writable:
        return proved("intent-file-writers", task, writable[0], "it writes shared files, as declared")
    has = "mounts its files read-only" if mounts else "mounts no shared files"
    message = f"{task} {has}: uploads fail, although {intent.where} declares that it writes them."
    return broken("intent-file-writers", task, "Properties.Volumes", message, "Mount the file system without ReadOnly.")


def _must_not_write(task: str, container: str, path: str, *, known: bool) -> Finding:
    """Somebody who is not declared."""
    fix = "Set ReadOnly to true, or declare it in file_writers."
    if known:
        message = f"{container} of {task} can change and delete shared files, and is not declared to."
        return broken("intent-file-writers", task, path, message, fix)
    message = f"Whether {container} of {task} can write shared files is known to AWS only."
    return unknown("intent-file-writers", task, path, message, fix)
