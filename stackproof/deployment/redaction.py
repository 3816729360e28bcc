"""What an application writes into its log may be a secret. It is masked before it is shown. Pure.

Of a log, rather too much is masked: the log itself is where it was. Of AWS's own words, only what cannot be anything
but a secret: they are what a person needs.
"""

from __future__ import annotations

import re

MASK = "****"
_LONGEST_LINE = 300
_LONGEST_WORDS = 1000

# A name that says that a secret follows, in any of the ways in which names and values are written.
_NAME = (
    r"(?:passw(?:or)?d|passphrase|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credentials?|auth|dsn)"
)
_NAMED = re.compile(
    rf"(?P<name>[\w.-]*{_NAME}[\w.-]*[\"']?\s*(?:=>|[:=])\s*)"
    r"(?P<value>\"(?:[^\"\\]|\\.)*\"?|'(?:[^'\\]|\\.)*'?|(?:Bearer|Basic|Digest)\s+\S+|[^\s,;&]+)",
    re.IGNORECASE,
)
_ASSIGNED = re.compile(rf"(?P<name>\b[\w-]*{_NAME}[\w-]*=)(?P<value>[^\s,;&]+)", re.IGNORECASE)
_PARTS = (
    re.compile(r"(?P<name>\b[a-z][a-z0-9+.-]*://[^\s:@/]*:)(?P<value>[^\s@]+)(?=@)", re.IGNORECASE),
    re.compile(r"(?P<name>\b(?:Bearer|Basic)\s+)(?P<value>[\w.+/=-]{8,})", re.IGNORECASE),
    # JSON web tokens, AWS key ids, keys of well-known services.
    re.compile(r"(?P<name>)(?P<value>\beyJ[\w-]+\.[\w-]+\.[\w-]*)"),
    re.compile(r"(?P<name>)(?P<value>\b(?:AKIA|ASIA)[A-Z0-9]{16}\b)"),
    re.compile(r"(?P<name>)(?P<value>\b(?:sk|pk|rk|ghp|gho|ghs|glpat|xox[abprs])[_-][\w-]{10,})"),
    re.compile(r"(?P<name>)(?P<value>-----BEGIN [A-Z ]*PRIVATE KEY-----.*)"),
)
# Long and random: letters of both cases and digits, nothing but hexadecimal digits, or AWS's 40 of a secret key.
_WORD = re.compile(r"[A-Za-z0-9+/_=-]{20,}")


def redact(line: str) -> str:
    """A line of a log with what looks like a secret masked, and cut off where it is long."""
    line = _masked(line, _NAMED)
    line = _WORD.sub(lambda found: MASK if _is_random(found[0]) else found[0], line)
    return _short(line, _LONGEST_LINE)


def words(text: str) -> str:
    """What AWS, or somebody's hook, says."""
    return _short(_masked(text, _ASSIGNED), _LONGEST_WORDS)


def _masked(text: str, named: re.Pattern[str]) -> str:
    # A log must not move the cursor of the person who reads it.
    text = "".join(each if each.isprintable() else " " for each in text)
    for pattern in (named, *_PARTS):
        text = pattern.sub(rf"\g<name>{MASK}", text)
    return text


def _short(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[:longest]}…"


def _is_random(word: str) -> bool:
    if re.fullmatch(r"[0-9a-fA-F]{32,}", word) or re.fullmatch(r"(?=.*[a-z])(?=.*[A-Z])[A-Za-z0-9+/]{40}", word):
        return True
    # A path or a name in kebab case is made of words; a secret is not.
    longest = max(re.split(r"[/_=-]", word), key=len)
    kinds = [re.search(kind, longest) for kind in ("[a-z]", "[A-Z]", "[0-9]")]
    return len(longest) >= 16 and all(kinds)
