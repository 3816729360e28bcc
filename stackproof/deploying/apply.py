"""`apply`: plan, ask, execute, watch, and tell how it ended."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from stackproof import explaining, plan_report, printing
from stackproof.deploying import asking, watching
from stackproof.deploying.call import connect, under_way
from stackproof.deploying.plan import previewed, steps_of
from stackproof.deployment import aws, causes, changeset, guards, operations, preview, stack, ways
from stackproof.errors import RefusedError
from stackproof.printing import Line
from stackproof.upgrades import read_upgrade

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stackproof.deploying.call import Call, Load
    from stackproof.deployment.aws import Aws
    from stackproof.deployment.causes import Explanation
    from stackproof.deployment.plan import Plan
    from stackproof.deployment.planfile import PlanFile
    from stackproof.deployment.preview import Preview
    from stackproof.deployment.stack import Stack
    from stackproof.environments import Environment


def run(call: Call, environment: Environment, shown: PlanFile | None = None, load: Load | None = None) -> int:
    """Plan, ask, execute, and tell how it ended; with `--wait` anew where somebody else was faster.

    Args:
        call: of the command.
        environment: as its files say.
        shown: a plan of a single change, from a file.
        load: the environment with the settings of a step; without it, steps that the template declares are not taken.
    """
    upgrade = read_upgrade(environment.template, str(environment.template_path)) if load and not shown else None
    with aws.explained():
        account = connect(call, environment)
        while True:
            existing = settled(call, account, environment)
            if shown is not None:
                found = preview.stored(account, environment, existing, shown, call.notes, is_foreign=call.is_foreign)
                return _carry_out(call, account, found, environment)
            if load and upgrade:
                from stackproof.deploying import steps

                taken = steps_of(upgrade, environment, existing)
                work = steps.Work(call, account, environment, existing, load)
                if (code := steps.declared(work, taken)) is not None:
                    return code
            try:
                with previewed(call, account, environment, existing) as found:
                    return _carry_out(call, account, found, environment)
            except changeset.RaceError as error:
                if not call.options.wait:
                    raise
                call.say(Line(f"{str(error).removesuffix('Plan again.')}Planning again."))


def settled(call: Call, account: Aws, environment: Environment) -> Stack | None:
    """The stack, at rest and fit for a change; with `--wait`, when what is under way has ended."""
    while True:
        existing = stack.find(account.cloudformation, environment.stack)
        started = under_way(account, existing)
        try:
            guards.can_change(existing, environment.tags, call.commands, started)
        except guards.BusyError:
            if not call.options.wait or existing is None:
                raise
            call.say(Line(f"{existing.name} is in {existing.status} {started}; waiting for it"))
            watching.watch(call, operations.wait(account, existing), total=0, what=f"the operation on {existing.name}")
        else:
            return existing


def _carry_out(call: Call, account: Aws, found: Preview, environment: Environment) -> int:
    plan_report.show(found.plan, call.options)
    no_rollback = call.options.no_rollback
    guards.can_skip_rollback(
        found.plan,
        found.existing.status if found.existing else "",
        no_rollback=no_rollback,
        is_protected=environment.protected,
        commands=call.commands,
    )
    if found.plan.is_waiting:
        approve(call, found.plan)
        watching.watch(
            call,
            operations.apply(account, found, no_rollback=no_rollback),
            total=len(found.plan.changes),
            what=f"the {'creation' if found.plan.is_new else 'update'} of {found.plan.stack}",
        )
    stack_id = found.change_set.stack_id or found.plan.stack
    return tell(call, account, found.plan.stack, stack_id, is_executed=found.plan.change_set is not None)


def approve(call: Call, plan: Plan) -> None:
    """Ask, or take the options for an answer.

    Raises:
        RefusedError: the answer is no, or there is nobody to ask.
    """
    options = call.options
    at_stake = [each.logical_id for each in plan.at_stake if each.logical_id not in options.allow_data_loss]
    if options.yes or not asking.can_ask():
        guards.data(plan, options.allow_data_loss)
        if not options.yes:
            raise RefusedError("not applied: there is no terminal to ask on; add --yes when the plan is approved")
        return
    if at_stake:
        asking.type_name(plan.stack)
    elif asking.ask("Apply this? [y/N] ").lower() not in {"y", "yes"}:
        raise RefusedError("not applied: the answer was no")


def tell(call: Call, account: Aws, name: str, stack_id: str, *, is_executed: bool) -> int:
    """Tell how it ended; the exit code.

    Args:
        call: of the command.
        account: where.
        name: of the stack.
        stack_id: its ARN, or its name where that is not known.
        is_executed: a change set was; else how an earlier operation ended is no failure of this one.
    """
    ended = operations.outcome(account, stack_id)
    is_done = ended.stack is not None and (ended.is_done or not is_executed)
    outputs = dict(ended.stack.outputs) if ended.stack else {}
    told = None if is_done or ended.stack is None else causes.explain(account, ended.stack)
    result = {
        "stack": name,
        "status": ended.status,
        "outputs": outputs,
        "cause": asdict(told.cause) if told and told.cause else None,
    }
    if is_done:
        call.print(printing.outputs(outputs), result)
        return 0
    call.print([], result)
    if not call.options.json:
        call.say(*_failure(call, name, ended.status, told))
    return 1


def _failure(call: Call, name: str, status: str, told: Explanation | None) -> Iterator[Line]:
    yield Line("")
    yield Line(f"{name} ended in {status}.", "bold red")
    if told:
        yield from explaining.cause(told)
    yield from explaining.going_on(ways.out_of(status, name, call.commands))
