"""Orders that no reference implies: what must exist before something else is made, though nothing names it.

CloudFormation makes everything at once that does not wait for something. Waiting counts by any way: a reference, also
in the metadata (ADR 5), DependsOn, and both through other resources.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stackproof.proofs.model.iam import named, role_of
from stackproof.proofs.model.placement import each, word
from stackproof.proofs.model.stores import mounted
from stackproof.proofs.values import Value, at
from stackproof.proofs.verdicts import broken, proved
from stackproof.proofs.wiring.balancers import forwarders
from stackproof.proofs.wiring.common import associations, on, strategy, unclear
from stackproof.proofs.wiring.order_rights import Need, allowed_first, policies_of_roles
from stackproof.proofs.wiring.policies import POLICY, REQUESTS, target_of
from stackproof.proofs.wiring.scaling import TARGET, service_named

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from stackproof.proofs.model.compute import Service
    from stackproof.proofs.model.system import System
    from stackproof.proofs.resolve.stack import Stack
    from stackproof.proofs.wiring.common import Findings

_LOGS: Final = ("access_logs.s3", "connection_logs.s3", "health_check_logs.s3")


def orders(system: System) -> Findings:
    """Every need for an order, with what is not waited for."""
    waiting = Waiting(system.stack)
    for need in _needs(system, waiting):
        before = waiting.before(need.waiter)
        missing = [name for name in need.first if name not in before]
        if not missing or (need.one and len(missing) < len(need.first)):
            yield proved(need.rule, need.waiter, "DependsOn", f"{need.waiter} waits for {', '.join(need.first)}")
            continue
        for name in missing[:1] if need.one else missing:
            told = f"nothing in {need.waiter} waits for {name}: {need.effect}"
            fix = (
                f"Add {name} to DependsOn of {need.waiter}, or where a condition may leave it out, refer to it from the"
                " metadata."
            )
            place = (need.rule, need.waiter, "DependsOn")
            if need.sure:
                yield broken(*place, f"CloudFormation may make them in any order, since {told}.", fix)
            else:
                yield unclear(*place, f"{need.waiter} is made in time", told, fix=fix)


class Waiting:
    """Who waits for whom in a stack."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self._before: dict[str, frozenset[str]] = {}

    def before(self, name: str) -> frozenset[str]:
        """Everything that is made before a resource."""
        found = self._before.get(name)
        if found is None:
            seen: set[str] = set()
            todo = [name]
            while todo:
                for other in self.stack.waits[todo.pop()]:
                    if other not in seen:
                        seen.add(other)
                        todo.append(other)
            found = self._before[name] = frozenset(seen)
        return found


def _needs(system: System, waiting: Waiting) -> Iterator[Need]:
    doors = forwarders(system)
    policies = policies_of_roles(system.stack)
    for service in system.compute.services.values():
        yield from _of_service(system, service, doors)
        for role, first in _roles(system, service, policies):
            # A policy that names the service itself can only come later.
            able = tuple(name for name in first if service.logical_id not in waiting.before(name))
            if able:
                effect = f"its first tasks start while {role} is not allowed to do its work yet, and fail"
                yield Need("wire-order-policy", service.logical_id, able, effect)
    yield from _gateways(system)
    yield from _logs(system)
    yield from _scaling(system, doors)
    yield from allowed_first(system, policies)


def _of_service(system: System, service: Service, doors: dict[str, list[str]]) -> Iterator[Need]:
    stack, owner = system.stack, service.logical_id
    for target in service.targets:
        for group in filter(None, map(stack.target, target.target_groups[:1])):
            if first := doors.get(group.logical_id):
                effect = f"ECS refuses it, since {group.logical_id} hangs on no listener yet"
                yield Need("wire-order-listener", owner, tuple(first), effect, one=True)
    task = system.compute.tasks.get(service.task or "")
    for volume in task.volumes if task is not None else ():
        name = mounted(stack, volume.file_system)
        mounts = system.stores.mount_targets.get(name, ())
        first = [mount.logical_id for mount in mounts if stack.resources[mount.logical_id].certain]
        if first:
            effect = f"tasks in its zone cannot mount {name} yet, and fail"
            yield Need("wire-order-mount", owner, tuple(first), effect)
    cluster = stack.target(service.cluster)
    if cluster is not None and strategy(system, service)[2]:
        found = [association.logical_id for association in associations(stack, cluster)]
        if found:
            effect = "ECS refuses it, since the cluster does not know the capacity providers yet"
            yield Need("wire-order-capacity", owner, tuple(found), effect)


def _roles(system: System, service: Service, policies: dict[str, list[str]]) -> Iterator[tuple[str, list[str]]]:
    """The roles of a service's tasks that have policies of their own."""
    task = system.compute.tasks.get(service.task or "")
    for value in dict.fromkeys(
        role_of(system.stack, role) for role in ((task.task_role, task.execution_role) if task is not None else ())
    ):
        if value is not None and value in policies:
            yield value, policies[value]


def _gateways(system: System) -> Iterator[Need]:
    """What needs an internet gateway needs it attached."""
    stack = system.stack
    by_gateway: dict[str, list[str]] = {}
    by_vpc: dict[str, list[str]] = {}
    for attachment in stack.of_type("AWS::EC2::VPCGatewayAttachment"):
        gateway, vpc = (stack.target(attachment.properties.get(key)) for key in ("InternetGatewayId", "VpcId"))
        if gateway is not None and vpc is not None and attachment.certain:
            by_gateway.setdefault(gateway.logical_id, []).append(attachment.logical_id)
            by_vpc.setdefault(vpc.logical_id, []).append(attachment.logical_id)
    for route in stack.of_type("AWS::EC2::Route"):
        way = stack.target(route.properties.get("GatewayId"))
        if way is not None and (first := by_gateway.get(way.logical_id)):
            effect = f"EC2 refuses the route, since {way.logical_id} is attached to no VPC yet"
            yield Need("wire-order-gateway", route.logical_id, tuple(first), effect)
    for owner, place, effect in _public(system):
        if first := by_vpc.get(place):
            sure = owner not in system.network.nats
            yield Need("wire-order-gateway", owner, tuple(first), effect, sure=sure)


def _public(system: System) -> Iterator[tuple[str, str, str]]:
    """What is refused in a VPC without an internet gateway: owner, VPC, and what AWS does."""
    network = system.network
    for nat in network.nats.values():
        subnet = network.subnet(nat.subnet)
        if nat.public is True and subnet is not None and subnet.vpc is not None:
            yield nat.logical_id, subnet.vpc, "the NAT gateway fails, since its VPC has no internet gateway yet"
    for balancer in system.balancers.balancers.values():
        subnets = balancer.placement.subnets
        for vpc in _vpcs(system, subnets if isinstance(subnets, tuple) and balancer.public is True else ()):
            effect = "Elastic Load Balancing refuses a public balancer, since the VPC has no internet gateway yet"
            yield balancer.logical_id, vpc, effect
    for address in system.stack.of_type("AWS::EC2::EIP"):
        instance = system.stack.target(address.properties.get("InstanceId"))
        for vpc in _vpcs(system, (instance.properties.get("SubnetId"),) if instance is not None else ()):
            yield address.logical_id, vpc, "EC2 refuses the address, since the VPC has no internet gateway yet"


def _vpcs(system: System, subnets: Iterable[Value]) -> list[str]:
    found = [subnet.vpc for subnet in map(system.network.subnet, subnets) if subnet is not None]
    return list(dict.fromkeys(vpc for vpc in found if vpc is not None))


def _logs(system: System) -> Iterator[Need]:
    """A balancer writes a test file into its log bucket when it is made."""
    stack = system.stack
    policies: dict[str, list[str]] = {}
    for policy in stack.of_type("AWS::S3::BucketPolicy"):
        bucket = named(stack, policy.properties.get("Bucket"), "AWS::S3::Bucket")
        if bucket is not None and policy.certain:
            policies.setdefault(bucket.logical_id, []).append(policy.logical_id)
    for balancer in stack.of_type("AWS::ElasticLoadBalancingV2::LoadBalancer"):
        attributes = {
            word(at(entry, "Key")): at(entry, "Value")
            for entry in each(balancer.properties.get("LoadBalancerAttributes"))
        }
        for kind in _LOGS:
            logs = named(stack, attributes.get(f"{kind}.bucket"), "AWS::S3::Bucket")
            if logs is None or on(attributes.get(f"{kind}.enabled")) is not True:
                continue
            if first := policies.get(logs.logical_id):
                effect = f"it may not write its logs to {logs.logical_id} yet, and Elastic Load Balancing refuses it"
                yield Need("wire-order-bucket", balancer.logical_id, tuple(first), effect)


def _scaling(system: System, doors: dict[str, list[str]]) -> Iterator[Need]:
    """A target needs its service, a policy its target, a count of requests its listener."""
    stack = system.stack
    for target in stack.of_type(TARGET):
        if owner := service_named(system, target):
            effect = "Application Auto Scaling refuses it, since there is no such service yet"
            yield Need("wire-order-scaling", target.logical_id, (owner,), effect)
    for policy in stack.of_type(POLICY):
        found = target_of(system, policy)
        if found is None:
            continue
        effect = "Application Auto Scaling refuses it, since nothing is registered to scale yet"
        yield Need("wire-order-scaling", policy.logical_id, (found.logical_id,), effect)
        metric = at(policy.properties, "TargetTrackingScalingPolicyConfiguration", "PredefinedMetricSpecification")
        service = system.compute.services.get(service_named(system, found) or "")
        groups = [group for target in (service.targets if service else ()) for group in target.target_groups[:1]]
        if at(metric, "PredefinedMetricType") == REQUESTS:
            for group in filter(None, map(stack.target, groups)):
                if first := doors.get(group.logical_id):
                    effect = f"Application Auto Scaling refuses it, since no balancer serves {group.logical_id} yet"
                    yield Need("wire-order-scaling", policy.logical_id, tuple(first), effect, one=True)
