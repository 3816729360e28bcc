"""Rotation of the own database's password, and the new deployments after it: both sides, on the emitted JSON."""

from __future__ import annotations

import json
from string import ascii_letters, digits
from typing import TYPE_CHECKING, Any

import pytest

from stackproof.configuration import check_configuration
from templates.functions import rotation as function
from templates.rotation import CODE, SCHEDULES
from tests.templates_support import ROOT, environment_template, references, statements

if TYPE_CHECKING:
    from tests.templates_support import Emitted, Resource

ROTATION = {
    "RotationRole",
    "RotationPolicy",
    "RotationFunction",
    "RotationPermission",
    "RotationSchedule",
    "RotationAlarm",
}
REDEPLOYMENT = {
    "RedeploymentMachine",
    "RedeploymentRole",
    "RedeploymentPolicy",
    "RedeploymentAlarm",
    "RedeploymentRule",
    "RedeploymentEventRole",
    "RedeploymentEventPolicy",
    "RedeploymentDeadLetters",
    "RedeploymentDeadLettersPolicy",
}
SECRET = "${DatabaseSecret}"  # noqa: S105  # a reference, no secret
MACHINE = "${RedeploymentMachine}"
ALL = {"WorkerCommand": "lms,worker", "CronCommand": "lms,cron", "CronMinutes": "2"}
SERVICES = "arn:aws:ecs:sa-east-1:111122223333:service/${Cluster}"
BUS = "arn:aws:events:sa-east-1:111122223333:event-bus/default"


@pytest.fixture
def own(lms: Emitted) -> Emitted:
    """With a database of its own, that does not rotate."""
    return lms.with_parameters(DatabaseSecretArn="")


@pytest.fixture
def rotating(own: Emitted) -> Emitted:
    return own.with_parameters(DatabaseRotation="monthly")


def sentences(template: Emitted, **parameters: str) -> str:
    return "\n".join(map(str, check_configuration(template.body, {"Parameters": parameters}, "params/x.json")))


def allowed(policy: Resource) -> list[tuple[str | list[str], list[str], dict[str, Any]]]:
    """Each statement: actions, resources, conditions."""
    found = list(statements(policy))
    assert {each["Effect"] for each in found} == {"Allow"}
    return [(each["Action"], each["Resource"], each.get("Condition", {})) for each in found]


def trusted(role: Resource) -> tuple[str, dict[str, Any]]:
    (statement,) = statements(role)
    return statement["Principal"]["Service"], statement.get("Condition", {})


class TestWhich:
    def test_without_it_nothing_rotates_and_nothing_else_is_different(self, own: Emitted, rotating: Emitted) -> None:
        assert own.parameters["DatabaseRotation"] == "no"
        assert rotating.resources.keys() - own.resources.keys() == ROTATION | REDEPLOYMENT
        assert own.resources.keys() <= rotating.resources.keys()
        for name, resource in own.resources.items():
            assert rotating.resources[name].properties == resource.properties, name
        assert rotating.outputs == own.outputs

    def test_an_existing_database_is_its_owners_to_rotate(self, lms: Emitted, own: Emitted) -> None:
        assert not (ROTATION | REDEPLOYMENT) & lms.with_parameters(DatabaseRotation="weekly").resources.keys()
        given = {"DatabaseSecretArn": lms.parameters["DatabaseSecretArn"], "DatabaseRotation": "weekly"}
        assert "DatabaseSecretArn names an existing database: its password is its owner's to rotate. Choose no" in (
            sentences(lms, **given)
        )
        assert sentences(lms, **{**given, "DatabaseRotation": "no"}) == ""
        assert sentences(own, DatabaseRotation="weekly") == ""

    def test_production_does_not_rotate_by_itself(self) -> None:
        assert not (ROTATION | REDEPLOYMENT) & environment_template("prod").resources.keys()

    def test_its_log_is_always_there_since_its_name_would_be_taken_the_second_time(self, lms: Emitted) -> None:
        log = lms.resources["RotationLogGroup"]
        assert log["LogGroupName"] == "/lms/lms-dev/rotation"
        assert log["KmsKeyId"] == "${LogsKey.Arn}"


class TestSchedule:
    @pytest.mark.parametrize(("often", "when"), [("weekly", "SUN"), ("monthly", "SUN#1")])
    def test_in_the_night_to_a_sunday(self, own: Emitted, often: str, when: str) -> None:
        schedule = own.with_parameters(DatabaseRotation=often).resources["RotationSchedule"]
        assert schedule["RotationRules"] == {"ScheduleExpression": f"cron(0 7 ? * {when} *)", "Duration": "2h"}
        assert schedule["SecretId"] == SECRET
        assert schedule["RotationLambdaARN"] == "${RotationFunction.Arn}"

    def test_turning_it_on_rotates_nothing(self, rotating: Emitted) -> None:
        assert rotating.resources["RotationSchedule"]["RotateImmediatelyOnUpdate"] is False

    def test_every_choice_has_a_schedule(self, own: Emitted) -> None:
        assert own.body["Parameters"]["DatabaseRotation"]["AllowedValues"] == ["no", *SCHEDULES]
        assert own.body["Mappings"]["DatabaseRotations"].keys() == SCHEDULES.keys()

    def test_waits_until_the_function_may_be_called_and_the_database_writes(self, rotating: Emitted) -> None:
        schedule = rotating.resources["RotationSchedule"]
        assert schedule.depends_on == ["RotationPermission"]
        waits = rotating.resolve(schedule.body["Metadata"]["WaitsFor"])
        assert waits == ["${DatabaseWriterInstance}", "${DatabaseSecretAttachment}"]


class TestFunction:
    def test_is_the_file_and_knows_the_cluster_alone(self, rotating: Emitted) -> None:
        found = rotating.resources["RotationFunction"]
        assert found["Code"] == {"ZipFile": (ROOT / "templates/functions/rotation.py").read_text(encoding="utf-8")}
        assert (found["Handler"], found["Runtime"]) == ("index.handler", "python3.14")
        assert found["Environment"] == {"Variables": {"CLUSTER": "${DatabaseCluster}"}}
        assert found["LoggingConfig"] == {"LogGroup": "${RotationLogGroup}"}
        assert found.get("VpcConfig") is None
        assert found.depends_on == ["RotationPolicy"]
        # Long enough to wait for a cluster at work, and to tell RDS the password afterwards.
        assert found["Timeout"] * 1000 > 2 * function.SPARE_MILLISECONDS

    def test_its_text_leaves_room_in_what_lambda_takes(self) -> None:
        assert len(CODE.read_bytes()) < 0.7 * 4 * 1024 * 1024

    def test_makes_passwords_like_the_first_one(self, rotating: Emitted) -> None:
        rules = rotating.resources["DatabaseSecret"]["GenerateSecretString"]
        assert rules["PasswordLength"] == function.LENGTH
        assert not set(digits + ascii_letters) & set(rules["ExcludeCharacters"])

    def test_secrets_manager_alone_may_call_it(self, rotating: Emitted) -> None:
        assert rotating.resources["RotationPermission"].properties == {
            "Action": "lambda:InvokeFunction",
            "FunctionName": "${RotationFunction}",
            "Principal": "secretsmanager.amazonaws.com",
            "SourceAccount": "111122223333",
        }

    def test_may_do_what_a_rotation_takes_on_one_secret_and_one_cluster(self, rotating: Emitted) -> None:
        assert trusted(rotating.resources["RotationRole"]) == ("lambda.amazonaws.com", {})
        through = {
            "kms:EncryptionContext:SecretARN": SECRET,
            "kms:ViaService": "secretsmanager.sa-east-1.amazonaws.com",
        }
        event = {"events:source": "lms.database", "events:detail-type": "Database password rotated"}
        assert allowed(rotating.resources["RotationPolicy"]) == [
            (["logs:CreateLogStream", "logs:PutLogEvents"], ["${RotationLogGroup.Arn}"], {}),
            (
                [
                    "secretsmanager:DescribeSecret",
                    "secretsmanager:GetSecretValue",
                    "secretsmanager:PutSecretValue",
                    "secretsmanager:UpdateSecretVersionStage",
                ],
                [SECRET],
                {},
            ),
            (["kms:Decrypt", "kms:GenerateDataKey"], ["${SecretsKey.Arn}"], {"StringEquals": through}),
            (["rds:DescribeDBClusters", "rds:ModifyDBCluster"], ["${DatabaseCluster.DBClusterArn}"], {}),
            (["events:PutEvents"], [BUS], {"StringEquals": event}),
        ]

    def test_an_alarm_tells_of_a_step_that_failed(self, rotating: Emitted) -> None:
        alarm = rotating.resources["RotationAlarm"]
        assert (alarm["Namespace"], alarm["MetricName"], alarm["Statistic"]) == ("AWS/Lambda", "Errors", "Sum")
        assert alarm["Dimensions"] == [{"Name": "FunctionName", "Value": "${RotationFunction}"}]
        assert (alarm["Threshold"], alarm["AlarmActions"]) == (0, ["${AlarmTopic}"])


class TestRedeployment:
    def services(self, template: Emitted) -> list[str]:
        """The services that the state machine deploys, with what it asks for checked."""
        definition = template.resources["RedeploymentMachine"]["Definition"]
        assert definition["StartAt"] == "Deploy"
        state = definition["States"]["Deploy"]
        assert (state["Type"], state["End"]) == ("Parallel", True)
        found = []
        for branch in state["Branches"]:
            states = self.deployment(branch)["States"]
            begin, look = states["Begin"], states["Look"]
            assert begin["Resource"] == "arn:aws:states:::aws-sdk:ecs:updateService"
            assert look["Resource"] == "arn:aws:states:::aws-sdk:ecs:describeServices"
            name = begin["Parameters"]["Service"]
            assert begin["Parameters"] == {"Cluster": "${Cluster}", "Service": name, "ForceNewDeployment": True}
            assert look["Parameters"] == {"Cluster": "${Cluster}", "Services": [name]}
            found.append(name)
        return found

    def deployment(self, branch: dict[str, Any]) -> dict[str, Any]:
        """What is done for one service, once or again."""
        (found,) = branch["States"]["Service"]["Branches"]
        assert isinstance(found, dict)
        return found

    @pytest.mark.parametrize(
        ("given", "names"),
        [
            ({}, ["Service"]),
            (ALL, ["Service", "WorkerService", "CronService"]),
            # A schedule's tasks read the secret when they start.
            ({**ALL, "CronMinutes": "5"}, ["Service", "WorkerService"]),
            # Services without tasks are deployed without any.
            ({**ALL, "BackgroundJobs": "no"}, ["Service", "WorkerService", "CronService"]),
        ],
    )
    def test_each_service_that_there_is_and_no_other(
        self, rotating: Emitted, given: dict[str, str], names: list[str]
    ) -> None:
        template = rotating.with_parameters(**given)
        called = {"Service": "application", "WorkerService": "worker", "CronService": "cron"}
        mine = [template.resources[name]["ServiceName"] for name in names]
        assert mine == [f"lms-{called[name]}-dev" for name in names]
        assert self.services(template) == mine
        assert allowed(template.resources["RedeploymentPolicy"]) == [
            (["ecs:DescribeServices", "ecs:UpdateService"], [f"{SERVICES}/{name}"], {}) for name in mine
        ]

    def test_without_the_application_nothing_runs_that_could_be_deployed(self, rotating: Emitted) -> None:
        stopped = rotating.with_parameters(**ALL, RunApplication="no")
        assert [stopped.resources[name]["DesiredCount"] for name in ("WorkerService", "CronService")] == [0, 0]
        assert stopped.resources.keys() >= ROTATION
        assert not REDEPLOYMENT & stopped.resources.keys()

    def test_a_deployment_that_is_refused_or_taken_back_is_begun_again(self, rotating: Emitted) -> None:
        """Requests that fail for want of a connection may set off an alarm that takes it back."""
        (branch,) = rotating.resources["RedeploymentMachine"]["Definition"]["States"]["Deploy"]["Branches"]
        (retry,) = branch["States"]["Service"]["Retry"]
        assert retry["ErrorEquals"] == ["States.ALL"]
        waits = [retry["IntervalSeconds"] * retry["BackoffRate"] ** number for number in range(retry["MaxAttempts"])]
        assert waits == [60, 120, 240, 480]
        states = self.deployment(branch)["States"]
        assert states["Judge"]["Choices"] == [
            {"Not": {"Variable": "$.Newest.Id", "StringEqualsPath": "$.Begun.Id"}, "Next": "TakenBack"},
            {"Variable": "$.Newest.State", "StringEquals": "FAILED", "Next": "TakenBack"},
            {"Variable": "$.Newest.State", "StringEquals": "COMPLETED", "Next": "Done"},
        ]
        assert states["TakenBack"]["Type"] == "Fail"
        assert states["Done"]["Type"] == "Succeed"

    def test_every_state_leads_to_one_that_there_is_and_it_ends_some_day(self, rotating: Emitted) -> None:
        definition = rotating.resources["RedeploymentMachine"]["Definition"]
        assert definition["TimeoutSeconds"] == 3 * 3600
        (branch,) = definition["States"]["Deploy"]["Branches"]
        whole = self.deployment(branch)
        named = {whole["StartAt"], whole["States"]["Judge"]["Default"]}
        for state in [*whole["States"].values(), *whole["States"]["Judge"]["Choices"]]:
            named |= {state["Next"]} if "Next" in state else set()
        assert named == whole["States"].keys()

    def test_the_functions_event_about_this_secret_starts_it(self, rotating: Emitted) -> None:
        rule = rotating.resources["RedeploymentRule"]
        assert rule["EventPattern"] == {
            "source": [function.SOURCE],
            "detail-type": [function.KIND],
            "resources": [SECRET],
        }
        (target,) = rule["Targets"]
        assert target["Arn"] == MACHINE
        assert target["RoleArn"] == "${RedeploymentEventRole.Arn}"
        assert target["RetryPolicy"]["MaximumEventAgeInSeconds"] == 3600
        assert target["DeadLetterConfig"] == {"Arn": "${RedeploymentDeadLetters.Arn}"}
        # Nothing is sent before it may be.
        assert rule.depends_on == ["RedeploymentEventPolicy"]
        assert rotating.resources["RedeploymentMachine"].depends_on == ["RedeploymentPolicy"]

    def test_each_role_does_one_thing(self, rotating: Emitted) -> None:
        assert trusted(rotating.resources["RedeploymentEventRole"]) == ("events.amazonaws.com", {})
        assert allowed(rotating.resources["RedeploymentEventPolicy"]) == [
            (["states:StartExecution"], [MACHINE], {}),
        ]
        mine = {"StringEquals": {"aws:SourceAccount": "111122223333"}}
        assert trusted(rotating.resources["RedeploymentRole"]) == ("states.amazonaws.com", mine)

    def test_an_event_that_is_not_delivered_is_kept(self, rotating: Emitted) -> None:
        queue = rotating.resources["RedeploymentDeadLetters"]
        assert queue["KmsMasterKeyId"] == "${AlarmKey.Arn}"
        plain, mine = statements(rotating.resources["RedeploymentDeadLettersPolicy"])
        assert (plain["Effect"], plain["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})
        assert (mine["Principal"], mine["Action"]) == ({"Service": "events.amazonaws.com"}, ["sqs:SendMessage"])
        assert mine["Condition"] == {"ArnEquals": {"aws:SourceArn": "${RedeploymentRule.Arn}"}}

    def test_an_alarm_tells_of_a_deployment_that_was_not_started(self, rotating: Emitted) -> None:
        alarm = rotating.resources["RedeploymentAlarm"]
        value, *measures = alarm["Metrics"]
        assert (value["Expression"], alarm["Threshold"], alarm["AlarmActions"]) == (
            "SUM(METRICS())",
            0,
            ["${AlarmTopic}"],
        )
        found = {
            each["MetricStat"]["Metric"]["MetricName"]: each["MetricStat"]["Metric"]["Dimensions"] for each in measures
        }
        runs = [{"Name": "StateMachineArn", "Value": MACHINE}]
        assert found == {
            "ExecutionsAborted": runs,
            "ExecutionsFailed": runs,
            "ExecutionsTimedOut": runs,
            "ApproximateNumberOfMessagesVisible": [
                {"Name": "QueueName", "Value": "${RedeploymentDeadLetters.QueueName}"}
            ],
        }


def test_the_secret_and_the_cluster_refer_to_nothing_of_it(lms: Emitted) -> None:
    """Turned on or off, it replaces neither: they do not know of it."""
    for name in ("DatabaseSecret", "DatabaseSecretAttachment", "DatabaseCluster", "DatabaseConnectionProxy"):
        used = references(lms.body["Resources"][name])
        assert not used & (ROTATION | REDEPLOYMENT | {"DatabaseRotation"}), name
        assert "Rotat" not in json.dumps(lms.body["Resources"][name]), name
