"""What stops a deployment before it does harm. Pure: each guard returns, or raises RefusedError with the way out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stackproof.cli import nearest
from stackproof.deployment.events import MEANINGS
from stackproof.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from stackproof.arguments import Commands
    from stackproof.deployment.plan import Plan
    from stackproof.deployment.stack import Stack

# Nothing was ever deployed: such a stack can only be deleted.
NEVER_DEPLOYED = {"ROLLBACK_COMPLETE", "CREATE_FAILED", "ROLLBACK_FAILED"}

# What would become of the data, in words.
FATES = {
    "lost": "lost",
    "snapshot": "left in a snapshot; the stack goes on without it",
    "if-empty": "left behind outside the stack if it holds any; an empty one is deleted",
    "retained": "left behind outside the stack, which goes on without it",
    "protected": "left behind outside the stack, to be paid for and deleted by hand, since AWS deletes nothing that is "
    "protected; to avoid that, turn its deletion protection off in a deployment before",
}


class BusyError(RefusedError):
    """Something else is changing the stack now."""


def account(expected: str | None, actual: str, caller: str, environment: str) -> None:
    """Refuse credentials of another account than the environment's."""
    if expected and expected != actual:
        raise RefusedError(
            f"{environment} belongs to account {expected} (params/targets.toml); "
            f"these credentials are of account {actual} ({caller}). Nothing was touched."
        )


def can_change(stack: Stack | None, tags: Mapping[str, str], commands: Commands, under_way: str = "") -> None:
    """Refuse a stack that is in no state to be created or updated.

    Args:
        stack: as it is; None when it does not exist.
        tags: of the environment's file: they say whether the stack is ours to clear.
        commands: the ways out.
        under_way: of a busy stack: since when, and who is at work.

    Raises:
        BusyError: an operation is under way; it can be waited for.
    """
    if stack is None:
        return
    not_busy(stack, commands, under_way)
    name = stack.name
    if stack.status in NEVER_DEPLOYED:
        if is_ours(stack, tags):
            way_out = f"Clear it with {commands.destroy}, then apply again."
        elif not tags:
            way_out = f"If it is yours, clear it with {commands.destroy}, then apply again."
        else:
            delete = f"aws cloudformation delete-stack --stack-name {name}"
            way_out = f"Its tags are not those of the parameter file; if it is yours, {delete}"
        raise RefusedError(f"{name} is in {stack.status}: it was never deployed and can only be deleted. {way_out}")
    if stack.status in {"UPDATE_ROLLBACK_FAILED", "IMPORT_ROLLBACK_FAILED"}:
        raise RefusedError(
            f"{name} is in {stack.status}: the rollback stopped half-way ({stack.reason or 'AWS gives no reason'}). "
            f"Mend the cause, then {continue_rollback(name)}"
        )
    if stack.status == "DELETE_FAILED":
        raise RefusedError(
            f"{name} is in DELETE_FAILED: it is half deleted ({stack.reason or 'AWS gives no reason'}). "
            f"Finish with {commands.destroy}"
        )


def not_busy(stack: Stack, commands: Commands, under_way: str) -> None:
    """Refuse a stack on which an operation is under way."""
    if stack.is_busy:
        meaning = f"({MEANINGS[stack.status]})" if stack.status in MEANINGS else ""
        state = " ".join(filter(None, (stack.status, meaning, under_way)))
        raise BusyError(
            f"{stack.name} is in {state}; nothing was sent. "
            f"Wait for it with {commands.apply} --wait, or look with {commands.status}"
        )


def can_skip_rollback(plan: Plan, status: str, *, no_rollback: bool, is_protected: bool, commands: Commands) -> None:
    """Refuse what CloudFormation would only refuse half-way, or what production must not be left in.

    While rollback is off CloudFormation replaces nothing (aws/aws-cdk issue 30546), and a stack that was left in
    UPDATE_FAILED takes an update only with rollback off (aws/aws-cli issue 6368).

    Args:
        plan: that was asked for.
        status: of the stack now; blank when there is none.
        no_rollback: `--no-rollback` was given.
        is_protected: the environment is.
        commands: the ways out.
    """
    replaced = [each.logical_id for each in plan.changes if each.action == "replace"]
    if no_rollback and is_protected:
        raise RefusedError(
            f"{plan.stack} is protected: --no-rollback would leave it half-way after a failure. "
            f"Apply it with {commands.apply}"
        )
    if no_rollback and replaced:
        raise RefusedError(
            f"CloudFormation replaces nothing while rollback is off, and this replaces {', '.join(replaced)}. "
            f"Apply it without --no-rollback: {commands.apply}"
        )
    if status == "UPDATE_FAILED" and not no_rollback:
        raise RefusedError(
            f"{plan.stack} is in UPDATE_FAILED, where the last update was left without a rollback. Go on from there "
            f"with {commands.apply} --no-rollback, or go back first: {roll_back(plan.stack)}"
        )


def is_ours(stack: Stack, tags: Mapping[str, str]) -> bool:
    """Whether the stack carries every tag of the environment's file, and the file has some."""
    return bool(tags) and all(stack.tags.get(key) == value for key, value in tags.items())


def data(plan: Plan, allowed: Collection[str]) -> None:
    """Refuse to remove or replace a store that was not named by `--allow-data-loss`."""
    missing = [each for each in plan.at_stake if each.logical_id not in allowed]
    if not missing:
        return
    known = [each.logical_id for each in plan.at_stake]
    lines = [
        f"{each.logical_id} ({each.type}) {'is' if each.action != 'may-replace' else 'may be'} "
        f"{'removed' if each.action == 'remove' else 'replaced'}: its data would be {FATES[each.data]}."
        for each in missing
    ]
    typed = [f"{word}{nearest(word, known)}" for word in sorted(set(allowed) - set(known))]
    if typed:
        lines.append(f"Not at stake here: {'; '.join(typed)}.")
    options = " ".join(f"--allow-data-loss {each.logical_id}" for each in missing)
    raise RefusedError("\n".join([*lines, f"Not applied. If that is meant, add: {options}"]))


# What was shown → what AWS may do instead, which is less.
_LESS = {"replace": {"may-replace", "modify"}, "may-replace": {"replace", "modify"}}


def as_shown(title: str, shown: Mapping[str, str], now: Mapping[str, str]) -> None:
    """Refuse a step that would do what was not shown.

    Args:
        title: of the step.
        shown: logical id → action, when the plan was made.
        now: the same, of the change set that would be executed.
    """
    more = [
        f"{action} {name}"
        for name, action in now.items()
        if action not in {shown.get(name), *_LESS.get(shown.get(name, ""), ())}
    ]
    if more:
        raise RefusedError(f"not applied: {title} would do what was not shown: {', '.join(more)}. Make a new plan.")


def can_delete(
    stack: Stack, *, is_protected: bool, tags: Mapping[str, str], commands: Commands, under_way: str = ""
) -> None:
    """Refuse to delete a stack that is protected, somebody else's, or busy.

    Args:
        stack: as it is.
        is_protected: the environment is (params/targets.toml). A stack that was never deployed is none the less
            cleared away.
        tags: of the environment's file; a stack that carries others is somebody else's.
        commands: the ways out.
        under_way: of a busy stack: since when, and who is at work.
    """
    not_busy(stack, commands, under_way)
    if is_protected and stack.status not in NEVER_DEPLOYED and not stack.is_new:
        raise RefusedError(
            f"{stack.name} is protected: write protected = false in its table of params/targets.toml "
            f"and {commands.apply}, then destroy it."
        )
    if stack.is_protected:
        raise RefusedError(
            f"{stack.name} has termination protection. If it is to go: aws cloudformation "
            f"update-termination-protection --no-enable-termination-protection --stack-name {stack.name}"
        )
    if tags and not is_ours(stack, tags):
        wanted = ", ".join(f"{key}={value}" for key, value in tags.items() if stack.tags.get(key) != value)
        raise RefusedError(
            f"{stack.name} does not carry the tags of its parameter file ({wanted}): it may be somebody else's. "
            f"If it is yours: aws cloudformation delete-stack --stack-name {stack.name}"
        )


def can_cancel(stack: Stack, commands: Commands) -> None:
    """Refuse to cancel what CloudFormation cannot cancel: anything but an update that still goes forward."""
    if stack.status == "UPDATE_IN_PROGRESS":
        return
    if stack.status == "CREATE_IN_PROGRESS":
        why = f"a creation cannot be cancelled. Wait for it, or delete what there is: {commands.destroy}"
    elif stack.status in MEANINGS:
        why = f"it is too late: {MEANINGS[stack.status]}"
    elif "ROLLBACK" in stack.status:
        why = "it is on its way back already"
    else:
        why = "only an update can be cancelled"
    raise RefusedError(f"{stack.name} is in {stack.status}: {why}. Look with {commands.status}")


def delete_log_group(name: str) -> str:
    """The command that deletes a log group which is in the way."""
    return f"aws logs delete-log-group --log-group-name {name}"


def continue_rollback(name: str) -> str:
    """The command that goes on with a rollback that stopped half-way."""
    return f"aws cloudformation continue-update-rollback --stack-name {name}"


def roll_back(name: str) -> str:
    """The command that takes back an update that was left half-way."""
    return f"aws cloudformation rollback-stack --stack-name {name}"
