"""`apply`: plan, ask, execute, watch, and tell how it ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stackproof import plan_report
from stackproof.deploying import asking, ending, preparing, watching
from stackproof.deploying.call import connect
from stackproof.deployment import aws, changeset, guards, operations, preview
from stackproof.printing import Line
from stackproof.upgrades import read_upgrade

if TYPE_CHECKING:
    from stackproof.deploying.call import Call, Load
    from stackproof.deployment.aws import Aws
    from stackproof.deployment.planfile import PlanFile
    from stackproof.deployment.preview import Preview
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
            existing = preparing.settled(call, account, environment)
            if shown is not None:
                found = preview.stored(account, environment, existing, shown, call.notes, is_foreign=call.is_foreign)
                return _carry_out(call, account, found, environment)
            if load and upgrade:
                from stackproof.deploying import steps

                taken = steps.of(upgrade, environment, existing)
                work = steps.Work(call, account, environment, existing, load)
                if (code := steps.declared(work, taken)) is not None:
                    return code
            try:
                with preparing.previewed(call, account, environment, existing) as found:
                    return _carry_out(call, account, found, environment)
            except changeset.RaceError as error:
                if not call.options.wait:
                    raise
                call.say(Line(f"{str(error).removesuffix('Plan again.')}Planning again."))


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
        asking.approve(call, found.plan)
        watching.watch(
            call,
            operations.apply(account, found, no_rollback=no_rollback),
            total=len(found.plan.changes),
            what=f"the {'creation' if found.plan.is_new else 'update'} of {found.plan.stack}",
        )
    stack_id = found.change_set.stack_id or found.plan.stack
    return ending.tell(call, account, found.plan.stack, stack_id, is_executed=found.plan.change_set is not None)
