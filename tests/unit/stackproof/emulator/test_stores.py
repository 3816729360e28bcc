"""Stores: caches, buckets, secrets and log groups, with their keys, tags, snapshots and what stays of them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tests.unit.stackproof.emulator.stacks import resources

if TYPE_CHECKING:
    from tests.unit.stackproof.emulator.stacks import Stacks, Template

STACK_TAG = [{"Key": "of", "Value": "stack"}]


def cache(*, policy: str = "Delete", **properties: Any) -> Template:
    group = {
        "ReplicationGroupDescription": "sessions",
        "Engine": "valkey",
        "CacheNodeType": "cache.t4g.micro",
        "NumCacheClusters": 2,
        "AutomaticFailoverEnabled": True,
        "KmsKeyId": "arn:aws:kms:sa-east-1:000000000000:key/1",
        "Tags": [{"Key": "Name", "Value": "cache"}],
        **properties,
    }
    template = resources(Cache=("ElastiCache::ReplicationGroup", group))
    template["Resources"]["Cache"] |= {"DeletionPolicy": policy, "UpdateReplacePolicy": policy}
    outputs = {"Host": "PrimaryEndPoint.Address", "Port": "PrimaryEndPoint.Port", "Reader": "ReaderEndPoint.Address"}
    return {**template, "Outputs": {name: {"Value": {"Fn::GetAtt": ["Cache", at]}} for name, at in outputs.items()}}


def group_of(stacks: Stacks) -> dict[str, Any]:
    found: dict[str, Any] = stacks.aws.client("elasticache").describe_replication_groups()["ReplicationGroups"][0]
    return found


def test_a_cache_has_its_key_and_addresses_like_those_of_aws(stacks: Stacks) -> None:
    stacks.deploy(cache(Port=6380))
    group = group_of(stacks)
    name = group["ReplicationGroupId"]
    assert group["KmsKeyId"] == "arn:aws:kms:sa-east-1:000000000000:key/1"
    (shard,) = group["NodeGroups"]
    host = shard["PrimaryEndpoint"]["Address"]
    assert host.startswith(f"master.{name}.")
    assert host.endswith(".sae1.cache.amazonaws.com")
    assert shard["PrimaryEndpoint"]["Port"] == 6380
    outputs = stacks.outputs()
    assert outputs == {"Host": host, "Port": "6380", "Reader": host.replace("master", "replica", 1)}


def test_the_nodes_of_a_cache_have_the_names_that_metrics_use(stacks: Stacks) -> None:
    elasticache = stacks.aws.client("elasticache")
    stacks.deploy(cache())
    name = group_of(stacks)["ReplicationGroupId"]

    def nodes() -> dict[str, str]:
        found = elasticache.describe_cache_clusters(ShowCacheNodeInfo=True)["CacheClusters"]
        return {node["CacheClusterId"]: node["PreferredAvailabilityZone"] for node in found}

    assert nodes() == {f"{name}-001": "sa-east-1a", f"{name}-002": "sa-east-1b"}
    stacks.deploy(cache(NumCacheClusters=3))
    assert nodes()[f"{name}-003"] == "sa-east-1c"
    assert group_of(stacks)["MemberClusters"] == [f"{name}-001", f"{name}-002", f"{name}-003"]
    stacks.deploy(cache(NumCacheClusters=1, AutomaticFailoverEnabled=False))
    assert list(nodes()) == [f"{name}-001"]


def test_a_cache_begins_from_a_snapshot_that_exists(stacks: Stacks) -> None:
    elasticache = stacks.aws.client("elasticache")
    stacks.deploy(cache())
    before = group_of(stacks)["ReplicationGroupId"]
    elasticache.create_snapshot(SnapshotName="monday", ReplicationGroupId=before)
    assert stacks.changes(cache(SnapshotName="monday"))["Cache"]["Replacement"] == "True"
    stacks.deploy(cache(SnapshotName="monday"))
    assert group_of(stacks)["ReplicationGroupId"] != before
    assert stacks.deploy(cache(SnapshotName="tuesday"))["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert "tuesday is either not present or not available" in stacks.failure()


def test_shards_keep_their_names(stacks: Stacks) -> None:
    stacks.deploy(
        {
            **cache(NumNodeGroups=3, ReplicasPerNodeGroup=1),
            "Outputs": {"Host": {"Value": {"Fn::GetAtt": ["Cache", "ConfigurationEndPoint.Address"]}}},
        }
    )
    assert len(group_of(stacks)["NodeGroups"]) == 3
    assert group_of(stacks)["MemberClusters"][0].endswith("-0001-001")


@pytest.mark.parametrize(
    ("region", "short"), [("us-east-1", "use1"), ("ap-southeast-2", "apse2"), ("eu-central-1", "euc1")]
)
def test_the_address_names_the_region(stacks: Stacks, region: str, short: str) -> None:
    client = stacks.aws.client("cloudformation", region)
    client.create_stack(StackName="there", TemplateBody=json.dumps(cache()))
    client.get_waiter("stack_create_complete").wait(StackName="there", WaiterConfig={"Delay": 1})
    group = stacks.aws.client("elasticache", region).describe_replication_groups()["ReplicationGroups"][0]
    assert group["NodeGroups"][0]["PrimaryEndpoint"]["Address"].endswith(f".{short}.cache.amazonaws.com")


@pytest.mark.parametrize(("policy", "count"), [("Snapshot", 1), ("Delete", 0)])
def test_a_deleted_cache_leaves_a_snapshot_where_its_policy_says_so(stacks: Stacks, policy: str, count: int) -> None:
    elasticache = stacks.aws.client("elasticache")
    stacks.deploy(cache(policy=policy))
    name = group_of(stacks)["ReplicationGroupId"]
    stacks.delete()
    assert elasticache.describe_replication_groups()["ReplicationGroups"] == []
    snapshots = elasticache.describe_snapshots()["Snapshots"]
    assert [snapshot["ReplicationGroupId"] for snapshot in snapshots] == [name] * count


@pytest.mark.parametrize(("policy", "count"), [("Snapshot", 1), ("Delete", 0)])
def test_a_replaced_cache_does_so_too(stacks: Stacks, policy: str, count: int) -> None:
    stacks.deploy(cache(policy=policy))
    first = group_of(stacks)["ReplicationGroupId"]
    stacks.deploy(cache(policy=policy, Port=6380))
    assert group_of(stacks)["ReplicationGroupId"] != first
    snapshots = stacks.aws.client("elasticache").describe_snapshots()["Snapshots"]
    assert [snapshot["ReplicationGroupId"] for snapshot in snapshots] == [first] * count


def test_tags_of_the_stack_reach_every_part_of_a_cache(stacks: Stacks) -> None:
    elasticache = stacks.aws.client("elasticache")
    template = cache()
    template["Resources"] |= resources(
        User=(
            "ElastiCache::User",
            {"UserId": "lms", "UserName": "default", "Engine": "valkey", "AccessString": "on ~* +@all"},
        ),
        Users=("ElastiCache::UserGroup", {"UserGroupId": "lms", "Engine": "valkey", "UserIds": [{"Ref": "User"}]}),
        Parameters=("ElastiCache::ParameterGroup", {"CacheParameterGroupFamily": "valkey8", "Description": "x"}),
        Vpc=("EC2::VPC", {"CidrBlock": "10.0.0.0/16"}),
        Subnet=("EC2::Subnet", {"VpcId": {"Ref": "Vpc"}, "CidrBlock": "10.0.0.0/24"}),
        Subnets=("ElastiCache::SubnetGroup", {"Description": "x", "SubnetIds": [{"Ref": "Subnet"}]}),
    )["Resources"]
    stacks.deploy(template, Tags=STACK_TAG)
    region, account = "sa-east-1", stacks.aws.account
    arns = [group_of(stacks)["ARN"], elasticache.describe_users()["Users"][0]["ARN"]]
    arns.append(elasticache.describe_user_groups()["UserGroups"][0]["ARN"])
    for kind, name in (("parametergroup", "Parameters"), ("subnetgroup", "Subnets")):
        arns.append(f"arn:aws:elasticache:{region}:{account}:{kind}:{stacks.physical_id(name)}")
    for arn in arns:
        tags = {tag["Key"]: tag["Value"] for tag in elasticache.list_tags_for_resource(ResourceName=arn)["TagList"]}
        assert (tags["of"], tags["aws:cloudformation:stack-name"]) == ("stack", "demo")


def bucket(**properties: Any) -> Template:
    return resources(Bucket=("S3::Bucket", properties))


def test_a_bucket_has_all_that_the_template_says(stacks: Stacks) -> None:
    s3 = stacks.aws.client("s3")
    rule = {
        "Id": "expire",
        "Status": "Enabled",
        "Prefix": "logs/",
        "ExpirationInDays": 30,
        "NoncurrentVersionExpiration": {"NoncurrentDays": 7},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
        "Transitions": [{"StorageClass": "GLACIER", "TransitionInDays": 10}],
    }
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "key-1"}
    stacks.deploy(
        bucket(
            Tags=[{"Key": "Name", "Value": "a & b"}],
            BucketEncryption={
                "ServerSideEncryptionConfiguration": [
                    {"ServerSideEncryptionByDefault": default, "BucketKeyEnabled": True}
                ]
            },
            OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
            LifecycleConfiguration={"Rules": [rule]},
        ),
        Tags=STACK_TAG,
    )
    name = stacks.physical_id("Bucket")
    tags = {tag["Key"]: tag["Value"] for tag in s3.get_bucket_tagging(Bucket=name)["TagSet"]}
    assert (tags["Name"], tags["of"], tags["aws:cloudformation:logical-id"]) == ("a & b", "stack", "Bucket")
    encryption = s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"]
    assert encryption == [{"ApplyServerSideEncryptionByDefault": default, "BucketKeyEnabled": True}]
    ownership = s3.get_bucket_ownership_controls(Bucket=name)["OwnershipControls"]["Rules"]
    assert ownership == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    (found,) = s3.get_bucket_lifecycle_configuration(Bucket=name)["Rules"]
    assert (found["ID"], found["Status"], found["Filter"]) == ("expire", "Enabled", {"Prefix": "logs/"})
    assert (found["Expiration"], found["NoncurrentVersionExpiration"]) == ({"Days": 30}, {"NoncurrentDays": 7})
    assert found["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 1}
    assert found["Transitions"] == [{"Days": 10, "StorageClass": "GLACIER"}]


def test_what_a_bucket_no_longer_has_is_gone(stacks: Stacks) -> None:
    s3 = stacks.aws.client("s3")
    rules = [{"Status": "Enabled", "Transitions": [], "NoncurrentVersionExpiration": {"NoncurrentDays": 3}}]
    stacks.deploy(bucket(LifecycleConfiguration={"Rules": rules}))
    name = stacks.physical_id("Bucket")
    (found,) = s3.get_bucket_lifecycle_configuration(Bucket=name)["Rules"]
    assert found["ID"] == "rule-0"
    assert "Expiration" not in found
    stacks.deploy(bucket())
    assert stacks.physical_id("Bucket") == name
    with pytest.raises(ClientError, match="NoSuchLifecycleConfiguration"):
        s3.get_bucket_lifecycle_configuration(Bucket=name)


def test_a_bucket_with_an_object_in_it_is_not_deleted(stacks: Stacks) -> None:
    s3 = stacks.aws.client("s3")
    stacks.deploy(bucket())
    name = stacks.physical_id("Bucket")
    s3.put_object(Bucket=name, Key="kept", Body=b"x")
    assert stacks.delete()["StackStatus"] == "DELETE_FAILED"
    assert stacks.failure() == "The bucket you tried to delete is not empty"
    s3.delete_object(Bucket=name, Key="kept")
    s3.delete_bucket(Bucket=name)
    assert stacks.delete()["StackStatus"] == "DELETE_COMPLETE", "a bucket that is gone already is no error"


def test_an_empty_bucket_is_deleted(stacks: Stacks) -> None:
    stacks.deploy(bucket())
    assert stacks.delete()["StackStatus"] == "DELETE_COMPLETE"
    assert stacks.aws.client("s3").list_buckets()["Buckets"] == []


def secret(**properties: Any) -> Template:
    template = resources(Secret=("SecretsManager::Secret", properties))
    return {**template, "Outputs": {"Ref": {"Value": {"Ref": "Secret"}}}}


def value(stacks: Stacks) -> str:
    client = stacks.aws.client("secretsmanager")
    return str(client.get_secret_value(SecretId=stacks.outputs()["Ref"])["SecretString"])


def test_ref_of_a_secret_is_its_arn_in_every_operation(stacks: Stacks) -> None:
    client = stacks.aws.client("secretsmanager")
    stacks.deploy(secret(SecretString="one", Description="x"))
    arn = stacks.outputs()["Ref"]
    assert arn == client.list_secrets()["SecretList"][0]["ARN"]
    assert value(stacks) == "one"
    stacks.deploy(secret(SecretString="two", Description="y"))
    assert (stacks.outputs()["Ref"], value(stacks)) == (arn, "two")
    stacks.delete()
    assert client.list_secrets()["SecretList"] == []


def test_a_generated_secret_follows_the_rules(stacks: Stacks) -> None:
    rules = {"PasswordLength": 40, "ExcludePunctuation": True, "ExcludeCharacters": "0O"}
    stacks.deploy(secret(GenerateSecretString=rules))
    assert len(value(stacks)) == 40
    assert value(stacks).isalnum()
    assert not set(value(stacks)) & set("0O")
    keyed = {**rules, "SecretStringTemplate": '{"username": "default"}', "GenerateStringKey": "password"}
    stacks.deploy(secret(GenerateSecretString=keyed))
    both = json.loads(value(stacks))
    assert both["username"] == "default"
    assert len(both["password"]) == 40


def test_a_dynamic_reference_by_arn_reaches_the_generated_password(stacks: Stacks) -> None:
    keyed = {"SecretStringTemplate": '{"username": "default"}', "GenerateStringKey": "password"}
    template = secret(GenerateSecretString=keyed)
    resolve = {"Fn::Sub": "{{resolve:secretsmanager:${Secret}:SecretString:password}}"}
    template["Resources"] |= secret_copy(resolve)
    stacks.deploy(template)
    client = stacks.aws.client("secretsmanager")
    copied = client.get_secret_value(SecretId=stacks.physical_id("Copy"))["SecretString"]
    assert copied == json.loads(value(stacks))["password"]


def secret_copy(text: Any) -> dict[str, Any]:
    copy: dict[str, Any] = resources(Copy=("SecretsManager::Secret", {"SecretString": text}))["Resources"]
    return copy


def test_a_log_group_that_was_left_behind_stops_the_next_creation(stacks: Stacks) -> None:
    template = resources(Logs=("Logs::LogGroup", {"LogGroupName": "/lms/demo/app", "RetentionInDays": 30}))
    template["Resources"]["Logs"]["DeletionPolicy"] = "RetainExceptOnCreate"
    stacks.deploy(template)
    stacks.delete()
    logs = stacks.aws.client("logs")
    assert [group["logGroupName"] for group in logs.describe_log_groups()["logGroups"]] == ["/lms/demo/app"]
    assert stacks.deploy(template)["StackStatus"] == "ROLLBACK_COMPLETE"
    assert stacks.failure() == (
        "Resource of type 'AWS::Logs::LogGroup' with identifier "
        '\'{"/properties/LogGroupName":"/lms/demo/app"}\' already exists. (HandlerErrorCode: AlreadyExists)'
    )
    assert len(logs.describe_log_groups()["logGroups"]) == 1, "the rollback does not touch what was there before"
