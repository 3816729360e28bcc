"""One need after the other: its walks, and the finding that they give."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from stackproof.proofs.network.outcomes import passed
from stackproof.proofs.verdicts import Finding, broken, proved, unknown

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stackproof.proofs.model.system import System
    from stackproof.proofs.network.outcomes import Outcome
    from stackproof.proofs.network.paths import Paths

LOOK: Final = "Say in the template what is missing, or declare the unknown with its reason in intent.toml."


@dataclass(frozen=True)
class Need:
    """What must hold: who can do what, and what AWS does when he cannot.

    Attributes:
        rule: the rule id.
        logical_id: the component that states the need, and `path` its property.
        who: the sentence's subject, "Service".
        what: what it must be able to do, "read its secrets".
        effect: what happens otherwise.
    """

    rule: str
    logical_id: str
    path: str
    who: str
    what: str
    effect: str


@dataclass
class Proof:
    """The walks of one system and what they gave.

    Attributes:
        given: why the network outside of the template is sound; empty when nobody says so.
    """

    system: System
    paths: Paths
    given: str = ""
    findings: list[Finding] = field(default_factory=list)

    def answer(self, need: Need, outcomes: Iterable[Outcome]) -> None:
        """Add the findings of one need: every blocking component once, every doubt once, or the proof."""
        found = [self._given(outcome) for outcome in outcomes]
        bad = [outcome for outcome in found if outcome.holds is False]
        seen: set[tuple[str, str, str]] = set()
        for outcome in bad or [outcome for outcome in found if outcome.holds is None]:
            if (key := (outcome.logical_id, outcome.path, need.rule)) not in seen:
                seen.add(key)
                self.findings.append(_finding(need, outcome))
        if found and not seen:
            self.findings.append(proved(need.rule, need.logical_id, need.path, _way(found[0])))

    def _given(self, outcome: Outcome) -> Outcome:
        """Take what only the network outside of the template could spoil as the file of intents has it."""
        if not (self.given and outcome.outside):
            return outcome
        return passed(*outcome.trail, f"the network outside of the template ({self.given})")


def _way(outcome: Outcome) -> str:
    return " → ".join(outcome.trail)


def _finding(need: Need, outcome: Outcome) -> Finding:
    so_far = f" (the way so far: {_way(outcome)})" if outcome.trail else ""
    place = (need.rule, outcome.logical_id or need.logical_id, outcome.path)
    if outcome.holds is None:
        told = f"Whether {need.who} can {need.what} cannot be told: {outcome.reason}{so_far}."
        return unknown(*place, told, outcome.fix or LOOK)
    told = f"{need.who[0].upper()}{need.who[1:]} cannot {need.what}: {outcome.reason}{so_far}; {need.effect}."
    return broken(*place, told, outcome.fix)
