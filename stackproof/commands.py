"""The commands: arguments and files in, everything wrong with them at once, exit code out.

AWS is reached from deploying/, which is imported when all input is known to be good: it takes longer to import
than everything here takes to run.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from stackproof import arguments
from stackproof.cli import nearest, run
from stackproof.environments import Environment, environment_names, load_environment, load_foreign
from stackproof.errors import BadInputError, Fault
from stackproof.parameters import parameters_of, with_defaults
from stackproof.targets import BOOTSTRAP_STACK, Target, load_targets, region_problem, stack_name_problem
from stackproof.template_files import read_template

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from troposphere import Template

    from stackproof.deploying.call import Call
    from stackproof.deployment.permissions import Scope
    from stackproof.deployment.summary import Files

_NO_TEMPLATE = "what is the stack made of? Give its template"
_UNKNOWN_TYPE = "no schema says which permissions it takes; add them yourself"
# What says that lms-bootstrap is ours: it belongs to no single environment, and carries none's tags.
BOOTSTRAP_TAGS = {"stackproof": "bootstrap"}


def main(
    argv: Sequence[str] | None = None,
    *,
    root: Path | None = None,
    templates: Callable[[], Mapping[str, Callable[[], Template]]] | None = None,
) -> int:
    """Run one command and return its exit code.

    Args:
        argv: the words after the program's name; None takes the process's own.
        root: the folder with params/ and dist/; None is the current one, and the program is called `stackproof`.
        templates: name → builder, as build.py has them; a plan says when dist/ is not what they make.
    """
    program = "python deploy.py" if root else "stackproof"
    parser = arguments.parser(program)
    options = parser.parse_args(argv)
    if options.version:
        from importlib.metadata import version

        sys.stdout.write(f"stackproof {version('stackproof')}\n")
        return 0
    if options.command is None:
        parser.error("which command? See --help")
    command = _COMMANDS[options.command]
    place = Place(program, root or Path.cwd(), templates)
    return run(lambda: command(options, place), debug=options.debug)


@dataclass(frozen=True)
class Place:
    """Where the command was called.

    Attributes:
        program: `stackproof` or `python deploy.py`.
        root: the folder with params/ and dist/.
        templates: gives name → builder; None where there are none.
    """

    program: str
    root: Path
    templates: Callable[[], Mapping[str, Callable[[], Template]]] | None

    def notes(self, environment: Environment) -> tuple[str, ...]:
        """A sentence when the template is not what build.py makes; what is in the file is deployed all the same."""
        path = environment.template_path
        if self.templates is None or path.parent != self.root / "dist":
            return ()
        from stackproof.emitting import emit

        shown = path.relative_to(self.root)
        try:
            builder = self.templates().get(path.stem)
            is_fresh = builder is None or emit(builder()) == environment.template_text
        except Exception as error:
            return (f"{shown} could not be compared with what build.py makes: {type(error).__name__}: {error}",)
        return () if is_fresh else (f"{shown} is not what build.py makes: it was edited, or templates/ changed since",)


def _plan(options: argparse.Namespace, place: Place) -> int:
    settings, faults = arguments.settings(options.set)
    environments = []
    for name in options.environments or [None]:
        try:
            environments.append((name, _environment(options, place.root, name, settings)))
        except BadInputError as error:
            faults += [fault for fault in error.faults if fault not in faults]
    if options.out:
        faults += _out_faults(options.out, [each for _, each in environments], settings)
    if options.out and options.against:
        faults.append(Fault("--out", "", "keeps a change set; --against makes none"))
    if options.steps and (options.against or len(environments) > 1):
        faults.append(Fault("--steps", "", "is a plan for one environment, made with AWS: name one, and no --against"))
    if options.json and options.markdown:
        faults.append(Fault("--markdown", "", "and --json cannot both be printed; give one"))
    if faults:
        raise BadInputError(faults)
    if options.against is not None:
        from stackproof import against

        return against.plan(
            options, place.root, environments, lambda options, root, name: _environment(options, root, name, {})
        )
    from stackproof.deploying import plan
    from stackproof.proving_first import refuse_broken

    refuse_broken(options, place.root, environments)
    calls = [
        (_call(options, place, name, each), each, _loading(options, place, name, settings))
        for name, each in environments
    ]
    if options.steps:
        from stackproof.deploying import steps
        from stackproof.step_files import read_steps

        ((call, environment, load),) = calls
        values = with_defaults(environment.template, environment.parameters)
        found = read_steps(options.steps, environment.template, values, load)
        return steps.plan(call, environment, found, settings, load)
    return plan.run(calls, settings)


def _out_faults(path: Path, environments: Sequence[Environment], settings: Mapping[str, str]) -> list[Fault]:
    faults = [
        Fault("--set", name, "is NoEcho, and --out would write it into a file; give it in the parameter file")
        for environment in environments
        for name in settings
        if parameters_of(environment.template)[name].no_echo
    ]
    if len(environments) > 1:
        faults.append(Fault("--out", "", "holds the plan of one environment; name one"))
    if not path.absolute().parent.is_dir():
        faults.append(Fault("--out", "", f"there is no folder {path.parent}; make it first"))
    elif path.is_dir():
        faults.append(Fault("--out", "", f"{path} is a folder; give a file in it"))
    return faults


def _apply(options: argparse.Namespace, place: Place) -> int:
    shown = None
    if options.plan:
        from stackproof.deployment import planfile

        shown = planfile.read(options.plan)
    # Its file says which --set values belong to the plan.
    settings = shown.settings if shown else {}
    environment = _environment(options, place.root, options.environments, settings)
    from stackproof.proving_first import refuse_broken

    refuse_broken(options, place.root, [(options.environments, environment)])
    call = _call(options, place, options.environments, environment)
    load = _loading(options, place, options.environments, settings)
    if shown and shown.stages:
        from stackproof.deploying import steps

        return steps.run(call, environment, shown, load)
    from stackproof.deploying import apply

    return apply.run(call, environment, shown, load)


def _loading(
    options: argparse.Namespace, place: Place, name: str | None, settings: Mapping[str, str]
) -> Callable[[Mapping[str, str]], Environment]:
    """Reads the environment with other values of some parameters, those of a step."""
    return lambda more: _environment(options, place.root, name, {**settings, **more})


def _bootstrap(options: argparse.Namespace, place: Place) -> int:
    target = _target(options, place.root)
    environment = load_foreign(
        template=options.template or place.root / "dist" / "bootstrap.json",
        params=options.params,
        stack_name=options.stack_name or BOOTSTRAP_STACK,
        region=options.region or target.region,
        profile=options.profile or target.profile,
    )
    from stackproof.deploying import apply
    from stackproof.deploying.call import Call

    own = replace(environment, account=target.account, tags=environment.tags | BOOTSTRAP_TAGS, protected=False)
    words = arguments.bootstrap_commands(place.program, options, own)
    call = Call(options, words, is_foreign=True, notes=place.notes(own))
    return apply.run(call, own)


def _status(options: argparse.Namespace, place: Place) -> int:
    target = _stack(options, place.root)
    from stackproof.deploying import status

    return status.run(_call(options, place, options.environments), target, _files(options, place.root))


def _files(options: argparse.Namespace, root: Path) -> Files:
    """What the files say of a stack. That they cannot be read is told, and keeps nobody from looking at the stack."""
    from stackproof.deployment.summary import Files

    name = options.environments
    if not (name or options.template or options.params):
        return Files()
    shown = str(options.params or (f"params/{name.removesuffix('.json')}.json" if name else options.template))
    try:
        found = _environment(options, root, name, {})
    except BadInputError as error:
        return Files(shown, problem=str(error.faults[0]))
    return Files(shown, found.template, found.parameters)


def _why(options: argparse.Namespace, place: Place) -> int:
    target = _stack(options, place.root)
    from stackproof.deploying import why

    return why.run(_call(options, place, options.environments), target)


def _outputs(options: argparse.Namespace, place: Place) -> int:
    target = _stack(options, place.root)
    from stackproof.deploying import status

    return status.outputs(_call(options, place, options.environments), target)


def _cancel(options: argparse.Namespace, place: Place) -> int:
    target = _stack(options, place.root)
    from stackproof.deploying import cancel

    return cancel.run(_call(options, place, options.environments), target)


def _list(options: argparse.Namespace, place: Place) -> int:
    targets = load_targets(place.root)
    names = sorted({*targets, *environment_names(place.root)})
    if not names:
        raise BadInputError([Fault("params/", "", "holds no .json file: there is no environment to list")])
    if options.region is not None and (problem := region_problem(options.region)):
        raise BadInputError([Fault("--region", "", problem)])
    from stackproof.deploying import listing

    found = [targets.get(name, Target(name)) for name in names]
    return listing.run(_call(options, place, None), [_overridden(each, options) for each in found])


def _permissions(options: argparse.Namespace, place: Place) -> int:
    from stackproof.deployment.permissions import policy
    from stackproof.deployment.resource_permissions import resource_policies, unknown_types

    known = sorted({*load_targets(place.root), *environment_names(place.root)})
    faults: list[Fault] = []
    stacks = []
    for name in options.environments or ([None] if options.stack_name else known or [None]):
        one = argparse.Namespace(**(vars(options) | {"environments": name}))
        try:
            stacks.append(_permitted(one, place.root))
        except BadInputError as error:
            faults += [fault for fault in error.faults if fault not in faults]
    resources = options.level == "resources"
    faults += [Fault("--template", each.stack, _NO_TEMPLATE) for each in stacks if resources and not each.template]
    if faults:
        raise BadInputError(faults)
    sys.stderr.writelines(f"{kind}: {_UNKNOWN_TYPE}\n" for kind in unknown_types(stacks) if resources)
    wanted = resource_policies(stacks) if resources else policy(options.level, stacks)
    sys.stdout.write(json.dumps(wanted, indent=2) + "\n")
    return 0


def _permitted(options: argparse.Namespace, root: Path) -> Scope:
    """A stack for whose commands a policy is made, as far as the files know it."""
    from stackproof.deployment.permissions import Scope

    target = _stack(options, root)
    path = options.template or root / "dist" / f"{target.template}.json"
    faults: list[Fault] = []
    read = read_template(path, str(path), faults) if options.template or path.exists() else None
    if faults:
        raise BadInputError(faults)
    region = target.region or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "*"
    return Scope(str(target.stack), region, target.account or "*", read[1] if read else {})


def _destroy(options: argparse.Namespace, place: Place) -> int:
    target: Environment | Target
    if options.environments or options.template:
        target = _environment(options, place.root, options.environments, {})
        tags = target.tags
    else:
        target, tags = _stack(options, place.root), {}
    from stackproof.deploying import destroy

    return destroy.run(_call(options, place, options.environments), target, tags)


def _call(options: argparse.Namespace, place: Place, name: str | None, environment: Environment | None = None) -> Call:
    from stackproof.deploying.call import Call

    words = arguments.commands(place.program, options, name)
    notes = place.notes(environment) if environment else ()
    return Call(options, words, is_foreign=name is None, notes=notes, cache=place.root / ".cache")


def _offline(options: argparse.Namespace, _: Place) -> int:
    from stackproof import checking

    return checking.check(options) if options.command == "check" else checking.diff(options)


_COMMANDS: dict[str, Callable[[argparse.Namespace, Place], int]] = {
    "check": _offline,
    "diff": _offline,
    "plan": _plan,
    "apply": _apply,
    "status": _status,
    "why": _why,
    "outputs": _outputs,
    "list": _list,
    "permissions": _permissions,
    "cancel": _cancel,
    "destroy": _destroy,
    "bootstrap": _bootstrap,
}


def _environment(options: argparse.Namespace, root: Path, name: str | None, settings: Mapping[str, str]) -> Environment:
    """The environment that is named, or somebody else's stack."""
    if name is not None:
        return load_environment(
            root,
            name,
            template=options.template,
            params=options.params,
            stack_name=options.stack_name,
            region=options.region,
            profile=options.profile,
            settings=settings,
        )
    if options.template is None or options.stack_name is None:
        raise BadInputError([_which_stack(root, "--template FILE and --stack-name NAME")])
    return load_foreign(
        template=options.template,
        params=options.params,
        stack_name=options.stack_name,
        region=options.region,
        profile=options.profile,
        settings=settings,
    )


def _stack(options: argparse.Namespace, root: Path) -> Target:
    """Where a stack is that is only looked at or deleted: no template is needed for that."""
    target = _target(options, root)
    stack = options.stack_name or target.stack
    if stack is None:
        raise BadInputError([_which_stack(root, "--stack-name NAME")])
    return replace(_overridden(target, options), stack=stack)


def _overridden(target: Target, options: argparse.Namespace) -> Target:
    return replace(target, region=options.region or target.region, profile=options.profile or target.profile)


def _target(options: argparse.Namespace, root: Path) -> Target:
    """The target of the environment that is named; an empty one when none is."""
    faults = []
    if options.stack_name is not None and (problem := stack_name_problem(options.stack_name)):
        faults.append(Fault("--stack-name", "", problem))
    if options.region is not None and (problem := region_problem(options.region)):
        faults.append(Fault("--region", "", problem))
    name = (options.environments or "").removesuffix(".json")
    targets = load_targets(root) if name else {}
    known = sorted({*targets, *environment_names(root)})
    if name and name not in known:
        faults.append(Fault("params", "", f'there is no environment "{name}"{nearest(name, known)}'))
    if faults:
        raise BadInputError(faults)
    return targets.get(name, Target(name))


def _which_stack(root: Path, options: str) -> Fault:
    names = environment_names(root)
    there = f"name an environment ({', '.join(names)}), or give" if names else "there is no params/*.json here: give"
    return Fault("which stack?", "", f"{there} {options}")
