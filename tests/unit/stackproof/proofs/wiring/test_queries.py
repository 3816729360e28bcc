"""Wiring as a whole: what holds is proved with its witness, in our templates too; nothing written crashes it."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from stackproof.proofs import catalogue
from stackproof.proofs.model.system import model
from stackproof.proofs.resolve.stack import resolve
from stackproof.proofs.verdicts import Verdict
from stackproof.proofs.wiring.queries import prove
from stackproof.targets import load_targets
from tests.unit.stackproof.proofs.network_support import put
from tests.unit.stackproof.proofs.wiring_platform import ACCOUNT, REGION, platform
from tests.unit.stackproof.proofs.wiring_support import changed, complaints, findings

if TYPE_CHECKING:
    from stackproof.proofs.verdicts import Finding

ROOT = Path(__file__).parents[5]
ENVIRONMENTS = sorted(path.stem for path in (ROOT / "params").glob("*.json"))
RULES = {
    "access-point",
    "addresses",
    "alarm",
    "alarm-period",
    "cache-access",
    "cache-engine",
    "cache-failover",
    "cache-node",
    "cache-users",
    "capacity-provider",
    "certificate",
    "composite",
    "composite-silent",
    "container",
    "dashboard",
    "deployment-alarm",
    "deployment-room",
    "drain",
    "efs-encryption",
    "fargate",
    "fargate-size",
    "grace",
    "health-times",
    "hook",
    "listener",
    "log-group",
    "memory",
    "metric-filter",
    "mount",
    "nat",
    "order-bucket",
    "order-capacity",
    "order-gateway",
    "order-listener",
    "order-mount",
    "order-policy",
    "order-scaling",
    "output",
    "port",
    "rebalancing",
    "redirect",
    "scaling-label",
    "scaling-policy",
    "scaling-range",
    "scaling-target",
    "schedule",
    "stop-timeout",
    "strategy",
    "target-type",
    "web-acl",
    "web-acl-override",
    "web-acl-rule",
}
"""What the platform of these tests gives to prove; the other rules only find faults."""


def own(name: str, parameters: dict[str, Any], **given: Any) -> list[Finding]:
    """What is said about one of our templates."""
    template = json.loads((ROOT / "dist" / f"{name}.json").read_text())
    return prove(model(resolve(template, parameters, **({"region": REGION, "account": ACCOUNT} | given))))


def test_what_holds_is_proved_by_every_rule() -> None:
    found = findings(platform())
    assert {one.verdict for one in found} == {Verdict.PROVED}
    assert {one.id.removeprefix("wire-") for one in found} == RULES
    assert all(one.message for one in found)


def test_a_proof_names_its_witness() -> None:
    said = {(one.id, one.logical_id): one.message for one in findings(platform())}
    assert said["wire-listener", "Targets"] == "Secure, Rule → Targets → Service"
    assert said["wire-port", "Service"] == "Task has a port called http"
    assert said["wire-scaling-target", "Scaling"] == "Scaling scales Service"
    assert said["wire-scaling-label", "Requests"] == "requests of Targets behind Balancer"
    assert said["wire-order-mount", "Service"] == "Service waits for Mount1, Mount2"
    assert said["wire-fargate-size", "Task"] == "256 CPU units with 1024 MiB"
    assert said["wire-alarm", "Unhealthy"] == "UnHealthyHostCount of Balancer, Targets"


def rename(node: Any, names: dict[str, str], key: str = "") -> Any:
    """The same template with other logical ids."""
    if isinstance(node, dict):
        return {
            names.get(inner, inner) if key == "Resources" else inner: rename(value, names, inner)
            for inner, value in node.items()
        }
    if isinstance(node, list):
        if key == "Fn::GetAtt":
            return [names.get(node[0], node[0]), *node[1:]]
        return [rename(value, names, key) for value in node]
    if key in {"Ref", "DependsOn"}:
        return names.get(node, node)
    if key == "Fn::Sub":
        for old, new in names.items():
            node = node.replace(f"${{{old}}}", f"${{{new}}}").replace(f"${{{old}.", f"${{{new}.")
    return node


def test_other_logical_ids_and_another_order_change_nothing() -> None:
    template = platform()
    names = {name: f"Our{name}" for name in template["Resources"]}
    other = rename(template, names)
    other["Resources"] = dict(reversed(other["Resources"].items()))
    assert complaints(other) == []
    assert len(findings(other)) == len(findings(template))
    broken = changed(put("Service", "LoadBalancers.0.ContainerPort", 80))
    assert [one.logical_id for one in complaints(rename(broken, names))] == ["OurService"]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
@pytest.mark.parametrize("name", ["lms", "lms-disposable"])
def test_our_own_template_holds(name: str, environment: str) -> None:
    parameters = json.loads((ROOT / "params" / f"{environment}.json").read_text())["Parameters"]
    account = load_targets(ROOT)[environment].account
    found = own(name, parameters, stack_name=f"lms-{environment}", account=account)
    assert [str(one) for one in found if one.verdict is not Verdict.PROVED] == []
    assert {"wire-order-listener", "wire-order-mount", "wire-order-policy", "wire-scaling-label"} <= {
        one.id for one in found
    }


def test_the_template_for_the_bucket_gives_its_outputs_to_prove() -> None:
    assert {one.id for one in own("bootstrap", {})} == {"wire-output"}


ANYTHING: tuple[Any, ...] = (
    None,
    "x",
    7,
    -1,
    [],
    {},
    [[]],
    [None],
    {"a": [1]},
    {"Ref": "Given"},
    {"Fn::Transform": {}},
)


@pytest.mark.parametrize("turn", range(len(ANYTHING)))
def test_whatever_is_written_there_nothing_crashes(turn: int) -> None:
    """Every third property in turn, so that each is replaced by a few of these."""
    template = platform()
    places = [(name, key) for name, body in template["Resources"].items() for key in body["Properties"]]
    for name, key in places[turn % 3 :: 3]:
        other = copy.deepcopy(template)
        other["Resources"][name]["Properties"][key] = ANYTHING[turn]
        for found in findings(other):
            assert found.id.startswith("wire-")
            assert found.message


def test_each_rule_has_its_paragraph() -> None:
    text = (ROOT / "docs" / "proofs" / "wiring.md").read_text("utf-8")
    headings = [line.removeprefix("### ") for line in text.splitlines() if line.startswith("### ")]
    assert sorted(headings) == [rule for rule in catalogue.RULES if rule.startswith("wire-")]


def test_outputs_that_cloudformation_refuses() -> None:
    template = platform()
    template["Outputs"] |= {
        "List": {"Value": {"Fn::Split": [",", "a,b"]}},
        "Names": {"Value": {"Ref": "Listed"}},
        "Nothing": {"Value": {"Ref": "AWS::NoValue"}},
        "Empty": {"Value": "", "Export": {"Name": "empty"}},
        "Again": {"Value": "x", "Export": {"Name": "platform-url"}},
        "Blank": {"Value": ""},
        "Made": {"Value": "x", "Export": {"Name": {"Fn::Transform": {"Name": "Made"}}}},
    }
    found = complaints(template)
    assert {one.verdict for one in found} == {Verdict.BROKEN}
    assert {one.path: one.message for one in found} == {
        "Outputs.List.Value": "CloudFormation fails at the end of the deployment: an output is text, and List is a list"
        " or an object.",
        "Outputs.Names.Value": "CloudFormation fails at the end of the deployment: an output is text, and Names is a"
        " list or an object.",
        "Outputs.Nothing.Value": "CloudFormation fails at the end of the deployment: Nothing has no value.",
        "Outputs.Empty.Value": "CloudFormation fails at the end of the deployment: an export cannot be empty, and Empty"
        " is.",
        "Outputs.Again.Export.Name": "CloudFormation refuses the template: Url exports platform-url as well.",
    }
