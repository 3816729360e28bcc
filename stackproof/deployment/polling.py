"""How long to wait between two looks at AWS."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

THROTTLED_LONGEST = 30.0
PATIENCE = 20
"""So many looks in a row without an answer, each after botocore's own attempts: the line is not coming back."""
# The embedded AWS does in a tenth of a second what AWS does in minutes, and throttles nobody.
_LOCAL = 0.02


@dataclass
class Pace:
    """Waits that grow while nothing happens, start over when something does, and double when AWS throttles.

    Attributes:
        first: seconds of the first wait.
        growth: factor from one wait to the next.
        longest: seconds; only throttling waits longer, up to half a minute.
        scale: all waits times this; less than one where AWS is a process on this machine.
        sleep: waits that many seconds.
        jitter: a number between the two given, so that many deployers do not ask in step.
    """

    first: float
    growth: float
    longest: float
    scale: float = 1.0
    sleep: Callable[[float], object] = time.sleep
    jitter: Callable[[float, float], float] = random.uniform
    _next: float = field(init=False)

    def __post_init__(self) -> None:
        self._next = self.first

    def wait(self, *, news: bool = False, throttled: bool = False) -> None:
        """Wait before the next look.

        Args:
            news: the last look showed something new.
            throttled: the last look was refused for coming too soon, or got no answer.
        """
        if throttled:
            self._next = min(self._next * 2, THROTTLED_LONGEST)
        else:
            self._next = self.first if news else min(self._next, self.longest)
        self.sleep(self._next * self.scale * self.jitter(0.9, 1.1))
        if not throttled:
            self._next *= self.growth


def for_change_set(*, is_local: bool) -> Pace:
    """0.5, 1, 2, 2 … seconds: a change set takes a few seconds."""
    return Pace(first=0.5, growth=2, longest=2, scale=_scale(is_local))


def for_events(*, is_local: bool) -> Pace:
    """1, 1.5, 2.25, 3, 3 … seconds while nothing happens, 1 second when something does."""
    return Pace(first=1, growth=1.5, longest=3, scale=_scale(is_local))


def _scale(is_local: bool) -> float:
    return _LOCAL if is_local else 1.0
