"""EC2's Describe calls of the network, with the members and filters that ministack leaves out."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from ministack.services import ec2

if TYPE_CHECKING:
    from collections.abc import Callable

    from stackproof.emulator.handler import Response

Record = dict[str, Any]


@dataclass(frozen=True)
class Description:
    """One Describe call.

    Attributes:
        action: the call's name.
        answer_set: the element of the answer that holds the items.
        records: gives the service's records.
        identifier: the record's key that tags hang on, and the request's parameter that lists ids.
        members: the members of an item, as the API spells them; None and empty ones are left out.
        filters: the filter names the call takes beside tags, each with the record's key that it looks at.
    """

    action: str
    answer_set: str
    records: Callable[[], list[Record]]
    identifier: str
    members: Callable[[Record], dict[str, Any]]
    filters: dict[str, str]

    def answer(self, parameters: dict[str, Any]) -> Response:
        """Answer a request."""
        filters = ec2._parse_filters(parameters)
        for name in filters:
            if name not in self.filters and not name.startswith("tag"):
                return ec2._error("InvalidParameterValue", f"The filter '{name}' is invalid", 400)
        ids = ec2._parse_member_list(parameters, self.identifier)
        items = [
            {**self.members(record), "tagSet": _tags(record[self.identifier])}
            for record in self.records()
            if (not ids or record[self.identifier] in ids) and self._passes(record, filters)
        ]
        return ec2._xml(200, f"{self.action}Response", _xml({self.answer_set: items}))

    def _passes(self, record: Record, filters: dict[str, list[str]]) -> bool:
        return ec2._resource_matches_tag_filters(record[self.identifier], filters) and all(
            any(ec2._glob_match(pattern, str(record.get(self.filters[name]))) for pattern in patterns)
            for name, patterns in filters.items()
            if name in self.filters
        )


def _tags(identifier: str) -> list[dict[str, str]]:
    return [{"key": tag["Key"], "value": tag["Value"]} for tag in ec2._tags.get(identifier) or []]


def _xml(value: Any) -> str:
    """A value as EC2 writes it: members as elements, list items as `<item>`."""
    if isinstance(value, dict):
        return "".join(f"<{name}>{_xml(item)}</{name}>" for name, item in value.items() if item not in (None, ""))
    if isinstance(value, list):
        return "".join(f"<item>{_xml(item)}</item>" for item in value)
    if isinstance(value, bool):
        return str(value).lower()
    return escape(str(value))


def _address(record: Record) -> dict[str, Any]:
    return {
        "allocationId": record["AllocationId"],
        "publicIp": record["PublicIp"],
        "domain": record["Domain"],
        "associationId": record["AssociationId"],
    }


def _nat_gateway(record: Record) -> dict[str, Any]:
    # A gateway that is gone keeps its record for a while, but no address.
    address = ec2._addresses.get(record["AllocationId"]) if record["State"] == "available" else None
    return {
        "natGatewayId": record["NatGatewayId"],
        "subnetId": record["SubnetId"],
        "vpcId": record["VpcId"],
        "state": record["State"],
        "connectivityType": record["ConnectivityType"],
        "createTime": record["CreateTime"],
        "natGatewayAddressSet": [_address(address)] if address else [],
    }


def _flow_log(record: Record) -> dict[str, Any]:
    return {
        "flowLogId": record["FlowLogId"],
        "resourceId": record["ResourceId"],
        "trafficType": record["TrafficType"],
        "logDestinationType": record["LogDestinationType"],
        "logDestination": record["LogDestination"],
        "logGroupName": record.get("LogGroupName"),
        "deliverLogsPermissionArn": record.get("DeliverLogsPermissionArn"),
        "maxAggregationInterval": record.get("MaxAggregationInterval"),
        "flowLogStatus": record["FlowLogStatus"],
        "deliverLogsStatus": "SUCCESS",
        "creationTime": record["CreationTime"],
    }


def _vpc_endpoint(record: Record) -> dict[str, Any]:
    groups = [
        {"groupId": group, "groupName": ec2._security_groups[group]["GroupName"]}
        for group in record["SecurityGroupIds"]
    ]
    return {
        "vpcEndpointId": record["VpcEndpointId"],
        "vpcEndpointType": record["VpcEndpointType"],
        "vpcId": record["VpcId"],
        "serviceName": record["ServiceName"],
        "state": record["State"],
        "policyDocument": record.get("PolicyDocument"),
        "routeTableIdSet": record["RouteTableIds"],
        "subnetIdSet": record["SubnetIds"],
        "groupSet": groups,
        "privateDnsEnabled": str(record["PrivateDnsEnabled"]).lower() == "true",
        "ownerId": record["OwnerId"],
        "creationTimestamp": record["CreationTimestamp"],
    }


DESCRIPTIONS = (
    Description(
        "DescribeAddresses",
        "addressesSet",
        lambda: list(ec2._addresses.values()),
        "AllocationId",
        _address,
        {
            "allocation-id": "AllocationId",
            "public-ip": "PublicIp",
            "association-id": "AssociationId",
            "domain": "Domain",
        },
    ),
    Description(
        "DescribeNatGateways",
        "natGatewaySet",
        lambda: list(ec2._nat_gateways.values()),
        "NatGatewayId",
        _nat_gateway,
        {"nat-gateway-id": "NatGatewayId", "state": "State", "subnet-id": "SubnetId", "vpc-id": "VpcId"},
    ),
    Description(
        "DescribeFlowLogs",
        "flowLogSet",
        lambda: list(ec2._flow_logs.values()),
        "FlowLogId",
        _flow_log,
        {
            "resource-id": "ResourceId",
            "traffic-type": "TrafficType",
            "log-group-name": "LogGroupName",
            "log-destination-type": "LogDestinationType",
        },
    ),
    Description(
        "DescribeVpcEndpoints",
        "vpcEndpointSet",
        lambda: list(ec2._vpc_endpoints.values()),
        "VpcEndpointId",
        _vpc_endpoint,
        {
            "vpc-id": "VpcId",
            "service-name": "ServiceName",
            "vpc-endpoint-id": "VpcEndpointId",
            "vpc-endpoint-type": "VpcEndpointType",
            "vpc-endpoint-state": "State",
        },
    ),
)


def install() -> None:
    """Answer the calls ourselves."""
    for description in DESCRIPTIONS:
        ec2._ACTION_MAP[description.action] = description.answer
