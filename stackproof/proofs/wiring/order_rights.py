"""Orders between a permission and who is asked for it: services that try at once what they are allowed to do.

S3 and CloudWatch Logs call what they are to tell, Secrets Manager asks whether it may call the function, Lambda whether
it may read its source, and RDS whether a role may write what enhanced monitoring measures: each refuses what comes too
early.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from stackproof.proofs.model.iam import named, role_of
from stackproof.proofs.model.placement import each
from stackproof.proofs.values import at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stackproof.proofs.model.system import System
    from stackproof.proofs.resolve.stack import Resource, Stack
    from stackproof.proofs.values import Value

_READS: Final = {"AWS::DynamoDB::Table": "dynamodb:", "AWS::Kinesis::Stream": "kinesis:", "AWS::SQS::Queue": "sqs:"}
"""What a function's role is asked for, by what it is connected to."""
_ASKED: Final = {"logs": "CloudWatch Logs", "s3": "S3", "secretsmanager": "Secrets Manager"}
_TOLD: Final = (("Lambda", "Function"), ("Queue", "Queue"), ("Topic", "Topic"))
"""A bucket's notifications: `LambdaConfigurations` with `Function`, and so on."""


@dataclass(frozen=True)
class Need:
    """Who has to wait for what.

    Attributes:
        rule: the rule id.
        waiter: logical id of what must come later.
        first: logical ids of what must come earlier.
        effect: what happens in AWS when it comes too early.
        one: whether one of them suffices.
        sure: whether AWS refuses it for certain when it comes too early; a NAT gateway often survives it.
    """

    rule: str
    waiter: str
    first: tuple[str, ...]
    effect: str
    one: bool = False
    sure: bool = True


def allowed_first(system: System, policies: dict[str, list[str]]) -> Iterator[Need]:
    """Everything that has to wait for a permission; `policies` by the role that they belong to."""
    stack = system.stack
    yield from _sources(stack, policies)
    yield from _measured(stack, policies)
    allowing = _allowing(stack)
    for waiter, service, value in _calls(stack):
        target = stack.target(value)
        if target is not None and (first := allowing.get(target.logical_id)):
            effect = f"{_ASKED[service]} refuses it, since it may not reach {target.logical_id} yet"
            yield Need("wire-order-permission", waiter.logical_id, tuple(first), effect, one=True)


def policies_of_roles(stack: Stack) -> dict[str, list[str]]:
    """Policies that name their roles, by the role's logical id."""
    found: dict[str, list[str]] = {}
    for policy in stack.of_type("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", "AWS::IAM::RolePolicy"):
        roles = [*each(policy.properties.get("Roles")), policy.properties.get("RoleName")]
        for role in filter(None, (role_of(stack, value) for value in roles)):
            if policy.certain:
                found.setdefault(role, []).append(policy.logical_id)
    return found


def _calls(stack: Stack) -> Iterator[tuple[Resource, str, Value]]:
    """Who is made with something that a service tries at once: the resource, the service, what it tries to reach."""
    for schedule in stack.of_type("AWS::SecretsManager::RotationSchedule"):
        yield schedule, "secretsmanager", schedule.properties.get("RotationLambdaARN")
    for subscription in stack.of_type("AWS::Logs::SubscriptionFilter"):
        yield subscription, "logs", subscription.properties.get("DestinationArn")
    for bucket in stack.of_type("AWS::S3::Bucket"):
        for kind, key in _TOLD:
            for entry in each(at(bucket.properties, "NotificationConfiguration", f"{kind}Configurations")):
                yield bucket, "s3", at(entry, key)


def _allowing(stack: Stack) -> dict[str, list[str]]:
    """What lets services reach a function, a queue or a topic, by its logical id."""
    found: dict[str, list[str]] = {}
    for kind, key in (
        ("Lambda::Permission", "FunctionName"),
        ("SQS::QueuePolicy", "Queues"),
        ("SNS::TopicPolicy", "Topics"),
    ):
        for policy in stack.of_type(f"AWS::{kind}"):
            for target in filter(None, map(stack.target, each(policy.properties.get(key)))):
                if policy.certain:
                    found.setdefault(target.logical_id, []).append(policy.logical_id)
    return found


def _measured(stack: Stack, policies: dict[str, list[str]]) -> Iterator[Need]:
    """RDS looks at the role of enhanced monitoring when it makes a database."""
    for database in stack.of_type("AWS::RDS::DBCluster", "AWS::RDS::DBInstance"):
        role = role_of(stack, database.properties.get("MonitoringRoleArn"))
        if role is not None and (first := policies.get(role)):
            effect = f"RDS may refuse it, since {role} is not allowed to write what is measured yet"
            yield Need("wire-order-policy", database.logical_id, tuple(first), effect, sure=False)


def _sources(stack: Stack, policies: dict[str, list[str]]) -> Iterator[Need]:
    """Lambda asks whether a function's role may read, when a queue or stream is connected to it."""
    for mapping in stack.of_type("AWS::Lambda::EventSourceMapping"):
        function = named(stack, mapping.properties.get("FunctionName"), "AWS::Lambda::Function")
        source = stack.target(mapping.properties.get("EventSourceArn"))
        role = role_of(stack, function.properties.get("Role")) if function is not None else None
        reads = _READS.get(source.type, "") if source is not None else ""
        first = [name for name in policies.get(role or "", []) if reads and _mentions(stack.resources[name], reads)]
        if first:
            effect = f"Lambda refuses it, since {role} may not read from it yet"
            yield Need("wire-order-policy", mapping.logical_id, tuple(first), effect)


def _mentions(policy: Resource, prefix: str) -> bool:
    """Does a policy allow an action of a service?"""
    return any(
        isinstance(action, str) and action.lower().startswith(prefix)
        for statement in each(at(policy.properties, "PolicyDocument", "Statement"))
        for action in each(at(statement, "Action"))
    )
