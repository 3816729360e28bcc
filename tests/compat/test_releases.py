"""An update from any earlier release keeps every store: lms-<version>.json is dist/lms.json as it was released.

When a release is made, its dist/lms.json is copied here; nothing is ever taken away.
"""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from stackproof.proofs.diff import Change, diff
from stackproof.proofs.resolve.stack import resolve
from stackproof.stores import is_store

ROOT = Path(__file__).parents[2]
RELEASES = sorted(Path(__file__).parent.glob("lms-*.json"))
ENVIRONMENTS = sorted((ROOT / "params").glob("*.json"))
PLACE = {"region": "sa-east-1", "account": "123456789012", "stack_name": "lms"}


def read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def endangered(old: Any, new: Any, parameters: dict[str, Any]) -> list[Change]:
    """The stores that an update would remove, replace, or perhaps replace."""
    before, after = (
        resolve(side, {name: value for name, value in parameters.items() if name in side["Parameters"]}, **PLACE)
        for side in (old, new)
    )
    assert not before.notes
    assert not after.notes
    return [
        change
        for change in diff(before, after).changes
        if change.action in {"remove", "replace", "may-replace"} and is_store(before.resources[change.logical_id].type)
    ]


def test_there_is_a_release_to_compare_with() -> None:
    assert RELEASES
    assert len(ENVIRONMENTS) > 1


@pytest.mark.parametrize("release", RELEASES, ids=lambda path: path.stem)
@pytest.mark.parametrize("environment", ENVIRONMENTS, ids=lambda path: path.stem)
def test_no_store_is_replaced_or_lost_by_an_update(release: Path, environment: Path) -> None:
    assert endangered(read(release), read(ROOT / "dist" / "lms.json"), read(environment)["Parameters"]) == []


@pytest.mark.parametrize("release", RELEASES, ids=lambda path: path.stem)
def test_no_store_changes_its_logical_id(release: Path) -> None:
    """Whatever the parameters: a store that another id has is a new, empty one."""
    now = read(ROOT / "dist" / "lms.json")["Resources"]
    stores = {name: body["Type"] for name, body in read(release)["Resources"].items() if is_store(body["Type"])}
    assert stores
    assert {name: now.get(name, {}).get("Type") for name in stores} == stores


@pytest.mark.parametrize(
    ("name", "path", "value"),
    [
        ("FileSystem", ("Properties", "KmsKeyId"), {"Fn::GetAtt": ["LogsKey", "Arn"]}),
        ("CacheReplicationGroup", ("Properties", "Port"), 6380),
        ("FileSystem", ("Type",), "AWS::EFS::AccessPoint"),
    ],
)
def test_a_release_that_replaced_a_store_would_not_pass(name: str, path: tuple[str, ...], value: Any) -> None:
    old = read(RELEASES[0])
    new = copy.deepcopy(old)
    node = new["Resources"][name]
    for key in path[:-1]:
        node = node[key]
    node[path[-1]] = value
    found = endangered(old, new, read(ENVIRONMENTS[0])["Parameters"])
    assert name in {change.logical_id for change in found}
