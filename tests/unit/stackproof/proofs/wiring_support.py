"""That platform with changes, and what the queries about wiring say of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stackproof.proofs.model.system import model
from stackproof.proofs.resolve.stack import resolve
from stackproof.proofs.verdicts import Verdict
from stackproof.proofs.wiring.queries import prove
from tests.unit.stackproof.proofs.network_support import add, put, ref, resource
from tests.unit.stackproof.proofs.wiring_platform import ACCOUNT, REGION, platform

if TYPE_CHECKING:
    from collections.abc import Callable

    from stackproof.proofs.verdicts import Finding
    from tests.unit.stackproof.proofs.network_support import Template

Fault = tuple[list["Callable[[Template], None]"], str, str, str, str]
"""Changes that make one fault; rule, component and property that are named for it; a part of what is said."""


def changed(*changes: Callable[[Template], None]) -> Template:
    """The platform with changes to its resources."""
    template = platform()
    for change in changes:
        change(template["Resources"])
    return template


def blue_green() -> list[Callable[[Template], None]]:
    """What makes of the service one that shifts traffic between two target groups, rightly."""
    green = resource(
        "ElasticLoadBalancingV2::TargetGroup",
        VpcId=ref("Vpc"),
        TargetType="ip",
        Protocol="HTTP",
        HealthCheckIntervalSeconds=15,
        TargetGroupAttributes=[{"Key": "deregistration_delay.timeout_seconds", "Value": 60}],
    )
    advanced = {
        "AlternateTargetGroupArn": ref("Green"),
        "ProductionListenerRule": ref("Rule"),
        "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/shifts",
    }
    return [
        add(Green=green),
        put("Service", "DeploymentConfiguration.Strategy", "BLUE_GREEN"),
        put("Service", "LoadBalancers.0.AdvancedConfiguration", advanced),
    ]


def waits(name: str, *others: str) -> Callable[[Template], None]:
    """Let a resource depend on these alone."""

    def change(resources: Template) -> None:
        resources[name]["DependsOn"] = list(others)

    return change


def forgets(name: str, *others: str) -> Callable[[Template], None]:
    """Take something out of DependsOn."""

    def change(resources: Template) -> None:
        resources[name]["DependsOn"] = [one for one in resources[name]["DependsOn"] if one not in others]

    return change


def findings(
    template: Template,
    parameters: dict[str, object] | None = None,
    *,
    region: str | None = REGION,
    stack_name: str | None = "platform",
) -> list[Finding]:
    """Everything that the queries about wiring say."""
    stack = resolve(template, parameters, region=region, account=ACCOUNT, stack_name=stack_name)
    return prove(model(stack))


def complaints(template: Template, parameters: dict[str, object] | None = None, **given: Any) -> list[Finding]:
    """What is not proved."""
    return [found for found in findings(template, parameters, **given) if found.verdict is not Verdict.PROVED]


def only(fault: Fault) -> None:
    """A fault is found where it is, in whole sentences."""
    changes, rule, logical_id, path, told = fault
    found = [one for one in complaints(changed(*changes)) if one.verdict is Verdict.BROKEN]
    mine = [one for one in found if (one.id, one.logical_id, one.path) == (rule, logical_id, path)]
    assert len(mine) == 1, [str(one) for one in found]
    assert told in mine[0].sentences
    assert mine[0].message.endswith(".")
    assert mine[0].fix.endswith(".")


def told(found: list[Finding], verdict: Verdict = Verdict.UNKNOWN) -> list[tuple[str, str, str]]:
    """Rule, component and property of each finding, which all have this verdict."""
    assert {one.verdict for one in found} <= {verdict}, [str(one) for one in found]
    return [(one.id, one.logical_id, one.path) for one in found]
