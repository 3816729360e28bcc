"""Over time: data is kept on deletion and on replacement, with its key and its backups."""

from __future__ import annotations

from typing import Any

import pytest

from stackproof.proofs.stores.keeping import prove_keeping
from tests.unit.stackproof.proofs.store_support import att, complaints, expect, make, ref

KEEP: dict[str, Any] = {"keep_data": True}
LET_GO: dict[str, Any] = {"keep_data": False}
LATER: dict[str, Any] = {
    "Parameters": {"Later": {"Type": "String"}},
    "Conditions": {"If": {"Fn::Equals": [ref("Later"), "x"]}},
}
IN_DOUBT = {"Fn::If": ["If", "Retain", "Delete"]}


def prove(system: Any, intent: Any) -> Any:
    return list(prove_keeping(system.stack, intent))


KEPT = [
    make("EFS::FileSystem", "Retain", "Retain"),
    make("EFS::FileSystem", "RetainExceptOnCreate", "Retain"),
    make("RDS::DBCluster", None, "Snapshot"),
    make("RDS::DBInstance", None, "Retain"),
    make("RDS::DBInstance", "Delete", "Delete", DBClusterIdentifier="cluster"),
    make("ElastiCache::ReplicationGroup", "Snapshot", "Snapshot"),
    make("S3::Bucket", "Retain", "Retain"),
    make("SQS::Queue"),
    make("EC2::VPC"),
]


@pytest.mark.parametrize("resource", KEPT, ids=lambda found: str(found["Type"]))
def test_what_is_kept_is_right(resource: dict[str, Any]) -> None:
    assert complaints(prove, {"Store": resource}, {**KEEP, "backup_days": {}}) == {}


LOST = [
    (make("EFS::FileSystem", None, "Retain"), "kept Store.DeletionPolicy", "RetainExceptOnCreate or Retain"),
    (make("EFS::FileSystem", "Delete", "Retain"), "kept Store.DeletionPolicy", "its data is gone"),
    (make("DynamoDB::Table", "Snapshot", "Retain"), "kept Store.DeletionPolicy", "takes no snapshots of AWS::DynamoDB"),
    (make("RDS::DBInstance", "Delete", "Snapshot"), "kept Store.DeletionPolicy", "to Snapshot"),
    (make("S3::Bucket", None, "Retain"), "kept Store.DeletionPolicy", "fails at it where objects are still in it"),
    (make("EFS::FileSystem", "Retain"), "kept-replaced Store.UpdateReplacePolicy", "DeletionPolicy Retain does not"),
    (make("RDS::DBInstance"), "kept-replaced Store.UpdateReplacePolicy", "deletes the old one with its data."),
    (make("RDS::DBCluster", None, "Delete"), "kept-replaced Store.UpdateReplacePolicy", "to Snapshot"),
]


@pytest.mark.parametrize(("resource", "place", "words"), LOST, ids=lambda found: str(found)[:50])
def test_what_is_lost_is_broken_where_data_is_to_be_kept(resource: dict[str, Any], place: str, words: str) -> None:
    found = complaints(prove, {"Store": resource}, {**KEEP, "backup_days": {}})
    expect(found, {f"broken store-{place}": words})


@pytest.mark.parametrize("policy", [("Delete", "Delete"), ()], ids=["stated", "default"])
def test_an_environment_may_let_its_data_go(policy: tuple[str, ...]) -> None:
    assert complaints(prove, {"Store": make("EFS::FileSystem", *policy)}, LET_GO) == {}


def test_a_template_that_keeps_nothing_is_taken_at_its_word() -> None:
    resources = {"Files": make("EFS::FileSystem"), "Table": make("DynamoDB::Table", "Delete", "Delete")}
    assert complaints(prove, resources) == {}
    assert complaints(prove, {**resources, "Bucket": make("S3::Bucket", "Retain", "Retain")}) == {}


def test_a_template_that_keeps_some_data_loses_none_by_accident() -> None:
    resources = {"Files": make("EFS::FileSystem", "Retain", "Retain"), "Table": make("DynamoDB::Table")}
    found = complaints(prove, resources)
    expect(
        found,
        {
            "broken store-kept Table.DeletionPolicy": "it should be kept, as Files is kept",
            "broken store-kept-replaced Table.UpdateReplacePolicy": "deletes the old one with its data.",
        },
    )


def test_kept_on_deletion_is_meant_on_replacement() -> None:
    found = complaints(prove, {"Table": make("DynamoDB::Table", "Retain")})
    expect(
        found, {"broken store-kept-replaced Table.UpdateReplacePolicy": "DeletionPolicy Retain does not count there"}
    )


def test_a_bucket_that_holds_something_is_never_deleted() -> None:
    bucket = {"Bucket": make("S3::Bucket", "Retain")}
    assert complaints(prove, bucket) == {}
    expect(
        complaints(prove, bucket, KEEP),
        {
            "broken store-kept-replaced Bucket.UpdateReplacePolicy": "When a change replaces Bucket, CloudFormation "
            "deletes the old one, or fails at it where objects are still in it: DeletionPolicy Retain does not count",
        },
    )


def test_a_policy_in_doubt_is_no_pass() -> None:
    store = make("EFS::FileSystem", KmsKeyId=att("Key"))
    store |= {"DeletionPolicy": IN_DOUBT, "UpdateReplacePolicy": IN_DOUBT}
    found = complaints(prove, {"Files": store, "Key": make("KMS::Key", "Retain", "Retain")}, KEEP, **LATER)
    expect(
        found,
        {
            "unknown store-kept Files.DeletionPolicy": "Write DeletionPolicy as plain text",
            "unknown store-kept-replaced Files.UpdateReplacePolicy": "What becomes of Files cannot be told",
            "unknown store-key-kept Key.DeletionPolicy": "which it encrypts, cannot be told",
            "unknown store-key-kept Key.UpdateReplacePolicy": "of both",
        },
    )


@pytest.mark.parametrize(
    ("store", "key", "wanted"),
    [
        (("Retain", "Retain"), ("Retain", "Retain"), {}),
        (("RetainExceptOnCreate", "Retain"), ("RetainExceptOnCreate", "Retain"), {}),
        ((None, None), (None, None), {}),
        (("Retain", "Retain"), (None, "Retain"), {"DeletionPolicy": "When the stack is deleted, Key is scheduled"}),
        (("Retain", "Retain"), ("Retain", None), {"UpdateReplacePolicy": "When it is replaced"}),
        (("Retain", "Retain"), ("Delete", "Retain"), {"DeletionPolicy": "while Store stays behind"}),
    ],
)
def test_the_key_stays_as_long_as_the_data(store: Any, key: Any, wanted: dict[str, str]) -> None:
    resources = {"Key": make("KMS::Key", *key), "Store": make("EFS::FileSystem", *store, KmsKeyId=ref("Key"))}
    expect(
        complaints(prove, resources),
        {f"broken store-key-kept Key.{attribute}": words for attribute, words in wanted.items()},
    )


def test_the_key_of_a_queue_that_is_kept_stays_and_the_key_of_a_topic_may_go() -> None:
    queue = make("SQS::Queue", "Retain", "Retain", KmsMasterKeyId=ref("Key"))
    found = complaints(prove, {"Key": make("KMS::Key", None, "Retain"), "Letters": queue})
    expect(found, {"broken store-key-kept Key.DeletionPolicy": "while Letters stays behind"})
    assert complaints(prove, {"Key": make("KMS::Key", "Retain", "Retain"), "Letters": queue}) == {}
    topic = make("SNS::Topic", KmsMasterKeyId=ref("Key"))
    assert complaints(prove, {"Key": make("KMS::Key"), "Topic": topic}) == {}


def test_a_snapshot_needs_its_key_too_even_the_one_that_is_taken_by_default() -> None:
    resources = {"Key": make("KMS::Key", None, "Retain"), "Database": make("RDS::DBCluster", KmsKeyId=att("Key"))}
    found = complaints(prove, resources)
    expect(found, {"broken store-key-kept Key.DeletionPolicy": "while a snapshot of Database stays behind"})


def days(**wanted: int) -> dict[str, Any]:
    return {"backup_days": wanted}


EFS_ON, EFS_OFF = {"BackupPolicy": {"Status": "ENABLED"}}, {"BackupPolicy": {"Status": "DISABLED"}}
PITR = "PointInTimeRecoverySpecification"
TABLE = {PITR: {"PointInTimeRecoveryEnabled": True}}
TABLE_WEEK = {PITR: {"PointInTimeRecoveryEnabled": "true", "RecoveryPeriodInDays": 7}}


@pytest.mark.parametrize(
    ("resource", "wanted"),
    [
        (make("RDS::DBInstance"), days(database=1)),
        (make("RDS::DBInstance", BackupRetentionPeriod="7"), days(database=7)),
        (make("RDS::DBInstance", DBClusterIdentifier="cluster"), days(database=7)),
        (make("RDS::DBInstance", SourceDBInstanceIdentifier="other", BackupRetentionPeriod=0), days(database=7)),
        (make("EFS::FileSystem", **EFS_ON), days(files=35)),
        (make("EFS::FileSystem"), days(files=0)),
        (make("EFS::FileSystem"), {}),
        (make("DynamoDB::Table", **TABLE), days(table=35)),
        (make("DynamoDB::Table", **TABLE_WEEK), days(table=7)),
        (make("ElastiCache::ReplicationGroup", SnapshotRetentionLimit=7), days(cache=7)),
        (make("ElastiCache::ReplicationGroup"), {"backup_days": {"cache": 7, "Store": 0}}),
        (make("ElastiCache::ReplicationGroup"), {"backup_days": {"cache": 7, "AWS::ElastiCache::ReplicationGroup": 0}}),
    ],
)
def test_backups_that_go_back_far_enough_are_right(resource: dict[str, Any], wanted: dict[str, Any]) -> None:
    assert complaints(prove, {"Store": resource}, wanted) == {}


@pytest.mark.parametrize(
    ("resource", "wanted", "path", "words"),
    [
        (make("RDS::DBInstance", BackupRetentionPeriod=0), {}, "BackupRetentionPeriod", "asks for 1 day. Set Backup"),
        (make("RDS::DBInstance"), days(database=7), "BackupRetentionPeriod", "go back 1 day;"),
        (make("EFS::FileSystem"), days(files=1), "BackupPolicy.Status", "there are no backups of Store"),
        (make("EFS::FileSystem", **EFS_OFF), days(files=1), "BackupPolicy.Status", "to ENABLED"),
        (make("DynamoDB::Table"), days(table=1), f"{PITR}.PointInTimeRecoveryEnabled", "Enabled to true"),
        (make("DynamoDB::Table", **TABLE_WEEK), days(table=35), f"{PITR}.PointInTimeRecoveryEnabled", "7 days"),
        (make("ElastiCache::ReplicationGroup"), days(cache=1), "SnapshotRetentionLimit", "to 1 or more"),
    ],
)
def test_backups_that_are_missing_are_broken(resource: Any, wanted: dict[str, Any], path: str, words: str) -> None:
    expect(complaints(prove, {"Store": resource}, wanted), {f"broken store-backup Store.Properties.{path}": words})


def test_a_volume_needs_a_plan() -> None:
    found = complaints(prove, {"Store": make("EC2::Volume")}, days(volume=1))
    expect(found, {"broken store-backup Store": "Let a plan of AWS Backup select it."})


@pytest.mark.parametrize(
    ("resource", "path"),
    [
        (make("RDS::DBInstance", BackupRetentionPeriod=ref("Later")), "BackupRetentionPeriod"),
        (make("EFS::FileSystem", BackupPolicy={"Status": ref("Later")}), "BackupPolicy.Status"),
    ],
)
def test_backups_that_only_aws_knows_are_no_pass(resource: dict[str, Any], path: str) -> None:
    found = complaints(prove, {"Store": resource}, days(database=1, files=1), **LATER)
    expect(found, {f"unknown store-backup Store.Properties.{path}": "${Later} is known to AWS only"})


ON = {"VersioningConfiguration": {"Status": "Enabled"}}


@pytest.mark.parametrize(
    ("properties", "verdict", "words"),
    [
        ({}, "broken", "asks for old versions"),
        ({"VersioningConfiguration": {"Status": "Suspended"}}, "broken", "is gone"),
        ({"VersioningConfiguration": {"Status": ref("Later")}}, "unknown", "known to AWS only: ${Later}"),
    ],
)
def test_a_bucket_keeps_old_versions_where_that_is_asked(properties: Any, verdict: str, words: str) -> None:
    intent = {"versioned": ("Bucket",)}
    place = f"{verdict} store-versioned Bucket.Properties.VersioningConfiguration.Status"
    expect(complaints(prove, {"Bucket": make("S3::Bucket", **properties)}, intent, **LATER), {place: words})
    assert complaints(prove, {"Bucket": make("S3::Bucket", **ON)}, intent) == {}
    assert complaints(prove, {"Other": make("S3::Bucket", **properties)}, intent, **LATER) == {}


@pytest.mark.parametrize(
    ("properties", "verdict", "words"),
    [
        ({}, "broken", "keeps its lines for ever"),
        ({"RetentionInDays": 3}, "broken", "gone after 3 days, and params/intent.toml asks for 7"),
        ({"RetentionInDays": ref("Later")}, "unknown", "known to AWS only"),
    ],
)
def test_log_groups_say_how_long_they_keep_their_lines(properties: Any, verdict: str, words: str) -> None:
    group = make("Logs::LogGroup", **properties)
    found = complaints(prove, {"Group": group}, {"log_days": 7}, **LATER)
    expect(found, {f"{verdict} store-log-retention Group.Properties.RetentionInDays": words})
    assert complaints(prove, {"Group": group}, **LATER) == {}
    assert complaints(prove, {"Group": make("Logs::LogGroup", RetentionInDays="30")}, {"log_days": 7}) == {}


def plan(*lifecycles: object) -> dict[str, Any]:
    rules = [{"RuleName": "daily", **({} if found is None else {"Lifecycle": found})} for found in lifecycles]
    return make("Backup::BackupPlan", BackupPlan={"BackupPlanName": "plan", "BackupPlanRule": rules})


def selection(**body: Any) -> dict[str, Any]:
    return make("Backup::BackupSelection", BackupPlanId=ref("Plan"), BackupSelection={"SelectionName": "s", **body})


TAGGED = make("EC2::Volume", Tags=[{"Key": "backup", "Value": "daily"}])
BY_TAG = [{"ConditionType": "STRINGEQUALS", "ConditionKey": "backup", "ConditionValue": "daily"}]
FILES = make("EFS::FileSystem", FileSystemTags=[{"Key": "backup", "Value": "daily"}])
UNTOLD = make("EFS::FileSystem", FileSystemTags=ref("Many"))
MONTH = {"DeleteAfterDays": 30}


def meeting(operator: str, value: object, *, key: object = "aws:ResourceTag/backup") -> dict[str, Any]:
    """Everything that meets one condition."""
    one = {"ConditionKey": key, "ConditionValue": value}
    return selection(Resources=["*"], Conditions={operator: [one]})


def with_plan(store: dict[str, Any], chosen: dict[str, Any], *lifecycles: object) -> dict[str, Any]:
    return {"Store": store, "Plan": plan(*(lifecycles or (MONTH,))), "Selection": chosen}


@pytest.mark.parametrize(
    "resources",
    [
        with_plan(make("EFS::FileSystem"), selection(Resources=[att("Store")])),
        with_plan(make("EFS::FileSystem"), selection(Resources=["arn:aws:elasticfilesystem:*:*:file-system/*"])),
        with_plan(make("EFS::FileSystem"), selection(Resources=["*"])),
        with_plan(make("EFS::FileSystem"), selection(Resources=["*"]), None),
        with_plan(make("EFS::FileSystem"), selection(Resources=["*"]), {"DeleteAfterDays": 7}, {"DeleteAfterDays": 35}),
        with_plan(TAGGED, selection(ListOfTags=BY_TAG)),
        with_plan(FILES, meeting("StringEquals", "daily")),
        with_plan(FILES, meeting("StringLike", "d*")),
        with_plan(FILES, meeting("StringNotEquals", "hourly")),
        with_plan(FILES, selection(Resources=["*"], Conditions={"StringEquals": []})),
        with_plan(make("EFS::FileSystem"), meeting("StringNotEquals", "hourly")),
    ],
)
def test_a_plan_of_aws_backup_counts(resources: dict[str, Any]) -> None:
    assert complaints(prove, resources, days(files=30, volume=30)) == {}


@pytest.mark.parametrize(
    ("resources", "words"),
    [
        (with_plan(make("EFS::FileSystem"), selection(Resources=["*"]), {"DeleteAfterDays": 7}), "go back 7 days"),
        (with_plan(make("EFS::FileSystem"), selection(Resources=["arn:aws:s3:::*"])), "no backups"),
        (with_plan(make("EFS::FileSystem"), selection(Resources=["*"], NotResources=[att("Store")])), "no backups"),
        (with_plan(make("EFS::FileSystem"), selection(ListOfTags=BY_TAG)), "no backups"),
        (with_plan(FILES, meeting("StringEquals", "hourly")), "no backups"),
        (with_plan(FILES, meeting("StringNotLike", "d*")), "no backups"),
        (with_plan(make("EFS::FileSystem"), meeting("StringEquals", "daily")), "no backups"),
        (with_plan(make("EFS::FileSystem"), make("Backup::BackupSelection", BackupPlanId=ref("Plan"))), "no backups"),
    ],
)
def test_a_plan_that_leaves_a_store_out_is_none(resources: dict[str, Any], words: str) -> None:
    found = complaints(prove, resources, days(files=30))
    expect(found, {"broken store-backup Store.Properties.BackupPolicy.Status": words})


ELSEWHERE = make("Backup::BackupSelection", BackupPlanId="plan", BackupSelection={"Resources": ["*"]})


@pytest.mark.parametrize(
    ("resources", "words"),
    [
        (with_plan(FILES, selection(Resources=["*"], Conditions=ref("Later"))), "selects it"),
        (with_plan(FILES, selection(Resources=["*"], Conditions={"StringEquals": ref("Many")})), "selects it"),
        (with_plan(FILES, meeting("StringEquals", "daily", key=ref("Later"))), "selects it"),
        (with_plan(FILES, meeting("StringEquals", ref("Later"))), "selects it"),
        (
            with_plan(make("EFS::FileSystem", FileSystemTags=ref("Many")), meeting("StringEquals", "daily")),
            "selects it",
        ),
        (with_plan(make("EFS::FileSystem"), selection(Resources=["*"], NotResources=[ref("Later")])), "selects it"),
        (with_plan(make("EFS::FileSystem"), selection(Resources=ref("Many"))), "whether Selection selects it"),
        (with_plan(make("EFS::FileSystem"), selection(ListOfTags=ref("Many"))), "whether Selection selects it"),
        (with_plan(make("EFS::FileSystem"), ELSEWHERE), "the plan is not in the template"),
        (with_plan(make("EFS::FileSystem"), selection(Resources=["*"]), {"DeleteAfterDays": ref("Later")}), "${Later}"),
        (
            {
                **with_plan(make("EFS::FileSystem"), selection(Resources=["*"])),
                "Plan": make("Backup::BackupPlan", BackupPlan=ref("Later")),
            },
            "only",
        ),
    ],
)
def test_a_plan_in_doubt_is_no_pass(resources: dict[str, Any], words: str) -> None:
    parameters = {"Later": {"Type": "String"}, "Many": {"Type": "CommaDelimitedList"}}
    found = complaints(prove, resources, days(files=30), Parameters=parameters)
    expect(found, {"unknown store-backup Store.Properties.BackupPolicy.Status": words})


def test_a_type_without_tags_is_not_chosen_by_one() -> None:
    found = complaints(prove, with_plan(make("FSx::FileSystem"), selection(ListOfTags=BY_TAG)), days(files=30))
    expect(found, {"broken store-backup Store": "there are no backups of Store"})


def test_what_a_macro_writes_is_told_elsewhere() -> None:
    store = {"Type": "AWS::EFS::FileSystem", "Properties": {"Fn::Transform": {"Name": "Files"}}}
    assert complaints(prove, {"Store": store}, {**KEEP, **days(files=30)}) == {}


def test_the_better_of_two_plans_counts_and_doubt_beside_it_does_not() -> None:
    resources = with_plan(make("EFS::FileSystem"), selection(Resources=["*"]))
    resources["Doubt"] = ELSEWHERE
    assert complaints(prove, resources, days(files=30)) == {}
    assert complaints(prove, {"Doubt": ELSEWHERE, **resources}, days(files=30)) == {}
    weaker = {
        **resources,
        "Doubt": make("Backup::BackupSelection", BackupPlanId=ref("Weak"), BackupSelection={"Resources": ["*"]}),
    }
    assert complaints(prove, {**weaker, "Weak": plan({"DeleteAfterDays": 1})}, days(files=30)) == {}
    in_doubt = {**resources, "Store": make("EFS::FileSystem", BackupPolicy={"Status": ref("Later")})}
    assert complaints(prove, in_doubt, days(files=30), **LATER) == {}
