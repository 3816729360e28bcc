"""Certificates of listeners: one of Certificate Manager serves in its own region and account alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from stackproof.errors import Fault
from stackproof.number_forms import uses

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from stackproof.parameters import Values


TYPES: Final = ("AWS::ElasticLoadBalancingV2::Listener", "AWS::ElasticLoadBalancingV2::ListenerCertificate")
"""Whose certificates are judged: in the property Certificates, each with a CertificateArn."""
_PARTS: Final = 6


@dataclass(frozen=True)
class Home:
    """Where an environment lives; None is what nobody says before AWS is asked."""

    region: str | None = None
    account: str | None = None


def check_certificates(template: Mapping[str, Any], values: Values, home: Home) -> Iterator[Fault]:
    """A fault for each certificate of another region or account; which parameter that is, the template shows."""
    for name, text in values.texts.items():
        problem = elsewhere(text, home.region, home.account)
        listener = next(_listeners(template, name), None) if problem else None
        if problem and listener:
            told, fix = problem
            yield Fault(*values.place(name), f"{values.show(name)} {told} ({listener}); {fix[0].lower()}{fix[1:]}")


def _listeners(template: Mapping[str, Any], name: str) -> Iterator[str]:
    """Listeners that show the certificate which a parameter gives."""
    resources = template.get("Resources")
    for logical_id, body in resources.items() if isinstance(resources, dict) else ():
        if isinstance(body, dict) and body.get("Type") in TYPES:
            for path in uses(body.get("Properties"), name, ()):
                if path[-1:] == ("CertificateArn",):
                    yield logical_id


def elsewhere(arn: str, region: str | None, account: str | None) -> tuple[str, str] | None:
    """Why a listener cannot show a certificate, and what to do: half sentences; None where nothing speaks against it.

    Args:
        arn: the ARN of a certificate; any other text has no problem.
        region: where the listener is; None where that is not known.
        account: whose it is, 12 digits; None where that is not known.
    """
    if not from_acm(arn):
        return None
    its_region, its_account = arn.split(":")[3:5]
    if region is not None and its_region != region:
        return (
            f"is a certificate of {its_region}, and a listener shows one of its own region, {region}",
            f"Request or import it in {region}",
        )
    if account is not None and its_account != account:
        return (
            f"is a certificate of the account {its_account}, and a listener shows one of its own account, {account}",
            f"Request or import it in {account}",
        )
    return None


def from_acm(arn: str) -> bool:
    """Is a text the ARN of a certificate of Certificate Manager?"""
    parts = arn.split(":")
    return len(parts) == _PARTS and parts[0] == "arn" and parts[2] == "acm"
