"""The web firewall: what it judges in which order, what only counts, whom it lets through, and what it writes down."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from stackproof.configuration import check_configuration

if TYPE_CHECKING:
    from tests.templates_support import Emitted

CAPACITY = {
    "AWSManagedRulesKnownBadInputsRuleSet": 200,
    "AWSManagedRulesCommonRuleSet": 700,
    "AWSManagedRulesSQLiRuleSet": 200,
    "AWSManagedRulesAmazonIpReputationList": 25,
    "AWSManagedRulesAnonymousIpList": 50,
}
"""Web ACL capacity units of AWS's rule groups, as its developer guide lists them."""

SCHOOLS = "200.144.0.0/24,200.145.7.9/32"


@pytest.fixture(scope="module")
def guarded(lms: Emitted) -> Emitted:
    return lms.with_parameters(WebFirewall="block")


def rules(template: Emitted) -> dict[str, dict[str, Any]]:
    """By name, in the order in which WAF asks them."""
    found = sorted(template.resources["WebAcl"]["Rules"], key=lambda rule: int(rule["Priority"]))
    return {rule["Name"]: rule for rule in found}


def group_of(rule: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = rule["Statement"].get("ManagedRuleGroupStatement", {})
    return found


def rate_of(rule: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = rule["Statement"]["RateBasedStatement"]
    return found


def sentences(template: Emitted, **parameters: str) -> str:
    return "\n".join(map(str, check_configuration(template.body, {"Parameters": parameters}, "params/x.json")))


def test_without_being_asked_for_there_is_none_of_it(lms: Emitted) -> None:
    template = lms.with_parameters(AllowedAddresses=SCHOOLS)
    assert not [name for name, found in template.resources.items() if found.type.startswith("AWS::WAFv2::")]


def test_its_log_group_never_leaves_the_stack(lms: Emitted) -> None:
    """It is retained, and could not be made again under its name."""
    assert "Condition" not in lms.body["Resources"]["WebFirewallLogGroup"]
    assert "WebFirewallLogging" not in lms.resources


def test_guards_the_balancer_in_this_region(guarded: Emitted) -> None:
    assert guarded.resources["WebAcl"]["Scope"] == "REGIONAL"
    assert guarded.resources["WebAcl"]["DefaultAction"] == {"Allow": {}}
    assert guarded.resources["WebAclAssociation"].properties == {
        "ResourceArn": "${LoadBalancer}",
        "WebACLArn": "${WebAcl.Arn}",
    }


class TestOrder:
    def test_requests_then_the_let_through_then_addresses(self, guarded: Emitted) -> None:
        found = rules(guarded.with_parameters(AllowedAddresses=SCHOOLS))
        assert list(found) == [
            "KnownBadInputs",
            "CommonRules",
            "SqlInjection",
            "AllowedAddresses",
            "AddressReputation",
            "AnonymousAddresses",
            "SessionLimit",
            "AddressLimit",
        ]
        assert len({rule["Priority"] for rule in found.values()}) == len(found)

    def test_every_rule_is_measured_under_its_own_name(self, guarded: Emitted) -> None:
        for name, rule in rules(guarded.with_parameters(AllowedAddresses=SCHOOLS)).items():
            assert rule["VisibilityConfig"]["MetricName"] == name
            assert rule["VisibilityConfig"]["CloudWatchMetricsEnabled"] is True

    def test_the_rules_stay_within_the_price_of_one_web_acl(self, guarded: Emitted) -> None:
        """1,500 units; a limit is 2, and 30 for each key that it counts by."""
        units = 1  # the address set
        for rule in rules(guarded).values():
            if group_of(rule):
                units += CAPACITY[group_of(rule)["Name"]]
            else:
                units += 2 + 30 * len(rate_of(rule).get("CustomKeys", []))
        assert 1000 < units <= 1500


class TestManagedRules:
    @pytest.mark.parametrize(
        ("name", "counted"),
        [
            ("CommonRules", "SizeRestrictions_BODY"),
            ("CommonRules", "CrossSiteScripting_BODY"),
            ("CommonRules", "GenericRFI_BODY"),
            ("SqlInjection", "SQLi_BODY"),
            ("SqlInjection", "SQLiExtendedPatterns_BODY"),
        ],
    )
    def test_what_judges_a_teachers_post_only_counts(self, guarded: Emitted, name: str, counted: str) -> None:
        """SizeRestrictions_BODY alone would refuse every upload of a course: WAF sees 8 KB of a body."""
        overrides = group_of(rules(guarded)[name])["RuleActionOverrides"]
        assert {"Name": counted, "ActionToUse": {"Count": {}}} in overrides

    def test_nothing_else_only_counts(self, guarded: Emitted) -> None:
        overrides = [each for rule in rules(guarded).values() for each in group_of(rule).get("RuleActionOverrides", [])]
        assert len(overrides) == 5
        found = {name: rule["OverrideAction"] for name, rule in rules(guarded).items() if group_of(rule)}
        counting = found.pop("AnonymousAddresses")
        assert counting == {"Count": {}}
        assert list(found.values()) == [{"None": {}}] * 4

    def test_all_of_it_only_counts_at_first(self, guarded: Emitted) -> None:
        found = rules(guarded.with_parameters(WebFirewall="count", AddressLimitAction="block"))
        assert all(rule["OverrideAction"] == {"Count": {}} for rule in found.values() if group_of(rule))
        assert found["SessionLimit"]["Action"] == found["AddressLimit"]["Action"] == {"Count": {}}

    def test_they_are_aws_groups_in_their_default_version(self, guarded: Emitted) -> None:
        found = [group_of(rule) for rule in rules(guarded).values() if group_of(rule)]
        assert {group["VendorName"] for group in found} == {"AWS"}
        assert {group["Name"] for group in found} == CAPACITY.keys()
        assert not [group for group in found if "Version" in group]


class TestLimits:
    def test_one_session_at_one_address_is_limited(self, guarded: Emitted) -> None:
        found = rules(guarded.with_parameters(SessionCookie="kolibri", SessionRequestLimit=300))["SessionLimit"]
        rate = rate_of(found)
        assert (rate["AggregateKeyType"], rate["Limit"], rate["EvaluationWindowSec"]) == ("CUSTOM_KEYS", "300", 60)
        cookie = {"Name": "kolibri", "TextTransformations": [{"Priority": 0, "Type": "NONE"}]}
        assert rate["CustomKeys"] == [{"Cookie": cookie}, {"IP": {}}]

    def test_a_school_behind_one_address_passes(self, guarded: Emitted) -> None:
        """A thousand students with sixty requests each in the minute in which an exam begins."""
        rate = rate_of(rules(guarded)["AddressLimit"])
        assert (rate["AggregateKeyType"], rate["EvaluationWindowSec"]) == ("IP", 60)
        assert int(rate["Limit"]) >= 1000 * 60
        assert rules(guarded)["AddressLimit"]["Action"] == {"Count": {}}

    def test_an_address_is_blocked_by_parameter_alone(self, guarded: Emitted) -> None:
        found = rules(guarded.with_parameters(AddressLimitAction="block", AddressRequestLimit=90000))["AddressLimit"]
        assert rate_of(found)["Limit"] == "90000"
        assert found["Action"] == rules(guarded)["SessionLimit"]["Action"]

    def test_one_request_too_many_is_told_to_wait(self, guarded: Emitted) -> None:
        answer = rules(guarded)["SessionLimit"]["Action"]["Block"]["CustomResponse"]
        assert answer["ResponseCode"] == 429
        assert answer["ResponseHeaders"] == [{"Name": "Retry-After", "Value": "60"}]
        page = guarded.resources["WebAcl"]["CustomResponseBodies"][answer["CustomResponseBodyKey"]]
        assert page["ContentType"] == "TEXT_HTML"
        assert 0 < len(page["Content"].encode()) <= 4096

    def test_without_a_cookie_no_session_is_limited(self, guarded: Emitted) -> None:
        assert "SessionLimit" not in rules(guarded.with_parameters(SessionCookie=""))
        assert "AddressLimit" in rules(guarded.with_parameters(SessionCookie=""))

    @pytest.mark.parametrize("cookie", ["a b", "a;b", "x" * 65])
    def test_what_is_no_name_of_a_cookie_is_refused(self, lms: Emitted, cookie: str) -> None:
        assert "1 to 64 letters, digits and the characters _ . -, or blank." in sentences(lms, SessionCookie=cookie)


class TestAllowedAddresses:
    def test_are_let_through(self, guarded: Emitted) -> None:
        template = guarded.with_parameters(AllowedAddresses=SCHOOLS)
        addresses = template.resources["AllowedAddressSet"]
        assert (addresses["Scope"], addresses["IPAddressVersion"]) == ("REGIONAL", "IPV4")
        assert addresses["Addresses"] == SCHOOLS.split(",")
        rule = rules(template)["AllowedAddresses"]
        assert rule["Action"] == {"Allow": {}}
        assert rule["Statement"] == {"IPSetReferenceStatement": {"Arn": "${AllowedAddressSet.Arn}"}}

    def test_blank_leaves_them_out(self, guarded: Emitted) -> None:
        assert "AllowedAddressSet" not in guarded.resources
        assert "AllowedAddresses" not in rules(guarded)

    @pytest.mark.parametrize("wrong", ["0.0.0.0/0", "200.144.0.0/7", "200.144.0.0/33", "200.144.0.7", "2001:db8::/32"])
    def test_what_waf_refuses_or_lets_everybody_in_is_refused(self, lms: Emitted, wrong: str) -> None:
        found = sentences(lms, AllowedAddresses=f"200.144.0.0/24,{wrong}")
        assert "Ranges such as 200.144.0.0/24 or 200.144.10.7/32" in found
        assert sentences(lms, AllowedAddresses=SCHOOLS) == ""


class TestLog:
    def test_goes_to_a_group_with_wafs_prefix(self, guarded: Emitted) -> None:
        group = guarded.resources["WebFirewallLogGroup"]
        assert group["LogGroupName"] == "aws-waf-logs-lms-dev"
        assert group["KmsKeyId"] == "${LogsKey.Arn}"
        assert group["RetentionInDays"] == guarded.parameters["LogRetentionDays"]
        logging = guarded.resources["WebFirewallLogging"]
        assert logging["ResourceArn"] == "${WebAcl.Arn}"
        # The ARN with `:*` at its end, which GetAtt gives, is not one that WAF takes.
        (destination,) = logging["LogDestinationConfigs"]
        assert destination == "arn:aws:logs:sa-east-1:111122223333:log-group:${WebFirewallLogGroup}"

    def test_keeps_what_was_blocked_or_counted(self, guarded: Emitted) -> None:
        assert guarded.resources["WebFirewallLogging"]["LoggingFilter"] == {
            "DefaultBehavior": "DROP",
            "Filters": [
                {
                    "Behavior": "KEEP",
                    "Requirement": "MEETS_ANY",
                    "Conditions": [{"ActionCondition": {"Action": action}} for action in ("BLOCK", "COUNT")],
                }
            ],
        }

    def test_has_no_session_no_password_and_no_token_in_it(self, guarded: Emitted) -> None:
        assert guarded.resources["WebFirewallLogging"]["RedactedFields"] == [
            {"SingleHeader": {"Name": "authorization"}},
            {"SingleHeader": {"Name": "cookie"}},
            {"QueryString": {}},
        ]

    @pytest.mark.parametrize(("cookie", "hidden"), [("kolibri", [["kolibri"]]), ("", [])])
    def test_nor_have_the_samples_and_details_that_redaction_leaves(
        self, guarded: Emitted, cookie: str, hidden: list[list[str]]
    ) -> None:
        template = guarded.with_parameters(SessionCookie=cookie)
        protections = template.resources["WebAcl"]["DataProtectionConfig"]["DataProtections"]
        assert {each["Action"] for each in protections} == {"SUBSTITUTION"}
        fields = {each["Field"]["FieldType"]: each["Field"].get("FieldKeys") for each in protections}
        assert fields.pop("SINGLE_COOKIE", None) == (hidden[0] if hidden else None)
        assert fields == {"SINGLE_HEADER": ["authorization", "cookie"], "QUERY_STRING": None, "BODY": None}


def test_its_metric_has_the_environment_in_its_name(guarded: Emitted) -> None:
    template = guarded.with_parameters(EnvironmentSuffix="exam-2027")
    name = template.resources["WebAcl"]["VisibilityConfig"]["MetricName"]
    assert name == "lms-web-exam-2027"
    assert re.fullmatch("[A-Za-z0-9_-]{1,128}", name)
