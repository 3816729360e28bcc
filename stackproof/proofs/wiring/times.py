"""Times: how long a task may take to start before it counts as ill, and to go before Spot takes its machine away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stackproof.proofs.model.placement import whole
from stackproof.proofs.values import Value, at, show
from stackproof.proofs.verdicts import broken, proved
from stackproof.proofs.wiring.common import Findings, listed_or_reason, on_spot, strategy, unclear

if TYPE_CHECKING:
    from stackproof.proofs.model.compute import Service
    from stackproof.proofs.model.system import System
    from stackproof.proofs.resolve.stack import Resource

SPOT_NOTICE: Final = 120
"""Seconds between Spot's notice and the end of a task (Amazon ECS developer guide, "Fargate capacity providers")."""
_DRAIN: Final = "deregistration_delay.timeout_seconds"
_DEFAULT_DRAIN: Final = 300
_INTERVAL: Final = 30
_UNHEALTHY: Final = 2
"""Elastic Load Balancing's defaults: seconds between two checks, and how many fail before a target is unhealthy."""


def times(system: System) -> Findings:
    """Every service with the target groups that it registers in."""
    for service in system.compute.services.values():
        resource = system.stack.resources[service.logical_id]
        spot = on_spot(strategy(system, service)[2])
        for target in service.targets:
            for group in filter(None, map(system.stack.target, target.target_groups)):
                if group.logical_id in system.balancers.target_groups:
                    if spot:
                        yield from _drain(service, group)
                    yield from _grace(resource, group)


def _drain(service: Service, group: Resource) -> Findings:
    """On Spot a task has to be out of its target group before its two minutes are over."""
    attributes, reason = listed_or_reason(group.properties.get("TargetGroupAttributes"))
    found = [(index, entry) for index, entry in enumerate(attributes) if at(entry, "Key") == _DRAIN]
    path = f"Properties.TargetGroupAttributes{f'.{found[0][0]}.Value' if found else ''}"
    given: Value = at(found[0][1], "Value") if found else _DEFAULT_DRAIN
    delay = whole(given)
    place = ("wire-drain", group.logical_id, path)
    if delay is None or (reason is not None and not found):
        yield unclear(*place, f"{group.logical_id} lets go in time", reason or "the delay is known to AWS only")
    elif delay >= SPOT_NOTICE:
        default = "" if found else ", the default,"
        yield broken(
            *place,
            f"When Spot takes a task of {service.logical_id} back, {group.logical_id} may hold on to it for {delay} s"
            f"{default} while it is gone after {SPOT_NOTICE} s: requests to it fail.",
            f"Set {_DRAIN} below {SPOT_NOTICE}.",
        )
    else:
        yield proved(*place, f"{delay} s of {SPOT_NOTICE} s")


def _grace(service: Resource, group: Resource) -> Findings:
    """A grace period counts only from where the balancer could call a new task unhealthy."""
    given = service.properties.get("HealthCheckGracePeriodSeconds", 0)
    grace = whole(given)
    interval = whole(group.properties.get("HealthCheckIntervalSeconds", _INTERVAL))
    failures = whole(group.properties.get("UnhealthyThresholdCount", _UNHEALTHY))
    place = ("wire-grace", service.logical_id, "Properties.HealthCheckGracePeriodSeconds")
    if grace is None or interval is None or failures is None:
        yield unclear(*place, "a new task has time to start", "its times are known to AWS only")
        return
    cycle = interval * failures
    if grace >= cycle:
        yield proved(*place, f"{grace} s to start; failures count after {cycle} s")
    elif grace > 0:
        yield broken(
            *place,
            f"The grace period of {grace} s has no effect: {group.logical_id} calls a task unhealthy after"
            f" {failures} checks in {cycle} s, and ECS stops one that starts slower.",
            f"Take the application's slowest start, and more than {cycle} s.",
        )
    else:
        yield unclear(
            *place,
            f"every task starts within {cycle} s",
            f"there is no grace period, and ECS stops what {group.logical_id} calls unhealthy",
            fix="Set HealthCheckGracePeriodSeconds to the application's slowest start.",
        )


def checks(system: System) -> Findings:
    """A container's own health check: what ECS takes."""
    ranges = {"Interval": (5, 300), "Timeout": (2, 60), "Retries": (1, 10), "StartPeriod": (0, 300)}
    for task in system.compute.tasks.values():
        for container in task.containers:
            check = container.definition.get("HealthCheck")
            for key, (low, high) in ranges.items():
                value = whole(at(check, key))
                if value is not None and not low <= value <= high:
                    yield broken(
                        "wire-health-times",
                        task.logical_id,
                        f"{container.path}.HealthCheck.{key}",
                        f"ECS refuses to register the task definition: {key} of the check of {show(container.name)} is"
                        f" {value}, and {low} to {high} is allowed.",
                        "Take a number in that range.",
                    )
