"""Mistakes that cfn-lint lets pass and AWS refuses: each, made in our own template, is told with a sentence.

docs/mistakes.md has the table; a row without a test, or a test without a row, is a fault here.
"""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from stackproof.proofs.check import check
from stackproof.proofs.verdicts import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

    Change = Callable[[dict[str, Any]], object]

ROOT = Path(__file__).parents[4]
REGION = "sa-east-1"
ON_DEMAND = {"CapacityProvider": "FARGATE", "Base": 1, "Weight": 1}
SPOT = {"CapacityProvider": "FARGATE_SPOT", "Base": 1, "Weight": 1}
PREDICTIVE = {"PolicyType": "PredictiveScaling", "TargetTrackingScalingPolicyConfiguration": None}


def put(name: str, **properties: Any) -> Change:
    """Set properties of a resource of our template; None takes one away."""

    def change(resources: dict[str, Any]) -> None:
        found = resources[name]["Properties"]
        found.update(properties)
        for key in [key for key, value in found.items() if value is None]:
            del found[key]

    return change


def add(kind: str, **properties: Any) -> Change:
    """Add a resource of a type that our template does not use."""
    return lambda resources: resources.update(Added={"Type": kind, "Properties": properties})


def inside(name: str, *path: str | int, **values: Any) -> Change:
    """Set keys of an object that lies deeper."""

    def change(resources: dict[str, Any]) -> None:
        found = resources[name]["Properties"]
        for step in path:
            found = found[step]
        found.update(values)

    return change


def strategy(*providers: dict[str, Any], **more: Any) -> Change:
    return put("Service", CapacityProviderStrategy=list(providers), **more)


GROUP = "CacheReplicationGroup"
MISTAKES: dict[str, tuple[Change, str, str, str]] = {
    "UserGroupIds or AuthToken without TLS": (
        put(GROUP, TransitEncryptionEnabled=False),
        "wire-cache-access", GROUP, "UserGroupIds needs encryption in transit",
    ),
    "UserGroupIds and AuthToken together": (
        put(GROUP, AuthToken="0123456789abcdef"), "wire-cache-access", GROUP, "it has user groups and a token",
    ),
    "MultiAZEnabled without AutomaticFailoverEnabled": (
        put(GROUP, MultiAZEnabled=True, AutomaticFailoverEnabled=False),
        "wire-cache-failover", GROUP, "needs automatic failover",
    ),
    "a Valkey version that does not exist": (
        put(GROUP, EngineVersion="6.3"), "wire-cache-engine", GROUP, "6.3",
    ),
    "a cache node type that the region does not have": (
        put(GROUP, CacheNodeType="cache.c7gn.large"), "wire-cache-node", GROUP, "cache.c7gn.large",
    ),
    "a serverless cache of an unknown engine": (
        add("AWS::ElastiCache::ServerlessCache", ServerlessCacheName="x", Engine="foo"),
        "wire-cache-engine", "Added", "foo",
    ),
    "an EFS access point or IAM without transit encryption": (
        inside("TaskDefinition", "Volumes", 0, "EFSVolumeConfiguration", TransitEncryption="DISABLED"),
        "wire-efs-encryption", "TaskDefinition", "an access point and IAM has to be encrypted in transit",
    ),
    "an EFS access point with a RootDirectory of its own": (
        inside("TaskDefinition", "Volumes", 0, "EFSVolumeConfiguration", RootDirectory="/x"),
        "wire-access-point", "TaskDefinition", "/x",
    ),
    "LaunchType beside a CapacityProviderStrategy": (
        put("Service", LaunchType="FARGATE"), "wire-strategy", "Service", "a capacity provider strategy as well",
    ),
    "Base on two capacity providers": (
        strategy(ON_DEMAND, SPOT), "wire-strategy", "Service", "only one provider may have a base",
    ),
    "BLUE_GREEN without AdvancedConfiguration": (
        inside("Service", "DeploymentConfiguration", Strategy="BLUE_GREEN"),
        "wire-blue-green", "Service", "two target groups, and one is named",
    ),
    "zone rebalancing with MaximumPercent 100": (
        inside("Service", "DeploymentConfiguration", MaximumPercent=100),
        "wire-rebalancing", "Service", "MaximumPercent 100 leaves no room",
    ),
    "StopTimeout above 120 seconds on Fargate": (
        inside("TaskDefinition", "ContainerDefinitions", 0, StopTimeout=300),
        "wire-stop-timeout", "TaskDefinition", "300",
    ),
    "TargetType instance under awsvpc": (
        put("TargetGroup", TargetType="instance"), "wire-target-type", "TargetGroup", "instance",
    ),
    "a web ACL for CloudFront outside of us-east-1": (
        add("AWS::WAFv2::WebACL", Scope="CLOUDFRONT"), "wire-web-acl", "Added", "us-east-1",
    ),
    "a regional NAT gateway with a SubnetId": (
        put("NatGateway1", AvailabilityMode="regional", AllocationId=None),
        "wire-nat", "NatGateway1", "belongs to a VPC, not to a subnet",
    ),
    "a public NAT gateway without AllocationId": (
        put("NatGateway1", AllocationId=None), "wire-nat", "NatGateway1", "a public one needs an address",
    ),
    "PredictiveScaling without its configuration": (
        put("CpuScaling", **PREDICTIVE),
        "wire-scaling-policy", "CpuScaling", "PredictiveScalingPolicyConfiguration is missing",
    ),
    "ALBRequestCountPerTarget without ResourceLabel": (
        inside(
            "RequestScaling", "TargetTrackingScalingPolicyConfiguration",
            PredefinedMetricSpecification={"PredefinedMetricType": "ALBRequestCountPerTarget"},
        ),
        "wire-scaling-policy", "RequestScaling", "and none is named",
    ),
}  # fmt: skip
"""Mistake: how it is made in our template, the rule that tells it, of which resource, and words of its sentence."""
IAM_ALONE = {"FilesystemId": {"Ref": "FileSystem"}, "AuthorizationConfig": {"IAM": "ENABLED"}}
OTHER_WAYS: dict[str, tuple[Change, str]] = {
    "UserGroupIds or AuthToken without TLS": (
        put(GROUP, UserGroupIds=None, AuthToken="0123456789abcdef", TransitEncryptionEnabled=False),
        "AuthToken needs encryption in transit",
    ),
    "an EFS access point or IAM without transit encryption": (
        inside("TaskDefinition", "Volumes", 0, EFSVolumeConfiguration=IAM_ALONE),
        "a volume with IAM has to be encrypted in transit",
    ),
}
"""Where the table says "or": the other one, and words of its sentence."""
WAYS = [
    *MISTAKES.values(),
    *((change, *MISTAKES[mistake][1:3], words) for mistake, (change, words) in OTHER_WAYS.items()),
]


@pytest.fixture(scope="module")
def template() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((ROOT / "dist/lms.json").read_text())
    return found


@pytest.fixture(scope="module")
def parameters() -> dict[str, str]:
    found: dict[str, str] = json.loads((ROOT / "params/prod.json").read_text())["Parameters"]
    return found


def test_the_table_of_docs_has_these_mistakes_and_rules() -> None:
    rows = re.findall(r"^\| (.+?) \| .+ \| \[(wire-[a-z-]+)\]\(", (ROOT / "docs/mistakes.md").read_text(), re.MULTILINE)

    assert dict(rows) == {mistake: rule for mistake, (_, rule, _, _) in MISTAKES.items()}
    assert len(rows) == len(MISTAKES)


@pytest.mark.parametrize(
    ("change", "rule", "logical_id", "words"), WAYS, ids=[*MISTAKES, *map("{} (2)".format, OTHER_WAYS)]
)
def test_the_mistake_is_told_with_a_sentence(
    template: dict[str, Any], parameters: dict[str, str], change: Change, rule: str, logical_id: str, words: str
) -> None:
    wrong = copy.deepcopy(template)
    change(wrong["Resources"])

    found = check(wrong, parameters, region=REGION, account="333333333333", stack_name="lms-prod", strict=True).findings

    said = [one for one in found if one.id == rule and one.logical_id == logical_id]
    assert said, [f"{one.id} {one.logical_id}" for one in found]
    assert {one.verdict for one in said} == {Verdict.BROKEN}
    assert words in said[0].message
    assert said[0].fix.endswith(".")
