"""Logs that services deliver: to a bucket or a log group, whose policy lets the delivery in."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from stackproof.proofs.verdicts import Verdict
from tests.unit.stackproof.proofs.network_support import ACCOUNT, REGION, add, att, ref, resource
from tests.unit.stackproof.proofs.permissions_support import (
    MINE,
    allow,
    alone,
    complaints,
    document,
    proofs,
    service,
    sub,
    the,
)

if TYPE_CHECKING:
    from tests.unit.stackproof.proofs.permissions_support import Template

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


# Log delivery


def _carried(log: Any, *statements: object) -> Template:
    group = resource("Logs::LogGroup", LogGroupName="/access")
    if statements:
        group["Properties"]["ResourcePolicyDocument"] = document(*statements)
    return alone(
        Group=group,
        Source=resource("Logs::DeliverySource", Name="source", ResourceArn="arn:aws:x", LogType="ALB_ACCESS_LOGS"),
        Destination=resource("Logs::DeliveryDestination", Name="destination", DestinationResourceArn=log),
        Delivery=resource(
            "Logs::Delivery", DeliverySourceName=ref("Source"), DeliveryDestinationArn=att("Destination", "Arn")
        ),
    )


@pytest.mark.parametrize(
    "log", [{"Fn::Sub": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:${{Group}}"}, {"Fn::GetAtt": ["Group", "Arn"]}]
)
def test_the_policy_on_the_log_group_of_a_delivery_lets_it_in(log: Any) -> None:
    streams = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/access:log-stream:*"
    let_in = allow(["logs:CreateLogStream", "logs:PutLogEvents"], streams, Principal=service("delivery.logs"))
    assert complaints(_carried(log, {**let_in, "Condition": MINE})) == []
    found = the(_carried(log, {**let_in, "Condition": MINE, "Action": ["logs:CreateLogStream"]}))
    assert found.logical_id == "Group"
    assert "write its log to Group by the policy that stands there" in found.message


def test_a_log_group_that_lets_no_delivery_in_may_be_opened_by_the_account_alone() -> None:
    log = {"Fn::GetAtt": ["Group", "Arn"]}
    found = the(_carried(log))
    assert (found.verdict, found.logical_id, found.path) == (
        Verdict.UNKNOWN,
        "Delivery",
        "Properties.DeliveryDestinationArn",
    )
    assert "no policy of this template lets delivery.logs.amazonaws.com in" in found.message
    let_in = allow(["logs:CreateLogStream", "logs:PutLogEvents"], "*", Principal=service("delivery.logs"))
    shared = resource("Logs::ResourcePolicy", PolicyName="all", PolicyDocument=json.dumps(document(let_in)))
    opened = _carried(log)
    add(Shared=shared)(opened["Resources"])
    assert all(found.verdict is not Verdict.UNKNOWN for found in complaints(opened))


def test_a_delivery_to_elsewhere_needs_nothing_here() -> None:
    assert complaints(_carried("arn:aws:s3:::theirs")) == []
    elsewhere = _carried("arn:aws:s3:::theirs")
    theirs = f"arn:aws:logs:{REGION}:444444444444:delivery-destination:theirs"
    elsewhere["Resources"]["Delivery"]["Properties"]["DeliveryDestinationArn"] = theirs
    assert complaints(elsewhere) == []
