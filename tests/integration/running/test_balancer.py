"""The running balancer: what it speaks, what it drops, what it writes down."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.integration.running.asked import secure

if TYPE_CHECKING:
    from tests.integration.platform import Platform


def test_the_balancer_speaks_https_or_says_where(platform: Platform) -> None:
    found = platform.pages("elbv2", "describe_listeners", "Listeners", LoadBalancerArn=platform.id("LoadBalancer"))
    listeners = {listener["Port"]: listener for listener in found}
    if not secure(platform):
        assert set(listeners) == {80}
        assert listeners[80]["DefaultActions"][0]["TargetGroupArn"] == platform.id("TargetGroup")
        return
    if platform.parameters["PlainHttp"] == "closed":
        assert set(listeners) == {443}
    else:
        assert set(listeners) == {80, 443}
        assert [action["Type"] for action in listeners[80]["DefaultActions"]] == ["redirect"]
        assert listeners[80]["DefaultActions"][0]["RedirectConfig"]["Protocol"] == "HTTPS"
    assert listeners[443]["SslPolicy"] == platform.parameters["SslPolicy"]
    certificate = platform.id("Certificate") if platform.has("Certificate") else platform.parameters["CertificateArn"]
    assert listeners[443]["Certificates"][0]["CertificateArn"] == certificate
    assert listeners[443]["DefaultActions"][0]["TargetGroupArn"] == platform.id("TargetGroup")


def test_the_balancer_is_public_in_every_zone_and_drops_bad_headers(platform: Platform) -> None:
    client = platform.client("elbv2")
    arn = platform.id("LoadBalancer")
    balancer = client.describe_load_balancers(LoadBalancerArns=[arn])["LoadBalancers"][0]
    assert balancer["Scheme"] == "internet-facing"
    assert balancer["VpcId"] == platform.id("Vpc")
    assert balancer["SecurityGroups"] == [platform.id("BalancerSecurityGroup")]
    assert len({zone["ZoneName"] for zone in balancer["AvailabilityZones"]}) == len(platform.zones)
    found = client.describe_load_balancer_attributes(LoadBalancerArn=arn)["Attributes"]
    attributes = {each["Key"]: each["Value"] for each in found}
    assert attributes["routing.http.drop_invalid_header_fields.enabled"] == "true"
    protected = platform.yes("BalancerDeletionProtection")
    assert attributes["deletion_protection.enabled"] == str(protected).lower()


def test_the_web_firewall_judges_every_request_and_writes_down_what_it_stops(platform: Platform) -> None:
    if not platform.has("WebAcl"):
        pytest.skip("this stack has no web firewall")
    client = platform.client("wafv2")
    acl = client.get_web_acl_for_resource(ResourceArn=platform.id("LoadBalancer"))["WebACL"]
    assert acl["Name"] == platform.id("WebAcl").split("|")[0]
    groups = [rule for rule in acl["Rules"] if "ManagedRuleGroupStatement" in rule["Statement"]]
    counted = {
        override["Name"]
        for rule in groups
        for override in rule["Statement"]["ManagedRuleGroupStatement"].get("RuleActionOverrides", [])
        if override["ActionToUse"] == {"Count": {}}
    }
    assert counted >= {"SizeRestrictions_BODY", "CrossSiteScripting_BODY", "GenericRFI_BODY", "SQLi_BODY"}
    blocks = {rule["Name"] for rule in groups if "None" in rule["OverrideAction"]}
    assert bool(blocks) is (platform.parameters["WebFirewall"] == "block")
    logging = client.get_logging_configuration(ResourceArn=acl["ARN"])["LoggingConfiguration"]
    (destination,) = logging["LogDestinationConfigs"]
    assert destination.endswith(f":log-group:{platform.id('WebFirewallLogGroup')}")
    assert {"SingleHeader": {"Name": "cookie"}} in logging["RedactedFields"]


def test_targets_leave_before_spot_takes_them(platform: Platform) -> None:
    client = platform.client("elbv2")
    arn = platform.id("TargetGroup")
    found = client.describe_target_group_attributes(TargetGroupArn=arn)["Attributes"]
    attributes = {each["Key"]: each["Value"] for each in found}
    assert int(attributes["deregistration_delay.timeout_seconds"]) < 120
    group = client.describe_target_groups(TargetGroupArns=[arn])["TargetGroups"][0]
    assert group["TargetType"] == "ip"
    assert group["HealthCheckPath"] == platform.parameters["HealthCheckPath"]


def test_access_logs_are_carried_into_an_encrypted_log_group(platform: Platform) -> None:
    logs = platform.client("logs")
    source = logs.get_delivery_source(name=platform.id("AccessLogSource"))["deliverySource"]
    assert source["resourceArns"] == [platform.id("LoadBalancer")]
    delivery = logs.get_delivery(id=platform.id("AccessLogDelivery"))["delivery"]
    destination = logs.get_delivery_destination(name=platform.id("AccessLogDestination"))["deliveryDestination"]
    assert delivery["deliverySourceName"] == source["name"]
    assert delivery["deliveryDestinationArn"] == destination["arn"]
    group = platform.id("AccessLogGroup")
    assert destination["deliveryDestinationConfiguration"]["destinationResourceArn"].endswith(f":log-group:{group}")
    [found] = logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]
    assert found["kmsKeyId"].endswith(platform.id("LogsKey"))
