"""Build dist/ from templates/: `python build.py --help`."""

from __future__ import annotations

import gc
import sys
from pathlib import Path

# Every template must fit these, and every region of params/targets.toml as well.
REGIONS = ("sa-east-1", "us-east-1", "eu-west-1")


def main() -> int:
    """Hand this repository's templates to the engine."""
    try:
        from stackproof import building

        building.postpone("cfn_flip")  # a fifth of troposphere's import, and only its to_yaml wants it
        from templates import TEMPLATES

        return building.main(TEMPLATES, root=Path(__file__).resolve().parent, regions=REGIONS)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] in {"stackproof", "templates"}:
            raise
        sys.stderr.write(
            f"build.py: {error.name} is not installed; install what is needed with\n"
            "  python -m pip install --constraint constraints.txt .\n"
        )
        return 2


if __name__ == "__main__":
    # A build is over before there is garbage worth looking for; looking costs it 15 ms of 120, most of them at exit.
    gc.disable()
    code = main()
    gc.freeze()
    sys.exit(code)
