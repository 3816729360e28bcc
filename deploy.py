"""Deploy this repository's environments: `python deploy.py plan dev`, `python deploy.py apply dev`, and so on."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from troposphere import Template


def main() -> int:
    """Hand this repository's params/, dist/ and templates to the engine."""
    missing = [name for name in ("boto3", "rich") if find_spec(name) is None]
    if missing:
        sys.stderr.write(
            f"deploy.py: not installed for {sys.executable}: {', '.join(missing)}; install what is needed with\n"
            "  python -m pip install --constraint constraints.txt .\n"
        )
        return 2

    from stackproof import commands

    return commands.main(root=Path(__file__).resolve().parent, templates=_templates)


def _templates() -> Mapping[str, Callable[[], Template]]:
    from templates import TEMPLATES

    return TEMPLATES


if __name__ == "__main__":
    sys.exit(main())
