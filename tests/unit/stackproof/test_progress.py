"""How far an operation is, and how that is shown in a log and on a terminal."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from stackproof import progress
from stackproof.printing import Line
from stackproof.progress import JsonLines, Plain, Progress, Redrawn
from tests.unit.stackproof.deployment.builders import event

if TYPE_CHECKING:
    from stackproof.deployment.events import Event


def lines(so_far: Progress, *events: Event) -> list[str]:
    return [line.text for line in map(so_far.feed, events) if line]


def test_a_line_for_each_resource_when_it_is_done_and_for_each_state_of_the_stack() -> None:
    assert lines(
        Progress(2),
        event("CREATE_IN_PROGRESS", reason="User Initiated"),
        event("CREATE_IN_PROGRESS", "Topic", after=1),
        event("CREATE_IN_PROGRESS", "Topic", after=2, reason="Resource creation Initiated"),
        event("CREATE_COMPLETE", "Topic", after=7),
        event("CREATE_IN_PROGRESS", "Cache", after=8),
        event("CREATE_COMPLETE", "Cache", after=3_730),
        event("CREATE_COMPLETE", after=3_731),
    ) == [
        "  0:00     0 of 2  CREATE_IN_PROGRESS    lms-dev (AWS::CloudFormation::Stack): User Initiated",
        "  0:07     1 of 2  CREATE_COMPLETE       Topic (AWS::SNS::Topic)",
        "1:02:10     2 of 2  CREATE_COMPLETE       Cache (AWS::SNS::Topic)",
        "1:02:11     2 of 2  CREATE_COMPLETE       lms-dev (AWS::CloudFormation::Stack)",
    ]


def test_lines_of_more_than_a_hundred_resources_stand_under_each_other() -> None:
    so_far = Progress(114)
    found = lines(so_far, *(event("CREATE_COMPLETE", f"Topic{number}") for number in range(114)))
    assert found[0] == "  0:00    1 of 114  CREATE_COMPLETE       Topic0 (AWS::SNS::Topic)"
    assert found[-1] == "  0:00  114 of 114  CREATE_COMPLETE       Topic113 (AWS::SNS::Topic)"


def test_what_failed_is_not_done_and_says_why() -> None:
    so_far = Progress(2)
    (line,) = lines(so_far, event("CREATE_FAILED", "Topic", reason="no permission"))
    assert line == "  0:00     0 of 2  CREATE_FAILED         Topic (AWS::SNS::Topic): no permission"
    assert so_far.done == set()


def test_on_the_way_back_what_was_touched_is_what_there_is_to_do() -> None:
    so_far = Progress(9)
    lines(
        so_far,
        event("UPDATE_IN_PROGRESS"),
        event("UPDATE_COMPLETE", "Topic"),
        event("UPDATE_IN_PROGRESS", "Cache"),
        event("UPDATE_FAILED", "Queue"),
    )
    assert so_far.count == "1 of 9"
    lines(so_far, event("UPDATE_ROLLBACK_IN_PROGRESS"))
    assert (so_far.count, so_far.running) == ("0 of 3", {})
    lines(so_far, event("UPDATE_COMPLETE", "Topic", after=1), event("UPDATE_COMPLETE", "Queue", after=1))
    assert so_far.count == "2 of 3"
    lines(so_far, event("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS"), event("DELETE_COMPLETE", "Cache"))
    assert so_far.count == "3 of 3"


def test_a_replaced_resource_whose_old_one_is_deleted_afterwards_counts_once() -> None:
    so_far = Progress(1)
    lines(so_far, event("UPDATE_COMPLETE", "Table"), event("DELETE_COMPLETE", "Table", after=1))
    assert so_far.count == "1 of 1"


def test_more_than_was_planned_is_counted_too() -> None:
    so_far = Progress(1)
    lines(so_far, event("UPDATE_COMPLETE", "Topic"), event("DELETE_SKIPPED", "Logs"))
    assert so_far.count == "2 of 2"


def test_of_how_many_is_not_said_where_nobody_knows_and_said_as_soon_as_it_is_known() -> None:
    so_far = Progress(0)
    shown = lines(
        so_far, event("UPDATE_IN_PROGRESS"), event("UPDATE_COMPLETE", "Topic"), event("CREATE_FAILED", "Cache")
    )
    assert ["0 done" in shown[0], "1 done" in shown[1], "1 done" in shown[2]] == [True, True, True]
    shown = lines(so_far, event("UPDATE_ROLLBACK_IN_PROGRESS"), event("UPDATE_COMPLETE", "Topic", after=1))
    assert ["0 of 2" in shown[0], "1 of 2" in shown[1]] == [True, True]
    so_far = Progress(0)
    lines(so_far, event("CREATE_COMPLETE", "Topic"))
    assert "1 of 1" in lines(so_far, event("CREATE_COMPLETE", after=1))[0]


def test_what_failed_before_anything_was_touched_is_not_counted_against_nothing() -> None:
    so_far = Progress(2)
    shown = lines(
        so_far,
        event("CREATE_IN_PROGRESS"),
        event("CREATE_FAILED", reason="Validation failed with 1 error(s)."),
        event("ROLLBACK_IN_PROGRESS"),
        event("ROLLBACK_COMPLETE", after=1),
    )
    assert ["0 of 2" in shown[0], "0 of 2" in shown[1], "0 done" in shown[2], "0 done" in shown[3]] == [True] * 4


def test_what_was_planned_and_turned_out_to_be_as_it_should_be_is_not_missing_at_the_end() -> None:
    so_far = Progress(17)
    shown = lines(so_far, event("UPDATE_COMPLETE", "Topic"), event("UPDATE_COMPLETE", after=1))
    assert "1 of 17" in shown[0]
    assert "1 of 1 " in shown[1]
    so_far = Progress(17)
    shown = lines(so_far, event("UPDATE_COMPLETE", "Topic"), event("UPDATE_FAILED", after=1))
    assert "1 of 17" in shown[1]


def test_what_never_came_to_be_is_not_missing_after_the_rollback() -> None:
    so_far = Progress(3)
    lines(so_far, event("CREATE_COMPLETE", "Topic"), event("CREATE_FAILED", "Cache"), event("ROLLBACK_IN_PROGRESS"))
    assert so_far.count == "0 of 2"
    lines(so_far, event("DELETE_COMPLETE", "Topic", after=1), event("ROLLBACK_COMPLETE", after=2))
    assert so_far.count == "2 of 2"


def test_resources_of_nested_stacks_are_told_apart_and_counted() -> None:
    so_far = Progress(1)
    shown = lines(
        so_far,
        event("CREATE_COMPLETE", "Topic"),
        event("CREATE_COMPLETE", "Topic", within="Network"),
        event("CREATE_FAILED", "Topic", within="Network/Subnets", reason="full"),
    )
    assert [line.split("  ")[-1].strip() for line in shown] == [
        "Topic (AWS::SNS::Topic)",
        "Network/Topic (AWS::SNS::Topic)",
        "Network/Subnets/Topic (AWS::SNS::Topic): full",
    ]
    assert so_far.count == "2 of 3"


def test_the_end_that_is_no_end_yet_says_what_is_still_done() -> None:
    (line,) = lines(Progress(1), event("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"))
    assert line.endswith("(AWS::CloudFormation::Stack): the new state is live; old resources are being removed")


@pytest.mark.parametrize(
    ("status", "style"),
    [
        ("CREATE_FAILED", "bold red"),
        ("UPDATE_ROLLBACK_IN_PROGRESS", "yellow"),
        ("CREATE_IN_PROGRESS", "dim"),
        ("CREATE_COMPLETE", "green"),
    ],
)
def test_each_kind_of_event_has_its_colour(status: str, style: str) -> None:
    assert progress.style(event(status)) == style


class Clock:
    """Time that passes when a test says so."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_log_that_was_silent_for_half_a_minute_gets_a_sign_of_life() -> None:
    clock, stream = Clock(), io.StringIO()
    shown = Plain(Progress(20, clock), stream)
    shown.update([])
    clock.now = 29
    shown.update([])
    assert stream.getvalue() == ""
    clock.now = 30
    shown.update([])
    clock.now = 31
    shown.update([])
    assert stream.getvalue() == "          0 of 20  still waiting for AWS\n"
    shown.update([event("CREATE_IN_PROGRESS", f"Topic{number:02}", after=number) for number in range(14)])
    clock.now = 60
    shown.update([])
    (last,) = stream.getvalue().splitlines()[1:]
    assert last.startswith("          0 of 20  still working on Topic00 0:42, Topic01 0:41, ")
    assert last.endswith(", Topic11 0:31 and 2 more")


def test_two_that_run_are_named_without_more() -> None:
    clock, stream = Clock(), io.StringIO()
    shown = Plain(Progress(2, clock), stream)
    shown.update([event("CREATE_IN_PROGRESS", "Topic"), event("CREATE_IN_PROGRESS", "Cache", after=4)])
    clock.now = 30
    shown.update([])
    assert stream.getvalue().endswith("still working on Topic 0:34, Cache 0:30\n")


def drawn(shown: Redrawn) -> list[str]:
    console = Console(file=io.StringIO(), width=100)
    with console.capture() as captured:
        console.print(shown)
    return [line.rstrip() for line in captured.get().splitlines()]


def test_on_a_terminal_what_is_done_scrolls_up_and_what_runs_stays_with_its_own_clock() -> None:
    clock, written = Clock(), list[Line]()
    shown = Redrawn(Progress(3, clock), written.append)
    shown.update([event("CREATE_IN_PROGRESS"), event("CREATE_IN_PROGRESS", "Cache")])
    clock.now = 65
    initiated = event("CREATE_IN_PROGRESS", "Cache", after=64, reason="Resource creation Initiated")
    shown.update([initiated, event("CREATE_IN_PROGRESS", "Topic", after=65)])
    clock.now = 70
    assert drawn(shown) == [
        "  1:10  CREATE_IN_PROGRESS  Cache (AWS::SNS::Topic): Resource creation Initiated",
        "  0:05  CREATE_IN_PROGRESS  Topic (AWS::SNS::Topic)",
        "0 of 3  CREATE_IN_PROGRESS",
    ]
    shown.update([event("CREATE_COMPLETE", "Cache", after=70)])
    assert [line.text.split()[-2] for line in written] == ["lms-dev", "Cache"]
    assert drawn(shown)[-1] == "1 of 3  CREATE_IN_PROGRESS"


def test_how_long_something_runs_is_right_too_for_whoever_takes_it_up_later() -> None:
    clock = Clock()
    shown = Redrawn(Progress(0, clock), lambda _: None)
    shown.update([event("UPDATE_IN_PROGRESS"), event("UPDATE_IN_PROGRESS", "Cache", after=1)])
    shown.update([event("UPDATE_COMPLETE", "Topic", after=600)])
    clock.now = 2
    assert drawn(shown)[0] == " 10:01  UPDATE_IN_PROGRESS  Cache (AWS::SNS::Topic)"


def test_a_long_reason_takes_no_second_line() -> None:
    shown = Redrawn(Progress(1, Clock()), lambda _: None)
    shown.update([event("CREATE_IN_PROGRESS", "Cache", reason="word " * 40)])
    first, last = drawn(shown)
    assert first.endswith("…")
    assert last == "0 of 1"


def test_more_than_fit_are_a_number() -> None:
    shown = Redrawn(Progress(20, Clock()), lambda _: None)
    shown.update([event("CREATE_IN_PROGRESS", f"Topic{number}") for number in range(15)])
    assert len(drawn(shown)) == progress.SHOWN + 2
    assert drawn(shown)[-2].strip() == "and 3 more"


def test_for_programs_every_event_is_an_object_on_a_line() -> None:
    stream = io.StringIO()
    JsonLines(Progress(1), stream).update(
        [event("CREATE_IN_PROGRESS", "Topic"), event("CREATE_COMPLETE", "Topic", after=2)]
    )
    assert [json.loads(line) for line in stream.getvalue().splitlines()][1] == {
        "time": "2026-03-14T03:00:02+00:00",
        "logical_id": "Topic",
        "within": "",
        "type": "AWS::SNS::Topic",
        "status": "CREATE_COMPLETE",
        "reason": "",
        "done": 1,
        "total": 1,
    }
