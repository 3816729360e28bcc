"""What values are, and how they are read without a surprise."""

from __future__ import annotations

import pytest

from stackproof.proofs.values import (
    MAX_TEXT,
    Dynamic,
    Sym,
    Text,
    Unknown,
    Value,
    at,
    flag,
    items,
    join,
    leaves,
    number,
    references,
    show,
    symbols,
)
from tests.unit.stackproof.proofs.values_support import FIRST_ZONE, KEY, SUBNET, SUFFIX, UNKNOWN, ZONES


def test_joining_gives_the_shortest_form() -> None:
    assert join() == ""
    assert join("a", 1, True, None, 2.0, 0.5) == "a1true20.5"
    assert join("", SUFFIX, "") is SUFFIX
    assert join("a", "b", SUFFIX, "c", join("d", KEY)) == Text(("ab", SUFFIX, "cd", KEY))


@pytest.mark.parametrize("wrong", [[], {}, ZONES])
def test_no_list_is_joined_into_text(wrong: Value) -> None:
    found = join("a", wrong)
    assert isinstance(found, Unknown)
    assert found.reason == "a list or an object stands where text is needed"


def test_what_is_unknown_makes_the_whole_text_unknown() -> None:
    assert join("a", UNKNOWN, "b") is UNKNOWN


def test_text_has_a_limit() -> None:
    found = join("x" * MAX_TEXT, "y")
    assert isinstance(found, Unknown)
    assert "longer than 4,000,000 characters" in found.reason


def test_a_dynamic_reference_is_found_in_text_and_across_its_pieces() -> None:
    secret = Sym("Secret")
    found = join("a{{resolve:secretsmanager:", secret, ":SecretString:password}}b{{resolve:ssm:/x}}")
    password = Dynamic("secretsmanager", Text((secret, ":SecretString:password")))
    assert found == Text(("a", password, "b", Dynamic("ssm", "/x")))
    assert password.secret
    assert not Dynamic("ssm", "/x").secret
    assert str(found) == "a{{resolve:secretsmanager:${Secret}:SecretString:password}}b{{resolve:ssm:/x}}"
    assert symbols(found) == [secret]


@pytest.mark.parametrize(
    "text", ["{{resolve:ssm:/never-closed", "{{resolve:}}", "{{resolve:nothing}}", "}}{{resolve:", "a{{resolve:x"]
)
def test_what_only_looks_like_a_dynamic_reference_stays_text(text: str) -> None:
    assert join(text) == text


def test_an_unfinished_dynamic_reference_keeps_its_symbols() -> None:
    assert join("{{resolve:ssm:", SUFFIX) == Text(("{{resolve:ssm:", SUFFIX))
    assert join("{{resolve:", SUFFIX, "}}") == "{{resolve:${Suffix}}}"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (SUBNET, "${Subnet}"),
        (KEY, "${Key.Arn}"),
        (FIRST_ZONE, "${availability zone 0}"),
        (Sym("shared-vpc", kind="import"), "${import:shared-vpc}"),
        (Sym("/ami", kind="ssm"), "${ssm:/ami}"),
        (Sym("Fn::Split", "-, x", kind="expression"), "${Fn::Split(-, x)}"),
        (Sym("Secret", "random character 1", kind="character"), "?"),
        (Sym("Pw", kind="secret", digest="0123"), "${Pw}"),
        (UNKNOWN, "(unknown: a macro rewrites it)"),
        ([1, {"a": SUBNET}], "[1, {a: ${Subnet}}]"),
        (None, ""),
    ],
)
def test_a_value_is_shown_as_a_person_would_write_it(value: Value, text: str) -> None:
    assert show(value) == text


def test_a_secret_is_in_no_representation() -> None:
    assert "0123" not in repr(Sym("Pw", kind="secret", digest="0123"))


def test_at_answers_without_a_surprise() -> None:
    value: Value = {"List": [{"Port": 80}], "Opaque": ZONES, "Macro": UNKNOWN}
    assert at(value) is value
    assert at(value, "List", 0, "Port") == 80
    assert at(value, "List", 1, "Port") is None
    assert at(value, "List", "Port") is None
    assert at(value, "Missing", "Port") is None
    assert at(value, "List", 0, "Port", "Deeper") is None
    assert at(value, "Macro", "Port") is UNKNOWN
    below = at(value, "Opaque", 0)
    assert isinstance(below, Unknown)
    assert below.reason == "${availability zone any} is known to AWS only"


def test_items_reads_any_spelling_of_a_list() -> None:
    assert items(None) == []
    assert items("one") == ["one"]
    assert items(["one", 2]) == ["one", 2]
    assert items(UNKNOWN) is UNKNOWN
    found = items(ZONES)
    assert isinstance(found, Unknown)
    assert "a list that only AWS knows" in found.reason


@pytest.mark.parametrize(
    ("value", "found"),
    [(80, 80), ("80", 80), ("0.5", 0.5), ("x", None), (True, None), (SUBNET, None), ("inf", None), ("nan", None)],
)
def test_number_reads_literals_only(value: Value, found: float | None) -> None:
    assert number(value) == found


@pytest.mark.parametrize(
    ("value", "found"), [(True, True), ("true", True), ("False", False), ("no", None), (1, None), (SUBNET, None)]
)
def test_flag_reads_literals_only(value: Value, found: bool | None) -> None:
    assert flag(value) is found


def test_leaves_and_references_come_with_their_paths() -> None:
    inner = Sym("Fn::Select", "0", kind="expression", inside=(1, [SUBNET]))
    value: Value = {"A": [1, join("x", KEY)], "B": {}, "C": inner, "D": Dynamic("secretsmanager", Sym("Secret"))}
    assert [path for path, _ in leaves(value)] == [("A", 0), ("A", 1), ("C",), ("D",)]
    assert list(references(value, ("Properties",))) == [
        (("Properties", "A", 1), KEY),
        (("Properties", "C"), inner),
        (("Properties", "C"), SUBNET),
        (("Properties", "D"), Sym("Secret")),
    ]
