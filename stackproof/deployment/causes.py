"""Why the last operation on a stack that failed did so: CloudFormation's words first, then what lies behind them."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from stackproof.deployment import (
    causes_account,
    causes_checks,
    causes_custom,
    causes_ecs,
    diagnosis,
    hints,
    history,
    operations,
    stack,
    summary,
)
from stackproof.deployment.diagnosis import Evidence, Finding
from stackproof.deployment.hint_rules import RULES
from stackproof.deployment.observe import Eye
from stackproof.deployment.parameter_paths import behind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stackproof.deployment.aws import Aws
    from stackproof.deployment.diagnosis import Cause
    from stackproof.deployment.events import Event
    from stackproof.deployment.hints import Hint
    from stackproof.deployment.history import Operation
    from stackproof.deployment.stack import Stack

_SERVICE = "AWS::ECS::Service"
_DEFINITION = "AWS::ECS::TaskDefinition"
_RECORD = re.compile(r"Content of DNS Record is: ")


@dataclass(frozen=True)
class Explanation:
    """Why an operation failed, as far as can be known.

    Attributes:
        stack: its name.
        status: of the stack, as it is now.
        operation: that failed; None when none did.
        is_newest: no later operation succeeded.
        cause: the first real one; None where nothing says it.
        also: what failed by itself afterwards, on the way back for example.
        evidence: what other services say about the cause.
        hint: what mends it; blank where that is not certain.
        commands: that look closer, or mend it.
        unseen: what could not be looked at, and why.
    """

    stack: str
    status: str
    operation: summary.Operation | None
    is_newest: bool
    cause: Cause | None
    also: tuple[Cause, ...]
    evidence: tuple[Evidence, ...]
    hint: str
    commands: tuple[str, ...]
    unseen: tuple[str, ...]

    def as_json(self, ways: Sequence[str]) -> dict[str, Any]:
        """The object that `why --json` prints.

        Args:
            ways: commands that go on from here, beside those that mend the cause.
        """
        return {
            "stack": self.stack,
            "status": self.status,
            "operation": self.operation.as_json() if self.operation else None,
            "cause": asdict(self.cause) if self.cause else None,
            "also": [asdict(each) for each in self.also],
            "evidence": [asdict(each) for each in self.evidence],
            "hint": self.hint or None,
            "next": [*self.commands, *ways],
            "unseen": list(self.unseen),
        }


def explain(account: Aws, found: Stack) -> Explanation:
    """Find out why the last failed operation on a stack failed; nothing is changed.

    Raises:
        ClientError: its events may not be read: then nothing can be told.
    """
    eye = Eye(account)
    client = account.cloudformation
    past = history.read(client, found.id)
    if past.unread:
        eye.miss(f"what happened before {past.unread:%Y-%m-%d %H:%M:%S %Z}", "there are too many events since")
    failed = past.failed
    refused = causes_checks.of_change_sets(client, eye, found.planned, since=failed.until if failed else None)
    if refused:
        made = summary.Operation("change set", "FAILED", refused[0].time, refused[-1].time, "")
        return _told(eye, found, made, failures=refused, during=refused)
    if failed is None:
        return Explanation(found.name, found.status, None, True, None, (), (), "", (), tuple(eye.unseen))
    failures = _failures(eye, failed)
    last = summary.operation(failed.events, operations.who(failed.events[0].request))
    is_newest = failed == past.newest
    return _told(eye, found, last, failures=failures, during=failed.events, is_newest=is_newest)


def _failures(eye: Eye, failed: Operation) -> list[Event]:
    """What failed in an operation, the first first; what was checked before anything started comes before all else."""
    client = eye.account.cloudformation
    nested = history.nested(client, failed.events)

    def inside(event: Event) -> Sequence[Event]:
        return eye.see(f"the events of nested stack {event.path}", lambda: nested(event)) or []

    told = diagnosis.failures(failed.events, inside)
    checks = causes_checks.of_operation(client, eye, failed.id)
    # The events that only point to the checks say nothing more.
    return [*checks, *(each for each in told if not (checks and causes_checks.points_there(each)))]


def _told(
    eye: Eye,
    found: Stack,
    operation: summary.Operation | None,
    *,
    failures: Sequence[Event],
    during: Sequence[Event],
    is_newest: bool = True,
) -> Explanation:
    first = failures[0] if failures else None
    finding = _behind(eye, first, during) if first else Finding()
    hint = _mended(eye, first, finding.hint) if first else None
    return Explanation(
        stack=found.name,
        status=found.status,
        operation=operation,
        is_newest=is_newest,
        cause=diagnosis.cause(first, hint.sentence if hint else "") if first else None,
        also=tuple(map(diagnosis.cause, failures[1:])),
        evidence=finding.evidence,
        hint=hint.sentence if hint else "",
        commands=hint.commands if hint else (),
        unseen=tuple(eye.unseen),
    )


def _behind(eye: Eye, event: Event, during: Sequence[Event]) -> Finding:
    """What lies behind CloudFormation's words."""
    since = during[0].time
    # Those of the nested stack that it is in.
    beside = during
    if event.within:
        client = eye.account.cloudformation
        inner = eye.see(
            f"the events beside {event.path}",
            lambda: history.between(client, event.stack_id, since, event.time),
        )
        beside = inner or [event]
    same = [each for each in beside if each.logical_id == event.logical_id]
    if event.type == _SERVICE:
        made = [each.physical_id for each in beside if each.type == _DEFINITION and each.status.endswith("_COMPLETE")]
        arn = event.physical_id or next((each.physical_id for each in reversed(same) if each.physical_id), "")
        return causes_ecs.look(eye, event, arn, since=since, definitions=made)
    if causes_custom.is_custom(event.type):
        handler = event.handler or next((each.handler for each in same if each.handler), "")
        return causes_custom.look(eye, event, since, handler)
    waits = [each.reason for each in same if _RECORD.search(each.reason)]
    if waits:
        record = hints.find(hints.Failure(event.type, waits[-1]), RULES)
        return Finding((Evidence("certificate", "What the certificate waits for", (waits[-1],)),), record)
    return causes_account.look(eye, event, beside)


def _mended(eye: Eye, event: Event, found: Hint | None) -> Hint | None:
    """The hint, with the parameters that decide the property in question."""
    hint = found or hints.find(hints.Failure(event.type, event.reason, event.physical_id, event.stack_id), RULES)
    if hint is None or not hint.path:
        return hint
    client = eye.account.cloudformation
    template = eye.see(
        f"which parameters decide {hint.path[-1].lstrip('*')} (the template)",
        lambda: stack.template(client, event.stack_id),
    )
    names = behind(template, event.logical_id, hint.path) if template else []
    if not names:
        return hint
    return hints.Hint(f"{hint.sentence} {_decide(names)}", hint.commands, hint.path)


def _decide(names: Sequence[str]) -> str:
    return f"Parameter {names[0]} decides it." if len(names) == 1 else f"Parameters {', '.join(names)} decide it."
