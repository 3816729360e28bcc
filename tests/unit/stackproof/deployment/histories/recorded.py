"""How a recorded failure is written down, and played back as AWS: each answer is checked against botocore's model."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import boto3
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.validate import ParamValidator

from stackproof.deployment.aws import Aws

if TYPE_CHECKING:
    from collections.abc import Mapping

    from botocore.model import OperationModel, Shape

START = datetime(2026, 3, 14, 3, 0, tzinfo=UTC)
REGION, ACCOUNT = "sa-east-1", "111111111111"
OPERATION = "0f0e0d0c-1111-4222-8333-444455556666"


def arn(stack: str) -> str:
    """The ARN of a stack in these recordings."""
    return f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/{stack}/0c5e1f00-1234-11f0-9999-0a1b2c3d4e5f"


def after(minutes: float) -> datetime:
    """A moment, so many minutes after the operation began."""
    return START + timedelta(minutes=minutes)


@dataclass(frozen=True)
class Refused:
    """An error answer."""

    code: str
    message: str


DENIED = Refused("AccessDenied", "User: arn:aws:iam::111111111111:user/reader is not authorized to perform this")


@dataclass(frozen=True)
class History:
    """A failure as AWS recorded it.

    Attributes:
        name: of the test case.
        source: the public thread or document that it follows: its words and their order, not its names.
        events: of the stack, oldest first, a line each: `minutes | status | logical id | type | reason | physical id`;
            the logical id `@` is the stack itself. With `hook=…`, `token=…` and the like after it: other fields.
        path: of the resource that is the cause; `@` the stack itself; blank when no cause is known.
        status: of the cause.
        reason: a part of its reason, in AWS's words.
        says: parts of the hint; none when there is none.
        runs: parts of commands that it gives.
        shows: parts of lines of the evidence.
        hides: what must not be shown.
        also: paths of what failed besides.
        unseen: parts of what is named as not seen.
        nested: events of nested stacks, by name; their ARN is `arn(name)`.
        answers: of other calls: `service.Operation` → answer, error, or a function of the
            parameters, which may leave it to what is usual (None).
        template: that the stack runs.
        state: of the stack now.
    """

    name: str
    source: str
    events: str
    path: str
    status: str
    reason: str
    says: tuple[str, ...] = ()
    runs: tuple[str, ...] = ()
    shows: tuple[str, ...] = ()
    hides: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    unseen: tuple[str, ...] = ()
    nested: Mapping[str, str] = field(default_factory=dict)
    answers: Mapping[str, Any] = field(default_factory=dict)
    template: Mapping[str, Any] = field(default_factory=lambda: {"Resources": {}})
    state: str = "ROLLBACK_COMPLETE"
    stack: str = "lms-dev"
    planned: tuple[str, ...] = ()


_FIELDS = {
    "hook": "HookType",
    "verdict": "HookStatus",
    "mode": "HookFailureMode",
    "result": "HookInvocationId",
    "said": "HookStatusReason",
    "token": "ClientRequestToken",
    "properties": "ResourceProperties",
    "operation": "OperationId",
}


# A bar in AWS's own words is written ¦.
_COLUMNS = re.compile(r"\s\|(?=\s|$)")


def events(text: str, stack: str) -> list[dict[str, Any]]:
    """StackEvents out of their short form, newest first as DescribeStackEvents answers."""
    lines = [line.strip() for line in text.strip().splitlines() if line.strip()]
    return [_event(number, line, stack) for number, line in enumerate(lines)][::-1]


def _event(number: int, line: str, stack: str) -> dict[str, Any]:
    minutes, status, logical_id, kind, reason, physical_id, *more = [*map(str.strip, _COLUMNS.split(line)), "", "", ""]
    own = logical_id == "@"
    event: dict[str, Any] = {
        "EventId": f"{stack}-{number}",
        "StackId": arn(stack),
        "StackName": stack,
        "LogicalResourceId": stack if own else logical_id,
        "PhysicalResourceId": arn(stack) if own else physical_id,
        "ResourceType": kind or "AWS::CloudFormation::Stack",
        "Timestamp": after(float(minutes)) + timedelta(milliseconds=number),
        "ResourceStatus": status,
        "OperationId": OPERATION,
    }
    if reason:
        event["ResourceStatusReason"] = reason.replace("¦", "|")
    for each in filter(None, more):
        key, _, value = each.partition("=")
        event[_FIELDS[key]] = value
    return event


# What a stack says of itself in its events, but the model has only among the states of stacks.
_OWN = {"REVIEW_IN_PROGRESS", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS"}


class Replay:
    """AWS, as it is recorded: a call that nobody recorded is a fault of the code or of the recording."""

    def __init__(self) -> None:
        self._history: History | None = None
        self._given: dict[str, Any] = {}
        session = boto3.Session(
            aws_access_key_id="AKIAIOSFODNN7EXAMPLE",
            aws_secret_access_key="recorded",  # noqa: S106  # nothing is sent
            region_name=REGION,
        )
        session.events.register("before-parameter-build", self._remember)
        session.events.register("before-call", self._answer)  # type: ignore[arg-type]  # an answer ends the call
        self._account = Aws(session, ACCOUNT, f"arn:aws:iam::{ACCOUNT}:user/reader", REGION)

    def account(self, history: History) -> Aws:
        """The account in which this happened, until another history is played."""
        self._history = history
        return self._account

    def _remember(self, params: Mapping[str, Any], **_: object) -> None:
        self._given = dict(params)

    def _answer(self, model: OperationModel, **_: object) -> tuple[AWSResponse, dict[str, Any]]:
        call = f"{model.service_model.service_name}.{model.name}"
        found = self._recorded(call, self._given)
        if isinstance(found, Refused):
            error = {"Code": found.code, "Message": found.message}
            return _http(400), {"Error": error, "ResponseMetadata": {"HTTPStatusCode": 400}}
        assert model.output_shape is not None
        check(found, model.output_shape, call)
        return _http(200), {**found, "ResponseMetadata": {"HTTPStatusCode": 200}}

    def _recorded(self, call: str, given: Mapping[str, Any]) -> Any:
        assert self._history is not None
        found = self._history.answers.get(call)
        answer = found(given) if callable(found) else found
        if answer is None and call in _COMMON:
            return _COMMON[call](self._history, given)
        assert answer is not None, f"{call}({given}) is not recorded"
        return answer


def _http(status: int) -> AWSResponse:
    return AWSResponse("", status, HTTPHeaders(), None)


def _stack_events(history: History, given: Mapping[str, Any]) -> dict[str, Any]:
    asked = given["StackName"].split("/")[1]
    text = history.events if asked == history.stack else history.nested[asked]
    return {"StackEvents": events(text, asked)}


# What every explanation may ask for.
_COMMON: dict[str, Any] = {
    "cloudformation.DescribeStackEvents": _stack_events,
    "cloudformation.DescribeEvents": lambda *_: {"OperationEvents": []},
    "cloudformation.GetTemplate": lambda history, _: {"TemplateBody": json.dumps(history.template)},
}


def check(answer: Mapping[str, Any], shape: Shape, where: str) -> None:
    """Fail where an answer is not what botocore's model says: fields, types, values of enumerations."""
    report = ParamValidator().validate(answer, shape)
    assert not report.has_errors(), f"{where}: {report.generate_report()}"
    assert (problems := _not_listed(answer, shape, where)) == [], problems


def _not_listed(value: Any, shape: Any, where: str) -> list[str]:
    """Values that an enumeration does not have; ParamValidator does not look."""
    if shape.type_name == "structure":
        return [one for key, each in value.items() for one in _not_listed(each, shape.members[key], f"{where}.{key}")]
    if shape.type_name == "list":
        return [one for each in value for one in _not_listed(each, shape.member, where)]
    listed = [*shape.enum, *_OWN] if shape.name == "ResourceStatus" else getattr(shape, "enum", [])
    return [f"{where}: {value}"] if listed and value not in listed else []


def is_public(source: str) -> bool:
    """Whether a source is the address of a thread or a document that anybody can read."""
    return bool(
        re.fullmatch(r"https://(?:github\.com/[\w.-]+/[\w.-]+/(?:issues|pull)/\d+|[\w.-]+\.[a-z]+/\S+)", source)
    )
