"""Rotations and state machines: what each needs holds, is missed where one part of it is taken away, and no more."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from stackproof.proofs.verdicts import Verdict
from tests.unit.stackproof.proofs.network_support import ACCOUNT, REGION, att, put, ref, resource, without
from tests.unit.stackproof.proofs.permissions_support import (
    MINE,
    allow,
    alone,
    complaints,
    document,
    key,
    policy,
    proofs,
    role,
    service,
    sub,
    the,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.stackproof.proofs.permissions_support import Template

    Change = Callable[[Template], None]

LOGS = ["logs:CreateLogStream", "logs:PutLogEvents"]
ROTATE = [f"secretsmanager:{name}" for name in ("DescribeSecret", "GetSecretValue", "PutSecretValue")]
MOVE = "secretsmanager:UpdateSecretVersionStage"
SECRETS = {"kms:ViaService": f"secretsmanager.{REGION}.amazonaws.com", "kms:EncryptionContext:SecretARN": ref("Secret")}


ROTATION: dict[str, Any] = {
    "Key": key(),
    "Secret": resource("SecretsManager::Secret", KmsKeyId=ref("Key")),
    "Log": resource("Logs::LogGroup"),
    "Role": role("lambda"),
    "Policy": policy(
        "Role",
        allow(LOGS, att("Log", "Arn")),
        allow([*ROTATE, MOVE], ref("Secret")),
        allow(["kms:Decrypt", "kms:GenerateDataKey"], att("Key", "Arn"), Condition={"StringEquals": SECRETS}),
    ),
    "Function": resource("Lambda::Function", Role=att("Role", "Arn"), LoggingConfig={"LogGroup": ref("Log")}),
    "Permission": resource(
        "Lambda::Permission",
        FunctionName=ref("Function"),
        Action="lambda:InvokeFunction",
        Principal="secretsmanager.amazonaws.com",
        SourceAccount=ref("AWS::AccountId"),
    ),
    "Schedule": resource(
        "SecretsManager::RotationSchedule",
        SecretId=ref("Secret"),
        RotationLambdaARN=att("Function", "Arn"),
        RotationRules={"ScheduleExpression": "cron(0 7 ? * SUN *)"},
    ),
}


class TestRotation:
    def test_holds(self) -> None:
        template = alone(**ROTATION)
        assert complaints(template) == []
        assert any("call Function" in each for each in proofs(template, "iam-service", "Schedule"))
        rotated = proofs(template, "iam-allowed", "Schedule")
        for action in (*ROTATE, MOVE):
            assert any(action in each for each in rotated), action
        (encrypted,) = proofs(template, "iam-key", "Schedule")
        assert "encrypt the new value of the secret Secret: kms:Decrypt, kms:GenerateDataKey" in encrypted

    @pytest.mark.parametrize(
        ("change", "rule", "says"),
        [
            (without("Permission"), "iam-service", "Schedule cannot call Function, so that AWS refuses the schedule"),
            (put("Permission", "Principal", "events.amazonaws.com"), "iam-service", "Schedule cannot call Function"),
            (put("Permission", "SourceAccount", "999999999999"), "iam-service", "Schedule cannot call Function"),
            (
                put("Policy", "PolicyDocument.Statement.1.Action", ROTATE),
                "iam-allowed",
                f"Schedule cannot rotate the secret Secret, so that no rotation ends: Role may not {MOVE}",
            ),
            (
                put("Policy", "PolicyDocument.Statement.1.Resource", sub("${Secret}x")),
                "iam-allowed",
                "Schedule cannot rotate the secret Secret",
            ),
            (
                put("Policy", "PolicyDocument.Statement.2.Action", ["kms:Decrypt"]),
                "iam-key",
                "Schedule cannot encrypt the new value of the secret Secret, so that no rotation ends",
            ),
            (
                put(
                    "Policy",
                    "PolicyDocument.Statement.2.Condition.StringEquals.kms:ViaService",
                    f"rds.{REGION}.amazonaws.com",
                ),
                "iam-key",
                "Schedule cannot encrypt the new value of the secret Secret",
            ),
        ],
    )
    def test_broken_by_each_part(self, change: Change, rule: str, says: str) -> None:
        found = complaints(alone(change, **ROTATION))
        assert {(one.id, one.verdict) for one in found} == {(rule, Verdict.BROKEN)}
        assert says in found[0].message

    def test_secrets_manager_is_not_known_to_say_for_which_secret_it_comes(self) -> None:
        found = the(alone(put("Permission", "SourceArn", ref("Secret")), **ROTATION))
        assert (found.id, found.verdict) == ("iam-service", Verdict.UNKNOWN)

    @pytest.mark.parametrize(
        "change",
        [
            # Under AWS's own key, with the whole secret service allowed, at another time.
            put("Secret", "KmsKeyId", None),
            put("Secret", "KmsKeyId", "alias/aws/secretsmanager"),
            put("Policy", "PolicyDocument.Statement.1.Action", "secretsmanager:*"),
            put("Permission", "SourceAccount", None),
            put("Schedule", "RotationRules", {"AutomaticallyAfterDays": 30}),
        ],
    )
    def test_harmless(self, change: Change) -> None:
        assert complaints(alone(change, **ROTATION)) == []

    def test_a_secret_of_elsewhere_is_named_by_its_arn_and_its_key_is_its_owners(self) -> None:
        arn = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:lms/db-AbCdEf"
        elsewhere = put("Schedule", "SecretId", arn)
        found = complaints(alone(elsewhere, **ROTATION))
        assert found[0].message.startswith("Schedule cannot rotate its secret, so that no rotation ends")
        granted = put("Policy", "PolicyDocument.Statement.1.Resource", arn)
        assert complaints(alone(elsewhere, granted, **ROTATION)) == []

    @pytest.mark.parametrize(
        "change",
        [
            # A function of elsewhere, one that AWS makes, and a schedule that cfn-lint refuses.
            put("Schedule", "RotationLambdaARN", f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:theirs"),
            put("Schedule", "RotationLambdaARN", None),
        ],
    )
    def test_a_function_of_elsewhere_is_not_judged(self, change: Change) -> None:
        assert complaints(alone(change, without("Permission"), **ROTATION)) == []

    def test_a_role_of_elsewhere_is_the_functions_own_finding(self) -> None:
        theirs = put("Function", "Role", f"arn:aws:iam::{ACCOUNT}:role/theirs")
        found = complaints(alone(theirs, without("Policy"), without("Role"), **ROTATION))
        assert {one.logical_id for one in found} == {"Function"}
        assert complaints(alone(put("Schedule", "SecretId", None), **ROTATION)) == []


def machine(**task: Any) -> dict[str, Any]:
    """A state machine with one task in a branch, after a state that waits."""
    update = {
        "Type": "Task",
        "Resource": sub("arn:${AWS::Partition}:states:::aws-sdk:ecs:updateService"),
        "Parameters": {"Cluster": ref("Cluster"), "Service": att("Service", "Name"), "ForceNewDeployment": True},
        "End": True,
        **task,
    }
    branch = {"StartAt": "Update", "States": {"Update": update}}
    return {
        "StartAt": "Wait",
        "States": {
            "Wait": {"Type": "Wait", "Seconds": 1, "Next": "All"},
            "All": {"Type": "Parallel", "Branches": [branch], "End": True},
        },
    }


MACHINE: dict[str, Any] = {
    "Cluster": resource("ECS::Cluster", ClusterName="lms"),
    "Service": resource("ECS::Service", ServiceName="web", Cluster=ref("Cluster")),
    "Role": resource(
        "IAM::Role",
        AssumeRolePolicyDocument=document(allow("sts:AssumeRole", Principal=service("states"), Condition=MINE)),
    ),
    "Policy": policy("Role", allow("ecs:UpdateService", ref("Service"))),
    "Machine": resource("StepFunctions::StateMachine", RoleArn=att("Role", "Arn"), Definition=machine()),
}
TASK = "Definition.States.All.Branches.0.States.Update"


class TestMachine:
    def test_holds(self) -> None:
        template = alone(**MACHINE)
        assert complaints(template) == []
        (proved,) = proofs(template, "iam-allowed", "Machine")
        assert "call ecs:UpdateService" in proved

    @pytest.mark.parametrize(
        ("change", "path"),
        [
            (without("Policy"), ""),
            (put("Policy", "PolicyDocument.Statement.0.Action", "ecs:DescribeServices"), ""),
            (
                put("Policy", "PolicyDocument.Statement.0.Resource", sub("${Service}-other")),
                "Properties.PolicyDocument.Statement.0.Resource",
            ),
            (put("Machine", TASK + ".Parameters.Service", "worker"), "Properties.PolicyDocument.Statement.0.Resource"),
        ],
    )
    def test_broken(self, change: Change, path: str) -> None:
        found = complaints(alone(change, **MACHINE))
        assert [(one.id, one.verdict) for one in found] == [("iam-allowed", Verdict.BROKEN)]
        assert found[0].message.startswith(
            "Machine cannot call ecs:UpdateService, so that its run fails there: Role may not ecs:UpdateService"
        )
        if path:
            assert found[0].path == path

    @pytest.mark.parametrize(
        "given",
        [
            {"Parameters": {"Cluster": "lms", "Service": "web"}},
            {"Parameters": {"Cluster": ref("Cluster"), "Service": ref("Service")}},
            {"Parameters": {"Service": f"arn:aws:ecs:{REGION}:{ACCOUNT}:service/lms/web"}},
            {"Parameters": None, "Arguments": {"Cluster": "lms", "Service": "web"}},
            {"Resource": "arn:aws:states:::aws-sdk:ecs:updateService.waitForTaskToken"},
        ],
    )
    def test_the_same_service_by_any_of_its_names(self, given: dict[str, Any]) -> None:
        template = alone(put("Machine", "Definition", machine(**given)), **MACHINE)
        assert complaints(template) == []
        assert len(proofs(template, "iam-allowed", "Machine")) == 1

    def test_looking_at_a_service_is_a_need_of_its_own(self) -> None:
        look = {
            "Resource": "arn:aws:states:::aws-sdk:ecs:describeServices",
            "Parameters": {"Cluster": ref("Cluster"), "Services": [att("Service", "Name")]},
        }
        change = put("Machine", "Definition", machine(**look))
        found = the(alone(change, **MACHINE))
        assert (found.verdict, found.path) == (Verdict.BROKEN, "Properties.PolicyDocument.Statement.0.Action")
        assert found.message.startswith("Machine cannot call ecs:DescribeServices, so that its run fails there")
        may = put("Policy", "PolicyDocument.Statement.0.Action", ["ecs:DescribeServices"])
        assert complaints(alone(change, may, **MACHINE)) == []

    def test_a_definition_may_be_a_text_and_a_task_stand_in_a_map(self) -> None:
        task = {
            "Type": "Task",
            "Resource": "arn:aws:states:::aws-sdk:ecs:updateService",
            "Parameters": {"Cluster": "lms", "Service": "web"},
        }
        inner = {"StartAt": "Update", "States": {"Update": task}}
        for name in ("ItemProcessor", "Iterator"):
            text = json.dumps({"StartAt": "Each", "States": {"Each": {"Type": "Map", name: inner}}})
            written = (put("Machine", "Definition", None), put("Machine", "DefinitionString", text))
            assert complaints(alone(*written, **MACHINE)) == []
            found = the(alone(*written, without("Policy"), **MACHINE))
            assert found.message.startswith("Machine cannot call ecs:UpdateService")

    @pytest.mark.parametrize(
        "definition",
        [
            {"Definition": None},
            {"Definition": None, "DefinitionString": "no JSON"},
            {"Definition": None, "DefinitionString": sub("${Cluster}")},
            {"Definition": {"States": {"Stop": {"Type": "Succeed"}}}},
        ],
    )
    def test_what_is_not_read_needs_nothing(self, definition: dict[str, Any]) -> None:
        changes = [put("Machine", name, value) for name, value in definition.items()]
        assert complaints(alone(*changes, without("Policy"), **MACHINE)) == []

    @pytest.mark.parametrize(
        "given",
        [
            # What only the run knows, and a cluster by its ARN.
            {"Parameters": {"Cluster.$": "$.cluster", "Service.$": "$.service"}},
            {"Parameters": {"Cluster.$": "$.cluster", "Service": "web"}},
            {"Resource": "arn:aws:states:::aws-sdk:ecs:describeServices", "Parameters": {"Services": ["web", "other"]}},
            {"Parameters": {"Cluster": f"arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/lms", "Service": "web"}},
            {"Resource": "arn:aws:states:::aws-sdk:rds:startDBCluster", "Parameters": {"DbClusterIdentifier": "a"}},
        ],
    )
    def test_a_resource_that_is_not_known_is_never_broken(self, given: dict[str, Any]) -> None:
        change = put("Machine", "Definition", machine(**given))
        (found,) = complaints(alone(change, without("Policy"), **MACHINE))
        assert (found.id, found.verdict) == ("iam-allowed", Verdict.UNKNOWN)
        actions = ["ecs:DescribeServices", "ecs:UpdateService", "rds:StartDBCluster"]
        everything = put("Policy", "PolicyDocument.Statement.0", allow(actions, "*"))
        assert [one.id for one in complaints(alone(change, everything, **MACHINE))] == ["iam-wildcard"]

    def test_a_role_of_elsewhere_is_unknown(self) -> None:
        theirs = put("Machine", "RoleArn", f"arn:aws:iam::{ACCOUNT}:role/theirs")
        found = the(alone(theirs, without("Policy"), without("Role"), **MACHINE))
        assert (found.verdict, found.path) == (Verdict.UNKNOWN, "Properties.RoleArn")
        assert "Whether Machine can call what its tasks call cannot be told" in found.message

    def test_step_functions_says_for_which_machine_it_comes(self) -> None:
        other = {"StringEquals": {"aws:SourceAccount": "999999999999"}}
        found = the(alone(put("Role", "AssumeRolePolicyDocument.Statement.0.Condition", other), **MACHINE))
        assert found.id == "iam-trust"
        assert found.verdict is Verdict.BROKEN


LETTERS: dict[str, Any] = {
    "Machine": resource("StepFunctions::StateMachine", RoleArn=f"arn:aws:iam::{ACCOUNT}:role/theirs"),
    "Role": role("events"),
    "Policy": policy("Role", allow("states:StartExecution", ref("Machine"))),
    "Key": key(allow(["kms:Decrypt", "kms:GenerateDataKey*"], "*", Principal=service("events"))),
    "Letters": resource("SQS::Queue", KmsMasterKeyId=att("Key", "Arn")),
    "LettersPolicy": resource(
        "SQS::QueuePolicy",
        Queues=[ref("Letters")],
        PolicyDocument=document(
            allow(
                "sqs:SendMessage",
                att("Letters", "Arn"),
                Principal=service("events"),
                Condition={"ArnEquals": {"aws:SourceArn": att("Rule", "Arn")}},
            )
        ),
    ),
    "Rule": resource(
        "Events::Rule",
        EventPattern={"source": ["lms"]},
        Targets=[
            {
                "Id": "one",
                "Arn": ref("Machine"),
                "RoleArn": att("Role", "Arn"),
                "DeadLetterConfig": {"Arn": att("Letters", "Arn")},
            }
        ],
    ),
}


class TestDeadLettersOfARule:
    def test_hold(self) -> None:
        template = alone(**LETTERS)
        assert complaints(template) == []
        found = proofs(template, "iam-service", "Rule")
        assert any("sqs:SendMessage" in each for each in found)
        assert any("Rule can reach Letters: kms:Decrypt, kms:GenerateDataKey" in each for each in found)

    @pytest.mark.parametrize(
        ("change", "owner"),
        [
            (without("LettersPolicy"), "Letters"),
            (put("LettersPolicy", "PolicyDocument.Statement.0.Principal", service("sns")), "LettersPolicy"),
            (put("Key", "KeyPolicy.Statement.1.Principal", service("sns")), "Key"),
        ],
    )
    def test_broken(self, change: Change, owner: str) -> None:
        found = complaints(alone(change, **LETTERS))
        assert {(one.id, one.verdict, one.logical_id) for one in found} == {("iam-service", Verdict.BROKEN, owner)}
        assert found[0].message.startswith("Rule cannot reach Letters, so that every message is lost")

    @pytest.mark.parametrize(
        "change", [put("Letters", "KmsMasterKeyId", None), put("Rule", "Targets.0.DeadLetterConfig", None)]
    )
    def test_harmless(self, change: Change) -> None:
        assert complaints(alone(change, **LETTERS)) == []
