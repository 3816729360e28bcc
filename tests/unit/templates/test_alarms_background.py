"""The alarms on workers and on the periodic command, and what ECS does when a task fails."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.templates.alarms_support import rule_of, value

if TYPE_CHECKING:
    from tests.templates_support import Emitted, Resource

WORKERS = {"WorkerCommand": "lms,worker"}
CRON = {"CronCommand": "lms,cron"}
OF_WORKERS = {"WorkerCpuAlarm", "WorkerMemoryAlarm", "MissingWorkersAlarm"}


@pytest.fixture(scope="module")
def busy(lms: Emitted) -> Emitted:
    """Workers, and a task for each run of the periodic command."""
    return lms.with_parameters(**WORKERS, **CRON)


def names_of(alarm: Resource) -> set[tuple[str, str]]:
    """The dimensions of everything that an alarm looks at."""
    queries = [query["MetricStat"]["Metric"] for query in alarm.get("Metrics") or [] if "MetricStat" in query]
    return {(each["Name"], each["Value"]) for metric in queries or [alarm.properties] for each in metric["Dimensions"]}


class TestWorkers:
    @pytest.mark.parametrize("name", sorted(OF_WORKERS))
    def test_are_watched_by_the_name_of_their_service(self, busy: Emitted, name: str) -> None:
        service = busy.resources["WorkerService"]["ServiceName"]
        assert service == "lms-worker-dev"
        assert names_of(busy.resources[name]) == {("ClusterName", "${Cluster}"), ("ServiceName", service)}

    @pytest.mark.parametrize("name", ["WorkerCpuAlarm", "WorkerMemoryAlarm"])
    def test_are_nearly_used_up_from_what_was_chosen(self, busy: Emitted, name: str) -> None:
        alarm = busy.with_parameters(AlarmUsedPercent=70).resources[name]
        assert (alarm["Statistic"], alarm["ComparisonOperator"], alarm["Threshold"]) == (
            "Average",
            "GreaterThanThreshold",
            "70",
        )

    def test_are_missing_when_fewer_run_than_are_wanted(self, busy: Emitted) -> None:
        alarm = busy.resources["MissingWorkersAlarm"]
        assert value(alarm, wanted=4, running=3) > alarm["Threshold"]
        assert not value(alarm, wanted=0, running=0) > alarm["Threshold"], "BackgroundJobs=no"

    def test_that_are_none_are_not_watched(self, lms: Emitted) -> None:
        assert not OF_WORKERS & lms.with_parameters(**CRON).resources.keys()


class TestCron:
    def test_a_run_that_failed_or_could_not_start_counts(self, busy: Emitted) -> None:
        pattern = busy.resources["CronFailed"]["EventPattern"]
        assert pattern["detail-type"] == ["ECS Task State Change"]
        detail = pattern["detail"]
        assert (detail["taskDefinitionArn"], detail["lastStatus"]) == (["${CronTask}"], ["STOPPED"])
        assert {"stopCode": ["TaskFailedToStart"]} in detail["$or"]
        broken = {"stopCode": ["EssentialContainerExited"], "containers": {"exitCode": [{"anything-but": 0}]}}
        assert broken in detail["$or"]
        alarm = busy.resources["CronFailedAlarm"]
        assert alarm["Dimensions"] == [{"Name": "RuleName", "Value": "${CronFailed}"}]
        assert (alarm["Statistic"], alarm["Threshold"]) == ("Sum", 0)

    def test_a_run_that_was_not_even_asked_for_is_in_the_queue(self, busy: Emitted) -> None:
        alarm = busy.resources["CronAlarm"]
        assert (alarm["MetricName"], alarm["Threshold"]) == ("ApproximateNumberOfMessagesVisible", 0)
        assert alarm["Dimensions"] == [{"Name": "QueueName", "Value": "${CronDeadLetters.QueueName}"}]
        assert "MissingCronAlarm" not in busy.resources

    def test_one_task_that_runs_all_the_time_must_run(self, lms: Emitted) -> None:
        template = lms.with_parameters(**CRON, CronMinutes=1)
        alarm = template.resources["MissingCronAlarm"]
        assert ("ServiceName", template.resources["CronService"]["ServiceName"]) in names_of(alarm)
        assert value(alarm, wanted=1, running=0) > alarm["Threshold"]
        assert "CronAlarm" not in template.resources
        assert "CronFailedAlarm" in template.resources

    def test_without_a_command_nothing_is_watched(self, lms: Emitted) -> None:
        names = {"CronFailed", "CronFailedAlarm", "CronAlarm", "MissingCronAlarm"}
        assert not names & lms.with_parameters(**WORKERS).resources.keys()


class TestPaging:
    @pytest.mark.parametrize(
        ("given", "parts"),
        [
            ({**WORKERS, **CRON}, OF_WORKERS | {"CronFailedAlarm", "CronAlarm"}),
            (WORKERS, OF_WORKERS),
            (CRON, {"CronFailedAlarm", "CronAlarm"}),
            ({**CRON, "CronMinutes": 1}, {"CronFailedAlarm", "MissingCronAlarm"}),
            ({**WORKERS, "BackgroundJobs": "no"}, OF_WORKERS),
        ],
        ids=["both", "workers", "schedule", "one task", "switched off"],
    )
    def test_what_is_there_pages_once(self, lms: Emitted, given: dict[str, Any], parts: set[str]) -> None:
        template = lms.with_parameters(**given)
        assert rule_of(template, "BackgroundAlarm") == parts
        assert template.resources["BackgroundAlarm"]["AlarmActions"] == ["${AlarmTopic}"]
        assert not [name for name in parts if template.resources[name].get("AlarmActions")]

    def test_waits_while_somebody_has_been_told_of_anything_else(self, busy: Emitted) -> None:
        assert busy.resources["BackgroundAlarm"]["ActionsSuppressor"] == "${ToldOfTasksAlarm.Arn}"
        assert rule_of(busy, "ToldOfTasksAlarm") == {"ToldAlarm", "CapacityAlarm"}
        assert busy.resources["ToldOfTasksAlarm"].get("AlarmActions") is None

    @pytest.mark.parametrize("given", [{}, {**WORKERS, **CRON, "RunApplication": "no"}], ids=["none", "stopped"])
    def test_without_work_in_the_background_nothing_pages(self, lms: Emitted, given: dict[str, str]) -> None:
        assert not {"BackgroundAlarm", "ToldOfTasksAlarm"} & lms.with_parameters(**given).resources.keys()


class TestFailedTasks:
    @pytest.mark.parametrize(
        ("given", "groups"),
        [({}, ["service:lms-application-dev"]), (WORKERS, ["service:lms-application-dev", "service:lms-worker-dev"])],
    )
    def test_are_those_of_the_services(self, lms: Emitted, given: dict[str, str], groups: list[str]) -> None:
        """The periodic command tells by itself, and an upgrade is watched by who runs it."""
        template = lms.with_parameters(**given)
        assert template.resources["Service"]["ServiceName"] == "lms-application-dev"
        stopped, _ = template.resources["FailedTasks"]["EventPattern"]["$or"]
        assert stopped["detail-type"] == ["ECS Task State Change"]
        assert (stopped["detail"]["group"], stopped["detail"]["lastStatus"]) == (groups, ["STOPPED"])
        assert [each["stopCode"] for each in stopped["detail"]["$or"]] == [
            ["TaskFailedToStart"],
            ["EssentialContainerExited"],
        ]

    def test_are_those_too_for_which_there_is_no_room(self, lms: Emitted) -> None:
        _, action = lms.resources["FailedTasks"]["EventPattern"]["$or"]
        assert action["detail-type"] == ["ECS Service Action"]
        assert action["resources"] == [{"prefix": "arn:aws:ecs:sa-east-1:111122223333:service/${Cluster}/"}]
        assert action["detail"]["eventName"] == ["SERVICE_TASK_PLACEMENT_FAILURE", "SERVICE_TASK_START_IMPAIRED"]

    def test_are_too_many_from_what_was_chosen(self, lms: Emitted) -> None:
        alarm = lms.with_parameters(AlarmFailedTasks=9).resources["FailedTasksAlarm"]
        assert alarm["Dimensions"] == [{"Name": "RuleName", "Value": "${FailedTasks}"}]
        assert (alarm["Statistic"], alarm["Threshold"], alarm["Period"]) == ("Sum", "9", 900)

    def test_are_not_looked_for_while_the_application_is_stopped(self, lms: Emitted) -> None:
        stopped = lms.with_parameters(RunApplication="no")
        assert not {"FailedTasks", "FailedTasksAlarm"} & stopped.resources.keys()


@pytest.mark.parametrize(
    ("given", "asked"),
    [
        ({}, False),
        ({"SpotWeight": "3"}, True),
        ({**WORKERS, "WorkerSpotWeight": "3"}, True),
        ({"WorkerSpotWeight": "3"}, False),
        ({**WORKERS, "WorkerSpotWeight": "3", "RunApplication": "no"}, False),
    ],
    ids=["none", "the application's tasks", "workers", "a share of no workers", "stopped"],
)
def test_spot_is_watched_wherever_it_is_used(lms: Emitted, given: dict[str, str], asked: bool) -> None:
    found = lms.with_parameters(**given).resources.keys() & {"SpotInterruptions", "SpotAlarm"}
    assert found == ({"SpotInterruptions", "SpotAlarm"} if asked else set())
