"""The alarms: what each looks at, when it goes off, who is told, and what a deployment is taken back by."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

import pytest

from tests.templates_support import references
from tests.unit.templates.alarms_support import EVERYTHING, METRIC, alarms, rule_of, value

if TYPE_CHECKING:
    from tests.templates_support import Emitted

COMPOSITES = ("StudentsAlarm", "DatabaseAlarm", "CacheAlarm", "FilesAlarm", "CapacityAlarm", "BackgroundAlarm")
SILENT = {"ToldAlarm", "ToldOfTasksAlarm"}
"""Others wait for them."""
ALONE = {
    "BackupAlarm",
    "BlockedRequestsAlarm",
    "CertificateAlarm",
    "DatabaseSizeAlarm",
    "NatTrafficAlarm",
}
"""They come alone, and are no emergency."""


class TestEvery:
    def test_says_what_is_wrong_and_what_to_do(self, watched: Emitted) -> None:
        for name, alarm in alarms(watched).items():
            sentences = re.split(r"(?<=[.:]) ", alarm["AlarmDescription"])
            assert len(sentences) >= 2, name
            assert len(alarm["AlarmDescription"]) <= 1024, name

    def test_says_what_no_data_means(self, watched: Emitted) -> None:
        for name, alarm in watched.of_type(METRIC).items():
            assert alarm["TreatMissingData"] in {"notBreaching", "breaching", "missing", "ignore"}, name

    def test_can_go_off(self, watched: Emitted) -> None:
        for name, alarm in watched.of_type(METRIC).items():
            assert 1 <= (alarm.get("DatapointsToAlarm") or alarm["EvaluationPeriods"]) <= alarm["EvaluationPeriods"], (
                name
            )

    def test_refers_to_nothing_that_is_not_there(self, lms: Emitted) -> None:
        for template in (lms, lms.with_parameters(RunApplication="no"), lms.with_parameters(**EVERYTHING)):
            for name, alarm in alarms(template).items():
                named = re.findall(r"\$\{(\w+)", str(alarm.properties))
                assert set(named) <= template.resources.keys(), name


class TestPaging:
    def test_few_tell_somebody_and_the_others_are_part_of_those(self, watched: Emitted) -> None:
        loud = {name for name, alarm in alarms(watched).items() if alarm.get("AlarmActions")}
        assert loud == set(COMPOSITES) | ALONE
        for name in loud:
            assert watched.resources[name]["AlarmActions"] == ["${AlarmTopic}"]
        children = set().union(*(rule_of(watched, name) for name in COMPOSITES))
        quiet = alarms(watched).keys() - loud - SILENT
        assert children | {"ApplicationErrorsAlarm"} == quiet, "ApplicationErrorsAlarm is for deployments alone"

    @pytest.mark.parametrize("name", ["DatabaseAlarm", "CacheAlarm", "FilesAlarm"])
    def test_a_store_pages_only_while_students_notice_nothing(self, watched: Emitted, name: str) -> None:
        alarm = watched.resources[name]
        assert alarm["ActionsSuppressor"] == "${StudentsAlarm.Arn}"
        assert (alarm["ActionsSuppressorWaitPeriod"], alarm["ActionsSuppressorExtensionPeriod"]) == (120, 300)

    def test_tasks_page_only_while_nobody_has_been_told(self, watched: Emitted) -> None:
        assert watched.resources["CapacityAlarm"]["ActionsSuppressor"] == "${ToldAlarm.Arn}"
        assert rule_of(watched, "ToldAlarm") == {"StudentsAlarm", "DatabaseAlarm", "CacheAlarm", "FilesAlarm"}
        assert watched.resources["ToldAlarm"].get("AlarmActions") is None

    def test_stores_page_by_themselves_while_the_application_is_stopped(self, lms: Emitted) -> None:
        stopped = lms.with_parameters(RunApplication="no", DatabaseSecretArn="")
        for name in ("DatabaseAlarm", "CacheAlarm", "FilesAlarm"):
            alarm = stopped.resources[name]
            assert alarm["AlarmActions"] == ["${AlarmTopic}"]
            assert not [property_ for property_ in alarm.properties if property_.startswith("ActionsSuppressor")]
        assert not {"StudentsAlarm", "CapacityAlarm", "ToldAlarm"} & stopped.resources.keys()

    def test_what_students_notice_is_errors_waiting_and_nobody_to_answer(self, watched: Emitted) -> None:
        assert rule_of(watched, "StudentsAlarm") == {
            "ErrorsAlarm",
            "RejectedConnectionsAlarm",
            "LatencyAlarm",
            "OutageAlarm",
        }
        assert watched.resources["StudentsAlarm"]["OKActions"] == ["${AlarmTopic}"]


def test_an_update_is_taken_back_by_what_students_notice_alone(lms: Emitted) -> None:
    """A backup that failed last night is no reason."""
    assert lms.body["Metadata"]["Stackproof::RollbackTriggers"] == ["StudentsAlarm"]
    assert "StudentsAlarm" in lms.resources


class TestErrors:
    @pytest.mark.parametrize(
        ("metrics", "percent"),
        [
            ({"requests": 1000, "application": 30}, 3),
            ({"requests": 1000, "application": 30, "balancer": 20}, 100 * 50 / 1020),
            ({"requests": None, "balancer": 500}, 100 * 500 / 501),
            ({"requests": 10, "application": 10}, 0),
            ({"requests": None, "balancer": 900, "pages": 900}, 0),
            ({"requests": None, "pages": 900}, 0),
        ],
        ids=["tasks", "both", "no task to ask", "too few to tell", "maintenance", "maintenance, counted elsewhere"],
    )
    def test_are_a_share_of_all_requests(self, watched: Emitted, metrics: dict[str, Any], percent: float) -> None:
        none = dict.fromkeys(("requests", "application", "balancer", "pages"))
        assert value(watched.resources["ErrorsAlarm"], **{**none, **metrics}) == pytest.approx(percent)

    @pytest.mark.parametrize(("requests", "errors", "percent"), [(200, 10, 5), (20, 20, 0), (None, None, 0)])
    def test_of_the_application_alone_are_too(
        self, watched: Emitted, requests: float | None, errors: float | None, percent: float
    ) -> None:
        assert value(watched.resources["ApplicationErrorsAlarm"], requests=requests, errors=errors) == percent

    def test_are_too_many_from_the_share_that_was_chosen(self, lms: Emitted) -> None:
        alarm = lms.with_parameters(AlarmErrorPercent=2).resources["ErrorsAlarm"]
        assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("GreaterThanThreshold", "2")


def test_a_balancer_that_turns_connections_away_counts_no_error(lms: Emitted) -> None:
    alarm = lms.resources["RejectedConnectionsAlarm"]
    assert (alarm["MetricName"], alarm["Statistic"], alarm["Threshold"]) == ("RejectedConnectionCount", "Sum", 0)
    assert alarm["Dimensions"] == [{"Name": "LoadBalancer", "Value": "${LoadBalancer.LoadBalancerFullName}"}]


class TestDeployment:
    def test_is_taken_back_by_errors_and_slow_answers_of_the_tasks(self, lms: Emitted) -> None:
        assert lms.resources["Service"]["DeploymentConfiguration"]["Alarms"] == {
            "AlarmNames": ["${ApplicationErrorsAlarm}", "${LatencyAlarm}"],
            "Enable": True,
            "Rollback": True,
        }

    def test_is_not_taken_back_for_the_maintenance_page(self, lms: Emitted) -> None:
        """What the balancer answers by itself is no part of what these alarms count."""
        for name in ("ApplicationErrorsAlarm", "LatencyAlarm"):
            alarm = lms.resources[name]
            metrics = [query["MetricStat"]["Metric"] for query in alarm.get("Metrics") or [] if "MetricStat" in query]
            for metric in metrics or [alarm.properties]:
                assert {each["Name"] for each in metric["Dimensions"]} == {"LoadBalancer", "TargetGroup"}

    def test_its_alarms_know_nothing_of_the_service(self, lms: Emitted) -> None:
        for name in ("ApplicationErrorsAlarm", "LatencyAlarm"):
            body = lms.body["Resources"][name]
            assert "Service" not in references(body)
            assert "DependsOn" not in body
            assert "Condition" not in body


class TestOutage:
    def test_is_no_healthy_task_and_no_data_as_well(self, watched: Emitted) -> None:
        alarm = watched.resources["OutageAlarm"]
        assert (alarm["MetricName"], alarm["ComparisonOperator"], alarm["Threshold"]) == (
            "HealthyHostCount",
            "LessThanThreshold",
            1,
        )
        assert alarm["TreatMissingData"] == "breaching"

    def test_is_looked_for_from_when_the_service_stands(self, watched: Emitted) -> None:
        """Or everybody would be told of one while the stack is made."""
        assert watched.resources["OutageAlarm"].depends_on == ["Service"]


class TestTasks:
    def test_are_missing_when_fewer_run_than_are_wanted(self, watched: Emitted) -> None:
        alarm = watched.resources["MissingTasksAlarm"]
        assert value(alarm, wanted=6, running=4) > alarm["Threshold"]
        assert not value(alarm, wanted=6, running=6) > alarm["Threshold"]

    def test_are_all_there_can_be_at_the_maximum(self, lms: Emitted) -> None:
        alarm = lms.with_parameters(MaximumTasks=9).resources["MaximumTasksAlarm"]
        assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("GreaterThanOrEqualToThreshold", "9")

    def test_of_a_fixed_number_are_always_all(self, lms: Emitted) -> None:
        assert "MaximumTasksAlarm" not in lms.with_parameters(MinimumTasks=3, MaximumTasks=3).resources

    @pytest.mark.parametrize("name", ["ServiceCpuAlarm", "ServiceMemoryAlarm"])
    def test_are_nearly_used_up_from_what_was_chosen(self, lms: Emitted, name: str) -> None:
        alarm = lms.with_parameters(AlarmUsedPercent=70).resources[name]
        assert (alarm["Statistic"], alarm["Threshold"]) == ("Average", "70")
        assert alarm["Dimensions"] == [
            {"Name": "ClusterName", "Value": "${Cluster}"},
            {"Name": "ServiceName", "Value": lms.resources["Service"]["ServiceName"]},
        ]


class TestEvents:
    def test_a_failed_deployment_tells_at_once(self, lms: Emitted) -> None:
        rule = lms.resources["DeploymentFailed"]
        assert rule["EventPattern"]["detail"] == {"eventName": ["SERVICE_DEPLOYMENT_FAILED"]}
        service = "arn:aws:ecs:sa-east-1:111122223333:service/${Cluster}/"
        assert rule["EventPattern"]["resources"] == [{"prefix": service}]
        assert rule["Targets"] == [{"Id": "topic", "Arn": "${AlarmTopic}"}]

    def test_every_spot_task_that_is_taken_back_counts_once(self, watched: Emitted) -> None:
        pattern = watched.resources["SpotInterruptions"]["EventPattern"]["detail"]
        assert (pattern["stopCode"], pattern["lastStatus"]) == (["SpotInterruption"], ["STOPPED"])
        assert pattern["clusterArn"] == ["arn:aws:ecs:sa-east-1:111122223333:cluster/${Cluster}"]
        alarm = watched.with_parameters(AlarmSpotInterruptions=9).resources["SpotAlarm"]
        assert alarm["Dimensions"] == [{"Name": "RuleName", "Value": "${SpotInterruptions}"}]
        assert (alarm["Statistic"], alarm["Threshold"], alarm["Period"]) == ("Sum", "9", 900)

    def test_their_log_takes_events_of_this_stacks_rules(self, watched: Emitted) -> None:
        """By names of their own: of a stack name above 33 characters CloudFormation keeps the beginning alone."""
        group = watched.resources["EventLogGroup"]
        make, write = group["ResourcePolicyDocument"]["Statement"]
        (allowed,) = (condition["aws:SourceArn"] for condition in write["Condition"].values())
        assert write["Condition"].keys() == {"ArnLike"}
        assert allowed == "arn:aws:events:sa-east-1:111122223333:rule/lms-*-dev"
        for rule in ("SpotInterruptions", "FailedTasks", "CronFailed"):
            (target,) = watched.resources[rule]["Targets"]
            assert target["Arn"].endswith(f":log-group:{group['LogGroupName']}")
            assert watched.resources[rule].depends_on == ["EventLogGroup"]
            assert fnmatchcase(watched.resources[rule]["Name"], allowed.rpartition("/")[2])
        assert {each["Principal"]["Service"] for each in (make, write)} == {"events.amazonaws.com"}

    def test_without_spot_only_the_log_is_there(self, lms: Emitted) -> None:
        """It would outlive its removal, and be in the way when Spot comes back."""
        assert not {"SpotInterruptions", "SpotAlarm"} & lms.resources.keys()
        assert "EventLogGroup" in lms.resources

    def test_error_lines_are_counted_by_a_pattern(self, lms: Emitted) -> None:
        found = lms.with_parameters(ErrorLinePattern="?Fehler", AlarmErrorLines=3).resources
        (counted,) = found["ErrorLines"]["MetricTransformations"]
        assert found["ErrorLines"]["FilterPattern"] == "?Fehler"
        assert found["ErrorLines"]["LogGroupName"] == "${ApplicationLogGroup}"
        alarm = found["ErrorLinesAlarm"]
        assert (alarm["Namespace"], alarm["MetricName"]) == (counted["MetricNamespace"], counted["MetricName"])
        assert (alarm["Threshold"], counted["DefaultValue"]) == ("3", 0)

    def test_without_a_pattern_none_are(self, lms: Emitted) -> None:
        assert not {"ErrorLines", "ErrorLinesAlarm"} & lms.with_parameters(ErrorLinePattern="").resources.keys()
