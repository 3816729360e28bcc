"""`python -m stackproof.emulator [--port N]`: the embedded AWS in the foreground, until Ctrl-C or SIGTERM."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from stackproof.cli import Parser, run
from stackproof.emulator.server import serve

if TYPE_CHECKING:
    from collections.abc import Sequence


def port(text: str) -> int:
    """A TCP port as a number; 0 takes a free one."""
    if not (text.isdecimal() and int(text) < 65536):
        raise argparse.ArgumentTypeError(f'"{text}" is no port: a number from 1 to 65535, or 0 for a free one')
    return int(text)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the embedded AWS until it is told to stop; the exit code is 0 then, and 2 where it cannot start."""
    parser = Parser(
        prog="python -m stackproof.emulator",
        description="The embedded AWS on 127.0.0.1, in memory. Point tools at it with AWS_ENDPOINT_URL;\n"
        "any 12-digit access key id is an account of its own.",
    )
    parser.add_argument("--port", type=port, default=4566, metavar="N", help="default 4566; 0 takes a free one")
    arguments = parser.parse_args(argv)
    return run(lambda: serve(arguments.port))


sys.exit(main())
