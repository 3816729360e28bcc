"""Alarms, rules and notifications: what each sends gets through, or is lost at the policy that blocks."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from stackproof.proofs.verdicts import Verdict
from tests.unit.stackproof.proofs.network_support import ACCOUNT, REGION, add, att, put, ref, resource
from tests.unit.stackproof.proofs.permissions_support import (
    ADMINISTER,
    MINE,
    QUEUE,
    USE,
    allow,
    alone,
    changed,
    complaints,
    document,
    function,
    key,
    proofs,
    role,
    service,
    sub,
    the,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.stackproof.proofs.permissions_support import Template

    Change = Callable[[Template], None]


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


FUNCTION = {"Arn": att("Function", "Arn")}


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


def test_a_rules_target_with_a_role_is_reached_by_that_role() -> None:
    machine = resource("StepFunctions::StateMachine")
    target = {"Arn": ref("Machine"), "RoleArn": att("Role", "Arn")}
    start = role("events", allow("states:StartExecution", ref("Machine")))
    assert complaints(ruled(target, Machine=machine, Role=start)) == []
    assert "Rule cannot reach Machine" in the(ruled(target, Machine=machine, Role=role("events"))).message


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
