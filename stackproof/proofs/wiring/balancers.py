"""Load balancers: what is forwarded to is attached, redirects end somewhere, ports and priorities are taken once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from stackproof.proofs.model.placement import each, whole, word
from stackproof.proofs.values import Unknown, Value, at, is_one_of, show, symbols
from stackproof.proofs.verdicts import broken, proved
from stackproof.proofs.wiring.common import Findings, unclear

if TYPE_CHECKING:
    from stackproof.proofs.model.balancers import Listener, TargetGroup
    from stackproof.proofs.model.compute import Service
    from stackproof.proofs.model.system import System

_VERSION_2: Final = "AWS::ElasticLoadBalancingV2::"
_HTTP: Final = ("HTTP", "HTTPS")
_DEFAULTS: Final = {"interval": 30, "timeout": 5}
"""Seconds, for health checks over HTTP of targets of type ip and instance (Elastic Load Balancing API reference,
CreateTargetGroup); other kinds are not judged without a value."""


def balancers(system: System) -> Findings:
    """Attachment, listeners, rules, redirects and health check times."""
    doors = forwarders(system)
    for service in system.compute.services.values():
        yield from _attached(system, service, doors)
    yield from _taken_once(system)
    yield from _one_balancer(system, doors)
    for listener in system.balancers.listeners.values():
        yield from _protocol(system, listener)
        yield from _redirects(system, listener)
    for group in system.balancers.target_groups.values():
        yield from _health(system, group)


def forwarders(system: System) -> dict[str, list[str]]:
    """The listeners and rules that forward to each target group, by logical ids."""
    found: dict[str, list[str]] = {}
    for owner, actions in [
        *((listener.logical_id, listener.actions) for listener in system.balancers.listeners.values()),
        *((rule.logical_id, rule.actions) for rule in system.balancers.rules.values()),
    ]:
        for action in actions:
            for value in action.target_groups:
                group = system.stack.target(value)
                if group is not None and owner not in found.setdefault(group.logical_id, []):
                    found[group.logical_id].append(owner)
    return found


def _attached(system: System, service: Service, doors: dict[str, list[str]]) -> Findings:
    """A service can register only in a target group that a listener or a rule forwards to."""
    for target in service.targets:
        # The second group of a blue/green service is attached by the deployment.
        for value in target.target_groups[:1]:
            group = system.stack.target(value)
            if group is None or group.type != _VERSION_2 + "TargetGroup":
                continue
            place = ("wire-listener", group.logical_id, "")
            found = doors.get(group.logical_id, [])
            if found:
                yield proved(*place, f"{', '.join(found)} → {group.logical_id} → {service.logical_id}")
            elif reason := _hidden(system, group.logical_id):
                yield unclear(*place, "a listener forwards to it", reason)
            else:
                yield broken(
                    *place,
                    f"ECS refuses to create {service.logical_id}: no listener and no rule forwards to the target group"
                    f" {group.logical_id}, so that it belongs to no load balancer.",
                    "Forward to it from a listener, or from a rule of one.",
                )


def _hidden(system: System, group: str) -> str:
    """Why a listener may forward to a group all the same; empty when none can."""
    if any(
        listener.unknown is not None or any(isinstance(value, Unknown) for value in _forwarded(listener.properties))
        for listener in system.stack.of_type(_VERSION_2 + "Listener", _VERSION_2 + "ListenerRule")
    ):
        return "what a listener does is not known"
    if group in system.network.strangers or system.stack.rewritten:
        return "a nested stack, a custom resource or a macro may attach it"
    return ""


def _forwarded(properties: dict[str, Value]) -> list[Value]:
    actions = properties.get("DefaultActions", properties.get("Actions"))
    return [actions, *each(actions), *(at(action, "TargetGroupArn") for action in each(actions))]


def _taken_once(system: System) -> Findings:
    """A balancer has one listener for each port, a listener one rule for each priority."""
    ports: dict[tuple[str, int, bool], str] = {}
    for listener in system.balancers.listeners.values():
        if listener.balancer is None or listener.port is None:
            continue
        key = (listener.balancer, listener.port, listener.protocol in {"UDP", "QUIC"})
        other = ports.setdefault(key, listener.logical_id)
        if other != listener.logical_id:
            yield broken(
                "wire-listener",
                listener.logical_id,
                "Properties.Port",
                f"Elastic Load Balancing refuses the listener: {other} already listens on port {listener.port} of"
                f" {listener.balancer}.",
                "Take another port, or make one listener of the two.",
            )
    priorities: dict[tuple[str, int], str] = {}
    for rule in system.balancers.rules.values():
        if rule.listener is None or rule.priority is None:
            continue
        other = priorities.setdefault((rule.listener, rule.priority), rule.logical_id)
        if other != rule.logical_id:
            yield broken(
                "wire-listener",
                rule.logical_id,
                "Properties.Priority",
                f"Elastic Load Balancing refuses the rule: {other} already has priority {rule.priority} of"
                f" {rule.listener}.",
                "Give each rule of a listener a priority of its own.",
            )


def _one_balancer(system: System, doors: dict[str, list[str]]) -> Findings:
    """A target group belongs to one load balancer."""
    for group, owners in doors.items():
        behind = dict.fromkeys(filter(None, (balancer_of(system, owner) for owner in owners)))
        if len(behind) > 1:
            yield broken(
                "wire-listener",
                group,
                "",
                f"Elastic Load Balancing refuses the second listener: a target group belongs to one load balancer, and"
                f" {' and '.join(behind)} forward to {group}.",
                "Make a target group for each load balancer.",
            )


def balancer_of(system: System, owner: str) -> str | None:
    """The balancer that a listener or a rule belongs to."""
    rule = system.balancers.rules.get(owner)
    listener = system.balancers.listeners.get(owner if rule is None else rule.listener or "")
    return listener.balancer if listener is not None else None


def balancer_of_group(system: System, group: str, doors: dict[str, list[str]]) -> str | None:
    """The balancer of this template that forwards to a target group."""
    found = filter(None, (balancer_of(system, owner) for owner in doors.get(group, [])))
    return next(found, None)


def _protocol(system: System, listener: Listener) -> Findings:
    """An application balancer speaks HTTP and HTTPS, a network balancer neither."""
    balancer = system.balancers.balancers.get(listener.balancer or "")
    if balancer is None or balancer.type not in {"application", "network"} or listener.protocol == "?":
        return
    http = listener.protocol in _HTTP
    if http is not (balancer.type == "application"):
        yield broken(
            "wire-listener",
            listener.logical_id,
            "Properties.Protocol",
            f"Elastic Load Balancing refuses the listener: {balancer.logical_id} is a balancer of type {balancer.type},"
            f" which does not listen for {listener.protocol}.",
            "Take HTTP or HTTPS." if balancer.type == "application" else "Take TCP, TLS, UDP or TCP_UDP.",
        )


def _redirects(system: System, listener: Listener) -> Findings:
    """A redirect leads to a port that somebody listens on, and not back to itself."""
    actions = system.stack.resources[listener.logical_id].properties.get("DefaultActions")
    for index, action in enumerate(each(actions)):
        config = at(action, "RedirectConfig")
        if at(action, "Type") == "redirect" and is_one_of(at(config, "Host"), None, "#{host}") and listener.balancer:
            port = listener.port if is_one_of(at(config, "Port"), None, "#{port}") else whole(at(config, "Port"))
            protocol = word(at(config, "Protocol"), "#{protocol}").replace("#{protocol}", listener.protocol)
            if port is not None and protocol != "?":
                moved = not is_one_of(at(config, "Path"), None, "/#{path}") or not is_one_of(
                    at(config, "Query"), None, "#{query}"
                )
                path = f"Properties.DefaultActions.{index}.RedirectConfig"
                yield from _redirect(system, listener, _Redirect(path, port, protocol, moved=moved))


@dataclass(frozen=True)
class _Redirect:
    """Where a redirect leads, on the same host; `moved` when path or query change."""

    path: str
    port: int
    protocol: str
    moved: bool


def _redirect(system: System, listener: Listener, to: _Redirect) -> Findings:
    place = ("wire-redirect", listener.logical_id, to.path)
    siblings = [other for other in system.balancers.listeners.values() if other.balancer == listener.balancer]
    found = next((other for other in siblings if other.port == to.port), None)
    if (to.port, to.protocol, to.moved) == (listener.port, listener.protocol, False):
        yield broken(
            *place,
            f"Browsers give up: {listener.logical_id} sends every request for {to.protocol} on port {to.port} to the"
            " same address again.",
            "Redirect to another protocol and port, or forward.",
        )
    elif found is not None and found.protocol not in {"?", to.protocol}:
        yield broken(
            *place,
            f"Browsers cannot follow: {listener.logical_id} sends them to port {to.port} with {to.protocol}, where"
            f" {found.logical_id} speaks {found.protocol}.",
            f"Redirect with the protocol {found.protocol}, or to another port.",
        )
    elif found is not None:
        yield proved(*place, f"{listener.logical_id} → {found.logical_id} ({to.protocol} on port {to.port})")
    elif any(other.port is None for other in siblings):
        yield unclear(*place, f"somebody listens on port {to.port}", "a listener's port is known to AWS only")
    elif _handed_on(system, str(listener.balancer)):
        yield unclear(*place, f"somebody listens on port {to.port}", "the balancer is handed to others")
    else:
        yield broken(
            *place,
            f"Browsers are sent to port {to.port} of {listener.balancer}, where nothing listens: their connection"
            " fails.",
            f"Add a listener on port {to.port}, or redirect to one that exists.",
        )


def _handed_on(system: System, balancer: str) -> bool:
    """May others add listeners: is the balancer's ARN in an output, or with a nested stack?"""
    given = [symbol for output in system.stack.outputs.values() for symbol in symbols(output.value)]
    arn = any(symbol.owner == balancer and symbol.attribute == "Ref" for symbol in given)
    return arn or balancer in system.network.strangers


def _health(system: System, group: TargetGroup) -> Findings:
    """A health check ends before the next one begins."""
    properties = system.stack.resources[group.logical_id].properties
    if group.health_protocol not in _HTTP or group.type not in {"ip", "instance"}:
        return
    interval = properties.get("HealthCheckIntervalSeconds", _DEFAULTS["interval"])
    timeout = properties.get("HealthCheckTimeoutSeconds", _DEFAULTS["timeout"])
    place = ("wire-health-times", group.logical_id, "Properties.HealthCheckTimeoutSeconds")
    known = whole(interval), whole(timeout)
    if known[0] is None or known[1] is None:
        yield unclear(*place, "a check ends before the next", "its times are known to AWS only")
    elif known[1] >= known[0]:
        yield broken(
            *place,
            f"Elastic Load Balancing refuses the target group: a check may take {known[1]} s, while the next begins"
            f" after {known[0]} s.",
            f"Take a timeout below the interval of {show(interval)} s.",
        )
    else:
        yield proved(*place, f"a check of at most {known[1]} s every {known[0]} s")
