"""Install and upgrade: a task definition that nothing starts by itself.

An upgrade of the database's schema runs once, in one task, while nothing else touches it: never in every task that
starts. It has an image of its own, so that the new one can upgrade the database while the service still names the old
one, and variables that the running tasks do not have: an administrator's first password, a database user who may
change the schema. A step of a plan runs it, or a person in the console (docs/upgrades.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from troposphere import And, Condition, Equals, If, Join, Not, Ref

from templates.interface import condition, output, parameter
from templates.parts import part
from templates.task_definition import (
    IMAGE,
    IMAGE_SENTENCE,
    LONGEST_STOP,
    Command,
    add_task_definition,
    command_parameter,
)

if TYPE_CHECKING:
    from troposphere import Parameter, Template

    from templates.application import Application

GROUP = "Installation and upgrade"


@dataclass(frozen=True)
class UpgradeParameters:
    """What the roles must know before there is a task.

    Attributes:
        image: blank where the upgrade runs the application's own image.
        command: what the task runs; it exists where this is given.
        own_image: name of the condition under which the task exists and has an image of its own.
    """

    image: Parameter
    command: Command
    own_image: str


def add_upgrade_parameters(t: Template) -> UpgradeParameters:
    """Add image and command of an upgrade."""
    command = command_parameter(
        t,
        "UpgradeCommand",
        group=GROUP,
        label="Command that installs or upgrades",
        description="What prepares an empty database, and brings one of an older version up to date, its words "
        "separated by commas: kolibri,manage,migrate. It ends by itself, and running it again does no harm. Blank: no "
        "task definition for it.",
    )
    image = parameter(
        t,
        "UpgradeImage",
        group=GROUP,
        label="Image that installs or upgrades",
        description="Image that runs that command, in this account's own registry and region or public; an upgrade "
        "sets it to the new image while the application still runs the old one. Blank: the application's image.",
        default="",
        pattern=f"^$|^{IMAGE}$",
        constraint=f"{IMAGE_SENTENCE}, or blank.",
    )
    own = condition(t, "UpgradeHasImage", And(Condition(command.given), Not(Equals(Ref(image), ""))))
    return UpgradeParameters(image, command, own)


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
