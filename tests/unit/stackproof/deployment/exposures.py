"""Short ways to write two templates and what going from one to the other opens and closes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stackproof.deployment.access import Access, Sides
from stackproof.deployment.exposure import compare
from stackproof.proofs.resolve.stack import resolve

if TYPE_CHECKING:
    from collections.abc import Collection

PLACE = {"region": "sa-east-1", "account": "111111111111", "stack_name": "lms-dev"}
ROOT = "arn:aws:iam::111111111111:root"
READ = "s3:GetObject"
A, A_LOGS, B, ALL = "arn:aws:s3:::a/*", "arn:aws:s3:::a/logs/*", "arn:aws:s3:::b/*", "*"

Resources = dict[str, Any]


def compared(
    before: Resources,
    after: Resources,
    *,
    parameters: Resources | None = None,
    given: tuple[dict[str, str], dict[str, str]] = ({}, {}),
    conditions: Resources | None = None,
    opaque: Collection[str] = (),
    touched: Collection[str] | None = None,
) -> tuple[Access, ...]:
    """What differs between two sets of resources."""
    old, new = (
        resolve({"Parameters": parameters or {}, "Conditions": conditions or {}, "Resources": side}, values, **PLACE)
        for side, values in zip((before, after), given, strict=True)
    )
    return compare(Sides(old, new, frozenset(opaque), touched))


def told(*arguments: Any, **more: Any) -> list[tuple[str, str]]:
    """Effect and sentence of each."""
    return [(each.effect, each.what) for each in compared(*arguments, **more)]


def resource(kind: str, **properties: Any) -> Resources:
    return {"Type": f"AWS::{kind}", "Properties": properties}


def statement(action: Any, on: Any = None, *, effect: str = "Allow", **more: Any) -> Resources:
    """A statement; keys of `more` as they stand in a policy."""
    resources = {} if on is None else {"Resource": on}
    return {"Effect": effect, **({} if action is None else {"Action": action}), **resources, **more}


def document(*statements: Resources) -> Resources:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def role(*statements: Resources, trust: Resources | None = None, **properties: Any) -> Resources:
    """A role with one inline policy."""
    tasks = {"Service": "ecs-tasks.amazonaws.com"}
    trust = trust or statement("sts:AssumeRole", Principal=tasks)
    policies = [{"PolicyName": "own", "PolicyDocument": document(*statements)}] if statements else []
    return resource("IAM::Role", AssumeRolePolicyDocument=document(trust), Policies=policies, **properties)


def of_role(before: list[Resources], after: list[Resources], **more: Any) -> list[tuple[str, str]]:
    """Effect and sentence of each, for one role with these statements before and after."""
    return told({"Role": role(*before)}, {"Role": role(*after)}, **more)
