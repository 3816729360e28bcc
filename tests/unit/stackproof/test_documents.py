"""Files that people write: what is wrong in them is said with file and line, and never with their content."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stackproof.documents import Document, NumberText, dotted, json_lines, parse_json, quoted, read_json, read_toml

if TYPE_CHECKING:
    from pathlib import Path

    from stackproof.errors import Fault

TEXT = """{
  "Parameters": {
    "Image": "nginx, {not} [a] bracket: \\" ",
    "Command": [
      "run",
      {"deep": [1, 2]}
    ]
  },
  "Tags": {}
}
"""


def read(tmp_path: Path, data: bytes) -> tuple[Document | None, list[str]]:
    path = tmp_path / "dev.json"
    path.write_bytes(data)
    faults: list[Fault] = []
    return read_json(path, "params/dev.json", faults), [str(fault) for fault in faults]


def parsed(text: str) -> Document:
    faults: list[Fault] = []
    document = parse_json(text, "dev.json", faults)
    assert not faults
    assert document
    return document


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("Parameters",), 2),
        (("Parameters", "Image"), 3),
        (("Parameters", "Command"), 4),
        (("Parameters", "Command", 0), 5),
        (("Parameters", "Command", 1, "deep", 1), 6),
        (("Tags",), 9),
        (("Tags", "missing"), 9),
    ],
)
def test_a_place_names_the_line_of_a_key_or_of_what_is_around_it(path: tuple[str | int, ...], line: int) -> None:
    assert parsed(TEXT).place(*path) == f"dev.json:{line}"


def test_a_place_without_a_path_or_a_text_is_the_file() -> None:
    assert parsed(TEXT).place() == "dev.json"
    assert parsed(TEXT).place("Nothing") == "dev.json"
    assert Document("dev.json", {"Tags": {}}).place("Tags") == "dev.json"


def paths(value: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Every key and element of a value, in the order of its text."""
    inside: list[tuple[str | int, Any]] = []
    if isinstance(value, dict):
        inside = list(value.items())
    elif isinstance(value, list):
        inside = list(enumerate(value))
    return [found for key, one in inside for found in [(*path, key), *paths(one, (*path, key))]]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


@given(JSON)
def test_every_key_and_element_has_its_line(value: object) -> None:
    text = json.dumps(value, indent=1)
    lines = json_lines(text)
    assert list(lines) == paths(value)
    # Indented, each stands on a line of its own; other lines close brackets only.
    opening = [number for number, line in enumerate(text.split("\n"), 1) if number > 1 and line.strip("]}, ")]
    assert [line for found in lines.values() for line in found] == opening


def test_numbers_are_kept_as_they_were_written() -> None:
    document = parsed('{"a": 1.10, "b": 12345678901234567890123, "c": -2e3}')
    assert list(document.value.values()) == ["1.10", "12345678901234567890123", "-2e3"]
    assert all(isinstance(value, NumberText) for value in document.value.values())


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path: Path) -> None:
    document, faults = read(tmp_path, b'\xef\xbb\xbf{"Tags": {}}')
    assert document
    assert document.value == {"Tags": {}}
    assert not faults


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "params/dev.json: the file is empty; JSON was expected"),
        (b" \n", "params/dev.json: the file is empty; JSON was expected"),
        (
            b'{\n  "Tags": {},\n}',
            (
                "params/dev.json:3: no valid JSON, column 1: Expecting property name enclosed in double quotes (after a"
                " comma or an opening brace JSON wants a key in double quotes; a comma before a closing brace, single"
                " quotes and comments are not JSON)"
            ),
        ),
        (b'{"a": 1 "b": 2}', "params/dev.json:1: no valid JSON, column 9: Expecting ',' delimiter (a comma, or"),
        (b'{"a" 1}', "params/dev.json:1: no valid JSON, column 6: Expecting ':' delimiter (a key is followed by"),
        (b'{"a": }', "params/dev.json:1: no valid JSON, column 7: Expecting value (a text in double quotes,"),
        (b'{"a": "b', "params/dev.json:1: no valid JSON, column 7: Unterminated string starting at (a closing"),
        (b'{"a": "b\tc"}', "params/dev.json:1: no valid JSON, column 9: Invalid control character at (a line break"),
        (b"{}\n{}", "params/dev.json:2: no valid JSON, column 1: Extra data (something follows"),
        (b'{"a": "\\q"}', "params/dev.json:1: no valid JSON, column 8: Invalid \\escape"),
        (b"[" * 100_000, "params/dev.json: is JSON that no tool reads: it is nested too deeply"),
        (b'{\n"a": "caf\xe9"}', "params/dev.json:2: byte 0xe9 is no UTF-8; save the file as UTF-8"),
        (b"\xff\xfe{\x00}\x00", "params/dev.json:1: byte 0xff is no UTF-8; save the file as UTF-8"),
    ],
)
def test_what_is_no_json_is_said_with_its_line_and_a_hint(tmp_path: Path, data: bytes, message: str) -> None:
    document, faults = read(tmp_path, data)
    assert document is None
    assert len(faults) == 1
    assert faults[0].startswith(message)


def test_no_message_about_a_broken_file_repeats_its_text(tmp_path: Path) -> None:
    _, faults = read(tmp_path, b'{"Password": "hunter2" "Token": "hunter2"}')
    assert "hunter2" not in faults[0]


def test_a_number_that_python_refuses_is_a_fault() -> None:
    faults: list[Fault] = []
    assert parse_json("1" * 5000, "template.json", faults, exact_numbers=False) is None
    assert "too long a number" in str(faults[0])


def test_keys_given_twice_are_named_with_all_their_lines(tmp_path: Path) -> None:
    document, faults = read(
        tmp_path, b'{\n"Tags": {\n "a": "1",\n "a": "2",\n "a": "3"},\n"Parameters": {"b": [{"c": 1, "c": 2}]}\n}'
    )
    assert faults == [
        "params/dev.json:5: Tags.a: is given more than once, on lines 3 and 4 and 5; keep one",
        "params/dev.json:6: Parameters.b[0].c: is given more than once, on lines 6 and 6; keep one",
    ]
    assert document
    assert document.value["Tags"] == {"a": "3"}


def test_what_cannot_be_read_says_why(tmp_path: Path) -> None:
    locked = tmp_path / "loop.json"
    locked.symlink_to(locked)
    said = {}
    for path in (tmp_path / "none.json", tmp_path, locked, tmp_path / "a\0b"):
        faults: list[Fault] = []
        assert read_json(path, "FILE", faults) is None
        said[path.name] = str(faults[0])
    assert said["none.json"] == "FILE: there is no such file"
    assert said[tmp_path.name] == "FILE: this is a folder; give a file in it"
    assert said["loop.json"] == "FILE: cannot be read: Too many levels of symbolic links"
    assert said["a\0b"] == "FILE: cannot be read: embedded null byte"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[dev]\nregion = sa-east-1\n", "targets.toml:2: no valid TOML, column 10: Invalid value"),
        ("[dev]\na = 1\na = 2\n", "targets.toml:3: no valid TOML, column 6: Cannot overwrite a value"),
        ("[dev]\n[dev]\n", "targets.toml:2: no valid TOML, column 5: Cannot declare dev twice"),
        ("[dev.a]\n[dev.a]\n", "targets.toml:2: no valid TOML, column 7: Cannot declare dev.a twice"),
        ("[dev", "targets.toml: no valid TOML: Expected ']' at the end of a table declaration (at end of document)"),
        ("a = " + "1" * 5000, "targets.toml: no valid TOML: Exceeds the limit (4300 digits)"),
    ],
)
def test_what_is_no_toml_is_said_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "targets.toml"
    path.write_text(text)
    faults: list[Fault] = []
    assert read_toml(path, "targets.toml", faults) is None
    assert [str(fault)[: len(message)] for fault in faults] == [message]


def test_toml_that_is_not_there_says_so(tmp_path: Path) -> None:
    faults: list[Fault] = []
    assert read_toml(tmp_path / "targets.toml", "targets.toml", faults) is None
    assert str(faults[0]) == "targets.toml: there is no such file"


def test_toml_gives_its_tables(tmp_path: Path) -> None:
    path = tmp_path / "targets.toml"
    path.write_bytes(b"\xef\xbb\xbf[dev]\nprotected = true\n")
    assert read_toml(path, "targets.toml", []) == {"dev": {"protected": True}}


def test_paths_and_texts_are_safe_to_print() -> None:
    assert dotted("Tags", "aws:cost/center", 0, "x") == "Tags.aws:cost/center[0].x"
    assert dotted("Tags", "a\x1b[2Jb") == 'Tags."a\\u001b[2Jb"'
    assert quoted("ação") == '"ação"'
    assert quoted("\x9b\ud800") == '"\\u009b\\ud800"'
    assert quoted("x" * 100) == '"' + "x" * 79 + '…"'
