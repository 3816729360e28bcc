"""Nothing more: what is granted beyond the needs, who may take a role on for nothing, what is open to everybody."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest

from stackproof.proofs.needs.left_out import with_left_out
from stackproof.proofs.permissions import excess
from stackproof.proofs.verdicts import Verdict
from tests.unit.stackproof.proofs.network_support import ACCOUNT, REGION, add, att, put, ref, resource
from tests.unit.stackproof.proofs.permissions_support import (
    STATEMENT,
    TRUST,
    allow,
    alone,
    changed,
    complaints,
    document,
    policy,
    role,
    sub,
    the,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from stackproof.proofs.needs.need import Scene
    from tests.unit.stackproof.proofs.permissions_support import Template

    Change = Callable[[Template], None]


def grant(name: str, *statements: object) -> Change:
    """More statements in the policy of a role."""

    def change(resources: Template) -> None:
        properties = resources[name]["Properties"]
        holder = properties["Policies"][0] if "Policies" in properties else properties
        holder["PolicyDocument"]["Statement"].extend(statements)

    return change


@pytest.mark.parametrize(
    ("change", "rule", "owner", "path", "says"),
    [
        (
            grant("ExecutionPolicy", allow("dynamodb:DeleteTable", "arn:aws:dynamodb:x:1:table/t")),
            "iam-unused-action",
            "ExecutionPolicy",
            "Properties.PolicyDocument.Statement.5.Action",
            "ExecutionPolicy grants dynamodb:DeleteTable to ExecutionRole for nothing: no need of its users asks",
        ),
        (
            put("ExecutionPolicy", f"{STATEMENT}.3.Action", "secretsmanager:*"),
            "iam-unused-action",
            "ExecutionPolicy",
            "Properties.PolicyDocument.Statement.3.Action",
            "grants secretsmanager:* to ExecutionRole for nothing: it grants secretsmanager:",
        ),
        (
            put("ExecutionPolicy", f"{STATEMENT}.3.Action", "*"),
            "iam-unused-action",
            "ExecutionPolicy",
            "Properties.PolicyDocument.Statement.3.Action",
            "it grants every action of every service too",
        ),
        (
            put("ExecutionPolicy", f"{STATEMENT}.3.Resource", "*"),
            "iam-wildcard",
            "ExecutionPolicy",
            "Properties.PolicyDocument.Statement.3.Resource.0",
            "ExecutionPolicy grants secretsmanager:GetSecretValue on *, so on everything of its kind in the account",
        ),
        (
            put(
                "ExecutionPolicy", f"{STATEMENT}.3.Resource", sub("arn:aws:secretsmanager:*:${AWS::AccountId}:secret:*")
            ),
            "iam-wildcard",
            "ExecutionPolicy",
            "Properties.PolicyDocument.Statement.3.Resource.0",
            "Name the resource's ARN.",
        ),
        (
            put(
                "ExecutionPolicy", f"{STATEMENT}.3.Resource", [ref("Secret"), "arn:aws:secretsmanager:x:1:secret:other"]
            ),
            "iam-unused-action",
            "ExecutionPolicy",
            "Properties.PolicyDocument.Statement.3.Resource.1",
            "no need is about this resource",
        ),
        (
            grant("ExecutionPolicy", {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}),
            "iam-unused-action",
            "ExecutionPolicy",
            "Properties.PolicyDocument.Statement.5.Action",
            "grants everything but a list to ExecutionRole for nothing: NotAction or NotResource grants the rest",
        ),
        (
            put("ExecutionRole", "ManagedPolicyArns", ["arn:aws:iam::aws:policy/AdministratorAccess"]),
            "iam-unused-action",
            "ExecutionRole",
            "Properties.ManagedPolicyArns",
            "ExecutionRole has AdministratorAccess: every action of every service",
        ),
        (
            put("FlowLogRole", f"Policies.0.{STATEMENT}.0.Action", "logs:*"),
            "iam-unused-action",
            "FlowLogRole",
            "Properties.Policies.0.PolicyDocument.Statement.0.Action",
            "grants logs:* to FlowLogRole for nothing",
        ),
        (
            add(Spare=role("ecs-tasks")),
            "iam-unused-role",
            "Spare",
            "",
            "Spare can be taken on by an AWS service, but nothing in the template uses it",
        ),
        (
            put("TaskRole", TRUST + ".Principal", {"Service": ["ecs-tasks.amazonaws.com", "ec2.amazonaws.com"]}),
            "iam-unused-trust",
            "TaskRole",
            "Properties.AssumeRolePolicyDocument.Statement.0.Principal",
            "ec2.amazonaws.com may take on TaskRole, although nothing in the template has it do so.",
        ),
        (
            put("TaskRole", TRUST + ".Principal", {"AWS": "*"}),
            "iam-open-trust",
            "TaskRole",
            "Properties.AssumeRolePolicyDocument.Statement.0.Principal",
            "Anybody with an AWS account can take on TaskRole",
        ),
        (
            add(Pass=role("ecs-tasks", allow("iam:PassRole", "*"), RoleName="pass")),
            "iam-pass-role",
            "Pass",
            "Properties.Policies.0.PolicyDocument.Statement.0",
            "Pass allows iam:PassRole on * to any service: whoever has it can run code with any role of the account.",
        ),
        (
            put("LogsKey", "KeyPolicy.Statement.1.Action", "kms:*"),
            "iam-unused-action",
            "LogsKey",
            "Properties.KeyPolicy.Statement.1.Action",
            f"The policy of LogsKey allows kms:* to logs.{REGION}.amazonaws.com, which uses a few of these actions.",
        ),
        (
            put("LogsKey", "KeyPolicy.Statement.0.Principal", "*"),
            "iam-open-policy",
            "LogsKey",
            "Properties.KeyPolicy.Statement.0.Principal",
            "The policy of LogsKey allows kms:* to everybody, without a condition that tells who comes: everybody on",
        ),
        (
            put("FileSystem", "FileSystemPolicy.Statement", [allow("elasticfilesystem:Client*", Principal="*")]),
            "iam-open-policy",
            "FileSystem",
            "Properties.FileSystemPolicy.Statement.0.Principal",
            "whoever reaches port 2049 is in, without a role.",
        ),
    ],
)
def test_what_goes_beyond_the_needs_is_broken(change: Change, rule: str, owner: str, path: str, says: str) -> None:
    found = complaints(changed(change))
    named = [one for one in found if (one.id, one.logical_id, one.path) == (rule, owner, path)]
    assert named, list(map(str, found))
    assert named[0].verdict is Verdict.BROKEN
    assert says in named[0].sentences, named[0].sentences


def test_what_an_application_calls_by_itself_is_unknown_and_not_broken() -> None:
    found = the(changed(grant("TaskRole", allow("sqs:SendMessage", f"arn:aws:sqs:{REGION}:{ACCOUNT}:jobs"))))
    assert (found.id, found.verdict, found.logical_id) == ("iam-unused-action", Verdict.UNKNOWN, "TaskRole")
    assert found.message == (
        "Whether anything needs sqs:SendMessage, which TaskRole grants to TaskRole, cannot be told, since the "
        "application's own calls are not in the template, and no need of its users asks for it there."
    )
    assert "container's environment" in found.fix


@pytest.mark.parametrize(
    ("actions", "target", "explained"),
    [
        (["s3:GetObject", "s3:PutObject"], sub("${Uploads.Arn}/*"), True),
        ("s3:Get*", [att("Uploads", "Arn"), sub("${Uploads.Arn}/*")], True),
        ("s3:*", sub("${Uploads.Arn}/*"), False),
        ("s3:GetObject", [sub("${Uploads.Arn}/*"), "arn:aws:s3:::other/*"], False),
        ("s3:GetObject", "*", False),
    ],
)
def test_what_the_environment_names_the_application_is_meant_to_call(
    actions: object, target: object, explained: bool
) -> None:
    template = changed(
        add(Uploads=resource("S3::Bucket")),
        put("Task", "ContainerDefinitions.0.Environment", [{"Name": "UPLOADS", "Value": ref("Uploads")}]),
        grant("TaskRole", allow(actions, target)),
    )
    assert (complaints(template) == []) is explained


def test_a_role_that_an_output_hands_on_may_have_users_elsewhere() -> None:
    template = changed(grant("ExecutionPolicy", allow("s3:ListAllMyBuckets", "*")), add(Spare=role("ecs-tasks")))
    template["Outputs"] = {"Role": {"Value": att("ExecutionRole", "Arn")}, "Spare": {"Value": ref("Spare")}}
    found = the(template)
    assert (found.verdict, found.id) == (Verdict.UNKNOWN, "iam-unused-action")
    assert "an output hands it to users outside of the template" in found.message
    trusting = changed(
        put("TaskRole", TRUST + ".Principal", {"Service": ["ecs-tasks.amazonaws.com", "ec2.amazonaws.com"]})
    )
    trusting["Outputs"] = {"Role": {"Value": att("TaskRole", "Arn")}}
    assert complaints(trusting) == []


@pytest.mark.parametrize(
    "template",
    [
        pytest.param(
            alone(Own=role("ecs-tasks", RoleName="fixed"), Task=resource("ECS::TaskDefinition")),
            id="a fixed name that others use",
        ),
        pytest.param(alone(Own=role("ecs-tasks")), id="a template of roles alone"),
        pytest.param(
            alone(
                Own=resource(
                    "IAM::Role", AssumeRolePolicyDocument=document(allow("sts:AssumeRole", Principal={"AWS": "1"}))
                )
            ),
            id="a role for another account",
        ),
        pytest.param(
            alone(
                Own=role("ecs-tasks"), Nested=resource("CloudFormation::Stack", Parameters={"Role": att("Own", "Arn")})
            ),
            id="a nested stack's parameter",
        ),
        pytest.param(
            alone(
                Own=role("ec2", allow("s3:GetObject", "arn:aws:s3:::x/*")),
                Profile=resource("IAM::InstanceProfile", Roles=[ref("Own")]),
            ),
            id="programs on an instance",
        ),
        pytest.param(
            {
                **alone(Own=role("ecs-tasks"), Task=resource("ECS::TaskDefinition")),
                "Transform": "AWS::Serverless-2016-10-31",
            },
            id="a macro that may use it",
        ),
    ],
)
def test_a_role_whose_use_nobody_can_see_is_not_called_unused(template: Template) -> None:
    assert complaints(template) == []


def test_a_role_whose_user_is_left_out_here_is_not_called_unused() -> None:
    user = resource("ECS::TaskDefinition", TaskRoleArn=att("Own", "Arn"))
    template = alone(
        Own=role("ecs-tasks", allow("s3:GetObject", "arn:aws:s3:::x/*")), Task={**user, "Condition": "Never"}
    )
    template["Conditions"] = {"Never": {"Fn::Equals": ["a", "b"]}}
    assert complaints(template) == []
    del template["Resources"]["Task"]["Condition"]
    template["Resources"]["Task"]["Properties"]["TaskRoleArn"] = {
        "Fn::If": ["Never", att("Own", "Arn"), {"Ref": "AWS::NoValue"}]
    }
    assert complaints(template) == []


TAGS_LOGS = put(
    "ExecutionPolicy", f"{STATEMENT}.2.Action", ["logs:CreateLogStream", "logs:PutLogEvents", "logs:TagResource"]
)


def with_worker(*changes: Change, **more: object) -> Template:
    """The platform with a second task of the same roles, which a condition leaves out here."""

    def worker(resources: Template) -> None:
        task = copy.deepcopy(resources["Task"])
        container = task["Properties"]["ContainerDefinitions"][0]
        container |= {"Name": "worker", "Secrets": [{"Name": "TOKEN", "ValueFrom": ref("Token")}], **more}
        resources["Worker"] = {**task, "Condition": "Never"}
        resources["Token"] = {**resource("SecretsManager::Secret"), "Condition": "Never"}

    template = changed(worker, *changes)
    template["Conditions"] = {"Never": {"Fn::Equals": ["a", "b"]}}
    return template


def test_what_no_user_needs_is_found_also_while_one_of_them_is_left_out() -> None:
    assert complaints(with_worker()) == []
    found = the(with_worker(TAGS_LOGS))
    assert (found.id, found.verdict, found.logical_id) == ("iam-unused-action", Verdict.BROKEN, "ExecutionPolicy")
    assert found.message == (
        "ExecutionPolicy grants logs:TagResource to ExecutionRole for nothing: no need of its users asks for it there."
    )
    own = the(with_worker(grant("TaskRole", allow("sqs:SendMessage", f"arn:aws:sqs:{REGION}:{ACCOUNT}:jobs"))))
    assert (own.verdict, own.logical_id) == (Verdict.UNKNOWN, "TaskRole")
    assert "cannot be told, since the application's own calls are not in the template" in own.message


def test_what_only_a_user_that_is_left_out_needs_is_not_granted_for_nothing() -> None:
    secret = f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/token"
    granted = grant("ExecutionPolicy", allow("ssm:GetParameters", secret))
    inside = {"Fn::If": ["Never", {"Name": "TOKEN", "ValueFrom": secret}, {"Ref": "AWS::NoValue"}]}
    assert complaints(with_worker(granted, Secrets=[inside])) == []
    assert "no need of its users asks for it there" in the(with_worker(granted, Secrets=[])).message


def test_what_a_condition_of_a_left_out_user_needs_is_true_for_it_too() -> None:
    secret = f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/token"
    inside = {"Fn::If": ["HasToken", {"Name": "TOKEN", "ValueFrom": secret}, {"Ref": "AWS::NoValue"}]}
    template = with_worker(grant("ExecutionPolicy", allow("ssm:GetParameters", secret)), Secrets=[inside])
    template["Conditions"] |= {
        "HasToken": {"Fn::Equals": ["a", "b"]},
        "WorksWithToken": {"Fn::And": [{"Condition": "HasToken"}, {"Fn::Not": [{"Condition": "Never"}]}]},
    }
    assert the(template).id == "iam-unused-action"
    template["Resources"]["Worker"]["Condition"] = "WorksWithToken"
    assert complaints(template) == []


def test_users_that_are_left_out_cost_nothing_while_nothing_is_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Scene] = []

    def counted(scene: Scene) -> Scene:
        asked.append(scene)
        return with_left_out(scene)

    monkeypatch.setattr(excess, "with_left_out", counted)
    assert complaints(with_worker()) == []
    assert not asked
    both = (TAGS_LOGS, grant("TaskRole", allow("sqs:SendMessage", f"arn:aws:sqs:{REGION}:{ACCOUNT}:jobs")))
    assert {finding.logical_id for finding in complaints(with_worker(*both))} == {"ExecutionPolicy", "TaskRole"}
    assert len(asked) == 1


def test_a_policy_that_is_left_out_uses_no_role_that_it_is_attached_to_or_passes_on() -> None:
    passing = policy("TaskRole", allow("iam:PassRole", att("ExecutionRole", "Arn")))
    template = changed(
        add(Spare={**passing, "Condition": "Never"}),
        TAGS_LOGS,
    )
    template["Conditions"] = {"Never": {"Fn::Equals": ["a", "b"]}}
    assert the(template).logical_id == "ExecutionPolicy"


@pytest.mark.parametrize(
    "user",
    [
        pytest.param(resource("Lambda::Function", Role=att("ExecutionRole", "Arn")), id="code that is not analysed"),
        pytest.param(
            resource("EC2::FlowLog", Tags={"Fn::If": ["Other", att("ExecutionRole", "Arn"), "none"]}),
            id="a branch that is dead here",
        ),
    ],
)
def test_a_user_that_is_left_out_and_does_what_nobody_can_tell_leaves_the_role_open(user: dict[str, Any]) -> None:
    template = changed(
        add(Elsewhere={**user, "Condition": "Never"}),
        TAGS_LOGS,
    )
    template["Conditions"] = {name: {"Fn::Equals": ["a", "b"]} for name in ("Never", "Other")}
    assert complaints(template) == []
