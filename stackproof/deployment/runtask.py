"""One task of ECS, run once: in the network of a service of the stack, watched with its log until it stops.

A task is never stopped from here: half an upgrade of a database may be worse than a slow one.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from stackproof.deployment import aws, stack, waiting
from stackproof.deployment.observe import cluster_of
from stackproof.deployment.waiting import Ended, Look
from stackproof.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from mypy_boto3_ecs.type_defs import NetworkConfigurationOutputTypeDef, TaskTypeDef

    from stackproof.deployment.aws import Aws
    from stackproof.deployment.polling import Pace
    from stackproof.deployment.stack import Resource, Stack
    from stackproof.steps import Task

# How ECS says that a task ran to its end by itself.
_ENDED = "EssentialContainerExited"


@dataclass(frozen=True)
class Place:
    """Where a task runs, as its service does.

    Attributes:
        cluster: ARN, or name.
        definition: ARN of the task definition.
        container: whose command is replaced and whose exit code counts.
        network: subnets and security groups.
        launch_type: `FARGATE`, or what the service has; never Spot, which would take it away half-way.
        platform_version: of Fargate; blank elsewhere.
        log_group: where its container writes; blank where that cannot be read.
        log_prefix: of its log streams.
    """

    cluster: str
    definition: str = ""
    container: str = ""
    network: NetworkConfigurationOutputTypeDef | None = None
    launch_type: str = "FARGATE"
    platform_version: str = ""
    log_group: str = ""
    log_prefix: str = ""


def place(account: Aws, existing: Stack, task: Task) -> Place:
    """Find where a task of a stack is to run.

    Raises:
        RefusedError: the stack has no such service, task definition, container or output.
    """
    found = {each.logical_id: each for each in stack.resources(account.cloudformation, existing.id)}
    definition = physical(found, task.definition, "AWS::ECS::TaskDefinition") if task.definition else ""
    network = _of_service(account, physical(found, task.service, "AWS::ECS::Service")) if task.service else None
    network = network or _named(existing, found, task)
    described = account.ecs.describe_task_definition(taskDefinition=definition or network.definition)
    containers = {each["name"]: each for each in described["taskDefinition"]["containerDefinitions"]}
    name = task.container or next(iter(containers))
    if name not in containers:
        raise RefusedError(f"its task definition has no container {name}; there are {', '.join(containers)}")
    log: Mapping[str, Any] = containers[name].get("logConfiguration", {})
    options = log.get("options", {}) if log.get("logDriver") == "awslogs" else {}
    return replace(
        network,
        definition=described["taskDefinition"]["taskDefinitionArn"],
        container=name,
        log_group=options.get("awslogs-group", "") if options.get("awslogs-stream-prefix") else "",
        log_prefix=options.get("awslogs-stream-prefix", ""),
    )


def _of_service(account: Aws, arn: str) -> Place:
    """Where a service runs, and its own task definition."""
    (service,) = account.ecs.describe_services(cluster=cluster_of(arn), services=[arn])["services"]
    providers = [each["capacityProvider"] for each in service.get("capacityProviderStrategy", [])]
    on_fargate = bool(providers) and all(each.startswith("FARGATE") for each in providers)
    return Place(
        cluster=service["clusterArn"],
        definition=service["taskDefinition"],
        network=service.get("networkConfiguration"),
        launch_type="FARGATE" if on_fargate else service.get("launchType", "EC2"),
        platform_version=service.get("platformVersion", ""),
    )


def _named(existing: Stack, found: Mapping[str, Resource], task: Task) -> Place:
    """Where outputs and security groups of the stack say."""
    return Place(
        cluster=output(existing, task.cluster),
        network={
            "awsvpcConfiguration": {
                "subnets": output(existing, task.subnets).split(","),
                "securityGroups": [physical(found, name, "AWS::EC2::SecurityGroup") for name in task.groups],
                "assignPublicIp": "DISABLED",
            },
        },
        launch_type="FARGATE",
    )


def output(existing: Stack, name: str) -> str:
    """The value of an output; RefusedError where the stack has none of this name."""
    if name not in existing.outputs:
        there = ", ".join(existing.outputs) or "none at all"
        raise RefusedError(f"{existing.name} has no output {name}; it has {there}")
    return existing.outputs[name]


def physical(found: Mapping[str, Resource], logical_id: str, kind: str) -> str:
    """The physical id of a resource of a type; RefusedError where the stack has none."""
    each = found.get(logical_id)
    if each is None or each.type != kind or not each.physical_id:
        there = sorted(name for name, other in found.items() if other.type == kind)
        raise RefusedError(f"the stack has no {kind} {logical_id}; it has {', '.join(there) or 'none at all'}")
    return each.physical_id


def refuse_another(account: Aws, where: Place) -> None:
    """RefusedError where another such task runs in the cluster: two upgrades at once may ruin a database.

    Tasks of the same family that a service keeps do not count: then the task is one of the service's own kind.
    """
    family = where.definition.rpartition("/")[2].partition(":")[0]
    there = waiting.running(account, where.cluster, family)
    if found := [each["taskArn"] for each in there if not each.get("group", "").startswith("service:")]:
        raise RefusedError(
            f"{', '.join(found)} runs already, of the same task definition: another run of this is under way, or "
            "somebody started it by hand. Nothing is started beside it: wait until it has ended, and look how."
        )


def start(account: Aws, where: Place, task: Task, request: str) -> str:
    """Run the task and return its ARN. The same request twice is one task.

    Raises:
        RefusedError: ECS starts none.
    """
    override: dict[str, Any] = {"name": where.container}
    if task.command:
        override["command"] = list(task.command)
    given: dict[str, Any] = {
        "cluster": where.cluster,
        "taskDefinition": where.definition,
        "launchType": where.launch_type,
        "count": 1,
        "overrides": {"containerOverrides": [override]},
        "startedBy": "stackproof",
        "clientToken": request,
    }
    if where.network:
        given["networkConfiguration"] = where.network
    if where.launch_type == "FARGATE" and where.platform_version:
        given["platformVersion"] = where.platform_version
    answer = account.ecs.run_task(**given)
    if not answer["tasks"]:
        reasons = "; ".join(each.get("reason", "") for each in answer["failures"])
        raise RefusedError(f"ECS started no task: {reasons or 'it gives no reason'}")
    return answer["tasks"][0]["taskArn"]


def watch(
    account: Aws, where: Place, arn: str, pace: Pace, *, minutes: float, clock: Callable[[], float] = time.monotonic
) -> Iterator[Look]:
    """Look at a task again and again, until it has stopped or the time is over.

    Yields:
        After each look its status and the new lines of its log; see `waiting.until`.

    Raises:
        RefusedError: ECS does not know the task any more, so nobody can say how it ended.
    """
    log = _Log(account, where, arn)

    def see() -> Look:
        answer = account.ecs.describe_tasks(cluster=where.cluster, tasks=[arn])
        if not answer["tasks"]:
            raise RefusedError(f"ECS does not know {arn} any more, so whether it ended well is not known")
        task = answer["tasks"][0]
        return Look(task["lastStatus"], log.read(), _ended(task, where.container))

    return waiting.until(see, pace, minutes=minutes, clock=clock)


def _ended(task: TaskTypeDef, container: str) -> Ended | None:
    if task["lastStatus"] != "STOPPED":
        return None
    codes = [each.get("exitCode") for each in task["containers"] if each.get("name") == container]
    reasons = [task.get("stoppedReason", ""), *(each.get("reason", "") for each in task["containers"])]
    code = codes[0] if codes else None
    is_done = code == 0 and task.get("stopCode") == _ENDED
    return Ended(code, "; ".join(dict.fromkeys(filter(None, reasons))), is_done)


@dataclass
class _Log:
    """The log stream of a task, read on from where it was read to."""

    account: Aws
    where: Place
    task: str
    _token: str = field(default="", init=False)

    def read(self) -> tuple[str, ...]:
        """The new lines; none while there is no stream, or where reading it is not allowed."""
        if not self.where.log_group:
            return ()
        name = f"{self.where.log_prefix}/{self.where.container}/{self.task.rpartition('/')[2]}"
        lines: list[str] = []
        while True:
            more = {"nextToken": self._token} if self._token else {}
            try:
                answer = self.account.logs.get_log_events(
                    logGroupName=self.where.log_group,
                    logStreamName=name,
                    startFromHead=True,
                    **more,  # type: ignore[arg-type]  # the token, where there is one
                )
            except ClientError as error:
                if aws.code(error) in {"ResourceNotFoundException", *aws.ACCESS_DENIED}:
                    return tuple(lines)
                raise
            lines += [each.get("message", "") for each in answer["events"]]
            before, self._token = self._token, answer["nextForwardToken"]
            if self._token == before or not answer["events"]:
                return tuple(lines)
