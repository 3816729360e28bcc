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
    "SpotWeight": "3",
    "WebFirewall": "block",
    "CronCommand": "lms,cron",
    "WorkerCommand": "lms,worker",
    "DatabaseProxy": "yes",
}


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
        "METRICS": lambda: [number for number in metrics.values() if number is not None],
        "MAX": max,
        "SUM": sum,
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


def metrics(alarm: Resource) -> list[dict[str, Any]]:
    """The metrics that an alarm reads."""
    return [query["MetricStat"] for query in alarm.get("Metrics") or [] if "MetricStat" in query]


def dimensions(alarm: Resource) -> set[tuple[str, str]]:
    return {(each["Name"], each["Value"]) for stat in metrics(alarm) for each in stat["Metric"]["Dimensions"]}


class TestDatabase:
    @pytest.mark.parametrize(
        ("engine", "least", "most", "percent"),
        [
            ("postgresql", "2", "4", 100 * 800 / 823),
            ("postgresql", "2", "64", 16),
            ("postgresql", "0.5", "64", 40),
            ("postgresql", "0.5", "1", 100 * 800 / 189),
            ("mysql", "0.5", "32", 100 * 800 / 3000),
        ],
    )
    def test_takes_as_many_connections_as_its_capacity_allows(
        self, watched: Emitted, engine: str, least: str, most: str, percent: float
    ) -> None:
        template = watched.with_parameters(
            DatabaseEngine=engine, DatabaseMinimumCapacity=least, DatabaseMaximumCapacity=most
        )
        alarm = template.resources["DatabaseConnectionsAlarm"]
        assert value(alarm, connections=800) == pytest.approx(percent)
        assert dimensions(alarm) == {("DBClusterIdentifier", "${DatabaseCluster}"), ("Role", "WRITER")}

    def test_says_how_far_the_reader_is_behind_in_seconds(self, watched: Emitted) -> None:
        assert value(watched.resources["DatabaseLagAlarm"], lag=2500) == 2.5
        assert "DatabaseLagAlarm" not in watched.with_parameters(DatabaseReader="no").resources

    def test_is_measured_in_gigabytes(self, watched: Emitted) -> None:
        alarm = watched.with_parameters(AlarmDatabaseGigabytes=40).resources["DatabaseSizeAlarm"]
        assert value(alarm, bytes=41e9) == 41
        assert alarm["Threshold"] == "40"

    def test_of_somebody_else_is_watched_by_them(self, lms: Emitted) -> None:
        assert not [name for name in alarms(lms) if name.startswith("Database")]


class TestProxy:
    def test_lends_out_a_share_of_what_it_may_open(self, watched: Emitted) -> None:
        alarm = watched.resources["ProxyConnectionsAlarm"]
        assert value(alarm, borrowed=450, most=500) == 90
        assert dimensions(alarm) == {("ProxyName", "${DatabaseConnectionProxy}")}
        assert {stat["Stat"] for stat in metrics(alarm)} == {"Sum"}, "each of its nodes reports its own"

    def test_shares_nothing_when_all_are_pinned(self, watched: Emitted) -> None:
        assert value(watched.resources["ProxyPinnedAlarm"], pinned=500, most=500) == 100

    def test_lets_wait_for_microseconds_and_is_judged_by_seconds(self, watched: Emitted) -> None:
        alarm = watched.with_parameters(AlarmLatencySeconds=3).resources["ProxyWaitAlarm"]
        assert value(alarm, waited=2_500_000) == 2.5
        assert alarm["Threshold"] == "3"

    def test_reaches_the_writer(self, watched: Emitted) -> None:
        alarm = watched.resources["ProxyUnavailableAlarm"]
        assert value(alarm, available=75) == 25
        assert dimensions(alarm) == {
            ("ProxyName", "${DatabaseConnectionProxy}"),
            ("TargetGroup", watched.resources["DatabaseProxyTargets"]["TargetGroupName"]),
            ("TargetRole", "READ_WRITE"),
        }

    def test_pages_with_the_database_where_there_is_one(self, watched: Emitted) -> None:
        of_proxy = {name for name in watched.of_type(METRIC) if name.startswith("Proxy")}
        assert len(of_proxy) == 4
        assert of_proxy <= rule_of(watched, "DatabaseAlarm")
        without = watched.with_parameters(DatabaseProxy="no")
        assert not of_proxy & without.resources.keys()
        assert not of_proxy & rule_of(without, "DatabaseAlarm")


class TestCaches:
    @pytest.mark.parametrize(("replicas", "nodes"), [(0, 1), (1, 2), (3, 4), (5, 6)])
    @pytest.mark.parametrize(("prefix", "exists"), [("", {}), ("Plain", {"PlainCache": "yes"})])
    def test_every_node_counts_since_any_may_become_the_primary(
        self, lms: Emitted, prefix: str, exists: dict[str, str], replicas: int, nodes: int
    ) -> None:
        template = lms.with_parameters(CacheReplicas=replicas, **exists)
        wanted = {("CacheClusterId", f"${{{prefix}CacheReplicationGroup}}-{node:03d}") for node in range(1, nodes + 1)}
        for kind in ("Cpu", "Connections"):
            assert dimensions(template.resources[f"{prefix}Cache{kind}Alarm"]) == wanted
        lagging = template.resources.get(f"{prefix}CacheLagAlarm")
        assert (lagging is not None) is (replicas > 0)
        assert lagging is None or dimensions(lagging) == wanted

    def test_the_worst_node_is_what_counts(self, watched: Emitted) -> None:
        assert value(watched.resources["CacheMemoryAlarm"], node001=40, node002=91) == 91
        assert value(watched.resources["CacheConnectionsAlarm"], node001=650, node002=13_000) == 20

    def test_one_that_throws_nothing_out_must_not_get_full(self, lms: Emitted) -> None:
        assert lms.resources["CacheMemoryAlarm"]["Threshold"] == "80"
        assert "CacheEvictionsAlarm" not in lms.resources
        evicting = lms.with_parameters(CacheEviction="allkeys-lru")
        assert "CacheMemoryAlarm" not in evicting.resources
        assert evicting.resources["CacheEvictionsAlarm"]["Threshold"] == "1000"


class TestOthers:
    def test_files_use_a_share_of_the_throughput_that_they_may_have(self, watched: Emitted) -> None:
        assert value(watched.resources["FilesThroughputAlarm"], metered=60 * 90e6, permitted=100e6) == 90

    def test_only_an_existing_file_system_has_burst_credit(self, lms: Emitted) -> None:
        assert "FilesBurstAlarm" not in lms.resources
        existing = lms.with_parameters(ExistingFileSystemId="fs-0123456789abcdef0").resources["FilesBurstAlarm"]
        assert value(existing, credit=2_308_974_418_330) == 0
        assert value(existing, credit=0) == 100
        assert dimensions(existing) == {("FileSystemId", "fs-0123456789abcdef0")}

    @pytest.mark.parametrize(
        ("zones", "each", "gateways"), [(2, "one", 1), (2, "per-zone", 2), (3, "one", 1), (3, "per-zone", 3)]
    )
    def test_every_nat_gateway_counts(self, lms: Emitted, zones: int, each: str, gateways: int) -> None:
        template = lms.with_parameters(ZoneCount=zones, NatGateways=each)
        wanted = {("NatGatewayId", f"${{NatGateway{number}}}") for number in range(1, gateways + 1)}
        assert dimensions(template.resources["NatPortsAlarm"]) == wanted
        assert dimensions(template.resources["NatTrafficAlarm"]) == wanted

    def test_traffic_is_what_goes_out_and_comes_in_in_gigabytes(self, watched: Emitted) -> None:
        traffic = {"bytesOutToDestination1": 30e9, "bytesInFromDestination1": 25e9}
        assert value(watched.resources["NatTrafficAlarm"], **traffic) == 55

    def test_a_certificate_is_watched_where_there_is_one(self, lms: Emitted, watched: Emitted) -> None:
        assert "CertificateAlarm" not in lms.resources
        alarm = watched.resources["CertificateAlarm"]
        assert alarm["Dimensions"] == [{"Name": "CertificateArn", "Value": EVERYTHING["CertificateArn"]}]
        assert (alarm["ComparisonOperator"], alarm["Threshold"], alarm["Period"]) == ("LessThanThreshold", "30", 86400)
        made = lms.with_parameters(DomainName="learn.example.org", HostedZoneId="Z0123456789ABCDEFGHIJ")
        assert made.resources["CertificateAlarm"]["Dimensions"][0]["Value"] == "${Certificate}"

    def test_what_the_firewall_blocks_is_counted_where_there_is_one(self, lms: Emitted, watched: Emitted) -> None:
        assert "BlockedRequestsAlarm" not in lms.resources
        found = {each["Name"]: each["Value"] for each in watched.resources["BlockedRequestsAlarm"]["Dimensions"]}
        acl = watched.resources["WebAcl"]["VisibilityConfig"]["MetricName"]
        assert found == {"WebACL": acl, "Region": "sa-east-1", "Rule": "ALL"}


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
        group = watched.resources["EventLogGroup"]
        for rule in ("SpotInterruptions", "FailedTasks", "CronFailed"):
            (target,) = watched.resources[rule]["Targets"]
            assert target["Arn"].endswith(f":log-group:{group['LogGroupName']}")
            assert watched.resources[rule].depends_on == ["EventLogGroup"]
        make, write = group["ResourcePolicyDocument"]["Statement"]
        assert {each["Principal"]["Service"] for each in (make, write)} == {"events.amazonaws.com"}
        assert write["Condition"] == {
            "ArnLike": {"aws:SourceArn": "arn:aws:events:sa-east-1:111122223333:rule/lms-dev-*"}
        }

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
