"""Databases: what a cluster says of itself, restoring, failing over, protection, and proxies."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.stackproof.emulator.stacks import resources

if TYPE_CHECKING:
    from tests.unit.stackproof.emulator.stacks import Stacks, Template

KEY = "arn:aws:kms:sa-east-1:000000000000:key/1"
ROLE = "arn:aws:iam::000000000000:role/monitoring"


def cluster(**properties: Any) -> tuple[str, dict[str, Any]]:
    return (
        "RDS::DBCluster",
        {
            "Engine": "aurora-postgresql",
            "EngineVersion": "17.7",
            "DatabaseName": "lms",
            "MasterUsername": "lms",
            "MasterUserPassword": "not-a-secret",
            "StorageEncrypted": True,
            "KmsKeyId": KEY,
            "DBClusterParameterGroupName": "tls",
            "EnableCloudwatchLogsExports": ["postgresql"],
            "DatabaseInsightsMode": "advanced",
            "PerformanceInsightsEnabled": "true",
            "PerformanceInsightsRetentionPeriod": "465",
            "MonitoringInterval": 60,
            "MonitoringRoleArn": ROLE,
            "Tags": [{"Key": "Name", "Value": "database"}],
            **properties,
        },
    )


def instance(**properties: Any) -> tuple[str, dict[str, Any]]:
    given = {
        "Engine": "aurora-postgresql",
        "DBInstanceClass": "db.serverless",
        "DBClusterIdentifier": {"Ref": "Cluster"},
        "EnablePerformanceInsights": True,
        "PerformanceInsightsRetentionPeriod": "465",
        **properties,
    }
    return "RDS::DBInstance", {name: value for name, value in given.items() if value is not None}


def cluster_of(stacks: Stacks) -> dict[str, Any]:
    found: dict[str, Any] = stacks.aws.client("rds").describe_db_clusters()["DBClusters"][0]
    return found


def instances(stacks: Stacks) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = stacks.aws.client("rds").describe_db_instances()["DBInstances"]
    return found


def test_a_cluster_says_all_that_the_template_did(stacks: Stacks) -> None:
    stacks.deploy(resources(Cluster=cluster()))
    found = cluster_of(stacks)
    assert found["KmsKeyId"] == KEY
    assert found["DBClusterParameterGroup"] == "tls"
    assert found["EnabledCloudwatchLogsExports"] == ["postgresql"]
    assert (found["DatabaseInsightsMode"], found["PerformanceInsightsRetentionPeriod"]) == ("advanced", 465)
    assert (found["MonitoringInterval"], found["MonitoringRoleArn"]) == (60, ROLE)
    tags = {tag["Key"]: tag["Value"] for tag in found["TagList"]}
    assert tags["Name"] == "database"
    assert tags["aws:cloudformation:stack-name"] == "demo"
    stacks.deploy(resources(Cluster=cluster(DatabaseInsightsMode="standard", EnableCloudwatchLogsExports=[])))
    changed = cluster_of(stacks)
    assert (changed["DatabaseInsightsMode"], changed["EnabledCloudwatchLogsExports"]) == ("standard", [])
    assert changed["DBClusterIdentifier"] == found["DBClusterIdentifier"]


def test_a_cluster_of_few_words_is_one_too(stacks: Stacks) -> None:
    stacks.deploy(resources(Cluster=("RDS::DBCluster", {"Engine": "aurora-mysql"})))
    found = cluster_of(stacks)
    assert "DatabaseInsightsMode" not in found
    assert found["EnabledCloudwatchLogsExports"] == []


def test_one_instance_writes_and_all_are_as_the_cluster_is(stacks: Stacks) -> None:
    stacks.deploy(resources(Cluster=cluster(Port=5433), Writer=instance(), Reader=instance()))
    assert [member["IsClusterWriter"] for member in cluster_of(stacks)["DBClusterMembers"]] == [True, False]
    for found in instances(stacks):
        assert (found["StorageEncrypted"], found["KmsKeyId"]) == (True, KEY)
        assert found["Endpoint"]["Port"] == 5433
        assert (found["PerformanceInsightsEnabled"], found["PerformanceInsightsRetentionPeriod"]) == (True, 465)


def test_an_instance_of_its_own_is_as_it_says(stacks: Stacks) -> None:
    alone = instance(DBClusterIdentifier=None, Engine="postgres", KmsKeyId="other", StorageEncrypted=True)
    stacks.deploy(resources(Alone=alone))
    (found,) = instances(stacks)
    assert found["KmsKeyId"] == "other"


def kept(snapshot: str = "", **properties: Any) -> Template:
    """A cluster that leaves a snapshot, and begins from one where it is given."""
    given = {"SnapshotIdentifier": snapshot} if snapshot else {}
    template = resources(Cluster=cluster(**given, **properties))
    template["Resources"]["Cluster"] |= {"DeletionPolicy": "Snapshot", "UpdateReplacePolicy": "Snapshot"}
    return template


def test_a_cluster_of_another_engine_is_another_cluster_and_leaves_a_snapshot(stacks: Stacks) -> None:
    def template(engine: str) -> Template:
        made = resources(Cluster=cluster(Engine=engine, EngineVersion=None))
        made["Resources"]["Cluster"] |= {"UpdateReplacePolicy": "Snapshot", "DeletionPolicy": "Delete"}
        return made

    stacks.deploy(template("aurora-postgresql"))
    before = cluster_of(stacks)["DBClusterIdentifier"]
    assert stacks.changes(template("aurora-mysql"))["Cluster"]["Replacement"] == "Conditional"
    stacks.deploy(template("aurora-mysql"))

    (after,) = stacks.aws.client("rds").describe_db_clusters()["DBClusters"]
    (snapshot,) = stacks.aws.client("rds").describe_db_cluster_snapshots()["DBClusterSnapshots"]
    assert (after["Engine"], snapshot["DBClusterIdentifier"]) == ("aurora-mysql", before)
    assert after["DBClusterIdentifier"] != before


@pytest.mark.parametrize("by", ["DBClusterSnapshotIdentifier", "DBClusterSnapshotArn"])
def test_a_restored_cluster_has_the_user_of_its_snapshot(stacks: Stacks, by: str) -> None:
    stacks.deploy(kept(MasterUsername="moodle"))
    stacks.delete()
    (snapshot,) = stacks.aws.client("rds").describe_db_cluster_snapshots()["DBClusterSnapshots"]
    assert snapshot["KmsKeyId"] == KEY
    stacks.deploy(kept(snapshot[by]))
    assert cluster_of(stacks)["MasterUsername"] == "moodle"


def test_another_snapshot_replaces_the_cluster(stacks: Stacks) -> None:
    rds = stacks.aws.client("rds")
    stacks.deploy(kept())
    before = cluster_of(stacks)["DBClusterIdentifier"]
    rds.create_db_cluster_snapshot(DBClusterSnapshotIdentifier="monday", DBClusterIdentifier=before)
    assert stacks.changes(kept("monday"))["Cluster"]["Replacement"] == "True"
    stacks.deploy(kept("monday"))
    assert cluster_of(stacks)["DBClusterIdentifier"] != before
    snapshots = rds.describe_db_cluster_snapshots()["DBClusterSnapshots"]
    assert len(snapshots) == 2, "the old cluster was to leave a snapshot"


def test_a_cluster_that_comes_again_has_another_name(stacks: Stacks) -> None:
    """As on AWS: what was named after the old one and stayed is not in its way."""
    other: dict[str, tuple[str, dict[str, Any]]] = {"Topic": ("SNS::Topic", {})}
    stacks.deploy(resources(**other, Cluster=cluster()))
    before = cluster_of(stacks)["DBClusterIdentifier"]
    stacks.deploy(resources(**other))
    stacks.deploy(resources(**other, Cluster=cluster()))
    after = cluster_of(stacks)["DBClusterIdentifier"]
    assert after != before
    stacks.deploy(resources(**other, Cluster=cluster(BackupRetentionPeriod=9)))
    assert cluster_of(stacks)["DBClusterIdentifier"] == after


def test_a_snapshot_that_is_not_there_fails(stacks: Stacks) -> None:
    assert stacks.deploy(kept("tuesday"))["StackStatus"] == "ROLLBACK_COMPLETE"
    assert stacks.failure() == "DBClusterSnapshot not found: tuesday"


def test_a_protected_cluster_stays_until_it_is_released(stacks: Stacks) -> None:
    stacks.deploy(resources(Cluster=cluster(DeletionProtection=True)))
    assert stacks.delete()["StackStatus"] == "DELETE_FAILED"
    assert "disable deletion protection" in stacks.failure()
    stacks.aws.client("rds").modify_db_cluster(
        DBClusterIdentifier=cluster_of(stacks)["DBClusterIdentifier"], DeletionProtection=False
    )
    assert stacks.delete()["StackStatus"] == "DELETE_COMPLETE"


def proxied(**properties: Any) -> Template:
    network: dict[str, tuple[str, dict[str, Any]]] = {
        "Vpc": ("EC2::VPC", {"CidrBlock": "10.0.0.0/16"}),
        "One": ("EC2::Subnet", {"VpcId": {"Ref": "Vpc"}, "CidrBlock": "10.0.0.0/24"}),
        "Two": ("EC2::Subnet", {"VpcId": {"Ref": "Vpc"}, "CidrBlock": "10.0.1.0/24"}),
    }
    proxy = {
        "DBProxyName": "lms",
        "EngineFamily": "POSTGRESQL",
        "RoleArn": "arn:aws:iam::000000000000:role/proxy",
        "RequireTLS": True,
        "VpcSubnetIds": [{"Ref": "One"}, {"Ref": "Two"}],
        "VpcSecurityGroupIds": ["sg-1"],
        "Auth": [
            {"AuthScheme": "SECRETS", "SecretArn": "arn:aws:secretsmanager:sa-east-1:000000000000:secret:x-AbCdEf"}
        ],
        **properties,
    }
    targets = {
        "DBProxyName": {"Ref": "Proxy"},
        "TargetGroupName": "default",
        "DBClusterIdentifiers": [{"Ref": "Cluster"}],
        "ConnectionPoolConfigurationInfo": {"MaxConnectionsPercent": properties.get("IdleClientTimeout", 90) % 100},
    }
    return {
        **resources(
            **network,
            Cluster=cluster(),
            Proxy=("RDS::DBProxy", proxy),
            Targets=("RDS::DBProxyTargetGroup", targets),
        ),
        "Outputs": {
            "Host": {"Value": {"Fn::GetAtt": ["Proxy", "Endpoint"]}},
            "Targets": {"Value": {"Fn::GetAtt": ["Targets", "TargetGroupArn"]}},
        },
    }


def test_a_proxy_stands_before_its_cluster(stacks: Stacks) -> None:
    rds = stacks.aws.client("rds")
    stacks.deploy(proxied())
    (proxy,) = rds.describe_db_proxies()["DBProxies"]
    assert (proxy["DBProxyName"], proxy["RequireTLS"], proxy["VpcSecurityGroupIds"]) == ("lms", True, ["sg-1"])
    assert len(proxy["VpcSubnetIds"]) == 2
    assert proxy["Auth"][0]["SecretArn"].endswith("secret:x-AbCdEf")
    tags = rds.list_tags_for_resource(ResourceName=proxy["DBProxyArn"])["TagList"]
    assert "aws:cloudformation:stack-name" in {tag["Key"] for tag in tags}
    (group,) = rds.describe_db_proxy_target_groups(DBProxyName="lms")["TargetGroups"]
    assert group["ConnectionPoolConfig"]["MaxConnectionsPercent"] == 90
    (target,) = rds.describe_db_proxy_targets(DBProxyName="lms")["Targets"]
    assert target["TrackedClusterId"] == cluster_of(stacks)["DBClusterIdentifier"]
    assert stacks.outputs() == {"Host": proxy["Endpoint"], "Targets": group["TargetGroupArn"]}


def test_a_proxy_changes_in_place_and_goes(stacks: Stacks) -> None:
    rds = stacks.aws.client("rds")
    stacks.deploy(proxied())
    (before,) = rds.describe_db_proxies()["DBProxies"]
    stacks.deploy(proxied(IdleClientTimeout=660, VpcSecurityGroupIds=["sg-2"]))
    (after,) = rds.describe_db_proxies()["DBProxies"]
    assert after["DBProxyArn"] == before["DBProxyArn"]
    assert (after["IdleClientTimeout"], after["VpcSecurityGroupIds"]) == (660, ["sg-2"])
    (group,) = rds.describe_db_proxy_target_groups(DBProxyName="lms")["TargetGroups"]
    assert group["ConnectionPoolConfig"]["MaxConnectionsPercent"] == 60
    assert len(rds.describe_db_proxy_targets(DBProxyName="lms")["Targets"]) == 1
    stacks.delete()
    assert rds.describe_db_proxies()["DBProxies"] == []


def test_a_proxy_that_rds_refuses_fails_with_its_words(stacks: Stacks) -> None:
    stacks.deploy(proxied(EngineFamily="ORACLE"))
    assert "Invalid value ORACLE for EngineFamily" in stacks.failure()


def test_a_secret_learns_where_the_cluster_is(stacks: Stacks) -> None:
    secret = {
        "GenerateSecretString": {
            "SecretStringTemplate": json.dumps({"username": "lms", "dbname": "lms"}),
            "GenerateStringKey": "password",
        }
    }
    attachment = {
        "SecretId": {"Ref": "Secret"},
        "TargetType": "AWS::RDS::DBCluster",
        "TargetId": {"Ref": "Cluster"},
    }
    stacks.deploy(
        resources(
            Cluster=cluster(),
            Secret=("SecretsManager::Secret", secret),
            Attachment=("SecretsManager::SecretTargetAttachment", attachment),
        )
    )
    value = stacks.aws.client("secretsmanager").get_secret_value(SecretId=stacks.physical_id("Secret"))
    found = json.loads(value["SecretString"])
    assert found["host"] == cluster_of(stacks)["Endpoint"]
    assert {"username", "password", "dbname", "port"} <= found.keys()
