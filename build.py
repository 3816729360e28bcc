"""Build dist/ from templates/: `python build.py --help`."""

from __future__ import annotations

import gc
import sys
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parent

# Every template must fit these, and every region of params/targets.toml as well.
REGIONS = ("sa-east-1", "us-east-1", "eu-west-1")

# All that the builders read.
SOURCES = (ROOT / "templates", ROOT / "application.toml", Path(__file__))


def main() -> int:
    """Hand this repository's templates to the engine."""
    missing = [name for name in ("awacs", "cfnlint", "troposphere") if find_spec(name) is None]
    if missing:
        sys.stderr.write(
            f"build.py: not installed for {sys.executable}: {', '.join(missing)}; install what is needed with\n"
            "  python -m pip install --constraint constraints.txt .\n"
        )
        return 2

    if str(ROOT) not in sys.path:  # python -I leaves it out
        sys.path.insert(0, str(ROOT))
    from stackproof import building

    building.postpone("cfn_flip")  # a fifth of troposphere's import, and only its to_yaml wants it
    from templates import TEMPLATES

    return building.main(TEMPLATES, root=ROOT, regions=REGIONS, sources=SOURCES)


if __name__ == "__main__":
    # A build is over before there is garbage worth looking for; looking costs it 15 ms of 120, most of them at exit.
    gc.disable()
    code = main()
    gc.freeze()
    sys.exit(code)
