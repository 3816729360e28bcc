"""What watches the running platform: alarms, dashboard, events, messages."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from tests.integration.running.asked import key_arn, service

if TYPE_CHECKING:
    from tests.integration.platform import Platform

SILENT = {"ToldAlarm", "ToldOfTasksAlarm"}
"""Others wait for them."""


def test_every_alarm_is_there_and_those_that_page_know_the_topic(platform: Platform) -> None:
    metric, composite = (set(platform.ids(f"AWS::CloudWatch::{kind}").values()) for kind in ("Alarm", "CompositeAlarm"))
    found = {
        kind: platform.pages(
            "cloudwatch", "describe_alarms", f"{kind}s", AlarmTypes=[kind], AlarmNamePrefix=platform.stack
        )
        for kind in ("MetricAlarm", "CompositeAlarm")
    }
    assert {alarm["AlarmName"] for alarm in found["MetricAlarm"]} == metric
    assert {alarm["AlarmName"] for alarm in found["CompositeAlarm"]} == composite
    names = platform.ids("AWS::CloudWatch::CompositeAlarm")
    for alarm in found["CompositeAlarm"]:
        silent = alarm["AlarmName"] in {names.get(name) for name in SILENT}
        assert alarm["AlarmActions"] == ([] if silent else [platform.outputs["AlarmTopicArn"]])
        children = set(re.findall(r'ALARM\("([^"]+)"\)', alarm["AlarmRule"]))
        assert children
        assert children <= metric | composite


def test_what_students_notice_keeps_the_stores_from_paging_too(platform: Platform) -> None:
    answer = platform.client("cloudwatch").describe_alarms(
        AlarmNames=[platform.id("CacheAlarm")], AlarmTypes=["CompositeAlarm"]
    )
    (cache,) = answer["CompositeAlarms"]
    assert cache["ActionsSuppressor"].endswith(f":alarm:{platform.id('StudentsAlarm')}")


def test_failed_deployments_and_spot_go_where_they_are_read(platform: Platform) -> None:
    def target(rule: str) -> str:
        (found,) = platform.client("events").list_targets_by_rule(Rule=platform.id(rule))["Targets"]
        return found["Arn"]  # type: ignore[no-any-return]

    assert target("DeploymentFailed") == platform.outputs["AlarmTopicArn"]
    assert target("SpotInterruptions").endswith(f":log-group:{platform.id('EventLogGroup')}")


def test_the_dashboard_is_made_of_what_is_there(platform: Platform) -> None:
    name = platform.outputs["DashboardUrl"].rpartition("/")[2]
    body = json.loads(platform.client("cloudwatch").get_dashboard(DashboardName=name)["DashboardBody"])
    alarms, *others = body["widgets"]
    composites = platform.ids("AWS::CloudWatch::CompositeAlarm")
    shown = {arn.partition(":alarm:")[2] for arn in alarms["properties"]["alarms"]}
    assert shown == {alarm for name, alarm in composites.items() if name not in SILENT}
    rows = [row for each in others for row in each["properties"].get("metrics", [])]
    assert ["AWS/EFS", "PercentIOLimit", "FileSystemId", platform.outputs["FileSystemId"]] in [row[:4] for row in rows]


def test_messages_of_alarms_are_encrypted_with_their_own_key(platform: Platform) -> None:
    topic = platform.client("sns").get_topic_attributes(TopicArn=platform.outputs["AlarmTopicArn"])["Attributes"]
    assert topic["KmsMasterKeyId"] == key_arn(platform, "AlarmKey")
    senders = [each["Principal"] for each in json.loads(topic["Policy"])["Statement"] if each["Effect"] == "Allow"]
    assert senders == [{"Service": "cloudwatch.amazonaws.com"}, {"Service": "events.amazonaws.com"}]


def test_a_deployment_is_taken_back_by_alarms_that_exist(platform: Platform) -> None:
    asked = service(platform)["deploymentConfiguration"]["alarms"]
    assert (asked["enable"], asked["rollback"]) == (True, True)
    assert set(asked["alarmNames"]) <= set(platform.ids("AWS::CloudWatch::Alarm").values())
    assert asked["alarmNames"]
