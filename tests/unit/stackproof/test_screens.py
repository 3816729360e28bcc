"""A stack on one screen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from stackproof import screens
from stackproof.deployment.running import Running
from stackproof.deployment.summary import Files, Standing
from tests.unit.stackproof.deployment import builders

if TYPE_CHECKING:
    from stackproof.deployment.stack import Stack


def standing(found: Stack) -> list[Any]:
    nothing = Running((), (), ())
    return list(screens.standing(Standing(found, "1", "sa-east-1", None, nothing, Files(), None, None), "why"))


@pytest.mark.parametrize(
    ("found", "style"),
    [
        (builders.stack("UPDATE_COMPLETE"), "bold green"),
        (builders.stack("UPDATE_IN_PROGRESS"), "bold yellow"),
        (builders.stack("UPDATE_ROLLBACK_COMPLETE"), "bold red"),
        (builders.stack("DELETE_FAILED"), "bold red"),
    ],
)
def test_a_stack_s_state_has_a_colour(found: Any, style: str) -> None:
    first, *_ = standing(found)
    assert (first.text, first.style) == (f"lms-dev: {found.status}", style)


def test_a_stack_s_reason_and_protection_are_told() -> None:
    found = builders.stack("DELETE_FAILED", reason="[Bucket] is not empty", is_protected=True)
    assert [line.text for line in standing(found)] == [
        "lms-dev: DELETE_FAILED",
        "  [Bucket] is not empty",
        "  account         1, sa-east-1",
        "  created         2026-03-14 03:00:00 UTC",
        "  protection      on",
        "No event says why.",
        "More: why",
    ]
