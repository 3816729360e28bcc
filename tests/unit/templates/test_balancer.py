"""The one public door: TLS, redirect, health check, draining, access logs, maintenance page."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.templates_support import references

if TYPE_CHECKING:
    from tests.templates_support import Emitted, Resource

CERTIFICATE = "arn:aws:acm:sa-east-1:111122223333:certificate/01234567-89ab-cdef-0123-456789abcdef"
TARGETS = "${TargetGroup}"


@pytest.fixture(params=["", CERTIFICATE], ids=["without certificate", "with certificate"])
def either(request: pytest.FixtureRequest, lms: Emitted) -> Emitted:
    return lms.with_parameters(CertificateArn=request.param)


@pytest.fixture
def secure(lms: Emitted) -> Emitted:
    return lms.with_parameters(CertificateArn=CERTIFICATE, DomainName="learn.example.org")


def listeners(template: Emitted) -> dict[int, Resource]:
    found = template.of_type("AWS::ElasticLoadBalancingV2::Listener").values()
    assert {listener["LoadBalancerArn"] for listener in found} == {"${LoadBalancer}"}
    return {listener["Port"]: listener for listener in found}


def attributes(resource: Resource, name: str) -> dict[str, str]:
    return {attribute["Key"]: attribute["Value"] for attribute in resource[name]}


class TestListeners:
    def test_with_a_certificate_nothing_forwards_in_the_clear(self, secure: Emitted) -> None:
        clear = [listener for listener in listeners(secure).values() if listener["Protocol"] != "HTTPS"]
        assert [action["Type"] for listener in clear for action in listener["DefaultActions"]] == ["redirect"]
        assert clear[0]["DefaultActions"][0]["RedirectConfig"] == {
            "Protocol": "HTTPS",
            "Port": "443",
            "StatusCode": "HTTP_301",
        }

    def test_with_a_certificate_https_forwards(self, secure: Emitted) -> None:
        https = listeners(secure)[443]
        assert https["Certificates"] == [{"CertificateArn": CERTIFICATE}]
        assert https["DefaultActions"] == [{"Type": "forward", "TargetGroupArn": TARGETS}]

    def test_without_one_http_forwards_and_nothing_else_listens(self, lms: Emitted) -> None:
        assert listeners(lms).keys() == {80}
        assert listeners(lms)[80]["DefaultActions"] == [{"Type": "forward", "TargetGroupArn": TARGETS}]

    def test_a_certificate_that_comes_later_changes_the_one_http_listener(self, lms: Emitted) -> None:
        """Two listeners in turn would meet on port 80, and a failed update could leave the wrong one."""
        http = {name for name, body in lms.body["Resources"].items() if body.get("Properties", {}).get("Port") == 80}
        assert len(http & lms.of_type("AWS::ElasticLoadBalancingV2::Listener").keys()) == 1

    def test_plain_http_can_be_closed(self, secure: Emitted, lms: Emitted) -> None:
        closed = secure.with_parameters(PlainHttp="closed")
        assert listeners(closed).keys() == {443}
        [opened] = [
            rule["FromPort"]
            for rule in closed.of_type("AWS::EC2::SecurityGroupIngress").values()
            if rule.get("CidrIp") == "0.0.0.0/0"
        ]
        assert opened == 443
        assert listeners(lms.with_parameters(PlainHttp="closed")).keys() == {80}, "without a certificate it is all"

    @pytest.mark.parametrize(("certificate", "port"), [("", 80), (CERTIFICATE, 443)])
    def test_the_service_waits_for_the_listener_that_forwards(self, lms: Emitted, certificate: str, port: int) -> None:
        template = lms.with_parameters(CertificateArn=certificate, RunApplication="yes", PlainHttp="closed")
        [name] = template.of_type("AWS::ElasticLoadBalancingV2::Listener")
        assert template.resources[name]["Port"] == port
        assert name in references(template.resources["Service"].body["Metadata"])

    def test_https_answers_before_http_sends_anybody_there(self, secure: Emitted) -> None:
        assert "HttpsListener" in references(listeners(secure)[80].body["Metadata"])

    def test_the_balancers_group_opens_the_listeners_ports_alone(self, either: Emitted) -> None:
        world = {
            rule["FromPort"]
            for rule in either.of_type("AWS::EC2::SecurityGroupIngress").values()
            if rule.get("CidrIp") == "0.0.0.0/0"
        }
        assert world == listeners(either).keys()

    def test_no_policy_on_offer_is_older_than_tls_1_2(self, lms: Emitted, secure: Emitted) -> None:
        offered = lms.body["Parameters"]["SslPolicy"]["AllowedValues"]
        assert offered
        assert all(
            policy.startswith(("ELBSecurityPolicy-TLS13-1-2-", "ELBSecurityPolicy-TLS13-1-3-")) for policy in offered
        )
        assert listeners(secure)[443]["SslPolicy"] == lms.parameters["SslPolicy"]

    def test_browsers_are_told_to_come_back_over_https(self, secure: Emitted) -> None:
        key = "routing.http.response.strict_transport_security.header_value"
        https, http = (attributes(listeners(secure)[port], "ListenerAttributes") for port in (443, 80))
        assert https[key] == "max-age=86400"
        assert key not in http
        forgotten = secure.with_parameters(HstsSeconds=0)
        assert attributes(listeners(forgotten)[443], "ListenerAttributes")[key] == "max-age=0"

    def test_browsers_guess_no_type_and_are_not_told_who_answers(self, either: Emitted) -> None:
        for listener in listeners(either).values():
            told = attributes(listener, "ListenerAttributes")
            assert told["routing.http.response.x_content_type_options.header_value"] == "nosniff"
            assert told["routing.http.response.server.enabled"] == "false"

    def test_the_url_speaks_the_protocol_that_answers(self, lms: Emitted, secure: Emitted) -> None:
        assert lms.outputs["Url"] == "http://${LoadBalancer.DNSName}"
        assert secure.outputs["Url"] == "https://learn.example.org"


class TestLoadBalancer:
    def test_public_in_the_public_subnets(self, lms: Emitted) -> None:
        balancer = lms.with_parameters(ZoneCount=3).resources["LoadBalancer"]
        assert balancer["Scheme"] == "internet-facing"
        assert balancer["Subnets"] == ["${PublicSubnet1}", "${PublicSubnet2}", "${PublicSubnet3}"]

    def test_named_with_the_suffix_within_32_characters(self, lms: Emitted) -> None:
        balancer = lms.with_parameters(EnvironmentSuffix="exam-2027-ab").resources["LoadBalancer"]
        assert balancer["Name"] == "lms-balancer-exam-2027-ab"
        assert len(balancer["Name"]) <= 32

    def test_nothing_ambiguous_reaches_the_tasks(self, lms: Emitted) -> None:
        found = attributes(lms.resources["LoadBalancer"], "LoadBalancerAttributes")
        assert found["routing.http.drop_invalid_header_fields.enabled"] == "true"
        assert found["routing.http.desync_mitigation_mode"] == "defensive"

    def test_a_slow_answer_has_its_time_by_parameter(self, lms: Emitted) -> None:
        found = attributes(lms.with_parameters(IdleSeconds=300).resources["LoadBalancer"], "LoadBalancerAttributes")
        assert found["idle_timeout.timeout_seconds"] == "300"

    @pytest.mark.parametrize(("wanted", "value"), [("yes", "true"), ("no", "false")])
    def test_protected_from_deletion_by_parameter(self, lms: Emitted, wanted: str, value: str) -> None:
        balancer = lms.with_parameters(BalancerDeletionProtection=wanted).resources["LoadBalancer"]
        assert attributes(balancer, "LoadBalancerAttributes")["deletion_protection.enabled"] == value

    def test_waits_for_the_internet_gateway(self, lms: Emitted) -> None:
        """AWS refuses a public balancer in a VPC that has none yet."""
        waiting = list(lms.resources["LoadBalancer"].depends_on)
        reached = set()
        while waiting:
            name = waiting.pop()
            reached.add(name)
            waiting += [other for other in lms.resources[name].depends_on if other not in reached]
        assert "InternetGatewayAttachment" in reached


class TestTargetGroup:
    def test_targets_are_the_tasks_addresses(self, lms: Emitted) -> None:
        assert lms.resources["TargetGroup"]["TargetType"] == "ip"

    def test_the_path_is_the_containers(self, lms: Emitted) -> None:
        targets = lms.with_parameters(HealthCheckPath="/api/health?deep=0").resources["TargetGroup"]
        assert targets["Protocol"] == "HTTP"
        assert targets["HealthCheckPath"] == "/api/health?deep=0"
        assert targets["HealthCheckTimeoutSeconds"] < targets["HealthCheckIntervalSeconds"]

    def test_another_port_leaves_the_group_and_its_targets_alone(self, lms: Emitted) -> None:
        """Port is create-only: a new group would be empty while the listener forwards to it already."""
        before, after = (lms.with_parameters(ContainerPort=port).resources["TargetGroup"] for port in (80, 8080))
        assert before.properties == after.properties
        assert before.get("HealthCheckPort") in {None, "traffic-port"}

    def test_draining_and_stopping_fit_into_spots_two_minutes(self, lms: Emitted) -> None:
        found = attributes(lms.resources["TargetGroup"], "TargetGroupAttributes")
        assert 0 < int(found["deregistration_delay.timeout_seconds"]) < 120
        assert 30 <= int(found["slow_start.duration_seconds"]) <= 900
        assert lms.body["Parameters"]["StopTimeout"]["MaxValue"] == 120

    @pytest.mark.parametrize("path", ["health", "/a b", "/'; reboot", "/$(id)"])
    def test_no_path_can_break_out_of_the_health_command(self, lms: Emitted, path: str) -> None:
        assert not re.fullmatch(lms.body["Parameters"]["HealthCheckPath"]["AllowedPattern"], path)


class TestMaintenancePage:
    def page(self, template: Emitted) -> Any:
        return template.resources["MaintenancePageRule"]

    def test_hidden_unless_asked_for(self, either: Emitted) -> None:
        assert not either.of_type("AWS::ElasticLoadBalancingV2::ListenerRule")

    def test_answers_everything_where_requests_would_have_been_forwarded(self, either: Emitted) -> None:
        shown = either.with_parameters(MaintenancePage="yes")
        rule = self.page(shown)
        forwards = [
            name
            for name, listener in shown.of_type("AWS::ElasticLoadBalancingV2::Listener").items()
            if listener["DefaultActions"][0]["Type"] == "forward"
        ]
        assert [rule["ListenerArn"]] == [f"${{{name}}}" for name in forwards]
        assert rule["Priority"] == 1
        assert rule["Conditions"] == [{"Field": "path-pattern", "PathPatternConfig": {"Values": ["*"]}}]

    def test_says_that_it_is_temporary_within_the_balancers_limit(self, lms: Emitted) -> None:
        [action] = self.page(lms.with_parameters(MaintenancePage="yes"))["Actions"]
        answer = action["FixedResponseConfig"]
        assert (action["Type"], answer["StatusCode"], answer["ContentType"]) == ("fixed-response", "503", "text/html")
        assert 0 < len(answer["MessageBody"].encode()) <= 1024

    def test_leaves_the_target_group_on_its_listener(self, either: Emitted) -> None:
        """A service can be neither created nor updated while its target group belongs to no balancer."""
        shown = either.with_parameters(MaintenancePage="yes")
        actions = [action for listener in listeners(shown).values() for action in listener["DefaultActions"]]
        assert {"Type": "forward", "TargetGroupArn": TARGETS} in actions
