"""The list of rules: what the queries use, and what docs/proofs/ explains."""

from __future__ import annotations

import re
from pathlib import Path

from stackproof.proofs import catalogue
from stackproof.proofs.catalogue import RULES

AREAS = ("ref", "net", "iam", "store", "wire", "tag", "intent", "check")
ID = re.compile(rf'"((?:{"|".join(AREAS)})-[a-z][a-z-]*[a-z])"')
DOCS = Path(__file__).parents[4] / "docs" / "proofs"


def test_each_rule_is_listed_once_and_by_area() -> None:
    assert len(set(RULES)) == len(RULES)
    assert sorted(RULES, key=lambda rule: AREAS.index(rule.partition("-")[0])) == list(RULES)


def test_the_list_is_what_the_queries_use() -> None:
    listed = Path(catalogue.__file__)
    used = {
        rule for path in listed.parent.glob("*.py") if path != listed for rule in ID.findall(path.read_text("utf-8"))
    }
    assert used == set(RULES)


def test_each_rule_of_stores_tags_and_intent_has_its_paragraph() -> None:
    headings = {
        rule
        for name in ("stores", "tags", "intent")
        for rule in re.findall(r"^### ([a-z-]+)$", (DOCS / f"{name}.md").read_text("utf-8"), re.MULTILINE)
    }
    assert headings == {rule for rule in RULES if rule.startswith(("store-", "tag-", "intent-"))}
