"""Every environment of params/ against the templates that it may be deployed with, offline and all at once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from stackproof.certificates import Home
from stackproof.cli import nearest
from stackproof.configuration import read_configuration
from stackproof.documents import dotted, read_json
from stackproof.environments import environment_names
from stackproof.errors import Fault
from stackproof.targets import TARGETS, read_targets

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from stackproof.targets import Target


@dataclass
class Checks:
    """What params/ says about some templates.

    Attributes:
        parameter_sets: template to environment to parameters, as CloudFormation's API takes them.
        regions: where the environments live, sorted.
        faults: everything that is wrong, each once.
        faulty: templates with an environment that has faults.
        targets: where each environment lives.
    """

    parameter_sets: dict[str, dict[str, dict[str, str]]]
    regions: list[str]
    faults: list[Fault]
    faulty: set[str] = field(default_factory=set)
    targets: dict[str, Target] = field(default_factory=dict)


def check_environments(root: Path, known: Collection[str], documents: Mapping[str, dict[str, Any]]) -> Checks:
    """Check params/ and targets.toml.

    An environment is checked against its target's template and against the variant of it with, or without,
    "-disposable": both take the same parameters.

    Args:
        root: the folder with params/.
        known: the names of all templates that there are.
        documents: name to content of those that are checked now.
    """
    targets, faults = read_targets(root)
    regions = sorted({target.region for target in targets.values() if target.region})
    checks = Checks({name: {} for name in documents}, regions, faults, targets=targets)
    said = {fault.key for fault in faults}
    environments = environment_names(root)
    for environment in environments:
        where = f"params/{environment}.json"
        content = read_json(root / where, where, faults)
        target = targets.get(environment)
        chosen = target.template if target else None
        if chosen is None or chosen not in known:
            # Nothing follows from a table that could not be read.
            if said.isdisjoint(("", dotted(environment), dotted(environment, "template"))):
                faults.append(_no_template(environment, chosen, known))
            continue
        for name, template in documents.items():
            if _family(name) != _family(chosen):
                continue
            if content is None:
                checks.faulty.add(name)
                continue
            configuration, found = read_configuration(
                content,
                template,
                {},
                others=[other for other in environments if other != environment],
                home=Home(target.region, target.account) if target else None,
            )
            checks.parameter_sets[name][environment] = configuration.parameters
            faults += found
            if found:
                checks.faulty.add(name)
    checks.faults = list(dict.fromkeys(faults))
    return checks


def _no_template(environment: str, chosen: str | None, known: Collection[str]) -> Fault:
    names = ", ".join(known)
    if chosen is None:
        message = f"names no template; write template = one of {names} into a table [{environment}]"
        return Fault(TARGETS, dotted(environment), message)
    message = f'"{chosen}" is no template of this repository{nearest(chosen, known)}; there are {names}'
    return Fault(TARGETS, dotted(environment, "template"), message)


def _family(template: str) -> str:
    return template.removesuffix("-disposable")
