"""The list of rules: what the queries use, and what docs/proofs/ explains."""

from __future__ import annotations

import re
from pathlib import Path

from stackproof.proofs import catalogue
from stackproof.proofs.catalogue import RULES

AREAS = ("ref", "net", "iam", "store", "wire", "tag", "intent", "check")
ID = re.compile(rf'"((?:{"|".join(AREAS)})-[a-z][a-z-]*[a-z])"')
DESCRIBED = {
    "ref": "references.md",
    "net": "network.md",
    "iam": "permissions.md",
    "store": "stores.md",
    "wire": "wiring.md",
    "tag": "tags.md",
    "intent": "intent.md",
    "check": "proofs.md",
}
DOCS = Path(__file__).parents[4] / "docs" / "proofs"


def test_each_rule_is_listed_once_and_by_area() -> None:
    assert len(set(RULES)) == len(RULES)
    assert sorted(RULES, key=lambda rule: AREAS.index(rule.partition("-")[0])) == list(RULES)


def test_the_list_is_what_the_queries_use() -> None:
    listed = Path(catalogue.__file__)
    used = {
        rule for path in listed.parent.rglob("*.py") if path != listed for rule in ID.findall(path.read_text("utf-8"))
    }
    assert used == set(RULES)


def test_each_rule_has_one_paragraph_where_its_area_is_described() -> None:
    files = [DOCS.with_suffix(".md"), *sorted(DOCS.glob("*.md"))]
    found = {
        (rule, path.name)
        for path in files
        for rule in re.findall(rf"^### ((?:{'|'.join(AREAS)})-[a-z-]+)\n+\S", path.read_text("utf-8"), re.MULTILINE)
    }
    assert found == {(rule, DESCRIBED[rule.partition("-")[0]]) for rule in RULES}


def test_the_overview_leads_to_every_area() -> None:
    text = DOCS.with_suffix(".md").read_text("utf-8")
    linked = {target for target in re.findall(r"\]\((?!https?:)([^)#]+)", text) if target.startswith("proofs/")}
    assert linked == {f"proofs/{path.name}" for path in DOCS.glob("*.md")}
    assert [target for target in re.findall(r"\]\(([^)#:]+)\)", text) if not (DOCS.parent / target).exists()] == []
