"""Everything that is proven about a template: resolve, model, ask every query, apply the intent.

Pure: a template and its parameters in, a `Report` out. A query that fails on a template that nobody foresaw is itself
an unknown, and the others still answer; `strict` raises instead, for tests and for `--debug`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from stackproof.proofs import references, tags
from stackproof.proofs.intent import declared
from stackproof.proofs.intent.intent import DEFAULT, Intent, apply_intent
from stackproof.proofs.model.system import System, model
from stackproof.proofs.network import queries as network
from stackproof.proofs.permissions import queries as permissions
from stackproof.proofs.resolve.stack import EXTENSIONS, Stack, dotted, resolve
from stackproof.proofs.schemas import misspelt
from stackproof.proofs.stores import queries as stores
from stackproof.proofs.verdicts import Finding, Verdict, unknown
from stackproof.proofs.wiring import queries as wiring

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

NOT_READ: Final = "check-not-read"
FAILED: Final = "check-failed"

QUERIES: Final[dict[str, Callable[[System, Intent], list[Finding]]]] = {
    "references": lambda system, _: references.references(system.stack),
    "network": lambda system, intent: network.prove(system, intent.given_network),
    "permissions": permissions.prove,
    "stores": stores.prove,
    "wiring": lambda system, _: wiring.prove(system),
    "tags": tags.prove,
    "declared intent": declared.prove,
}
"""What is asked, in the order in which answers are read."""

SERVERLESS: Final = "AWS::Serverless-2016-10-31"
_EXPAND: Final = (
    "Check what CloudFormation makes of it: aws cloudformation get-template --template-stage Processed, or the output"
    " of the tool that wrote the template."
)


@dataclass(frozen=True)
class Report:
    """What there is to say about a template with its parameters.

    Attributes:
        findings: broken ones first, then unknown ones; in both, query by query.
        proved: how many needs hold.
        analysed: how many resources of each type some query is about.
        not_analysed: how many resources there are of each type that no query is about.
    """

    findings: tuple[Finding, ...]
    proved: int
    analysed: Mapping[str, int]
    not_analysed: Mapping[str, int]

    def count(self, verdict: Verdict) -> int:
        """How many findings there are of a verdict."""
        return sum(finding.verdict is verdict for finding in self.findings)

    def as_json(self) -> dict[str, object]:
        """The object that `check --json` prints."""
        return {
            "findings": [finding.as_json() for finding in self.findings],
            "proved": self.proved,
            "analysed": {
                "resources": sum(self.analysed.values()),
                "types": dict(self.analysed),
                "not_analysed": dict(self.not_analysed),
            },
        }


def check(
    template: object,
    parameters: Mapping[str, object] | None = None,
    *,
    region: str | None = None,
    account: str | None = None,
    stack_name: str | None = None,
    intent: Intent = DEFAULT,
    strict: bool = False,
) -> Report:
    """Prove what can be proven about a template.

    Args:
        template: as JSON gives it (or YAML with the short forms written out).
        parameters: values as in a parameter file; defaults fill the gaps, and what is left is a symbol.
        region: a region's name; a symbol when None.
        account: 12 digits; a symbol when None.
        stack_name: a symbol when None.
        intent: what was meant.
        strict: raise what a query raises.
    """
    stack = resolve(template, parameters, region=region, account=account, stack_name=stack_name)
    system = model(stack)
    answers: list[Finding] = []
    for name, query in QUERIES.items():
        try:
            answers += query(system, intent)
        except Exception as error:  # a template of somebody else may hold what no query foresaw
            if strict:
                raise
            answers.append(_failed(name, error))
    analysed = _analysed(stack, answers)
    answers = [*_told_once(answers), *_not_read(stack)]
    findings = apply_intent(answers, intent, absent=stack.absent)
    return Report(
        findings=tuple(
            finding
            for verdict in (Verdict.BROKEN, Verdict.UNKNOWN)
            for finding in findings
            if finding.verdict is verdict
        ),
        proved=sum(finding.verdict is Verdict.PROVED for finding in findings),
        analysed=_types(stack, analysed),
        not_analysed=_types(stack, stack.resources.keys() - analysed),
    )


def _told_once(answers: list[Finding]) -> Iterator[Finding]:
    """The answers without the doubts about what points at nothing: that it does is said, and mends them all."""
    nothing = {
        (each.logical_id, each.path)
        for each in answers
        if each.id == "ref-missing" and each.verdict is not Verdict.PROVED
    }
    for each in answers:
        follows = each.verdict is Verdict.UNKNOWN and (each.logical_id, each.path) in nothing
        if not follows or each.id == "ref-missing":
            yield each


def _failed(name: str, error: Exception) -> Finding:
    return unknown(
        FAILED,
        "",
        "",
        f"Nothing is known about {name}: the query failed on this template ({type(error).__name__}: {error}).",
        "This is a fault of stackproof: --debug shows where; please report it with the template.",
    )


def _analysed(stack: Stack, answers: list[Finding]) -> set[str]:
    """The resources that a query asked for by type, or answers for; their references are read in any case."""
    named = {each.logical_id for each in answers if not each.id.startswith(("ref-", "tag-"))}
    return {
        name
        for name, resource in stack.resources.items()
        if resource.unknown is None and (name in named or resource.type in stack.asked)
    }


def _types(stack: Stack, names: set[str]) -> dict[str, int]:
    return dict(sorted(Counter(stack.resources[name].type for name in names).items()))


def _not_read(stack: Stack) -> Iterator[Finding]:
    """The parts of a template that are made, or kept, elsewhere."""
    for note in stack.notes:
        section, *rest = map(str, note.path or ("",))
        inside = section == "Resources" and bool(rest)
        if section == "Transform":
            continue
        yield unknown(
            NOT_READ,
            rest[0] if inside else "",
            dotted(rest[1:] if inside else note.path),
            f"{dotted(note.path) or 'The template'} is not analysed: {note.reason}.",
            _EXPAND,
        )
    for name in stack.transforms:
        if name == SERVERLESS:
            made = [each for each in stack.resources.values() if each.type.startswith("AWS::Serverless::")]
            message = f"{name} makes other resources of {len(made)} resources here; these are not analysed."
            yield unknown(NOT_READ, "", "Transform", message, _EXPAND)
        elif name != EXTENSIONS:
            message = f"The macro {name} may rewrite any part of the template; what it adds or changes is not analysed."
            yield unknown(NOT_READ, "", "Transform", message, _EXPAND)
    for resource in stack.resources.values():
        near = misspelt(resource.type)
        if near is not None:
            message = f"{resource.logical_id} is not analysed: no resource type is called {resource.type}{near or '.'}"
            fix = "Mend the name; a type that is newer than the schemas here wants a newer cfn-lint."
            yield unknown(NOT_READ, resource.logical_id, "Type", message, fix)
    for nested in stack.of_type("AWS::CloudFormation::Stack"):
        yield unknown(
            NOT_READ,
            nested.logical_id,
            "Properties.TemplateURL",
            "The stack nested here is not analysed: its template is elsewhere.",
            "Check that template by itself, with the parameters that are given here.",
        )
