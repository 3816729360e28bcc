"""Policy documents as they stand in properties: an object, or JSON text that may hold references."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from stackproof.proofs import arns
from stackproof.proofs.iam.conditions import Condition
from stackproof.proofs.iam.evaluation import Document, Principal, Statement
from stackproof.proofs.values import Dynamic, Sym, Text, Unknown, Value, is_one_of, items, join, show

if TYPE_CHECKING:
    from stackproof.proofs.resolve.stack import Resource, Stack

_MARK: Final = "\ue000"
"""Stands around the number of a reference while JSON text is parsed; no template holds it."""


def read_document(stack: Stack, owner: Resource, path: str, value: Value) -> Document:
    """Read one policy of a resource.

    Args:
        stack: the stack, to spell out ARNs.
        owner: the resource whose property it is.
        path: that property, `Properties.PolicyDocument`.
        value: what stands there.
    """
    value = _parsed(value)
    if not isinstance(value, dict):
        reason = value if isinstance(value, Unknown) else Unknown(f"{path} of {owner.logical_id} is no policy")
        return Document(owner.logical_id, path, (), reason)
    found = items(value.get("Statement"))
    if isinstance(found, Unknown):
        return Document(owner.logical_id, path, (), found)
    listed = isinstance(value.get("Statement"), list)
    statements: list[Statement] = []
    unread: Unknown | None = None
    for index, body in enumerate(found):
        where = f"{path}.Statement.{index}" if listed else f"{path}.Statement"
        statement = read_statement(stack, owner, where, body)
        if isinstance(statement, Unknown):
            unread = unread or statement
        else:
            statements.append(statement)
    return Document(owner.logical_id, path, tuple(statements), unread)


def read_statement(stack: Stack, owner: Resource, path: str, body: Value) -> Statement | Unknown:
    """Read one statement; Unknown when it is none, or what it does is not known."""
    if not isinstance(body, dict):
        return body if isinstance(body, Unknown) else Unknown(f"{path} of {owner.logical_id} is no statement")
    effect = body.get("Effect")
    if not is_one_of(effect, "Allow", "Deny"):
        return Unknown(f"{path}.Effect of {owner.logical_id} is {show(effect)}")
    resources, principals = (_either(body, name) for name in ("Resource", "Principal"))
    return Statement(
        owner=owner.logical_id,
        path=path,
        allows=effect == "Allow",
        actions=_texts(stack, _either(body, "Action")),
        resources=None if resources is None else _texts(stack, resources),
        principals=None if principals is None else _principals(stack, principals),
        conditions=_conditions(stack, body.get("Condition"), f"{path}.Condition"),
        not_actions="NotAction" in body,
        not_resources="NotResource" in body,
        not_principals="NotPrincipal" in body,
        certain=owner.certain,
    )


def _either(body: dict[str, Value], name: str) -> Value:
    """`Action` or `NotAction`, whichever is there."""
    return body.get(name, body.get(f"Not{name}"))


def _texts(stack: Stack, value: Value) -> tuple[Value, ...]:
    """Members of a list as text with references spelled out; a list that is not known is one Unknown."""
    found = items(value)
    return (found,) if isinstance(found, Unknown) else tuple(_text(stack, member) for member in found)


def _text(stack: Stack, value: Value) -> Value:
    spelled = value if isinstance(value, str) else arns.expand(stack, value)
    if "${" in _literal(spelled):
        return Unknown(f"{show(value)} holds a policy variable")
    return spelled


def _literal(value: Value) -> str:
    """The literal text in a value."""
    parts = value.parts if isinstance(value, Text) else (value,)
    return "".join(part for part in parts if isinstance(part, str))


def _principals(stack: Stack, value: Value) -> tuple[Principal, ...]:
    if value == "*":
        return (Principal("*", "*"),)
    if not isinstance(value, dict):
        return (Principal("AWS", value if isinstance(value, Unknown) else Unknown("the principal is no object")),)
    return tuple(Principal(kind, name) for kind, names in value.items() for name in _texts(stack, names))


def _conditions(stack: Stack, value: Value, path: str) -> tuple[Condition, ...]:
    """The lines of a Condition block; one that can never be decided for what is not known."""
    if value is None:
        return ()
    if not isinstance(value, dict):
        return (Condition("?", "?", (), path),)
    found: list[Condition] = []
    for operator, lines in value.items():
        if not isinstance(lines, dict):
            found.append(Condition("?", "?", (), f"{path}.{operator}"))
            continue
        for key, wanted in lines.items():
            found.append(Condition(operator, key, _texts(stack, wanted), f"{path}.{operator}.{key}"))
    return tuple(found)


def _parsed(value: Value) -> Value:
    """JSON text as the object that it spells; anything else as it is."""
    if isinstance(value, str):
        parts: tuple[str | Sym | Dynamic, ...] = (value,)
    elif isinstance(value, Text):
        parts = value.parts
    else:
        return value
    pieces = [part if isinstance(part, str) else f"{_MARK}{index}{_MARK}" for index, part in enumerate(parts)]
    try:
        found = json.loads("".join(pieces))
    except ValueError:
        return Unknown("the policy is text that is no JSON")
    return _restored(found, parts)


def _restored(value: object, parts: tuple[str | Sym | Dynamic, ...]) -> Value:
    """Parsed JSON with the references back in their places."""
    if isinstance(value, dict):
        return {key: _restored(inner, parts) for key, inner in value.items()}
    if isinstance(value, list):
        return [_restored(inner, parts) for inner in value]
    if isinstance(value, str) and _MARK in value:
        pieces = value.split(_MARK)
        return join(*(piece if index % 2 == 0 else parts[int(piece)] for index, piece in enumerate(pieces)))
    return value if isinstance(value, str | int | float) else None
