"""What about the wiring cannot be told is unknown, with a reason: never a pass, never broken."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stackproof.proofs import schemas
from stackproof.proofs.verdicts import Verdict
from stackproof.proofs.wiring import tables
from tests.unit.stackproof.proofs.network_support import add, att, put, ref, resource, without
from tests.unit.stackproof.proofs.wiring_support import changed, complaints, forgets, told, waits
from tests.unit.stackproof.proofs.wiring_watching import METRIC

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.stackproof.proofs.network_support import Template

    Doubt = tuple[list[Callable[[Template], None]], set[tuple[str, str, str]], str]

GIVEN, LISTED = ref("Given"), ref("Listed")
MACRO = {"Fn::Transform": {"Name": "Made"}}
WEB = "ContainerDefinitions.0"
CONFIG = "DeploymentConfiguration"
EFS = "Volumes.0.EFSVolumeConfiguration"
GROUP = f"Properties.{WEB}.LogConfiguration.Options.awslogs-group"

SERVICES: dict[str, Doubt] = {
    "a service made by a macro": (
        [lambda resources: resources["Service"].update(Properties=MACRO)],
        {
            ("wire-container", "Service", "Properties"),
            ("wire-scaling-target", "Scaling", "Properties.ResourceId"),
            ("wire-alarm", "Busy", "Properties.Dimensions.1.Value"),
        },
        "",
    ),
    "balancers by parameter": (
        [put("Service", "LoadBalancers", LISTED)],
        {("wire-container", "Service", "Properties.LoadBalancers")},
        "Whether its containers exist cannot be told: ${Listed} is a list that only AWS knows.",
    ),
    "somebody else's task definition": (
        [put("Service", "TaskDefinition", GIVEN)],
        {("wire-container", "Service", "Properties.TaskDefinition")},
        "its task definition is none of this template",
    ),
    "container's name": (
        [put("Service", "LoadBalancers.0.ContainerName", GIVEN)],
        {("wire-container", "Service", "Properties.LoadBalancers.0.ContainerName")},
        "the name is known to AWS only",
    ),
    "containers by macro": (
        [
            put("Task", "ContainerDefinitions", MACRO),
            put("Service", "ServiceRegistries", None),
            put("Service", "ServiceConnectConfiguration", None),
        ],
        {("wire-container", "Service", "Properties.LoadBalancers.0.ContainerName")},
        "",
    ),
    "port": (
        [put("Service", "LoadBalancers.0.ContainerPort", GIVEN)],
        {("wire-port", "Service", "Properties.LoadBalancers.0.ContainerPort")},
        "Whether web listens on ${Given} cannot be told: the ports are known to AWS only.",
    ),
    "port's name": (
        [put("Service", "ServiceConnectConfiguration.Services.0.PortName", GIVEN)],
        {("wire-port", "Service", "Properties.ServiceConnectConfiguration.Services.0.PortName")},
        "the names are known to AWS only",
    ),
    "target type": (
        [put("Targets", "TargetType", GIVEN), put("Targets", "HealthCheckTimeoutSeconds", 40)],
        {("wire-target-type", "Targets", "Properties.TargetType")},
        "Whether Service can register here cannot be told: the target type is known to AWS only.",
    ),
    "network mode": (
        [
            put("Task", "NetworkMode", GIVEN),
            put("Service", "CapacityProviderStrategy", None),
            put("Service", "LaunchType", "EC2"),
            put("Service", "NetworkConfiguration", None),
        ],
        {("wire-target-type", "Targets", "Properties.TargetType")},
        "its network mode is known to AWS only",
    ),
    "volume": (
        [put("Task", f"{WEB}.MountPoints.0.SourceVolume", GIVEN)],
        {("wire-mount", "Task", f"Properties.{WEB}.MountPoints.0.SourceVolume")},
        "Whether a volume is called ${Given} cannot be told",
    ),
    "volumes": (
        [put("Task", "Volumes", LISTED), forgets("Service", "Mount1", "Mount2")],
        {("wire-mount", "Task", f"Properties.{WEB}.MountPoints.0.SourceVolume")},
        "a list that only AWS knows",
    ),
    "encryption": (
        [put("Task", f"{EFS}.TransitEncryption", GIVEN)],
        {("wire-efs-encryption", "Task", f"Properties.{EFS}.TransitEncryption")},
        "its value is not known",
    ),
    "file system": (
        [put("Point", "FileSystemId", GIVEN)],
        {("wire-access-point", "Task", f"Properties.{EFS}.AuthorizationConfig.AccessPointId")},
        "Whether Point belongs to the volume's file system cannot be told",
    ),
    "log group of somebody else": (
        [put("Task", GROUP.removeprefix("Properties."), "/web")],
        {("wire-log-group", "Task", GROUP)},
        "Whether the log group /web exists cannot be told: the template makes no group of this name.",
    ),
}

DEPLOYMENTS: dict[str, Doubt] = {
    "listener by macro": (
        [
            lambda resources: resources["Secure"].update(Properties=MACRO),
            lambda resources: resources["Rule"].update(Properties=MACRO),
            without("Requests", "Unhealthy", "Plain"),
        ],
        {("wire-listener", "Targets", "")},
        "what a listener does is not known",
    ),
    "forwards by parameter": (
        [
            put("Secure", "DefaultActions", [{"Type": "forward", "TargetGroupArn": MACRO}]),
            without("Rule", "Requests", "Unhealthy"),
        ],
        {("wire-listener", "Targets", "")},
        "what a listener does is not known",
    ),
    "attached by a nested stack": (
        [
            without("Rule", "Requests"),
            put("Secure", "DefaultActions", [{"Type": "fixed-response"}]),
            add(Nested=resource("CloudFormation::Stack", TemplateURL="x", Parameters={"Group": ref("Targets")})),
        ],
        {("wire-listener", "Targets", "")},
        "a nested stack, a custom resource or a macro may attach it",
    ),
    "redirect to a port by parameter": (
        [put("Secure", "Port", GIVEN)],
        {("wire-redirect", "Plain", "Properties.DefaultActions.0.RedirectConfig")},
        "Whether somebody listens on port 443 cannot be told: a listener's port is known to AWS only.",
    ),
    "redirect, and others may listen": (
        [
            put("Plain", "DefaultActions.0.RedirectConfig.Port", "8443"),
            add(Nested=resource("CloudFormation::Stack", TemplateURL="x", Parameters={"Balancer": ref("Balancer")})),
        ],
        {("wire-redirect", "Plain", "Properties.DefaultActions.0.RedirectConfig")},
        "the balancer is handed to others",
    ),
    "health check times": (
        [put("Targets", "HealthCheckTimeoutSeconds", GIVEN)],
        {("wire-health-times", "Targets", "Properties.HealthCheckTimeoutSeconds")},
        "its times are known to AWS only",
    ),
    "provider by parameter": (
        [put("Service", "CapacityProviderStrategy.1.CapacityProvider", GIVEN)],
        {("wire-capacity-provider", "Service", "Properties.CapacityProviderStrategy.1.CapacityProvider")},
        "Whether ${Given} is associated with Cluster cannot be told: the names are known to AWS only.",
    ),
    "providers by parameter": (
        [put("Capacity", "CapacityProviders", LISTED)],
        {
            ("wire-capacity-provider", "Service", "Properties.CapacityProviderStrategy.0.CapacityProvider"),
            ("wire-capacity-provider", "Service", "Properties.CapacityProviderStrategy.1.CapacityProvider"),
            ("wire-capacity-provider", "Capacity", "Properties.DefaultCapacityProviderStrategy.0.CapacityProvider"),
        },
        "${Listed} is a list that only AWS knows",
    ),
    "percentages": (
        [put("Service", f"{CONFIG}.MaximumPercent", GIVEN), put("Service", "AvailabilityZoneRebalancing", None)],
        {("wire-deployment-room", "Service", f"Properties.{CONFIG}.MaximumPercent")},
        "its percentages are known to AWS only",
    ),
    "alarm of somebody else": (
        [put("Service", f"{CONFIG}.Alarms.AlarmNames.0", "errors"), put("Errors", "AlarmName", "errrors")],
        {("wire-deployment-alarm", "Service", f"Properties.{CONFIG}.Alarms.AlarmNames.0")},
        'the template has none of this name, did you mean "errrors".',
    ),
}

SCALING: dict[str, Doubt] = {
    "resource by macro": (
        [put("Scaling", "ResourceId", MACRO)],
        {("wire-scaling-target", "Scaling", "Properties.ResourceId")},
        "Whether the service exists cannot be told",
    ),
    "resource by parameter": (
        [put("Scaling", "ResourceId", GIVEN)],
        {("wire-scaling-target", "Scaling", "Properties.ResourceId")},
        "${Given} is known to AWS only",
    ),
    "service of another cluster": (
        [put("Scaling", "ResourceId", "service/other/other")],
        {("wire-scaling-target", "Scaling", "Properties.ResourceId")},
        "Whether the service other exists cannot be told: the template has no service of this name in this cluster.",
    ),
    "range": (
        [put("Scaling", "MinCapacity", GIVEN)],
        {("wire-scaling-range", "Scaling", "Properties.MinCapacity")},
        "they are known to AWS only",
    ),
    "label by parameter": (
        [put("Requests", f"{METRIC}.ResourceLabel", GIVEN)],
        {("wire-scaling-label", "Requests", f"Properties.{METRIC}.ResourceLabel")},
        "the full names are known to AWS only",
    ),
    "label by macro": (
        [put("Requests", f"{METRIC}.ResourceLabel", MACRO)],
        {("wire-scaling-label", "Requests", f"Properties.{METRIC}.ResourceLabel")},
        "",
    ),
    "label without a balancer": (
        [
            without("Rule", "Secure", "Plain", "Unhealthy"),
            put("Service", "LoadBalancers", None),
            forgets("Service", "Secure"),
        ],
        {("wire-scaling-label", "Requests", f"Properties.{METRIC}.ResourceLabel")},
        "the template has no balancer with a target group",
    ),
    "a thing of another stack": (
        [put("Errors", "Dimensions.0.Value", "app/other/1234")],
        {("wire-alarm", "Errors", "Properties.Dimensions.0.Value")},
        (
            "Whether LoadBalancer app/other/1234 exists cannot be told: the template has no"
            " AWS::ElasticLoadBalancingV2::LoadBalancer of this name."
        ),
    ),
    "dashboard by parameter": (
        [put("Board", "DashboardBody", GIVEN)],
        {("wire-dashboard", "Board", "Properties.DashboardBody")},
        "it is known to AWS only",
    ),
    "dashboard by macro": (
        [put("Board", "DashboardBody", MACRO)],
        {("wire-dashboard", "Board", "Properties.DashboardBody")},
        "",
    ),
    "dashboard with a part by parameter": (
        [put("Board", "DashboardBody", {"Fn::Sub": '{"widgets": [${Given}${Cluster}]'})],
        {("wire-dashboard", "Board", "Properties.DashboardBody")},
        "with its references it cannot be read",
    ),
    "a NAT gateway before its VPC is open": (
        [waits("Nat")],
        {("wire-order-gateway", "Nat", "DependsOn")},
        "Whether Nat is made in time cannot be told: nothing in Nat waits for Attachment",
    ),
}

SIZES: dict[str, Doubt] = {
    "size": (
        [put("Task", "Cpu", GIVEN)],
        {("wire-fargate-size", "Task", "Properties.Memory")},
        "the size is known to AWS only",
    ),
    "memory": (
        [put("Task", "Memory", GIVEN)],
        {("wire-fargate-size", "Task", "Properties.Memory")},
        "the size is known to AWS only",
    ),
    "stop timeout": (
        [put("Task", f"{WEB}.StopTimeout", GIVEN)],
        {("wire-stop-timeout", "Task", f"Properties.{WEB}.StopTimeout")},
        "Whether it is 120 s at most cannot be told",
    ),
    "quota": (
        [
            put("Scaling", "MaxCapacity", 1001),
            put("Service", "NetworkConfiguration.AwsvpcConfiguration.Subnets", ["subnet-1"]),
        ],
        {("wire-quota", "Scaling", "Properties.MaxCapacity")},
        "a target group takes 1000 targets unless AWS has raised the quota",
    ),
    "drain": (
        [put("Targets", "TargetGroupAttributes.0.Value", GIVEN)],
        {("wire-drain", "Targets", "Properties.TargetGroupAttributes.0.Value")},
        "the delay is known to AWS only",
    ),
    "attributes": (
        [put("Targets", "TargetGroupAttributes", LISTED)],
        {("wire-drain", "Targets", "Properties.TargetGroupAttributes")},
        "${Listed} is a list that only AWS knows",
    ),
    "no grace": (
        [put("Service", "HealthCheckGracePeriodSeconds", None)],
        {("wire-grace", "Service", "Properties.HealthCheckGracePeriodSeconds")},
        "Whether every task starts within 45 s cannot be told: there is no grace period",
    ),
    "grace by parameter": (
        [put("Service", "HealthCheckGracePeriodSeconds", GIVEN)],
        {("wire-grace", "Service", "Properties.HealthCheckGracePeriodSeconds")},
        "its times are known to AWS only",
    ),
    "cache by parameter": (
        [
            put("Cache", "CacheNodeType", GIVEN),
            put("Cache", "Engine", GIVEN),
            put("Cache", "TransitEncryptionEnabled", GIVEN),
            put("Cache", "MultiAZEnabled", GIVEN),
        ],
        {
            ("wire-cache-access", "Cache", "Properties.TransitEncryptionEnabled"),
            ("wire-cache-failover", "Cache", "Properties.MultiAZEnabled"),
            ("wire-cache-engine", "Cache", "Properties.Engine"),
            ("wire-cache-node", "Cache", "Properties.CacheNodeType"),
        },
        "is known to AWS only",
    ),
    "serverless engine": (
        [put("Elastic", "Engine", GIVEN)],
        {("wire-cache-engine", "Elastic", "Properties.Engine")},
        "it is known to AWS only",
    ),
}

ALL = (
    SERVICES
    | DEPLOYMENTS
    | {f"scaling: {key}": value for key, value in SCALING.items()}
    | {f"sizes: {key}": value for key, value in SIZES.items()}
)


@pytest.mark.parametrize("doubt", ALL.values(), ids=ALL)
def test_what_cannot_be_told_is_unknown(doubt: Doubt) -> None:
    changes, places, reason = doubt
    found = complaints(changed(*changes))
    assert set(told(found)) == places
    assert reason in found[0].message
    assert all(one.message.startswith("Whether ") and one.message.endswith(".") and one.fix for one in found)


def test_without_a_region_a_web_acl_for_cloudfront_cannot_be_told() -> None:
    template = changed(put("Acl", "Scope", "CLOUDFRONT"), without("AclOfBalancer"))
    found = complaints(template, region=None)
    assert told(found) == [("wire-web-acl", "Acl", "Properties.Scope")]
    assert found[0].fix == "Give the region."
    assert complaints(template, region="us-east-1") == []


def test_a_log_group_with_the_stacks_name_is_missing_whatever_the_stack_is_called() -> None:
    template = changed(put("Task", GROUP.removeprefix("Properties."), {"Fn::Sub": "/${AWS::StackName}/web"}))
    found = complaints(template, stack_name=None)
    assert told(found, Verdict.BROKEN) == [("wire-log-group", "Task", GROUP)]
    assert "the log group /${AWS::StackName}/web carries this stack's name" in found[0].message


def test_an_output_that_nothing_is_known_of() -> None:
    template = changed()
    template["Outputs"]["Name"]["Value"] = MACRO
    assert told(complaints(template)) == [("wire-output", "", "Outputs.Name.Value")]


def test_without_the_linters_tables_sizes_cannot_be_told(monkeypatch: pytest.MonkeyPatch) -> None:
    for cached in (tables.fargate_sizes, tables.cache_versions, schemas.table):
        cached.cache_clear()
    with monkeypatch.context() as patched:
        patched.setattr(schemas, "_read", lambda *_: None)
        assert tables.cache_nodes("sa-east-1") == ()
        found = complaints(changed())
    for cached in (tables.fargate_sizes, tables.cache_versions, schemas.table):
        cached.cache_clear()
    assert told(found) == [("wire-fargate-size", "Task", "Properties.Memory")]
    assert "cfn-lint's table is not installed" in found[0].message
    assert complaints(changed()) == []


def test_an_engine_that_the_tables_do_not_know_has_no_versions() -> None:
    assert tables.cache_versions("oracle") == ()
    assert "8.1" in tables.cache_versions("valkey")


def test_in_a_region_that_nobody_knows_every_node_may_be_there() -> None:
    found = complaints(changed(put("Cache", "CacheNodeType", "cache.x9z.nano")), region="xx-north-9")
    assert [one for one in found if one.verdict is Verdict.BROKEN] == []


def test_attributes_of_another_stack_are_nobodys() -> None:
    value = att("Nested", "Outputs.Group")
    nested = add(Nested=resource("CloudFormation::Stack", TemplateURL="x"))
    found = complaints(changed(nested, put("Task", GROUP.removeprefix("Properties."), value)))
    assert told(found) == [("wire-log-group", "Task", GROUP)]
