"""`stackproof check` and `stackproof diff`: any template, ours or not, without AWS and without a repository."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stackproof import plan_report, printing
from stackproof.configuration import read_configuration
from stackproof.documents import Document, decoded, read_json
from stackproof.errors import BadInputError
from stackproof.intent_files import load_intent
from stackproof.parameters import parameters_of
from stackproof.proofs.intent.intent import DEFAULT, Intent
from stackproof.proofs.resolve.stack import Stack, resolve
from stackproof.proofs.verdicts import Verdict
from stackproof.targets import Target, default_stack, read_targets
from stackproof.template_files import parse_template, read_template, template_lines

if TYPE_CHECKING:
    import argparse

    from stackproof.errors import Fault

STANDARD_INPUT = Path("-")


@dataclass(frozen=True)
class Given:
    """A template and the parameters that it is asked about.

    Attributes:
        where: the template's file, as it was typed.
        text: its text.
        template: in its long form.
        parameters: as CloudFormation's API takes them; those that nobody gave and that have no default are missing.
        target: where the parameter file's environment lives, as far as a targets.toml beside it says.
    """

    where: str
    text: str
    template: dict[str, Any]
    parameters: dict[str, str]
    target: Target

    def resolved(self) -> Stack:
        """The template worked out."""
        target = self.target
        return resolve(
            self.template, self.parameters, region=target.region, account=target.account, stack_name=target.stack
        )

    def missing(self) -> list[str]:
        """The parameters that have neither a value nor a default."""
        known = parameters_of(self.template)
        return [name for name, each in known.items() if name not in self.parameters and each.default is None]


def check(options: argparse.Namespace) -> int:
    """Print what is broken and what is unknown; 1 when there is something at or above `--fail-on`."""
    faults: list[Fault] = []
    given = _read(options.template, options.params, faults)
    intent = _intent(options, faults)
    if faults or given is None:
        raise BadInputError(faults)
    from stackproof import check_report
    from stackproof.proofs import check as proofs

    report = proofs.check(
        given.template,
        given.parameters,
        region=given.target.region,
        account=given.target.account,
        stack_name=given.target.stack,
        intent=intent,
        strict=options.debug,
    )
    numbers = template_lines(given.text, options.template) if report.findings else {}
    places = check_report.places(report, given.where, given.template, numbers)
    if options.json:
        found = [each.as_json() | {"where": places[each]} for each in report.findings]
        printing.show_json(report.as_json() | {"findings": found}, sys.stdout)
    else:
        printing.show(check_report.lines(report, places, given.missing()), sys.stdout)
    failing = report.count(Verdict.BROKEN) + (report.count(Verdict.UNKNOWN) if options.fail_on == "unknown" else 0)
    return 1 if failing else 0


def diff(options: argparse.Namespace) -> int:
    """Print what going from one template to the other would do."""
    faults: list[Fault] = []
    before = options.old_params or options.params
    old = _read(options.old, before, faults, may_lack=options.old_params is None)
    new = _read(options.new, options.params, faults)
    if faults or old is None or new is None:
        raise BadInputError(list(dict.fromkeys(faults)))
    if options.json:
        from stackproof.proofs.diff import diff as compare_stacks

        printing.show_json(compare_stacks(old.resolved(), new.resolved()).as_json(), sys.stdout)
        return 0
    from stackproof.comparing import compare

    changes, notes = compare(old.resolved(), new.resolved())
    printing.show(plan_report.difference(f"{old.where} → {new.where}", changes, notes), sys.stdout)
    return 0


def _read(path: Path, params: Path | None, faults: list[Fault], *, may_lack: bool = False) -> Given | None:
    """A template with a parameter file; None after a fault.

    Args:
        path: the template.
        params: the parameter file, if there is one.
        faults: what is wrong is added here.
        may_lack: the parameters are those of another template: what this one does not declare is left out.
    """
    before = len(faults)
    where = "standard input" if path == STANDARD_INPUT else str(path)
    if path == STANDARD_INPUT:
        text = decoded(sys.stdin.buffer.read(), where, faults)
        read = None if text is None else parse_template(text, path, where, faults)
    else:
        read = read_template(path, where, faults)
    document = _parameters(params, faults) if params else Document("", {})
    parameters: dict[str, str] = {}
    if read is not None and document is not None:
        if may_lack:
            document = _without_strangers(document, read[1])
        # What nobody gave is a symbol: much can be said without it.
        configuration, found = read_configuration(document, read[1], {}, complete=False)
        parameters = configuration.parameters
        faults += found
    if len(faults) > before or read is None:
        return None
    return Given(where, read[0], read[1], parameters, _target(path, params, faults))


def _parameters(path: Path, faults: list[Fault]) -> Document | None:
    """A parameter file; the AWS CLI's list of ParameterKey and ParameterValue counts as one."""
    document = read_json(path, str(path), faults)
    if document is None or not isinstance(document.value, list):
        return document
    if not all(isinstance(each, dict) and isinstance(each.get("ParameterKey"), str) for each in document.value):
        return document
    # Without a value it is UsePreviousValue: nobody here knows it.
    given = {each["ParameterKey"]: each["ParameterValue"] for each in document.value if "ParameterValue" in each}
    return Document(document.where, {"Parameters": given})


def _without_strangers(document: Document, template: dict[str, Any]) -> Document:
    """The same file without the parameters that a template does not declare."""
    whole = document.value
    if not isinstance(whole, dict) or not isinstance(whole.get("Parameters"), dict):
        return document
    known = parameters_of(template)
    kept = {name: value for name, value in whole["Parameters"].items() if name in known}
    return Document(document.where, {**whole, "Parameters": kept}, document.text)


def _target(template: Path, params: Path | None, faults: list[Fault]) -> Target:
    """Region, account and stack of the environment, when the file lies in a params/ with a targets.toml."""
    if params is None or params.absolute().parent.name != "params":
        return Target("")
    targets, found = read_targets(params.absolute().parent.parent)
    faults += found
    target = targets.get(params.stem, Target(params.stem))
    return replace(target, stack=target.stack or default_stack(template.stem, params.stem))


def _intent(options: argparse.Namespace, faults: list[Fault]) -> Intent:
    """The intent of the environment that the parameter file is named after; the file beside it unless one is named."""
    params: Path | None = options.params
    path: Path | None = options.intent
    if path is None and params is not None and (params.parent / "intent.toml").is_file():
        path = params.parent / "intent.toml"
    if path is None:
        return DEFAULT
    try:
        return load_intent(path, params.stem if params else None, where=str(path), required=True)
    except BadInputError as error:
        faults += error.faults
        return DEFAULT
