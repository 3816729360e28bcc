"""A plan of several steps under way: each step, and what a person is told where it stops.

Whatever a step changed stays. What went wrong after a task has changed data is not mended by going back to the old
program: the recovery points and the commands that go back to them are told, and a person decides.
"""

from __future__ import annotations

import shlex
import sys
import uuid
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from stackproof import printing
from stackproof.deploying import ending, preparing, tasks, watching
from stackproof.deployment import guards, operations, planfile, polling, recovery, runtask, stack, waiting
from stackproof.errors import RefusedError, StackproofError
from stackproof.printing import Line
from stackproof.proofs import arns, shapes
from stackproof.proofs.model.placement import each
from stackproof.proofs.values import Sym, at
from stackproof.step_files import SERVICE
from stackproof.steps import Backup, Healthy, Idle, Task

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from stackproof.deploying.call import Call
    from stackproof.deployment.aws import Aws
    from stackproof.deployment.planfile import PlanFile
    from stackproof.deployment.stack import Resource, Stack
    from stackproof.deployment.waiting import Ended, Look
    from stackproof.environments import Environment
    from stackproof.proofs.resolve.stack import Stack as Whole
    from stackproof.steps import Action


@dataclass
class Course:
    """A plan under way; what has happened is in its file before the next thing does."""

    call: Call
    account: Aws
    environment: Environment
    path: Path
    shown: PlanFile

    def step(self, number: int, environment: Environment) -> int:
        """Carry out one step; the exit code.

        Args:
            number: of the step, from 0.
            environment: with the step's settings.
        """
        stage, steps = self.shown.stages[number], len(self.shown.stages)
        self.call.say(Line(f"Step {number + 1} of {steps}: {stage.title}", "bold"))
        try:
            code = self._act(number, stage.action) if stage.action else self._change(number, environment)
        except (StackproofError, ClientError, BotoCoreError):
            self.call.say(*self._stopped(number))
            raise
        except KeyboardInterrupt as stopped:
            started = self.shown.stages[number].started
            # It may come between the start of a task and the first look, too.
            if str(stopped) or not started.startswith("arn:"):
                raise
            raise KeyboardInterrupt(tasks.interrupted(self.call, f"the task goes on in AWS: {started}")) from None
        if code:
            self.call.say(*self._stopped(number))
            self.call.say(Line(f"When the cause is mended, take it up again: {self.call.commands.apply}"))
        return code

    def _stopped(self, number: int) -> Iterator[Line]:
        """Where it stands, and the way back where data may have changed."""
        stages = self.shown.stages
        yield Line(f"Stopped at step {number + 1} of {len(stages)}; what comes after it was not touched.")
        points = {store: point for stage in stages for store, point in stage.points.items()}
        if not points or not any(isinstance(stage.action, Task) for stage in stages[: number + 1]):
            return
        yield Line("Nothing goes back by itself: data may have changed. As they were before:")
        for store, point in points.items():
            yield Line(f"  {store}  {point}")
        types = {name: each.get("Type", "") for name, each in self.environment.template["Resources"].items()}
        restore = {
            store: parameter
            for stage in stages
            if isinstance(stage.action, Backup)
            for store, parameter in stage.action.restore.items()
        }
        kept = {name: value for stage in stages for name, value in stage.kept.items()}
        yield Line("If it is to go back to that:")
        for command in recovery.ways_back(points, types, restore, kept, self.call.commands.plan):
            yield Line(f"  {command}")

    def _write(self, number: int, **values: Any) -> None:
        """Note something of a stage, in the file, too."""
        self.shown = self.shown.with_stage(number, **values)
        planfile.write(self.path, self.shown)

    def _change(self, number: int, environment: Environment) -> int:
        """Make the change set of a step, hold it against what was shown, and execute it."""
        call, account = self.call, self.account
        name = environment.stack
        existing = self._unmoved()
        with preparing.previewed(call, account, environment, existing) as found:
            stage = self.shown.stages[number]
            guards.as_shown(stage.title, stage.shown, found.plan.actions)
            no_rollback = call.options.no_rollback
            guards.can_skip_rollback(
                found.plan,
                existing.status if existing else "",
                no_rollback=no_rollback,
                is_protected=environment.protected,
                commands=call.commands,
            )
            if found.plan.is_waiting:
                request = operations.token(account)
                self._write(number, started=request)
                watching.watch(
                    call,
                    operations.apply(account, found, no_rollback=no_rollback, request=request),
                    total=len(found.plan.changes),
                    what=f"the {'creation' if found.plan.is_new else 'update'} of {name}",
                )
        stack_id = found.change_set.stack_id or name
        ended = operations.outcome(account, stack_id)
        is_done = ended.is_done or not found.plan.change_set
        self.shown = self.shown.at(ended.stack)
        self._write(number, started="", is_done=is_done)
        return 0 if is_done else ending.tell(call, account, name, stack_id, is_executed=True)

    def _unmoved(self) -> Stack | None:
        """The stack as the last step left it.

        Raises:
            RefusedError: somebody else has changed it meanwhile, or is about to.
        """
        existing = stack.find(self.account.cloudformation, self.environment.stack)
        if existing is not None and self.shown.updated not in {None, existing.updated.isoformat()}:
            raise RefusedError(
                f"{existing.name} was changed since the last step, by another run of this or by somebody else: nothing "
                f"more is done here. See what became of it first: {self.call.commands.status}"
            )
        return existing

    def _act(self, number: int, action: Action) -> int:
        """Do what a step asks for, or go on watching what an earlier run started."""
        call, account, title = self.call, self.account, self.shown.stages[number].title
        existing = self._unmoved()
        if existing is None:
            raise RefusedError(f"{self.environment.stack} does not exist, so no task of it can run")
        points: dict[str, str] = {}
        found = {each.logical_id: each for each in stack.resources(account.cloudformation, existing.id)}
        if isinstance(action, Task):
            looks, meanwhile = self._task(number, existing, action)
        elif isinstance(action, Backup):
            looks, meanwhile = self._backup(number, existing, found, action, points)
        else:
            looks, meanwhile = self._wait(existing, found, action)
        look = tasks.watch(call, looks, title=title, meanwhile=meanwhile)
        if look is not None and look.ended is None:
            still = "waiting" if isinstance(action, Idle | Healthy) else "running"
            so_far = f": {look.status}" if still == "waiting" else ""
            call.say(Line(f"{title}: still {still} after {action.minutes} minutes{so_far}", "bold red"))
            call.say(*map(Line, tasks.goes_on(call, meanwhile).splitlines()))
            return 1
        ended = look.ended if look and look.ended else waiting.DONE
        started = self.shown.stages[number].started
        self._write(number, is_done=ended.is_done, started=started if ended.is_done else "", points=points)
        if ended.is_done:
            call.say(*(Line(f"{'':>6}  {store}: {point}") for store, point in points.items()))
            return 0
        self._failed(existing, title, action, ended)
        return 1

    def _task(self, number: int, existing: Stack, task: Task) -> tuple[Iterator[Look], str]:
        account = self.account
        where = runtask.place(account, existing, task)
        started = self.shown.stages[number].started
        if not started.startswith("arn:"):
            # With a request of an earlier run, whose answer was lost, a task that runs may be its own.
            if not started:
                runtask.refuse_another(account, where)
            request = self._request(number)
            started = runtask.start(account, where, task, request)
            self._write(number, started=started)
        looks = runtask.watch(account, where, started, self._pace(), minutes=task.minutes)
        return looks, f"the task goes on in AWS: {started}"

    def _backup(
        self, number: int, existing: Stack, found: Mapping[str, Resource], backup: Backup, points: dict[str, str]
    ) -> tuple[Iterator[Look], str]:
        account = self.account
        types = {name: each.type for name, each in found.items()}
        self.call.say(*(Line(f"{'':>6}  {each}") for each in recovery.taken(backup, types, existing.outputs)[1]))
        jobs = recovery.start(account, existing, found, backup, self._request(number))
        looks = waiting.until(partial(recovery.look, account, jobs, points), self._pace(), minutes=backup.minutes)
        told = ", ".join(each.id for each in jobs)
        return looks if jobs else iter(()), f"the backup goes on in AWS: {told}"

    def _wait(
        self, existing: Stack, found: Mapping[str, Resource], action: Idle | Healthy
    ) -> tuple[Iterator[Look], str]:
        if isinstance(action, Idle):
            see = partial(waiting.idle, self.account, runtask.output(existing, action.cluster))
        else:
            arns = [runtask.physical(found, name, SERVICE) for name in action.services if name in found]
            see = partial(waiting.healthy, self.account, arns)
        return waiting.until(see, self._pace(), minutes=action.minutes), ""

    def _request(self, number: int) -> str:
        """A token by which AWS knows a request again, in the file before it is sent."""
        request = self.shown.stages[number].started or uuid.uuid4().hex
        self._write(number, started=request)
        return request

    def _pace(self) -> polling.Pace:
        return polling.for_events(is_local=self.account.is_local)

    def _failed(self, existing: Stack, title: str, action: Action, ended: Ended) -> None:
        call = self.call
        code = ""
        if isinstance(action, Task):
            code = " with no exit code" if ended.exit_code is None else f" with exit code {ended.exit_code}"
        by = "ECS" if isinstance(action, Task) else "AWS"
        call.say(Line(f"{title} failed{code}: {ended.reason or f'{by} gives no reason'}", "bold red"))
        if call.options.json:
            cause = {"step": title, "exit_code": ended.exit_code, "reason": ended.reason}
            result = {"stack": existing.name, "status": existing.status, "outputs": dict(existing.outputs)}
            printing.show_json({**result, "cause": cause}, sys.stdout)


def words(action: Action, whole: Whole) -> list[str]:
    """What a step that is no change does, for a person: a line, and what has to be known about it.

    Args:
        action: of the step.
        whole: the stack as it will be.
    """
    minutes = "minute" if action.minutes == 1 else "minutes"
    upto = f"waits up to {action.minutes} {minutes}"
    if isinstance(action, Task):
        definition = f", with task definition {action.definition}" if action.definition else ""
        where = f"where {action.service} runs" if action.service else f"in cluster {_output(whole, action.cluster)}"
        return [f"run {_command(whole, action)} once, {where}{definition}; {upto}"]
    if isinstance(action, Backup):
        types = {name: each.type for name, each in whole.resources.items()}
        stores, left = recovery.taken(action, types, whole.outputs)
        by = "by AWS Backup" if action.vault in whole.outputs else "by a snapshot"
        told = f"take a recovery point of {' and '.join(stores)} {by}; {upto}" if stores else "nothing to take"
        return [told, *left]
    if isinstance(action, Idle):
        return [f"wait until no task runs in cluster {_output(whole, action.cluster)}; {upto}"]
    return [f"wait until {' and '.join(action.services)} runs all its tasks, and all targets are healthy; {upto}"]


def _output(whole: Whole, name: str) -> str:
    """The value of an output, or its name where only AWS will know the value."""
    output = whole.outputs.get(name)
    value = output.value if output else None
    target = whole.target(value) if isinstance(value, Sym) else None
    if isinstance(value, Sym) and target is not None and shapes.meaning(target.type, value.attribute) == shapes.NAME:
        value = arns.name(target)
    return value if isinstance(value, str) else name


def _command(whole: Whole, task: Task) -> str:
    """The command of a task, as somebody would type it."""
    definition = whole.resources.get(task.definition)
    containers = each(definition.properties.get("ContainerDefinitions")) if definition else []
    meant = [one for one in containers if not task.container or at(one, "Name") == task.container]
    own = at(meant[0], "Command") if meant else None
    found = list(task.command) or own
    return shlex.join(map(str, found)) if isinstance(found, list) else "its image's command"
