"""Metric filters: they read a log group that exists, by a pattern that counts, and alarms look at what they count.

Sources: the CloudWatch Logs user guide, "Filter pattern syntax" and "Creating metrics from log events using filters".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from stackproof.cli import nearest
from stackproof.proofs import shapes
from stackproof.proofs.model.placement import each
from stackproof.proofs.values import Sym, Value, at, show
from stackproof.proofs.verdicts import broken, proved
from stackproof.proofs.wiring.alarms import metrics_of
from stackproof.proofs.wiring.common import same, unclear

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stackproof.proofs.model.system import System
    from stackproof.proofs.resolve.stack import Resource, Stack
    from stackproof.proofs.wiring.common import Findings

GROUP: Final = "AWS::Logs::LogGroup"
_TERM: Final = re.compile(r'[?-]?"(?:[^"\\]|\\.)*"|[?-]?%[^%]*%|\S+')
_WHOLE: Final = (("{", "}", "a pattern for JSON"), ("[", "]", "a pattern for columns"))


class _Made(NamedTuple):
    """A metric that a filter makes: namespace, name and the names of its dimensions."""

    owner: str
    namespace: Value
    name: Value
    dimensions: frozenset[str]


def filters(system: System) -> Findings:
    """Every metric filter, and every alarm on what one of them makes."""
    stack = system.stack
    made: list[_Made] = []
    for one in stack.of_type("AWS::Logs::MetricFilter"):
        faults = [*_group(stack, one), *_pattern(one)]
        for index, change in enumerate(each(one.properties.get("MetricTransformations"))):
            keys = [at(entry, "Key") for entry in each(at(change, "Dimensions"))]
            found = frozenset(key for key in keys if isinstance(key, str))
            made.append(_Made(one.logical_id, at(change, "MetricNamespace"), at(change, "MetricName"), found))
            if keys and at(change, "DefaultValue") is not None:
                path = f"Properties.MetricTransformations.{index}.DefaultValue"
                message = "CloudWatch Logs refuses the filter: a metric with dimensions has no DefaultValue."
                faults.append(broken("wire-metric-filter", one.logical_id, path, message, "Leave DefaultValue out."))
        yield from faults
        if not faults:
            told = f"it counts in {show(one.properties.get('LogGroupName'))}"
            yield proved("wire-metric-filter", one.logical_id, "Properties.LogGroupName", told)
    if made:
        for alarm in stack.of_type("AWS::CloudWatch::Alarm"):
            for path, metric in metrics_of(alarm):
                yield from _read(stack, alarm.logical_id, path, metric, made)


def _group(stack: Stack, one: Resource) -> Findings:
    """The log group is given by its name."""
    value = one.properties.get("LogGroupName")
    target = stack.target(value)
    told = None
    if target is not None and isinstance(value, Sym):
        meant = shapes.meaning(target.type, value.attribute)
        if target.type != GROUP:
            told = f"{show(value)} is no log group, but {target.logical_id} ({target.type})"
        elif meant != shapes.NAME:
            told = f"{show(value)} is the ARN of {target.logical_id}, and not its name"
    elif show(value).startswith("arn:"):
        told = f"{show(value)} is an ARN, and not a name"
    if told is not None:
        message = f"CloudWatch Logs refuses the filter: {told}."
        yield broken("wire-metric-filter", one.logical_id, "Properties.LogGroupName", message, "Give Ref of the group.")


def _pattern(one: Resource) -> Findings:
    """The pattern is whole, and counts what it says."""
    pattern = one.properties.get("FilterPattern")
    if not isinstance(pattern, str):
        return
    text = pattern.strip()
    place = ("wire-metric-filter", one.logical_id, "Properties.FilterPattern")
    for first, last, kind in _WHOLE:
        if text.startswith(first):
            if not text.endswith(last):
                message = f"CloudWatch Logs refuses the filter: {kind} ends with {last}."
                yield broken(*place, message, f"Close it with {last}.")
            return
    if re.sub(r"\\.", "", text).count('"') % 2:
        message = "CloudWatch Logs refuses the filter: a quotation mark in its pattern stays open."
        yield broken(*place, message, "Close it, or take it out.")
        return
    terms = _TERM.findall(text)
    others = [term for term in terms if not term.startswith("?")]
    if others and len(others) < len(terms):
        message = (
            f"The filter does not count what it says: beside {' '.join(others)} CloudWatch Logs ignores every term"
            f" that begins with ?."
        )
        yield broken(*place, message, "Begin every term with ?, so that any of them counts; or none, so that all must.")


def _read(stack: Stack, owner: str, path: str, metric: Mapping[str, Value], made: list[_Made]) -> Findings:
    """An alarm on the namespace of a filter reads a metric that a filter makes, with its dimensions."""
    namespace, name = metric.get("Namespace"), metric.get("MetricName")
    beside = [one for one in made if same(stack, namespace, one.namespace) is True]
    makers = [one for one in beside if same(stack, name, one.name) is True]
    place = ("wire-metric-filter", owner)
    if not beside:
        return
    if not makers:
        names = [show(one.name) for one in beside]
        reason = f"the filters of that namespace make {', '.join(names)}{nearest(show(name), names).removesuffix('?')}"
        question = f"anything makes the metric {show(name)} in {show(namespace)}"
        yield unclear(*place, f"{path}.MetricName", question, reason)
        return
    read = {show(at(entry, "Name")) for entry in each(metric.get("Dimensions"))}
    if any(one.dimensions == read for one in makers):
        yield proved(*place, path, f"{makers[0].owner} makes {show(name)}")
        return
    wanted = sorted(makers[0].dimensions)
    told = f"with the dimensions {', '.join(wanted)}" if wanted else "without dimensions"
    message = f"{makers[0].owner} makes {show(name)} {told}: as it is read, the metric stays without data."
    yield broken(*place, f"{path}.Dimensions", message, "Read it as the filter makes it.")
