"""What becomes of a running platform when it is changed, when a change fails, and when it is deleted.

These tests change the stack that they look at, so that they run on the embedded AWS alone, each from a platform of its
own. Each goes through deploy.py, and asks the services afterwards.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.embedded import embedded_aws
from tests.integration.conftest import ACCOUNTS, ROOT, applied, deploy, variables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.integration.platform import Platform

KEPT = ("--template", "dist/lms.json")
"""dev's own template throws its data away with the stack; the platform's template keeps it."""


@pytest.fixture
def running(request: pytest.FixtureRequest) -> Iterator[Platform]:
    """Dev from the template that keeps its data, on an AWS of its own."""
    if request.config.getoption("--stack"):
        pytest.skip("changes are tested on the embedded AWS only")
    with embedded_aws() as url:
        yield applied(url, "dev", *KEPT)


@pytest.fixture
def run(running: Platform) -> Callable[..., str]:
    """Run `python deploy.py …` on that platform; gives standard output and standard error as one text."""
    assert running.endpoint is not None
    environment = variables(running.endpoint, ACCOUNTS["dev"])

    def _run(*arguments: str, expect: int = 0) -> str:
        done = deploy(environment, *arguments, expect=expect)
        return done.stdout + done.stderr

    return _run


@pytest.fixture
def change(running: Platform, run: Callable[..., str], tmp_path: Path) -> Callable[..., str]:
    """Plan and apply settings on top of the file's; what both print."""

    def _change(*settings: str) -> str:
        plan = tmp_path / "plan.json"
        shown = run("plan", "dev", *KEPT, *(f"--set={each}" for each in settings), "--out", str(plan))
        shown += run("apply", "dev", *KEPT, "--plan", str(plan), "--yes")
        running.__dict__.pop("resources", None)  # read once otherwise
        return shown

    return _change


def edited(folder: Path, change: Callable[[dict[str, Any]], None]) -> str:
    """dist/lms.json with one change, as a file."""
    template = json.loads((ROOT / "dist" / "lms.json").read_text(encoding="utf-8"))
    change(template)
    path = folder / "lms.json"
    path.write_text(json.dumps(template), encoding="utf-8")
    return str(path)


def physical_ids(platform: Platform) -> dict[str, str]:
    platform.__dict__.pop("resources", None)  # read once otherwise
    return {name: each["PhysicalResourceId"] for name, each in platform.resources.items()}


def bounds(platform: Platform) -> tuple[int, int]:
    target = platform.client("application-autoscaling").describe_scalable_targets(ServiceNamespace="ecs")
    return target["ScalableTargets"][0]["MinCapacity"], target["ScalableTargets"][0]["MaxCapacity"]


def test_an_update_changes_what_was_asked_for_and_replaces_nothing(
    running: Platform, run: Callable[..., str], tmp_path: Path
) -> None:
    before = physical_ids(running)
    plan = tmp_path / "plan.json"
    shown = run("plan", "dev", *KEPT, "--set", "MaximumTasks=8", "--out", str(plan))
    assert "ScalableTarget" in shown
    assert "MaxCapacity" in shown
    run("apply", "dev", *KEPT, "--plan", str(plan), "--yes")
    assert running.description["StackStatus"] == "UPDATE_COMPLETE"
    assert bounds(running) == (2, 8)
    assert physical_ids(running) == before


def test_the_same_again_is_no_change(running: Platform, run: Callable[..., str]) -> None:
    def change_sets() -> list[str]:
        found = running.pages("cloudformation", "list_change_sets", "Summaries", StackName=running.stack)
        return [each["ChangeSetName"] for each in found]

    before = running.description.get("LastUpdatedTime"), change_sets()
    run("plan", "dev", *KEPT, "--check")
    run("apply", "dev", *KEPT, "--yes")
    assert (running.description.get("LastUpdatedTime"), change_sets()) == before


def test_a_third_zone_and_a_gateway_per_zone_replace_nothing(
    running: Platform, run: Callable[..., str], tmp_path: Path
) -> None:
    before = physical_ids(running)
    plan = tmp_path / "plan.json"
    run("plan", "dev", *KEPT, "--set", "ZoneCount=3", "--set", "NatGateways=per-zone", "--out", str(plan))
    run("apply", "dev", *KEPT, "--plan", str(plan), "--yes")
    after = physical_ids(running)
    assert {name: after[name] for name in before if name != "TaskDefinition"} == {
        name: value for name, value in before.items() if name != "TaskDefinition"
    }
    assert {"PublicSubnet3", "PrivateSubnet3", "DataSubnet3", "NatGateway2", "NatGateway3"} <= set(after) - set(before)


def test_a_failed_update_rolls_back_and_says_why(running: Platform, run: Callable[..., str], tmp_path: Path) -> None:
    def break_it(template: dict[str, Any]) -> None:
        template["Parameters"]["MaximumTasks"]["Default"] = 9
        template["Resources"]["Broken"] = {
            "Type": "AWS::EC2::SecurityGroupIngress",
            # The last thing that is made: everything else has changed by then.
            "DependsOn": "RequestScaling",
            "Properties": {
                "GroupId": "sg-00000000000000000",
                "IpProtocol": "tcp",
                "FromPort": 1,
                "ToPort": 1,
                "CidrIp": "10.0.0.0/8",
            },
        }
        template["Resources"]["ScalableTarget"]["Properties"]["MaxCapacity"] = 9

    before = physical_ids(running)
    shown = run("apply", "dev", "--template", edited(tmp_path, break_it), "--yes", expect=1)
    assert "Broken" in shown
    assert "sg-00000000000000000" in shown
    assert "UPDATE_ROLLBACK_COMPLETE" in shown
    assert running.description["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert bounds(running) == (2, 4)
    assert physical_ids(running) == before


def test_a_store_is_not_replaced_without_a_word(running: Platform, run: Callable[..., str], tmp_path: Path) -> None:
    def encrypt_differently(template: dict[str, Any]) -> None:
        template["Resources"]["FileSystem"]["Properties"]["KmsKeyId"] = {"Fn::GetAtt": ["LogsKey", "Arn"]}

    changed = edited(tmp_path, encrypt_differently)
    before = physical_ids(running)
    shown = run("apply", "dev", "--template", changed, "--yes", expect=4)
    assert "--allow-data-loss FileSystem" in shown
    assert physical_ids(running) == before
    run("apply", "dev", "--template", changed, "--yes", "--allow-data-loss", "FileSystem")
    after = physical_ids(running)
    assert after["FileSystem"] != before["FileSystem"]
    systems = running.client("efs").describe_file_systems()["FileSystems"]
    assert {system["FileSystemId"] for system in systems} == {before["FileSystem"], after["FileSystem"]}, (
        "the old file system was to be kept"
    )


def test_a_new_name_replaces_what_carries_it_and_keeps_the_stores(
    running: Platform, run: Callable[..., str], tmp_path: Path
) -> None:
    before = physical_ids(running)
    plan = tmp_path / "plan.json"
    shown = run("plan", "dev", *KEPT, "--set", "EnvironmentSuffix=exam", "--out", str(plan))
    assert "Service" in shown
    run("apply", "dev", *KEPT, "--plan", str(plan), "--yes")
    after = physical_ids(running)
    for name in ("Cluster", "LoadBalancer", "Service"):
        assert after[name] != before[name], name
    for name in ("FileSystem", "CacheReplicationGroup", "CacheSecret", "FilesKey", "LogsKey", "Vpc"):
        assert after[name] == before[name], name
    clusters = running.client("ecs").list_clusters()["clusterArns"]
    assert [arn.rsplit("/", 1)[1] for arn in clusters] == ["lms-cluster-exam"]


OWN = (*KEPT, *(f"--set={name}=" for name in ("DatabaseSecretArn", "DatabasePeeringConnectionId")))
"""Without the existing database."""


def test_a_database_of_our_own_comes_changes_and_goes_with_a_snapshot(
    running: Platform, run: Callable[..., str], tmp_path: Path
) -> None:
    def change(*settings: str) -> str:
        plan = tmp_path / "plan.json"
        shown = run("plan", "dev", *settings, "--out", str(plan))
        run("apply", "dev", *KEPT, "--plan", str(plan), "--yes")
        return shown

    before = physical_ids(running)
    rds = running.client("rds")
    assert "DatabaseCluster" in change(*OWN, "--set=DatabaseProxy=yes")
    (cluster,) = rds.describe_db_clusters()["DBClusters"]
    assert len(cluster["DBClusterMembers"]) == 2
    assert len(rds.describe_db_proxies()["DBProxies"]) == 1

    change(*OWN, "--set=DatabaseMaximumCapacity=16", "--set=DatabaseReader=no")
    (changed,) = rds.describe_db_clusters()["DBClusters"]
    assert changed["DBClusterIdentifier"] == cluster["DBClusterIdentifier"]
    assert changed["ServerlessV2ScalingConfiguration"]["MaxCapacity"] == 16
    assert len(changed["DBClusterMembers"]) == 1
    assert rds.describe_db_proxies()["DBProxies"] == []

    refused = run("apply", "dev", *KEPT, "--yes", expect=4)
    assert "--allow-data-loss DatabaseCluster" in refused
    assert len(rds.describe_db_clusters()["DBClusters"]) == 1
    with_it = ("DatabaseCluster", "DatabaseKey", "DatabaseLogGroup", "DatabaseSecret")
    allowed = [option for name in with_it for option in ("--allow-data-loss", name)]
    run("apply", "dev", *KEPT, "--yes", *allowed)
    assert rds.describe_db_clusters()["DBClusters"] == []
    (snapshot,) = rds.describe_db_cluster_snapshots()["DBClusterSnapshots"]
    assert snapshot["DBClusterIdentifier"] == cluster["DBClusterIdentifier"]
    assert running.client("kms").describe_key(KeyId=snapshot["KmsKeyId"])["KeyMetadata"]["KeyState"] == "Enabled"
    after = physical_ids(running)
    assert {name: after[name] for name in before if name != "TaskDefinition"} == {
        name: value for name, value in before.items() if name != "TaskDefinition"
    }

    shown = change(*OWN, f"--set=DatabaseSnapshotIdentifier={snapshot['DBClusterSnapshotIdentifier']}")
    assert "DatabaseCluster" in shown
    (restored,) = rds.describe_db_clusters()["DBClusters"]
    assert restored["MasterUsername"] == cluster["MasterUsername"]


def test_backups_come_change_and_go_and_leave_their_vault(
    running: Platform, run: Callable[..., str], change: Callable[..., str]
) -> None:
    def automatic() -> str:
        found = running.client("efs").describe_backup_policy(FileSystemId=running.outputs["FileSystemId"])
        return found["BackupPolicy"]["Status"]  # type: ignore[no-any-return]

    backup = running.client("backup")
    assert automatic() == "ENABLED"
    change("Backups=yes", "RestoreTesting=yes", "BackupLock=governance")
    made = physical_ids(running)
    assert automatic() == "DISABLED"
    assert backup.describe_backup_vault(BackupVaultName=made["BackupVault"])["Locked"] is True
    assert len(backup.list_restore_testing_plans()["RestoreTestingPlans"]) == 1

    change("Backups=yes", "BackupDailyDays=14")
    assert physical_ids(running)["BackupPlan"] == made["BackupPlan"]
    rules = backup.get_backup_plan(BackupPlanId=made["BackupPlan"])["BackupPlan"]["Rules"]
    assert {int(rule["Lifecycle"]["DeleteAfterDays"]) for rule in rules} == {14, 365}
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
    assert physical_ids(running)["BackupVault"] != made["BackupVault"]


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

    waf, before = running.client("wafv2"), physical_ids(running)
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

    first = physical_ids(running)
    change("DomainName=exam.example.org", named[1], "PlainHttp=closed", "WebFirewall=block", "SessionRequestLimit=300")
    assert listeners().keys() == {443}
    after = physical_ids(running)
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
    gone = physical_ids(running)
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

    made = physical_ids(running)
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
    left = physical_ids(running)
    assert not {"StudentsAlarm", "CapacityAlarm", "ServiceCpuAlarm", "AlarmMail"} & left.keys()
    assert not alarm("CacheAlarm").get("ActionsSuppressor")
    run("apply", "dev", *KEPT, "--yes")
    assert physical_ids(running).keys() == made.keys()


def test_cache_and_files_begin_from_copies_and_leave_what_was_there(
    running: Platform, run: Callable[..., str], tmp_path: Path
) -> None:
    before = physical_ids(running)
    cache, efs = running.client("elasticache"), running.client("efs")
    cache.create_snapshot(SnapshotName="monday", ReplicationGroupId=before["CacheReplicationGroup"])
    restored = efs.create_file_system(CreationToken="drill", Encrypted=True)["FileSystemId"]
    plan = tmp_path / "plan.json"
    settings = ("CacheSnapshotName=monday", f"ExistingFileSystemId={restored}", "FilesDirectory=/restored/lms")
    shown = run("plan", "dev", *KEPT, *(f"--set={each}" for each in settings), "--out", str(plan))
    stores = ("CacheReplicationGroup", "FileSystem")
    assert all(f"--allow-data-loss {name}" in shown for name in stores)
    run("apply", "dev", *KEPT, "--plan", str(plan), "--yes", expect=4)
    assert physical_ids(running) == before
    run("plan", "dev", *KEPT, *(f"--set={each}" for each in settings), "--out", str(plan))
    allowed = [option for name in stores for option in ("--allow-data-loss", name)]
    run("apply", "dev", *KEPT, "--plan", str(plan), "--yes", *allowed)

    after = physical_ids(running)
    assert after["CacheReplicationGroup"] != before["CacheReplicationGroup"]
    assert len(cache.describe_snapshots()["Snapshots"]) == 2, "the old cache was to leave a snapshot"
    assert "FileSystem" not in after
    assert len(efs.describe_mount_targets(FileSystemId=restored)["MountTargets"]) == 2
    (point,) = efs.describe_access_points(FileSystemId=restored)["AccessPoints"]
    assert (point["AccessPointId"], point["RootDirectory"]["Path"]) == (after["FileAccessPoint"], "/restored/lms")
    systems = {system["FileSystemId"] for system in efs.describe_file_systems()["FileSystems"]}
    assert systems == {before["FileSystem"], restored}


def test_deleting_the_stack_keeps_the_data_and_its_keys(running: Platform, run: Callable[..., str]) -> None:
    kept = physical_ids(running)
    groups = running.ids("AWS::Logs::LogGroup").values()
    shown = run("destroy", "dev", *KEPT, "--yes")
    assert "FileSystem" in shown
    stacks = running.pages("cloudformation", "describe_stacks", "Stacks")
    assert [stack["StackName"] for stack in stacks] == ["lms-bootstrap"]
    systems = running.client("efs").describe_file_systems()["FileSystems"]
    assert [system["FileSystemId"] for system in systems] == [kept["FileSystem"]]
    for name in ("FilesKey", "CacheKey", "LogsKey", "SecretsKey"):
        key = running.client("kms").describe_key(KeyId=kept[name])["KeyMetadata"]
        assert key["KeyState"] == "Enabled", name
    found = running.pages("logs", "describe_log_groups", "logGroups")
    assert set(groups) <= {group["logGroupName"] for group in found}
    assert running.client("secretsmanager").describe_secret(SecretId=kept["CacheSecret"]).get("DeletedDate") is None
    buckets = [bucket["Name"] for bucket in running.client("s3").list_buckets()["Buckets"]]
    assert kept["AccessLogBucket"] in buckets
    snapshots = running.client("elasticache").describe_snapshots()["Snapshots"]
    assert [snapshot["ReplicationGroupId"] for snapshot in snapshots] == [kept["CacheReplicationGroup"]]
    vpcs = running.client("ec2").describe_vpcs()["Vpcs"]
    assert kept["Vpc"] not in {vpc["VpcId"] for vpc in vpcs}


def test_what_was_kept_is_named_before_the_same_stack_is_made_again(running: Platform, run: Callable[..., str]) -> None:
    run("destroy", "dev", *KEPT, "--yes")
    shown = run("plan", "dev", *KEPT)
    assert "/lms/lms-dev/application" in shown


def test_a_disposable_platform_leaves_nothing_behind(running: Platform, run: Callable[..., str]) -> None:
    run("destroy", "dev", *KEPT, "--yes")
    for group in running.pages("logs", "describe_log_groups", "logGroups"):
        running.client("logs").delete_log_group(logGroupName=group["logGroupName"])
    kept = {system["FileSystemId"] for system in running.client("efs").describe_file_systems()["FileSystems"]}
    run("apply", "dev", "--yes")
    run("destroy", "dev", "--yes")
    left = {system["FileSystemId"] for system in running.client("efs").describe_file_systems()["FileSystems"]}
    assert left == kept
    assert running.pages("logs", "describe_log_groups", "logGroups") == []


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

    before = physical_ids(running)
    on = ("WorkerCommand=lms,worker", "MinimumWorkers=2", "CronCommand=lms,cron", "UpgradeCommand=lms,upgrade")
    change(*on, "BackgroundJobs=no")
    made = physical_ids(running)
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
    assert physical_ids(running)["WorkerService"] == made["WorkerService"]

    refused = run("plan", "dev", *KEPT, *(f"--set={each}" for each in on), "--set=CronMinutes=2")
    assert "CronDeadLetters" in refused, "the queue holds why runs failed: it goes only when a person agrees"
    run("apply", "dev", *KEPT, "--yes", "--allow-data-loss", "CronDeadLetters")
    assert physical_ids(running).keys() == before.keys()
    assert tasks("lms-application-dev") == (2, 2)
