"""Elastic Load Balancing: network, protection, attributes of listeners, fixed responses, targets that are tasks."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from ministack.services import alb, ec2, ecs
from ministack.services.cloudformation import provisioners

from stackproof.emulator.handler import Properties, after

if TYPE_CHECKING:
    from stackproof.emulator.handler import Response

_TYPE = "AWS::ElasticLoadBalancingV2::LoadBalancer"
_render = alb._lb_xml
_render_action = alb._action_xml
_answer = alb._describe_target_health


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


def _escaped(action: dict[str, Any]) -> str:
    """An action in an answer; ministack lets the HTML of a fixed response end the XML."""
    response = action.get("FixedResponseConfig")
    if response is not None:
        action = {**action, "FixedResponseConfig": {**response, "MessageBody": escape(response.get("MessageBody", ""))}}
    return _render_action(action)


def _listener(physical_id: str, properties: Properties, attributes: dict[str, Any]) -> None:
    """The attributes, which ministack forgets when it creates one."""
    found = {item["Key"]: item for item in alb._listener_attrs.get(physical_id, [])}
    found |= {item["Key"]: item for item in properties.get("ListenerAttributes") or []}
    alb._listener_attrs[physical_id] = list(found.values())


def _target_health(request: dict[str, Any]) -> Response:
    """Who is registered, and the tasks of services behind the group; ministack gives them no address of their own."""
    answer: Response = _answer(request)
    group = alb._p(request, "TargetGroupArn")
    if answer[0] != 200 or any(key.startswith("Targets.") for key in request):
        return answer
    behind = [
        f"<member><Target><Id>{_address(number)}</Id><Port>{balancer['containerPort']}</Port></Target>"
        "<TargetHealth><State>healthy</State></TargetHealth></member>"
        for service in ecs._services.values()
        for balancer in service.get("loadBalancers", [])
        if balancer.get("targetGroupArn") == group and service["status"] == "ACTIVE"
        for number in range(service["runningCount"])
    ]
    status, headers, body = answer
    end = b"</TargetHealthDescriptions>"
    return status, headers, body.replace(end, "".join(behind).encode() + end)


def _address(number: int) -> str:
    return f"10.0.{number // 250}.{number % 250 + 4}"


def install() -> None:
    """Complete the types, and the health of targets."""
    alb._ACTION_MAP["DescribeTargetHealth"] = _target_health
    after(_TYPE, _load_balancer)
    after("AWS::ElasticLoadBalancingV2::Listener", _listener)
    alb._lb_xml = _with_zones
    alb._action_xml = _escaped
    table = provisioners._RESOURCE_HANDLERS[_TYPE]
    delete = table["delete"]

    def delete_unprotected(physical_id: str, properties: Properties) -> None:
        attributes = {item["Key"]: item["Value"] for item in alb._lb_attrs.get(physical_id, [])}
        if attributes.get("deletion_protection.enabled") == "true":
            raise ValueError(f"Load balancer '{physical_id}' cannot be deleted because deletion protection is enabled")
        delete(physical_id, properties)

    table["delete"] = delete_unprotected
