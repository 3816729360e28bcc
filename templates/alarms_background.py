"""Work in the background: whether workers keep up, and whether the periodic command runs, and ends well.

Nobody waits for it at a screen, so it fails in silence: mails that are not sent, grades that are not counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from troposphere import And, Condition, Or, Ref

from templates.alarm_events import FAILED, STOPPED
from templates.alarms import UNKNOWN, Watch, add_alarm
from templates.alarms_application import missing_tasks, of_service
from templates.dead_letters import waiting
from templates.interface import condition
from templates.parts import part

if TYPE_CHECKING:
    from troposphere import Template
    from troposphere.cloudwatch import Alarm

    from templates.alarm_events import EventLog
    from templates.alarms import Thresholds
    from templates.application import Application
    from templates.cron import Cron
    from templates.workers import Workers


@dataclass(frozen=True)
class Background:
    """The alarms on work in the background, and the condition under which there is at least one of them."""

    alarms: list[Alarm]
    exists: str


@part("watching")
def add_background_alarms(
    t: Template, *, application: Application, workers: Workers, cron: Cron, thresholds: Thresholds, log: EventLog
) -> Background:
    """Add the alarms on workers and on the periodic command; each exists where what it watches does."""
    cluster = application.cluster
    failed = log.count(
        t,
        "CronFailed",
        cron.exists,
        "The periodic command ended with an error, or ECS could not start it; counted by CronFailedAlarm, with the "
        "reason in the log.",
        {**STOPPED, "detail": {"taskDefinitionArn": [cron.task], "lastStatus": ["STOPPED"], "$or": FAILED}},
    )
    watches = (
        Watch(
            "WorkerCpuAlarm",
            problem="The workers' CPU is nearly used up for a quarter of an hour: jobs come faster than they are done, "
            "and wait longer and longer.",
            remedy="Raise MaximumWorkers where all of them run, or lower WorkerTargetCpuPercent so that scaling begins "
            "earlier.",
            measures={"cpu": of_service(cluster, workers.name, "CPUUtilization", "Average")},
            threshold=Ref(thresholds.used),
            bad=15,
            among=15,
            missing=UNKNOWN,
            exists=workers.exists,
        ),
        Watch(
            "WorkerMemoryAlarm",
            problem="The workers' memory is nearly used up: ECS stops a worker that wants more than it has, in the "
            "middle of its job.",
            remedy="Choose a WorkerSize with more memory; look for a leak if it only ever rises.",
            measures={"memory": of_service(cluster, workers.name, "MemoryUtilization", "Average")},
            threshold=Ref(thresholds.used),
            bad=5,
            missing=UNKNOWN,
            exists=workers.exists,
        ),
        missing_tasks(
            "MissingWorkersAlarm",
            cluster,
            workers.name,
            workers.exists,
            problem="Fewer workers run than are wanted, for ten minutes: they do not start, or do not stay.",
            remedy="The service's events in ECS say why: no Spot capacity (raise WorkerOnDemandWeight), an image that "
            "cannot be pulled, a command that ends.",
        ),
        missing_tasks(
            "MissingCronAlarm",
            cluster,
            cron.service,
            cron.runs_on,
            problem="The one task of the periodic command does not run, for ten minutes: what it does is not done.",
            remedy="The service's events in ECS say why; the application's log, stream cron, has what it wrote last.",
        ),
        Watch(
            "CronFailedAlarm",
            problem="The periodic command ended with an error, or its task could not start: what it does is not done.",
            remedy="The log group that ends in /events has the reason; the application's log, stream cron, has what it "
            "wrote.",
            measures={"failed": failed},
            threshold=0,
            period=900,
            bad=1,
            among=1,
            exists=cron.exists,
        ),
        Watch(
            "CronAlarm",
            problem="The periodic command was not even asked for: its schedule could not reach ECS, and what it does "
            "is late.",
            remedy="The newest message in the queue says why; take the messages out when it is mended.",
            measures={"letters": waiting(cron.letters)},
            threshold=0,
            period=300,
            bad=1,
            among=1,
            exists=cron.scheduled,
        ),
    )
    some = Or(Condition(workers.exists), Condition(cron.exists))
    exists = condition(t, "WorksInBackground", And(Condition(application.runs), some))
    return Background([add_alarm(t, watch) for watch in watches], exists)
