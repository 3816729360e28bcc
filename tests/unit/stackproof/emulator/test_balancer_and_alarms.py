"""A load balancer in its network, its deletion protection, alarms on metric math, and alarms on alarms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.stackproof.emulator.stacks import resources

if TYPE_CHECKING:
    from tests.unit.stackproof.emulator.stacks import Stacks, Template


def subnet(zone: str, third: int) -> tuple[str, dict[str, Any]]:
    cidr = f"10.0.{third}.0/24"
    return ("EC2::Subnet", {"VpcId": {"Ref": "Vpc"}, "CidrBlock": cidr, "AvailabilityZone": f"sa-east-1{zone}"})


def balancer(**properties: Any) -> Template:
    return resources(
        Vpc=("EC2::VPC", {"CidrBlock": "10.0.0.0/16"}),
        First=subnet("a", 0),
        Second=subnet("c", 1),
        Balancer=(
            "ElasticLoadBalancingV2::LoadBalancer",
            {"Subnets": [{"Ref": "First"}, {"Ref": "Second"}], **properties},
        ),
    )


def test_a_load_balancer_is_in_the_vpc_and_the_zones_of_its_subnets(stacks: Stacks) -> None:
    stacks.deploy(balancer())
    (found,) = stacks.aws.client("elbv2").describe_load_balancers()["LoadBalancers"]
    assert found["VpcId"] == stacks.physical_id("Vpc")
    zones = {zone["SubnetId"]: zone["ZoneName"] for zone in found["AvailabilityZones"]}
    assert zones == {stacks.physical_id("First"): "sa-east-1a", stacks.physical_id("Second"): "sa-east-1c"}
    stacks.deploy(balancer(IpAddressType="dualstack"))
    (found,) = stacks.aws.client("elbv2").describe_load_balancers()["LoadBalancers"]
    assert (found["VpcId"], found["IpAddressType"]) == (stacks.physical_id("Vpc"), "dualstack")


def test_a_load_balancer_in_no_subnet_fails(stacks: Stacks) -> None:
    stacks.deploy(balancer(Subnets=["subnet-none"]))
    assert stacks.failure() == "The subnet ID 'subnet-none' does not exist"


@pytest.mark.parametrize(("protected", "status"), [("true", "DELETE_FAILED"), ("false", "DELETE_COMPLETE")])
def test_deletion_protection_protects(stacks: Stacks, protected: str, status: str) -> None:
    attributes = [{"Key": "deletion_protection.enabled", "Value": protected}]
    stacks.deploy(balancer(LoadBalancerAttributes=attributes))
    arn = stacks.physical_id("Balancer")
    stack = stacks.delete()
    assert stack["StackStatus"] == status
    if protected == "true":
        reason = f"Load balancer '{arn}' cannot be deleted because deletion protection is enabled"
        assert stacks.failure(stack["StackId"]) == reason


def test_the_tasks_of_a_service_are_targets_of_its_group(stacks: Stacks) -> None:
    template = balancer()
    container = {"Name": "web", "Image": "web:1", "Memory": 64, "PortMappings": [{"ContainerPort": 8080}]}
    behind = {"ContainerName": "web", "ContainerPort": 8080, "TargetGroupArn": {"Ref": "Group"}}
    group = {"Port": 80, "Protocol": "HTTP", "TargetType": "ip", "VpcId": {"Ref": "Vpc"}}
    service = {"Cluster": {"Ref": "Cluster"}, "TaskDefinition": {"Ref": "Task"}, "DesiredCount": 2}
    template["Resources"] |= resources(
        Group=("ElasticLoadBalancingV2::TargetGroup", group),
        Cluster=("ECS::Cluster", {"ClusterName": "lms"}),
        Task=("ECS::TaskDefinition", {"ContainerDefinitions": [container]}),
        Service=("ECS::Service", {**service, "LoadBalancers": [behind]}),
        Aside=("ECS::Service", {**service, "ServiceName": "aside"}),
    )["Resources"]
    stacks.deploy(template)
    client, arn = stacks.aws.client("elbv2"), stacks.physical_id("Group")
    found = client.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
    assert [each["TargetHealth"]["State"] for each in found] == ["healthy", "healthy"]
    assert {each["Target"]["Port"] for each in found} == {8080}
    assert len({each["Target"]["Id"] for each in found}) == 2
    of_one = client.describe_target_health(TargetGroupArn=arn, Targets=[{"Id": "10.9.9.9"}])
    assert of_one["TargetHealthDescriptions"] == []


def query(number: int) -> dict[str, Any]:
    metric = {
        "Namespace": "AWS/ElastiCache",
        "MetricName": "DatabaseMemoryUsagePercentage",
        "Dimensions": [{"Name": "CacheClusterId", "Value": f"lms-00{number}"}],
    }
    return {
        "Id": f"m{number}",
        "ReturnData": "false",
        "MetricStat": {"Metric": metric, "Period": "300", "Stat": "Maximum"},
    }


def test_an_alarm_on_metric_math_is_kept_as_written(stacks: Stacks) -> None:
    alarm = {
        "ComparisonOperator": "GreaterThanThreshold",
        "EvaluationPeriods": 3,
        "Threshold": 80,
        "Metrics": [{"Id": "fullest", "Expression": "MAX(METRICS())"}, query(1), query(2)],
    }
    stacks.deploy(resources(Alarm=("CloudWatch::Alarm", alarm)))
    (found,) = stacks.aws.client("cloudwatch").describe_alarms()["MetricAlarms"]
    assert (found["AlarmName"], found["Threshold"]) == (stacks.physical_id("Alarm"), 80)
    assert "MetricName" not in found
    first, second, _ = found["Metrics"]
    assert first == {"Id": "fullest", "Expression": "MAX(METRICS())"}
    assert (second["ReturnData"], second["MetricStat"]["Period"]) == (False, 300)
    assert second["MetricStat"]["Metric"]["Dimensions"] == [{"Name": "CacheClusterId", "Value": "lms-001"}]


def test_an_alarm_on_one_metric_is_as_ever(stacks: Stacks) -> None:
    alarm = {
        "ComparisonOperator": "GreaterThanThreshold",
        "EvaluationPeriods": 1,
        "Threshold": 1,
        "Namespace": "AWS/ECS",
        "MetricName": "CPUUtilization",
        "Statistic": "Average",
        "Period": 60,
    }
    stacks.deploy(resources(Alarm=("CloudWatch::Alarm", alarm)))
    (found,) = stacks.aws.client("cloudwatch").describe_alarms()["MetricAlarms"]
    assert (found["Namespace"], found["MetricName"], found["Period"]) == ("AWS/ECS", "CPUUtilization", 60)


def test_a_listener_keeps_its_attributes(stacks: Stacks) -> None:
    def listening(**properties: Any) -> Template:
        template = balancer()
        page = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200"}}
        listener = {"LoadBalancerArn": {"Ref": "Balancer"}, "Port": 80, "Protocol": "HTTP", "DefaultActions": [page]}
        return {
            "Resources": {
                **template["Resources"],
                **resources(Listener=("ElasticLoadBalancingV2::Listener", {**listener, **properties}))["Resources"],
            }
        }

    def attributes() -> dict[str, str]:
        arn = stacks.physical_id("Listener")
        found = stacks.aws.client("elbv2").describe_listener_attributes(ListenerArn=arn)["Attributes"]
        return {each["Key"]: each["Value"] for each in found}

    key = "routing.http.response.server.enabled"
    stacks.deploy(listening())
    assert attributes() == {}
    stacks.deploy(listening(ListenerAttributes=[{"Key": key, "Value": "false"}]))
    assert attributes() == {key: "false"}
    stacks.deploy(listening(ListenerAttributes=[{"Key": key, "Value": "true"}]))
    assert attributes() == {key: "true"}


CPU = {
    "ComparisonOperator": "GreaterThanThreshold",
    "EvaluationPeriods": 1,
    "Threshold": 80,
    "Namespace": "AWS/ECS",
    "MetricName": "CPUUtilization",
    "Statistic": "Average",
    "Period": 60,
}
ANY = {"Fn::Join": [" OR ", [{"Fn::Sub": 'ALARM("${Cpu}")'}, {"Fn::Sub": 'ALARM("${Memory}")'}]]}


def paging(rule: Any = ANY, **properties: Any) -> Template:
    return resources(
        Cpu=("CloudWatch::Alarm", CPU),
        Memory=("CloudWatch::Alarm", {**CPU, "MetricName": "MemoryUtilization"}),
        Page=("CloudWatch::CompositeAlarm", {"AlarmRule": rule, **properties}),
    )


def page(stacks: Stacks) -> dict[str, Any]:
    (found,) = stacks.aws.client("cloudwatch").describe_alarms(AlarmTypes=["CompositeAlarm"])["CompositeAlarms"]
    return found  # type: ignore[no-any-return]


def test_a_composite_alarm_follows_its_rule_is_changed_and_goes(stacks: Stacks) -> None:
    stacks.deploy(paging(Tags=[{"Key": "part", "Value": "door"}]))
    cloudwatch = stacks.aws.client("cloudwatch")
    made = page(stacks)
    assert made["AlarmName"] == stacks.physical_id("Page")
    assert made["StateValue"] == "OK"
    tags = cloudwatch.list_tags_for_resource(ResourceARN=made["AlarmArn"])["Tags"]
    assert {"Key": "part", "Value": "door"} in tags
    cloudwatch.set_alarm_state(AlarmName=stacks.physical_id("Memory"), StateValue="ALARM", StateReason="90 percent")
    assert page(stacks)["StateValue"] == "ALARM"

    suppressed = {
        "ActionsSuppressor": {"Ref": "Memory"},
        "ActionsSuppressorWaitPeriod": "60",
        "ActionsSuppressorExtensionPeriod": "120",
    }
    stacks.deploy(paging({"Fn::Sub": 'ALARM("${Cpu}")'}, **suppressed))
    changed = page(stacks)
    assert changed["AlarmArn"] == made["AlarmArn"]
    assert changed["StateValue"] == "OK"
    assert changed["ActionsSuppressor"] == stacks.physical_id("Memory")
    assert (changed["ActionsSuppressorWaitPeriod"], changed["ActionsSuppressorExtensionPeriod"]) == (60, 120)

    template = paging()
    del template["Resources"]["Page"]
    stacks.deploy(template)
    assert cloudwatch.describe_alarms(AlarmTypes=["CompositeAlarm"])["CompositeAlarms"] == []


def test_a_composite_alarm_on_nothing_fails(stacks: Stacks) -> None:
    stacks.deploy(paging('ALARM("nobody")'))
    assert "alarm:nobody] in the alarm rule do not exist" in stacks.failure()


def test_a_topic_shows_its_key_and_loses_it(stacks: Stacks) -> None:
    def shown(**properties: Any) -> str | None:
        stacks.deploy(resources(Topic=("SNS::Topic", {"DisplayName": "alarms", **properties})))
        sns = stacks.aws.client("sns")
        attributes = sns.get_topic_attributes(TopicArn=stacks.physical_id("Topic"))["Attributes"]
        return attributes.get("KmsMasterKeyId")  # type: ignore[no-any-return]

    assert shown(KmsMasterKeyId="alias/own") == "alias/own"
    assert shown() is None


def test_the_html_of_a_fixed_response_can_be_read_again(stacks: Stacks) -> None:
    page = '<p class="a">We & you</p>'
    template = balancer()

    def answers(response: dict[str, Any]) -> dict[str, Any]:
        action = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "503", **response}}
        listener = {"LoadBalancerArn": {"Ref": "Balancer"}, "Port": 80, "Protocol": "HTTP", "DefaultActions": [action]}
        template["Resources"] |= resources(Listener=("ElasticLoadBalancingV2::Listener", listener))["Resources"]
        stacks.deploy(template)
        client = stacks.aws.client("elbv2")
        (found,) = client.describe_listeners(LoadBalancerArn=stacks.physical_id("Balancer"))["Listeners"]
        (rule,) = client.describe_rules(ListenerArn=stacks.physical_id("Listener"))["Rules"]
        assert rule["Actions"] == found["DefaultActions"]
        return found["DefaultActions"][0]["FixedResponseConfig"]  # type: ignore[no-any-return]

    assert answers({"ContentType": "text/html", "MessageBody": page})["MessageBody"] == page
    assert not answers({}).get("MessageBody")
