"""How long the proofs take: resolve, model and every query, for one environment and as a template grows.

    python -m benchmarks.proofs [--rounds N]

The best processor time of some rounds counts, so that a busy machine counts little. The limit is 50 ms for one
environment of our template. Growth: our template several times in one, with other logical ids, up to CloudFormation's
500 resources; a resource may cost at most twice as much there as here. And the largest template that CloudFormation
takes, as YAML, from the file to the report. The exit code is 1 when a limit is passed.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from time import process_time
from typing import TYPE_CHECKING, Any

import yaml

from benchmarks import faults
from benchmarks.foreign import checked
from stackproof.proofs.check import check
from stackproof.proofs.diff import diff
from stackproof.proofs.intent.intent import DEFAULT
from stackproof.proofs.model.system import model
from stackproof.proofs.resolve.stack import resolve

if TYPE_CHECKING:
    from collections.abc import Callable

LIMIT_MS = 50.0
GROWTH = 2.0
FILE_SECONDS = 5.0
MOST = 500
"""Resources of one template (CloudFormation quotas)."""


def best(what: Callable[[], object], rounds: int) -> float:
    """The best processor time of some rounds, in milliseconds."""
    times = []
    for _ in range(rounds):
        started = process_time()
        what()
        times.append(process_time() - started)
    return 1000 * min(times)


def several(template: Any, copies: int) -> Any:
    """A template several times in one: the copies have logical ids of their own, and share the parameters."""
    resources: dict[str, Any] = {}
    for number in range(copies):
        text = json.dumps(template["Resources"])
        names = sorted(template["Resources"], key=len, reverse=True)
        if number:
            for name in names:
                for before, after in (('"', '"'), ("${", "}"), ("${", "."), ('"', ".")):
                    text = text.replace(f"{before}{name}{after}", f"{before}{name}x{number}{after}")
        resources |= json.loads(text)
    return {**template, "Resources": dict(list(resources.items())[:MOST])}


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="How long the proofs take.")
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    kept = True
    given = {name: faults.given(name) for name in ("dev", "staging", "prod")}
    for name, values in given.items():
        taken = best(lambda values=values: check(faults.sound(), **values), rounds)  # type: ignore[misc]  # a default
        kept = kept and taken <= LIMIT_MS
        print(f"  {name:<40} {taken:>7.1f} ms   limit {LIMIT_MS:.0f} ms{'' if taken <= LIMIT_MS else ', OVER'}")
    place = {key: given["prod"][key] for key in ("parameters", "region", "account", "stack_name")}
    stack = resolve(faults.sound(), **place)
    print(f"  {'of these, resolve':<40} {best(lambda: resolve(faults.sound(), **place), rounds):>7.1f} ms")
    print(f"  {'of these, model':<40} {best(lambda: model(stack), rounds):>7.1f} ms")
    print(f"  {'diff with itself':<40} {best(lambda: diff(stack, resolve(faults.sound(), **place)), rounds):>7.1f} ms")
    cost: dict[int, float] = {}
    for copies in (1, 2, 3, 5):
        template = several(faults.sound(), copies)
        number = len(resolve(template, **place).resources)
        taken = best(lambda template=template: check(template, **place, intent=DEFAULT), 3)  # type: ignore[misc]  # as above
        cost[number] = taken / number
        print(f"  {f'{number} resources':<40} {taken:>7.1f} ms   {cost[number]:.2f} ms each")
    growth = list(cost.values())[-1] / next(iter(cost.values()))
    kept = kept and growth <= GROWTH
    print(f"  a resource costs x {growth:.2f} in the largest, limit {GROWTH}{'' if growth <= GROWTH else ', OVER'}")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "large.yaml"
        large = several(faults.sound(), 5)
        large["Metadata"] = {"Filling": ["x" * 90] * (max(0, 1_000_000 - len(yaml.safe_dump(large))) // 100)}
        path.write_text(yaml.safe_dump(large), encoding="utf-8")
        seconds = checked(path).seconds
        kept = kept and seconds <= FILE_SECONDS
        print(f"  {f'{path.stat().st_size:,} bytes of YAML':<40} {seconds:>7.1f} s    limit {FILE_SECONDS:.0f} s")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
