"""How long `python build.py` takes, in whole processes and as ratios that hold on a busy machine, too.

    python -m benchmarks.build [--rounds N] [--lint-rounds N]

Every round runs the floor and the commands one after the other; the ratio of a command is the median of its ratios
of each round. The floors are what a build cannot do without: Python with the troposphere and awacs modules that the
templates use, and cfn-lint's own command line on the same templates, without parameters and in one region. The exit
code is 1 when a ratio is over its limit.

What the numbers taught (Python 3.11, two cores):

- Imports are the cost of a build. troposphere's are 70 ms, a third of them cfn_flip and yaml, which only to_yaml
  uses: they are postponed. Our own modules are 35 ms, half of them for `dataclass`. So the quickest build is the one
  that finds out by content that nothing has changed and imports none of them: 50 ms.
- Building 108 resources takes 10 ms, to_dict 6, json 6; three templates and the check of params/ 70 in all. That is
  the row without a limit: what a change of a template costs, every other row measures what no change costs.
- Looking for garbage takes 15 ms of such a process, most of them at its end.
- cfn-lint loads its rules in 0.3 s: once for all templates. Three regions and three parameter sets cost a quarter more
  processor time than one region without parameters; templates are linted side by side, which gives more than that
  back where there are two processors to be had.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter

ROOT = Path(__file__).resolve().parent.parent

# What the templates import in the end, found out by building them.
USED = """
import sys
from templates import TEMPLATES
for build in TEMPLATES.values():
    build()
print(*sorted(name for name in sys.modules if name.partition(".")[0] in {"troposphere", "awacs"}), sep=", ")
"""


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Attributes:
        what: in words.
        command: the process that is measured.
        limit: the largest ratio to the floor, None where there is none to keep.
    """

    what: str
    command: list[str]
    limit: float | None = None


def build(*arguments: str) -> list[str]:
    """`python build.py` with these arguments."""
    return [sys.executable, "build.py", *arguments]


def seconds(command: list[str], *, may_find: bool = False) -> float:
    """The wall time of a process from start to end.

    Args:
        command: the process.
        may_find: whether an exit code over 0 is an outcome (a linter's findings) and no failure.
    """
    with tempfile.TemporaryDirectory() as home:
        # A ~/.cfnlintrc would lint something else.
        environment = os.environ | {"HOME": home}
        started = perf_counter()
        outcome = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        taken = perf_counter() - started
    if outcome.returncode and not may_find:
        sys.exit(f"{' '.join(command)}: exit {outcome.returncode}\n{outcome.stdout}{outcome.stderr}")
    return taken


def measure(floor: list[str], rows: list[Row], rounds: int) -> bool:
    """Measure rows against a floor, print the table, and say whether every ratio keeps its limit."""
    times: dict[str, list[float]] = {row.what: [] for row in rows}
    floors: list[float] = []
    for _ in range(rounds):
        floors.append(seconds(floor, may_find=True))
        for row in rows:
            times[row.what].append(seconds(row.command))
    print(f"  {'floor':<52} {median(floors):>8.3f} s")
    kept = True
    for row in rows:
        ratio = median(taken / low for taken, low in zip(times[row.what], floors, strict=True))
        over = row.limit is not None and ratio > row.limit
        limit = "no limit" if row.limit is None else f"limit {row.limit}{', OVER' if over else ''}"
        print(f"  {row.what:<52} {median(times[row.what]):>8.3f} s   x {ratio:.2f}   {limit}")
        kept = kept and not over
    return kept


def main() -> int:
    """Measure both floors and print both tables."""
    parser = argparse.ArgumentParser(description="How long python build.py takes, against floors of the same run.")
    parser.add_argument("--rounds", type=int, default=15, help="rounds of the builds without lint; 15")
    parser.add_argument("--lint-rounds", type=int, default=3, help="rounds with a fresh lint; 3")
    options = parser.parse_args()

    seconds(build())  # dist/ is up to date and the verdict is stored
    used = subprocess.run(
        [sys.executable, "-c", USED], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.strip()
    print(f"Importing troposphere and awacs ({used.count(',') + 1} modules), {options.rounds} rounds")
    quick = measure(
        [sys.executable, "-c", f"import {used}"],
        [
            Row("build without lint (build.py --no-lint)", build("--no-lint"), 1.3),
            Row("unchanged build (build.py)", build(), 1.4),
            Row("everything built anew (build.py --no-lint --fresh)", build("--no-lint", "--fresh")),
        ],
        options.rounds,
    )
    templates = [str(path) for path in sorted((ROOT / "dist").glob("*.json")) if "schema" not in path.name]
    print(f"cfn-lint {' '.join(Path(path).name for path in templates)}, {options.lint_rounds} rounds")
    linter = [str(Path(sys.executable).with_name("cfn-lint")), "--config-file", os.devnull, "--regions", "us-east-1"]
    linted = measure(
        [*linter, "--", *templates],
        [Row("build with a fresh lint (build.py --fresh)", build("--fresh"), 1.1)],
        options.lint_rounds,
    )
    return 0 if quick and linted else 1


if __name__ == "__main__":
    sys.exit(main())
