"""Metrics: names that are on no list, and dimensions that name nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from stackproof.proofs.verdicts import Verdict
from tests.unit.stackproof.proofs.network_support import add, att, put, ref, resource
from tests.unit.stackproof.proofs.wiring_support import changed, complaints
from tests.unit.stackproof.proofs.wiring_watching import alarm

if TYPE_CHECKING:
    from stackproof.proofs.verdicts import Finding

CERTIFICATE = "arn:aws:acm:sa-east-1:111122223333:certificate/33333333-3333-4333-8333-333333333333"
NODE = "Metrics.1.MetricStat.Metric.Dimensions.0.Value"


def said(odd: dict[str, Any], **others: dict[str, Any]) -> list[Finding]:
    """What is said of an alarm, and of nothing else, beside other resources."""
    found = complaints(changed(add(Odd=odd, **others)))
    assert {one.logical_id for one in found} <= {"Odd"}
    return found


@pytest.mark.parametrize(
    ("namespace", "name", "hint"),
    [
        ("AWS/ECS", "CPUUtilisation", ', did you mean "CPUUtilization"'),
        ("AWS/ApplicationELB", "HTTPCode_ELB_5xx", ', did you mean "HTTPCode_ELB_'),
        ("AWS/ElastiCache", "EngineCpuUtilization", ', did you mean "EngineCPUUtilization"'),
        ("AWS/EFS", "PercentIoLimit", ', did you mean "PercentIOLimit"'),
        ("AWS/NATGateway", "PortAllocationErrors", ""),
        ("AWS/Backup", "Sorrow", ""),
        ("AWS/RDS", "AcuUtilization", ', did you mean "ACUUtilization"'),
        ("AWS/Lambda", "Error", ', did you mean "Errors"'),
        ("AWS/States", "ExecutionFailed", ', did you mean "ExecutionsFailed"'),
        ("AWS/Events", "TriggeredRule", ', did you mean "TriggeredRules"'),
        ("AWS/SQS", "ApproximateNumberOfMessages", ', did you mean "ApproximateNumberOfMessages'),
        ("AWS/CertificateManager", "DaysToExpire", ', did you mean "DaysToExpiry"'),
        ("AWS/WAFV2", "BlockedRequest", ', did you mean "BlockedRequests"'),
        ("ECS/ContainerInsights", "RunningTasksCount", ', did you mean "RunningTaskCount"'),
    ],
)
def test_a_metric_that_no_list_has_is_unknown(namespace: str, name: str, hint: str) -> None:
    (found,) = said(alarm(namespace, name))
    assert (found.id, found.verdict, found.path) == ("wire-alarm", Verdict.UNKNOWN, "Properties.MetricName")
    assert f"Whether {namespace} has a metric {name} cannot be told: none is listed{hint}" in found.message
    assert said(alarm("Their/Own", name)) == []


@pytest.mark.parametrize(
    ("namespace", "name"),
    [
        ("AWS/RDS", "WriteThroughputEphemeralStorage"),
        ("AWS/RDS", "EBSByteBalance%"),
        ("AWS/RDS", "Aurora_pq_request_executed"),
        ("AWS/RDS", "ForwardingReplicaOpenSessions"),
        ("AWS/Lambda", "AsyncEventsDropped"),
        ("AWS/States", "LambdaFunctionsTimedOut"),
        ("AWS/Events", "PutPartnerEventsApproximateThrottledCount"),
        ("AWS/SQS", "NumberOfMessagesSent"),
        ("AWS/WAFV2", "SampleBlockedRequest"),
        ("AWS/WAFV2", "ChallengesSolvedSdk"),
        ("ECS/ContainerInsights", "TaskEphemeralStorageUtilization"),
        ("ECS/ContainerInsights", "NetworkRxBytes"),
    ],
)
def test_a_metric_on_the_list_or_of_a_family_is_not_asked_about(namespace: str, name: str) -> None:
    needed = {"AWS/SQS": {"QueueName": ref("Given")}}.get(namespace, {})
    assert said(alarm(namespace, name, **needed)) == []


@pytest.mark.parametrize(
    ("dimension", "wrong", "right"),
    [
        ("Role", "PRIMARY", "WRITER"),
        ("TargetRole", "WRITER", "READ_WRITE"),
        ("TargetGroup", "proxies", "default"),
    ],
)
def test_a_word_that_is_not_listed_is_unknown(dimension: str, wrong: str, right: str) -> None:
    (found,) = said(alarm("AWS/RDS", "CPUUtilization", **{dimension: wrong}))
    assert (found.verdict, found.path) == (Verdict.UNKNOWN, "Properties.Dimensions.0.Value")
    assert found.message.startswith(f"Whether AWS/RDS has a metric with {dimension} {wrong} cannot be told: listed: ")
    assert right in found.fix
    assert said(alarm("AWS/RDS", "CPUUtilization", **{dimension: right})) == []
    assert said(alarm("AWS/RDS", "CPUUtilization", **{dimension: ref("Given")})) == []


def test_a_certificate_and_a_state_machine_are_named_by_their_arns() -> None:
    made = resource("CertificateManager::Certificate", DomainName="learn.example.org")
    machine = resource("StepFunctions::StateMachine", StateMachineName="deploys")
    days = "AWS/CertificateManager", "DaysToExpiry"
    runs = "AWS/States", "ExecutionsFailed"
    assert said(alarm(*days, CertificateArn=ref("Made")), Made=made) == []
    assert said(alarm(*days, CertificateArn=CERTIFICATE)) == []
    assert said(alarm(*runs, StateMachineArn=ref("Machine")), Machine=machine) == []
    named = {"Fn::Sub": "arn:${AWS::Partition}:states:${AWS::Region}:${AWS::AccountId}:stateMachine:deploys"}
    assert said(alarm(*runs, StateMachineArn=named), Machine=machine) == []

    (found,) = said(alarm(*days, CertificateArn="learn.example.org"))
    assert found.verdict is Verdict.BROKEN
    assert found.message == (
        "CertificateArn is the ARN of AWS::CertificateManager::Certificate, while learn.example.org is none: the"
        " metric stays without data."
    )
    (found,) = said(alarm(*days, CertificateArn=CERTIFICATE), Made=made)
    assert "CertificateArn arn:aws:acm:" in found.message
    assert "the template has no AWS::CertificateManager::Certificate of this name" in found.message
    assert found.verdict is Verdict.UNKNOWN
    broken, *_ = said(alarm(*runs, StateMachineArn=att("Machine", "Name")), Machine=machine)
    assert "while ${Machine.Name} is the name of Machine" in broken.message


def test_a_cluster_of_one_cache_is_named_by_its_reference() -> None:
    single = resource("ElastiCache::CacheCluster", Engine="memcached")
    odd = alarm("AWS/ElastiCache", "Evictions", CacheClusterId=ref("One"))
    assert said(odd, One=single) == []


def test_a_node_of_a_cache_given_as_text() -> None:
    named = resource("ElastiCache::ReplicationGroup", ReplicationGroupId="sessions")
    single = resource("ElastiCache::CacheCluster", ClusterName="pages", Engine="memcached")
    for right in ("sessions-001", "sessions-0002-001", "pages"):
        odd = alarm("AWS/ElastiCache", "Evictions", CacheClusterId=right)
        assert [
            one for one in complaints(changed(add(Odd=odd, Named=named, One=single))) if one.id == "wire-alarm"
        ] == []
    (found,) = complaints(changed(put("Full", NODE, "nobody")))
    assert (found.verdict, found.logical_id, found.path) == (Verdict.UNKNOWN, "Full", f"Properties.{NODE}")
    assert found.message == (
        "Whether CacheClusterId nobody exists cannot be told: no cache of the template has a node of this name."
    )
    (found,) = complaints(changed(put("Full", NODE, "pages"), put("Cache", "ReplicationGroupId", "sessions")))
    assert "CacheClusterId pages exists" in found.message


def test_an_alarm_on_a_web_acl_that_the_template_does_not_have_is_unknown() -> None:
    (found,) = complaints(changed(put("Blocked", "Dimensions.0.Value", "theirs")))
    assert (found.verdict, found.logical_id, found.path) == (
        Verdict.UNKNOWN,
        "Blocked",
        "Properties.Dimensions.0.Value",
    )
    assert "Whether WebACL theirs exists cannot be told: no VisibilityConfig of a web ACL here" in found.message


def test_the_region_and_the_rule_of_a_web_acl() -> None:
    (found,) = complaints(changed(put("Blocked", "Dimensions.1.Value", "us-east-1")))
    assert (found.verdict, found.path) == (Verdict.BROKEN, "Properties.Dimensions.1.Value")
    assert found.message == "Acl counts in sa-east-1, and not in us-east-1: the metric stays without data."
    (found,) = complaints(changed(put("Blocked", "Dimensions.2.Value", "ceiling")))
    assert (found.verdict, found.path) == (Verdict.UNKNOWN, "Properties.Dimensions.2.Value")
    assert "Whether Rule ceiling exists cannot be told: no rule of Acl says this MetricName" in found.message
    named = put("Acl", "Rules.1.VisibilityConfig", {"MetricName": "ceiling"})
    assert complaints(changed(named, put("Blocked", "Dimensions.2.Value", "ceiling"))) == []
    assert complaints(changed(put("Blocked", "Dimensions.2.Value", ref("Given")))) == []
