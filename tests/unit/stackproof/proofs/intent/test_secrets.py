"""Secrets that are kept for one task definition: nobody else is told them, whatever they are called there."""

from __future__ import annotations

from typing import Any

import pytest

from stackproof.proofs.intent.declared import prove
from stackproof.proofs.intent.intent import Intent
from tests.unit.stackproof.proofs.store_support import complaints, expect, make, ref, system

EXTRA = "arn:aws:secretsmanager:sa-east-1:111111111111:secret:lms/app-AbCdEf"
KEPT = {"private_secrets": {"admin_password": "Upgrade"}}
HERE = {"private_secrets": {"Secret": "Upgrade"}}
LATER: dict[str, Any] = {"Parameters": {"Later": {"Type": "String"}}}
GIVEN: dict[str, Any] = {
    "Parameters": {"Arn": {"Type": "String", "Default": ""}},
    "Conditions": {"Has": {"Fn::Not": [{"Fn::Equals": [ref("Arn"), ""]}]}},
}
MACRO = {"Fn::Transform": {"Name": "Containers", "Parameters": {}}}
RULE, PLACE = "intent-private-secret", "Properties.ContainerDefinitions.0.Secrets.0.ValueFrom"


def told(*sources: Any, name: str = "PASSWORD", **container: Any) -> dict[str, Any]:
    """A task definition whose container is told secrets."""
    secrets = [{"Name": name, "ValueFrom": each} for each in sources]
    return make("ECS::TaskDefinition", ContainerDefinitions=[{"Name": "web", "Secrets": secrets, **container}])


UPGRADE = told(f"{EXTRA}:admin_password::")
IF_GIVEN = {"Fn::Sub": "${Arn}:admin_password::"}
OWN = {"Secret": make("SecretsManager::Secret"), "Upgrade": told(ref("Secret"))}


@pytest.mark.parametrize(
    ("resources", "intent"),
    [
        ({"Upgrade": UPGRADE, "Web": told(f"{EXTRA}:secret_key::")}, KEPT),
        ({"Upgrade": UPGRADE, "Web": told("arn:aws:secretsmanager:sa-east-1:111111111111:secret:other-AbCdEf")}, KEPT),
        ({"Upgrade": UPGRADE, "Web": make("ECS::TaskDefinition", ContainerDefinitions=[{"Name": "web"}])}, KEPT),
        ({"Upgrade": told({"Fn::If": ["Has", IF_GIVEN, f"{EXTRA}:first::"]}), "Web": told(f"{EXTRA}:b::")}, KEPT),
        ({"Upgrade": {**told(IF_GIVEN), "Condition": "Has"}}, KEPT),
        ({**OWN, "Web": told(f"{EXTRA}:secret_key::")}, HERE),
        ({**OWN, "Upgrade": told({"Fn::Sub": "${Secret}:first::"})}, HERE),
        ({**OWN, "Upgrade": told({"Fn::Sub": "${Secret.Id}:first::"})}, HERE),
    ],
    ids=[
        "another key",
        "another secret",
        "nothing",
        "not in this stack",
        "no task in this stack",
        "of the template",
        "one key of it",
        "an attribute of it",
    ],
)
def test_what_the_others_are_told_otherwise_is_right(resources: dict[str, Any], intent: dict[str, Any]) -> None:
    assert complaints(prove, resources, intent, **GIVEN) == {}


def test_what_is_kept_is_proved_where_it_is_told() -> None:
    (found,) = prove(
        system({"Upgrade": UPGRADE, "Web": told(f"{EXTRA}:b::")}), Intent(private_secrets=KEPT["private_secrets"])
    )
    assert (found.verdict, found.id, found.logical_id, found.path) == ("proved", RULE, "Upgrade", PLACE)
    assert prove(system({"Upgrade": UPGRADE}), Intent()) == []


@pytest.mark.parametrize(
    ("web", "intent", "place", "words"),
    [
        (
            told(f"{EXTRA}:admin_password::", name="OTHER"),
            KEPT,
            f"broken {RULE} Web.{PLACE}",
            "Web is told admin_password as OTHER, and params/intent.toml keeps that for Upgrade: whoever breaks into",
        ),
        (told(EXTRA), KEPT, f"broken {RULE} Web.{PLACE}", "Web is told all of the secret that holds admin_password"),
        (
            make(
                "ECS::TaskDefinition",
                ContainerDefinitions=[
                    {
                        "Name": "web",
                        "LogConfiguration": {
                            "LogDriver": "splunk",
                            "SecretOptions": [{"Name": "token", "ValueFrom": f"{EXTRA}:admin_password::"}],
                        },
                    }
                ],
            ),
            KEPT,
            f"broken {RULE} Web.Properties.ContainerDefinitions.0.LogConfiguration.SecretOptions.0.ValueFrom",
            "as token",
        ),
        (told(ref("Later")), KEPT, f"unknown {RULE} Web.{PLACE}", "Whether Web is told admin_password as PASSWORD"),
        (
            make("ECS::TaskDefinition", ContainerDefinitions=MACRO),
            KEPT,
            f"unknown {RULE} Web.Properties.ContainerDefinitions",
            "What Web is told is known to AWS only",
        ),
        (
            make("ECS::TaskDefinition", ContainerDefinitions=[{"Name": "web", "Secrets": MACRO}]),
            KEPT,
            f"unknown {RULE} Web.Properties.ContainerDefinitions",
            "What Web is told is known to AWS only",
        ),
        (
            told(f"{EXTRA}:b::"),
            {"private_secrets": {"admin_pasword": "Upgrade"}},
            f"broken {RULE} Upgrade",
            "keeps admin_pasword for Upgrade, which is never told it",
        ),
        (
            told(f"{EXTRA}:b::"),
            {"private_secrets": {"admin_password": "Upgrad"}},
            f"broken {RULE} Upgrad",
            "has no such task definition",
        ),
        (
            make("ECS::TaskDefinition"),
            {"private_secrets": {"admin_password": "Bucket"}},
            f"broken {RULE} Bucket",
            "has no such task definition",
        ),
    ],
    ids=["another name", "all of it", "log driver", "one", "containers", "list", "no such key", "no task", "no task 2"],
)
def test_who_else_is_told_it_is_named(web: dict[str, Any], intent: dict[str, Any], place: str, words: str) -> None:
    resources = {"Upgrade": UPGRADE, "Web": web, "Bucket": make("S3::Bucket")}
    expect(complaints(prove, resources, intent, **LATER), {place: words})
    assert complaints(prove, resources, **LATER) == {}


def test_a_secret_of_the_template_is_kept_by_its_logical_id() -> None:
    expect(
        complaints(prove, {**OWN, "Web": told({"Fn::Sub": "${Secret}:first::"})}, HERE),
        {f"broken {RULE} Web.{PLACE}": "Web is told Secret as PASSWORD"},
    )
