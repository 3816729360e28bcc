"""Alarms, dashboards and orders: one fault each."""

from __future__ import annotations

import pytest

from stackproof.proofs.verdicts import Verdict
from tests.unit.stackproof.proofs.network_support import add, att, put, ref, resource
from tests.unit.stackproof.proofs.wiring_support import Fault, changed, complaints, forgets, only, waits
from tests.unit.stackproof.proofs.wiring_watching import alarm

DIMENSIONS = "Properties.Dimensions"
NODE = "Properties.Metrics.1.MetricStat.Metric.Dimensions.0.Value"

FAULTS: dict[str, Fault] = {
    "ARN for a full name": (
        [put("Errors", "Dimensions.0.Value", ref("Balancer"))],
        "wire-alarm",
        "Errors",
        f"{DIMENSIONS}.0.Value",
        (
            "LoadBalancer is the full name of AWS::ElasticLoadBalancingV2::LoadBalancer, while ${Balancer} is the ARN"
            " of Balancer (AWS::ElasticLoadBalancingV2::LoadBalancer): the metric stays without data. Give the full"
            " name of AWS::ElasticLoadBalancingV2::LoadBalancer, by GetAtt LoadBalancerFullName."
        ),
    ),
    "another thing": (
        [put("Busy", "Dimensions.0.Value", ref("LogBucket"))],
        "wire-alarm",
        "Busy",
        f"{DIMENSIONS}.0.Value",
        "ClusterName is the name of AWS::ECS::Cluster, while ${LogBucket} is the name of LogBucket",
    ),
    "literal ARN": (
        [put("Busy", "Dimensions.0.Value", {"Fn::Sub": "arn:aws:ecs:${AWS::Region}:1:cluster/web"})],
        "wire-alarm",
        "Busy",
        f"{DIMENSIONS}.0.Value",
        "is an ARN",
    ),
    "part of an ARN": (
        [put("Errors", "Dimensions.0.Value", {"Fn::Sub": "loadbalancer/${Balancer.LoadBalancerFullName}"})],
        "wire-alarm",
        "Errors",
        f"{DIMENSIONS}.0.Value",
        "is a part of its ARN with loadbalancer/ in front",
    ),
    "no such service": (
        [put("Busy", "Dimensions.1.Value", "wbe")],
        "wire-alarm",
        "Busy",
        f"{DIMENSIONS}.1.Value",
        "The cluster Cluster of this template has no service called wbe",
    ),
    "dimension left out": (
        [put("Unhealthy", "Dimensions.1", {"Name": "AvailabilityZone", "Value": "sa-east-1a"})],
        "wire-alarm",
        "Unhealthy",
        "Properties",
        "AWS/ApplicationELB has no metric UnHealthyHostCount without TargetGroup",
    ),
    "another cluster": (
        [add(Other=resource("ECS::Cluster")), put("Busy", "Dimensions.0.Value", ref("Other"))],
        "wire-alarm",
        "Busy",
        f"{DIMENSIONS}.0.Value",
        "Service does not run in the cluster ${Other}",
    ),
    "another balancer": (
        [
            add(Other=resource("ElasticLoadBalancingV2::LoadBalancer", Scheme="internal")),
            put("Unhealthy", "Dimensions.0.Value", att("Other", "LoadBalancerFullName")),
        ],
        "wire-alarm",
        "Unhealthy",
        f"{DIMENSIONS}.0.Value",
        "Other does not forward to Targets: the metric stays without data. Name Balancer, which does.",
    ),
    "no such node": (
        [
            put("Cache", "NumCacheClusters", 1),
            put("Cache", "AutomaticFailoverEnabled", False),
            put("Cache", "MultiAZEnabled", False),
        ],
        "wire-alarm",
        "Full",
        NODE,
        "Cache has no node called ${Cache}-002",
    ),
    "the group for a node": (
        [put("Full", "Metrics.1.MetricStat.Metric.Dimensions.0.Value", ref("Cache"))],
        "wire-alarm",
        "Full",
        NODE,
        "Cache has no node called ${Cache}: the metric stays without data. Name one of its 2 nodes",
    ),
    "more points than periods": (
        [put("Busy", "DatapointsToAlarm", 4)],
        "wire-alarm-period",
        "Busy",
        "Properties.DatapointsToAlarm",
        "4 of 3 data points can never be bad",
    ),
    "longer than a day": (
        [put("Busy", "EvaluationPeriods", 1441)],
        "wire-alarm-period",
        "Busy",
        "Properties.EvaluationPeriods",
        "1441 periods of 60 s are longer than 1 day.",
    ),
    "longer than a week": (
        [put("Busy", "Period", 86400), put("Busy", "EvaluationPeriods", 8)],
        "wire-alarm-period",
        "Busy",
        "Properties.EvaluationPeriods",
        "8 periods of 86400 s are longer than 7 days",
    ),
    "dashboard's ARN": (
        [
            put(
                "Board",
                "DashboardBody",
                {
                    "Fn::Sub": '{"widgets": [{"properties": {"metrics":'
                    ' [["AWS/ECS", "CPUUtilization", "ClusterName", "${Cluster.Arn}"]]}}]}'
                },
            )
        ],
        "wire-dashboard",
        "Board",
        "Properties.DashboardBody.widgets.0.properties.metrics.0",
        "while ${Cluster.Arn} is the ARN of Cluster",
    ),
    "dashboard is no JSON": (
        [put("Board", "DashboardBody", '{"widgets": [}')],
        "wire-dashboard",
        "Board",
        "Properties.DashboardBody",
        "CloudWatch refuses the dashboard: its body is no JSON (Expecting value: line 1 column 14 (char 13)).",
    ),
    "listener": (
        [forgets("Service", "Secure")],
        "wire-order-listener",
        "Service",
        "DependsOn",
        (
            "nothing in Service waits for Secure: ECS refuses it, since Targets hangs on no listener yet. Add Secure to"
            " DependsOn of Service"
        ),
    ),
    "mount target": (
        [forgets("Service", "Mount2")],
        "wire-order-mount",
        "Service",
        "DependsOn",
        "waits for Mount2: tasks in its zone cannot mount Files yet, and fail",
    ),
    "task's policy": (
        [forgets("Service", "TaskPolicy")],
        "wire-order-policy",
        "Service",
        "DependsOn",
        "waits for TaskPolicy: its first tasks start while TaskRole is not allowed to do its work yet",
    ),
    "starter's policy": (
        [forgets("Service", "StarterPolicy")],
        "wire-order-policy",
        "Service",
        "DependsOn",
        "waits for StarterPolicy: its first tasks start while Starter",
    ),
    "capacity": (
        [forgets("Service", "Capacity")],
        "wire-order-capacity",
        "Service",
        "DependsOn",
        "waits for Capacity: ECS refuses it, since the cluster does not know the capacity providers yet",
    ),
    "default capacity": (
        [forgets("Service", "Capacity"), put("Service", "CapacityProviderStrategy", None)],
        "wire-order-capacity",
        "Service",
        "DependsOn",
        "waits for Capacity",
    ),
    "public route": (
        [waits("Route"), waits("Balancer", "Attachment", "LogBucketPolicy"), waits("Nat", "Attachment")],
        "wire-order-gateway",
        "Route",
        "DependsOn",
        "EC2 refuses the route, since Gateway is attached to no VPC yet",
    ),
    "public address": (
        [waits("Address")],
        "wire-order-gateway",
        "Address",
        "DependsOn",
        "EC2 refuses the address, since the VPC has no internet gateway yet",
    ),
    "public balancer": (
        [waits("Balancer", "LogBucketPolicy")],
        "wire-order-gateway",
        "Balancer",
        "DependsOn",
        "Elastic Load Balancing refuses a public balancer, since the VPC has no internet gateway yet",
    ),
    "log bucket": (
        [forgets("Balancer", "LogBucketPolicy")],
        "wire-order-bucket",
        "Balancer",
        "DependsOn",
        "it may not write its logs to LogBucket yet",
    ),
    "scaled service": (
        [put("Scaling", "ResourceId", {"Fn::Sub": "service/${Cluster}/web"}), waits("Requests", "Secure")],
        "wire-order-scaling",
        "Scaling",
        "DependsOn",
        "waits for Service: Application Auto Scaling refuses it, since there is no such service yet",
    ),
    "policy's target": (
        [
            put("Cpu", "ScalingTargetId", None),
            put("Cpu", "ResourceId", {"Fn::Sub": "service/${Cluster}/${Service.Name}"}),
            put("Cpu", "ScalableDimension", "ecs:service:DesiredCount"),
        ],
        "wire-order-scaling",
        "Cpu",
        "DependsOn",
        "waits for Scaling: Application Auto Scaling refuses it, since nothing is registered to scale yet",
    ),
    "function's policy": (
        [waits("Reading")],
        "wire-order-policy",
        "Reading",
        "DependsOn",
        "waits for ReaderPolicy: Lambda refuses it, since ReaderRole may not read from it yet",
    ),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_fault_is_found_where_it_is(fault: Fault) -> None:
    only(fault)


def test_an_alarm_names_a_vault_of_backups() -> None:
    vault = resource("Backup::BackupVault", BackupVaultName="lms")
    right = alarm("AWS/Backup", "NumberOfBackupJobsFailed", BackupVaultName=ref("Vault"))
    assert complaints(changed(add(Vault=vault, Odd=right))) == []
    wrong = alarm("AWS/Backup", "NumberOfBackupJobsFailed", BackupVaultName=att("Vault", "BackupVaultArn"))
    (found,) = complaints(changed(add(Vault=vault, Odd=wrong)))
    assert (found.id, found.verdict, found.logical_id) == ("wire-alarm", Verdict.BROKEN, "Odd")
