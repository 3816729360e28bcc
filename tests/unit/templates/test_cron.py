"""The periodic command: a schedule or a service, never both, and the one switch that stops either."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.templates_support import references, statements

if TYPE_CHECKING:
    from tests.templates_support import Emitted

ACCOUNT = "111122223333"
SCHEDULED = {
    "CronTask",
    "CronSchedule",
    "CronScheduleGroup",
    "CronRole",
    "CronPolicy",
    "CronDeadLetters",
    "CronDeadLettersPolicy",
    "CronAlarm",
    "CronFailed",
    "CronFailedAlarm",
}
TOLD = {"BackgroundAlarm", "ToldOfTasksAlarm"}
"""By them an operator is told, wherever there is an application."""


def cron(template: Emitted, minutes: str | int = 5, **parameters: str | int) -> Emitted:
    return template.with_parameters(CronCommand="lms,cron,--once", CronMinutes=minutes, **parameters)


def container(template: Emitted, definition: str = "CronTask") -> dict[str, Any]:
    [found] = template.resources[definition]["ContainerDefinitions"]
    assert isinstance(found, dict)
    return found


class TestWhich:
    def test_a_blank_command_leaves_all_out(self, lms: Emitted) -> None:
        for minutes in (1, 5):
            assert not [name for name in lms.with_parameters(CronMinutes=minutes).resources if name.startswith("Cron")]

    @pytest.mark.parametrize("minutes", [5, 10, 1440])
    def test_a_schedule_starts_a_task_for_each_run(self, lms: Emitted, minutes: int) -> None:
        template = cron(lms, minutes)
        assert template.resources.keys() - lms.resources.keys() == SCHEDULED | TOLD
        assert template.resources["CronSchedule"]["ScheduleExpression"] == f"rate({minutes} minutes)"
        assert template.outputs.keys() - lms.outputs.keys() == {"CronDeadLettersUrl"}

    @pytest.mark.parametrize("minutes", [1, 2, 3, 4])
    def test_below_five_minutes_one_task_runs_all_the_time(self, lms: Emitted, minutes: int) -> None:
        template = cron(lms, minutes)
        assert (
            template.resources.keys() - lms.resources.keys()
            == {
                "CronTask",
                "CronService",
                "CronFailed",
                "CronFailedAlarm",
                "MissingCronAlarm",
            }
            | TOLD
        )
        assert template.outputs.keys() - lms.outputs.keys() == {"CronServiceName"}

    def test_only_minutes_that_a_schedule_can_say(self, lms: Emitted) -> None:
        allowed = lms.body["Parameters"]["CronMinutes"]["AllowedValues"]
        assert [number for number in allowed if number < 5] == [1, 2, 3, 4]
        assert all(1440 % number == 0 for number in allowed)


class TestTask:
    def test_the_same_application_with_a_command_of_its_own(self, lms: Emitted) -> None:
        every = cron(lms, PlainCache="yes", ExtraSecretArn=lms.parameters["DatabaseSecretArn"], CronSize="256/1024")
        mine, theirs = container(every), container(every, "TaskDefinition")
        assert mine["Command"] == ["lms", "cron", "--once"]
        for name in ("Image", "Environment", "Secrets", "MountPoints", "LinuxParameters"):
            assert mine[name] == theirs[name], name
        definition, other = every.resources["CronTask"], every.resources["TaskDefinition"]
        assert (definition["Cpu"], definition["Memory"]) == ("256", "1024")
        for name in ("Volumes", "TaskRoleArn", "ExecutionRoleArn", "RuntimePlatform"):
            assert definition[name] == other[name], name

    def test_takes_no_requests_and_writes_streams_of_its_own(self, lms: Emitted) -> None:
        found = container(cron(lms))
        assert not {"PortMappings", "HealthCheck"} & found.keys()
        options = found["LogConfiguration"]["Options"]
        assert (options["awslogs-group"], options["awslogs-stream-prefix"]) == ("${ApplicationLogGroup}", "cron")


class TestService:
    def test_never_more_than_one_task(self, lms: Emitted) -> None:
        found = cron(lms, 2).resources["CronService"]
        assert found["DesiredCount"] == 1
        deployment = found["DeploymentConfiguration"]
        assert (deployment["MinimumHealthyPercent"], deployment["MaximumPercent"]) == (0, 100)
        assert deployment["DeploymentCircuitBreaker"] == {"Enable": True, "Rollback": True}
        # With it, ECS refuses a MaximumPercent of 100.
        assert found["AvailabilityZoneRebalancing"] == "DISABLED"

    def test_on_demand_and_without_a_balancer_where_the_application_runs(self, lms: Emitted) -> None:
        template = cron(lms, 2, EnvironmentSuffix="prod", ExecuteCommand="yes")
        mine, theirs = template.resources["CronService"], template.resources["Service"]
        assert mine["ServiceName"] == "lms-cron-prod"
        assert [item["CapacityProvider"] for item in mine["CapacityProviderStrategy"]] == ["FARGATE"]
        assert mine.get("LoadBalancers") is None
        for name in ("Cluster", "NetworkConfiguration", "EnableExecuteCommand"):
            assert mine[name] == theirs[name], name

    @pytest.mark.parametrize("switch", [{"BackgroundJobs": "no"}, {"RunApplication": "no"}])
    def test_is_stopped_and_stays(self, lms: Emitted, switch: dict[str, str]) -> None:
        assert cron(lms, 2, **switch).resources["CronService"]["DesiredCount"] == 0


class TestSchedule:
    def test_runs_one_task_in_the_applications_network(self, lms: Emitted) -> None:
        template = cron(lms, ZoneCount=3)
        target = template.resources["CronSchedule"]["Target"]
        parameters = target["EcsParameters"]
        assert target["Arn"] == "${Cluster.Arn}"
        assert (parameters["TaskDefinitionArn"], parameters["TaskCount"]) == ("${CronTask}", 1)
        assert parameters["LaunchType"] == "FARGATE"
        network = template.resources["Service"]["NetworkConfiguration"]["AwsvpcConfiguration"]
        assert parameters["NetworkConfiguration"] == {"AwsvpcConfiguration": network}

    def test_a_late_run_is_not_made_up_for(self, lms: Emitted) -> None:
        found = cron(lms).resources["CronSchedule"]
        assert found["FlexibleTimeWindow"] == {"Mode": "OFF"}
        assert found["Target"]["RetryPolicy"] == {"MaximumEventAgeInSeconds": 300, "MaximumRetryAttempts": 3}

    @pytest.mark.parametrize(
        ("switch", "state"),
        [({}, "ENABLED"), ({"BackgroundJobs": "no"}, "DISABLED"), ({"RunApplication": "no"}, "DISABLED")],
    )
    def test_is_switched_off_and_stays(self, lms: Emitted, switch: dict[str, str], state: str) -> None:
        template = cron(lms, **switch)
        assert template.resources.keys() >= SCHEDULED
        assert template.resources["CronSchedule"]["State"] == state

    def test_waits_for_what_the_application_waits_for(self, lms: Emitted) -> None:
        template = cron(lms)
        mine, theirs = template.resources["CronSchedule"], template.resources["Service"]
        listener, *others = theirs.body["Metadata"]["WaitsFor"]
        assert "HttpsListener" in references(listener)
        assert mine.body["Metadata"] == {"WaitsFor": others}
        assert "CronPolicy" in mine.depends_on
        missing = set(theirs.depends_on) - set(mine.depends_on)
        assert all("Balancer" in name or "Listener" in name for name in missing), missing


class TestRole:
    def test_runs_this_task_in_this_cluster_with_these_roles_and_nothing_else(self, lms: Emitted) -> None:
        found = list(statements(cron(lms).resources["CronPolicy"]))
        assert {(action, resource) for each in found for action in each["Action"] for resource in each["Resource"]} == {
            ("ecs:RunTask", "${CronTask}"),
            ("iam:PassRole", "${ExecutionRole.Arn}"),
            ("iam:PassRole", "${TaskRole.Arn}"),
            ("sqs:SendMessage", "${CronDeadLetters.Arn}"),
            ("kms:Decrypt", "${AlarmKey.Arn}"),
            ("kms:GenerateDataKey", "${AlarmKey.Arn}"),
        }
        conditions = {each["Action"][0]: each.get("Condition") for each in found}
        assert conditions["ecs:RunTask"] == {"ArnEquals": {"ecs:cluster": "${Cluster.Arn}"}}
        assert conditions["kms:Decrypt"] == {"StringEquals": {"kms:ViaService": "sqs.sa-east-1.amazonaws.com"}}
        assert conditions["iam:PassRole"] == {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}

    def test_only_the_scheduler_for_this_group_takes_it_on(self, lms: Emitted) -> None:
        template = cron(lms, EnvironmentSuffix="prod")
        [trust] = template.resources["CronRole"]["AssumeRolePolicyDocument"]["Statement"]
        assert trust["Principal"] == {"Service": "scheduler.amazonaws.com"}
        assert trust["Condition"] == {
            "StringEquals": {"aws:SourceAccount": ACCOUNT},
            "ArnLike": {"aws:SourceArn": f"arn:aws:scheduler:sa-east-1:{ACCOUNT}:schedule-group/lms-cron-prod"},
        }
        assert template.resources["CronScheduleGroup"]["Name"] == "lms-cron-prod"
        assert template.resources["CronSchedule"]["GroupName"] == "${CronScheduleGroup}"


class TestDeadLetters:
    def test_what_could_not_be_started_is_kept_encrypted_and_taken_by_tls_alone(self, lms: Emitted) -> None:
        template = cron(lms)
        queue = template.resources["CronDeadLetters"]
        assert queue["KmsMasterKeyId"] == "${AlarmKey.Arn}"
        assert queue["MessageRetentionPeriod"] == 14 * 24 * 3600
        target = template.resources["CronSchedule"]["Target"]
        assert target["DeadLetterConfig"] == {"Arn": "${CronDeadLetters.Arn}"}
        [denied] = statements(template.resources["CronDeadLettersPolicy"])
        assert (denied["Effect"], denied["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})
