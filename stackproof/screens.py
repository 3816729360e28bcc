"""What a person reads of stacks as they are: one on one screen, or every environment in a list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stackproof import printing
from stackproof.printing import Line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from stackproof.arguments import Commands
    from stackproof.deployment.plan import Setting
    from stackproof.deployment.running import Alarm, Running, Service
    from stackproof.deployment.stack import Stack
    from stackproof.deployment.summary import Files, Operation, Row, Standing


def standing(found: Standing, commands: Commands) -> Iterator[Line]:
    """A stack on one screen; what needs somebody stands last, where the eye is, with the command that helps."""
    yield from _head(found.stack, found.account, found.region, found.last)
    yield from _parameters(found.files, found.differences)
    yield from _running(found.running)
    yield from printing.outputs(found.stack.outputs)
    if found.running.unseen:
        yield Line("Not looked at", "bold yellow")
        yield from (Line(f"  ! {each}", "yellow") for each in found.running.unseen)
    if "ROLLBACK" in found.stack.status or "FAILED" in found.stack.status:
        yield from printing.cause(found.cause)
        yield Line(f"More: {commands.why}")
    if found.unfinished:
        yield Line(f"Steps: {found.unfinished}", "bold yellow")
        yield Line(f"  unless that is under way, go on with: {commands.apply}", "yellow")


def _head(stack: Stack, account: str, region: str, last: Operation | None) -> Iterator[Line]:
    """State, place and last operation."""
    yield Line(f"{stack.name}: {stack.status}", style(stack))
    if stack.reason:
        yield Line(f"  {stack.reason}")
    yield Line(f"  account         {account}, {region}")
    yield Line(f"  created         {_moment(stack.created)}")
    if last:
        by = f" by {last.by}" if last.by else ""
        end = f"to {last.ended:%H:%M:%S}, {last.status}" if last.ended else f"under way, {last.status}"
        yield Line(f"  last operation  {last.kind}{by}, {_moment(last.started)} {end}")
    yield Line(f"  protection      {'on' if stack.is_protected else 'off'}")


def style(stack: Stack) -> str:
    """Green for what is as it was asked for, yellow while something happens, red for what needs somebody."""
    if stack.is_busy or stack.is_new:
        return "bold yellow"
    return "bold green" if stack.status.endswith("_COMPLETE") and "ROLLBACK" not in stack.status else "bold red"


def _parameters(files: Files, found: Sequence[Setting] | None) -> Iterator[Line]:
    """How the stack's parameters compare with those of its files."""
    if found:
        yield Line(f"Parameters that differ ({len(found)}): in the stack → in {files.name}", "bold yellow")
        yield from map(printing.setting, found)
    elif found is not None:
        yield Line(f"Parameters: as in {files.name}", "bold")
    elif files.problem:
        yield Line(f"Parameters: not compared with {files.name}", "bold yellow")
        yield Line(f"  {files.problem}", "yellow")


def _running(found: Running) -> Iterator[Line]:
    """Services and alarms."""
    if found.services:
        yield Line("Services", "bold")
        for each in found.services:
            yield from _service(each)
    if found.alarms:
        number = sum(each.state == "OK" for each in found.alarms)
        blind = sum(each.state == "INSUFFICIENT_DATA" for each in found.alarms)
        without = f", {blind} without data" if blind else ""
        yield Line(f"Alarms: {number} of {len(found.alarms)} OK{without}", "bold")
        yield from (_alarm(each) for each in found.alarms if each.state == "ALARM")


def _service(service: Service) -> Iterator[Line]:
    pending = f", {service.pending} starting" if service.pending else ""
    colour = "" if service.running >= service.desired else "yellow"
    yield Line(f"  {service.name}  {service.running} of {service.desired} tasks running{pending}", colour)
    for each in service.deployments:
        images = ", ".join(each.images) or "(image not known)"
        failed = f", {each.failed} failed" if each.failed else ""
        rollout = f", rollout {each.rollout}" if each.rollout else ""
        yield Line(f"    {images}  {each.running} running{failed}{rollout}", "red" if each.failed else "")


def _alarm(alarm: Alarm) -> Line:
    reason = f": {alarm.reason}" if alarm.reason else ""
    return Line(f"  {alarm.state}  {alarm.name}{reason}", "bold red")


def listed(rows: Sequence[Row]) -> Iterator[Line]:
    """A line for each environment, aligned."""
    cells = [(each.environment, each.name, each.account, each.region, _state(each)) for each in rows]
    widths = [max(len(row[column]) for row in cells) for column in range(4)]
    for each, row in zip(rows, cells, strict=True):
        words = [f"{cell:<{width}}" for cell, width in zip(row, widths, strict=False)]
        yield Line("  ".join([*words, row[4]]), style(each.stack) if each.stack else "yellow" if each.problem else "")


def _state(row: Row) -> str:
    if row.stack:
        return f"{row.stack.status} since {_moment(row.stack.updated)}"
    return f"not looked at: {row.problem}" if row.problem else "does not exist"


def aligned(values: Iterable[tuple[str, str]]) -> Iterator[Line]:
    """A name and its value on each line."""
    rows = sorted(values)
    width = max((len(name) for name, _ in rows), default=0)
    yield from (Line(f"{name:<{width}}  {value}") for name, value in rows)


def _moment(when: datetime) -> str:
    return f"{when:%Y-%m-%d %H:%M:%S %Z}"
