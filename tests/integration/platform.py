"""A running platform as the integration tests see it: one stack, its parameters, its resources, and AWS's clients."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    import boto3


@dataclass
class Platform:
    """One deployed stack.

    Attributes:
        session: sees the stack's account and region.
        stack: the stack's name.
        endpoint: URL of the embedded AWS; None is a real account.
    """

    session: boto3.Session
    stack: str
    endpoint: str | None

    def __post_init__(self) -> None:
        self._clients: dict[str, Any] = {}

    def client(self, service: str) -> Any:  # one of 400 classes
        """A client, made once: reading a service's model takes longer than most tests."""
        if service not in self._clients:
            self._clients[service] = self.session.client(service, endpoint_url=self.endpoint)  # type: ignore[call-overload]  # any service
        return self._clients[service]

    def pages(self, service: str, action: str, key: str, **arguments: Any) -> list[Any]:
        """Every item of a paged answer."""
        pages = self.client(service).get_paginator(action).paginate(**arguments)
        return [item for page in pages for item in page[key]]

    def needs_aws(self, reason: str) -> None:
        """Skip on the embedded AWS, which cannot show this."""
        if self.endpoint:
            pytest.skip(f"only AWS can show this: {reason}")

    @property
    def description(self) -> dict[str, Any]:
        """The stack as DescribeStacks shows it now."""
        return self.client("cloudformation").describe_stacks(StackName=self.stack)["Stacks"][0]  # type: ignore[no-any-return]

    @cached_property
    def parameters(self) -> dict[str, str]:
        """The stack's parameters, defaults included."""
        return {each["ParameterKey"]: each["ParameterValue"] for each in self.description["Parameters"]}

    @property
    def outputs(self) -> dict[str, str]:
        return {each["OutputKey"]: each["OutputValue"] for each in self.description["Outputs"]}

    @cached_property
    def resources(self) -> dict[str, dict[str, Any]]:
        """Logical id → {"PhysicalResourceId", "ResourceType", …}."""
        found = self.pages("cloudformation", "list_stack_resources", "StackResourceSummaries", StackName=self.stack)
        return {each["LogicalResourceId"]: each for each in found}

    def forget(self) -> None:
        """Ask anew after a change."""
        for known in ("parameters", "resources"):
            self.__dict__.pop(known, None)

    def id(self, logical_id: str) -> str:
        """The physical id of a resource."""
        return self.resources[logical_id]["PhysicalResourceId"]  # type: ignore[no-any-return]

    def physical_ids(self) -> dict[str, str]:
        """Logical id → physical id of every resource, as they are now."""
        self.forget()
        return {name: each["PhysicalResourceId"] for name, each in self.resources.items()}

    def has(self, logical_id: str) -> bool:
        return logical_id in self.resources

    def ids(self, type_name: str) -> dict[str, str]:
        """Logical id → physical id of every resource of a type."""
        return {
            name: each["PhysicalResourceId"]
            for name, each in self.resources.items()
            if each["ResourceType"] == type_name
        }

    def yes(self, parameter: str) -> bool:
        return self.parameters[parameter] == "yes"

    @property
    def zones(self) -> range:
        """The numbers of the zones: `range(1, 3)` or `range(1, 4)`."""
        return range(1, int(self.parameters["ZoneCount"]) + 1)
