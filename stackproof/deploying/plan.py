"""`plan`: what would change, shown, and kept in a file where that is wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stackproof import plan_report
from stackproof.deploying.call import connect, under_way
from stackproof.deployment import aws, guards, planfile, preview, stack
from stackproof.printing import Line

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from contextlib import AbstractContextManager

    from stackproof.deploying.call import Call
    from stackproof.deployment.aws import Aws
    from stackproof.deployment.preview import Preview
    from stackproof.deployment.stack import Stack
    from stackproof.environments import Environment


def run(calls: Sequence[tuple[Call, Environment]], settings: Mapping[str, str]) -> int:
    """Show what would change, for each environment; 3 with `--check` when something would."""
    with aws.explained():
        waiting = [_plan(call, environment, settings, len(calls)) for call, environment in calls]
    return 3 if any(waiting) and calls[0][0].options.check else 0


def _plan(call: Call, environment: Environment, settings: Mapping[str, str], share: int) -> bool:
    account = connect(call, environment)
    existing = stack.find(account.cloudformation, environment.stack)
    guards.can_change(existing, environment.tags, call.commands, under_way(account, existing))
    with previewed(call, account, environment, existing) as found:
        plan_report.show(found.plan, call.options, share=share)
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


def previewed(
    call: Call, account: Aws, environment: Environment, existing: Stack | None
) -> AbstractContextManager[Preview]:
    """The change set of an environment, read; see `preview.made`."""
    command = call.commands.bootstrap
    return preview.made(
        account, environment, existing, call.notes, bootstrap_command=command, is_foreign=call.is_foreign
    )
