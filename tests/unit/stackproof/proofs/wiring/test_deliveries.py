"""Log delivery: what a resource sends, how its source and destination are named, and what cannot be told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from stackproof.proofs.verdicts import Verdict
from tests.unit.stackproof.proofs.network_support import add, att, put, ref, resource
from tests.unit.stackproof.proofs.wiring_support import Fault, changed, complaints, findings, only

if TYPE_CHECKING:
    from collections.abc import Callable

KIND, SENDER = "Properties.LogType", "Properties.ResourceArn"
CARRIED = add(
    Source=resource("Logs::DeliverySource", Name="web", ResourceArn=ref("Balancer"), LogType="ALB_ACCESS_LOGS"),
    Destination=resource("Logs::DeliveryDestination", Name="web", DestinationResourceArn=att("Logs", "Arn")),
    Delivery=resource(
        "Logs::Delivery", DeliverySourceName=ref("Source"), DeliveryDestinationArn=att("Destination", "Arn")
    ),
)
BUCKET = [put("Source", "ResourceArn", att("LogBucket", "Arn"))]
NETWORK = [
    add(
        Other=resource(
            "ElasticLoadBalancingV2::LoadBalancer", Type="network", Scheme="internal", Subnets=[ref("Subnet1")]
        )
    ),
    put("Source", "ResourceArn", ref("Other")),
]

FAULTS: dict[str, Fault] = {
    "logs of a network balancer": (
        [put("Source", "LogType", "NLB_ACCESS_LOGS")],
        "wire-log-delivery",
        "Source",
        KIND,
        (
            "CloudWatch Logs refuses the source: Balancer is an application balancer, which sends no NLB_ACCESS_LOGS. "
            "Write one of ALB_ACCESS_LOGS, ALB_CONNECTION_LOGS, ALB_HEALTH_CHECK_LOGS."
        ),
    ),
    "logs of an application balancer": (
        NETWORK,
        "wire-log-delivery",
        "Source",
        KIND,
        "Other is a network balancer, which sends no ALB_ACCESS_LOGS. Write NLB_ACCESS_LOGS.",
    ),
    "a gateway balancer": (
        [*NETWORK, put("Other", "Type", "gateway")],
        "wire-log-delivery",
        "Source",
        KIND,
        "Other is a gateway balancer, which sends no logs. Take the source out.",
    ),
    "logs of a balancer from a bucket": (BUCKET, "wire-log-delivery", "Source", KIND, "Write S3_SERVER_ACCESS_LOGS."),
    "the name of what sends": (
        [put("Source", "ResourceArn", ref("LogBucket")), put("Source", "LogType", "S3_SERVER_ACCESS_LOGS")],
        "wire-log-delivery",
        "Source",
        SENDER,
        (
            "CloudWatch Logs refuses the source: ${LogBucket} is the name of LogBucket, and not its ARN. Give "
            "LogBucket.Arn."
        ),
    ),
    "an id that no attribute has as an ARN": (
        [
            add(Web=resource("CloudFront::Distribution", DistributionConfig={})),
            put("Source", "ResourceArn", ref("Web")),
            put("Source", "LogType", "ACCESS_LOGS"),
        ],
        "wire-log-delivery",
        "Source",
        SENDER,
        "${Web} is the id of Web, and not its ARN. Give its ARN.",
    ),
    "the name of the log group": (
        [put("Destination", "DestinationResourceArn", ref("Logs"))],
        "wire-log-delivery",
        "Destination",
        "Properties.DestinationResourceArn",
        "CloudWatch Logs refuses the destination: ${Logs} is the name of Logs, and not its ARN. Give its ARN.",
    ),
    "a destination that takes no logs": (
        [put("Destination", "DestinationResourceArn", att("Hook", "Arn"))],
        "wire-log-delivery",
        "Destination",
        "Properties.DestinationResourceArn",
        (
            "${Hook.Arn} is Hook (AWS::Lambda::Function). Give the ARN of one of AWS::KinesisFirehose::DeliveryStream, "
            "AWS::Logs::LogGroup, AWS::S3::Bucket."
        ),
    ),
    "the name of the destination": (
        [put("Delivery", "DeliveryDestinationArn", ref("Destination"))],
        "wire-log-delivery",
        "Delivery",
        "Properties.DeliveryDestinationArn",
        (
            "CloudWatch Logs refuses the delivery: ${Destination} is the name of Destination, and not its ARN. Give "
            "Destination.Arn."
        ),
    ),
    "the log group itself": (
        [put("Delivery", "DeliveryDestinationArn", att("Logs", "Arn"))],
        "wire-log-delivery",
        "Delivery",
        "Properties.DeliveryDestinationArn",
        "${Logs.Arn} is Logs (AWS::Logs::LogGroup). Give the ARN of one of AWS::Logs::DeliveryDestination.",
    ),
    "the ARN of the source": (
        [put("Delivery", "DeliverySourceName", att("Source", "Arn"))],
        "wire-log-delivery",
        "Delivery",
        "Properties.DeliverySourceName",
        "${Source.Arn} is not the name of a delivery source. Give Ref of the source.",
    ),
    "a literal ARN": (
        [put("Delivery", "DeliverySourceName", "arn:aws:logs:x:1:delivery-source:web")],
        "wire-log-delivery",
        "Delivery",
        "Properties.DeliverySourceName",
        "arn:aws:logs:x:1:delivery-source:web is not the name",
    ),
    "no source": (
        [put("Delivery", "DeliverySourceName", ref("Balancer"))],
        "wire-log-delivery",
        "Delivery",
        "Properties.DeliverySourceName",
        "${Balancer} is no delivery source, but Balancer (AWS::ElasticLoadBalancingV2::LoadBalancer)",
    ),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_fault_is_found_where_it_is(fault: Fault) -> None:
    changes, rule, logical_id, path, told = fault
    only(([CARRIED, *changes], rule, logical_id, path, told))


@pytest.mark.parametrize(
    "changes",
    [
        [],
        [put("Source", "LogType", "ALB_HEALTH_CHECK_LOGS")],
        [*NETWORK, put("Source", "LogType", "NLB_ACCESS_LOGS")],
        [put("Source", "LogType", ref("Given"))],
        [*NETWORK, put("Other", "Type", ref("Given"))],
        [put("Source", "ResourceArn", "arn:aws:x")],
        [put("Source", "ResourceArn", {"Fn::Sub": "arn:aws:s3:::${LogBucket}"})],
        [put("Source", "ResourceArn", att("Hook", "Arn"))],
        [*BUCKET, put("Source", "LogType", "S3_SERVER_ACCESS_LOGS")],
        [put("Destination", "DestinationResourceArn", att("LogBucket", "Arn"))],
        [put("Delivery", "DeliverySourceName", "theirs")],
    ],
)
def test_what_is_carried_is_not_complained_of(changes: list[Callable[[dict[str, Any]], None]]) -> None:
    assert complaints(changed(CARRIED, *changes)) == []


def test_what_is_sent_is_shown() -> None:
    found = [one.message for one in findings(changed(CARRIED)) if one.id == "wire-log-delivery"]
    assert found == ["${Balancer} sends ALB_ACCESS_LOGS"]


def test_a_type_of_log_that_is_newer_than_the_table_is_unknown() -> None:
    found = complaints(changed(CARRIED, put("Source", "LogType", "ALB_ACCESS_LOG")))
    assert [(one.id, one.logical_id, one.path) for one in found] == [("wire-log-delivery", "Source", KIND)]
    assert found[0].verdict is Verdict.UNKNOWN
    assert "AWS documented ALB_ACCESS_LOGS, ALB_CONNECTION_LOGS, ALB_HEALTH_CHECK_LOGS when" in found[0].message
    assert 'did you mean "ALB_ACCESS_LOGS"' in found[0].message
