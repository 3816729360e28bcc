"""What a property can hold once a template is resolved.

A value is a literal (`str`, `int`, `float`, `bool`, `None`), a list or an object of values, or one of

* `Sym`: one thing that only AWS will know (the id of a subnet, an imported value, a parameter without a value); two
  equal symbols are the same thing in the same stack;
* `Dynamic`: a `{{resolve:…}}` reference, read by AWS when the stack is deployed;
* `Text`: pieces of literal text, symbols and dynamic references, joined;
* `Unknown`: what this package does not model, with the reason; equal to nothing, not even to itself.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Kind: TypeAlias = Literal[
    "resource", "parameter", "pseudo", "ssm", "import", "zone", "expression", "secret", "character"
]
"""Where a symbol comes from: `resource` (Ref or GetAtt), `parameter` (no value given), `pseudo` (region or account not
given), `ssm` (a parameter read from Parameter Store), `import` (another stack's export), `zone` (an availability zone
by position), `expression` (a function of symbols), `secret` (a NoEcho parameter's value), `character` (one that AWS
draws by lot)."""


@dataclass(frozen=True, slots=True)
class Sym:
    """One thing that only AWS will know.

    Attributes:
        owner: logical id, parameter, pseudo parameter, Parameter Store name, export name or function.
        attribute: `Ref`, or the attribute's name as GetAtt takes it (`Endpoint.Port`); a zone's position; an
            expression's arguments.
        kind: where it comes from.
        many: a list of unknown length (`Ref` of a list parameter, `Fn::GetAZs`).
        plain: never empty and free of `/` and `:` (an id or a generated name), so that it fills one segment of an ARN.
        digest: tells two values of the same secret apart; never shown.
        inside: what an expression was made of.
    """

    owner: str
    attribute: str = "Ref"
    kind: Kind = "resource"
    many: bool = False
    plain: bool = field(default=False, compare=False)
    digest: str = field(default="", repr=False)
    inside: tuple[Value, ...] = field(default=(), compare=False, repr=False)

    def __str__(self) -> str:
        """The symbol as a person would write it in Fn::Sub."""
        if self.kind == "character":
            return "?"
        if self.kind == "zone":
            return f"${{availability zone {self.attribute}}}"
        if self.kind == "expression":
            return f"${{{self.owner}({self.attribute})}}"
        if self.kind in {"import", "ssm"}:
            return f"${{{self.kind}:{self.owner}}}"
        return f"${{{self.owner}}}" if self.attribute == "Ref" else f"${{{self.owner}.{self.attribute}}}"


@dataclass(frozen=True, slots=True)
class Dynamic:
    """A dynamic reference: `{{resolve:<service>:<reference>}}`.

    Attributes:
        service: `secretsmanager`, `ssm-secure` (both secret) or `ssm`.
        reference: what stands behind the service; text that may hold symbols (the ARN of a secret of the same
            template).
    """

    service: str
    reference: Scalar

    @property
    def secret(self) -> bool:
        """True when what it stands for must not be shown."""
        return self.service != "ssm"

    def __str__(self) -> str:
        """The reference as it stands in a template."""
        return f"{{{{resolve:{self.service}:{show(self.reference)}}}}}"


@dataclass(frozen=True, slots=True)
class Text:
    """Literal text, symbols and dynamic references joined; made by `join`, which keeps the shortest form.

    Attributes:
        parts: never two strings side by side, never an empty string, never one part alone.
    """

    parts: tuple[str | Sym | Dynamic, ...]

    def __str__(self) -> str:
        """The text with its symbols as `${…}`."""
        return "".join(map(str, self.parts))


@dataclass(frozen=True, slots=True, eq=False)
class Unknown:
    """What this package cannot work out.

    Attributes:
        reason: a half sentence that fits behind "cannot be told, since ".
    """

    reason: str

    def __str__(self) -> str:
        """A mark that is not mistaken for a value."""
        return f"(unknown: {self.reason})"


Plain: TypeAlias = str | int | float | bool | None
Scalar: TypeAlias = "Plain | Sym | Dynamic | Text | Unknown"
Value: TypeAlias = "Scalar | list[Value] | dict[str, Value]"
Key: TypeAlias = str | int
Path: TypeAlias = tuple[Key, ...]

NESTED: Final = (list, dict)
"""What is asked for most often; a union that is written out is made anew each time."""
OPEN = "{{resolve:"
CLOSE = "}}"
MAX_TEXT = 4_000_000
"""Characters; a template that makes longer texts is not followed."""


def show(value: Value) -> str:
    """A value as a person reads it in a message; secrets and unknowns show what they are, never what they hold."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {show(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(show, value)) + "]"
    return scalar_text(value) if isinstance(value, int | float | bool | None) else str(value)


def scalar_text(value: Plain) -> str:
    """A literal as CloudFormation writes it into text: true, 1024, 0.5."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else str(value)


def join(*values: Value) -> Scalar:
    """Join scalars into text: a string when all are literals, the symbol itself when it is alone, else `Text`.

    A dynamic reference that is complete after joining becomes a `Dynamic`. The first Unknown wins; a list or an object
    gives one.
    """
    parts: list[str | Sym | Dynamic] = []
    text = ""
    length = 0
    for value in values:
        pieces = (value,) if isinstance(value, str) else _pieces(value)
        if isinstance(pieces, Unknown):
            return pieces
        length += len(pieces)
        for piece in pieces:
            # No two strings stand side by side, and no empty one.
            if isinstance(piece, str):
                length += len(piece)
                text += piece
            else:
                if text:
                    parts.append(text)
                    text = ""
                parts.append(piece)
        if length > MAX_TEXT:
            return Unknown(f"the text is longer than {MAX_TEXT:,} characters")
    if text:
        parts.append(text)
    return _scalar(parts)


def _scalar(parts: list[str | Sym | Dynamic]) -> Scalar:
    """The parts of a text as one value, with the dynamic references in them."""
    for part in parts:
        if isinstance(part, str) and OPEN in part:
            parts = _with_dynamic(parts)
            break
    if not parts:
        return ""
    return parts[0] if len(parts) == 1 else Text(tuple(parts))


def _pieces(value: Value) -> tuple[str | Sym | Dynamic, ...] | Unknown:
    """What one value adds to a text."""
    if isinstance(value, Text):
        return value.parts
    if isinstance(value, Unknown):
        return value
    if isinstance(value, Sym):
        return Unknown(_NO_TEXT) if value.many else (value,)
    if isinstance(value, NESTED):
        return Unknown(_NO_TEXT)
    return (value,) if isinstance(value, Dynamic) else (scalar_text(value),)


_NO_TEXT: Final = "a list or an object stands where text is needed"


def _append(parts: list[str | Sym | Dynamic], piece: str | Sym | Dynamic) -> None:
    """Add a piece so that no two strings stand side by side, and no empty one."""
    if isinstance(piece, str) and parts and isinstance(parts[-1], str):
        parts[-1] += piece
    elif piece != "":
        parts.append(piece)


def _with_dynamic(parts: list[str | Sym | Dynamic]) -> list[str | Sym | Dynamic]:
    """The parts with each complete `{{resolve:service:reference}}` as a Dynamic; an unfinished one stays text."""
    done: list[str | Sym | Dynamic] = []
    inside: list[str | Sym | Dynamic] | None = None
    for part in parts:
        rest = part
        while isinstance(rest, str) and (mark := OPEN if inside is None else CLOSE) in rest:
            before, _, rest = rest.partition(mark)
            if inside is None:
                _append(done, before)
                inside = []
            else:
                _append(inside, before)
                _append(done, _dynamic(inside))
                inside = None
        _append(done if inside is None else inside, rest)
    if inside is not None:
        for part in (OPEN, *inside):
            _append(done, part)
    return done


def _dynamic(inside: list[str | Sym | Dynamic]) -> Dynamic | str:
    """The Dynamic between the braces; text again when no service stands there."""
    head = inside[0] if inside else ""
    service, colon, rest = head.partition(":") if isinstance(head, str) else ("", "", "")
    if not colon:
        return OPEN + "".join(map(str, inside)) + CLOSE
    reference = join(rest, *inside[1:])
    return Dynamic(service, reference)


def symbols(value: Value) -> list[Sym]:
    """Every symbol in a value, in order, with repetitions."""
    return [symbol for _, symbol in references(value)]


def references(value: Value, path: Path = ()) -> Iterator[tuple[Path, Sym]]:
    """Every symbol in a value with the path at which it stands."""
    return symbols_of(leaves(value, path))


def symbols_of(found: Iterable[tuple[Path, Scalar]]) -> Iterator[tuple[Path, Sym]]:
    """The same of a value whose leaves are known."""
    for where, leaf in found:
        if isinstance(leaf, str):
            continue
        if isinstance(leaf, Sym):
            yield where, leaf
            for inner in leaf.inside:
                yield from ((where, symbol) for symbol in symbols(inner))
        elif isinstance(leaf, Dynamic):
            yield from references(leaf.reference, where)
        elif isinstance(leaf, Text):
            for part in leaf.parts:
                if not isinstance(part, str):
                    yield from references(part, where)


def leaves(value: Value, path: Path = ()) -> list[tuple[Path, Scalar]]:
    """Every scalar in a value with its path, in order; empty lists and objects have none."""
    if not isinstance(value, NESTED):
        return [(path, value)]
    found: list[tuple[Path, Scalar]] = []
    _collect(value, path, found)
    return found


def _collect(value: list[Value] | dict[str, Value], path: Path, found: list[tuple[Path, Scalar]]) -> None:
    """Into one list: a generator inside a generator hands each leaf up through every level."""
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
        here = path + (key,)  # noqa: RUF005  # a sum takes a quarter of the time
        if isinstance(inner, str) or not isinstance(inner, NESTED):
            found.append((here, inner))
        else:
            _collect(inner, here, found)


def at(value: Value, *keys: Key) -> Value:
    """What stands at a path below a value; None where nothing stands, Unknown below something that is not known."""
    for key in keys:
        if isinstance(value, dict):
            value = value.get(str(key))
        elif isinstance(value, list):
            value = value[key] if isinstance(key, int) and key < len(value) else None
        elif isinstance(value, Sym | Unknown):
            return value if isinstance(value, Unknown) else Unknown(f"{value} is known to AWS only")
        else:
            return None
    return value


def is_one_of(value: object, *options: Plain) -> bool:
    """Is a value one of these literals? Lists and objects, which no set takes, are none."""
    return any(value == option for option in options)


def items(value: Value) -> list[Value] | Unknown:
    """A property that takes a list: nothing is an empty list, one value a list of one, a list symbol Unknown."""
    if isinstance(value, list):
        return value
    if isinstance(value, Unknown):
        return value
    if isinstance(value, Sym) and value.many:
        return Unknown(f"{value} is a list that only AWS knows")
    return [] if value is None else [value]


def number(value: Value) -> float | None:
    """A literal as a number ("80" and 80 alike); None when it is no number, or not known."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        found = float(value)
    except ValueError:
        return None
    return found if math.isfinite(found) else None


def flag(value: Value) -> bool | None:
    """A literal as a boolean (true, "true", "True"); None when it is neither, or not known."""
    if isinstance(value, bool):
        return value
    return {"true": True, "false": False}.get(value.lower()) if isinstance(value, str) else None
