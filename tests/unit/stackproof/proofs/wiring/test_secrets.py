"""What stands behind a secret's ARN, and tasks that have no subnet to take an address from."""

from __future__ import annotations

from typing import Any

import pytest

from stackproof.proofs.check import check
from stackproof.proofs.verdicts import Verdict

ARN = "arn:aws:secretsmanager:sa-east-1:111122223333:secret:site-AbCdEf"


def said(
    rule: str, value_from: Any, resources: dict[str, Any] | None = None, **service: Any
) -> list[tuple[Verdict, str, str, str]]:
    """What a rule says of a task with one secret and its service: verdict, component, path, sentences."""
    task = {
        "RequiresCompatibilities": ["FARGATE"],
        "NetworkMode": "awsvpc",
        "ContainerDefinitions": [{"Name": "web", "Secrets": [{"Name": "KEY", "ValueFrom": value_from}]}],
    }
    template = {
        "Resources": {
            "Secret": {"Type": "AWS::SecretsManager::Secret", "Properties": {"GenerateSecretString": {}}},
            "Task": {"Type": "AWS::ECS::TaskDefinition", "Properties": task},
            "Service": {
                "Type": "AWS::ECS::Service",
                "Properties": {"TaskDefinition": {"Ref": "Task"}, "LaunchType": "FARGATE", **service},
            },
            **(resources or {}),
        }
    }
    found = check(template, strict=True).findings
    return [(each.verdict, each.logical_id, each.path, each.sentences) for each in found if each.id == rule]


PATH = "Properties.ContainerDefinitions.0.Secrets.0.ValueFrom"


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (f"{ARN}:key", "ECS does not understand :key behind the ARN of KEY. Write :key::, the JSON key"),
        (f"{ARN}:key:", "ECS does not understand :key: behind the ARN of KEY. Write :key::, the JSON key"),
        (
            {"Fn::Sub": "${Secret}:key"},
            "ECS does not understand :key behind the ARN of KEY. Write :key::, the JSON key",
        ),
        (f"{ARN}:a:b:c:d", "ECS does not understand :a:b:c:d behind the ARN of KEY. Write the JSON key, the stage and"),
    ],
)
def test_less_or_more_than_three_fields_behind_the_arn_start_no_task(value: Any, message: str) -> None:
    [(verdict, component, path, sentences)] = said("wire-secret", value)
    assert (verdict, component, path) == (Verdict.BROKEN, "Task", PATH)
    assert message in sentences


@pytest.mark.parametrize(
    "value",
    [
        ARN,
        f"{ARN}:key::",
        f"{ARN}:key:AWSCURRENT:",
        f"{ARN}:::0a1b",
        {"Ref": "Secret"},
        {"Fn::Sub": "${Secret}:key::"},
        "/a/parameter",
        {"Fn::ImportValue": "secret"},
    ],
)
def test_a_whole_secret_and_all_three_fields_are_fine(value: Any) -> None:
    assert said("wire-secret", value) == []


def test_tasks_with_addresses_of_their_own_need_subnets() -> None:
    [(verdict, component, path, sentences)] = said("wire-fargate", ARN)
    assert (verdict, component, path) == (Verdict.BROKEN, "Service", "Properties")
    assert "the tasks of Task have addresses of their own, and no subnet to take them from" in sentences
    network = {"AwsvpcConfiguration": {"Subnets": ["subnet-1"]}}
    assert said("wire-fargate", ARN, NetworkConfiguration=network) == []


@pytest.mark.parametrize("kind", ["DBCluster", "DBInstance"])
def test_the_secret_that_rds_keeps_holds_a_user_name_and_a_password(kind: str) -> None:
    def template(tail: str) -> list[tuple[Verdict, str, str, str]]:
        database = {"Type": f"AWS::RDS::{kind}", "Properties": {"ManageMasterUserPassword": True}}
        return said("wire-secret", {"Fn::Sub": f"${{Main.MasterUserSecret.SecretArn}}{tail}"}, {"Main": database})

    for tail in (":password::", ":username::", ":::", ""):
        assert template(tail) == []
    [(verdict, component, path, sentences)] = template(":host::")
    assert (verdict, component) == (Verdict.BROKEN, "Task")
    assert path.endswith("Secrets.0.ValueFrom")
    assert sentences == (
        "Tasks cannot start: the secret that RDS keeps for Main holds username and password, and no host. Give the "
        "container host from the attributes of Main, in Environment."
    )
