"""The proofs of a build: each template with the parameters, the place and the intent of every environment that it has.

An environment's template is the one that its target names; a template of no environment (bootstrap) is proven with its
own defaults, and nothing is asked of it that it does not say itself.
"""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Any, NamedTuple

from stackproof.check_report import line_of
from stackproof.documents import json_lines
from stackproof.environments import environment_names
from stackproof.intent_files import load_intent
from stackproof.proofs.check import check
from stackproof.proofs.intent.intent import DEFAULT, FILE
from stackproof.targets import Target, default_stack
from stackproof.verdicts import Finding

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from stackproof.environment_checks import Checks
    from stackproof.proofs.check import Report


class Proven(NamedTuple):
    """The outcome for one template: broken and unknown answers, how many needs hold, and how long it took."""

    findings: list[Finding]
    proved: int
    seconds: float


def prove(root: Path, templates: Mapping[str, tuple[dict[str, Any], str]], checks: Checks) -> dict[str, Proven]:
    """Prove templates.

    Args:
        root: the folder with params/.
        templates: name to content, and to the text that lies in dist/.
        checks: what params/ says about them, without faults.

    Raises:
        BadInputError: with every fault of params/intent.toml.
    """
    return {name: _prove(root, name, *made, checks) for name, made in templates.items()}


def _prove(root: Path, name: str, content: dict[str, Any], text: str, checks: Checks) -> Proven:
    started = perf_counter()
    names = environment_names(root)
    parameter_sets = checks.parameter_sets[name]
    own: list[str | None] = [each for each in parameter_sets if checks.targets[each].template == name]
    reports: dict[str | None, Report] = {}
    for environment in own or [None]:
        target = checks.targets[environment] if environment else Target("")
        stack_name = target.stack or (default_stack(name, environment) if environment else None)
        reports[environment] = check(
            content,
            parameter_sets[environment] if environment else {},
            region=target.region,
            account=target.account,
            stack_name=stack_name,
            intent=load_intent(root / FILE, environment, environments=names) if environment else DEFAULT,
        )
    return Proven(
        _findings(reports, content, text), sum(report.proved for report in reports.values()), perf_counter() - started
    )


def _findings(reports: Mapping[str | None, Report], content: dict[str, Any], text: str) -> list[Finding]:
    """Every finding once, with the environments that have it."""
    lines = json_lines(text) if any(report.findings for report in reports.values()) else {}
    found: dict[Finding, list[str]] = {}
    for environment, report in reports.items():
        for each in report.findings:
            place = ".".join(
                part for part in ("Resources" if each.logical_id else "", each.logical_id, each.path) if part
            )
            line = line_of(each, content, lines) or 1
            finding = Finding(each.id, each.verdict.value, place, line, each.sentences, None)
            found.setdefault(finding, []).extend([environment] if environment else [])
    return [finding._replace(environment=", ".join(names) or None) for finding, names in found.items()]
