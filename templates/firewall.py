"""Web firewall, by parameter: AWS WAF judges every request before the balancer passes it on.

Made for schools. Hundreds of students arrive from one address when an exam begins, so what is limited is one session,
not one address; an address has a ceiling high above a school, which only counts unless it is told to block. Teachers
write HTML and SQL and upload courses, so the rules that judge a body count and do not block: the application itself
judges what a signed-in teacher posts. What those rules see stands in the log all the same.

The order decides: first what judges the request, then the addresses that are let through, then what judges the
address. So a school on the list is spared from limits and reputation, while an attack from there is still refused.

Off by default: a web ACL with these rules costs about 13 USD a month and 0.60 USD for a million requests, and it judges
an application that it does not know. Let it count for some days (`count`), read the log, then let it block.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from troposphere import And, Condition, Equals, GetAtt, If, Join, Not, NoValue, Ref, Sub
from troposphere.wafv2 import (
    ActionCondition,
    AllowAction,
    BlockAction,
    CountAction,
    CustomHTTPHeader,
    CustomResponse,
    CustomResponseBody,
    DataProtect,
    DataProtectionConfig,
    DefaultAction,
    FieldToProtect,
    Filter,
    IPSet,
    IPSetReferenceStatement,
    LoggingConfiguration,
    LoggingConfigurationFieldToMatch,
    LoggingFilter,
    ManagedRuleGroupStatement,
    OverrideAction,
    RateBasedStatement,
    RateBasedStatementCustomKey,
    RateLimitCookie,
    RuleAction,
    RuleActionOverride,
    SingleHeader,
    Statement,
    TextTransformation,
    VisibilityConfig,
    WebACL,
    WebACLAssociation,
    WebACLRule,
)
from troposphere.wafv2 import Condition as FilterCondition

from templates.interface import condition, parameter
from templates.keys import ANY_GROUP, FIREWALL_LOG_GROUP
from templates.logs import log_group
from templates.parts import part

if TYPE_CHECKING:
    from troposphere import AWSHelperFn, Parameter, Template

    from templates.balancer import Balancer
    from templates.keys import Key
    from templates.tags import Environment

GROUP = "Web firewall"

WINDOW = 60
"""Seconds over which requests are counted: whoever was too fast may go on a minute later."""

REQUEST_RULES = (
    ("KnownBadInputs", "AWSManagedRulesKnownBadInputsRuleSet", ()),
    (
        "CommonRules",
        "AWSManagedRulesCommonRuleSet",
        ("SizeRestrictions_BODY", "CrossSiteScripting_BODY", "GenericRFI_BODY"),
    ),
    ("SqlInjection", "AWSManagedRulesSQLiRuleSet", ("SQLi_BODY", "SQLiExtendedPatterns_BODY")),
)
"""Rules that judge what a request says: our name, AWS's rule group, and those of its rules that only count. WAF ignores
an override whose name is not spelled exactly as the rule is."""

SECRET_HEADERS = ("authorization", "cookie")

SLOWER_HTML = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Too many requests</title>
<meta name="viewport" content="width=device-width"><body style="font:1.1em sans-serif;margin:15vh auto;max-width:32em">
<h1>Too many requests</h1><p>Please wait a minute and try again. What you have saved is not lost.</p>
<p>Muitas solicita&ccedil;&otilde;es: aguarde um minuto e tente de novo.</p></body></html>"""


@dataclass(frozen=True)
class Firewall:
    """What the rest of the template may know about the web firewall.

    Attributes:
        exists: name of the condition under which there is one.
        metric_name: value of the dimension WebACL of AWS/WAFV2 metrics, beside Region and Rule (`ALL`).
    """

    exists: str
    metric_name: AWSHelperFn


@part("firewall")
def add_firewall(t: Template, *, environment: Environment, balancer: Balancer, log_key: Key) -> Firewall:
    """Add the web ACL, its tie to the balancer, and its log."""
    mode = parameter(
        t,
        "WebFirewall",
        group=GROUP,
        label="Web firewall",
        description="block: AWS WAF refuses what looks like an attack, and who asks too often. count: it only counts "
        "and logs what it would refuse; begin with that. no: none. It costs about 13 USD a month and 0.60 USD for a "
        "million requests.",
        default="no",
        allowed_values=["no", "count", "block"],
        constraint="no, count or block.",
    )
    exists = condition(t, "HasWebFirewall", Not(Equals(Ref(mode), "no")))
    blocks = condition(t, "WebFirewallBlocks", Equals(Ref(mode), "block"))
    metric_name = Sub(f"lms-web-${{{environment.suffix.title}}}")
    cookie, sessions = _session_rule(t, blocks)
    allowed = _allowed_rule(t, exists)
    addresses = _address_rule(t, mode)
    acl = t.add_resource(
        WebACL(
            "WebAcl",
            Condition=exists,
            Scope="REGIONAL",
            DefaultAction=DefaultAction(Allow=AllowAction()),
            Rules=[
                *(
                    _managed(priority, name, group, _override(blocks), counted)
                    for priority, (name, group, counted) in enumerate(REQUEST_RULES)
                ),
                allowed,
                _managed(4, "AddressReputation", "AWSManagedRulesAmazonIpReputationList", _override(blocks)),
                # Schools go out through proxies in data centres, which is what this group calls anonymous.
                _managed(5, "AnonymousAddresses", "AWSManagedRulesAnonymousIpList", OverrideAction(Count={})),
                sessions,
                addresses,
            ],
            CustomResponseBodies={"slower": CustomResponseBody(ContentType="TEXT_HTML", Content=SLOWER_HTML)},
            DataProtectionConfig=_data_protection(cookie),
            VisibilityConfig=_visibility(metric_name),
        )
    )
    t.add_resource(
        WebACLAssociation("WebAclAssociation", Condition=exists, ResourceArn=balancer.arn, WebACLArn=GetAtt(acl, "Arn"))
    )
    _add_log(t, exists, acl, log_key)
    return Firewall(exists=exists, metric_name=metric_name)


def _managed(
    priority: int, name: str, group: str, override: OverrideAction | If, counted: tuple[str, ...] = ()
) -> WebACLRule:
    """A rule group of AWS's own, in its default version."""
    only_count = [RuleActionOverride(Name=rule, ActionToUse=RuleAction(Count=CountAction())) for rule in counted]
    statement = ManagedRuleGroupStatement(VendorName="AWS", Name=group)
    if only_count:
        statement.RuleActionOverrides = only_count
    rule = _rule(priority, name, Statement(ManagedRuleGroupStatement=statement))
    rule.OverrideAction = override
    return rule


def _override(blocks: str) -> If:
    """What becomes of a rule group's own decisions."""
    own = OverrideAction(**{"None": {}})  # type: ignore[arg-type]  # a keyword of Python's, which the stubs take as title
    return If(blocks, own, OverrideAction(Count={}))


def _rule(priority: int, name: str, statement: Statement, action: RuleAction | If | None = None) -> WebACLRule:
    rule = WebACLRule(Name=name, Priority=priority, Statement=statement, VisibilityConfig=_visibility(name))
    if action is not None:
        rule.Action = action
    return rule


def _visibility(name: str | AWSHelperFn) -> VisibilityConfig:
    return VisibilityConfig(MetricName=name, CloudWatchMetricsEnabled=True, SampledRequestsEnabled=True)


def _too_many(blocks: str) -> If:
    """The answer to one request too many: 429, which browsers and mobile apps understand as `later`."""
    answer = CustomResponse(
        ResponseCode=429,
        CustomResponseBodyKey="slower",
        ResponseHeaders=[CustomHTTPHeader(Name="Retry-After", Value=str(WINDOW))],
    )
    return If(blocks, RuleAction(Block=BlockAction(CustomResponse=answer)), RuleAction(Count=CountAction()))


def _session_rule(t: Template, blocks: str) -> tuple[Parameter, If]:
    """The limit for one session at one address; a request without the cookie is not counted."""
    cookie = parameter(
        t,
        "SessionCookie",
        group=GROUP,
        label="Session cookie",
        description="Name of the cookie that tells one student from another: MoodleSession, kolibri. Requests are "
        "counted for each value of it at each address. Blank: no limit for a session.",
        default="MoodleSession",
        pattern="^$|^[A-Za-z0-9_.-]{1,64}$",
        constraint="1 to 64 letters, digits and the characters _ . -, or blank.",
    )
    limit = parameter(
        t,
        "SessionRequestLimit",
        group=GROUP,
        label="Requests of a session in a minute",
        description="One session that asks more often gets 429 until it is slower. A page with its pictures may be a "
        "hundred requests.",
        type="Number",
        default=600,
        min_value=10,
        max_value=1000000,
        constraint="10 to 1000000 requests.",
    )
    exists = condition(t, "LimitsSessions", Not(Equals(Ref(cookie), "")))
    one_session = RateBasedStatementCustomKey(
        Cookie=RateLimitCookie(Name=Ref(cookie), TextTransformations=[TextTransformation(Priority=0, Type="NONE")])
    )
    statement = RateBasedStatement(
        AggregateKeyType="CUSTOM_KEYS",
        CustomKeys=[one_session, RateBasedStatementCustomKey(IP={})],
        EvaluationWindowSec=WINDOW,
        Limit=Ref(limit),
    )
    return cookie, If(
        exists,
        _rule(6, "SessionLimit", Statement(RateBasedStatement=statement), _too_many(blocks)),
        NoValue,
    )


def _address_rule(t: Template, mode: Parameter) -> WebACLRule:
    """The ceiling for one address, far above a school."""
    limit = parameter(
        t,
        "AddressRequestLimit",
        group=GROUP,
        label="Requests of an address in a minute",
        description="A whole school may be one address: a thousand students who open an exam are 60000 requests.",
        type="Number",
        default=60000,
        min_value=1000,
        max_value=2000000000,
        constraint="1000 to 2000000000 requests.",
    )
    action = parameter(
        t,
        "AddressLimitAction",
        group=GROUP,
        label="Above the limit of an address",
        description="count: it is logged and counted, for an alarm. block: everybody at that address gets 429 until "
        "they are slower, if WebFirewall blocks; schools can be let through by AllowedAddresses.",
        default="count",
        allowed_values=["count", "block"],
        constraint="count or block.",
    )
    blocks = condition(t, "BlocksAddresses", And(Equals(Ref(mode), "block"), Equals(Ref(action), "block")))
    statement = RateBasedStatement(AggregateKeyType="IP", EvaluationWindowSec=WINDOW, Limit=Ref(limit))
    return _rule(7, "AddressLimit", Statement(RateBasedStatement=statement), _too_many(blocks))


def _allowed_rule(t: Template, exists: str) -> If:
    """The addresses that are let through before anything judges an address."""
    allowed = parameter(
        t,
        "AllowedAddresses",
        group=GROUP,
        label="Addresses that are let through",
        description="IPv4 ranges of schools, separated by commas: neither limits nor reputation count for them, while "
        "attacks are still refused. Blank: none.",
        type="CommaDelimitedList",
        default="",
        pattern=r"^$|^([0-9]{1,3}\.){3}[0-9]{1,3}/([89]|[12][0-9]|3[0-2])$",
        constraint="Ranges such as 200.144.0.0/24 or 200.144.10.7/32, separated by commas, none larger than /8; or "
        "blank.",
    )
    given = condition(t, "HasAllowedAddresses", And(Condition(exists), Not(Equals(Join("", Ref(allowed)), ""))))
    addresses = t.add_resource(
        IPSet(
            "AllowedAddressSet",
            Condition=given,
            Scope="REGIONAL",
            IPAddressVersion="IPV4",
            Addresses=Ref(allowed),
            Description="Schools that no limit counts for",
        )
    )
    statement = Statement(IPSetReferenceStatement=IPSetReferenceStatement(Arn=GetAtt(addresses, "Arn")))
    through = _rule(3, "AllowedAddresses", statement, RuleAction(Allow=AllowAction()))
    return If(given, through, NoValue)


def _data_protection(cookie: Parameter) -> DataProtectionConfig:
    """What stands nowhere in the clear: neither in the log, nor in the samples that the console shows."""

    def hidden(kind: str, *keys: Any) -> DataProtect:
        field = FieldToProtect(FieldType=kind, FieldKeys=list(keys)) if keys else FieldToProtect(FieldType=kind)
        return DataProtect(Action="SUBSTITUTION", Field=field)

    return DataProtectionConfig(
        DataProtections=[
            hidden("SINGLE_HEADER", *SECRET_HEADERS),
            If("LimitsSessions", hidden("SINGLE_COOKIE", Ref(cookie)), NoValue),
            hidden("QUERY_STRING"),
            hidden("BODY"),
        ]
    )


def _add_log(t: Template, exists: str, acl: WebACL, key: Key) -> None:
    """Log what a rule blocked or counted; the balancer's access logs have the rest."""
    # Always there: a log group outlives what leaves the stack, and could not be made again under its name.
    group = log_group(
        t,
        "WebFirewallLogGroup",
        "firewall",
        key=key,
        delivered=True,
        name=FIREWALL_LOG_GROUP,
    )
    kept = [FilterCondition(ActionCondition=ActionCondition(Action=action)) for action in ("BLOCK", "COUNT")]
    t.add_resource(
        LoggingConfiguration(
            "WebFirewallLogging",
            Condition=exists,
            ResourceArn=GetAtt(acl, "Arn"),
            # Not GetAtt: WAF wants the ARN without the `:*` at its end.
            LogDestinationConfigs=[Sub(f"{ANY_GROUP}${{{group.title}}}")],
            LoggingFilter=LoggingFilter(
                DefaultBehavior="DROP",
                Filters=[Filter(Behavior="KEEP", Requirement="MEETS_ANY", Conditions=kept)],
            ),
            RedactedFields=[
                *(LoggingConfigurationFieldToMatch(SingleHeader=SingleHeader(Name=name)) for name in SECRET_HEADERS),
                # Mobile apps and files carry tokens there.
                LoggingConfigurationFieldToMatch(QueryString={}),
            ],
        )
    )
