"""docs/console.md: whoever fills in the form from this page alone gets what it says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from stackproof.configuration import check_configuration
from templates import TEMPLATES
from tests.templates_support import Emitted

ROOT = Path(__file__).parents[2]
# One value for each parameter that the page's table names; the name is certified by the one or the other of two.
PRODUCTION = {
    "EnvironmentType": "production",
    "EnvironmentSuffix": "prod",
    "DomainName": "learn.example.org",
    "HostedZoneId": "Z0123456789ABCDEFGHIJ",
    "MinimumTasks": "2",
    "NatGateways": "per-zone",
    "AlarmEmail": "operators@example.org",
    "Image": f"public.ecr.aws/lms/lms@sha256:{'3' * 64}",
}
CERTIFICATE = "arn:aws:acm:sa-east-1:333333333333:certificate/33333333-3333-4333-8333-333333333333"


@pytest.fixture(scope="module")
def lms() -> Emitted:
    return Emitted(TEMPLATES["lms"]())


def faults(lms: Emitted, given: dict[str, str]) -> str:
    return "\n".join(map(str, check_configuration(lms.body, {"Parameters": given}, "params/x.json")))


def test_the_page_names_what_production_wants(lms: Emitted) -> None:
    lines = (ROOT / "docs/console.md").read_text(encoding="utf-8").splitlines()
    named = set(re.findall(r"`([A-Z]\w+)`", "".join(line for line in lines if line.startswith("|"))))
    assert named == PRODUCTION.keys() - {"EnvironmentType"} | {"CertificateArn"}
    assert faults(lms, PRODUCTION) == ""
    assert faults(lms, {**PRODUCTION, "HostedZoneId": "", "CertificateArn": CERTIFICATE}) == ""


@pytest.mark.parametrize("name", ["HostedZoneId", "MinimumTasks", "NatGateways", "AlarmEmail", "Image"])
def test_nothing_on_the_page_could_be_left_out(lms: Emitted, name: str) -> None:
    assert name in faults(lms, {key: value for key, value in PRODUCTION.items() if key != name})
