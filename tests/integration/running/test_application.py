"""The running application: its tasks, what they are told, how it scales and deploys."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.integration.running.asked import database_secret, key_arn, service, task_definition

if TYPE_CHECKING:
    from tests.integration.platform import Platform


def test_the_service_runs_what_it_should(platform: Platform) -> None:
    found = service(platform)
    assert found["status"] == "ACTIVE"
    assert found["runningCount"] == found["desiredCount"] >= 1
    assert found["deployments"][0]["rolloutState"] == "COMPLETED"
    assert found["taskDefinition"] == platform.id("TaskDefinition")


def test_as_many_tasks_as_the_minimum(platform: Platform) -> None:
    assert service(platform)["runningCount"] >= int(platform.parameters["MinimumTasks"])


def test_every_task_is_healthy_behind_the_balancer(platform: Platform) -> None:
    platform.needs_aws("no health check is made on the embedded one")
    health = platform.client("elbv2").describe_target_health(TargetGroupArn=platform.id("TargetGroup"))
    states = [target["TargetHealth"]["State"] for target in health["TargetHealthDescriptions"]]
    assert states
    assert set(states) == {"healthy"}


def test_a_bad_deployment_rolls_itself_back(platform: Platform) -> None:
    assert service(platform)["deploymentConfiguration"]["deploymentCircuitBreaker"] == {
        "enable": True,
        "rollback": True,
    }


def test_both_capacity_providers_are_in_use(platform: Platform) -> None:
    cluster = platform.client("ecs").describe_clusters(clusters=[platform.id("Cluster")])["clusters"][0]
    assert set(cluster["capacityProviders"]) == {"FARGATE", "FARGATE_SPOT"}
    strategy = {each["capacityProvider"]: each for each in service(platform)["capacityProviderStrategy"]}
    wanted = platform.parameters
    assert strategy["FARGATE"]["base"] == int(wanted["OnDemandBase"])
    assert strategy["FARGATE"]["weight"] == int(wanted["OnDemandWeight"])
    assert strategy["FARGATE_SPOT"]["weight"] == int(wanted["SpotWeight"])
    assert strategy["FARGATE_SPOT"].get("base", 0) == 0


def test_tasks_have_no_public_address_and_stand_in_every_private_subnet(platform: Platform) -> None:
    network = service(platform)["networkConfiguration"]["awsvpcConfiguration"]
    assert network["assignPublicIp"] == "DISABLED"
    assert set(network["subnets"]) == {platform.id(f"PrivateSubnet{zone}") for zone in platform.zones}
    assert network["securityGroups"] == [platform.id("TasksSecurityGroup")]


def test_the_container_mounts_the_files_through_the_access_point(platform: Platform) -> None:
    definition = task_definition(platform)
    volume = definition["volumes"][0]
    assert volume["efsVolumeConfiguration"] == {
        "fileSystemId": platform.id("FileSystem"),
        "transitEncryption": "ENABLED",
        "authorizationConfig": {"accessPointId": platform.id("FileAccessPoint"), "iam": "ENABLED"},
    }
    mounted = [point["sourceVolume"] for point in definition["containerDefinitions"][0]["mountPoints"]]
    assert mounted == [volume["name"]]


def test_the_container_finds_cache_and_database(platform: Platform) -> None:
    container = task_definition(platform)["containerDefinitions"][0]
    plain = {each["name"]: each["value"] for each in container["environment"]}
    assert plain["LMS_CACHE_HOST"] == platform.outputs["CacheEndpoint"]
    assert plain["LMS_CACHE_PORT"] == platform.outputs["CachePort"]
    secret = {each["name"]: each["valueFrom"] for each in container["secrets"]}
    assert secret["LMS_CACHE_PASSWORD"] == f"{platform.id('CacheSecret')}:password::"
    assert secret["LMS_DATABASE_PASSWORD"] == f"{database_secret(platform)}:password::"
    if platform.has("DatabaseConnectionProxy"):
        assert plain["LMS_DATABASE_HOST"] == platform.outputs["DatabaseProxyEndpoint"]
    else:
        assert secret["LMS_DATABASE_HOST"] == f"{database_secret(platform)}:host::"


def test_no_secret_stands_in_plain_environment(platform: Platform) -> None:
    container = task_definition(platform)["containerDefinitions"][0]
    secret = platform.client("secretsmanager").get_secret_value(SecretId=platform.id("CacheSecret"))
    password = json.loads(secret["SecretString"])["password"]
    assert len(password) >= 16
    assert password not in json.dumps(container)


def test_scaling_follows_three_measures_between_the_bounds(platform: Platform) -> None:
    resource = f"service/{platform.id('Cluster')}/{service(platform)['serviceName']}"
    client = platform.client("application-autoscaling")
    target = client.describe_scalable_targets(ServiceNamespace="ecs", ResourceIds=[resource])["ScalableTargets"][0]
    bounds = int(platform.parameters["MinimumTasks"]), int(platform.parameters["MaximumTasks"])
    assert (target["MinCapacity"], target["MaxCapacity"]) == bounds
    policies = client.describe_scaling_policies(ServiceNamespace="ecs", ResourceId=resource)["ScalingPolicies"]
    measures = {
        policy["TargetTrackingScalingPolicyConfiguration"]["PredefinedMetricSpecification"]["PredefinedMetricType"]
        for policy in policies
    }
    assert measures == {
        "ECSServiceAverageCPUUtilization",
        "ECSServiceAverageMemoryUtilization",
        "ALBRequestCountPerTarget",
    }


def test_the_periodic_command_is_scheduled_and_its_failures_kept(platform: Platform) -> None:
    if not platform.has("CronSchedule"):
        pytest.skip("this stack has no schedule")
    group = platform.id("CronScheduleGroup")
    (listed,) = platform.pages("scheduler", "list_schedules", "Schedules", GroupName=group)
    found = platform.client("scheduler").get_schedule(GroupName=group, Name=listed["Name"])
    assert found["State"] == ("ENABLED" if platform.yes("BackgroundJobs") else "DISABLED")
    assert found["ScheduleExpression"] == f"rate({platform.parameters['CronMinutes']} minutes)"
    assert found["Target"]["EcsParameters"]["TaskDefinitionArn"] == platform.id("CronTask")
    answer = platform.client("sqs").get_queue_attributes(
        QueueUrl=platform.outputs["CronDeadLettersUrl"], AttributeNames=["QueueArn", "KmsMasterKeyId"]
    )
    assert answer["Attributes"]["KmsMasterKeyId"] == key_arn(platform, "AlarmKey")
    assert found["Target"]["DeadLetterConfig"]["Arn"] == answer["Attributes"]["QueueArn"]


def test_what_installs_and_upgrades_is_the_application_with_another_command(platform: Platform) -> None:
    if not platform.has("UpgradeTask"):
        pytest.skip("this stack has no upgrade command")
    client = platform.client("ecs")
    found = client.describe_task_definition(taskDefinition=platform.outputs["UpgradeTaskDefinition"])["taskDefinition"]
    (container,), (serving,) = found["containerDefinitions"], task_definition(platform)["containerDefinitions"]
    assert container["command"] == platform.parameters["UpgradeCommand"].split(",")
    assert container["image"] == (platform.parameters["UpgradeImage"] or serving["image"])
    assert found["executionRoleArn"] == task_definition(platform)["executionRoleArn"]
    assert "portMappings" not in container or container["portMappings"] == []
    if platform.endpoint:  # AWS forgets a task an hour after its end
        tasks = client.list_tasks(cluster=platform.outputs["ClusterName"], desiredStatus="STOPPED")["taskArns"]
        ended = client.describe_tasks(cluster=platform.outputs["ClusterName"], tasks=tasks)["tasks"]
        assert [each["containers"][0]["exitCode"] for each in ended] == [0], "it was installed once"
