"""The running stores: caches, database and files, encrypted, spread and backed up."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.running.asked import caches, database, key_arn, rules_of, tag_map, task_definition

if TYPE_CHECKING:
    from tests.integration.platform import Platform


def test_caches_are_encrypted_and_fail_over(platform: Platform) -> None:
    found = caches(platform)
    assert len(found) == 1 + platform.yes("PlainCache")
    replicas = int(platform.parameters["CacheReplicas"])
    for name, group in found:
        assert group["Status"] == "available", name
        assert group["AtRestEncryptionEnabled"] is True, name
        assert group["TransitEncryptionEnabled"] is True, name
        assert group["KmsKeyId"] == key_arn(platform, "CacheKey"), name
        assert len(group["MemberClusters"]) == 1 + replicas, name
        assert group["AutomaticFailover"] == ("enabled" if replicas else "disabled"), name
        assert group["MultiAZ"] == ("enabled" if replicas else "disabled"), name


def test_caches_stand_in_their_own_subnets_behind_their_own_group(platform: Platform) -> None:
    client = platform.client("elasticache")
    group = client.describe_cache_subnet_groups(CacheSubnetGroupName=platform.id("CacheSubnetGroup"))
    subnets = {subnet["SubnetIdentifier"] for subnet in group["CacheSubnetGroups"][0]["Subnets"]}
    assert subnets == {platform.id(f"DataSubnet{zone}") for zone in platform.zones}
    for name, replication_group in caches(platform):
        member = client.describe_cache_clusters(CacheClusterId=replication_group["MemberClusters"][0])["CacheClusters"][
            0
        ]
        assert member["CacheSubnetGroupName"] == platform.id("CacheSubnetGroup"), name
        expected = platform.id(name.replace("ReplicationGroup", "SecurityGroup"))
        assert [each["SecurityGroupId"] for each in member["SecurityGroups"]] == [expected], name
        assert replication_group["AutoMinorVersionUpgrade"] is True, name


def test_the_session_cache_never_evicts(platform: Platform) -> None:
    found = platform.pages(
        "elasticache",
        "describe_cache_parameters",
        "Parameters",
        CacheParameterGroupName=platform.id("CacheParameterGroup"),
    )
    assert {each["ParameterName"]: each.get("ParameterValue") for each in found}["maxmemory-policy"] == "noeviction"


def test_the_tasks_can_reach_the_cache_that_they_are_told_of(platform: Platform) -> None:
    for name, group in caches(platform):
        endpoint = group["NodeGroups"][0]["PrimaryEndpoint"]
        variable = "LMS_PLAIN_CACHE" if name.startswith("Plain") else "LMS_CACHE"
        container = task_definition(platform)["containerDefinitions"][0]
        told = {each["name"]: each["value"] for each in container["environment"]}
        assert (told[f"{variable}_HOST"], told[f"{variable}_PORT"]) == (endpoint["Address"], str(endpoint["Port"]))
        guard = name.replace("ReplicationGroup", "SecurityGroup")
        assert ("egress", "tcp", endpoint["Port"], guard) in rules_of(platform, "TasksSecurityGroup")
        assert ("ingress", "tcp", endpoint["Port"], "TasksSecurityGroup") in rules_of(platform, guard)


def test_the_database_is_encrypted_and_recoverable(platform: Platform) -> None:
    cluster, wanted = database(platform), platform.parameters
    assert cluster["Status"] == "available"
    assert cluster["Engine"] == {"postgresql": "aurora-postgresql", "mysql": "aurora-mysql"}[wanted["DatabaseEngine"]]
    assert cluster["StorageEncrypted"] is True
    assert cluster["KmsKeyId"] == key_arn(platform, "DatabaseKey")
    assert cluster["BackupRetentionPeriod"] == int(wanted["DatabaseBackupDays"])
    assert cluster["DeletionProtection"] is platform.yes("DatabaseDeletionProtection")
    assert cluster["ServerlessV2ScalingConfiguration"]["MinCapacity"] == float(wanted["DatabaseMinimumCapacity"])
    assert cluster["ServerlessV2ScalingConfiguration"]["MaxCapacity"] == float(wanted["DatabaseMaximumCapacity"])
    assert cluster["DatabaseInsightsMode"] == wanted["DatabaseInsights"]


def test_the_database_fails_over_to_another_zone(platform: Platform) -> None:
    members = {member["DBInstanceIdentifier"]: member for member in database(platform)["DBClusterMembers"]}
    assert sum(member["IsClusterWriter"] for member in members.values()) == 1
    instances = [
        platform.client("rds").describe_db_instances(DBInstanceIdentifier=name)["DBInstances"][0] for name in members
    ]
    assert len(instances) == 1 + platform.yes("DatabaseReader")
    assert len({instance["AvailabilityZone"] for instance in instances}) == len(instances)
    for instance in instances:
        assert instance["PubliclyAccessible"] is False
        assert instance["MonitoringInterval"] == 60
        assert instance["PerformanceInsightsEnabled"] is True


def test_the_database_takes_no_connection_without_tls(platform: Platform) -> None:
    group = database(platform)["DBClusterParameterGroup"]
    assert group == platform.id("DatabaseParameterGroup")
    found = platform.pages("rds", "describe_db_cluster_parameters", "Parameters", DBClusterParameterGroupName=group)
    values = {each["ParameterName"]: each.get("ParameterValue") for each in found}
    assert values.get("rds.force_ssl") == "1" or values.get("require_secure_transport") == "ON"


def test_the_databases_secret_says_where_it_is(platform: Platform) -> None:
    cluster = database(platform)
    secret = platform.client("secretsmanager").get_secret_value(SecretId=platform.id("DatabaseSecret"))
    found = json.loads(secret["SecretString"])
    assert (found["host"], int(found["port"])) == (cluster["Endpoint"], cluster["Port"])
    assert (found["username"], found["dbname"]) == (cluster["MasterUsername"], cluster["DatabaseName"])


def test_every_log_that_the_database_exports_is_kept_as_long_as_asked_for(platform: Platform) -> None:
    cluster = database(platform)
    prefix = f"/aws/rds/cluster/{cluster['DBClusterIdentifier']}/"
    assert cluster["EnabledCloudwatchLogsExports"]
    for log in cluster["EnabledCloudwatchLogsExports"]:
        assert f"{prefix}{log}" in platform.ids("AWS::Logs::LogGroup").values()


def test_the_proxy_stands_before_the_database(platform: Platform) -> None:
    if not platform.has("DatabaseConnectionProxy"):
        pytest.skip("this stack has no database proxy")
    client, name = platform.client("rds"), platform.id("DatabaseConnectionProxy")
    proxy = client.describe_db_proxies(DBProxyName=name)["DBProxies"][0]
    assert proxy["RequireTLS"] is True
    assert [auth["SecretArn"] for auth in proxy["Auth"]] == [platform.id("DatabaseSecret")]
    targets = client.describe_db_proxy_targets(DBProxyName=name)["Targets"]
    assert platform.id("DatabaseCluster") in {target.get("TrackedClusterId") for target in targets}


def file_system(platform: Platform) -> dict[str, Any]:
    found = platform.client("efs").describe_file_systems(FileSystemId=platform.outputs["FileSystemId"])
    return found["FileSystems"][0]  # type: ignore[no-any-return]


def test_files_are_encrypted_and_elastic(platform: Platform) -> None:
    client, files = platform.client("efs"), platform.id("FileSystem")
    system = client.describe_file_systems(FileSystemId=files)["FileSystems"][0]
    assert system["LifeCycleState"] == "available"
    assert system["Encrypted"] is True
    assert system["KmsKeyId"] == key_arn(platform, "FilesKey")
    assert system["ThroughputMode"] == "elastic"
    policies = client.describe_lifecycle_configuration(FileSystemId=files)["LifecyclePolicies"]
    assert any("TransitionToIA" in policy for policy in policies)


def test_files_are_mounted_in_every_zone(platform: Platform) -> None:
    client = platform.client("efs")
    found = client.describe_mount_targets(FileSystemId=platform.id("FileSystem"))["MountTargets"]
    ours = {platform.id(f"DataSubnet{zone}") for zone in platform.zones}
    assert {target["SubnetId"] for target in found} == ours
    for target in found:
        groups = client.describe_mount_target_security_groups(MountTargetId=target["MountTargetId"])["SecurityGroups"]
        assert groups == [platform.id("FilesSecurityGroup")]


def test_files_open_only_by_tls_and_an_access_point(platform: Platform) -> None:
    client, files = platform.client("efs"), platform.id("FileSystem")
    points = client.describe_access_points(FileSystemId=files)["AccessPoints"]
    assert [point["AccessPointId"] for point in points] == [platform.id("FileAccessPoint")]
    assert points[0]["RootDirectory"]["Path"] != "/"
    assert points[0]["PosixUser"]["Uid"] > 0
    policy = json.loads(client.describe_file_system_policy(FileSystemId=files)["Policy"])
    denied = [json.dumps(each["Condition"]) for each in policy["Statement"] if each["Effect"] == "Deny"]
    assert any("aws:SecureTransport" in each for each in denied)
    assert any("elasticfilesystem:AccessPointArn" in each for each in denied)


def test_what_is_tagged_is_backed_up_into_a_locked_vault(platform: Platform) -> None:
    if not platform.has("BackupVault"):
        pytest.skip("this stack has no backup plan")
    client, wanted = platform.client("backup"), platform.parameters
    vault = client.describe_backup_vault(BackupVaultName=platform.id("BackupVault"))
    assert vault["EncryptionKeyArn"] == key_arn(platform, "BackupKey")
    assert vault["Locked"] is (wanted["BackupLock"] != "none")
    plan = platform.id("BackupPlan")
    rules = {rule["RuleName"]: rule for rule in client.get_backup_plan(BackupPlanId=plan)["BackupPlan"]["Rules"]}
    kept = {name: int(rule["Lifecycle"]["DeleteAfterDays"]) for name, rule in rules.items()}
    assert kept == {"daily": int(wanted["BackupDailyDays"]), "monthly": int(wanted["BackupMonthlyDays"])}
    assert {rule["TargetBackupVaultName"] for rule in rules.values()} == {platform.id("BackupVault")}
    (listed,) = client.list_backup_selections(BackupPlanId=plan)["BackupSelectionsList"]
    found = client.get_backup_selection(BackupPlanId=plan, SelectionId=listed["SelectionId"])["BackupSelection"]
    (tag,) = found["Conditions"]["StringEquals"]
    assert tag == {"ConditionKey": "aws:ResourceTag/backup", "ConditionValue": f"lms-{wanted['EnvironmentSuffix']}"}
    tags = {}
    if platform.has("FileSystem"):
        tags[file_system(platform)["FileSystemArn"]] = tag_map(file_system(platform)["Tags"])
    if platform.has("DatabaseCluster"):
        tags[database(platform)["DBClusterArn"]] = tag_map(database(platform)["TagList"])
    assert tags
    assert tags.keys() <= set(found["Resources"])
    assert {each["backup"] for each in tags.values()} == {tag["ConditionValue"]}


def test_the_files_are_backed_up_once(platform: Platform) -> None:
    found = platform.client("efs").describe_backup_policy(FileSystemId=platform.outputs["FileSystemId"])
    assert found["BackupPolicy"]["Status"] == ("DISABLED" if platform.has("BackupPlan") else "ENABLED")


def test_backups_are_restored_for_a_test(platform: Platform) -> None:
    if not platform.has("RestoreTestingPlan"):
        pytest.skip("this stack tests no restores")
    client, name = platform.client("backup"), platform.id("RestoreTestingPlan")
    vault = client.describe_backup_vault(BackupVaultName=platform.id("BackupVault"))["BackupVaultArn"]
    plan = client.get_restore_testing_plan(RestoreTestingPlanName=name)["RestoreTestingPlan"]
    assert plan["RecoveryPointSelection"]["IncludeVaults"] == [vault]
    found = client.list_restore_testing_selections(RestoreTestingPlanName=name)["RestoreTestingSelections"]
    assert {each["ProtectedResourceType"] for each in found} >= {"EFS"}
