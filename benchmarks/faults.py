"""How many single faults the proofs catch on our own template, and whether they name the right component.

    python -m benchmarks.faults [--missed] [--class WORDS]

The faults are made from the template's structure (fault_classes, fault_wiring). Each is checked with the parameters and
the intent of every environment, as a build does it, and of five variants that no environment is. Caught: a finding that
the sound template does not have there. Named: that finding is about the changed resource, or about one that it connects
or that uses it. The exit code is 1 when fewer than 90 of 100 are caught and named.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import fault_classes, fault_wiring
from benchmarks.fault_tools import Source
from stackproof.intent_files import load_intent
from stackproof.proofs.check import check
from stackproof.proofs.intent.intent import Accepted
from stackproof.proofs.resolve.stack import resolve
from stackproof.targets import load_targets

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.fault_tools import Fault
    from stackproof.proofs.verdicts import Finding

ROOT = Path(__file__).resolve().parent.parent
EXISTING_DATABASE = {
    "DatabaseSecretArn": "arn:aws:secretsmanager:sa-east-1:333333333333:secret:lms/database-AbCdEf",
    "DatabaseSecretKeyArn": "arn:aws:kms:sa-east-1:333333333333:key/33333333-3333-4333-8333-333333333333",
    "DatabasePeeringConnectionId": "pcx-0123456789abcdef0",
    "DatabaseReader": "no",
    "DatabaseProxy": "no",
}
ALL_OPTIONS = {
    "AlarmEmail": "ops@example.org",
    "AllowedAddresses": "203.0.113.0/24",
    "CacheReplicas": "5",
    "CertificateArn": "",
    "DatabaseRotation": "weekly",
    "DomainName": "lms.example.org",
    "ExecuteCommand": "yes",
    "HostedZoneId": "Z0123456789ABCDEFGHIJ",
    "MaintenancePage": "yes",
    "SmtpPort": "587",
    "UpgradeImage": f"333333333333.dkr.ecr.sa-east-1.amazonaws.com/lms-upgrade@sha256:{'3' * 64}",
    "WorkerCommand": "lms,worker",
}
OTHER_CHOICES = {
    "CacheEviction": "allkeys-lru",
    "CacheReplicas": "5",
    "CronMinutes": "1",
    "ExistingFileSystemId": "fs-0123456789abcdef0",
}
PLACES: dict[str, tuple[str, dict[str, str]]] = {
    "prod": ("prod", {}),
    "staging": ("staging", {}),
    "dev": ("dev", {}),
    "prod with all options": ("prod", ALL_OPTIONS),
    "prod without endpoints": ("prod", {"InterfaceEndpoints": "no", "ExtraSecretArn": "", "ExtraSecretKeyArn": ""}),
    "prod with MySQL": ("prod", {"DatabaseEngine": "mysql", "DatabasePort": "3306", "DatabaseProxy": "no"}),
    "prod with an existing database": ("prod", EXISTING_DATABASE),
    "prod with other choices": ("prod", OTHER_CHOICES),
}
"""Environments, with parameters that differ."""
MAIL_SERVER = Accepted(
    "net-unused-rule", "TasksToInternetSmtpPortEgress", "mail goes out through smtp.example.org", "prod.accept"
)
ACCEPTED: dict[str, tuple[Accepted, ...]] = {"prod with all options": (MAIL_SERVER,)}
"""What an environment of this kind declares besides (docs/running.md)."""
LEAST = 0.9
PARTLY = frozenset(
    {
        "no association",
        "DNS",
        "subnets of another tier",
        "no order",
        "another mode",
        "another name",
    }
)
"""Classes of which a part does no harm here: docs/proofs.md says which, and why."""
CLASSES = (*fault_classes.CLASSES, *fault_wiring.CLASSES)


@dataclass(frozen=True)
class Caught:
    """What the proofs said to a fault: the new findings, and whether one of them names the right component."""

    fault: Fault
    findings: tuple[Finding, ...]
    named: bool


@cache
def sound() -> Any:
    """Our own template."""
    return json.loads((ROOT / "dist" / "lms.json").read_text(encoding="utf-8"))


@cache
def given(place: str) -> dict[str, Any]:
    """What `check` is given in a place, besides the template."""
    environment, more = PLACES[place]
    target = load_targets(ROOT)[environment]
    intent = load_intent(ROOT / "params" / "intent.toml", environment)
    parameters = json.loads((ROOT / "params" / f"{environment}.json").read_text(encoding="utf-8"))["Parameters"]
    return {
        "parameters": parameters | more,
        "region": target.region,
        "account": target.account,
        "stack_name": f"lms-{environment}",
        "intent": replace(intent, accepted=(*intent.accepted, *ACCEPTED.get(place, ()))),
        "strict": True,
    }


def findings(template: Any, place: str, **other: Any) -> tuple[Finding, ...]:
    """What is broken or unknown in a template with the values of a place, some of them replaced."""
    return check(template, **{**given(place), **other}).findings


@cache
def _before(place: str) -> frozenset[Finding]:
    return frozenset(findings(sound(), place))


@cache
def _places(logical_id: str) -> tuple[str, ...]:
    """The places in which a resource exists."""
    return tuple(name for name in PLACES if logical_id in resolve(sound(), given(name)["parameters"]).resources)


def faults() -> Iterator[Fault]:
    """Every fault of every class."""
    source = Source(sound())
    for make in CLASSES:
        yield from make(source)


def caught(fault: Fault) -> Caught:
    """Ask the proofs about a fault, in one place after the other until one names it."""
    best = Caught(fault, (), named=False)
    source = Source(fault.template)
    for place in _places(fault.logical_id):
        new = tuple(each for each in findings(source.template, place) if each not in _before(place))
        named = any(_names(each, fault, source) for each in new)
        if named or not best.findings:
            best = Caught(fault, new, named)
        if named:
            break
    return best


CONNECTING = ("Association", "Associations", "Attachment", "Listener")
"""Endings of types that only connect others: whoever names one of these two names the fault."""


def _names(finding: Finding, fault: Fault, source: Source) -> bool:
    here = fault.logical_id in source.resources
    expected = {fault.logical_id, *fault.also, *(source.neighbours(fault.logical_id) if here else ())}
    words = set(re.findall(r"\w+", finding.message))
    connects = sound()["Resources"][fault.logical_id]["Type"].endswith(CONNECTING)
    return finding.logical_id in expected or fault.logical_id in words or bool(connects and words & expected)


@cache
def _numbered() -> tuple[Fault, ...]:
    return tuple(faults())


def _caught(number: int) -> tuple[tuple[Finding, ...], bool]:
    """The same by a fault's number: a fault holds a function, which no other process can be given."""
    found = caught(_numbered()[number])
    return found.findings, found.named


def main() -> int:
    """Check every fault, print the tally."""
    parser = argparse.ArgumentParser(description="How many single faults on our own template are caught.")
    parser.add_argument("--missed", action="store_true", help="list every fault that is not caught or not named")
    parser.add_argument("--class", dest="kind", default="", metavar="WORDS", help="only this class")
    options = parser.parse_args()
    chosen = [number for number, fault in enumerate(_numbered()) if options.kind in fault.kind]
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        answers = pool.map(_caught, chosen, chunksize=8)
        results = [Caught(_numbered()[number], *answer) for number, answer in zip(chosen, answers, strict=True)]
    rows = {kind: Counter[str]() for kind in dict.fromkeys(each.fault.kind for each in results)}
    for each in results:
        rows[each.fault.kind].update(faults=1, caught=int(bool(each.findings)), named=int(each.named))
        if options.missed and not each.named:
            said = f"named otherwise: {each.findings[0]}" if each.findings else "not caught"
            print(f"{each.fault.kind}: {each.fault.logical_id}: {each.fault.what}: {said}")
    print("| fault | made | caught | right component named |\n| --- | --- | --- | --- |")
    for kind, row in [*rows.items(), ("all", sum(rows.values(), Counter()))]:
        print(f"| {kind} | {row['faults']} | {row['caught']} | {row['named']} |")
    return 0 if sum(each.named for each in results) >= LEAST * len(results) else 1


if __name__ == "__main__":
    sys.exit(main())
