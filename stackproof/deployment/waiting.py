"""Looking at something in AWS again and again until it has ended: a task, a backup, a cluster that empties."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from stackproof.deployment import aws, polling
from stackproof.deployment.observe import cluster_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from mypy_boto3_ecs.type_defs import ServiceTypeDef, TaskTypeDef

    from stackproof.deployment.aws import Aws
    from stackproof.deployment.polling import Pace

# What one call takes (API reference of DescribeTasks).
_TASKS_AT_ONCE = 100


@dataclass(frozen=True)
class Look:
    """What a look brought.

    Attributes:
        status: for example `PENDING`.
        lines: of a task's log, new ones, oldest first.
        ended: how it ended; None while it has not.
    """

    status: str
    lines: tuple[str, ...] = ()
    ended: Ended | None = None


@dataclass(frozen=True)
class Ended:
    """How something ended.

    Attributes:
        exit_code: of a task's container; None when that never ran, and of everything else.
        reason: AWS's words.
        is_done: it ended by itself, and well.
    """

    exit_code: int | None
    reason: str
    is_done: bool


DONE = Ended(None, "", True)


def until(
    see: Callable[[], Look], pace: Pace, *, minutes: float, clock: Callable[[], float] = time.monotonic
) -> Iterator[Look]:
    """Look until something has ended or the time is over; the last look has `ended`, unless the time was over.

    Raises:
        ClientError, BotoCoreError: as in `events.follow`; throttling and a lost line are waited out.
    """
    end = clock() + minutes * 60
    silent = 0
    while True:
        try:
            look = see()
        except (ClientError, BotoCoreError) as error:
            silent += 1
            if not aws.is_passing(error) or silent >= polling.PATIENCE:
                raise
            pace.wait(throttled=True)
            continue
        silent = 0
        yield look
        if look.ended or clock() >= end:
            return
        pace.wait(news=bool(look.lines))


def running(account: Aws, cluster: str, family: str = "") -> Iterator[TaskTypeDef]:
    """The tasks of a cluster, of one family where that is named, that run, are about to, or are about to stop."""
    ecs = account.ecs
    given = {"family": family} if family else {}
    pages = ecs.get_paginator("list_tasks").paginate
    for status in ("RUNNING", "STOPPED"):
        for page in pages(
            cluster=cluster,
            desiredStatus=status,
            PaginationConfig={"PageSize": _TASKS_AT_ONCE},
            **given,  # type: ignore[arg-type]  # the family, where there is one
        ):
            arns = page["taskArns"]
            tasks = ecs.describe_tasks(cluster=cluster, tasks=arns)["tasks"] if arns else []
            yield from (each for each in tasks if each["lastStatus"] != "STOPPED")


def idle(account: Aws, cluster: str) -> Look:
    """Whether no task runs in a cluster, nor is about to stop."""
    left = sum(1 for _ in running(account, cluster))
    return Look(f"{left} task{'s' if left > 1 else ''} left") if left else Look("IDLE", ended=DONE)


def healthy(account: Aws, services: Sequence[str]) -> Look:
    """Whether services, by ARN, run all their tasks in one version, and as many targets are healthy."""
    waits = []
    for arn in services:
        (service,) = account.ecs.describe_services(cluster=cluster_of(arn), services=[arn])["services"]
        failed = [each for each in service["deployments"] if each.get("rolloutState") == "FAILED"]
        if failed:
            reason = failed[0].get("rolloutStateReason", "") or "ECS gives no reason"
            return Look("FAILED", ended=Ended(None, f"{service['serviceName']}: {reason}", False))
        waits += _waits(account, service)
    return Look(", ".join(waits)) if waits else Look("HEALTHY", ended=DONE)


def _waits(account: Aws, service: ServiceTypeDef) -> list[str]:
    """What a service is not ready in, in a few words."""
    wanted, running = service["desiredCount"], service["runningCount"]
    if running != wanted or service["pendingCount"] or len(service["deployments"]) > 1:
        return [f"{running} of {wanted} tasks"]
    well = [
        sum(
            each["TargetHealth"]["State"] == "healthy"
            for each in account.balancing.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
        )
        for balancer in service.get("loadBalancers", [])
        if (group := balancer.get("targetGroupArn"))
    ]
    return [f"{number} of {wanted} targets healthy" for number in well if number < wanted]
