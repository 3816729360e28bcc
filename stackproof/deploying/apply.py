"""`apply`: plan, ask, execute, watch, and tell how it ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stackproof import plan_report, printing
from stackproof.deploying import asking, watching
from stackproof.deploying.call import connect, under_way
from stackproof.deploying.plan import previewed
from stackproof.deployment import aws, guards, operations, preview, stack
from stackproof.errors import RefusedError
from stackproof.printing import Line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stackproof.deploying.call import Call
    from stackproof.deployment.aws import Aws
    from stackproof.deployment.operations import Outcome
    from stackproof.deployment.plan import Plan
    from stackproof.deployment.planfile import PlanFile
    from stackproof.deployment.preview import Preview
    from stackproof.deployment.stack import Stack
    from stackproof.environments import Environment


def run(call: Call, environment: Environment, shown: PlanFile | None = None) -> int:
    """Plan, ask, execute, and tell how it ended."""
    with aws.explained():
        account = connect(call, environment)
        existing = _settled(call, account, environment)
        if shown is not None:
            found = preview.stored(account, environment, existing, shown, call.notes, is_foreign=call.is_foreign)
            return _carry_out(call, account, found, environment)
        with previewed(call, account, environment, existing) as found:
            return _carry_out(call, account, found, environment)


def _settled(call: Call, account: Aws, environment: Environment) -> Stack | None:
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
        _approve(call, found.plan)
        watching.watch(
            call,
            operations.apply(account, found, no_rollback=no_rollback),
            total=len(found.plan.changes),
            what=f"the {'creation' if found.plan.is_new else 'update'} of {found.plan.stack}",
        )
    return _tell(call, account, found)


def _approve(call: Call, plan: Plan) -> None:
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


def _tell(call: Call, account: Aws, found: Preview) -> int:
    ended = operations.outcome(account, found.change_set.stack_id or found.plan.stack)
    # Where nothing was executed, how an earlier operation ended is no failure of this one.
    is_done = ended.stack is not None and (ended.is_done or not found.plan.change_set)
    outputs = dict(ended.stack.outputs) if ended.stack else {}
    result = {
        "stack": found.plan.stack,
        "status": ended.status,
        "outputs": outputs,
        "cause": None if is_done else printing.cause_as_json(ended.cause),
    }
    if is_done:
        call.print(printing.outputs(outputs), result)
        return 0
    call.print([], result)
    if not call.options.json:
        call.say(*_failure(call, found.plan.stack, ended))
    return 1


def _failure(call: Call, name: str, ended: Outcome) -> Iterator[Line]:
    yield Line("")
    yield Line(f"{name} ended in {ended.status}.", "bold red")
    yield from printing.cause(ended.cause)
    if ended.status in guards.NEVER_DEPLOYED:
        yield Line("It can only be deleted now. Mend the cause, then:")
        yield Line(f"  {call.commands.destroy}")
        yield Line(f"  {call.commands.apply}")
    elif ended.status == "UPDATE_FAILED":
        yield Line("Nothing was rolled back. Mend the cause and apply again, or go back; one of:")
        yield Line(f"  {call.commands.apply} --no-rollback")
        yield Line(f"  {guards.roll_back(name)}")
    elif ended.status == "UPDATE_ROLLBACK_FAILED":
        yield Line("The rollback stopped half-way. Mend the cause, then:")
        yield Line(f"  {guards.continue_rollback(name)}")
    elif ended.status == "UPDATE_ROLLBACK_COMPLETE":
        yield Line("It was rolled back: everything is as it was before.")
