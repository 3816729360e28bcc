"""What is waited for: a cluster that empties, services that are well; and a line that fails meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from botocore.stub import Stubber

from stackproof.deployment import aws, polling, waiting
from stackproof.deployment.waiting import DONE, Ended, Look

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SERVICE = "arn:aws:ecs:sa-east-1:111111111111:service/lms-dev/lms"
GROUP = "arn:aws:elasticloadbalancing:sa-east-1:111111111111:targetgroup/lms/1"


@pytest.fixture
def ecs(account: aws.Aws) -> Iterator[Stubber]:
    with Stubber(account.ecs) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


@pytest.fixture
def balancing(account: aws.Aws) -> Iterator[Stubber]:
    with Stubber(account.balancing) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def looked(see: Callable[[], Look], minutes: float = 1) -> tuple[list[Look], float]:
    clock = Clock()
    pace = polling.for_events(is_local=False)
    pace.sleep, pace.jitter = clock.sleep, lambda low, _: low
    return list(waiting.until(see, pace, minutes=minutes, clock=clock)), clock.now


def test_it_looks_until_it_has_ended_or_the_time_is_over() -> None:
    coming = iter([Look("ONE"), Look("TWO"), Look("THREE", ended=DONE)])
    looks, _ = looked(lambda: next(coming))
    assert [each.status for each in looks] == ["ONE", "TWO", "THREE"]
    looks, seconds = looked(lambda: Look("FOR EVER"), minutes=1)
    assert looks[-1].ended is None
    assert 60 <= seconds < 65


def test_a_lost_line_is_waited_out_and_a_refusal_is_not() -> None:
    lost = EndpointConnectionError(endpoint_url="x")
    answers: list[Any] = [lost, lost, Look("BACK", ended=DONE)]

    def see() -> Look:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        assert isinstance(answer, Look)
        return answer

    assert [each.status for each in looked(see)[0]] == ["BACK"]
    answers[:] = [ClientError({"Error": {"Code": "AccessDenied"}}, "ListTasks")]
    with pytest.raises(ClientError, match="AccessDenied"):
        looked(see)
    answers[:] = [lost] * 30
    with pytest.raises(EndpointConnectionError):
        looked(see)


def listed(ecs: Stubber, status: str, tasks: list[str]) -> None:
    arns = [f"arn:{number}" for number, _ in enumerate(tasks)]
    wanted = {"cluster": "lms", "desiredStatus": status, "maxResults": 100}
    ecs.add_response("list_tasks", {"taskArns": arns}, wanted)
    if arns:
        answer = {"tasks": [{"taskArn": arn, "lastStatus": last} for arn, last in zip(arns, tasks, strict=True)]}
        ecs.add_response("describe_tasks", answer, {"cluster": "lms", "tasks": arns})


@pytest.mark.parametrize(
    ("running", "stopped", "look"),
    [
        (["RUNNING", "PENDING"], ["STOPPED"], Look("2 tasks left")),
        ([], ["DEACTIVATING", "STOPPED"], Look("1 task left")),
        ([], ["STOPPED"], Look("IDLE", ended=DONE)),
        ([], [], Look("IDLE", ended=DONE)),
    ],
)
def test_a_cluster_is_idle_when_its_last_task_has_stopped(
    running: list[str], stopped: list[str], look: Look, account: aws.Aws, ecs: Stubber
) -> None:
    listed(ecs, "RUNNING", running)
    listed(ecs, "STOPPED", stopped)
    assert waiting.idle(account, "lms") == look


def service(ecs: Stubber, *, cluster: str = "lms-dev", **more: Any) -> None:
    one = {"id": "1", "status": "PRIMARY", "rolloutState": "COMPLETED"}
    found = {
        "serviceName": "lms",
        "desiredCount": 2,
        "runningCount": 2,
        "pendingCount": 0,
        "deployments": [one],
        "loadBalancers": [{"targetGroupArn": GROUP}, {"loadBalancerName": "classic"}],
    }
    ecs.add_response("describe_services", {"services": [found | more]}, {"cluster": cluster, "services": [SERVICE]})


def targets(balancing: Stubber, *states: str) -> None:
    answer = {"TargetHealthDescriptions": [{"TargetHealth": {"State": state}} for state in states]}
    balancing.add_response("describe_target_health", answer, {"TargetGroupArn": GROUP})


@pytest.mark.parametrize(
    ("states", "look"),
    [
        (["healthy", "healthy", "draining"], Look("HEALTHY", ended=DONE)),
        (["healthy", "initial"], Look("1 of 2 targets healthy")),
        ([], Look("0 of 2 targets healthy")),
    ],
)
def test_a_service_is_well_when_as_many_targets_are_as_tasks_are_wanted(
    states: list[str], look: Look, account: aws.Aws, ecs: Stubber, balancing: Stubber
) -> None:
    service(ecs)
    targets(balancing, *states)
    assert waiting.healthy(account, [SERVICE]) == look


@pytest.mark.parametrize(
    "more", [{"runningCount": 1}, {"pendingCount": 1}, {"deployments": [{"id": "1"}, {"id": "2"}]}]
)
def test_a_service_that_still_changes_is_not(more: dict[str, Any], account: aws.Aws, ecs: Stubber) -> None:
    service(ecs, **more)
    assert waiting.healthy(account, [SERVICE]).ended is None


@pytest.mark.parametrize(
    ("said", "reason"),
    [({"rolloutStateReason": "tasks failed to start"}, "tasks failed to start"), ({}, "ECS gives no reason")],
)
def test_a_rollout_that_failed_is_waited_for_no_longer(
    said: dict[str, str], reason: str, account: aws.Aws, ecs: Stubber
) -> None:
    service(ecs, deployments=[{"id": "1", "rolloutState": "FAILED", **said}])
    assert waiting.healthy(account, [SERVICE]) == Look("FAILED", ended=Ended(None, f"lms: {reason}", False))


def test_where_there_is_no_service_there_is_nothing_to_wait_for(account: aws.Aws) -> None:
    assert waiting.healthy(account, []) == Look("HEALTHY", ended=DONE)


def test_a_service_with_an_old_arn_is_in_the_default_cluster(account: aws.Aws, ecs: Stubber) -> None:
    old = "arn:aws:ecs:sa-east-1:111111111111:service/lms"
    quiet = {"serviceName": "lms", "desiredCount": 0, "runningCount": 0, "pendingCount": 0, "deployments": []}
    ecs.add_response("describe_services", {"services": [quiet]}, {"cluster": "default", "services": [old]})
    assert waiting.healthy(account, [old]).ended == DONE
