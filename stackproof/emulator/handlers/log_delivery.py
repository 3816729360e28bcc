"""Log delivery: from a source (a load balancer, …) to a destination (a log group, …). No line is ever delivered."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ministack.services import cloudwatch_logs

from stackproof.emulator.handler import Created, Handler, add, call

if TYPE_CHECKING:
    from stackproof.emulator.handler import Properties


class Source(Handler):
    """AWS::Logs::DeliverySource; Ref is its name, and one that a delivery takes from is not deleted."""

    type_name = "AWS::Logs::DeliverySource"
    tags = ("Tags", "list")

    def create(self, logical_id: str, properties: Properties, stack_name: str) -> Created:
        _refuse_second(self.type_name, properties["Name"], cloudwatch_logs._delivery_sources)
        return self.update(properties["Name"], {}, properties, stack_name)

    def update(self, physical_id: str, old: Properties, new: Properties, stack_name: str) -> Created:
        request = {
            "name": physical_id,
            "resourceArn": new["ResourceArn"],
            "logType": new["LogType"],
            "tags": _tags(new),
        }
        made = json.loads(call(cloudwatch_logs._put_delivery_source, request))["deliverySource"]
        return physical_id, {"Arn": made["arn"], "Service": made["service"]}

    def delete(self, physical_id: str, properties: Properties) -> None:
        _refuse_used("deliverySourceName", physical_id)
        call(cloudwatch_logs._delete_delivery_source, {"name": physical_id})


class Destination(Handler):
    """AWS::Logs::DeliveryDestination; Ref is its name, and one that a delivery goes to is not deleted."""

    type_name = "AWS::Logs::DeliveryDestination"
    tags = ("Tags", "list")

    def create(self, logical_id: str, properties: Properties, stack_name: str) -> Created:
        _refuse_second(self.type_name, properties["Name"], cloudwatch_logs._delivery_destinations)
        group = _group(properties["DestinationResourceArn"])
        if group and group not in cloudwatch_logs._log_groups:
            raise ValueError(f"Destination resource does not exist: {properties['DestinationResourceArn']}")
        return self.update(properties["Name"], {}, properties, stack_name)

    def update(self, physical_id: str, old: Properties, new: Properties, stack_name: str) -> Created:
        request = {
            "name": physical_id,
            "deliveryDestinationConfiguration": {"destinationResourceArn": new["DestinationResourceArn"]},
            "outputFormat": new.get("OutputFormat", "json"),
            "tags": _tags(new),
        }
        made = json.loads(call(cloudwatch_logs._put_delivery_destination, request))["deliveryDestination"]
        return physical_id, {"Arn": made["arn"]}

    def delete(self, physical_id: str, properties: Properties) -> None:
        _refuse_used("deliveryDestinationArn", cloudwatch_logs._delivery_destinations[physical_id]["arn"])
        call(cloudwatch_logs._delete_delivery_destination, {"name": physical_id})


class Delivery(Handler):
    """AWS::Logs::Delivery; Ref is its id."""

    type_name = "AWS::Logs::Delivery"
    tags = ("Tags", "list")

    def create(self, logical_id: str, properties: Properties, stack_name: str) -> Created:
        _refuse_closed(properties["DeliveryDestinationArn"])
        request = {
            "deliverySourceName": properties["DeliverySourceName"],
            "deliveryDestinationArn": properties["DeliveryDestinationArn"],
            "tags": _tags(properties),
        }
        made = json.loads(call(cloudwatch_logs._create_delivery, request))["delivery"]
        return made["id"], {"Arn": made["arn"], "DeliveryId": made["id"]}

    def update(self, physical_id: str, old: Properties, new: Properties, stack_name: str) -> Created:
        record = cloudwatch_logs._deliveries[physical_id]
        record["tags"] = _tags(new)
        return physical_id, {"Arn": record["arn"], "DeliveryId": physical_id}

    def delete(self, physical_id: str, properties: Properties) -> None:
        call(cloudwatch_logs._delete_delivery, {"id": physical_id})


def _tags(properties: Properties) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in properties.get("Tags", [])}


def _group(arn: str) -> str:
    """The name of a log group, from its ARN with or without `:*`; empty for a bucket or a stream."""
    return arn.partition(":log-group:")[2].removesuffix(":*")


def _refuse_closed(arn: str) -> None:
    """A log group takes a delivery in by a policy, its own or the account's; AWS adds none for CloudFormation."""
    found = [each for each in cloudwatch_logs._delivery_destinations.values() if each["arn"] == arn]
    group = _group(found[0]["deliveryDestinationConfiguration"]["destinationResourceArn"]) if found else ""
    policies = [*cloudwatch_logs._resource_policies.values(), cloudwatch_logs._log_group_policies.get(group) or {}]
    if group and not any("delivery.logs.amazonaws.com" in each.get("policyDocument", "") for each in policies):
        raise ValueError("Access Denied for this Delivery Destination. (AccessDeniedException)")


def _refuse_second(type_name: str, name: str, known: Any) -> None:
    if name in known:
        identifier = json.dumps({"/properties/Name": name}, separators=(",", ":"))
        raise ValueError(
            f"Resource of type '{type_name}' with identifier '{identifier}' already exists. "
            "(HandlerErrorCode: AlreadyExists)"
        )


def _refuse_used(key: str, value: str) -> None:
    if any(delivery[key] == value for delivery in cloudwatch_logs._deliveries.values()):
        raise ValueError(f"Cannot delete {value}: a delivery is associated with it. (ConflictException)")


def install() -> None:
    """Add the types."""
    for handler in (Source(), Destination(), Delivery()):
        add(handler)
