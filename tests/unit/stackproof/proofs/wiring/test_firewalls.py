"""Web ACLs and certificates: one fault each, what is right however it is spelled, and what cannot be told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.unit.stackproof.proofs.network_support import add, att, put, ref, resource, without
from tests.unit.stackproof.proofs.wiring_platform import ACCOUNT, CERTIFICATE, REGION
from tests.unit.stackproof.proofs.wiring_support import Fault, changed, complaints, findings, only

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.stackproof.proofs.network_support import Template

OVERRIDE = "Rules.0.Statement.ManagedRuleGroupStatement.RuleActionOverrides.0.Name"
SHOWN = "Certificates.0.CertificateArn"
THERE = CERTIFICATE.replace(REGION, "us-east-1")
THEIRS = CERTIFICATE.replace(ACCOUNT, "999999999999")
TIE = resource("WAFv2::WebACLAssociation", ResourceArn=ref("Balancer"), WebACLArn="arn:aws:x")

NAMED = (
    "WebACL is the MetricName of its VisibilityConfig, while ${Acl} is another name of it: the metric stays without"
    " data. Write web-platform."
)
IGNORED = (
    "WAF ignores the override without a word: AWSManagedRulesSQLiRuleSet has no rule SQLi_Body, and its SQLi_BODY acts"
    " as before. Write SQLi_BODY."
)
ELSEWHERE = (
    f"Elastic Load Balancing refuses the listener: {THERE} is a certificate of us-east-1, and a listener shows one of"
    f" its own region, {REGION}. Request or import it in {REGION}."
)
FAULTS: dict[str, Fault] = {
    "an override in other letters": (
        [put("Acl", OVERRIDE, "SQLi_Body")],
        "wire-web-acl-override",
        "Acl",
        f"Properties.{OVERRIDE}",
        IGNORED,
    ),
    "one priority for two rules": (
        [put("Acl", "Rules.1.Priority", "0")],
        "wire-web-acl-rule",
        "Acl",
        "Properties.Rules.1.Priority",
        "WAF refuses the web ACL: rule 0 already has the priority 0. Give each rule a priority of its own.",
    ),
    "one name for two rules": (
        [put("Acl", "Rules.1.Name", "Sql")],
        "wire-web-acl-rule",
        "Acl",
        "Properties.Rules.1.Name",
        "rule 0 already has the name Sql",
    ),
    "a rule group that acts": (
        [put("Acl", "Rules.0.Action", {"Block": {}}), put("Acl", "Rules.0.OverrideAction", None)],
        "wire-web-acl-rule",
        "Acl",
        "Properties.Rules.0.Action",
        "Sql is a rule group, which takes OverrideAction and no Action. Write OverrideAction instead.",
    ),
    "a rule that does not act": (
        [put("Acl", "Rules.1.Action", None)],
        "wire-web-acl-rule",
        "Acl",
        "Properties.Rules.1",
        "Ceiling is a rule of its own, and has no Action. Add Action.",
    ),
    "a network balancer": (
        [
            add(Wire=resource("ElasticLoadBalancingV2::LoadBalancer", Type="network", Scheme="internal")),
            put("AclOfBalancer", "ResourceArn", ref("Wire")),
        ],
        "wire-web-acl",
        "AclOfBalancer",
        "Properties.ResourceArn",
        "WAF refuses the association: ${Wire} is a network balancer, which passes on connections and no requests.",
    ),
    "a part of a balancer": (
        [put("AclOfBalancer", "ResourceArn", ref("Secure"))],
        "wire-web-acl",
        "AclOfBalancer",
        "Properties.ResourceArn",
        "${Secure} is of type AWS::ElasticLoadBalancingV2::Listener, which WAF does not guard",
    ),
    "two web ACLs for one balancer": (
        [add(AnotherTie=TIE)],
        "wire-web-acl",
        "AnotherTie",
        "Properties.ResourceArn",
        "${Balancer} has one web ACL at a time, and AclOfBalancer already ties it to one. Put the rules into one",
    ),
    "a log group without the prefix": (
        [put("AclLogging", "LogDestinationConfigs.0", {"Fn::Sub": "arn:aws:logs:${AWS::Region}:1:log-group:lms"})],
        "wire-web-acl",
        "AclLogging",
        "Properties.LogDestinationConfigs.0",
        "WAF refuses the destination lms: its name has to begin with aws-waf-logs-",
    ),
    "an alarm on the web ACL's name": (
        [put("Blocked", "Dimensions.0.Value", ref("Acl"))],
        "wire-alarm",
        "Blocked",
        "Properties.Dimensions.0.Value",
        NAMED,
    ),
    "an alarm without the region": (
        [put("Blocked", "Dimensions.1", {"Name": "Country", "Value": "BR"})],
        "wire-alarm",
        "Blocked",
        "Properties",
        "AWS/WAFV2 has no metric BlockedRequests of a web ACL without Region: the metric stays without data.",
    ),
    "an alarm without rule and region": (
        [
            put("Blocked", "Dimensions.1", {"Name": "Country", "Value": "BR"}),
            put("Blocked", "Dimensions.2", {"Name": "Method", "Value": "GET"}),
        ],
        "wire-alarm",
        "Blocked",
        "Properties",
        "Add Rule and Region to its dimensions.",
    ),
    "a certificate of another region": (
        [put("Secure", SHOWN, THERE)],
        "wire-certificate",
        "Secure",
        f"Properties.{SHOWN}",
        ELSEWHERE,
    ),
    "a certificate of another account": (
        [put("Secure", SHOWN, THEIRS)],
        "wire-certificate",
        "Secure",
        f"Properties.{SHOWN}",
        f"is a certificate of the account 999999999999, and a listener shows one of its own account, {ACCOUNT}.",
    ),
    "one more certificate of another region": (
        [
            add(
                More=resource(
                    "ElasticLoadBalancingV2::ListenerCertificate",
                    ListenerArn=ref("Secure"),
                    Certificates=[{"CertificateArn": THERE}],
                )
            )
        ],
        "wire-certificate",
        "More",
        f"Properties.{SHOWN}",
        "is a certificate of us-east-1",
    ),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_fault_is_found_where_it_is(fault: Fault) -> None:
    only(fault)


RIGHT: dict[str, list[Callable[[Template], None]]] = {
    "rules of somebody else's group": [
        put("Acl", "Rules.0.Statement.ManagedRuleGroupStatement.VendorName", "Somebody"),
        put("Acl", OVERRIDE, "sqli_body"),
    ],
    "a rule group of one's own": [
        put("Acl", "Rules.0.Statement", {"RuleGroupReferenceStatement": {"Arn": "arn:aws:x"}}),
    ],
    "a group that nobody knows": [
        put("Acl", "Rules.0.Statement.ManagedRuleGroupStatement.Name", ref("Given")),
    ],
    "rules that nobody knows": [put("Acl", "Rules", ref("Given"))],
    "a priority and an action that nobody knows": [
        put("Acl", "Rules.1.Priority", ref("Given")),
        put("Acl", "Rules.1.Action", {"Fn::Transform": {}}),
    ],
    "an override that nobody knows": [put("Acl", OVERRIDE, ref("Given"))],
    "a stage of a REST API": [
        add(Stage=resource("ApiGateway::Stage")),
        put("AclOfBalancer", "ResourceArn", {"Fn::Sub": "arn:aws:apigateway:${AWS::Region}::/restapis/a/stages/b"}),
    ],
    "a balancer that takes its type from a parameter": [put("Balancer", "Type", "application")],
    "a second tie of another balancer": [
        add(AnotherTie=resource("WAFv2::WebACLAssociation", ResourceArn=ref("Given")))
    ],
    "a log group of the stack's name": [
        put("AclLogs", "LogGroupName", {"Fn::Sub": "aws-waf-logs-${AWS::StackName}"}),
        put(
            "AclLogging",
            "LogDestinationConfigs.0",
            {"Fn::Sub": "arn:aws:logs:${AWS::Region}:${AWS::AccountId}:log-group:aws-waf-logs-${AWS::StackName}"},
        ),
    ],
    "a log group of any name": [
        put("AclLogging", "LogDestinationConfigs.0", {"Fn::Sub": "arn:aws:logs:x:1:log-group:${AWS::StackName}"}),
    ],
    "a certificate of this stack": [
        add(Made=resource("CertificateManager::Certificate", DomainName="learn.example.org")),
        put("Secure", SHOWN, ref("Made")),
    ],
    "a certificate that IAM keeps": [put("Secure", SHOWN, "arn:aws:iam::999999999999:server-certificate/old")],
    "a certificate that nobody knows": [put("Secure", SHOWN, ref("Given"))],
}


@pytest.mark.parametrize("changes", RIGHT.values(), ids=RIGHT)
def test_what_is_right_is_not_complained_about(changes: list[Callable[[Template], None]]) -> None:
    assert [str(one) for one in complaints(changed(*changes), stack_name=None)] == []


def test_a_rule_that_the_table_does_not_have_cannot_be_told() -> None:
    (found,) = complaints(changed(put("Acl", OVERRIDE, "SQLi_NEXTYEAR")))
    assert (found.id, found.logical_id, found.path) == ("wire-web-acl-override", "Acl", f"Properties.{OVERRIDE}")
    assert "Whether AWSManagedRulesSQLiRuleSet has a rule SQLi_NEXTYEAR cannot be told" in found.message
    assert "SQLi_QUERYARGUMENTS" in found.message


def test_a_web_acl_for_cloudfront_is_measured_without_a_region() -> None:
    changes = (
        put("Acl", "Scope", "CLOUDFRONT"),
        without("AclOfBalancer"),
        put("Blocked", "Dimensions.1", {"Name": "Country", "Value": "BR"}),
    )
    assert complaints(changed(*changes), region="us-east-1") == []


def test_a_certificate_is_judged_by_what_is_known() -> None:
    template = changed(put("Secure", SHOWN, THERE))
    assert complaints(template, region=None) == []
    assert not [one for one in findings(changed(), region=None) if one.id == "wire-certificate"]


def test_its_attributes_are_no_certificates() -> None:
    assert complaints(changed(put("Secure", SHOWN, att("Balancer", "DNSName")))) == []
