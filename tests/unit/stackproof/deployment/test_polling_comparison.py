"""How often we ask AWS and how soon we see the end, beside other tools, on the same histories and by a fake clock.

The intervals of the others, as their sources have them:
    AWS CLI and boto3   DescribeStacks every 30 s (botocore, waiters-2.json of CloudFormation)
    Sceptre             DescribeStacks and DescribeStackEvents, then 4 s (sceptre/plan/actions.py, _wait_for_completion)
    CDK                 DescribeStackEvents every 2 s (aws-cdk-cli, StackActivityMonitor, pollingInterval)
    SAM CLI             DescribeStacks and DescribeStackEvents, then 0.5 s (aws-sam-cli issue 3911; DEFAULT_POLL_DELAY)
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import TYPE_CHECKING, Any

import botocore
import pytest

from stackproof.deployment import events, polling
from tests.unit.stackproof.deployment.builders import STACK_ID, START, event

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stackproof.deployment.events import Event

DOCUMENT = Path(__file__).parents[4] / "docs" / "deploying" / "apply.md"


@dataclass(frozen=True)
class Measured:
    """One tool on some histories.

    Attributes:
        calls: a minute, on average.
        delay: seconds from the end of an operation until it is seen, on average.
        worst: the longest of these delays.
    """

    calls: float
    delay: float
    worst: float


class Clock:
    """A stack whose events appear as time goes by; sleeping makes it go by, and each call takes a fifth of a second."""

    def __init__(self, history: Sequence[Event]) -> None:
        self.history = list(history)
        self.now = 0.0
        self.calls = 0

    @property
    def end(self) -> float:
        return (self.history[-1].time - START).total_seconds()

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def call(self) -> list[Event]:
        self.calls += 1
        self.now += 0.2
        return [each for each in self.history if (each.time - START).total_seconds() <= self.now]

    def get_paginator(self, _: str) -> Clock:
        return self

    def paginate(self, StackName: str) -> Any:  # noqa: N803 - as the SDK spells it
        assert StackName == STACK_ID
        found = [
            {
                "EventId": each.id,
                "Timestamp": each.time,
                "StackId": each.stack_id,
                "LogicalResourceId": each.logical_id,
                "PhysicalResourceId": each.physical_id,
                "ResourceType": each.type,
                "ResourceStatus": each.status,
            }
            for each in reversed(self.call())
        ]
        yield {"StackEvents": found}


def ours(clock: Clock) -> None:
    pace = polling.for_events(is_local=False)
    pace.sleep, pace.jitter = clock.sleep, lambda low, high: (low + high) / 2
    for _ in events.follow(clock, STACK_ID, seen=(), pace=pace):  # type: ignore[arg-type]  # the calls it needs
        pass


def every(seconds: float, *, calls: int = 1) -> Any:
    """A tool that asks, sees the end if it was there, and sleeps."""

    def follow(clock: Clock) -> None:
        while True:
            seen = clock.call()
            for _ in range(calls - 1):
                clock.call()
            if len(seen) == len(clock.history):
                return
            clock.sleep(seconds)

    return follow


TOOLS = {
    "stackproof": ours,
    "AWS CLI, boto3": every(30),
    "Sceptre": every(4, calls=2),
    "CDK": every(2),
    "SAM CLI": every(0.5, calls=2),
}


def histories() -> list[list[Event]]:
    """A small update, a service that takes minutes to settle, a cache that takes ten; each ending at many moments."""
    found = []
    for lasting, steps in ((20, 4), (240, 12), (600, 40)):
        for shift in range(0, 300, 7):
            end = lasting + shift / 10
            # Work comes in bursts: the first tenth of the time has most of the events.
            times = [end * 0.1 * number / steps for number in range(steps)]
            found.append(
                [
                    event("UPDATE_IN_PROGRESS"),
                    *(event("UPDATE_COMPLETE", f"Part{number}", after=time) for number, time in enumerate(times)),
                    event("UPDATE_COMPLETE", after=end),
                ]
            )
    return found


def measured(tool: Any) -> Measured:
    clocks = [Clock(history) for history in histories()]
    for clock in clocks:
        tool(clock)
    delays = [clock.now - clock.end for clock in clocks]
    return Measured(
        sum(each.calls for each in clocks) / sum(each.now for each in clocks) * 60, mean(delays), max(delays)
    )


@pytest.fixture(scope="module")
def table() -> dict[str, Measured]:
    return {name: measured(tool) for name, tool in TOOLS.items()}


def test_the_end_is_seen_in_two_seconds_at_well_under_a_call_a_second(table: dict[str, Measured]) -> None:
    own = table["stackproof"]
    assert own.delay < 2
    assert own.worst < 3.5
    assert own.calls < 30


def test_we_are_ten_times_as_quick_as_the_aws_cli(table: dict[str, Measured]) -> None:
    assert table["AWS CLI, boto3"].delay > 8 * table["stackproof"].delay


def test_nobody_who_asks_less_often_than_we_do_sees_the_end_sooner(table: dict[str, Measured]) -> None:
    own = table["stackproof"]
    better = [name for name, each in table.items() if each.calls <= own.calls and each.delay <= own.delay]
    assert better == ["stackproof"]


def test_the_interval_of_the_waiters_is_the_installed_sdk_s() -> None:
    path = Path(botocore.__file__).parent / "data/cloudformation/2010-05-15/waiters-2.json"
    waiters = json.loads(path.read_text())["waiters"]
    assert {waiters[name]["delay"] for name in ("StackCreateComplete", "StackUpdateComplete")} == {30}


def test_the_document_has_these_numbers(table: dict[str, Measured]) -> None:
    rows = [f"| {name} | {each.calls:.0f} | {each.delay:.1f} s | {each.worst:.1f} s |" for name, each in table.items()]
    text = DOCUMENT.read_text()
    assert [row for row in rows if row not in text] == []
