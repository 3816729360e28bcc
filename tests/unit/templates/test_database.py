"""An existing database: what tasks may read, where they may go, and what a person hears who gives no secret."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from stackproof.configuration import check_configuration
from tests.templates_support import statements

if TYPE_CHECKING:
    from tests.templates_support import Emitted

DATABASE = "arn:aws:secretsmanager:sa-east-1:111122223333:secret:lms/db-AbCdEf"
KEY = "arn:aws:kms:sa-east-1:111122223333:key/01234567-89ab-cdef-0123-456789abcdef"


def sentences(template: Emitted, **parameters: str) -> str:
    given = {"DatabaseSecretArn": DATABASE, **parameters}
    return "\n".join(map(str, check_configuration(template.body, {"Parameters": given}, "params/x.json")))


def test_a_blank_secret_makes_a_database_of_our_own(lms: Emitted) -> None:
    assert sentences(lms, DatabaseSecretArn="") == sentences(lms) == ""
    assert lms.with_parameters(DatabaseSecretArn="").of_type("AWS::RDS::DBCluster").keys() == {"DatabaseCluster"}
    assert not [name for name, resource in lms.resources.items() if resource.type.startswith("AWS::RDS::")]


@pytest.mark.parametrize(
    ("name", "value"), [("DatabaseSecretKeyArn", KEY), ("DatabasePeeringConnectionId", "pcx-0123456789abcdef0")]
)
def test_half_of_an_existing_database_is_refused(lms: Emitted, name: str, value: str) -> None:
    """Else a secret that was lost from a file would bring up the platform with an empty database."""
    found = sentences(lms, DatabaseSecretArn="", **{name: value})
    assert f"{name} is given, but DatabaseSecretArn is blank" in found
    assert sentences(lms, **{name: value}) == ""


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DatabaseSecretArn", "arn:aws:secretsmanager:sa-east-1:111122223333:secret:lms/db"),
        ("DatabaseSecretArn", "lms/db"),
        ("DatabaseSecretKeyArn", "arn:aws:kms:sa-east-1:111122223333:alias/lms"),
        ("DatabaseCidr", "10.300.0.0/16"),
        ("DatabaseCidr", "10.1.0.0/8"),
        ("DatabaseCidr", "0.0.0.0/0"),
        ("DatabasePeeringConnectionId", "vpc-0123456789abcdef0"),
        ("DatabasePort", "65536"),
        ("DatabasePasswordKey", ""),
        ("DatabaseHostKey", "a:b"),
    ],
)
def test_what_could_never_work_is_refused(lms: Emitted, name: str, value: str) -> None:
    assert name in sentences(lms, **{name: value})


def test_exactly_this_secret_is_read(lms: Emitted) -> None:
    template = lms.with_parameters(DatabaseSecretArn=DATABASE)
    readers = {
        name: statement["Resource"]
        for name, policy in template.of_type("AWS::IAM::ManagedPolicy", "AWS::IAM::Role").items()
        for statement in statements(policy)
        if "secretsmanager:GetSecretValue" in statement["Action"] and DATABASE in statement["Resource"]
    }
    assert readers == {"ExecutionPolicy": [DATABASE]}


def test_a_key_is_used_only_where_one_is_given(lms: Emitted) -> None:
    def keys(template: Emitted) -> list[str]:
        return [
            key
            for statement in statements(template.resources["ExecutionPolicy"])
            if statement["Action"] == ["kms:Decrypt"]
            for key in statement["Resource"]
        ]

    assert keys(lms) == ["${SecretsKey.Arn}"]
    assert keys(lms.with_parameters(DatabaseSecretKeyArn=KEY)) == [KEY, "${SecretsKey.Arn}"]


def test_tasks_reach_exactly_that_port_in_that_network(lms: Emitted) -> None:
    template = lms.with_parameters(DatabasePort=3306, DatabaseCidr="10.9.0.0/24")
    [rule] = [
        rule
        for rule in template.of_type("AWS::EC2::SecurityGroupEgress").values()
        if rule.get("CidrIp") == "10.9.0.0/24"
    ]
    assert rule["GroupId"] == "${TasksSecurityGroup.GroupId}"
    assert (rule["IpProtocol"], rule["FromPort"], rule["ToPort"]) == ("tcp", "3306", "3306")


@pytest.mark.parametrize(("zones", "tables"), [(2, {"1", "2"}), (3, {"1", "2", "3"})])
def test_a_peering_connection_is_reached_from_every_private_table(lms: Emitted, zones: int, tables: set[str]) -> None:
    peered = lms.with_parameters(
        DatabasePeeringConnectionId="pcx-0123456789abcdef0", DatabaseCidr="10.9.0.0/24", ZoneCount=zones
    )
    routes = [r for r in peered.of_type("AWS::EC2::Route").values() if r["DestinationCidrBlock"] == "10.9.0.0/24"]
    assert {re.sub(r"\D", "", route["RouteTableId"]) for route in routes} == tables
    assert all("Private" in route["RouteTableId"] for route in routes)
    assert {route["VpcPeeringConnectionId"] for route in routes} == {"pcx-0123456789abcdef0"}


def test_without_a_peering_connection_no_route_is_added(lms: Emitted) -> None:
    assert not [name for name in lms.with_parameters(ZoneCount=3).resources if name.startswith("DatabaseRoute")]


@pytest.mark.parametrize(("parameter", "part"), [("Host", "HOST"), ("Port", "PORT"), ("Name", "NAME")])
def test_a_key_that_the_secret_lacks_is_asked_for_by_nobody(lms: Emitted, parameter: str, part: str) -> None:
    """RDS's managed secret has user and password alone, and ECS starts no task that asks it for a host."""

    def secrets(template: Emitted) -> dict[str, str]:
        [container] = template.resources["TaskDefinition"]["ContainerDefinitions"]
        return {secret["Name"]: secret["ValueFrom"] for secret in container["Secrets"]}

    assert f"LMS_DATABASE_{part}" in secrets(lms)
    assert f"LMS_DATABASE_{part}" not in secrets(lms.with_parameters(**{f"Database{parameter}Key": ""}))


def test_the_defaults_are_what_rds_writes(lms: Emitted) -> None:
    keys = {name: value for name, value in lms.parameters.items() if re.fullmatch(r"Database\w+Key", name)}
    assert keys == {
        "DatabaseHostKey": "host",
        "DatabasePortKey": "port",
        "DatabaseNameKey": "dbname",
        "DatabaseUserKey": "username",
        "DatabasePasswordKey": "password",
    }
