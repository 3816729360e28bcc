"""The command boundary: what a person sees when arguments, input, AWS or the reader of a pipe fail them."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import NoReturn

import pytest

from stackproof import cli
from stackproof.errors import BadInputError, Fault, RefusedError, StackproofError


def parser() -> cli.Parser:
    root = cli.Parser(prog="tool")
    root.add_argument("--version", action="store_true")
    commands = root.add_subparsers(dest="command", required=True)
    plan = commands.add_parser("plan")
    plan.add_argument("environment", nargs="?")
    plan.add_argument("--check", action="store_true")
    plan.add_argument("--stack-name")
    commands.add_parser("apply")
    return root


def test_arguments_reach_their_subcommand() -> None:
    parsed = parser().parse_args(["plan", "dev", "--stack-name", "lms-dev"])
    assert (parsed.command, parsed.environment, parsed.stack_name, parsed.check) == ("plan", "dev", "lms-dev", False)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--versoin", "apply"], 'tool: unknown argument "--versoin", did you mean "--version"?'),
        (["plan", "dev", "--chekc"], 'tool plan: unknown argument "--chekc", did you mean "--check"?'),
        (
            ["plan", "dev", "--stack", "x"],
            'unknown argument "--stack", did you mean "--stack-name"?; unknown argument "x"',
        ),
        (["plan", "dev", "two", "--zzz"], 'tool plan: unknown argument "two"; unknown argument "--zzz"'),
        (["aply"], 'tool: argument command: "aply" is not one of plan, apply, did you mean "apply"?'),
        (["plan", "--stack-name"], "tool plan: argument --stack-name: expected one argument"),
    ],
    ids=["root", "subcommand", "abbreviation", "several", "command", "value"],
)
def test_a_typing_error_exits_2_with_the_word_that_was_meant(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        parser().parse_args(arguments)
    assert stopped.value.code == 2
    answer = capsys.readouterr().err
    assert answer.startswith("usage: tool")
    assert sentence in answer


def test_nearest_is_silent_where_nothing_is_near() -> None:
    assert cli.nearest("prd", ["dev", "prod"]) == ', did you mean "prod"?'
    assert cli.nearest("xyz", ["dev", "prod"]) == ""


def test_nearest_looks_past_case_and_dashes() -> None:
    assert cli.nearest("PROD", ["dev", "prod"]) == ', did you mean "prod"?'
    assert cli.nearest("check", ["--check", "--json"]) == ', did you mean "--check"?'
    assert cli.nearest("--set", ["--yes", "--json"]) == ""


def failing(error: BaseException) -> NoReturn:
    raise error


@pytest.mark.parametrize(
    ("error", "code", "answer"),
    [
        (StackproofError("it failed"), 1, "it failed\n"),
        (
            BadInputError([Fault("params/dev.json", "Parameters.A", "no"), Fault("--set", "", "no value")]),
            2,
            "params/dev.json: Parameters.A: no\n--set: no value\n",
        ),
        (RefusedError("protected"), 4, "protected\n"),
        (OSError(28, "No space left on device", "out.txt"), 1, "[Errno 28] No space left on device: 'out.txt'\n"),
        (
            ModuleNotFoundError("No module named 'rich'", name="rich"),
            2,
            (
                f"rich is not installed for {sys.executable}; in a clone, install what is needed with\n"
                "  python -m pip install --constraint constraints.txt .\n"
            ),
        ),
        (KeyboardInterrupt(), 130, "interrupted\n"),
        (KeyboardInterrupt("the update goes on"), 130, "the update goes on\n"),
    ],
    ids=["failed", "bad input", "refused", "machine", "not installed", "interrupted", "interrupted with words"],
)
def test_what_a_command_raises_becomes_sentences_and_an_exit_code(
    error: BaseException, code: int, answer: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(lambda: failing(error)) == code
    shown = capsys.readouterr()
    assert (shown.out, shown.err) == ("", answer)


def test_debug_shows_the_traceback_before_the_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(lambda: failing(StackproofError("it failed")), debug=True) == 1
    shown = capsys.readouterr().err
    assert shown.startswith("Traceback")
    assert "in failing" in shown
    assert shown.endswith("\nit failed\n")


def test_a_module_of_ours_that_is_missing_is_no_mistake_of_a_person() -> None:
    with pytest.raises(ModuleNotFoundError):
        cli.run(lambda: failing(ModuleNotFoundError("No module named 'stackproof.x'", name="stackproof.x")))


def test_the_commands_own_exit_code_is_passed_on() -> None:
    assert cli.run(lambda: 3) == 3


def test_a_reader_that_closes_the_pipe_ends_it_quietly() -> None:
    many_lines = "import sys; from stackproof import cli; sys.exit(cli.run(lambda: print('line\\n' * 100_000) or 7))"
    with subprocess.Popen(
        [sys.executable, "-c", many_lines], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == "line\n"
        process.stdout.close()
        complaint = process.stderr.read()
    assert (process.returncode, complaint) == (0, "")


@pytest.mark.parametrize(
    ("closed", "said"),
    [
        (">&-", "standard output is closed, and the answer goes there: send it to a file, or to /dev/null\n"),
        (">&- 2>&-", ""),
    ],
)
def test_a_standard_output_that_is_closed_is_told(closed: str, said: str) -> None:
    printing = "import sys; from stackproof import cli; sys.exit(cli.run(lambda: print('line') or 7))"
    done = subprocess.run(
        ["/bin/sh", "-c", f'"$0" -c "$1" {closed}', sys.executable, printing],
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (2, said)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a device that is always full")
def test_a_full_disk_is_told_once() -> None:
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        printing = "import sys; from stackproof import cli; sys.exit(cli.run(lambda: print('line') or 7))"
        done = subprocess.run(
            [sys.executable, "-c", printing], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert (done.returncode, done.stderr) == (1, "[Errno 28] No space left on device\n")


def test_sigterm_ends_a_command_as_ctrl_c_does_and_is_what_it_was_before_afterwards(
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = signal.getsignal(signal.SIGTERM)

    def command() -> int:
        signal.raise_signal(signal.SIGTERM)
        raise AssertionError("it went on")

    assert cli.run(command) == 130
    assert capsys.readouterr().err == "interrupted\n"
    assert signal.getsignal(signal.SIGTERM) is before


def test_in_a_thread_a_command_leaves_signals_alone() -> None:
    codes: list[int] = []
    before = signal.getsignal(signal.SIGTERM)

    def command() -> int:
        assert signal.getsignal(signal.SIGTERM) is before
        return 7

    thread = threading.Thread(target=lambda: codes.append(cli.run(command)))
    thread.start()
    thread.join()
    assert codes == [7]
