"""Services that act by themselves, and roles that services take on: let in, or broken at the policy that blocks."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from stackproof.proofs.verdicts import Verdict
from tests.unit.stackproof.proofs.network_support import ACCOUNT, REGION, add, att, put, ref, resource, without
from tests.unit.stackproof.proofs.permissions_support import (
    ADMINISTER,
    allow,
    changed,
    complaints,
    document,
    findings,
    key,
    role,
    service,
    sub,
    the,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.stackproof.proofs.permissions_support import Template

    Change = Callable[[Template], None]

USE = ["kms:Decrypt", "kms:GenerateDataKey*"]
MONITOR = "arn:aws:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole"
MINE = {"StringEquals": {"aws:SourceAccount": ref("AWS::AccountId")}}


def alone(*changes: Change, **resources: dict[str, Any]) -> Template:
    """A template of these resources, with changes."""
    template: Template = {"Resources": {}}
    add(**resources)(template["Resources"])
    for change in changes:
        change(template["Resources"])
    return template


def proofs(template: Template, rule: str) -> list[str]:
    """The witnesses of one rule."""
    return [one.message for one in findings(template) if one.id == rule and one.verdict is Verdict.PROVED]


# Log groups and keys


@pytest.mark.parametrize(
    ("change", "path", "says"),
    [
        (
            put("LogsKey", "KeyPolicy.Statement.1.Action", ["kms:Encrypt*", "kms:ReEncrypt*", "kms:GenerateDataKey*"]),
            "Properties.KeyPolicy.Statement.1.Action",
            f"Logs cannot be encrypted, so that it is not made: logs.{REGION}.amazonaws.com may not kms:Decrypt",
        ),
        (
            put("LogsKey", "KeyPolicy.Statement.1.Principal", service("logs.eu-west-1")),
            "Properties.KeyPolicy.Statement.1.Principal",
            "does not name it",
        ),
        (
            put(
                "LogsKey",
                "KeyPolicy.Statement.1.Condition.ArnLike",
                {"kms:EncryptionContext:aws:logs:arn": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/other/*"},
            ),
            "Properties.KeyPolicy.Statement.1.Condition.ArnLike.kms:EncryptionContext:aws:logs:arn",
            f"asks for arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/other/*",
        ),
        (put("LogsKey", "KeyPolicy", document(ADMINISTER)), "Properties.KeyPolicy.Statement.0.Principal", "it"),
    ],
)
def test_a_log_group_whose_key_does_not_let_logs_in_is_not_made(change: Change, path: str, says: str) -> None:
    found = complaints(changed(change))
    assert [(one.id, one.verdict, one.logical_id, one.path) for one in found] == [
        ("iam-service", Verdict.BROKEN, "LogsKey", path)
    ] * 2
    assert says in found[0].message
    assert "in the policy of LogsKey." in found[0].fix


def test_a_principal_of_which_it_is_not_known_whether_it_works_is_unknown() -> None:
    found = complaints(changed(put("LogsKey", "KeyPolicy.Statement.1.Principal", service("logs"))))
    assert {one.verdict for one in found} == {Verdict.UNKNOWN}


def test_a_key_of_elsewhere_is_the_business_of_its_owner() -> None:
    template = changed(
        put("Logs", "KmsKeyId", f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1"), put("FlowLogs", "KmsKeyId", None)
    )
    assert complaints(template) == []


def test_a_key_that_nobody_may_manage_is_refused() -> None:
    use = allow("kms:Decrypt", "*", Principal={"AWS": sub("arn:aws:iam::${AWS::AccountId}:root")})
    found = the(alone(Key=resource("KMS::Key", KeyPolicy=document(use))))
    assert (found.id, found.path) == ("iam-service", "Properties.KeyPolicy.Statement.0.Action")
    assert found.message.startswith(
        "Key cannot be managed, so that AWS refuses a key that nobody may manage: whoever deploys may not"
    )


@pytest.mark.parametrize(
    "principal", [{"AWS": "*"}, {"AWS": f"arn:aws:iam::{ACCOUNT}:role/admin"}, {"AWS": [ref("AWS::AccountId")]}]
)
def test_a_store_needs_somebody_who_can_give_it_a_grant(principal: dict[str, object]) -> None:
    manage = allow("kms:PutKeyPolicy", "*", Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:role/admin"})
    via = {
        "StringEquals": {"kms:ViaService": f"elasticfilesystem.{REGION}.amazonaws.com", "kms:CallerAccount": ACCOUNT}
    }
    grant = allow("kms:CreateGrant", "*", Principal=principal, Condition=via)
    files = resource("EFS::FileSystem", KmsKeyId=ref("Key"))
    assert complaints(alone(Key=resource("KMS::Key", KeyPolicy=document(manage, grant)), Files=files)) == []
    found = the(alone(Key=resource("KMS::Key", KeyPolicy=document(manage)), Files=files))
    assert "Files cannot be given a grant for its key, so that it is not made" in found.message
    by_cache = alone(
        Key=resource("KMS::Key", KeyPolicy=document(manage, grant)),
        Cache=resource("ElastiCache::ReplicationGroup", KmsKeyId=ref("Key")),
    )
    assert the(by_cache).path.endswith("StringEquals.kms:ViaService")


def test_a_store_under_a_key_of_elsewhere_is_not_judged() -> None:
    assert complaints(alone(Files=resource("EFS::FileSystem", KmsKeyId="alias/aws/elasticfilesystem"))) == []


# Load balancers


def balancer(*attributes: tuple[str, object], **properties: object) -> dict[str, Any]:
    listed = [{"Key": name, "Value": value} for name, value in attributes]
    return resource("ElasticLoadBalancingV2::LoadBalancer", LoadBalancerAttributes=listed, **properties)


def logging(statement: dict[str, Any], *attributes: tuple[str, object], **properties: object) -> Template:
    given = (("access_logs.s3.enabled", "true"), ("access_logs.s3.bucket", ref("Bucket")), *attributes)
    return alone(
        Bucket=resource("S3::Bucket"),
        Door=resource("S3::BucketPolicy", Bucket=ref("Bucket"), PolicyDocument=document(statement)),
        Balancer=balancer(*given, **properties),
    )


DELIVERY = service("logdelivery.elasticloadbalancing")
FILES = sub("${Bucket.Arn}/AWSLogs/${AWS::AccountId}/*")


@pytest.mark.parametrize(
    ("statement", "attributes", "properties"),
    [
        (allow("s3:PutObject", FILES, Principal=DELIVERY), (), {}),
        (allow("s3:PutObject", FILES, Principal=DELIVERY), (("access_logs.s3.prefix", ""),), {}),
        (allow("s3:PutObject", FILES, Principal={"AWS": "507241528517"}), (), {}),
        (allow("s3:PutObject", FILES, Principal={"AWS": "arn:aws:iam::507241528517:root"}), (), {}),
        (
            allow("s3:PutObject", sub("${Bucket.Arn}/web/AWSLogs/${AWS::AccountId}/*"), Principal=DELIVERY),
            (("access_logs.s3.prefix", "web"),),
            {},
        ),
        (
            allow(
                "s3:PutObject",
                FILES,
                Principal=service("delivery.logs"),
                Condition={"StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control", "aws:SourceAccount": ACCOUNT}},
            ),
            (),
            {"Type": "network"},
        ),
    ],
)
def test_access_logs_are_delivered(
    statement: dict[str, Any], attributes: tuple[tuple[str, object], ...], properties: dict[str, object]
) -> None:
    template = logging(statement, *attributes, **properties)
    assert [str(one) for one in complaints(template)] == []
    assert "Balancer can deliver its access logs to Bucket" in proofs(template, "iam-service")[0]


@pytest.mark.parametrize(
    ("statement", "attributes", "path"),
    [
        (allow("s3:PutObject", FILES, Principal=service("delivery.logs")), (), ".Principal"),
        (allow("s3:PutObject", FILES, Principal={"AWS": "111122223333"}), (), ".Principal"),
        (allow("s3:PutObject", att("Bucket", "Arn"), Principal=DELIVERY), (), ".Resource"),
        (allow("s3:PutObject", FILES, Principal=DELIVERY), (("access_logs.s3.prefix", "web"),), ".Resource"),
        (allow("s3:GetObject", FILES, Principal=DELIVERY), (), ".Action"),
        (
            allow("s3:PutObject", FILES, Principal=DELIVERY, Condition={"StringEquals": {"aws:SourceAccount": "1"}}),
            (),
            ".Condition.StringEquals.aws:SourceAccount",
        ),
    ],
)
def test_a_bucket_that_lets_nobody_write_where_logs_go_stops_the_balancer(
    statement: dict[str, Any], attributes: tuple[tuple[str, object], ...], path: str
) -> None:
    found = the(logging(statement, *attributes))
    assert (found.id, found.verdict, found.logical_id) == ("iam-service", Verdict.BROKEN, "Door")
    assert found.path == f"Properties.PolicyDocument.Statement.0{path}"
    assert found.message.startswith(
        "Balancer cannot deliver its access logs to Bucket, so that the balancer is not made"
    )


def _encrypted(algorithm: str, **more: object) -> dict[str, object]:
    rule = {"ServerSideEncryptionByDefault": {"SSEAlgorithm": algorithm, **more}}
    return {"ServerSideEncryptionConfiguration": [rule]}


@pytest.mark.parametrize(
    ("encryption", "key"),
    [
        (_encrypted("aws:kms", KMSMasterKeyID=ref("Key")), "the KMS key ${Key}"),
        (_encrypted("aws:kms"), "a KMS key of AWS's"),
        (_encrypted("aws:kms:dsse"), "a KMS key of AWS's"),
    ],
)
def test_an_application_balancer_writes_no_logs_with_a_kms_key(encryption: dict[str, object], key: str) -> None:
    template = logging(allow("s3:PutObject", FILES, Principal=DELIVERY))
    template["Resources"]["Key"] = resource("KMS::Key")
    template["Resources"]["Bucket"]["Properties"]["BucketEncryption"] = encryption
    found = the(template)
    assert (found.id, found.verdict, found.logical_id) == ("iam-key", Verdict.BROKEN, "Balancer")
    assert found.message == (
        f"Balancer cannot deliver its access logs to Bucket, which is encrypted with {key}: an application balancer "
        "writes with S3's own keys (SSE-S3) alone, and is not made."
    )
    assert found.fix == "Set SSEAlgorithm of Bucket to AES256, or leave BucketEncryption out."
    template["Resources"]["Bucket"]["Properties"]["BucketEncryption"] = _encrypted("AES256")
    assert complaints(template) == []
    network = logging(allow("s3:PutObject", FILES, Principal=service("delivery.logs")), Type="network")
    network["Resources"]["Bucket"]["Properties"]["BucketEncryption"] = encryption
    network["Resources"]["Key"] = resource("KMS::Key")
    assert complaints(network) == []


def test_a_bucket_without_a_policy_is_named_itself() -> None:
    template = logging(allow("s3:PutObject", FILES, Principal=DELIVERY))
    del template["Resources"]["Door"]
    found = the(template)
    assert (found.logical_id, found.path) == ("Bucket", "")
    assert "no policy on Bucket allows it" in found.message


def test_connection_logs_are_logs_too_and_what_is_off_or_elsewhere_needs_nothing() -> None:
    assert (
        "connection logs"
        in the(
            alone(
                Bucket=resource("S3::Bucket"),
                Balancer=balancer(("connection_logs.s3.enabled", True), ("connection_logs.s3.bucket", ref("Bucket"))),
            )
        ).message
    )
    assert complaints(alone(Balancer=balancer(("access_logs.s3.enabled", "false")))) == []
    assert (
        complaints(alone(Balancer=balancer(("access_logs.s3.enabled", "true"), ("access_logs.s3.bucket", "b")))) == []
    )


# Caches


def _cache_log(*statements: object) -> Template:
    details = {"CloudWatchLogsDetails": {"LogGroup": ref("Group")}}
    group = resource("Logs::LogGroup", LogGroupName="/slow")
    if statements:
        group["Properties"]["ResourcePolicyDocument"] = document(*statements)
    return alone(
        Group=group,
        Cache=resource(
            "ElastiCache::ReplicationGroup",
            LogDeliveryConfigurations=[{"LogType": "slow-log", "DestinationDetails": details}],
        ),
    )


def test_the_policy_on_a_caches_log_group_lets_the_delivery_in() -> None:
    write = ["logs:CreateLogStream", "logs:PutLogEvents"]
    streams = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/slow:log-stream:*"
    source = {**MINE, "ArnLike": {"aws:SourceArn": f"arn:aws:logs:{REGION}:{ACCOUNT}:*"}}
    let_in = allow(write, streams, Principal=service("delivery.logs"), Condition=source)
    assert complaints(_cache_log(let_in)) == []
    assert complaints(_cache_log()) == []
    found = the(_cache_log({**let_in, "Action": write[:1]}))
    assert (found.logical_id, found.path) == ("Group", "Properties.ResourcePolicyDocument.Statement.0.Action")
    assert "AWS wants to put one into the account" in found.message


# Web ACLs


def _firewall_log(destination: str, *statements: object) -> Template:
    group = resource("Logs::LogGroup", LogGroupName="aws-waf-logs-web")
    if statements:
        group["Properties"]["ResourcePolicyDocument"] = document(*statements)
    logging = resource(
        "WAFv2::LoggingConfiguration", ResourceArn="arn:aws:x", LogDestinationConfigs=[{"Fn::Sub": destination}]
    )
    return alone(Group=group, Logging=logging)


@pytest.mark.parametrize("name", ["${Group}", "aws-waf-logs-web"])
def test_the_policy_on_a_web_acls_log_group_lets_the_delivery_in(name: str) -> None:
    destination = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{name}"
    streams = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:aws-waf-logs-web:log-stream:*"
    let_in = allow(["logs:CreateLogStream", "logs:PutLogEvents"], streams, Principal=service("delivery.logs"))
    assert complaints(_firewall_log(destination, {**let_in, "Condition": MINE})) == []
    assert complaints(_firewall_log(destination)) == []
    found = the(_firewall_log(destination, {**let_in, "Condition": MINE, "Resource": [streams.replace("web", "old")]}))
    assert found.logical_id == "Group"
    assert "write its log to Group by the policy that stands there" in found.message
    elsewhere = destination.replace(name, "aws-waf-logs-theirs")
    assert complaints(_firewall_log(elsewhere)) == []


# Messages


def alarmed(*changes: Change, **more: dict[str, Any]) -> Template:
    given = {
        "Key": key(allow(USE, "*", Principal=service("cloudwatch"))),
        "Topic": resource("SNS::Topic", KmsMasterKeyId=ref("Key")),
        "Alarm": resource(
            "CloudWatch::Alarm", AlarmActions=[ref("Topic"), "arn:aws:automate:x"], OKActions=[ref("Topic")]
        ),
    }
    return alone(*changes, **given, **more)


def topic_policy(*statements: object) -> dict[str, Any]:
    return resource("SNS::TopicPolicy", Topics=[ref("Topic")], PolicyDocument=document(*statements))


def test_an_alarm_reaches_an_encrypted_topic() -> None:
    assert complaints(alarmed()) == []
    by_source = {**MINE, "ArnLike": {"aws:SourceArn": f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:*"}}
    let_in = allow("sns:Publish", ref("Topic"), Principal=service("cloudwatch"), Condition=by_source)
    assert complaints(alarmed(Door=topic_policy(let_in))) == []
    owner = {"StringEquals": {"AWS:SourceOwner": ACCOUNT}}
    as_by_default = allow("SNS:Publish", ref("Topic"), Principal={"AWS": "*"}, Condition=owner)
    assert complaints(alarmed(Door=topic_policy(as_by_default))) == []


@pytest.mark.parametrize(
    ("change", "rule", "owner", "says"),
    [
        (put("Key", "KeyPolicy", document(ADMINISTER)), "iam-service", "Key", "cloudwatch.amazonaws.com may not kms:"),
        (
            put("Key", "KeyPolicy.Statement.1.Action", ["kms:Decrypt"]),
            "iam-service",
            "Key",
            "may not kms:GenerateDataKey on",
        ),
        (
            put("Topic", "KmsMasterKeyId", "alias/aws/sns"),
            "iam-key",
            "Alarm",
            "encrypted with alias/aws/sns: no policy of that key can let cloudwatch.amazonaws.com in, and every",
        ),
        (
            add(Door=topic_policy(allow("sns:Publish", ref("Topic"), Principal=service("events")))),
            "iam-service",
            "Door",
            "Alarm cannot reach Topic, so that every message is lost",
        ),
    ],
)
def test_an_alarm_that_reaches_nobody_is_broken(change: Change, rule: str, owner: str, says: str) -> None:
    found = complaints(alarmed(change))
    assert [(one.id, one.verdict, one.logical_id) for one in found] == [(rule, Verdict.BROKEN, owner)] * 2
    assert says in found[0].message


def test_a_topic_without_a_key_or_under_one_of_elsewhere_is_judged_by_its_policy_alone() -> None:
    assert complaints(alarmed(put("Topic", "KmsMasterKeyId", None))) == []
    assert complaints(alarmed(put("Topic", "KmsMasterKeyId", {"Fn::ImportValue": "key"}))) == []


def ruled(target: dict[str, Any], *changes: Change, **more: dict[str, Any]) -> Template:
    rule = resource("Events::Rule", ScheduleExpression="rate(1 day)", Targets=[{"Id": "one", **target}])
    return alone(*changes, Rule=rule, **more)


QUEUE = {"Arn": att("Queue", "Arn")}
FUNCTION = {"Arn": att("Function", "Arn")}
BASIC = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"


def function(**properties: object) -> dict[str, dict[str, Any]]:
    return {
        "Function": resource("Lambda::Function", Role=att("FunctionRole", "Arn"), **properties),
        "FunctionRole": role("lambda", ManagedPolicyArns=[BASIC]),
    }


def queue_policy(principal: str, **more: object) -> dict[str, Any]:
    there = allow("sqs:SendMessage", att("Queue", "Arn"), Principal=service(principal), **more)
    return resource("SQS::QueuePolicy", Queues=[ref("Queue")], PolicyDocument=document(there))


def test_a_rule_reaches_a_queue_by_the_queues_policy() -> None:
    queue = resource("SQS::Queue", KmsMasterKeyId=ref("Key"))
    opened = key(allow(USE, "*", Principal=service("events")))
    source = {"ArnEquals": {"aws:SourceArn": att("Rule", "Arn")}}
    door = queue_policy("events", Condition=source)
    assert complaints(ruled(QUEUE, Queue=queue, Door=door, Key=opened)) == []
    assert the(ruled(QUEUE, Queue=queue, Key=opened)).logical_id == "Queue"
    other = queue_policy("events", Condition={"ArnEquals": {"aws:SourceArn": f"arn:aws:events:{REGION}:1:rule/x"}})
    assert the(ruled(QUEUE, Queue=queue, Door=other, Key=opened)).logical_id == "Door"


def test_eventbridge_does_not_tell_a_key_for_whom_it_comes() -> None:
    queue = resource("SQS::Queue", KmsMasterKeyId=ref("Key"))
    bound = key(allow(USE, "*", Principal=service("events"), Condition=MINE))
    found = the(ruled(QUEUE, Queue=queue, Door=queue_policy("events"), Key=bound))
    assert found.path == "Properties.KeyPolicy.Statement.1.Condition.StringEquals.aws:SourceAccount"


def test_a_rule_reaches_a_function_by_a_permission() -> None:
    given = {"FunctionName": ref("Function"), "Action": "lambda:InvokeFunction", "Principal": "events.amazonaws.com"}
    door = resource("Lambda::Permission", **given, SourceArn=att("Rule", "Arn"), SourceAccount=ref("AWS::AccountId"))
    assert complaints(ruled(FUNCTION, Door=door, **function())) == []
    found = the(
        ruled(FUNCTION, Door=resource("Lambda::Permission", **given | {"Principal": "s3.amazonaws.com"}), **function())
    )
    assert (found.id, found.logical_id, found.path) == ("iam-service", "Door", "Properties.Principal")
    assert the(ruled(FUNCTION, **function())).logical_id == "Function"


def test_a_permission_for_a_function_of_elsewhere_lets_nobody_in_here() -> None:
    door = resource(
        "Lambda::Permission", FunctionName="other", Action="lambda:InvokeFunction", Principal="events.amazonaws.com"
    )
    assert complaints(alone(Door=door)) == []


STREAMS = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/events:log-stream:*"
LOG = {"Arn": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/events"}
MAKE = allow("logs:CreateLogStream", STREAMS, Principal=service("events"))


def write(source: str) -> dict[str, Any]:
    """A rule may write events."""
    condition = {"ArnLike": {"aws:SourceArn": f"arn:aws:events:{REGION}:{ACCOUNT}:rule/{source}"}}
    return allow("logs:PutLogEvents", STREAMS, Principal=service("events"), Condition=condition)


def kept(*statements: object, **rule: object) -> Template:
    """A rule that keeps events in a log group with a policy."""
    group = resource("Logs::LogGroup", LogGroupName="/events", ResourcePolicyDocument=document(*statements))
    return ruled(LOG, *(put("Rule", name, value) for name, value in rule.items()), Group=group)


def test_a_rule_keeps_events_by_the_policy_of_the_log_group() -> None:
    """A name that CloudFormation gives begins with the stack's and the rule's own."""
    assert complaints(kept(MAKE, write("lms-*"))) == []
    assert complaints(kept(MAKE, write("lms-Rule-*"))) == []
    assert complaints(kept(MAKE, write("mine"), Name="mine")) == []
    assert complaints(kept(MAKE, write("*"))) == []
    target = {"Arn": att("Group", "Arn")}
    group = resource("Logs::LogGroup", LogGroupName="/events", ResourcePolicyDocument=document(MAKE, write("*")))
    assert complaints(ruled(target, Group=group)) == []
    assert "Rule can keep its events in Group" in " ".join(proofs(kept(MAKE, write("*")), "iam-service"))


@pytest.mark.parametrize(
    ("statements", "words"),
    [
        ((MAKE, write("other-*")), "Rule cannot keep its events in Group"),
        ((write("lms-*"),), "events.amazonaws.com may not logs:CreateLogStream"),
        (
            ({**write("lms-*"), "Action": ["logs:CreateLogStream", "logs:PutLogEvents"]},),
            "logs:CreateLogStream",
        ),
        ((MAKE, {**write("lms-*"), "Principal": service("delivery.logs")}), "logs:PutLogEvents"),
    ],
    ids=["another stack's rules", "no stream", "a stream for a rule", "another service"],
)
def test_a_policy_that_does_not_let_its_events_in_loses_them(statements: tuple[object, ...], words: str) -> None:
    found = the(kept(*statements))
    assert (found.id, found.logical_id) == ("iam-service", "Group")
    assert words in found.message
    assert "every event is lost" in found.message


def test_a_name_that_cloudformation_would_cut_is_known_to_aws_only() -> None:
    template = kept(MAKE, write("lms-*"))
    template["Resources"]["R" * 60] = template["Resources"].pop("Rule")
    found = the(template)
    assert (found.id, found.verdict) == ("iam-service", Verdict.UNKNOWN)


def test_without_any_policy_only_the_account_may_let_events_in() -> None:
    group = resource("Logs::LogGroup", LogGroupName="/events")
    (found,) = complaints(ruled(LOG, Group=group))
    assert (found.id, found.verdict, found.path) == ("iam-service", Verdict.UNKNOWN, "Properties.Targets.0.Arn")
    assert "no policy of this template lets events.amazonaws.com in" in found.message
    shared = resource(
        "Logs::ResourcePolicy", PolicyName="events", PolicyDocument={"Fn::Sub": json.dumps(document(MAKE, write("*")))}
    )
    assert complaints(ruled(LOG, Group=group, Shared=shared)) == []
    assert complaints(ruled({"Arn": LOG["Arn"] + "-of-others"}, Group=group)) == []


def test_a_rule_needs_a_topic_policy_and_a_target_of_elsewhere_nothing() -> None:
    topic = resource("SNS::Topic")
    target = {"Arn": ref("Topic")}
    door = topic_policy(allow("sns:Publish", ref("Topic"), Principal=service("events")))
    assert complaints(ruled(target, Topic=topic, Door=door)) == []
    assert the(ruled(target, Topic=topic)).logical_id == "Topic"
    assert complaints(ruled({"Arn": "arn:aws:sqs:x:1:q"})) == []
    assert complaints(ruled({"Arn": ref("Bucket")}, Bucket=resource("S3::Bucket"))) == []


def test_topics_buckets_and_vaults_send_messages_too() -> None:
    topic, queue = resource("SNS::Topic"), resource("SQS::Queue")
    subscribed = resource("SNS::Subscription", TopicArn=ref("Topic"), Endpoint=att("Queue", "Arn"), Protocol="sqs")
    source = {"ArnLike": {"aws:SourceArn": ref("Topic")}}
    given = {"Topic": topic, "Queue": queue, "Subscription": subscribed}
    assert complaints(alone(**given, Door=queue_policy("sns", Condition=source))) == []
    assert "Subscription cannot reach Queue" in the(alone(**given)).message
    mail = resource("SNS::Subscription", TopicArn=ref("Topic"), Endpoint="a@example.org", Protocol="email")
    assert complaints(alone(Topic=topic, Subscription=mail)) == []
    vault = resource("Backup::BackupVault", Notifications={"SNSTopicArn": ref("Topic")})
    refused = topic_policy(allow("sns:Publish", ref("Topic"), Principal=service("cloudwatch")))
    assert complaints(alone(Topic=topic, Vault=vault)) == []
    assert "backup.amazonaws.com may not sns:Publish" in the(alone(Topic=topic, Vault=vault, Door=refused)).message


@pytest.mark.parametrize(
    ("kind", "name"),
    [("TopicConfigurations", "Topic"), ("QueueConfigurations", "Queue"), ("LambdaConfigurations", "Function")],
)
def test_a_buckets_events_are_let_in_by_their_target(kind: str, name: str) -> None:
    target = {"Topic": ref("Topic"), "Queue": att("Queue", "Arn"), "Function": att("Function", "Arn")}[name]
    bucket = resource("S3::Bucket", NotificationConfiguration={kind: [{"Event": "s3:ObjectCreated:*", name: target}]})
    given = {"Topic": resource("SNS::Topic"), "Queue": resource("SQS::Queue"), **function()}
    doors = {
        "Topic": topic_policy(allow("sns:Publish", ref("Topic"), Principal=service("s3"), Condition=MINE)),
        "Queue": queue_policy("s3", Condition=MINE),
        "Function": resource(
            "Lambda::Permission", FunctionName=ref("Function"), Action="lambda:*", Principal="s3.amazonaws.com"
        ),
    }
    assert [
        one.id for one in complaints(alone(Bucket=bucket, Door=doors[name], **given)) if one.id == "iam-service"
    ] == []
    assert the(alone(Bucket=bucket, **given)).logical_id == name


# Roles


def test_a_function_writes_its_log_by_its_role() -> None:
    assert complaints(alone(**function())) == []
    logged = ["logs:CreateLogStream", "logs:PutLogEvents"]
    own = role("lambda", allow(logged, att("Group", "Arn")))
    group = resource("Logs::LogGroup", LogGroupName=sub("/aws/lambda/${Function}"))
    given = {"Function": function()["Function"], "FunctionRole": own, "Group": group}
    assert complaints(alone(**given)) == []
    found = the(alone(**given | {"FunctionRole": role("lambda")}))
    assert (found.logical_id, found.verdict) == ("FunctionRole", Verdict.BROKEN)
    assert found.message.startswith("Function cannot write its log, so that it leaves no log")


def test_a_function_that_makes_its_own_group_needs_the_right_to() -> None:
    own = role(
        "lambda",
        allow(["logs:CreateLogStream", "logs:PutLogEvents"], f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/x:*"),
    )
    made = alone(
        Function=resource("Lambda::Function", Role=att("Own", "Arn"), LoggingConfig={"LogGroup": "/x"}), Own=own
    )
    assert "Function cannot make its log group" in the(made).message


def test_a_function_in_a_vpc_needs_network_interfaces() -> None:
    found = complaints(alone(**function(VpcConfig={"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]})))
    assert {one.verdict for one in found} == {Verdict.BROKEN}
    assert "so that it is not made" in found[0].message
    there = function(VpcConfig={"SubnetIds": ["subnet-1"]})
    there["FunctionRole"]["Properties"]["ManagedPolicyArns"] = [
        "arn:aws:iam::aws:policy/service-role/AWSLambdaVPCAccessExecutionRole"
    ]
    assert complaints(alone(**there)) == []


def test_a_function_that_reads_a_queue_needs_the_right_to_and_its_key() -> None:
    reading = resource("Lambda::EventSourceMapping", EventSourceArn=att("Queue", "Arn"), FunctionName=ref("Function"))
    queue = resource("SQS::Queue", KmsMasterKeyId=ref("Key"))
    given = {**function(), "Queue": queue, "Key": key(), "Reading": reading}
    found = complaints(alone(**given))
    assert [(one.id, one.verdict) for one in found] == [("iam-allowed", Verdict.BROKEN), ("iam-key", Verdict.BROKEN)]
    given["FunctionRole"] = role(
        "lambda",
        allow(["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"], att("Queue", "Arn")),
        allow("kms:Decrypt", att("Key", "Arn")),
        ManagedPolicyArns=[BASIC],
    )
    assert complaints(alone(**given)) == []
    del given["Queue"]["Properties"]["KmsMasterKeyId"]
    assert complaints(alone(**given)) == []
    stream = resource("Lambda::EventSourceMapping", EventSourceArn="arn:aws:kinesis:x", FunctionName=ref("Function"))
    assert complaints(alone(**function(), Reading=stream)) == []


def scheduled(target: dict[str, Any], *statements: object, **more: dict[str, Any]) -> Template:
    return alone(
        Schedule=resource("Scheduler::Schedule", Target={"RoleArn": att("Role", "Arn"), **target}),
        Role=role("scheduler", *statements),
        **more,
    )


def test_a_schedule_reaches_its_target_and_its_dead_letters_by_its_role() -> None:
    queue = resource("SQS::Queue")
    send = allow("sqs:SendMessage", att("Queue", "Arn"))
    assert complaints(scheduled(QUEUE, send, Queue=queue)) == []
    found = the(scheduled(QUEUE, Queue=queue))
    assert (found.id, found.logical_id) == ("iam-allowed", "Role")
    assert "Schedule cannot reach Queue: Role may not sqs:SendMessage" in found.message
    letters = {"Arn": "arn:aws:elsewhere", "DeadLetterConfig": QUEUE}
    assert complaints(scheduled(letters, send, Queue=queue)) == []
    assert "keep what could not be delivered" in the(scheduled(letters, Queue=queue)).message


def test_dead_letters_that_are_encrypted_need_their_key() -> None:
    send = allow("sqs:SendMessage", att("Queue", "Arn"))
    letters = {"Arn": "arn:aws:elsewhere", "DeadLetterConfig": QUEUE}
    given = {"Queue": resource("SQS::Queue", KmsMasterKeyId=ref("Key")), "Key": key()}
    through = {"StringEquals": {"kms:ViaService": f"sqs.{REGION}.amazonaws.com"}}
    use = allow(["kms:Decrypt", "kms:GenerateDataKey"], att("Key", "Arn"), Condition=through)
    assert complaints(scheduled(letters, send, use, **given)) == []
    found = the(scheduled(letters, send, allow("kms:Decrypt", att("Key", "Arn")), **given))
    assert found.message.startswith("Schedule cannot encrypt what it keeps in Queue: Role may not kms:GenerateDataKey")
    owned_by_aws = resource("SQS::Queue", KmsMasterKeyId="alias/aws/sqs")
    assert complaints(scheduled(letters, send, Queue=owned_by_aws)) == []


def test_a_schedule_that_calls_an_action_of_any_service_needs_that_action() -> None:
    target = {"Arn": "arn:aws:scheduler:::aws-sdk:ecs:updateService"}
    there = f"arn:aws:ecs:{REGION}:{ACCOUNT}:service/lms/web"
    found = the(scheduled(target, allow("ecs:DescribeServices", there)))
    assert (found.verdict, found.id) == (Verdict.UNKNOWN, "iam-allowed")
    assert "call ecs:UpdateService" in found.message
    assert complaints(scheduled(target, allow("ecs:UpdateService", "*", Condition={"Null": {"ecs:cluster": "false"}})))


TOO_MUCH = allow("sqs:PurgeQueue", att("Queue", "Arn"))


def test_a_schedule_needs_no_more_than_to_reach_its_target() -> None:
    send = allow("sqs:SendMessage", att("Queue", "Arn"))
    found = the(scheduled(QUEUE, send, TOO_MUCH, Queue=resource("SQS::Queue")))
    assert (found.id, found.verdict, found.logical_id) == ("iam-unused-action", Verdict.BROKEN, "Role")
    assert found.message.startswith("Role grants sqs:PurgeQueue to Role for nothing")


@pytest.mark.parametrize(
    ("target", "more"),
    [
        pytest.param({"Arn": "arn:aws:elsewhere"}, {}, id="what it reaches is elsewhere"),
        pytest.param({"Arn": ref("Stream")}, {"Stream": resource("MSK::Cluster")}, id="nobody knows how it is reached"),
        pytest.param(
            {"Arn": att("Cluster", "Arn"), "EcsParameters": {"TaskDefinitionArn": "arn:aws:elsewhere"}},
            {"Cluster": resource("ECS::Cluster")},
            id="the task is elsewhere",
        ),
    ],
)
def test_a_schedule_with_needs_that_are_not_derived_is_not_judged(
    target: dict[str, Any], more: dict[str, dict[str, Any]]
) -> None:
    assert complaints(scheduled(target, TOO_MUCH, Queue=resource("SQS::Queue"), **more)) == []


def test_a_schedule_with_a_key_of_its_own_is_not_judged() -> None:
    send = allow("sqs:SendMessage", att("Queue", "Arn"))
    template = scheduled(QUEUE, send, TOO_MUCH, Queue=resource("SQS::Queue"))
    template["Resources"]["Schedule"]["Properties"]["KmsKeyArn"] = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/own"
    assert complaints(template) == []


def test_a_schedule_that_tags_what_it_runs_may_be_allowed_to() -> None:
    tag = allow("ecs:TagResource", f"arn:aws:ecs:{REGION}:{ACCOUNT}:task/*/*")
    run = allow("ecs:RunTask", ref("Task"))
    passed = allow("iam:PassRole", [att("ExecutionRole", "Arn"), att("TaskRole", "Arn")])

    def template(**more: object) -> Template:
        target = {"Arn": att("Cluster", "Arn"), "EcsParameters": {"TaskDefinitionArn": ref("Task"), **more}}
        return changed(
            add(
                Schedule=resource("Scheduler::Schedule", Target={"RoleArn": att("Role", "Arn"), **target}),
                Role=role("scheduler", run, passed, tag),
            )
        )

    assert complaints(template(PropagateTags="TASK_DEFINITION")) == []
    assert complaints(template(Tags=[{"Key": "a", "Value": "b"}])) == []
    assert the(template()).message.startswith("Role grants ecs:TagResource to Role for nothing")


def test_a_schedule_that_runs_a_task_passes_its_roles_on() -> None:
    target = {"Arn": att("Cluster", "Arn"), "EcsParameters": {"TaskDefinitionArn": ref("Task")}}
    run = allow("ecs:RunTask", ref("Task"))
    passed = allow(
        "iam:PassRole",
        [att("ExecutionRole", "Arn"), att("TaskRole", "Arn")],
        Condition={"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}},
    )

    def template(*statements: object) -> Template:
        return changed(
            add(
                Schedule=resource("Scheduler::Schedule", Target={"RoleArn": att("Role", "Arn"), **target}),
                Role=role("scheduler", *statements),
            )
        )

    assert complaints(template(run, passed)) == []
    found = complaints(template(run))
    assert [one.message.partition(":")[0] for one in found] == [
        "Schedule cannot pass ExecutionRole on to Task",
        "Schedule cannot pass TaskRole on to Task",
    ]
    assert complaints(scheduled({"Arn": att("Cluster", "Arn")}, Cluster=resource("ECS::Cluster"))) == []
    bare = {"Cluster": resource("ECS::Cluster"), "Task": resource("ECS::TaskDefinition")}
    assert complaints(scheduled(target, run, **bare)) == []


@pytest.mark.parametrize(
    ("cluster", "allowed"),
    [(att("Cluster", "Arn"), True), (f"arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/other", False)],
)
def test_a_schedule_runs_its_task_in_its_own_cluster(cluster: object, *, allowed: bool) -> None:
    target = {"Arn": att("Cluster", "Arn"), "EcsParameters": {"TaskDefinitionArn": ref("Task")}}
    bare = {"Cluster": resource("ECS::Cluster", ClusterName="lms"), "Task": resource("ECS::TaskDefinition")}
    run = allow("ecs:RunTask", ref("Task"), Condition={"ArnEquals": {"ecs:cluster": cluster}})
    found = [one.message.partition(":")[0] for one in complaints(scheduled(target, run, **bare))]
    assert ("Schedule cannot run Task" not in found) is allowed, found


@pytest.mark.parametrize(
    ("group", "named", "allowed"),
    [
        ({"GroupName": "exams"}, "exams", True),
        ({"GroupName": "exams"}, "other", False),
        ({}, "default", True),
        ({"GroupName": ref("Group")}, "cron", True),
        ({"GroupName": ref("Group")}, "cron-2", False),
    ],
)
def test_a_schedule_comes_for_its_group(group: dict[str, Any], named: str, *, allowed: bool) -> None:
    source = f"arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule-group/{named}"
    trusting = role("scheduler", allow("sqs:SendMessage", att("Queue", "Arn")))
    (statement,) = trusting["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    statement["Condition"] = {"ArnEquals": {"aws:SourceArn": source}}
    given = {
        "Schedule": resource("Scheduler::Schedule", Target={"RoleArn": att("Role", "Arn"), **QUEUE}, **group),
        "Queue": resource("SQS::Queue"),
        "Group": resource("Scheduler::ScheduleGroup", Name="cron"),
        "Role": trusting,
    }
    found = [(one.id, one.verdict) for one in complaints(alone(**given))]
    assert found == ([] if allowed else [("iam-trust", Verdict.BROKEN)])


def test_a_group_that_only_aws_knows_leaves_a_schedules_trust_open() -> None:
    source = f"arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule-group/exams"
    trusting = role("scheduler", allow("sqs:SendMessage", att("Queue", "Arn")))
    (statement,) = trusting["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    statement["Condition"] = {"ArnEquals": {"aws:SourceArn": source}}
    target = {"RoleArn": att("Role", "Arn"), **QUEUE}
    schedule = resource("Scheduler::Schedule", Target=target, GroupName={"Fn::ImportValue": "group"})
    found = the(alone(Schedule=schedule, Queue=resource("SQS::Queue"), Role=trusting))
    assert (found.id, found.verdict) == ("iam-trust", Verdict.UNKNOWN)


def test_a_rules_target_with_a_role_is_reached_by_that_role() -> None:
    machine = resource("StepFunctions::StateMachine")
    target = {"Arn": ref("Machine"), "RoleArn": att("Role", "Arn")}
    start = role("events", allow("states:StartExecution", ref("Machine")))
    assert complaints(ruled(target, Machine=machine, Role=start)) == []
    assert "Rule cannot reach Machine" in the(ruled(target, Machine=machine, Role=role("events"))).message


def test_a_proxy_reads_its_secrets_by_its_role() -> None:
    secret = resource("SecretsManager::Secret", KmsKeyId=ref("Key"))
    proxy = resource(
        "RDS::DBProxy", RoleArn=att("Role", "Arn"), Auth=[{"SecretArn": ref("Secret")}, {"SecretArn": "arn:x"}]
    )
    read = allow("secretsmanager:GetSecretValue", [ref("Secret"), "arn:x"])
    given = {"Secret": secret, "Proxy": proxy, "Key": key()}
    assert complaints(alone(**given, Role=role("rds", read, allow("kms:Decrypt", att("Key", "Arn"))))) == []
    found = the(alone(**given, Role=role("rds", read)))
    assert (found.id, found.logical_id) == ("iam-key", "Role")
    given["Secret"] = resource("SecretsManager::Secret")
    assert complaints(alone(**given, Role=role("rds", read))) == []


@pytest.mark.parametrize(
    "resources",
    [
        {"Function": resource("Lambda::Function", Role="arn:aws:iam::1:role/x")},
        {"Schedule": resource("Scheduler::Schedule", Target={"RoleArn": "arn:aws:iam::1:role/x"})},
        {"Proxy": resource("RDS::DBProxy", RoleArn={"Fn::ImportValue": "x"})},
        {"FlowLog": resource("EC2::FlowLog", DeliverLogsPermissionArn="arn:aws:iam::1:role/x")},
    ],
)
def test_a_role_of_elsewhere_is_unknown(resources: dict[str, Any]) -> None:
    found = the(alone(**resources))
    assert (found.id, found.verdict) == ("iam-allowed", Verdict.UNKNOWN)


def test_a_flow_log_to_a_bucket_has_no_role_and_one_may_name_its_group_by_arn() -> None:
    bucket = put("FlowLog", "DeliverLogsPermissionArn", None)
    assert complaints(changed(bucket, without("FlowLogRole"))) == []
    by_arn = sub("arn:aws:logs:${AWS::Region}:${AWS::AccountId}:log-group:${FlowLogs}")
    assert complaints(changed(put("FlowLog", "LogGroupName", None), put("FlowLog", "LogDestination", by_arn))) == []


def test_a_policy_of_the_account_lets_a_service_into_a_group() -> None:
    write = ["logs:CreateLogStream", "logs:PutLogEvents"]
    text = (
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "${ExecutionRole.Arn}"}, '
        '"Action": ["logs:CreateLogStream", "logs:PutLogEvents"], "Resource": "${Logs.Arn}"}]}'
    )
    template = changed(
        add(Door=resource("Logs::ResourcePolicy", PolicyName="x", PolicyDocument=sub(text))),
        put("ExecutionPolicy", "PolicyDocument.Statement.2", {"Ref": "AWS::NoValue"}),
    )
    assert complaints(template) == []
    assert write[0] in " ".join(proofs(template, "iam-allowed"))


def test_monitoring_says_for_which_database_it_comes() -> None:
    """A trust policy may ask for the account and for databases; one of another service lets nobody in."""

    def monitored(source: str) -> Any:
        trust = {
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"Service": "monitoring.rds.amazonaws.com"},
                    "Action": "sts:AssumeRole",
                    "Condition": {
                        "StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}},
                        "ArnLike": {"aws:SourceArn": sub(source)},
                    },
                }
            ]
        }
        watcher = resource("IAM::Role", AssumeRolePolicyDocument=trust, ManagedPolicyArns=[MONITOR])
        instance = resource("RDS::DBInstance", MonitoringRoleArn=att("Watcher", "Arn"))
        return alone(Watcher=watcher, Database=instance, Cluster=resource("RDS::DBCluster"))

    assert complaints(monitored("arn:aws:rds:${AWS::Region}:${AWS::AccountId}:db:*")) == []
    found = the(monitored("arn:aws:ecs:${AWS::Region}:${AWS::AccountId}:*"))
    assert (found.id, found.logical_id, found.verdict) == ("iam-trust", "Watcher", Verdict.BROKEN)


# Deployment hooks


def hooked(statement: dict[str, Any], **hook: object) -> Template:
    """A service whose deployments wait for a function."""
    whole = {"HookTargetArn": att("Smoke", "Arn"), "RoleArn": att("Caller"), **hook}
    lambda_role = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
    return alone(
        Smoke=resource("Lambda::Function", Role=att("Own"), Code={"ZipFile": "x"}),
        Own=role("lambda", ManagedPolicyArns=[lambda_role]),
        Caller=role("ecs", statement),
        Service=resource("ECS::Service", DeploymentConfiguration={"LifecycleHooks": [whole, ref("AWS::NoValue")]}),
    )


def test_ecs_may_call_the_function_that_a_deployment_waits_for() -> None:
    right = hooked(allow("lambda:InvokeFunction", att("Smoke", "Arn")))
    assert complaints(right) == []
    assert "Service can call the hook Smoke" in " ".join(one.message for one in findings(right))
    found = the(hooked(allow("lambda:GetFunction", att("Smoke", "Arn"))))
    assert (found.id, found.verdict, found.logical_id) == ("iam-allowed", Verdict.BROKEN, "Caller")
    assert found.message.startswith("Service cannot call the hook Smoke, so that every deployment fails at it: Caller")
    elsewhere = "arn:aws:lambda:sa-east-1:111122223333:function:theirs"
    assert complaints(hooked(allow("lambda:InvokeFunction", elsewhere), HookTargetArn=elsewhere)) == []
    theirs = hooked(allow("lambda:InvokeFunction", att("Smoke", "Arn")), RoleArn="arn:aws:iam::111122223333:role/x")
    del theirs["Resources"]["Caller"]
    assert complaints(theirs) == []
