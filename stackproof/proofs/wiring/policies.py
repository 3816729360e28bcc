"""Scaling policies: the block of their type, a metric of the right thing, a value that it can reach."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stackproof.proofs import arns
from stackproof.proofs.values import Sym, Unknown, Value, at, join, number, show
from stackproof.proofs.verdicts import broken, proved
from stackproof.proofs.wiring.balancers import balancer_of_group, forwarders
from stackproof.proofs.wiring.common import rolling, same, unclear
from stackproof.proofs.wiring.scaling import REFUSED, TARGET, service_named

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stackproof.proofs.model.system import System
    from stackproof.proofs.resolve.stack import Resource, Stack
    from stackproof.proofs.wiring.common import Findings

POLICY: Final = "AWS::ApplicationAutoScaling::ScalingPolicy"
REQUESTS: Final = "ALBRequestCountPerTarget"
_TRACKING: Final = "TargetTrackingScalingPolicyConfiguration"
_METRIC: Final = "PredefinedMetricSpecification"
_BLOCKS: Final = {
    "TargetTrackingScaling": _TRACKING,
    "StepScaling": "StepScalingPolicyConfiguration",
    "PredictiveScaling": "PredictiveScalingPolicyConfiguration",
}
_PERCENT: Final = ("ECSServiceAverageCPUUtilization", "ECSServiceAverageMemoryUtilization")
_FULL_NAMES: Final = "${LoadBalancer.LoadBalancerFullName}/${TargetGroup.TargetGroupFullName}"


def policies(system: System) -> Findings:
    """Every scaling policy."""
    doors = forwarders(system)
    for policy in system.stack.of_type(POLICY):
        yield from _aim(system.stack, policy)
        yield from _block(system, policy)
        metric = at(policy.properties, _TRACKING, _METRIC)
        if at(metric, "PredefinedMetricType") == REQUESTS:
            yield from _requests(system, policy, doors)


def target_of(system: System, policy: Resource) -> Resource | None:
    """The scalable target of a policy: by reference, or by the same resource and dimension."""
    reference = policy.properties.get("ScalingTargetId")
    if reference is not None:
        found = system.stack.target(reference)
        return found if found is not None and found.type == TARGET else None
    for target in system.stack.of_type(TARGET):
        pairs = (
            (policy.properties.get(key), target.properties.get(key)) for key in ("ResourceId", "ScalableDimension")
        )
        if all(same(system.stack, *pair) is True for pair in pairs):
            return target
    return None


def _aim(stack: Stack, policy: Resource) -> Findings:
    """A policy scales something."""
    reference = policy.properties.get("ScalingTargetId")
    aim = stack.target(reference)
    place = ("wire-scaling-policy", policy.logical_id, "Properties.ScalingTargetId")
    if aim is not None and aim.type != TARGET:
        told = f"{REFUSED} the policy: {aim.logical_id} is {aim.type}, not a scalable target."
        yield broken(*place, told, "Refer to the ScalableTarget with Ref.")
    elif reference is None and policy.properties.get("ResourceId") is None:
        yield broken(
            *place, f"{REFUSED} the policy: it names nothing to scale.", "Refer to the ScalableTarget with Ref."
        )


def _block(system: System, policy: Resource) -> Findings:
    """A policy has the block of its type, with a metric that fits."""
    kind = policy.properties.get("PolicyType", "StepScaling")
    block = _BLOCKS.get(kind) if isinstance(kind, str) else None
    if block is None:
        return
    place = ("wire-scaling-policy", policy.logical_id)
    faults = list(_tracking(system, policy)) if block == _TRACKING else []
    if policy.properties.get(block) is None:
        told = f"{REFUSED} the policy: its type is {show(kind)}, and {block} is missing."
        yield broken(*place, f"Properties.{block}", told, f"Add {block}, or take the type whose block is there.")
    elif faults:
        for below, told, fix in faults:
            yield broken(*place, f"Properties.{block}.{below}", f"{REFUSED} the policy: {told}.", fix)
    else:
        metric = at(policy.properties, block, _METRIC, "PredefinedMetricType")
        yield proved(*place, f"Properties.{block}", f"{show(kind)} by {show(metric or 'what its block says')}")


def _tracking(system: System, policy: Resource) -> Iterator[tuple[str, str, str]]:
    """Target tracking: a metric of the namespace, a value that it can reach, a label where one is taken."""
    config = at(policy.properties, _TRACKING)
    metric, label = (at(config, _METRIC, key) for key in ("PredefinedMetricType", "ResourceLabel"))
    aim = at(config, "TargetValue")
    value = number(aim)
    target = target_of(system, policy)
    namespace = (policy if target is None else target).properties.get("ServiceNamespace")
    if value is not None and value <= 0:
        yield "TargetValue", f"it aims at {show(aim)}", "Take a value above 0."
    if value is not None and value > 100 and metric in _PERCENT:
        yield "TargetValue", f"it aims at {show(aim)} %, which is never reached", "Take a value up to 100."
    if not isinstance(metric, str):
        return
    if metric.startswith("ECSService") and isinstance(namespace, str) and namespace != "ecs":
        told = f"{metric} is no metric of the namespace {namespace}"
        yield f"{_METRIC}.PredefinedMetricType", told, "Take a metric of the target's namespace."
    if metric == REQUESTS and label is None:
        told = f"{REQUESTS} counts the requests of a target group, and none is named"
        yield f"{_METRIC}.ResourceLabel", told, f"Set ResourceLabel to {_FULL_NAMES}."
    if metric != REQUESTS and label is not None:
        yield f"{_METRIC}.ResourceLabel", f"{metric} takes no label", "Leave ResourceLabel out."


def _requests(system: System, policy: Resource, doors: dict[str, list[str]]) -> Findings:
    """Requests are counted of the service's own target group, whose deployments do not move it."""
    owner = service_named(system, target_of(system, policy) or policy)
    service = system.compute.services.get(owner or "")
    targets = map(system.stack.target, service.targets[0].target_groups[:1] if service and service.targets else ())
    own = [group.logical_id for group in targets if group is not None and group.logical_id in doors]
    path = f"Properties.{_TRACKING}.{_METRIC}"
    if service is not None and own and rolling(system.stack.resources[service.logical_id]) is False:
        yield broken(
            "wire-scaling-label",
            policy.logical_id,
            f"{path}.PredefinedMetricType",
            f"Scaling goes wrong: {REQUESTS} follows one target group, while deployments of {owner} shift requests"
            " between two.",
            "Scale by CPU, or by a metric of your own.",
        )
    label = at(policy.properties, _TRACKING, _METRIC, "ResourceLabel")
    if label is not None:
        yield from _label(system, policy, (label, f"{path}.ResourceLabel"), own, doors)


def _label(
    system: System, policy: Resource, given: tuple[Value, str], own: list[str], doors: dict[str, list[str]]
) -> Findings:
    """The label is `<full name of the balancer>/<full name of the target group>`."""
    label, path = given
    place = ("wire-scaling-label", policy.logical_id, path)
    answers = []
    for group in dict.fromkeys([*own, *doors]):
        behind = balancer_of_group(system, group, doors)
        if behind is not None:
            pair = join(Sym(behind, "LoadBalancerFullName"), "/", Sym(group, "TargetGroupFullName"))
            answers.append((behind, group, same(system.stack, label, pair)))
            if answers[-1][2] is True:
                break
    match = next(((behind, group) for behind, group, answer in answers if answer is True), None)
    if match is not None and (not own or match[1] in own):
        yield proved(*place, f"requests of {match[1]} behind {match[0]}")
    elif match is not None:
        told = f"Scaling follows the requests of {match[1]}, while the service registers in {own[0]}."
        yield broken(*place, told, f"Name the full name of {own[0]}.")
    elif isinstance(label, Unknown) or not answers or any(answer is None for *_, answer in answers):
        hidden = (
            "the full names are known to AWS only" if answers else "the template has no balancer with a target group"
        )
        reason = label.reason if isinstance(label, Unknown) else hidden
        yield unclear(*place, "it names the service's target group", reason)
    else:
        told = (
            f"{REFUSED} the policy: {show(arns.expand(system.stack, label))} is not the full name of a balancer, a"
            " slash, and the full name of a target group behind it."
        )
        yield broken(*place, told, f"Write {_FULL_NAMES}.")
