"""The proxy: between tasks and our own database, and refused where it could not work."""

from __future__ import annotations

import pytest

from stackproof.configuration import check_configuration
from tests.templates_support import Emitted, statements

SECRET = "arn:aws:secretsmanager:sa-east-1:111122223333:secret:lms/db-AbCdEf"  # noqa: S105  # an ARN, no secret


@pytest.fixture(scope="module")
def proxied(lms: Emitted) -> Emitted:
    return lms.with_parameters(DatabaseSecretArn="", DatabaseProxy="yes")


def sentences(template: Emitted, **parameters: str) -> str:
    given = {"DatabaseProxy": "yes", **parameters}
    return "\n".join(map(str, check_configuration(template.body, {"Parameters": given}, "params/x.json")))


def ways(template: Emitted, kind: str, other: str) -> set[tuple[str, str, str]]:
    """The rules on the database's port: (group, the other side, port)."""
    port = template.parameters["DatabasePort"]
    return {
        (rule["GroupId"], rule.get(other) or rule["CidrIp"], port)
        for rule in template.of_type(f"AWS::EC2::SecurityGroup{kind}").values()
        if rule["FromPort"] == rule["ToPort"] == port
    }


def test_it_is_there_when_it_is_asked_for_and_the_database_is_ours(lms: Emitted, proxied: Emitted) -> None:
    assert proxied.of_type("AWS::RDS::DBProxy").keys() == {"DatabaseConnectionProxy"}
    assert not proxied.with_parameters(DatabaseProxy="no").of_type("AWS::RDS::DBProxy")
    assert not lms.with_parameters(DatabaseProxy="yes").of_type("AWS::RDS::DBProxy")


@pytest.mark.parametrize(("engine", "family"), [("postgresql", "POSTGRESQL"), ("mysql", "MYSQL")])
def test_it_speaks_the_databases_language_and_is_named_after_it(proxied: Emitted, engine: str, family: str) -> None:
    """A proxy cannot change its engine, and the new one could not have the old one's name."""
    proxy = proxied.with_parameters(DatabaseEngine=engine, EnvironmentSuffix="exam").resources[
        "DatabaseConnectionProxy"
    ]
    assert (proxy["EngineFamily"], proxy["DBProxyName"]) == (family, f"lms-{engine}-exam")
    assert proxy["RequireTLS"] is True


@pytest.mark.parametrize("zones", [2, 3])
def test_a_third_zone_changes_no_subnet_of_it(proxied: Emitted, zones: int) -> None:
    """Its subnets are create-only, and it has a name: it could not be replaced."""
    proxy = proxied.with_parameters(ZoneCount=zones).resources["DatabaseConnectionProxy"]
    assert proxy["VpcSubnetIds"] == ["${DataSubnet1}", "${DataSubnet2}"]


def test_the_way_leads_through_it(proxied: Emitted) -> None:
    tasks, proxy = "${TasksSecurityGroup.GroupId}", "${DatabaseProxySecurityGroup.GroupId}"
    database = "${DatabaseClusterSecurityGroup.GroupId}"
    out = ways(proxied, "Egress", "DestinationSecurityGroupId")
    assert out == {(tasks, proxy, "5432"), (proxy, database, "5432")}
    into = ways(proxied, "Ingress", "SourceSecurityGroupId")
    assert into == {(proxy, tasks, "5432"), (database, proxy, "5432")}
    assert proxied.resources["DatabaseConnectionProxy"]["VpcSecurityGroupIds"] == [proxy]


def test_the_container_is_told_of_it_and_of_no_other_host(proxied: Emitted) -> None:
    [container] = proxied.resources["TaskDefinition"]["ContainerDefinitions"]
    plain = {variable["Name"]: variable["Value"] for variable in container["Environment"]}
    secret = {variable["Name"]: variable["ValueFrom"] for variable in container["Secrets"]}
    assert plain["LMS_DATABASE_HOST"] == "${DatabaseConnectionProxy.Endpoint}"
    assert "LMS_DATABASE_HOST" not in secret
    assert secret["LMS_DATABASE_PASSWORD"] == "${DatabaseSecret}:password::"  # noqa: S105  # a reference
    assert proxied.outputs["DatabaseProxyEndpoint"] == "${DatabaseConnectionProxy.Endpoint}"


def test_it_reads_exactly_the_databases_secret(proxied: Emitted) -> None:
    [read, decrypt] = statements(proxied.resources["DatabaseProxyPolicy"])
    assert (read["Action"], read["Resource"]) == (["secretsmanager:GetSecretValue"], ["${DatabaseSecret}"])
    assert (decrypt["Action"], decrypt["Resource"]) == (["kms:Decrypt"], ["${SecretsKey.Arn}"])
    assert "DatabaseProxyPolicy" in proxied.resources["DatabaseConnectionProxy"].depends_on
    [auth] = proxied.resources["DatabaseConnectionProxy"]["Auth"]
    assert auth["SecretArn"] == "${DatabaseSecret}"


def test_its_target_is_the_cluster_once_that_has_an_instance(proxied: Emitted) -> None:
    targets = proxied.resources["DatabaseProxyTargets"]
    assert targets["DBClusterIdentifiers"] == ["${DatabaseCluster}"]
    waited = proxied.resolve(targets.body["Metadata"])["WaitsFor"]
    assert {"${DatabaseWriterInstance}", "${DatabaseSecretAttachment}"} == set(waited)
    waits = proxied.resolve(proxied.resources["Service"].body["Metadata"])["WaitsFor"]
    assert "${DatabaseProxyTargets}" in waits


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"DatabaseSecretArn": SECRET}, "DatabaseSecretArn names an existing database"),
        ({"DatabaseMinimumCapacity": "0"}, "DatabaseMinimumCapacity is 0"),
        ({"DatabasePort": "3306"}, "DatabasePort is not the engine's usual one"),
        ({"DatabaseEngine": "mysql"}, "DatabasePort is not the engine's usual one"),
    ],
)
def test_what_does_not_go_with_it_is_refused(lms: Emitted, given: dict[str, str], sentence: str) -> None:
    assert f"DatabaseProxy is yes, but {sentence}" in sentences(lms, **given)
    assert sentences(lms, **{**given, "DatabaseProxy": "no"}) == ""


@pytest.mark.parametrize(
    "given", [{}, {"DatabaseMinimumCapacity": "0.5"}, {"DatabaseEngine": "mysql", "DatabasePort": "3306"}]
)
def test_what_goes_with_it_is_taken(lms: Emitted, given: dict[str, str]) -> None:
    assert sentences(lms, **given) == ""
