"""What a person and a program read of a task that runs, and what they are told when the line to it is cut."""

from __future__ import annotations

import json
from argparse import Namespace
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError

from stackproof.deploying import tasks
from stackproof.deploying.call import Call
from stackproof.deployment.waiting import Ended, Look
from stackproof.errors import StackproofError
from tests.unit.stackproof.deployment.builders import COMMANDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

TASK = "arn:aws:ecs:sa-east-1:111111111111:task/lms-dev/0f1e2d"
DONE = Ended(0, "", True)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def watch(
    looks: Sequence[tuple[float, Look]], *, as_json: bool = False, error: BaseException | None = None
) -> Look | None:
    clock = Clock()

    def coming() -> Iterator[Look]:
        for at, look in looks:
            clock.now = at
            yield look
        if error:
            raise error

    call = Call(Namespace(json=as_json), COMMANDS, is_foreign=False)
    return tasks.watch(call, coming(), title="Upgrade", meanwhile=f"the task goes on in AWS: {TASK}", clock=clock)


LOOKS = [
    (0, Look("PENDING", ())),
    (3, Look("PENDING", ())),
    (40, Look("RUNNING", ("starting",))),
    (41, Look("RUNNING", ("one", "two"))),
    (60, Look("RUNNING", ())),
    (72, Look("RUNNING", ())),
    (3_700, Look("STOPPED", (), DONE)),
]


def test_its_states_and_its_log_are_told_and_a_long_silence_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert watch(LOOKS) == LOOKS[-1][1]
    assert capsys.readouterr().err.splitlines() == [
        "  0:00  PENDING         Upgrade",
        "  0:40  RUNNING         Upgrade",
        "        | starting",
        "        | one",
        "        | two",
        "  1:12  RUNNING         Upgrade",
        "1:01:40  STOPPED         Upgrade",
    ]


def test_as_json_each_is_an_object_on_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    assert watch(LOOKS[2:4], as_json=True) == LOOKS[3][1]
    shown = capsys.readouterr()
    assert [json.loads(line) for line in shown.out.splitlines()] == [
        {"step": "Upgrade", "status": "RUNNING", "log": ["starting"]},
        {"step": "Upgrade", "status": "RUNNING", "log": ["one", "two"]},
    ]
    assert shown.err == ""


def test_a_task_that_nobody_looked_at_has_not_ended() -> None:
    assert watch([]) is None


GOES_ON = f"the task goes on in AWS: {TASK}\nTake it up again: python deploy.py apply dev"


def test_interrupted_or_without_credentials_it_goes_on() -> None:
    with pytest.raises(KeyboardInterrupt) as stopped:
        watch(LOOKS[:1], error=KeyboardInterrupt())
    assert str(stopped.value) == f"interrupted; {GOES_ON}"
    with pytest.raises(StackproofError) as failed:
        watch(LOOKS[:1], error=ClientError({"Error": {"Code": "ExpiredToken", "Message": "too late"}}, "DescribeTasks"))
    assert str(failed.value).endswith(f"\n{GOES_ON}")
    assert "the AWS credentials have expired" in str(failed.value)
