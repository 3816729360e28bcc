"""Quotas that the template passes by itself at its maximum. What else runs in the account counts as well."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from stackproof.deployment import aws
from stackproof.proofs.model.placement import each, whole
from stackproof.proofs.model.system import model
from stackproof.proofs.values import Unknown, Value, at, number
from stackproof.proofs.wiring.common import SPOT
from stackproof.proofs.wiring.scaling import TARGET, service_named

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stackproof.deployment.access import Sides
    from stackproof.deployment.aws import Aws
    from stackproof.proofs.model.compute import Service
    from stackproof.proofs.model.system import System
    from stackproof.proofs.resolve.stack import Stack


@dataclass(frozen=True)
class Quota:
    """A quota of Service Quotas.

    Attributes:
        service: its code there, `fargate`.
        code: the quota's, `L-3032A538`.
        what: of which there may be so many.
        default: what every account has; 0 where new accounts have less than the published default.
    """

    service: str
    code: str
    what: str
    default: float = 0


@dataclass(frozen=True)
class Passed:
    """A quota that is too small for what the template asks for by itself.

    Attributes:
        quota: that it is.
        needed: by the template at its maximum.
        allowed: in this account and region.
    """

    quota: Quota
    needed: float
    allowed: float

    def as_json(self) -> dict[str, Any]:
        """An entry of `quotas` in the object that `plan --json` prints."""
        told = {key: value for key, value in asdict(self.quota).items() if key != "default"}
        return {**told, "needed": self.needed, "allowed": self.allowed}


# Codes and defaults: "Service endpoints and quotas" of the AWS General Reference.
ON_DEMAND: Final = Quota("fargate", "L-3032A538", "vCPUs of Fargate tasks")
ON_SPOT: Final = Quota("fargate", "L-36FBB829", "vCPUs of Fargate Spot tasks")
ADDRESSES: Final = Quota("ec2", "L-0263D0A3", "Elastic IP addresses", 5)
VPCS: Final = Quota("vpc", "L-F678F1CE", "VPCs", 5)
RULES: Final = Quota("vpc", "L-0EA8095F", "rules of one direction in a security group", 60)
BALANCERS: Final = Quota("elasticloadbalancing", "L-53DA6B97", "Application Load Balancers", 50)
_PERCENT_BY_DEFAULT: Final = 200


def growing(sides: Sides) -> dict[Quota, float]:
    """What the template to come asks for at its maximum, where that is more than before and more than all have."""
    before, after = demands(sides.before), demands(sides.after)
    return {
        quota: needed for quota, needed in after.items() if needed > before.get(quota, 0) and needed > quota.default
    }


def passed(account: Aws, needs: dict[Quota, float]) -> tuple[list[Passed], str]:
    """Those of the needs that pass their quota.

    Returns:
        The quotas, and a sentence when they could not be looked up (blank otherwise).
    """
    found: list[Passed] = []
    for quota, needed in needs.items():
        try:
            answer = account.quotas.get_service_quota(ServiceCode=quota.service, QuotaCode=quota.code)
        except (ClientError, BotoCoreError) as error:
            return found, f"the quota for {quota.what} was not looked at: {aws.explain(error)}"
        if needed > answer["Quota"]["Value"]:
            found.append(Passed(quota, needed, answer["Quota"]["Value"]))
    return found, ""


def demands(stack: Stack) -> dict[Quota, float]:
    """How much of each quota a template takes at its maximum, as far as it says so."""
    system = model(stack)
    found: dict[Quota, float] = {
        ADDRESSES: len(stack.of_type("AWS::EC2::EIP")),
        VPCS: len(stack.of_type("AWS::EC2::VPC")),
        RULES: max(_most_rules(system), default=0),
        BALANCERS: sum(
            resource.properties.get("Type", "application") == "application"
            for resource in stack.of_type("AWS::ElasticLoadBalancingV2::LoadBalancer")
        ),
        ON_DEMAND: 0,
        ON_SPOT: 0,
    }
    for service in system.compute.services.values():
        for quota, needed in _processors(system, service):
            found[quota] += needed
    return found


def _most_rules(system: System) -> Iterator[int]:
    for group in system.network.groups.values():
        yield from (sum(not rule.added for rule in rules) for rules in (group.ingress, group.egress))


def _processors(system: System, service: Service) -> Iterator[tuple[Quota, float]]:
    """The vCPUs of a service at its maximum, while a deployment runs beside what is there."""
    task = system.compute.tasks.get(service.task or "")
    size = _processors_of_task(task.cpu) if task is not None else None
    tasks = _most_tasks(system, service)
    if not service.fargate or size is None or tasks is None:
        return
    properties = system.stack.resources[service.logical_id].properties
    percent = number(at(properties, "DeploymentConfiguration", "MaximumPercent")) or _PERCENT_BY_DEFAULT
    most = math.floor(tasks * max(percent, 100) / 100)
    for quota, share in _shares(properties.get("CapacityProviderStrategy"), most).items():
        yield quota, share * size


def _processors_of_task(cpu: Value) -> float | None:
    """`1024` or `1 vCPU` as vCPUs."""
    if isinstance(cpu, str) and cpu.lower().endswith("vcpu"):
        return number(cpu[: -len("vcpu")].strip())
    units = number(cpu)
    return None if units is None else units / 1024


def _most_tasks(system: System, service: Service) -> int | None:
    """The number that scaling may go to; the desired one without scaling; None when it is not known."""
    limits = [
        whole(target.properties.get("MaxCapacity"))
        for target in system.stack.of_type(TARGET)
        if service_named(system, target) == service.logical_id
    ]
    if limits:
        return None if None in limits else max(limit for limit in limits if limit is not None)
    return 1 if service.desired is None else whole(service.desired)


def _shares(strategy: Value, tasks: int) -> dict[Quota, int]:
    """How many of the tasks run on each kind of Fargate, at most; all of them on demand without a strategy."""
    if strategy is None or isinstance(strategy, Unknown):
        return {ON_DEMAND: tasks}
    kinds = {"FARGATE": ON_DEMAND, SPOT: ON_SPOT}
    entries = [(at(entry, "CapacityProvider"), entry) for entry in each(strategy)]
    bases = {name: whole(at(entry, "Base")) or 0 for name, entry in entries if isinstance(name, str)}
    weights = {name: whole(at(entry, "Weight")) or 0 for name, entry in entries if isinstance(name, str)}
    rest = max(tasks - sum(bases.values()), 0)
    total = sum(weights.values()) or 1
    return {
        kinds[name]: min(bases[name], tasks) + math.ceil(rest * weights[name] / total)
        for name in bases
        if name in kinds
    }
