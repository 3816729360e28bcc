"""What students notice: errors, slow answers, and nobody there to answer.

A deployment of the application is taken back by the first two, so they exist before the service and name only balancer
and target group: an alarm that refers to the service that refers to the alarm would be a circle.

What the balancer answers by itself on purpose, the maintenance page, is no error.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from troposphere import Ref

from templates.alarms import BAD, BELOW, Measure, Watch, add_alarm
from templates.parts import part

if TYPE_CHECKING:
    from troposphere import Template
    from troposphere.cloudwatch import Alarm

    from templates.alarms import Thresholds
    from templates.application import Application
    from templates.balancer import Balancer

FEW = 20
"""Requests a minute from where on a share of them says something: two failures at night are no outage."""

NAMESPACE = "AWS/ApplicationELB"


@dataclass(frozen=True)
class Experience:
    """The alarms on what students notice that can be known at the balancer.

    Attributes:
        errors: of balancer and tasks together.
        rejected: connections that the balancer did not take.
        task_errors: of the tasks alone.
        latency: of the tasks' answers.
    """

    errors: Alarm
    rejected: Alarm
    task_errors: Alarm
    latency: Alarm

    @property
    def roll_back(self) -> list[Alarm]:
        """Those that take a deployment of the service back: what a new image can be the cause of."""
        return [self.task_errors, self.latency]


def at_balancer(balancer: Balancer, name: str, statistic: str) -> Measure:
    """A metric of the balancer as a whole."""
    return Measure(NAMESPACE, name, {"LoadBalancer": balancer.full_name}, statistic)


def at_targets(balancer: Balancer, name: str, statistic: str) -> Measure:
    """A metric of the tasks behind the balancer."""
    dimensions = {"LoadBalancer": balancer.full_name, "TargetGroup": balancer.target_group_full_name}
    return Measure(NAMESPACE, name, dimensions, statistic)


@part("watching")
def add_experience_alarms(t: Template, *, balancer: Balancer, thresholds: Thresholds) -> Experience:
    """Add the alarms on errors, connections that are turned away, and slow answers."""
    # The balancer counts only requests for which it found a task; those that it answers with an error come on top.
    by_balancer = "(FILL(balancer, 0) - FILL(pages, 0))"
    # Filled with one, so that nothing is divided by none.
    requests = f"(FILL(requests, 1) + {by_balancer})"
    errors = Watch(
        "ErrorsAlarm",
        problem="Students get errors: too many requests end in a 5xx, from the balancer or from the application.",
        remedy="Look at the dashboard. Errors of the balancer: no task is healthy, or tasks break off. Errors of the "
        "application: read its log, and go back to the image before if a deployment came first.",
        measures={
            "balancer": at_balancer(balancer, "HTTPCode_ELB_5XX_Count", "Sum"),
            "pages": at_balancer(balancer, "HTTP_Fixed_Response_Count", "Sum"),
            "application": at_balancer(balancer, "HTTPCode_Target_5XX_Count", "Sum"),
            "requests": at_balancer(balancer, "RequestCount", "Sum"),
        },
        expression=f"IF({requests} > {FEW}, 100 * ({by_balancer} + FILL(application, 0)) / {requests}, 0)",
        threshold=Ref(thresholds.errors),
    )
    rejected = Watch(
        "RejectedConnectionsAlarm",
        problem="The balancer turns connections away, since it holds as many as it can: some students get no answer at "
        "all, which counts as no error.",
        remedy="It grows by itself within minutes. Before an exam, ask AWS to reserve capacity for it (LCU "
        "reservation); if nobody expects so many, look at the web firewall's log for an attack.",
        measures={"rejected": at_balancer(balancer, "RejectedConnectionCount", "Sum")},
        threshold=0,
    )
    task_errors = Watch(
        "ApplicationErrorsAlarm",
        problem="The application answers too many requests with a 5xx.",
        remedy="Read its log. A deployment that runs is taken back by this alarm.",
        measures={
            "errors": at_targets(balancer, "HTTPCode_Target_5XX_Count", "Sum"),
            "requests": at_targets(balancer, "RequestCount", "Sum"),
        },
        expression=f"IF(FILL(requests, 1) > {FEW}, 100 * FILL(errors, 0) / FILL(requests, 1), 0)",
        threshold=Ref(thresholds.errors),
    )
    latency = Watch(
        "LatencyAlarm",
        problem="Students wait: one of twenty answers takes too long.",
        remedy="Look at the dashboard for what is used up: tasks (raise MaximumTasks, lower TargetCpuPercent), "
        "database, cache or files. A deployment that runs is taken back by this alarm.",
        measures={"answers": at_targets(balancer, "TargetResponseTime", "p95")},
        threshold=Ref(thresholds.latency),
    )
    return Experience(*(add_alarm(t, watch) for watch in (errors, rejected, task_errors, latency)))


@part("watching")
def add_outage_alarm(t: Template, *, balancer: Balancer, application: Application) -> Alarm:
    """Add the alarm on nobody there to answer; it begins when the service stands."""
    return add_alarm(
        t,
        Watch(
            "OutageAlarm",
            problem="No task is healthy behind the balancer: nobody can use the platform.",
            remedy="See in ECS why tasks stop (python deploy.py why), and in the application's log. After a bad "
            "deployment: deploy the image before.",
            measures={"healthy": at_targets(balancer, "HealthyHostCount", "Maximum")},
            compare=BELOW,
            threshold=1,
            bad=3,
            among=3,
            missing=BAD,
            exists=application.runs,
            after="Service",
        ),
    )
