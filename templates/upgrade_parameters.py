"""Parameters of an installation and an upgrade: the roles must know them before there is a task."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from troposphere import And, Condition, Equals, Not, Ref

from templates.interface import condition, parameter
from templates.task_parameters import IMAGE, IMAGE_SENTENCE, Command, command_parameter

if TYPE_CHECKING:
    from troposphere import Parameter, Template

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
