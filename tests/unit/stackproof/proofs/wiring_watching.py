"""What scales and watches that platform: policies, alarms, and who is told."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.unit.stackproof.proofs.network_support import att, ref, resource

if TYPE_CHECKING:
    from tests.unit.stackproof.proofs.network_support import Template

LABEL = {"Fn::Sub": "${Balancer.LoadBalancerFullName}/${Targets.TargetGroupFullName}"}
METRIC = "TargetTrackingScalingPolicyConfiguration.PredefinedMetricSpecification"


def tracking(metric: str, value: float, **specification: object) -> dict[str, Any]:
    """A target tracking policy."""
    return resource(
        "ApplicationAutoScaling::ScalingPolicy",
        PolicyName=metric,
        PolicyType="TargetTrackingScaling",
        ScalingTargetId=ref("Scaling"),
        TargetTrackingScalingPolicyConfiguration={
            "PredefinedMetricSpecification": {"PredefinedMetricType": metric, **specification},
            "TargetValue": value,
        },
    )


def alarm(namespace: str, metric: str, **dimensions: object) -> dict[str, Any]:
    """An alarm on one metric."""
    return resource(
        "CloudWatch::Alarm",
        Namespace=namespace,
        MetricName=metric,
        Dimensions=[{"Name": name, "Value": value} for name, value in dimensions.items()],
        Period=60,
        EvaluationPeriods=3,
        DatapointsToAlarm=2,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
    )


def scaling() -> Template:
    body = {
        "widgets": [
            {"type": "text", "properties": {"markdown": "hello"}},
            {
                "type": "metric",
                "properties": {
                    "metrics": [
                        ["AWS/ECS", "CPUUtilization", "ClusterName", "${Cluster}", "ServiceName", "${Service.Name}"],
                        [".", "MemoryUtilization", ".", ".", ".", "."],
                        ["...", {"stat": "Maximum"}],
                        [{"expression": "SUM(METRICS())"}],
                    ]
                },
            },
        ]
    }
    return {
        "Scaling": resource(
            "ApplicationAutoScaling::ScalableTarget",
            ServiceNamespace="ecs",
            ScalableDimension="ecs:service:DesiredCount",
            ResourceId={"Fn::Sub": "service/${Cluster}/${Service.Name}"},
            MinCapacity=2,
            MaxCapacity=10,
            ScheduledActions=[
                {
                    "ScheduledActionName": "exam",
                    "Schedule": "at(2027-03-01T07:00:00)",
                    "StartTime": "2027-03-01T00:00:00Z",
                    "EndTime": "2027-03-02T00:00:00Z",
                    "ScalableTargetAction": {"MinCapacity": 8},
                },
                {
                    "ScheduledActionName": "morning",
                    "Schedule": "cron(0 7 ? * MON-FRI *)",
                    "ScalableTargetAction": {"MinCapacity": 4, "MaxCapacity": 20},
                },
                {
                    "ScheduledActionName": "often",
                    "Schedule": "rate(5 minutes)",
                    "ScalableTargetAction": {"MaxCapacity": 5},
                },
            ],
        ),
        "Cpu": tracking("ECSServiceAverageCPUUtilization", 55),
        "Requests": tracking("ALBRequestCountPerTarget", 600, ResourceLabel=LABEL),
        "Predicted": resource(
            "ApplicationAutoScaling::ScalingPolicy",
            PolicyType="PredictiveScaling",
            ScalingTargetId=ref("Scaling"),
            PredictiveScalingPolicyConfiguration={"MetricSpecifications": []},
        ),
        "Instances": resource("AutoScaling::AutoScalingGroup", MinSize="1", MaxSize="3", DesiredCapacity="2"),
        "Unhealthy": alarm(
            "AWS/ApplicationELB",
            "UnHealthyHostCount",
            LoadBalancer=att("Balancer", "LoadBalancerFullName"),
            TargetGroup=att("Targets", "TargetGroupFullName"),
        ),
        "Busy": alarm("AWS/ECS", "CPUUtilization", ClusterName=ref("Cluster"), ServiceName="web"),
        "Full": resource(
            "CloudWatch::Alarm",
            EvaluationPeriods=3,
            Metrics=[
                {"Id": "all", "Expression": "MAX(METRICS())"},
                {
                    "Id": "one",
                    "ReturnData": False,
                    "MetricStat": {
                        "Period": 300,
                        "Stat": "Maximum",
                        "Metric": {
                            "Namespace": "AWS/ElastiCache",
                            "MetricName": "DatabaseMemoryUsagePercentage",
                            "Dimensions": [{"Name": "CacheClusterId", "Value": {"Fn::Sub": "${Cache}-002"}}],
                        },
                    },
                },
            ],
        ),
        "Board": resource("CloudWatch::Dashboard", DashboardBody={"Fn::Sub": json.dumps(body)}),
    }


def composite(rule: str, **properties: object) -> dict[str, Any]:
    """An alarm over others."""
    return resource("CloudWatch::CompositeAlarm", AlarmRule={"Fn::Sub": rule}, **properties)


def paging() -> Template:
    return {
        "Noticed": composite(
            'ALARM("${Busy}") OR NOT (OK(${ManyLines.Arn}) AND TRUE)', AlarmActions=["arn:aws:sns:x:1:topic"]
        ),
        "Told": composite("ALARM('${Noticed}')"),
        "Later": composite(
            'ALARM("${Busy}") OR INSUFFICIENT_DATA("${ManyLines}")',
            OKActions=["arn:aws:sns:x:1:topic"],
            ActionsSuppressor=att("Told", "Arn"),
            ActionsSuppressorWaitPeriod=60,
            ActionsSuppressorExtensionPeriod=60,
        ),
        "Lines": resource(
            "Logs::MetricFilter",
            LogGroupName=ref("Logs"),
            FilterPattern="?ERROR ?FATAL",
            MetricTransformations=[
                {
                    "MetricNamespace": {"Fn::Sub": "web/${AWS::StackName}"},
                    "MetricName": "Lines",
                    "MetricValue": "1",
                    "DefaultValue": 0,
                }
            ],
        ),
        "ManyLines": put_in(alarm("", "Lines"), Namespace={"Fn::Sub": "web/${AWS::StackName}"}),
    }


def put_in(found: dict[str, Any], **properties: object) -> dict[str, Any]:
    """A resource with other properties."""
    return {**found, "Properties": {**found["Properties"], **properties}}
