"""Install and upgrade: a task definition that nothing starts by itself.

An upgrade of the database's schema runs once, in one task, while nothing else touches it: never in every task that
starts. It has an image of its own, so that the new one can upgrade the database while the service still names the old
one, and variables that the running tasks do not have: an administrator's first password, a database user who may
change the schema. A step of a plan runs it, or a person in the console (docs/upgrades.md).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from troposphere import If, Join, Ref

from templates.interface import output
from templates.parts import part
from templates.task_definition import add_task_definition
from templates.task_parameters import LONGEST_STOP

if TYPE_CHECKING:
    from troposphere import Template

    from templates.application import Application
    from templates.upgrade_parameters import UpgradeParameters


@part("upgrade")
def add_upgrade(t: Template, *, application: Application, upgrade: UpgradeParameters) -> None:
    """Add the task definition, and the outputs with which a person runs it."""
    exists = upgrade.command.given
    definition = add_task_definition(
        t,
        "UpgradeTask",
        application.blueprint,
        name="upgrade",
        command=Ref(upgrade.command.words),
        size=application.size,
        # Half an upgrade may be worse than a slow one: as long as Fargate waits.
        stop_timeout=LONGEST_STOP,
        image=If(upgrade.own_image, Ref(upgrade.image), Ref(application.blueprint.image)),
        variables=application.blueprint.upgrade_variables,
        exists=exists,
    )
    output(t, "UpgradeTaskDefinition", definition, "Task definition that installs or upgrades", condition=exists)
    # The security group is no output: what may be used elsewhere cannot be proven to be open for nothing. A person
    # finds it among the stack's resources.
    output(t, "TaskSubnets", Join(",", application.place.subnets), "Subnets of tasks, separated by commas")
