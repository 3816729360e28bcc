"""Plans of AWS Backup: rules that the service takes, and a vault whose lock takes what they make.

Sources: Lifecycle and BackupRule in AWS Backup's API reference; "AWS Backup Vault Lock" in its guide.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stackproof.proofs.model.iam import named
from stackproof.proofs.model.placement import each, whole
from stackproof.proofs.values import Value, at
from stackproof.proofs.verdicts import broken, proved
from stackproof.proofs.wiring.schedules import unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stackproof.proofs.model.system import System
    from stackproof.proofs.resolve.stack import Resource, Stack
    from stackproof.proofs.wiring.common import Findings

COLDEST: Final = 90
"""Days that a backup stays in cold storage at least."""
SHORTEST_START: Final = 60
"""Minutes that a job may wait for its start at least."""
_RULE: Final = "wire-backup"


def backups(system: System) -> Findings:
    """Every rule of every plan, and every lock."""
    stack = system.stack
    for plan in stack.of_type("AWS::Backup::BackupPlan"):
        for index, rule in enumerate(each(at(plan.properties, "BackupPlan", "BackupPlanRule"))):
            path = f"Properties.BackupPlan.BackupPlanRule.{index}"
            faults = [*_refused(rule), *_locked_out(stack, rule)]
            for below, message, fix in faults:
                yield broken(_RULE, plan.logical_id, f"{path}.{below}", message, fix)
            if not faults:
                yield proved(_RULE, plan.logical_id, path, "a rule that AWS Backup takes")
    for vault in stack.of_type("AWS::Backup::BackupVault"):
        least, most = _lock(vault)
        if least is not None and most is not None and least > most:
            told = f"AWS Backup refuses the lock: nothing is kept {least} days at least and {most} at most."
            where = "Properties.LockConfiguration.MaxRetentionDays"
            yield broken(_RULE, vault.logical_id, where, told, "Raise MaxRetentionDays, or lower MinRetentionDays.")


def _refused(rule: Value) -> Iterator[tuple[str, str, str]]:
    """What AWS Backup does not take."""
    for schedule in unreadable(at(rule, "ScheduleExpression")):
        yield "ScheduleExpression", f"AWS Backup refuses the plan: {schedule[0]}.", schedule[1]
    start = whole(at(rule, "StartWindowMinutes"))
    if start is not None and start < SHORTEST_START:
        told = f"AWS Backup refuses the plan: a job waits for its start {SHORTEST_START} minutes at least, not {start}."
        yield "StartWindowMinutes", told, f"Take {SHORTEST_START} or more."
    copies = [(f"CopyActions.{index}.", copy) for index, copy in enumerate(each(at(rule, "CopyActions")))]
    for below, owner in [("", rule), *copies]:
        cold, end = (whole(at(owner, "Lifecycle", name)) for name in ("MoveToColdStorageAfterDays", "DeleteAfterDays"))
        if cold is not None and end is not None and 0 <= end < cold + COLDEST:
            told = (
                f"AWS Backup refuses the plan: what moves to cold storage after {cold} days stays there for {COLDEST} "
                f"at least, and is to be deleted after {end}."
            )
            yield f"{below}Lifecycle.DeleteAfterDays", told, f"Take {cold + COLDEST} or more."


def _locked_out(stack: Stack, rule: Value) -> Iterator[tuple[str, str, str]]:
    """Backups that the vault's lock does not let in, since they would be kept too short or too long."""
    vault = named(stack, at(rule, "TargetBackupVault"), "AWS::Backup::BackupVault")
    if vault is None:
        return
    least, most = _lock(vault)
    days = whole(at(rule, "Lifecycle", "DeleteAfterDays"))
    if least is not None and days is not None and 0 <= days < least:
        told = f"Every job fails: the lock of {vault.logical_id} takes backups that are kept {least} days at least, not"
        yield "Lifecycle.DeleteAfterDays", f"{told} {days}.", f"Take {least} or more, or lower MinRetentionDays."
    elif most is not None and days is not None and days > most:
        told = f"Every job fails: the lock of {vault.logical_id} takes backups that are kept {most} days at most, not"
        yield "Lifecycle.DeleteAfterDays", f"{told} {days}.", f"Take {most} or less, or raise MaxRetentionDays."


def _lock(vault: Resource) -> tuple[int | None, int | None]:
    lock = vault.properties.get("LockConfiguration")
    return whole(at(lock, "MinRetentionDays")), whole(at(lock, "MaxRetentionDays"))
