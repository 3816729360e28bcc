"""CloudWatch: alarms on metric math and composite alarms, which ministack's CloudFormation lacks.

Nothing measures here: a metric alarm changes its state only when somebody sets it. A composite alarm follows its rule.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ministack.services import cloudwatch
from ministack.services.cloudformation import provisioners

from stackproof.emulator.handler import Created, Handler, add, call
from stackproof.emulator.wire import in_api_shape

if TYPE_CHECKING:
    from stackproof.emulator.handler import Properties

_record = provisioners._cw_metric_alarm_record


def _alarm_record(name: str, properties: Properties) -> dict[str, Any]:
    """The record of an alarm; one on metric math has queries where another one has a metric."""
    if "Metrics" not in properties:
        alarm: dict[str, Any] = _record(name, properties)
        return alarm
    metrics = in_api_shape("cloudwatch", "MetricAlarm", {"Metrics": properties["Metrics"]})
    placeholders = dict.fromkeys(("MetricName", "Namespace"), "none")
    others = {member: value for member, value in properties.items() if member != "Metrics"}
    alarm = _record(name, {**others, **placeholders})
    for member in (*placeholders, "Statistic", "Period"):
        del alarm[member]
    return {**alarm, **metrics}


class CompositeAlarm(Handler):
    """AWS::CloudWatch::CompositeAlarm; Ref is its name."""

    type_name = "AWS::CloudWatch::CompositeAlarm"
    tags = ("Tags", "list")

    def create(self, logical_id: str, properties: Properties, stack_name: str) -> Created:
        name = properties.get("AlarmName") or provisioners._physical_name(stack_name, logical_id, max_len=255)
        return self._put(name, properties)

    def update(self, physical_id: str, old: Properties, new: Properties, stack_name: str) -> Created:
        return self._put(physical_id, new)

    def delete(self, physical_id: str, properties: Properties) -> None:
        call(cloudwatch._delete_alarms, {}, {"AlarmNames": [physical_id]}, False, True)

    def _put(self, name: str, properties: Properties) -> Created:
        request = in_api_shape("cloudwatch", "PutCompositeAlarmInput", {**properties, "AlarmName": name})
        # By itself nobody may give tags such as CloudFormation's own.
        tags = request.pop("Tags", [])
        call(cloudwatch._put_composite_alarm, {}, request, False, True)
        arn = cloudwatch._composite_alarms[name]["AlarmArn"]
        cloudwatch._resource_tags[arn] = {tag["Key"]: tag["Value"] for tag in tags}
        # Kept and shown, without an effect: no message is ever sent.
        suppressor = {member: value for member, value in request.items() if member.startswith("ActionsSuppressor")}
        cloudwatch._composite_alarms[name].update(suppressor)
        return name, {"Arn": arn}


def install() -> None:
    """Complete the types."""
    provisioners._cw_metric_alarm_record = _alarm_record
    add(CompositeAlarm())
