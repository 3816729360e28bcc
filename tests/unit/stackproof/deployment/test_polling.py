"""How long the tool waits between two looks."""

from __future__ import annotations

import pytest

from stackproof.deployment import polling
from stackproof.deployment.polling import Pace


def waits(pace: Pace, *looks: dict[str, bool]) -> list[float]:
    slept: list[float] = []
    pace.sleep = slept.append
    pace.jitter = lambda low, high: (low + high) / 2
    for look in looks:
        pace.wait(**look)
    return [round(seconds, 3) for seconds in slept]


QUIET: dict[str, bool] = {}
NEWS = {"news": True}
THROTTLED = {"throttled": True}


def test_a_change_set_is_looked_at_after_half_a_second_then_one_then_every_two() -> None:
    assert waits(polling.for_change_set(is_local=False), *[QUIET] * 4) == [0.5, 1, 2, 2]


def test_events_are_looked_at_every_second_while_things_happen_and_less_often_when_quiet() -> None:
    assert waits(polling.for_events(is_local=False), NEWS, NEWS, QUIET, QUIET, QUIET, QUIET, NEWS) == [
        *(1, 1),
        *(1.5, 2.25, 3, 3),
        1,
    ]


def test_only_throttling_waits_longer_than_three_seconds() -> None:
    pace = polling.for_events(is_local=False)
    assert waits(pace, *[THROTTLED] * 6) == [2, 4, 8, 16, 30, 30]
    assert waits(pace, QUIET, NEWS) == [3, 1]


def test_an_aws_on_this_machine_is_looked_at_fifty_times_as_often() -> None:
    assert waits(polling.for_events(is_local=True), QUIET, QUIET) == [0.02, 0.03]
    assert waits(polling.for_change_set(is_local=True), QUIET) == [0.01]


def test_deployers_do_not_ask_in_step() -> None:
    bounds: list[tuple[float, float]] = []

    def jitter(low: float, high: float) -> float:
        bounds.append((low, high))
        return high

    slept: list[float] = []
    Pace(first=1, growth=2, longest=4, sleep=slept.append, jitter=jitter).wait()
    assert bounds == [(0.9, 1.1)]
    assert slept == [pytest.approx(1.1)]
