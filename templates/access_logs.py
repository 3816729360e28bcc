"""Access logs of the balancer, by parameter: every request, into a log group under the stack's own logs key.

CloudWatch's log delivery carries them there. The older way, a bucket that Elastic Load Balancing itself writes to,
takes S3's keys alone, and a bucket that has a log in it is in the way of deleting or rolling back its stack (ADR 13).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from troposphere import Equals, GetAtt, Ref, Sub
from troposphere.logs import Delivery, DeliveryDestination, DeliverySource

from templates.interface import YES_NO, condition, parameter
from templates.keys import ANY_GROUP
from templates.logs import log_group
from templates.parts import part

if TYPE_CHECKING:
    from troposphere import Template

    from templates.balancer import Balancer
    from templates.keys import Key
    from templates.tags import Environment


@part("balancer")
def add_access_logs(t: Template, *, environment: Environment, balancer: Balancer, key: Key) -> None:
    """Add the log group, and the delivery of the balancer's access logs into it."""
    wanted = parameter(
        t,
        "AccessLogs",
        group="Logs",
        label="Keep access logs",
        description="yes: every request to the balancer is written to a log group, with the address that it came from. "
        "Charged by volume, about 0.5 GB for a million requests. no: none are kept.",
        default="yes",
        allowed_values=YES_NO,
        constraint="yes or no.",
    )
    exists = condition(t, "HasAccessLogs", Equals(Ref(wanted), "yes"))
    # Always there: a log group outlives what leaves the stack, and could not be made again under its name.
    group = log_group(t, "AccessLogGroup", "access", key=key, delivered=True)
    name = Sub(f"lms-access-${{{environment.suffix.title}}}")
    source = t.add_resource(
        DeliverySource(
            "AccessLogSource", Condition=exists, Name=name, LogType="ALB_ACCESS_LOGS", ResourceArn=balancer.arn
        )
    )
    destination = t.add_resource(
        DeliveryDestination(
            "AccessLogDestination",
            Condition=exists,
            Name=name,
            # One object per request: Logs Insights knows the fields by name.
            OutputFormat="json",
            # Not GetAtt, whose ARN ends in `:*`.
            DestinationResourceArn=Sub(f"{ANY_GROUP}${{{group.title}}}"),
        )
    )
    t.add_resource(
        Delivery(
            "AccessLogDelivery",
            Condition=exists,
            DeliverySourceName=Ref(source),
            DeliveryDestinationArn=GetAtt(destination, "Arn"),
        )
    )
