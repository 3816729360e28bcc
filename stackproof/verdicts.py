"""Stored verdicts: what was checked once and has not changed is not checked again.

A verdict lies in `.cache/build/<template>.json` beside the hash of everything that it depends on: the template, all
of params/, the regions, the rules and the code that judges. It is only ever a shortcut: a file that is damaged,
foreign or of another time is read as "no verdict", and one that cannot be written costs the next build its time, not
its success.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from stackproof.files import write_atomically

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from stackproof.linting import Finding

CONFIGURATION = ".cfnlintrc"
"""The file below the root that configures cfn-lint's rules."""


class Verdict(NamedTuple):
    """What is known of one template. That there is one says that params/ has no fault against it.

    Attributes:
        environments: those whose parameters it takes.
        regions: those that it must fit.
        findings: what the linter said; None when it was not asked.
    """

    environments: Sequence[str]
    regions: Sequence[str]
    findings: Sequence[Finding] | None


def circumstances(root: Path, regions: Iterable[str]) -> bytes:
    """The digest of what all verdicts of one build depend on: params/, regions, rules, cfn-lint and this package.

    Args:
        root: the folder with params/ and .cfnlintrc.
        regions: the regions that every template must fit.
    """
    read = (
        root / CONFIGURATION,
        *sorted((root / "params").glob("*.*")),
        *sorted(Path(__file__).parent.glob("*.py")),
    )
    parts = [part for path in read for part in (path.name.encode(), _content(path))]
    return _digest([*parts, _linter_version(), *(region.encode() for region in regions)])


def content_key(surroundings: bytes, template: bytes, schema: bytes) -> str:
    """The key of one template's verdict: its text, its schema as it stands in dist/, and the `circumstances`."""
    return _digest([surroundings, template, schema]).hex()


def _digest(parts: Iterable[bytes]) -> bytes:
    digest = sha256()
    for part in parts:
        # The length goes first, or bytes could move from one part to the next unseen.
        digest.update(b"%d " % len(part) + part)
    return digest.digest()


def _content(path: Path) -> bytes:
    """The bytes of a file; what cannot be read is reported by those who need it."""
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _linter_version() -> bytes:
    """cfn-lint's version from its file: importing the package costs half a second, importlib.metadata 20 ms."""
    package = importlib.util.find_spec("cfnlint")
    return _content(Path(package.origin).with_name("version.py")) if package and package.origin else b""


def load(path: Path, key: str) -> Verdict | None:
    """The verdict stored under this key, or None."""
    try:
        stored = json.loads(path.read_bytes())
        if stored["key"] != key:
            return None
        findings = stored["findings"]
        return Verdict(
            _texts(stored["environments"]),
            _texts(stored["regions"]),
            None if findings is None else [_finding(entry) for entry in findings],
        )
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return None


def store(path: Path, key: str, verdict: Verdict) -> None:
    """Remember a verdict under this key; a folder that cannot be written is no fault."""
    findings = None if verdict.findings is None else [vars(finding) for finding in verdict.findings]
    text = json.dumps({"key": key, **verdict._asdict(), "findings": findings}, indent=2)
    with contextlib.suppress(OSError):
        write_atomically(path, text + "\n")


def _texts(value: Any) -> list[str]:
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return value
    raise TypeError


def _finding(entry: Any) -> Finding:
    """A stored finding; TypeError when it is none that `store` wrote."""
    from stackproof.linting import Finding

    finding = Finding(**entry)
    for name, value in vars(finding).items():
        allowed = {"line": (int,), "environment": (str, type(None))}.get(name, (str,))
        if not isinstance(value, allowed):
            raise TypeError
    return finding
