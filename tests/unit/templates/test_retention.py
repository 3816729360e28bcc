"""What becomes of data: kept where it can be, with its key, and never in the way of a deletion."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from templates.retention import NOTHING_INSIDE, RETAIN, SNAPSHOT

if TYPE_CHECKING:
    from pathlib import Path

    from tests.templates_support import Emitted


def policies(template: Emitted, types: frozenset[str]) -> set[tuple[str | None, str | None]]:
    """The pairs (on deletion, on replacement) that the resources of some types have."""
    return {
        (body.get("DeletionPolicy"), body.get("UpdateReplacePolicy"))
        for body in template.body["Resources"].values()
        if body["Type"] in types
    }


def test_what_stands_in_the_network_leaves_a_snapshot(lms: Emitted) -> None:
    """Retained, its network interfaces would hold the VPC, and the stack could not be deleted."""
    assert policies(lms, SNAPSHOT) == {("Snapshot", "Snapshot")}


def test_everything_else_that_holds_data_stays(lms: Emitted) -> None:
    """RetainExceptOnCreate is no UpdateReplacePolicy. The key of messages under way keeps nothing."""
    kept = policies(lms, RETAIN) - {("Delete", "Delete")}
    assert kept == {("RetainExceptOnCreate", "Retain")}


def test_what_a_store_needs_to_be_read_stays_with_it(lms: Emitted) -> None:
    for logical_id in ("FilesKey", "CacheKey", "LogsKey", "SecretsKey", "CacheSecret", "FileSystem"):
        assert lms.body["Resources"][logical_id]["DeletionPolicy"] == "RetainExceptOnCreate"


def test_a_disposable_stack_leaves_nothing(disposable: Emitted) -> None:
    assert policies(disposable, SNAPSHOT | RETAIN) == {("Delete", "Delete")}


def test_nothing_else_is_kept(every_template: Emitted) -> None:
    kept = SNAPSHOT | RETAIN | NOTHING_INSIDE
    others = frozenset(body["Type"] for body in every_template.body["Resources"].values()) - kept
    assert policies(every_template, others) == {(None, None)}


def test_the_instances_of_a_cluster_hold_nothing_themselves(lms: Emitted) -> None:
    assert policies(lms, NOTHING_INSIDE) == {("Delete", "Delete")}
    for resource in lms.with_parameters(DatabaseSecretArn="").of_type(*NOTHING_INSIDE).values():
        assert resource["DBClusterIdentifier"] == "${DatabaseCluster}"


def test_no_store_is_forgotten(every_template: Emitted, schemas: Path) -> None:
    """Whatever the linter calls stateful has been decided about here."""
    table = json.loads((schemas.parent / "AdditionalSpecs" / "StatefulResources.json").read_text())
    stateful = set(table["ResourceTypes"])
    used = {body["Type"] for body in every_template.body["Resources"].values()}
    assert used & stateful <= SNAPSHOT | RETAIN | NOTHING_INSIDE


def test_both_variants_are_the_same_platform(lms: Emitted, disposable: Emitted) -> None:
    kept, thrown = ({name: body["Type"] for name, body in t.body["Resources"].items()} for t in (lms, disposable))
    assert thrown == kept
