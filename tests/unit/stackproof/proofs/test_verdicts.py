"""Findings as sentences and as JSON."""

from __future__ import annotations

from stackproof.proofs.verdicts import Verdict, broken, proved, unknown


def test_a_broken_finding_says_what_happens_and_what_to_do() -> None:
    found = broken("net-route", "Service", "Properties.Subnets.0", "The task cannot pull its image.", "Add a route.")
    assert found.verdict is Verdict.BROKEN
    assert str(found) == (
        "broken: Service.Properties.Subnets.0: The task cannot pull its image. Add a route. [net-route]"
    )
    assert found.as_json() == {
        "id": "net-route",
        "verdict": "broken",
        "logical_id": "Service",
        "path": "Properties.Subnets.0",
        "message": "The task cannot pull its image. Add a route.",
    }


def test_a_proof_has_a_witness_and_no_fix() -> None:
    found = proved("net-route", "Service", "", "Service → Nat → Gateway")
    assert (found.verdict.value, found.sentences) == ("proved", "Service → Nat → Gateway")


def test_unknown_is_a_verdict_of_its_own() -> None:
    assert unknown("net-route", "", "", "Not known.", "Give a region.").as_json()["verdict"] == "unknown"
