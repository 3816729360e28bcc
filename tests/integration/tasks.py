"""Tasks on the embedded AWS, which runs no containers: a test says how each ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.integration.lasting import until

if TYPE_CHECKING:
    from tests.integration.deployer import Deployer


def running(deployer: Deployer, cluster: str = "lms") -> str:
    """The ARN of the one task that was started by the command."""
    ecs = deployer.aws.client("ecs")
    found = until(lambda: ecs.list_tasks(cluster=cluster, startedBy="stackproof")["taskArns"])
    (arn,) = found
    return str(arn)


def ended(deployer: Deployer, arn: str, code: int | None, reason: str = "", *, cluster: str = "lms") -> None:
    """What the agent would report of the task."""
    ecs = deployer.aws.client("ecs")
    (task,) = ecs.describe_tasks(cluster=cluster, tasks=[arn])["tasks"]
    name = task["containers"][0]["name"]
    container = {"containerName": name, "status": "STOPPED", **({} if code is None else {"exitCode": code})}
    ecs.submit_task_state_change(cluster=cluster, task=arn, status="STOPPED", reason=reason, containers=[container])
