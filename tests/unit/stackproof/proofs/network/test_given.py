"""A network outside of the template: what is decided inside is proven, the rest is unknown or declared as given."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from stackproof.proofs.model.system import model
from stackproof.proofs.network.outcomes import Side, along, beyond_template, blocked, passed, untold, worst
from stackproof.proofs.network.queries import prove
from stackproof.proofs.resolve.stack import resolve
from stackproof.proofs.verdicts import Finding, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[5]
GIVEN = "the network team answers for it"
TEMPLATE: dict[str, Any] = json.loads((ROOT / "dist/lms-in-vpc.json").read_text())
COMPANY: dict[str, str] = json.loads((ROOT / "params/company.json").read_text())["Parameters"]


def complaints(
    given: str = GIVEN, change: Callable[[dict[str, Any]], object] | None = None, **parameters: str
) -> list[Finding]:
    """What does not hold in the company's network."""
    template = copy.deepcopy(TEMPLATE)
    if change is not None:
        change(template["Resources"])
    stack = resolve(template, COMPANY | parameters, region="sa-east-1", account="444444444444", stack_name="lms")
    return [one for one in prove(model(stack), given) if one.verdict is not Verdict.PROVED]


def told(findings: list[Finding]) -> set[tuple[str, str, Verdict]]:
    return {(one.id, one.logical_id, one.verdict) for one in findings}


UNKNOWN = Verdict.UNKNOWN


def calls_itself(scheme: str) -> Callable[[dict[str, Any]], None]:
    """Tell the application the balancer's own name, as an address of this scheme."""

    def change(resources: dict[str, Any]) -> None:
        (container,) = resources["TaskDefinition"]["Properties"]["ContainerDefinitions"]
        [url] = [each for each in container["Environment"] if each.get("Name") == "LMS_URL"]
        url["Value"] = {"Fn::Sub": f"{scheme}://${{LoadBalancer.DNSName}}"}

    return change


def test_without_a_word_what_the_subnets_decide_is_unknown_and_nothing_is_broken() -> None:
    found = complaints(given="")

    assert told(found) == {
        ("net-health", "LoadBalancer", UNKNOWN),
        ("net-peer", "Service", UNKNOWN),
        *((rule, "Service", UNKNOWN) for rule in ("net-image", "net-secret", "net-logs", "net-files", "net-store")),
    }
    [peer] = [one for one in found if one.id == "net-peer"]
    assert "Whether Service can reach 10.40.128.0/20, to which TasksSecurityGroup lets TCP 5432 out" in peer.message
    assert "the subnet subnet-4444444444444bbb1 is none of this template" in peer.message
    assert "say in intent.toml why their network is sound (given_network)" in peer.fix


def test_with_the_word_that_it_is_sound_all_else_is_proved() -> None:
    assert told(complaints()) == set()


def test_a_proof_says_on_whose_word_it_stands() -> None:
    stack = resolve(TEMPLATE, COMPANY, region="sa-east-1", account="444444444444", stack_name="lms")
    [files] = [one for one in prove(model(stack), GIVEN) if one.id == "net-files"]

    assert files.verdict is Verdict.PROVED
    assert files.message.endswith(f"the network outside of the template ({GIVEN})")
    assert "TasksToFiles2049Egress lets TCP 2049 out to MountTarget1" in files.message


@pytest.mark.parametrize(
    ("missing", "rule", "component"),
    [
        ("TasksToFiles2049Ingress", "net-files", "FilesSecurityGroup"),
        ("TasksToCache6379Egress", "net-store", "TasksSecurityGroup"),
        ("TasksToInternet443Egress", "net-image", "TasksSecurityGroup"),
        ("BalancerToTasksContainerPortIngress", "net-health", "TasksSecurityGroup"),
        ("TasksToDatabaseDatabasePortEgress", "net-database", "TasksSecurityGroup"),
    ],
)
def test_what_the_template_decides_stays_broken_whatever_is_declared(missing: str, rule: str, component: str) -> None:
    def without(resources: dict[str, Any]) -> None:
        del resources[missing]

    assert (rule, component, Verdict.BROKEN) in told(complaints(change=without))


@pytest.mark.parametrize("zones", ["2", "3"])
def test_endpoints_in_the_given_network_are_a_way_that_may_be_taken(zones: str) -> None:
    assert told(complaints(InterfaceEndpoints="yes", ZoneCount=zones)) == set()

    def closed(resources: dict[str, Any]) -> None:
        del resources["TasksToEndpoints443Ingress"]

    found = told(complaints(change=closed, InterfaceEndpoints="yes", ZoneCount=zones))
    assert ("net-logs", "EndpointsSecurityGroup", UNKNOWN) in found, "the way out by the internet is another"


def test_the_port_of_an_own_address_is_the_one_of_its_scheme() -> None:
    """https: the rule for the internet lets out, and nobody knows whether the tasks stand in the range of the clients;
    http: nothing lets out."""
    assert told(complaints(change=calls_itself("https"))) == {("net-store", "ClientsToBalancer443Ingress", UNKNOWN)}
    found = complaints(change=calls_itself("http"), CertificateArn="", DomainName="")
    assert told(found) == {("net-store", "TasksSecurityGroup", Verdict.BROKEN)}


def test_whom_an_internal_balancer_is_for_is_let_in_on_its_listeners_alone() -> None:
    def opened(resources: dict[str, Any]) -> None:
        rule = copy.deepcopy(resources["ClientsToBalancer443Ingress"])
        rule["Properties"] |= {"FromPort": 22, "ToPort": 22}
        resources["More"] = rule

    assert told(complaints(change=opened)) == {("net-unused-rule", "More", UNKNOWN)}


def test_a_public_balancer_in_given_subnets() -> None:
    assert told(complaints(BalancerScheme="internet-facing", ClientCidr="0.0.0.0/0")) == set()


SIDE = Side("Service", "Service", subnets_path="Properties.Subnets", doubt="the subnet x is none of this template")
OUTSIDE = beyond_template(SIDE)
DOUBT = untold("Rule", "", "a doubt of the template's own")
BLOCKED = blocked("Group", "", "it blocks", "Open it.")


def test_a_doubt_about_the_template_goes_before_one_about_what_is_outside() -> None:
    assert along(OUTSIDE, passed("a"), DOUBT).logical_id == "Rule"
    assert along(DOUBT, OUTSIDE).logical_id == "Rule"
    assert along(OUTSIDE, DOUBT, BLOCKED).holds is False
    assert along(passed("a"), OUTSIDE).outside
    assert worst([passed("a"), OUTSIDE, DOUBT]) is DOUBT
    assert worst([OUTSIDE, passed("a")]) is OUTSIDE
    assert worst([DOUBT, BLOCKED]) is BLOCKED
    assert worst([passed("a"), passed("b")]).trail == ("a",)


def test_what_is_outside_is_told_with_its_reason() -> None:
    assert OUTSIDE.reason == "the subnet x is none of this template"
    assert beyond_template(Side("Job", "Job")).reason == "the subnets of Job are not known"
    assert beyond_template(SIDE, "its zones are not known").reason == "its zones are not known"
