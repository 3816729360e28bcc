"""Why, from recorded failures of others: the cause, what mends it, what is shown, and what is said not to be seen."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from stackproof import explaining
from stackproof.deployment import causes, ways
from tests.unit.stackproof.deployment.builders import COMMANDS, stack
from tests.unit.stackproof.deployment.histories import checks, customs, resources, stacks, tasks
from tests.unit.stackproof.deployment.histories.recorded import Replay, arn, is_public

if TYPE_CHECKING:
    from stackproof.deployment.causes import Explanation
    from tests.unit.stackproof.deployment.histories.recorded import History

HISTORIES = (*resources.HISTORIES, *stacks.HISTORIES, *checks.HISTORIES, *tasks.HISTORIES, *customs.HISTORIES)
DOCUMENT = Path(__file__).parents[4] / "docs" / "why.md"
each_history = pytest.mark.parametrize("history", HISTORIES, ids=lambda history: history.name)


# Reading the services' models takes longer than all histories together.
_aws = Replay()
_told: dict[str, Explanation] = {}


def explained(history: History) -> Explanation:
    if history.name not in _told:
        found = stack(history.state, id=arn(history.stack), planned=history.planned)
        _told[history.name] = causes.explain(_aws.account(history), found)
    return _told[history.name]


def text(told: Explanation) -> str:
    way = ways.out_of(told.status, told.stack, COMMANDS)
    return "\n".join(line.text for line in explaining.explanation(told, way))


@each_history
def test_the_first_real_cause_is_found(history: History) -> None:
    told = explained(history)
    if not history.path:
        assert told.cause is None
        return
    assert told.cause is not None
    assert told.cause.path == history.path.replace("@", history.stack)
    assert told.cause.status == history.status
    assert history.reason in told.cause.reason
    assert tuple(each.path for each in told.also) == history.also


@each_history
def test_what_mends_it_is_said_where_that_is_certain(history: History) -> None:
    told = explained(history)
    assert bool(told.hint) == bool(history.says), told.hint
    assert [each for each in history.says if each not in told.hint] == [], told.hint
    commands = "\n".join(told.commands)
    assert [each for each in history.runs if each not in commands] == [], commands


@each_history
def test_what_others_say_is_shown_and_what_is_not_seen_is_named(history: History) -> None:
    told = explained(history)
    shown = "\n".join(line for each in told.evidence for line in (each.title, *each.lines))
    assert [each for each in history.shows if each not in shown] == [], shown
    assert bool(told.evidence) == bool(history.shows), shown
    unseen = "\n".join(told.unseen)
    assert [each for each in history.unseen if each not in unseen] == [], unseen
    assert bool(told.unseen) == bool(history.unseen), unseen


@each_history
def test_a_person_reads_all_of_it_and_no_secret(history: History) -> None:
    told = explained(history)
    said = text(told)
    assert said.startswith(f"lms-dev: {history.state}\n")
    assert [each for each in history.hides if each in said or each in str(told.as_json(()))] == []
    assert [each for each in (*history.shows, *history.unseen) if each not in said] == []
    if told.cause:
        assert f"{told.cause.path} ({told.cause.type}) {told.cause.status}" in said


def test_there_are_enough_of_them_and_each_has_a_public_source() -> None:
    assert len(HISTORIES) >= 30
    assert len({history.name for history in HISTORIES}) == len(HISTORIES)
    assert [history.source for history in HISTORIES if not is_public(history.source)] == []


EXAMPLE = re.compile(r"<!-- recorded: (?P<name>.+?) -->\n```\n(?P<text>.*?)```\n", re.DOTALL)


def test_the_document_shows_what_is_said() -> None:
    shown = {found["name"]: found["text"] for found in EXAMPLE.finditer(DOCUMENT.read_text(encoding="utf-8"))}
    assert len(shown) >= 6
    by_name = {history.name: history for history in HISTORIES}
    assert shown == {name: f"{text(explained(by_name[name]))}\n" for name in shown}
