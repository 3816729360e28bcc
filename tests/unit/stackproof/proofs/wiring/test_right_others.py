"""Scaling, alarms, stores, gateways and orders that are right, however they are spelled: not a word about them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.unit.stackproof.proofs.network_support import add, att, put, ref, resource, without
from tests.unit.stackproof.proofs.wiring_support import changed, complaints, forgets, waits
from tests.unit.stackproof.proofs.wiring_watching import alarm

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.stackproof.proofs.network_support import Template

DASHBOARD = '{"widgets": [{"properties": {"metrics": [["AWS/ECS", "CPUUtilization", "ClusterName", "web"]]}}]}'


RIGHT: dict[str, list[Callable[[Template], None]]] = {
    "schedules that nobody knows": [
        put("Scaling", "ScheduledActions.0.Schedule", ref("Given")),
        put("Scaling", "ScheduledActions.0.ScalableTargetAction.MinCapacity", ref("Given")),
        put("Scaling", "ScheduledActions.0.StartTime", "next Monday"),
    ],
    "an exact time in another zone": [
        put("Scaling", "ScheduledActions.0.Schedule", "at(2027-03-02T01:00:00)"),
        put("Scaling", "ScheduledActions.0.Timezone", "America/Sao_Paulo"),
    ],
    "instances that nobody counts": [put("Instances", "MinSize", ref("Given"))],
    "instances without a number": [put("Instances", "DesiredCapacity", None)],
    "alarms on what the template does not have": [
        add(
            Theirs=alarm("AWS/RDS", "CPUUtilization", DBInstanceIdentifier="main"),
            Own=alarm("Web", "Logins", Site="main"),
            Node=alarm("AWS/ElastiCache", "CPUUtilization", CacheClusterId="main-001"),
            Given=alarm("AWS/ECS", "CPUUtilization", ClusterName=ref("Given")),
        )
    ],
    "an alarm on a nested stack's": [
        add(
            Nested=resource("CloudFormation::Stack", TemplateURL="x"),
            Their=alarm("AWS/ECS", "CPUUtilization", ClusterName=att("Nested", "Outputs.Cluster")),
        )
    ],
    "an alarm on shards": [put("Cache", "NumCacheClusters", None)],
    "a group behind nobody": [
        add(
            Alone=resource("ElasticLoadBalancingV2::TargetGroup"),
            Lonely=alarm(
                "AWS/ApplicationELB",
                "HealthyHostCount",
                LoadBalancer=att("Balancer", "LoadBalancerFullName"),
                TargetGroup=att("Alone", "TargetGroupFullName"),
            ),
        )
    ],
    "metrics by parameter": [put("Busy", "Namespace", ref("Given")), put("Errors", "MetricName", ref("Given"))],
    "queries that nobody knows": [put("Full", "Metrics.1.MetricStat.Metric", ref("Given"))],
    "periods by parameter": [put("Busy", "Period", ref("Given")), put("Errors", "DatapointsToAlarm", None)],
    "dashboard of text": [put("Board", "DashboardBody", '{"widgets": [{"type": "text"}, 1]}')],
    "dashboard of nothing": [put("Board", "DashboardBody", "[]")],
    "dashboard by name": [put("Cluster", "ClusterName", "web"), put("Board", "DashboardBody", DASHBOARD)],
    "redis": [
        put("Cache", "Engine", None),
        put("Cache", "EngineVersion", "7.1"),
        put("CacheParameters", "CacheParameterGroupFamily", "redis7"),
        put("CacheUsers", "Engine", "redis"),
        put("CacheUser", "Engine", "redis"),
    ],
    "a cache of one node": [
        put("Cache", "NumCacheClusters", 1),
        put("Cache", "AutomaticFailoverEnabled", False),
        put("Cache", "MultiAZEnabled", False),
        without("Full"),
    ],
    "a cache with a token": [
        put("Cache", "UserGroupIds", None),
        put("Cache", "AuthToken", "{{resolve:secretsmanager:cache}}"),
    ],
    "AWS's own parameter group": [put("Cache", "CacheParameterGroupName", "default.valkey8")],
    "no version": [put("Cache", "EngineVersion", None)],
    "users by parameter": [put("CacheUsers", "UserIds", ref("Listed"))],
    "users of somebody else": [
        put("CacheUsers", "Engine", "redis"),
        put("CacheUsers", "UserIds", ["default", "other"]),
    ],
    "regional NAT": [
        put("Nat", "AvailabilityMode", "regional"),
        put("Nat", "SubnetId", None),
        put("Nat", "AllocationId", None),
        put("Nat", "VpcId", ref("Vpc")),
    ],
    "private NAT": [put("Nat", "ConnectivityType", "private"), put("Nat", "AllocationId", None), waits("Nat")],
    "a web ACL of somebody else": [put("AclOfBalancer", "WebACLArn", "arn:aws:x")],
    "logs to a bucket": [
        put("LogBucket", "BucketName", "aws-waf-logs-web"),
        put("AclLogging", "LogDestinationConfigs", [att("LogBucket", "Arn"), ref("Given")]),
    ],
    "a private balancer": [put("Balancer", "Scheme", "internal"), waits("Balancer", "LogBucketPolicy")],
    "a public balancer in somebody else's VPC": [
        put("Balancer", "Subnets", ["subnet-1"]),
        waits("Balancer", "LogBucketPolicy"),
    ],
    "somebody else's gateway": [
        without("Attachment", "Gateway"),
        put("Route", "GatewayId", "igw-1"),
        waits("Route"),
        waits("Address"),
    ],
    "no access logs": [
        put("Balancer", "LoadBalancerAttributes.0.Value", "false"),
        forgets("Balancer", "LogBucketPolicy"),
    ],
    "logs to somebody else's bucket": [
        put("Balancer", "LoadBalancerAttributes.1.Value", "theirs"),
        forgets("Balancer", "LogBucketPolicy"),
    ],
    "a bucket without a policy": [without("LogBucketPolicy"), forgets("Balancer", "LogBucketPolicy")],
    "a policy for somebody else's bucket": [
        add(Theirs=resource("S3::BucketPolicy", Bucket="theirs", PolicyDocument={"Statement": []}))
    ],
    "a policy that names the service": [
        put(
            "TaskPolicy", "PolicyDocument", {"Statement": [{"Action": "ecs:UpdateService", "Resource": ref("Service")}]}
        ),
        forgets("Service", "TaskPolicy"),
    ],
    "a policy that may not be there": [
        lambda resources: resources["TaskPolicy"].update(Condition="Maybe"),
        forgets("Service", "TaskPolicy"),
    ],
    "a policy for another role": [
        put("TaskPolicy", "Roles", ["other"]),
        forgets("Service", "TaskPolicy"),
    ],
    "a function's policy for something else": [
        put("ReaderPolicy", "PolicyDocument", {"Statement": [{"Action": "logs:PutLogEvents"}]}),
        waits("Reading"),
    ],
    "a queue of somebody else": [put("Reading", "EventSourceArn", "arn:aws:sqs:x"), waits("Reading")],
    "a function of somebody else": [put("Reading", "FunctionName", "theirs"), waits("Reading")],
    "an instance in somebody else's subnet": [put("Machine", "SubnetId", "subnet-1"), waits("Address")],
}


@pytest.mark.parametrize("changes", RIGHT.values(), ids=RIGHT)
def test_what_is_right_is_not_complained_about(changes: list[Callable[[Template], None]]) -> None:
    assert [str(one) for one in complaints(changed(*changes))] == []
