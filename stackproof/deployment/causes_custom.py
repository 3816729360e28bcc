"""Why a custom resource failed: what the function behind it wrote into its log."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

from stackproof.deployment import hint_tasks, hints, observe
from stackproof.deployment.diagnosis import Evidence, Finding

if TYPE_CHECKING:
    from datetime import datetime

    from stackproof.deployment.events import Event
    from stackproof.deployment.observe import Eye

_LINES, _STREAMS = 15, 2
_SLACK = timedelta(minutes=1)
_FUNCTION = re.compile(r"arn:[\w-]+:lambda:[\w-]+:\d{12}:function:(?P<name>[\w-]+)")
_STREAM = re.compile(r"[Ll]og [Ss]tream:? *(?P<stream>\S*\[\$?\w+\]\w+)|CloudWatch:? +(?P<other>\d{4}/\S+\]\w+)")
# What Lambda itself writes around each call, and tells nothing; a time-out stands in a line of its own.
_FRAME = re.compile(r"^(?:START|END|REPORT|INIT_START) ")
_SILENT = re.compile(r"did not receive a response from your Custom Resource")

_SILENCE = hints.Hint(
    "The function behind the custom resource never answered: it failed before it could, ran out of time, cannot reach "
    "S3 (from inside a VPC it needs a way out, or an endpoint), or was not called. Its log says which."
)


def is_custom(resource_type: str) -> bool:
    """Whether a type is somebody's own, by a function or topic."""
    return resource_type.startswith("Custom::") or resource_type == "AWS::CloudFormation::CustomResource"


def look(eye: Eye, event: Event, since: datetime, handler: str) -> Finding:
    """See what the function of a custom resource wrote.

    Args:
        eye: that reads.
        event: that says that it failed.
        since: the operation began.
        handler: ServiceToken: ARN of the function or topic; blank where no event tells it.
    """
    function = _FUNCTION.match(handler)
    hint = _SILENCE if _SILENT.search(event.reason) else None
    what = f"the log of custom resource {event.path}"
    if not function:
        eye.miss(what, f"behind it is {handler or 'something that no event names'}, which is no Lambda function")
        return Finding((), hint)
    name = function["name"]
    group = _group(eye, handler, name)
    found = _STREAM.search(event.reason)
    streams = [found["stream"] or found["other"]] if found else _streams(eye, group, since, event.time)
    evidence = []
    for stream in streams[:_STREAMS]:
        lines = eye.log(group, stream, since=since, until=event.time + _SLACK, most=_LINES)
        told = tuple(each for each in lines if not _FRAME.match(each))
        if told:
            title = f"Last lines of the function's own log, {group} {stream}, masked where they look secret"
            evidence.append(Evidence("log", title, told))
    if not streams:
        eye.miss(what, f"{group} has no line of that time")
    told_by_log = [hints.Failure(hint_tasks.TASK, line) for each in evidence for line in each.lines]
    return Finding(tuple(evidence), hints.first(told_by_log, hint_tasks.LOG) or hint)


def _group(eye: Eye, function: str, name: str) -> str:
    """Its log group; the default one where the function was deleted with the rollback, or may not be looked at."""
    functions = eye.account.functions
    found = eye.see(
        f"which log group function {name} writes to (the usual one is looked at)",
        lambda: functions.get_function_configuration(FunctionName=function),
    )
    return str((found or {}).get("LoggingConfig", {}).get("LogGroup") or f"/aws/lambda/{name}")


def _streams(eye: Eye, group: str, since: datetime, until: datetime) -> list[str]:
    """The streams that were written to in that time, the newest first."""
    logs = eye.account.logs
    found = eye.see(
        f"the log streams of {group}",
        lambda: logs.describe_log_streams(logGroupName=group, orderBy="LastEventTime", descending=True, limit=10),
    )
    begin, end = observe.milliseconds(since), observe.milliseconds(until + _SLACK)
    return [
        each["logStreamName"]
        for each in (found["logStreams"] if found else [])
        if each.get("lastEventTimestamp", end) >= begin and each.get("firstEventTimestamp", begin) <= end
    ]
