"""Rotation of secrets: a schedule, the steps that a function is called for, and a rotation that was interrupted."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tests.unit.stackproof.emulator.stacks import resources

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.stackproof.emulator.stacks import Stacks, Template

CODE = """
import os

import boto3

def handler(event, context):
    store = boto3.client("secretsmanager")
    secret, token = event["SecretId"], event["ClientRequestToken"]
    if event["Step"] == "createSecret":
        try:
            store.get_secret_value(SecretId=secret, VersionId=token, VersionStage="AWSPENDING")
        except store.exceptions.ResourceNotFoundException:
            old = store.get_secret_value(SecretId=secret)["SecretString"]
            store.put_secret_value(
                SecretId=secret, ClientRequestToken=token, SecretString=old + "+", VersionStages=["AWSPENDING"]
            )
    if event["Step"] == "setSecret" and "FAILS" in os.environ:
        raise RuntimeError("not today")
    if event["Step"] == "finishSecret":
        versions = store.describe_secret(SecretId=secret)["VersionIdsToStages"]
        old = next(version for version, labels in versions.items() if "AWSCURRENT" in labels)
        store.update_secret_version_stage(
            SecretId=secret, VersionStage="AWSCURRENT", MoveToVersionId=token, RemoveFromVersionId=old
        )
"""
PERMISSION = {
    "FunctionName": {"Ref": "Function"},
    "Action": "lambda:InvokeFunction",
    "Principal": "secretsmanager.amazonaws.com",
}


def rotating(*, days: int = 30, permission: bool = True, schedule: bool = True) -> Template:
    schedules = {
        "SecretId": {"Ref": "Secret"},
        "RotationLambdaARN": {"Fn::GetAtt": ["Function", "Arn"]},
        "RotationRules": {"AutomaticallyAfterDays": str(days)},
    }
    found: dict[str, tuple[str, dict[str, Any]]] = {
        "Secret": ("SecretsManager::Secret", {"SecretString": "first"}),
        "Log": ("Logs::LogGroup", {"LogGroupName": "rotation"}),
        "Function": (
            "Lambda::Function",
            {
                "Runtime": "python3.14",
                "Handler": "index.handler",
                "Role": "arn:aws:iam::000000000000:role/rotation",
                "Code": {"ZipFile": CODE},
                "LoggingConfig": {"LogGroup": {"Ref": "Log"}},
            },
        ),
    }
    if permission:
        found["Permission"] = ("Lambda::Permission", PERMISSION)
    template = resources(**found)
    if schedule:
        template["Resources"]["Schedule"] = {
            "Type": "AWS::SecretsManager::RotationSchedule",
            "Properties": schedules,
            "DependsOn": ["Permission"] if permission else [],
        }
    return template


def until(what: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not what():
        assert time.monotonic() < end
        time.sleep(0.05)


def secret(stacks: Stacks) -> str:
    """The ARN of the one secret."""
    return str(stacks.aws.client("secretsmanager").list_secrets()["SecretList"][0]["ARN"])


def value(stacks: Stacks) -> str:
    return str(stacks.aws.client("secretsmanager").get_secret_value(SecretId=secret(stacks))["SecretString"])


def test_a_schedule_says_what_the_template_did_and_is_taken_away_again(stacks: Stacks) -> None:
    store = stacks.aws.client("secretsmanager")
    stacks.deploy(rotating())
    described = store.describe_secret(SecretId=secret(stacks))
    assert (described["RotationEnabled"], described["RotationRules"]) == (True, {"AutomaticallyAfterDays": 30})
    assert described["RotationLambdaARN"].startswith("arn:aws:lambda:sa-east-1:")
    stacks.deploy(rotating(days=60))
    assert store.describe_secret(SecretId=secret(stacks))["RotationRules"] == {"AutomaticallyAfterDays": 60}
    stacks.deploy(rotating(schedule=False))
    described = store.describe_secret(SecretId=secret(stacks))
    assert described["RotationEnabled"] is False
    assert "RotationRules" not in described
    with pytest.raises(ClientError, match="No Lambda rotation function ARN is associated with this secret"):
        store.rotate_secret(SecretId=secret(stacks))


def test_a_function_that_may_not_be_called_is_refused(stacks: Stacks) -> None:
    assert stacks.deploy(rotating(permission=False))["StackStatus"] == "ROLLBACK_COMPLETE"
    events = stacks.client.describe_stack_events(StackName="demo")["StackEvents"]
    assert any("cannot invoke the specified Lambda function" in each.get("ResourceStatusReason", "") for each in events)


def test_a_secret_that_is_not_there_has_no_schedule_and_no_rotation(stacks: Stacks) -> None:
    template = rotating()
    template["Resources"]["Schedule"]["Properties"]["SecretId"] = "missing"
    assert stacks.deploy(template)["StackStatus"] == "ROLLBACK_COMPLETE"
    with pytest.raises(ClientError, match="can't find the specified secret"):
        stacks.aws.client("secretsmanager").rotate_secret(SecretId="missing")
    with pytest.raises(ClientError, match="can't find the specified secret"):
        stacks.aws.client("secretsmanager").get_secret_value(SecretId="missing")


def test_a_schedule_goes_with_a_secret_that_is_gone(stacks: Stacks) -> None:
    stacks.deploy(rotating())
    store = stacks.aws.client("secretsmanager")
    store.delete_secret(SecretId=secret(stacks), ForceDeleteWithoutRecovery=True)
    stacks.deploy(resources(Function=("SNS::Topic", {})))
    assert store.list_secrets()["SecretList"] == []


def test_a_rotation_calls_the_function_for_each_step(stacks: Stacks) -> None:
    store = stacks.aws.client("secretsmanager")
    stacks.deploy(rotating())
    for expected in ("first+", "first++"):
        token = store.rotate_secret(SecretId=secret(stacks))["VersionId"]
        until(lambda expected=expected: value(stacks) == expected)  # type: ignore[misc]  # mypy sees no default here
        assert "AWSCURRENT" in store.describe_secret(SecretId=secret(stacks))["VersionIdsToStages"][token]


def test_one_that_was_interrupted_goes_on_with_the_same_version(stacks: Stacks) -> None:
    store = stacks.aws.client("secretsmanager")
    stacks.deploy(rotating())
    function = stacks.aws.client("lambda")
    (name,) = (each["FunctionName"] for each in function.list_functions()["Functions"])
    function.update_function_configuration(FunctionName=name, Environment={"Variables": {"FAILS": "yes"}})
    token = store.rotate_secret(SecretId=secret(stacks))["VersionId"]
    logs = stacks.aws.client("logs")

    def failed() -> bool:
        found = logs.filter_log_events(logGroupName="rotation")["events"]
        return any("not today" in each["message"] for each in found)

    until(failed)
    assert value(stacks) == "first"
    function.update_function_configuration(FunctionName=name, Environment={"Variables": {}})
    with pytest.raises(ClientError, match=r"A previous rotation isn't complete\. That rotation will be reattempted\."):
        store.rotate_secret(SecretId=secret(stacks))
    until(lambda: value(stacks) == "first+")
    assert "AWSCURRENT" in store.describe_secret(SecretId=secret(stacks))["VersionIdsToStages"][token]
