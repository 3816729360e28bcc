"""docs/running.md: production with mail is proven with the exceptions that stand there, and with no fewer."""

from __future__ import annotations

import json
import re
from pathlib import Path

from stackproof.intent_files import load_intent
from stackproof.proofs.check import check

ROOT = Path(__file__).parents[2]
EXCEPTIONS = re.findall(r"```toml\n(.*?)```", (ROOT / "docs" / "running.md").read_text(encoding="utf-8"), re.DOTALL)
MAIL = {
    "MailIdentityArn": "arn:aws:ses:sa-east-1:333333333333:identity/example.org",
    "MailFrom": "lms@example.org",
    "SmtpPort": "587",
}


def found(tmp_path: Path, exceptions: list[str]) -> set[tuple[str, str]]:
    """Rule and resource of what is not proven in production that sends mail both ways."""
    path = tmp_path / "intent.toml"
    path.write_text("\n".join([(ROOT / "params" / "intent.toml").read_text(encoding="utf-8"), *exceptions]))
    given = json.loads((ROOT / "params" / "prod.json").read_text(encoding="utf-8"))["Parameters"]
    checked = check(
        json.loads((ROOT / "dist" / "lms.json").read_text(encoding="utf-8")),
        given | MAIL,
        region="sa-east-1",
        account="333333333333",
        stack_name="lms-prod",
        intent=load_intent(path, "prod"),
        strict=True,
    )
    return {(finding.id, finding.logical_id) for finding in checked.findings}


def test_mail_is_proven_with_the_exceptions_of_the_document(tmp_path: Path) -> None:
    assert found(tmp_path, []) == {
        ("iam-unused-action", "TaskPolicy"),
        ("net-unused-rule", "TasksToInternetSmtpPortEgress"),
    }
    assert found(tmp_path, EXCEPTIONS) == set()
