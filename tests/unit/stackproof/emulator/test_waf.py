"""AWS WAF: a web ACL with an address set, tied to a load balancer, whose log can be read again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tests.unit.stackproof.emulator.stacks import resources

if TYPE_CHECKING:
    from tests.unit.stackproof.emulator.stacks import Stacks, Template

METRIC = {"MetricName": "lms", "CloudWatchMetricsEnabled": True, "SampledRequestsEnabled": True}
GROUP = "arn:aws:logs:sa-east-1:000000000000:log-group:"


def door(
    *addresses: str,
    group: str = "aws-waf-logs-lms",
    guarded: Any = None,
    bodies: dict[str, Any] | None = None,
    **acl: Any,
) -> Template:
    through = {"IPSetReferenceStatement": {"Arn": {"Fn::GetAtt": ["Allowed", "Arn"]}}}
    rule = {
        "Name": "Allowed",
        "Priority": "3",
        "Action": {"Allow": {}},
        "Statement": through,
        "VisibilityConfig": METRIC,
    }
    web_acl = {
        "Scope": "REGIONAL",
        "DefaultAction": {"Allow": {}},
        "VisibilityConfig": METRIC,
        "Rules": [rule] if addresses else [],
        **({"CustomResponseBodies": bodies} if bodies else {}),
        **acl,
    }
    arn = {"Fn::GetAtt": ["Acl", "Arn"]}
    logging = {
        "ResourceArn": arn,
        "LogDestinationConfigs": [{"Fn::Sub": GROUP + "${Group}"}],
        "RedactedFields": [{"SingleHeader": {"Name": "cookie"}}, {"QueryString": {}}],
    }
    made: dict[str, tuple[str, dict[str, Any]]] = {
        "Vpc": ("EC2::VPC", {"CidrBlock": "10.0.0.0/16"}),
        "Subnet": ("EC2::Subnet", {"VpcId": {"Ref": "Vpc"}, "CidrBlock": "10.0.0.0/24"}),
        "Balancer": ("ElasticLoadBalancingV2::LoadBalancer", {"Subnets": [{"Ref": "Subnet"}]}),
        "Group": ("Logs::LogGroup", {"LogGroupName": group}),
        "Acl": ("WAFv2::WebACL", web_acl),
        "Tie": ("WAFv2::WebACLAssociation", {"ResourceArn": guarded or {"Ref": "Balancer"}, "WebACLArn": arn}),
        "Log": ("WAFv2::LoggingConfiguration", logging),
    }
    if addresses:
        made["Allowed"] = (
            "WAFv2::IPSet",
            {"Scope": "REGIONAL", "IPAddressVersion": "IPV4", "Addresses": list(addresses)},
        )
    return resources(**made)


def web_acl(stacks: Stacks) -> dict[str, Any]:
    name, identifier, scope = stacks.physical_id("Acl").split("|")
    found: dict[str, Any] = stacks.aws.client("wafv2").get_web_acl(Name=name, Id=identifier, Scope=scope)["WebACL"]
    return found


def test_a_web_acl_guards_the_balancer_it_is_tied_to(stacks: Stacks) -> None:
    waf = stacks.aws.client("wafv2")
    stacks.deploy(door())
    balancer = stacks.physical_id("Balancer")
    assert waf.get_web_acl_for_resource(ResourceArn=balancer)["WebACL"]["ARN"] == web_acl(stacks)["ARN"]
    assert stacks.changes(door(Name="another"))["Tie"]["Replacement"] == "True"
    stacks.deploy(door(Name="another"))
    guard = waf.get_web_acl_for_resource(ResourceArn=balancer)["WebACL"]
    assert (guard["Name"], guard["ARN"]) == ("another", web_acl(stacks)["ARN"])
    template = door(Name="another")
    del template["Resources"]["Tie"]
    stacks.deploy(template)
    # As AWS says it: no fault, and nothing.
    assert "WebACL" not in waf.get_web_acl_for_resource(ResourceArn=balancer)


def test_a_web_acl_guards_nothing_that_does_not_exist(stacks: Stacks) -> None:
    arn = "arn:aws:elasticloadbalancing:sa-east-1:000000000000:loadbalancer/app/none/1"
    assert stacks.deploy(door(guarded=arn))["StackStatus"] == "ROLLBACK_COMPLETE"
    assert stacks.failure() == f"AWS WAF couldn't find the resource {arn}."


def test_addresses_come_change_and_go(stacks: Stacks) -> None:
    waf = stacks.aws.client("wafv2")
    stacks.deploy(door("200.144.0.0/24"))
    name, identifier, scope = stacks.physical_id("Allowed").split("|")
    found = waf.get_ip_set(Name=name, Id=identifier, Scope=scope)["IPSet"]
    assert (found["IPAddressVersion"], found["Addresses"]) == ("IPV4", ["200.144.0.0/24"])
    (rule,) = web_acl(stacks)["Rules"]
    assert rule["Statement"]["IPSetReferenceStatement"]["ARN"] == found["ARN"]
    assert rule["Priority"] == 3
    stacks.deploy(door("200.144.0.0/24", "200.145.0.0/24"))
    assert stacks.physical_id("Allowed") == f"{name}|{identifier}|{scope}"
    found = waf.get_ip_set(Name=name, Id=identifier, Scope=scope)["IPSet"]
    assert found["Addresses"] == ["200.144.0.0/24", "200.145.0.0/24"]
    stacks.deploy(door())
    assert waf.list_ip_sets(Scope="REGIONAL")["IPSets"] == []


def test_a_set_in_use_is_not_deleted(stacks: Stacks) -> None:
    stacks.deploy(door("200.144.0.0/24"))
    kept = door("200.144.0.0/24")
    arn = web_acl(stacks)["Rules"][0]["Statement"]["IPSetReferenceStatement"]["ARN"]
    kept["Resources"]["Acl"]["Properties"]["Rules"][0]["Statement"] = {"IPSetReferenceStatement": {"Arn": arn}}
    del kept["Resources"]["Allowed"]
    stacks.deploy(kept)
    assert len(stacks.aws.client("wafv2").list_ip_sets(Scope="REGIONAL")["IPSets"]) == 1


def test_answers_for_the_blocked_come_and_go(stacks: Stacks) -> None:
    protected = {"DataProtections": [{"Action": "HASH", "Field": {"FieldType": "BODY"}}]}
    stacks.deploy(
        door(bodies={"slower": {"ContentType": "TEXT_PLAIN", "Content": "later"}}, DataProtectionConfig=protected)
    )
    found = web_acl(stacks)
    assert found["CustomResponseBodies"]["slower"]["Content"] == "later"
    assert found["DataProtectionConfig"] == protected
    stacks.deploy(door())
    assert {"CustomResponseBodies", "DataProtectionConfig"} & web_acl(stacks).keys() == set()


def test_a_log_is_told_and_goes(stacks: Stacks) -> None:
    waf = stacks.aws.client("wafv2")
    stacks.deploy(door())
    arn = web_acl(stacks)["ARN"]
    found = waf.get_logging_configuration(ResourceArn=arn)["LoggingConfiguration"]
    assert found["LogDestinationConfigs"] == [f"{GROUP}aws-waf-logs-lms"]
    assert found["RedactedFields"] == [{"SingleHeader": {"Name": "cookie"}}, {"QueryString": {}}]
    template = door()
    del template["Resources"]["Log"]
    stacks.deploy(template)
    with pytest.raises(ClientError, match=f"{arn} has no logging configuration"):
        waf.get_logging_configuration(ResourceArn=arn)


@pytest.mark.parametrize("destination", [f"{GROUP}${{Group}}-none", "arn:aws:s3:::aws-waf-logs-lms"])
def test_a_log_goes_to_a_group_that_exists(stacks: Stacks, destination: str) -> None:
    template = door()
    template["Resources"]["Log"]["Properties"]["LogDestinationConfigs"] = [{"Fn::Sub": destination}]
    stacks.deploy(template)
    wanted = destination.replace("${Group}", "aws-waf-logs-lms")
    assert stacks.failure() == f"The ARN isn't valid, field: LOG_DESTINATION, parameter: {wanted}"


def test_a_log_group_has_wafs_prefix(stacks: Stacks) -> None:
    assert stacks.deploy(door(group="lms"))["StackStatus"] == "ROLLBACK_COMPLETE"
    assert stacks.failure() == f"The ARN isn't valid, field: LOG_DESTINATION, parameter: {GROUP}lms"
