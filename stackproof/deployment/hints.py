"""What mends a failure, where its words leave no doubt: a sentence, and the command or the property to change. Pure.

Each rule (hint_rules.py, hint_tasks.py) is a pattern in AWS's own words. Its groups, and what is known of the
resource, fill the sentence and the commands; a pattern that fits two different faults belongs to neither of them.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# Where AWS leaves a part of a sentence out.
_UNNAMED = {
    "who": "the role or user that deploys",
    "resource": "its resource",
    "arn": "ARN",
    "name": "NAME",
}


@dataclass(frozen=True)
class Failure:
    """What is known of a failure.

    Attributes:
        type: of the resource; `ECS task` for the words of ECS about a task.
        reason: AWS's words.
        physical_id: of the resource; blank where it has none.
        stack_id: ARN of its stack; blank where that does not matter.
    """

    type: str
    reason: str
    physical_id: str = ""
    stack_id: str = ""


@dataclass(frozen=True)
class Hint:
    """What mends a failure.

    Attributes:
        sentence: for a person.
        commands: that look closer, or mend it.
        path: to the property that decides, from the failed resource on and through what it refers to: the parameters
            behind it are what to change. `*Name` is any property that ends so, `Condition` the resource's condition.
    """

    sentence: str
    commands: tuple[str, ...] = ()
    path: tuple[str, ...] = ()


@dataclass(frozen=True)
class Rule:
    """A pattern in the reason, for types that fit `type`, and the hint that it gives."""

    words: str
    sentence: str
    commands: tuple[str, ...] = ()
    path: tuple[str, ...] = ()
    type: str = ""


def find(failure: Failure, rules: Sequence[Rule]) -> Hint | None:
    """What mends this failure, by the first rule that fits; None where its words do not tell."""
    reason = " ".join(failure.reason.split())
    for rule in rules:
        if re.search(rule.type, failure.type) and (found := re.search(rule.words, reason)):
            return _filled(rule, found, failure)
    return None


def first(failures: Iterable[Failure], rules: Sequence[Rule]) -> Hint | None:
    """The hint of the first failure that has one."""
    return next((hint for each in failures if (hint := find(each, rules))), None)


def _filled(rule: Rule, found: re.Match[str], failure: Failure) -> Hint:
    groups = {name: (value or "").strip("'\".,;:)") for name, value in found.groupdict().items()}
    groups["name"] = groups.get("name") or failure.physical_id
    words = _UNNAMED | {name: value for name, value in groups.items() if value}
    words["stack"] = words.get("stack") or failure.stack_id.partition("/")[2].partition("/")[0] or "STACK"
    # The words of a custom resource are a stranger's, and a command is there to be pasted.
    quoted = {name: shlex.quote(value) for name, value in words.items()}
    commands = tuple(command.format(**quoted) for command in rule.commands)
    return Hint(rule.sentence.format(**words), commands, rule.path)
