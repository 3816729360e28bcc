"""Parameter values against a template, as CloudFormation would check them, but offline and all at once."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stackproof.cli import nearest
from stackproof.documents import dotted, quoted
from stackproof.errors import Fault
from stackproof.java_patterns import compile_pattern

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

MAX_BYTES = 4096  # CloudFormation quotas, "Parameter value"

# Control characters (a line break from the clipboard, mostly), and halves of a character that UTF-8 cannot write.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


def _resource_id(prefix: str) -> tuple[str, str]:
    return rf"{prefix}-([0-9a-f]{{8}}|[0-9a-f]{{17}})", f"it looks like {prefix}-0123456789abcdef0"


# What each supplied type looks like: pattern and words. Whether it exists in the account, only AWS can say.
_ANY_NAME = (r".{1,255}", "a name has 1 to 255 characters")
_SSM_NAME = (r"[\w.:/-]{1,2048}", "it is the name of a Systems Manager parameter, such as /lms/image")
FORMATS = {
    "Number": (r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?", "write a number such as 2 or 0.5"),
    "AWS::EC2::AvailabilityZone::Name": (r"[a-z]+(-[a-z0-9]+){2,}", "it looks like sa-east-1a"),
    "AWS::EC2::Image::Id": _resource_id("ami"),
    "AWS::EC2::Instance::Id": _resource_id("i"),
    "AWS::EC2::KeyPair::KeyName": _ANY_NAME,
    "AWS::EC2::SecurityGroup::GroupName": _ANY_NAME,
    "AWS::EC2::SecurityGroup::Id": _resource_id("sg"),
    "AWS::EC2::Subnet::Id": _resource_id("subnet"),
    "AWS::EC2::VPC::Id": _resource_id("vpc"),
    "AWS::EC2::Volume::Id": _resource_id("vol"),
    "AWS::Route53::HostedZone::Id": (r"[A-Z0-9]{1,32}", "it looks like Z2FDTNDATAQYW2"),
    "AWS::SSM::Parameter::Name": _SSM_NAME,
}


@dataclass(frozen=True)
class Given:
    """A value that somebody gave, and where: in a file or by an option."""

    value: Any
    where: str
    key: str


@dataclass(frozen=True)
class Parameter:
    """A parameter of a template, every constraint in one form whatever the template's author wrote (`"4"`, `4`)."""

    name: str
    type: str
    default: str | None
    description: str
    constraint: str
    allowed: tuple[str, ...]
    pattern: str | None
    min_value: float | None
    max_value: float | None
    min_length: float | None
    max_length: float | None
    no_echo: bool

    @property
    def is_list(self) -> bool:
        """Whether CloudFormation splits the value at its commas."""
        return self.type == "CommaDelimitedList" or self.type.startswith("List<")

    @property
    def element_type(self) -> str:
        """The type of one element, or of the value itself: `List<Number>` → `Number`."""
        if self.type.startswith("AWS::SSM::Parameter::Value<"):
            return "AWS::SSM::Parameter::Name"  # the value is the name of what holds the value
        return self.type.removeprefix("List<").rstrip(">") if self.is_list else self.type

    def elements(self, text: str) -> list[str]:
        """The value as CloudFormation sees it: list elements are trimmed; a scalar is one element."""
        return [element.strip() for element in text.split(",")] if self.is_list else [text]

    def show(self, text: str) -> str:
        """The value in quotes, or that it is hidden."""
        return "the value (hidden: NoEcho)" if self.no_echo else quoted(text)


def parameters_of(template: Mapping[str, Any]) -> dict[str, Parameter]:
    """The parameters of a template, in its order; one without a Type is left to the linter."""
    definitions = template.get("Parameters") or {}
    return {
        name: Parameter(
            name=name,
            type=definition["Type"],
            default=scalar_text(definition.get("Default")),
            description=scalar_text(definition.get("Description")) or "",
            constraint=scalar_text(definition.get("ConstraintDescription")) or "",
            allowed=tuple(
                text for value in _list(definition.get("AllowedValues")) if (text := scalar_text(value)) is not None
            ),
            pattern=scalar_text(definition.get("AllowedPattern")),
            min_value=as_number(definition.get("MinValue")),
            max_value=as_number(definition.get("MaxValue")),
            min_length=as_number(definition.get("MinLength")),
            max_length=as_number(definition.get("MaxLength")),
            no_echo=(scalar_text(definition.get("NoEcho")) or "false").lower() != "false",  # when in doubt, hide it
        )
        for name, definition in definitions.items()
        if isinstance(definition, dict) and isinstance(definition.get("Type"), str)
    }


def with_defaults(template: Mapping[str, Any], given: Mapping[str, str]) -> dict[str, str]:
    """Every parameter that has a value, as CloudFormation sees it."""
    defaults = {name: each.default for name, each in parameters_of(template).items() if each.default is not None}
    return {**defaults, **given}


def scalar_text(value: object) -> str | None:
    """A text, number or boolean as CloudFormation's API takes it; None for everything else."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return str(value) if isinstance(value, str | int | float) else None


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def as_number(value: object) -> float | None:
    """What CloudFormation takes for a Number, as one; None for everything else."""
    text = scalar_text(value)
    number = float(text) if text and re.fullmatch(FORMATS["Number"][0], text, re.ASCII) else math.inf
    return number if math.isfinite(number) else None


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
        self.file = where
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
        return self.file, dotted("Parameters", *names[:1])


def check_values(parameters: Mapping[str, Parameter], given: Mapping[str, Given]) -> tuple[dict[str, str], list[Fault]]:
    """Check every given value.

    Args:
        parameters: what the template takes.
        given: what somebody gave, by parameter name.

    Returns:
        The sound values as CloudFormation's API takes them (lists joined with commas), and the faults.
    """
    values: dict[str, str] = {}
    faults: list[Fault] = []
    for name, one in given.items():
        if name not in parameters:
            known = nearest(name, parameters) or f"; it has {_listed(tuple(parameters)) or 'none'}"
            faults.append(Fault(one.where, one.key, f"the template has no such parameter{known}"))
            continue
        text, problems = check_value(parameters[name], one.value)
        faults += [Fault(one.where, one.key, problem) for problem in problems]
        if not problems:
            values[name] = text
    return values, faults


def check_missing(parameters: Mapping[str, Parameter], given: Collection[str], where: str) -> list[Fault]:
    """A fault for every parameter that has no default and no value; `where` is the file to write it in."""
    return [
        Fault(where, dotted("Parameters", name), f"is missing and has no default; write {wanted(parameter)}")
        for name, parameter in parameters.items()
        if parameter.default is None and name not in given
    ]


def check_value(parameter: Parameter, value: object) -> tuple[str, list[str]]:
    """Check one value.

    Returns:
        The value as CloudFormation's API takes it, and sentences that say what is wrong with it.
    """
    if not isinstance(value, list):
        text = scalar_text(value)
        if text is None:
            return "", [_refuse_kind(parameter, value)]
        problems = [*_check_text(text)]
        elements = dict.fromkeys(parameter.elements(text)) if not problems else ()
        return text, problems + [problem for element in elements for problem in _check_element(parameter, element)]
    if not parameter.is_list:
        return "", [f"is an array, but {parameter.name} is one {parameter.type}; write a text"]
    if not value:
        return check_value(parameter, "")
    texts = [scalar_text(element) for element in value]
    text = ",".join(element or "" for element in texts)
    problems = [*_check_text(text)]
    for index, (element, element_text) in enumerate(zip(value, texts, strict=True), 1):
        if element_text is None:
            found = [_refuse_kind(parameter, element)]
        elif "," in element_text:
            found = ["holds a comma, at which CloudFormation would split it; make it two elements"]
        else:
            found = [*_check_element(parameter, element_text.strip())]
        problems += [f"element {index}: {problem}" for problem in found]
    return text, problems


def _refuse_kind(parameter: Parameter, value: object) -> str:
    if value is None:
        default = "" if parameter.default is None else ", or leave the key out to take the template's default"
        return f'null is no value; write "" for a blank one{default}'
    if isinstance(value, float):
        return "NaN and Infinity are no values; write a number"
    kind = "an array in an array" if isinstance(value, list) else "an object"
    return f"is {kind}; {parameter.name} takes {wanted(parameter)}"


def _check_text(text: str) -> Iterator[str]:
    """What no value may hold, whatever its type."""
    if found := _CONTROL.search(text):
        code = f"U+{ord(found[0]):04X}"
        yield f"holds the control character {code} as its character {found.start() + 1}; take it out"
    size = len(text.encode(errors="surrogatepass"))
    if size > MAX_BYTES:
        yield f"has {size:,} bytes; CloudFormation takes at most {MAX_BYTES:,}"


def _check_element(parameter: Parameter, text: str) -> Iterator[str]:
    """What is wrong with one element of a list, or with the one value."""
    shown = parameter.show(text)
    pattern, words = FORMATS.get(parameter.element_type, (None, ""))
    if pattern and not re.fullmatch(pattern, text, re.ASCII):
        yield f"{shown} is no {parameter.element_type}; {words}"
        return
    if parameter.allowed and text not in parameter.allowed:
        hint = "" if parameter.no_echo else nearest(text, parameter.allowed)
        yield f"{shown} is not allowed; allowed: {_listed(parameter.allowed)}{hint}"
    if parameter.element_type == "Number":
        yield from _check_range(parameter, shown, float(text))
        return
    compiled = compile_pattern(parameter.pattern) if parameter.pattern else None
    if compiled and not compiled.fullmatch(text):
        yield f"{shown} does not match {parameter.pattern}{_because(parameter)}"
    if parameter.min_length is not None and len(text) < parameter.min_length:
        yield f"{shown} has {len(text)} characters; at least {_plain(parameter.min_length)}{_because(parameter)}"
    if parameter.max_length is not None and len(text) > parameter.max_length:
        yield f"{shown} has {len(text)} characters; at most {_plain(parameter.max_length)}{_because(parameter)}"


def _check_range(parameter: Parameter, shown: str, number: float) -> Iterator[str]:
    if parameter.min_value is not None and number < parameter.min_value:
        yield f"{shown} is below the minimum of {_plain(parameter.min_value)}{_because(parameter)}"
    if parameter.max_value is not None and number > parameter.max_value:
        yield f"{shown} is above the maximum of {_plain(parameter.max_value)}{_because(parameter)}"


def _because(parameter: Parameter) -> str:
    """The template author's own sentence, where there is one."""
    return f" ({parameter.constraint})" if parameter.constraint else ""


def wanted(parameter: Parameter) -> str:
    """What to write for a parameter, in half a sentence."""
    if parameter.allowed:
        return f"one of {_listed(parameter.allowed)}"
    words = f"a {parameter.type}"
    if parameter.pattern:
        words += f" that matches {parameter.pattern}"
    bounds = {"from": parameter.min_value, "to": parameter.max_value}
    words += "".join(f" {word} {_plain(bound)}" for word, bound in bounds.items() if bound is not None)
    return words + _because(parameter)


def _listed(words: tuple[str, ...]) -> str:
    """All of a short list, the beginning of a long one."""
    if len(words) <= 20:
        return ", ".join(word or '""' for word in words)
    return f"{', '.join(words[:20])}, … ({len(words)} in all)"


def _plain(number: float) -> str:
    return f"{number:.15g}"
