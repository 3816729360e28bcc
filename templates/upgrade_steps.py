"""How the platform is created and upgraded, in steps: the deployer reads it in the template's Metadata.

Upgrade. The maintenance page comes, and the application goes: not because of the page, but so that nothing can go back
to the old image by itself. A service that is made anew has no deployment to go back to, and a failed change goes back
to maintenance. The new schema never meets the old program, and an upgrade never meets an open transaction. Image stays
as it is deployed until the upgrade is done, and UpgradeImage is set until all is: so the stack itself tells what it is
in the middle of, also to another machine. Health is proven behind the page.

Create. An empty database would fail the application's health check and roll everything back, and deletion protection
would turn a failed create into one that cannot be rolled back. So both come after the installation.

RollingImage says of one image, by its name, that it changes no schema: it cannot be forgotten and said of the next one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from troposphere import Equals, Or, Ref

from templates.interface import parameter, rule
from templates.task_parameters import IMAGE, IMAGE_SENTENCE

if TYPE_CHECKING:
    from troposphere import Template

KEY = "Stackproof::Upgrade"
"""Of the template's Metadata; docs/deploying/apply.md explains the steps."""

NO_COMMAND = {"UpgradeCommand": ""}
NEW_IMAGE = {"UpgradeImage": {"parameter": ["UpgradeImage", "Image"]}}
UNPROTECTED = {"BalancerDeletionProtection": "no", "DatabaseDeletionProtection": "no"}
CLOSED = {"MaintenancePage": "yes", "BackgroundJobs": "no", **NEW_IMAGE}

OUTDATED = (
    "RollingImage names another image than Image: it was said of an earlier release. Leave it blank, or give the name "
    "of the new image if that changes no schema either."
)

LONG = 240
"""Minutes: the first backup of many files, or a schema's change of a large table, takes its time."""


def declare_upgrade(t: Template) -> None:
    """Write the steps into the Metadata, and add the parameter that leaves them out."""
    rolling = parameter(
        t,
        "RollingImage",
        group="Installation and upgrade",
        label="Image that changes no schema",
        description="Say here of a new image, by its name, that it changes nothing in the database: then it comes by a "
        "rolling update, without maintenance page, recovery point and upgrade task. Blank: a new image is an upgrade.",
        default="",
        pattern=f"^$|^{IMAGE}$",
        constraint=f"{IMAGE_SENTENCE}, or blank.",
    )
    same = Or(Equals(Ref(rolling), ""), Equals(Ref(rolling), Ref("Image")))
    rule(t, "RollingImageIsTheImage", assertions=[(same, OUTDATED)])
    t.metadata[KEY] = {
        "changes": ["Image", "UpgradeImage"],
        "unless": {**NO_COMMAND, "RollingImage": {"parameter": "Image"}},
        "steps": _upgrade(),
        "create": _create(),
    }


def _upgrade() -> list[dict[str, Any]]:
    return [
        {
            "title": "Maintenance page on, application and background jobs off",
            "set": {"RunApplication": "no", **CLOSED},
            "keep": ["Image"],
        },
        {"title": "Nothing runs any more", "idle": "ClusterName"},
        {
            "title": "Recovery point",
            "backup": ["DatabaseCluster", "FileSystem"],
            "vault": "BackupVaultName",
            "role": "BackupRoleArn",
            "restore": {"DatabaseCluster": "DatabaseSnapshotIdentifier"},
            "minutes": LONG,
        },
        _task("Upgrade"),
        {"title": "The new image, behind the maintenance page", "set": CLOSED},
        {"title": "Healthy", "healthy": ["Service"]},
        {"title": "Background jobs on, maintenance page off"},
    ]


def _create() -> list[dict[str, Any]]:
    return [
        {
            "title": "Everything but the application, unprotected",
            "set": {"RunApplication": "no", **NEW_IMAGE, **UNPROTECTED},
            "unless": NO_COMMAND,
        },
        {"title": "Everything, unprotected", "set": UNPROTECTED, "when": NO_COMMAND},
        {**_task("Install"), "unless": NO_COMMAND},
        {"title": "As the files say"},
    ]


def _task(title: str) -> dict[str, Any]:
    """The one task, where the application's tasks run."""
    return {
        "title": title,
        "task": "UpgradeTask",
        "cluster": "ClusterName",
        "subnets": "TaskSubnets",
        "groups": ["TasksSecurityGroup"],
        "minutes": LONG,
    }
