"""docs/running.md: production with mail is proven with the exceptions that stand there, and with no fewer."""

from __future__ import annotations

import json
import re
from pathlib import Path

from stackproof.intent_files import load_intent
from stackproof.proofs.check import check

ROOT = Path(__file__).parents[2]
EXCEPTIONS = re.findall(r"```toml\n(.*?)```", (ROOT / "docs" / "running.md").read_text(encoding="utf-8"), re.DOTALL)
INTENT = (ROOT / "params" / "intent.toml").read_text(encoding="utf-8")


def found(tmp_path: Path, exceptions: list[str]) -> set[tuple[str, str]]:
    """Rule and resource of what is not proven in production that sends mail both ways."""
    path = tmp_path / "intent.toml"
    path.write_text("\n".join([INTENT.replace(EXCEPTIONS[0], ""), *exceptions]))
    given = json.loads((ROOT / "params" / "prod.json").read_text(encoding="utf-8"))["Parameters"]
    checked = check(
        json.loads((ROOT / "dist" / "lms.json").read_text(encoding="utf-8")),
        given | {"SmtpPort": "587"},
        region="sa-east-1",
        account="333333333333",
        stack_name="lms-prod",
        intent=load_intent(path, "prod"),
        strict=True,
    )
    return {(finding.id, finding.logical_id) for finding in checked.findings}


def test_production_has_the_exception_for_its_own_mail() -> None:
    assert EXCEPTIONS[0] in INTENT


def test_mail_is_proven_with_the_exceptions_of_the_document(tmp_path: Path) -> None:
    assert found(tmp_path, []) == {
        ("iam-unused-action", "TaskPolicy"),
        ("net-unused-rule", "TasksToInternetSmtpPortEgress"),
    }
    assert found(tmp_path, EXCEPTIONS) == set()
