"""Balancers, capacity and deployments: one fault each."""

from __future__ import annotations

import pytest

from tests.unit.stackproof.proofs.network_support import add, att, put, ref, resource, without
from tests.unit.stackproof.proofs.wiring_support import Fault, blue_green, forgets, only

WEB = "ContainerDefinitions.0"
CONFIG = "DeploymentConfiguration"
REDIRECT = "DefaultActions.0.RedirectConfig"
ADVANCED = "LoadBalancers.0.AdvancedConfiguration"

FAULTS: dict[str, Fault] = {
    "attached nowhere": (
        [put("Secure", "DefaultActions", [{"Type": "fixed-response"}]), without("Rule"), forgets("Service", "Secure")],
        "wire-listener",
        "Targets",
        "",
        "no listener and no rule forwards to the target group Targets",
    ),
    "port taken": (
        [put("Plain", "Port", 443), put("Plain", REDIRECT + ".Path", "/x")],
        "wire-listener",
        "Plain",
        "Properties.Port",
        "Secure already listens on port 443 of Balancer",
    ),
    "priority taken": (
        [
            add(
                Again=resource(
                    "ElasticLoadBalancingV2::ListenerRule", ListenerArn=ref("Secure"), Priority="1", Actions=[]
                )
            )
        ],
        "wire-listener",
        "Again",
        "Properties.Priority",
        "Rule already has priority 1 of Secure",
    ),
    "two balancers": (
        [
            add(
                Other=resource("ElasticLoadBalancingV2::LoadBalancer", Scheme="internal"),
                OtherListener=resource(
                    "ElasticLoadBalancingV2::Listener",
                    LoadBalancerArn=ref("Other"),
                    Port=80,
                    Protocol="HTTP",
                    DefaultActions=[
                        {"Type": "forward", "ForwardConfig": {"TargetGroups": [{"TargetGroupArn": ref("Targets")}]}}
                    ],
                ),
            )
        ],
        "wire-listener",
        "Targets",
        "",
        "Balancer and Other forward to Targets",
    ),
    "protocol of an application balancer": (
        [put("Secure", "Protocol", "TCP"), put("Plain", REDIRECT + ".Protocol", "TCP")],
        "wire-listener",
        "Secure",
        "Properties.Protocol",
        "a balancer of type application, which does not listen for TCP. Take HTTP or HTTPS.",
    ),
    "protocol of a network balancer": (
        [
            put("Balancer", "Type", "network"),
            put("Secure", "Protocol", "TLS"),
            put("Plain", REDIRECT + ".Protocol", "TLS"),
        ],
        "wire-listener",
        "Plain",
        "Properties.Protocol",
        "does not listen for HTTP. Take TCP, TLS, UDP or TCP_UDP.",
    ),
    "redirect to itself": (
        [put("Plain", REDIRECT, {"StatusCode": "HTTP_301"})],
        "wire-redirect",
        "Plain",
        f"Properties.{REDIRECT}",
        "Plain sends every request for HTTP on port 80 to the same address again",
    ),
    "redirect to the wrong protocol": (
        [put("Plain", REDIRECT, {"Port": "443"})],
        "wire-redirect",
        "Plain",
        f"Properties.{REDIRECT}",
        "to port 443 with HTTP, where Secure speaks HTTPS",
    ),
    "redirect to nobody": (
        [put("Plain", REDIRECT + ".Port", "8443")],
        "wire-redirect",
        "Plain",
        f"Properties.{REDIRECT}",
        "sent to port 8443 of Balancer, where nothing listens",
    ),
    "health check too slow": (
        [put("Targets", "HealthCheckTimeoutSeconds", 15)],
        "wire-health-times",
        "Targets",
        "Properties.HealthCheckTimeoutSeconds",
        "a check may take 15 s, while the next begins after 15 s",
    ),
    "container check": (
        [put("Task", f"{WEB}.HealthCheck.StartPeriod", 301)],
        "wire-health-times",
        "Task",
        "Properties.ContainerDefinitions.0.HealthCheck.StartPeriod",
        "StartPeriod of the check of web is 301, and 0 to 300 is allowed",
    ),
    "launch type as well": (
        [put("Service", "LaunchType", "FARGATE")],
        "wire-strategy",
        "Service",
        "Properties.LaunchType",
        "it has the launch type FARGATE and a capacity provider strategy as well",
    ),
    "two bases": (
        [put("Service", "CapacityProviderStrategy.1.Base", 1)],
        "wire-strategy",
        "Service",
        "Properties.CapacityProviderStrategy.1.Base",
        "only one provider may have a base, here FARGATE and FARGATE_SPOT have one",
    ),
    "named twice": (
        [put("Service", "CapacityProviderStrategy.1.CapacityProvider", "FARGATE")],
        "wire-strategy",
        "Service",
        "Properties.CapacityProviderStrategy.1.CapacityProvider",
        "FARGATE stands in it twice",
    ),
    "no share": (
        [
            put("Service", "CapacityProviderStrategy.0.Weight", "0"),
            put("Service", "CapacityProviderStrategy.1.Weight", None),
        ],
        "wire-strategy",
        "Service",
        "Properties.CapacityProviderStrategy",
        "no provider has a Weight above 0",
    ),
    "mixed": (
        [
            put("Capacity", "CapacityProviders", ["FARGATE", "machines"]),
            put("Service", "CapacityProviderStrategy.1.CapacityProvider", "machines"),
        ],
        "wire-strategy",
        "Service",
        "Properties.CapacityProviderStrategy",
        "Fargate and other providers cannot be mixed",
    ),
    "not associated": (
        [put("Capacity", "CapacityProviders", ["FARGATE"])],
        "wire-capacity-provider",
        "Service",
        "Properties.CapacityProviderStrategy.1.CapacityProvider",
        "FARGATE_SPOT is not associated with the cluster Cluster",
    ),
    "default not associated": (
        [add(Other=resource("ECS::Cluster", DefaultCapacityProviderStrategy=[{"CapacityProvider": "FARGATE"}]))],
        "wire-capacity-provider",
        "Other",
        "Properties.DefaultCapacityProviderStrategy.0.CapacityProvider",
        "FARGATE is not associated with the cluster Other",
    ),
    "Windows on Spot": (
        [put("Task", "RuntimePlatform", {"OperatingSystemFamily": "WINDOWS_SERVER_2022_CORE"})],
        "wire-strategy",
        "Task",
        "Properties.RuntimePlatform.OperatingSystemFamily",
        "No task of Service starts on Fargate Spot, which runs no Windows",
    ),
    "no room": (
        [put("Service", f"{CONFIG}.MaximumPercent", 100), put("Service", "AvailabilityZoneRebalancing", "DISABLED")],
        "wire-deployment-room",
        "Service",
        f"Properties.{CONFIG}.MaximumPercent",
        "with 100 % healthy at least and 100 % at most, ECS may neither stop a task nor start one",
    ),
    "no room for one": (
        [
            put("Service", f"{CONFIG}.MaximumPercent", 150),
            put("Service", f"{CONFIG}.MinimumHealthyPercent", 50),
            put("Scaling", "MinCapacity", 1),
        ],
        "wire-deployment-room",
        "Service",
        f"Properties.{CONFIG}.MaximumPercent",
        "No deployment gets anywhere while 1 task runs: 50 % of it, rounded up, have to stay, and 150 %, rounded down",
    ),
    "no room for three": (
        [
            put("Service", f"{CONFIG}.MaximumPercent", 130),
            put("Service", f"{CONFIG}.MinimumHealthyPercent", 90),
            put("Service", "DesiredCount", 3),
            without("Scaling", "Cpu", "Requests", "Predicted"),
        ],
        "wire-deployment-room",
        "Service",
        f"Properties.{CONFIG}.MaximumPercent",
        "while 3 tasks run",
    ),
    "no room to rebalance": (
        [put("Service", f"{CONFIG}.MaximumPercent", 100), put("Service", f"{CONFIG}.MinimumHealthyPercent", 50)],
        "wire-rebalancing",
        "Service",
        f"Properties.{CONFIG}.MaximumPercent",
        "zone rebalancing starts a task before it stops one, and MaximumPercent 100 leaves no room",
    ),
    "blue/green without a second group": (
        [*blue_green(), without("Requests"), put("Service", ADVANCED, None)],
        "wire-blue-green",
        "Service",
        "Properties.LoadBalancers.0",
        "a BLUE_GREEN deployment shifts traffic between two target groups, and one is named",
    ),
    "blue/green with the same group": (
        [*blue_green(), without("Requests"), put("Service", f"{ADVANCED}.AlternateTargetGroupArn", ref("Targets"))],
        "wire-blue-green",
        "Service",
        f"Properties.{ADVANCED}.AlternateTargetGroupArn",
        "the alternate target group is the same as the first",
    ),
    "blue/green by CodeDeploy": (
        [*blue_green(), without("Requests"), put("Service", "DeploymentController", {"Type": "CODE_DEPLOY"})],
        "wire-blue-green",
        "Service",
        "Properties.DeploymentController.Type",
        "the strategy BLUE_GREEN is one of the controller ECS, not of CODE_DEPLOY",
    ),
    "blue/green by a listener": (
        [*blue_green(), without("Requests"), put("Service", f"{ADVANCED}.ProductionListenerRule", ref("Secure"))],
        "wire-blue-green",
        "Service",
        f"Properties.{ADVANCED}.ProductionListenerRule",
        "Secure is a listener, while behind an application balancer a rule is turned",
    ),
    "blue/green by somebody else's rule": (
        [*blue_green(), without("Requests"), put("Rule", "Actions.0.TargetGroupArn", ref("Green"))],
        "wire-blue-green",
        "Service",
        f"Properties.{ADVANCED}.ProductionListenerRule",
        "Rule does not forward to its target group ${Targets}",
    ),
    "deployment alarms without an alarm": (
        [put("Service", f"{CONFIG}.Alarms.AlarmNames", [])],
        "wire-deployment-alarm",
        "Service",
        f"Properties.{CONFIG}.Alarms.AlarmNames",
        "deployment alarms are on, and none is named",
    ),
    "deployment alarm's ARN": (
        [put("Service", f"{CONFIG}.Alarms.AlarmNames.0", att("Errors", "Arn"))],
        "wire-deployment-alarm",
        "Service",
        f"Properties.{CONFIG}.Alarms.AlarmNames.0",
        "${Errors.Arn} is no alarm's name, but the ARN of Errors",
    ),
    "hook without a function": (
        [put("Service", f"{CONFIG}.LifecycleHooks.0.HookTargetArn", None)],
        "wire-hook",
        "Service",
        f"Properties.{CONFIG}.LifecycleHooks.0.HookTargetArn",
        "the hook names no function to call",
    ),
    "hook on a queue": (
        [put("Service", f"{CONFIG}.LifecycleHooks.0.HookTargetArn", att("Queue", "Arn"))],
        "wire-hook",
        "Service",
        f"Properties.{CONFIG}.LifecycleHooks.0.HookTargetArn",
        "Queue is AWS::SQS::Queue, not a Lambda function",
    ),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_fault_is_found_where_it_is(fault: Fault) -> None:
    only(fault)
