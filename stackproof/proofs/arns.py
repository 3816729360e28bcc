"""Names and ARNs of this template's resources, spelled out by the table of `shapes`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stackproof.proofs.shapes import ARN, FULL_NAME, ID, NAME, SHAPES, STARRED, meaning
from stackproof.proofs.values import Scalar, Sym, Text, Unknown, Value, join, show

if TYPE_CHECKING:
    from collections.abc import Callable

    from stackproof.proofs.resolve.stack import Resource, Stack


def name(resource: Resource) -> Scalar:
    """The name or id of a resource: what its property says, else a symbol for what AWS makes."""
    shape = SHAPES.get(resource.type)
    given = resource.properties.get(shape.name) if shape is not None and shape.name else None
    if given is None or isinstance(given, list | dict):
        attribute = shape.names[0] if shape is not None and shape.names else "name"
        return Sym(resource.logical_id, attribute, plain=True)
    return given


def _spelled(stack: Stack, resource: Resource, within: tuple[str, ...] = ()) -> Scalar:
    """The name with the names that it is made of spelled out; `within` ends a circle of names."""
    given = name(resource)
    parts: list[Value] = []
    for part in given.parts if isinstance(given, Text) else (given,):
        target = stack.target(part)
        named = target is not None and isinstance(part, Sym) and meaning(target.type, part.attribute) in {ID, NAME}
        if target is not None and named and target.logical_id not in (*within, resource.logical_id):
            parts.append(_spelled(stack, target, (*within, resource.logical_id)))
        else:
            parts.append(part)
    return join(*parts)


def arn(stack: Stack, resource: Resource) -> Scalar:
    """A resource's ARN as text, without a log group's `:*`; Unknown for a type that the table does not hold."""
    if resource.logical_id not in stack.arns:
        shape = SHAPES.get(resource.type)
        stack.arns[resource.logical_id] = (
            Unknown(f"the shape of an ARN of {resource.type} is not in the table")
            if shape is None
            else join("arn:", stack.partition, ":", _fill(stack, resource, shape.arn))
        )
    return stack.arns[resource.logical_id]


def _fill(stack: Stack, resource: Resource, pattern: str) -> Scalar:
    """A pattern of the table with this resource's values."""
    first, *rest = pattern.split("{")
    parts: list[Value] = [first]
    for piece in rest:
        key, _, text = piece.partition("}")
        parts += [*PARTS[key](stack, resource), text]
    return join(*parts)


def _named(stack: Stack, value: Value) -> Value:
    """The name of what a property refers to, by name or by ARN."""
    target = stack.target(value)
    if target is not None:
        return _spelled(stack, target)
    return value.rpartition("/")[2] if isinstance(value, str) else value


def _balancer(stack: Stack, listener: Resource) -> list[Value]:
    """Kind, name and unique part of a listener's balancer."""
    balancer = stack.target(listener.properties.get("LoadBalancerArn"))
    if balancer is None:
        return [Unknown(f"the balancer of {listener.logical_id} is not in the template")]
    return [*_kind(balancer), "/", _spelled(stack, balancer), "/", *_unique(balancer)]


def _kind(balancer: Resource) -> list[Value]:
    return [{"network": "net", "gateway": "gwy"}.get(str(balancer.properties.get("Type")), "app")]


def _unique(resource: Resource) -> list[Value]:
    return [Sym(resource.logical_id, "unique part", plain=True)]


def _random(resource: Resource) -> list[Value]:
    """The six characters that end a secret's ARN; each matches a `?`."""
    owner = resource.logical_id
    return [Sym(owner, f"random character {index}", kind="character", plain=True) for index in range(6)]


def _rooted(stack: Stack, resource: Resource) -> list[Value]:
    """A parameter's name with the slash that its ARN has in any case."""
    found = _spelled(stack, resource)
    return [found] if show(found).startswith("/") else ["/", found]


PARTS: Final[dict[str, Callable[[Stack, Resource], list[Value]]]] = {
    "r": lambda stack, _: [stack.region],
    "a": lambda stack, _: [stack.account],
    "n": lambda stack, resource: [_spelled(stack, resource)],
    "/n": _rooted,
    "u": lambda _, resource: _unique(resource),
    "random": lambda _, resource: _random(resource),
    "path": lambda _, resource: [resource.properties.get("Path", "/")],
    "kind": lambda _, resource: _kind(resource),
    "scope": lambda _, resource: ["global" if resource.properties.get("Scope") == "CLOUDFRONT" else "regional"],
    "balancer": _balancer,
    "Cluster": lambda stack, resource: [_named(stack, resource.properties.get("Cluster", "default"))],
    "GroupName": lambda stack, resource: [_named(stack, resource.properties.get("GroupName", "default"))],
}
"""What each `{key}` of the table stands for."""


def expand(stack: Stack, value: Value) -> Scalar:
    """A scalar with each symbol of a resource spelled out as far as the template tells: its ARN, its name.

    Two spellings of one ARN (GetAtt, Sub) are equal only after this. A list or an object gives Unknown.
    """
    if isinstance(value, Sym):
        return _expand(stack, value)
    if isinstance(value, Text):
        return join(*(_expand(stack, part) if isinstance(part, Sym) else part for part in value.parts))
    return Unknown("a list or an object stands where text is needed") if isinstance(value, list | dict) else value


def _expand(stack: Stack, symbol: Sym) -> Scalar:
    """One symbol spelled out; itself when nothing more is known."""
    resource = stack.resources.get(symbol.owner) if symbol.kind == "resource" else None
    shape = SHAPES.get(resource.type) if resource is not None else None
    if resource is None or shape is None:
        return symbol
    kind = meaning(resource.type, symbol.attribute)
    if kind in {ARN, STARRED}:
        spelled = join(arn(stack, resource), ":*" if kind == STARRED else "")
        return symbol if isinstance(spelled, Unknown) else spelled
    if kind == FULL_NAME:
        tail = shape.arn.rpartition(":")[2].removeprefix(shape.prefix)
        return _fill(stack, resource, tail)
    return _spelled(stack, resource) if kind in {ID, NAME} else symbol
