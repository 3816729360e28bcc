"""The service: where it runs, how it is deployed, what it waits for, and how it is stopped."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.templates_support import references

if TYPE_CHECKING:
    from tests.templates_support import Emitted, Resource


def service(template: Emitted) -> Resource:
    return template.resources["Service"]


def waits_for(template: Emitted) -> set[str]:
    """Everything that CloudFormation finishes before the service: named, or referred to, at whatever distance."""
    reached: set[str] = set()
    waiting = ["Service"]
    while waiting:
        name = waiting.pop()
        if name not in reached and name in template.resources:
            reached.add(name)
            resource = template.resources[name]
            metadata = template.resolve(resource.body.get("Metadata", {}))
            waiting += [*resource.depends_on, *references(resource.body["Properties"])]
            waiting += [other for other in template.resources if f"${{{other}}}" in str(metadata)]
    return reached


def test_named_with_the_suffix_in_its_cluster(lms: Emitted) -> None:
    found = service(lms.with_parameters(EnvironmentSuffix="prod"))
    assert found["ServiceName"] == "lms-application-prod"
    assert found["Cluster"] == "${Cluster}"
    assert found["TaskDefinition"] == "${TaskDefinition}"


@pytest.mark.parametrize("parameters", [{}, {"MinimumTasks": 5}, {"RunApplication": "no"}])
def test_the_number_of_tasks_is_written_nowhere(lms: Emitted, parameters: dict[str, str | int]) -> None:
    """It would reset a scaled service at every deployment."""
    for found in lms.with_parameters(**parameters).of_type("AWS::ECS::Service").values():
        assert "DesiredCount" not in found.properties


def test_capacity_comes_from_the_strategy(lms: Emitted) -> None:
    found = service(lms)
    assert found.get("LaunchType") is None
    assert [item["CapacityProvider"] for item in found["CapacityProviderStrategy"]] == ["FARGATE", "FARGATE_SPOT"]
    assert ["Base" in item for item in found["CapacityProviderStrategy"]] == [True, False]


@pytest.mark.parametrize("zones", [2, 3])
def test_tasks_stand_in_private_subnets_without_public_addresses(lms: Emitted, zones: int) -> None:
    found = service(lms.with_parameters(ZoneCount=zones))["NetworkConfiguration"]["AwsvpcConfiguration"]
    assert found == {
        "Subnets": [f"${{PrivateSubnet{zone}}}" for zone in range(1, zones + 1)],
        "SecurityGroups": ["${TasksSecurityGroup.GroupId}"],
        "AssignPublicIp": "DISABLED",
    }


def test_registers_the_container_where_the_balancer_looks(lms: Emitted) -> None:
    template = lms.with_parameters(ContainerPort=8080)
    [registered] = service(template)["LoadBalancers"]
    [container] = template.resources["TaskDefinition"]["ContainerDefinitions"]
    assert registered["ContainerName"] == container["Name"]
    assert registered["TargetGroupArn"] == "${TargetGroup}"
    ports = {
        registered["ContainerPort"],
        container["PortMappings"][0]["ContainerPort"],
        template.resources["BalancerToTasksContainerPortIngress"]["FromPort"],
    }
    assert ports == {"8080"}


class TestDeployment:
    def test_a_bad_one_is_rolled_back(self, lms: Emitted) -> None:
        assert service(lms)["DeploymentConfiguration"]["DeploymentCircuitBreaker"] == {
            "Enable": True,
            "Rollback": True,
        }

    def test_keeps_its_strength_and_leaves_room_for_zone_rebalancing(self, lms: Emitted) -> None:
        found = service(lms)
        assert found["AvailabilityZoneRebalancing"] == "ENABLED"
        assert found["DeploymentConfiguration"]["MaximumPercent"] > 100
        assert found["DeploymentConfiguration"]["MinimumHealthyPercent"] == 100

    def test_grace(self, lms: Emitted) -> None:
        assert service(lms.with_parameters(HealthGraceSeconds=300))["HealthCheckGracePeriodSeconds"] == "300"


@pytest.mark.parametrize(("wanted", "enabled"), [("yes", True), ("no", False)])
def test_tasks_are_entered_only_where_that_is_wanted(lms: Emitted, wanted: str, enabled: bool) -> None:
    assert service(lms.with_parameters(ExecuteCommand=wanted))["EnableExecuteCommand"] is enabled


class TestOrder:
    def test_the_service_waits_for_all_that_a_first_task_needs(self, lms: Emitted) -> None:
        every = lms.with_parameters(
            ZoneCount=3, NatGateways="per-zone", PlainCache="yes", CertificateArn="arn:aws:acm:x:1:certificate/1"
        )
        needed = {
            name
            for name, resource in every.resources.items()
            if resource.type
            in {
                "AWS::EFS::MountTarget",
                "AWS::ECS::ClusterCapacityProviderAssociations",
                "AWS::EC2::NatGateway",
            }
            or name.startswith(("Tasks", "BalancerToTasks", "PrivateRoute", "PrivateSubnet"))
            or name in {"ExecutionPolicy", "HttpsListener", "TaskPolicy"}
        }
        assert len(needed) > 25
        assert needed - waits_for(every) == set()


class TestStopped:
    def test_leaves_out_the_service_and_what_hangs_on_it(self, lms: Emitted) -> None:
        stopped = lms.with_parameters(RunApplication="no")
        gone = {name for name in lms.resources.keys() - stopped.resources.keys() if not name.endswith("Alarm")}
        assert gone == {
            "DeploymentFailed",
            "ErrorLines",
            "FailedTasks",
            "Service",
            "ScalableTarget",
            "CpuScaling",
            "MemoryScaling",
            "RequestScaling",
            "BalancerToTasksContainerPortEgress",
            "BalancerToTasksContainerPortIngress",
        }
        assert lms.outputs.keys() - stopped.outputs.keys() == {"ServiceName"}


def test_outputs(lms: Emitted) -> None:
    assert {name: lms.outputs[name] for name in ("ClusterName", "ServiceName", "LogGroupName")} == {
        "ClusterName": "${Cluster}",
        "ServiceName": "${Service.Name}",
        "LogGroupName": "${ApplicationLogGroup}",
    }
    assert lms.outputs["TaskRoleArn"] == "${TaskRole.Arn}"
    assert lms.outputs["ExecutionRoleArn"] == "${ExecutionRole.Arn}"
