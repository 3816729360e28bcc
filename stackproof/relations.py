"""What must hold between parameter values: the template's Rules, and what Rules cannot say.

Rules see no numbers, no patterns and no other environment, so a minimum above its maximum, a number in a form that is
read otherwise, a list that is too short, in production an image without digest, another environment's suffix, and a
certificate of another region or account are checked here.
"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any

from stackproof.certificates import Home, check_certificates
from stackproof.documents import dotted
from stackproof.errors import Fault
from stackproof.list_lengths import check_list_lengths
from stackproof.number_forms import check_number_forms
from stackproof.number_orders import check_orders
from stackproof.proofs.resolve.rules import refused
from stackproof.proofs.values import Unknown

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from stackproof.parameters import Values
    from stackproof.proofs.values import Value

_DIGEST = re.compile(r".+@sha256:[0-9a-f]{64}")


def check_relations(
    template: Mapping[str, Any], values: Values, others: Collection[str] = (), home: Home | None = None
) -> list[Fault]:
    """Everything that must hold between values.

    Args:
        template: in its long form.
        values: the values in force.
        others: the other environments of the repository.
        home: where the environment lives.
    """
    return [
        *_check_suffix(values, others),
        *check_orders(template, values),
        *_check_images(values),
        *check_number_forms(template, values),
        *check_certificates(template, values, home or Home()),
        *check_list_lengths(template, values),
        *_check_rules(template, values),
    ]


def _check_suffix(values: Values, others: Collection[str]) -> Iterator[Fault]:
    """A copied file that still carries the other environment's name would make everything under that name."""
    if values.texts.get("EnvironmentSuffix") in others:
        yield Fault(
            *values.place("EnvironmentSuffix"),
            f"{values.show('EnvironmentSuffix')} is another environment, and names and tags would be that one's;"
            " give this one its own",
        )


def _check_images(values: Values) -> Iterator[Fault]:
    """In production an image is pinned by digest: a tag can be moved under a running service."""
    if values.texts.get("EnvironmentType") != "production":
        return
    for name, text in values.texts.items():
        if name.endswith("Image") and values.parameters[name].type == "String" and text and not _DIGEST.fullmatch(text):
            yield Fault(
                *values.place(name),
                f"{values.show(name)} is not pinned, and EnvironmentType is production;"
                " write it with its digest: repository@sha256:<64 hexadecimal digits>",
            )


def _check_rules(template: Mapping[str, Any], values: Values) -> Iterator[Fault]:
    """The template's Rules section; a rule that asks AWS, or that is malformed, is left to AWS and the linter."""
    rules = template.get("Rules")
    for name, rule in rules.items() if isinstance(rules, dict) else ():
        for assertion in refused(rule, partial(_operand, values)):
            names = list(dict.fromkeys([*_names(assertion), *_names(rule.get("RuleCondition"))]))
            names = [name for name in names if name in values.texts]
            where, _ = values.place(*names)
            said = assertion.get("AssertDescription") or "an assertion of the template does not hold"
            shown = f" ({', '.join(values.show(name) for name in names)})" if names else ""
            yield Fault(where, dotted("Rules", name), f"{said}{shown}")


def _operand(values: Values, expression: object) -> Value:
    """What a rule compares: a text, or a list; Unknown where it depends on what only AWS knows.

    RefAll, ValueOf and ValueOfAll ask for resources of the account; a parameter of Systems Manager has only the name of
    its value here.
    """
    if isinstance(expression, list):
        return [_operand(values, member) for member in expression]
    if not isinstance(expression, dict):
        return expression if isinstance(expression, str | int | float) else Unknown("no value")
    name = expression.get("Ref") if len(expression) == 1 else None
    if not isinstance(name, str) or name not in values.texts:
        return Unknown("only AWS knows")
    parameter = values.parameters[name]
    if parameter.type.startswith("AWS::SSM::Parameter::Value<"):
        return Unknown("only AWS knows")
    return list(parameter.elements(values.texts[name])) if parameter.is_list else values.texts[name]


def _names(expression: object) -> Iterator[str]:
    """The parameters that an expression refers to, in its order."""
    if isinstance(expression, dict):
        if isinstance(name := expression.get("Ref"), str):
            yield name
        for value in expression.values():
            yield from _names(value)
    elif isinstance(expression, list):
        for value in expression:
            yield from _names(value)
