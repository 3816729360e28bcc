"""Tasks that run once: the same request is the same task, and whoever plays the agent says how it ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from tests.conftest import EmbeddedAws


@pytest.fixture
def ecs(aws: EmbeddedAws) -> Any:
    client = aws.client("ecs")
    client.create_cluster(clusterName="lms")
    containers = [{"name": "app", "image": "1"}, {"name": "agent", "image": "2"}]
    client.register_task_definition(family="lms", containerDefinitions=containers)
    return client


def run(ecs: Any, **more: Any) -> str:
    return str(ecs.run_task(cluster="lms", taskDefinition="lms", **more)["tasks"][0]["taskArn"])


def described(ecs: Any, arn: str) -> dict[str, Any]:
    (task,) = ecs.describe_tasks(cluster="lms", tasks=[arn])["tasks"]
    return dict(task)


def test_only_a_request_with_the_same_token_is_the_same_task(ecs: Any) -> None:
    first = run(ecs, clientToken="one")
    assert run(ecs, clientToken="one") == first
    assert run(ecs, clientToken="two") != first
    assert run(ecs) != run(ecs)


def test_a_request_that_was_refused_is_made_anew(ecs: Any) -> None:
    with pytest.raises(ClientError, match="Unable to find task definition"):
        ecs.run_task(cluster="lms", taskDefinition="none", clientToken="one")
    assert run(ecs, clientToken="one")


def test_a_container_that_exits_ends_its_task(ecs: Any) -> None:
    arn = run(ecs)
    told = [{"containerName": "app", "exitCode": 3, "reason": "it broke"}]
    ecs.submit_task_state_change(cluster="lms", task=arn, status="STOPPED", reason="exited", containers=told)
    task = described(ecs, arn)
    assert (task["lastStatus"], task["stopCode"]) == ("STOPPED", "EssentialContainerExited")
    assert task["stoppedReason"] == "exited"
    app, agent = task["containers"]
    assert (app["exitCode"], app["reason"]) == (3, "it broke")
    assert "exitCode" not in agent


def test_a_task_whose_container_never_ran_failed_to_start(ecs: Any) -> None:
    arn = run(ecs)
    told = [{"containerName": "app", "reason": "CannotPullContainerError"}]
    ecs.submit_task_state_change(cluster="lms", task=arn, status="STOPPED", containers=told)
    assert described(ecs, arn)["stopCode"] == "TaskFailedToStart"


def test_of_a_task_that_is_not_there_nothing_can_be_told(ecs: Any) -> None:
    with pytest.raises(ClientError, match="The referenced task was not found"):
        ecs.submit_task_state_change(cluster="lms", task="arn:none", status="STOPPED")
