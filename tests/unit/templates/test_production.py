"""What production refuses, with which words; development may do all of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stackproof.configuration import check_configuration

if TYPE_CHECKING:
    from tests.templates_support import Emitted

SOUND = {
    "EnvironmentType": "production",
    "DatabaseSecretArn": "arn:aws:secretsmanager:sa-east-1:111122223333:secret:lms/db-AbCdEf",
    "CertificateArn": "arn:aws:acm:sa-east-1:111122223333:certificate/01234567-89ab-cdef-0123-456789abcdef",
    "DomainName": "learn.example.org",
    "Image": "111122223333.dkr.ecr.sa-east-1.amazonaws.com/lms@sha256:" + "0" * 64,
    "MinimumTasks": "2",
    "NatGateways": "per-zone",
    "AlarmEmail": "operators@example.org",
}

UNSAFE = [
    ("CertificateArn", "", "CertificateArn and HostedZoneId are blank"),
    ("MinimumTasks", "1", "MinimumTasks is below 2"),
    ("OnDemandBase", "0", "OnDemandBase is 0"),
    ("NatGateways", "one", "NatGateways is one"),
    ("AlarmEmail", "", "AlarmEmail is blank"),
    ("LogRetentionDays", "14", "LogRetentionDays is below 30"),
]


OWN = {"DatabaseSecretArn": ""}


def sentences(template: Emitted, **parameters: str) -> str:
    return "\n".join(map(str, check_configuration(template.body, {"Parameters": SOUND | parameters}, "params/x.json")))


def test_a_sound_production_passes(lms: Emitted) -> None:
    assert sentences(lms) == ""


@pytest.mark.parametrize(("name", "value", "sentence"), UNSAFE)
def test_unsafe_in_production_is_refused(lms: Emitted, name: str, value: str, sentence: str) -> None:
    assert f"EnvironmentType is production, but {sentence}" in sentences(lms, **{name: value})


@pytest.mark.parametrize(("reader", "refused"), [("no", True), ("yes", False)])
def test_a_database_of_our_own_fails_over(lms: Emitted, reader: str, refused: bool) -> None:
    found = sentences(lms, **OWN, DatabaseReader=reader)
    assert ("EnvironmentType is production, but DatabaseReader is no" in found) is refused
    assert sentences(lms, **OWN, DatabaseReader=reader, EnvironmentType="staging") == ""
    assert sentences(lms, DatabaseReader=reader) == ""


@pytest.mark.parametrize(("name", "value", "sentence"), UNSAFE)
@pytest.mark.parametrize("environment", ["development", "staging"])
def test_elsewhere_it_is_allowed(lms: Emitted, name: str, value: str, sentence: str, environment: str) -> None:
    # A name goes with its certificate, wherever it is.
    plain = {"DomainName": ""} if name == "CertificateArn" else {}
    assert sentences(lms, **plain, **{name: value, "EnvironmentType": environment}) == ""


def test_all_mistakes_are_named_at_once(lms: Emitted) -> None:
    found = sentences(lms, **{name: value for name, value, _ in UNSAFE})
    assert all(sentence in found for _, _, sentence in UNSAFE)


def test_every_offered_retention_is_long_enough_or_refused(lms: Emitted) -> None:
    offered = lms.body["Parameters"]["LogRetentionDays"]["AllowedValues"]
    refused = [days for days in offered if "LogRetentionDays is below 30" in sentences(lms, LogRetentionDays=str(days))]
    assert refused == [days for days in offered if days < 30]
