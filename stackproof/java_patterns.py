"""AllowedPattern as CloudFormation reads it: a Java regular expression that must match the whole value."""

from __future__ import annotations

import re
import warnings
from functools import lru_cache

# Java's POSIX classes (java.util.regex.Pattern, "US-ASCII only") by their members inside square brackets.
_POSIX = {
    "Lower": "a-z",
    "Upper": "A-Z",
    "Alpha": "a-zA-Z",
    "Digit": "0-9",
    "Alnum": "a-zA-Z0-9",
    "Punct": "!-/:-@\\[-`{-~",
    "Graph": "!-~",
    "Print": " -~",
    "Blank": " \\t",
    "XDigit": "0-9a-fA-F",
    "Space": " \\t-\\r",
    "ASCII": "\\x00-\\x7f",
}
_JAVA = re.compile(r"\\p\{(?P<posix>\w+)\}|\\.|(?P<group>\(\?<)(?![=!])|(?P<opening>\[)|(?P<closing>\])", re.DOTALL)


@lru_cache(maxsize=512)
def compile_pattern(pattern: str) -> re.Pattern[str] | None:
    r"""Compile a Java pattern; use `fullmatch` of the result.

    Returns:
        None for what Python's `re` cannot say (`\p{L}`, `[a-z&&[^b]]`, `\Q…\E`): only AWS can check that value.
    """
    translated = _translate(pattern)
    if translated is None:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # set operations, which are Java's and not yet Python's
            # ASCII because \d, \w and \s are ASCII in Java unless a pattern says otherwise.
            return re.compile(translated, re.ASCII)
    except (re.error, ValueError, OverflowError, RecursionError, Warning):
        return None


def _translate(pattern: str) -> str | None:
    """The same pattern in Python's words, or None where it has none. Most need no change at all."""
    in_set = False
    unknown = False

    def python(found: re.Match[str]) -> str:
        nonlocal in_set, unknown
        if found["posix"]:
            members = _POSIX.get(found["posix"], "")
            unknown = unknown or not members
            return members if in_set else f"[{members}]"
        if found["group"] and not in_set:
            return "(?P<"
        if found["opening"]:
            unknown = unknown or in_set  # a set in a set: its union in Java
            in_set = True
        elif found["closing"]:
            in_set = False
        return found[0]

    translated = _JAVA.sub(python, pattern)
    return None if unknown else translated
