"""The alarms: what each looks at, when it goes off, who is told, and what a deployment is taken back by."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.templates_support import references

if TYPE_CHECKING:
    from tests.templates_support import Emitted, Resource

METRIC, COMPOSITE = "AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm"

EVERYTHING = {
    "DatabaseSecretArn": "",
    "Backups": "yes",
    "PlainCache": "yes",
    "CacheReplicas": "2",
    "CertificateArn": "arn:aws:acm:sa-east-1:111122223333:certificate/01234567-89ab-cdef-0123-456789abcdef",
    "ZoneCount": "3",
    "NatGateways": "per-zone",
}


@pytest.fixture(scope="module")
def watched(lms: Emitted) -> Emitted:
    """A platform with everything that can be watched."""
    return lms.with_parameters(**EVERYTHING)


def alarms(template: Emitted) -> dict[str, Resource]:
    return template.of_type(METRIC) | template.of_type(COMPOSITE)


def rule_of(template: Emitted, name: str) -> set[str]:
    """The alarms that a composite one is made of, every one of them in ALARM being enough."""
    parts = template.resources[name]["AlarmRule"].split(" OR ")
    named = [re.fullmatch(r'ALARM\("\$\{(\w+)\}"\)', part) for part in parts]
    return {found[1] for found in named if found}


def value(alarm: Resource, **metrics: float | None) -> float:
    """What an alarm's metric math makes of the metrics of one minute; None: CloudWatch has no number."""
    (expression,) = (query["Expression"] for query in alarm["Metrics"] if "Expression" in query)
    functions = {
        "IF": lambda condition, then, otherwise: then if condition else otherwise,
        "FILL": lambda number, filling: filling if number is None else number,
    }
    return float(eval(expression, {"__builtins__": {}}, {**functions, **metrics}))  # noqa: S307  # our own template


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
        assert loud == {"StudentsAlarm", "BackupAlarm"}
        for name in loud:
            assert watched.resources[name]["AlarmActions"] == ["${AlarmTopic}"]

    def test_what_students_notice_is_errors_waiting_and_an_outage(self, watched: Emitted) -> None:
        assert rule_of(watched, "StudentsAlarm") == {"ErrorsAlarm", "LatencyAlarm", "OutageAlarm"}
        assert watched.resources["StudentsAlarm"]["OKActions"] == ["${AlarmTopic}"]

    def test_nobody_is_told_while_the_application_is_stopped_on_purpose(self, lms: Emitted) -> None:
        stopped = lms.with_parameters(RunApplication="no")
        assert not [name for name, alarm in alarms(stopped).items() if alarm.get("AlarmActions")]


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
