"""What tasks may do: right as it is, broken by one fault each, with the component that blocks."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from stackproof.proofs.verdicts import Verdict
from tests.unit.stackproof.proofs.network_support import ACCOUNT, REGION, add, att, put, ref, resource, without
from tests.unit.stackproof.proofs.permissions_support import (
    CHANNELS,
    PULL,
    STATEMENT,
    TRUST,
    VOLUME,
    allow,
    changed,
    complaints,
    document,
    findings,
    platform,
    policy,
    role,
    service,
    sub,
    the,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.stackproof.proofs.permissions_support import Template

    Change = Callable[[Template], None]


def test_the_platform_is_proved_with_a_witness_for_each_need() -> None:
    found = findings(platform())
    assert {one.verdict for one in found} == {Verdict.PROVED}
    assert {one.id for one in found} == {"iam-allowed", "iam-key", "iam-service", "iam-trust"}
    pull = next(one for one in found if "ecr:BatchGetImage" in one.message)
    assert (pull.logical_id, pull.path) == ("Task", "Properties.ContainerDefinitions.0.Image")
    assert pull.message == (
        "Task can pull the image of the container web: ecr:BatchCheckLayerAvailability, ecr:BatchGetImage, "
        f"ecr:GetDownloadUrlForLayer on arn:aws:ecr:{REGION}:{ACCOUNT}:repository/lms is allowed by "
        "Properties.PolicyDocument.Statement.1 of ExecutionPolicy."
    )


@pytest.mark.parametrize(
    ("change", "rule", "owner", "path", "says"),
    [
        pytest.param(
            put("ExecutionPolicy", f"{STATEMENT}.1.Action", PULL[:2]),
            "iam-allowed",
            "ExecutionPolicy",
            "Properties.PolicyDocument.Statement.1.Action",
            "Task cannot pull the image of the container web, so that no task starts: ExecutionRole may not "
            f"ecr:GetDownloadUrlForLayer on arn:aws:ecr:{REGION}:{ACCOUNT}:repository/lms, since "
            "Properties.PolicyDocument.Statement.1.Action of ExecutionPolicy leaves it out. "
            "Allow ecr:GetDownloadUrlForLayer to ExecutionRole in a policy of ExecutionRole.",
            id="one action is missing",
        ),
        pytest.param(
            put("ExecutionPolicy", f"{STATEMENT}.0.Action", "ecr:GetAuthorisationToken"),
            "iam-allowed",
            "ExecutionPolicy",
            "Properties.PolicyDocument.Statement.0.Action",
            "may not ecr:GetAuthorizationToken on *",
            id="an action is misspelt",
        ),
        pytest.param(
            put(
                "ExecutionPolicy",
                f"{STATEMENT}.2.Resource",
                sub("arn:aws:logs:${AWS::Region}:${AWS::AccountId}:log-group:/web"),
            ),
            "iam-allowed",
            "ExecutionPolicy",
            "Properties.PolicyDocument.Statement.2.Resource",
            "cannot write the logs of the container web",
            id="a log group without its streams",
        ),
        pytest.param(
            put("ExecutionPolicy", f"{STATEMENT}.3.Resource", sub("${Secret}:host::")),
            "iam-allowed",
            "ExecutionPolicy",
            "Properties.PolicyDocument.Statement.3.Resource",
            "cannot read the secret HOST of the container web",
            id="a secret's ARN with a key behind it",
        ),
        pytest.param(
            put(
                "ExecutionPolicy", f"{STATEMENT}.4.Condition.StringEquals.kms:ViaService", "ssm.sa-east-1.amazonaws.com"
            ),
            "iam-key",
            "ExecutionPolicy",
            "Properties.PolicyDocument.Statement.4.Condition.StringEquals.kms:ViaService",
            "asks for ssm.sa-east-1.amazonaws.com",
            id="a key through another service",
        ),
        pytest.param(
            put("SecretsKey", "KeyPolicy.Statement.0.Action", ["kms:PutKeyPolicy", "kms:Describe*"]),
            "iam-key",
            "SecretsKey",
            "Properties.KeyPolicy.Statement.0.Action",
            "ExecutionRole may not kms:Decrypt",
            id="a key that does not hand the decision to IAM",
        ),
        pytest.param(
            put("TaskRole", f"Policies.0.{STATEMENT}.0.Action", ["elasticfilesystem:ClientMount"]),
            "iam-allowed",
            "TaskRole",
            "Properties.Policies.0.PolicyDocument.Statement.0.Action",
            "Task cannot write to the volume files, so that every write fails",
            id="files that cannot be written",
        ),
        pytest.param(
            put("Task", f"{VOLUME}.AuthorizationConfig.AccessPointId", ref("OtherPoint")),
            "iam-allowed",
            "TaskRole",
            "Properties.Policies.0.PolicyDocument.Statement.0.Condition.StringEquals.elasticfilesystem:AccessPointArn",
            "asks for arn:aws:elasticfilesystem",
            id="files through another access point",
        ),
        pytest.param(
            put("Task", f"{VOLUME}.TransitEncryption", "DISABLED"),
            "iam-allowed",
            "FileSystem",
            "Properties.FileSystemPolicy.Statement.0",
            "Properties.FileSystemPolicy.Statement.0 of FileSystem denies it. Narrow or remove the denial in "
            "Properties.FileSystemPolicy.Statement.0 of FileSystem.",
            id="files in the clear",
        ),
        pytest.param(
            put("Task", f"{VOLUME}.AuthorizationConfig.IAM", "DISABLED"),
            "iam-allowed",
            "FileSystem",
            "Properties.FileSystemPolicy",
            "a client without a role may not elasticfilesystem:ClientMount",
            id="files without a role",
        ),
        pytest.param(
            put("TaskRole", f"Policies.0.{STATEMENT}.1.Action", CHANNELS[1:]),
            "iam-allowed",
            "TaskRole",
            "Properties.Policies.0.PolicyDocument.Statement.1.Action",
            "Service cannot open a session by ECS Exec",
            id="a channel of ECS Exec is missing",
        ),
        pytest.param(
            put("TaskRole", TRUST + ".Principal", service("ec2")),
            "iam-trust",
            "TaskRole",
            "Properties.AssumeRolePolicyDocument",
            "Task names TaskRole in Properties.TaskRoleArn, but ecs-tasks.amazonaws.com may not take it on, since its "
            "trust policy lets in ec2.amazonaws.com only.",
            id="another service is trusted",
        ),
        pytest.param(
            put("FlowLogRole", f"Policies.0.{STATEMENT}.0.Resource", att("Logs", "Arn")),
            "iam-allowed",
            "FlowLogRole",
            "Properties.Policies.0.PolicyDocument.Statement.0.Resource",
            "FlowLog cannot write flow logs",
            id="flow logs to another group",
        ),
        pytest.param(
            put("Task", "ExecutionRoleArn", None),
            "iam-role",
            "Task",
            "Properties.ExecutionRoleArn",
            "Task names no execution role, so that ECS cannot pull the image of the container web: no task starts.",
            id="no execution role",
        ),
        pytest.param(
            put("Task", "TaskRoleArn", None),
            "iam-role",
            "Task",
            "Properties.Volumes.0.EFSVolumeConfiguration.AuthorizationConfig.IAM",
            "IAM authorizes it, and the task has no role.",
            id="no task role",
        ),
        pytest.param(
            without("ExecutionPolicy"),
            "iam-allowed",
            "ExecutionRole",
            "",
            "since ExecutionRole has no policy that allows it",
            id="no policy at all",
        ),
        pytest.param(
            put("ExecutionPolicy", "Roles", [ref("TaskRole")]),
            "iam-allowed",
            "ExecutionRole",
            "",
            "ExecutionRole may not secretsmanager:GetSecretValue",
            id="a policy on the wrong role",
        ),
    ],
)
def test_one_fault_is_broken_at_the_component_that_blocks(
    change: Change, rule: str, owner: str, path: str, says: str
) -> None:
    other = add(OtherPoint=resource("EFS::AccessPoint", FileSystemId=ref("FileSystem")))
    found = complaints(changed(other, change))
    named = [one for one in found if (one.id, one.logical_id, one.path) == (rule, owner, path)]
    assert named, list(map(str, found))
    assert named[0].verdict is Verdict.BROKEN
    assert any(says in one.sentences for one in named), named[0].sentences


def _renamed(resources: Template) -> None:
    text = json.dumps(resources).replace('"ExecutionRole"', '"StartRole"')
    resources.clear()
    resources.update(json.loads(text))


def _managed(resources: Template) -> None:
    properties = resources.pop("ExecutionPolicy")["Properties"]
    resources["Managed"] = resource("IAM::ManagedPolicy", PolicyDocument=properties["PolicyDocument"])
    resources["ExecutionRole"]["Properties"]["ManagedPolicyArns"] = [ref("Managed")]


def _attached_by_the_policy(resources: Template) -> None:
    resources["ExecutionPolicy"]["Type"] = "AWS::IAM::ManagedPolicy"


def _role_policy(resources: Template) -> None:
    properties = resources["ExecutionPolicy"]["Properties"]
    resources["ExecutionPolicy"] = resource(
        "IAM::RolePolicy",
        PolicyName="own",
        RoleName=ref("ExecutionRole"),
        PolicyDocument=properties["PolicyDocument"],
    )


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(_renamed, id="another logical id"),
        pytest.param(_managed, id="a managed policy that the role names"),
        pytest.param(_attached_by_the_policy, id="a managed policy that names the role"),
        pytest.param(_role_policy, id="a role policy"),
        pytest.param(put("ExecutionRole", "Tags", [{"Key": "a", "Value": "b"}]), id="a tag"),
        pytest.param(add(Extra=resource("SNS::Topic")), id="an unrelated resource"),
        pytest.param(put("ExecutionPolicy", f"{STATEMENT}.0.Resource", ["*"]), id="a list of one"),
        pytest.param(put("ExecutionPolicy", f"{STATEMENT}.0.Sid", "Door"), id="a name for a statement"),
        pytest.param(
            put("ExecutionPolicy", f"{STATEMENT}.3.Resource", {"Fn::Join": ["", [ref("Secret")]]}), id="Join for Ref"
        ),
        pytest.param(
            put(
                "ExecutionPolicy",
                f"{STATEMENT}.1.Resource",
                sub("arn:aws:ecr:${AWS::Region}:${AWS::AccountId}:repository/lms"),
            ),
            id="Sub for GetAtt",
        ),
        pytest.param(
            put("ExecutionPolicy", f"{STATEMENT}.1.Action", [action.lower() for action in PULL]), id="lower case"
        ),
        pytest.param(put("ExecutionRole", TRUST + ".Principal", {"Service": ["ecs-tasks.amazonaws.com"]}), id="a list"),
        pytest.param(
            put("ExecutionRole", TRUST + ".Principal", {"Service": sub("ecs-tasks.${AWS::URLSuffix}")}), id="URLSuffix"
        ),
        pytest.param(
            put(
                "TaskRole",
                TRUST + ".Condition",
                {
                    "StringEquals": {"aws:SourceAccount": ref("AWS::AccountId")},
                    "ArnLike": {"aws:SourceArn": sub("arn:aws:ecs:${AWS::Region}:${AWS::AccountId}:*")},
                },
            ),
            id="a trust for this account's tasks",
        ),
        pytest.param(put("Task", "TaskRoleArn", ref("TaskRole")), id="a role by its name"),
        pytest.param(put("Secret", "KmsKeyId", att("SecretsKey", "Arn")), id="a key by its ARN"),
        pytest.param(
            put(
                "ExecutionRole",
                "ManagedPolicyArns",
                ["arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"],
            ),
            id="AWS's own policy beside it",
        ),
    ],
)
def test_another_shape_of_the_same_thing_says_nothing(change: Change) -> None:
    assert [str(one) for one in complaints(changed(change))] == []


def test_a_role_from_elsewhere_is_unknown_once_for_each_of_its_uses() -> None:
    found = complaints(
        changed(
            put("Task", "ExecutionRoleArn", "arn:aws:iam::111122223333:role/elsewhere"),
            put("Task", "TaskRoleArn", {"Fn::ImportValue": "role"}),
            without("ExecutionRole", "ExecutionPolicy", "TaskRole"),
        )
    )
    assert [(one.verdict, one.path) for one in found] == [
        (Verdict.UNKNOWN, "Properties.ExecutionRoleArn"),
        (Verdict.UNKNOWN, "Properties.TaskRoleArn"),
        (Verdict.UNKNOWN, "Properties.TaskRoleArn"),
    ]
    assert found[0].message == (
        "Whether Task can pull its images, write its logs and read its secrets cannot be told, since the role "
        "arn:aws:iam::111122223333:role/elsewhere stands outside of the template."
    )


@pytest.mark.parametrize(
    ("boundary", "expected"),
    [
        (None, []),
        ("arn:aws:iam::aws:policy/AdministratorAccess", []),
        ("arn:aws:iam::111122223333:policy/company", [("iam-boundary", Verdict.UNKNOWN)]),
        (ref("Wide"), []),
        (ref("Narrow"), [("iam-boundary", Verdict.BROKEN), ("iam-boundary", Verdict.BROKEN)]),
    ],
)
def test_a_boundary_bounds_what_the_policies_allow(boundary: object, expected: list[tuple[str, Verdict]]) -> None:
    template = changed(
        add(
            Wide=resource("IAM::ManagedPolicy", PolicyDocument=document(allow("*", "*"))),
            Narrow=resource("IAM::ManagedPolicy", PolicyDocument=document(allow(["ecr:*", "logs:*"], "*"))),
        ),
        put("ExecutionRole", "PermissionsBoundary", boundary),
    )
    found = complaints(template)
    assert [(one.id, one.verdict) for one in found] == expected
    assert {(one.logical_id, one.path) for one in found} <= {("ExecutionRole", "Properties.PermissionsBoundary")}


def test_a_policy_that_is_not_in_the_template_leaves_what_it_may_allow_unknown() -> None:
    template = changed(
        put("ExecutionRole", "ManagedPolicyArns", ["arn:aws:iam::111122223333:policy/company"]),
        put("ExecutionPolicy", f"{STATEMENT}.0", {"Ref": "AWS::NoValue"}),
    )
    found = the(template)
    assert (found.id, found.verdict) == ("iam-allowed", Verdict.UNKNOWN)
    assert "what the policy arn:aws:iam::111122223333:policy/company says stands outside" in found.message


def test_a_policy_that_may_not_exist_leaves_its_needs_unknown() -> None:
    template = changed(lambda resources: resources["ExecutionPolicy"].update(Condition="Maybe"))
    template["Parameters"] = {"Given": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "x"}}
    template["Conditions"] = {"Maybe": {"Fn::Equals": [ref("Given"), "yes"]}}
    found = complaints(template)
    assert {one.verdict for one in found} == {Verdict.UNKNOWN}
    assert found[0].path == "Properties.PolicyDocument.Statement.0"


def test_a_key_policy_that_names_the_role_is_enough_without_the_roles_own_policy() -> None:
    named = allow("kms:Decrypt", "*", Principal={"AWS": att("ExecutionRole", "Arn")})
    manage = allow("kms:PutKeyPolicy", "*", Principal={"AWS": "111122223333"})
    template = changed(
        put("SecretsKey", "KeyPolicy", document(manage, named)),
        put("ExecutionPolicy", f"{STATEMENT}.4", {"Ref": "AWS::NoValue"}),
    )
    assert complaints(template) == []


def test_roles_of_the_same_kind_do_not_stand_in_for_each_other() -> None:
    template = changed(
        add(OtherRole=role("ecs-tasks"), OtherPolicy=policy("OtherRole", allow("kms:Decrypt", "*"))),
        put("ExecutionPolicy", f"{STATEMENT}.4", {"Ref": "AWS::NoValue"}),
    )
    assert {(one.id, one.logical_id) for one in complaints(template)} == {
        ("iam-key", "ExecutionPolicy"),
        ("iam-unused-role", "OtherRole"),
    }
