"""Values that each parameter takes and that do not fit together: every one is refused with a sentence.

docs/mistakes.md has the table; a row without a case, a case without a row and a rule without a case are faults here.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from stackproof.environments import load_environment
from stackproof.errors import BadInputError
from stackproof.proofs.check import check
from tests.templates_support import ROOT, Emitted

if TYPE_CHECKING:
    from collections.abc import Mapping

CERTIFICATE = "arn:aws:acm:{}:certificate/33333333-3333-4333-8333-333333333333"
KEY = "arn:aws:kms:sa-east-1:333333333333:key/33333333-3333-4333-8333-333333333333"
ZONE = "Z0123456789ABCDEFGHIJ"

Case = tuple[str, dict[str, str], str]
REFUSED: dict[str, list[Case]] = {
    '`"3.5"` or `"01"` where a property takes whole numbers, or a rule compares the number as text': [
        ("dev", {"MaximumTasks": "3.5"}, "is no whole number"),
        ("prod", {"MinimumTasks": "01"}, "is handed to ScalableTarget.Properties.MinCapacity as it is written"),
    ],
    "a minimum above its maximum": [
        ("prod", {"MinimumTasks": "61"}, 'is above MaximumTasks "60"; raise the one or lower the other'),
        ("prod", {"MinimumWorkers": "11"}, 'is above MaximumWorkers "10"; raise the one or lower the other'),
        ("prod", {"DatabaseMaximumCapacity": "1"}, "DatabaseCapacityIsARange"),
    ],
    "more tasks or workers on demand than there may ever be, daily backups kept longer than monthly ones, a session's "
    "limit above its address's, scaling that aims at an alarm's threshold, an alarm on answers slower than the "
    "balancer waits for": [
        ("prod", {"OnDemandBase": "61"}, 'is above MaximumTasks "60": all of them would run on demand'),
        ("prod", {"WorkerOnDemandBase": "11"}, 'is above MaximumWorkers "10": all of them would run on demand'),
        ("prod", {"BackupDailyDays": "366"}, 'is above BackupMonthlyDays "365"'),
        ("prod", {"SessionRequestLimit": "60001"}, 'is above AddressRequestLimit "60000" (the default)'),
        ("prod", {"TargetCpuPercent": "80"}, 'is the same as AlarmUsedPercent "80" (the default)'),
        ("prod", {"TargetMemoryPercent": "81"}, 'is above AlarmUsedPercent "80" (the default)'),
        ("prod", {"AlarmUsedPercent": "70"}, 'WorkerTargetCpuPercent "70" (the default) is the same as'),
        ("prod", {"IdleSeconds": "2"}, 'AlarmLatencySeconds "2" (the default) is the same as IdleSeconds "2"'),
    ],
    "an image without digest in production, another environment's suffix": [
        ("prod", {"Image": "lms:latest"}, "is not pinned, and EnvironmentType is production"),
        ("prod", {"EnvironmentSuffix": "dev"}, "is another environment"),
    ],
    "a certificate of another region or account": [
        ("prod", {"CertificateArn": CERTIFICATE.format("us-east-1:333333333333")}, "request or import it in sa-east-1"),
        ("prod", {"CertificateArn": CERTIFICATE.format("sa-east-1:444444444444")}, "import it in 333333333333"),
    ],
    "fewer subnets than the template takes of the list": [
        ("company", {"DataSubnetIds": "subnet-11111111,subnet-22222222"}, "takes number 3; give at least 3"),
    ],
    "half of an existing database (a key or a peering connection without the secret)": [
        ("prod", {"DatabaseSecretKeyArn": KEY}, "ExistingDatabaseIsWhole"),
        ("prod", {"DatabasePeeringConnectionId": "pcx-11111111"}, "ExistingDatabaseIsWhole"),
    ],
    "what needs something else, without it: a proxy or a new password of an existing database, a proxy of one "
    "that may sleep, a lock or a restore test without backups, a sender without its identity, a name without a "
    "certificate, a certificate without a name, two certificates, an internal balancer whose clients are everybody": [
        ("dev", {"DatabaseProxy": "yes"}, "DatabaseProxyFits"),
        ("prod", {"DatabaseMinimumCapacity": "0"}, "a proxy never lets a database sleep"),
        ("prod", {"DatabasePort": "6000"}, "DatabaseProxyFits"),
        ("dev", {"DatabaseRotation": "weekly"}, "DatabaseRotationIsOurs"),
        ("dev", {"BackupLock": "governance"}, "BackupsAreOn"),
        ("dev", {"RestoreTesting": "yes"}, "BackupsAreOn"),
        ("dev", {"MailFrom": "lms@example.org"}, "MailFromNeedsIdentity"),
        ("dev", {"DomainName": "learn.example.org"}, "DomainHasCertificate"),
        ("prod", {"DomainName": ""}, "CertificateHasDomain"),
        ("dev", {"HostedZoneId": ZONE}, "HostedZoneId is given and DomainName is not"),
        ("prod", {"HostedZoneId": ZONE, "DomainName": "learn.example.org"}, "OneCertificate"),
        ("company", {"ClientCidr": "0.0.0.0/0"}, "InternalBalancerHasClients"),
    ],
    "an image said to change no schema, of an earlier release": [
        ("prod", {"RollingImage": "lms:1"}, "RollingImageIsTheImage"),
    ],
    "production without a certificate, with one task, NAT gateway or database instance, on Spot alone, with short "
    "logs, with alarms that tell nobody": [
        ("prod", {"CertificateArn": ""}, "ProductionHasCertificate"),
        ("prod", {"MinimumTasks": "1"}, "ProductionHasTwoTasks"),
        ("prod", {"NatGateways": "one"}, "ProductionHasNatPerZone"),
        ("prod", {"DatabaseReader": "no"}, "ProductionDatabaseFailsOver"),
        ("prod", {"OnDemandBase": "0"}, "ProductionHasOnDemandBase"),
        ("prod", {"LogRetentionDays": "14"}, "ProductionKeepsLogs"),
        ("prod", {"AlarmEmail": ""}, "ProductionTellsSomebody"),
    ],
}  # fmt: skip
"""A row of docs/mistakes.md → an environment, what is set there, and words of the answer."""
PROVEN = "a database's range inside this platform's own, over a peering connection"
AWS_ALONE = {"SubnetsAreOfTheVpc", "ZonesBelongTogether"}
"""Only AWS knows a subnet's VPC and zone: test_existing_network.py has what these rules ask."""


def rows() -> list[tuple[str, str]]:
    text = (ROOT / "docs" / "mistakes.md").read_text(encoding="utf-8").partition("## Values that")[2]
    return re.findall(r"^\| (?!mistake|---)(.+?) \| (.+?) \|$", text, re.MULTILINE)


@pytest.mark.parametrize(("name", "settings", "words"), [case for cases in REFUSED.values() for case in cases])
def test_it_is_refused_with_a_sentence(name: str, settings: Mapping[str, str], words: str) -> None:
    with pytest.raises(BadInputError) as caught:
        load_environment(ROOT, name, settings=settings)

    assert words in str(caught.value)


def test_a_database_inside_the_platforms_own_range_is_found_by_proofs() -> None:
    given = json.loads((ROOT / "params" / "dev.json").read_text(encoding="utf-8"))["Parameters"]
    template = json.loads((ROOT / "dist" / "lms.json").read_text(encoding="utf-8"))

    found = check(template, {**given, "DatabaseCidr": "10.0.128.0/20"}, region="sa-east-1").findings

    assert [each.message for each in found if each.id == "net-peer" and "10.0.128.0/20" in each.message]


def test_the_table_of_docs_has_these_rows() -> None:
    told = dict(rows())

    assert told.keys() - REFUSED.keys() - {PROVEN} == {
        row for row in told if all(rule in told[row] for rule in AWS_ALONE)
    }
    assert REFUSED.keys() | {PROVEN} <= told.keys()


@pytest.mark.parametrize("name", ["lms", "lms-in-vpc"])
def test_every_rule_has_a_case(name: str) -> None:
    template = Emitted(json.loads((ROOT / "dist" / f"{name}.json").read_text(encoding="utf-8")))
    messages = []
    for environment, settings, _ in (case for cases in REFUSED.values() for case in cases):
        with pytest.raises(BadInputError) as caught:
            load_environment(ROOT, environment, settings=settings)
        messages.append(str(caught.value))
    told = "\n".join(messages)

    assert {
        rule
        for rule, body in template.body["Rules"].items()
        if not all(assertion["AssertDescription"] in told for assertion in body["Assertions"])
    } == AWS_ALONE & template.body["Rules"].keys()
