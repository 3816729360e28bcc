"""Every query on our template in a cover of the conditions that parameters can reach.

    python -m benchmarks.combinations [--of N]

The tests show every reachable pair (tests/combinations.py, which says what is expected there); this shows every
reachable choice of three. The exit code is 1 when something is found that is not expected, or the other way round.
"""

from __future__ import annotations

import argparse
import sys
from concurrent.futures import ProcessPoolExecutor
from time import perf_counter

from tests.combinations import faults, scenarios, template


def main() -> int:
    """Try a cover, print every fault, and say how much was tried."""
    parser = argparse.ArgumentParser(description="Every query in the combinations of our template's conditions.")
    parser.add_argument("--of", type=int, default=3, metavar="N", help="every reachable choice of N conditions; 3")
    size = parser.parse_args().of
    started = perf_counter()
    tried = scenarios(size)
    with ProcessPoolExecutor() as pool:
        answers = list(pool.map(faults, tried, chunksize=8))
    for scenario, found in zip(tried, answers, strict=True):
        for fault in found:
            print(f"{fault}\n  with {scenario.parameters}")
    print(
        f"{len(tried)} combinations show every reachable choice of {size} of {len(template()['Conditions'])} conditions"
        f" ({perf_counter() - started:.0f} s)"
    )
    return 1 if any(answers) else 0


if __name__ == "__main__":
    sys.exit(main())
