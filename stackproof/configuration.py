"""A template configuration file: {"Parameters", "Tags", "StackPolicy"}, the format that CodePipeline also reads."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from stackproof.cli import nearest
from stackproof.documents import Document, dotted, quoted
from stackproof.errors import Fault
from stackproof.parameters import Given, Parameter, Values, check_missing, check_values, parameters_of, scalar_text
from stackproof.relations import check_relations
from stackproof.stack_policy import check_stack_policy

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from stackproof.certificates import Home

SECTIONS = ("Parameters", "Tags", "StackPolicy")
# API_Tag and quotas of CloudFormation, "Tags"; the characters are those that every service takes.
_MAX_TAGS, _MAX_TAG_KEY, _MAX_TAG_VALUE = 50, 128, 256
_TAG_SIGNS = " _.:/=+-@"


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
    document: Document | None,
    template: Mapping[str, Any] | None,
    settings: Mapping[str, str],
    *,
    complete: bool = True,
    others: Collection[str] = (),
    home: Home | None = None,
) -> tuple[Configuration, list[Fault]]:
    """Check a configuration file with the settings that replace some of its parameters.

    Args:
        document: the file; None when it could not be read: then the settings alone are checked.
        template: in its long form; None when it could not be read: then only what needs no template is checked.
        settings: parameters given by `--set`.
        complete: every parameter without a default must be given; CloudFormation wants that, a proof does not.
        others: the other environments of the repository.
        home: where the environment lives.

    Returns:
        What is sound of it, and the faults.
    """
    known = parameters_of(template or {})
    options = {name: Given(value, "--set", dotted(name)) for name, value in settings.items()}
    if document is None:
        return Configuration(), check_values(known, options)[1] if template else []
    sections, faults = _read_sections(document, known)
    given = {
        name: Given(value, document.place("Parameters", name), dotted("Parameters", name))
        for name, value in sections.get("Parameters", {}).items()
    } | options
    parameters: dict[str, str] = {}
    if template is not None:
        parameters, found = check_values(known, given)
        faults += found
        if "Parameters" in sections:
            faults += check_missing(known, given, document.where) if complete else []
            faults += check_relations(template, Values(known, given, parameters, document.where), others, home)
    tags, found = _read_tags(document, sections.get("Tags", {}))
    faults += found
    policy = sections.get("StackPolicy")
    if policy is not None:
        faults += [
            Fault(document.place("StackPolicy", *keys), dotted("StackPolicy", *keys), message)
            for keys, message in check_stack_policy(policy, _logical_ids(template))
        ]
    return Configuration(parameters, tags, policy), faults


def _read_sections(
    document: Document, parameters: Mapping[str, Parameter]
) -> tuple[dict[str, dict[str, Any]], list[Fault]]:
    """The sections that are objects; Parameters and Tags are empty when left out."""
    if not isinstance(document.value, dict):
        return {}, [Fault(document.where, "", _shape_problem(document.value))]
    sections: dict[str, dict[str, Any]] = {"Parameters": {}, "Tags": {}}
    faults = []
    for name, value in document.value.items():
        if name not in SECTIONS:
            faults.append(Fault(document.place(name), dotted(name), _unknown_section(name, parameters)))
        elif isinstance(value, dict):
            sections[name] = value
        else:
            sections.pop(name, None)
            faults.append(Fault(document.place(name), name, _section_problem(value)))
    return sections, faults


def _logical_ids(template: Mapping[str, Any] | None) -> set[str] | None:
    """The resources of a template; None where a transform has yet to make them."""
    resources = (template or {}).get("Resources")
    if not isinstance(resources, dict) or "Transform" in (template or {}):
        return None
    return set(resources)


def _shape_problem(value: object) -> str:
    """What a file is that is no object."""
    wanted = 'write {"Parameters": {"Name": "value"}, "Tags": {}, "StackPolicy": {}}; each section may be left out'
    if _is_cli_list(value, "ParameterKey"):
        return f"is the list of ParameterKey and ParameterValue that the AWS CLI takes; {wanted}"
    return f"is no object; {wanted}"


def _section_problem(value: object) -> str:
    """What a section is that is no object."""
    if _is_cli_list(value, "ParameterKey") or _is_cli_list(value, "Key"):
        return 'is the list that the AWS CLI takes; write {"Name": "value", …}'
    return "null is no value; leave the key out" if value is None else "is no object; write {…}"


def _is_cli_list(value: object, key: str) -> bool:
    return isinstance(value, list) and any(isinstance(element, dict) and key in element for element in value)


def _unknown_section(key: str, parameters: Mapping[str, Parameter]) -> str:
    if key in parameters:
        return 'is a parameter of the template; write it inside "Parameters": {…}'
    return f"is no section of this file; there are {', '.join(SECTIONS)}{nearest(key, SECTIONS)}"


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
        faults.append(
            Fault(document.place("Tags"), "Tags", f"there are {len(tags)} tags; a stack takes at most {_MAX_TAGS}")
        )
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
    allowed = f"letters, digits, spaces and {_TAG_SIGNS.strip()}"
    return [f"a tag's {what} takes {allowed}; not {quoted(strange)}"] if strange else []


def _fits_tag(character: str) -> bool:
    return character.isalnum() or character in _TAG_SIGNS
