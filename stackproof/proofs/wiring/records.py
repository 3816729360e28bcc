"""Alias records of Route 53: the zone beside a name is that of the name's owner, and not the record's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stackproof.proofs.equality import equal
from stackproof.proofs.model.placement import each
from stackproof.proofs.values import Value, at, show, symbols
from stackproof.proofs.verdicts import broken, proved
from stackproof.proofs.wiring.common import same

if TYPE_CHECKING:
    from stackproof.proofs.model.system import System
    from stackproof.proofs.wiring.common import Findings

CLOUDFRONT: Final = "Z2FDTNDATAQYW2"
"""The zone of every distribution (template reference, AliasTarget)."""
ZONES: Final = {
    "AWS::ElasticLoadBalancing::LoadBalancer": "CanonicalHostedZoneNameID",
    "AWS::ElasticLoadBalancingV2::LoadBalancer": "CanonicalHostedZoneID",
    "AWS::CloudFront::Distribution": "",
}
"""The attribute that holds the zone of what an alias leads to."""


def records(system: System) -> Findings:
    """Every alias to a balancer or a distribution of the template."""
    stack = system.stack
    found = [
        (record.logical_id, "Properties", record.properties) for record in stack.of_type("AWS::Route53::RecordSet")
    ]
    for group in stack.of_type("AWS::Route53::RecordSetGroup"):
        for index, one in enumerate(each(group.properties.get("RecordSets"))):
            whole = {"HostedZoneId": group.properties.get("HostedZoneId"), **(one if isinstance(one, dict) else {})}
            found.append((group.logical_id, f"Properties.RecordSets.{index}", whole))
    for owner, path, record in found:
        yield from _alias(system, owner, path, record)


def _alias(system: System, owner: str, path: str, record: dict[str, Value]) -> Findings:
    stack = system.stack
    alias = record.get("AliasTarget")
    zone, own = at(alias, "HostedZoneId"), record.get("HostedZoneId")
    leads = [stack.resources[one.owner] for one in symbols(at(alias, "DNSName")) if one.owner in stack.resources]
    target = next((one for one in leads if one.type in ZONES), None)
    if target is None or zone is None:
        return
    attribute = ZONES[target.type]
    refused = own is not None and same(stack, zone, own) is True
    if attribute:
        refused = refused or zone == CLOUDFRONT
        fix = f"Write GetAtt {target.logical_id}.{attribute}."
    else:
        refused = refused or equal(zone, CLOUDFRONT) is False
        fix = f"Write {CLOUDFRONT}, the zone of every distribution."
    place = ("wire-alias", owner, f"{path}.AliasTarget.HostedZoneId")
    if refused:
        told = f"Route 53 refuses the alias: the name of {target.logical_id} does not lie in the zone {show(zone)}."
        yield broken(*place, told, fix)
    else:
        yield proved(*place, f"the zone {show(zone)} is not the record's own")
