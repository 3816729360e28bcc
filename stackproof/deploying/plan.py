"""`plan`: what would change, shown, and kept in a file where that is wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stackproof import plan_report
from stackproof.deploying import preparing
from stackproof.deploying.call import connect, under_way
from stackproof.deployment import aws, guards, planfile, stack
from stackproof.printing import Line
from stackproof.upgrades import read_upgrade

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stackproof.deploying.call import Call, Load
    from stackproof.environments import Environment
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
        waiting = steps.declared_preview(work, steps.of(upgrade, environment, existing), settings)
        if waiting is not None:
            return waiting
    with preparing.previewed(call, account, environment, existing) as found:
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
