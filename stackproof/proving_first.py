"""The proofs of one environment before a plan or an apply asks AWS: what is broken goes no further.

A build proves what lies in params/; here `--set`, `--params` and `--template` count as well, and whatever was done to
dist/ since. Only where params/intent.toml says what is meant: other stacks may have run for years with what the
defaults call broken, and `stackproof check` is for them (docs/adr/0014-proofs-before-plans.md).
"""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from stackproof import check_report, printing
from stackproof.environments import environment_names
from stackproof.errors import RefusedError
from stackproof.proofs.intent.intent import FILE
from stackproof.proofs.verdicts import Verdict
from stackproof.template_files import template_lines

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence
    from pathlib import Path

    from stackproof.environments import Environment

# An exception that other values need is no fault of a deployment; the build tells it of those in params/.
_HARMLESS = frozenset({"intent-unused-exception"})


def refuse_broken(
    options: argparse.Namespace, root: Path, environments: Sequence[tuple[str | None, Environment]]
) -> None:
    """Show on standard error what is broken, and go no further.

    Args:
        options: of the command.
        root: the folder with params/; without params/intent.toml nothing is proven.
        environments: with the values that count, and the name that was given; None for somebody else's stack.

    Raises:
        RefusedError: something is broken.
        BadInputError: with every fault of params/intent.toml.
    """
    if options.no_proofs or not (root / FILE).exists():
        return
    broken = [each for name, each in environments if name is not None and not _holds(root, each)]
    if broken:
        names = " and ".join(each.name for each in broken)
        raise RefusedError(
            f"AWS was not asked: {names} would be broken. Mend it, declare an exception with its reason in {FILE}, or"
            " leave the proofs out with --no-proofs"
        )


def _holds(root: Path, environment: Environment) -> bool:
    """Whether nothing is broken; what is, is shown."""
    # Most plans of other people's stacks need none of it.
    from stackproof.intent_files import load_intent
    from stackproof.proofs.check import check

    name = environment.name
    report = check(
        environment.template,
        environment.parameters,
        region=environment.region,
        account=environment.account,
        stack_name=environment.stack,
        intent=load_intent(root / FILE, name, environments={*environment_names(root), name}),
    )
    broken = [each for each in report.findings if each.verdict is Verdict.BROKEN and each.id not in _HARMLESS]
    if broken:
        report = replace(report, findings=tuple(broken))
        path = environment.template_path
        where = str(path.relative_to(root)) if path.is_relative_to(root) else str(path)
        numbers = template_lines(environment.template_text, path)
        printing.show(
            check_report.lines(report, check_report.places(report, where, environment.template, numbers)), sys.stderr
        )
    return not broken
