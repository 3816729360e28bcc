"""In transit: what travels is encrypted, as far as the intent asks; pairs of what holds and the same with one fault."""

from __future__ import annotations

from typing import Any

import pytest

from stackproof.proofs.stores.transit import prove_transit
from tests.unit.stackproof.proofs.store_support import att, complaints, expect, make, ref

LATER: dict[str, Any] = {"Parameters": {"Later": {"Type": "String"}}}


def prove(system: Any, intent: Any) -> Any:
    return list(prove_transit(system, intent))


def asking(*areas: str) -> dict[str, Any]:
    return {"in_transit": areas}


@pytest.mark.parametrize(
    "resource",
    [
        make("ElastiCache::ReplicationGroup", TransitEncryptionEnabled=True),
        make("ElastiCache::ReplicationGroup", TransitEncryptionEnabled="true", TransitEncryptionMode="required"),
        make("MemoryDB::Cluster"),
        make("ElastiCache::ServerlessCache"),
    ],
)
def test_a_cache_with_tls_is_right(resource: dict[str, Any]) -> None:
    assert complaints(prove, {"Cache": resource}) == {}


@pytest.mark.parametrize(
    ("resource", "verdict", "path", "words"),
    [
        (make("ElastiCache::ReplicationGroup"), "broken", "TransitEncryptionEnabled", "its password too"),
        (make("ElastiCache::CacheCluster"), "broken", "TransitEncryptionEnabled", "clear text"),
        (make("MemoryDB::Cluster", TLSEnabled=False), "broken", "TLSEnabled", "Set TLSEnabled to true"),
        (
            make("ElastiCache::ReplicationGroup", TransitEncryptionEnabled=True, TransitEncryptionMode="preferred"),
            "broken",
            "TransitEncryptionMode",
            "takes plain connections beside",
        ),
        (
            make("ElastiCache::ReplicationGroup", TransitEncryptionEnabled=ref("Later")),
            "unknown",
            "TransitEncryptionEnabled",
            "${Later}",
        ),
        (make("ElastiCache::ReplicationGroup", Engine="valkey"), "unknown", "TransitEncryptionEnabled", "disagree"),
    ],
)
def test_a_cache_without_tls_is_none(resource: dict[str, Any], verdict: str, path: str, words: str) -> None:
    found = complaints(prove, {"Cache": resource}, **LATER)
    expect(found, {f"{verdict} store-transit-cache Cache.Properties.{path}": words})
    assert complaints(prove, {"Cache": resource}, asking(), **LATER) == {}


def task(**volume: Any) -> dict[str, Any]:
    volumes = [{"Name": "tmp"}, {"Name": "files", "EFSVolumeConfiguration": {"FilesystemId": "fs-1", **volume}}]
    return make("ECS::TaskDefinition", ContainerDefinitions=[], Volumes=volumes)


@pytest.mark.parametrize(
    ("volume", "verdict", "words"),
    [
        ({}, "broken", "the volume files of Task crosses the network in clear text"),
        ({"TransitEncryption": "DISABLED"}, "broken", "TransitEncryption to ENABLED"),
        ({"TransitEncryption": ref("Later")}, "unknown", "known to AWS only"),
    ],
)
def test_a_mount_travels_encrypted(volume: dict[str, Any], verdict: str, words: str) -> None:
    path = "Properties.Volumes.1.EFSVolumeConfiguration.TransitEncryption"
    found = complaints(prove, {"Task": task(**volume)}, **LATER)
    expect(found, {f"{verdict} store-transit-mount Task.{path}": words})
    assert complaints(prove, {"Task": task(TransitEncryption="ENABLED")}) == {}


def deny(action: Any = "s3:*", resource: Any = None, /, **changes: Any) -> dict[str, Any]:
    statement = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": action,
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        **({} if resource is None else {"Resource": resource}),
        **changes,
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


MOUNT = ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"]


@pytest.mark.parametrize(
    "policy",
    [
        deny(MOUNT),
        deny("elasticfilesystem:*", Principal={"AWS": "*"}),
        deny("*", "*", Condition={"BoolIfExists": {"aws:securetransport": False}}),
        deny(None, NotAction="elasticfilesystem:DescribeMountTargets"),
    ],
)
def test_a_file_system_that_insists_is_right(policy: dict[str, Any]) -> None:
    policy["Statement"][0] = {key: value for key, value in policy["Statement"][0].items() if value is not None}
    assert complaints(prove, {"Files": make("EFS::FileSystem", FileSystemPolicy=policy)}, asking("files")) == {}


FAULTY = [
    (None, "broken", "mount it without TLS"),
    (deny(MOUNT[1]), "broken", "lets clients mount it without TLS"),
    (deny(MOUNT, Effect="Allow"), "broken", "lets clients"),
    (deny(MOUNT, Principal={"AWS": "arn:aws:iam::111111111111:role/one"}), "broken", "lets clients"),
    (deny(MOUNT, Condition={"Bool": {"aws:SecureTransport": "true"}}), "broken", "lets clients"),
    (deny(MOUNT, Condition={"Bool": {"aws:SecureTransport": "false", "aws:ViaAWSService": "true"}}), "broken", "lets"),
    (ref("Later"), "unknown", "cannot be read"),
]


@pytest.mark.parametrize(("policy", "verdict", "words"), FAULTY)
def test_a_file_system_that_does_not_insist_is_none(policy: Any, verdict: str, words: str) -> None:
    store = make("EFS::FileSystem", **({} if policy is None else {"FileSystemPolicy": policy}))
    found = complaints(prove, {"Files": store}, asking("files"), **LATER)
    expect(found, {f"{verdict} store-transit-files Files.Properties.FileSystemPolicy": words})


BOTH = [att("Bucket"), {"Fn::Sub": "${Bucket.Arn}/*"}]


def bucket_with(document: Any, bucket: Any = None) -> dict[str, Any]:
    named = ref("Bucket") if bucket is None else bucket
    return {"Bucket": make("S3::Bucket"), "Policy": make("S3::BucketPolicy", Bucket=named, PolicyDocument=document)}


@pytest.mark.parametrize("resources", [BOTH, "*", {"Fn::Join": ["", ["arn:aws:s3:::", ref("Bucket"), "/*"]]}])
def test_a_bucket_that_insists_is_right(resources: Any) -> None:
    assert complaints(prove, bucket_with(deny("s3:*", resources)), asking("buckets")) == {}


def test_a_bucket_is_known_by_its_name_as_well() -> None:
    resources = {
        "Bucket": make("S3::Bucket", BucketName="logs"),
        "Policy": make("S3::BucketPolicy", Bucket="logs", PolicyDocument=deny("s3:*", "arn:aws:s3:::logs/*")),
    }
    assert complaints(prove, resources, asking("buckets")) == {}


@pytest.mark.parametrize(
    ("resources", "place", "words"),
    [
        ({"Bucket": make("S3::Bucket")}, "broken store-transit-bucket Bucket", "over plain HTTP"),
        (
            bucket_with(deny("s3:*", att("Bucket"))),
            "broken store-transit-bucket Policy.Properties.PolicyDocument",
            "s3:*",
        ),
        (
            bucket_with(deny("s3:GetObject", BOTH)),
            "broken store-transit-bucket Policy.Properties.PolicyDocument",
            "clear text",
        ),
        (
            bucket_with(deny("s3:*", None, NotResource="arn:aws:s3:::other")),
            "broken store-transit-bucket Policy.Properties.PolicyDocument",
            "clear text",
        ),
        (bucket_with(deny("s3:*", BOTH), "another"), "broken store-transit-bucket Bucket", "answered in clear text"),
        (
            bucket_with(ref("Later")),
            "unknown store-transit-bucket Policy.Properties.PolicyDocument",
            "The policy of Bucket cannot be read",
        ),
    ],
)
def test_a_bucket_that_does_not_insist_is_none(resources: dict[str, Any], place: str, words: str) -> None:
    expect(complaints(prove, resources, asking("buckets"), **LATER), {place: words})
    assert complaints(prove, resources, **LATER) == {}


def group(kind: str, parameters: Any) -> dict[str, Any]:
    return make(kind, Parameters=parameters)


FORCED = [
    (make("RDS::DBInstance", Engine="postgres", EngineVersion="16.4"), None),
    (make("RDS::DBInstance", Engine="postgres", EngineVersion=15), None),
    (
        make("RDS::DBInstance", Engine="postgres", DBParameterGroupName=ref("Group")),
        group("RDS::DBParameterGroup", {"rds.force_ssl": 1}),
    ),
    (
        make("RDS::DBInstance", Engine="sqlserver-ee", DBParameterGroupName=ref("Group")),
        group("RDS::DBParameterGroup", {"rds.force_ssl": "1"}),
    ),
    (
        make("RDS::DBCluster", Engine="aurora-mysql", DBClusterParameterGroupName=ref("Group")),
        group("RDS::DBClusterParameterGroup", {"require_secure_transport": "ON"}),
    ),
    (make("DocDB::DBCluster"), None),
    (make("RDS::DBInstance", Engine="aurora-mysql", DBClusterIdentifier="cluster"), None),
    (
        make("Redshift::Cluster", ClusterParameterGroupName=ref("Group")),
        group(
            "Redshift::ClusterParameterGroup",
            [{"ParameterName": "x", "ParameterValue": "1"}, {"ParameterName": "require_ssl", "ParameterValue": "true"}],
        ),
    ),
    (make("RDS::DBProxy", RequireTLS=True), None),
    (make("OpenSearchService::Domain", DomainEndpointOptions={"EnforceHTTPS": "true"}), None),
]


@pytest.mark.parametrize(("database", "parameters"), FORCED)
def test_a_database_that_insists_on_tls_is_right(database: dict[str, Any], parameters: Any) -> None:
    resources = {"Database": database} | ({} if parameters is None else {"Group": parameters})
    assert complaints(prove, resources, asking("database")) == {}


UNFORCED = [
    (
        make("RDS::DBInstance", Engine="postgres", EngineVersion="14.9"),
        None,
        "broken Database.DBParameterGroupName",
        "rds.force_ssl is off",
    ),
    (make("RDS::DBInstance", Engine="mysql"), None, "broken Database.DBParameterGroupName", "require_secure_transport"),
    (
        make("RDS::DBInstance", Engine="mysql", DBParameterGroupName="default.mysql8.0"),
        None,
        "broken Database.DBParameterGroupName",
        "off",
    ),
    (
        make("RDS::DBInstance", Engine="postgres", EngineVersion="16", DBParameterGroupName=ref("Group")),
        group("RDS::DBParameterGroup", {"rds.force_ssl": "0"}),
        "broken Group.Parameters",
        "Set rds.force_ssl to 1",
    ),
    (
        make("DocDB::DBCluster", DBClusterParameterGroupName=ref("Group")),
        group("DocDB::DBClusterParameterGroup", {"tls": "disabled"}),
        "broken Group.Parameters",
        "tls is off",
    ),
    (
        make("Redshift::Cluster", ClusterParameterGroupName=ref("Group")),
        group("Redshift::ClusterParameterGroup", None),
        "broken Group.Parameters",
        "require_ssl is off",
    ),
    (make("RDS::DBProxy"), None, "broken Database.RequireTLS", "Set RequireTLS to true"),
    (make("RDS::DBProxy", RequireTLS=ref("Later")), None, "unknown Database.RequireTLS", "${Later}"),
    (
        make("RDS::DBInstance", Engine="postgres"),
        None,
        "unknown Database.DBParameterGroupName",
        "the default depends on the version",
    ),
    (
        make("RDS::DBCluster", Engine="aurora-postgresql"),
        None,
        "unknown Database.DBClusterParameterGroupName",
        "default",
    ),
    (
        make("RDS::DBInstance", Engine="oracle-ee"),
        None,
        "unknown Database.Engine",
        "not modelled for the engine oracle",
    ),
    (
        make("RDS::DBInstance", Engine="mysql", DBParameterGroupName="shared"),
        None,
        "unknown Database.DBParameterGroupName",
        "stands in shared, outside",
    ),
    (
        make("RDS::DBInstance", Engine="mysql", DBParameterGroupName=ref("Group")),
        group("RDS::DBParameterGroup", {"require_secure_transport": {"Fn::Split": [",", ref("Later")]}}),
        "unknown Group.Parameters",
        "AWS only",
    ),
    (
        make("Redshift::Cluster", ClusterParameterGroupName=ref("Group")),
        group("Redshift::ClusterParameterGroup", {"Fn::Transform": {"Name": "X"}}),
        "unknown Group.Parameters",
        "AWS only",
    ),
]


@pytest.mark.parametrize(("database", "parameters", "place", "words"), UNFORCED)
def test_a_database_that_does_not_insist_is_none(database: Any, parameters: Any, place: str, words: str) -> None:
    resources = {"Database": database} | ({} if parameters is None else {"Group": parameters})
    verdict, _, where = place.partition(" ")
    owner, _, path = where.partition(".")
    found = complaints(prove, resources, asking("database"), **LATER)
    expect(found, {f"{verdict} store-transit-database {owner}.Properties.{path}": words})


FORWARD = {"Type": "forward", "TargetGroupArn": ref("Targets")}
REDIRECT = {"Type": "redirect", "RedirectConfig": {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}}
PAGE = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "503"}}
HTTPS = make(
    "ElasticLoadBalancingV2::Listener", LoadBalancerArn=ref("Balancer"), Protocol="HTTPS", DefaultActions=[FORWARD]
)


def web(
    action: dict[str, Any], scheme: str = "internet-facing", rule: Any = None, *, https: bool = True
) -> dict[str, Any]:
    elb = "ElasticLoadBalancingV2"
    found = {
        "Balancer": make(f"{elb}::LoadBalancer", Scheme=scheme),
        "Targets": make(f"{elb}::TargetGroup"),
        "Http": make(f"{elb}::Listener", LoadBalancerArn=ref("Balancer"), Protocol="HTTP", DefaultActions=[action]),
    }
    if https:
        found["Https"] = HTTPS
    if rule is not None:
        found["Rule"] = make(f"{elb}::ListenerRule", ListenerArn=ref("Http"), Actions=[rule])
    return found


@pytest.mark.parametrize(
    ("resources", "place", "words"),
    [
        (web(FORWARD), "broken Http.Properties.DefaultActions.0", "although the balancer has HTTPS"),
        (web(REDIRECT, rule=FORWARD), "broken Rule.Properties.Actions.0", "passwords and cookies"),
        (
            web({"Type": "redirect", "RedirectConfig": {"Port": "8080"}}),
            "broken Http.Properties.DefaultActions.0",
            "again",
        ),
        (web({"Type": ref("Later")}), "unknown Http.Properties.DefaultActions.0", "known to AWS only"),
    ],
)
def test_plain_http_beside_https_is_a_finding_in_any_case(resources: dict[str, Any], place: str, words: str) -> None:
    verdict, _, where = place.partition(" ")
    expect(complaints(prove, resources, **LATER), {f"{verdict} store-transit-listener {where}": words})


def test_plain_http_alone_is_one_where_it_is_asked() -> None:
    resources = web(FORWARD, https=False)
    assert complaints(prove, resources) == {}
    found = complaints(prove, resources, asking("listeners"))
    expect(found, {"broken store-transit-listener Http.Properties.DefaultActions.0": "hands requests on: passwords"})


@pytest.mark.parametrize(
    "resources",
    [web(REDIRECT), web(PAGE), web(REDIRECT, rule=PAGE), web(FORWARD, "internal"), {"Http": web(FORWARD)["Http"]}],
)
def test_redirects_fixed_answers_and_private_balancers_are_right(resources: dict[str, Any]) -> None:
    assert complaints(prove, resources, asking("listeners")) == {}
