"""From an environment to a plan: guards, template, one change set, everything that it says."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from stackproof.deployment import (
    access,
    artifacts,
    aws,
    changeset,
    guards,
    observe,
    plan,
    planfile,
    stack,
    survey,
    triggers,
)
from stackproof.deployment.plan import Plan, Setting
from stackproof.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from stackproof.deployment.aws import Aws
    from stackproof.deployment.changeset import ChangeSet
    from stackproof.deployment.planfile import PlanFile
    from stackproof.deployment.stack import Stack
    from stackproof.environments import Environment


@dataclass(frozen=True)
class Preview:
    """What would be done, and what it takes to do it.

    Attributes:
        plan: what would be done.
        change_set: that does it.
        existing: the stack as it was found; None when there was none.
        policy: the stack policy to set; None to leave it.
        protection: termination protection to set; None to leave it.
    """

    plan: Plan
    change_set: ChangeSet
    existing: Stack | None
    policy: Mapping[str, Any] | None
    protection: bool | None


@contextmanager
def made(
    account: Aws,
    environment: Environment,
    existing: Stack | None,
    notes: Sequence[str] = (),
    *,
    bootstrap_command: str,
    is_foreign: bool,
) -> Iterator[Preview]:
    """Make a change set for an environment and read it. When the block ends it is gone, unless kept.

    Args:
        account: where.
        environment: what the stack shall become.
        existing: the stack as it is, already found fit for a change.
        notes: warnings of the caller's, told first.
        bootstrap_command: what makes the artifact bucket, for a template that needs one.
        is_foreign: somebody else's stack: its termination protection is turned on when wanted, never off.
    """
    body = artifacts.body(account, environment, bootstrap_command=bootstrap_command)
    rollback, unguarded = triggers.find(account, existing, environment.template)
    with changeset.made(account, environment, existing, body, rollback) as change_set:
        notes = (*notes, *(unguarded if change_set.id else ()))
        yield _preview(account, environment, existing, change_set, notes, is_foreign=is_foreign)


def stored(
    account: Aws,
    environment: Environment,
    existing: Stack | None,
    shown: PlanFile,
    notes: Sequence[str] = (),
    *,
    is_foreign: bool,
) -> Preview:
    """Read the change set of a plan file again.

    Raises:
        RefusedError: it is not what was shown any more.
    """
    now = planfile.made(
        account,
        environment,
        existing,
        change_set=shown.change_set,
        stack_id=existing.id if existing else None,
        settings=shown.settings,
    )
    planfile.not_moved(shown, now)
    change_set = changeset.nothing() if shown.change_set is None else _waiting(account, shown)
    return _preview(account, environment, existing, change_set, notes, is_foreign=is_foreign)


def _waiting(account: Aws, shown: PlanFile) -> ChangeSet:
    try:
        found, is_executable = changeset.read(account.cloudformation, str(shown.change_set))
    except ClientError as error:
        if aws.code(error) != "ChangeSetNotFound":
            raise
        raise RefusedError("not applied: the plan's change set is gone. Make a new plan.") from error
    if not is_executable or found.stack_id != shown.stack_id:
        raise RefusedError("not applied: the plan's change set cannot be executed any more. Make a new plan.")
    found.is_kept = True
    return found


def _preview(
    account: Aws,
    environment: Environment,
    existing: Stack | None,
    change_set: ChangeSet,
    notes: Sequence[str],
    *,
    is_foreign: bool,
) -> Preview:
    is_new = existing is None or existing.is_new
    hidden = plan.secrets(environment.template, environment.parameters)
    seen = survey.look(account, environment, existing, change_set)
    changes = plan.ordered(seen.changes)
    settings: list[Setting] = []
    if change_set.id and existing and not is_new:
        settings += plan.settings("parameter", existing.parameters, change_set.parameters, secrets=hidden)
        settings += plan.settings("tag", existing.tags, environment.tags or existing.tags)
    policy, protection = environment.stack_policy, environment.protected
    if policy is not None:
        before = None if existing is None or is_new else stack.policy(account.cloudformation, existing.id)
        if before == policy:
            policy = None
        else:
            settings.append(Setting("stack policy", "", json.dumps(before) if before else None, json.dumps(policy)))
    is_protected = existing is not None and existing.is_protected
    changes_protection = protection != is_protected and not (is_foreign and is_protected)
    if changes_protection:
        settings.append(Setting("termination protection", "", _switch(is_protected), _switch(protection)))
    return Preview(
        plan=Plan(
            stack=environment.stack,
            account=account.account,
            region=account.region,
            is_new=is_new,
            change_set=change_set.id,
            changes=changes,
            settings=tuple(settings),
            warnings=(*notes, *change_set.warnings, *seen.unseen, *_in_the_way(account, changes)),
            caller=account.caller,
            triggers=() if is_new else change_set.triggers,
            access=access.ordered(seen.access),
            exports=tuple(seen.exports),
            quotas=tuple(seen.quotas),
        ),
        change_set=change_set,
        existing=existing,
        policy=policy,
        protection=protection if changes_protection else None,
    )


def _switch(value: bool) -> str:
    return "on" if value else "off"


def _in_the_way(account: Aws, changes: tuple[plan.Change, ...]) -> list[str]:
    """Log groups that are there already, mostly left behind by an earlier stack: creating them again fails."""
    names = plan.log_groups(changes)
    found, not_looked = observe.existing_log_groups(account.logs, names.values())
    said = [
        f"{logical_id}: log group {name} exists already, left behind by an earlier stack or in use by "
        "another one, and creating it would fail. If nothing writes there and its logs may go: "
        f"{guards.delete_log_group(name)}"
        for logical_id, name in names.items()
        if name in found
    ]
    return [*said, not_looked] if not_looked else said
