"""Matching of ARN patterns on text that holds symbols."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stackproof.proofs.patterns import action_matches, matches, same_text, tokens
from stackproof.proofs.values import Dynamic, Scalar, Sym, Unknown, Value, join

BUCKET = Sym("Bucket", plain=True)
OTHER = Sym("Other", plain=True)
PARAMETER = Sym("Prefix", kind="parameter")
IMPORTED = Sym("bucket-arn", kind="import")
LETTERS = [Sym("Secret", f"random character {index}", kind="character", plain=True) for index in range(6)]


def bucket(*parts: Value) -> Scalar:
    return join("arn:aws:s3:::", *parts)


@pytest.mark.parametrize(
    ("pattern", "text", "answer"),
    [
        ("*", bucket(BUCKET), True),
        ("*", "", True),
        ("arn:aws:s3:::*", bucket(BUCKET, "/x"), True),
        (bucket(BUCKET, "/*"), bucket(BUCKET, "/logs/x"), True),
        (bucket(BUCKET, "/*"), bucket(OTHER, "/logs/x"), False),
        (bucket(BUCKET, "/*"), bucket(BUCKET), False),
        (bucket(BUCKET), bucket(OTHER), False),
        (bucket(BUCKET, "/*"), IMPORTED, None),
        (IMPORTED, bucket(BUCKET), None),
        (IMPORTED, IMPORTED, True),
        (join(IMPORTED, "/*"), join(IMPORTED, "/x"), True),
        (bucket("lms-*"), bucket(BUCKET), None),
        (bucket("a/*"), bucket(BUCKET), False),
        (bucket("a*/x"), bucket(BUCKET, "/x"), None),
        ("arn:aws:sns:*", bucket(BUCKET), False),
        (bucket(PARAMETER, "/x"), bucket("a/b/x"), None),
        (bucket(PARAMETER, "/x"), bucket("a/y"), False),
        (bucket(PARAMETER), bucket(), None),
        (bucket(IMPORTED), bucket(), False),
        (bucket(BUCKET), bucket(), False),
        ("a?c", "abc", True),
        ("a?c", "ac", False),
        ("a*b*c", "aXbYbZc", True),
        ("a*b*c", "aXbYb", False),
        ("a?", join("a", BUCKET), None),
        ("a?", join("a", BUCKET, "x"), False),
        (join("secret:app-", "??????"), join("secret:app-", *LETTERS), True),
        (join("secret:app-", "?????"), join("secret:app-", *LETTERS), False),
        ("secret:app-AbCdEf", join("secret:app-", *LETTERS), None),
        ("secret:app-Ab/dEf", join("secret:app-", *LETTERS), False),
        ("secret:app-*", "secret:app-??????", True),
        ("80", 80, True),
        ("true", True, True),
        (Dynamic("ssm", "/x"), "anything", None),
        ("x", Dynamic("ssm", "/x"), None),
        ("x", [], False),
        ({}, "x", False),
        (Unknown("because"), "x", None),
        ("x", Unknown("because"), None),
    ],
)
def test_a_pattern_matches_for_sure_never_or_only_aws_knows(pattern: Value, text: Value, answer: bool | None) -> None:
    assert matches(pattern, text) is answer


def test_in_plain_text_stars_are_characters() -> None:
    assert same_text("a*", "ab") is False
    assert same_text(join("*", PARAMETER), join("x", PARAMETER)) is False
    assert same_text(join(PARAMETER, "/a"), join(BUCKET, "/a")) is None
    assert same_text(join(BUCKET, "/a"), join(OTHER, "/a")) is False
    assert same_text(join(BUCKET, "x"), join(OTHER, "x")) is False
    assert same_text(join(BUCKET, "x"), join(OTHER, "xx")) is None


@pytest.mark.parametrize(
    ("pattern", "action", "answer"),
    [
        ("s3:Get*", "s3:getobject", True),
        ("S3:*", "s3:GetObject", True),
        ("s3:Get?bject", "s3:GetObject", True),
        ("s3:Put*", "s3:GetObject", False),
        ("*", "kms:Decrypt", True),
    ],
)
def test_actions_match_without_regard_to_case(pattern: str, action: str, answer: bool) -> None:
    assert action_matches(pattern, action) is answer


def test_lists_have_no_tokens() -> None:
    assert tokens([]) == ()
    assert tokens(Unknown("because")) == ()


@given(st.text("ab/*?", max_size=12), st.text("ab/", max_size=12))
def test_without_symbols_a_pattern_is_a_glob(pattern: str, text: str) -> None:
    glob = "".join({"*": ".*", "?": "."}.get(character, re.escape(character)) for character in pattern)
    assert matches(pattern, text) is (re.fullmatch(glob, text, re.DOTALL) is not None)


ATOMS = {"1": BUCKET, "2": OTHER, "3": PARAMETER}
MEANT = {"1": "lms", "2": "x9", "3": "a/b"}


@given(st.text("ab/*123", max_size=10), st.text("ab/123", max_size=10))
def test_an_answer_holds_whatever_the_symbols_turn_out_to_be(pattern: str, text: str) -> None:
    answer = matches(*(join(*(ATOMS.get(part, part) for part in side)) for side in (pattern, text)))
    truth = matches(*("".join(MEANT.get(part, part) for part in side) for side in (pattern, text)))
    assert answer in {truth, None}
