"""Stores in transit: what travels to and from them is encrypted, by their own settings or by a policy that insists.

Which of these are asked for is the intent's to say (`in_transit`); caches and mounts are without a file, since there
one property turns encryption on. A public balancer that has HTTPS and still forwards plain HTTP is always a finding.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stackproof.proofs import arns
from stackproof.proofs.iam.documents import read_document
from stackproof.proofs.patterns import action_matches, matches
from stackproof.proofs.stores.databases import forces_tls
from stackproof.proofs.values import Unknown, Value, at, flag, join, show
from stackproof.proofs.verdicts import Finding, broken, proved, unknown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from stackproof.proofs.iam.evaluation import Document, Statement
    from stackproof.proofs.intent.intent import Intent
    from stackproof.proofs.model.balancers import Action, Listener
    from stackproof.proofs.model.system import System
    from stackproof.proofs.resolve.stack import Resource, Stack

CACHES: Final = {
    "AWS::ElastiCache::ReplicationGroup": ("TransitEncryptionEnabled", False),
    "AWS::ElastiCache::CacheCluster": ("TransitEncryptionEnabled", False),
    "AWS::MemoryDB::Cluster": ("TLSEnabled", True),
}
"""The property that turns TLS on, and whether it is on without it."""


def prove_transit(system: System, intent: Intent) -> Iterator[Finding]:
    """Whether what travels is encrypted, as far as it is asked for."""
    stack = system.stack
    if "cache" in intent.in_transit:
        yield from map(_cache, stack.of_type(*CACHES))
    if "mounts" in intent.in_transit:
        yield from _mounts(system)
    if "files" in intent.in_transit:
        yield from (_files(stack, found) for found in stack.of_type("AWS::EFS::FileSystem"))
    if "database" in intent.in_transit:
        yield from forces_tls(stack)
    if "buckets" in intent.in_transit:
        yield from (_bucket(stack, found) for found in stack.of_type("AWS::S3::Bucket"))
    yield from _listeners(system, asked="listeners" in intent.in_transit)


def _cache(resource: Resource) -> Finding:
    """TLS, and no plain connection beside it."""
    rule, name = "store-transit-cache", resource.logical_id
    switch, default = CACHES[resource.type]
    path = f"Properties.{switch}"
    given = resource.properties.get(switch)
    on = default if given is None else flag(given)
    if on is None or (given is None and resource.properties.get("Engine") == "valkey"):
        reason = (
            f"{show(given)} is known to AWS only" if given is not None else "AWS's documents disagree on its default"
        )
        message = f"Whether connections to {name} are encrypted cannot be told, since {reason}."
        return unknown(rule, name, path, message, f"State {switch} as true.")
    if not on:
        message = f"Everything between clients and {name} crosses the network in clear text, its password too."
        return broken(rule, name, path, message, f"Set {switch} to true, and let clients connect with TLS.")
    mode = resource.properties.get("TransitEncryptionMode")
    if mode == "preferred":
        message = (
            f"{name} takes plain connections beside encrypted ones: a client that forgets TLS works, in the clear."
        )
        fix = "Set TransitEncryptionMode to required once all clients connect with TLS."
        return broken(rule, name, "Properties.TransitEncryptionMode", message, fix)
    return proved(rule, name, path, "connections are encrypted")


def _mounts(system: System) -> Iterator[Finding]:
    """Every EFS volume of a task."""
    for task in system.compute.tasks.values():
        for volume in task.volumes:
            if volume.file_system is None:
                continue
            path = f"{volume.path}.EFSVolumeConfiguration.TransitEncryption"
            fix = "Set TransitEncryption to ENABLED."
            where = f"the volume {show(volume.name)} of {task.logical_id}"
            if volume.encrypted is None:
                message = f"Whether {where} travels encrypted is known to AWS only."
                yield unknown("store-transit-mount", task.logical_id, path, message, fix)
            elif volume.encrypted:
                yield proved("store-transit-mount", task.logical_id, path, f"{where} travels encrypted")
            else:
                message = f"Every file that is read or written on {where} crosses the network in clear text."
                yield broken("store-transit-mount", task.logical_id, path, message, fix)


def _files(stack: Stack, resource: Resource) -> Finding:
    """A file system whose policy refuses whoever does not encrypt."""
    rule, name, path = "store-transit-files", resource.logical_id, "Properties.FileSystemPolicy"
    fix = "Deny elasticfilesystem:ClientMount to everybody where aws:SecureTransport is false."
    if resource.properties.get("FileSystemPolicy") is None:
        message = (
            f"{name} lets clients mount it without TLS: what they read and write crosses the network in clear text."
        )
        return broken(rule, name, path, message, fix)
    document = read_document(stack, resource, path, resource.properties.get("FileSystemPolicy"))
    if _insists(document, ("elasticfilesystem:ClientMount",), ()):
        return proved(rule, name, path, "its policy refuses mounts without TLS")
    if document.unread is not None:
        return unknown(rule, name, path, f"The policy of {name} cannot be read: {document.unread.reason}.", fix)
    message = (
        f"The policy of {name} lets clients mount it without TLS: what they read crosses the network in clear text."
    )
    return broken(rule, name, path, message, fix)


def _bucket(stack: Stack, bucket: Resource) -> Finding:
    """A bucket whose policy refuses plain HTTP, for the bucket and for its objects."""
    rule, name, path = "store-transit-bucket", bucket.logical_id, "Properties.PolicyDocument"
    fix = "Deny s3:* on the bucket and on all its objects to everybody where aws:SecureTransport is false."
    arn = arns.arn(stack, bucket)
    unread: Unknown | None = None
    owner = name
    for policy in bucket_policies(stack, bucket):
        owner = policy.logical_id
        document = read_document(stack, policy, path, policy.properties.get("PolicyDocument"))
        if _insists(document, ("s3:GetObject", "s3:PutObject"), (join(arn, "/object"),)):
            return proved(rule, name, "", f"{policy.logical_id} refuses plain HTTP")
        unread = unread or document.unread
    if unread is not None:
        return unknown(rule, owner, path, f"The policy of {name} cannot be read: {unread.reason}.", fix)
    message = f"Whoever asks {name} over plain HTTP is answered in clear text."
    return broken(rule, owner, path if owner != name else "", message, fix)


def bucket_policies(stack: Stack, bucket: Resource) -> Iterator[Resource]:
    """The policies of a bucket."""
    for policy in stack.of_type("AWS::S3::BucketPolicy"):
        named = policy.properties.get("Bucket")
        if stack.target(named) is bucket or (named is not None and named == bucket.properties.get("BucketName")):
            yield policy


def _insists(document: Document, actions: Sequence[str], resources: Sequence[Value]) -> bool:
    """Does a policy deny the actions on the resources to everybody who does not use TLS, and to nobody else?"""
    denials = [found for found in document.statements if not found.allows and found.certain and _plain_only(found)]
    return all(
        any(_covers(found, action) and _reaches(found, resource) for found in denials)
        for action in actions
        for resource in (resources or (None,))
    )


def _plain_only(statement: Statement) -> bool:
    """Everybody, under the one condition that the request is not encrypted."""
    everybody = any(found.value == "*" for found in statement.principals or ()) and not statement.not_principals
    return everybody and [
        (found.operator.lower().removesuffix("ifexists"), found.key.lower(), flag(found.values[0]))
        for found in statement.conditions
        if len(found.values) == 1
    ] == [("bool", "aws:securetransport", False)]


def _covers(statement: Statement, action: str) -> bool:
    named = any(isinstance(found, str) and action_matches(found, action) for found in statement.actions)
    return named is not statement.not_actions


def _reaches(statement: Statement, resource: Value) -> bool:
    """Is a resource among those of a statement? None stands for the one that has the policy."""
    if resource is None or statement.resources is None:
        return True
    return not statement.not_resources and any(matches(found, resource) is True for found in statement.resources)


def _listeners(system: System, *, asked: bool) -> Iterator[Finding]:
    """Listeners that take plain HTTP from outside and hand it on."""
    balancers = system.balancers
    secure = {found.balancer for found in balancers.listeners.values() if found.protocol in {"HTTPS", "TLS"}}
    for listener in balancers.listeners.values():
        balancer = balancers.balancers.get(listener.balancer or "")
        if listener.protocol != "HTTP" or balancer is None or balancer.public is False:
            continue
        if not asked and listener.balancer not in secure:
            continue
        rules = [rule for rule in balancers.rules.values() if rule.listener == listener.logical_id]
        owners = [(listener.logical_id, listener.actions), *((rule.logical_id, rule.actions) for rule in rules)]
        yield _listener(system.stack, listener, owners, has_https=listener.balancer in secure)


def _listener(
    stack: Stack, listener: Listener, owners: Sequence[tuple[str, Sequence[Action]]], *, has_https: bool
) -> Finding:
    """One listener with its rules."""
    rule = "store-transit-listener"
    for owner, actions in owners:
        for action in actions:
            if action.kind == "?":
                message = f"What {owner} does with plain HTTP is known to AWS only."
                return unknown(rule, owner, action.path, message, "Write the action's Type as plain text.")
            if action.kind == "forward" or (action.kind == "redirect" and not _to_https(stack, owner, action)):
                does = "hands requests on" if action.kind == "forward" else "redirects to HTTP again"
                beside = ", although the balancer has HTTPS as well" if has_https else ""
                return broken(
                    rule,
                    owner,
                    action.path,
                    f"{owner} takes plain HTTP from the internet and {does}{beside}: passwords and cookies cross it in"
                    f" clear text.",
                    "Let it redirect to HTTPS instead, with a certificate on port 443.",
                )
    return proved(
        rule, listener.logical_id, "", "plain HTTP is redirected to HTTPS, or answered by the balancer itself"
    )


def _to_https(stack: Stack, owner: str, action: Action) -> bool:
    """Does a redirect lead to HTTPS? Without a Protocol it keeps the one that the request came with."""
    keys = [int(key) if key.isdigit() else key for key in action.path.split(".")[1:]]
    return at(stack.resources[owner].properties, *keys, "RedirectConfig", "Protocol") == "HTTPS"
