"""One environment: a template, and the target, parameters, tags and stack policy that make a stack of it.

Everything that can be wrong with params/, with targets.toml and with the options that replace parts of them is
found here, offline, and reported at once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from stackproof.certificates import Home
from stackproof.cli import nearest
from stackproof.configuration import Configuration, check_configuration, read_configuration
from stackproof.documents import Document, quoted, read_json
from stackproof.errors import BadInputError, Fault
from stackproof.params_schema import parameters_schema
from stackproof.targets import (
    TARGETS,
    Target,
    default_stack,
    load_targets,
    protected_by_name,
    read_targets,
    region_problem,
    stack_name_problem,
)
from stackproof.template_files import read_template

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

__all__ = [
    "Configuration",
    "Environment",
    "Target",
    "check_configuration",
    "environment_names",
    "load_environment",
    "load_foreign",
    "load_targets",
    "parameters_schema",
]

NO_SETTINGS: Mapping[str, str] = MappingProxyType({})
_WRITE_TEMPLATE = 'write template = "<name of a file in dist/>", or give --template FILE'


@dataclass(frozen=True)
class Environment:
    """One environment, checked: what a deployment needs to know, and nothing that needs AWS.

    Attributes:
        name: of the environment; for a foreign stack, of its parameter file or else of the stack.
        stack: the stack's name.
        template_path: the template's file.
        template_text: its text as it stands there.
        template: its value in the long form.
        parameters: as CloudFormation's API takes them: texts, lists joined with commas; defaults left out.
        tags: the stack's tags.
        stack_policy: the policy document, or None.
        region: where the stack is; None: what the caller's AWS settings say.
        account: 12 digits that must be the caller's; None: any.
        profile: of the AWS configuration, or None.
        protected: whether termination protection belongs on the stack and `destroy` is refused.
    """

    name: str
    stack: str
    template_path: Path
    template_text: str
    template: dict[str, Any]
    parameters: dict[str, str]
    tags: dict[str, str]
    stack_policy: dict[str, Any] | None
    region: str | None
    account: str | None
    profile: str | None
    protected: bool


def environment_names(root: Path) -> list[str]:
    """The environments of a repository: the names of the files in params/, sorted; not what an editor keeps there."""
    return sorted(path.stem for path in (root / "params").glob("[!.]*.json"))


def load_environment(
    root: Path,
    name: str,
    *,
    template: Path | None = None,
    params: Path | None = None,
    stack_name: str | None = None,
    region: str | None = None,
    profile: str | None = None,
    settings: Mapping[str, str] = NO_SETTINGS,
) -> Environment:
    """Read and check one environment of a repository.

    Args:
        root: the folder with params/ and dist/.
        name: of the environment; `dev.json` is taken as `dev`.
        template: a file instead of the target's template (`--template`).
        params: a file instead of params/<name>.json (`--params`).
        stack_name: instead of the target's stack (`--stack-name`).
        region: instead of the target's (`--region`).
        profile: instead of the target's (`--profile`).
        settings: parameters that replace those of the file (`--set`).

    Raises:
        BadInputError: with every fault of the name, the target, the files and the options.
    """
    targets, faults = read_targets(root)
    name = _known_name(root, name, targets if params else {}, faults)
    target = targets.get(name, Target(name, protected=protected_by_name(name)))
    if name and name not in targets:
        faults += _no_table(root, name, targets, faults, template)
    if template is None and target.template:
        template = _built(root, target.template, faults)
    elif template is None and name in targets and not any(fault.key == f"{name}.template" for fault in faults):
        faults.append(Fault(TARGETS, f"{name}.template", f"is missing; {_WRITE_TEMPLATE}"))
    if params is None and name:
        params = root / "params" / f"{name}.json"
    faults += _option_faults(stack_name, region, profile)
    stack = target.stack or (default_stack(template.stem, name) if template and name else "")
    if stack_name is None and stack and (problem := stack_name_problem(stack)):
        faults.append(Fault(TARGETS, f"{name}.stack", f"is missing, and the default {problem}"))
    stack = stack if stack_name is None else stack_name
    return _assemble(
        replace(target, stack=stack, region=region or target.region, profile=profile or target.profile),
        template=template,
        params=params,
        settings=settings,
        faults=faults,
        root=root,
    )


def load_foreign(
    *,
    template: Path,
    params: Path | None,
    stack_name: str,
    region: str | None = None,
    profile: str | None = None,
    settings: Mapping[str, str] = NO_SETTINGS,
) -> Environment:
    """Read and check a stack of somebody else: a template, perhaps a parameter file, and no targets.

    Args:
        template: the file, JSON or YAML.
        params: {"Parameters", "Tags", "StackPolicy"}; None when the template's defaults and `settings` are enough.
        stack_name: the stack.
        region: where it is; None: what the caller's AWS settings say.
        profile: of the AWS configuration.
        settings: parameters that replace those of the file (`--set`).

    Raises:
        BadInputError: with every fault of the files and the options.
    """
    name = params.stem if params else stack_name
    protected = protected_by_name(name) or protected_by_name(stack_name)
    return _assemble(
        Target(name, region=region, profile=profile, stack=stack_name, protected=protected),
        template=template,
        params=params,
        settings=settings,
        faults=_option_faults(stack_name, region, profile),
        root=None,
    )


def _known_name(root: Path, name: str, also: Collection[str], faults: list[Fault]) -> str:
    """The environment that a person named, or an empty text after a fault."""
    names = environment_names(root)
    for known in (name, name.removesuffix(".json")):
        if known in names or known in also:
            return known
    listed = f"there are {', '.join(names)}" if names else "params/ holds no .json file"
    if not name.strip():
        problem = "an environment's name is missing"
    elif "/" in name or "\\" in name:
        problem = f"{quoted(name)} is a path; an environment is the name of a file in params/"
    else:
        problem = f"there is no environment {quoted(name)}"
    faults.append(Fault("params/", "", f"{problem}; {listed}{nearest(Path(name).stem, names)}"))
    return ""


def _no_table(
    root: Path, name: str, targets: Collection[str], faults: list[Fault], template: Path | None
) -> list[Fault]:
    """What to say of an environment that targets.toml does not have; nothing when that file could not be read."""
    if not (root / TARGETS).exists():
        return (
            [] if template else [Fault(TARGETS, "", f"there is no such file; with a table [{name}], {_WRITE_TEMPLATE}")]
        )
    if faults and not targets:
        return []
    return [
        Fault(TARGETS, name, f"has no table here; add [{name}], and in it {_WRITE_TEMPLATE}{nearest(name, targets)}")
    ]


def _built(root: Path, name: str, faults: list[Fault]) -> Path | None:
    """A template of dist/, or None after a fault."""
    path = root / "dist" / f"{name}.json"
    if path.exists():
        return path
    known = [path.stem for path in (root / "dist").glob("*.json") if "." not in path.stem]  # no lms.params.schema
    message = f"there is no such file; python build.py writes the templates of dist/{nearest(name, known)}"
    faults.append(Fault(_shown(path, root), "", message))
    return None


def _option_faults(stack_name: str | None, region: str | None, profile: str | None) -> list[Fault]:
    """What is wrong with options that replace what targets.toml says."""
    problems = {
        "--stack-name": "" if stack_name is None else stack_name_problem(stack_name),
        "--region": "" if region is None else region_problem(region),
        "--profile": "a profile has a name" if profile is not None and not profile.strip() else "",
    }
    return [Fault(option, "", problem) for option, problem in problems.items() if problem]


def _assemble(
    target: Target,
    *,
    template: Path | None,
    params: Path | None,
    settings: Mapping[str, str],
    faults: list[Fault],
    root: Path | None,
) -> Environment:
    """Read both files, check everything against everything, and raise all faults at once."""
    read = read_template(template, _shown(template, root), faults) if template else None
    document: Document | None = Document("--params", {})  # where a missing value could be given
    if params:
        document = read_json(params, _shown(params, root), faults)
    elif root:
        document = None  # an unknown environment: already reported
    others = set(environment_names(root)) - {target.environment} if root else ()
    home = Home(target.region, target.account)
    configuration, found = read_configuration(document, read[1] if read else None, settings, others=others, home=home)
    faults += found
    if faults or template is None or read is None:
        raise BadInputError(faults)
    return Environment(
        name=target.environment,
        stack=str(target.stack),
        template_path=template,
        template_text=read[0],
        template=read[1],
        parameters=configuration.parameters,
        tags=configuration.tags,
        stack_policy=configuration.stack_policy,
        region=target.region,
        account=target.account,
        profile=target.profile,
        protected=target.protected,
    )


def _shown(path: Path, root: Path | None) -> str:
    """A file as a person would name it: from the repository's root where it lies inside."""
    return str(path.relative_to(root) if root and path.is_relative_to(root) else path)
