"""Why an ECS service did not come up: its events and stopped tasks, its targets' health, the end of its log."""

from __future__ import annotations

import re
import shlex
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from stackproof.deployment import causes_network, hint_tasks, hints
from stackproof.deployment.diagnosis import Evidence, Finding
from stackproof.deployment.observe import cluster_of
from stackproof.deployment.redaction import words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from mypy_boto3_ecs.type_defs import ServiceEventTypeDef, ServiceTypeDef, TaskTypeDef

    from stackproof.deployment.events import Event
    from stackproof.deployment.observe import Eye

# Shown at most.
_EVENTS, _KINDS, _STREAMS, _LINES = 5, 3, 2, 10
# What one call of DescribeTasks takes.
_AT_ONCE = 100
# CloudFormation hears of a failure a little before, or after, the last task stops.
_SLACK = timedelta(minutes=2)

_ROUTINE = re.compile(
    r"has reached a steady state|has (?:started|stopped) \d+|registered \d+ targets|has begun draining"
    r"|deployment completed"
)
_IDS = re.compile(r"\b[0-9a-f]{32}\b|ecs-svc/\d+|\b(?:\d+\.){3}\d+\b")
_STARTED = re.compile(r"\(task ([0-9a-f-]{32,36})\)")
# What the way back does to tasks with which nothing is wrong.
_SCALED = "Scaling activity initiated by"

_EXITS = {
    0: "it ended by itself, as if it were done",
    1: "an error of the application",
    126: "its command cannot be executed",
    127: "its command does not exist in the image",
    134: "it aborted",
    137: "it was killed: out of memory, or it did not stop in time",
    139: "it crashed on a memory fault",
    143: "it was told to stop",
}
_FROM_OUTSIDE = {137, 143}


def look(eye: Eye, event: Event, arn: str, *, since: datetime, definitions: Sequence[str]) -> Finding:
    """See what ECS and the load balancer know of a service that did not come up.

    Args:
        eye: that reads.
        event: that says that the service failed.
        arn: of the service; blank where it was never made.
        since: the operation began.
        definitions: ARNs of the task definitions that the operation made, the newest last.
    """
    service = _service(eye, arn)
    if service is None:
        return Finding()
    seen = _Look(eye, service, since, event.time + _SLACK)
    seen.tasks()
    seen.events()
    seen.targets()
    seen.logs(definitions)
    hint = seen.hint()
    return Finding(tuple(seen.evidence), hint)


def _service(eye: Eye, arn: str) -> ServiceTypeDef | None:
    if not arn.startswith("arn:"):
        return None  # it was refused before there was a service
    name = arn.rpartition("/")[2]
    ecs = eye.account.ecs
    found = eye.see(
        f"service {name} (its events, tasks, targets and log)",
        lambda: ecs.describe_services(cluster=cluster_of(arn), services=[arn])["services"],
    )
    if found is not None and not found:
        eye.miss(f"service {name}", "ECS does not know it any more")
    return found[0] if found else None


@dataclass
class _Look:
    """One look at a service, and what it found.

    Attributes:
        eye: through which it is looked at.
        service: as ECS describes it.
        since: the operation began.
        until: CloudFormation gave up.
        evidence: what was found.
        texts: the words that a hint may be found in, the most telling ones first.
        stopped: tasks that stopped meanwhile, the newest first, without those that were only scaled away.
        exits: the exit codes of their containers.
        groups: log groups that were looked at.
    """

    eye: Eye
    service: ServiceTypeDef
    since: datetime
    until: datetime
    evidence: list[Evidence] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    stopped: list[TaskTypeDef] = field(default_factory=list)
    exits: list[int] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)

    def _add(self, source: str, title: str, lines: Iterable[str]) -> None:
        shown = tuple(lines)
        if shown:
            self.evidence.append(Evidence(source, title, shown))

    def tasks(self) -> None:
        """The reasons and exit codes of stopped tasks, each kind once."""
        name = self.service["serviceName"]
        found = self.eye.see(f"why tasks of {name} stopped", self._tasks)
        if found is None:
            return
        if not found:
            self.eye.miss(f"why tasks of {name} stopped", "ECS has none of that time; it forgets them in an hour")
        self.stopped = found
        counted = Counter(_IDS.sub("…", "; ".join(_of_task(each))) for each in found)
        lines = [f"{_times(number)}: {said}" for said, number in counted.most_common(_KINDS)]
        self._add("ecs:stopped-tasks", f"Tasks of {name} that stopped, as ECS says", lines)
        for each in found:
            containers = each.get("containers", [])
            self.texts += [one["reason"] for one in containers if one.get("reason")]
            self.texts.append(each.get("stoppedReason", ""))
            self.exits += [one["exitCode"] for one in containers if one.get("exitCode") is not None]

    def _tasks(self) -> list[TaskTypeDef]:
        ecs, cluster, name = self.eye.account.ecs, self.service["clusterArn"], self.service["serviceName"]
        arns = ecs.list_tasks(cluster=cluster, serviceName=name, desiredStatus="STOPPED")["taskArns"]
        tasks = ecs.describe_tasks(cluster=cluster, tasks=arns[:_AT_ONCE])["tasks"] if arns else []
        during = [each for each in tasks if self.since <= each.get("stoppedAt", self.until) <= self.until]
        during.sort(key=lambda each: each.get("stoppedAt", self.until), reverse=True)
        return [each for each in during if _SCALED not in each.get("stoppedReason", "")]

    def _during(self) -> list[ServiceEventTypeDef]:
        events = self.service.get("events", [])
        return [each for each in events if self.since <= each["createdAt"] <= self.until]

    def events(self) -> None:
        """The service's own events, without those of every day, and why its deployments broke."""
        telling = {
            _IDS.sub("…", each["message"]): each
            for each in reversed(self._during())
            if not _ROUTINE.search(each["message"])
        }
        newest = sorted(telling.values(), key=lambda each: each["createdAt"])[-_EVENTS:]
        broken = [
            f"deployment {each['id']}: {each['rolloutStateReason']}"
            for each in self.service.get("deployments", [])
            if each.get("rolloutState") == "FAILED" and each.get("rolloutStateReason")
        ]
        lines = [*broken, *(f"{each['createdAt']:%H:%M:%S} {words(each['message'])}" for each in newest)]
        self._add("ecs:service-events", f"Events of {self.service['serviceName']}, as ECS says", lines)
        self.texts += [each["message"] for each in reversed(newest)]

    def targets(self) -> None:
        """The health of the tasks as the load balancer sees it at this moment."""
        for each in self.service.get("loadBalancers", []):
            if arn := each.get("targetGroupArn"):
                self._targets(arn, arn.split("/")[1])

    def _targets(self, arn: str, name: str) -> None:
        balancing = self.eye.account.balancing
        found = self.eye.see(
            f"the health of targets in {name}",
            lambda: balancing.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"],
        )
        health = [each["TargetHealth"] for each in found or []]
        counted = Counter(_of_target(each) for each in health if each["State"] != "healthy")
        lines = [f"{_times(number)}: {said}" for said, number in counted.most_common(_KINDS)]
        self._add("elb:target-health", f"Targets of {name} that are not healthy, now", lines)

    def logs(self, definitions: Sequence[str]) -> None:
        """The last lines that containers wrote; days later they are found by the tasks that the events name."""
        ran = [
            (each["taskDefinitionArn"], each["taskArn"].rpartition("/")[2])
            for each in self.stopped
            if any(one.get("exitCode") is not None for one in each.get("containers", []))
        ]
        if not self.stopped and definitions:
            started = [task for each in self._during() for task in _STARTED.findall(each["message"])]
            ran = [(definitions[-1], task) for task in started]
        for definition, task in ran[:_STREAMS]:
            for group, stream in self._streams(definition, task):
                lines = self.eye.log(group, stream, since=self.since, until=self.until, most=_LINES)
                self.groups.append(group)
                title = f"Last lines of the application's own log, {group} {stream}, masked where they look secret"
                self._add("log", title, lines)

    def _streams(self, definition: str, task: str) -> Iterator[tuple[str, str]]:
        """Log group and stream of each container of a task (awslogs: prefix/container/task)."""
        ecs = self.eye.account.ecs
        found = self.eye.see(
            f"where the log of task definition {definition.rpartition('/')[2]} is",
            lambda: ecs.describe_task_definition(taskDefinition=definition)["taskDefinition"],
        )
        for each in found.get("containerDefinitions", []) if found else []:
            options = each.get("logConfiguration", {}).get("options", {})
            if "awslogs-group" in options and "awslogs-stream-prefix" in options:
                yield options["awslogs-group"], f"{options['awslogs-stream-prefix']}/{each['name']}/{task}"

    def hint(self) -> hints.Hint | None:
        """What mends it: what AWS says counts more than the application's log, and that more than an exit code."""
        told = [hints.Failure(hint_tasks.TASK, each) for each in self.texts]
        if found := hints.first(told, hint_tasks.NETWORK):
            causes_network.tell(self.eye, self.service, self.evidence)
            return found
        lines = [line for each in self.evidence if each.source == "log" for line in each.lines]
        logged = [hints.Failure(hint_tasks.TASK, each) for each in lines]
        return hints.first(told, hint_tasks.RULES) or hints.first(logged, hint_tasks.LOG) or self._by_exit()

    def _by_exit(self) -> hints.Hint | None:
        own = [each for each in self.exits if each not in _FROM_OUTSIDE]
        if not own:
            return None
        sentence = f"The application ended by itself, with exit code {own[0]}; it must keep running. Its log says why."
        tail = [f"aws logs tail {shlex.quote(each)} --since {self.since:%Y-%m-%dT%H:%M:%S}" for each in self.groups[:1]]
        return hints.Hint(sentence, tuple(tail))


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number} times"


def _of_task(task: TaskTypeDef) -> Iterator[str]:
    code = f" ({task['stopCode']})" if task.get("stopCode") else ""
    yield f"{words(task.get('stoppedReason', 'no reason given'))}{code}"
    for each in task.get("containers", []):
        status, reason = each.get("exitCode"), words(each.get("reason", ""))
        if status is not None:
            meaning = f", {_EXITS[status]}" if status in _EXITS else ""
            yield f"container {each['name']}: exit code {status}{meaning}{reason and f': {reason}'}"
        elif reason:
            yield f"container {each['name']}: {reason}"


def _of_target(health: Mapping[str, Any]) -> str:
    words = [health["State"], health.get("Reason"), health.get("Description")]
    return " ".join(str(each) for each in words if each)
