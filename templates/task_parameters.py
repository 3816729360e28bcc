"""Parameters that several tasks have: a command, a size, a time to stop, the form of an image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from troposphere import Equals, Join, Not, Ref

from templates.interface import condition, parameter

if TYPE_CHECKING:
    from troposphere import Parameter, Template

LONGEST_STOP: Final = 120
IMAGE: Final = r"[a-z0-9][A-Za-z0-9./_:@-]{0,511}"
IMAGE_SENTENCE: Final = (
    "An image such as 111122223333.dkr.ecr.sa-east-1.amazonaws.com/lms@sha256:…, without spaces and without https://"
)

#: CPU units → the memory sizes in MiB that Fargate offers with them (ECS developer guide, "Task CPU and memory").
SIZES: Final = {
    256: (512, 1024, 2048),
    512: range(1024, 4096 + 1, 1024),
    1024: range(2048, 8192 + 1, 1024),
    2048: range(4096, 16384 + 1, 1024),
    4096: range(8192, 30720 + 1, 1024),
    8192: range(16384, 61440 + 1, 4096),
    16384: range(32768, 122880 + 1, 8192),
    32768: (61440, 122880, 249856),
}


@dataclass(frozen=True)
class Command:
    """What a container runs: the parameter, and the name of the condition under which it is not blank."""

    words: Parameter
    given: str


def command_parameter(t: Template, logical_id: str, *, group: str, label: str, description: str) -> Command:
    """Add the parameter of a command, and the condition `Has<logical id>` that it is not blank."""
    words = parameter(
        t,
        logical_id,
        group=group,
        label=label,
        description=description,
        type="CommaDelimitedList",
        default="",
        constraint="Words separated by commas, or blank.",
    )
    # Joined, since nobody says whether a blank list has no element or one that is blank.
    return Command(words, condition(t, f"Has{logical_id}", Not(Equals(Join("", Ref(words)), ""))))


def size_parameter(t: Template, logical_id: str, *, group: str, label: str, description: str) -> Parameter:
    """Add the parameter of a task's size."""
    return parameter(
        t,
        logical_id,
        group=group,
        label=label,
        description=description,
        default="512/1024",
        allowed_values=[f"{cpu}/{memory}" for cpu, sizes in SIZES.items() for memory in sizes],
        constraint="A pair that Fargate offers, such as 512/1024 or 2048/4096.",
    )


def stop_parameter(
    t: Template, logical_id: str, *, group: str, label: str, description: str, default: int
) -> Parameter:
    """Add the parameter of the time that a task has to stop: Fargate gives 120 seconds at most."""
    return parameter(
        t,
        logical_id,
        group=group,
        label=label,
        description=f"{description} Spot capacity is gone 120 seconds after its notice.",
        type="Number",
        default=default,
        min_value=2,
        max_value=LONGEST_STOP,
        constraint=f"2 to {LONGEST_STOP} seconds.",
    )
