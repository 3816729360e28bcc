"""A web firewall that intent.toml asks for: there, tied to the balancer, and refusing something."""

from __future__ import annotations

from typing import Any

import pytest

from stackproof.proofs.intent.declared import prove
from tests.unit.stackproof.proofs.store_support import complaints, expect, make, ref

ASKED = {"web_firewall": True}
LATER: dict[str, Any] = {"Parameters": {"Later": {"Type": "String"}}}
BALANCER = "ElasticLoadBalancingV2::LoadBalancer"
GROUP = {"ManagedRuleGroupStatement": {"VendorName": "AWS", "Name": "AWSManagedRulesCommonRuleSet"}}
COUNTING = [
    {"Name": "Common", "Statement": GROUP, "OverrideAction": {"Count": {}}},
    {"Name": "Ceiling", "Statement": {}, "Action": {"Count": {}}},
]


def door(rules: Any = None, *, to: Any = None, by: Any = None, **balancer: Any) -> dict[str, Any]:
    """A balancer with a web ACL in front of it."""
    blocking = [{"Name": "Common", "Statement": GROUP, "OverrideAction": {"None": {}}}]
    return {
        "Door": make(BALANCER, **balancer),
        "Acl": make("WAFv2::WebACL", Scope="REGIONAL", Rules=blocking if rules is None else rules),
        "Tie": make(
            "WAFv2::WebACLAssociation",
            ResourceArn=ref("Door") if to is None else to,
            WebACLArn={"Fn::GetAtt": ["Acl", "Arn"]} if by is None else by,
        ),
    }


def alone(**balancer: Any) -> dict[str, Any]:
    return {"Door": make(BALANCER, **balancer)}


@pytest.mark.parametrize(
    "resources",
    [
        door(),
        door([*COUNTING, {"Name": "Login", "Statement": {}, "Action": {"Captcha": {}}}]),
        door(by="arn:aws:wafv2:sa-east-1:111122223333:regional/webacl/all/1"),
        {**door([]), "Acl": make("WAFv2::WebACL", Scope="REGIONAL", DefaultAction={"Block": {}})},
        alone(Scheme="internal"),
        alone(Type="network"),
    ],
    ids=["blocks", "asks a riddle", "of another stack", "lets nobody in", "internal", "passes on connections"],
)
def test_what_is_guarded_or_needs_no_guard_is_right(resources: dict[str, Any]) -> None:
    assert complaints(prove, resources, ASKED) == {}


@pytest.mark.parametrize(
    ("resources", "verdict", "words"),
    [
        (alone(Scheme="internet-facing"), "broken", "The internet reaches Door past no web firewall"),
        (door(to="arn:aws:x"), "broken", "Tie a web ACL to it with AWS::WAFv2::WebACLAssociation."),
        (door(COUNTING), "broken", "Acl, which guards Door, only counts: it refuses nothing."),
        (door([]), "broken", "only counts"),
        (door({"Fn::Transform": {}}), "unknown", "Whether Acl refuses anything cannot be told"),
        (door(to={"Fn::Transform": {}}), "unknown", "Whether a web ACL guards Door cannot be told"),
    ],
)
def test_what_is_not_is_told(resources: dict[str, Any], verdict: str, words: str) -> None:
    expect(complaints(prove, resources, ASKED, **LATER), {f"{verdict} intent-web-firewall Door": words})


def test_nobody_who_does_not_ask_is_told() -> None:
    assert complaints(prove, alone()) == {}
