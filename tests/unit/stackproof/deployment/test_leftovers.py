"""What a deletion takes and what it leaves."""

from __future__ import annotations

from typing import Any

from stackproof.deployment.leftovers import Fate, deletion
from stackproof.deployment.stack import Resource

LOGS, BUCKET, TOPIC = "AWS::Logs::LogGroup", "AWS::S3::Bucket", "AWS::SNS::Topic"
FILES = "AWS::EFS::FileSystem"


def deleted(**resources: tuple[str, dict[str, Any]]) -> Any:
    template = {"Resources": {name: {"Type": kind, **more} for name, (kind, more) in resources.items()}}
    live = [Resource(name, f"{name}-1", kind, "CREATE_COMPLETE") for name, (kind, _) in resources.items()]
    return deletion("lms-dev", "111111111111", "sa-east-1", template, live)


def test_stores_that_go_and_everything_that_stays_are_named_the_rest_is_counted() -> None:
    found = deleted(
        Topic=(TOPIC, {}),
        KeptTopic=(TOPIC, {"DeletionPolicy": "Retain"}),
        Uploads=(BUCKET, {}),
        Backups=(BUCKET, {"DeletionPolicy": "RetainExceptOnCreate"}),
        Files=(FILES, {}),
        Database=("AWS::RDS::DBCluster", {"DeletionPolicy": "Snapshot"}),
        # Its data is the cluster's.
        Writer=("AWS::RDS::DBInstance", {"Properties": {"DBClusterIdentifier": {"Ref": "Database"}}}),
    )
    assert found.resources == (
        Fate("Backups", "Backups-1", BUCKET, "retained"),
        Fate("Database", "Database-1", "AWS::RDS::DBCluster", "snapshot"),
        Fate("Files", "Files-1", FILES, "lost"),
        Fate("KeptTopic", "KeptTopic-1", TOPIC, "retained"),
        Fate("Uploads", "Uploads-1", BUCKET, "if-empty"),
    )
    assert found.total == 7
    assert found.in_the_way == ()


def test_log_groups_that_stay_are_in_the_way_of_the_next_stack() -> None:
    found = deleted(Kept=(LOGS, {"DeletionPolicy": "Retain"}), Gone=(LOGS, {}))
    assert found.in_the_way == ("aws logs delete-log-group --log-group-name Kept-1",)


def test_a_resource_that_the_template_does_not_name_any_more_is_judged_by_its_type() -> None:
    live = [Resource("Old", "old-1", BUCKET, "DELETE_FAILED"), Resource("Topic", "t-1", TOPIC, "CREATE_COMPLETE")]
    found = deletion("lms-dev", "111111111111", "sa-east-1", {}, live)
    assert found.resources == (Fate("Old", "old-1", BUCKET, "if-empty"),)
    assert found.as_json() == {
        "stack": "lms-dev",
        "account": "111111111111",
        "region": "sa-east-1",
        "total": 2,
        "lost": [],
        "snapshot": [],
        "retained": [],
        "if_empty": [{"logical_id": "Old", "type": BUCKET, "physical_id": "old-1"}],
    }
