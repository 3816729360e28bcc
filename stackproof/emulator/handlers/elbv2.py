"""Elastic Load Balancing: the network of a load balancer, its deletion protection, and a listener's attributes."""

from __future__ import annotations

import re
from typing import Any

from ministack.services import alb, ec2
from ministack.services.cloudformation import provisioners

from stackproof.emulator.handler import Properties, after

_TYPE = "AWS::ElasticLoadBalancingV2::LoadBalancer"
_render = alb._lb_xml


def _load_balancer(physical_id: str, properties: Properties, attributes: dict[str, Any]) -> None:
    """The VPC is that of its subnets; ministack takes one that does not exist."""
    subnet = ec2._subnets.get(properties["Subnets"][0])
    if subnet is None:
        raise ValueError(f"The subnet ID '{properties['Subnets'][0]}' does not exist")
    alb._lbs[physical_id]["VpcId"] = subnet["VpcId"]


def _with_zones(load_balancer: dict[str, Any]) -> str:
    """The load balancer in an answer, each subnet in the zone it is in; ministack puts all into the first."""

    def zone(match: re.Match[str]) -> str:
        return f"<ZoneName>{ec2._subnets[match[1]]['AvailabilityZone']}</ZoneName><SubnetId>{match[1]}</SubnetId>"

    return re.sub(r"<ZoneName>[^<]*</ZoneName><SubnetId>([^<]*)</SubnetId>", zone, _render(load_balancer))


def _listener(physical_id: str, properties: Properties, attributes: dict[str, Any]) -> None:
    """The attributes, which ministack forgets when it creates one."""
    found = {item["Key"]: item for item in alb._listener_attrs.get(physical_id, [])}
    found |= {item["Key"]: item for item in properties.get("ListenerAttributes") or []}
    alb._listener_attrs[physical_id] = list(found.values())


def install() -> None:
    """Complete the types."""
    after(_TYPE, _load_balancer)
    after("AWS::ElasticLoadBalancingV2::Listener", _listener)
    alb._lb_xml = _with_zones
    table = provisioners._RESOURCE_HANDLERS[_TYPE]
    delete = table["delete"]

    def delete_unprotected(physical_id: str, properties: Properties) -> None:
        attributes = {item["Key"]: item["Value"] for item in alb._lb_attrs.get(physical_id, [])}
        if attributes.get("deletion_protection.enabled") == "true":
            raise ValueError(f"Load balancer '{physical_id}' cannot be deleted because deletion protection is enabled")
        delete(physical_id, properties)

    table["delete"] = delete_unprotected
