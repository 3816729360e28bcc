"""What a command says when the line to AWS is cut while it watches."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError

from stackproof.deploying import ending, watching
from stackproof.deploying.call import Call
from stackproof.errors import StackproofError
from tests.unit.stackproof.deployment.builders import COMMANDS, event

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stackproof.deployment.events import Event

EXPIRED = ClientError({"Error": {"Code": "ExpiredToken", "Message": "too late"}}, "DescribeStackEvents")


def batches(*, started: bool, error: BaseException, sent: bool) -> Iterator[list[Event]]:
    if sent:
        yield []
    if started:
        yield [event("UPDATE_IN_PROGRESS")]
    raise error


def watch(
    command: str, *, started: bool, error: BaseException, what: str = "the update of lms-dev", sent: bool = False
) -> None:
    call = Call(Namespace(command=command, json=False), COMMANDS, is_foreign=False)
    watching.watch(call, batches(started=started, error=error, sent=sent), total=1, what=what)


def test_credentials_that_expire_meanwhile_leave_a_word_on_what_goes_on() -> None:
    with pytest.raises(StackproofError) as failure:
        watch("apply", started=True, error=EXPIRED)
    assert str(failure.value).splitlines() == [
        "the AWS credentials have expired (DescribeStackEvents: too late)",
        "Log in again (aws sso login, or however you got them), then try again.",
        "the update of lms-dev goes on in AWS. Look at it: python deploy.py status dev",
        "Take it up again: python deploy.py apply dev --wait",
        "Cancel it: python deploy.py cancel dev",
    ]


def test_a_deletion_is_not_taken_up_again_by_apply() -> None:
    with pytest.raises(StackproofError) as failure:
        watch("destroy", started=True, error=EXPIRED, what="the deletion of lms-dev")
    assert str(failure.value).endswith("Look at it: python deploy.py status dev")


def test_what_was_sent_and_not_answered_may_have_started() -> None:
    with pytest.raises(KeyboardInterrupt) as stopped:
        watch("apply", started=False, sent=True, error=KeyboardInterrupt())
    assert str(stopped.value).startswith("interrupted; the update of lms-dev may have started in AWS. Look at it: ")


def test_what_never_started_does_not_go_on() -> None:
    with pytest.raises(ClientError):
        watch("apply", started=False, error=EXPIRED)
    with pytest.raises(KeyboardInterrupt, match=r"^interrupted$"):
        watch("apply", started=False, error=KeyboardInterrupt())


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (
            "ROLLBACK_COMPLETE",
            ["can only be deleted now", "python deploy.py destroy dev", "python deploy.py apply dev"],
        ),
        ("CREATE_FAILED", ["can only be deleted now"]),
        (
            "UPDATE_FAILED",
            ["python deploy.py apply dev --no-rollback", "aws cloudformation rollback-stack --stack-name lms-dev"],
        ),
        ("UPDATE_ROLLBACK_FAILED", ["aws cloudformation continue-update-rollback --stack-name lms-dev"]),
        ("UPDATE_ROLLBACK_COMPLETE", ["everything is as it was before"]),
        ("DELETE_FAILED", ["still there", "python deploy.py destroy dev"]),
        ("DELETE_COMPLETE", ["The stack is gone", "python deploy.py apply dev"]),
        ("UPDATE_IN_PROGRESS", ["still under way", "python deploy.py status dev"]),
        ("CREATE_COMPLETE", ["Mend the cause", "python deploy.py apply dev"]),
    ],
)
def test_each_bad_end_comes_with_its_way_out(status: str, words: list[str]) -> None:
    call = Call(Namespace(), COMMANDS, is_foreign=False)
    said = "\n".join(line.text for line in ending._failure(call, "lms-dev", status, None))
    assert f"lms-dev ended in {status}." in said
    assert [word for word in words if word not in said] == []
