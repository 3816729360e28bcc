"""One cfn-lint call per template: every environment's values and every region at once, informational findings included.

A second call costs as much as the first, a region or a parameter set a tenth of it (ADR 0002), and only a call that
knows an environment's values sees what they do to the resources. Several templates are linted side by side. The rules
are configured in one place, the repository's `.cfnlintrc`; a person's own `~/.cfnlintrc` is left out, so the verdict is
the same on every machine.
"""

from __future__ import annotations

import json
import os
from functools import lru_cache, partial
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any, NamedTuple

from stackproof.cli import nearest
from stackproof.errors import BadInputError, Fault, StackproofError
from stackproof.verdicts import CONFIGURATION, Finding

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess


class Linted(NamedTuple):
    """The outcome for one template: the findings by line, rule and environment, and how long it took."""

    findings: list[Finding]
    seconds: float


def lint(
    templates: Mapping[Path, Mapping[str, Mapping[str, str]]], *, regions: Sequence[str], root: Path
) -> dict[Path, Linted]:
    """Lint templates, each with all its environments in a single cfn-lint call.

    Args:
        templates: JSON file to environment to parameters, each value a string as CloudFormation's API takes it. The
            files have been parsed before, so only their content can be wrong.
        regions: the regions that they must fit.
        root: the folder whose `.cfnlintrc`, if there is one, configures the rules.

    Raises:
        BadInputError: a region that cfn-lint does not know, or a `.cfnlintrc` that it cannot read.
        ModuleNotFoundError: cfn-lint is not installed.
    """
    from cfnlint.helpers import REGIONS

    faults = [
        Fault("regions", region, f"cfn-lint knows no such region{nearest(region, REGIONS)}")
        for region in regions
        if region not in REGIONS
    ]
    if faults:
        raise BadInputError(faults)
    configuration = root / CONFIGURATION
    if not configuration.is_file():
        # No regular file, and that is cfn-lint's test for "no configuration".
        configuration = Path(os.devnull)
    # Here, so that its faults are told once and its 0.3 s are spent once.
    rules = _rules(configuration, configuration.read_bytes())
    calls = [partial(_lint, path, given, regions, configuration, rules) for path, given in templates.items()]
    return dict(zip(templates, _side_by_side(calls), strict=True))


def _side_by_side(calls: Sequence[Callable[[], Linted]]) -> list[Linted]:
    """Make the calls at once where there are several processors.

    cfn-lint is pure Python, so processes and not threads; forked ones, because they have the rules already.

    Raises:
        StackproofError: a process ended without an answer; what it had to say stands on standard error.
    """
    if min(len(calls), os.cpu_count() or 1) < 2 or not hasattr(os, "fork"):
        return [call() for call in calls]
    from signal import SIG_BLOCK, SIG_SETMASK, SIGINT, pthread_sigmask

    # Children inherit what is blocked: Ctrl-C is for the parent, which ends them.
    mask = pthread_sigmask(SIG_BLOCK, {SIGINT})
    children = [_start(call) for call in calls]
    pthread_sigmask(SIG_SETMASK, mask)
    try:
        return [answer.recv() for _, answer in children]
    except EOFError as error:
        raise StackproofError("cfn-lint ended before it had an answer; build again, or see what it said") from error
    finally:
        for child, _ in children:
            child.kill()
            child.join()


def _start(call: Callable[[], Linted]) -> tuple[BaseProcess, Connection]:
    """Make a call in a process of its own, and say where its answer will come from."""
    from multiprocessing import Pipe, get_context

    receiving, sending = Pipe(duplex=False)
    child = get_context("fork").Process(target=lambda: sending.send(call()), daemon=True)
    child.start()
    # The child's end alone is left: when the child is gone, so is the connection.
    sending.close()
    return child, receiving


def _lint(
    path: Path,
    parameter_sets: Mapping[str, Mapping[str, str]],
    regions: Sequence[str],
    configuration: Path,
    rules: Any,
) -> Linted:
    """One call of cfn-lint."""
    from cfnlint.config import ManualArgs
    from cfnlint.context.parameters import ParameterSet
    from cfnlint.runner.template.runner import run_template_by_file_path

    started = perf_counter()
    declared = json.loads(path.read_text(encoding="utf-8")).get("Parameters", {})
    config = _config(
        configuration,
        ManualArgs(
            include_checks=["I"],
            regions=list(regions),
            parameters=[ParameterSet(name, _as_cfn_lint(declared, given)) for name, given in parameter_sets.items()],
        ),
    )
    matches = run_template_by_file_path(str(path), config, rules, ignore_bad_template=False)
    findings = [_finding(match, parameter_sets) for match in matches]
    findings.sort(key=lambda finding: (finding.line, finding.id, finding.environment or "", finding.message))
    return Linted(findings, perf_counter() - started)


def _config(configuration: Path, arguments: Mapping[str, Any]) -> Any:
    """cfn-lint's settings from our file and nobody else's (without --config-file it looks into the home folder)."""
    from cfnlint.config import ConfigMixIn
    from cfnlint.exceptions import CfnLintExitException
    from yaml import YAMLError

    try:
        # No templates: those that the file names are for cfn-lint typed by hand, from the file's own folder.
        return ConfigMixIn(["--config-file", str(configuration)], templates=[], **arguments)
    except (CfnLintExitException, YAMLError) as error:
        raise BadInputError([Fault(CONFIGURATION, "", " ".join(str(error).split()))]) from error


@lru_cache(maxsize=1)
def _rules(configuration: Path, _content: bytes) -> Any:
    """cfn-lint's rules, kept for the next call with the same configuration: loading takes 0.3 s, keeping 60 MB."""
    from cfnlint.runner import Runner

    return Runner(_config(configuration, {})).rules


def _as_cfn_lint(declared: Mapping[str, Any], given: Mapping[str, str]) -> dict[str, str | list[str]]:
    """cfn-lint wants the value of a list type as an array where CloudFormation's API wants commas."""
    return {
        name: [part.strip() for part in value.split(",")] if "List" in declared.get(name, {}).get("Type", "") else value
        for name, value in given.items()
    }


def _finding(match: Any, parameter_sets: Mapping[str, Any]) -> Finding:
    return Finding(
        id=match.rule.id,
        level=match.rule.severity,
        path=".".join(str(step) for step in getattr(match, "path", None) or ()),
        line=match.linenumber,
        message=match.message,
        # Findings about a parameter set carry its name where others carry the template's file name.
        environment=match.filename if match.filename in parameter_sets else None,
    )
