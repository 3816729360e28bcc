"""Metric filters: the group that they read, the pattern that they count by, the alarms that look at it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.stackproof.proofs.network_support import add, att, put, ref
from tests.unit.stackproof.proofs.wiring_support import Fault, changed, complaints, only, told
from tests.unit.stackproof.proofs.wiring_watching import alarm, put_in

if TYPE_CHECKING:
    from collections.abc import Callable

GROUP, PATTERN = "Properties.LogGroupName", "Properties.FilterPattern"
NAMESPACE = {"Fn::Sub": "web/${AWS::StackName}"}


def pattern(text: object) -> Callable[[dict[str, Any]], None]:
    return put("Lines", "FilterPattern", text)


FAULTS: dict[str, Fault] = {
    "ARN of the group": (
        [put("Lines", "LogGroupName", att("Logs", "Arn"))],
        "wire-metric-filter",
        "Lines",
        GROUP,
        "CloudWatch Logs refuses the filter: ${Logs.Arn} is the ARN of Logs, and not its name. Give Ref of the group.",
    ),
    "no group": (
        [put("Lines", "LogGroupName", ref("Cluster"))],
        "wire-metric-filter",
        "Lines",
        GROUP,
        "${Cluster} is no log group, but Cluster (AWS::ECS::Cluster)",
    ),
    "a literal ARN": (
        [put("Lines", "LogGroupName", "arn:aws:logs:x:1:log-group:web")],
        "wire-metric-filter",
        "Lines",
        GROUP,
        "is an ARN, and not a name",
    ),
    "a default beside dimensions": (
        [put("Lines", "MetricTransformations.0.Dimensions", [{"Key": "Path", "Value": "$.path"}])],
        "wire-metric-filter",
        "Lines",
        "Properties.MetricTransformations.0.DefaultValue",
        "a metric with dimensions has no DefaultValue. Leave DefaultValue out.",
    ),
    "JSON that is not closed": (
        [pattern('{ $.level = "ERROR"')],
        "wire-metric-filter",
        "Lines",
        PATTERN,
        "CloudWatch Logs refuses the filter: a pattern for JSON ends with }. Close it with }.",
    ),
    "columns that are not closed": ([pattern("[a, b")], "wire-metric-filter", "Lines", PATTERN, "ends with ]"),
    "an open quotation mark": ([pattern('"ERROR')], "wire-metric-filter", "Lines", PATTERN, "stays open"),
    "any beside all": (
        [pattern('?ERROR ?FATAL "out of memory"')],
        "wire-metric-filter",
        "Lines",
        PATTERN,
        'beside "out of memory" CloudWatch Logs ignores every term that begins with ?.',
    ),
    "another dimension": (
        [put("ManyLines", "Dimensions", [{"Name": "Path", "Value": "/"}])],
        "wire-metric-filter",
        "ManyLines",
        "Properties.Dimensions",
        "Lines makes Lines without dimensions: as it is read, the metric stays without data.",
    ),
    "no dimension": (
        [
            put("Lines", "MetricTransformations.0.Dimensions", [{"Key": "Path", "Value": "$.path"}]),
            put("Lines", "MetricTransformations.0.DefaultValue", None),
        ],
        "wire-metric-filter",
        "ManyLines",
        "Properties.Dimensions",
        "Lines makes Lines with the dimensions Path",
    ),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_fault_is_found_where_it_is(fault: Fault) -> None:
    only(fault)


@pytest.mark.parametrize(
    "change",
    [
        put("Lines", "LogGroupName", "/aws/lambda/theirs"),
        pattern(""),
        pattern("ERROR -harmless"),
        pattern('?"out of memory" ?ERROR'),
        pattern('{ $.level = "ERROR" }'),
        pattern("[ip, user, status = 5*]"),
        pattern("%ERROR [0-9]+%"),
        pattern(r'"a \" in it"'),
        pattern(ref("Given")),
        add(Other=put_in(alarm("", "Jobs"), Namespace="their/own")),
        put("Lines", "MetricTransformations.0.MetricName", {"Fn::Sub": "Lines"}),
    ],
)
def test_what_counts_is_not_complained_of(change: Callable[[dict[str, Any]], None]) -> None:
    assert complaints(changed(change)) == []


def test_a_metric_that_no_filter_of_its_namespace_makes_is_unknown() -> None:
    found = complaints(changed(put("ManyLines", "MetricName", "Line")))
    assert told(found) == [("wire-metric-filter", "ManyLines", "Properties.MetricName")]
    assert "the filters of that namespace make Lines, did you mean" in found[0].message


def test_an_expression_reads_what_a_filter_makes_too() -> None:
    metric = {"Namespace": NAMESPACE, "MetricName": "Linse"}
    stat = {"Id": "one", "MetricStat": {"Period": 60, "Stat": "Sum", "Metric": metric}}
    template = changed(put("Full", "Metrics", [stat]))
    assert told(complaints(template)) == [
        ("wire-metric-filter", "Full", "Properties.Metrics.0.MetricStat.Metric.MetricName")
    ]
