"""Our own template: every combination of what its network depends on is proved."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from stackproof.proofs.model.system import model
from stackproof.proofs.network.queries import prove
from stackproof.proofs.resolve.stack import resolve
from stackproof.proofs.verdicts import Verdict
from templates import TEMPLATES

ACCOUNT, REGION = "111111111111", "sa-east-1"
GIVEN = {
    "DatabaseSecretArn": f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:lms/database-AbCdEf",
    "Image": f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/lms@sha256:{'1' * 64}",
}
CERTIFICATE = f"arn:aws:acm:{REGION}:{ACCOUNT}:certificate/33333333-3333-4333-8333-333333333333"
CHOICES: dict[str, tuple[str, str]] = {
    "ZoneCount": ("2", "3"),
    "NatGateways": ("one", "per-zone"),
    "InterfaceEndpoints": ("no", "yes"),
    "PlainCache": ("no", "yes"),
    "ExecuteCommand": ("no", "yes"),
    "RunApplication": ("yes", "no"),
    "CertificateArn": ("", CERTIFICATE),
    "DatabasePeeringConnectionId": ("pcx-11111111111111111", ""),
}
OWN = {
    "DatabaseEngine": ("postgresql", "mysql"),
    "DatabaseProxy": ("no", "yes"),
    "DatabaseReader": ("yes", "no"),
    "ExistingFileSystemId": ("", "fs-0123456789abcdef0"),
    "InterfaceEndpoints": ("no", "yes"),
    "RunApplication": ("yes", "no"),
    "ZoneCount": ("2", "3"),
}
"""What the way to a database of our own depends on."""


@pytest.fixture(scope="module")
def template() -> dict[str, Any]:
    return TEMPLATES["lms"]().to_dict()


def test_the_way_to_a_database_of_our_own_is_proved(template: dict[str, Any]) -> None:
    for values in product(*OWN.values()):
        parameters = {**GIVEN, **dict(zip(OWN, values, strict=True)), "DatabaseSecretArn": ""}
        parameters["DatabasePort"] = {"postgresql": "5432", "mysql": "3306"}[parameters["DatabaseEngine"]]
        found = prove(model(resolve(template, parameters, region=REGION, account=ACCOUNT, stack_name="lms-test")))
        assert [one for one in found if one.verdict is not Verdict.PROVED] == [], parameters
        told = {one.message.partition(":")[0] for one in found if one.id == "net-store"}
        runs, proxied = parameters["RunApplication"] == "yes", parameters["DatabaseProxy"] == "yes"
        assert any("DatabaseConnectionProxy" in one and "Service" in one for one in told) is (runs and proxied), told
        assert any("DatabaseCluster" in one and "Service" in one for one in told) is (runs and not proxied), told
        assert any("DatabaseCluster" in one and "Proxy" in one for one in told) is proxied, told


@pytest.mark.parametrize("zones", CHOICES["ZoneCount"])
def test_every_combination_is_proved(template: dict[str, Any], zones: str) -> None:
    names = [name for name in CHOICES if name != "ZoneCount"]
    for values in product(*(CHOICES[name] for name in names)):
        parameters = {**GIVEN, "ZoneCount": zones, **dict(zip(names, values, strict=True))}
        found = prove(model(resolve(template, parameters, region=REGION, account=ACCOUNT, stack_name="lms-test")))
        complaints = [one for one in found if one.verdict is not Verdict.PROVED]
        without_a_way = parameters["RunApplication"] == "yes" and not parameters["DatabasePeeringConnectionId"]
        # Before the peering connection exists, the tasks do not reach the database: what the parameter's text says.
        expected = [("net-peer", f"PrivateRouteTable{zone}") for zone in range(1, int(zones) + 1)]
        assert [(one.id, one.logical_id) for one in complaints] == (expected if without_a_way else []), parameters
        proved = {one.id for one in found}
        assert {"net-public", "net-isolated"} <= proved
        if parameters["RunApplication"] == "yes":
            assert {"net-image", "net-logs", "net-secret", "net-files", "net-store", "net-health"} <= proved
            assert ("net-exec" in proved) is (parameters["ExecuteCommand"] == "yes")


@pytest.mark.parametrize(("cidr", "inside"), [("10.0.16.0/24", True), ("10.0.0.0/16", True), ("10.1.16.0/24", False)])
def test_a_database_s_network_inside_our_own_is_refused_with_the_reason(
    template: dict[str, Any], cidr: str, *, inside: bool
) -> None:
    parameters = {**GIVEN, "DatabaseCidr": cidr, "DatabasePeeringConnectionId": "pcx-11111111111111111"}
    found = prove(model(resolve(template, parameters, region=REGION, account=ACCOUNT, stack_name="lms-test")))

    complaints = {one.id: one for one in found if one.verdict is not Verdict.PROVED}

    assert set(complaints) == ({"net-peer", "net-unused-rule"} if inside else set())
    if inside:
        assert complaints["net-peer"].logical_id == "DatabaseRoute1"
        assert f"leads to {cidr} over pcx-11111111111111111, but that lies in 10.0.0.0/16, the range of Vpc" in (
            complaints["net-peer"].message
        )
        assert f"out to {cidr}, a part of Vpc itself (10.0.0.0/16)" in complaints["net-unused-rule"].message
        assert complaints["net-unused-rule"].fix == "Take it away, or give the range of another network."
