"""Secrets that reach a container by reference: a secret or a parameter, with what stands behind its ARN."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from stackproof.proofs import arns
from stackproof.proofs.equality import equal
from stackproof.proofs.patterns import matches
from stackproof.proofs.values import Dynamic, Scalar, Sym, Text, Unknown, Value, join, show

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stackproof.proofs.resolve.stack import Resource, Stack

SecretKind: TypeAlias = Literal["secret", "parameter", "unknown"]

_ARN_FIELDS = 7
"""arn, partition, secretsmanager, region, account, `secret`, name."""


@dataclass(frozen=True)
class SecretReference:
    """A `valueFrom`.

    Attributes:
        name: the variable in the container; empty where it has none.
        value: as the template has it.
        path: where it stands.
        kind: `secret` (Secrets Manager), `parameter` (Parameter Store), or `unknown` (known to AWS only).
        base: the ARN (or a parameter's name) without JSON key, stage and version.
        suffix: what stands behind it, one entry per `:`; empty without any.
        resource: logical id of the secret, parameter or database (a managed secret) of this template that it names.
    """

    name: str
    value: Value
    path: str
    kind: SecretKind
    base: Scalar
    suffix: tuple[str, ...] = ()
    resource: str | None = None


def read_secret(stack: Stack, name: str, value: Value, path: str) -> SecretReference:
    """Take a `valueFrom` apart."""
    if isinstance(value, list | dict | Unknown | Dynamic) or value is None:
        reason = value if isinstance(value, Unknown) else Unknown("no ARN and no name stands there")
        return SecretReference(name, value, path, "unknown", reason)
    parts = value.parts if isinstance(value, Text) else (value,)
    first = parts[0]
    target = stack.target(first) if isinstance(first, Sym) else None
    if isinstance(first, Sym) and (target is not None or not first.plain) and "character" not in first.kind:
        tail = join(*parts[1:]) if len(parts) > 1 else ""
        kind: SecretKind = "unknown"
        if target is not None:
            kind = "parameter" if target.type == "AWS::SSM::Parameter" else "secret"
        elif str(tail).startswith(":"):
            kind = "secret"
        suffix = tuple(str(tail).split(":")[1:]) if str(tail).startswith(":") else ()
        base: Scalar = first if suffix or tail == "" else value
        return SecretReference(name, value, path, kind, base, suffix, target.logical_id if target else None)
    text = "".join(map(str, parts))
    if not text.startswith("arn:") or ":ssm:" in text:
        return SecretReference(name, value, path, "parameter", value, (), _named(stack, value))
    base, suffix = _cut(parts)
    return SecretReference(name, value, path, "secret", base, suffix, _owner(stack, base))


def _cut(parts: tuple[Value, ...]) -> tuple[Scalar, tuple[str, ...]]:
    """An ARN that is written out, and what stands behind its seventh field."""
    fields: list[list[Value]] = [[]]
    for part in parts:
        if not isinstance(part, str):
            fields[-1].append(part)
            continue
        head, *rest = part.split(":")
        fields[-1].append(head)
        fields += [[piece] for piece in rest]
    kept: list[Value] = []
    for index, field in enumerate(fields[:_ARN_FIELDS]):
        kept += [":", *field] if index else field
    return join(*kept), tuple("".join(map(str, field)) for field in fields[_ARN_FIELDS:])


def _owner(stack: Stack, base: Scalar) -> str | None:
    """The secret of this template that a written ARN names: by its id inside, or by its fixed name."""
    for found in _candidates(stack, "AWS::SecretsManager::Secret", base):
        # The six characters at the end are drawn by lot, and no other secret has the name before them.
        named = isinstance(base, str) and isinstance(found.properties.get("Name"), str)
        answer = matches(base, arns.arn(stack, found))
        if answer or (answer is None and named):
            return found.logical_id
    return None


def _named(stack: Stack, value: Value) -> str | None:
    """The parameter of this template that a name or an ARN names."""
    for found in _candidates(stack, "AWS::SSM::Parameter", value):
        if equal(arns.name(found), value) is True or equal(arns.arn(stack, found), value) is True:
            return found.logical_id
    return None


def _candidates(stack: Stack, kind: str, value: Value) -> Iterator[Resource]:
    """The resources of a type whose name may stand in a text."""
    text = show(value)
    for found in stack.of_type(kind):
        name = found.properties.get("Name")
        if not isinstance(name, str) or name in text:
            yield found
