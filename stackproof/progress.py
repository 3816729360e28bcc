"""How far an operation is: counted from its events, shown line by line in CI and redrawn on a terminal."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, TextIO

from stackproof.deployment.events import MEANINGS
from stackproof.printing import Line, is_terminal, show, show_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from rich.console import RenderableType

    from stackproof.deployment.events import Event

# A log that is silent for longer looks dead.
HEARTBEAT = 30.0
# Running resources that are shown at once: the rest is a number.
SHOWN = 12


@dataclass
class Progress:
    """What the events so far add up to.

    Attributes:
        total: resources that the operation is about, 0 where that is not known; on the way back those that it had
            touched.
        clock: seconds; between two events it tells how much time went by in AWS, too.
        done: those that are finished, by path (logical id, nested stacks before it).
        running: path → the first event and the last one of the work on it.
        status: of the stack itself; blank until it says something.
    """

    total: int
    clock: Callable[[], float] = time.monotonic
    done: set[str] = field(default_factory=set)
    running: dict[str, tuple[Event, Event]] = field(default_factory=dict)
    status: str = ""
    _is_known: bool = field(init=False)
    _touched: set[str] = field(default_factory=set)
    _began: datetime | None = None
    _newest: tuple[datetime, float] | None = None

    def __post_init__(self) -> None:
        self._is_known = self.total > 0

    @property
    def size(self) -> int:
        """How many there are to do; AWS may touch more than were planned."""
        return max(self.total, len(self._touched))

    @property
    def count(self) -> str:
        """`3 of 17`, or `3 done` where nobody knows of how many."""
        return f"{len(self.done)} of {self.size}" if self._is_known and self.size else f"{len(self.done)} done"

    def elapsed(self, event: Event) -> str:
        """Time from the operation's first event to this one, by AWS's clock: `4:05`."""
        return duration((event.time - (self._began or event.time)).total_seconds())

    def age(self, event: Event) -> str:
        """Time from this event until now. AWS's clock is taken to go on, since its last event, as ours does."""
        newest, since = self._newest or (event.time, self.clock())
        return duration((newest - event.time).total_seconds() + self.clock() - since)

    def feed(self, event: Event) -> Line | None:
        """Count an event; a line where it is worth one: something finished, failed, or the stack itself changed."""
        self._began = self._began or event.time
        if self._newest is None or event.time > self._newest[0]:
            self._newest = event.time, self.clock()
        if event.is_of_stack:
            self._feed_stack(event)
            return self._line(event)
        self._touched.add(event.path)
        if event.is_start:
            first, _ = self.running.get(event.path, (event, event))
            self.running[event.path] = first, event
            return None
        self.running.pop(event.path, None)
        if not event.is_failure:
            self.done.add(event.path)
        return self._line(event)

    def _feed_stack(self, event: Event) -> None:
        self.status = event.status
        if event.is_start and event.is_rollback and event.status not in MEANINGS:
            self.total = len(self._touched)
            self._is_known = True
            self.done.clear()
            self.running.clear()
        elif event.ends_operation and not event.is_failure:
            # What was planned and turned out to be as it should be already has no event, and neither has, on the way
            # back, what never came to be: nothing of that is missing.
            self.done |= self._touched
            self.total = len(self.done)
            self._is_known = True

    @property
    def column(self) -> str:
        """The count, as wide as it will ever be: lines stand under each other."""
        return f"{self.count:>{max(9, len(f'{self.size} of {self.size}'))}}"

    def _line(self, event: Event) -> Line:
        reason = event.reason if event.is_failure or event.is_of_stack else ""
        said = ": ".join(filter(None, (f"{event.path} ({event.type})", reason or MEANINGS.get(event.status, ""))))
        return Line(f"{self.elapsed(event):>6}  {self.column}  {event.status:<20}  {said}", style(event))


def style(event: Event) -> str:
    """The colour of an event: red for what failed, yellow for the way back, green for what is done."""
    if event.is_failure:
        return "bold red"
    if event.is_rollback:
        return "yellow"
    return "dim" if event.is_start else "green"


def duration(seconds: float) -> str:
    """`0:07`, `12:30`, `1:02:05`."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


class Display(Protocol):
    """Shows what happens."""

    def update(self, events: Sequence[Event]) -> None:
        """Show what the last look brought; nothing new is worth a sign of life now and then."""


@dataclass
class Plain:
    """A line for each resource, and a heartbeat: for logs, which are read from top to bottom."""

    progress: Progress
    stream: TextIO
    _spoke: float = field(init=False)

    def __post_init__(self) -> None:
        self._spoke = self.progress.clock()

    def update(self, events: Sequence[Event]) -> None:
        """Write a line for each event that is worth one."""
        lines = [line for line in map(self.progress.feed, events) if line]
        now = self.progress.clock()
        if not lines and now - self._spoke >= HEARTBEAT:
            lines = [Line(f"{'':>6}  {self.progress.column}  {self._working()}", "dim")]
        if lines:
            show(lines, self.stream)
            self._spoke = now

    def _working(self) -> str:
        """`still working on Cache 4:10, Topic 0:05`: whatever takes longest stands first."""
        running = self.progress.running
        names = [f"{path} {self.progress.age(first)}" for path, (first, _) in running.items()]
        more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
        return f"still working on {', '.join(names[:SHOWN])}{more}" if names else "still waiting for AWS"


@dataclass
class Redrawn:
    """Finished resources scroll up; those that run stay below, each with its own clock and what AWS last said of it.

    Attributes:
        progress: counts.
        write: writes a line above the part that is redrawn.
    """

    progress: Progress
    write: Callable[[Line], None]

    def update(self, events: Sequence[Event]) -> None:
        """Write what is finished; what runs is drawn whenever rich asks for it."""
        for event in events:
            line = self.progress.feed(event)
            if line:
                self.write(line)

    def __rich__(self) -> RenderableType:
        from rich.table import Table
        from rich.text import Text

        table = Table.grid(padding=(0, 2), expand=True)
        table.add_column(no_wrap=True)
        table.add_column(no_wrap=True)
        # The one that gives way where the screen is narrow.
        table.add_column(no_wrap=True, overflow="ellipsis", ratio=1)
        running = list(self.progress.running.values())
        for first, last in running[:SHOWN]:
            said = ": ".join(filter(None, (f"{last.path} ({last.type})", last.reason)))
            table.add_row(Text(f"{self.progress.age(first):>6}", "cyan"), Text(last.status), Text(said))
        if len(running) > SHOWN:
            table.add_row("", "", Text(f"and {len(running) - SHOWN} more", "dim"))
        table.add_row(Text(self.progress.count, "bold"), Text(self.progress.status, "bold"), "")
        return table


@dataclass
class JsonLines:
    """One object a line, for programs."""

    progress: Progress
    stream: TextIO

    def update(self, events: Sequence[Event]) -> None:
        """Write every event."""
        for event in events:
            self.progress.feed(event)
            show_json(
                {
                    "time": event.time.isoformat(),
                    "logical_id": event.logical_id,
                    "within": event.within,
                    "type": event.type,
                    "status": event.status,
                    "reason": event.reason,
                    "done": len(self.progress.done),
                    "total": self.progress.size,
                },
                self.stream,
            )


@contextmanager
def display(progress: Progress, *, as_json: bool) -> Iterator[Display]:
    """The display that fits: JSON on standard output; else, on standard error, redrawn on a terminal or plain."""
    if as_json:
        yield JsonLines(progress, sys.stdout)
        return
    if not is_terminal(sys.stderr):
        yield Plain(progress, sys.stderr)
        return
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    console = Console(stderr=True, highlight=False)
    redrawn = Redrawn(progress, lambda line: console.print(Text(line.text, line.style), soft_wrap=True))
    with Live(redrawn, console=console, refresh_per_second=4, transient=True):
        yield redrawn
