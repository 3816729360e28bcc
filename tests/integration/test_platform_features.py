"""What comes with parameters and goes again while the platform runs: a database, backups, a name, alarms, jobs.

Like test_platform_settings.py, for what has data, depends on something else, or has a state.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.integration.conftest import KEPT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.integration.platform import Platform

OWN = ("DatabaseSecretArn=", "DatabasePeeringConnectionId=")
"""Without the existing database."""
WITH_IT = ("DatabaseCluster", "DatabaseKey", "DatabaseLogGroup", "DatabaseSecret", "DatabaseSlowLogGroup")
"""What holds data and goes with the stack's own database."""


def test_a_database_of_our_own_comes_changes_and_goes_with_a_snapshot(
    running: Platform, run: Callable[..., str], change: Callable[..., str]
) -> None:
    def cluster() -> dict[str, Any]:
        [found] = rds.describe_db_clusters()["DBClusters"]
        return found  # type: ignore[no-any-return]

    def size_alarm() -> int:
        name = running.id("DatabaseSizeAlarm")
        return running.client("cloudwatch").describe_alarms(AlarmNames=[name])["MetricAlarms"][0]["Threshold"]  # type: ignore[no-any-return]

    before = running.physical_ids()
    rds = running.client("rds")
    named = (*OWN, "DatabaseName=campus", "DatabaseUser=registrar")
    more = ("DatabaseProxy=yes", "DatabaseBackupDays=14", "DatabaseInsights=advanced", "DatabaseDeletionProtection=yes")
    assert "DatabaseCluster" in change(*named, *more)
    first = cluster()
    assert len(first["DBClusterMembers"]) == 2
    assert len(rds.describe_db_proxies()["DBProxies"]) == 1
    assert (first["Engine"], first["DatabaseName"], first["MasterUsername"]) == (
        "aurora-postgresql", "campus", "registrar",
    )  # fmt: skip
    assert (first["BackupRetentionPeriod"], first["DatabaseInsightsMode"]) == (14, "advanced")
    assert first["DeletionProtection"] is True
    assert size_alarm() == 500

    range_ = ("DatabaseMinimumCapacity=2", "DatabaseMaximumCapacity=16")
    change(*named, *range_, "DatabaseReader=no", "AlarmDatabaseGigabytes=50")
    changed = cluster()
    assert changed["DBClusterIdentifier"] == first["DBClusterIdentifier"]
    assert changed["ServerlessV2ScalingConfiguration"] == {"MinCapacity": 2, "MaxCapacity": 16}
    assert len(changed["DBClusterMembers"]) == 1
    assert (changed["BackupRetentionPeriod"], changed["DatabaseInsightsMode"]) == (7, "standard")
    assert changed["DeletionProtection"] is False
    assert size_alarm() == 50
    assert rds.describe_db_proxies()["DBProxies"] == []

    shown = change(*named, "DatabaseEngine=mysql", "DatabaseDeletionProtection=yes", allow=WITH_IT)
    assert "DatabaseCluster" in shown
    other = cluster()
    assert (other["Engine"], other["DatabaseName"]) == ("aurora-mysql", "campus")
    assert other["DBClusterIdentifier"] != first["DBClusterIdentifier"]
    assert set(other["EnabledCloudwatchLogsExports"]) == {"error", "slowquery"}

    refused = run("apply", "dev", *KEPT, "--yes", expect=4)
    assert "--allow-data-loss DatabaseCluster" in refused
    assert "since AWS deletes nothing that is protected" in refused
    assert len(rds.describe_db_clusters()["DBClusters"]) == 1
    change(*named, "DatabaseEngine=mysql")
    change(allow=WITH_IT)
    assert rds.describe_db_clusters()["DBClusters"] == []
    snapshots = {
        each["DBClusterIdentifier"]: each for each in rds.describe_db_cluster_snapshots()["DBClusterSnapshots"]
    }
    assert snapshots.keys() == {first["DBClusterIdentifier"], other["DBClusterIdentifier"]}
    kept = snapshots[first["DBClusterIdentifier"]]
    assert running.client("kms").describe_key(KeyId=kept["KmsKeyId"])["KeyMetadata"]["KeyState"] == "Enabled"
    after = running.physical_ids()
    assert {name: after[name] for name in before if name != "TaskDefinition"} == {
        name: value for name, value in before.items() if name != "TaskDefinition"
    }

    shown = change(*OWN, f"DatabaseSnapshotIdentifier={kept['DBClusterSnapshotIdentifier']}")
    assert "DatabaseCluster" in shown
    assert cluster()["MasterUsername"] == "registrar"


def test_backups_come_change_and_go_and_leave_their_vault(
    running: Platform, run: Callable[..., str], change: Callable[..., str]
) -> None:
    def automatic() -> str:
        found = running.client("efs").describe_backup_policy(FileSystemId=running.outputs["FileSystemId"])
        return found["BackupPolicy"]["Status"]  # type: ignore[no-any-return]

    backup = running.client("backup")
    assert automatic() == "ENABLED"
    change("Backups=yes", "RestoreTesting=yes", "BackupLock=governance")
    made = running.physical_ids()
    assert automatic() == "DISABLED"
    assert backup.describe_backup_vault(BackupVaultName=made["BackupVault"])["Locked"] is True
    assert len(backup.list_restore_testing_plans()["RestoreTestingPlans"]) == 1
    listed = backup.list_backup_selections(BackupPlanId=made["BackupPlan"])["BackupSelectionsList"]
    [selected] = [backup.get_backup_selection(BackupPlanId=made["BackupPlan"], SelectionId=each["SelectionId"])
                  for each in listed]  # fmt: skip
    assert [arn.rpartition("/")[2] for arn in selected["BackupSelection"]["Resources"]] == [made["FileSystem"]]
    [tag] = selected["BackupSelection"]["Conditions"]["StringEquals"]
    assert tag == {"ConditionKey": "aws:ResourceTag/backup", "ConditionValue": "lms-dev"}

    change("Backups=yes", "BackupDailyDays=14", "BackupMonthlyDays=400")
    assert running.physical_ids()["BackupPlan"] == made["BackupPlan"]
    rules = backup.get_backup_plan(BackupPlanId=made["BackupPlan"])["BackupPlan"]["Rules"]
    assert {int(rule["Lifecycle"]["DeleteAfterDays"]) for rule in rules} == {14, 400}
    assert backup.describe_backup_vault(BackupVaultName=made["BackupVault"])["Locked"] is False
    assert backup.list_restore_testing_plans()["RestoreTestingPlans"] == []

    run("apply", "dev", *KEPT, "--yes", expect=4)
    run("apply", "dev", *KEPT, "--yes", "--allow-data-loss", "BackupVault", "--allow-data-loss", "BackupKey")
    assert automatic() == "ENABLED"
    assert backup.list_backup_plans()["BackupPlansList"] == []
    assert [vault["BackupVaultName"] for vault in backup.list_backup_vaults()["BackupVaultList"]] == [
        made["BackupVault"]
    ]

    # The vault that stayed behind is not in the way of the next one.
    change("Backups=yes")
    assert running.physical_ids()["BackupVault"] != made["BackupVault"]


def test_a_name_a_certificate_and_a_firewall_come_change_and_go(
    running: Platform, run: Callable[..., str], change: Callable[..., str]
) -> None:
    def listeners() -> dict[int, dict[str, Any]]:
        found = running.pages("elbv2", "describe_listeners", "Listeners", LoadBalancerArn=running.id("LoadBalancer"))
        return {listener["Port"]: listener for listener in found}

    def records() -> dict[str, dict[str, Any]]:
        found = running.pages("route53", "list_resource_record_sets", "ResourceRecordSets", HostedZoneId=zone)
        return {record["Name"]: record for record in found if record["Type"] == "A"}

    def rules() -> dict[str, dict[str, Any]]:
        acl = waf.get_web_acl_for_resource(ResourceArn=running.id("LoadBalancer"))["WebACL"]
        return {rule["Name"]: rule for rule in acl["Rules"]}

    waf, before = running.client("wafv2"), running.physical_ids()
    made = running.client("route53").create_hosted_zone(Name="example.org", CallerReference="door")
    zone = made["HostedZone"]["Id"].rpartition("/")[2]
    named = ("DomainName=learn.example.org", f"HostedZoneId={zone}")
    change(*named, "WebFirewall=count", "AllowedAddresses=200.144.0.0/24")
    assert running.outputs["Url"] == "https://learn.example.org"
    assert listeners()[443]["Certificates"][0]["CertificateArn"] == running.id("Certificate")
    assert listeners()[80]["DefaultActions"][0]["Type"] == "redirect"
    pointed = records()["learn.example.org."]["AliasTarget"]["DNSName"]
    assert pointed.rstrip(".") == running.outputs["BalancerDnsName"]
    assert rules()["CommonRules"]["OverrideAction"] == {"Count": {}}
    assert waf.list_ip_sets(Scope="REGIONAL")["IPSets"] != []

    first = running.physical_ids()
    change("DomainName=exam.example.org", named[1], "PlainHttp=closed", "WebFirewall=block", "SessionRequestLimit=300")
    assert listeners().keys() == {443}
    after = running.physical_ids()
    assert after["WebAcl"] == first["WebAcl"]
    assert after["Certificate"] != first["Certificate"]
    assert listeners()[443]["Certificates"][0]["CertificateArn"] == after["Certificate"]
    assert records().keys() == {"exam.example.org."}
    assert rules()["CommonRules"]["OverrideAction"] == {"None": {}}
    assert rules()["SessionLimit"]["Statement"]["RateBasedStatement"]["Limit"] == 300
    assert waf.list_ip_sets(Scope="REGIONAL")["IPSets"] == []

    run("apply", "dev", *KEPT, "--yes")
    assert waf.list_web_acls(Scope="REGIONAL")["WebACLs"] == []
    assert records() == {}
    assert running.client("acm").list_certificates()["CertificateSummaryList"] == []
    gone = running.physical_ids()
    kept = gone.keys() - {"HttpListener", "TaskDefinition"}
    assert {name: gone[name] for name in kept} == {name: before[name] for name in kept}


def test_watching_comes_changes_and_goes(
    running: Platform, run: Callable[..., str], change: Callable[..., str]
) -> None:
    cloudwatch, sns = running.client("cloudwatch"), running.client("sns")

    def alarm(logical_id: str) -> dict[str, Any]:
        answer = cloudwatch.describe_alarms(AlarmNames=[made[logical_id]], AlarmTypes=["MetricAlarm", "CompositeAlarm"])
        found: list[dict[str, Any]] = [*answer["MetricAlarms"], *answer["CompositeAlarms"]]
        return found[0]

    def set_state(logical_id: str, state: str) -> None:
        cloudwatch.set_alarm_state(AlarmName=made[logical_id], StateValue=state, StateReason="as the test wants")

    made = running.physical_ids()
    topic = running.outputs["AlarmTopicArn"]
    assert sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"] == []
    assert alarm("StudentsAlarm")["StateValue"] == "OK"

    change("AlarmEmail=operators@example.org", "AlarmErrorPercent=2")
    (mail,) = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    assert (mail["Protocol"], mail["Endpoint"]) == ("email", "operators@example.org")
    assert alarm("ErrorsAlarm")["Threshold"] == 2

    set_state("ErrorsAlarm", "ALARM")
    assert alarm("StudentsAlarm")["StateValue"] == "ALARM"
    status = run("status", "dev", *KEPT)
    assert all(f"  ALARM  {made[name]}" in status for name in ("StudentsAlarm", "ErrorsAlarm"))
    # What is off already takes nothing back, so that the remedy can be applied.
    assert "StudentsAlarm is in ALARM now" in change("MaximumTasks=8")
    assert alarm("MaximumTasksAlarm")["Threshold"] == 8

    set_state("ErrorsAlarm", "OK")
    assert made["StudentsAlarm"] in change("RunApplication=no")
    left = running.physical_ids()
    assert not {"StudentsAlarm", "CapacityAlarm", "ServiceCpuAlarm", "AlarmMail"} & left.keys()
    assert not alarm("CacheAlarm").get("ActionsSuppressor")
    run("apply", "dev", *KEPT, "--yes")
    assert running.physical_ids().keys() == made.keys()


def test_cache_and_files_begin_from_copies_and_leave_what_was_there(
    running: Platform, run: Callable[..., str], tmp_path: Path
) -> None:
    before = running.physical_ids()
    cache, efs = running.client("elasticache"), running.client("efs")
    cache.create_snapshot(SnapshotName="monday", ReplicationGroupId=before["CacheReplicationGroup"])
    restored = efs.create_file_system(CreationToken="drill", Encrypted=True)["FileSystemId"]
    plan = tmp_path / "plan.json"
    settings = ("CacheSnapshotName=monday", f"ExistingFileSystemId={restored}", "FilesDirectory=/restored/lms")
    shown = run("plan", "dev", *KEPT, *(f"--set={each}" for each in settings), "--out", str(plan))
    stores = ("CacheReplicationGroup", "FileSystem")
    assert all(f"--allow-data-loss {name}" in shown for name in stores)
    run("apply", "dev", *KEPT, "--plan", str(plan), "--yes", expect=4)
    assert running.physical_ids() == before
    run("plan", "dev", *KEPT, *(f"--set={each}" for each in settings), "--out", str(plan))
    allowed = [option for name in stores for option in ("--allow-data-loss", name)]
    run("apply", "dev", *KEPT, "--plan", str(plan), "--yes", *allowed)

    after = running.physical_ids()
    assert after["CacheReplicationGroup"] != before["CacheReplicationGroup"]
    assert len(cache.describe_snapshots()["Snapshots"]) == 2, "the old cache was to leave a snapshot"
    assert "FileSystem" not in after
    assert len(efs.describe_mount_targets(FileSystemId=restored)["MountTargets"]) == 2
    (point,) = efs.describe_access_points(FileSystemId=restored)["AccessPoints"]
    assert (point["AccessPointId"], point["RootDirectory"]["Path"]) == (after["FileAccessPoint"], "/restored/lms")
    systems = {system["FileSystemId"] for system in efs.describe_file_systems()["FileSystems"]}
    assert systems == {before["FileSystem"], restored}


def test_background_work_comes_stops_starts_changes_and_goes(
    running: Platform, run: Callable[..., str], change: Callable[..., str]
) -> None:
    ecs, scheduler = running.client("ecs"), running.client("scheduler")

    def tasks(name: str) -> tuple[int, int]:
        (found,) = ecs.describe_services(cluster="lms-cluster-dev", services=[name])["services"]
        return found["desiredCount"], found["runningCount"]

    def schedule() -> tuple[str, str]:
        (found,) = scheduler.list_schedules(GroupName="lms-cron-dev")["Schedules"]
        whole = scheduler.get_schedule(GroupName="lms-cron-dev", Name=found["Name"])
        return whole["State"], whole["ScheduleExpression"]

    before = running.physical_ids()
    on = ("WorkerCommand=lms,worker", "MinimumWorkers=2", "CronCommand=lms,cron", "UpgradeCommand=lms,upgrade")
    change(*on, "BackgroundJobs=no")
    made = running.physical_ids()
    assert (tasks("lms-worker-dev"), schedule()) == ((0, 0), ("DISABLED", "rate(5 minutes)"))

    change(*on)
    assert (tasks("lms-worker-dev"), schedule()) == ((2, 2), ("ENABLED", "rate(5 minutes)"))
    upgrade = ecs.describe_task_definition(taskDefinition=running.outputs["UpgradeTaskDefinition"])["taskDefinition"]
    (container,) = upgrade["containerDefinitions"]
    (serving,) = ecs.describe_task_definition(taskDefinition=made["TaskDefinition"])["taskDefinition"][
        "containerDefinitions"
    ]
    assert container["command"] == ["lms", "upgrade"]
    assert (container["image"], container["environment"]) == (serving["image"], serving["environment"])

    change(*on, "WorkerSize=1024/2048", "CronMinutes=10", "BackgroundJobs=no")
    assert (tasks("lms-worker-dev"), schedule()) == ((0, 0), ("DISABLED", "rate(10 minutes)"))
    assert running.physical_ids()["WorkerService"] == made["WorkerService"]

    refused = run("plan", "dev", *KEPT, *(f"--set={each}" for each in on), "--set=CronMinutes=2")
    assert "CronDeadLetters" in refused, "the queue holds why runs failed: it goes only when a person agrees"
    run("apply", "dev", *KEPT, "--yes", "--allow-data-loss", "CronDeadLetters")
    assert running.physical_ids().keys() == before.keys()
    assert tasks("lms-application-dev") == (2, 2)
