"""What a stack runs at this moment: services with their tasks and images, and the states of its alarms."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from stackproof.deployment import aws, stack
from stackproof.deployment.observe import cluster_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from mypy_boto3_ecs.type_defs import DeploymentTypeDef, ServiceTypeDef

    from stackproof.deployment.aws import Aws
    from stackproof.deployment.stack import Resource

_NESTED = "AWS::CloudFormation::Stack"
_SERVICE = "AWS::ECS::Service"
_ALARMS = {"AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm"}
# What one call takes (API references of DescribeServices and DescribeAlarms).
_SERVICES_AT_ONCE = 10
_ALARMS_AT_ONCE = 100

_Answer = TypeVar("_Answer")


@dataclass(frozen=True)
class Deployment:
    """One version of a service; while a new one comes, there are two.

    Attributes:
        images: of its containers, in the task definition's order; empty where they could not be looked up.
        desired: tasks that shall run.
        running: tasks that do.
        pending: tasks that start.
        failed: tasks that did not come up.
        rollout: `IN_PROGRESS`, `COMPLETED` or `FAILED`; blank where ECS does not say.
    """

    images: tuple[str, ...]
    desired: int
    running: int
    pending: int
    failed: int
    rollout: str


@dataclass(frozen=True)
class Service:
    """An ECS service: its tasks, and its deployments with the newest first."""

    name: str
    desired: int
    running: int
    pending: int
    deployments: tuple[Deployment, ...]


@dataclass(frozen=True)
class Alarm:
    """An alarm: `OK`, `ALARM` or `INSUFFICIENT_DATA`, why, and since when (ISO 8601; blank where AWS does not say)."""

    name: str
    state: str
    reason: str
    since: str


@dataclass(frozen=True)
class Running:
    """What a stack and the stacks nested in it run.

    Attributes:
        services: by name.
        alarms: by name.
        unseen: a sentence for each kind of thing that could not be looked at.
    """

    services: tuple[Service, ...]
    alarms: tuple[Alarm, ...]
    unseen: tuple[str, ...]


def look(account: Aws, stack_id: str) -> Running:
    """See what a stack runs. What may not be seen is said, and is no error."""
    eye = _Eye(account)
    resources = list(eye.resources(stack_id))
    services = eye.services([each.physical_id for each in resources if each.type == _SERVICE])
    alarms = eye.alarms([each.physical_id for each in resources if each.type in _ALARMS])
    return Running(
        services=tuple(sorted(services, key=lambda each: each.name)),
        alarms=tuple(sorted(alarms, key=lambda each: each.name)),
        unseen=tuple(dict.fromkeys(eye.unseen)),
    )


@dataclass
class _Eye:
    """Reads, and remembers what it was not shown."""

    account: Aws
    unseen: list[str] = field(default_factory=list)
    _images: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def resources(self, stack_id: str) -> Iterator[Resource]:
        """Every resource that exists, those of nested stacks too."""
        for each in self._see(lambda: stack.resources(self.account.cloudformation, stack_id)) or []:
            if each.type == _NESTED and each.physical_id:
                yield from self.resources(each.physical_id)
            elif each.physical_id:
                yield each

    def services(self, arns: Sequence[str]) -> Iterator[Service]:
        for cluster in dict.fromkeys(map(cluster_of, arns)):
            for some in _portions([arn for arn in arns if cluster_of(arn) == cluster], _SERVICES_AT_ONCE):
                for each in self._see(lambda: self._services(cluster, some)) or []:  # noqa: B023  # called at once
                    yield self._service(each)

    def _services(self, cluster: str, arns: Sequence[str]) -> list[ServiceTypeDef]:
        return self.account.ecs.describe_services(cluster=cluster, services=arns)["services"]

    def _service(self, answer: ServiceTypeDef) -> Service:
        return Service(
            name=answer["serviceName"],
            desired=answer["desiredCount"],
            running=answer["runningCount"],
            pending=answer["pendingCount"],
            deployments=tuple(self._deployment(each) for each in answer["deployments"]),
        )

    def _deployment(self, answer: DeploymentTypeDef) -> Deployment:
        definition = answer["taskDefinition"]
        if definition not in self._images:
            self._images[definition] = self._see(lambda: self._containers(definition)) or ()
        return Deployment(
            images=self._images[definition],
            desired=answer["desiredCount"],
            running=answer["runningCount"],
            pending=answer["pendingCount"],
            failed=answer.get("failedTasks", 0),
            rollout=answer.get("rolloutState", ""),
        )

    def _containers(self, definition: str) -> tuple[str, ...]:
        answer = self.account.ecs.describe_task_definition(taskDefinition=definition)
        return tuple(each["image"] for each in answer["taskDefinition"]["containerDefinitions"])

    def alarms(self, names: Sequence[str]) -> Iterator[Alarm]:
        for some in _portions(names, _ALARMS_AT_ONCE):
            yield from map(_alarm, self._see(lambda: self._alarms(some)) or [])  # noqa: B023  # called at once

    def _alarms(self, names: Sequence[str]) -> list[Mapping[str, Any]]:
        answer = self.account.cloudwatch.describe_alarms(
            AlarmNames=names, AlarmTypes=["MetricAlarm", "CompositeAlarm"], MaxRecords=_ALARMS_AT_ONCE
        )
        return [*answer.get("MetricAlarms", []), *answer.get("CompositeAlarms", [])]

    def _see(self, read: Callable[[], _Answer]) -> _Answer | None:
        """The answer to a read; None, and a sentence, where AWS gives none."""
        try:
            return read()
        except (ClientError, BotoCoreError) as error:
            self.unseen.append(str(aws.explain(error)))
            return None


def _alarm(answer: Mapping[str, Any]) -> Alarm:
    since = answer.get("StateUpdatedTimestamp")
    return Alarm(
        name=answer["AlarmName"],
        state=answer["StateValue"],
        reason=answer.get("StateReason", ""),
        since=since.isoformat() if since else "",
    )


def _portions(names: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    for start in range(0, len(names), size):
        yield names[start : start + size]
