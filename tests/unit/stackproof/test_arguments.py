"""What --help says of every command: each option explained, no word spoilt, and how it can end."""

from __future__ import annotations

import argparse
import re
from typing import Any

import pytest

from stackproof import arguments


def parsers() -> dict[str, argparse.ArgumentParser]:
    (commands,) = [
        each for each in arguments.parser("stackproof")._actions if isinstance(each, argparse._SubParsersAction)
    ]
    return dict(commands.choices)


@pytest.fixture(params=sorted(parsers()))
def command(request: pytest.FixtureRequest) -> Any:
    """Every command in turn."""
    return parsers()[request.param]


def test_every_argument_is_explained(command: argparse.ArgumentParser) -> None:
    assert [each.dest for each in command._actions if not each.help] == []


def test_every_command_says_how_it_ends_and_takes_json_and_debug(command: argparse.ArgumentParser) -> None:
    text = command.format_help()
    assert re.search(r"\nexit codes: 0 [^:]+, 2 [^:]+,\s130 interrupted\n", text)
    assert {"--json", "--debug"} <= {option for each in command._actions for option in each.option_strings}


def test_names_keep_their_capitals(command: argparse.ArgumentParser) -> None:
    text = command.format_help()
    assert re.findall(r"(?<![-\w])(aws|iam|env|json|yaml)(?![-\w.])", text) == []
    assert re.search(r"\n\n[A-Z][^\n]*\.\n\n", text)


@pytest.mark.parametrize("name", ["status", "why", "outputs", "cancel", "destroy"])
def test_a_stack_of_somebody_else_needs_no_template_to_be_looked_at(name: str) -> None:
    assert f"\n  stackproof {name} --stack-name NAME\n" in parsers()[name].format_help()


@pytest.mark.parametrize("name", ["plan", "apply"])
def test_to_change_one_takes_its_template(name: str) -> None:
    text = parsers()[name].format_help()
    assert f"\n  stackproof {name} --template FILE [--params FILE] --stack-name NAME\n" in text


def test_only_a_plan_ends_with_changes_that_wait() -> None:
    assert [name for name, each in parsers().items() if "3 changes" in each.format_help()] == ["plan"]
