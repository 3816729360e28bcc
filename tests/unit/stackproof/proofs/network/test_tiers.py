"""Tiers: a store beside what is public, an endpoint that tasks go past; and shapes where nothing is said."""

from __future__ import annotations

import pytest

from stackproof.proofs.verdicts import Verdict
from tests.unit.stackproof.proofs.network_support import (
    ALL_ENDPOINTS,
    PUBLIC_TASKS,
    WITHOUT_NAT,
    changed,
    complaints,
    findings,
    put,
    ref,
    resource,
)

PUBLIC = [ref("Public1"), ref("Public2")]


@pytest.mark.parametrize(
    ("group", "store"), [("CacheSubnets", "Cache"), ("DatabaseSubnets", "Database")], ids=["cache", "database"]
)
def test_a_store_beside_what_is_public_is_named(group: str, store: str) -> None:
    found = complaints(changed(put(group, "SubnetIds", PUBLIC)))
    assert [(one.id, one.verdict, one.logical_id, one.path) for one in found] == [
        ("net-tier", Verdict.BROKEN, group, "Properties.SubnetIds")
    ] * 2
    assert found[0].message == (
        f"{store} stands in Public1, whose routes lead to an internet gateway, while Data2 has none that do: a "
        "public address or one rule too many, and the internet reaches it."
    )
    assert found[0].fix == "Put it into subnets like Data2."


def test_a_data_subnet_with_the_public_table_is_named() -> None:
    found = complaints(changed(put("Data1Routes", "RouteTableId", ref("PublicTable"))))
    assert {(one.id, one.logical_id) for one in found} == {
        ("net-tier", "CacheSubnets"),
        ("net-tier", "DatabaseSubnets"),
    }
    assert all("Data1" in one.message for one in found)


def test_where_every_subnet_is_public_nothing_is_apart() -> None:
    """A small network without private subnets, and a store that is meant to be public."""
    flat = [
        put(f"{kind}{zone}Routes", "RouteTableId", ref("PublicTable")) for kind in ("Private", "Data") for zone in "12"
    ]
    found = findings(changed(*flat, *PUBLIC_TASKS))
    assert "net-tier" not in {one.id for one in found}
    meant = changed(put("DatabaseSubnets", "SubnetIds", PUBLIC), put("Database", "PubliclyAccessible", True))
    assert "net-tier" not in {one.id for one in complaints(meant)}


def test_stores_that_stand_apart_are_proved() -> None:
    told = [one.message for one in findings(changed()) if one.id == "net-tier"]
    assert sorted(told) == ["Cache stands apart from what is public", "Database stands apart from what is public"]


def test_an_endpoint_without_private_names_is_gone_past() -> None:
    found = complaints(changed(ALL_ENDPOINTS, put("Endpoint3", "PrivateDnsEnabled", False)))
    tasks_in = [one for one in found if one.id == "net-endpoint"]
    (one,) = tasks_in
    assert (one.verdict, one.logical_id, one.path) == (Verdict.BROKEN, "Endpoint3", "Properties.PrivateDnsEnabled")
    assert "Endpoint3 has no private names, so that Service finds secretsmanager at its public addresses" in one.message


def test_names_may_come_from_elsewhere() -> None:
    """A zone of the template's own, an output; and without NAT it is the need that is blocked."""
    off = put("Endpoint3", "PrivateDnsEnabled", False)
    zone = changed(ALL_ENDPOINTS, off)
    zone["Resources"]["Zone"] = resource("Route53::HostedZone", Name="secretsmanager.sa-east-1.amazonaws.com")
    handed = changed(ALL_ENDPOINTS, off) | {"Outputs": {"Endpoint": {"Value": ref("Endpoint3")}}}
    for template in (zone, handed, changed(ALL_ENDPOINTS)):
        assert "net-endpoint" not in {one.id for one in findings(template)}
    blocked = complaints(changed(ALL_ENDPOINTS, off, WITHOUT_NAT))
    assert {"net-secret", "net-endpoint"} <= {one.id for one in blocked}
