"""How a service is replaced: room for new tasks, blue/green wiring, hooks and alarms that stop a deployment."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from stackproof.cli import nearest
from stackproof.proofs import arns, shapes
from stackproof.proofs.model.placement import each, whole
from stackproof.proofs.values import Value, at, is_one_of, show
from stackproof.proofs.verdicts import broken, proved
from stackproof.proofs.wiring.common import Findings, find, listed_or_reason, on, rolling, same, unclear
from stackproof.proofs.wiring.scaling import service_named

if TYPE_CHECKING:
    from stackproof.proofs.model.system import System
    from stackproof.proofs.resolve.stack import Resource

_ALARMS: Final = ("AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm")
_CONFIG: Final = "Properties.DeploymentConfiguration"
_REFUSED: Final = "ECS refuses the service"


def deployments(system: System) -> Findings:
    """Every service's deployments."""
    fewest = _fewest(system)
    for service in system.compute.services.values():
        resource = system.stack.resources[service.logical_id]
        if rolling(resource) is True:
            yield from _room(resource, fewest.get(service.logical_id, []))
        yield from _rebalancing(resource)
        yield from _shifted(system, resource)
        yield from _alarms(system, resource)
        yield from _hooks(system, resource)


def _fewest(system: System) -> dict[str, list[int]]:
    """How few tasks scaling leaves of each service."""
    found: dict[str, list[int]] = {}
    for target in system.stack.of_type("AWS::ApplicationAutoScaling::ScalableTarget"):
        service = service_named(system, target)
        minimum = whole(target.properties.get("MinCapacity"))
        if service is not None and minimum is not None:
            found.setdefault(service, []).append(minimum)
    return found


def _room(resource: Resource, fewest: list[int]) -> Findings:
    """A rolling update may start one task more, or stop one, with as many tasks as run at least."""
    config = at(resource.properties, "DeploymentConfiguration")
    minimum, maximum = at(config, "MinimumHealthyPercent"), at(config, "MaximumPercent")
    daemon = resource.properties.get("SchedulingStrategy") == "DAEMON"
    low = whole(minimum) if minimum is not None else (0 if daemon else 100)
    high = whole(maximum) if maximum is not None else (100 if daemon else 200)
    path = f"{_CONFIG}.MaximumPercent"
    if low is None or high is None:
        yield unclear(
            "wire-deployment-room",
            resource.logical_id,
            path,
            "a deployment has room",
            "its percentages are known to AWS only",
        )
        return
    # Scaling decides where there is any; a daemon's number is that of the instances.
    desired = whole(resource.properties.get("DesiredCount", 1)) or 0
    counts = [count for count in fewest or [0 if daemon else desired] if count > 0]
    stuck = [count for count in counts if math.ceil(count * low / 100) >= count >= math.floor(count * high / 100)]
    if low >= 100 and high <= 100:
        yield broken(
            "wire-deployment-room",
            resource.logical_id,
            path,
            f"No deployment gets anywhere: with {low} % healthy at least and {high} % at most, ECS may neither stop a"
            " task nor start one.",
            "Raise MaximumPercent (200 is usual), or lower MinimumHealthyPercent.",
        )
    elif stuck:
        yield broken(
            "wire-deployment-room",
            resource.logical_id,
            path,
            f"No deployment gets anywhere while {stuck[0]} task{'s run' if stuck[0] > 1 else ' runs'}: {low} % of it,"
            f" rounded up, have to stay, and {high} %, rounded down, may run.",
            "Raise MaximumPercent (200 is usual), or lower MinimumHealthyPercent.",
        )
    else:
        yield proved("wire-deployment-room", resource.logical_id, path, f"{low} % to {high} % of the tasks run")


def _rebalancing(resource: Resource) -> Findings:
    """Zone rebalancing starts a task before it stops one."""
    maximum = at(resource.properties, "DeploymentConfiguration", "MaximumPercent")
    high = whole(maximum)
    if resource.properties.get("AvailabilityZoneRebalancing") == "ENABLED" and high is not None and high <= 100:
        yield broken(
            "wire-rebalancing",
            resource.logical_id,
            f"{_CONFIG}.MaximumPercent",
            f"{_REFUSED}: zone rebalancing starts a task before it stops one, and MaximumPercent"
            f" {high} leaves no room.",
            "Raise MaximumPercent above 100, or set AvailabilityZoneRebalancing to DISABLED.",
        )
    elif resource.properties.get("AvailabilityZoneRebalancing") == "ENABLED":
        yield proved(
            "wire-rebalancing", resource.logical_id, f"{_CONFIG}.MaximumPercent", "zones have room to rebalance"
        )


def _shifted(system: System, resource: Resource) -> Findings:
    """Strategies that shift traffic need a second target group and the rule that they turn."""
    kind = at(resource.properties, "DeploymentConfiguration", "Strategy")
    if not is_one_of(kind, "BLUE_GREEN", "LINEAR", "CANARY"):
        return
    controller = at(resource.properties, "DeploymentController", "Type")
    if not is_one_of(controller, None, "ECS"):
        yield broken(
            "wire-blue-green",
            resource.logical_id,
            "Properties.DeploymentController.Type",
            f"{_REFUSED}: the strategy {kind} is one of the controller ECS, not of {show(controller)}.",
            "Leave DeploymentController out.",
        )
    for index, entry in enumerate(each(resource.properties.get("LoadBalancers"))):
        path = f"Properties.LoadBalancers.{index}"
        advanced = at(entry, "AdvancedConfiguration")
        other = at(advanced, "AlternateTargetGroupArn")
        if advanced is None:
            yield broken(
                "wire-blue-green",
                resource.logical_id,
                path,
                f"{_REFUSED}: a {kind} deployment shifts traffic between two target groups, and one is named.",
                "Add AdvancedConfiguration with AlternateTargetGroupArn, ProductionListenerRule and RoleArn.",
            )
        elif same(system.stack, other, at(entry, "TargetGroupArn")) is True:
            yield broken(
                "wire-blue-green",
                resource.logical_id,
                f"{path}.AdvancedConfiguration.AlternateTargetGroupArn",
                f"{_REFUSED}: the alternate target group is the same as the first, {show(other)}.",
                "Name a second target group.",
            )
        else:
            yield from _production_rule(system, resource, entry, path)


def _production_rule(system: System, resource: Resource, entry: Value, path: str) -> Findings:
    """The rule that a deployment turns forwards to the service's target group; for a network balancer a listener."""
    value = at(entry, "AdvancedConfiguration", "ProductionListenerRule")
    rule = system.stack.target(value)
    place = ("wire-blue-green", resource.logical_id, f"{path}.AdvancedConfiguration.ProductionListenerRule")
    if rule is None:
        return
    listener = system.balancers.listeners.get(rule.logical_id)
    balancer = system.balancers.balancers.get((listener.balancer or "") if listener else "")
    if balancer is not None and balancer.type == "application":
        yield broken(
            *place,
            f"{_REFUSED}: {rule.logical_id} is a listener, while behind an application balancer a rule is turned.",
            "Add a ListenerRule that forwards to both target groups, and refer to it.",
        )
        return
    found = listener or system.balancers.rules.get(rule.logical_id)
    if found is None:
        return
    groups = [group for action in found.actions for group in action.target_groups]
    wanted = at(entry, "TargetGroupArn")
    answers = [same(system.stack, group, wanted) for group in groups]
    if True in answers:
        yield proved(*place, f"{rule.logical_id} forwards to {show(wanted)}")
    elif groups and None not in answers:
        yield broken(
            *place,
            f"{_REFUSED}: {rule.logical_id} does not forward to its target group {show(wanted)}.",
            f"Name the rule that forwards to {show(wanted)}.",
        )


def _alarms(system: System, resource: Resource) -> Findings:
    """The alarms that stop a deployment exist."""
    config = at(resource.properties, "DeploymentConfiguration", "Alarms")
    if config is None or on(at(config, "Enable")) is False:
        return
    names, reason = listed_or_reason(at(config, "AlarmNames"))
    path = f"{_CONFIG}.Alarms.AlarmNames"
    if not names and reason is None:
        yield broken(
            "wire-deployment-alarm",
            resource.logical_id,
            path,
            f"{_REFUSED}: deployment alarms are on, and none is named.",
            "Name an alarm, or set Enable to false.",
        )
    for index, name in enumerate(names):
        place = ("wire-deployment-alarm", resource.logical_id, f"{path}.{index}")
        match = find(system.stack, name, *_ALARMS)
        target = system.stack.target(name)
        if match is not None:
            yield proved(*place, f"{match.logical_id} watches the deployment")
        elif target is not None:
            yield broken(
                *place,
                f"{_REFUSED} or never sees the alarm: {show(name)} is no alarm's name, but the"
                f" {shapes.meaning(target.type, getattr(name, 'attribute', 'Ref'))} of {target.logical_id}.",
                "Refer to an alarm with Ref, which is its name.",
            )
        else:
            known = [show(arns.name(alarm)) for alarm in system.stack.of_type(*_ALARMS)]
            hint = nearest(show(name), known).removesuffix("?")
            yield unclear(*place, f"the alarm {show(name)} exists", f"the template has none of this name{hint}")


def _hooks(system: System, resource: Resource) -> Findings:
    """A hook calls a function."""
    for index, hook in enumerate(each(at(resource.properties, "DeploymentConfiguration", "LifecycleHooks"))):
        target = system.stack.target(at(hook, "HookTargetArn"))
        place = ("wire-hook", resource.logical_id, f"{_CONFIG}.LifecycleHooks.{index}.HookTargetArn")
        calls = is_one_of(at(hook, "TargetType"), None, "AWS_LAMBDA")
        if calls and at(hook, "HookTargetArn") is None:
            yield broken(*place, f"{_REFUSED}: the hook names no function to call.", "Add the function's ARN.")
        elif (
            calls and target is not None and not target.type.startswith(("AWS::Lambda::", "AWS::Serverless::Function"))
        ):
            yield broken(
                *place,
                f"Every deployment fails at the hook: {target.logical_id} is {target.type}, not a Lambda function.",
                "Refer to the ARN of a Lambda function.",
            )
        elif calls and target is not None:
            yield proved(*place, f"the hook calls {target.logical_id}")
