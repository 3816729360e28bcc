"""A page on the parameters of a repository's templates: what each one does, what it takes, and who sets it to what.

What several templates have in common is told once: their groups are put together in the console's order, and where two
templates say different things about a parameter of one name, each is told with the templates that it counts for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from stackproof.documents import read_json
from stackproof.environments import environment_names
from stackproof.parameters import parameters_of, scalar_text, wanted
from stackproof.params_schema import labels_of
from stackproof.targets import read_targets

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from stackproof.errors import Fault
    from stackproof.parameters import Parameter

OTHERS = "Others"
"""The group of parameters that the console shows in none."""

HEAD = """# Parameters

Made by `python build.py` from {templates}, with the values of {environments}; do not edit it by hand.
Values are given in params/<environment>.json or, for one plan, with `--set NAME=VALUE`.
"""


class Told(NamedTuple):
    """What is said about a parameter, wherever it stands; two templates that say the same share one entry."""

    label: str
    description: str
    takes: str


def parameters_page(
    templates: Mapping[str, Mapping[str, Any]], environments: Mapping[str, tuple[str, Mapping[str, Any]]]
) -> str:
    """The page as Markdown.

    Args:
        templates: name to content, in the order in which they are named.
        environments: name to the template that it is made of, and to its parameters as its file has them.
    """
    found = {name: parameters_of(content) for name, content in templates.items()}
    lines = [HEAD.format(templates=_listed(templates), environments=_listed(environments) or "no environment")]
    for group, names in _groups(templates, found).items():
        lines.append(f"## {group}\n")
        for name in names:
            lines += [f"### {name}\n", *_parameter(name, templates, found, environments)]
    return "\n".join(lines)


def read_page(root: Path, contents: Mapping[str, Mapping[str, Any] | None]) -> str | None:
    """The page on a repository: templates that are not given are read from dist/, environments from params/.

    A template that cannot be read is left out: whoever reads it to use it says so. Where an environment cannot, there
    is no page: the one that is there knows more.
    """
    ignored: list[Fault] = []
    unread: list[Fault] = []
    templates = {
        name: content
        for name, given in contents.items()
        if (content := given or _object(root / "dist" / f"{name}.json", ignored))
    }
    targets = read_targets(root)[0]
    environments = {
        name: (target.template, values)
        for name in environment_names(root)
        if (target := targets.get(name)) and target.template in templates
        if isinstance(values := _object(root / "params" / f"{name}.json", unread).get("Parameters"), dict)
    }
    return None if unread else parameters_page(templates, environments)


def _object(path: Path, faults: list[Fault]) -> dict[str, Any]:
    document = read_json(path, path.name, faults)
    return document.value if document and isinstance(document.value, dict) else {}


def _parameter(
    name: str,
    templates: Mapping[str, Mapping[str, Any]],
    found: Mapping[str, Mapping[str, Parameter]],
    environments: Mapping[str, tuple[str, Mapping[str, Any]]],
) -> Iterable[str]:
    owners = {template: parameters[name] for template, parameters in found.items() if name in parameters}
    told: dict[Told, list[str]] = {}
    for template, parameter in owners.items():
        label = labels_of(templates[template]).get(name, "")
        told.setdefault(Told(label, parameter.description, _takes(parameter)), []).append(template)
    for said, users in told.items():
        where = [f"({_listed(users)})"] if len(told) > 1 else []
        words = [f"{text.rstrip('.')}." for text in (said.label, said.description) if text]
        yield from [" ".join([*words, *where]), ""] if words else []
        yield from [f"- Takes: {said.takes}", *([""] if len(told) > 1 else [])]
    defaults: dict[str, list[str]] = {}
    for template, parameter in owners.items():
        defaults.setdefault(_default(parameter), []).append(template)
    for value, users in defaults.items():
        yield f"- Default: {value}{f' ({_listed(users)})' if len(defaults) > 1 else ''}"
    given = {
        environment: _value(owners[template], values[name])
        for environment, (template, values) in environments.items()
        if template in owners and name in values
    }
    if given:
        yield f"- Set by: {'; '.join(f'{environment} {value}' for environment, value in given.items())}"
    if len(owners) < len(templates):
        missing = [template for template in templates if template not in owners]
        yield f"- In: {f'all but {_listed(missing)}' if len(missing) < len(owners) else _listed(owners)}"
    yield ""


def _groups(
    templates: Mapping[str, Mapping[str, Any]], found: Mapping[str, Mapping[str, Parameter]]
) -> dict[str, list[str]]:
    """Every parameter once, by group; the first template's order counts, and what others add comes behind."""
    groups: dict[str, list[str]] = {}
    seen: set[str] = set()
    for template, content in templates.items():
        shown = _shown(content)
        rest = [name for name in found[template] if not any(name in names for names in shown.values())]
        for group, names in {**shown, OTHERS: rest}.items():
            new = [name for name in names if name in found[template] and name not in seen]
            if new:
                groups.setdefault(group, []).extend(new)
                seen.update(new)
    return groups


def _shown(content: Mapping[str, Any]) -> dict[str, list[str]]:
    """The console's groups, from AWS::CloudFormation::Interface; none where that says something else."""
    try:
        groups = content["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
        return {str(group["Label"]["default"]): [str(name) for name in group["Parameters"]] for group in groups}
    except (LookupError, TypeError, AttributeError):
        return {}


def _takes(parameter: Parameter) -> str:
    """What may be given: the author's own sentence where there is one, else the constraints."""
    kind = "" if parameter.type == "String" else f"{parameter.type}. "
    return kind + parameter.constraint if parameter.constraint else f"{wanted(parameter)}."


def _default(parameter: Parameter) -> str:
    if parameter.default is None:
        return "none, a value must be given"
    return "blank" if parameter.default == "" else _value(parameter, parameter.default)


def _value(parameter: Parameter, value: object) -> str:
    """A value as it would be written; a hidden one stays hidden."""
    if parameter.no_echo:
        return "hidden"
    members: Sequence[object] = value if isinstance(value, list) else [value]
    return _code(",".join(scalar_text(member) or "" for member in members)) if value != "" else "blank"


def _code(text: str) -> str:
    """A text that Markdown shows as it is."""
    return f"`` {text} ``" if "`" in text else f"`{text}`"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)
