"""What a person reads of a failure."""

from __future__ import annotations

from dataclasses import replace

from stackproof import explaining
from stackproof.deployment.causes import Explanation
from stackproof.deployment.diagnosis import Evidence, cause
from stackproof.deployment.summary import Operation
from stackproof.deployment.ways import Way
from tests.unit.stackproof.deployment.builders import START, event

FAILED = Explanation(
    stack="lms-dev",
    status="UPDATE_ROLLBACK_COMPLETE",
    operation=Operation("update", "UPDATE_ROLLBACK_COMPLETE", START, START, "ana"),
    is_newest=True,
    cause=cause(event("UPDATE_FAILED", "Topic", reason="first line\nsecond line"), "Give it a name."),
    also=(),
    evidence=(Evidence("log", "Last lines", ("one", "two")), Evidence("hook", "Hook X", ("no",))),
    hint="Give it a name.",
    commands=("aws sns list-topics",),
    unseen=("the log: not allowed",),
)
WAY = Way("Mend the cause, then:", ("python deploy.py apply dev",))


def read(found: Explanation) -> list[str]:
    return [line.text for line in explaining.explanation(found, WAY)]


def test_the_cause_comes_first_then_what_lies_behind_it_then_what_mends_it() -> None:
    assert read(FAILED) == [
        "lms-dev: UPDATE_ROLLBACK_COMPLETE",
        "The update of 2026-03-14 03:00:00 UTC by ana failed, ended 03:00:00.",
        "Cause: Topic (AWS::SNS::Topic) UPDATE_FAILED",
        "  03:00:00  first line second line",
        "Last lines",
        "  | one",
        "  | two",
        "Hook X",
        "  no",
        "What mends it",
        "  Give it a name.",
        "  aws sns list-topics",
        "Not seen",
        "  ! the log: not allowed",
        "Mend the cause, then:",
        "  python deploy.py apply dev",
    ]


def test_of_many_other_failures_the_first_are_shown() -> None:
    bucket = event("DELETE_FAILED", "Bucket", type="AWS::S3::Bucket", reason="bucket you tried to delete is not empty")
    also = (cause(bucket), *(cause(event("DELETE_FAILED", f"Topic{number}", reason="no")) for number in range(6)))
    said = read(replace(FAILED, also=also))
    start = said.index("Failed as well (7)")
    assert said[start + 1 : start + 5] == [
        "  Bucket (AWS::S3::Bucket) DELETE_FAILED",
        "    03:00:00  bucket you tried to delete is not empty",
        "    Empty the bucket (all versions), then try again; CloudFormation deletes no bucket with objects in it.",
        "  Topic0 (AWS::SNS::Topic) DELETE_FAILED",
    ]
    assert "  and 2 more; --json has them all" in said


def test_an_older_failure_is_told_as_one_and_sends_nobody_on() -> None:
    said = read(replace(FAILED, is_newest=False, operation=Operation("update", "x", START, None, "")))
    assert said[1:3] == [
        "The update of 2026-03-14 03:00:00 UTC failed, still under way.",
        "What was done to the stack since did not fail.",
    ]
    assert WAY.sentence not in said


def test_no_cause_and_no_failure_are_answers() -> None:
    assert "No event says why." in read(replace(FAILED, cause=None, evidence=(), hint="", commands=()))
    assert read(replace(FAILED, operation=None)) == [
        "lms-dev: UPDATE_ROLLBACK_COMPLETE",
        "No operation on it failed, as far as its events go back.",
        "Not seen",
        "  ! the log: not allowed",
    ]


def test_the_object_for_programs_has_all_of_it() -> None:
    found = FAILED.as_json(WAY.commands)
    assert list(found) == ["stack", "status", "operation", "cause", "also", "evidence", "hint", "next", "unseen"]
    assert found["cause"]["logical_id"] == "Topic"
    assert found["next"] == ["aws sns list-topics", "python deploy.py apply dev"]
    nothing = replace(FAILED, operation=None, cause=None, hint="").as_json(())
    assert (nothing["operation"], nothing["cause"], nothing["hint"]) == (None, None, None)
