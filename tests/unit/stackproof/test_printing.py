"""What a person reads, in the cases that the walk through the commands does not come by."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import pytest

from stackproof import plan_report, printing
from stackproof.deployment import plan
from stackproof.deployment.diagnosis import Cause
from stackproof.deployment.plan import Plan, Setting
from tests.unit.stackproof.deployment.builders import change, detail


def shown(*answers: Any, settings: tuple[Setting, ...] = ()) -> list[str]:
    found = Plan("lms-dev", "1", "sa-east-1", False, "arn:set", plan.changes(answers, {}), settings)
    return [line.text for line in plan_report.lines(found)]


def reasons(*details: Any) -> list[str]:
    return [line for line in shown(change(Details=list(details))) if line.startswith("      ")]


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("1", "2", "1 → 2"),
        ("", "two words", '"" → two words'),
        ("a", plan.KNOWN_LATER, "a → (known after apply)"),
        ("a\nb", 'say "x"', 'a\\nb → say "x"'),
        ("x" * 101, "ação", "x" * 100 + "… → ação"),
    ],
)
def test_a_value_is_shown_on_one_line(before: str, after: str, words: str) -> None:
    assert reasons(detail("/Properties/Name", BeforeValue=before, AfterValue=after)) == [f"      Name: {words}"]


def test_a_path_that_changes_for_two_reasons_is_one_line_with_the_gravest_word() -> None:
    values = {"BeforeValue": "1", "AfterValue": "2"}
    assert reasons(
        detail("/Properties/Spec/Size", RequiresRecreation="Conditionally", **values),
        detail("/Properties/Spec/Size", "ParameterReference", "Size", RequiresRecreation="Always", **values),
        detail("/Properties/Name", RequiresRecreation="Conditionally"),
        detail("/Tags/0"),
    ) == [
        "      Spec.Size: 1 → 2  (replaces it, from parameter Size)",
        "      Name  (may replace it)",
        "      Tags.0",
    ]


def test_what_may_be_replaced_has_a_group_of_its_own_and_imports_too() -> None:
    found = shown(change("Maybe", Replacement="Conditional"), change("Adopted", action="Import"))
    assert "May be replaced (only AWS knows) (1)" in found
    assert "Imported (1)" in found
    assert found[-1] == "1 that may be replaced, 1 to import"


def test_one_setting_is_one() -> None:
    assert shown(settings=(Setting("tag", "owner", "a", None),))[-3:] == ["  ~ owner: a → (none)", "", "1 setting"]


def test_a_stack_without_outputs_has_no_title_for_them() -> None:
    assert list(printing.outputs({})) == []


CAUSE = Cause(
    "Topic", "Topic", "AWS::SNS::Topic", "arn:stack", "CREATE_FAILED", "it exists", "2026-03-14", "Delete it."
)


def test_a_cause_is_its_resource_its_reason_and_what_mends_it() -> None:
    assert [line.text for line in printing.cause(CAUSE)] == [
        "Cause: Topic (AWS::SNS::Topic) CREATE_FAILED",
        "  it exists",
        "  Delete it.",
    ]
    assert [line.text for line in printing.cause(replace(CAUSE, hint=""))][-1] == "  it exists"
    assert [line.text for line in printing.cause(None)] == ["No event says why."]


def test_elsewhere_than_on_a_terminal_lines_are_plain() -> None:
    stream = io.StringIO()
    printing.show([printing.Line("red", "bold red"), printing.Line("plain")], stream)
    assert stream.getvalue() == "red\nplain\n"
