"""Workers: a service of their own, how it scales, where it runs, and the one switch that stops it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.templates_support import references

if TYPE_CHECKING:
    from tests.templates_support import Emitted, Resource

COMMAND = "lms,worker,--threads,4"
PARTS = {"WorkerTaskDefinition", "WorkerService", "WorkerScalableTarget", "WorkerCpuScaling"}


def workers(template: Emitted, **parameters: str | int) -> Emitted:
    return template.with_parameters(WorkerCommand=COMMAND, **parameters)


def container(template: Emitted, definition: str = "WorkerTaskDefinition") -> dict[str, Any]:
    [found] = template.resources[definition]["ContainerDefinitions"]
    assert isinstance(found, dict)
    return found


def test_a_blank_command_leaves_them_out(lms: Emitted) -> None:
    with_them = workers(lms)
    more = with_them.resources.keys() - lms.resources.keys()
    assert {name for name in more if not name.endswith("Alarm")} == PARTS
    assert with_them.outputs.keys() - lms.outputs.keys() == {"WorkerServiceName"}
    assert with_them.outputs["WorkerServiceName"] == "${WorkerService.Name}"


def test_the_same_application_with_a_command_of_its_own(lms: Emitted) -> None:
    """Image, variables, secrets and files reach workers as they reach the application."""
    every = workers(lms, PlainCache="yes", ExtraSecretArn=lms.parameters["DatabaseSecretArn"], Command="serve")
    mine, theirs = container(every), container(every, "TaskDefinition")
    assert mine["Command"] == COMMAND.split(",")
    for name in ("Image", "Environment", "Secrets", "MountPoints", "Essential", "LinuxParameters"):
        assert mine[name] == theirs[name], name
    definition, other = every.resources["WorkerTaskDefinition"], every.resources["TaskDefinition"]
    for name in ("Volumes", "TaskRoleArn", "ExecutionRoleArn", "RuntimePlatform", "NetworkMode"):
        assert definition[name] == other[name], name


def test_takes_no_requests(lms: Emitted) -> None:
    template = workers(lms)
    assert not {"PortMappings", "HealthCheck"} & container(template).keys()
    service = template.resources["WorkerService"]
    assert not {"LoadBalancers", "HealthCheckGracePeriodSeconds"} & service.properties.keys()


@pytest.mark.parametrize(
    ("most", "healthy", "rebalancing"),
    [(1, (0, 100), "DISABLED"), (2, (100, 200), "ENABLED"), (4, (100, 200), "ENABLED")],
)
def test_the_only_worker_is_gone_before_another_starts(
    lms: Emitted, most: int, healthy: tuple[int, int], rebalancing: str
) -> None:
    service = workers(lms, MaximumWorkers=most).resources["WorkerService"]
    deployment = service["DeploymentConfiguration"]
    assert (deployment["MinimumHealthyPercent"], deployment["MaximumPercent"]) == healthy
    assert service["AvailabilityZoneRebalancing"] == rebalancing
    assert deployment["DeploymentCircuitBreaker"] == {"Enable": True, "Rollback": True}


def test_size_stop_and_logs_are_its_own(lms: Emitted) -> None:
    template = workers(lms, WorkerSize="1024/4096", WorkerStopTimeout=90)
    definition = template.resources["WorkerTaskDefinition"]
    assert (definition["Cpu"], definition["Memory"]) == ("1024", "4096")
    assert container(template)["StopTimeout"] == "90"
    options = container(template)["LogConfiguration"]["Options"]
    assert (options["awslogs-group"], options["awslogs-stream-prefix"]) == ("${ApplicationLogGroup}", "worker")
    assert container(workers(lms))["StopTimeout"] == "120", "a job gets all the time that Fargate gives"


def service(template: Emitted) -> Resource:
    return template.resources["WorkerService"]


def test_runs_where_the_application_runs_and_waits_for_the_same(lms: Emitted) -> None:
    template = workers(lms, EnvironmentSuffix="prod", ExecuteCommand="yes")
    mine, theirs = service(template), template.resources["Service"]
    assert mine["ServiceName"] == "lms-worker-prod"
    for name in ("Cluster", "NetworkConfiguration", "EnableExecuteCommand", "PropagateTags"):
        assert mine[name] == theirs[name], name
    listener, *others = theirs.body["Metadata"]["WaitsFor"]
    assert "HttpsListener" in references(listener)
    assert mine.body["Metadata"] == {"WaitsFor": others}
    only_for_requests = set(theirs.depends_on) - set(mine.depends_on)
    assert all("Balancer" in name or "Listener" in name for name in only_for_requests), only_for_requests


def test_a_bad_deployment_is_rolled_back(lms: Emitted) -> None:
    found = service(workers(lms))
    configuration = found["DeploymentConfiguration"]
    assert configuration["DeploymentCircuitBreaker"] == {"Enable": True, "Rollback": True}
    assert (configuration["MinimumHealthyPercent"], configuration["MaximumPercent"]) == (100, 200)
    assert found["AvailabilityZoneRebalancing"] == "ENABLED"


def test_a_mix_of_capacity_of_its_own(lms: Emitted) -> None:
    template = workers(lms, WorkerOnDemandBase=0, WorkerOnDemandWeight=1, WorkerSpotWeight=9, SpotWeight=2)
    assert service(template)["CapacityProviderStrategy"] == [
        {"CapacityProvider": "FARGATE", "Base": "0", "Weight": "1"},
        {"CapacityProvider": "FARGATE_SPOT", "Weight": "9"},
    ]


def test_scales_by_cpu_between_its_own_bounds(lms: Emitted) -> None:
    template = workers(lms, MinimumWorkers=2, MaximumWorkers=20, WorkerTargetCpuPercent=65)
    target = template.resources["WorkerScalableTarget"]
    assert target["ResourceId"] == "service/${Cluster}/${WorkerService.Name}"
    assert (target["MinCapacity"], target["MaxCapacity"]) == ("2", "20")
    policy = template.resources["WorkerCpuScaling"]
    assert policy["ScalingTargetId"] == "${WorkerScalableTarget}"
    tracking = policy["TargetTrackingScalingPolicyConfiguration"]
    assert tracking["TargetValue"] == "65"
    assert tracking["PredefinedMetricSpecification"] == {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"}


def test_while_they_run_their_number_is_scalings(lms: Emitted) -> None:
    assert "DesiredCount" not in service(workers(lms)).properties


@pytest.mark.parametrize("switch", [{"BackgroundJobs": "no"}, {"RunApplication": "no"}])
def test_stopped_they_stay_without_tasks(lms: Emitted, switch: dict[str, str]) -> None:
    """Scaling must not start one again either: its alarm may be on at that very moment."""
    stopped = workers(lms, **switch)
    assert stopped.resources.keys() >= PARTS
    assert service(stopped)["DesiredCount"] == 0
    target = stopped.resources["WorkerScalableTarget"]
    assert (target["MinCapacity"], target["MaxCapacity"]) == (0, 0)
