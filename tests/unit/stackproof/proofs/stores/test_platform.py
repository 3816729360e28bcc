"""Our own templates: clean in every combination, as meant in every environment, and every fault is found by name."""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import replace
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from stackproof.environments import environment_names, load_targets
from stackproof.intent_files import load_intent
from stackproof.proofs import tags
from stackproof.proofs.intent import declared
from stackproof.proofs.intent.intent import DEFAULT, Intent, apply_intent
from stackproof.proofs.model.system import model
from stackproof.proofs.resolve.stack import resolve
from stackproof.proofs.stores import queries as stores
from stackproof.proofs.verdicts import Finding, Verdict
from templates import TEMPLATES

ROOT = Path(__file__).parents[5]
ENVIRONMENTS = environment_names(ROOT)
CERTIFICATE = "arn:aws:acm:sa-east-1:111111111111:certificate/33333333-3333-4333-8333-333333333333"
DATABASE = "arn:aws:secretsmanager:sa-east-1:111111111111:secret:lms/database-AbCdEf"
# Whatever else a parameter can turn on or off adds no store, name or listener; check tries all of them together.
CHOICES = {
    "AccessLogs": ("yes", "no"),
    "CertificateArn": ("", CERTIFICATE),
    "MaintenancePage": ("no", "yes"),
    "PlainCache": ("no", "yes"),
    "RunApplication": ("yes", "no"),
    "ZoneCount": ("2", "3"),
}
OWN = {
    "Backups": ("no", "yes"),
    "DatabaseEngine": ("postgresql", "mysql"),
    "DatabaseInsights": ("standard", "advanced"),
    "DatabaseProxy": ("no", "yes"),
    "DatabaseReader": ("yes", "no"),
    "DatabaseSnapshotIdentifier": ("", "lms-2026"),
}
"""The same of a database of our own."""
COMBINATIONS = [dict(zip(CHOICES, values, strict=True)) for values in product(*CHOICES.values())]


@cache
def template(name: str) -> dict[str, Any]:
    return json.loads(json.dumps(TEMPLATES[name]().to_dict()))  # type: ignore[no-any-return]  # JSON


@cache
def environment(name: str) -> tuple[str, dict[str, Any], Intent]:
    """The template's name, the parameters and the intent of an environment."""
    target = load_targets(ROOT)[name]
    parameters = json.loads((ROOT / "params" / f"{name}.json").read_text(encoding="utf-8"))["Parameters"]
    intent = load_intent(ROOT / "params" / "intent.toml", name, environments=ENVIRONMENTS)
    return str(target.template), parameters, intent


def ask(body: Any, parameters: dict[str, Any], intent: Intent = DEFAULT) -> list[Finding]:
    stack = resolve(body, parameters, region="sa-east-1", account="111111111111", stack_name="lms-any")
    whole = model(stack)
    answers = [*stores.prove(whole, intent), *tags.prove(whole, intent), *declared.prove(whole, intent)]
    # Exceptions to what other queries find have no work here.
    mine = tuple(each for each in intent.accepted if each.rule.startswith(("store-", "tag-", "intent-")))
    left = apply_intent(answers, replace(intent, accepted=mine), absent=stack.absent)
    return [found for found in left if found.verdict is not Verdict.PROVED]


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_every_environment_is_as_meant(name: str) -> None:
    kind, parameters, intent = environment(name)
    assert ask(template(kind), parameters, intent) == []


@pytest.mark.parametrize("name", ["lms", "lms-disposable"])
def test_every_combination_is_clean(name: str) -> None:
    for chosen in COMBINATIONS:
        assert ask(template(name), {"DatabaseSecretArn": DATABASE, **chosen}) == [], chosen


@pytest.mark.parametrize("name", ["lms", "lms-disposable"])
def test_every_database_of_our_own_is_clean(name: str) -> None:
    for values in product(*OWN.values()):
        chosen = dict(zip(OWN, values, strict=True))
        assert ask(template(name), chosen) == [], chosen


def test_what_everybody_shares_is_clean() -> None:
    assert ask(template("bootstrap"), {}) == []


def test_production_is_as_meant_in_every_combination_that_its_rules_allow() -> None:
    _, parameters, intent = environment("prod")
    for chosen in COMBINATIONS:
        if chosen["CertificateArn"]:
            assert ask(template("lms"), {**parameters, **chosen}, intent) == [], chosen


GONE = "(left out)"
"""The property is left out."""

CACHE = "CacheReplicationGroup"
DATABASE_CLUSTER = "DatabaseCluster"
FAULTS = [
    ("FileSystem", "Properties.Encrypted", False, "store-encrypted", "FileSystem"),
    ("FileSystem", "Properties.KmsKeyId", {"Fn::GetAtt": ["CacheKey", "Arn"]}, "store-key", "FileSystem"),
    ("FileSystem", "Properties.KmsKeyId", GONE, "store-key", "FileSystem"),
    ("FileSystem", "Properties.FileSystemPolicy", GONE, "store-transit-files", "FileSystem"),
    # By its tags the plan takes it in.
    ("FileSystem", "Properties.FileSystemTags", GONE, "store-backup", "FileSystem"),
    ("FileSystem", "DeletionPolicy", "Delete", "store-kept", "FileSystem"),
    ("FileSystem", "UpdateReplacePolicy", GONE, "store-kept-replaced", "FileSystem"),
    ("FilesKey", "DeletionPolicy", GONE, "store-key-kept", "FilesKey"),
    ("FilesKey", "UpdateReplacePolicy", GONE, "store-key-kept", "FilesKey"),
    ("FilesKey", "Properties.EnableKeyRotation", False, "intent-key-rotation", "FilesKey"),
    ("LogsKey", "Properties.KeyPolicy.Statement.0.Principal", "*", "store-public", "LogsKey"),
    (CACHE, "Properties.AtRestEncryptionEnabled", False, "store-encrypted", CACHE),
    (
        CACHE,
        "Properties.TransitEncryptionEnabled",
        False,
        "store-transit-cache",
        CACHE,
    ),
    (CACHE, "Properties.SnapshotRetentionLimit", 0, "store-backup", CACHE),
    (CACHE, "DeletionPolicy", "Delete", "store-kept", CACHE),
    ("CacheSecret", "Properties.KmsKeyId", GONE, "store-key", "CacheSecret"),
    ("CacheSecret", "Properties.SecretString", "hunter2", "store-secret-plain", "CacheSecret"),
    ("CacheUser", "Properties.Passwords.0", "hunter2hunter2hunter2", "store-secret-plain", "CacheUser"),
    (DATABASE_CLUSTER, "Properties.StorageEncrypted", False, "store-encrypted", DATABASE_CLUSTER),
    (DATABASE_CLUSTER, "Properties.KmsKeyId", GONE, "store-key", DATABASE_CLUSTER),
    (DATABASE_CLUSTER, "Properties.Tags", GONE, "store-backup", DATABASE_CLUSTER),
    ("BackupVault", "Properties.EncryptionKeyArn", GONE, "store-key", "BackupVault"),
    ("BackupVault", "DeletionPolicy", "Delete", "store-kept", "BackupVault"),
    (DATABASE_CLUSTER, "DeletionPolicy", "Delete", "store-kept", DATABASE_CLUSTER),
    (DATABASE_CLUSTER, "Properties.MasterUserPassword", "hunter2hunter2", "store-secret-plain", DATABASE_CLUSTER),
    ("DatabaseParameterGroup", "Properties.Parameters", {}, "store-transit-database", "DatabaseParameterGroup"),
    ("DatabaseConnectionProxy", "Properties.RequireTLS", False, "store-transit-database", "DatabaseConnectionProxy"),
    ("DatabaseWriterInstance", "Properties.PubliclyAccessible", True, "store-public", "DatabaseWriterInstance"),
    ("DatabaseLogGroup", "Properties.RetentionInDays", GONE, "store-log-retention", "DatabaseLogGroup"),
    ("ApplicationLogGroup", "Properties.RetentionInDays", GONE, "store-log-retention", "ApplicationLogGroup"),
    ("ApplicationLogGroup", "Properties.KmsKeyId", GONE, "store-key", "ApplicationLogGroup"),
    ("ApplicationLogGroup", "Properties.Tags", GONE, "tag-missing", "ApplicationLogGroup"),
    ("AccessLogGroup", "Properties.KmsKeyId", GONE, "store-key", "AccessLogGroup"),
    (
        "TaskDefinition",
        "Properties.Volumes.0.EFSVolumeConfiguration.TransitEncryption",
        "DISABLED",
        "store-transit-mount",
        "TaskDefinition",
    ),
    (
        "TaskDefinition",
        "Properties.ContainerDefinitions.0.Environment.0",
        {"Name": "DB_PASSWORD", "Value": "hunter2"},
        "store-secret-plain",
        "TaskDefinition",
    ),
    (
        "TaskDefinition",
        "Properties.ContainerDefinitions.0.Environment.0.Value",
        {"Fn::Sub": "{{resolve:secretsmanager:${CacheSecret}:SecretString:password}}"},
        "store-secret-exposed",
        "TaskDefinition",
    ),
    ("TaskDefinition", "Properties.ContainerDefinitions.0.Image", "lms:latest", "intent-image", "TaskDefinition"),
    (
        "TaskDefinition",
        "Properties.ContainerDefinitions.0.MountPoints.0.ReadOnly",
        True,
        "intent-file-writers",
        "TaskDefinition",
    ),
    ("HttpsListener", "Properties.SslPolicy", "ELBSecurityPolicy-2016-08", "intent-tls-minimum", "HttpsListener"),
    ("HttpsListener", "Properties.SslPolicy", GONE, "intent-tls-minimum", "HttpsListener"),
    (
        "HttpListener",
        "Properties.DefaultActions.0",
        {"Type": "forward", "TargetGroupArn": {"Ref": "TargetGroup"}},
        "store-transit-listener",
        "HttpListener",
    ),
    ("Service", "Properties.PropagateTags", GONE, "tag-propagation", "Service"),
    ("Service", "Properties.CapacityProviderStrategy.0.Base", 0, "intent-on-demand-base", "Service"),
    ("Service", "Properties.CapacityProviderStrategy.0.Weight", 0, "intent-spot-share", "Service"),
    ("LoadBalancer", "Properties.Name", "lms-balancer", "tag-name-suffix", "LoadBalancer"),
    (
        "LoadBalancer",
        "Properties.Name",
        {"Fn::Sub": "lms-application-balancer-${EnvironmentSuffix}"},
        "tag-name-length",
        "LoadBalancer",
    ),
    ("TargetGroup", "Properties.Name", {"Fn::Sub": "lms-${EnvironmentSuffix}"}, "tag-name-clash", "TargetGroup"),
    ("Vpc", "Properties.Tags.0.Value", "vpc", "tag-value", "Vpc"),
]


def spoil(body: Any, path: str, value: Any) -> None:
    *way, last = [int(key) if key.isdigit() else key for key in path.split(".")]
    for key in way:
        body = body[key]
    if value is GONE:
        del body[last]
    else:
        body[last] = value


@pytest.mark.parametrize(("logical_id", "path", "value", "rule", "blamed"), FAULTS, ids=lambda found: str(found)[:40])
def test_a_fault_in_production_is_found_by_name(logical_id: str, path: str, value: Any, rule: str, blamed: str) -> None:
    _, parameters, intent = environment("prod")
    body = deepcopy(template("lms"))
    spoil(body["Resources"][logical_id], path, value)
    # With the listener on port 80, which production leaves out.
    found = ask(body, {**parameters, "PlainHttp": "redirect"}, intent)
    assert (rule, blamed) in {(each.id, each.logical_id) for each in found}, found
    # One fault is told by those it is about, and by nobody else.
    assert {each.logical_id for each in found} == {blamed}
