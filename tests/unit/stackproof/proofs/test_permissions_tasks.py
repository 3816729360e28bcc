"""What tasks may do: right as it is, broken by one fault each, with the component that blocks."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from stackproof.proofs.verdicts import Verdict
from tests.unit.stackproof.proofs.network_support import ACCOUNT, REGION, add, att, put, ref, resource, without
from tests.unit.stackproof.proofs.permissions_support import (
    CHANNELS,
    PULL,
    allow,
    changed,
    complaints,
    document,
    findings,
    key,
    platform,
    policy,
    role,
    service,
    statements,
    sub,
    the,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.stackproof.proofs.permissions_support import Template

    Change = Callable[[Template], None]

STATEMENT = "PolicyDocument.Statement"
TRUST = "AssumeRolePolicyDocument.Statement.0"
CONTAINER = "ContainerDefinitions.0"
VOLUME = "Volumes.0.EFSVolumeConfiguration"
SECRET_ARN = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:given-AbCdEf"
FOREIGN_KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/01234567-89ab-cdef-0123-456789abcdef"


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


def test_a_public_image_needs_no_permission() -> None:
    template = changed(
        put("Task", f"{CONTAINER}.Image", "public.ecr.aws/x/y:1"),
        lambda resources: resources["ExecutionPolicy"]["Properties"]["PolicyDocument"]["Statement"].__delitem__(
            slice(0, 2)
        ),
    )
    assert complaints(template) == []


def test_an_image_that_only_aws_knows_is_unknown_unless_every_repository_is_allowed() -> None:
    template = changed(
        put("Task", f"{CONTAINER}.Image", ref("Given")),
        put("ExecutionPolicy", f"{STATEMENT}.1.Resource", att("Repository", "Arn")),
    )
    template["Parameters"] = {"Given": {"Type": "String"}}
    found = the(template)
    assert (found.verdict, found.id, found.logical_id) == (Verdict.UNKNOWN, "iam-allowed", "ExecutionPolicy")
    assert found.message.startswith("Whether Task can pull the image of the container web cannot be told, since ")
    wide = changed(
        put("Task", f"{CONTAINER}.Image", ref("Given")),
        without("ExecutionPolicy"),
        put(
            "ExecutionRole",
            "ManagedPolicyArns",
            ["arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"],
        ),
        put("Task", f"{CONTAINER}.Secrets", None),
    )
    wide["Parameters"] = template["Parameters"]
    assert complaints(wide) == []


def test_an_image_without_any_permission_is_unknown_as_long_as_it_may_be_public() -> None:
    template = changed(
        put("Task", f"{CONTAINER}.Image", ref("Given")),
        lambda resources: resources["ExecutionPolicy"]["Properties"]["PolicyDocument"]["Statement"].__delitem__(
            slice(0, 2)
        ),
    )
    template["Parameters"] = {"Given": {"Type": "String"}}
    found = complaints(template)
    assert {one.verdict for one in found} == {Verdict.UNKNOWN}
    assert "the image ${Given} is known to AWS only" in found[0].message


@pytest.mark.parametrize(
    ("options", "extra", "complaint"),
    [
        ({"awslogs-create-group": "true"}, ["logs:CreateLogGroup"], False),
        ({"awslogs-create-group": "true"}, [], True),
        ({"awslogs-create-group": "false"}, [], False),
    ],
)
def test_a_group_that_the_driver_makes_needs_one_more_action(
    options: dict[str, str], extra: list[str], complaint: bool
) -> None:
    actions = ["logs:CreateLogStream", "logs:PutLogEvents", *extra]
    found = complaints(
        changed(
            put("Task", f"{CONTAINER}.LogConfiguration.Options", {"awslogs-group": "/web", **options}),
            put("ExecutionPolicy", f"{STATEMENT}.2.Action", actions),
        )
    )
    assert ["make the log group" in one.message for one in found] == [True] * complaint


def test_another_log_driver_needs_nothing_of_the_execution_role() -> None:
    found = the(changed(put("Task", f"{CONTAINER}.LogConfiguration", {"LogDriver": "awsfirelens"})))
    assert (found.id, found.logical_id) == ("iam-unused-action", "ExecutionPolicy")
    assert "logs:CreateLogStream, logs:PutLogEvents" in found.message


def secret_of(arn: object, allowed: object, *more: object) -> Template:
    """The platform with one secret that stands outside of it."""
    return changed(
        put("Task", f"{CONTAINER}.Secrets", [{"Name": "TOKEN", "ValueFrom": arn}]),
        put("ExecutionPolicy", f"{STATEMENT}.3", allow("secretsmanager:GetSecretValue", allowed)),
        put("ExecutionPolicy", f"{STATEMENT}.4", more[0] if more else {"Ref": "AWS::NoValue"}),
    )


def test_the_key_of_a_secret_from_elsewhere_is_unknown_until_one_is_allowed() -> None:
    found = the(secret_of(f"{SECRET_ARN}:token::", SECRET_ARN))
    assert (found.id, found.verdict, found.logical_id) == ("iam-secret-key", Verdict.UNKNOWN, "Task")
    assert "under a customer key ExecutionRole needs kms:Decrypt on it, which ExecutionPolicy does not" in found.message
    assert complaints(secret_of(SECRET_ARN, SECRET_ARN, allow("kms:Decrypt", FOREIGN_KEY))) == []


@pytest.mark.parametrize(
    "useless",
    [
        allow("kms:Decrypt", att("SecretsKey", "Arn")),
        allow("kms:Decrypt", "arn:aws:s3:::other"),
        allow(
            "kms:Decrypt", FOREIGN_KEY, Condition={"StringEquals": {"kms:ViaService": "ssm.sa-east-1.amazonaws.com"}}
        ),
        {**allow("kms:Decrypt", FOREIGN_KEY), "Effect": "Deny"},
    ],
)
def test_a_key_that_cannot_be_the_secrets_key_does_not_count(useless: dict[str, Any]) -> None:
    assert "iam-secret-key" in {one.id for one in complaints(secret_of(SECRET_ARN, SECRET_ARN, useless))}


def test_a_secret_without_the_ending_of_its_arn_is_matched_by_six_characters() -> None:
    partial = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:lms/token"
    key_allowed = allow("kms:Decrypt", FOREIGN_KEY)
    assert complaints(secret_of(partial, f"{partial}-??????", key_allowed)) == []
    (found,) = (one for one in complaints(secret_of(partial, partial, key_allowed)) if one.id == "iam-allowed")
    assert "covers arn:aws:secretsmanager" in found.message


@pytest.mark.parametrize(
    ("value", "arn"),
    [
        ("/lms/token", f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/lms/token"),
        ("token", f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/token"),
        (f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/x", f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/x"),
        (ref("Stored"), f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/stored"),
    ],
)
def test_a_parameter_is_read_by_its_arn(value: object, arn: str) -> None:
    def template(allowed: str) -> Template:
        return changed(
            add(Stored=resource("SSM::Parameter", Name="stored", Type="String", Value="x")),
            put("Task", f"{CONTAINER}.Secrets", [{"Name": "TOKEN", "ValueFrom": value}]),
            put("ExecutionPolicy", f"{STATEMENT}.3", allow("ssm:GetParameters", allowed)),
            put("ExecutionPolicy", f"{STATEMENT}.4", {"Ref": "AWS::NoValue"}),
        )

    assert complaints(template(arn)) == []
    assert "iam-allowed" in {one.id for one in complaints(template(f"{arn}-other"))}


def test_a_secret_that_only_aws_knows_is_unknown_unless_the_same_value_is_allowed() -> None:
    def template(allowed: object) -> Template:
        found = secret_of(ref("Given"), allowed, allow("kms:Decrypt", FOREIGN_KEY))
        found["Parameters"] = {"Given": {"Type": "String"}}
        return found

    assert complaints(template(ref("Given"))) == []
    found = [one for one in complaints(template("arn:aws:secretsmanager:*:*:secret:x")) if one.id == "iam-allowed"]
    assert [one.verdict for one in found] == [Verdict.UNKNOWN]


def test_the_managed_secret_of_a_database_has_the_key_that_the_database_names() -> None:
    def template(*changes: Change) -> Template:
        return changed(
            add(
                Database=resource(
                    "RDS::DBInstance",
                    ManageMasterUserPassword=True,
                    MasterUserSecret={"KmsKeyId": att("SecretsKey", "Arn")},
                )
            ),
            put(
                "Task",
                f"{CONTAINER}.Secrets",
                [{"Name": "P", "ValueFrom": att("Database", "MasterUserSecret.SecretArn")}],
            ),
            put("ExecutionPolicy", f"{STATEMENT}.3.Resource", att("Database", "MasterUserSecret.SecretArn")),
            *changes,
        )

    assert complaints(template()) == []
    found = the(template(put("ExecutionPolicy", f"{STATEMENT}.4", {"Ref": "AWS::NoValue"})))
    assert (found.id, found.logical_id) == ("iam-key", "ExecutionPolicy")


@pytest.mark.parametrize(
    "named", [ref("Alias"), "alias/secrets", sub("arn:aws:kms:${AWS::Region}:${AWS::AccountId}:alias/secrets")]
)
def test_a_key_by_its_alias_is_the_key(named: object) -> None:
    alias = resource("KMS::Alias", AliasName="alias/secrets", TargetKeyId=ref("SecretsKey"))
    assert complaints(changed(add(Alias=alias), put("Secret", "KmsKeyId", named))) == []


@pytest.mark.parametrize("key_id", [None, "alias/aws/secretsmanager"])
def test_a_secret_under_awss_own_key_needs_no_permission_for_it(key_id: object) -> None:
    found = the(changed(put("Secret", "KmsKeyId", key_id)))
    assert (found.id, found.path) == ("iam-unused-action", "Properties.PolicyDocument.Statement.4.Action")


def test_a_policy_on_the_secret_itself_is_enough_and_its_denial_wins() -> None:
    def template(effect: str) -> Template:
        who = {"AWS": att("ExecutionRole", "Arn")}
        there = {**allow("secretsmanager:GetSecretValue", "*", Principal=who), "Effect": effect}
        return changed(
            add(Door=resource("SecretsManager::ResourcePolicy", SecretId=ref("Secret"), ResourcePolicy=document(there)))
        )

    alone = template("Allow")
    del alone["Resources"]["ExecutionPolicy"]["Properties"]["PolicyDocument"]["Statement"][3]
    assert complaints(alone) == []
    found = the(template("Deny"))
    assert (found.id, found.logical_id, found.path) == (
        "iam-allowed",
        "Door",
        "Properties.ResourcePolicy.Statement.0",
    )


def test_a_private_registry_and_an_environment_file_are_read_too() -> None:
    def template(*more: object) -> Template:
        return changed(
            put("Task", f"{CONTAINER}.RepositoryCredentials", {"CredentialsParameter": ref("Secret")}),
            put("Task", f"{CONTAINER}.Secrets", None),
            put("Task", f"{CONTAINER}.EnvironmentFiles", [{"Type": "s3", "Value": "arn:aws:s3:::lms/web.env"}]),
            lambda resources: resources["ExecutionPolicy"]["Properties"]["PolicyDocument"]["Statement"].extend(more),
        )

    assert complaints(template(allow("s3:GetObject", "arn:aws:s3:::lms/web.env"))) == []
    # The agent may look for the bucket first, which is no fault.
    looked = template(allow("s3:GetObject", "arn:aws:s3:::lms/*"), allow("s3:GetBucketLocation", "arn:aws:s3:::lms"))
    assert complaints(looked) == []
    assert "cannot read the environment file of the container web" in the(template()).message


def test_a_file_that_only_aws_knows_has_to_be_allowed_too() -> None:
    options = {"config-file-type": "s3", "config-file-value": {"Fn::ImportValue": "routes"}}
    found = the(changed(put("Task", f"{CONTAINER}.FirelensConfiguration", {"Type": "fluentbit", "Options": options})))
    assert found.verdict is Verdict.BROKEN
    assert "read the log router's configuration of the container web" in found.message


def test_a_log_routers_configuration_is_read_from_s3_alone() -> None:
    def template(kind: str, *more: object) -> Template:
        options = {"config-file-type": kind, "config-file-value": {"Fn::Sub": "${Configuration.Arn}/routes.conf"}}
        return changed(
            add(Configuration={"Type": "AWS::S3::Bucket"}),
            put("Task", f"{CONTAINER}.FirelensConfiguration", {"Type": "fluentbit", "Options": options}),
            lambda resources: resources["ExecutionPolicy"]["Properties"]["PolicyDocument"]["Statement"].extend(more),
        )

    file, bucket = {"Fn::Sub": "${Configuration.Arn}/routes.conf"}, {"Fn::GetAtt": ["Configuration", "Arn"]}
    allowed = (allow("s3:GetObject", file), allow("s3:GetBucketLocation", bucket))
    assert complaints(template("s3", *allowed)) == []
    found = the(template("s3"))
    assert (found.id, found.logical_id, found.path) == ("iam-allowed", "ExecutionPolicy", "Properties.PolicyDocument")
    assert "cannot read the log router's configuration of the container web" in found.message
    assert complaints(template("file")) == []
    assert {found.id for found in complaints(template("file", *allowed))} == {"iam-unused-action"}


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


def test_on_instances_only_secrets_need_an_execution_role() -> None:
    bare = changed(
        put("Task", "RequiresCompatibilities", None),
        put("Task", "ExecutionRoleArn", None),
        without("ExecutionRole", "ExecutionPolicy"),
        put("Service", "LaunchType", "EC2"),
    )
    assert [one.id for one in complaints(bare)] == ["iam-role"]
    del bare["Resources"]["Task"]["Properties"]["ContainerDefinitions"][0]["Secrets"]
    assert complaints(bare) == []


def test_a_task_that_needs_nothing_needs_no_execution_role() -> None:
    template = changed(
        put("Task", f"{CONTAINER}.Image", "nginx"),
        put("Task", f"{CONTAINER}.Secrets", None),
        put("Task", f"{CONTAINER}.LogConfiguration", None),
        put("Task", "ExecutionRoleArn", None),
        without("ExecutionRole", "ExecutionPolicy"),
    )
    assert complaints(template) == []


def test_a_file_system_without_a_policy_lets_in_whoever_reaches_it() -> None:
    template = changed(put("FileSystem", "FileSystemPolicy", None), put("Task", f"{VOLUME}.TransitEncryption", None))
    assert complaints(template) == []
    proof = next(one for one in findings(template) if "mount the volume" in one.message)
    assert proof.message.endswith("is allowed since no policy stands in the way.")


def test_a_file_system_policy_that_lets_everybody_in_makes_a_role_unnecessary() -> None:
    opened = allow(
        "elasticfilesystem:Client*",
        Principal={"AWS": "*"},
        Condition={"Bool": {"elasticfilesystem:AccessedViaMountTarget": "true"}},
    )
    template = changed(
        put("FileSystem", "FileSystemPolicy", document(opened)),
        put("Task", VOLUME, {"FilesystemId": ref("FileSystem")}),
        statements("TaskRole", allow(CHANNELS, "*"), inline=True),
    )
    assert complaints(template) == []


def test_files_that_are_only_read_need_no_right_to_write() -> None:
    template = changed(
        put("Task", f"{CONTAINER}.MountPoints.0.ReadOnly", True),
        put("TaskRole", f"Policies.0.{STATEMENT}.0.Action", "elasticfilesystem:ClientMount"),
    )
    assert complaints(template) == []


def test_encryption_that_is_not_known_leaves_the_mount_unknown() -> None:
    template = changed(put("Task", f"{VOLUME}.TransitEncryption", ref("Given")))
    template["Parameters"] = {"Given": {"Type": "String"}}
    assert {one.verdict for one in complaints(template)} == {Verdict.UNKNOWN}


def test_a_file_system_from_elsewhere_may_let_everybody_in() -> None:
    def template(*changes: Change) -> Template:
        return changed(
            put("Task", VOLUME, {"FilesystemId": "fs-1", "AuthorizationConfig": {"IAM": "ENABLED"}}), *changes
        )

    found = [one for one in complaints(template()) if one.id == "iam-allowed"]
    assert {one.verdict for one in found} == {Verdict.UNKNOWN}
    assert "the policy of the file system fs-1 stands outside of the template" in found[0].message
    there = sub("arn:aws:elasticfilesystem:${AWS::Region}:${AWS::AccountId}:file-system/fs-1")
    actions = [f"elasticfilesystem:Client{name}" for name in ("Mount", "Write", "RootAccess")]
    granted = statements("TaskRole", allow(actions, there), allow(CHANNELS, "*"), inline=True)
    assert complaints(template(granted)) == []


@pytest.mark.parametrize(
    ("change", "verdict", "says"),
    [
        (put("Task", "TaskRoleArn", None), Verdict.BROKEN, "Service has ECS Exec on, but Task has no task role"),
        (put("Task", "TaskRoleArn", "arn:aws:iam::1:role/x"), Verdict.UNKNOWN, "open a session by ECS Exec"),
        (put("Service", "EnableExecuteCommand", ref("Given")), Verdict.UNKNOWN, "needs the channels of ECS Exec"),
    ],
)
def test_exec_without_a_role_that_can_be_judged(change: Change, verdict: Verdict, says: str) -> None:
    template = changed(change, put("Task", "Volumes", None), put("Task", f"{CONTAINER}.MountPoints", None))
    template["Parameters"] = {"Given": {"Type": "String"}}
    (found,) = (one for one in complaints(template) if says in one.message)
    assert found.verdict is verdict


def test_tasks_that_no_service_runs_may_have_exec_turned_on_by_hand() -> None:
    assert complaints(changed(without("Service"))) == []
    bare = changed(without("Service", "TaskRole"), put("Task", "TaskRoleArn", None), put("Task", "Volumes", None))
    assert complaints(bare) == []


def _logged(*granted: object, prefix: str | None = "exec") -> Template:
    logging: dict[str, object] = {"CloudWatchLogGroupName": ref("Sessions"), "S3BucketName": ref("Recordings")}
    if prefix:
        logging["S3KeyPrefix"] = prefix
    settings = {"KmsKeyId": att("SessionKey", "Arn"), "LogConfiguration": logging}
    return changed(
        add(
            SessionKey=key(),
            Sessions=resource("Logs::LogGroup", LogGroupName="/exec"),
            Recordings=resource("S3::Bucket", BucketName="recordings"),
        ),
        put("Cluster", "Configuration", {"ExecuteCommandConfiguration": settings}),
        lambda resources: resources["TaskRole"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"].extend(
            granted
        ),
    )


LOG_SESSIONS = (
    allow("kms:Decrypt", att("SessionKey", "Arn")),
    allow("logs:DescribeLogGroups", "*"),
    allow(["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"], att("Sessions", "Arn")),
    allow("s3:PutObject", "arn:aws:s3:::recordings/exec/*"),
    allow("s3:GetEncryptionConfiguration", att("Recordings", "Arn")),
)


def test_sessions_are_logged_and_encrypted_by_the_task_role() -> None:
    assert complaints(_logged(*LOG_SESSIONS)) == []
    whole = [*LOG_SESSIONS[:3], allow("s3:PutObject", "arn:aws:s3:::recordings/*"), LOG_SESSIONS[4]]
    assert complaints(_logged(*whole, prefix=None)) == []


@pytest.mark.parametrize(
    ("index", "rule", "missing"),
    [
        (0, "iam-key", "kms:Decrypt"),
        (1, "iam-allowed", "logs:DescribeLogGroups on *"),
        (2, "iam-allowed", "logs:CreateLogStream, logs:DescribeLogStreams, logs:PutLogEvents"),
        (3, "iam-allowed", "s3:PutObject"),
        (4, "iam-allowed", "s3:GetEncryptionConfiguration"),
    ],
)
def test_each_part_of_logged_sessions_needs_its_right(index: int, rule: str, missing: str) -> None:
    found = the(_logged(*(one for number, one in enumerate(LOG_SESSIONS) if number != index)))
    assert (found.id, found.verdict) == (rule, Verdict.BROKEN)
    assert found.message.startswith("Cluster cannot ")
    assert f"TaskRole may not {missing}" in found.message


def test_a_cluster_from_elsewhere_logs_where_nobody_here_knows() -> None:
    assert complaints(changed(put("Service", "Cluster", "default"), without("Cluster"))) == []


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


def test_a_volume_of_another_kind_needs_nothing() -> None:
    scratch = {"Name": "scratch"}
    volumes = [scratch, changed()["Resources"]["Task"]["Properties"]["Volumes"][0]]
    assert complaints(changed(put("Task", "Volumes", volumes))) == []


def test_roles_of_the_same_kind_do_not_stand_in_for_each_other() -> None:
    template = changed(
        add(OtherRole=role("ecs-tasks"), OtherPolicy=policy("OtherRole", allow("kms:Decrypt", "*"))),
        put("ExecutionPolicy", f"{STATEMENT}.4", {"Ref": "AWS::NoValue"}),
    )
    assert {(one.id, one.logical_id) for one in complaints(template)} == {
        ("iam-key", "ExecutionPolicy"),
        ("iam-unused-role", "OtherRole"),
    }
