"""Dashboards: a body that is JSON, with metrics of things that exist."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from stackproof.proofs.values import Text, Unknown, Value, join
from stackproof.proofs.verdicts import broken, proved
from stackproof.proofs.wiring.common import Findings, unclear
from stackproof.proofs.wiring.metrics import Judge, Metric

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stackproof.proofs.model.system import System

_RULE: Final = "wire-dashboard"
_FIRST: Final = 7_000_000_000_000
"""Symbols stand in the body as numbers from here on: JSON takes a number inside a text and by itself."""


def dashboards(system: System) -> Findings:
    """Every dashboard whose body can be read."""
    judge = Judge(system, _RULE)
    for dashboard in system.stack.of_type("AWS::CloudWatch::Dashboard"):
        body = dashboard.properties.get("DashboardBody")
        place = (_RULE, dashboard.logical_id, "Properties.DashboardBody")
        if not isinstance(body, str | Text):
            reason = body.reason if isinstance(body, Unknown) else "it is known to AWS only"
            yield unclear(*place, "its metrics exist", reason)
            continue
        text, symbols = _numbered(body)
        try:
            content = json.loads(text)
        except ValueError as error:
            if symbols:
                yield unclear(*place, "it is JSON", f"with its references it cannot be read ({error})")
            else:
                yield broken(
                    *place, f"CloudWatch refuses the dashboard: its body is no JSON ({error}).", "Correct the JSON."
                )
            continue
        found = [
            finding for metric in _metrics(content, dashboard.logical_id, symbols) for finding in judge.metric(metric)
        ]
        yield from found
        if not found:
            yield proved(*place, "its body is JSON")


def _numbered(body: str | Text) -> tuple[str, dict[str, Value]]:
    """The body as text, with a number for each symbol."""
    symbols: dict[str, Value] = {}
    parts: list[str] = []
    for part in body.parts if isinstance(body, Text) else (body,):
        if isinstance(part, str):
            parts.append(part)
        else:
            mark = str(_FIRST + len(symbols))
            symbols[mark] = part
            parts.append(mark)
    return "".join(parts), symbols


def _metrics(content: Any, owner: str, symbols: dict[str, Value]) -> Iterator[Metric]:
    """The metrics of all widgets; `.` repeats the field above, `...` all fields but the last."""
    widgets = content.get("widgets") if isinstance(content, dict) else None
    for number, widget in enumerate(widgets if isinstance(widgets, list) else ()):
        properties = widget.get("properties") if isinstance(widget, dict) else None
        rows = properties.get("metrics") if isinstance(properties, dict) else None
        above: list[str] = []
        for index, row in enumerate(rows if isinstance(rows, list) else ()):
            fields = [str(field) for field in row if isinstance(field, str | int)] if isinstance(row, list) else []
            if "..." in fields:
                last = fields[fields.index("...") + 1 :]
                fields = [*above[: len(above) - len(last)], *last]
            fields = [above[at] if field == "." and at < len(above) else field for at, field in enumerate(fields)]
            above = fields
            if len(fields) < 2 or len(fields) % 2:
                continue
            place = f"Properties.DashboardBody.widgets.{number}.properties.metrics.{index}"
            pairs = zip(fields[2::2], fields[3::2], strict=True)
            dimensions = {name: (_value(text, symbols), place) for name, text in pairs}
            yield Metric(owner, place, fields[0], _value(fields[1], symbols), dimensions)


def _value(text: str, symbols: dict[str, Value]) -> Value:
    """A field with its symbols put back."""
    parts: list[Value] = [text]
    for mark, symbol in symbols.items():
        if mark not in text:
            continue
        split: list[Value] = []
        for part in parts:
            pieces = part.split(mark) if isinstance(part, str) else [part]
            for index, piece in enumerate(pieces):
                split += [symbol, piece] if index else [piece]
        parts = split
    return join(*parts)
