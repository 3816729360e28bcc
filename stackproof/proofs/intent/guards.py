"""Web firewalls that intent.toml asks for: each application balancer that the internet reaches has one that blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stackproof.proofs.model.placement import word
from stackproof.proofs.values import Unknown, at, items
from stackproof.proofs.verdicts import Finding, broken, proved, unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stackproof.proofs.intent.intent import Intent
    from stackproof.proofs.resolve.stack import Resource, Stack

_REFUSING: Final = ("Block", "Captcha", "Challenge")


def guards(stack: Stack, intent: Intent) -> Iterator[Finding]:
    """Every application balancer that is not internal, where it is asked for."""
    for balancer in stack.of_type("AWS::ElasticLoadBalancingV2::LoadBalancer") if intent.web_firewall else ():
        kind = word(balancer.properties.get("Type"), "application")
        if kind == "application" and balancer.properties.get("Scheme") != "internal":
            yield _guard(stack, balancer)


def _guard(stack: Stack, balancer: Resource) -> Finding:
    place = ("intent-web-firewall", balancer.logical_id, "")
    ties = list(stack.of_type("AWS::WAFv2::WebACLAssociation"))
    tie = next((one for one in ties if stack.target(one.properties.get("ResourceArn")) is balancer), None)
    if tie is None and any(isinstance(one.properties.get("ResourceArn"), Unknown) for one in ties):
        told = f"Whether a web ACL guards {balancer.logical_id} cannot be told: what one is tied to is not known."
        return unknown(*place, told, "Tie it by the balancer's Ref.")
    if tie is None:
        told = f"The internet reaches {balancer.logical_id} past no web firewall, and one is asked for."
        return broken(*place, told, "Tie a web ACL to it with AWS::WAFv2::WebACLAssociation.")
    acl = stack.target(tie.properties.get("WebACLArn"))
    if acl is None:
        return proved(*place, f"{tie.logical_id} ties it to a web ACL of another stack")
    refuses = _refuses(acl)
    if refuses is None:
        told = f"Whether {acl.logical_id} refuses anything cannot be told: its rules are not known."
        return unknown(*place, told, "Write its rules into the template.")
    if not refuses:
        told = f"{acl.logical_id}, which guards {balancer.logical_id}, only counts: it refuses nothing."
        return broken(*place, told, "Let its rule groups act (OverrideAction None), or its rules block.")
    return proved(*place, f"{acl.logical_id} guards it")


def _refuses(acl: Resource) -> bool | None:
    """Can anything be refused by a web ACL? None when its rules are not known."""
    rules = items(acl.properties.get("Rules"))
    if isinstance(rules, Unknown):
        return None
    default = at(acl.properties, "DefaultAction", "Block")
    acting = [at(rule, "OverrideAction", "None") for rule in rules]
    refusing = [at(rule, "Action", action) for rule in rules for action in _REFUSING]
    return any(value is not None for value in (default, *acting, *refusing))
