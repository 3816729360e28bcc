"""Stores at rest: encrypted, and with the key that was meant.

AWS's own keys are as good as any unless the intent asks for customer keys: then the key must be the one that is named
there, and usable.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stackproof.proofs import arns
from stackproof.proofs.equality import equal
from stackproof.proofs.intent.intent import CUSTOMER, Intent
from stackproof.proofs.model.store_types import Store, chosen, stores
from stackproof.proofs.schemas import schema
from stackproof.proofs.values import Sym, Unknown, Value, at, flag, show
from stackproof.proofs.verdicts import Finding, broken, proved, unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stackproof.proofs.resolve.stack import Resource, Stack

KEY: Final = "AWS::KMS::Key"


def prove_encryption(stack: Stack, intent: Intent) -> Iterator[Finding]:
    """Whether each store is encrypted, and with which key."""
    for store in stores(stack):
        found = _encrypted(store)
        if found is not None:
            yield found
        wanted = chosen(intent.keys, store)
        if isinstance(wanted, str):
            yield _right_key(stack, store, wanted, intent)
        yield from _usable(stack, store)
    for resource in stack.of_type("AWS::ElastiCache::CacheCluster"):
        if resource.properties.get("Engine") == "redis":
            yield broken(
                "store-encrypted",
                resource.logical_id,
                "Type",
                "A CacheCluster of Redis cannot be encrypted at rest: its snapshots and its swap lie in the clear.",
                "Make it an AWS::ElastiCache::ReplicationGroup with one node and AtRestEncryptionEnabled.",
            )


def _encrypted(store: Store) -> Finding | None:
    """The answer for one store; None where something else decides (the cluster of an instance)."""
    where = store.type.switch
    if not where:
        if store.type.default is None:
            return None
        return proved("store-encrypted", store.logical_id, "", "it is always encrypted at rest")
    path = store.path(where)
    given = at(store.resource.properties, *where)
    if isinstance(given, dict) or (store.key is not None and store.resource.type == "AWS::SQS::Queue"):
        return proved("store-encrypted", store.logical_id, path, "encryption at rest is configured")
    if store.part_of and given is None:
        return _inherited(store, path)
    return _switched(store, path, given)


def _switched(store: Store, path: str, given: Value) -> Finding:
    """The answer where a switch decides."""
    on = flag(given) if given is not None else _default(store)
    if on:
        return proved("store-encrypted", store.logical_id, path, "encryption at rest is on")
    if on is False:
        names_key = f", whatever key {store.path(store.type.key)} names" if store.key is not None else ""
        return broken(
            "store-encrypted",
            store.logical_id,
            path,
            f"What {store.logical_id} holds lies unencrypted on AWS's disks, and in its backups{names_key}.",
            _turn_on(store),
        )
    reason = "its default differs between AWS's documents" if given is None else f"{show(given)} is known to AWS only"
    return unknown(
        "store-encrypted",
        store.logical_id,
        path,
        f"Whether {store.logical_id} is encrypted at rest cannot be told, since {reason}.",
        f"State {path.removeprefix('Properties.')} as true.",
    )


def _turn_on(store: Store) -> str:
    """What to change, and what that does to a store that exists."""
    name = ".".join(map(str, store.type.switch))
    definition = schema(store.resource.type)
    replaced = definition is not None and tuple(store.type.switch) in definition.create_only
    value = "EncryptionType KMS and a KeyId" if name == "StreamEncryption" else "true"
    return f"Set {name} to {value}" + ("; where the store exists already, that replaces it." if replaced else ".")


def _default(store: Store) -> bool | None:
    """Is it encrypted when nothing is said?"""
    properties = store.resource.properties
    if store.resource.type == "AWS::RDS::DBCluster":
        engine = properties.get("Engine")
        return engine.startswith("aurora") if isinstance(engine, str) else None
    if store.resource.type == "AWS::ElastiCache::ReplicationGroup" and properties.get("Engine") == "valkey":
        # The registry's schema says false, the service's guide true.
        return None
    return store.type.default


def _inherited(store: Store, path: str) -> Finding | None:
    """A copy is as encrypted as what it was copied from; a part of a cluster is judged with the cluster."""
    if store.part_of == "DBClusterIdentifier":
        return None
    return unknown(
        "store-encrypted",
        store.logical_id,
        path,
        f"Whether {store.logical_id} is encrypted at rest cannot be told, since it takes that from {store.part_of}:"
        f" {show(store.resource.properties[store.part_of])}.",
        "Check that one, and accept this with the answer as the reason.",
    )


def _right_key(stack: Stack, store: Store, wanted: str, intent: Intent) -> Finding:
    """Is a store encrypted with the key that the intent names?"""
    path, given = store.path(store.type.key), store.key
    if store.part_of == "DBClusterIdentifier" and given is None:
        return proved("store-key", store.logical_id, path, "its cluster's key counts")
    fix = f"Name {'a customer key' if wanted == CUSTOMER else wanted} in {path.removeprefix('Properties.')}."
    if given is None or _aws_managed(given):
        return broken(
            "store-key",
            store.logical_id,
            path,
            f"AWS encrypts {store.logical_id} with a key of its own, whose use nobody here can limit or end, and"
            f" {intent.where} asks for {'a customer key' if wanted == CUSTOMER else f'the key {wanted}'}.",
            fix,
        )
    same = _is_key(stack, given, wanted)
    if same:
        return proved("store-key", store.logical_id, path, f"it is encrypted with {show(given)}")
    if same is None:
        return unknown(
            "store-key",
            store.logical_id,
            path,
            f"Whether {show(given)} is {wanted}, the key that {intent.where} asks for, is known to AWS only.",
            fix,
        )
    return broken(
        "store-key",
        store.logical_id,
        path,
        f"{store.logical_id} is encrypted with {show(given)}, and not with {wanted}, as {intent.where} asks: whoever"
        f" may use {wanted} cannot read it, and whoever may use the other key can.",
        fix,
    )


def _aws_managed(value: Value) -> bool:
    """Is it one of AWS's keys, which every account has (alias/aws/rds)?"""
    return isinstance(value, str) and "alias/aws/" in value


def _is_key(stack: Stack, given: Value, wanted: str) -> bool | None:
    """Is the key that a store names the wanted one?"""
    if isinstance(given, Unknown):
        return None
    key = key_of(stack, given)
    if wanted == CUSTOMER:
        return True
    if key is not None:
        return key.logical_id == wanted or equal(arns.arn(stack, key), wanted) is True
    if wanted in stack.resources:
        return False if isinstance(given, str) else None
    return equal(given, wanted)


def key_of(stack: Stack, value: Value) -> Resource | None:
    """The key of this template that a value names: by id, by ARN, or through an alias of this template."""
    target = stack.target(value)
    if target is not None:
        if target.type == "AWS::KMS::Alias":
            return stack.target(target.properties.get("TargetKeyId"))
        return target if target.type in {KEY, "AWS::KMS::ReplicaKey"} else None
    if not isinstance(value, str | Sym):
        for key in stack.of_type(KEY):
            if equal(arns.expand(stack, value), arns.arn(stack, key)) is True:
                return key
    return None


def _usable(stack: Stack, store: Store) -> Iterator[Finding]:
    """A key of this template must be one that stores can be encrypted with."""
    key = key_of(stack, store.key) if store.key is not None else None
    if key is None or key.type != KEY:
        return
    if flag(key.properties.get("Enabled")) is False:
        yield broken(
            "store-key-usable",
            key.logical_id,
            "Properties.Enabled",
            f"{key.logical_id} is disabled: {store.logical_id} can neither be created nor read.",
            "Set Enabled to true, or leave it out.",
        )
    kinds = [("KeyUsage", "ENCRYPT_DECRYPT"), ("KeySpec", "SYMMETRIC_DEFAULT")]
    for name, wanted in kinds:
        given = key.properties.get(name)
        if isinstance(given, str) and given != wanted:
            yield broken(
                "store-key-usable",
                key.logical_id,
                f"Properties.{name}",
                f"{key.logical_id} is a key for {given}: AWS refuses to encrypt {store.logical_id} with it.",
                f"Set {name} to {wanted}, or leave it out.",
            )
