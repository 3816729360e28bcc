"""Stored verdicts: what was built, checked, linted and proven once and has not changed is not done again.

A record lies in `.cache/build/<template>.json` beside two hashes. The one of what was judged (the two files in
dist/, all of params/, the regions, the rules, cfn-lint and the code that judges and proves) says that the verdict still
holds; the one of what the template was made from (the files that its builder reads, troposphere, Python) says that the
builder need not even run. A record is only ever a shortcut: one that is damaged, foreign or of another time is read
as none, and one that cannot be written costs the next build its time, not its success.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from stackproof.files import write_atomically

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

CONFIGURATION = ".cfnlintrc"
"""The file below the root that configures cfn-lint's rules."""


class Finding(NamedTuple):
    """One thing that the linter or a proof has to say.

    Attributes:
        id: the rule, such as `E3002` or `net-image`.
        level: `error`, `warning` or `informational`; of a proof `broken` or `unknown`.
        path: the place in the template, such as `Resources.Vpc.Properties.CidrBlock`; empty for the file as a whole.
        line: line of the template file, from 1.
        message: the rule's sentence.
        environment: the environment whose parameters it is about; None when it is about the template.
    """

    id: str
    level: str
    path: str
    line: int
    message: str
    environment: str | None


class Record(NamedTuple):
    """What an earlier build found out about one template. That there is one says that params/ had no fault.

    Attributes:
        made_from: digest of what the builder reads; empty when that is not known.
        resources: number of resources; `parameters` likewise.
        indented: bytes of the file in dist/; `compact`: bytes of what is sent.
        environments: those whose parameters it takes.
        regions: those that it must fit.
        findings: what the linter said; None when it was not asked.
        broken: what the proofs found broken or unknown; None when nothing was proven.
        proved: how many needs hold, over all environments.
    """

    made_from: str
    resources: int
    parameters: int
    indented: int
    compact: int
    environments: Sequence[str]
    regions: Sequence[str]
    findings: Sequence[Finding] | None
    broken: Sequence[Finding] | None = None
    proved: int = 0


def digest(files: Iterable[Path], packages: Iterable[str], words: Iterable[str]) -> str:
    """The hash of some files, of installed packages' versions and of words.

    Args:
        files: one that is not there counts as empty; of a folder, all its Python files count.
        packages: names as they are imported.
        words: whatever else matters.
    """
    listed = [found for path in files for found in (sorted(path.rglob("*.py")) if path.is_dir() else [path])]
    return _digest(
        [
            *(part for path in listed for part in (path.name.encode(), _content(path))),
            *(_version(package) for package in packages),
            *(word.encode() for word in words),
        ]
    )


def key(circumstances: str, *files: Path) -> str:
    """The hash of what is judged: files of dist/, and the digest of all that they are judged by."""
    return _digest([circumstances.encode(), *map(_content, files)])


def _digest(parts: Iterable[bytes]) -> str:
    found = sha256()
    for part in parts:
        # The length goes first, or bytes could move from one part to the next unseen.
        found.update(b"%d " % len(part) + part)
    return found.hexdigest()


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _version(package: str) -> bytes:
    """The files in which packages say their version; importing cfn-lint takes 0.5 s, importlib.metadata 20 ms."""
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        return b""
    return _content(Path(spec.origin)) + _content(Path(spec.origin).with_name("version.py"))


def load(path: Path, expected: str) -> Record | None:
    """The record that was stored under this key, or None."""
    seal, _, body = _content(path).partition(b"\n")
    if seal.decode("ascii", "replace") != _seal(expected, body):
        return None
    stored = json.loads(body)
    for kind in ("findings", "broken"):
        if stored[kind]:
            stored[kind] = [Finding(**finding) for finding in stored[kind]]
    return Record(**stored)


def store(path: Path, expected: str, record: Record) -> None:
    """Remember a record under this key; a folder that cannot be written is no fault."""
    body = json.dumps(record._asdict() | {"findings": _plain(record.findings), "broken": _plain(record.broken)})
    with contextlib.suppress(OSError):
        write_atomically(path, f"{_seal(expected, body.encode())}\n{body}")


def _plain(findings: Sequence[Finding] | None) -> list[dict[str, object]] | None:
    return None if findings is None else [finding._asdict() for finding in findings]


def _seal(expected: str, body: bytes) -> str:
    """The first line of a stored record: it covers key and body, so damage and foreign files need no other check."""
    return _digest([expected.encode(), body])
