"""What is refused before it does harm, and the words that lead out of it."""

from __future__ import annotations

from typing import Any

import pytest

from stackproof.deployment import guards, plan
from stackproof.deployment.plan import Plan
from stackproof.errors import RefusedError
from tests.unit.stackproof.deployment.builders import COMMANDS, change, stack

TAGS = {"environment": "dev"}
CLEAR = "Clear it with python deploy.py destroy dev"


def refusal(call: Any, *arguments: Any, **more: Any) -> str:
    with pytest.raises(RefusedError) as refused:
        call(*arguments, **more)
    assert refused.value.exit_code == 4
    return str(refused.value)


def passes(call: Any, *arguments: Any, **more: Any) -> bool:
    try:
        call(*arguments, **more)
    except RefusedError:
        return False
    return True


def test_the_account_that_is_meant_is_let_through_and_so_is_any_where_none_is() -> None:
    assert passes(guards.account, "111111111111", "111111111111", "arn:me", "lms-dev")
    assert passes(guards.account, None, "111111111111", "arn:me", "lms-dev")


def test_another_account_is_refused_with_both_named() -> None:
    said = refusal(guards.account, "111111111111", "222222222222", "arn:aws:iam::222222222222:user/ci", "lms-dev")
    assert "lms-dev belongs to account 111111111111" in said
    assert "of account 222222222222 (arn:aws:iam::222222222222:user/ci). Nothing was touched." in said


@pytest.mark.parametrize(
    "status",
    [
        "REVIEW_IN_PROGRESS",
        "CREATE_COMPLETE",
        "UPDATE_COMPLETE",
        "UPDATE_ROLLBACK_COMPLETE",
        "UPDATE_FAILED",
        "IMPORT_COMPLETE",
        "IMPORT_ROLLBACK_COMPLETE",
    ],
)
def test_a_stack_at_rest_can_be_changed(status: str) -> None:
    assert passes(guards.can_change, stack(status), TAGS, COMMANDS)


def test_a_stack_that_does_not_exist_can_be_made() -> None:
    assert passes(guards.can_change, None, TAGS, COMMANDS)


@pytest.mark.parametrize(
    "status",
    [
        "CREATE_IN_PROGRESS",
        "UPDATE_IN_PROGRESS",
        "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
        "UPDATE_ROLLBACK_IN_PROGRESS",
        "ROLLBACK_IN_PROGRESS",
        "DELETE_IN_PROGRESS",
        "IMPORT_IN_PROGRESS",
    ],
)
def test_a_busy_stack_is_refused_with_who_since_when_and_how_to_wait(status: str) -> None:
    said = refusal(guards.can_change, stack(status), TAGS, COMMANDS, "since noon, started by ana")
    meaning = " (the new state is live; old resources are being removed)" if "CLEANUP" in status else ""
    assert said == (
        f"lms-dev is in {status}{meaning} since noon, started by ana; nothing was sent. "
        "Wait for it with python deploy.py apply dev --wait, or look with python deploy.py status dev"
    )


def a_plan(*changes: Any) -> Plan:
    return Plan("lms-dev", "1", "sa-east-1", False, "arn:set", plan.changes(changes, {}), ())


REPLACED = change("Table", action="Modify", Replacement="True")


@pytest.mark.parametrize(
    ("changes", "status", "no_rollback", "is_protected", "words"),
    [
        ([REPLACED], "UPDATE_COMPLETE", True, False, "this replaces Table. Apply it without --no-rollback: python d"),
        ([], "UPDATE_COMPLETE", True, True, "lms-dev is protected: --no-rollback would leave it half-way"),
        ([], "UPDATE_FAILED", False, False, "Go on from there with python deploy.py apply dev --no-rollback, or go ba"),
        ([], "UPDATE_FAILED", False, False, "go back first: aws cloudformation rollback-stack --stack-name lms-dev"),
    ],
)
def test_what_cloudformation_refuses_half_way_is_refused_before(
    changes: list[Any], status: str, no_rollback: bool, is_protected: bool, words: str
) -> None:
    options = {"no_rollback": no_rollback, "is_protected": is_protected, "commands": COMMANDS}
    assert words in refusal(guards.can_skip_rollback, a_plan(*changes), status, **options)


@pytest.mark.parametrize(
    ("changes", "status", "no_rollback", "is_protected"),
    [
        ([REPLACED], "UPDATE_COMPLETE", False, True),
        ([change("Table", Replacement="Conditional"), change(action="Add")], "UPDATE_COMPLETE", True, False),
        ([change()], "UPDATE_FAILED", True, False),
        ([change(action="Add")], "", True, False),
    ],
)
def test_rollback_is_left_on_or_off_where_cloudformation_takes_it(
    changes: list[Any], status: str, no_rollback: bool, is_protected: bool
) -> None:
    options = {"no_rollback": no_rollback, "is_protected": is_protected, "commands": COMMANDS}
    assert passes(guards.can_skip_rollback, a_plan(*changes), status, **options)


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (
            "CREATE_IN_PROGRESS",
            "a creation cannot be cancelled. Wait for it, or delete what there is: python deploy.py d",
        ),
        ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "it is too late: the new state is live"),
        ("UPDATE_ROLLBACK_IN_PROGRESS", "it is on its way back already"),
        ("ROLLBACK_IN_PROGRESS", "it is on its way back already"),
        ("DELETE_IN_PROGRESS", "only an update can be cancelled. Look with python deploy.py status dev"),
    ],
)
def test_only_an_update_that_goes_forward_is_cancelled(status: str, words: str) -> None:
    assert words in refusal(guards.can_cancel, stack(status), COMMANDS)
    assert passes(guards.can_cancel, stack("UPDATE_IN_PROGRESS"), COMMANDS)


@pytest.mark.parametrize("status", ["ROLLBACK_COMPLETE", "CREATE_FAILED", "ROLLBACK_FAILED"])
def test_a_stack_that_was_never_deployed_is_cleared_only_when_its_tags_say_that_it_is_ours(status: str) -> None:
    assert CLEAR in refusal(guards.can_change, stack(status), TAGS, COMMANDS)
    # A person who names the stack knows; a file with other tags says no.
    assert f"If it is yours, c{CLEAR.removeprefix('C')}" in refusal(guards.can_change, stack(status), {}, COMMANDS)
    for tags in ({"environment": "prod"}, {"environment": "dev", "owner": "us"}):
        said = refusal(guards.can_change, stack(status), tags, COMMANDS)
        assert CLEAR not in said
        assert "aws cloudformation delete-stack --stack-name lms-dev" in said


@pytest.mark.parametrize(
    ("status", "reason", "expected"),
    [
        (
            "UPDATE_ROLLBACK_FAILED",
            "The following resource(s) failed to update: [Service].",
            "([Service]",
        ),
        ("IMPORT_ROLLBACK_FAILED", "", "(AWS gives no reason)"),
    ],
)
def test_a_rollback_that_stopped_half_way_is_continued_never_deleted(status: str, reason: str, expected: str) -> None:
    said = refusal(guards.can_change, stack(status, reason=reason), TAGS, COMMANDS)
    assert expected.strip("(") in said
    assert "aws cloudformation continue-update-rollback --stack-name lms-dev" in said
    assert "delete" not in said


def test_a_half_deleted_stack_is_to_be_deleted_whole() -> None:
    for reason, words in (("[Bucket] is not empty", "([Bucket] is not empty)"), ("", "(AWS gives no reason)")):
        said = refusal(guards.can_change, stack("DELETE_FAILED", reason=reason), TAGS, COMMANDS)
        assert words in said
        assert said.endswith("Finish with python deploy.py destroy dev")


BUCKET = "AWS::S3::Bucket"
AT_STAKE = a_plan(
    change("Uploads", BUCKET, "Remove", PolicyAction="Delete"),
    change("Files", "AWS::EFS::FileSystem", Replacement="True", PolicyAction="ReplaceAndRetain"),
    change("Cache", "AWS::ElastiCache::ReplicationGroup", Replacement="Conditional", PolicyAction="ReplaceAndSnapshot"),
)


def test_stores_at_stake_are_refused_with_the_options_that_allow_them() -> None:
    assert refusal(guards.data, AT_STAKE, []).splitlines() == [
        f"Uploads (AWS::S3::Bucket) is removed: its data would be {guards.FATES['if-empty']}.",
        f"Files (AWS::EFS::FileSystem) is replaced: its data would be {guards.FATES['retained']}.",
        f"Cache (AWS::ElastiCache::ReplicationGroup) may be replaced: its data would be {guards.FATES['snapshot']}.",
        "Not applied. If that is meant, add: --allow-data-loss Uploads --allow-data-loss Files --allow-data-loss Cache",
    ]


def test_what_was_allowed_is_not_asked_for_again_and_a_typo_gets_a_suggestion() -> None:
    said = refusal(guards.data, AT_STAKE, ["Uploads", "Fiels"])
    assert "Uploads" not in said
    assert 'Not at stake here: Fiels, did you mean "Files"?.' in said
    assert said.endswith("add: --allow-data-loss Files --allow-data-loss Cache")


def test_all_that_is_at_stake_can_be_allowed() -> None:
    assert passes(guards.data, AT_STAKE, ["Uploads", "Files", "Cache"])
    assert passes(guards.data, a_plan(change("Topic", action="Remove")), [])


def test_a_stack_of_ours_can_be_deleted_in_any_state_of_rest() -> None:
    for status in ("UPDATE_COMPLETE", "ROLLBACK_COMPLETE", "DELETE_FAILED", "REVIEW_IN_PROGRESS"):
        guards.can_delete(stack(status), is_protected=False, tags=TAGS, commands=COMMANDS)


def test_without_tags_in_a_file_the_name_alone_says_which_stack_is_meant() -> None:
    assert passes(guards.can_delete, stack(tags={"anything": "else"}), is_protected=False, tags={}, commands=COMMANDS)


def test_a_protected_environment_is_not_destroyed_but_what_was_never_deployed_is_cleared() -> None:
    said = refusal(guards.can_delete, stack(), is_protected=True, tags=TAGS, commands=COMMANDS)
    assert "protected = false" in said
    assert "python deploy.py apply dev" in said
    for status in ("ROLLBACK_COMPLETE", "CREATE_FAILED", "REVIEW_IN_PROGRESS"):
        guards.can_delete(stack(status), is_protected=True, tags=TAGS, commands=COMMANDS)


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (stack(is_protected=True), "update-termination-protection --no-enable-termination-protection"),
        (stack("UPDATE_IN_PROGRESS"), "lms-dev is in UPDATE_IN_PROGRESS"),
        (stack(tags={"environment": "prod"}), "does not carry the tags of its parameter file (environment=dev)"),
    ],
    ids=["termination protection", "busy", "somebody else's"],
)
def test_a_stack_is_not_deleted(found: Any, words: str) -> None:
    assert words in refusal(guards.can_delete, found, is_protected=False, tags=TAGS, commands=COMMANDS)


SHOWN = {"Topic": "modify", "Table": "replace", "Cache": "may-replace", "Old": "remove"}


@pytest.mark.parametrize(
    "now",
    [
        {},
        {"Topic": "modify", "Table": "replace", "Cache": "may-replace", "Old": "remove"},
        {"Table": "modify", "Cache": "replace"},
        {"Table": "may-replace", "Cache": "modify"},
    ],
)
def test_a_step_may_do_what_was_shown_or_less(now: dict[str, str]) -> None:
    assert passes(guards.as_shown, "Two", SHOWN, now)


@pytest.mark.parametrize(
    ("now", "words"),
    [
        ({"Topic": "replace"}, "replace Topic"),
        ({"Topic": "may-replace", "Table": "remove"}, "may-replace Topic, remove Table"),
        ({"New": "add"}, "add New"),
        ({"Old": "modify"}, "modify Old"),
    ],
)
def test_a_step_may_do_nothing_else(now: dict[str, str], words: str) -> None:
    said = refusal(guards.as_shown, "Two", SHOWN, now)
    assert said == f"not applied: Two would do what was not shown: {words}. Make a new plan."
