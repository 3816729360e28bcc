"""A template as the text of its file in dist/, and as it is sent."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from troposphere import Template

# The order in which a person reads a template; troposphere's own is another.
SECTIONS = (
    "AWSTemplateFormatVersion",
    "Description",
    "Transform",
    "Globals",
    "Metadata",
    "Parameters",
    "Rules",
    "Mappings",
    "Conditions",
    "Resources",
    "Outputs",
)


def emit(template: Template) -> str:
    """A template as the text of its file: JSON, indented by two, in reading order, ended by a newline.

    The same template gives the same bytes on every machine. ValueError or TypeError when it is not complete or
    holds what JSON cannot say.
    """
    return pretty(document(template))


def document(template: Template) -> dict[str, Any]:
    """A template as plain data in reading order: sections as in SECTIONS, Type first in parameters and resources."""
    found = template.to_dict()
    ordered = {section: found.pop(section) for section in SECTIONS if section in found} | found
    for section in ("Parameters", "Resources"):
        if section in ordered:
            ordered[section] = {name: {"Type": body["Type"], **body} for name, body in ordered[section].items()}
    return ordered


def pretty(content: dict[str, Any]) -> str:
    """JSON for a file that people read and compare."""
    return json.dumps(content, indent=2, allow_nan=False) + "\n"


def compact(content: dict[str, Any]) -> str:
    """JSON as it is sent: half the size, so that a middling template needs no bucket."""
    return json.dumps(content, separators=(",", ":"), allow_nan=False)
