"""Stacks on the embedded AWS, made as the product makes them: by change sets."""

from __future__ import annotations

import itertools
import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.conftest import EmbeddedAws

Template = dict[str, Any]
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Stacks:
    """The stacks of one account."""

    aws: EmbeddedAws

    @property
    def client(self) -> Any:
        return self.aws.client("cloudformation")

    def change_set(self, template: Template, *, stack: str = "demo", name: str = "", **request: Any) -> str:
        """Create a change set (CREATE for a new stack) and return its ARN."""
        parameters = [
            {"ParameterKey": key, "ParameterValue": value} for key, value in request.pop("parameters", {}).items()
        ]
        request = {"ChangeSetType": "UPDATE" if self.exists(stack) else "CREATE", "Parameters": parameters, **request}
        body = json.dumps(template)
        name = name or f"change-{next(_numbers)}"
        answer = self.client.create_change_set(StackName=stack, ChangeSetName=name, TemplateBody=body, **request)
        return str(answer["Id"])

    def exists(self, stack: str) -> bool:
        found = [entry for entry in self.client.list_stacks()["StackSummaries"] if entry["StackName"] == stack]
        return any(entry["StackStatus"] not in {"DELETE_COMPLETE", "REVIEW_IN_PROGRESS"} for entry in found)

    def describe(self, change_set: str) -> dict[str, Any]:
        """A change set with its property values."""
        answer: dict[str, Any] = self.client.describe_change_set(ChangeSetName=change_set, IncludePropertyValues=True)
        return answer

    def changes(self, template: Template, **request: Any) -> dict[str, dict[str, Any]]:
        """What a change set would do, by logical id; it is deleted again."""
        change_set = self.change_set(template, **request)
        changes = self.describe(change_set)["Changes"]
        self.client.delete_change_set(ChangeSetName=change_set)
        return {change["ResourceChange"]["LogicalResourceId"]: change["ResourceChange"] for change in changes}

    def execute(self, change_set: str, stack: str = "demo") -> dict[str, Any]:
        self.client.execute_change_set(ChangeSetName=change_set)
        return self.settled(stack)

    def deploy(self, template: Template, *, stack: str = "demo", **request: Any) -> dict[str, Any]:
        """Create or update a stack and return what DescribeStacks says when it is done."""
        return self.execute(self.change_set(template, stack=stack, **request), stack)

    def delete(self, stack: str = "demo") -> dict[str, Any]:
        identifier = self.client.describe_stacks(StackName=stack)["Stacks"][0]["StackId"]
        self.client.delete_stack(StackName=stack)
        return self.settled(identifier)

    def settled(self, stack: str) -> dict[str, Any]:
        """The stack, once no operation runs on it."""
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            described: dict[str, Any] = self.client.describe_stacks(StackName=stack)["Stacks"][0]
            if not described["StackStatus"].endswith("_IN_PROGRESS"):
                return described
            time.sleep(0.01)
        raise TimeoutError(described["StackStatus"])

    def physical_id(self, logical_id: str, stack: str = "demo") -> str:
        answer = self.client.describe_stack_resource(StackName=stack, LogicalResourceId=logical_id)
        return str(answer["StackResourceDetail"]["PhysicalResourceId"])

    def outputs(self, stack: str = "demo") -> dict[str, str]:
        described = self.client.describe_stacks(StackName=stack)["Stacks"][0]
        return {output["OutputKey"]: output["OutputValue"] for output in described["Outputs"]}

    def events(self, stack: str = "demo") -> list[tuple[str, str, str]]:
        """Logical id, status and reason of each event, oldest first."""
        pages = self.client.get_paginator("describe_stack_events").paginate(StackName=stack)
        events = [event for page in pages for event in page["StackEvents"]]
        return [
            (event["LogicalResourceId"], event["ResourceStatus"], event.get("ResourceStatusReason", ""))
            for event in reversed(events)
        ]

    def failure(self, stack: str = "demo") -> str:
        """The reason of the first failed event."""
        return next(reason for _, status, reason in self.events(stack) if status.endswith("_FAILED"))


def resources(**definitions: tuple[str, dict[str, Any]]) -> Template:
    """A template of resources, each as (type without `AWS::`, properties)."""
    return {
        "Resources": {
            name: {"Type": f"AWS::{kind}", "Properties": properties} for name, (kind, properties) in definitions.items()
        }
    }
