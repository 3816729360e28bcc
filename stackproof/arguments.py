"""The commands' arguments: what can be typed, and how a command is written back in an answer."""

from __future__ import annotations

import shlex
from argparse import SUPPRESS, ArgumentTypeError, Namespace
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stackproof.cli import Parser
from stackproof.errors import Fault

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from stackproof.environments import Environment

_COMMANDS = {
    "plan": "show what would change, and change nothing",
    "apply": "plan, ask, execute, watch and explain",
    "status": "show the stack on one screen: state, parameters, tasks, alarms, outputs",
    "why": "explain the last operation that failed: cause, what lies behind it, what mends it",
    "outputs": "show the stack's outputs",
    "cancel": "have an update that is under way rolled back",
    "destroy": "delete the stack; what is retained stays",
    "bootstrap": "make the artifact bucket and image repository, once per account and region",
}
_CODES = {
    "plan": "1 failed, 2 wrong usage or bad input, 3 changes are waiting (--check), 4 refused",
    "apply": "1 failed, 2 wrong usage or bad input, 4 refused",
    "status": "1 AWS refuses or cannot be reached, 2 wrong usage or bad input, 4 refused",
    "why": "1 AWS refuses or cannot be reached, 2 wrong usage or no such stack, 4 refused",
    "outputs": "1 AWS refuses or cannot be reached, 2 wrong usage or no such stack, 4 refused",
}
_FOREIGN = """\
ENV is the name of a file in params/. For a stack of somebody else leave it out:
  %(prog)s {options}
"""
_BOOTSTRAP_EPILOG = """\
ENV says which account and region; without it, those of the credentials at hand. The stack is lms-bootstrap.
"""
_LIST_EPILOG = """\
Each environment is seen with its own profile, or with the credentials at hand where they are of its account.

exit codes: 0 done, 1 not one could be looked at, 2 wrong usage or bad input, 130 interrupted
"""
_POLICY_EPILOG = """\
For a stack of somebody else leave ENV out:
  %(prog)s --stack-name NAME [--template FILE] [--region REGION]
What CloudFormation does in the caller's name, above all making the template's resources, is in the policies of
--for resources: a list, since IAM takes no more than 6,144 characters each.

exit codes: 0 done, 2 wrong usage or bad input, 130 interrupted
"""
_PARAMETERS = '{"Parameters": {"Name": "value"}}, or the list of ParameterKey and ParameterValue of the AWS CLI'
_CHECK_EPILOG = """\
Every answer is proved, broken or unknown; unknown is what only AWS can tell, and never a pass.
An exception has its reason in a TOML file for --intent:
  [[default.accept]]
  rule = "net-image"
  resource = "Service"
  reason = "its subnets reach the internet through the transit gateway of another stack"

exit codes: 0 clean, 1 findings at or above --fail-on, 2 wrong usage or unreadable input, 130 interrupted
"""
_DIFF_EPILOG = """\
Parameters that nobody gives and that have no default are the same on both sides.

exit codes: 0 done, with changes or without, 2 wrong usage or unreadable input, 130 interrupted
"""


def parser(program: str) -> Parser:
    """Every command with its options.

    Args:
        program: as it was called: `stackproof` or `python deploy.py`.
    """
    words = "Prove CloudFormation templates; preview, apply, watch and explain changes of stacks."
    root = Parser(prog=program, description=words)
    root.add_argument("--version", action="store_true", help="print the version")
    commands = root.add_subparsers(dest="command", metavar="COMMAND")
    for name, words in _COMMANDS.items():
        command = commands.add_parser(name, help=words, description=_sentence(words), epilog=_epilog(name))
        several = name == "plan"
        command.add_argument(
            "environments", nargs="*" if several else "?", metavar="ENV", help="an environment, a file in params/"
        )
        _OPTIONS[name](command)
        _files(command, name)
        command.add_argument("--stack-name", metavar="NAME", help="the stack, instead of ENV's")
        _place(command)
        _printed(command)
    _list(commands)
    _permissions(commands)
    _check(commands)
    _diff(commands)
    return root


def _sentence(words: str) -> str:
    return f"{words[0].upper()}{words[1:]}."


def _epilog(name: str) -> str:
    """How a stack of somebody else is named, and what the exit codes mean."""
    needs_template = name in {"plan", "apply"}
    options = "--template FILE [--params FILE] --stack-name NAME" if needs_template else "--stack-name NAME"
    place = _BOOTSTRAP_EPILOG if name == "bootstrap" else _FOREIGN.format(options=options)
    return f"{place}\nexit codes: 0 done or nothing to do, {_CODES.get(name, _CODES['apply'])},\n130 interrupted\n"


def _list(commands: Any) -> None:
    words = "show the state of every environment in params/"
    command = commands.add_parser("list", help=words, description=_sentence(words), epilog=_LIST_EPILOG)
    _place(command)
    _printed(command)
    # What the commands for one stack take besides.
    command.set_defaults(environments=None, template=None, params=None, stack_name=None)


def _permissions(commands: Any) -> None:
    words = "print the least IAM policy that these commands need, without asking AWS"
    command = commands.add_parser("permissions", help=words, description=_sentence(words), epilog=_POLICY_EPILOG)
    command.add_argument("environments", nargs="*", metavar="ENV", help="environments; all of params/ unless given")
    command.add_argument(
        "--for",
        dest="level",
        choices=["look", "plan", "apply", "bootstrap", "resources"],
        default="apply",
        help="look: status, why, outputs, list; plan: these and plan; apply: these and apply, cancel, destroy"
        " (the default); bootstrap: bootstrap alone; resources: what CloudFormation does meanwhile",
    )
    command.add_argument("--template", type=Path, metavar="FILE", help="what the stack of somebody else is made of")
    command.add_argument("--stack-name", metavar="NAME", help="the stack of somebody else")
    command.add_argument("--region", help="instead of ENV's or AWS_REGION")
    command.set_defaults(profile=None)  # AWS is not asked
    _printed(command)


def _check(commands: Any) -> None:
    words = "prove what can be proven about a template, ours or not, without AWS"
    command = commands.add_parser("check", help=words, description=_sentence(words), epilog=_CHECK_EPILOG)
    command.add_argument(
        "template", type=Path, metavar="TEMPLATE", help="a template, JSON or YAML; - reads it from standard input"
    )
    command.add_argument("--params", type=Path, metavar="FILE", help=f"its parameters: {_PARAMETERS}")
    command.add_argument(
        "--intent",
        type=Path,
        metavar="FILE",
        help="what was meant: [default] and the table named like the parameter file; an intent.toml beside that file"
        " is taken by itself",
    )
    command.add_argument(
        "--fail-on",
        choices=["broken", "unknown"],
        default="broken",
        help="what exits 1: what is broken (the default), or what is unknown too",
    )
    _printed(command)


def _diff(commands: Any) -> None:
    words = "show what going from one template to another would do, without AWS"
    command = commands.add_parser("diff", help=words, description=_sentence(words), epilog=_DIFF_EPILOG)
    command.add_argument(
        "old", type=Path, metavar="OLD", help="the template that is deployed, JSON or YAML; - reads it"
    )
    command.add_argument("new", type=Path, metavar="NEW", help="the template to come")
    command.add_argument("--params", type=Path, metavar="FILE", help=_PARAMETERS)
    command.add_argument("--old-params", type=Path, metavar="FILE", help="those of OLD, where they are others")
    _printed(command)


def _printed(command: argparse.ArgumentParser) -> None:
    command.add_argument("--json", action="store_true", help="print JSON")
    command.add_argument("--debug", action="store_true", help="show the traceback of an error")


def _files(command: argparse.ArgumentParser, name: str) -> None:
    """Every command takes both, so that one may follow another with the same options."""
    uses = {
        "status": ("to compare the stack with, instead of ENV's", "to compare the stack with, instead of ENV's"),
        "destroy": ("instead of ENV's", "whose tags the stack must carry, instead of ENV's"),
    }
    template, params = uses.get(name, ("instead of ENV's", "instead of ENV's"))
    if name in {"why", "outputs", "cancel"}:
        template = params = "not needed: only the stack counts"
    command.add_argument("--template", type=Path, metavar="FILE", help=f"a template, JSON or YAML; {template}")
    command.add_argument("--params", type=Path, metavar="FILE", help=f"a parameter file; {params}")


def _place(command: argparse.ArgumentParser) -> None:
    command.add_argument("--region", help="instead of ENV's or AWS_REGION")
    command.add_argument("--profile", help="of the AWS configuration, instead of ENV's or AWS_PROFILE")


def _plan(command: argparse.ArgumentParser) -> None:
    command.add_argument("--check", action="store_true", help="exit 3 when changes are waiting")
    command.add_argument("--markdown", action="store_true", help="print Markdown, folded, for a pull request")
    command.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="a parameter, for this plan")
    _proofs(command)
    command.add_argument("--out", type=Path, metavar="FILE", help="keep the plan for apply --plan FILE")
    command.add_argument(
        "--steps",
        type=Path,
        metavar="FILE",
        help="several steps in order, changes and one-shot tasks, from a TOML file",
    )
    command.add_argument(
        "--against", metavar="REV", help="compare with params/ and dist/ of a git revision instead, without AWS"
    )


def _apply(command: argparse.ArgumentParser) -> None:
    _yes(command)
    command.add_argument("--plan", type=Path, metavar="FILE", help="apply this plan, or nothing")
    # No option of apply: what is applied is what a person saw with these values. The type says so, where it is tried.
    command.add_argument("--set", type=_of_plan, help=SUPPRESS)
    _proofs(command)
    _careful(command)


def _proofs(command: argparse.ArgumentParser) -> None:
    command.add_argument("--no-proofs", action="store_true", help="go on with what is proven to be broken")


def _of_plan(_: str) -> None:
    raise ArgumentTypeError("belongs to plan: plan ENV --set KEY=VALUE --out FILE, then apply ENV --plan FILE")


def _bootstrap(command: argparse.ArgumentParser) -> None:
    _yes(command)
    _careful(command)


def _careful(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--allow-data-loss",
        action="append",
        default=[],
        metavar="ID",
        help="the logical id of a store that may be removed or replaced; once for each",
    )
    command.add_argument("--wait", action="store_true", help="wait for an operation that is under way")
    command.add_argument("--no-rollback", action="store_true", help="leave a failed update as it is, to look at")


def _yes(command: argparse.ArgumentParser) -> None:
    command.add_argument("--yes", action="store_true", help="do not ask")


_OPTIONS = {
    "plan": _plan,
    "apply": _apply,
    "status": lambda _: None,
    "why": lambda _: None,
    "outputs": lambda _: None,
    "cancel": lambda _: None,
    "destroy": _yes,
    "bootstrap": _bootstrap,
}


def settings(words: Sequence[str]) -> tuple[dict[str, str], list[Fault]]:
    """`--set KEY=VALUE` as a dict, and what is wrong with them. A key that is given twice is a fault."""
    found: dict[str, str] = {}
    faults: list[Fault] = []
    for word in words:
        key, equals, value = word.partition("=")
        if not equals or not key:
            # The word may be a value, and a secret: it is not shown.
            faults.append(Fault("--set", "", "wants KEY=VALUE, the name of a parameter before the equals sign"))
        elif key in found:
            faults.append(Fault("--set", key, "is given more than once; keep one"))
        else:
            found[key] = value
    return found, faults


@dataclass(frozen=True)
class Commands:
    """The commands that an answer may name, as the person at hand would type them.

    Attributes:
        plan: plans again.
        apply: applies what was to be applied.
        status: shows the stack.
        why: explains a failure.
        cancel: cancels an update.
        destroy: deletes it.
        bootstrap: makes the artifact bucket.
    """

    plan: str
    apply: str
    status: str
    why: str
    cancel: str
    destroy: str
    bootstrap: str


def commands(program: str, options: Namespace, environment: str | None) -> Commands:
    """The commands for the same stack.

    Args:
        program: as it was called.
        options: as they were given: what they override, the next command must override, too.
        environment: that is at hand; None for somebody else's stack.
    """
    place = _options(options, "stack_name", "region", "profile")
    files = _options(options, "template", "params")
    names = [environment] if environment else []
    # What a stack of somebody else is made of is not known where it was only looked at.
    template = [] if environment or options.template else ["--template", "FILE"]
    return Commands(
        plan=f"{program} " + shlex.join(["plan", *names, *template, *files, *place]),
        apply=f"{program} " + shlex.join(["apply", *names, *template, *files, *place]),
        status=f"{program} " + shlex.join(["status", *names, *place]),
        why=f"{program} " + shlex.join(["why", *names, *place]),
        cancel=f"{program} " + shlex.join(["cancel", *names, *place]),
        destroy=f"{program} " + shlex.join(["destroy", *names, *files, *place]),
        bootstrap=f"{program} "
        + shlex.join(["bootstrap", *names, *_options(options, "region", "profile")])
        + ("" if environment else " --template FILE"),
    )


def bootstrap_commands(program: str, options: Namespace, own: Environment) -> Commands:
    """The commands for the bootstrap stack: it belongs to no environment, so its place is spelled out."""
    place = Namespace(template=None, params=None, stack_name=own.stack, region=own.region, profile=own.profile)
    words = commands(program, place, None)
    names = [options.environments] if options.environments else []
    given = _options(options, "template", "params", "stack_name", "region", "profile")
    bootstrap = f"{program} " + shlex.join(["bootstrap", *names, *given])
    return replace(words, apply=bootstrap, bootstrap=bootstrap)


def _options(options: Namespace, *names: str) -> list[str]:
    given = [(name, getattr(options, name)) for name in names]
    return [word for name, value in given if value is not None for word in (f"--{name.replace('_', '-')}", str(value))]
