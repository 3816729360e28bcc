"""A stack on one screen: what is shown, in which order, and what catches the eye."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from stackproof import screens
from stackproof.arguments import commands, parser
from stackproof.deployment import summary
from stackproof.deployment.running import Alarm, Deployment, Running, Service
from stackproof.deployment.summary import Files, Operation, Standing
from tests.unit.stackproof.deployment import builders
from tests.unit.stackproof.deployment.builders import START, event

NOTHING = Running((), (), ())
COMMANDS = commands("python deploy.py", parser("deploy.py").parse_args(["status", "dev"]), "dev")
OLD = Deployment(("web:7",), desired=1, running=2, pending=0, failed=0, rollout="COMPLETED")
NEW = Deployment((), desired=2, running=0, pending=1, failed=3, rollout="IN_PROGRESS")


def standing(status: str = "UPDATE_COMPLETE", running: Running = NOTHING, **more: Any) -> Standing:
    last = Operation("update", status, START, START + timedelta(seconds=75), "ana")
    place = {"account": "111111111111", "region": "sa-east-1"}
    values: dict[str, Any] = {"last": last, "files": Files(), "differences": None, "cause": None, **place}
    return Standing(stack=builders.stack(status, **more.pop("stack", {})), running=running, **(values | more))


def shown(found: Standing) -> list[str]:
    return [line.text for line in screens.standing(found, COMMANDS)]


def styles(found: Standing) -> dict[str, str]:
    return {line.text: line.style for line in screens.standing(found, COMMANDS)}


def test_the_head_says_what_where_when_and_by_whom() -> None:
    found = standing(stack={"reason": "because", "is_protected": True})
    assert shown(found) == [
        "lms-dev: UPDATE_COMPLETE",
        "  because",
        "  account         111111111111, sa-east-1",
        "  created         2026-03-14 03:00:00 UTC",
        "  last operation  update by ana, 2026-03-14 03:00:00 UTC to 03:01:15, UPDATE_COMPLETE",
        "  protection      on",
    ]


@pytest.mark.parametrize(
    ("status", "style"),
    [
        ("CREATE_COMPLETE", "bold green"),
        ("UPDATE_IN_PROGRESS", "bold yellow"),
        ("REVIEW_IN_PROGRESS", "bold yellow"),
        ("UPDATE_ROLLBACK_COMPLETE", "bold red"),
        ("DELETE_FAILED", "bold red"),
    ],
)
def test_the_state_has_its_colour(status: str, style: str) -> None:
    assert styles(standing(status))[f"lms-dev: {status}"] == style


def test_what_needs_somebody_catches_the_eye_and_stands_last() -> None:
    alarms = (
        Alarm("quiet", "OK", "", ""),
        Alarm("new", "INSUFFICIENT_DATA", "", ""),
        Alarm("loud", "ALARM", "101", ""),
    )
    service = Service("web", desired=2, running=1, pending=1, deployments=(NEW, OLD))
    found = standing("UPDATE_FAILED", Running((service,), alarms, ("ec2 is not allowed",)))
    lines = shown(found)
    assert lines[lines.index("Services") :] == [
        "Services",
        "  web  1 of 2 tasks running, 1 starting",
        "    (image not known)  0 running, 3 failed, rollout IN_PROGRESS",
        "    web:7  2 running, rollout COMPLETED",
        "Alarms: 1 of 3 OK, 1 without data",
        "  ALARM  loud: 101",
        "Not looked at",
        "  ! ec2 is not allowed",
        "No event says why.",
        "More: python deploy.py why dev",
    ]
    seen = styles(found)
    assert seen["  web  1 of 2 tasks running, 1 starting"] == "yellow"
    assert seen["    (image not known)  0 running, 3 failed, rollout IN_PROGRESS"] == "red"
    assert seen["    web:7  2 running, rollout COMPLETED"] == ""
    assert seen["  ALARM  loud: 101"] == "bold red"


def test_a_service_that_has_its_tasks_is_quiet() -> None:
    steady = replace(OLD, rollout="")
    service = Service("web", desired=2, running=2, pending=0, deployments=(steady,))
    seen = styles(standing(running=Running((service,), (), ())))
    assert seen["  web  2 of 2 tasks running"] == ""
    assert seen["    web:7  2 running"] == ""


class TestOperation:
    """The last operation, from its events."""

    def test_one_that_ended(self) -> None:
        history = [
            event("UPDATE_IN_PROGRESS"),
            event("UPDATE_COMPLETE", "Topic", after=5),
            event("UPDATE_COMPLETE", after=9),
        ]
        found = summary.operation(history, "ana")
        assert found == Operation("update", "UPDATE_COMPLETE", START, START + timedelta(seconds=9), "ana")

    def test_cleaning_up_is_not_the_end(self) -> None:
        history = [event("UPDATE_IN_PROGRESS"), event("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", after=9)]
        found = summary.operation(history, "")
        assert found is not None
        assert (found.status, found.ended) == ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", None)
        assert found.as_json()["by"] is None

    @pytest.mark.parametrize("history", [[], [event("REVIEW_IN_PROGRESS")]])
    def test_of_a_stack_that_was_never_made_there_is_none(self, history: Any) -> None:
        assert summary.operation(history, "") is None


def test_steps_that_have_not_ended_stand_last_with_the_command_that_goes_on() -> None:
    found = standing("UPDATE_ROLLBACK_COMPLETE", unfinished="4 of 7 done, next is: Open")
    *_, more, steps, command = shown(found)
    assert more == "More: python deploy.py why dev"
    assert steps == "Steps: 4 of 7 done, next is: Open"
    assert command == "  unless that is under way, go on with: python deploy.py apply dev"
    assert found.as_json()["unfinished"] == "4 of 7 done, next is: Open"
    assert standing().as_json()["unfinished"] is None
