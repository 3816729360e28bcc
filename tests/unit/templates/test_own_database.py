"""A database of our own: encrypted, over two zones, recoverable, and told to the container like an existing one."""

from __future__ import annotations

import json
import re
import string
from typing import TYPE_CHECKING, Any

import pytest

from stackproof.configuration import check_configuration
from templates.own_database import ENGINES
from templates.own_database_parameters import MAXIMA, MINIMA
from tests.templates_support import Emitted, references

if TYPE_CHECKING:
    from pathlib import Path

    from tests.templates_support import Resource

KINDS = sorted(ENGINES)


@pytest.fixture(scope="module")
def own(lms: Emitted) -> Emitted:
    """The template as a first try has it: no existing database is given."""
    return lms.with_parameters(DatabaseSecretArn="")


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    """Each engine in its turn."""
    return str(request.param)


@pytest.fixture
def cluster(own: Emitted) -> Resource:
    return own.resources["DatabaseCluster"]


def sentences(template: Emitted, **parameters: str) -> str:
    return "\n".join(map(str, check_configuration(template.body, {"Parameters": parameters}, "params/x.json")))


def secrets(template: Emitted) -> dict[str, str]:
    [container] = template.resources["TaskDefinition"]["ContainerDefinitions"]
    return {secret["Name"]: secret["ValueFrom"] for secret in container["Secrets"]}


def test_each_engine_has_its_names(own: Emitted, kind: str) -> None:
    template = own.with_parameters(DatabaseEngine=kind)
    cluster, group = template.resources["DatabaseCluster"], template.resources["DatabaseParameterGroup"]
    assert (cluster["Engine"], cluster["EngineVersion"]) == (ENGINES[kind]["Engine"], ENGINES[kind]["Version"])
    assert group["Family"] == ENGINES[kind]["ParameterFamily"]
    number = re.sub(r"\D*", "", group["Family"].removeprefix("aurora-"))
    assert cluster["EngineVersion"].replace(".", "").startswith(number)
    for instance in template.of_type("AWS::RDS::DBInstance").values():
        assert instance["Engine"] == cluster["Engine"]


def test_versions_are_sold_and_no_longer_given_up_on(schemas: Path, kind: str) -> None:
    folder = schemas / "extensions" / "aws_rds_dbcluster"

    def versions(file: str, side: str) -> set[str]:
        return {
            version
            for entry in json.loads((folder / file).read_text())["allOf"]
            if entry["if"]["properties"].get("Engine", {}).get("const") == ENGINES[kind]["Engine"]
            for version in entry[side]["properties"]["EngineVersion"]["enum"]
        }

    assert ENGINES[kind]["Version"] in versions("engine_version.json", "then")
    deprecated = versions("engine_version_deprecated.json", "if")
    assert deprecated
    assert ENGINES[kind]["Version"] not in deprecated


@pytest.mark.parametrize(
    ("kind_of", "switch"), [("postgresql", "rds.force_ssl"), ("mysql", "require_secure_transport")]
)
def test_no_connection_without_tls(own: Emitted, kind_of: str, switch: str) -> None:
    group = own.with_parameters(DatabaseEngine=kind_of).resources["DatabaseParameterGroup"]
    assert group["Parameters"][switch] in {"1", "ON"}
    assert own.resources["DatabaseCluster"]["DBClusterParameterGroupName"] == "${DatabaseParameterGroup}"


def test_encrypted_with_its_own_key(own: Emitted, cluster: Resource) -> None:
    assert cluster["StorageEncrypted"] is True
    assert cluster["KmsKeyId"] == cluster["PerformanceInsightsKmsKeyId"] == "${DatabaseKey.Arn}"
    assert {i["PerformanceInsightsKMSKeyId"] for i in own.of_type("AWS::RDS::DBInstance").values()} == {
        "${DatabaseKey.Arn}"
    }


class TestZones:
    def test_writer_and_reader_stand_in_two(self, own: Emitted) -> None:
        instances = own.of_type("AWS::RDS::DBInstance")
        assert {name: instance["AvailabilityZone"] for name, instance in instances.items()} == {
            "DatabaseWriterInstance": "${DataSubnet1.AvailabilityZone}",
            "DatabaseReaderInstance": "${DataSubnet2.AvailabilityZone}",
        }
        assert {instance["DBInstanceClass"] for instance in instances.values()} == {"db.serverless"}
        assert not any(instance["PubliclyAccessible"] for instance in instances.values())

    def test_the_reader_is_large_enough_to_take_over(self, own: Emitted) -> None:
        """Below tier 2 an instance follows the writer's capacity."""
        assert {instance["PromotionTier"] for instance in own.of_type("AWS::RDS::DBInstance").values()} == {0, 1}

    def test_without_a_reader_there_is_one_instance(self, own: Emitted) -> None:
        assert own.with_parameters(DatabaseReader="no").of_type("AWS::RDS::DBInstance").keys() == {
            "DatabaseWriterInstance"
        }

    @pytest.mark.parametrize("zones", [2, 3])
    def test_the_cluster_knows_every_data_subnet(self, own: Emitted, zones: int) -> None:
        template = own.with_parameters(ZoneCount=zones)
        subnets = [f"${{DataSubnet{zone}}}" for zone in range(1, zones + 1)]
        assert template.resources["DatabaseSubnetGroup"]["SubnetIds"] == subnets
        assert template.resources["DatabaseCluster"]["DBSubnetGroupName"] == "${DatabaseSubnetGroup}"


class TestCapacity:
    def test_is_what_was_asked_for(self, own: Emitted) -> None:
        template = own.with_parameters(DatabaseMinimumCapacity="2", DatabaseMaximumCapacity="64")
        assert template.resources["DatabaseCluster"]["ServerlessV2ScalingConfiguration"] == {
            "MinCapacity": "2",
            "MaxCapacity": "64",
        }

    @pytest.mark.parametrize("least", MINIMA)
    @pytest.mark.parametrize("most", MAXIMA)
    def test_the_least_is_never_above_the_most(self, lms: Emitted, least: str, most: str) -> None:
        found = sentences(lms, DatabaseMinimumCapacity=least, DatabaseMaximumCapacity=most)
        assert ("DatabaseMinimumCapacity is above DatabaseMaximumCapacity" in found) is (float(least) > float(most))

    def test_every_offer_is_one_that_rds_takes(self, lms: Emitted) -> None:
        """Half steps from 0 to 256, and at least 1 at the upper end."""
        offered = [lms.body["Parameters"][f"Database{end}Capacity"]["AllowedValues"] for end in ("Minimum", "Maximum")]
        assert offered == [list(MINIMA), list(MAXIMA)]
        assert all(0 <= float(value) <= 256 and float(value) * 2 % 1 == 0 for value in (*MINIMA, *MAXIMA))
        assert min(map(float, MAXIMA)) >= 1


class TestSecret:
    def test_the_container_finds_all_five_in_it(self, own: Emitted) -> None:
        assert {name: value for name, value in secrets(own).items() if "DATABASE" in name} == {
            "LMS_DATABASE_HOST": "${DatabaseSecret}:host::",
            "LMS_DATABASE_PORT": "${DatabaseSecret}:port::",
            "LMS_DATABASE_NAME": "${DatabaseSecret}:dbname::",
            "LMS_DATABASE_USER": "${DatabaseSecret}:username::",
            "LMS_DATABASE_PASSWORD": "${DatabaseSecret}:password::",
        }

    @pytest.mark.parametrize("part", ["Host", "Port", "Name", "User", "Password"])
    def test_the_names_of_an_existing_secrets_keys_do_not_matter(self, own: Emitted, part: str) -> None:
        assert secrets(own.with_parameters(**{f"Database{part}Key": "other"})) == secrets(own)

    def test_blank_names_neither(self, own: Emitted) -> None:
        given = {f"Database{part}Key": "" for part in ("Host", "Port", "Name")}
        assert secrets(own.with_parameters(**given)) == secrets(own)

    def test_rds_adds_its_address(self, own: Emitted) -> None:
        attachment = own.resources["DatabaseSecretAttachment"]
        assert attachment.properties == {
            "SecretId": "${DatabaseSecret}",
            "TargetType": "AWS::RDS::DBCluster",
            "TargetId": "${DatabaseCluster}",
        }

    def test_user_and_name_are_the_clusters(self, own: Emitted) -> None:
        template = own.with_parameters(DatabaseUser="moodle", DatabaseName="campus")
        cluster = template.resources["DatabaseCluster"]
        generated = template.resources["DatabaseSecret"]["GenerateSecretString"]
        assert json.loads(generated["SecretStringTemplate"]) == {
            "username": cluster["MasterUsername"],
            "dbname": cluster["DatabaseName"],
        }
        assert (cluster["MasterUsername"], cluster["DatabaseName"]) == ("moodle", "campus")
        assert cluster["MasterUserPassword"] == "{{resolve:secretsmanager:${DatabaseSecret}:SecretString:password}}"

    def test_every_engine_takes_the_password(self, own: Emitted) -> None:
        generated = own.resources["DatabaseSecret"]["GenerateSecretString"]
        assert 30 <= generated["PasswordLength"] <= 41
        assert set(generated["ExcludeCharacters"]) == set(string.punctuation)
        assert own.resources["DatabaseSecret"]["KmsKeyId"] == "${SecretsKey.Arn}"

    def test_it_does_not_rotate(self, own: Emitted) -> None:
        """Running tasks would go on with the old password: nothing rotates it behind their backs."""
        assert not own.of_type("AWS::SecretsManager::RotationSchedule")
        assert own.resources["DatabaseCluster"].get("ManageMasterUserPassword") is None

    def test_exactly_this_secret_is_read(self, own: Emitted) -> None:
        policy = json.dumps(own.resources["ExecutionPolicy"]["PolicyDocument"])
        assert "${DatabaseSecret}" in policy
        assert "secret:lms-database" not in policy

    @pytest.mark.parametrize("user", ["admin", "rdsadmin", "root", "Moodle", "1lms", "", "a" * 17])
    def test_a_user_that_rds_refuses_is_refused_before(self, lms: Emitted, user: str) -> None:
        assert "DatabaseUser" in sentences(lms, DatabaseUser=user)

    @pytest.mark.parametrize("user", ["moodle", "administrator", "a" * 16])
    def test_other_users_are_taken(self, lms: Emitted, user: str) -> None:
        assert sentences(lms, DatabaseUser=user) == ""


def test_only_tasks_reach_it_on_its_port(own: Emitted) -> None:
    template = own.with_parameters(DatabasePort=3306)
    [guard] = template.resources["DatabaseCluster"]["VpcSecurityGroupIds"]
    rules = [
        (rule["SourceSecurityGroupId"], rule["FromPort"], rule["ToPort"])
        for rule in template.of_type("AWS::EC2::SecurityGroupIngress").values()
        if rule["GroupId"] == guard
    ]
    assert rules == [("${TasksSecurityGroup.GroupId}", "3306", "3306")]
    assert template.resources["DatabaseCluster"]["Port"] == "3306"


def test_nothing_leads_to_an_existing_database(own: Emitted) -> None:
    peered = own.with_parameters(DatabasePeeringConnectionId="pcx-0123456789abcdef0", DatabaseCidr="10.9.0.0/24")
    assert "10.9.0.0/24" not in json.dumps([resource.properties for resource in peered.resources.values()])


@pytest.mark.parametrize(("parameter", "days"), [("1", "1"), ("35", "35")])
def test_backups_and_every_second_between_them(own: Emitted, parameter: str, days: str) -> None:
    cluster = own.with_parameters(DatabaseBackupDays=parameter).resources["DatabaseCluster"]
    assert cluster["BackupRetentionPeriod"] == days
    assert cluster["CopyTagsToSnapshot"] is True


@pytest.mark.parametrize("days", ["0", "36"])
def test_no_backups_are_refused(lms: Emitted, days: str) -> None:
    assert "DatabaseBackupDays" in sentences(lms, DatabaseBackupDays=days)


@pytest.mark.parametrize(("asked", "protected"), [("no", False), ("yes", True)])
def test_deletion_protection_is_asked_for(own: Emitted, asked: str, protected: bool) -> None:
    """Off at first: a create that fails must be able to take the cluster away again."""
    assert own.parameters["DatabaseDeletionProtection"] == "no"
    cluster = own.with_parameters(DatabaseDeletionProtection=asked).resources["DatabaseCluster"]
    assert cluster["DeletionProtection"] is protected


def test_a_snapshot_is_where_it_begins(own: Emitted, cluster: Resource) -> None:
    assert cluster.get("SnapshotIdentifier") is None
    restored = own.with_parameters(DatabaseSnapshotIdentifier="lms-2026").resources["DatabaseCluster"]
    assert restored["SnapshotIdentifier"] == "lms-2026"
    assert {name: value for name, value in restored.properties.items() if name != "SnapshotIdentifier"} == (
        cluster.properties
    )


@pytest.mark.parametrize(
    ("identifier", "fits"),
    [
        ("lms-prod-2026-11-24", True),
        ("rds:lms-prod-2026-11-24-03-10", True),
        ("awsbackup:job-0a1b2c", True),
        ("arn:aws:rds:sa-east-1:111122223333:cluster-snapshot:awsbackup:job-0a1b2c", True),
        ("arn:aws:rds:sa-east-1:111122223333:snapshot:lms", False),
        ("lms prod", False),
        ("1st", False),
    ],
)
def test_snapshots_are_named_as_rds_names_them(lms: Emitted, identifier: str, fits: bool) -> None:
    assert ("DatabaseSnapshotIdentifier" not in sentences(lms, DatabaseSnapshotIdentifier=identifier)) is fits


class TestLogs:
    @pytest.mark.parametrize(("engine", "logs"), [("postgresql", ["postgresql"]), ("mysql", ["error", "slowquery"])])
    def test_every_exported_log_has_its_group(self, own: Emitted, engine: str, logs: list[str]) -> None:
        template = own.with_parameters(DatabaseEngine=engine, LogRetentionDays=365)
        assert template.resources["DatabaseCluster"]["EnableCloudwatchLogsExports"] == logs
        groups = {
            group["LogGroupName"]: group
            for group in template.of_type("AWS::Logs::LogGroup").values()
            if group["LogGroupName"].startswith("/aws/rds/")
        }
        assert groups.keys() == {f"/aws/rds/cluster/${{DatabaseCluster}}/{log}" for log in logs}
        for group in groups.values():
            assert (group["RetentionInDays"], group["KmsKeyId"]) == ("365", "${LogsKey.Arn}")

    @pytest.mark.parametrize("engine", KINDS)
    def test_groups_exist_before_anything_writes(self, own: Emitted, engine: str) -> None:
        template = own.with_parameters(DatabaseEngine=engine)
        groups = {name for name in template.of_type("AWS::Logs::LogGroup") if name.startswith("Database")}
        for instance in template.of_type("AWS::RDS::DBInstance").values():
            assert set(template.resolve(instance.body["Metadata"])["WaitsFor"]) == {f"${{{name}}}" for name in groups}

    def test_what_takes_long_is_logged(self, own: Emitted) -> None:
        assert own.resources["DatabaseParameterGroup"]["Parameters"]["log_min_duration_statement"] == "1000"
        mysql = own.with_parameters(DatabaseEngine="mysql").resources["DatabaseParameterGroup"]
        assert mysql["Parameters"]["slow_query_log"] == "1"


@pytest.mark.parametrize(("mode", "days"), [("standard", 7), ("advanced", 465)])
def test_insights_are_the_same_for_cluster_and_instances(own: Emitted, mode: str, days: int) -> None:
    """RDS takes no other number of days with the advanced mode, and no instance that differs from its cluster."""
    template = own.with_parameters(DatabaseInsights=mode)
    cluster = template.resources["DatabaseCluster"]
    assert (cluster["DatabaseInsightsMode"], cluster["PerformanceInsightsEnabled"]) == (mode, True)
    everywhere = [cluster, *template.of_type("AWS::RDS::DBInstance").values()]
    assert {each["PerformanceInsightsRetentionPeriod"] for each in everywhere} == {days}
    assert {(each["MonitoringInterval"], each["MonitoringRoleArn"]) for each in everywhere} == {
        (60, "${DatabaseMonitoringRole.Arn}")
    }


def test_monitoring_writes_to_its_own_group_alone(own: Emitted) -> None:
    role, policy = own.resources["DatabaseMonitoringRole"], own.resources["DatabaseMonitoringPolicy"]
    assert policy["Roles"] == ["${DatabaseMonitoringRole}"]
    assert own.resources["DatabaseCluster"].body["DependsOn"] == "DatabaseMonitoringPolicy"
    resources = {resource for s in policy["PolicyDocument"]["Statement"] for resource in s["Resource"]}
    group = "arn:aws:logs:sa-east-1:111122223333:log-group:RDSOSMetrics"
    assert resources == {group, f"{group}:log-stream:*"}
    [trusted] = role["AssumeRolePolicyDocument"]["Statement"]
    assert trusted["Principal"] == {"Service": "monitoring.rds.amazonaws.com"}
    assert trusted["Condition"] == {"StringEquals": {"aws:SourceAccount": "111122223333"}}


def test_the_first_task_waits_for_a_database_that_answers(own: Emitted) -> None:
    waited = own.resolve(own.resources["Service"].body["Metadata"])["WaitsFor"]
    assert {"${DatabaseWriterInstance}", "${DatabaseSecretAttachment}"} <= set(waited)
    assert "${TasksToDatabaseClusterDatabasePortEgress}" in waited


def test_its_name_is_generated_so_that_a_restore_can_replace_it(cluster: Resource) -> None:
    assert cluster.get("DBClusterIdentifier") is None


def test_operators_find_it(own: Emitted, lms: Emitted) -> None:
    assert own.outputs["DatabaseEndpoint"] == "${DatabaseCluster.Endpoint.Address}"
    assert own.outputs["DatabaseSecretArn"] == "${DatabaseSecret}"
    assert not {name for name in lms.outputs if name.startswith("Database")}


@pytest.mark.parametrize("logical_id", ["DatabaseCluster", "DatabaseWriterInstance", "DatabaseSubnetGroup"])
def test_values_have_the_types_that_rds_declares(
    own: Emitted, logical_id: str, registry_schema: dict[str, dict[str, Any]]
) -> None:
    python = {"boolean": bool, "array": list}
    resource = own.with_parameters(DatabaseInsights="advanced").resources[logical_id]
    properties = registry_schema[resource.type]["properties"]
    for name, value in resource.properties.items():
        expected = properties[name].get("type")
        if expected in python:
            assert isinstance(value, python[expected]), f"{name} is {value!r}, not {expected}"


def test_the_key_is_nobodys_before_it_is_the_databases(own: Emitted) -> None:
    users = {
        name
        for name, resource in own.resources.items()
        if "DatabaseKey" in references(resource.body["Properties"]) and name != "DatabaseKey"
    }
    assert users == {"DatabaseCluster", "DatabaseWriterInstance", "DatabaseReaderInstance"}
