"""Room to grow: how much of each limit of AWS the templates take with everything turned on, and 30 % left.

`pytest -rP tests/unit/templates/test_room.py` prints the tables; a limit that is too near is told with its whole table.
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from tests.templates_support import Emitted, Resource
from tests.unit.templates.test_lms import SWITCHES

if TYPE_CHECKING:
    from collections.abc import Iterator

SHARE = 0.7
SECTIONS = {"Resources": 500, "Parameters": 200, "Outputs": 200, "Mappings": 200}
"""CloudFormation User Guide, quotas."""
BODY = 1_000_000
DOCUMENTS = {
    "AWS::EFS::FileSystem": ("FileSystemPolicy", 20_000),
    "AWS::Events::Rule": ("EventPattern", 2_048),
    "AWS::IAM::ManagedPolicy": ("PolicyDocument", 6_144),
    "AWS::KMS::Key": ("KeyPolicy", 32_768),
    "AWS::Logs::LogGroup": ("ResourcePolicyDocument", 5_120),
    "AWS::S3::BucketPolicy": ("PolicyDocument", 20_480),
    "AWS::SNS::TopicPolicy": ("PolicyDocument", 30_720),
    "AWS::SQS::QueuePolicy": ("PolicyDocument", 8_192),
}
"""Policies of resources, and what a rule compares events with: the property, and the characters that it may have."""
TRUST, ATTACHED = 2_048, 10
"""IAM: characters of a role's trust policy, without white space, and policies attached to a role."""
TASK_DEFINITION = 65_536
LISTS = {
    "AWS::CloudWatch::Alarm": ("AlarmActions", 5),
    "AWS::ElasticLoadBalancingV2::LoadBalancer": ("SecurityGroups", 5),
    "AWS::WAFv2::WebACL": ("Rules", 100),
}
GROUP_RULES, TAGS, REFERENCE = 60, 50, "x" * 100
"""Rules of a group in each direction; tags of a resource; an ARN or name that only AWS knows, for 100 characters."""


class Use(NamedTuple):
    """How much of a limit is used."""

    what: str
    used: int
    limit: int

    def __str__(self) -> str:
        return f"{self.used / self.limit:6.1%}  {self.used:>9,} of {self.limit:>9,}  {self.what}"


def size(value: Any) -> int:
    """Characters of a document as IAM counts them, with names of a hundred characters for what AWS makes."""
    return len(re.sub(r"\$\{[\w.]+\}", REFERENCE, json.dumps(value, separators=(",", ":"))))


def uses(template: Emitted) -> Iterator[Use]:
    """Every limit that a template with these parameters comes near to."""
    yield Use("template body, bytes as sent", len(json.dumps(template.body, separators=(",", ":")).encode()), BODY)
    for section, limit in SECTIONS.items():
        yield Use(section, len(template.body.get(section, {})), limit)
    yield Use("Description, bytes", len(template.body["Description"]), 1_024)
    attached, rules = Counter[str](), Counter[str]()
    for name, resource in template.resources.items():
        yield from of_resource(name, resource)
        if resource.type == "AWS::IAM::ManagedPolicy":
            attached.update(role.strip("${}") for role in resource["Roles"])
        if resource.type in {"AWS::EC2::SecurityGroupIngress", "AWS::EC2::SecurityGroupEgress"}:
            rules[f"{resource['GroupId']}, {resource.type.removeprefix('AWS::EC2::SecurityGroup')}"] += 1
    yield from (Use(f"{role}, attached policies", used, ATTACHED) for role, used in attached.items())
    yield from (Use(f"{group} rules", used, GROUP_RULES) for group, used in rules.items())


def of_resource(name: str, resource: Resource) -> Iterator[Use]:
    """The limits of one resource."""
    if resource.type in DOCUMENTS and (found := resource.get(DOCUMENTS[resource.type][0])) is not None:
        yield Use(f"{name}, policy", size(found), DOCUMENTS[resource.type][1])
    if resource.type in LISTS:
        key, limit = LISTS[resource.type]
        yield Use(f"{name}, {key}", len(resource.get(key) or ()), limit)
    if resource.type == "AWS::IAM::Role":
        yield Use(f"{name}, trust policy", size(resource["AssumeRolePolicyDocument"]), TRUST)
    if resource.type == "AWS::ECS::TaskDefinition":
        yield Use(f"{name}, task definition", size(resource.properties), TASK_DEFINITION)
    tags = next((resource.get(key) for key in resource.properties if key.endswith("Tags")), None)
    if isinstance(tags, list | dict):
        yield Use(f"{name}, tags", len(tags), TAGS)


def largest(template: Emitted) -> list[Use]:
    """Of each limit the greatest use: everything on, with what exists already, and with what the stack makes itself."""
    on = {name: values[1] for name, values in SWITCHES.items() if name in template.parameters}
    own = on | {name: "" for name in ("DatabaseSecretArn", "ExistingFileSystemId") if name in on}
    found: dict[str, Use] = {}
    for given in (on, own):
        for use in uses(template.with_parameters(**given)):
            found[use.what] = max(found.get(use.what, use), use)
    return sorted(found.values(), key=lambda use: use.used / use.limit, reverse=True)


def crowded(found: list[Use]) -> list[Use]:
    return [use for use in found if use.used > SHARE * use.limit]


def test_everything_keeps_thirty_percent_of_room(every_template: Emitted) -> None:
    found = largest(every_template)
    table = "\n".join(map(str, found))
    sys.stdout.write(f"{every_template.body['Description']}\n{table}\n")

    assert not crowded(found), f"less than 30 % of room:\n{table}"


def test_every_kind_of_limit_is_measured(lms: Emitted) -> None:
    kinds = {re.sub(r"^\S+, ", "", use.what) for use in largest(lms)}

    assert kinds >= {
        "template body, bytes as sent", *SECTIONS, "attached policies", "trust policy", "policy", "task definition",
        "Ingress rules", "Egress rules", "tags", "AlarmActions", "SecurityGroups", "Rules",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "properties", "what"),
    [
        ("AWS::KMS::Key", {"KeyPolicy": {"Statement": ["x" * 24_000]}}, "Big, policy"),
        ("AWS::IAM::ManagedPolicy", {"Roles": [], "PolicyDocument": ["x" * 4_400]}, "Big, policy"),
        ("AWS::IAM::ManagedPolicy", {"Roles": ["TaskRole"] * 7, "PolicyDocument": []}, "TaskRole, attached policies"),
        ("AWS::ECS::TaskDefinition", {"ContainerDefinitions": ["x" * 46_000]}, "Big, task definition"),
        ("AWS::Events::Rule", {"EventPattern": {"source": ["x" * 1_500]}}, "Big, policy"),
        ("AWS::Logs::LogGroup", {"ResourcePolicyDocument": ["x" * 3_600]}, "Big, policy"),
        ("AWS::CloudWatch::Alarm", {"AlarmActions": ["a", "b", "c", "d"]}, "Big, AlarmActions"),
    ],
)
def test_what_comes_too_near_is_found(lms: Emitted, kind: str, properties: dict[str, Any], what: str) -> None:
    """As a guard: the measure can fail."""
    resources = {**lms.body["Resources"], "Big": {"Type": kind, "Properties": properties}}

    assert [use.what for use in crowded(largest(Emitted(lms.body | {"Resources": resources})))] == [what]
