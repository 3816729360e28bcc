"""CloudWatch Logs: a log group that exists already, left behind by an earlier stack, is not taken over."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from ministack.services import cloudwatch_logs
from ministack.services.cloudformation import provisioners

if TYPE_CHECKING:
    from stackproof.emulator.handler import Created, Properties


def install() -> None:
    """Refuse the second creation of a name."""
    table = provisioners._RESOURCE_HANDLERS["AWS::Logs::LogGroup"]
    create = table["create"]

    def create_new(logical_id: str, properties: Properties, stack_name: str) -> Created:
        name = properties.get("LogGroupName")
        if name in cloudwatch_logs._log_groups:
            identifier = json.dumps({"/properties/LogGroupName": name}, separators=(",", ":"))
            raise ValueError(
                f"Resource of type 'AWS::Logs::LogGroup' with identifier '{identifier}' already exists. "
                "(HandlerErrorCode: AlreadyExists)"
            )
        return create(logical_id, properties, stack_name)

    table["create"] = create_new
