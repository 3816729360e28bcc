"""Stack policies: which updates of which resources CloudFormation is to refuse."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from functools import partial
from typing import TYPE_CHECKING, Any

from stackproof.cli import nearest
from stackproof.documents import quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

Problem = tuple[tuple[str | int, ...], str]

# CloudFormation User Guide, "Prevent updates to stack resources"; the size from the model of SetStackPolicy.
_MAX_CHARACTERS = 16_384
_ACTIONS = ("Update:Modify", "Update:Replace", "Update:Delete", "Update:*")
_ACTIONS_WANTED = ", ".join(_ACTIONS)
_STATEMENT_KEYS = ("Sid", "Effect", "Action", "NotAction", "Principal", "Resource", "NotResource", "Condition")
_OPERATORS = ("StringEquals", "StringLike")
_PREFIX = "LogicalResourceId/"


def check_stack_policy(policy: Mapping[str, Any], resources: Collection[str] | None) -> Iterator[Problem]:
    """What is wrong with a stack policy.

    Args:
        policy: the document.
        resources: the template's logical ids; None when they are not known.

    Yields:
        Path inside the document and a sentence, in the document's order.
    """
    problems = [*_structure_problems(policy, resources)]
    yield from problems
    size = 0 if problems else len(json.dumps(policy, separators=(",", ":")))
    if size > _MAX_CHARACTERS:
        yield (), f"has {size:,} characters; CloudFormation takes at most {_MAX_CHARACTERS:,}"


def _structure_problems(policy: Mapping[str, Any], resources: Collection[str] | None) -> Iterator[Problem]:
    for key, value in policy.items():
        if key not in {"Statement", "Version", "Id"}:
            yield (key,), "is no part of a stack policy; write Statement"
        elif key != "Statement" and not isinstance(value, str):
            yield (key,), "is a text; leave it out"
    statements = policy.get("Statement")
    if not isinstance(statements, list) or not statements:
        yield ("Statement",), "a stack policy has a list of statements here"
        return
    for index, statement in enumerate(statements):
        for keys, message in _statement_problems(statement, resources):
            yield ("Statement", index, *keys), message


def _statement_problems(statement: object, resources: Collection[str] | None) -> Iterator[Problem]:
    if not isinstance(statement, dict):
        yield (), "is no statement; write {Effect, Action, Principal, Resource}"
        return
    for key in statement:
        if key not in _STATEMENT_KEYS:
            listed = ", ".join(_STATEMENT_KEYS)
            yield (key,), f"is no part of a statement; there are {listed}{nearest(key, _STATEMENT_KEYS)}"
    if not isinstance(statement.get("Sid", ""), str):
        yield ("Sid",), "is a text; leave it out"
    if statement.get("Effect") not in ("Allow", "Deny"):
        yield ("Effect",), "is Allow or Deny"
    if statement.get("Principal") != "*":
        yield ("Principal",), 'a stack policy is for everybody: write "*"'
    yield from _choice_problems(statement, "Action", "NotAction", _ACTIONS_WANTED, _action_problem)
    check = partial(_resource_problem, resources=resources)
    yield from _choice_problems(statement, "Resource", "NotResource", f'"*" or "{_PREFIX}<id>"', check)
    if "Condition" in statement:
        yield from _condition_problems(statement["Condition"])


def _choice_problems(
    statement: Mapping[str, Any], key: str, negated: str, wanted: str, check: Callable[[str], str]
) -> Iterator[Problem]:
    """Exactly one of two keys, and each text in it as it should be."""
    used = [one for one in (key, negated) if one in statement]
    texts = _texts(statement[used[0]]) if len(used) == 1 else []
    if not texts:
        yield (
            (used[0] if used else key,),
            f"a statement has exactly one of {key} and {negated}, a text or a list of texts: {wanted}",
        )
    for text in texts:
        if problem := check(text):
            yield (used[0],), problem


def _texts(value: object) -> list[str]:
    """A text or a list of texts as a list; empty when it is neither."""
    texts: list[Any] = value if isinstance(value, list) else [value]
    return texts if all(isinstance(text, str) for text in texts) else []


def _action_problem(text: str) -> str:
    if text in _ACTIONS:
        return ""
    return f"{quoted(text)} is no action of a stack policy; there are {_ACTIONS_WANTED}{nearest(text, _ACTIONS)}"


def _resource_problem(text: str, *, resources: Collection[str] | None) -> str:
    name = text.removeprefix(_PREFIX)
    if text == "*" or (name != text and (resources is None or any(fnmatchcase(known, name) for known in resources))):
        return ""
    if name == text:
        return f'{quoted(text)} is no resource of a stack policy; write "{_PREFIX}<id>" or "*"'
    what = "matches no resource" if "*" in name or "?" in name else "is no resource"
    return f"{quoted(name)} {what} of the template{nearest(name, resources or ())}"


def _condition_problems(condition: object) -> Iterator[Problem]:
    wanted = 'write {"StringEquals": {"ResourceType": ["AWS::…"]}} or StringLike'
    if not isinstance(condition, dict) or not condition:
        yield ("Condition",), f"is no condition; {wanted}"
        return
    for operator, test in condition.items():
        if operator not in _OPERATORS:
            yield ("Condition", operator), f"is no operator of a stack policy; {wanted}"
        elif not isinstance(test, dict) or list(test) != ["ResourceType"] or not _texts(test["ResourceType"]):
            yield ("Condition", operator), f"tests ResourceType and nothing else; {wanted}"
