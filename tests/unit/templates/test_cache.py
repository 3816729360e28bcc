"""The caches: private, encrypted, failing over where they can, and known to the container."""

from __future__ import annotations

import json
import re
import string
from typing import TYPE_CHECKING, Any

import pytest

from stackproof.configuration import check_configuration

if TYPE_CHECKING:
    from tests.templates_support import Emitted, Resource

GROUPS = ["CacheReplicationGroup", "PlainCacheReplicationGroup"]
REGIONS = ["sa-east-1", "us-east-1", "eu-west-1"]


@pytest.fixture(params=GROUPS)
def group(request: pytest.FixtureRequest, lms: Emitted) -> Resource:
    """Each replication group in its turn."""
    return lms.with_parameters(PlainCache="yes").resources[request.param]


def test_encrypted_both_ways(group: Resource) -> None:
    assert group["AtRestEncryptionEnabled"] is True
    assert group["TransitEncryptionEnabled"] is True
    assert group["KmsKeyId"] == "${CacheKey.Arn}"


@pytest.mark.parametrize("name", GROUPS)
def test_values_have_the_types_that_elasticache_declares(
    lms: Emitted, name: str, registry_schema: dict[str, dict[str, Any]]
) -> None:
    """CloudFormation refuses "true" where a boolean is due, on some types, in the middle of a deployment."""
    properties = registry_schema["AWS::ElastiCache::ReplicationGroup"]["properties"]
    python = {"boolean": bool, "string": str, "array": list}
    for replicas in (0, 1):
        group = lms.with_parameters(PlainCache="yes", CacheReplicas=replicas).resources[name]
        for property_name, value in group.properties.items():
            expected = properties[property_name].get("type")
            if expected in python:
                assert isinstance(value, python[expected]), f"{property_name} is {value!r}, not {expected}"


@pytest.mark.parametrize(("replicas", "nodes", "failover"), [(0, 1, False), (1, 2, True), (5, 6, True)])
@pytest.mark.parametrize("name", GROUPS)
def test_failover_over_zones_where_there_is_a_replica(
    lms: Emitted, name: str, replicas: int, nodes: int, failover: bool
) -> None:
    group = lms.with_parameters(PlainCache="yes", CacheReplicas=replicas).resources[name]
    assert group["NumCacheClusters"] == nodes
    assert group["AutomaticFailoverEnabled"] is failover
    assert group["MultiAZEnabled"] is failover


def test_every_offered_number_of_replicas_has_its_number_of_nodes(lms: Emitted) -> None:
    offered = lms.body["Parameters"]["CacheReplicas"]["AllowedValues"]
    assert {str(count): {"Nodes": count + 1} for count in offered} == lms.body["Mappings"]["CacheNodes"]


def test_stands_in_the_data_subnets(lms: Emitted, group: Resource) -> None:
    """The subnet group is named by Ref: a name made up beside it may not exist, or be another stack's."""
    subnet_group = lms.with_parameters(ZoneCount=3).resources[group["CacheSubnetGroupName"].strip("${}")]
    assert subnet_group.type == "AWS::ElastiCache::SubnetGroup"
    assert subnet_group["SubnetIds"] == ["${DataSubnet1}", "${DataSubnet2}", "${DataSubnet3}"]
    assert subnet_group.get("CacheSubnetGroupName") is None


def test_only_tasks_reach_it(lms: Emitted, group: Resource) -> None:
    (guard,) = group["SecurityGroupIds"]
    rules = [
        (rule["SourceSecurityGroupId"], rule["FromPort"])
        for rule in lms.with_parameters(PlainCache="yes").of_type("AWS::EC2::SecurityGroupIngress").values()
        if rule["GroupId"] == guard
    ]
    assert rules == [("${TasksSecurityGroup.GroupId}", group["Port"])]


def test_sessions_are_never_evicted_and_plain_entries_are(lms: Emitted) -> None:
    template = lms.with_parameters(PlainCache="yes")
    policies = {}
    for name in GROUPS:
        parameters = template.resources[template.resources[name]["CacheParameterGroupName"].strip("${}")]
        assert template.resources[name]["EngineVersion"].startswith(
            parameters["CacheParameterGroupFamily"].removeprefix("valkey")
        )
        policies[name] = parameters["Properties"]["maxmemory-policy"]
    assert policies == {"CacheReplicationGroup": "noeviction", "PlainCacheReplicationGroup": "allkeys-lru"}


def test_without_sessions_in_it_the_cache_evicts_and_being_full_is_no_alarm(lms: Emitted) -> None:
    evicting = lms.with_parameters(CacheEviction="allkeys-lru")
    assert evicting.resources["CacheParameterGroup"]["Properties"] == {"maxmemory-policy": "allkeys-lru"}
    assert lms.resources.keys() - evicting.resources.keys() == {"CacheMemoryAlarm"}


def test_the_second_cache_is_there_when_it_is_asked_for(lms: Emitted) -> None:
    without, with_it = lms, lms.with_parameters(PlainCache="yes")
    assert set(with_it.resources) - set(without.resources) >= {
        "PlainCacheReplicationGroup",
        "PlainCacheParameterGroup",
        "PlainCacheSecurityGroup",
    }
    assert "PlainCacheEndpoint" not in without.outputs
    assert with_it.outputs["PlainCacheEndpoint"] == "${PlainCacheReplicationGroup.PrimaryEndPoint.Address}"


def test_each_cache_has_its_own_node_size(lms: Emitted) -> None:
    template = lms.with_parameters(
        PlainCache="yes", CacheNodeType="cache.r7g.large", PlainCacheNodeType="cache.m7g.large"
    )
    assert [template.resources[name]["CacheNodeType"] for name in GROUPS] == ["cache.r7g.large", "cache.m7g.large"]


@pytest.mark.parametrize("parameter", ["CacheNodeType", "PlainCacheNodeType"])
@pytest.mark.parametrize("region", REGIONS)
def test_every_offered_size_is_sold_in_every_region(
    lms: Emitted, region: str, parameter: str, cache_node_types: dict[str, set[str]]
) -> None:
    assert set(lms.body["Parameters"][parameter]["AllowedValues"]) <= cache_node_types[region]


class TestUser:
    def test_named_default_with_another_id(self, lms: Emitted) -> None:
        """Only a user named `default` serves clients that know a password and no name."""
        user = lms.resources["CacheUser"]
        assert user["UserName"] == "default"
        assert user["UserId"] == "lms-cache-user-dev"
        assert re.fullmatch("[a-z][a-z0-9-]{0,39}", user["UserId"])

    def test_ids_stay_within_their_limit_for_every_environment(self, lms: Emitted) -> None:
        longest = lms.with_parameters(EnvironmentSuffix="x" * 12)
        assert len(longest.resources["CacheUser"]["UserId"]) <= 40
        assert len(longest.resources["CacheUserGroup"]["UserGroupId"]) <= 40

    def test_both_caches_let_this_user_in_and_nobody_else(self, lms: Emitted) -> None:
        template = lms.with_parameters(PlainCache="yes")
        assert template.resources["CacheUserGroup"]["UserIds"] == ["${CacheUser}"]
        assert [template.resources[name]["UserGroupIds"] for name in GROUPS] == [["${CacheUserGroup}"]] * 2
        engines = {r["Engine"] for r in template.resources.values() if r.type.startswith("AWS::ElastiCache::U")}
        assert engines == {"valkey"}

    def test_may_do_everything_but_administer(self, lms: Emitted) -> None:
        assert lms.resources["CacheUser"]["AccessString"].split() == ["on", "~*", "&*", "+@all", "-@admin"]

    def test_the_password_comes_from_the_generated_secret(self, lms: Emitted) -> None:
        assert lms.resources["CacheUser"]["Passwords"] == [
            "{{resolve:secretsmanager:${CacheSecret}:SecretString:password}}"
        ]
        assert lms.resources["CacheUser"].get("NoPasswordRequired") is None

    def test_elasticache_takes_whatever_password_is_generated(self, lms: Emitted) -> None:
        secret = lms.resources["CacheSecret"]["GenerateSecretString"]
        assert 16 <= secret["PasswordLength"] <= 128
        assert secret["GenerateStringKey"] == "password"
        assert set(secret["ExcludeCharacters"]) == set(string.punctuation)
        assert secret.get("IncludeSpace") is None
        assert json.loads(secret["SecretStringTemplate"]) == {"username": "default"}

    def test_the_secret_has_its_own_key(self, lms: Emitted) -> None:
        assert lms.resources["CacheSecret"]["KmsKeyId"] == "${SecretsKey.Arn}"


def test_slow_commands_and_the_engines_own_words_are_logged(lms: Emitted, group: Resource) -> None:
    logged = {
        log["LogType"]: lms.resources[log["DestinationDetails"]["CloudWatchLogsDetails"]["LogGroup"].strip("${}")]
        for log in group["LogDeliveryConfigurations"]
    }
    assert {kind: log["LogGroupName"] for kind, log in logged.items()} == {
        "slow-log": "/lms/lms-dev/cache/slow",
        "engine-log": "/lms/lms-dev/cache/engine",
    }


def test_sessions_have_snapshots_and_plain_entries_none(lms: Emitted) -> None:
    template = lms.with_parameters(PlainCache="yes", CacheSnapshotDays=7)
    assert [template.resources[name]["SnapshotRetentionLimit"] for name in GROUPS] == ["7", 0]


def test_minor_versions_come_by_themselves(group: Resource) -> None:
    assert group["AutoMinorVersionUpgrade"] is True


def test_outputs_name_the_primary(lms: Emitted) -> None:
    assert lms.outputs["CacheEndpoint"] == "${CacheReplicationGroup.PrimaryEndPoint.Address}"
    assert lms.outputs["CachePort"] == "${CacheReplicationGroup.PrimaryEndPoint.Port}"


def test_sessions_begin_from_a_snapshot_where_one_is_given(lms: Emitted) -> None:
    restored = lms.with_parameters(PlainCache="yes", CacheSnapshotName="lms-2026")
    assert [restored.resources[name].get("SnapshotName") for name in GROUPS] == ["lms-2026", None]
    assert lms.resources["CacheReplicationGroup"].get("SnapshotName") is None


@pytest.mark.parametrize(
    ("name", "fits"),
    [("lms-2026", True), ("automatic.lms-prod-2026-11-24-03-10", True), ("1st", False), ("lms 2026", False)],
)
def test_snapshots_are_named_as_elasticache_names_them(lms: Emitted, name: str, fits: bool) -> None:
    found = check_configuration(lms.body, {"Parameters": {"CacheSnapshotName": name}}, "params/x.json")
    assert (found == []) is fits
