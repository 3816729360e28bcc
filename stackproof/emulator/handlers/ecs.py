"""ECS: capacity providers of a cluster; services and task definitions with all that a template says about them."""

from __future__ import annotations

from typing import Any

from ministack.services import ecs
from ministack.services.cloudformation import provisioners

from stackproof.emulator.handler import Created, Handler, Properties, add, after, before, call
from stackproof.emulator.wire import in_api_shape, with_api_types

# ministack keeps these itself, and changes them while tasks start and stop.
_KEPT_BY_SERVICE = {"desiredCount", "taskDefinition", "serviceName", "tags"}


class ClusterCapacityProviderAssociations(Handler):
    """AWS::ECS::ClusterCapacityProviderAssociations; Ref is the cluster's name."""

    type_name = "AWS::ECS::ClusterCapacityProviderAssociations"

    def create(self, logical_id: str, properties: Properties, stack_name: str) -> Created:
        request = in_api_shape("ecs", "PutClusterCapacityProvidersRequest", properties)
        call(ecs._put_cluster_capacity_providers, request)
        return properties["Cluster"], {}

    def update(self, physical_id: str, old: Properties, new: Properties, stack_name: str) -> Created:
        return self.create("", new, stack_name)

    def delete(self, physical_id: str, properties: Properties) -> None:
        if physical_id in ecs._clusters:
            call(ecs._put_cluster_capacity_providers, {"cluster": physical_id})


def _typed_service(properties: Properties) -> Properties:
    """Parameters of type Number arrive as text, and ministack counts tasks with them."""
    return with_api_types("ecs", "CreateServiceRequest", properties)


def _service(physical_id: str, properties: Properties, attributes: dict[str, Any]) -> None:
    """Grace period, exec, rebalancing and so on, which ministack takes from the API only."""
    cluster, name = physical_id.split("/")[-2:]
    service = ecs._services[f"{cluster}/{name}"]
    shaped = in_api_shape("ecs", "Service", properties)
    service.update({member: value for member, value in shaped.items() if member not in _KEPT_BY_SERVICE})
    service["tags"] = shaped.get("tags", [])
    ecs._tags[physical_id] = list(service["tags"])


def _task_definition(physical_id: str, properties: Properties, attributes: dict[str, Any]) -> None:
    """Volumes, secrets and numbers, which ministack leaves as the template has them."""
    definition = in_api_shape("ecs", "TaskDefinition", properties)
    ecs._task_defs[physical_id.rsplit("/", 1)[-1]].update(definition)


def install() -> None:
    """Add the type, complete the others."""
    add(ClusterCapacityProviderAssociations())
    before("AWS::ECS::Service", _typed_service)
    after("AWS::ECS::Service", _service)
    after("AWS::ECS::TaskDefinition", _task_definition)
    provisioners._STACK_TAG_PROPERTY["AWS::ECS::TaskDefinition"] = ("Tags", "list")
