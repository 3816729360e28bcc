"""A plan of several steps: shown whole, approved once, carried out in order, and taken up where it stopped."""

from __future__ import annotations

import shlex
import sys
import uuid
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from stackproof import plan_report, printing
from stackproof.comparing import between
from stackproof.deploying import apply, tasks, watching
from stackproof.deploying.call import connect, under_way
from stackproof.deploying.plan import previewed
from stackproof.deployment import aws, events, guards, operations, planfile, polling, runtask, stack
from stackproof.deployment.planfile import Stage
from stackproof.errors import RefusedError
from stackproof.printing import Line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from stackproof.deploying.call import Call
    from stackproof.deployment.aws import Aws
    from stackproof.deployment.plan import Plan
    from stackproof.deployment.planfile import PlanFile
    from stackproof.deployment.stack import Stack
    from stackproof.environments import Environment
    from stackproof.steps import Step, Task

    # The environment with other values of some parameters.
    Load = Callable[[Mapping[str, str]], Environment]


def plan(call: Call, environment: Environment, steps: Sequence[Step], settings: Mapping[str, str], load: Load) -> int:
    """Show what each step would do: the first change by a change set, those after it by comparing templates.

    Args:
        call: of the command.
        environment: as its files and `--set` say.
        steps: from the file.
        settings: what `--set` gave.
        load: the environment with the settings of a step.
    """
    with aws.explained():
        account = connect(call, environment)
        existing = stack.find(account.cloudformation, environment.stack)
        guards.can_change(existing, environment.tags, call.commands, under_way(account, existing))
        stages = tuple(_stage(step, environment.stack, existing) for step in steps)
        with _plans(call, account, existing, stages, load) as plans:
            _show(call, environment.stack, stages, plans)
            if call.options.out:
                shown = tuple(replace(stage, shown=_actions(each)) for stage, each in zip(stages, plans, strict=True))
                made = replace(_made(account, environment, existing, settings), stages=shown)
                planfile.write(call.options.out, made)
                call.say(Line(f"Apply exactly this with: {call.commands.apply} --plan {call.options.out}"))
    waiting = any(each is None or each.is_waiting for each in plans)
    return 3 if waiting and call.options.check else 0


def run(call: Call, environment: Environment, shown: PlanFile, load: Load) -> int:
    """Carry out what is left of a plan of several steps.

    Raises:
        RefusedError: something moved, or a step would do what was not shown.
    """
    path = call.options.plan
    call = replace(
        call, commands=replace(call.commands, apply=f"{call.commands.apply} --plan {shlex.quote(str(path))}")
    )
    with aws.explained():
        account = connect(call, environment)
        existing = apply.settled(call, account, environment)
        shown = _caught_up(account, existing, shown)
        planfile.not_moved(shown, replace(_made(account, environment, existing, shown.settings), stages=shown.stages))
        left = [number for number, stage in enumerate(shown.stages) if not stage.is_done]
        with _plans(call, account, existing, shown.stages, load) as plans:
            _show(call, shown.stack, shown.stages, plans)
            for stage, each in zip(shown.stages, plans, strict=True):
                guards.as_shown(stage.title, stage.shown, _actions(each))
            if left:
                apply.approve(call, _whole(account, shown.stack, plans))
        under = _Course(call, account, environment.stack, path, shown)
        for number in left:
            stage = under.shown.stages[number]
            call.say(Line(f"Step {number + 1} of {len(shown.stages)}: {stage.title}", "bold"))
            code = under.task(number, stage.task) if stage.task else under.change(number, load(stage.settings))
            if code:
                call.say(
                    Line(f"Stopped at step {number + 1} of {len(shown.stages)}; what comes after it was not touched.")
                )
                call.say(Line(f"When the cause is mended, take it up again: {call.commands.apply}"))
                return code
        return apply.tell(call, account, environment.stack, environment.stack, is_executed=False)


@dataclass
class _Course:
    """A plan under way; what has happened is in its file before the next thing does."""

    call: Call
    account: Aws
    stack: str
    path: Path
    shown: PlanFile

    def write(self, number: int, **values: Any) -> None:
        """Note something of a stage, in the file, too."""
        self.shown = self.shown.with_stage(number, **values)
        planfile.write(self.path, self.shown)

    def change(self, number: int, environment: Environment) -> int:
        """Make the change set of a step, hold it against what was shown, and execute it."""
        call, account = self.call, self.account
        existing = stack.find(account.cloudformation, self.stack)
        with previewed(call, account, environment, existing) as found:
            guards.as_shown(self.shown.stages[number].title, self.shown.stages[number].shown, _actions(found.plan))
            no_rollback = call.options.no_rollback
            status = existing.status if existing else ""
            guards.can_skip_rollback(
                found.plan,
                status,
                no_rollback=no_rollback,
                is_protected=environment.protected,
                commands=call.commands,
            )
            if found.plan.is_waiting:
                request = operations.token(account)
                self.write(number, started=request)
                watching.watch(
                    call,
                    operations.apply(account, found, no_rollback=no_rollback, request=request),
                    total=len(found.plan.changes),
                    what=f"the {'creation' if found.plan.is_new else 'update'} of {self.stack}",
                )
        stack_id = found.change_set.stack_id or self.stack
        ended = operations.outcome(account, stack_id)
        is_done = ended.is_done or not found.plan.change_set
        self.shown = _at(ended.stack, self.shown)
        self.write(number, started="", is_done=is_done)
        return 0 if is_done else apply.tell(call, account, self.stack, stack_id, is_executed=True)

    def task(self, number: int, task: Task) -> int:
        """Run the task of a step, or go on watching the one that an earlier run started."""
        try:
            return self._task(number, task)
        except KeyboardInterrupt as stopped:
            started = self.shown.stages[number].started
            # It may come between the start and the first look, too.
            if str(stopped) or not started.startswith("arn:"):
                raise
            raise KeyboardInterrupt(f"interrupted; {tasks.goes_on(self.call, started)}") from None

    def _task(self, number: int, task: Task) -> int:
        call, account = self.call, self.account
        existing = stack.find(account.cloudformation, self.stack)
        if existing is None:
            raise RefusedError(f"{self.stack} does not exist, so no task of it can run")
        where = runtask.place(account, existing.id, task)
        started = self.shown.stages[number].started
        if not started.startswith("arn:"):
            request = started or uuid.uuid4().hex
            self.write(number, started=request)
            started = runtask.start(account, where, task, request)
            self.write(number, started=started)
        title = self.shown.stages[number].title
        pace = polling.for_events(is_local=account.is_local)
        looks = runtask.watch(account, where, started, pace, minutes=task.minutes)
        ended = tasks.watch(call, looks, title=title, arn=started)
        if ended is None:
            call.say(Line(f"{title}: still running after {task.minutes} minutes", "bold red"))
            call.say(*map(Line, tasks.goes_on(call, started).splitlines()))
            return 1
        self.write(number, is_done=ended.is_done, started=started if ended.is_done else "")
        if ended.is_done:
            return 0
        code = "no exit code" if ended.exit_code is None else f"exit code {ended.exit_code}"
        call.say(Line(f"{title} failed with {code}: {ended.reason or 'ECS gives no reason'}", "bold red"))
        if call.options.json:
            cause = {"step": title, "exit_code": ended.exit_code, "reason": ended.reason}
            result = {"stack": self.stack, "status": existing.status, "outputs": dict(existing.outputs), "cause": cause}
            printing.show_json(result, sys.stdout)
        return 1


def _stage(step: Step, name: str, existing: Stack | None) -> Stage:
    """A step with the values of what it keeps."""
    deployed = existing.parameters if existing is not None and not existing.is_new else {}
    if missing := [each for each in step.keep if each not in deployed]:
        raise RefusedError(f"{step.title}: {name} runs without {', '.join(missing)}, so there is nothing to keep")
    return Stage(step.title, {**{each: deployed[each] for each in step.keep}, **step.settings}, step.task)


@contextmanager
def _plans(
    call: Call, account: Aws, existing: Stack | None, stages: Sequence[Stage], load: Load
) -> Iterator[list[Plan | None]]:
    """The plan of each stage; None for a task, and for a stage that is done."""
    changes = [number for number, stage in enumerate(stages) if not stage.task and not stage.is_done]
    environments = {number: load(stages[number].settings) for number in changes}
    plans: list[Plan | None] = [None] * len(stages)
    for before, number in pairwise(changes):
        found = between(environments[before], environments[number])
        plans[number] = replace(found, account=account.account, region=account.region)
    if not changes:
        yield plans
        return
    with previewed(call, account, environments[changes[0]], existing) as found_now:
        plans[changes[0]] = found_now.plan
        yield plans


def _actions(plan: Plan | None) -> dict[str, str]:
    return {each.logical_id: each.action for each in plan.changes} if plan else {}


def _whole(account: Aws, name: str, plans: Sequence[Plan | None]) -> Plan:
    """All that is to be approved, as one plan."""
    found = [each for each in plans if each]
    first = found[0] if found else _nothing(account, name)
    return replace(first, changes=tuple(change for each in found for change in each.changes))


def _nothing(account: Aws, name: str) -> Plan:
    from stackproof.deployment.plan import Plan

    return Plan(name, account.account, account.region, False, None, (), ())


def _show(call: Call, name: str, stages: Sequence[Stage], plans: Sequence[Plan | None]) -> None:
    titles = [f"Step {number} of {len(stages)}: {stage.title}" for number, stage in enumerate(stages, start=1)]
    if call.options.json:
        steps = [_as_json(stage, each) for stage, each in zip(stages, plans, strict=True)]
        needs = [need for each in plans if each for need in each.as_json()["needs"]]
        changes = [change for each in plans if each for change in each.as_json()["changes"]]
        printing.show_json({"stack": name, "changes": changes, "needs": needs, "steps": steps}, sys.stdout)
        return
    for title, stage, each in zip(titles, stages, plans, strict=True):
        if each is not None:
            plan_report.show(each, call.options, f"{title} ({each.stack}, account {each.account}, {each.region})")
        elif stage.task and not stage.is_done:
            printing.show([Line(f"{title}: {_words(stage.task)}", "bold")], sys.stdout)
        else:
            printing.show([Line(f"{title}: done", "dim")], sys.stdout)
        sys.stdout.write("\n")


def _as_json(stage: Stage, plan: Plan | None) -> dict[str, Any]:
    found: dict[str, Any] = {"title": stage.title, "done": stage.is_done}
    if stage.task:
        found["task"] = {"service": stage.task.service, "task": stage.task.definition or None}
        found["task"] |= {"command": list(stage.task.command), "minutes": stage.task.minutes}
    return found | ({"plan": plan.as_json()} if plan else {})


def _words(task: Task) -> str:
    """What a task is, for a person."""
    command = shlex.join(task.command) if task.command else "its image's command"
    definition = f", with task definition {task.definition}" if task.definition else ""
    return f"run {command} once, where {task.service} runs{definition}; waits up to {task.minutes} minutes"


def _made(account: Aws, environment: Environment, existing: Stack | None, settings: Mapping[str, str]) -> PlanFile:
    stack_id = existing.id if existing is not None and not existing.is_new else None
    return planfile.made(account, environment, existing, change_set=None, stack_id=stack_id, settings=settings)


def _at(existing: Stack | None, shown: PlanFile) -> PlanFile:
    """The plan with the stack as it is now, to see later whether anybody else changed it."""
    stack_id, updated = (existing.id, existing.updated.isoformat()) if existing else (None, None)
    return replace(shown, stack_id=stack_id, updated=updated)


def _caught_up(account: Aws, existing: Stack | None, shown: PlanFile) -> PlanFile:
    """The plan with what became of the step that was under way when an earlier run was cut off."""
    number = next((at for at, stage in enumerate(shown.stages) if stage.started and not stage.is_done), None)
    if number is None or shown.stages[number].task or existing is None or existing.is_new:
        return shown
    last = events.last_operation(account.cloudformation, existing.id)
    if last[0].request != shown.stages[number].started:  # it never began
        return shown
    is_done = operations.Outcome(existing, existing.status, None).is_done
    return _at(existing, shown.with_stage(number, started="", is_done=is_done))
