"""The whole template: both sides of every condition, least privilege, names, outputs, and room to grow."""

from __future__ import annotations

import json
from itertools import product
from typing import TYPE_CHECKING, Any

import pytest

from tests.templates_support import references, statements

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.templates_support import Emitted

# Every parameter that a condition looks at: a value for which it does not hold, and one for which it does.
ARN = "arn:aws:{}:sa-east-1:111122223333:{}"
SWITCHES: dict[str, tuple[str, str]] = {
    "AccessLogs": ("no", "yes"),
    "AddressLimitAction": ("count", "block"),
    "AllowedAddresses": ("", "200.144.0.0/24"),
    "AlarmEmail": ("", "operators@example.org"),
    "BackgroundJobs": ("no", "yes"),
    "BackupLock": ("none", "compliance"),
    "Backups": ("no", "yes"),
    "BalancerDeletionProtection": ("no", "yes"),
    "CacheEviction": ("allkeys-lru", "noeviction"),
    "CacheReplicas": ("0", "5"),
    "CacheSnapshotName": ("", "lms-2026"),
    "CertificateArn": ("", ARN.format("acm", "certificate/01234567-89ab-cdef-0123-456789abcdef")),
    "Command": ("", "serve,--port,80"),
    "CronCommand": ("", "lms,cron"),
    "CronMinutes": ("5", "2"),
    "DatabaseDeletionProtection": ("no", "yes"),
    "DatabaseEngine": ("postgresql", "mysql"),
    "DatabaseHostKey": ("", "host"),
    "DatabaseInsights": ("standard", "advanced"),
    "DatabaseMinimumCapacity": ("4", "0.5"),
    "DatabaseNameKey": ("", "dbname"),
    "DatabasePeeringConnectionId": ("", "pcx-0123456789abcdef0"),
    "DatabasePortKey": ("", "port"),
    "DatabaseProxy": ("no", "yes"),
    "DatabaseReader": ("no", "yes"),
    "DatabaseRotation": ("no", "weekly"),
    # For which there is an existing database, and none of our own.
    "DatabaseSecretArn": ("", ARN.format("secretsmanager", "secret:lms/db-AbCdEf")),
    "DatabaseSecretKeyArn": ("", ARN.format("kms", "key/01234567-89ab-cdef-0123-456789abcdef")),
    "DatabaseSnapshotIdentifier": ("", "lms-2026"),
    "DomainName": ("", "learn.example.org"),
    "ErrorLinePattern": ("", "?ERROR"),
    "ExecuteCommand": ("no", "yes"),
    # For which the stack makes no file system of its own.
    "ExistingFileSystemId": ("", "fs-0123456789abcdef0"),
    "ExtraSecretArn": ("", ARN.format("secretsmanager", "secret:lms/app-AbCdEf")),
    "ExtraSecretKeyArn": ("", ARN.format("kms", "key/01234567-89ab-cdef-0123-456789abcdef")),
    "HostedZoneId": ("", "Z0123456789ABCDEFGHIJ"),
    "Image": ("nginx:1.28", "111122223333.dkr.ecr.sa-east-1.amazonaws.com/lms:1"),
    "InterfaceEndpoints": ("no", "yes"),
    "MailFrom": ("", "*@example.org"),
    "MailIdentityArn": ("", ARN.format("ses", "identity/example.org")),
    "MaintenancePage": ("no", "yes"),
    # Like MaximumTasks, and another number.
    "MinimumTasks": ("4", "2"),
    "MaximumWorkers": ("4", "1"),
    "NatGateways": ("one", "per-zone"),
    "PermissionsBoundaryArn": ("", "arn:aws:iam::111122223333:policy/boundary"),
    "PlainCache": ("no", "yes"),
    "PlainHttp": ("closed", "redirect"),
    "RestoreTesting": ("no", "yes"),
    "RunApplication": ("no", "yes"),
    "SessionCookie": ("", "MoodleSession"),
    "SpotWeight": ("0", "3"),
    "WebFirewall": ("no", "block"),
    "SmtpPort": ("", "587"),
    "UpgradeCommand": ("", "lms,upgrade"),
    "UpgradeImage": ("", "111122223333.dkr.ecr.sa-east-1.amazonaws.com/lms:2"),
    "WorkerCommand": ("", "lms,worker"),
    "WorkerSpotWeight": ("0", "3"),
    "ZoneCount": ("2", "3"),
}
CHOICES = [
    dict(zip(SWITCHES, choice, strict=True))
    for side in (0, 1)
    for choice in (
        [values[side] for values in SWITCHES.values()],
        *([values[1 - side if name == other else side] for name, values in SWITCHES.items()] for other in SWITCHES),
    )
]
"""Everything off and everything on, and from each of the two every single change."""


def conditions_parameters(expression: Any, conditions: dict[str, Any]) -> Iterator[str]:
    if isinstance(expression, list):
        for item in expression:
            yield from conditions_parameters(item, conditions)
    elif isinstance(expression, dict):
        for key, value in expression.items():
            if key == "Ref" and not value.startswith("AWS::"):
                yield value
            elif key == "Fn::Sub":
                yield from (name for name in references({key: value}) if not name.startswith("AWS::"))
            elif key == "Condition":
                yield from conditions_parameters(conditions[value], conditions)
            else:
                yield from conditions_parameters(value, conditions)


def test_every_parameter_behind_a_condition_is_switched_here(lms: Emitted) -> None:
    conditions = lms.body["Conditions"]
    asked = set(conditions_parameters(list(conditions.values()), conditions))
    assert asked - {"MaximumTasks"} == SWITCHES.keys()


@pytest.mark.parametrize("template", ["lms", "disposable"])
def test_every_condition_is_used_and_has_two_sides(template: str, request: pytest.FixtureRequest) -> None:
    emitted: Emitted = request.getfixturevalue(template)
    text = json.dumps([emitted.body["Resources"], emitted.body["Outputs"], emitted.body["Conditions"]])
    for name in emitted.body["Conditions"]:
        assert f'"{name}"' in text.replace(f'"{name}": {{', ""), f"nothing asks for {name}"
        assert {emitted.with_parameters(**choice).holds(name) for choice in CHOICES} == {True, False}


@pytest.mark.parametrize("choice", CHOICES)
def test_nothing_refers_to_what_a_condition_left_out(lms: Emitted, choice: dict[str, str]) -> None:
    """Ref, GetAtt and Sub in properties, metadata and outputs, and DependsOn, which CloudFormation looks up by name."""
    template = lms.with_parameters(**choice)
    assert template.outputs
    for name, resource in template.resources.items():
        template.resolve(resource.body.get("Metadata", {}))
        assert set(resource.depends_on) <= template.resources.keys(), name


@pytest.mark.parametrize(("zones", "nat"), list(product((2, 3), ("one", "per-zone"))))
def test_no_value_is_blank_where_aws_wants_one(lms: Emitted, zones: int, nat: str) -> None:
    """A blank parameter leaves its property out; it never reaches AWS as an empty text."""
    off = {name: values[0] for name, values in SWITCHES.items()} | {"ZoneCount": str(zones), "NatGateways": nat}

    def blanks(value: Any, path: str) -> Iterator[str]:
        if isinstance(value, dict):
            for key, item in value.items():
                yield from blanks(item, f"{path}.{key}")
        elif isinstance(value, list):
            for index, item in enumerate(value):
                yield from blanks(item, f"{path}.{index}")
        elif value == "":
            yield path

    template = lms.with_parameters(**off)
    assert [path for name, found in template.resources.items() for path in blanks(found.properties, name)] == []


@pytest.fixture(scope="session")
def actions(schemas: Path) -> dict[str, dict[str, Any]]:
    """Every action of AWS: service → action in lower case → what it can be limited to."""
    table = json.loads((schemas.parent / "AdditionalSpecs" / "Policies.json").read_text())
    return {name: service["Actions"] for name, service in table.items()}


class TestLeastPrivilege:
    @pytest.fixture
    def grants(self, every_template: Emitted) -> list[tuple[str, str, list[str]]]:
        """(resource of the template, action, resources it is allowed on) of every role, with everything turned on."""
        on = {name: values[1] for name, values in SWITCHES.items() if name in every_template.parameters}
        own = on | dict.fromkeys(["DatabaseSecretArn"] if on else [], "")
        return [
            (name, action, statement["Resource"])
            for given in (on, own)
            for name, policy in every_template.with_parameters(**given)
            .of_type("AWS::IAM::Role", "AWS::IAM::ManagedPolicy")
            .items()
            for statement in statements(policy)
            if statement["Effect"] == "Allow" and "Resource" in statement
            for action in statement["Action"]
        ]

    def test_every_action_exists(
        self, grants: list[tuple[str, str, list[str]]], actions: dict[str, dict[str, Any]]
    ) -> None:
        for name, action, _ in grants:
            service, _, verb = action.partition(":")
            assert verb.lower() in actions[service], f"{name}: {action}"

    def test_no_wildcard_where_the_action_can_be_limited(
        self, grants: list[tuple[str, str, list[str]]], actions: dict[str, dict[str, Any]]
    ) -> None:
        for name, action, resources in grants:
            service, _, verb = action.partition(":")
            limited = "Resources" in actions[service][verb.lower()]
            assert ("*" in resources) is not limited, f"{name}: {action} on {resources}"

    def test_a_resource_is_one_thing(self, grants: list[tuple[str, str, list[str]]]) -> None:
        """No pattern but for what has a name only afterwards: a log group's streams, what AWS Backup makes."""
        later = (
            ":log-stream:*",
            ":cluster-snapshot:awsbackup:*",
            ":cluster:awsbackup-restore-test-*",
            ":cluster-pg:default.*",
            ":og:default:*",
        )

        def many(name: str, resource: str) -> bool:
            # A restored file system is known by its tag (test_restore_testing.py).
            tagged = name == "RestoreTestPolicy" and resource.endswith(":file-system/*")
            return "*" in resource and resource != "*" and not resource.endswith(later) and not tagged

        assert [grant for grant in grants if any(many(grant[0], resource) for resource in grant[2])] == []

    def test_the_table_can_tell_the_difference(self, actions: dict[str, dict[str, Any]]) -> None:
        assert "Resources" in actions["ecr"]["batchgetimage"]
        assert "Resources" not in actions["ecr"]["getauthorizationtoken"]


class TestNames:
    NAMING = (
        "Name",
        "ClusterName",
        "ServiceName",
        "BucketName",
        "RoleName",
        "Family",
        "AlarmName",
        "ReplicationGroupId",
        "DBClusterIdentifier",
        "DBProxyName",
    )

    def test_fixed_names_are_few_and_carry_the_suffix(self, lms: Emitted) -> None:
        """Whatever has a name of its own cannot be replaced while the old one still stands."""
        template = lms.with_parameters(
            EnvironmentSuffix="staging", DatabaseSecretArn="", DatabaseProxy="yes", Backups="yes", SpotWeight="3"
        )
        assert {
            (name, resource[key])
            for name, resource in template.resources.items()
            for key in self.NAMING
            # What a property calls a name, but is a service's or an engine's.
            if resource.type not in {"AWS::EC2::VPCEndpoint", "AWS::RDS::DBClusterParameterGroup"}
            # A reference to what has a generated name is none of ours.
            and not str(resource.get(key) or "${").startswith("${")
        } == {
            ("DatabaseConnectionProxy", "lms-postgresql-staging"),
            ("Cluster", "lms-cluster-staging"),
            ("Service", "lms-application-staging"),
            ("LoadBalancer", "lms-balancer-staging"),
            ("AccessLogSource", "lms-access-staging"),
            ("AccessLogDestination", "lms-access-staging"),
            ("FailedTasks", "lms-failed-tasks-staging"),
            ("SpotInterruptions", "lms-spot-interruptions-staging"),
        }

    def test_log_groups_lie_under_the_stacks_own_prefix(self, lms: Emitted) -> None:
        names = [group["LogGroupName"] for group in lms.of_type("AWS::Logs::LogGroup").values()]
        assert len(names) == len(set(names)) == 9
        assert [name for name in names if not name.startswith("/lms/lms-dev/")] == ["aws-waf-logs-lms-dev"]


class TestOutputs:
    def test_what_an_operator_asks_for(self, lms: Emitted) -> None:
        assert lms.outputs.keys() >= {
            "VpcId",
            "PublicSubnetIds",
            "PrivateSubnetIds",
            "DataSubnetIds",
            "ClusterName",
            "ServiceName",
            "Url",
            "CacheEndpoint",
            "FileSystemId",
            "FileSystemDnsName",
            "LogGroupName",
            "TaskRoleArn",
            "ExecutionRoleArn",
        }

    @pytest.mark.parametrize("choice", CHOICES)
    def test_no_export_is_empty(self, lms: Emitted, choice: dict[str, str]) -> None:
        assert all(lms.with_parameters(**choice).outputs.values())


class TestDescriptions:
    """What CloudFormation takes; test_room.py measures what grows."""

    def test_they_fit(self, every_template: Emitted) -> None:
        for parameter in every_template.body["Parameters"].values():
            assert len(parameter["Description"]) <= 4000
        assert len(every_template.body["Description"]) <= 1024
