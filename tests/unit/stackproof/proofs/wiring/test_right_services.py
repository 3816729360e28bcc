"""Services, balancers and deployments that are right, however they are spelled: not a word about them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.unit.stackproof.proofs.network_support import add, att, put, ref, resource, without
from tests.unit.stackproof.proofs.wiring_support import blue_green, changed, complaints, forgets, waits
from tests.unit.stackproof.proofs.wiring_watching import METRIC

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.stackproof.proofs.network_support import Template

WEB = "ContainerDefinitions.0"
OPTIONS = f"{WEB}.LogConfiguration.Options"
CONFIG = "DeploymentConfiguration"
EFS = "Volumes.0.EFSVolumeConfiguration"
REDIRECT = "DefaultActions.0.RedirectConfig"
NAMED = {"Fn::Sub": "arn:aws:ecs:${AWS::Region}:${AWS::AccountId}:cluster/web"}


def metadata(name: str, *others: str) -> Callable[[Template], None]:
    """Let a resource wait by references in its metadata instead of by DependsOn."""

    def change(resources: Template) -> None:
        resources[name]["DependsOn"] = []
        resources[name]["Metadata"] = {"WaitsFor": [ref(other) for other in others]}

    return change


RIGHT: dict[str, list[Callable[[Template], None]]] = {
    "nothing": [],
    "an unrelated resource": [add(More=resource("SNS::Topic"))],
    "tags": [put("Service", "Tags", [{"Key": "a", "Value": "b"}])],
    "numbers as text": [
        put("Service", "LoadBalancers.0.ContainerPort", "8080"),
        put("Scaling", "MinCapacity", "2"),
        put("Task", f"{WEB}.StopTimeout", "60"),
    ],
    "another port of the target group, which ECS overrides": [put("Targets", "Port", 8080)],
    "order by metadata": [
        metadata("Service", "Secure", "Mount1", "Mount2", "Capacity", "TaskPolicy", "StarterPolicy"),
        metadata("Balancer", "Route", "LogBucketPolicy"),
    ],
    "order through a third": [
        waits("Service", "Rule", "Mount2", "Capacity", "TaskPolicy", "StarterPolicy"),
        waits("Mount2", "Mount1"),
    ],
    "order by a rule": [
        put("Secure", "DefaultActions", [{"Type": "fixed-response"}]),
        waits("Service", "Rule", "Mount1", "Mount2", "Capacity", "TaskPolicy", "StarterPolicy"),
    ],
    "resource id by Join": [
        put("Scaling", "ResourceId", {"Fn::Join": ["/", ["service", ref("Cluster"), att("Service", "Name")]]})
    ],
    "resource id by names": [
        put("Cluster", "ClusterName", "main"),
        put("Scaling", "ResourceId", "service/main/web"),
        waits("Scaling", "Service"),
    ],
    "cluster by ARN": [
        put("Service", "Cluster", att("Cluster", "Arn")),
        put("Capacity", "Cluster", att("Cluster", "Arn")),
    ],
    "cluster of somebody else": [
        without("Cluster", "Capacity", "Board"),
        put("Service", "Cluster", NAMED),
        put("Scaling", "ResourceId", {"Fn::Sub": "service/web/${Service.Name}"}),
        put("Busy", "Dimensions.0.Value", "web"),
        forgets("Service", "Capacity"),
    ],
    "dimensions by text": [put("Cluster", "ClusterName", "main"), put("Busy", "Dimensions.0.Value", "main")],
    "full name by text": [
        put("Errors", "Dimensions.0.Value", {"Fn::Join": ["", [att("Balancer", "LoadBalancerFullName")]]})
    ],
    "policy by resource id": [
        put("Cpu", "ScalingTargetId", None),
        put("Cpu", "ResourceId", {"Fn::Sub": "service/${Cluster}/web"}),
        put("Cpu", "ScalableDimension", "ecs:service:DesiredCount"),
        waits("Cpu", "Scaling"),
    ],
    "policy of somebody else's target": [
        put("Cpu", "ScalingTargetId", None),
        put("Cpu", "ResourceId", "service/other/other"),
        put("Cpu", "ServiceNamespace", "ecs"),
    ],
    "policy by the target's ARN": [put("Cpu", "ScalingTargetId", "arn:aws:x")],
    "policy of a type that nobody knows": [put("Cpu", "PolicyType", ref("Given"))],
    "a metric of one's own": [
        put("Cpu", f"{METRIC}.PredefinedMetricType", None),
        put("Cpu", "TargetTrackingScalingPolicyConfiguration.CustomizedMetricSpecification", {"Expression": "1"}),
    ],
    "a table that scales": [
        add(
            Table2=resource(
                "ApplicationAutoScaling::ScalableTarget",
                ServiceNamespace="dynamodb",
                ScalableDimension="dynamodb:table:ReadCapacityUnits",
                ResourceId="table/x",
                MinCapacity=1,
                MaxCapacity=2,
            )
        )
    ],
    "one listener without redirect": [without("Plain")],
    "redirect to another host": [
        put("Plain", f"{REDIRECT}.Host", "example.org"),
        put("Plain", f"{REDIRECT}.Port", "1"),
    ],
    "redirect to another path": [put("Plain", REDIRECT, {"Path": "/x"})],
    "redirect to a port that nobody knows": [put("Plain", f"{REDIRECT}.Port", ref("Given"))],
    "a listener that nobody knows": [put("Plain", "Port", ref("Given"))],
    "listeners of somebody else": [
        add(
            Theirs=resource(
                "ElasticLoadBalancingV2::Listener",
                LoadBalancerArn="arn:aws:x",
                Port=80,
                Protocol="HTTP",
                DefaultActions=[],
            ),
            TheirRule=resource("ElasticLoadBalancingV2::ListenerRule", ListenerArn="arn:aws:x", Priority=1, Actions=[]),
        )
    ],
    "a group behind somebody else's listener": [
        add(
            More=resource("ElasticLoadBalancingV2::TargetGroup", Protocol="TCP"),
            MoreRule=resource(
                "ElasticLoadBalancingV2::ListenerRule",
                ListenerArn="arn:aws:x",
                Priority=1,
                Actions=[{"Type": "forward", "TargetGroupArn": ref("More")}],
            ),
        )
    ],
    "somebody else's target group": [
        put("Service", "LoadBalancers.0.TargetGroupArn", "arn:aws:x"),
        forgets("Service", "Secure"),
        waits("Requests", "Secure"),
    ],
    "a target group made by somebody else's resource": [
        add(Made=resource("CloudFormation::CustomResource", ServiceToken="arn:aws:x")),
        put("Service", "LoadBalancers.0.TargetGroupArn", ref("Made")),
        forgets("Service", "Secure"),
        waits("Requests", "Secure"),
    ],
    "a worker of somebody else's task definition": [
        put("Service", "TaskDefinition", ref("Given")),
        put("Service", "LoadBalancers", None),
        put("Service", "ServiceRegistries", None),
        put("Service", "ServiceConnectConfiguration", None),
        forgets("Service", "Secure"),
    ],
    "the address alone in service discovery": [put("Service", "ServiceRegistries.0.ContainerName", None)],
    "a registry without a port": [put("Service", "ServiceRegistries.0.ContainerPort", None)],
    "a group made by the driver": [
        put("Task", f"{OPTIONS}.awslogs-group", "/web"),
        put("Task", f"{OPTIONS}.awslogs-create-group", "true"),
    ],
    "a group by its name": [put("Logs", "LogGroupName", "/web"), put("Task", f"{OPTIONS}.awslogs-group", "/web")],
    "another log driver": [put("Task", f"{WEB}.LogConfiguration", {"LogDriver": "awsfirelens"})],
    "the group's region left out": [put("Task", f"{OPTIONS}.awslogs-region", None)],
    "a container whose name nobody knows": [put("Task", "ContainerDefinitions.1.Name", ref("Given"))],
    "a volume without an access point": [put("Task", EFS, {"FilesystemId": ref("Files")})],
    "a volume of the task's own": [
        put("Task", "Volumes.0", {"Name": "files"}),
        forgets("Service", "Mount1", "Mount2"),
    ],
    "somebody else's access point": [put("Task", f"{EFS}.AuthorizationConfig.AccessPointId", "fsap-1")],
    "the access point's root": [put("Task", f"{EFS}.RootDirectory", "/")],
    "mount points that nobody knows": [put("Task", f"{WEB}.MountPoints", ref("Listed"))],
    "somebody else's file system": [
        put("Task", f"{EFS}.FilesystemId", "fs-1"),
        put("Point", "FileSystemId", "fs-1"),
        forgets("Service", "Mount1", "Mount2"),
    ],
    "sizes with units": [put("Task", "Cpu", ".25 vCPU"), put("Task", "Memory", "1GB")],
    "no Spot": [
        put("Service", "CapacityProviderStrategy.1.Weight", 0),
        put("Targets", "TargetGroupAttributes", None),
    ],
    "the cluster's own providers": [
        put("Cluster", "CapacityProviders", ["FARGATE", "FARGATE_SPOT"]),
        put("Capacity", "CapacityProviders", []),
    ],
    "the cluster's default strategy": [put("Service", "CapacityProviderStrategy", None)],
    "one provider without a weight": [
        put("Service", "CapacityProviderStrategy", [{"CapacityProvider": "FARGATE"}]),
    ],
    "a launch type": [
        put("Service", "CapacityProviderStrategy", None),
        put("Service", "LaunchType", "FARGATE"),
        forgets("Service", "Capacity"),
    ],
    "instances": [
        put("Service", "CapacityProviderStrategy", None),
        put("Service", "LaunchType", "EC2"),
        put("Task", "RequiresCompatibilities", ["EC2"]),
        put("Task", f"{WEB}.StopTimeout", 600),
        put("Task", "Memory", None),
        put("Task", "Cpu", None),
    ],
    "blue/green": [*blue_green(), without("Requests")],
    "blue/green by a network balancer": [
        *blue_green(),
        without("Requests", "Plain", "Rule", "Unhealthy", "Errors"),
        put("Balancer", "Type", "network"),
        put("Secure", "Protocol", "TCP"),
        put("Service", "LoadBalancers.0.AdvancedConfiguration.ProductionListenerRule", ref("Secure")),
        put("Service", f"{CONFIG}.Alarms", None),
        put("AclOfBalancer", "ResourceArn", "arn:aws:x"),
    ],
    "blue/green by somebody else's rule": [
        *blue_green(),
        without("Requests"),
        put("Service", "LoadBalancers.0.AdvancedConfiguration.ProductionListenerRule", "arn:aws:x"),
    ],
    "blue/green by a rule that forwards nowhere": [
        *blue_green(),
        without("Requests"),
        put("Rule", "Actions", [{"Type": "fixed-response"}]),
    ],
    "blue/green by a resource that is no rule": [
        *blue_green(),
        without("Requests"),
        add(Made=resource("CloudFormation::CustomResource", ServiceToken="arn:aws:x")),
        put("Service", "LoadBalancers.0.AdvancedConfiguration.ProductionListenerRule", ref("Made")),
    ],
    "canary by its defaults": [*blue_green(), without("Requests"), put("Service", f"{CONFIG}.Strategy", "CANARY")],
    "a strategy that nobody knows": [put("Service", f"{CONFIG}.Strategy", ref("Given"))],
    "a controller that nobody knows": [put("Service", "DeploymentController", {"Type": ref("Given")})],
    "deployment alarms off": [put("Service", f"{CONFIG}.Alarms", {"Enable": False, "AlarmNames": []})],
    "a hook that waits": [
        put("Service", f"{CONFIG}.LifecycleHooks", [{"TargetType": "PAUSE"}, {"HookTargetArn": "arn:aws:lambda:x"}])
    ],
    "a daemon": [
        put("Service", "SchedulingStrategy", "DAEMON"),
        put("Service", "CapacityProviderStrategy", None),
        put("Service", "LaunchType", "EC2"),
        put("Service", CONFIG, None),
        put("Service", "AvailabilityZoneRebalancing", None),
        put("Task", "RequiresCompatibilities", ["EC2"]),
        without("Scaling", "Cpu", "Requests", "Predicted"),
    ],
    "one task at a time": [
        put("Service", f"{CONFIG}.MinimumHealthyPercent", 0),
        put("Service", f"{CONFIG}.MaximumPercent", 100),
        put("Service", "AvailabilityZoneRebalancing", "DISABLED"),
    ],
    "no listener checks": [put("Targets", "Protocol", "TCP")],
}


@pytest.mark.parametrize("changes", RIGHT.values(), ids=RIGHT)
def test_what_is_right_is_not_complained_about(changes: list[Callable[[Template], None]]) -> None:
    assert [str(one) for one in complaints(changed(*changes))] == []
