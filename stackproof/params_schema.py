"""A JSON Schema of the parameter file that a template wants: editors complete names and mark faults as one types."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from stackproof.java_patterns import compile_pattern
from stackproof.parameters import FORMATS, as_number, parameters_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stackproof.parameters import Parameter

# Java's own that JavaScript, in which editors match, would not take or would read otherwise.
_JAVA_ONLY = re.compile(r"\(\?(?![:=!]|<[=!])|\\[AZzpPQEGhHRX]|[*+?}]\+")


def parameters_schema(template: Mapping[str, Any]) -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of {"Parameters", "Tags", "StackPolicy"} for this template.

    It is a help for editors and not a second check: what it says is a part of what `check_configuration` says.
    """
    parameters = parameters_of(template)
    labels = labels_of(template)
    required = [name for name, parameter in parameters.items() if parameter.default is None]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Parameters, tags and stack policy of one stack",
        "description": str(template.get("Description", "")),
        "type": "object",
        "properties": {
            "Parameters": {
                "type": "object",
                "properties": {
                    name: _parameter_schema(parameter, labels.get(name, "")) for name, parameter in parameters.items()
                },
                "required": required,
                "additionalProperties": False,
            },
            "Tags": {
                "type": "object",
                "maxProperties": 50,
                "propertyNames": {"pattern": "^(?![aA][wW][sS]:)", "minLength": 1, "maxLength": 128},
                "additionalProperties": {"type": "string", "minLength": 1, "maxLength": 256},
            },
            "StackPolicy": {
                "type": "object",
                "properties": {"Statement": {"type": "array", "items": {"type": "object"}, "minItems": 1}},
                "required": ["Statement"],
            },
        },
        "required": ["Parameters"] if required else [],
        "additionalProperties": False,
    }


def labels_of(template: Mapping[str, Any]) -> dict[str, str]:
    """The names that the console shows, from AWS::CloudFormation::Interface."""
    try:
        labels = template["Metadata"]["AWS::CloudFormation::Interface"]["ParameterLabels"]
        return {name: str(label["default"]) for name, label in labels.items()}
    except (LookupError, TypeError, AttributeError):
        return {}


def _parameter_schema(parameter: Parameter, label: str) -> dict[str, Any]:
    """One parameter; a list may be an array or, as CloudFormation's API has it, one text with commas."""
    words = [parameter.description, parameter.constraint, "NoEcho: never shown." if parameter.no_echo else ""]
    about: dict[str, Any] = {"title": label} if label else {}
    about["description"] = " ".join(word for word in words if word)
    if parameter.default is not None and not parameter.no_echo:
        about["default"] = parameter.default
    if parameter.is_list:
        return about | {"type": ["array", "string"], "items": _element_schema(parameter)}
    return about | _element_schema(parameter)


def _element_schema(parameter: Parameter) -> dict[str, Any]:
    """What one value is; keywords for numbers say nothing about texts, and the other way round."""
    shape = FORMATS.get(parameter.element_type)
    patterns = [shape[0]] if shape else []
    schema: dict[str, Any] = {"type": "string"}
    bounds: dict[str, float | None] = {"minLength": parameter.min_length, "maxLength": parameter.max_length}
    if parameter.element_type == "Number":
        schema["type"] = ["number", "string"]
        bounds = {"minimum": parameter.min_value, "maximum": parameter.max_value}
    elif parameter.pattern and compile_pattern(parameter.pattern) and not _JAVA_ONLY.search(parameter.pattern):
        patterns.append(parameter.pattern)
    schema |= {word: _plain(bound) for word, bound in bounds.items() if bound is not None}
    if parameter.allowed:
        # Every text that is a number for CloudFormation may be written as one.
        numbers = [as_number(text) for text in parameter.allowed if parameter.element_type == "Number"]
        schema["enum"] = [*parameter.allowed, *(_plain(number) for number in numbers if number is not None)]
    anchored = [f"^(?:{pattern})$" for pattern in patterns]
    if anchored:
        schema |= {"pattern": anchored[0]} if len(anchored) == 1 else {"allOf": [{"pattern": one} for one in anchored]}
    return schema


def _plain(number: float) -> float:
    """2 rather than 2.0."""
    return int(number) if number.is_integer() else number
