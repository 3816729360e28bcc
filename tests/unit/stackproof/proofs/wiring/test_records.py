"""Alias records: the zone of what they lead to, and not the record's own."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.stackproof.proofs.network_support import add, att, ref, resource
from tests.unit.stackproof.proofs.wiring_support import changed, findings

PLACE = "AliasTarget.HostedZoneId"
RIGHT_ZONE = att("Balancer", "CanonicalHostedZoneID")


def alias(zone: object, name: object, own: object = "Z1") -> dict[str, Any]:
    target = {"DNSName": name, "HostedZoneId": zone}
    return {"Name": "www.school.example.", "Type": "A", "HostedZoneId": own, "AliasTarget": target}


def said(record: dict[str, Any], *, grouped: bool = False) -> list[tuple[str, str, str]]:
    """What is said of a record: verdict, path and sentences."""
    if grouped:
        zone = record.pop("HostedZoneId")
        made = resource("Route53::RecordSetGroup", HostedZoneId=zone, RecordSets=[record, ref("AWS::NoValue")])
    else:
        made = resource("Route53::RecordSet", **record)
    template = changed(
        add(Record=made, Site=resource("CloudFront::Distribution"), Old=resource("ElasticLoadBalancing::LoadBalancer"))
    )
    template["Parameters"] = {"Zone": {"Type": "String"}}
    found = [one for one in findings(template) if one.logical_id == "Record"]
    assert {one.id for one in found} <= {"wire-alias"}
    return [(one.verdict.value, one.path, one.sentences) for one in found]


@pytest.mark.parametrize(
    ("zone", "name", "told"),
    [
        (
            "Z1",
            att("Balancer", "DNSName"),
            (
                "Route 53 refuses the alias: the name of Balancer does not lie in the zone Z1. Write GetAtt"
                " Balancer.CanonicalHostedZoneID."
            ),
        ),
        ("Z2FDTNDATAQYW2", {"Fn::Sub": "dualstack.${Balancer.DNSName}"}, "Balancer.CanonicalHostedZoneID"),
        ("Z1", att("Old", "DNSName"), "Write GetAtt Old.CanonicalHostedZoneNameID."),
        ("Z1", att("Site", "DomainName"), "Write Z2FDTNDATAQYW2, the zone of every distribution."),
        ("Z3", att("Site", "DomainName"), "does not lie in the zone Z3"),
    ],
)
@pytest.mark.parametrize("grouped", [False, True])
def test_a_zone_that_is_not_the_names_is_refused(zone: str, name: object, told: str, *, grouped: bool) -> None:
    [(verdict, path, sentences)] = said(alias(zone, name), grouped=grouped)
    assert verdict == "broken"
    assert path == (f"Properties.RecordSets.0.{PLACE}" if grouped else f"Properties.{PLACE}")
    assert told in sentences


@pytest.mark.parametrize(
    ("record", "verdicts"),
    [
        (alias(RIGHT_ZONE, att("Balancer", "DNSName")), ["proved"]),
        (alias(RIGHT_ZONE, att("Balancer", "DNSName"), own=None), ["proved"]),
        (alias(ref("Zone"), att("Site", "DomainName")), ["proved"]),
        (alias("Z2FDTNDATAQYW2", att("Site", "DomainName")), ["proved"]),
        (alias("Z1", "elsewhere.example."), []),
        (alias(None, att("Balancer", "DNSName")), []),
        ({"Name": "a.", "Type": "A", "HostedZoneId": "Z1", "ResourceRecords": ["192.0.2.1"]}, []),
    ],
)
@pytest.mark.parametrize("grouped", [False, True])
def test_a_zone_that_may_be_right_is_no_fault(record: dict[str, Any], verdicts: list[str], *, grouped: bool) -> None:
    assert [verdict for verdict, _, _ in said(dict(record), grouped=grouped)] == verdicts
