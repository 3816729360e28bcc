"""Our own templates: every combination of what permissions depend on is proved, and what is unknown is known to be."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from stackproof.proofs.model.system import model
from stackproof.proofs.permissions.queries import prove
from stackproof.proofs.resolve.stack import resolve
from stackproof.proofs.verdicts import Finding, Verdict
from templates import TEMPLATES

ACCOUNT, REGION = "111111111111", "sa-east-1"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/01234567-89ab-cdef-0123-456789abcdef"
SECRET = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:lms/"
CHOICES: dict[str, tuple[str, str]] = {
    "DatabaseSecretKeyArn": (KEY, ""),
    "Image": (f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/team/lms@sha256:{'1' * 64}", "public.ecr.aws/x/lms:1"),
    "ExecuteCommand": ("yes", "no"),
    "RunApplication": ("yes", "no"),
    "AccessLogs": ("yes", "no"),
    "ExtraSecretArn": ("", f"{SECRET}extra-AbCdEf"),
    "PermissionsBoundaryArn": ("", f"arn:aws:iam::{ACCOUNT}:policy/boundary"),
}


@pytest.fixture(scope="module")
def template() -> dict[str, Any]:
    return TEMPLATES["lms"]().to_dict()


def findings(template: dict[str, Any], parameters: dict[str, str]) -> list[Finding]:
    given = {"DatabaseSecretArn": f"{SECRET}database-AbCdEf", **parameters}
    return prove(model(resolve(template, given, region=REGION, account=ACCOUNT, stack_name="lms-test")))


@pytest.mark.parametrize("image", CHOICES["Image"])
def test_every_combination_is_proved(template: dict[str, Any], image: str) -> None:
    names = [name for name in CHOICES if name != "Image"]
    for values in product(*(CHOICES[name] for name in names)):
        parameters = {**dict(zip(names, values, strict=True)), "Image": image}
        found = findings(template, parameters)
        complaints = sorted((one.id, one.logical_id) for one in found if one.verdict is not Verdict.PROVED)
        expected = []
        if parameters["PermissionsBoundaryArn"]:
            # What a company's boundary lets through is for whoever gives it.
            expected += [("iam-boundary", name) for name in ("ExecutionRole", "FlowLogRole", "TaskRole")]
        if not parameters["DatabaseSecretKeyArn"]:
            # A blank key means AWS's own: what the parameter says, and what nobody can tell from a secret's ARN.
            secrets = 2 if parameters["ExtraSecretArn"] else 1
            expected += [("iam-secret-key", "TaskDefinition")] * secrets
        assert complaints == expected, parameters
        assert {one.verdict for one in found if one.id in {"iam-boundary", "iam-secret-key"}} <= {Verdict.UNKNOWN}
        proved = {one.message.partition(":")[0] for one in found if one.verdict is Verdict.PROVED}
        assert ("TaskDefinition can pull the image of the container application" in proved) is ("dkr.ecr" in image)
        assert ("AccessLogDelivery can write its log to AccessLogGroup by the policy that stands there" in proved) is (
            parameters["AccessLogs"] == "yes"
        )
        assert ("Service can open a session by ECS Exec" in proved) is (
            parameters["ExecuteCommand"] == parameters["RunApplication"] == "yes"
        )


def test_an_own_secret_with_its_key_is_proved(template: dict[str, Any]) -> None:
    given = {"ExtraSecretArn": f"{SECRET}extra-AbCdEf", "ExtraSecretKeyArn": KEY, "DatabaseSecretKeyArn": KEY}
    assert [one for one in findings(template, given) if one.verdict is not Verdict.PROVED] == []


@pytest.mark.parametrize("secret", ["", f"{SECRET}database-AbCdEf"])
@pytest.mark.parametrize("files", ["", "fs-0123456789abcdef0"])
def test_backups_and_their_tests_are_proved(template: dict[str, Any], files: str, secret: str) -> None:
    given = {"Backups": "yes", "RestoreTesting": "yes", "ExistingFileSystemId": files, "DatabaseSecretArn": secret}
    found = findings(template, given | ({"DatabaseSecretKeyArn": KEY} if secret else {}))
    assert [one for one in found if one.verdict is not Verdict.PROVED] == []
    trusted = {one.logical_id for one in found if one.id == "iam-trust"}
    assert {"BackupRole", "RestoreTestRole"} <= trusted


@pytest.mark.parametrize("proxy", ["no", "yes"])
@pytest.mark.parametrize("engine", ["postgresql", "mysql"])
def test_a_database_of_our_own_is_proved(template: dict[str, Any], engine: str, proxy: str) -> None:
    given = {"DatabaseSecretArn": "", "DatabaseEngine": engine, "DatabaseProxy": proxy}
    found = findings(template, given)
    assert [one for one in found if one.verdict is not Verdict.PROVED] == []
    proved = {one.message.partition(":")[0] for one in found}
    assert ("DatabaseConnectionProxy can read its secret" in proved) is (proxy == "yes")
    trusted = {one.logical_id for one in found if one.id == "iam-trust"}
    assert "DatabaseMonitoringRole" in trusted
    assert ("DatabaseProxyRole" in trusted) is (proxy == "yes")


def test_an_image_of_another_accounts_registry_is_broken(template: dict[str, Any]) -> None:
    image = f"999999999999.dkr.ecr.{REGION}.amazonaws.com/lms:1"
    found = [one for one in findings(template, {"Image": image}) if one.verdict is Verdict.BROKEN]
    assert {(one.id, one.logical_id) for one in found} == {("iam-allowed", "ExecutionPolicy")}
    assert "arn:aws:ecr:sa-east-1:999999999999:repository/lms" in found[1].message


@pytest.mark.parametrize("name", ["lms-disposable", "bootstrap"])
def test_the_other_templates_are_proved(name: str) -> None:
    found = findings(TEMPLATES[name]().to_dict(), {"DatabaseSecretKeyArn": KEY})
    assert [one for one in found if one.verdict is not Verdict.PROVED] == []
