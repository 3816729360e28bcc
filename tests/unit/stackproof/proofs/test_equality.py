"""When two values are the same: yes, no, or only AWS knows."""

from __future__ import annotations

import pytest

from stackproof.proofs.equality import equal
from stackproof.proofs.values import (
    Sym,
    Value,
    join,
)
from tests.unit.stackproof.proofs.values_support import (
    FIRST_ZONE,
    KEY,
    OTHER_SUBNET,
    SECOND_ZONE,
    SUBNET,
    SUFFIX,
    UNKNOWN,
    ZONES,
)


@pytest.mark.parametrize(
    ("left", "right", "answer"),
    [
        (80, "80", True),
        (80, "0080", True),
        (0.5, "0.50", True),
        (80, "eighty", False),
        (True, "true", True),
        ("True", True, True),
        (True, "yes", False),
        (1, True, False),
        ("a", "a", True),
        ("a", "A", False),
        (None, None, True),
        (None, "", False),
        ({"a": 1, "b": "2"}, {"b": 2, "a": "1"}, True),
        ({"a": 1}, {"a": 1, "b": None}, False),
        ({"a": SUFFIX, "b": 1}, {"a": "x", "b": 1}, None),
        ({"a": SUFFIX, "b": 1}, {"a": "x", "b": 2}, False),
        ([1, 2], [1, 2], True),
        ([1, 2], [2, 1], False),
        ([1], [1, 2], False),
        ([], {}, False),
        ([1], 1, False),
        (SUBNET, SUBNET, True),
        (SUBNET, OTHER_SUBNET, False),
        (SUBNET, KEY, None),
        (SUBNET, "subnet-1", None),
        (SUBNET, "a/b", False),
        (SUBNET, "", False),
        (SUFFIX, "", None),
        (SUFFIX, "dev", None),
        (FIRST_ZONE, SECOND_ZONE, False),
        (FIRST_ZONE, "sa-east-1a", None),
        (ZONES, ["sa-east-1a"], None),
        (SUBNET, ["subnet-1"], False),
        (Sym("Pw", kind="secret", digest="1"), Sym("Pw", kind="secret", digest="2"), False),
        (Sym("Pw", kind="secret", digest="1"), "", False),
        (Sym("Pw", kind="secret", digest="1"), "guess", None),
        (Sym("shared-vpc", kind="import"), "", False),
        (join("lms-", SUFFIX, "-a"), join("lms-", SUFFIX, "-a"), True),
        (join("lms-", SUFFIX, "-a"), join("lms-", SUFFIX, "-b"), False),
        (join("lms-", SUFFIX), "lms-dev", None),
        (join("lms-", SUFFIX), "other", False),
        (UNKNOWN, UNKNOWN, None),
        ("x", UNKNOWN, None),
        ([UNKNOWN], [1], None),
    ],
)
def test_equal_says_yes_no_or_that_only_aws_knows(left: Value, right: Value, answer: bool | None) -> None:
    assert equal(left, right) is answer
    assert equal(right, left) is answer
