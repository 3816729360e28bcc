"""A plan of several steps: shown whole, approved once, carried out in order, and taken up where it stopped.

The steps are those of a file, or those that the template declares for a new stack, or for a change like this one.
"""

from __future__ import annotations

import shlex
import sys
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from stackproof import plan_report, printing
from stackproof.comparing import between, resolved
from stackproof.deploying import asking, ending, preparing, tasks
from stackproof.deploying.call import connect, under_way
from stackproof.deploying.course import Course, words
from stackproof.deployment import aws, events, guards, operations, planfile, stack
from stackproof.deployment.planfile import Stage
from stackproof.errors import BadInputError, RefusedError
from stackproof.parameters import with_defaults
from stackproof.printing import Line
from stackproof.steps import Task, kind_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from stackproof.deploying.call import Call, Load
    from stackproof.deployment.aws import Aws
    from stackproof.deployment.plan import Plan
    from stackproof.deployment.planfile import PlanFile
    from stackproof.deployment.stack import Stack
    from stackproof.environments import Environment
    from stackproof.steps import Step
    from stackproof.upgrades import Upgrade


@dataclass(frozen=True)
class Work:
    """What a plan of several steps is about.

    Attributes:
        call: of the command.
        account: where.
        environment: as its files and `--set` say.
        existing: the stack as it is, fit for a change.
        load: the environment with the settings of a step.
    """

    call: Call
    account: Aws
    environment: Environment
    existing: Stack | None
    load: Load


def of(upgrade: Upgrade, environment: Environment, existing: Stack | None) -> tuple[Step, ...]:
    """The steps that the template declares for what is to be done; empty where it is a single change."""
    deployed = existing.parameters if existing is not None and not existing.is_new else None
    return upgrade.taken(with_defaults(environment.template, environment.parameters), deployed)


def plan(call: Call, environment: Environment, steps: Sequence[Step], settings: Mapping[str, str], load: Load) -> int:
    """Show what the steps of a file would do; 3 with `--check` when something would."""
    with aws.explained():
        account = connect(call, environment)
        existing = stack.find(account.cloudformation, environment.stack)
        guards.can_change(existing, environment.tags, call.commands, under_way(account, existing))
        waiting = preview(Work(call, account, environment, existing, load), steps, settings)
    return 3 if waiting and call.options.check else 0


def preview(work: Work, steps: Sequence[Step], settings: Mapping[str, str]) -> bool:
    """Show what each step would do: the first change by a change set, those after it by comparing templates.

    Args:
        work: what it is about.
        steps: in order.
        settings: what `--set` gave.

    Returns:
        Whether something would be done.
    """
    made = _made(work.account, work.environment, work.existing, settings)
    return _preview(work, replace(made, stages=_stages(work, steps)))


def declared_preview(work: Work, steps: Sequence[Step], settings: Mapping[str, str]) -> bool | None:
    """Show what `declared` would do: steps that the template declares, or what an earlier run left of them.

    Returns:
        Whether something would be done; None where there are no steps to take.
    """
    made = _made(work.account, work.environment, work.existing, settings)
    shown = _unfinished(work, work.call.progress(work.account, work.environment.stack), made)
    left = [number for number, stage in enumerate(shown.stages, start=1) if not stage.is_done] if shown else []
    if shown is None or not left:
        return preview(work, steps, settings) if steps else None
    work.call.say(Line(f"An earlier run stopped at step {left[0]} of {len(shown.stages)}; apply goes on there."))
    return _preview(work, replace(shown, settings=dict(settings)))


def _preview(work: Work, shown: PlanFile) -> bool:
    call, stages = work.call, shown.stages
    with _plans(work, stages) as plans:
        _show(call, work.environment, stages, plans)
        if call.options.out:
            planfile.write(call.options.out, replace(shown, stages=_as_shown(stages, plans)))
            call.say(Line(f"Apply exactly this with: {call.commands.apply} --plan {call.options.out}"))
    return any(each is None or each.is_waiting for each in plans)


def run(call: Call, environment: Environment, shown: PlanFile, load: Load) -> int:
    """Carry out what is left of a plan of several steps in a file.

    Raises:
        RefusedError: something moved, or a step would do what was not shown.
    """
    path = call.options.plan
    call = replace(
        call, commands=replace(call.commands, apply=f"{call.commands.apply} --plan {shlex.quote(str(path))}")
    )
    with aws.explained():
        account = connect(call, environment)
        existing = preparing.settled(call, account, environment)
        shown = _caught_up(account, existing, shown)
        planfile.not_moved(shown, replace(_made(account, environment, existing, shown.settings), stages=shown.stages))
        return _carry_out(Work(call, account, environment, existing, load), shown, path)


def declared(work: Work, steps: Sequence[Step]) -> int | None:
    """Apply the steps that a template declares, or take them up where an earlier run stopped; the exit code.

    How far it has come stands in a file of its own for each stack, until all is done.

    Args:
        work: what it is about.
        steps: that the template declares for this change; empty where it is a single one.

    Returns:
        None where there are no steps to take: it is a single change.
    """
    path = work.call.progress(work.account, work.environment.stack)
    now = _made(work.account, work.environment, work.existing, {})
    shown = _unfinished(work, path, now)
    if shown is None:
        if not steps:
            path.unlink(missing_ok=True)
            return None
        shown = replace(now, stages=_stages(work, steps))
    path.parent.mkdir(parents=True, exist_ok=True)
    code = _carry_out(work, shown, path)
    if code == 0:
        path.unlink(missing_ok=True)
    return code


def _unfinished(work: Work, path: Path, now: PlanFile) -> PlanFile | None:
    """The plan that an earlier run did not finish; None where there is none, or where it does not fit any more."""
    try:
        shown = _caught_up(work.account, work.existing, planfile.read(path))
    except BadInputError:
        return None
    try:
        planfile.not_moved(shown, replace(now, stages=shown.stages))
    except RefusedError:
        points = [f"{store} {point}" for stage in shown.stages for store, point in stage.points.items()]
        told = f" It took recovery points: {', '.join(points)}." if points else ""
        said = f"An earlier run stopped half-way, and something changed since: a new plan is made.{told}"
        work.call.say(Line(said))
        return None
    return shown


def _carry_out(work: Work, shown: PlanFile, path: Path) -> int:
    """Show what is left of a plan, ask, and carry it out. What was shown before is held against what it would do."""
    call, account, environment = work.call, work.account, work.environment
    left = [number for number, stage in enumerate(shown.stages) if not stage.is_done]
    with _plans(work, shown.stages) as plans:
        _show(call, environment, shown.stages, plans)
        if any(stage.shown for stage in shown.stages):
            for stage, each in zip(shown.stages, plans, strict=True):
                guards.as_shown(stage.title, stage.shown, _actions(each))
        else:
            shown = replace(shown, stages=_as_shown(shown.stages, plans))
        if left:
            asking.approve(call, _whole(account, shown.stack, plans))
    course = Course(call, account, environment, path, shown)
    try:
        for number in left:
            if code := course.step(number, work.load(shown.stages[number].values)):
                return code
    except KeyboardInterrupt as stopped:
        raise KeyboardInterrupt(str(stopped) or tasks.interrupted(call, "")) from None
    return ending.tell(call, account, environment.stack, environment.stack, is_executed=False)


def _stages(work: Work, steps: Sequence[Step]) -> tuple[Stage, ...]:
    return tuple(_stage(step, work.environment.stack, work.existing) for step in steps)


def _stage(step: Step, name: str, existing: Stack | None) -> Stage:
    """A step with the values of what it keeps."""
    deployed = existing.parameters if existing is not None and not existing.is_new else {}
    if missing := [each for each in step.keep if each not in deployed]:
        raise RefusedError(f"{step.title}: {name} runs without {', '.join(missing)}, so there is nothing to keep")
    settings = {key: str(value) for key, value in step.settings.items()}
    return Stage(step.title, settings, {each: deployed[each] for each in step.keep}, step.action)


def _as_shown(stages: Sequence[Stage], plans: Sequence[Plan | None]) -> tuple[Stage, ...]:
    return tuple(replace(stage, shown=_actions(each)) for stage, each in zip(stages, plans, strict=True))


@contextmanager
def _plans(work: Work, stages: Sequence[Stage]) -> Iterator[list[Plan | None]]:
    """The plan of each stage; None for one that is no change, and for one that is done."""
    changes = [number for number, stage in enumerate(stages) if not stage.action and not stage.is_done]
    environments = {number: work.load(stages[number].values) for number in changes}
    plans: list[Plan | None] = [None] * len(stages)
    for before, number in pairwise(changes):
        found = between(environments[before], environments[number])
        plans[number] = replace(found, account=work.account.account, region=work.account.region)
    if not changes:
        yield plans
        return
    with preparing.previewed(work.call, work.account, environments[changes[0]], work.existing) as found_now:
        plans[changes[0]] = found_now.plan
        yield plans


def _actions(plan: Plan | None) -> dict[str, str]:
    return plan.actions if plan else {}


def _whole(account: Aws, name: str, plans: Sequence[Plan | None]) -> Plan:
    """All that is to be approved, as one plan."""
    found = [each for each in plans if each]
    first = found[0] if found else _nothing(account, name)
    return replace(first, changes=tuple(change for each in found for change in each.changes))


def _nothing(account: Aws, name: str) -> Plan:
    from stackproof.deployment.plan import Plan

    return Plan(name, account.account, account.region, False, None, (), ())


def _show(call: Call, environment: Environment, stages: Sequence[Stage], plans: Sequence[Plan | None]) -> None:
    if call.options.json:
        steps = [_as_json(stage, each) for stage, each in zip(stages, plans, strict=True)]
        needs = [need for each in plans if each for need in each.as_json()["needs"]]
        changes = [change for each in plans if each for change in each.as_json()["changes"]]
        shown = {"stack": environment.stack, "changes": changes, "needs": needs, "steps": steps}
        printing.show_json(shown, sys.stdout)
        return
    whole = resolved(environment)
    for number, (stage, each) in enumerate(zip(stages, plans, strict=True), start=1):
        title = f"Step {number} of {len(stages)}: {stage.title}"
        if each is not None:
            plan_report.show(each, call.options, f"{title} ({each.stack}, account {each.account}, {each.region})")
        elif stage.is_done or stage.action is None:
            printing.show([Line(f"{title}: done", "dim")], sys.stdout)
        else:
            first, *more = words(stage.action, whole)
            printing.show([Line(f"{title}: {first}", "bold"), *(Line(f"  {line}") for line in more)], sys.stdout)
        sys.stdout.write("\n")


def _as_json(stage: Stage, plan: Plan | None) -> dict[str, Any]:
    found: dict[str, Any] = {"title": stage.title, "done": stage.is_done}
    if isinstance(stage.action, Task):
        task = stage.action
        given = {key: value for key, value in asdict(task).items() if value and key != "definition"}
        found["task"] = given | {"task": task.definition or None, "command": list(task.command)}
    elif stage.action:
        found[kind_of(stage.action)] = asdict(stage.action)
    return found | ({"plan": plan.as_json()} if plan else {})


def _made(account: Aws, environment: Environment, existing: Stack | None, settings: Mapping[str, str]) -> PlanFile:
    stack_id = existing.id if existing is not None and not existing.is_new else None
    return planfile.made(account, environment, existing, change_set=None, stack_id=stack_id, settings=settings)


def _caught_up(account: Aws, existing: Stack | None, shown: PlanFile) -> PlanFile:
    """The plan with what became of the step that was under way when an earlier run was cut off."""
    number = next((at for at, stage in enumerate(shown.stages) if stage.started and not stage.is_done), None)
    if number is None or shown.stages[number].action or existing is None or existing.is_new:
        return shown
    last = events.last_operation(account.cloudformation, existing.id)
    if last[0].request != shown.stages[number].started:  # it never began
        return shown
    is_done = operations.Outcome(existing, existing.status, None).is_done
    return shown.with_stage(number, started="", is_done=is_done).at(existing)
