"""AllowedPattern is Java's: what Python says otherwise is translated, what it cannot say is left to AWS."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stackproof.java_patterns import compile_pattern


@pytest.mark.parametrize(
    ("pattern", "matching", "other"),
    [
        ("[a-z]+", "abc", "abc1"),
        ("^[a-z]+$", "abc", "abc\n"),
        (r"\d{12}", "123456789012", "١٢٣٤٥٦٧٨٩٠١٢"),
        (r"\p{Alpha}[\p{Alnum}-]*", "a-1", "-a"),
        (r"[^\p{Punct}]+", "ab c", "a]"),
        (r"(?<year>\d{4})-(?<!x)\d\d(?<=1)", "2026-01", "2026-00"),
        (r"[(?<]+", "(?<", "a"),
        (r"\[[a-z]\]", "[a]", "a"),
        (r"[\[\]]+", "[]", "()"),
        (r"(?i)prod", "PROD", "prods"),
        (r"a++b", "aab", "ab "),
        ("", "", "a"),
    ],
)
def test_a_pattern_matches_the_whole_value_as_in_java(pattern: str, matching: str, other: str) -> None:
    compiled = compile_pattern(pattern)
    assert compiled
    assert compiled.fullmatch(matching)
    assert not compiled.fullmatch(other)


@pytest.mark.parametrize(
    "pattern",
    [
        r"\p{L}+",
        r"\p{IsGreek}",
        "[a-z&&[^b]]",
        "[a[bc]]",
        "[[a]]",
        "[a&&b]",
        r"\Qa.b\E",
        "(?u)a",
        "(a",
        "a{99999999999}",
    ],
)
def test_a_pattern_that_python_cannot_say_is_not_guessed(pattern: str) -> None:
    assert compile_pattern(pattern) is None


@given(st.text(alphabet=st.sampled_from("\\pP{}()[]<>?:=!&|~-^$.*+,aZ0x1ud\n"), max_size=30))
def test_no_pattern_is_fatal(pattern: str) -> None:
    compiled = compile_pattern(pattern)
    assert compiled is None or isinstance(compiled, re.Pattern)


@given(st.text(), st.text())
def test_an_escaped_text_matches_itself_alone(text: str, other: str) -> None:
    compiled = compile_pattern(re.escape(text))
    assert compiled
    assert compiled.fullmatch(text)
    assert bool(compiled.fullmatch(other)) == (text == other)
