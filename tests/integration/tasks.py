"""Tasks on the embedded AWS, which runs no containers: a test says how each ended."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from tests.integration.lasting import until

if TYPE_CHECKING:
    from collections.abc import Iterator


class Clients(Protocol):
    """An account: `EmbeddedAws`, or a `Platform`."""

    def client(self, service: str) -> Any: ...  # one of 400 classes


def running(aws: Clients, cluster: str = "lms") -> str:
    """The ARN of the one task that was started by the command."""
    (arn,) = until(lambda: _started(aws, cluster))
    return str(arn)


def _started(aws: Clients, cluster: str) -> Any:
    return aws.client("ecs").list_tasks(cluster=cluster, startedBy="stackproof")["taskArns"]


def ended(aws: Clients, arn: str, code: int | None, reason: str = "", *, cluster: str = "lms") -> None:
    """What the agent would report of the task."""
    ecs = aws.client("ecs")
    (task,) = ecs.describe_tasks(cluster=cluster, tasks=[arn])["tasks"]
    name = task["containers"][0]["name"]
    container = {"containerName": name, "status": "STOPPED", **({} if code is None else {"exitCode": code})}
    ecs.submit_task_state_change(cluster=cluster, task=arn, status="STOPPED", reason=reason, containers=[container])


@contextmanager
def ending(aws: Clients, code: int, reason: str = "", *, cluster: str = "lms", tasks: int = 1) -> Iterator[None]:
    """Let the task that a command starts end so, however long the command takes before; it must start `tasks`."""
    over = threading.Event()
    seen: list[str] = []

    def look() -> None:
        while not over.wait(0.05):
            for arn in _started(aws, cluster):
                ended(aws, arn, code, reason, cluster=cluster)
                seen.append(arn)

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
    assert len(seen) == tasks, f"tasks that were started: {seen}"
