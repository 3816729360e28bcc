"""Deploy this repository's environments: `python deploy.py plan dev`, `python deploy.py apply dev`, and so on."""

from __future__ import annotations

import sys
from pathlib import Path

from stackproof import commands

if __name__ == "__main__":
    sys.exit(commands.main(root=Path(__file__).resolve().parent))
