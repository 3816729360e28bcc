"""The ways in which the stack before this one failed: a test each that would have caught it.

They speak of what must hold and not of our logical ids, so that they stay when the template is built another way. Every
environment is asked, with its own values.
"""

from __future__ import annotations

import json
import runpy
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from stackproof import building
from stackproof.configuration import check_configuration
from stackproof.environments import environment_names
from stackproof.targets import load_targets
from templates import TEMPLATES
from tests.templates_support import Emitted, statements

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[3]


def parameters(name: str) -> dict[str, str]:
    found: dict[str, str] = json.loads((ROOT / "params" / f"{name}.json").read_text())["Parameters"]
    return found


@pytest.fixture(scope="module", params=environment_names(ROOT))
def environment(request: pytest.FixtureRequest) -> Emitted:
    target = load_targets(ROOT)[request.param].template
    assert target is not None
    return Emitted(TEMPLATES[target](), **parameters(request.param))


@pytest.fixture
def tasks(environment: Emitted) -> dict[str, Any]:
    """The network configuration of the one service."""
    [service] = environment.of_type("AWS::ECS::Service").values()
    found: dict[str, Any] = service["NetworkConfiguration"]["AwsvpcConfiguration"]
    return found


@pytest.fixture
def task(environment: Emitted) -> dict[str, Any]:
    [definition] = environment.of_type("AWS::ECS::TaskDefinition").values()
    return definition.properties


def container(task: dict[str, Any]) -> dict[str, Any]:
    [found] = task["ContainerDefinitions"]
    assert isinstance(found, dict)
    return found


def logical_id(reference: str) -> str:
    """`${FileSystem.Arn}` → `FileSystem`."""
    return reference.removeprefix("${").removesuffix("}").split(".")[0]


def allowed(environment: Emitted, role: str) -> Iterator[dict[str, Any]]:
    """What a role's policies allow."""
    for name, resource in environment.of_type("AWS::IAM::Policy", "AWS::IAM::Role").items():
        if name == logical_id(role) or f"${{{logical_id(role)}}}" in (resource.get("Roles") or []):
            for statement in statements(resource):
                if statement["Effect"] == "Allow" and "Resource" in statement:
                    yield statement


def may(environment: Emitted, role: str, action: str, resource: str) -> bool:
    return any(
        action in statement["Action"] and resource in statement["Resource"] for statement in allowed(environment, role)
    )


def test_tasks_in_private_subnets_had_no_route_out(environment: Emitted, tasks: dict[str, Any]) -> None:
    """Subnet → its table → default route → NAT gateway → that one's subnet → its table → internet gateway."""
    tables = {
        association["SubnetId"]: association["RouteTableId"]
        for association in environment.of_type("AWS::EC2::SubnetRouteTableAssociation").values()
    }
    ways = {
        route["RouteTableId"]: route
        for route in environment.of_type("AWS::EC2::Route").values()
        if route["DestinationCidrBlock"] == "0.0.0.0/0"
    }
    assert tasks["AssignPublicIp"] == "DISABLED"
    assert tasks["Subnets"]
    for subnet in tasks["Subnets"]:
        gateway = environment.resources[logical_id(ways[tables[subnet]]["NatGatewayId"])]
        assert gateway["AllocationId"], "a NAT gateway without an address leads nowhere"
        way = ways[tables[gateway["SubnetId"]]]
        assert environment.resources[logical_id(way["GatewayId"])].type == "AWS::EC2::InternetGateway"


class TestEntryPointAndTemplateDisagreed:
    """The deployment handed over parameters that the template did not have, and left out some that it wanted."""

    @pytest.mark.parametrize("name", environment_names(ROOT))
    def test_every_value_has_its_parameter_and_every_parameter_its_value(self, name: str) -> None:
        target = load_targets(ROOT)[name].template
        assert target is not None
        body = Emitted(TEMPLATES[target]()).body
        given = parameters(name)
        assert given.keys() - body["Parameters"].keys() == set()
        required = {key for key, parameter in body["Parameters"].items() if "Default" not in parameter}
        assert required - given.keys() == set()
        assert check_configuration(body, {"Parameters": given}, f"params/{name}.json") == []

    def test_what_is_built_is_what_is_tested(self, monkeypatch: pytest.MonkeyPatch) -> None:
        handed_over: list[Any] = []

        def remember(templates: object, **_: object) -> int:
            handed_over.append(templates)
            return 0

        monkeypatch.setattr(building, "main", remember)
        assert runpy.run_path(str(ROOT / "build.py"))["main"]() == 0
        assert handed_over == [TEMPLATES]

    def test_every_environment_lives_in_a_template_that_is_built(self) -> None:
        assert {target.template for target in load_targets(ROOT).values()} <= TEMPLATES.keys()


def test_log_groups_had_a_key_that_logs_could_not_use(environment: Emitted) -> None:
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
        [pattern] = let_in["Condition"]["ArnLike"].values()
        arn = f"arn:aws:logs:sa-east-1:111122223333:log-group:{group['LogGroupName']}"
        assert arn.startswith(pattern.removesuffix("*"))


def test_tasks_could_not_reach_their_stores(environment: Emitted, tasks: dict[str, Any]) -> None:
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


def test_spot_was_named_by_the_service_but_not_associated_with_the_cluster(environment: Emitted) -> None:
    [service] = environment.of_type("AWS::ECS::Service").values()
    [association] = environment.of_type("AWS::ECS::ClusterCapacityProviderAssociations").items()
    assert association[1]["Cluster"] == service["Cluster"]
    wanted = {item["CapacityProvider"] for item in service["CapacityProviderStrategy"]}
    assert wanted <= set(association[1]["CapacityProviders"])
    assert association[0] in service.depends_on, "they must be associated before the service asks for them"


def test_secrets_were_injected_that_the_execution_role_could_not_read(
    environment: Emitted, task: dict[str, Any]
) -> None:
    injected = {secret["ValueFrom"].rsplit(":", 3)[0] for secret in container(task)["Secrets"]}
    assert len(injected) >= 2
    for arn in injected:
        assert may(environment, task["ExecutionRoleArn"], "secretsmanager:GetSecretValue", arn)
        if arn.startswith("${"):
            key = environment.resources[logical_id(arn)]["KmsKeyId"]
            assert may(environment, task["ExecutionRoleArn"], "kms:Decrypt", key)


def test_the_files_were_mounted_in_zones_without_a_mount_target(
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


def test_the_cache_was_built_but_nobody_told_the_container(environment: Emitted, task: dict[str, Any]) -> None:
    told = json.dumps(container(task)["Environment"])
    for name in environment.of_type("AWS::ElastiCache::ReplicationGroup"):
        assert f"${{{name}.PrimaryEndPoint.Address}}" in told
        assert f"${{{name}.PrimaryEndPoint.Port}}" in told
    assert any("password" in secret["ValueFrom"] for secret in container(task)["Secrets"])
