"""The intrinsic functions that need nothing but their arguments: literals are computed, the rest becomes symbols.

A function of symbols that cannot be computed becomes an `expression` symbol: the same function of the same arguments
is the same thing. Malformed arguments become Unknown with a reason. None of these is handed an Unknown as an argument
of its own, only inside a list or an object.
"""

from __future__ import annotations

import base64
import ipaddress
import json
from typing import TYPE_CHECKING, Final

from stackproof.proofs.values import Dynamic, Sym, Text, Unknown, Value, join, number, show

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def expression(function: str, arguments: list[Value], *, many: bool = False) -> Sym:
    """A function of symbols that AWS will compute; equal arguments make it equal."""
    return Sym(function, ", ".join(map(show, arguments)), kind="expression", many=many, inside=tuple(arguments))


def member(options: Sym, index: int) -> Sym:
    """One item of a list that only AWS knows; a zone is told from the others by its position."""
    if options.kind == "zone":
        return Sym(options.owner, str(index), kind="zone", plain=True)
    return Sym(options.owner, f"{options.attribute}[{index}]", kind=options.kind, inside=options.inside)


def join_list(delimiter: Value, items: Value) -> Value:
    """Fn::Join."""
    if isinstance(items, Sym) and items.many and isinstance(delimiter, str):
        return expression("Fn::Join", [delimiter, items])
    if not isinstance(delimiter, str) or not isinstance(items, list):
        return Unknown("Fn::Join takes a delimiter and a list")
    parts: list[Value] = []
    for index, part in enumerate(items):
        parts += [delimiter, part] if index else [part]
    return join(*parts)


def select(index: Value, options: Value) -> Value:
    """Fn::Select."""
    position = number(index)
    if isinstance(options, Sym) and options.many and position is not None:
        return member(options, int(position))
    if isinstance(index, Sym | Text) and isinstance(options, list | Sym):
        return expression("Fn::Select", [index, options])
    if not isinstance(options, list) or position is None:
        return Unknown("Fn::Select takes an index and a list")
    if not 0 <= position < len(options):
        return Unknown(f"Fn::Select asks for item {show(index)} of a list of {len(options)}")
    return options[int(position)]


def split(delimiter: Value, text: Value) -> Value:
    """Fn::Split; text with symbols is split where these cannot hold the delimiter."""
    if isinstance(delimiter, str) and delimiter:
        if isinstance(text, str):
            return list[Value](text.split(delimiter))
        if isinstance(text, Sym | Dynamic | Text):
            parts = text.parts if isinstance(text, Text) else (text,)
            plain = all(isinstance(part, str) or (isinstance(part, Sym) and part.plain) for part in parts)
            if delimiter in {"/", ":"} and plain:
                return _split_parts(delimiter, parts)
            return expression("Fn::Split", [delimiter, text], many=True)
    return Unknown("Fn::Split takes a delimiter and text")


def _split_parts(delimiter: str, parts: tuple[str | Sym | Dynamic, ...]) -> list[Value]:
    pieces: list[list[Value]] = [[]]
    for part in parts:
        if isinstance(part, str):
            first, *rest = part.split(delimiter)
            pieces[-1].append(first)
            pieces += [[piece] for piece in rest]
        else:
            pieces[-1].append(part)
    return [join(*piece) for piece in pieces]


def cidr(block: Value, count: Value, bits: Value = 8) -> Value:
    """Fn::Cidr: the first `count` parts of a block, each with `bits` host bits."""
    wanted, size = number(count), number(bits)
    if wanted is None or size is None or not 1 <= wanted <= 256:
        return Unknown("Fn::Cidr takes a block, a count from 1 to 256, and the bits of each part")
    if isinstance(block, Sym | Text):
        whole = expression("Fn::Cidr", [block, count, bits], many=True)
        return [member(whole, index) for index in range(int(wanted))]
    try:
        network = ipaddress.ip_network(show(block), strict=False)
        parts = network.subnets(new_prefix=network.max_prefixlen - int(size))
        return [str(part) for part, _ in zip(parts, range(int(wanted)), strict=False)]
    except ValueError as error:
        return Unknown(f"Fn::Cidr cannot divide {show(block)}: {error}")


def encode(text: Value) -> Value:
    """Fn::Base64."""
    if isinstance(text, str):
        return base64.b64encode(text.encode("utf-8", "replace")).decode()
    if isinstance(text, Sym | Text | Dynamic):
        return expression("Fn::Base64", [text])
    return Unknown("Fn::Base64 takes text")


def imported(name: Value) -> Value:
    """Fn::ImportValue: the same name is the same value."""
    if isinstance(name, str):
        return Sym(name, kind="import")
    if isinstance(name, Sym | Text):
        return Sym(show(name), kind="import", inside=(name,))
    return Unknown("Fn::ImportValue takes the name of an export")


def stack_output(place: Value) -> Value:
    """Fn::GetStackOutput: the same place is the same value."""
    return expression("Fn::GetStackOutput", [place])


def length(items: Value) -> Value:
    """Fn::Length."""
    if isinstance(items, list):
        return len(items)
    if isinstance(items, Sym) and items.many:
        return expression("Fn::Length", [items])
    return Unknown("Fn::Length takes a list")


def json_text(value: Value) -> Value:
    """Fn::ToJsonString, with symbols inside the quotes."""
    return join(*_json_parts(value))


def _json_parts(value: Value) -> list[Value]:
    parts: list[Value] = []
    if isinstance(value, dict):
        for key, inner in value.items():
            parts += ["," if parts else "", json.dumps(key), ":", *_json_parts(inner)]
        return ["{", *parts, "}"]
    if isinstance(value, list):
        for inner in value:
            parts += ["," if parts else "", *_json_parts(inner)]
        return ["[", *parts, "]"]
    if isinstance(value, Text | Sym | Dynamic):
        inside = value.parts if isinstance(value, Text) else (value,)
        return ['"', *(json.dumps(part)[1:-1] if isinstance(part, str) else part for part in inside), '"']
    return [value if isinstance(value, Unknown) else json.dumps(value)]


OF_LIST: Final[Mapping[str, tuple[Callable[..., Value], int, int]]] = {
    "Fn::Join": (join_list, 2, 2),
    "Fn::Select": (select, 2, 2),
    "Fn::Split": (split, 2, 2),
    "Fn::Cidr": (cidr, 2, 3),
}
"""Functions that take a list of arguments, with the fewest and the most that they take."""

OF_ONE: Final[Mapping[str, Callable[[Value], Value]]] = {
    "Fn::Base64": encode,
    "Fn::ImportValue": imported,
    "Fn::Length": length,
    "Fn::ToJsonString": json_text,
    "Fn::GetStackOutput": stack_output,
}
"""Functions of one argument."""
