"""Before a change: the stack at rest, and the change set that would be executed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stackproof.deploying import watching
from stackproof.deploying.call import under_way
from stackproof.deployment import guards, operations, preview, stack
from stackproof.printing import Line

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from stackproof.deploying.call import Call
    from stackproof.deployment.aws import Aws
    from stackproof.deployment.preview import Preview
    from stackproof.deployment.stack import Stack
    from stackproof.environments import Environment


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


def previewed(
    call: Call, account: Aws, environment: Environment, existing: Stack | None
) -> AbstractContextManager[Preview]:
    """The change set of an environment, read; see `preview.made`."""
    command = call.commands.bootstrap
    return preview.made(
        account, environment, existing, call.notes, bootstrap_command=command, is_foreign=call.is_foreign
    )
