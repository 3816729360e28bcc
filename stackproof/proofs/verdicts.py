"""What a proof answers: proved, broken or unknown, with the component, the property and two sentences."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Verdict(StrEnum):
    """The three answers; unknown is never a pass."""

    PROVED = "proved"
    BROKEN = "broken"
    UNKNOWN = "unknown"


class Finding(NamedTuple):
    """One answer of one query. A tuple, since a template has thousands.

    Attributes:
        id: the rule, `<area>-<what>` in lower case; areas are ref, net, iam, store, wire, tag, intent, and check for
            what could not be analysed. Each has its paragraph in docs/proofs/.
        verdict: proved, broken or unknown.
        logical_id: the component that blocks (broken), that could not be judged (unknown) or that was asked for
            (proved); empty for the template as a whole.
        path: the property, dotted (`Properties.Subnets.0`); empty for the resource as a whole.
        message: one sentence: what would happen in AWS, what is not known, or the witness of a proof.
        fix: one sentence on what to change; empty when proved.
    """

    id: str
    verdict: Verdict
    logical_id: str
    path: str
    message: str
    fix: str = ""

    def __str__(self) -> str:
        """The finding on one line."""
        place = ".".join(part for part in (self.logical_id, self.path) if part)
        return f"{self.verdict}: {place}: {self.sentences} [{self.id}]"

    @property
    def sentences(self) -> str:
        """Message and fix, one behind the other."""
        return f"{self.message} {self.fix}".strip()

    def as_json(self) -> dict[str, str]:
        """The finding as `check --json` prints it."""
        return {
            "id": self.id,
            "verdict": self.verdict.value,
            "logical_id": self.logical_id,
            "path": self.path,
            "message": self.sentences,
        }


def proved(rule: str, logical_id: str, path: str, witness: str) -> Finding:
    """A need that holds, with its witness (the path through the network, the statement that allows)."""
    return Finding(rule, Verdict.PROVED, logical_id, path, witness)


def broken(rule: str, logical_id: str, path: str, message: str, fix: str) -> Finding:
    """A fault: what would happen in AWS, and what to change."""
    return Finding(rule, Verdict.BROKEN, logical_id, path, message, fix)


def unknown(rule: str, logical_id: str, path: str, message: str, fix: str) -> Finding:
    """What could not be told, why, and what would make it known."""
    return Finding(rule, Verdict.UNKNOWN, logical_id, path, message, fix)
