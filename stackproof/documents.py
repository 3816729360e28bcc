"""Text files that people wrote: JSON, TOML and YAML read into values, each mistake with its file and line.

Every reader takes the list of faults that it adds to and returns None when nothing can be read, so that one
command reports the mistakes of all its files at once. No reader ever repeats a file's text: it may hold a secret.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from stackproof.errors import Fault

if TYPE_CHECKING:
    from pathlib import Path

Keys = tuple[str | int, ...]

# What the parser's word usually means to the person who wrote the file.
_JSON_HINTS = {
    "Expecting property name enclosed in double quotes": "after a comma or an opening brace JSON wants a key in double"
    " quotes; a comma before a closing brace, single quotes and comments are not JSON",
    "Expecting ',' delimiter": "a comma, or a closing bracket, is missing here or at the end of the line before",
    "Expecting ':' delimiter": "a key is followed by a colon and a value",
    "Expecting value": "a text in double quotes, a number, true, false, [ or { belongs here; a comma before a closing"
    " bracket is not JSON",
    "Unterminated string starting at": "a closing double quote is missing",
    "Invalid control character at": "a line break or a tab stands inside double quotes; write \\n or \\t",
    "Extra data": "something follows the end of the document",
}
_JSON_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+')


class NumberText(str):
    """A JSON number as it was written: `1.10` stays `1.10`, and no digit of a long one is lost."""

    __slots__ = ()


@dataclass(frozen=True)
class Document:
    """What a JSON file says, and where it says so.

    Attributes:
        where: the file as it is shown to a person.
        value: dicts, lists, strings, `NumberText`, booleans, None; `NaN` and `Infinity` are floats.
        text: the file's text, to find lines in; empty when the value came from elsewhere.
    """

    where: str
    value: Any
    text: str = ""

    def place(self, *path: str | int) -> str:
        """The file and the line of this key or value, or of the nearest thing around it: `params/dev.json:12`."""
        for length in range(len(path), 0, -1):
            if path[:length] in self.lines:
                return f"{self.where}:{self.lines[path[:length]][-1]}"
        return self.where

    @cached_property
    def lines(self) -> dict[Keys, list[int]]:
        """Path of every key and element → its lines (several where a key was given twice)."""
        return json_lines(self.text)


def json_lines(text: str) -> dict[Keys, list[int]]:
    """Find where each key and element of a valid JSON text stands; the parser itself does not say.

    Returns:
        `{("Parameters", "Image"): [4], ("Tags",): [9], …}`, lines counted from one.
    """
    lines: dict[Keys, list[int]] = {}
    path: list[str | int] = []
    line, offset = 1, 0
    key_is_next = False
    for token in _JSON_TOKEN.finditer(text):
        word = token[0]
        line += text.count("\n", offset, token.start())
        offset = token.start()
        if key_is_next and word != "}":
            path[-1] = json.loads(word)
        in_list = bool(path) and isinstance(path[-1], int)
        if (key_is_next and word != "}") or (in_list and word not in {"]", "}", ","}):
            lines.setdefault(tuple(path), []).append(line)
        key_is_next = word == "{" or (word == "," and not in_list)
        if word in {"{", "["}:
            path.append("" if word == "{" else 0)
        elif word in {"}", "]"}:
            path.pop()
        elif word == "," and in_list:
            path[-1] = int(path[-1]) + 1
    return lines


def dotted(*path: str | int) -> str:
    """A path as a person reads it: `Parameters.Image`, `Statement[0].Effect`; strange keys in quotes."""
    words = ""
    for part in path:
        if isinstance(part, int):
            words += f"[{part}]"
        else:
            words += ("." if words else "") + (part if re.fullmatch(r"[\w:/.@-]{1,80}", part) else quoted(part))
    return words


def quoted(text: str, limit: int = 80) -> str:
    """A text in double quotes, safe to print (no control character reaches a terminal) and cut when it is long."""
    short = text if len(text) <= limit else text[: limit - 1] + "…"
    return json.dumps(short, ensure_ascii=not short.isprintable())


def read_text(path: Path, where: str, faults: list[Fault]) -> str | None:
    """The text of a UTF-8 file, without its byte order mark."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        faults.append(Fault(where, "", "there is no such file"))
    except IsADirectoryError:
        faults.append(Fault(where, "", "this is a folder; give a file in it"))
    except (OSError, ValueError) as error:  # ValueError: a null character in the name
        faults.append(Fault(where, "", f"cannot be read: {getattr(error, 'strerror', None) or error}"))
    else:
        return decoded(data, where, faults)
    return None


def decoded(data: bytes, where: str, faults: list[Fault]) -> str | None:
    """UTF-8 as text, without its byte order mark; None after a fault."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        faults.append(
            Fault(f"{where}:{line}", "", f"byte 0x{data[error.start]:02x} is no UTF-8; save the file as UTF-8")
        )
    return None


def read_json(path: Path, where: str, faults: list[Fault], *, exact_numbers: bool = True) -> Document | None:
    """Read a JSON file; a key that is given twice is a fault.

    Args:
        path: the file.
        where: the file as it is shown to a person.
        faults: what is wrong is added here.
        exact_numbers: keep numbers as they were written (`NumberText`) rather than as int and float.
    """
    text = read_text(path, where, faults)
    return None if text is None else parse_json(text, where, faults, exact_numbers=exact_numbers)


def parse_json(text: str, where: str, faults: list[Fault], *, exact_numbers: bool = True) -> Document | None:
    """`read_json` for a text that was read already."""
    repeated = False

    def as_dict(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal repeated
        value = dict(pairs)
        repeated = repeated or len(value) < len(pairs)
        return value

    number = NumberText if exact_numbers else None
    try:
        value = json.loads(text, object_pairs_hook=as_dict, parse_int=number, parse_float=number)
    except json.JSONDecodeError as error:
        faults.append(_json_fault(text, where, error))
        return None
    except (ValueError, RecursionError):  # a number of more than 4,300 digits; brackets a thousand deep
        faults.append(Fault(where, "", "is JSON that no tool reads: it is nested too deeply or has too long a number"))
        return None
    document = Document(where, value, text)
    if repeated:
        for path, lines in document.lines.items():
            if len(lines) > 1:
                at = " and ".join(str(line) for line in lines)
                faults.append(
                    Fault(f"{where}:{lines[-1]}", dotted(*path), f"is given more than once, on lines {at}; keep one")
                )
    return document


def _json_fault(text: str, where: str, error: json.JSONDecodeError) -> Fault:
    if not text.strip():
        return Fault(where, "", "the file is empty; JSON was expected")
    hint = f" ({_JSON_HINTS[error.msg]})" if error.msg in _JSON_HINTS else ""
    return Fault(f"{where}:{error.lineno}", "", f"no valid JSON, column {error.colno}: {error.msg}{hint}")


def read_toml(path: Path, where: str, faults: list[Fault]) -> dict[str, Any] | None:
    """Read a TOML file into its tables."""
    import tomllib

    text = read_text(path, where, faults)
    if text is None:
        return None
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # TOMLDecodeError is a ValueError; so is a number too long
        # tomllib names a table as Python writes it: ('prod',)
        words = re.sub(r"\(('[^()]*'),?\)", lambda keys: dotted(*re.findall("'([^']*)'", keys[1])), str(error))
        line = re.search(r" \(at line (\d+), column (\d+)\)$", words)
        if line:
            fault = Fault(f"{where}:{line[1]}", "", f"no valid TOML, column {line[2]}: {words[: line.start()]}")
        else:
            fault = Fault(where, "", f"no valid TOML: {words}")
        faults.append(fault)
        return None
