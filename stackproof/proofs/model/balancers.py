"""Load balancers with their listeners, rules and target groups (Elastic Load Balancing, version 2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stackproof.proofs.model.placement import Placement, each, listed, placement, whole, word
from stackproof.proofs.values import Unknown, Value, at

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stackproof.proofs.resolve.stack import Resource, Stack

_VERSION_2 = "AWS::ElasticLoadBalancingV2::"


@dataclass(frozen=True)
class Action:
    """What a listener or a rule does with a request.

    Attributes:
        kind: `forward`, `redirect`, `fixed-response`, `authenticate-oidc`, `authenticate-cognito`, `?`.
        target_groups: where `forward` leads.
        redirect_port: where `redirect` leads; None for another kind and for what is not known.
    """

    kind: str
    target_groups: tuple[Value, ...]
    redirect_port: int | None
    path: str


@dataclass(frozen=True)
class Listener:
    """A listener with the actions of its rules; `balancer` is a logical id, None when it is none of this stack."""

    logical_id: str
    balancer: str | None
    port: int | None
    protocol: str
    actions: tuple[Action, ...]


@dataclass(frozen=True)
class Rule:
    """A listener rule; `listener` is a logical id, None when it is none of this stack."""

    logical_id: str
    listener: str | None
    priority: int | None
    actions: tuple[Action, ...]


@dataclass(frozen=True)
class TargetGroup:
    """A target group.

    Attributes:
        port: where targets listen, unless a target says otherwise.
        health_port: None for the port that each target serves on (`traffic-port`), 0 when it is not known.
        health_protocol: HTTP, HTTPS, TCP, …; the group's own when it says none.
        targets: what is registered by the template itself; tasks register themselves.
    """

    logical_id: str
    type: str
    protocol: str
    port: int | None
    health_port: int | None
    health_protocol: str
    health_path: Value
    targets: tuple[Value, ...]
    vpc: Value


@dataclass(frozen=True)
class Balancer:
    """A load balancer.

    Attributes:
        type: `application`, `network`, `gateway`, or `?`.
        public: internet-facing; None when it is not known.
        guarded: whether security groups guard it (a network balancer without any is open).
    """

    logical_id: str
    name: Value
    type: str
    public: bool | None
    guarded: bool
    placement: Placement


@dataclass(frozen=True)
class Balancers:
    """All of them, by logical id."""

    balancers: Mapping[str, Balancer]
    listeners: Mapping[str, Listener]
    rules: Mapping[str, Rule]
    target_groups: Mapping[str, TargetGroup]

    def serving(self, target_group: str, stack: Stack) -> list[Listener]:
        """The listeners that forward to a target group, by themselves or by a rule."""
        chosen: dict[str, Listener] = {}
        for listener in self.listeners.values():
            if _forwards(stack, listener.actions, target_group):
                chosen[listener.logical_id] = listener
        for rule in self.rules.values():
            if rule.listener in self.listeners and _forwards(stack, rule.actions, target_group):
                chosen[str(rule.listener)] = self.listeners[str(rule.listener)]
        return list(chosen.values())


def _forwards(stack: Stack, actions: tuple[Action, ...], target_group: str) -> bool:
    return any(
        found is not None and found.logical_id == target_group
        for action in actions
        for found in map(stack.target, action.target_groups)
    )


def model_balancers(stack: Stack) -> Balancers:
    """Read all of it from a resolved stack."""
    return Balancers(
        balancers={found.logical_id: _balancer(found) for found in stack.of_type(_VERSION_2 + "LoadBalancer")},
        listeners={found.logical_id: _listener(stack, found) for found in stack.of_type(_VERSION_2 + "Listener")},
        rules={found.logical_id: _rule(stack, found) for found in stack.of_type(_VERSION_2 + "ListenerRule")},
        target_groups={found.logical_id: _target_group(found) for found in stack.of_type(_VERSION_2 + "TargetGroup")},
    )


def _balancer(resource: Resource) -> Balancer:
    properties = resource.properties
    mappings = properties.get("SubnetMappings")
    groups = placement(resource, ("Subnets",), ("SecurityGroups",))
    if mappings is not None:
        subnets = mappings if isinstance(mappings, Unknown) else [at(found, "SubnetId") for found in each(mappings)]
        groups = Placement(
            resource.logical_id, listed(subnets), groups.groups, "Properties.SubnetMappings", groups.groups_path
        )
    scheme = word(properties.get("Scheme"), "internet-facing")
    kind = word(properties.get("Type"), "application")
    public = {"internet-facing": True, "internal": False}.get(scheme)
    return Balancer(
        logical_id=resource.logical_id,
        name=properties.get("Name"),
        type=kind,
        public=public,
        guarded=kind == "application" or properties.get("SecurityGroups") is not None,
        placement=Placement(
            groups.owner, groups.subnets, groups.groups, groups.subnets_path, groups.groups_path, public=public
        ),
    )


def _owner(stack: Stack, value: Value) -> str | None:
    found = stack.target(value)
    return None if found is None else found.logical_id


def _listener(stack: Stack, resource: Resource) -> Listener:
    properties = resource.properties
    return Listener(
        logical_id=resource.logical_id,
        balancer=_owner(stack, properties.get("LoadBalancerArn")),
        port=whole(properties.get("Port")),
        protocol=word(properties.get("Protocol"), "?"),
        actions=_actions(properties.get("DefaultActions"), "Properties.DefaultActions"),
    )


def _rule(stack: Stack, resource: Resource) -> Rule:
    properties = resource.properties
    return Rule(
        logical_id=resource.logical_id,
        listener=_owner(stack, properties.get("ListenerArn")),
        priority=whole(properties.get("Priority")),
        actions=_actions(properties.get("Actions"), "Properties.Actions"),
    )


def _actions(value: Value, path: str) -> tuple[Action, ...]:
    found = []
    for index, action in enumerate(each(value)):
        groups = [at(action, "TargetGroupArn"), *each(at(action, "ForwardConfig", "TargetGroups"))]
        found.append(
            Action(
                kind=word(at(action, "Type"), "?"),
                target_groups=tuple(
                    group
                    for group in (at(one, "TargetGroupArn") if isinstance(one, dict) else one for one in groups)
                    if group is not None
                ),
                redirect_port=whole(at(action, "RedirectConfig", "Port")),
                path=f"{path}.{index}",
            )
        )
    return tuple(found)


def _target_group(resource: Resource) -> TargetGroup:
    properties = resource.properties
    health = properties.get("HealthCheckPort", "traffic-port")
    protocol = word(properties.get("Protocol"), "?")
    return TargetGroup(
        logical_id=resource.logical_id,
        type=word(properties.get("TargetType"), "instance"),
        protocol=protocol,
        port=whole(properties.get("Port")),
        health_port=None if health == "traffic-port" else whole(health) or 0,
        health_protocol=word(properties.get("HealthCheckProtocol"), protocol),
        health_path=properties.get("HealthCheckPath"),
        targets=tuple(at(found, "Id") for found in each(properties.get("Targets"))),
        vpc=properties.get("VpcId"),
    )
