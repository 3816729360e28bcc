"""Alarms: what one looks like, and the thresholds that are a person's to choose.

Each alarm says in its description what is wrong, why that matters and what to do. Alarms tell nobody by themselves:
alarms_paging.py says which of them do, so that one cause pages once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from troposphere import If, NoValue
from troposphere.cloudwatch import Alarm, MetricDataQuery, MetricDimension, MetricStat
from troposphere.cloudwatch import Metric as MetricOfQuery

from templates.interface import parameter

if TYPE_CHECKING:
    from collections.abc import Mapping

    from troposphere import AWSHelperFn, Parameter, Template

    from templates.topic import AlarmTopic

GROUP = "Watching"

ABOVE = "GreaterThanThreshold"
AT_LEAST = "GreaterThanOrEqualToThreshold"
BELOW = "LessThanThreshold"

QUIET = "notBreaching"
"""Without data all is well: nobody asked anything, no error was counted."""
BAD = "breaching"
"""Without data nothing is well: what should report is not there."""
UNKNOWN = "missing"
"""Without data the alarm says so (INSUFFICIENT_DATA): what reports has no reason to be silent."""
AS_BEFORE = "ignore"
"""Without data nothing has changed: the metric comes less often than it is looked at."""


@dataclass(frozen=True)
class Measure:
    """One metric of CloudWatch.

    Attributes:
        namespace: `AWS/ECS`.
        name: `CPUUtilization`.
        dimensions: name → value.
        statistic: `Sum`, `Average`, `Maximum`, or a percentile such as `p95`.
        exists: name of the condition under which there is such a metric; None: always.
    """

    namespace: AWSHelperFn | str
    name: str
    dimensions: Mapping[str, AWSHelperFn | str]
    statistic: str
    exists: str | None = None


@dataclass(frozen=True)
class Watch:
    """One alarm.

    Attributes:
        name: logical id.
        problem: what is wrong when it goes off, and why that matters: sentences.
        remedy: what to do then: sentences.
        measures: what it looks at, by the name that `expression` has for it.
        threshold: from where on it is wrong: a parameter, or derived from one.
        expression: metric math over the measures; None: there is one, as it is.
        compare: how value and threshold are compared.
        period: seconds that one data point stands for.
        bad: so many data points must be wrong
        among: of so many.
        missing: what it means when there is no data: QUIET, BAD, UNKNOWN or AS_BEFORE.
        exists: name of the condition under which there is something to watch; None: always.
        after: logical id of what must stand before it is watched; under the same condition.
    """

    name: str
    problem: str
    remedy: str
    measures: Mapping[str, Measure]
    threshold: AWSHelperFn | float
    expression: AWSHelperFn | str | None = None
    compare: str = ABOVE
    period: int = 60
    bad: int = 3
    among: int = 5
    missing: str = QUIET
    exists: str | None = None
    after: str | None = None


@dataclass(frozen=True)
class Thresholds:
    """What a person chooses.

    Attributes:
        errors: percent of requests that fail.
        latency: seconds within which nearly every answer comes.
        used: percent of what a resource can do.
        lag: seconds that a copy may be behind.
    """

    errors: Parameter
    latency: Parameter
    used: Parameter
    lag: Parameter


def add_thresholds(t: Template) -> Thresholds:
    """Add the parameters that more than one alarm goes by."""
    return Thresholds(
        errors=threshold(
            t,
            "AlarmErrorPercent",
            label="Failed requests (%)",
            description="An alarm goes off when more of all requests than this fail with a 5xx for three of five "
            "minutes. A deployment meanwhile is taken back.",
            default=5,
            most=100,
            unit="percent",
        ),
        latency=threshold(
            t,
            "AlarmLatencySeconds",
            label="Slow answers (seconds)",
            description="An alarm goes off when one of twenty answers takes longer than this for three of five "
            "minutes. A deployment meanwhile is taken back. Fractions are fine.",
            default=2,
            most=60,
            unit="seconds",
        ),
        used=threshold(
            t,
            "AlarmUsedPercent",
            label="Nearly used up (%)",
            description="An alarm goes off when a part of the platform (tasks, database, cache, files) uses more than "
            "this of what it can do. Above the values that scaling aims at.",
            default=80,
            most=100,
            unit="percent",
        ),
        lag=threshold(
            t,
            "AlarmLagSeconds",
            label="Copies behind (seconds)",
            description="An alarm goes off when a cache's replica, or the database's reader, is further behind than "
            "this for three of five minutes.",
            default=5,
            most=3600,
            unit="seconds",
        ),
    )


def threshold(
    t: Template, logical_id: str, *, label: str, description: str, default: int, most: int, unit: str
) -> Parameter:
    """Add a threshold, of 1 to `most` of a unit."""
    return parameter(
        t,
        logical_id,
        group=GROUP,
        label=label,
        description=description,
        type="Number",
        default=default,
        min_value=1,
        max_value=most,
        constraint=f"1 to {most} {unit}.",
    )


def add_alarm(t: Template, watch: Watch, topic: AlarmTopic | None = None) -> Alarm:
    """Add one alarm. With a topic it tells by itself: what comes alone, and is no emergency."""
    alarm = Alarm(
        watch.name,
        AlarmDescription=f"{watch.problem} {watch.remedy}",
        ComparisonOperator=watch.compare,
        Threshold=watch.threshold,
        EvaluationPeriods=watch.among,
        DatapointsToAlarm=watch.bad,
        TreatMissingData=watch.missing,
        **_what(watch),
    )
    if watch.exists is not None:
        alarm.Condition = watch.exists
    if topic is not None:
        alarm.AlarmActions = [topic.arn]
    if watch.after is not None:
        alarm.DependsOn = watch.after
    return t.add_resource(alarm)


def _what(watch: Watch) -> dict[str, Any]:
    """The properties that say what an alarm looks at."""
    if watch.expression is None:
        (measure,) = watch.measures.values()
        percentile = measure.statistic.startswith("p")
        return {
            "Namespace": measure.namespace,
            "MetricName": measure.name,
            "Dimensions": _dimensions(measure),
            "ExtendedStatistic" if percentile else "Statistic": measure.statistic,
            "Period": watch.period,
            # A percentile of a handful of answers says nothing.
            **({"EvaluateLowSampleCountPercentile": "ignore"} if percentile else {}),
        }
    queries = [_query(name, measure, watch.period) for name, measure in watch.measures.items()]
    return {"Metrics": [MetricDataQuery(Id="value", Expression=watch.expression, Label=watch.name), *queries]}


def _query(name: str, measure: Measure, period: int) -> MetricDataQuery | If:
    metric = MetricOfQuery(Namespace=measure.namespace, MetricName=measure.name, Dimensions=_dimensions(measure))
    stat = MetricStat(Metric=metric, Period=period, Stat=measure.statistic)
    query = MetricDataQuery(Id=name, MetricStat=stat, ReturnData=False)
    return query if measure.exists is None else If(measure.exists, query, NoValue)


def _dimensions(measure: Measure) -> list[MetricDimension]:
    return [MetricDimension(Name=name, Value=value) for name, value in measure.dimensions.items()]
