"""ECS: capacity providers of a cluster, and services and task definitions as a template writes them."""

from __future__ import annotations

from typing import Any

from ministack.services import ecs
from ministack.services.cloudformation import provisioners

from stackproof.emulator.handler import Created, Handler, Properties, add, after, before, call


class ClusterCapacityProviderAssociations(Handler):
    """AWS::ECS::ClusterCapacityProviderAssociations; Ref is the cluster's name."""

    type_name = "AWS::ECS::ClusterCapacityProviderAssociations"

    def create(self, logical_id: str, properties: Properties, stack_name: str) -> Created:
        cluster = properties["Cluster"]
        self._put(cluster, properties.get("CapacityProviders", []), properties["DefaultCapacityProviderStrategy"])
        return cluster, {}

    def update(self, physical_id: str, old: Properties, new: Properties, stack_name: str) -> Created:
        return self.create("", new, stack_name)

    def delete(self, physical_id: str, properties: Properties) -> None:
        self._put(physical_id, [], [])

    @staticmethod
    def _put(cluster: str, providers: list[str], strategy: list[dict[str, Any]]) -> None:
        call(
            ecs._put_cluster_capacity_providers,
            {
                "cluster": cluster,
                "capacityProviders": providers,
                "defaultCapacityProviderStrategy": [_strategy_item(item) for item in strategy],
            },
        )


def _strategy_item(item: dict[str, Any]) -> dict[str, Any]:
    """One item of a capacity provider strategy in the API's shape; a parameter gives its numbers as text."""
    return {
        "capacityProvider": item["CapacityProvider"],
        "base": int(item.get("Base", 0)),
        "weight": int(item.get("Weight", 0)),
    }


def _numbers(properties: Properties) -> Properties:
    """Parameters of type Number arrive as text; ministack wants numbers."""
    names = ("DesiredCount", "HealthCheckGracePeriodSeconds")
    numbers = {name: int(properties[name]) for name in names if name in properties}
    return {**properties, **numbers}


def _task_definition(physical_id: str, properties: Properties, attributes: dict[str, Any]) -> None:
    """Volumes and secrets, which ministack leaves in CloudFormation's spelling."""
    definition = ecs._task_defs[physical_id.rsplit("/", 1)[-1]]
    definition["volumes"] = [_volume(volume) for volume in properties.get("Volumes", [])]
    containers = zip(definition["containerDefinitions"], properties.get("ContainerDefinitions", []), strict=True)
    for container, written in containers:
        if "Secrets" in written:
            container["secrets"] = provisioners._pascal_to_camel(written["Secrets"])


def _volume(volume: dict[str, Any]) -> dict[str, Any]:
    shaped: dict[str, Any] = {"name": volume["Name"]}
    if efs := volume.get("EFSVolumeConfiguration"):
        authorization = efs.get("AuthorizationConfig", {})
        shaped["efsVolumeConfiguration"] = {
            "fileSystemId": efs["FilesystemId"],
            "rootDirectory": efs.get("RootDirectory", "/"),
            "transitEncryption": efs.get("TransitEncryption", "DISABLED"),
            "authorizationConfig": {
                "accessPointId": authorization.get("AccessPointId"),
                "iam": authorization.get("IAM", "DISABLED"),
            },
        }
    return shaped


def install() -> None:
    """Add the type, complete the others."""
    add(ClusterCapacityProviderAssociations())
    before("AWS::ECS::Service", _numbers)
    after("AWS::ECS::TaskDefinition", _task_definition)
