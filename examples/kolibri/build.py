"""Build the platform for Kolibri into dist/: `python examples/kolibri/build.py --help`.

The same template as the platform's own, with this folder's application.toml and judged with this folder's params/.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from troposphere import Template

ROOT = Path(__file__).resolve().parent
PLATFORM = ROOT.parents[1]

# All that the builders read.
SOURCES = (PLATFORM / "templates", ROOT / "application.toml", Path(__file__))


def templates() -> Mapping[str, Callable[[], Template]]:
    """Name → builder, as the platform's own templates.TEMPLATES."""
    from templates.lms import build

    settings = (ROOT / "application.toml").read_text(encoding="utf-8")
    return {"kolibri": lambda: build(settings)}


def main(argv: Sequence[str] | None = None, *, root: Path = ROOT) -> int:
    """Hand the template to the engine; `root` is the folder with params/ and dist/."""
    from stackproof import building

    return building.main(templates(), root=root, regions=(), sources=SOURCES, argv=argv)


if __name__ == "__main__":
    sys.path.insert(0, str(PLATFORM))
    sys.exit(main())
