"""The deployment commands, step by step: connect, guard, preview, ask, execute, watch, explain."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from stackproof import printing, progress
from stackproof.deployment import aws, guards, leftovers, operations, planfile, preview, stack
from stackproof.errors import RefusedError, StackproofError
from stackproof.printing import Line

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    from stackproof.arguments import Commands
    from stackproof.deployment.aws import Aws
    from stackproof.deployment.events import Event
    from stackproof.deployment.operations import Outcome
    from stackproof.deployment.plan import Plan
    from stackproof.deployment.planfile import PlanFile
    from stackproof.deployment.preview import Preview
    from stackproof.deployment.stack import Stack
    from stackproof.environments import Environment
    from stackproof.targets import Target


@dataclass(frozen=True)
class Call:
    """How a command was called.

    Attributes:
        options: as they were parsed.
        commands: that an answer may name.
        is_foreign: no environment was named: the stack is somebody else's.
        notes: about the files, for the plan's warnings.
    """

    options: argparse.Namespace
    commands: Commands
    is_foreign: bool
    notes: tuple[str, ...] = ()

    def say(self, *lines: Line) -> None:
        """Progress, on standard error."""
        printing.show(lines, sys.stderr)

    def print(self, lines: Iterable[Line], as_json: Mapping[str, object]) -> None:
        """Data, on standard output."""
        if self.options.json:
            printing.show_json(as_json, sys.stdout)
        else:
            printing.show(lines, sys.stdout)


def plan(calls: Sequence[tuple[Call, Environment]], settings: Mapping[str, str]) -> int:
    """Show what would change, for each environment; 3 with `--check` when something would."""
    with aws.explained():
        waiting = [_plan(call, environment, settings) for call, environment in calls]
    return 3 if any(waiting) and calls[0][0].options.check else 0


def _plan(call: Call, environment: Environment, settings: Mapping[str, str]) -> bool:
    account = _connect(call, environment)
    existing = stack.find(account.cloudformation, environment.stack)
    guards.can_change(existing, environment.tags, call.commands)
    with _preview(call, account, environment, existing) as found:
        call.print(printing.plan(found.plan), found.plan.as_json())
        if call.options.out:
            made = planfile.made(
                account,
                environment,
                existing,
                change_set=found.change_set.id,
                stack_id=found.change_set.stack_id,
                settings=settings,
            )
            planfile.write(call.options.out, made)
            found.change_set.is_kept = found.change_set.id is not None
            call.say(Line(f"Apply exactly this with: {call.commands.apply} --plan {call.options.out}"))
        return found.plan.is_waiting


def apply(call: Call, environment: Environment, shown: PlanFile | None = None) -> int:
    """Plan, ask, execute, and tell how it ended."""
    with aws.explained():
        account = _connect(call, environment)
        existing = _settled(call, account, environment)
        if shown is not None:
            found = preview.stored(account, environment, existing, shown, call.notes, is_foreign=call.is_foreign)
            return _carry_out(call, account, found)
        with _preview(call, account, environment, existing) as found:
            return _carry_out(call, account, found)


def _preview(
    call: Call, account: Aws, environment: Environment, existing: Stack | None
) -> AbstractContextManager[Preview]:
    command = call.commands.bootstrap
    return preview.made(
        account, environment, existing, call.notes, bootstrap_command=command, is_foreign=call.is_foreign
    )


def _carry_out(call: Call, account: Aws, found: Preview) -> int:
    call.print(printing.plan(found.plan), found.plan.as_json())
    if found.plan.is_waiting:
        _approve(call, found.plan)
        _watch(
            call,
            operations.apply(account, found, no_rollback=call.options.no_rollback),
            total=len(found.plan.changes),
            what=f"the {'creation' if found.plan.is_new else 'update'} of {found.plan.stack}",
        )
    return _tell(call, account, found)


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
        yield Line(f"  {call.commands.apply}")
        yield Line(f"  aws cloudformation rollback-stack --stack-name {name}")
    elif ended.status == "UPDATE_ROLLBACK_FAILED":
        yield Line("The rollback stopped half-way. Mend the cause, then:")
        yield Line(f"  {guards.continue_rollback(name)}")
    elif ended.status == "UPDATE_ROLLBACK_COMPLETE":
        yield Line("It was rolled back: everything is as it was before.")


def status(call: Call, place: Target) -> int:
    """Show a stack; one that does not exist is an answer, too."""
    with aws.explained():
        account = _connect(call, place)
        name = str(place.stack)
        found = stack.find(account.cloudformation, name)
        if found is None:
            where = f"in account {account.account}, {account.region}"
            call.print(
                [Line(f"{name} does not exist {where}.")], {"stack": name, "status": None, "outputs": {}, "cause": None}
            )
            return 0
        ended = operations.outcome(account, found.id)
        lines = [*printing.stack(found, account.account, account.region), *printing.outputs(found.outputs)]
        if "ROLLBACK" in found.status or "FAILED" in found.status:
            lines += printing.cause(ended.cause)
        call.print(
            lines,
            {
                "stack": name,
                "status": found.status,
                "reason": found.reason,
                "account": account.account,
                "region": account.region,
                "created": found.created.isoformat(),
                "updated": found.updated.isoformat(),
                "protected": found.is_protected,
                "outputs": dict(found.outputs),
                "cause": printing.cause_as_json(ended.cause),
            },
        )
    return 0


def destroy(call: Call, place: Environment | Target, tags: Mapping[str, str]) -> int:
    """Say what goes and what stays, ask, delete, and tell how it ended."""
    with aws.explained():
        account = _connect(call, place)
        client = account.cloudformation
        name = str(place.stack)
        existing = stack.find(client, name)
        if existing is None:
            call.print([Line(f"{name} does not exist: nothing to do.")], _gone(name))
            return 0
        guards.can_delete(existing, is_protected=place.protected, tags=tags, commands=call.commands)
        what = leftovers.deletion(
            name,
            account.account,
            account.region,
            {} if existing.is_new else stack.template(client, existing.id),
            stack.resources(client, existing.id),
        )
        call.print(printing.deletion(what), what.as_json())
        if not call.options.yes:
            _type_name(name)
        _watch(call, operations.delete(account, existing), total=what.total, what=f"the deletion of {name}")
        ended = operations.outcome(account, existing.id)
        if ended.stack is None:
            call.print([Line(f"{name} is deleted.", "bold green")], _gone(name))
            return 0
        call.print([], _gone(name) | {"status": ended.status, "cause": printing.cause_as_json(ended.cause)})
        if not call.options.json:
            call.say(Line(f"{name} ended in {ended.status}.", "bold red"), *printing.cause(ended.cause))
        return 1


def _gone(name: str) -> dict[str, object]:
    return {"stack": name, "status": "DELETE_COMPLETE", "outputs": {}, "cause": None}


def _connect(call: Call, place: Environment | Target) -> Aws:
    """The account that the credentials are of, if it is the one that is meant."""
    asked = call.options.profile is not None
    account = aws.connect(region=place.region, profile=place.profile, asked_for_profile=asked)
    guards.account(place.account, account.account, account.caller, str(place.stack))
    return account


def _settled(call: Call, account: Aws, environment: Environment) -> Stack | None:
    """The stack, at rest and fit for a change; with `--wait`, when what is under way has ended."""
    while True:
        existing = stack.find(account.cloudformation, environment.stack)
        try:
            guards.can_change(existing, environment.tags, call.commands)
        except guards.BusyError:
            if not call.options.wait or existing is None:
                raise
            call.say(Line(f"{existing.name} is in {existing.status}; waiting for it"))
            _watch(call, operations.wait(account, existing), total=0, what=f"the operation on {existing.name}")
        else:
            return existing


def _approve(call: Call, plan: Plan) -> None:
    """Ask, or take the options for an answer.

    Raises:
        RefusedError: the answer is no, or there is nobody to ask.
    """
    options = call.options
    at_stake = [each.logical_id for each in plan.at_stake if each.logical_id not in options.allow_data_loss]
    if options.yes or not _can_ask():
        guards.data(plan, options.allow_data_loss)
        if not options.yes:
            raise RefusedError("not applied: there is no terminal to ask on; add --yes when the plan is approved")
        return
    if at_stake:
        _type_name(plan.stack)
    elif _ask("Apply this? [y/N] ").lower() not in {"y", "yes"}:
        raise RefusedError("not applied: the answer was no")


def _type_name(name: str) -> None:
    if not _can_ask():
        raise RefusedError("not done: there is no terminal to ask on; add --yes when it is meant")
    if _ask(f"Type the stack's name, {name}, to go on: ") != name:
        raise RefusedError(f"not done: that was not {name}")


def _can_ask() -> bool:
    return sys.stdin.isatty() and sys.stderr.isatty()


def _ask(question: str) -> str:
    sys.stderr.write(question)
    sys.stderr.flush()
    return sys.stdin.readline().strip()


def _watch(call: Call, batches: Iterator[list[Event]], *, total: int, what: str) -> None:
    """Show events until the operation ends. Whatever cuts this short, the operation itself goes on."""
    so_far = progress.Progress(total)
    started = False
    goes_on = f"{what} goes on in AWS. Look at it: {call.commands.status}"
    if call.options.command != "destroy":
        goes_on += f"\nTake it up again: {call.commands.apply} --wait"
    try:
        with progress.display(so_far, as_json=call.options.json) as shown:
            for batch in batches:
                started = True
                shown.update(batch)
    except KeyboardInterrupt:
        raise KeyboardInterrupt(f"interrupted; {goes_on}" if started else "interrupted") from None
    except (ClientError, BotoCoreError) as error:
        if not started:
            raise
        raise StackproofError(f"{aws.explain(error)}\n{goes_on}") from error
