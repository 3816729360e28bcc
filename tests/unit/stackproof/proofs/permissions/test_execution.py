"""What ECS does for a task with its execution role: images, logs, secrets and files that it reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from stackproof.proofs.verdicts import Verdict
from tests.unit.stackproof.proofs.network_support import (
    ACCOUNT,
    CONTAINER,
    REGION,
    add,
    att,
    put,
    ref,
    resource,
    without,
)
from tests.unit.stackproof.proofs.permissions_support import (
    STATEMENT,
    allow,
    changed,
    complaints,
    document,
    sub,
    the,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.stackproof.proofs.permissions_support import Template

    Change = Callable[[Template], None]

SECRET_ARN = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:given-AbCdEf"
FOREIGN_KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/01234567-89ab-cdef-0123-456789abcdef"


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
