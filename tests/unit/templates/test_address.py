"""The platform's name and certificate: given, made here, or neither."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stackproof.configuration import check_configuration

if TYPE_CHECKING:
    from tests.templates_support import Emitted

CERTIFICATE = "arn:aws:acm:sa-east-1:111122223333:certificate/01234567-89ab-cdef-0123-456789abcdef"
NAME, ZONE = "learn.example.org", "Z0123456789ABCDEFGHIJ"
BALANCER = "${LoadBalancer.DNSName}"


def sentences(template: Emitted, **parameters: str) -> str:
    return "\n".join(map(str, check_configuration(template.body, {"Parameters": parameters}, "params/x.json")))


@pytest.fixture
def made(lms: Emitted) -> Emitted:
    return lms.with_parameters(DomainName=NAME, HostedZoneId=ZONE)


@pytest.mark.parametrize(
    ("domain", "zone", "given", "url"),
    [
        ("", "", "", f"http://{BALANCER}"),
        (NAME, "", CERTIFICATE, f"https://{NAME}"),
        (NAME, ZONE, "", f"https://{NAME}"),
    ],
)
def test_the_platform_answers_under_its_name_with_its_certificate(
    lms: Emitted, domain: str, zone: str, given: str, url: str
) -> None:
    template = lms.with_parameters(DomainName=domain, HostedZoneId=zone, CertificateArn=given)
    assert template.outputs["Url"] == url
    (container,) = template.resources["TaskDefinition"]["ContainerDefinitions"]
    assert {"Name": "LMS_URL", "Value": url} in container["Environment"]
    assert template.outputs["BalancerDnsName"] == BALANCER
    listeners = template.of_type("AWS::ElasticLoadBalancingV2::Listener").values()
    shown = [each["Certificates"] for each in listeners if each["Protocol"] == "HTTPS"]
    certificate = "${Certificate}" if zone else given
    assert shown == ([[{"CertificateArn": certificate}]] if certificate else [])
    assert sentences(lms, DomainName=domain, HostedZoneId=zone, CertificateArn=given) == ""


class TestMadeHere:
    def test_the_zone_proves_that_the_name_is_ours(self, made: Emitted) -> None:
        assert made.resources["Certificate"]["DomainName"] == NAME
        assert made.resources["Certificate"]["ValidationMethod"] == "DNS"
        assert made.resources["Certificate"]["DomainValidationOptions"] == [{"DomainName": NAME, "HostedZoneId": ZONE}]

    def test_the_name_points_at_the_balancer(self, made: Emitted) -> None:
        assert made.resources["AliasRecord"].properties == {
            "HostedZoneId": ZONE,
            "Name": NAME,
            "Type": "A",
            "AliasTarget": {"DNSName": BALANCER, "HostedZoneId": "${LoadBalancer.CanonicalHostedZoneID}"},
        }

    def test_only_where_there_is_a_zone(self, lms: Emitted) -> None:
        template = lms.with_parameters(DomainName=NAME, CertificateArn=CERTIFICATE)
        assert not template.of_type("AWS::CertificateManager::Certificate", "AWS::Route53::RecordSet")

    def test_the_door_is_open_for_https_alone(self, made: Emitted) -> None:
        listeners = made.of_type("AWS::ElasticLoadBalancingV2::Listener").values()
        actions = {each["Port"]: [action["Type"] for action in each["DefaultActions"]] for each in listeners}
        assert actions == {80: ["redirect"], 443: ["forward"]}

    def test_is_good_enough_for_production(self, lms: Emitted) -> None:
        refused = "EnvironmentType is production, but CertificateArn and HostedZoneId are blank"
        assert refused in sentences(lms, EnvironmentType="production")
        assert refused not in sentences(lms, EnvironmentType="production", DomainName=NAME, HostedZoneId=ZONE)


class TestRefused:
    def test_two_certificates(self, lms: Emitted) -> None:
        found = sentences(lms, DomainName=NAME, HostedZoneId=ZONE, CertificateArn=CERTIFICATE)
        assert "CertificateArn and HostedZoneId are both given" in found
        assert "leave CertificateArn blank, or leave HostedZoneId blank" in found

    def test_a_zone_without_a_name(self, lms: Emitted) -> None:
        assert "HostedZoneId is given and DomainName is not" in sentences(lms, HostedZoneId=ZONE)

    def test_a_name_without_a_certificate(self, lms: Emitted) -> None:
        assert "DomainName is given without a certificate: give HostedZoneId" in sentences(lms, DomainName=NAME)

    def test_a_certificate_without_a_name(self, lms: Emitted) -> None:
        """Links in mails and pages would show the balancer's own name, and no browser follows them."""
        found = sentences(lms, CertificateArn=CERTIFICATE)
        assert "CertificateArn is given and DomainName is not" in found
        assert "in development, leave both blank" in found

    @pytest.mark.parametrize(
        "name", ["Learn.example.org", "learn.example.org.", "https://learn.example.org", "learn", "*.example.org"]
    )
    def test_what_is_no_name(self, lms: Emitted, name: str) -> None:
        found = sentences(lms, DomainName=name, CertificateArn=CERTIFICATE)
        assert "A name in lower case without a dot at its end, such as learn.example.org" in found

    def test_a_name_that_no_certificate_can_begin_with(self, lms: Emitted) -> None:
        found = sentences(lms, DomainName="a" * 60 + ".example.org", CertificateArn=CERTIFICATE)
        assert "at most 64 characters" in found

    @pytest.mark.parametrize("zone", ["/hostedzone/Z0123456789", "example.org", "z0123"])
    def test_what_is_no_zone(self, lms: Emitted, zone: str) -> None:
        found = sentences(lms, DomainName=NAME, HostedZoneId=zone)
        assert "The id of a hosted zone, such as Z0123456789ABCDEFGHIJ, or blank." in found
