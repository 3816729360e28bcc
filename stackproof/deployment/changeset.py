"""Change sets: made, waited for, described in full, and cleared away."""

from __future__ import annotations

import re
import uuid
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Required, TypedDict

from botocore.exceptions import BotoCoreError, ClientError

from stackproof.deployment import aws, diagnosis, polling, stack
from stackproof.deployment.plan import merge
from stackproof.errors import RefusedError, StackproofError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.literals import CapabilityType
    from mypy_boto3_cloudformation.type_defs import (
        DescribeChangeSetOutputTypeDef,
        ParameterTypeDef,
        ResourceChangeTypeDef,
        RollbackConfigurationTypeDef,
        TagTypeDef,
    )

    from stackproof.deployment.artifacts import Body
    from stackproof.deployment.aws import Aws
    from stackproof.environments import Environment

# The texts that "nothing to do" came in so far; it is a FAILED change set like any other.
_NO_CHANGE = ("didn't contain changes", "No updates are to be performed", "no changes")

# How AWS refuses a request for a stack that has changed its state since it was looked at.
_TOO_LATE = ("_IN_PROGRESS state", "already exists and cannot be created again")

NESTED = "AWS::CloudFormation::Stack"
# All that a change set says when that of a nested stack fails.
_NESTED_FAILED = re.compile(r"Nested change set (?P<arn>arn:\S+) was not successfully created")


class _Given(TypedDict, total=False):
    """What an environment gives to CreateChangeSet, beside the template; all but the first two where it has some."""

    StackName: Required[str]
    ChangeSetType: Required[Literal["CREATE", "UPDATE"]]
    Parameters: Sequence[ParameterTypeDef]
    Tags: Sequence[TagTypeDef]
    Capabilities: Sequence[CapabilityType]
    IncludeNestedStacks: bool
    RollbackConfiguration: RollbackConfigurationTypeDef


@dataclass
class ChangeSet:
    """A change set that was made for a plan, and goes with it unless it is kept or executed.

    Attributes:
        id: its ARN; None once it is known to hold no change.
        stack_id: ARN of the stack, which may have been made by this very change set.
        changes: of all resources, all pages, with values where AWS could render them.
        parameters: as the stack would have them; NoEcho values are asterisks, or not there.
        warnings: what AWS's validation says, short of refusing.
        triggers: names of the alarms that would take the update back.
        nested: the change sets of nested stacks, by their logical ids.
        is_kept: leave it in place, to be executed (or to be applied later).
    """

    id: str | None
    stack_id: str
    changes: list[ResourceChangeTypeDef]
    parameters: Mapping[str, str]
    warnings: list[str]
    triggers: tuple[str, ...] = ()
    nested: Mapping[str, ChangeSet] = field(default_factory=dict)
    is_kept: bool = False


class RaceError(RefusedError):
    """Somebody else's operation came in between; planned again, it may well go through."""


class FailedChangeSetError(StackproofError):
    """CloudFormation could not make the change set; the message has its reason and every validation error."""


class _NestedFailedError(FailedChangeSetError):
    """It could not make that of a nested stack."""


@contextmanager
def made(
    account: Aws,
    environment: Environment,
    existing: stack.Stack | None,
    body: Body,
    rollback: RollbackConfigurationTypeDef | None = None,
) -> Iterator[ChangeSet]:
    """Make a change set, hand it over described in full, and leave nothing behind that nobody will apply.

    Args:
        account: where.
        environment: what the stack shall become.
        existing: the stack as it is; None, or one that only has change sets: it is created.
        body: the template.
        rollback: which alarms take the update back; None leaves that as it is.

    Raises:
        FailedChangeSetError: AWS refuses what was asked for.
        RefusedError: somebody else's operation came in between.
    """
    name = f"stackproof-{uuid.uuid4().hex}"
    found: ChangeSet | None = None
    is_refused = False
    try:
        with race():
            found = _make(account, environment, body, _given(environment, existing, rollback), name)
        yield found
    except ClientError as error:
        # Nothing was made, and whoever may not make one may hardly clear one away.
        is_refused = error.operation_name == "CreateChangeSet" and aws.code(error) in aws.ACCESS_DENIED
        raise
    finally:
        if not is_refused and (found is None or not found.is_kept):
            names = [name, _flat(name)] if _has_nested(environment.template) else [name]
            _clear(account, environment.stack, names, with_stack=existing is None)


@contextmanager
def race() -> Iterator[None]:
    """Turn into RaceError what AWS answers when somebody else's operation came in between.

    Executing a change set deletes all others of the stack.
    """
    try:
        yield
    except ClientError as error:
        is_gone = aws.code(error) in {"ChangeSetNotFound", "InvalidChangeSetStatus"}
        if not is_gone and not any(words in aws.message(error) for words in _TOO_LATE):
            raise
        raise RaceError(
            f"somebody else was faster, and this plan was not executed ({aws.message(error)}). Plan again."
        ) from error


def _make(account: Aws, environment: Environment, body: Body, given: _Given, name: str) -> ChangeSet:
    if not _has_nested(environment.template):
        return _made(account, body, given, name)
    try:
        return _made(account, body, {**given, "IncludeNestedStacks": True}, name)
    except _NestedFailedError as error:
        # What a nested stack gets from another one is not known yet, and CloudFormation takes some of that for a
        # fault (cloudformation-coverage-roadmap issue 759, aws-cdk-cli pull request 1307).
        _delete(account.cloudformation, environment.stack, name)
        found = _made(account, body, given, _flat(name))
        found.warnings.insert(0, f"nested stacks could not be looked into, and may fail: {error}")
        return found


def _flat(name: str) -> str:
    """The name of a change set that leaves nested stacks out: the first one's is taken until that is gone."""
    return f"{name}-flat"


def _has_nested(template: Mapping[str, Any]) -> bool:
    return NESTED in _types(template)


def _given(
    environment: Environment,
    existing: stack.Stack | None,
    rollback: RollbackConfigurationTypeDef | None,
) -> _Given:
    given: _Given = {
        "StackName": environment.stack,
        "ChangeSetType": "CREATE" if existing is None or existing.is_new else "UPDATE",
    }
    # An empty list is not the same as none: it would take away the tags of a stack whose file says nothing of tags.
    if environment.parameters:
        given["Parameters"] = [
            {"ParameterKey": key, "ParameterValue": value} for key, value in environment.parameters.items()
        ]
    if environment.tags:
        given["Tags"] = [{"Key": key, "Value": value} for key, value in environment.tags.items()]
    if needed := capabilities(environment.template):
        given["Capabilities"] = needed
    if rollback is not None:
        given["RollbackConfiguration"] = rollback
    return given


def _made(account: Aws, body: Body, given: _Given, name: str) -> ChangeSet:
    client = account.cloudformation
    # The token: the SDK may send the request again when it lost the answer.
    answer = client.create_change_set(ChangeSetName=name, ClientToken=name, **body, **given)
    return _described(client, answer["Id"], polling.for_change_set(is_local=account.is_local))


def _described(client: CloudFormationClient, change_set: str, pace: polling.Pace) -> ChangeSet:
    # Waited for without values: with them, a failed one comes without its reason (boto/boto3 issue 4178).
    while (answer := client.describe_change_set(ChangeSetName=change_set))["Status"] in {
        "CREATE_PENDING",
        "CREATE_IN_PROGRESS",
    }:
        pace.wait()
    reason = answer.get("StatusReason", "")
    if answer["Status"] == "FAILED" and any(text in reason for text in _NO_CHANGE):
        return _change_set(None, answer)
    errors, warnings = validation(client, change_set)
    if answer["Status"] != "CREATE_COMPLETE":
        said = "\n".join([f"CloudFormation refuses the change set: {reason or answer['Status']}", *errors])
        if nested := _NESTED_FAILED.search(reason):
            raise _NestedFailedError(_why(client, nested["arn"]) or said)
        raise FailedChangeSetError(said)
    return _in_full(client, change_set, answer, warnings, pace)


def _why(client: CloudFormationClient, change_set: str) -> str:
    """Why the change set of a nested stack failed, which that of its parent does not say; blank where nobody does."""
    answer = client.describe_change_set(ChangeSetName=change_set)
    if deeper := _NESTED_FAILED.search(answer.get("StatusReason", "")):
        return _why(client, deeper["arn"])
    said = [answer.get("StatusReason", ""), *validation(client, change_set)[0]]
    return "\n".join(filter(None, said)) and f"{answer['StackName']}: {'; '.join(filter(None, said))}"


def _in_full(
    client: CloudFormationClient,
    change_set: str,
    answer: DescribeChangeSetOutputTypeDef,
    warnings: list[str],
    pace: polling.Pace,
) -> ChangeSet:
    found = _change_set(change_set, answer)
    found.changes = in_full(client, change_set, answer)
    found.nested = {
        change["LogicalResourceId"]: _described(client, change["ChangeSetId"], pace)
        for change in found.changes
        if change.get("ChangeSetId")
    }
    inner = [f"{name}/{said}" for name, nested in found.nested.items() for said in nested.warnings]
    found.warnings = [*warnings, *inner]
    return found


def _change_set(change_set: str | None, answer: DescribeChangeSetOutputTypeDef) -> ChangeSet:
    return ChangeSet(
        id=change_set,
        stack_id=answer["StackId"],
        changes=[],
        parameters={
            each["ParameterKey"]: each.get("ResolvedValue") or each.get("ParameterValue", "")
            for each in answer.get("Parameters", [])
        },
        warnings=[],
        triggers=tuple(
            each["Arn"].partition(":alarm:")[2]
            for each in answer.get("RollbackConfiguration", {}).get("RollbackTriggers", [])
        ),
    )


def nothing() -> ChangeSet:
    """A change set with nothing to execute: none was needed."""
    return ChangeSet(id=None, stack_id="", changes=[], parameters={}, warnings=[])


def read(client: CloudFormationClient, change_set: str) -> tuple[ChangeSet, bool]:
    """Describe in full a change set that was made before, and whether it can still be executed."""
    answer = client.describe_change_set(ChangeSetName=change_set)
    is_executable = answer.get("ExecutionStatus") == "AVAILABLE"
    return _in_full(client, change_set, answer, [], polling.for_change_set(is_local=False)), is_executable


def template(client: CloudFormationClient, change_set: str) -> dict[str, Any]:
    """The template of a change set, macros expanded: of a nested stack, or after macros, nobody else has it."""
    return stack.parsed(client.get_template(ChangeSetName=change_set, TemplateStage="Processed"), change_set)


def in_full(
    client: CloudFormationClient, change_set: str, first: DescribeChangeSetOutputTypeDef
) -> list[ResourceChangeTypeDef]:
    """Every change of a change set, with values; a change that is left out of the answer with values is there too.

    Args:
        client: CloudFormation.
        change_set: ARN.
        first: the first page of the answer without values.
    """
    plain = [each["ResourceChange"] for page in _pages(client, change_set, first) for each in page.get("Changes", [])]
    start = client.describe_change_set(ChangeSetName=change_set, IncludePropertyValues=True)
    valued = [
        each["ResourceChange"]
        for page in _pages(client, change_set, start, values=True)
        for each in page.get("Changes", [])
    ]
    return merge(plain, valued)


def _pages(
    client: CloudFormationClient, change_set: str, page: DescribeChangeSetOutputTypeDef, *, values: bool = False
) -> Iterator[DescribeChangeSetOutputTypeDef]:
    yield page
    while token := page.get("NextToken"):
        page = client.describe_change_set(ChangeSetName=change_set, NextToken=token, IncludePropertyValues=values)
        yield page


def validation(client: CloudFormationClient, change_set: str) -> tuple[list[str], list[str]]:
    """What CloudFormation's validation and the account's hooks found in a change set: errors and warnings, all.

    Without permission for DescribeEvents that itself is the warning: a plan does not need it.
    """
    errors: list[str] = []
    warnings: list[str] = []
    try:
        pages = client.get_paginator("describe_events").paginate(ChangeSetName=change_set)
        for event in (event for page in pages for event in page["OperationEvents"]):
            if event["EventType"] == "VALIDATION_ERROR":
                found = warnings if event.get("ValidationFailureMode") == "WARN" else errors
                where = " ".join(filter(None, (event.get("LogicalResourceId"), event.get("ValidationPath"))))
                said = event.get("ValidationStatusReason") or event.get("ValidationName", "")
                mend = diagnosis.hint(event.get("ResourceType", ""), said)
                found.append(" ".join(filter(None, (where and f"{where}:", said, mend))))
            elif event["EventType"] == "HOOK_INVOCATION_ERROR":
                found = warnings if event.get("HookFailureMode") == "WARN" else errors
                where = event.get("LogicalResourceId", "")
                said = f"the hook {event.get('HookType', '')} refuses it: {event.get('HookStatusReason', '')}"
                found.append(" ".join(filter(None, (where and f"{where}:", said))))
    except ClientError as error:
        warnings.append(f"the validation of the change set could not be read: {aws.explain(error)}")
    return errors, warnings


def capabilities(template: Mapping[str, object]) -> list[CapabilityType]:
    """What the caller must acknowledge for this template: IAM resources, and macros, which may make some."""
    kinds = _types(template)
    expands = "Transform" in template or "Fn::Transform" in str(template) or NESTED in kinds
    needed: list[CapabilityType] = []
    # Named covers unnamed; which of the two CloudFormation wants depends on properties.
    if expands or any(kind.startswith("AWS::IAM::") for kind in kinds):
        needed.append("CAPABILITY_NAMED_IAM")
    if expands:
        needed.append("CAPABILITY_AUTO_EXPAND")
    return needed


def _types(template: Mapping[str, Any]) -> set[str]:
    """The resource types in a template."""
    resources = template.get("Resources")
    return {each.get("Type", "") for each in resources.values()} if isinstance(resources, dict) else set()


def _clear(account: Aws, stack_name: str, names: Sequence[str], *, with_stack: bool) -> None:
    """Delete change sets, and the empty stack that they made; what cannot be cleared away is named."""
    left = f"left behind: change set {names[0]} of {stack_name}"
    try:
        for name in names:
            _delete(account.cloudformation, stack_name, name)
        if with_stack:
            left = f"left behind: the empty stack {stack_name}"
            _delete_empty(account, stack_name)
    except KeyboardInterrupt:
        raise KeyboardInterrupt(f"interrupted. Nothing was changed; {left}") from None
    except (ClientError, BotoCoreError) as error:
        raise aws.AwsError(f"{aws.explain(error)}\nNothing was changed; {left}.") from error


def _delete(client: CloudFormationClient, stack_name: str, change_set_name: str) -> None:
    try:
        client.delete_change_set(StackName=stack_name, ChangeSetName=change_set_name)
    except ClientError as error:
        # The request that makes it never arrived, or the one that executes it did although its answer was lost.
        if aws.code(error) not in {"ValidationError", "ChangeSetNotFound", "InvalidChangeSetStatus"}:
            raise


def _delete_empty(account: Aws, stack_name: str) -> None:
    client = account.cloudformation
    leftover = stack.find(client, stack_name)
    if leftover is None or not leftover.is_new:
        return
    others = client.list_change_sets(StackName=leftover.id)["Summaries"]
    if any(not each["Status"].startswith("DELETE_") for each in others):
        return  # somebody else plans the same new stack
    stack.delete(client, leftover, uuid.uuid4().hex)
    # Until it is gone, the next command would take it for somebody's.
    pace = polling.for_change_set(is_local=account.is_local)
    while (left := stack.find(client, leftover.id)) and left.status.endswith("_IN_PROGRESS"):
        pace.wait()
