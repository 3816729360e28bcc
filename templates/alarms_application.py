"""The application's tasks: what they use, and whether as many run as are wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from troposphere import And, Condition, Equals, Not, Ref

from templates.alarms import AT_LEAST, UNKNOWN, Measure, Watch, add_alarm
from templates.alarms_experience import at_targets
from templates.interface import condition
from templates.parts import part

if TYPE_CHECKING:
    from troposphere import AWSHelperFn, Template
    from troposphere.cloudwatch import Alarm

    from templates.alarms import Thresholds
    from templates.application import Application
    from templates.balancer import Balancer
    from templates.scaling import Scaling

INSIGHTS = "ECS/ContainerInsights"


def of_service(
    cluster: AWSHelperFn, service: AWSHelperFn, name: str, statistic: str, namespace: str = "AWS/ECS"
) -> Measure:
    """A metric of a service."""
    return Measure(namespace, name, {"ClusterName": cluster, "ServiceName": service}, statistic)


def missing_tasks(
    name: str, cluster: AWSHelperFn, service: AWSHelperFn, exists: str, *, problem: str, remedy: str
) -> Watch:
    """Fewer tasks of a service run than are wanted."""
    counts = {"wanted": "DesiredTaskCount", "running": "RunningTaskCount"}
    return Watch(
        name,
        problem=problem,
        remedy=remedy,
        measures={key: of_service(cluster, service, metric, "Average", INSIGHTS) for key, metric in counts.items()},
        expression="wanted - running",
        threshold=0,
        bad=10,
        among=10,
        missing=UNKNOWN,
        exists=exists,
    )


@part("watching")
def add_application_alarms(
    t: Template, *, balancer: Balancer, application: Application, scaling: Scaling, thresholds: Thresholds
) -> list[Alarm]:
    """Add the alarms on the application's tasks; they exist where the service does."""
    scales = condition(
        t,
        "ScalesApplication",
        And(Condition(application.runs), Not(Equals(Ref(scaling.minimum), Ref(scaling.maximum)))),
    )
    service = application.cluster, application.name
    wanted = of_service(*service, "DesiredTaskCount", "Average", INSIGHTS)
    watches = (
        Watch(
            "ServiceCpuAlarm",
            problem="The tasks' CPU is nearly used up, and scaling does not keep up: answers get slow next.",
            remedy="Raise MaximumTasks where all of them run, or lower TargetCpuPercent so that scaling begins "
            "earlier; for a known date raise MinimumTasks before.",
            measures={"cpu": of_service(*service, "CPUUtilization", "Average")},
            threshold=Ref(thresholds.used),
            bad=5,
            missing=UNKNOWN,
            exists=application.runs,
        ),
        Watch(
            "ServiceMemoryAlarm",
            problem="The tasks' memory is nearly used up: ECS stops a task that wants more than it has.",
            remedy="Choose a TaskSize with more memory; look for a leak if it only ever rises.",
            measures={"memory": of_service(*service, "MemoryUtilization", "Average")},
            threshold=Ref(thresholds.used),
            bad=5,
            missing=UNKNOWN,
            exists=application.runs,
        ),
        missing_tasks(
            "MissingTasksAlarm",
            *service,
            application.runs,
            problem="Fewer tasks run than are wanted, for ten minutes: they do not start, or do not stay.",
            remedy="The service's events in ECS say why: no Spot capacity (raise OnDemandWeight), an image that cannot "
            "be pulled, a health check that fails, a quota.",
        ),
        Watch(
            "MaximumTasksAlarm",
            problem="As many tasks run as MaximumTasks allows: with more students there will be no more of them.",
            remedy="Raise MaximumTasks, with the database's connections and the account's Fargate quota in mind.",
            measures={"wanted": wanted},
            threshold=Ref(scaling.maximum),
            compare=AT_LEAST,
            bad=5,
            missing=UNKNOWN,
            exists=scales,
        ),
        Watch(
            "UnhealthyTasksAlarm",
            problem="Tasks fail their health check for five minutes: fewer of them carry the load.",
            remedy="Read the log of the tasks that ECS calls unhealthy; HealthCheckPath may ask for too much.",
            measures={"unhealthy": at_targets(balancer, "UnHealthyHostCount", "Minimum")},
            threshold=0,
            bad=5,
            exists=application.runs,
        ),
    )
    return [add_alarm(t, watch) for watch in watches]
