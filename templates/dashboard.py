"""Dashboard: the platform on one screen, to be read in a minute during an exam.

From top to bottom: which alarms are off, what students notice, what the tasks have left, what the stores have left. A
text beside each row says what to look at. Widgets have no positions, so that those of a part that is left out leave no
hole.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from troposphere import If, Join, Ref, Sub
from troposphere.cloudwatch import Dashboard

from templates.interface import output
from templates.parts import part

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from troposphere import AWSHelperFn, Template
    from troposphere.cloudwatch import Alarm, CompositeAlarm

    from templates.application import Application
    from templates.balancer import Balancer
    from templates.cron import Cron
    from templates.database import Database
    from templates.files import Files
    from templates.workers import Workers

ALB, ECS, INSIGHTS, CACHE, EFS, RDS = (
    "AWS/ApplicationELB",
    "AWS/ECS",
    "ECS/ContainerInsights",
    "AWS/ElastiCache",
    "AWS/EFS",
    "AWS/RDS",
)
WIDTH = 24
"""Of the whole screen, in CloudWatch's columns."""

EXPERIENCE = """## What students notice
**Requests** say how busy it is; an exam's start is a step. **Errors** are zero on a good day. **Half of the answers** \
(p50) come in well under a second; if only **one of a hundred** (p99) is slow, look at the stores, if all are, at the \
tasks."""
TASKS = """## What the tasks have left
**Running** follows **wanted**; a gap that stays means that tasks do not start. At MaximumTasks nothing more comes. \
**CPU** near 100 % is what makes everything slow. **Spot** tasks taken back come again by themselves. **Workers** \
whose CPU stays up have more jobs than they can do: mails and grades are late, pages are not."""
STORES = """## What the stores have left
A line near **100 %** is the cause of what you see above. **Database**: capacity and connections; a proxy \
that lends all of them out lets requests wait. **Cache**: one \
processor answers everybody; memory only ever matters when it is full. **Files**: share of operations."""


@part("watching")
def add_dashboard(
    t: Template,
    *,
    balancer: Balancer,
    application: Application,
    workers: Workers,
    cron: Cron,
    files: Files,
    database: Database,
    alarms: Sequence[Alarm | CompositeAlarm],
) -> None:
    """Add the dashboard; `alarms` are those that page, in the order in which they are shown."""
    names = {
        "Balancer": balancer.full_name,
        "Targets": balancer.target_group_full_name,
        "Cluster": application.cluster,
        "Service": application.name,
        "Workers": workers.name,
        "Files": files.file_system,
    }
    # Joined by line breaks, which JSON does not mind between two values.
    body = Join(
        "\n",
        [
            '{"start": "-PT3H", "periodOverride": "inherit", "widgets": [',
            _alarm_widget(alarms),
            *(
                _next(_filled(widget, names), exists)
                for widget, exists in _widgets(database, application.runs, workers, cron)
            ),
            "]}",
        ],
    )
    dashboard = t.add_resource(Dashboard("Dashboard", DashboardBody=body))
    place = "https://${AWS::Region}.console.aws.amazon.com/cloudwatch/home?region=${AWS::Region}#dashboards/dashboard/"
    output(t, "DashboardUrl", Sub(f"{place}${{Name}}", Name=Ref(dashboard)), "The platform on one screen")


def _next(text: AWSHelperFn | str, exists: str | None) -> AWSHelperFn:
    """One more value in a list that has some already; nothing where it does not exist."""
    following = Join("\n", [",", text])
    return following if exists is None else If(exists, following, "")


def _filled(widget: Mapping[str, Any], names: Mapping[str, AWSHelperFn]) -> AWSHelperFn | str:
    """A widget as text. CloudFormation's linter minds names that a text does not mention."""
    text = json.dumps(widget)
    used: dict[str, Any] = {name: value for name, value in names.items() if f"${{{name}}}" in text}
    return Sub(text, **used) if "${" in text else text


def _alarm_widget(alarms: Sequence[Alarm | CompositeAlarm]) -> AWSHelperFn:
    """The states of alarms; the first of them that always exists stands first, for the commas' sake."""
    always = next(alarm for alarm in alarms if alarm.resource.get("Condition") is None)
    others = [alarm for alarm in alarms if alarm is not always]
    head = f'{{"type": "alarm", "width": {WIDTH}, "height": 2, "properties": {{"title": "Alarms", "alarms": ['
    arns = [_next(_arn(alarm), alarm.resource.get("Condition")) for alarm in others]
    return Join("\n", [head, _arn(always), *arns, "]}}"])


def _arn(alarm: Alarm | CompositeAlarm) -> AWSHelperFn:
    return Sub(f'"${{{alarm.title}.Arn}}"')


def _widgets(
    database: Database, runs: str, workers: Workers, cron: Cron
) -> Iterator[tuple[dict[str, Any], str | None]]:
    """Every other widget, with the name of the condition under which it is shown."""
    balancer = ["LoadBalancer", "${Balancer}"]
    targets = [*balancer, "TargetGroup", "${Targets}"]
    service = ["ClusterName", "${Cluster}", "ServiceName", "${Service}"]
    worker = ["ClusterName", "${Cluster}", "ServiceName", "${Workers}"]
    own, proxy = database.own, database.proxy
    cluster = ["DBClusterIdentifier", f"${{{own.cluster.data['Ref']}}}"]
    pool = ["ProxyName", f"${{{proxy.name.data['Ref']}}}"]

    yield _text(EXPERIENCE), None
    yield _graph("Requests a minute", [ALB, "RequestCount", *targets], stat="Sum"), None
    yield (
        _graph(
            "Errors (% of requests)",
            [ALB, "HTTPCode_ELB_5XX_Count", *balancer, {"id": "door", "visible": False}],
            [ALB, "HTTPCode_Target_5XX_Count", *balancer, {"id": "tasks", "visible": False}],
            [ALB, "RequestCount", *balancer, {"id": "requests", "visible": False}],
            [{"expression": "100 * FILL(door, 0) / (FILL(requests, 0) + FILL(door, 0))", "label": "balancer"}],
            [{"expression": "100 * FILL(tasks, 0) / FILL(requests, 1)", "label": "application"}],
            stat="Sum",
        ),
        None,
    )
    yield (
        _graph(
            "Answers (seconds)",
            *(
                [ALB, "TargetResponseTime", *targets, {"stat": stat, "label": label}]
                for stat, label in (("p50", "half"), ("p95", "one of twenty"), ("p99", "one of a hundred"))
            ),
        ),
        None,
    )
    yield _text(TASKS), runs
    yield (
        _graph(
            "Tasks",
            [INSIGHTS, "DesiredTaskCount", *service, {"label": "wanted"}],
            [INSIGHTS, "RunningTaskCount", *service, {"label": "running"}],
            [ALB, "HealthyHostCount", *targets, {"label": "healthy", "stat": "Minimum"}],
        ),
        runs,
    )
    yield (
        _graph(
            "CPU and memory of the tasks (%)",
            [ECS, "CPUUtilization", *service, {"label": "CPU, mean"}],
            [ECS, "CPUUtilization", *service, {"label": "CPU, busiest", "stat": "Maximum"}],
            [ECS, "MemoryUtilization", *service, {"label": "memory, mean"}],
            most=100,
        ),
        runs,
    )
    spot = ["AWS/Events", "TriggeredRules", "RuleName", "${SpotInterruptions}", {"label": "taken back"}]
    yield _graph("Spot tasks taken back", spot, stat="Sum"), "HasSpot"
    yield (
        _graph(
            "Workers",
            [INSIGHTS, "DesiredTaskCount", *worker, {"label": "wanted"}],
            [INSIGHTS, "RunningTaskCount", *worker, {"label": "running"}],
            [ECS, "CPUUtilization", *worker, {"label": "CPU, mean (%)", "yAxis": "right"}],
        ),
        workers.exists,
    )
    yield (
        _graph(
            "Periodic command",
            ["AWS/Events", "TriggeredRules", "RuleName", "${CronFailed}", {"label": "ended with an error"}],
            stat="Sum",
        ),
        cron.exists,
    )
    yield _text(STORES), None
    yield (
        _graph(
            "Database (% of capacity)",
            [RDS, "ACUUtilization", *cluster, {"label": "capacity", "stat": "Maximum"}],
            [RDS, "DatabaseConnections", *cluster, {"label": "connections", "stat": "Maximum", "yAxis": "right"}],
        ),
        own.exists,
    )
    hidden = {"visible": False}
    yield (
        _graph(
            "Database proxy (% of connections)",
            [RDS, "DatabaseConnectionsCurrentlyBorrowed", *pool, {"id": "borrowed", **hidden}],
            [RDS, "DatabaseConnectionsCurrentlySessionPinned", *pool, {"id": "pinned", **hidden}],
            [RDS, "MaxDatabaseConnectionsAllowed", *pool, {"id": "most", **hidden}],
            [{"expression": "100 * borrowed / most", "label": "lent out"}],
            [{"expression": "100 * pinned / most", "label": "pinned"}],
            [RDS, "ClientConnections", *pool, {"label": "clients", "yAxis": "right"}],
            stat="Sum",
        ),
        proxy.exists,
    )
    node = "${CacheReplicationGroup}-001"
    yield (
        _graph(
            "Session cache (%)",
            [CACHE, "EngineCPUUtilization", "CacheClusterId", node, {"label": "processor"}],
            [CACHE, "DatabaseMemoryUsagePercentage", "CacheClusterId", node, {"label": "memory"}],
            stat="Maximum",
            most=100,
        ),
        None,
    )
    yield (
        _graph(
            "Files (% of operations)",
            [EFS, "PercentIOLimit", "FileSystemId", "${Files}", {"label": "operations"}],
            stat="Maximum",
            most=100,
        ),
        None,
    )


def _text(markdown: str) -> dict[str, Any]:
    return {"type": "text", "width": WIDTH, "height": 3, "properties": {"markdown": markdown}}


def _graph(title: str, *rows: list[Any], stat: str = "Average", most: int | None = None) -> dict[str, Any]:
    return {
        "type": "metric",
        "width": WIDTH // 3,
        "height": 6,
        "properties": {
            "title": title,
            "region": "${AWS::Region}",
            "stat": stat,
            "period": 60,
            "metrics": rows,
            "yAxis": {"left": {"min": 0, **({} if most is None else {"max": most})}},
        },
    }
