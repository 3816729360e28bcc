"""Composite alarms: a rule that CloudWatch can read, over alarms that exist, and somebody who hears of it.

Sources: the API reference of PutCompositeAlarm for the rule's grammar and the suppressor's periods, the CloudWatch user
guide for the number of alarms.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from stackproof.proofs import arns, shapes
from stackproof.proofs.model.placement import switch
from stackproof.proofs.values import Sym, Text, Unknown, Value, items, join, show
from stackproof.proofs.verdicts import broken, proved
from stackproof.proofs.wiring.common import called, same, unclear

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stackproof.proofs.model.system import System
    from stackproof.proofs.resolve.stack import Resource, Stack
    from stackproof.proofs.verdicts import Finding
    from stackproof.proofs.wiring.common import Findings

ALARMS: Final = ("AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm")
ACTIONS: Final = ("AlarmActions", "OKActions", "InsufficientDataActions")
MOST_ALARMS: Final = 100
_PERIODS: Final = ("ActionsSuppressorWaitPeriod", "ActionsSuppressorExtensionPeriod")
_REFUSED: Final = "CloudWatch refuses the alarm"
_FIRST: Final = 0xE000
"""Symbols of a rule stand as characters that no name has while it is read."""
_TOKEN: Final = re.compile(
    r"""\s*(?:(?P<call>ALARM|OK|INSUFFICIENT_DATA)\s*\(\s*(?:"(?P<quoted>[^"]*)"|'(?P<single>[^']*)'|(?P<bare>[^\s()"']+))\s*\)
    |(?P<word>TRUE|FALSE|AND|OR|NOT)\b|(?P<mark>[()]))""",
    re.VERBOSE,
)


class _Rule(NamedTuple):
    """What a rule says: the names in it, and what is wrong with its grammar; empty when nothing is."""

    names: list[Value]
    fault: str


def composites(system: System) -> Findings:
    """Every composite alarm."""
    stack = system.stack
    made = stack.of_type("AWS::CloudWatch::CompositeAlarm")
    rules = {alarm.logical_id: _read(alarm.properties.get("AlarmRule")) for alarm in made}
    for alarm in made:
        rule = rules[alarm.logical_id]
        if isinstance(rule, Unknown):
            question = f"{alarm.logical_id} looks at alarms that exist"
            yield unclear("wire-composite", alarm.logical_id, "Properties.AlarmRule", question, rule.reason)
        else:
            faults = [*_grammar(alarm, rule), *_names(stack, alarm, rule)]
            yield from faults
            if not faults:
                told = f"it looks at {', '.join(map(show, rule.names))}"
                yield proved("wire-composite", alarm.logical_id, "Properties.AlarmRule", told)
        yield from _suppressor(stack, alarm)
    yield from _silent(stack, made)


def _read(value: Value) -> _Rule | Unknown:
    """A rule by its grammar."""
    if isinstance(value, Unknown):
        return value
    parts = value.parts if isinstance(value, Text) else () if value is None else (value,)
    held = [part for part in parts if not isinstance(part, str)]
    count = iter(range(_FIRST, _FIRST + len(held)))
    text = "".join(part if isinstance(part, str) else chr(next(count)) for part in parts)
    names: list[Value] = []
    tokens: list[str] = []
    at = 0
    while rest := text[at:].strip():
        token = _TOKEN.match(text, at)
        if token is None and ord(rest[0]) >= _FIRST:
            return Unknown(f"{show(value)} is known to AWS only")
        if token is None:
            return _Rule(names, f'nobody can read "{show(_with(rest, held))}"')
        at = token.end()
        if token["call"]:
            names.append(_with(token["quoted"] or token["single"] or token["bare"] or "", held))
        tokens.append(
            "state" if token["call"] or token["word"] in {"TRUE", "FALSE"} else token["word"] or token["mark"]
        )
    return _Rule(names, _fault(tokens))


def _with(text: str, held: Sequence[Value]) -> Value:
    """A part of the rule with its symbols."""
    return join(*(held[ord(letter) - _FIRST] if ord(letter) >= _FIRST else letter for letter in text))


def _fault(tokens: list[str]) -> str:
    """What is wrong with the order of a rule's words."""
    if not tokens:
        return "its rule is empty"
    wants, depth = True, 0
    for token in tokens:
        if wants != (token in {"state", "NOT", "("}):
            return f"{token} stands where {'an alarm' if wants else 'AND or OR'} is needed"
        depth += {"(": 1, ")": -1}.get(token, 0)
        if depth < 0:
            return "a bracket closes that was not opened"
        wants = token in {"AND", "OR", "NOT", "("}
    if wants:
        return f"its rule ends with {tokens[-1]}"
    return "a bracket stays open" if depth else ""


def _grammar(alarm: Resource, rule: _Rule) -> Findings:
    if rule.fault:
        fix = "Write ALARM(name) OR ALARM(name); leave AND or OR out together with an alarm that is left out."
        message = f"{_REFUSED}: {rule.fault}."
        yield broken("wire-composite", alarm.logical_id, "Properties.AlarmRule", message, fix)
    elif len(rule.names) > MOST_ALARMS:
        message = f"{_REFUSED}: its rule names {len(rule.names)} alarms, and takes {MOST_ALARMS}."
        fix = "Make composite alarms of some of them."
        yield broken("wire-composite", alarm.logical_id, "Properties.AlarmRule", message, fix)


def _names(stack: Stack, alarm: Resource, rule: _Rule) -> Findings:
    for name in rule.names:
        yield from _alarm(stack, alarm, "Properties.AlarmRule", name)


def _alarm(stack: Stack, alarm: Resource, path: str, name: Value) -> Findings:
    """Is this the name or the ARN of an alarm?"""
    target = stack.target(name)
    if target is not None and isinstance(name, Sym):
        if target.type in ALARMS and shapes.meaning(target.type, name.attribute) in {shapes.NAME, shapes.ARN}:
            return
        message = f"{_REFUSED}: {show(name)} is no alarm, but {target.logical_id} ({target.type})."
        yield broken("wire-composite", alarm.logical_id, path, message, "Name an alarm, by Ref or its ARN.")
    elif not any(_is(stack, name, other) for other in stack.of_type(*ALARMS)):
        reason = "the template has no alarm of this name"
        yield unclear("wire-composite", alarm.logical_id, path, f"an alarm {show(name)} exists", reason)


def _is(stack: Stack, name: Value, alarm: Resource) -> bool:
    return called(stack, name, alarm) is True or same(stack, name, arns.arn(stack, alarm)) is True


def _suppressor(stack: Stack, alarm: Resource) -> Findings:
    """An alarm that keeps this one's actions back exists, and says for how long."""
    name = alarm.properties.get("ActionsSuppressor")
    if name is None or isinstance(name, Unknown):
        return
    faults: list[Finding] = [*_alarm(stack, alarm, "Properties.ActionsSuppressor", name)]
    missing = [period for period in _PERIODS if alarm.properties.get(period) is None]
    if missing:
        message = f"{_REFUSED}: ActionsSuppressor comes without {' and '.join(missing)}."
        fix = "Say how many seconds it waits for the other alarm, and how many after it."
        faults.append(broken("wire-composite", alarm.logical_id, "Properties.ActionsSuppressor", message, fix))
    yield from faults
    if not faults:
        told = f"{show(name)} keeps it back"
        yield proved("wire-composite", alarm.logical_id, "Properties.ActionsSuppressor", told)


def _silent(stack: Stack, made: list[Resource]) -> Findings:
    """A composite alarm acts, or something else goes by it: all that it is for."""
    quiet = {alarm.logical_id: alarm for alarm in made if not _acts(alarm)}
    if not quiet:
        return
    heard = {
        symbol.owner
        for logical_id, resource in stack.resources.items()
        if resource.type != "AWS::CloudWatch::Dashboard"
        for _, symbol in stack.symbols[logical_id]
        if symbol.owner != logical_id
    }
    for name, alarm in quiet.items():
        if name in heard:
            yield proved("wire-composite-silent", name, "Properties.AlarmActions", "another resource goes by it")
        elif alarm.properties.get("AlarmName") is None:
            message = f"{name} goes off and nobody hears of it: it has no actions, and nothing goes by it."
            fix = "Give it AlarmActions, or name it in the rule of an alarm that has some."
            yield broken("wire-composite-silent", name, "Properties.AlarmActions", message, fix)


def _acts(alarm: Resource) -> bool:
    return switch(alarm.properties.get("ActionsEnabled"), default=True) is not False and any(
        items(alarm.properties.get(name)) for name in ACTIONS
    )
