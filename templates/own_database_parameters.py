"""What a person may say about a database of our own, and the values that could never work."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from troposphere import And, Equals, Or, Ref

from templates.interface import YES_NO, parameter, rule

if TYPE_CHECKING:
    from troposphere import Parameter, Template

GROUP = "Database of this stack"

MINIMA = ("0", "0.5", "1", "2", "4", "8", "16", "32", "64")
MAXIMA = ("1", "2", "4", "8", "16", "32", "64", "128", "256")
"""Capacities in ACU, of about 2 GiB of memory each, with the processor that goes with them."""


@dataclass(frozen=True)
class OwnDatabaseParameters:
    """The parameters of a database of our own."""

    engine: Parameter
    minimum: Parameter
    maximum: Parameter
    reader: Parameter
    backup_days: Parameter
    protection: Parameter
    insights: Parameter
    name: Parameter
    user: Parameter
    snapshot: Parameter


def add_own_database_parameters(t: Template) -> OwnDatabaseParameters:
    """Add the parameters, and the rule that keeps the capacity a range."""
    engine = parameter(
        t,
        "DatabaseEngine",
        group=GROUP,
        label="Engine",
        description="postgresql or mysql, both as Aurora Serverless v2. Never change it on a running stack: it makes a "
        "new, empty database.",
        default="postgresql",
        allowed_values=["postgresql", "mysql"],
        constraint="postgresql or mysql.",
    )
    minimum = _capacity(
        t,
        "DatabaseMinimumCapacity",
        MINIMA,
        label="Least capacity (ACU)",
        description="Capacity that is always there, in ACU of about 2 GiB of memory. 0: the database sleeps after five "
        "minutes without a connection, and the first one then waits some fifteen seconds.",
        default="0.5",
    )
    maximum = _capacity(
        t,
        "DatabaseMaximumCapacity",
        MAXIMA,
        label="Most capacity (ACU)",
        description="Capacity that the database may grow to by itself; it also bounds what it can cost.",
        default="4",
    )
    _add_range_rule(t, minimum, maximum)
    reader = parameter(
        t,
        "DatabaseReader",
        group=GROUP,
        label="Reader in a second zone",
        description="yes: an instance in another zone that takes over within a minute. no: one instance, and minutes "
        "without a database when it fails.",
        default="yes",
        allowed_values=YES_NO,
        constraint="yes or no.",
    )
    backup_days = parameter(
        t,
        "DatabaseBackupDays",
        group=GROUP,
        label="Restore to any second of the last (days)",
        description="How many days back the database can be restored to any point in time.",
        type="Number",
        default=7,
        min_value=1,
        max_value=35,
        constraint="1 to 35.",
    )
    protection = parameter(
        t,
        "DatabaseDeletionProtection",
        group=GROUP,
        label="Deletion protection",
        description="yes: RDS refuses to delete the database, with the stack or without. Say yes with an update, when "
        "the stack is complete: a first create that fails could not be rolled back.",
        default="no",
        allowed_values=YES_NO,
        constraint="yes or no.",
    )
    insights = parameter(
        t,
        "DatabaseInsights",
        group=GROUP,
        label="Database Insights",
        description="standard: a week of measurements by query, at no charge. advanced: fifteen months, with plans, "
        "locks and logs in one place, charged by capacity.",
        default="standard",
        allowed_values=["standard", "advanced"],
        constraint="standard or advanced.",
    )
    name = parameter(
        t,
        "DatabaseName",
        group=GROUP,
        label="Database name",
        description="Name of the first database. With a snapshot: the name that it has there. Never change it "
        "afterwards: it makes a new, empty database.",
        default="lms",
        pattern="^[a-z][a-z0-9_]{0,62}$",
        constraint="A lower case letter, then up to 62 lower case letters, digits and underscores.",
    )
    user = parameter(
        t,
        "DatabaseUser",
        group=GROUP,
        label="Database user",
        description="The user that the application has. With a snapshot: the master user that it was made with. Never "
        "change it afterwards.",
        default="lms",
        pattern="^(?!(admin|rdsadmin|root)$)[a-z][a-z0-9_]{0,15}$",
        constraint="A lower case letter, then up to 15 lower case letters, digits and underscores; not admin, rdsadmin "
        "or root, which are taken.",
    )
    snapshot = parameter(
        t,
        "DatabaseSnapshotIdentifier",
        group=GROUP,
        label="Restore from snapshot",
        description="Name or ARN of a cluster snapshot to begin from, by itself or made by AWS Backup. Keep it for "
        "ever after: another value, or none, replaces the database. Blank: an empty database.",
        default="",
        pattern=r"^$|^(arn:[a-z-]+:rds:[a-z0-9-]+:[0-9]{12}:cluster-snapshot:)?((rds|awsbackup):)?[A-Za-z][A-Za-z0-9-]{0,254}$",
        constraint="The name or the ARN of a snapshot of an Aurora cluster, or blank.",
    )
    return OwnDatabaseParameters(
        engine, minimum, maximum, reader, backup_days, protection, insights, name, user, snapshot
    )


def _capacity(
    t: Template, logical_id: str, offered: tuple[str, ...], *, label: str, description: str, default: str
) -> Parameter:
    return parameter(
        t,
        logical_id,
        group=GROUP,
        label=label,
        description=description,
        default=default,
        allowed_values=offered,
        constraint="One of the capacities in the list.",
    )


def _add_range_rule(t: Template, minimum: Parameter, maximum: Parameter) -> None:
    """Rules compare no numbers, but the numbers are few: each most goes with the least that are not above it."""
    fitting = [
        And(
            Equals(Ref(maximum), most),
            {"Fn::Contains": [[least for least in MINIMA if float(least) <= float(most)], Ref(minimum)]},
        )
        for most in MAXIMA
    ]
    rule(
        t,
        "DatabaseCapacityIsARange",
        assertions=[
            (
                Or(*fitting),
                "DatabaseMinimumCapacity is above DatabaseMaximumCapacity. Raise the most, or lower the least.",
            )
        ],
    )
