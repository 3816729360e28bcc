"""Parameters of backups: the stores must know them before there is a plan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from awacs.aws import StringEqualsIfExists
from troposphere import Equals, Ref, Sub, Tags

from templates.interface import YES_NO, condition, parameter

if TYPE_CHECKING:
    from awacs.aws import ConditionElement
    from troposphere import AWSHelperFn, Parameter, Template

    from templates.tags import Environment

GROUP = "Backup"
TAG = "backup"
LOCK_DAYS = 7
"""A locked vault keeps every backup at least so long."""
COOLING_OFF_DAYS = 3
"""The least that AWS takes: afterwards nobody can take the lock away again, AWS included."""


@dataclass(frozen=True)
class Backups:
    """What the stores must know before there is a plan.

    Attributes:
        exists: name of the condition under which there is a plan.
        tag: the value of TAG on what is backed up.
        daily: the parameter with the days that a daily backup is kept.
        monthly: the same for a monthly one.
        lock: the parameter with the kind of lock.
    """

    exists: str
    tag: AWSHelperFn
    daily: Parameter
    monthly: Parameter
    lock: Parameter

    @property
    def no_neighbour(self) -> ConditionElement:
        """For a statement on snapshots: none that has another environment's tag. One just made has none yet."""
        return StringEqualsIfExists(f"aws:ResourceTag/{TAG}", self.tag)

    @property
    def tags(self) -> Tags:
        """The tags of a store that is to be backed up."""
        return Tags(**{TAG: self.tag})


def add_backup_parameters(t: Template, *, environment: Environment) -> Backups:
    """Add the parameters; the stores ask for the tag, and the plan comes after the stores."""
    asked = parameter(
        t,
        "Backups",
        group=GROUP,
        label="Back up with AWS Backup",
        description="yes: files and this stack's own database are copied into a vault, daily and monthly. no: the file "
        "system's automatic backup and the database's own last days remain. An existing database is its owner's to "
        "back up.",
        default="no",
        allowed_values=YES_NO,
        constraint="yes or no.",
    )
    daily = _days(t, "BackupDailyDays", "Keep daily backups for (days)", "How long", least=LOCK_DAYS, default=35)
    monthly = _days(t, "BackupMonthlyDays", "Keep monthly backups for (days)", "How long", least=90, default=365)
    lock = parameter(
        t,
        "BackupLock",
        group=GROUP,
        label="Lock of the vault",
        description=f"governance: nobody deletes a backup before {LOCK_DAYS} days, unless IAM lets them take the lock "
        f"away. compliance: {COOLING_OFF_DAYS} days after it is set nobody can ever take it away again, not even AWS. "
        "none: no lock.",
        default="none",
        allowed_values=["none", "governance", "compliance"],
        constraint="none, governance or compliance.",
    )
    exists = condition(t, "HasBackups", Equals(Ref(asked), "yes"))
    return Backups(exists, Sub(f"lms-${{{environment.suffix.title}}}"), daily, monthly, lock)


def _days(t: Template, logical_id: str, label: str, description: str, *, least: int, default: int) -> Parameter:
    kind = label.split()[1]
    return parameter(
        t,
        logical_id,
        group=GROUP,
        label=label,
        description=f"{description} a {kind} backup is kept.",
        type="Number",
        default=default,
        min_value=least,
        max_value=3650,
        constraint=f"{least} to 3650.",
    )
