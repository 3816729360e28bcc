"""ECS: a service and its task definition as the template writes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.unit.stackproof.emulator.stacks import resources

if TYPE_CHECKING:
    from tests.unit.stackproof.emulator.stacks import Stacks, Template

VOLUME = {
    "Name": "files",
    "EFSVolumeConfiguration": {
        "FilesystemId": "fs-1",
        "TransitEncryption": "ENABLED",
        "AuthorizationConfig": {"AccessPointId": "fsap-1", "IAM": "ENABLED"},
    },
}


def application(*, cpu: str = "256", container: dict[str, Any] | None = None, **service: Any) -> Template:
    """A cluster with capacity providers and a service, every number given by a parameter."""
    numbers = {"Desired": 2, "Port": 8080, "Grace": 90, "Base": 1, "Weight": 3}
    definition = {
        "Family": "lms",
        "Cpu": cpu,
        "Memory": 512,
        "NetworkMode": "awsvpc",
        "RequiresCompatibilities": ["FARGATE"],
        "RuntimePlatform": {"CpuArchitecture": "ARM64", "OperatingSystemFamily": "LINUX"},
        "Volumes": [VOLUME],
        "ContainerDefinitions": [
            {
                "Name": "app",
                "Image": "nginx",
                "PortMappings": [{"ContainerPort": {"Ref": "Port"}}],
                "Secrets": [{"Name": "PASSWORD", "ValueFrom": "arn:aws:secretsmanager:x:password::"}],
                "LogConfiguration": {"LogDriver": "awslogs", "Options": {"awslogs-group": "/lms", "Mode": "x"}},
                "LinuxParameters": {"InitProcessEnabled": "true"},
                **(container or {}),
            }
        ],
    }
    properties = {
        "Cluster": {"Ref": "Cluster"},
        "ServiceName": "lms-app",
        "TaskDefinition": {"Ref": "Definition"},
        "HealthCheckGracePeriodSeconds": {"Ref": "Grace"},
        "EnableExecuteCommand": True,
        "AvailabilityZoneRebalancing": "ENABLED",
        "PropagateTags": "SERVICE",
        "CapacityProviderStrategy": [
            {"CapacityProvider": "FARGATE", "Base": {"Ref": "Base"}, "Weight": {"Ref": "Weight"}}
        ],
        **service,
    }
    providers = {
        "Cluster": {"Ref": "Cluster"},
        "CapacityProviders": ["FARGATE", "FARGATE_SPOT"],
        "DefaultCapacityProviderStrategy": [{"CapacityProvider": "FARGATE_SPOT", "Weight": {"Ref": "Weight"}}],
    }
    template = resources(
        Cluster=("ECS::Cluster", {"ClusterName": "lms"}),
        Providers=("ECS::ClusterCapacityProviderAssociations", providers),
        Definition=("ECS::TaskDefinition", definition),
        Service=("ECS::Service", properties),
    )
    template["Resources"]["Service"]["DependsOn"] = "Providers"
    return {"Parameters": {name: {"Type": "Number", "Default": value} for name, value in numbers.items()}, **template}


def service(stacks: Stacks) -> dict[str, Any]:
    found: dict[str, Any] = stacks.aws.client("ecs").describe_services(
        cluster="lms", services=["lms-app"], include=["TAGS"]
    )["services"][0]
    return found


def definition(stacks: Stacks) -> dict[str, Any]:
    name = service(stacks)["taskDefinition"]
    found: dict[str, Any] = stacks.aws.client("ecs").describe_task_definition(taskDefinition=name)["taskDefinition"]
    return found


def test_a_service_runs_the_tasks_that_a_parameter_says(stacks: Stacks) -> None:
    assert stacks.deploy(application(DesiredCount={"Ref": "Desired"}))["StackStatus"] == "CREATE_COMPLETE"
    found = service(stacks)
    assert (found["desiredCount"], found["runningCount"]) == (2, 2)
    assert found["healthCheckGracePeriodSeconds"] == 90
    assert found["enableExecuteCommand"] is True
    assert found["availabilityZoneRebalancing"] == "ENABLED"
    assert found["propagateTags"] == "SERVICE"
    strategy = [{"capacityProvider": "FARGATE", "base": 1, "weight": 3}]
    assert found["capacityProviderStrategy"] == strategy
    assert found["deployments"][0]["capacityProviderStrategy"] == strategy


def test_without_a_desired_count_one_task_runs_and_an_update_resets_none(stacks: Stacks) -> None:
    stacks.deploy(application())
    assert service(stacks)["runningCount"] == 1
    stacks.aws.client("ecs").update_service(cluster="lms", service="lms-app", desiredCount=3)
    stacks.deploy(application(cpu="512", HealthCheckGracePeriodSeconds=30))
    assert (service(stacks)["desiredCount"], service(stacks)["healthCheckGracePeriodSeconds"]) == (3, 30)


def test_a_cluster_gets_its_capacity_providers_and_loses_them(stacks: Stacks) -> None:
    ecs = stacks.aws.client("ecs")
    stacks.deploy(application())
    (cluster,) = ecs.describe_clusters(clusters=["lms"])["clusters"]
    assert cluster["capacityProviders"] == ["FARGATE", "FARGATE_SPOT"]
    assert cluster["defaultCapacityProviderStrategy"] == [{"capacityProvider": "FARGATE_SPOT", "weight": 3}]
    template = application()
    template["Resources"]["Providers"]["Properties"]["CapacityProviders"] = ["FARGATE"]
    stacks.deploy(template)
    assert ecs.describe_clusters(clusters=["lms"])["clusters"][0]["capacityProviders"] == ["FARGATE"]
    del template["Resources"]["Providers"], template["Resources"]["Service"]["DependsOn"]
    stacks.deploy(template)
    (cluster,) = ecs.describe_clusters(clusters=["lms"])["clusters"]
    assert (cluster["capacityProviders"], cluster["defaultCapacityProviderStrategy"]) == ([], [])


def test_capacity_providers_of_no_cluster_fail_and_of_a_lost_one_are_gone(stacks: Stacks) -> None:
    providers = {"Cluster": "none", "CapacityProviders": [], "DefaultCapacityProviderStrategy": []}
    stacks.deploy(resources(Providers=("ECS::ClusterCapacityProviderAssociations", providers)), stack="none")
    assert stacks.failure("none") == "Cluster not found."
    template = application()
    del template["Resources"]["Service"]
    stacks.deploy(template)
    stacks.aws.client("ecs").delete_cluster(cluster="lms")
    assert stacks.delete()["StackStatus"] == "DELETE_COMPLETE"


def test_a_task_definition_keeps_volumes_secrets_and_types(stacks: Stacks) -> None:
    stacks.deploy(application())
    found = definition(stacks)
    assert (found["cpu"], found["memory"]) == ("256", "512")
    assert found["runtimePlatform"] == {"cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX"}
    assert found["volumes"] == [
        {
            "name": "files",
            "efsVolumeConfiguration": {
                "fileSystemId": "fs-1",
                "transitEncryption": "ENABLED",
                "authorizationConfig": {"accessPointId": "fsap-1", "iam": "ENABLED"},
            },
        }
    ]
    (container,) = found["containerDefinitions"]
    assert container["portMappings"] == [{"containerPort": 8080}]
    assert container["secrets"] == [{"name": "PASSWORD", "valueFrom": "arn:aws:secretsmanager:x:password::"}]
    assert container["linuxParameters"] == {"initProcessEnabled": True}
    assert container["logConfiguration"] == {
        "logDriver": "awslogs",
        "options": {"awslogs-group": "/lms", "Mode": "x"},
    }


def test_a_changed_task_definition_is_a_new_revision_that_the_service_runs(stacks: Stacks) -> None:
    stacks.deploy(application())
    first = definition(stacks)
    changes = stacks.changes(application(container={"StopTimeout": 60}))
    assert changes["Definition"]["Replacement"] == "True"
    stacks.deploy(application(container={"StopTimeout": 60}))
    second = definition(stacks)
    assert (first["revision"], second["revision"]) == (1, 2)
    assert second["containerDefinitions"][0]["stopTimeout"] == 60
    assert service(stacks)["runningCount"] == 1


def test_tags_of_the_stack_reach_service_and_task_definition(stacks: Stacks) -> None:
    ecs = stacks.aws.client("ecs")

    def tags(arn: str) -> dict[str, str]:
        return {tag["key"]: tag["value"] for tag in ecs.list_tags_for_resource(resourceArn=arn)["tags"]}

    stacks.deploy(application(Tags=[{"Key": "Name", "Value": "app"}]), Tags=[{"Key": "of", "Value": "stack"}])
    found = service(stacks)
    assert {"Name": "app", "of": "stack"}.items() <= tags(found["serviceArn"]).items()
    assert {tag["key"] for tag in found["tags"]} >= {"Name", "of"}
    assert tags(found["taskDefinition"])["of"] == "stack"
    stacks.deploy(application(), Tags=[{"Key": "of", "Value": "other"}])
    assert tags(found["serviceArn"])["of"] == "other"
    assert "Name" not in tags(found["serviceArn"])
