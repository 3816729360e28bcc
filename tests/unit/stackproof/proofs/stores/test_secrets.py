"""Secrets: never written out, never where they can be read; pairs of what holds and the same with one fault."""

from __future__ import annotations

from typing import Any

import pytest

from stackproof.proofs.stores.secrets import prove_secrets
from tests.unit.stackproof.proofs.store_support import att, complaints, expect, make, ref

HIDDEN, SHOWN = {"Type": "String", "NoEcho": True}, {"Type": "String"}
PARAMETERS: dict[str, Any] = {"Parameters": {"Hidden": HIDDEN, "Shown": SHOWN, "Unset": {**HIDDEN, "NoEcho": "true"}}}
GIVEN = {"Hidden": "a hidden value", "Shown": "a shown value"}
RESOLVED = "{{resolve:secretsmanager:lms/database:SecretString:password}}"


def prove(system: Any, _: Any) -> Any:
    return list(prove_secrets(system.stack))


SCRIPT = """#!/bin/sh
DB_PASSWORD=$(aws secretsmanager get-secret-value --secret-id shop)
API_KEY=${API_KEY}
DB_SECRET=arn:aws:secretsmanager:sa-east-1:111111111111:secret:x
PASSWORD=""
echo PASSWORD=hunter2 is no password
USER=students
"""


def task(name: str, value: Any, **container: Any) -> dict[str, Any]:
    environment = {"Environment": [{"Name": name, "Value": value}]}
    return make("ECS::TaskDefinition", ContainerDefinitions=[{"Name": "web", **environment, **container}])


def function(name: str, value: Any) -> dict[str, Any]:
    return make("Lambda::Function", Environment={"Variables": {name: value}})


def database(password: Any) -> dict[str, Any]:
    return make("RDS::DBInstance", MasterUserPassword=password)


RIGHT = [
    database(ref("Hidden")),
    database(ref("Unset")),
    database(RESOLVED),
    make("RDS::DBInstance", ManageMasterUserPassword=True),
    make("ElastiCache::User", Passwords=[RESOLVED]),
    make("SecretsManager::Secret", GenerateSecretString={"SecretStringTemplate": '{"username": "default"}'}),
    make("SecretsManager::Secret", SecretString={"Fn::Sub": '{"password": "${Hidden}"}'}),
    make("ECS::TaskDefinition", ContainerDefinitions=[{"Secrets": [{"Name": "PASSWORD", "ValueFrom": "arn:x"}]}]),
    task("DATABASE_PASSWORD_FILE", "/run/secrets/password"),
    task("DATABASE_PASSWORD", "arn:aws:secretsmanager:sa-east-1:111111111111:secret:x"),
    task("SECRET_NAME", "lms/database"),
    task("USE_SECRET", "true"),
    task("TOKEN_SECRET", ""),
    task("SHOWN", ref("Shown")),
    function("TABLE", "users"),
    function("SECRET_ARN", ref("Unknown")),
    make("EC2::Instance", UserData={"Fn::Base64": "echo AKIAIOSFODNN7EXAMPLE"}),
    # Where the secret is, who fetches it, and other words.
    make("EC2::Instance", UserData={"Fn::Base64": SCRIPT}),
    make("CodeBuild::Project", Environment={"EnvironmentVariables": [{"Name": "A_TOKEN", "Type": "PLAINTEXT"}]}),
    make(
        "CodeBuild::Project",
        Environment={
            "EnvironmentVariables": [{"Name": "API_KEY", "Type": "SECRETS_MANAGER", "Value": "lms/key"}, "odd"]
        },
    ),
    make("Cognito::UserPool", Schema=[{"Name": "Password"}]),
    make("SSM::Parameter", Type="String", Value=ref("Shown")),
    {"Type": "Custom::Thing", "Properties": {"Password": "plain", "Value": RESOLVED}},
    make("S3::Bucket", Value=[RESOLVED]),
    make("Synthetics::Canary", Environment="production"),
    make("Synthetics::Canary", Environment="production", Code={"Environment": {"Variables": {"TABLE": ref("Shown")}}}),
]


@pytest.mark.parametrize("resource", RIGHT, ids=lambda found: str(found)[:60])
def test_secrets_in_their_places_are_right(resource: dict[str, Any]) -> None:
    assert complaints(prove, {"It": resource}, None, GIVEN, **PARAMETERS) == {}


ENVIRONMENT = "ContainerDefinitions.0.Environment.0.Value"
WRITTEN = [
    (database("hunter2hunter2"), "MasterUserPassword", "A password stands in the template"),
    (database(ref("Shown")), "MasterUserPassword", "The parameter Shown has no NoEcho"),
    (make("ElastiCache::User", Passwords=["a-long-password-1"]), "Passwords.0", "A password stands"),
    (make("ElastiCache::ReplicationGroup", AuthToken="0123456789abcdef"), "AuthToken", "change it where it was used"),
    (make("SecretsManager::Secret", SecretString='{"password": "x1"}'), "SecretString", "A password stands"),
    (task("DATABASE_PASSWORD", "hunter2"), ENVIRONMENT, "The variable DATABASE_PASSWORD of It holds its secret"),
    (task("dbPassword", "hunter2"), ENVIRONMENT, "by the container's Secrets"),
    (task("API_KEY", 12345678), ENVIRONMENT, "clear text"),
    (function("CLIENT_SECRET", "hunter2"), "Environment.Variables.CLIENT_SECRET", "CLIENT_SECRET"),
    (
        make(
            "CodeBuild::Project", Environment={"EnvironmentVariables": [{"Name": "NPM_AUTH_TOKEN", "Value": "npm_1"}]}
        ),
        "Environment.EnvironmentVariables.0.Value",
        "NPM_AUTH_TOKEN",
    ),
    (
        make("Batch::JobDefinition", ContainerProperties={"Environment": [{"Name": "SECRET_KEY", "Value": "abcdef"}]}),
        "ContainerProperties.Environment.0.Value",
        "SECRET_KEY",
    ),
    (make("EC2::Instance", UserData="export K=AKIAABCDEFGH2345WXYZ"), "UserData", "An access key stands"),
    (
        make("EC2::Instance", UserData={"Fn::Base64": {"Fn::Sub": "K=AKIAABCDEFGH2345WXYZ ${Shown}"}}),
        "UserData",
        "access",
    ),
    (make("EC2::Instance", UserData={"Fn::Base64": "K=AKIAABCDEFGH2345WXYZ"}), "UserData", "An access key stands"),
    (
        make("EC2::Instance", UserData={"Fn::Base64": "#!/bin/sh\nexport DB_PASSWORD='hunter2-secret'\nrun\n"}),
        "UserData",
        "The secret DB_PASSWORD stands in the user data: everybody who reads the file",
    ),
    (
        make(
            "EC2::LaunchTemplate",
            LaunchTemplateData={"UserData": {"Fn::Base64": {"Fn::Sub": 'A=${Shown}\n$env:API_KEY = "abcdef"\r\n'}}},
        ),
        "LaunchTemplateData.UserData",
        "The secret API_KEY stands in the user data",
    ),
    (make("SSM::Parameter", Value="-----BEGIN RSA PRIVATE KEY-----\nMII"), "Value", "A private key stands"),
]


@pytest.mark.parametrize(("resource", "path", "words"), WRITTEN, ids=lambda found: str(found)[:60])
def test_a_secret_that_is_written_out_is_broken(resource: dict[str, Any], path: str, words: str) -> None:
    found = complaints(prove, {"It": resource}, None, GIVEN, **PARAMETERS)
    expect(found, {f"broken store-secret-plain It.Properties.{path}": words})
    assert "hunter2" not in str(found)


def test_a_parameter_without_a_value_shows_what_it_will_get() -> None:
    found = complaints(prove, {"It": database(ref("Shown"))}, **PARAMETERS)
    expect(found, {"broken store-secret-plain It.Properties.MasterUserPassword": "set NoEcho on Shown"})


USER_DATA = {"Fn::Base64": {"Fn::Join": ["", ["export P=", ref("Hidden")]]}}
ACCESS_KEY = att("AccessKey", "SecretAccessKey")
EXPOSED = [
    (task("PASSWORD", ref("Hidden")), f"Properties.{ENVIRONMENT}", "the parameter Hidden, which NoEcho hides"),
    (task("PASSWORD", ref("Unset")), f"Properties.{ENVIRONMENT}", "in the container's Secrets"),
    (task("PASSWORD", RESOLVED), f"Properties.{ENVIRONMENT}", "the secret behind its {{resolve:…}} reference"),
    (task("URL", {"Fn::Sub": "db://${Hidden}@host"}), f"Properties.{ENVIRONMENT}", "parameter Hidden"),
    (task("X", "x", Command=["run", ref("Hidden")]), "Properties.ContainerDefinitions.0.Command.1", "Hidden"),
    (function("PASSWORD", ref("Hidden")), "Properties.Environment.Variables.PASSWORD", "ARN of a secret"),
    (make("EC2::Instance", UserData=USER_DATA), "Properties.UserData", "fetch it from Secrets Manager with its role"),
    (
        make("EC2::LaunchTemplate", LaunchTemplateData={"UserData": USER_DATA}),
        "Properties.LaunchTemplateData.UserData",
        "Hidden",
    ),
    (make("EC2::VPC", Tags=[{"Key": "p", "Value": ref("Hidden")}]), "Properties.Tags.0.Value", "may describe It"),
    (make("SSM::Parameter", Type="String", Value=ref("Hidden")), "Properties.Value", "Hidden"),
    (make("SSM::Parameter", Type="String", Value=ACCESS_KEY), "Properties.Value", "the secret access key AccessKey"),
    ({**make("EC2::VPC"), "Metadata": {"Init": {"p": ref("Hidden")}}}, "Metadata.Init.p", "with its role"),
]


@pytest.mark.parametrize(("resource", "path", "words"), EXPOSED, ids=lambda found: str(found)[:60])
def test_a_secret_that_can_be_read_is_broken(resource: dict[str, Any], path: str, words: str) -> None:
    resources = {"It": resource, "AccessKey": make("IAM::AccessKey", UserName="x")}
    found = complaints(prove, resources, None, GIVEN, **PARAMETERS)
    expect(found, {f"broken store-secret-exposed It.{path}": words})
    assert "a hidden value" not in str(found)


@pytest.mark.parametrize(("times", "words"), [(2, "(and in 1 other place)"), (3, "(and in 2 other places)")])
def test_a_secret_in_many_places_is_told_once(times: int, words: str) -> None:
    tags = [{"Key": str(index), "Value": ref("Hidden")} for index in range(times)]
    found = complaints(prove, {"It": make("EC2::VPC", Tags=tags)}, None, GIVEN, **PARAMETERS)
    expect(found, {"broken store-secret-exposed It.Properties.Tags.0.Value": words})


@pytest.mark.parametrize("value", [ref("Hidden"), RESOLVED, ACCESS_KEY, {"Fn::Sub": "pw=${Hidden}"}])
def test_an_output_gives_no_secret_away(value: object) -> None:
    resources = {"AccessKey": make("IAM::AccessKey", UserName="x")}
    outputs = {"Outputs": {"Url": {"Value": "https://x"}, "Password": {"Value": value}}}
    found = complaints(prove, resources, None, GIVEN, **PARAMETERS, **outputs)
    expect(found, {"broken store-secret-exposed Outputs.Password.Value": "Whoever may describe the stack reads"})


def test_a_default_of_a_hidden_parameter_is_a_secret_for_all_to_read() -> None:
    parameters = {"Parameters": {"Hidden": {**HIDDEN, "Default": "changeme"}, "Blank": {**HIDDEN, "Default": ""}}}
    found = complaints(prove, {}, **parameters)
    expect(found, {"broken store-secret-plain Parameters.Hidden.Default": "stands in the template for all"})
    assert complaints(prove, {}, None, {"Hidden": "another"}, **parameters) == {}
