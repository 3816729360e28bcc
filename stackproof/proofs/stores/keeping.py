"""Stores over time: kept on deletion and on replacement, together with their key; backed up; logs with retention.

Whether data is meant to outlive the stack is the intent's to say (`keep_data`). Where it says nothing, the template's
own words count: one that keeps some of its data, and lets other data go, is taken at its word.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stackproof.proofs.model.backups import planned_days
from stackproof.proofs.model.store_types import PRIMARY, Store, chosen, fate, fate_replaced, stores
from stackproof.proofs.stores.encryption import key_of
from stackproof.proofs.values import Unknown, Value, at, is_one_of, number, show
from stackproof.proofs.verdicts import Finding, broken, proved, unknown
from stackproof.stores import FULL

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stackproof.proofs.intent.intent import Intent
    from stackproof.proofs.resolve.stack import Resource, Stack

KEPT: Final = frozenset({"retained", "snapshot"})
KEEPING: Final = ("Retain", "RetainExceptOnCreate")
CONTINUOUS_DAYS: Final = 35
"""What point-in-time recovery of a table, and AWS Backup's own plan for file systems, go back."""


def prove_keeping(stack: Stack, intent: Intent) -> Iterator[Finding]:
    """What becomes of each store's data, of its key, and of its backups."""
    everything = list(stores(stack))
    said = [
        store
        for store in everything
        if store.type.holds_data
        # Buckets are retained since they cannot be deleted while they hold something, logs since tools do it unasked.
        and store.type.kind not in {"bucket", "logs"}
        and is_one_of(store.resource.deletion_policy, *KEEPING, "Snapshot")
    ]
    for store in everything:
        wanted = intent.keep_data
        if wanted is None:
            others = [other.logical_id for other in said if other is not store]
            wanted = bool(others) and store.type.kind in PRIMARY
            reason = f"as {others[0]} is kept" if others else ""
        else:
            reason = f"as {intent.where} asks"
        if store.type.holds_data and store.part_of != "DBClusterIdentifier":
            if wanted:
                yield _kept(store, reason)
            yield from _kept_replaced(store, asked=wanted)
        yield from _key_kept(stack, store)
        yield from _backed_up(stack, store, intent)
    for bucket in stack.of_type("AWS::S3::Bucket"):
        if bucket.logical_id in intent.versioned:
            yield _versioned(bucket, intent)
    if intent.log_days:
        for group in stack.of_type("AWS::Logs::LogGroup"):
            yield _retention(group, intent)


def _kept(store: Store, reason: str) -> Finding:
    """Is the data there when the stack, or the resource, is deleted?"""
    policy = store.resource.deletion_policy
    found = fate(store, policy)
    name = store.logical_id
    if isinstance(found, Unknown):
        return _unknown_policy(store, "store-kept", "DeletionPolicy", found)
    if found in KEPT:
        return proved("store-kept", name, "DeletionPolicy", f"its data is {found} when it is deleted")
    if policy == "Snapshot":
        message = f"CloudFormation takes no snapshots of {store.resource.type} and refuses the policy."
    elif found == "if-empty":
        inside = FULL[store.resource.type]
        message = f"When the stack is deleted, it takes {name} along, or fails at it where {inside} are still in it"
        message += f"; it should be kept, {reason}."
    else:
        message = f"When the stack is deleted, or {name} leaves the template, its data is gone; it should be kept,"
        message += f" {reason}."
    return broken("store-kept", name, "DeletionPolicy", message, f"Set DeletionPolicy to {_advice(store)}.")


def _kept_replaced(store: Store, *, asked: bool) -> Iterator[Finding]:
    """Is the data there when CloudFormation replaces the resource?

    Asked of all that should be kept, and of what the template itself keeps on deletion in so many words.
    """
    stated = store.resource.deletion_policy
    found = fate_replaced(store)
    said = isinstance(stated, str) and fate(store, stated) in KEPT
    # What AWS deletes only when it is empty stays with its data, without a word about it.
    if not asked and (not said or found == "if-empty"):
        return
    name = store.logical_id
    if isinstance(found, Unknown):
        yield _unknown_policy(store, "store-kept-replaced", "UpdateReplacePolicy", found)
    elif found in KEPT:
        yield proved("store-kept-replaced", name, "UpdateReplacePolicy", f"its data is {found} when it is replaced")
    else:
        beside = f": DeletionPolicy {stated} does not count there" if said else ""
        message = f"When a change replaces {name}, CloudFormation deletes the old one with its data{beside}."
        if found == "if-empty":
            message = f"When a change replaces {name}, CloudFormation deletes the old one, or fails at it where"
            message += f" {FULL[store.resource.type]} are still in it{beside}."
        advice = "Snapshot" if store.type.snapshot else "Retain"
        yield broken(
            "store-kept-replaced",
            name,
            "UpdateReplacePolicy",
            message,
            f"Set UpdateReplacePolicy to {advice}.",
        )


def _advice(store: Store) -> str:
    return "Snapshot" if store.type.snapshot else "RetainExceptOnCreate or Retain"


def _unknown_policy(store: Store, rule: str, attribute: str, found: Unknown) -> Finding:
    message = f"What becomes of {store.logical_id} cannot be told, since {found.reason}."
    return unknown(rule, store.logical_id, attribute, message, f"Write {attribute} as plain text.")


def _key_kept(stack: Stack, store: Store) -> Iterator[Finding]:
    """Data that is kept is worth as much as its key."""
    key = key_of(stack, store.key) if store.key is not None else None
    if key is None:
        return
    policies = (
        (
            "DeletionPolicy",
            fate(store, store.resource.deletion_policy),
            key.deletion_policy,
            "RetainExceptOnCreate or Retain",
        ),
        ("UpdateReplacePolicy", fate_replaced(store), key.update_replace_policy, "Retain"),
    )
    for attribute, found, of_key, advice in policies:
        if isinstance(found, Unknown) or isinstance(of_key, Unknown):
            yield unknown(
                "store-key-kept",
                key.logical_id,
                attribute,
                f"Whether {key.logical_id} is kept as long as {store.logical_id}, which it encrypts, cannot be told.",
                f"Write {attribute} of both as plain text.",
            )
        elif found not in KEPT:
            continue
        elif of_key in KEEPING:
            yield proved("store-key-kept", key.logical_id, attribute, f"it is kept as {store.logical_id} is")
        else:
            left = f"a snapshot of {store.logical_id}" if found == "snapshot" else store.logical_id
            event = "the stack is deleted" if attribute == "DeletionPolicy" else "it is replaced"
            yield broken(
                "store-key-kept",
                key.logical_id,
                attribute,
                f"When {event}, {key.logical_id} is scheduled for deletion while {left} stays behind: once the key is"
                f" gone, nobody can read what it encrypted.",
                f"Set {attribute} of {key.logical_id} to {advice}.",
            )


def _backed_up(stack: Stack, store: Store, intent: Intent) -> Iterator[Finding]:
    """Are there backups, and are they kept long enough?"""
    wanted = chosen(intent.backup_days, store)
    if not isinstance(wanted, int) or wanted == 0 or store.part_of in _NO_OWN_BACKUPS:
        return
    days, path = _own_days(store)
    planned = planned_days(stack, store)
    name = store.logical_id
    if isinstance(days, Unknown) or isinstance(planned, Unknown):
        reason = days if isinstance(days, Unknown) else planned
        known = max([found for found in (days, planned) if not isinstance(found, Unknown)], default=0)
        if known < wanted:
            yield unknown(
                "store-backup",
                name,
                path,
                f"How long backups of {name} are kept cannot be told, since {getattr(reason, 'reason', '')}.",
                f"State {path.removeprefix('Properties.')}, at least {wanted}.",
            )
            return
        days, planned = known, 0
    best = max(days, planned)
    if best >= wanted:
        yield proved("store-backup", name, path, f"backups go back {_in_days(best)}")
        return
    has = f"backups of {name} go back {_in_days(best)}" if best else f"there are no backups of {name}"
    yield broken(
        "store-backup",
        name,
        path,
        f"What is deleted or damaged by mistake cannot be brought back: {has}; {intent.where} asks for"
        f" {_in_days(wanted)}.",
        _backup_advice(store, wanted, path),
    )


def _in_days(number_of: int) -> str:
    return f"{number_of} day" + ("" if number_of == 1 else "s")


_NO_OWN_BACKUPS: Final = ("DBClusterIdentifier", "SourceDBInstanceIdentifier", "ReplicationSourceIdentifier")
"""An instance of a cluster has the cluster's backups, a replica those of its source."""


def _own_days(store: Store) -> tuple[int | Unknown, str]:
    """How far the backups go back that the store makes itself, and the property that says so."""
    properties = store.resource.properties
    if store.resource.type == "AWS::EFS::FileSystem":
        path = ("BackupPolicy", "Status")
        return _switched(at(properties, *path), "ENABLED"), store.path(path)
    if store.resource.type == "AWS::DynamoDB::Table":
        path = ("PointInTimeRecoverySpecification", "PointInTimeRecoveryEnabled")
        days = _days(at(properties, path[0], "RecoveryPeriodInDays"), CONTINUOUS_DAYS)
        on = _switched(at(properties, *path), "true")
        return (days if on == CONTINUOUS_DAYS else on), store.path(path)
    if store.type.days:
        return _days(at(properties, *store.type.days), store.type.default_days), store.path(store.type.days)
    return 0, ""


def _switched(value: Value, on: str) -> int | Unknown:
    """Backups that are either on, and go back a fixed time, or off."""
    if value is None or isinstance(value, bool):
        return CONTINUOUS_DAYS if value else 0
    if isinstance(value, str):
        return CONTINUOUS_DAYS if is_one_of(value, on, on.capitalize()) else 0
    return Unknown(f"{show(value)} is known to AWS only")


def _days(value: Value, default: int) -> int | Unknown:
    if value is None:
        return default
    found = number(value)
    return Unknown(f"{show(value)} is known to AWS only") if found is None else int(found)


def _backup_advice(store: Store, wanted: int, path: str) -> str:
    """What to change; a store without backups of its own needs a plan."""
    if not path:
        return "Let a plan of AWS Backup select it."
    switches = {"AWS::EFS::FileSystem": "ENABLED", "AWS::DynamoDB::Table": "true"}
    value = switches.get(store.resource.type, f"{wanted} or more")
    return f"Set {path.removeprefix('Properties.')} to {value}, or let a plan of AWS Backup select it."


def _versioned(bucket: Resource, intent: Intent) -> Finding:
    """A bucket that the intent wants to keep old versions."""
    path = "Properties.VersioningConfiguration.Status"
    status = at(bucket.properties, "VersioningConfiguration", "Status")
    if status == "Enabled":
        return proved("store-versioned", bucket.logical_id, path, "old versions of objects are kept")
    fix = "Set VersioningConfiguration.Status to Enabled."
    if status is None or isinstance(status, str):
        message = (
            f"An object of {bucket.logical_id} that is overwritten or deleted is gone, and {intent.where} asks for old"
            f" versions."
        )
        return broken("store-versioned", bucket.logical_id, path, message, fix)
    message = f"Whether {bucket.logical_id} keeps old versions is known to AWS only: {show(status)}."
    return unknown("store-versioned", bucket.logical_id, path, message, fix)


def _retention(group: Resource, intent: Intent) -> Finding:
    """Log groups say how long they keep their lines, and that is long enough."""
    path = "Properties.RetentionInDays"
    given = group.properties.get("RetentionInDays")
    days = number(given)
    fix = f"Set RetentionInDays to {intent.log_days} or more."
    if given is None:
        message = f"{group.logical_id} keeps its lines for ever, and each costs money for ever."
        return broken("store-log-retention", group.logical_id, path, message, fix)
    if days is None:
        message = f"How long {group.logical_id} keeps its lines is known to AWS only: {show(given)}."
        return unknown("store-log-retention", group.logical_id, path, message, fix)
    if days < intent.log_days:
        message = (
            f"Lines of {group.logical_id} are gone after {days:g} days, and {intent.where} asks for {intent.log_days}."
        )
        return broken("store-log-retention", group.logical_id, path, message, fix)
    return proved("store-log-retention", group.logical_id, path, f"lines are kept for {days:g} days")
