"""`plan`: what would change, shown, and kept in a file where that is wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stackproof import plan_report
from stackproof.deploying.call import connect, under_way
from stackproof.deployment import aws, guards, planfile, preview, stack
from stackproof.parameters import with_defaults
from stackproof.printing import Line
from stackproof.upgrades import read_upgrade

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from contextlib import AbstractContextManager

    from stackproof.deploying.call import Call, Load
    from stackproof.deployment.aws import Aws
    from stackproof.deployment.preview import Preview
    from stackproof.deployment.stack import Stack
    from stackproof.environments import Environment
    from stackproof.steps import Step
    from stackproof.upgrades import Upgrade


def run(calls: Sequence[tuple[Call, Environment, Load]], settings: Mapping[str, str]) -> int:
    """Show what would change, for each environment; 3 with `--check` when something would."""
    upgrades = [read_upgrade(each.template, str(each.template_path)) for _, each, _ in calls]
    with aws.explained():
        waiting = [
            _plan(call, environment, load, upgrade, settings=settings, share=len(calls))
            for (call, environment, load), upgrade in zip(calls, upgrades, strict=True)
        ]
    return 3 if any(waiting) and calls[0][0].options.check else 0


def _plan(
    call: Call, environment: Environment, load: Load, upgrade: Upgrade, *, settings: Mapping[str, str], share: int
) -> bool:
    account = connect(call, environment)
    existing = stack.find(account.cloudformation, environment.stack)
    guards.can_change(existing, environment.tags, call.commands, under_way(account, existing))
    if upgrade.steps or upgrade.create:
        from stackproof.deploying import steps

        work = steps.Work(call, account, environment, existing, load)
        waiting = steps.declared_preview(work, steps_of(upgrade, environment, existing), settings)
        if waiting is not None:
            return waiting
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


def steps_of(upgrade: Upgrade, environment: Environment, existing: Stack | None) -> tuple[Step, ...]:
    """The steps that the template declares for what is to be done; empty where it is a single change."""
    deployed = existing.parameters if existing is not None and not existing.is_new else None
    return upgrade.taken(with_defaults(environment.template, environment.parameters), deployed)


def previewed(
    call: Call, account: Aws, environment: Environment, existing: Stack | None
) -> AbstractContextManager[Preview]:
    """The change set of an environment, read; see `preview.made`."""
    command = call.commands.bootstrap
    return preview.made(
        account, environment, existing, call.notes, bootstrap_command=command, is_foreign=call.is_foreign
    )
