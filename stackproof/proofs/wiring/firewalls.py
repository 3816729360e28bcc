"""Web ACLs: what they guard, the order and actions of their rules, overrides that name a rule, and where they log."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from stackproof.proofs import arns
from stackproof.proofs.model.placement import each, whole, word
from stackproof.proofs.values import Unknown, at, show
from stackproof.proofs.verdicts import broken, proved
from stackproof.proofs.wiring.common import Findings, same, unclear
from stackproof.proofs.wiring.managed_rules import MANAGED_RULES

if TYPE_CHECKING:
    from stackproof.proofs.model.system import System
    from stackproof.proofs.resolve.stack import Resource, Stack
    from stackproof.proofs.values import Value

_ACL: Final = "AWS::WAFv2::WebACL"
_BALANCER: Final = "AWS::ElasticLoadBalancingV2::LoadBalancer"
_GUARDED: Final = frozenset(
    {
        _BALANCER,
        "AWS::Amplify::App",
        "AWS::ApiGateway::Stage",
        "AWS::AppRunner::Service",
        "AWS::AppSync::GraphQLApi",
        "AWS::Cognito::UserPool",
        "AWS::EC2::VerifiedAccessInstance",
    }
)
"""What a regional web ACL can guard (AWS WAF API reference, AssociateWebACL)."""
_GROUPS: Final = ("ManagedRuleGroupStatement", "RuleGroupReferenceStatement")


def firewalls(system: System) -> Findings:
    """Every web ACL, what it is tied to, and its log."""
    stack = system.stack
    for acl in stack.of_type(_ACL):
        yield from _scope(stack, acl)
        yield from _rules(acl)
        for index, rule in enumerate(each(acl.properties.get("Rules"))):
            yield from _acts(acl, f"Properties.Rules.{index}", rule)
            yield from _overrides(acl, index, rule)
    associations = list(stack.of_type("AWS::WAFv2::WebACLAssociation"))
    for index, association in enumerate(associations):
        yield from _association(stack, association)
        yield from _one_acl(stack, association, associations[:index])
    for logging in stack.of_type("AWS::WAFv2::LoggingConfiguration"):
        yield from _logging(stack, logging)


def _scope(stack: Stack, acl: Resource) -> Findings:
    """What guards CloudFront lives in us-east-1."""
    place = ("wire-web-acl", acl.logical_id, "Properties.Scope")
    scope = acl.properties.get("Scope")
    if scope != "CLOUDFRONT":
        return
    if isinstance(stack.region, str) and stack.region != "us-east-1":
        told = f"WAF refuses the web ACL: one for CloudFront can be made in us-east-1 only, not in {stack.region}."
        yield broken(*place, told, "Set Scope to REGIONAL for a balancer, or move it to a stack in us-east-1.")
    elif isinstance(stack.region, str):
        yield proved(*place, "it is made in us-east-1")
    else:
        yield unclear(*place, "it is made in us-east-1", "the region is not given", fix="Give the region.")


def _rules(acl: Resource) -> Findings:
    """Each rule has a priority and a name of its own."""
    taken: dict[tuple[str, str], str] = {}
    for index, rule in enumerate(each(acl.properties.get("Rules"))):
        path = f"Properties.Rules.{index}"
        for key, value in (("Priority", whole(at(rule, "Priority"))), ("Name", at(rule, "Name"))):
            if not isinstance(value, str | int):
                continue
            other = taken.setdefault((key, str(value)), f"rule {index}")
            if other != f"rule {index}":
                told = f"WAF refuses the web ACL: {other} already has the {key.lower()} {value}."
                fix = f"Give each rule a {key.lower()} of its own."
                yield broken("wire-web-acl-rule", acl.logical_id, f"{path}.{key}", told, fix)


def _acts(acl: Resource, path: str, rule: Value) -> Findings:
    """A rule group is overridden, any other rule acts itself."""
    statement = at(rule, "Statement")
    given = [at(rule, "Action"), at(rule, "OverrideAction"), *(at(statement, kind) for kind in _GROUPS)]
    if not isinstance(statement, dict) or any(isinstance(value, Unknown) for value in given):
        return
    group = any(value is not None for value in given[2:])
    kind = "a rule group" if group else "a rule of its own"
    right, wrong = ("OverrideAction", "Action") if group else ("Action", "OverrideAction")
    name = show(at(rule, "Name"))
    place = ("wire-web-acl-rule", acl.logical_id)
    if at(rule, wrong) is not None:
        told = f"WAF refuses the web ACL: {name} is {kind}, which takes {right} and no {wrong}."
        yield broken(*place, f"{path}.{wrong}", told, f"Write {right} instead.")
    elif at(rule, right) is None:
        told = f"WAF refuses the web ACL: {name} is {kind}, and has no {right}."
        yield broken(*place, path, told, f"Add {right}.")
    else:
        yield proved(*place, path, f"{name} is {kind}")


def _overrides(acl: Resource, index: int, rule: Value) -> Findings:
    """WAF ignores an override for a rule that the group of AWS does not have, and the case of letters counts."""
    statement = at(rule, "Statement", "ManagedRuleGroupStatement")
    group = at(statement, "Name")
    known = MANAGED_RULES.get(group) if isinstance(group, str) and at(statement, "VendorName") == "AWS" else None
    for number, override in enumerate(each(at(statement, "RuleActionOverrides"))):
        name = at(override, "Name")
        path = f"Properties.Rules.{index}.Statement.ManagedRuleGroupStatement.RuleActionOverrides.{number}.Name"
        place = ("wire-web-acl-override", acl.logical_id, path)
        if known is None or not isinstance(name, str):
            continue
        meant = next((one for one in known if one.casefold() == name.casefold()), None)
        if name in known:
            yield proved(*place, f"{group} has {name}")
        elif meant is not None:
            told = (
                f"WAF ignores the override without a word: {group} has no rule {name}, and its {meant} acts as before."
            )
            yield broken(*place, told, f"Write {meant}.")
        else:
            reason = f"it is none of those that AWS documented when this table was made: {', '.join(known)}"
            yield unclear(*place, f"{group} has a rule {name}", reason)


def _association(stack: Stack, association: Resource) -> Findings:
    """A web ACL for CloudFront guards nothing else, a regional one no network balancer and no part of a balancer."""
    acl = stack.target(association.properties.get("WebACLArn"))
    value = association.properties.get("ResourceArn")
    guarded = stack.target(value)
    place = ("wire-web-acl", association.logical_id)
    if guarded is not None and (reason := _unguarded(guarded)):
        told = f"WAF refuses the association: {show(value)} is {reason}."
        fix = "Tie the web ACL to an application balancer, a stage of a REST API, or what else WAF guards."
        yield broken(*place, "Properties.ResourceArn", told, fix)
    elif acl is None or acl.type != _ACL:
        return
    elif acl.properties.get("Scope") == "CLOUDFRONT":
        told = f"WAF refuses the association: {acl.logical_id} is one for CloudFront, which {show(value)} is not."
        yield broken(*place, "Properties.WebACLArn", told, "Set Scope of the web ACL to REGIONAL.")
    else:
        yield proved(*place, "Properties.WebACLArn", f"{acl.logical_id} guards {show(value)}")


def _unguarded(resource: Resource) -> str:
    """Why WAF guards no such thing; empty where it does."""
    if resource.type not in _GUARDED:
        return f"of type {resource.type}, which WAF does not guard"
    kind = word(resource.properties.get("Type"), "application")
    if resource.type == _BALANCER and kind in {"network", "gateway"}:
        return f"a {kind} balancer, which passes on connections and no requests"
    return ""


def _one_acl(stack: Stack, association: Resource, others: list[Resource]) -> Findings:
    """What is guarded has one web ACL."""
    value = association.properties.get("ResourceArn")
    other = next((one for one in others if same(stack, value, one.properties.get("ResourceArn")) is True), None)
    if other is not None:
        told = f"{show(value)} has one web ACL at a time, and {other.logical_id} already ties it to one."
        fix = "Put the rules into one web ACL."
        yield broken("wire-web-acl", association.logical_id, "Properties.ResourceArn", told, fix)


def _logging(stack: Stack, logging: Resource) -> Findings:
    """WAF logs only to what has a name with its prefix."""
    for index, value in enumerate(each(logging.properties.get("LogDestinationConfigs"))):
        place = ("wire-web-acl", logging.logical_id, f"Properties.LogDestinationConfigs.{index}")
        # What only AWS knows has colons of its own.
        text = re.sub(r"\$\{[^}]*\}", "~", show(arns.expand(stack, value)))
        name = text.removesuffix(":*").split(":")[-1].split("/")[-1]
        if text.startswith("arn:") and not name.startswith(("aws-waf-logs-", "~")):
            told = f"WAF refuses the destination {name}: its name has to begin with aws-waf-logs-."
            yield broken(*place, told, "Give it such a name.")
