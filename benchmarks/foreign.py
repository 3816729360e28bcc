"""`stackproof check` on every template below a folder: none crashes it, none takes over 5 s, and what is said.

    python -m benchmarks.foreign FOLDER [--show RULE] [--sample N]

For templates that packages ship (docs/proofs.md says which were looked at): unpack them into a folder. The exit code is
1 when a query failed or a template took too long. `--sample N` prints N broken findings, evenly spread over all of
them, to be judged by hand; `--show RULE` all findings of one rule.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, NamedTuple

from stackproof.proofs.check import FAILED, check
from stackproof.proofs.verdicts import Finding, Verdict
from stackproof.template_files import read_template

if TYPE_CHECKING:
    from stackproof.errors import Fault

LIMIT = 5.0
"""Seconds, from reading the file to the report."""
ENDINGS = {".json", ".yaml", ".yml", ".template"}


class Outcome(NamedTuple):
    """What became of one file; `refused` says why it is no template that can be read."""

    path: Path
    refused: str
    findings: tuple[Finding, ...]
    proved: int
    analysed: int
    resources: int
    seconds: float


def checked(path: Path) -> Outcome:
    """Check one file, as the command does."""
    started = perf_counter()
    faults: list[Fault] = []
    read = read_template(path, path.name, faults)
    if read is None:
        return Outcome(path, str(faults[0]), (), 0, 0, 0, perf_counter() - started)
    report = check(read[1])
    analysed, others = sum(report.analysed.values()), sum(report.not_analysed.values())
    taken = perf_counter() - started
    return Outcome(path, "", report.findings, report.proved, analysed, analysed + others, taken)


def is_candidate(path: Path) -> bool:
    """Whether a file looks like a template at all."""
    if path.suffix not in ENDINGS or not path.is_file():
        return False
    text = path.read_bytes()
    return b"Resources" in text and b"AWS::" in text


def main() -> int:
    """Check all files, print the tally."""
    parser = argparse.ArgumentParser(description="stackproof check on every template below a folder.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--show", default="", metavar="RULE", help="every finding of this rule")
    parser.add_argument("--sample", type=int, default=0, metavar="N", help="N broken findings, evenly spread")
    options = parser.parse_args()
    files = [path for path in sorted(options.folder.rglob("*")) if is_candidate(path)]
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        outcomes = list(pool.map(checked, files, chunksize=4))
    broken = [(each, found) for each in outcomes for found in each.findings if found.verdict is Verdict.BROKEN]
    if options.show:
        for each in outcomes:
            for found in each.findings:
                if found.id == options.show:
                    print(f"{each.path.relative_to(options.folder)}: {found}")
    if options.sample:
        for number in range(options.sample):
            each, found = broken[number * len(broken) // options.sample]
            print(f"{number + 1}. {each.path.relative_to(options.folder)}: {found}\n")
    return _tally(outcomes)


def _tally(outcomes: list[Outcome]) -> int:
    read = [each for each in outcomes if not each.refused]
    words = Counter((found.id, found.verdict.value) for each in read for found in each.findings)
    failed = [each for each in read if any(found.id == FAILED for found in each.findings)]
    slow = [each for each in outcomes if each.seconds > LIMIT]
    print(f"{len(outcomes)} files, {len(outcomes) - len(read)} refused as no template")
    print(f"{sum(each.analysed for each in read):,} of {sum(each.resources for each in read):,} resources analysed")
    print(f"{sum(each.proved for each in read):,} proved")
    for (rule, verdict), number in sorted(words.items()):
        print(f"  {rule:<28} {verdict:<8} {number:>5}")
    for each in sorted(outcomes, key=lambda each: -each.seconds)[:3]:
        print(f"{each.seconds:.2f} s  {each.path.name} ({each.resources} resources)")
    for each in failed:
        print(f"FAILED: {each.path}: {[str(found) for found in each.findings if found.id == FAILED]}")
    for each in slow:
        print(f"TOO SLOW: {each.path}: {each.seconds:.1f} s")
    return 1 if failed or slow else 0


if __name__ == "__main__":
    sys.exit(main())
