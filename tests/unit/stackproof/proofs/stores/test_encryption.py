"""At rest: each store encrypted, with the key that was meant; pairs of what holds and the same with one fault."""

from __future__ import annotations

from typing import Any

import pytest

from stackproof.proofs.stores.encryption import prove_encryption
from tests.unit.stackproof.proofs.store_support import att, complaints, expect, make, ref

BY_DEFAULT: dict[str, Any] = {}
CUSTOMER = {"keys": {"files": "customer"}}
FILES_KEY = {"keys": {"AWS::EFS::FileSystem": "FilesKey"}}
KEY = make("KMS::Key")
PARAMETER: dict[str, Any] = {"Parameters": {"On": {"Type": "String"}, "KeyArn": {"Type": "String"}}}
OTHER_ARN = "arn:aws:kms:sa-east-1:111111111111:key/33333333-3333-4333-8333-333333333333"


def prove(system: Any, intent: Any) -> Any:
    return list(prove_encryption(system.stack, intent))


ENCRYPTED = [
    make("EFS::FileSystem", Encrypted=True),
    make("EFS::FileSystem", Encrypted="true"),
    make("RDS::DBCluster", Engine="aurora-postgresql"),
    make("RDS::DBCluster", Engine="mysql", StorageEncrypted=True),
    make("RDS::DBInstance", Engine="postgres", StorageEncrypted=True),
    make("RDS::DBInstance", Engine="aurora-mysql", DBClusterIdentifier="cluster"),
    make("Redshift::Cluster", ClusterType="single-node"),
    make("ElastiCache::ReplicationGroup", Engine="redis", AtRestEncryptionEnabled=True),
    make("ElastiCache::CacheCluster", Engine="memcached"),
    make("S3::Bucket"),
    make("SQS::Queue"),
    make("SQS::Queue", KmsMasterKeyId="alias/aws/sqs"),
    make("SNS::Topic"),
    make("Kinesis::Stream", StreamEncryption={"EncryptionType": "KMS", "KeyId": "alias/aws/kinesis"}),
]


@pytest.mark.parametrize("resource", ENCRYPTED, ids=lambda found: str(found["Type"]))
def test_an_encrypted_store_is_right(resource: dict[str, Any]) -> None:
    assert complaints(prove, {"Store": resource}) == {}


PLAIN = [
    (make("EFS::FileSystem"), "Encrypted"),
    (make("EFS::FileSystem", Encrypted="false"), "Encrypted"),
    (make("RDS::DBCluster", Engine="mysql"), "StorageEncrypted"),
    (make("RDS::DBCluster", Engine="aurora-mysql", StorageEncrypted=False), "StorageEncrypted"),
    (make("RDS::DBInstance", Engine="postgres"), "StorageEncrypted"),
    (make("RDS::DBInstance", DBSnapshotIdentifier="s", StorageEncrypted=False), "StorageEncrypted"),
    (make("DocDB::DBCluster"), "StorageEncrypted"),
    (make("Neptune::DBCluster"), "StorageEncrypted"),
    (make("Redshift::Cluster", Encrypted=False), "Encrypted"),
    (make("EC2::Volume"), "Encrypted"),
    (make("ElastiCache::ReplicationGroup", Engine="redis"), "AtRestEncryptionEnabled"),
    (make("ElastiCache::ReplicationGroup", Engine="valkey", AtRestEncryptionEnabled=False), "AtRestEncryptionEnabled"),
    (make("OpenSearchService::Domain"), "EncryptionAtRestOptions.Enabled"),
    (make("SQS::Queue", SqsManagedSseEnabled=False), "SqsManagedSseEnabled"),
    (make("Kinesis::Stream"), "StreamEncryption"),
]


@pytest.mark.parametrize(("resource", "path"), PLAIN, ids=lambda found: str(found)[:60])
def test_an_unencrypted_store_is_broken(resource: dict[str, Any], path: str) -> None:
    found = complaints(prove, {"Store": resource})
    expect(found, {f"broken store-encrypted Store.Properties.{path}": f"Set {path} to "})


@pytest.mark.parametrize(
    ("resource", "fix"),
    [
        (make("EFS::FileSystem"), "Set Encrypted to true; where the store exists already, that replaces it."),
        (make("SQS::Queue", SqsManagedSseEnabled=False), "Set SqsManagedSseEnabled to true."),
        (make("Kinesis::Stream"), "Set StreamEncryption to EncryptionType KMS and a KeyId."),
    ],
)
def test_the_fix_says_what_it_does_to_a_store_that_exists(resource: dict[str, Any], fix: str) -> None:
    ((_, sentences),) = complaints(prove, {"Store": resource}).items()
    assert sentences.endswith(fix)


def test_a_key_does_not_turn_encryption_on() -> None:
    found = complaints(prove, {"FilesKey": KEY, "Files": make("EFS::FileSystem", KmsKeyId=att("FilesKey"))})
    expect(found, {"broken store-encrypted Files.Properties.Encrypted": "whatever key Properties.KmsKeyId names"})


def test_a_cache_cluster_of_redis_cannot_be_encrypted() -> None:
    found = complaints(prove, {"Cache": make("ElastiCache::CacheCluster", Engine="redis")})
    expect(found, {"broken store-encrypted Cache.Type": "AWS::ElastiCache::ReplicationGroup"})


UNKNOWN = [
    (make("EFS::FileSystem", Encrypted=ref("On")), "Encrypted", "${On} is known to AWS only"),
    (make("RDS::DBInstance", DBSnapshotIdentifier="snap"), "StorageEncrypted", "from DBSnapshotIdentifier: snap"),
    (make("RDS::DBCluster", Engine=ref("On")), "StorageEncrypted", "default differs"),
    (make("ElastiCache::ReplicationGroup", Engine="valkey"), "AtRestEncryptionEnabled", "default differs"),
]


@pytest.mark.parametrize(("resource", "path", "words"), UNKNOWN, ids=lambda found: str(found)[:50])
def test_what_cannot_be_told_is_no_pass(resource: dict[str, Any], path: str, words: str) -> None:
    found = complaints(prove, {"Store": resource}, **PARAMETER)
    expect(found, {f"unknown store-encrypted Store.Properties.{path}": words})


def files(**properties: Any) -> dict[str, Any]:
    return make("EFS::FileSystem", Encrypted=True, **properties)


ALIAS = make("KMS::Alias", AliasName="alias/files", TargetKeyId=ref("FilesKey"))
SUB = {"Fn::Sub": "arn:${AWS::Partition}:kms:${AWS::Region}:${AWS::AccountId}:key/${FilesKey}"}


@pytest.mark.parametrize(
    "key", [att("FilesKey"), ref("FilesKey"), ref("Alias"), SUB], ids=["arn", "id", "alias", "sub"]
)
@pytest.mark.parametrize("intent", [BY_DEFAULT, CUSTOMER, FILES_KEY], ids=["none", "customer", "by name"])
def test_the_meant_key_in_any_spelling_is_right(key: object, intent: dict[str, Any]) -> None:
    resources = {"FilesKey": KEY, "Alias": ALIAS, "Files": files(KmsKeyId=key)}
    assert complaints(prove, resources, intent) == {}


@pytest.mark.parametrize(
    ("key", "intent", "words"),
    [
        (None, CUSTOMER, "params/intent.toml asks for a customer key"),
        (None, FILES_KEY, "asks for the key FilesKey"),
        ("arn:aws:kms:sa-east-1:111111111111:alias/aws/elasticfilesystem", CUSTOMER, "a key of its own"),
        (att("OtherKey"), FILES_KEY, "encrypted with ${OtherKey.Arn}, and not with FilesKey"),
        (OTHER_ARN, FILES_KEY, "and not with FilesKey"),
        (OTHER_ARN, {"keys": {"Files": OTHER_ARN.replace("3333", "4444")}}, "4444"),
    ],
)
def test_another_key_than_the_meant_one_is_broken(key: object, intent: dict[str, Any], words: str) -> None:
    store = files() if key is None else files(KmsKeyId=key)
    found = complaints(prove, {"FilesKey": KEY, "OtherKey": KEY, "Files": store}, intent)
    expect(found, {"broken store-key Files.Properties.KmsKeyId": words})


@pytest.mark.parametrize("key", [ref("KeyArn"), {"Fn::ImportValue": "key"}, {"Fn::Transform": {"Name": "X"}}])
def test_a_key_from_elsewhere_may_be_another(key: object) -> None:
    found = complaints(prove, {"FilesKey": KEY, "Files": files(KmsKeyId=key)}, FILES_KEY, **PARAMETER)
    expect(found, {"unknown store-key Files.Properties.KmsKeyId": "is known to AWS only"})


def test_a_key_may_be_named_by_its_arn_and_by_logical_id() -> None:
    resources = {"Files": files(KmsKeyId=OTHER_ARN)}
    assert complaints(prove, resources, {"keys": {"Files": OTHER_ARN}}) == {}


def test_an_instance_has_its_clusters_key() -> None:
    instance = make("RDS::DBInstance", DBClusterIdentifier="cluster", Engine="aurora-mysql")
    assert complaints(prove, {"Database": instance}, {"keys": {"database": "customer"}}) == {}


@pytest.mark.parametrize(
    ("properties", "path", "words"),
    [
        ({"Enabled": False}, "Enabled", "is disabled"),
        ({"KeyUsage": "SIGN_VERIFY"}, "KeyUsage", "for SIGN_VERIFY"),
        ({"KeySpec": "RSA_2048"}, "KeySpec", "for RSA_2048"),
    ],
)
def test_a_key_that_nothing_can_be_encrypted_with_is_broken(properties: dict[str, Any], path: str, words: str) -> None:
    resources = {"FilesKey": make("KMS::Key", **properties), "Files": files(KmsKeyId=att("FilesKey"))}
    expect(complaints(prove, resources), {f"broken store-key-usable FilesKey.Properties.{path}": words})


def test_usable_keys_are_of_any_shape() -> None:
    key = make("KMS::Key", Enabled=True, KeyUsage="ENCRYPT_DECRYPT", KeySpec="SYMMETRIC_DEFAULT")
    replica = make("KMS::ReplicaKey", PrimaryKeyArn=OTHER_ARN)
    resources = {"FilesKey": key, "Replica": replica, "Files": files(KmsKeyId=att("FilesKey"))}
    assert complaints(prove, resources) == {}
    assert complaints(prove, {**resources, "Files": files(KmsKeyId=att("Replica"))}) == {}
    assert complaints(prove, {**resources, "Files": files(KmsKeyId={"Fn::Sub": "alias/${AWS::StackName}"})}) == {}
