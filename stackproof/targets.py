"""Where each environment lives: params/targets.toml, a table per environment."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from stackproof.cli import nearest
from stackproof.documents import dotted, quoted, read_toml
from stackproof.errors import BadInputError, Fault

TARGETS = "params/targets.toml"
# Once per account and region: it holds the artifact bucket, and belongs to no environment.
BOOTSTRAP_STACK = "lms-bootstrap"


@dataclass(frozen=True)
class Target:
    """Where an environment lives; None where targets.toml leaves it open.

    Attributes:
        environment: its name, as in params/<environment>.json.
        region: an AWS region; None: what the AWS settings of the caller say.
        account: 12 digits; the caller must be of this account, or nothing is touched.
        profile: of the AWS configuration; no fault when it does not exist here and credentials are there.
        template: a name in dist/, without .json.
        stack: by default `<template>-<environment>` with "-disposable" left out.
        protected: termination protection, and no `destroy`; by default for names that begin with prod.
        verify: whether the running stack is proven after every apply.
    """

    environment: str
    region: str | None = None
    account: str | None = None
    profile: str | None = None
    template: str | None = None
    stack: str | None = None
    protected: bool = False
    verify: bool = False


def load_targets(root: Path) -> dict[str, Target]:
    """Read params/targets.toml; without that file there are no targets.

    Raises:
        BadInputError: with every fault of the file.
    """
    targets, faults = read_targets(root)
    if faults:
        raise BadInputError(faults)
    return targets


def read_targets(root: Path) -> tuple[dict[str, Target], list[Fault]]:
    """`load_targets` for a caller that goes on collecting faults: what is sound, and what is not."""
    faults: list[Fault] = []
    path = root / TARGETS
    tables = (read_toml(path, TARGETS, faults) or {}) if path.exists() else {}
    targets = {}
    for name, table in tables.items():
        if isinstance(table, dict):
            targets[name] = _read_target(name, table, faults)
        else:
            faults.append(
                Fault(TARGETS, dotted(name), "stands outside of a table; each environment has its own: [prod]")
            )
    return targets, faults


def _read_target(name: str, table: dict[str, Any], faults: list[Fault]) -> Target:
    """One table; a key with a fault counts as left out."""
    sound: dict[str, Any] = {}
    for key, value in table.items():
        if key not in _CHECKS:
            message = f"is no key of a target; there are {', '.join(_CHECKS)}{nearest(key, _CHECKS)}"
        else:
            message = _CHECKS[key](value)
        if message:
            faults.append(Fault(TARGETS, dotted(name, key), message))
        else:
            sound[key] = value
    if "template" in sound:
        sound.setdefault("stack", default_stack(sound["template"], name))
    sound.setdefault("protected", protected_by_name(name))
    return Target(name, **sound)


def default_stack(template: str, environment: str) -> str:
    """`lms-dev` for the template lms-disposable in the environment dev."""
    return f"{template.removesuffix('-disposable')}-{environment}"


def protected_by_name(name: str) -> bool:
    """Whether a name says production."""
    return name.lower().startswith("prod")


def region_problem(value: object) -> str:
    """What is wrong with a region, in words; empty when nothing is."""
    if not isinstance(value, str):
        return "a region is a text, such as sa-east-1"
    known = _regions()
    if known and value not in known:
        return (
            f"{quoted(value)} is no AWS region that the installed botocore knows (a new one needs a new botocore)"
            f"{nearest(value, known)}"
        )
    if not re.fullmatch(r"[a-z]+(-[a-z]+)+-\d+", value, re.ASCII):
        return f"{quoted(value)} is no AWS region; it looks like sa-east-1"
    return ""


@cache
def _regions() -> frozenset[str]:
    """The regions that botocore knows, read from its data without importing it (0.2 s); empty when it has moved."""
    from importlib.util import find_spec

    package = find_spec("botocore")
    try:
        data = json.loads(
            Path(str(package and package.origin)).with_name("data").joinpath("partitions.json").read_bytes()
        )
        names = {name for partition in data["partitions"] for name in partition["regions"]}
    except (OSError, ValueError, LookupError, TypeError):
        return frozenset()
    return frozenset(name for name in names if name[-1].isdigit())  # not aws-global


def stack_name_problem(value: object) -> str:
    """What is wrong with a stack's name, in words; empty when nothing is. From the API's CreateStack."""
    if isinstance(value, str) and re.fullmatch(r"[a-zA-Z][a-zA-Z0-9-]{0,127}", value):
        return ""
    shown = f"{quoted(value)} is no stack name; it" if isinstance(value, str) else "a stack name is a text; it"
    return f"{shown} has letters, digits and hyphens, begins with a letter, and is at most 128 long"


def _account_problem(value: object) -> str:
    if isinstance(value, str) and re.fullmatch(r"[0-9]{12}", value):
        return ""
    if isinstance(value, int) and not isinstance(value, bool):
        return f'an account is a text, or its leading zeros are lost; write "{value:012d}"'
    return f"{quoted(str(value))} is no account; it has 12 digits, in quotes"


def _template_problem(value: object) -> str:
    if isinstance(value, str) and re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*", value):
        return ""
    return f"{quoted(str(value))} is no name of a template in dist/; write it without folder and .json"


def _text_problem(value: object) -> str:
    return "" if isinstance(value, str) and value.strip() else "is a text in quotes that is not blank"


def _switch_problem(value: object) -> str:
    return "" if isinstance(value, bool) else "is true or false, without quotes"


_CHECKS = {
    "region": region_problem,
    "account": _account_problem,
    "profile": _text_problem,
    "template": _template_problem,
    "stack": stack_name_problem,
    "protected": _switch_problem,
    "verify": _switch_problem,
}
