"""The one boundary between a command and a person: arguments in, exit code out, no traceback for their mistake."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

from stackproof.errors import StackproofError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator


def nearest(word: str, known: Iterable[str]) -> str:
    """A half sentence that names the nearest known word (`, did you mean "prod"?`), or an empty string.

    Case does not count, nor do the dashes of an option: they would make any two short options alike.
    """
    import difflib

    spelled = {_bare(one): one for one in known}
    found = difflib.get_close_matches(_bare(word), spelled, n=1, cutoff=0.6)
    return f', did you mean "{spelled[found[0]]}"?' if found else ""


def _bare(word: str) -> str:
    return word.lower().lstrip("-")


class Parser(argparse.ArgumentParser):
    """An argument parser that takes no abbreviations and answers a typing error with the nearest word.

    argparse and not a larger library: importing it costs 6 ms, and the whole build has 30 (docs/adr/0002).
    """

    def __init__(self, *args: object, **kwargs: object) -> None:
        kwargs.setdefault("allow_abbrev", False)
        kwargs.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # passed through as given

    def _check_value(self, action: argparse.Action, value: object) -> None:
        """Say which choice was meant; argparse only lists them."""
        if action.choices is not None and value not in action.choices:
            known = [str(choice) for choice in action.choices]
            raise argparse.ArgumentError(
                action, f'"{value}" is not one of {", ".join(known)}{nearest(str(value), known)}'
            )

    def parse_known_args(self, args=None, namespace=None):  # type: ignore[no-untyped-def]  # as in argparse
        """Parse, and suggest the nearest option for an unknown one.

        Here and not in parse_args, because this is what argparse calls for a subcommand: the parser that knows
        the subcommand's options is the one that must answer.
        """
        parsed, unknown = super().parse_known_args(args, namespace)
        if unknown:
            options = [option for action in self._actions for option in action.option_strings]
            self.error("; ".join(f'unknown argument "{word}"{nearest(word, options)}' for word in unknown))
        return parsed, unknown

    def error(self, message: str) -> NoReturn:
        """Wrong usage: usage line, sentence, exit code 2."""
        self.print_usage(sys.stderr)
        self.exit(2, f"{self.prog}: {message}\n")


def run(command: Callable[[], int], *, debug: bool = False) -> int:
    """Run a command and turn what it raises into words and an exit code.

    StackproofError becomes its sentences on standard error (with the traceback too when `debug`), so do a library that
    is not installed and what the machine refuses (a full disk); Ctrl-C and SIGTERM become 130, and a reader that closed
    the pipe a quiet end. Without any standard output (`>&-`) nothing is begun.
    """
    # Both are None when the shell closes them.
    if sys.stderr is None:
        sys.stderr = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w", encoding="utf-8")
    if sys.stdout is None:
        sys.stderr.write("standard output is closed, and the answer goes there: send it to a file, or to /dev/null\n")
        return 2
    try:
        with _terminated_like_interrupted():
            code = command()
        sys.stdout.flush()
    except BrokenPipeError:
        # Python would complain once more when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (StackproofError, OSError, ModuleNotFoundError) as error:
        if debug:
            import traceback

            traceback.print_exc()
        return _told(error)
    except KeyboardInterrupt as error:
        sys.stderr.write(f"{str(error) or 'interrupted'}\n")
        return 130
    return code


def _told(error: StackproofError | OSError | ModuleNotFoundError) -> int:
    """Say what went wrong in its own words, and return the exit code."""
    code, words = getattr(error, "exit_code", 1), str(error)
    if isinstance(error, ModuleNotFoundError):
        if str(error.name).startswith("stackproof"):
            raise error  # ours, and no installation would bring it
        code = 2
        words = (
            f"{error.name} is not installed for {sys.executable}; in a clone, install what is needed with\n"
            "  python -m pip install --constraint constraints.txt ."
        )
    sys.stderr.write(f"{words}\n")
    return code


@contextmanager
def _terminated_like_interrupted() -> Iterator[None]:
    """SIGTERM, by which CI ends what it has no time for, tidies up and says what goes on as Ctrl-C does."""
    if threading.current_thread() is not threading.main_thread():  # no other may say what a signal does
        yield
        return

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
