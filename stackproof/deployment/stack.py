"""A stack as CloudFormation describes it, and the calls that read and change one."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from stackproof.deployment import aws

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.type_defs import GetTemplateOutputTypeDef, StackSummaryTypeDef, StackTypeDef

REVIEW = "REVIEW_IN_PROGRESS"


@dataclass(frozen=True)
class Stack:
    """A stack that exists.

    Attributes:
        name: for example `lms-dev`.
        id: its ARN; still good when the stack was deleted and another one has the name.
        status: for example `UPDATE_COMPLETE`.
        reason: why it is in that state; often blank.
        created: when it was first made.
        updated: when its last update or deletion started; its creation when there was none.
        parameters: as AWS shows them: NoEcho values are `****`.
        outputs: name → value.
        tags: of the stack itself.
        is_protected: termination protection is on.
        triggers: ARNs of the alarms that take an update back.
        planned: OperationIds of the change sets that were made last, failed ones included.
    """

    name: str
    id: str
    status: str
    reason: str
    created: datetime
    updated: datetime
    parameters: Mapping[str, str]
    outputs: Mapping[str, str]
    tags: Mapping[str, str]
    is_protected: bool
    triggers: tuple[str, ...] = ()
    planned: tuple[str, ...] = ()

    @property
    def is_busy(self) -> bool:
        """Something is changing it now; a stack that only has a first change set waits for people."""
        return self.status.endswith("_IN_PROGRESS") and self.status != REVIEW

    @property
    def is_new(self) -> bool:
        """It was never deployed: all it has is a change set."""
        return self.status == REVIEW


@dataclass(frozen=True)
class Resource:
    """A resource of a stack that exists."""

    logical_id: str
    physical_id: str
    type: str
    status: str


def find(client: CloudFormationClient, name: str) -> Stack | None:
    """The stack of this name or ARN; None when there is none, or none any more."""
    try:
        answer = client.describe_stacks(StackName=name)["Stacks"][0]
    except ClientError as error:
        if _is_missing(error):
            return None
        raise
    return None if answer["StackStatus"] == "DELETE_COMPLETE" else _stack(answer)


def _stack(answer: StackTypeDef) -> Stack:
    return Stack(
        name=answer["StackName"],
        id=answer["StackId"],
        status=answer["StackStatus"],
        reason=answer.get("StackStatusReason", ""),
        created=answer["CreationTime"],
        updated=answer.get("LastUpdatedTime") or answer["CreationTime"],
        parameters={each["ParameterKey"]: _value(each) for each in answer.get("Parameters", [])},
        outputs={each["OutputKey"]: each["OutputValue"] for each in answer.get("Outputs", [])},
        tags={each["Key"]: each["Value"] for each in answer.get("Tags", [])},
        is_protected=answer.get("EnableTerminationProtection", False),
        triggers=tuple(each["Arn"] for each in answer.get("RollbackConfiguration", {}).get("RollbackTriggers", [])),
        planned=tuple(
            each["OperationId"]
            for each in answer.get("LastOperations", [])
            if each.get("OperationType") == "CREATE_CHANGESET" and "OperationId" in each
        ),
    )


def deleted(client: CloudFormationClient, name: str) -> Stack | None:
    """The newest stack of this name that was deleted; AWS knows them for 90 days."""
    pages = client.get_paginator("list_stacks").paginate(StackStatusFilter=["DELETE_COMPLETE"])
    found = [each for page in pages for each in page["StackSummaries"] if name in {each["StackName"], each["StackId"]}]
    if not found:
        return None
    newest = max(found, key=_gone)
    return Stack(
        name=newest["StackName"],
        id=newest["StackId"],
        status=newest["StackStatus"],
        reason=newest.get("StackStatusReason", ""),
        created=newest["CreationTime"],
        updated=_gone(newest),
        parameters={},
        outputs={},
        tags={},
        is_protected=False,
    )


def _gone(summary: StackSummaryTypeDef) -> datetime:
    return summary.get("DeletionTime") or summary["CreationTime"]


def _value(parameter: Mapping[str, Any]) -> str:
    """The value that counts: for a parameter that names an SSM parameter, what stood there."""
    return str(parameter.get("ResolvedValue") or parameter.get("ParameterValue", ""))


def _is_missing(error: ClientError) -> bool:
    return aws.code(error) == "ValidationError" and "does not exist" in aws.message(error)


def resources(client: CloudFormationClient, name: str) -> list[Resource]:
    """Every resource of the stack that was not deleted, in the order in which AWS lists them."""
    pages = client.get_paginator("list_stack_resources").paginate(StackName=name)
    return [
        Resource(
            each["LogicalResourceId"], each.get("PhysicalResourceId", ""), each["ResourceType"], each["ResourceStatus"]
        )
        for page in pages
        for each in page["StackResourceSummaries"]
        if each["ResourceStatus"] != "DELETE_COMPLETE"
    ]


def template(client: CloudFormationClient, name: str) -> dict[str, Any]:
    """The template that the stack runs, macros expanded."""
    return parsed(client.get_template(StackName=name, TemplateStage="Processed"), name)


def parsed(answer: GetTemplateOutputTypeDef, name: str) -> dict[str, Any]:
    """The template in an answer of GetTemplate, for the stack or change set of this name."""
    from stackproof.yaml_templates import parse_yaml

    # The stubs know a dict; a YAML template comes as its text.
    body: Any = answer["TemplateBody"]
    return dict(parse_yaml(body, f"the template of {name}", []) or {}) if isinstance(body, str) else dict(body)


def policy(client: CloudFormationClient, name: str) -> dict[str, Any] | None:
    """The stack policy; None when the stack has none, and everything may be updated."""
    body = client.get_stack_policy(StackName=name).get("StackPolicyBody")
    return dict(json.loads(body)) if body else None


def set_policy(client: CloudFormationClient, name: str, wanted: Mapping[str, Any]) -> None:
    """Replace the stack policy; CloudFormation cannot take one away again."""
    client.set_stack_policy(StackName=name, StackPolicyBody=json.dumps(wanted))


def set_protection(client: CloudFormationClient, name: str, *, wanted: bool) -> None:
    """Turn termination protection on or off."""
    client.update_termination_protection(StackName=name, EnableTerminationProtection=wanted)


def delete(client: CloudFormationClient, stack: Stack, token: str) -> None:
    """Start the deletion. By ARN: a stack that somebody made anew under the same name is another one."""
    client.delete_stack(StackName=stack.id, ClientRequestToken=token)


def cancel(client: CloudFormationClient, stack: Stack, token: str) -> None:
    """Have an update that is under way rolled back."""
    client.cancel_update_stack(StackName=stack.id, ClientRequestToken=token)
