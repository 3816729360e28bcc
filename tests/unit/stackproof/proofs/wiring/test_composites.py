"""Composite alarms: rules that CloudWatch reads, over alarms that exist, and somebody who hears of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from stackproof.proofs.verdicts import Verdict
from tests.unit.stackproof.proofs.network_support import add, put, ref, resource
from tests.unit.stackproof.proofs.wiring_support import Fault, changed, complaints, findings, only, told
from tests.unit.stackproof.proofs.wiring_watching import composite

if TYPE_CHECKING:
    from collections.abc import Callable

RULE = "Properties.AlarmRule"
LIST = " OR ".join(f"ALARM(theirs-{number})" for number in range(101))


def rule(text: str) -> Callable[[dict[str, Any]], None]:
    """Another rule for an alarm that acts."""
    return put("Noticed", "AlarmRule", {"Fn::Sub": text})


FAULTS: dict[str, Fault] = {
    "nothing is left": (
        [put("Noticed", "AlarmRule", {"Fn::Join": [" OR ", []]})],
        "wire-composite",
        "Noticed",
        RULE,
        "CloudWatch refuses the alarm: its rule is empty. Write ALARM(name) OR ALARM(name)",
    ),
    "no rule": ([put("Noticed", "AlarmRule", None)], "wire-composite", "Noticed", RULE, "its rule is empty"),
    "ends too early": (
        [rule('ALARM("${Errors}") OR')],
        "wire-composite",
        "Noticed",
        RULE,
        "CloudWatch refuses the alarm: its rule ends with OR.",
    ),
    "nothing between": (
        [rule('ALARM("${Errors}") ALARM("${Busy}")')],
        "wire-composite",
        "Noticed",
        RULE,
        "state stands where AND or OR is needed",
    ),
    "nothing before": (
        [rule('OR ALARM("${Errors}")')],
        "wire-composite",
        "Noticed",
        RULE,
        "OR stands where an alarm is needed",
    ),
    "a bracket too many": (
        [rule('ALARM("${Errors}"))')],
        "wire-composite",
        "Noticed",
        RULE,
        "a bracket closes that was not opened",
    ),
    "a bracket too few": ([rule('(ALARM("${Errors}")')], "wire-composite", "Noticed", RULE, "a bracket stays open"),
    "no such state": (
        [rule('ALARM("${Errors}") OR ALERT("${Busy}")')],
        "wire-composite",
        "Noticed",
        RULE,
        'nobody can read "ALERT("${Busy}")"',
    ),
    "no alarm": (
        [rule('ALARM("${Logs}")')],
        "wire-composite",
        "Noticed",
        RULE,
        "${Logs} is no alarm, but Logs (AWS::Logs::LogGroup). Name an alarm, by Ref or its ARN.",
    ),
    "too many": ([rule(LIST)], "wire-composite", "Noticed", RULE, "its rule names 101 alarms, and takes 100"),
    "kept back by no alarm": (
        [put("Later", "ActionsSuppressor", ref("Logs"))],
        "wire-composite",
        "Later",
        "Properties.ActionsSuppressor",
        "${Logs} is no alarm",
    ),
    "kept back for ever": (
        [put("Later", "ActionsSuppressorExtensionPeriod", None)],
        "wire-composite",
        "Later",
        "Properties.ActionsSuppressor",
        "ActionsSuppressor comes without ActionsSuppressorExtensionPeriod. Say how many seconds",
    ),
    "nobody hears of it": (
        [put("Noticed", "AlarmActions", None), put("Told", "AlarmRule", {"Fn::Sub": 'ALARM("${Busy}")'})],
        "wire-composite-silent",
        "Noticed",
        "Properties.AlarmActions",
        "Noticed goes off and nobody hears of it: it has no actions, and nothing goes by it.",
    ),
    "its actions are off": (
        [add(Off=composite('ALARM("${Busy}")', ActionsEnabled="false", AlarmActions=["arn:aws:sns:x:1:topic"]))],
        "wire-composite-silent",
        "Off",
        "Properties.AlarmActions",
        "Off goes off and nobody hears of it",
    ),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_fault_is_found_where_it_is(fault: Fault) -> None:
    only(fault)


@pytest.mark.parametrize(
    "change",
    [
        rule('NOT ALARM("${Errors}") AND (OK(${Busy}) OR TRUE OR NOT FALSE)'),
        rule("\n  ALARM(\n    ${Errors}\n  )\n"),
        put("Errors", "AlarmName", "too many (5xx)"),
        put("Later", "ActionsSuppressor", ref("Told")),
        put("Noticed", "AlarmActions", ref("Listed")),
        put("Told", "AlarmName", "others go by it"),
        add(Alone=composite('ALARM("${Busy}")', AlarmName="for-another-stack")),
        add(Alone=composite('ALARM("${Busy}")', InsufficientDataActions=["arn:aws:sns:x:1:topic"])),
    ],
)
def test_what_cloudwatch_takes_is_not_complained_of(change: Callable[[dict[str, Any]], None]) -> None:
    assert complaints(changed(change)) == []


def test_an_alarm_by_the_name_that_it_has_in_the_template_is_one() -> None:
    template = changed(put("Errors", "AlarmName", "web-errors"), rule('ALARM("web-errors")'))
    assert complaints(template) == []
    (found,) = [one for one in findings(template) if (one.id, one.logical_id) == ("wire-composite", "Noticed")]
    assert (found.verdict, found.message) == (Verdict.PROVED, "it looks at web-errors")


@pytest.mark.parametrize(
    ("change", "path", "words"),
    [
        (rule('ALARM("theirs") OR ALARM("${Errors}")'), RULE, "Whether an alarm theirs exists cannot be told"),
        (rule("ALARM(${Given})"), RULE, "Whether an alarm ${Given} exists"),
        (rule("ALARM(${Errors}) ${Given}"), RULE, "is known to AWS only"),
        (put("Noticed", "AlarmRule", {"Fn::ImportValue": "rule"}), RULE, "is known to AWS only"),
        (put("Noticed", "AlarmRule", {"Fn::Transform": {}}), RULE, "Noticed looks at alarms that exist cannot"),
        (put("Later", "ActionsSuppressor", "theirs"), "Properties.ActionsSuppressor", "an alarm theirs exists"),
    ],
)
def test_what_another_stack_may_have_is_unknown(
    change: Callable[[dict[str, Any]], None], path: str, words: str
) -> None:
    found = [one for one in complaints(changed(change)) if one.id == "wire-composite"]
    assert [one[2] for one in told(found)] == [path]
    assert words in found[0].message


def named(rule: object) -> dict[str, Any]:
    """An alarm that has a name, and one over others that acts."""
    alarm = resource("CloudWatch::Alarm", AlarmName={"Fn::Sub": "web-${Given}"})
    above = resource("CloudWatch::CompositeAlarm", AlarmRule=rule, AlarmActions=["arn:aws:sns:x:1:topic"])
    return changed(add(Named=alarm, All=above))


@pytest.mark.parametrize(
    ("rule", "name"),
    [
        ("NOT OK(elsewhere) AND ALARM(web-named)", "elsewhere"),
        ("INSUFFICIENT_DATA('elsewhere')", "elsewhere"),
        ({"Fn::Sub": "ALARM(${Errors}) OR (ALARM(web-${Errors}))"}, "web-${Errors}"),
        ("ALARM(arn:aws:cloudwatch:sa-east-1:111122223333:alarm:other)", ":alarm:other"),
    ],
)
def test_a_name_that_no_alarm_of_the_template_has_is_unknown(rule: object, name: str) -> None:
    template = named(rule)
    found = [one for one in findings(template, {"Given": "named"}) if one.verdict is not Verdict.PROVED]
    assert told(found) == [("wire-composite", "All", RULE)]
    assert found[0].message == (
        f"Whether an alarm {found[0].message.split()[3]} exists cannot be told: the template has no alarm of this name."
    )
    assert found[0].message.split()[3].endswith(name)


@pytest.mark.parametrize(
    "rule",
    [
        {"Fn::Join": [" OR ", [{"Fn::Sub": 'ALARM("${Errors}")'}, {"Fn::Sub": "ALARM(${Busy.Arn})"}]]},
        {"Fn::Sub": 'ALARM("web-${Given}")'},
        {"Fn::Sub": "ALARM(arn:aws:cloudwatch:sa-east-1:111122223333:alarm:web-${Given}) AND (TRUE)"},
    ],
)
def test_a_rule_may_name_its_alarms_in_any_way(rule: object) -> None:
    assert complaints(named(rule)) == []


def test_a_dashboard_that_shows_an_alarm_is_nobody_who_hears_of_it() -> None:
    board = resource("CloudWatch::Dashboard", DashboardBody={"Fn::Sub": '{"widgets": ["${Shown.Arn}"]}'})
    quiet = add(Shown=composite('ALARM("${Busy}")'), Screen=board)
    assert [(one.id, one.logical_id) for one in complaints(changed(quiet))] == [("wire-composite-silent", "Shown")]
    guarded = put("Service", "DeploymentConfiguration.Alarms.AlarmNames", [ref("Shown"), ref("Errors")])
    assert complaints(changed(quiet, guarded)) == []


def test_a_proof_names_what_it_looks_at_and_what_keeps_it_back() -> None:
    said = [one.message for one in findings(changed()) if (one.id, one.logical_id) == ("wire-composite", "Later")]
    assert said == ["it looks at ${Busy}, ${ManyLines}", "${Told.Arn} keeps it back"]
