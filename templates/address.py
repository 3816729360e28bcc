"""Address: the platform's own name, and the TLS certificate that browsers are shown.

A certificate comes one of two ways: by its ARN, or made here, for a name in a Route 53 hosted zone of this account. In
the second case Certificate Manager proves by a record in the zone that the name is ours, renews the certificate for as
long as that record stands, and the name points at the balancer. Where the name is kept elsewhere, its owner points it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from troposphere import Equals, GetAtt, If, Not, Or, Ref, Sub
from troposphere.certificatemanager import Certificate, DomainValidationOption
from troposphere.route53 import RecordSetType
from troposphere.validators.route53 import AliasTarget

from templates import arns
from templates.interface import condition, parameter, rule
from templates.parts import part

if TYPE_CHECKING:
    from troposphere import AWSHelperFn, Parameter, Template
    from troposphere.elasticloadbalancingv2 import LoadBalancer

GROUP = "Address and balancer"


@dataclass(frozen=True)
class Address:
    """What the rest of the template may know about the platform's name and certificate.

    Attributes:
        domain: the parameter with the platform's own name; blank without one.
        has_domain: name of the condition under which there is one.
        zone: the parameter with the hosted zone's id; blank without one.
        in_zone: name of the condition under which certificate and record are made here.
        secure: name of the condition under which there is a certificate.
        certificate: the certificate's ARN, under `secure`.
    """

    domain: Parameter
    has_domain: str
    zone: Parameter
    in_zone: str
    secure: str
    certificate: AWSHelperFn


@part("address")
def add_address(t: Template) -> Address:
    """Add the parameters of name and certificate, their rules, and the certificate that is made here."""
    given = parameter(
        t,
        "CertificateArn",
        group=GROUP,
        label="TLS certificate",
        description="ARN of a certificate in AWS Certificate Manager, in this region. With one, HTTP only redirects to "
        "HTTPS. It needs DomainName. Blank: one is made with HostedZoneId; without that too, plain HTTP, for "
        "development only.",
        default="",
        pattern=arns.CERTIFICATE.or_blank,
        constraint=f"{arns.CERTIFICATE.sentence}, or blank.",
    )
    domain = parameter(
        t,
        "DomainName",
        group=GROUP,
        label="Domain name",
        description="The name under which the platform answers. It needs HostedZoneId, or a CertificateArn that is "
        "made for it; in that case point the name at the balancer yourself. Blank: the balancer's own name.",
        default="",
        # The first name of a certificate has at most 64 characters.
        max_length=64,
        pattern=r"^$|^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$",
        constraint="A name in lower case without a dot at its end, such as learn.example.org, at most 64 characters; "
        "or blank.",
    )
    zone = parameter(
        t,
        "HostedZoneId",
        group=GROUP,
        label="Hosted zone",
        description="Id of the public Route 53 hosted zone that DomainName is in. A certificate is made and renewed, "
        "and the name points at the balancer. The world must ask this zone, or creating it waits in vain. Blank: "
        "neither.",
        default="",
        pattern="^$|^Z[A-Z0-9]{1,31}$",
        constraint="The id of a hosted zone, such as Z0123456789ABCDEFGHIJ, or blank.",
    )
    _add_rules(t, given, domain, zone)
    in_zone = condition(t, "MakesCertificate", Not(Equals(Ref(zone), "")))
    secure = condition(t, "HasCertificate", Or(Not(Equals(Ref(given), "")), Not(Equals(Ref(zone), ""))))
    made = t.add_resource(
        Certificate(
            "Certificate",
            Condition=in_zone,
            DomainName=Ref(domain),
            ValidationMethod="DNS",
            DomainValidationOptions=[DomainValidationOption(DomainName=Ref(domain), HostedZoneId=Ref(zone))],
        )
    )
    return Address(
        domain=domain,
        has_domain=condition(t, "HasDomain", Not(Equals(Ref(domain), ""))),
        zone=zone,
        in_zone=in_zone,
        secure=secure,
        certificate=If(in_zone, Ref(made), Ref(given)),
    )


def _add_rules(t: Template, given: Parameter, domain: Parameter, zone: Parameter) -> None:
    both = (
        "CertificateArn and HostedZoneId are both given, and a certificate is made with HostedZoneId: leave "
        "CertificateArn blank, or leave HostedZoneId blank and point the name at the balancer yourself."
    )
    nameless = "HostedZoneId is given and DomainName is not: give the name in that zone, or leave both blank."
    insecure = (
        "DomainName is given without a certificate: give HostedZoneId, to have one made, or the CertificateArn of one "
        "that is made for this name."
    )
    unnamed = (
        "CertificateArn is given and DomainName is not: the platform's links would carry the balancer's own name, for "
        "which no certificate is made, and browsers refuse them. Give a name of the certificate as DomainName, and "
        "point it at the balancer; in development, leave both blank."
    )
    blank = {each.title: Equals(Ref(each), "") for each in (given, domain, zone)}
    rule(
        t,
        "OneCertificate",
        when=Not(blank["HostedZoneId"]),
        assertions=[(blank["CertificateArn"], both), (Not(blank["DomainName"]), nameless)],
    )
    rule(t, "CertificateHasDomain", when=Not(blank["CertificateArn"]), assertions=[(Not(blank["DomainName"]), unnamed)])
    secure = Or(Not(blank["CertificateArn"]), Not(blank["HostedZoneId"]))
    rule(t, "DomainHasCertificate", when=Not(blank["DomainName"]), assertions=[(secure, insecure)])


def point_to(t: Template, address: Address, balancer: LoadBalancer) -> AWSHelperFn:
    """Point the name at the balancer where the zone is ours, and return the URL that answers."""
    t.add_resource(
        RecordSetType(
            "AliasRecord",
            Condition=address.in_zone,
            HostedZoneId=Ref(address.zone),
            Name=Ref(address.domain),
            Type="A",
            AliasTarget=AliasTarget(GetAtt(balancer, "CanonicalHostedZoneID"), GetAtt(balancer, "DNSName")),  # type: ignore[no-untyped-call]  # troposphere's stubs leave it out
        )
    )
    own = Sub(f"https://${{{address.domain.title}}}")
    # The rules let no name come without a certificate, and no certificate without a name.
    return If(address.has_domain, own, Sub("http://${host}", host=GetAtt(balancer, "DNSName")))
