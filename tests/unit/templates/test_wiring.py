"""How the parts fit together: what one part needs, another gives.

The tests speak of what must hold and not of our logical ids, so that they stay when the template is built another way.
Every environment is asked, with its own values.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.templates_support import Emitted, environment_template, logical_id, statements

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module", params=["dev", "staging", "prod"])
def environment(request: pytest.FixtureRequest) -> Emitted:
    return environment_template(request.param)


@pytest.fixture
def tasks(environment: Emitted) -> dict[str, Any]:
    """The network configuration that every service has."""
    service, *others = environment.of_type("AWS::ECS::Service").values()
    assert all(other["NetworkConfiguration"] == service["NetworkConfiguration"] for other in others)
    found: dict[str, Any] = service["NetworkConfiguration"]["AwsvpcConfiguration"]
    return found


@pytest.fixture
def task(environment: Emitted) -> dict[str, Any]:
    return environment.resources["TaskDefinition"].properties


def container(task: dict[str, Any]) -> dict[str, Any]:
    [found] = task["ContainerDefinitions"]
    assert isinstance(found, dict)
    return found


def allowed(environment: Emitted, role: str) -> Iterator[dict[str, Any]]:
    """What a role's policies allow."""
    for name, resource in environment.of_type("AWS::IAM::ManagedPolicy", "AWS::IAM::Role").items():
        if name == logical_id(role) or f"${{{logical_id(role)}}}" in (resource.get("Roles") or []):
            for statement in statements(resource):
                if statement["Effect"] == "Allow" and "Resource" in statement:
                    yield statement


def may(environment: Emitted, role: str, action: str, resource: str) -> bool:
    return any(
        action in statement["Action"] and resource in statement["Resource"] for statement in allowed(environment, role)
    )


def test_logs_can_use_the_key_of_every_log_group(environment: Emitted) -> None:
    groups = environment.of_type("AWS::Logs::LogGroup")
    assert groups
    for group in groups.values():
        key = environment.resources[logical_id(group["KmsKeyId"])]
        [let_in] = [
            statement
            for statement in statements(key)
            if statement["Principal"] == {"Service": "logs.sa-east-1.amazonaws.com"}
        ]
        assert {"kms:Encrypt*", "kms:Decrypt*", "kms:GenerateDataKey*", "kms:Describe*"} <= set(let_in["Action"])
        [patterns] = let_in["Condition"]["ArnLike"].values()
        arn = f"arn:aws:logs:sa-east-1:111122223333:log-group:{group['LogGroupName']}"
        assert any(arn.startswith(pattern.removesuffix("*")) for pattern in patterns)


def test_tasks_reach_their_stores(environment: Emitted, tasks: dict[str, Any]) -> None:
    """Out of the tasks' group and into the store's, on the port where the store listens."""
    [client] = tasks["SecurityGroups"]
    stores = [
        (group["Port"], guard)
        for group in environment.of_type("AWS::ElastiCache::ReplicationGroup").values()
        for guard in group["SecurityGroupIds"]
    ]
    stores += [
        (2049, guard)
        for target in environment.of_type("AWS::EFS::MountTarget").values()
        for guard in target["SecurityGroups"]
    ]
    ingress = {
        (rule.get("SourceSecurityGroupId"), rule["GroupId"], rule["FromPort"])
        for rule in environment.of_type("AWS::EC2::SecurityGroupIngress").values()
    }
    egress = {
        (rule["GroupId"], rule.get("DestinationSecurityGroupId"), rule["FromPort"])
        for rule in environment.of_type("AWS::EC2::SecurityGroupEgress").values()
    }
    assert len(stores) >= 3
    for port, guard in stores:
        assert (client, guard, port) in ingress & egress


def test_every_injected_secret_can_be_read(environment: Emitted, task: dict[str, Any]) -> None:
    injected = {secret["ValueFrom"].rsplit(":", 3)[0] for secret in container(task)["Secrets"]}
    assert len(injected) >= 2
    for arn in injected:
        assert may(environment, task["ExecutionRoleArn"], "secretsmanager:GetSecretValue", arn)
        if arn.startswith("${"):
            key = environment.resources[logical_id(arn)]["KmsKeyId"]
            assert may(environment, task["ExecutionRoleArn"], "kms:Decrypt", key)


def test_the_files_can_be_mounted_in_every_zone(
    environment: Emitted, task: dict[str, Any], tasks: dict[str, Any]
) -> None:
    def zones(subnets: list[str]) -> set[str]:
        return {environment.resources[logical_id(subnet)]["AvailabilityZone"] for subnet in subnets}

    for volume in task["Volumes"]:
        files = volume["EFSVolumeConfiguration"]["FilesystemId"]
        targets = environment.of_type("AWS::EFS::MountTarget").values()
        assert zones(tasks["Subnets"]) == zones([t["SubnetId"] for t in targets if t["FileSystemId"] == files])
        arn = f"${{{logical_id(files)}.Arn}}"
        assert may(environment, task["TaskRoleArn"], "elasticfilesystem:ClientMount", arn)


def test_the_container_is_told_of_every_cache(environment: Emitted, task: dict[str, Any]) -> None:
    told = json.dumps(container(task)["Environment"])
    for name in environment.of_type("AWS::ElastiCache::ReplicationGroup"):
        assert f"${{{name}.PrimaryEndPoint.Address}}" in told
        assert f"${{{name}.PrimaryEndPoint.Port}}" in told
    assert any("password" in secret["ValueFrom"] for secret in container(task)["Secrets"])
