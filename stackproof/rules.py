"""What must hold between parameter values: the template's Rules, and what Rules cannot say.

Rules see no numbers, no patterns and no other environment, so a minimum above its maximum, a number in a form that is
read otherwise, a list that is too short, in production an image without digest, another environment's suffix, and a
certificate of another region or account are checked here.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from stackproof.certificates import Home, check_certificates
from stackproof.documents import dotted
from stackproof.errors import Fault
from stackproof.list_lengths import check_list_lengths
from stackproof.number_forms import check_number_forms
from stackproof.parameters import as_number

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from stackproof.parameters import Given, Parameter

# What only AWS can tell: resources of the account, values of Systems Manager, pseudo parameters.
UNKNOWN: Final = None
_DIGEST = re.compile(r".+@sha256:[0-9a-f]{64}")


class Values:
    """The values in force: what was given, else the template's defaults; a faulty one is not known."""

    def __init__(
        self,
        parameters: Mapping[str, Parameter],
        given: Mapping[str, Given],
        sound: Mapping[str, str],
        where: str,
    ) -> None:
        self.parameters = parameters
        self._given = given
        self._where = where
        defaults = {
            name: parameter.default
            for name, parameter in parameters.items()
            if parameter.default is not None and name not in given
        }
        self.texts = {**defaults, **sound}

    def show(self, name: str) -> str:
        """`MinimumTasks 3`, and whether that is the default."""
        default = "" if name in self._given else " (the default)"
        return f"{name} {self.parameters[name].show(self.texts[name])}{default}"

    def place(self, *names: str) -> tuple[str, str]:
        """Where to report a fault of these parameters: at the first that was given, else where one could be."""
        for name in names:
            if name in self._given:
                return self._given[name].where, self._given[name].key
        return self._where, dotted("Parameters", *names[:1])


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
        *_check_pairs(values),
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


def _check_pairs(values: Values) -> Iterator[Fault]:
    """MinimumTasks above MaximumTasks, MinSize above MaxSize."""
    for low in values.texts:
        high = f"Max{low.removeprefix('Min')}"
        if low.startswith("Min") and high in values.texts:
            least, most = as_number(values.texts[low]), as_number(values.texts[high])
            if least is not None and most is not None and least > most:
                yield Fault(
                    *values.place(low, high),
                    f"{values.show(low)} is above {values.show(high)}; raise the one or lower the other",
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
        if not isinstance(rule, dict) or not isinstance(rule.get("Assertions"), list):
            continue
        if "RuleCondition" in rule and evaluate(rule["RuleCondition"], values) is not True:
            continue
        for assertion in rule["Assertions"]:
            if isinstance(assertion, dict) and evaluate(assertion.get("Assert"), values) is False:
                names = list(dict.fromkeys([*_names(assertion), *_names(rule.get("RuleCondition"))]))
                names = [name for name in names if name in values.texts]
                where, _ = values.place(*names)
                said = assertion.get("AssertDescription") or "an assertion of the template does not hold"
                shown = f" ({', '.join(values.show(name) for name in names)})" if names else ""
                yield Fault(where, dotted("Rules", name), f"{said}{shown}")


def evaluate(expression: object, values: Values) -> bool | str | list[str] | None:
    """The value of a rule's expression; UNKNOWN where it depends on what only AWS knows.

    Follows the rule functions of the CloudFormation User Guide: And, Or, Not, Equals, Contains, EachMemberEquals,
    EachMemberIn, Ref. RefAll, ValueOf and ValueOfAll ask for resources of the account and are never known here.
    """
    if isinstance(expression, list):
        members = [evaluate(member, values) for member in expression]
        return [member for member in members if isinstance(member, str)] if None not in members else UNKNOWN
    if not isinstance(expression, dict):
        return _text(expression)
    if len(expression) != 1:
        return UNKNOWN
    [(function, arguments)] = expression.items()
    if function == "Ref":
        return _ref(arguments, values)
    if function not in _FUNCTIONS or not isinstance(arguments, list):
        return UNKNOWN
    return _FUNCTIONS[function]([evaluate(argument, values) for argument in arguments])


def _text(value: object) -> str | None:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, str | int | float) else UNKNOWN


def _ref(name: object, values: Values) -> str | list[str] | None:
    if not isinstance(name, str) or name not in values.texts:
        return UNKNOWN
    parameter = values.parameters[name]
    if parameter.type.startswith("AWS::SSM::Parameter::Value<"):
        return UNKNOWN  # the value stands in Systems Manager; here is only its name
    return parameter.elements(values.texts[name]) if parameter.is_list else values.texts[name]


def _and(arguments: list[Any]) -> bool | None:
    if False in arguments:
        return False
    return True if all(argument is True for argument in arguments) else UNKNOWN


def _or(arguments: list[Any]) -> bool | None:
    if True in arguments:
        return True
    return False if all(argument is False for argument in arguments) else UNKNOWN


def _not(arguments: list[Any]) -> bool | None:
    return not arguments[0] if len(arguments) == 1 and isinstance(arguments[0], bool) else UNKNOWN


def _equals(arguments: list[Any]) -> bool | None:
    if len(arguments) != 2 or None in arguments:
        return UNKNOWN
    return bool(arguments[0] == arguments[1])


def _contains(arguments: list[Any]) -> bool | None:
    match arguments:
        case [list() as members, str() as wanted]:
            return wanted in members
    return UNKNOWN


def _each_member_equals(arguments: list[Any]) -> bool | None:
    match arguments:
        case [list() as members, str() as wanted]:
            return all(member == wanted for member in members)
    return UNKNOWN


def _each_member_in(arguments: list[Any]) -> bool | None:
    match arguments:
        case [list() as members, list() as allowed]:
            return set(members) <= set(allowed)
    return UNKNOWN


_FUNCTIONS: dict[str, Callable[[list[Any]], bool | None]] = {
    "Fn::And": _and,
    "Fn::Or": _or,
    "Fn::Not": _not,
    "Fn::Equals": _equals,
    "Fn::Contains": _contains,
    "Fn::EachMemberEquals": _each_member_equals,
    "Fn::EachMemberIn": _each_member_in,
}


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
