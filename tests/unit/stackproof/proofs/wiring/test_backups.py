"""Plans of AWS Backup and the schedules of other services: what is refused, what fails, and what is right."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.stackproof.proofs.network_support import Template, add, ref, resource
from tests.unit.stackproof.proofs.wiring_support import Fault, changed, findings, only

RULE = "Properties.BackupPlan.BackupPlanRule.0"


def planned(lock: object = None, **rule: object) -> Template:
    """A plan with one rule, and its vault."""
    whole = {"RuleName": "daily", "TargetBackupVault": ref("Vault"), **rule}
    return {
        "Vault": resource("Backup::BackupVault", BackupVaultName="vault", LockConfiguration=lock),
        "Plan": resource("Backup::BackupPlan", BackupPlan={"BackupPlanName": "p", "BackupPlanRule": [whole]}),
    }


def kept(days: object, cold: object = None) -> dict[str, Any]:
    return {"DeleteAfterDays": days, "MoveToColdStorageAfterDays": cold}


def scheduled(kind: str, schedule: object) -> Template:
    return {"Timed": resource(kind, ScheduleExpression=schedule)}


FAULTS: dict[str, Fault] = {
    "five fields": (
        [add(**planned(ScheduleExpression="cron(0 5 * * *)"))],
        "wire-backup",
        "Plan",
        f"{RULE}.ScheduleExpression",
        "AWS Backup refuses the plan: cron(0 5 * * *) is none of",
    ),
    "gone before it is cold": (
        [add(**planned(Lifecycle=kept(40, 30)))],
        "wire-backup",
        "Plan",
        f"{RULE}.Lifecycle.DeleteAfterDays",
        (
            "AWS Backup refuses the plan: what moves to cold storage after 30 days stays there for 90 at least, and is "
            "to be deleted after 40. Take 120 or more."
        ),
    ),
    "a copy that is gone before it is cold": (
        [add(**planned(CopyActions=[{"Lifecycle": kept(365, 30)}, {"Lifecycle": kept("40", "30")}]))],
        "wire-backup",
        "Plan",
        f"{RULE}.CopyActions.1.Lifecycle.DeleteAfterDays",
        "Take 120 or more",
    ),
    "no time to start": (
        [add(**planned(StartWindowMinutes=30))],
        "wire-backup",
        "Plan",
        f"{RULE}.StartWindowMinutes",
        "a job waits for its start 60 minutes at least, not 30. Take 60 or more.",
    ),
    "too short for the lock": (
        [add(**planned({"MinRetentionDays": 30}, Lifecycle=kept(7)))],
        "wire-backup",
        "Plan",
        f"{RULE}.Lifecycle.DeleteAfterDays",
        "Every job fails: the lock of Vault takes backups that are kept 30 days at least, not 7. Take 30 or more",
    ),
    "too long for the lock": (
        [add(**planned({"MinRetentionDays": 1, "MaxRetentionDays": 30}, Lifecycle=kept(35)))],
        "wire-backup",
        "Plan",
        f"{RULE}.Lifecycle.DeleteAfterDays",
        "Every job fails: the lock of Vault takes backups that are kept 30 days at most, not 35. Take 30 or less",
    ),
    "a lock that takes nothing": (
        [add(**planned({"MinRetentionDays": 40, "MaxRetentionDays": 30}))],
        "wire-backup",
        "Vault",
        "Properties.LockConfiguration.MaxRetentionDays",
        "AWS Backup refuses the lock: nothing is kept 40 days at least and 30 at most.",
    ),
    "both days": (
        [add(**scheduled("Scheduler::Schedule", "cron(0 5 * * * *)"))],
        "wire-schedule",
        "Timed",
        "Properties.ScheduleExpression",
        "AWS refuses the schedule: cron(0 5 * * * *) says the day of the month and the day of the week.",
    ),
    "no unit": (
        [add(**scheduled("Events::Rule", "rate(5)"))],
        "wire-schedule",
        "Timed",
        "Properties.ScheduleExpression",
        "rate(5) is none of",
    ),
    "a restore test at no time": (
        [add(**scheduled("Backup::RestoreTestingPlan", "every Monday"))],
        "wire-schedule",
        "Timed",
        "Properties.ScheduleExpression",
        "every Monday is none of",
    ),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_fault_is_found_where_it_is(fault: Fault) -> None:
    only(fault)


@pytest.mark.parametrize(
    "resources",
    [
        planned(),
        planned(ScheduleExpression="cron(0 5 ? * * *)", StartWindowMinutes=60, Lifecycle=kept(120, 30)),
        planned(ScheduleExpression=ref("Given"), StartWindowMinutes=ref("Given"), Lifecycle=kept(ref("Given"), 30)),
        # Kept for ever.
        planned({"MinRetentionDays": 30}, Lifecycle=kept(-1, 30)),
        planned({"MinRetentionDays": 30, "MaxRetentionDays": 60}, Lifecycle=kept(60)),
        planned({"MinRetentionDays": 30}, TargetBackupVault="elsewhere", Lifecycle=kept(7)),
        scheduled("Scheduler::Schedule", "at(2027-03-01T07:00:00)"),
        scheduled("Events::Rule", "rate(1 hour)"),
        scheduled("Events::Rule", None),
        scheduled("Events::Rule", ref("Given")),
    ],
)
def test_what_is_right_or_not_known_is_no_fault(resources: Template) -> None:
    template = {**changed(add(**resources)), "Parameters": {"Given": {"Type": "String"}}}
    found = [one for one in findings(template) if one.logical_id in resources]
    assert {one.verdict.value for one in found} <= {"proved"}
