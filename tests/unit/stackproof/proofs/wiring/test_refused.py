"""What AWS refuses although every schema lets it pass: endpoints, databases, logs of a cache, names of log buckets."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest

from stackproof.proofs.meanings import meanings
from stackproof.proofs.model.system import model
from stackproof.proofs.resolve.stack import resolve
from stackproof.proofs.verdicts import Verdict
from stackproof.proofs.wiring.queries import prove
from tests.unit.stackproof.proofs.network_support import add, att, put, ref, resource

if TYPE_CHECKING:
    from collections.abc import Callable

    from stackproof.proofs.verdicts import Finding

    Change = Callable[[dict[str, Any]], None]

SERVICE = {"Fn::Sub": "com.amazonaws.${AWS::Region}.ecr.api"}
S3 = {"Fn::Sub": "com.amazonaws.${AWS::Region}.s3"}
LOGS = {"CloudWatchLogsDetails": {"LogGroup": ref("Logs")}}
RESOURCES = {
    "Vpc": resource("EC2::VPC", CidrBlock="10.0.0.0/16"),
    "Table": resource("EC2::RouteTable", VpcId=ref("Vpc")),
    "Subnet": resource("EC2::Subnet", VpcId=ref("Vpc"), CidrBlock="10.0.0.0/24"),
    "Interface": resource(
        "EC2::VPCEndpoint",
        VpcId=ref("Vpc"),
        VpcEndpointType="Interface",
        ServiceName=SERVICE,
        SubnetIds=[ref("Subnet")],
        PrivateDnsEnabled=True,
    ),
    "Gateway": resource("EC2::VPCEndpoint", VpcId=ref("Vpc"), ServiceName=S3, RouteTableIds=[ref("Table")]),
    "Cluster": resource(
        "RDS::DBCluster",
        Engine="aurora-postgresql",
        BackupRetentionPeriod=7,
        ServerlessV2ScalingConfiguration={"MinCapacity": 0.5, "MaxCapacity": "16"},
    ),
    "Secret": resource("SecretsManager::Secret"),
    "Attachment": resource(
        "SecretsManager::SecretTargetAttachment",
        SecretId=ref("Secret"),
        TargetId=ref("Cluster"),
        TargetType="AWS::RDS::DBCluster",
    ),
    "Logs": resource("Logs::LogGroup"),
    "Cache": resource(
        "ElastiCache::ReplicationGroup",
        LogDeliveryConfigurations=[
            {"DestinationType": "cloudwatch-logs", "DestinationDetails": LOGS, "LogType": "slow-log"}
        ],
    ),
}


def said(*changes: Change) -> list[Finding]:
    template: dict[str, Any] = {"Resources": copy.deepcopy(RESOURCES), "Parameters": {"Given": {"Type": "String"}}}
    for change in changes:
        change(template["Resources"])
    rules = {"wire-endpoint", "wire-database", "wire-cache-logs"}
    stack = resolve(template, region="sa-east-1", account="111122223333", stack_name="lms")
    return [one for one in prove(model(stack)) if one.id in rules]


def test_what_is_right_is_proved() -> None:
    found = said()
    assert {one.verdict for one in found} == {Verdict.PROVED}
    assert sorted((one.id, one.logical_id) for one in found) == [
        ("wire-cache-logs", "Cache"),
        ("wire-database", "Attachment"),
        ("wire-database", "Cluster"),
        ("wire-database", "Cluster"),
        ("wire-endpoint", "Gateway"),
        ("wire-endpoint", "Interface"),
    ]


@pytest.mark.parametrize(
    ("change", "rule", "owner", "path", "says"),
    [
        (
            put("Interface", "VpcEndpointType", "Gateway"),
            "wire-endpoint",
            "Interface",
            "VpcEndpointType",
            "EC2 refuses the endpoint: ecr.api has no gateway endpoint.",
        ),
        # Nothing said is Gateway.
        (
            put("Interface", "VpcEndpointType", None),
            "wire-endpoint",
            "Interface",
            "VpcEndpointType",
            "ecr.api has no gateway endpoint.",
        ),
        (
            put("Gateway", "PrivateDnsEnabled", True),
            "wire-endpoint",
            "Gateway",
            "PrivateDnsEnabled",
            "a gateway endpoint takes no PrivateDnsEnabled.",
        ),
        (
            put("Gateway", "SubnetIds", [ref("Subnet")]),
            "wire-endpoint",
            "Gateway",
            "SubnetIds",
            "a gateway endpoint takes no SubnetIds.",
        ),
        (
            put("Interface", "RouteTableIds", [ref("Table")]),
            "wire-endpoint",
            "Interface",
            "RouteTableIds",
            "an interface endpoint stands in subnets, not in route tables.",
        ),
        (
            put("Cluster", "ServerlessV2ScalingConfiguration.MinCapacity", 100),
            "wire-database",
            "Cluster",
            "ServerlessV2ScalingConfiguration.MinCapacity",
            "RDS refuses the cluster: MinCapacity 100 is above MaxCapacity 16.",
        ),
        (
            put("Cluster", "BackupRetentionPeriod", 0),
            "wire-database",
            "Cluster",
            "BackupRetentionPeriod",
            "RDS refuses the cluster: it keeps its backups for 1 to 35 days, not for 0.",
        ),
        (
            put("Cluster", "BackupRetentionPeriod", "36"),
            "wire-database",
            "Cluster",
            "BackupRetentionPeriod",
            "1 to 35 days, not for 36.",
        ),
        (
            put("Attachment", "TargetType", "AWS::RDS::DBInstance"),
            "wire-database",
            "Attachment",
            "TargetType",
            "CloudFormation refuses the attachment: Cluster is AWS::RDS::DBCluster, not AWS::RDS::DBInstance.",
        ),
        (
            put("Cache", "LogDeliveryConfigurations.0.DestinationType", "kinesis-firehose"),
            "wire-cache-logs",
            "Cache",
            "LogDeliveryConfigurations.0.DestinationType",
            "a log that goes to kinesis-firehose has KinesisFirehoseDetails, and CloudWatchLogsDetails is given.",
        ),
        (
            put("Cache", "LogDeliveryConfigurations.0.DestinationDetails", {}),
            "wire-cache-logs",
            "Cache",
            "LogDeliveryConfigurations.0.DestinationType",
            "has CloudWatchLogsDetails, and nothing is given.",
        ),
    ],
)
def test_what_aws_refuses_is_named(change: Change, rule: str, owner: str, path: str, says: str) -> None:
    (found,) = (one for one in said(change) if one.verdict is not Verdict.PROVED)
    assert (found.id, found.verdict, found.logical_id) == (rule, Verdict.BROKEN, owner)
    assert found.path == f"Properties.{path}"
    assert says in found.message


@pytest.mark.parametrize(
    "change",
    [
        put("Interface", "VpcEndpointType", ref("Given")),
        put("Interface", "ServiceName", "com.example.theirs"),
        put("Gateway", "PrivateDnsEnabled", False),
        put("Gateway", "ServiceName", {"Fn::Sub": "com.amazonaws.${AWS::Region}.s3express"}),
        put("Cluster", "BackupRetentionPeriod", ref("Given")),
        put("Cluster", "ServerlessV2ScalingConfiguration", None),
        put("Cluster", "ServerlessV2ScalingConfiguration.MinCapacity", ref("Given")),
        put("Attachment", "TargetId", "main"),
        put("Attachment", "TargetType", ref("Given")),
        put("Cache", "LogDeliveryConfigurations", None),
        put("Cache", "LogDeliveryConfigurations.0.DestinationType", ref("Given")),
        put("Cache", "LogDeliveryConfigurations.0.DestinationDetails", ref("Given")),
        add(Other=resource("EC2::VPCEndpoint", VpcId="vpc-1", VpcEndpointType="GatewayLoadBalancer", ServiceName="x")),
    ],
)
def test_what_may_be_right_is_not_called_wrong(change: Change) -> None:
    assert [str(one) for one in said(change) if one.verdict is not Verdict.PROVED] == []


@pytest.mark.parametrize("key", ["access_logs.s3.bucket", "connection_logs.s3.bucket"])
def test_a_balancer_wants_the_name_of_its_log_bucket(key: str) -> None:
    def judged(value: object, name: str = key) -> list[Finding]:
        attributes = [{"Key": "idle_timeout.timeout_seconds", "Value": "60"}, {"Key": name, "Value": value}]
        balancer = resource("ElasticLoadBalancingV2::LoadBalancer", LoadBalancerAttributes=attributes)
        stack = resolve({"Resources": {"Bucket": resource("S3::Bucket"), "Balancer": balancer}})
        return [one for one in meanings(stack) if one.verdict is Verdict.BROKEN]

    (found,) = judged(att("Bucket", "Arn"))
    assert (found.id, found.logical_id) == ("ref-meaning", "Balancer")
    assert found.path == "Properties.LoadBalancerAttributes.1.Value"
    assert "wants the name, but" in found.message
    assert found.fix == "Write Ref Bucket."
    assert judged(ref("Bucket")) == []
    assert judged(att("Bucket", "Arn"), "routing.http.x") == []
