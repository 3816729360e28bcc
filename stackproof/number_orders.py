"""Numbers that must not be above others: CloudFormation's Rules compare none.

Two ways to know a pair. By its name: MinimumTasks and MaximumTasks, MinSize and MaxSize. And as the template declares
it in its Metadata:

"Stackproof::Orders": [
{"low": "OnDemandBase", "high": "MaximumTasks", "because": "Spot capacity would never be used"},
{"low": "TargetPercent", "high": "AlarmPercent", "because": "…", "equal": false}     and not the same number either
].
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

from stackproof.errors import Fault
from stackproof.parameters import as_number

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from stackproof.parameters import Values

KEY = "Stackproof::Orders"
"""Of the template's Metadata."""

_WANTED = '{"low": PARAMETER, "high": PARAMETER, "because": TEXT}, with "equal": false where they must differ'


class Order(NamedTuple):
    """Two parameters of which one must not be above the other.

    Attributes:
        low: the one.
        high: the other.
        because: what is wrong else; empty where the names say it.
        equal: whether they may be the same number.
    """

    low: str
    high: str
    because: str = ""
    equal: bool = True


def check_orders(template: Mapping[str, Any], values: Values) -> Iterator[Fault]:
    """A fault for each pair that is not in order, and for what is declared and names no pair."""
    metadata = template.get("Metadata")
    declared = metadata.get(KEY, []) if isinstance(metadata, dict) else []
    if not isinstance(declared, list):
        yield Fault(values.file, f"Metadata.{KEY}", f"of the template is no list of {_WANTED}")
        return
    orders = [_order(entry, values) for entry in declared]
    for index, order in enumerate(orders):
        if order is None:
            yield Fault(values.file, f"Metadata.{KEY}[{index}]", f"of the template names no two parameters; {_WANTED}")
    for order in chain(_named(values), filter(None, orders)):
        least, most = (as_number(values.texts.get(name, "")) for name in (order.low, order.high))
        if least is None or most is None or (least <= most if order.equal else least < most):
            continue
        relation = "is above" if least > most else "is the same as"
        because = f": {order.because}" if order.because else ""
        yield Fault(
            *values.place(order.low, order.high),
            f"{values.show(order.low)} {relation} {values.show(order.high)}{because}; raise the one or lower the other",
        )


def _named(values: Values) -> Iterator[Order]:
    """MinimumTasks and MaximumTasks, MinSize and MaxSize."""
    for low in values.texts:
        high = f"Max{low.removeprefix('Min')}"
        if low.startswith("Min") and high in values.texts:
            yield Order(low, high)


def _order(entry: object, values: Values) -> Order | None:
    match entry:
        case {"low": str(low), "high": str(high), "because": str(because), **rest} if {
            low,
            high,
        } <= values.parameters.keys() and rest in ({}, {"equal": False}):
            return Order(low, high, because, equal=not rest)
    return None
