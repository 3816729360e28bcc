"""What becomes of a running platform when it is changed, when a change fails, and when it is deleted.

These tests change the stack that they look at, so that they run on the embedded AWS alone, each from a platform of its
own. Each goes through deploy.py, and asks the services afterwards.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.integration.conftest import KEPT, ROOT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.integration.platform import Platform


def edited(folder: Path, change: Callable[[dict[str, Any]], None]) -> str:
    """dist/lms.json with one change, as a file."""
    template = json.loads((ROOT / "dist" / "lms.json").read_text(encoding="utf-8"))
    change(template)
    path = folder / "lms.json"
    path.write_text(json.dumps(template), encoding="utf-8")
    return str(path)


def bounds(platform: Platform) -> tuple[int, int]:
    target = platform.client("application-autoscaling").describe_scalable_targets(ServiceNamespace="ecs")
    return target["ScalableTargets"][0]["MinCapacity"], target["ScalableTargets"][0]["MaxCapacity"]


def test_an_update_changes_what_was_asked_for_and_replaces_nothing(
    running: Platform, run: Callable[..., str], tmp_path: Path
) -> None:
    before = running.physical_ids()
    plan = tmp_path / "plan.json"
    shown = run("plan", "dev", *KEPT, "--set", "MaximumTasks=8", "--out", str(plan))
    assert "ScalableTarget" in shown
    assert "MaxCapacity" in shown
    run("apply", "dev", *KEPT, "--plan", str(plan), "--yes")
    assert running.description["StackStatus"] == "UPDATE_COMPLETE"
    assert bounds(running) == (2, 8)
    assert running.physical_ids() == before


def test_the_same_again_is_no_change(running: Platform, run: Callable[..., str]) -> None:
    def change_sets() -> list[str]:
        found = running.pages("cloudformation", "list_change_sets", "Summaries", StackName=running.stack)
        return [each["ChangeSetName"] for each in found]

    before = running.description.get("LastUpdatedTime"), change_sets()
    run("plan", "dev", *KEPT, "--check")
    run("apply", "dev", *KEPT, "--yes")
    assert (running.description.get("LastUpdatedTime"), change_sets()) == before


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

    before = running.physical_ids()
    shown = run("apply", "dev", "--template", edited(tmp_path, break_it), "--yes", expect=1)
    assert "Broken" in shown
    assert "sg-00000000000000000" in shown
    assert "UPDATE_ROLLBACK_COMPLETE" in shown
    assert running.description["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert bounds(running) == (2, 4)
    assert running.physical_ids() == before


def test_a_store_is_not_replaced_without_a_word(running: Platform, run: Callable[..., str], tmp_path: Path) -> None:
    def encrypt_differently(template: dict[str, Any]) -> None:
        template["Resources"]["FileSystem"]["Properties"]["KmsKeyId"] = {"Fn::GetAtt": ["LogsKey", "Arn"]}

    changed = edited(tmp_path, encrypt_differently)
    before = running.physical_ids()
    shown = run("apply", "dev", "--template", changed, "--yes", expect=4)
    assert "store-key  FileSystem.Properties.KmsKeyId" in shown
    assert "AWS was not asked: dev would be broken. Mend it, declare an exception with its reason" in shown
    unproven = ("apply", "dev", "--template", changed, "--yes", "--no-proofs")
    shown = run(*unproven, expect=4)
    assert "--allow-data-loss FileSystem" in shown
    assert running.physical_ids() == before
    run(*unproven, "--allow-data-loss", "FileSystem")
    after = running.physical_ids()
    assert after["FileSystem"] != before["FileSystem"]
    systems = running.client("efs").describe_file_systems()["FileSystems"]
    assert {system["FileSystemId"] for system in systems} == {before["FileSystem"], after["FileSystem"]}, (
        "the old file system was to be kept"
    )


def test_a_new_name_replaces_what_carries_it_and_keeps_the_stores(
    running: Platform, run: Callable[..., str], tmp_path: Path
) -> None:
    before = running.physical_ids()
    plan = tmp_path / "plan.json"
    shown = run("plan", "dev", *KEPT, "--set", "EnvironmentSuffix=exam", "--out", str(plan))
    assert "Service" in shown
    run("apply", "dev", *KEPT, "--plan", str(plan), "--yes")
    after = running.physical_ids()
    for name in ("Cluster", "LoadBalancer", "Service"):
        assert after[name] != before[name], name
    for name in ("FileSystem", "CacheReplicationGroup", "CacheSecret", "FilesKey", "LogsKey", "Vpc"):
        assert after[name] == before[name], name
    clusters = running.client("ecs").list_clusters()["clusterArns"]
    assert [arn.rsplit("/", 1)[1] for arn in clusters] == ["lms-cluster-exam"]


def test_deleting_the_stack_keeps_the_data_and_its_keys(running: Platform, run: Callable[..., str]) -> None:
    kept = running.physical_ids()
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
