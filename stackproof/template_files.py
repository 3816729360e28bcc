"""CloudFormation templates as files: JSON or YAML, ours or somebody else's, read into the long form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stackproof.cli import nearest
from stackproof.documents import Keys, dotted, json_lines, parse_json, read_text
from stackproof.errors import Fault

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

# Template anatomy, CloudFormation User Guide.
SECTIONS = (
    "AWSTemplateFormatVersion",
    "Conditions",
    "Description",
    "Hooks",
    "Mappings",
    "Metadata",
    "Outputs",
    "Parameters",
    "Resources",
    "Rules",
    "Transform",
)
# Keys that a transform replaces before there are resources (AWS::LanguageExtensions, macros).
_GENERATED = ("Fn::ForEach::", "Fn::Transform")


def read_template(path: Path, where: str, faults: list[Fault]) -> tuple[str, dict[str, Any]] | None:
    """Read a CloudFormation template, JSON or YAML with its short forms (`!Sub`, `!GetAtt`).

    Args:
        path: the file.
        where: the file as it is shown to a person.
        faults: what is wrong is added here.

    Returns:
        The text as it stands in the file, and the template in its long form; None when it is no template.
    """
    text = read_text(path, where, faults)
    return None if text is None else parse_template(text, path, where, faults)


def parse_template(text: str, path: Path, where: str, faults: list[Fault]) -> tuple[str, dict[str, Any]] | None:
    """`read_template` for a text that was read already."""
    before = len(faults)
    if _is_json(text, path):
        document = parse_json(text, where, faults, exact_numbers=False)
        template: Any = document.value if document else None
    else:
        from stackproof.yaml_templates import parse_yaml

        template = parse_yaml(text, where, faults)
    if len(faults) > before:
        return None
    found = [Fault(where, dotted(*keys), message) for keys, message in _template_problems(template)]
    faults += found
    return None if found else (text, template)


def template_lines(text: str, path: Path) -> Mapping[Keys, Sequence[int]]:
    """The lines of every key and element of a template that was read, by its path in the long form."""
    if _is_json(text, path):
        return json_lines(text)
    from stackproof.yaml_templates import yaml_lines

    return yaml_lines(text)


def _is_json(text: str, path: Path) -> bool:
    return path.suffix not in {".yaml", ".yml"} and text.lstrip()[:1] in {"{", ""}


def _template_problems(template: object) -> Iterator[tuple[tuple[str, ...], str]]:
    """What makes this no template at all; finer faults are the linter's."""
    if not isinstance(template, dict):
        yield (), "is no template: CloudFormation wants an object with Resources"
        return
    for key in template:
        # A macro may understand more sections: AWS::Serverless has Globals.
        if key not in SECTIONS and "Transform" not in template:
            yield (
                (key,),
                f"is no section of a template; there are {', '.join(SECTIONS)}{nearest(key, SECTIONS)}",
            )
    resources = template.get("Resources")
    if not isinstance(resources, dict) or not resources:
        yield ("Resources",), "is missing or empty; a template has at least one resource"
    else:
        for name, resource in resources.items():
            if not name.startswith(_GENERATED) and not _has_type(resource):
                yield ("Resources", name), 'is no resource: it wants a "Type" such as "AWS::S3::Bucket"'
    parameters = template.get("Parameters", {})
    if not isinstance(parameters, dict):
        yield ("Parameters",), "is no object; parameters are written by name"
        return
    for name, definition in parameters.items():
        if not _has_type(definition):
            yield ("Parameters", name), 'is no parameter: it wants a "Type" such as "String"'


def _has_type(definition: object) -> bool:
    return isinstance(definition, dict) and isinstance(definition.get("Type"), str)
