"""A template configuration file: {"Parameters", "Tags", "StackPolicy"}, the format that CodePipeline also reads."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from stackproof.cli import nearest
from stackproof.documents import Document, dotted, quoted
from stackproof.errors import Fault
from stackproof.parameters import Given, Parameter, check_parameters, parameters_of, scalar_text
from stackproof.rules import Values, check_relations
from stackproof.stack_policy import check_stack_policy

if TYPE_CHECKING:
    from collections.abc import Mapping

SECTIONS = ("Parameters", "Tags", "StackPolicy")
# API_Tag and quotas of CloudFormation, "Tags"; the characters are those that every service takes.
_MAX_TAGS, _MAX_TAG_KEY, _MAX_TAG_VALUE = 50, 128, 256
_TAG_SIGNS = "_.:/=+-@"


@dataclass(frozen=True)
class Configuration:
    """What an environment gives to a stack, as CloudFormation's API takes it.

    Attributes:
        parameters: texts; lists joined with commas.
        tags: the stack's tags.
        stack_policy: the policy document, or None where there is none.
    """

    parameters: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    stack_policy: dict[str, Any] | None = None


def check_configuration(template: Mapping[str, Any], configuration: object, where: str) -> list[Fault]:
    """Every fault of a configuration's value against a template.

    Args:
        template: in its long form.
        configuration: what a JSON file said.
        where: the file as it is shown to a person.
    """
    return read_configuration(Document(where, configuration), template, {})[1]


def read_configuration(
    document: Document, template: Mapping[str, Any] | None, settings: Mapping[str, str]
) -> tuple[Configuration, list[Fault]]:
    """Check a configuration file with the settings that replace some of its parameters.

    Args:
        document: the file.
        template: in its long form; None when it could not be read: then only what needs no template is checked.
        settings: parameters given by `--set`.

    Returns:
        What is sound of it, and the faults.
    """
    faults: list[Fault] = []
    if not isinstance(document.value, dict):
        return Configuration(), [Fault(document.where, "", _shape_problem(document.value))]
    known = parameters_of(template or {})
    faults += [
        Fault(document.place(key), dotted(key), _unknown_section(key, known))
        for key in document.value
        if key not in SECTIONS
    ]
    sections = {name: _section(document, name, faults) for name in SECTIONS}

    given = {
        name: Given(value, document.place("Parameters", name), dotted("Parameters", name))
        for name, value in (sections["Parameters"] or {}).items()
    } | {name: Given(value, "--set", dotted(name)) for name, value in settings.items()}
    parameters: dict[str, str] = {}
    if template is not None and sections["Parameters"] is not None:
        parameters, found = check_parameters(known, given, where=document.where)
        faults += found
        faults += check_relations(template, Values(known, given, parameters, document.where))

    tags, found = _read_tags(document, sections["Tags"] or {})
    faults += found
    policy = sections["StackPolicy"] if "StackPolicy" in document.value else None
    if policy is not None:
        resources = template["Resources"] if template else None
        faults += [
            Fault(document.place("StackPolicy", *keys), dotted("StackPolicy", *keys), message)
            for keys, message in check_stack_policy(policy, resources)
        ]
    return Configuration(parameters, tags, policy), faults


def _shape_problem(value: object) -> str:
    """What a file is that is no object."""
    wanted = 'write {"Parameters": {"Name": "value"}, "Tags": {}, "StackPolicy": {}}; each section may be left out'
    if _is_cli_list(value, "ParameterKey"):
        return f"is the list of ParameterKey and ParameterValue that the AWS CLI takes; {wanted}"
    return f"is no object; {wanted}"


def _is_cli_list(value: object, key: str) -> bool:
    return isinstance(value, list) and any(isinstance(element, dict) and key in element for element in value)


def _unknown_section(key: str, parameters: Mapping[str, Parameter]) -> str:
    if key in parameters:
        return 'is a parameter of the template; write it inside "Parameters": {…}'
    return f"is no section of this file; there are {', '.join(SECTIONS)}{nearest(key, SECTIONS)}"


def _section(document: Document, name: str, faults: list[Fault]) -> dict[str, Any] | None:
    """A section, {} when it is left out, None when it is no object."""
    value = document.value.get(name, {})
    if isinstance(value, dict):
        return value
    if _is_cli_list(value, "ParameterKey") or _is_cli_list(value, "Key"):
        message = 'is the list that the AWS CLI takes; write {"Name": "value", …}'
    elif value is None:
        message = "null is no value; leave the key out"
    else:
        message = "is no object; write {…}"
    faults.append(Fault(document.place(name), name, message))
    return None


def _read_tags(document: Document, tags: Mapping[str, Any]) -> tuple[dict[str, str], list[Fault]]:
    """Check the stack's tags; numbers and booleans are taken as the text that they are."""
    sound: dict[str, str] = {}
    faults: list[Fault] = []
    for key, value in tags.items():
        text = scalar_text(value)
        problems = [*_tag_key_problems(key), *_tag_value_problems(text)]
        faults += [Fault(document.place("Tags", key), dotted("Tags", key), problem) for problem in problems]
        if text is not None:
            sound[key] = text
    if len(tags) > _MAX_TAGS:
        faults.append(Fault(document.place("Tags"), "Tags", f"has {len(tags)} tags; a stack takes at most {_MAX_TAGS}"))
    return sound, faults


def _tag_key_problems(key: str) -> list[str]:
    problems = []
    if key.lower().startswith("aws:"):
        problems.append("tags that begin with aws: are reserved for AWS; choose another key")
    if not 1 <= len(key) <= _MAX_TAG_KEY:
        problems.append(f"a tag's key has 1 to {_MAX_TAG_KEY} characters, this one {len(key)}")
    return problems + _tag_character_problems("key", key)


def _tag_value_problems(text: str | None) -> list[str]:
    if text is None:
        return ["a tag's value is a text; write one in double quotes, or leave the tag out"]
    if not 1 <= len(text) <= _MAX_TAG_VALUE:
        return [f"a tag's value has 1 to {_MAX_TAG_VALUE} characters, this one {len(text)}"]
    return _tag_character_problems("value", text)


def _tag_character_problems(what: str, text: str) -> list[str]:
    strange = "".join(dict.fromkeys(character for character in text if not _fits_tag(character)))
    allowed = f"letters, digits, spaces and {_TAG_SIGNS}"
    return [f"a tag's {what} takes {allowed}; not {quoted(strange)}"] if strange else []


def _fits_tag(character: str) -> bool:
    # Letters, digits and separators of any script.
    return character in _TAG_SIGNS or unicodedata.category(character)[0] in "LNZ"
