"""A plan in a file: what was shown, by content hash, so that exactly that is applied later, or nothing.

A plan of several steps keeps in its file, too, how far it has come.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any

from stackproof.deployment.artifacts import text
from stackproof.deployment.plan import secrets
from stackproof.errors import BadInputError, Fault, RefusedError
from stackproof.files import write_atomically
from stackproof.steps import KINDS, kind_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from stackproof.deployment.aws import Aws
    from stackproof.deployment.stack import Stack
    from stackproof.environments import Environment
    from stackproof.steps import Action

FORMAT = 3


@dataclass(frozen=True)
class Stage:
    """One step of a plan of several: what was shown, and how far it is.

    Attributes:
        title: in a person's words.
        settings: parameters that replace the environment's in this step; of an action, none.
        kept: the same for those that stay as they are deployed.
        action: as the steps file has it; None for a change.
        shown: logical id → action of each change that was shown.
        started: ClientRequestToken of its operation, ARN of its task, or what its action is known by to AWS; blank
            until it starts.
        is_done: it ended well.
        points: logical id of a store → its recovery point, of an action that took some.
    """

    title: str
    settings: Mapping[str, str] = field(default_factory=dict)
    kept: Mapping[str, str] = field(default_factory=dict)
    action: Action | None = None
    shown: Mapping[str, str] = field(default_factory=dict)
    started: str = ""
    is_done: bool = False
    points: Mapping[str, str] = field(default_factory=dict)

    @property
    def values(self) -> Mapping[str, str]:
        """Every parameter that is not the environment's."""
        return {**self.kept, **self.settings}


@dataclass(frozen=True)
class PlanFile:
    """What `plan --out` writes and `apply --plan` takes.

    No parameter value is in it but those of `settings`, and no NoEcho value at all: neither as text, nor in a hash.

    Attributes:
        stack: name.
        account: 12 digits.
        region: for example `sa-east-1`.
        change_set: ARN of the change set that waits; None when there was nothing to execute.
        stack_id: ARN of the stack; None when there is none.
        updated: when the stack's last update started, ISO 8601; None for a new stack.
        template: SHA-256 of the template as it is sent.
        parameters: SHA-256 of the parameters, without NoEcho ones.
        tags: SHA-256.
        stack_policy: SHA-256.
        settings: what `--set` gave.
        stages: the steps of a plan of several; their change sets are made one after the other, and compared with
            what was shown.
        format: of this file.
    """

    stack: str
    account: str
    region: str
    change_set: str | None
    stack_id: str | None
    updated: str | None
    template: str
    parameters: str
    tags: str
    stack_policy: str
    settings: Mapping[str, str] = field(default_factory=dict)
    stages: tuple[Stage, ...] = ()
    format: int = FORMAT

    def with_stage(self, number: int, **values: Any) -> PlanFile:
        """The same plan with something else known of one of its stages, which are counted from 0."""
        stages = [replace(each, **values) if at == number else each for at, each in enumerate(self.stages)]
        return replace(self, stages=tuple(stages))

    def at(self, existing: Stack | None) -> PlanFile:
        """The same plan with the stack as it is now, to see later whether anybody else changed it."""
        stack_id, updated = (existing.id, existing.updated.isoformat()) if existing else (None, None)
        return replace(self, stack_id=stack_id, updated=updated)


# What may have moved, in words, in the order in which it is worth looking for.
_MOVED = {
    "stack": "the stack's name",
    "account": "the account",
    "region": "the region",
    "template": "the template",
    "parameters": "the parameters",
    "tags": "the tags",
    "stack_policy": "the stack policy in the parameter file",
    "stack_id": "the stack (another one has its name now)",
    "updated": "the stack (it was updated since)",
}


def made(
    account: Aws,
    environment: Environment,
    existing: Stack | None,
    *,
    change_set: str | None,
    stack_id: str | None,
    settings: Mapping[str, str],
) -> PlanFile:
    """The plan of an environment as it is now.

    Args:
        account: where.
        environment: what was planned.
        existing: the stack as it was found.
        change_set: ARN, None when nothing is to be executed.
        stack_id: ARN of the stack that the change set belongs to.
        settings: what `--set` gave.
    """
    hidden = secrets(environment.template, environment.parameters)
    return PlanFile(
        stack=environment.stack,
        account=account.account,
        region=account.region,
        change_set=change_set,
        stack_id=stack_id,
        updated=existing.updated.isoformat() if existing and not existing.is_new else None,
        template=_hash(text(environment)),
        parameters=_hash({key: value for key, value in environment.parameters.items() if key not in hidden}),
        tags=_hash(environment.tags),
        stack_policy=_hash(environment.stack_policy),
        settings=dict(settings),
    )


def _hash(content: object) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def write(path: Path, plan: PlanFile) -> None:
    """Write the file; BadInputError when that is not possible."""
    try:
        write_atomically(path, json.dumps(as_json(plan), indent=2) + "\n")
    except OSError as error:
        raise BadInputError([Fault(str(path), "", f"cannot be written: {error.strerror}")]) from error


def as_json(plan: PlanFile) -> dict[str, Any]:
    """The content of the file."""
    content = asdict(plan)
    for stage, made in zip(content["stages"], plan.stages, strict=True):
        if made.action:
            stage["action"] = {"kind": kind_of(made.action), **stage["action"]}
    return content


def read(path: Path) -> PlanFile:
    """Read the file; BadInputError when it is none that `plan --out` wrote."""
    try:
        content: Any = json.loads(path.read_bytes())
    except OSError as error:
        raise BadInputError([Fault(str(path), "", f"cannot be read: {error.strerror}")]) from error
    except ValueError as error:
        raise BadInputError([Fault(str(path), "", f"is no plan file ({error}); make one with plan --out")]) from error
    try:
        return _plan(content)
    except TypeError as error:
        unread = Fault(str(path), "", "is no plan file that this version reads; make a new one with plan --out")
        raise BadInputError([unread]) from error


def _plan(content: Any) -> PlanFile:
    """The plan of a file's content; TypeError where `write` would have written something else."""
    _check(content, PlanFile)
    if content["format"] != FORMAT:
        raise TypeError
    return PlanFile(**{**content, "stages": tuple(map(_stage, content["stages"]))})


def _stage(content: Any) -> Stage:
    _check(content, Stage)
    return Stage(**{**content, "action": None if content["action"] is None else _action(content["action"])})


def _action(content: Any) -> Action:
    values = dict(content)
    kind: Any = KINDS.get(str(values.pop("kind", "")))
    if kind is None:
        raise TypeError
    _check(values, kind)
    made: Action = kind(**{key: tuple(value) if isinstance(value, list) else value for key, value in values.items()})
    return made


def _check(content: Any, kind: type[PlanFile | Stage | Action]) -> None:
    """TypeError where the keys or the types are not those that `write` writes."""
    if not isinstance(content, dict) or set(content) != {each.name for each in fields(kind)}:
        raise TypeError
    for key, value in content.items():
        if not (
            _KINDS[key](value) if key in _KINDS else isinstance(value, str) or (kind is PlanFile and value is None)
        ):
            raise TypeError


def _are_texts(values: Any, kind: type) -> bool:
    each = values.values() if isinstance(values, dict) else values
    return isinstance(values, kind) and all(isinstance(value, str) for value in each)


def _texts(value: Any) -> bool:
    return _are_texts(value, list)


def _named(value: Any) -> bool:
    return _are_texts(value, dict)


# What is no text.
_KINDS: dict[str, Callable[[Any], bool]] = {
    **dict.fromkeys(("settings", "kept", "shown", "points", "restore"), _named),
    **dict.fromkeys(("command", "stores", "services", "groups"), _texts),
    **dict.fromkeys(("minutes", "days", "format"), lambda value: isinstance(value, int)),
    "stages": lambda value: isinstance(value, list),
    "action": lambda value: value is None or isinstance(value, dict),
    "is_done": lambda value: isinstance(value, bool),
}


def not_moved(shown: PlanFile, now: PlanFile) -> None:
    """Refuse a plan when anything is not as it was when it was shown.

    Args:
        shown: from the file.
        now: the same, made again from what the files and AWS say now.
    """
    moved = [words for name, words in _MOVED.items() if getattr(shown, name) != getattr(now, name)]
    if moved:
        raise RefusedError(f"not applied: since the plan was made, {' and '.join(moved)} changed. Make a new plan.")
