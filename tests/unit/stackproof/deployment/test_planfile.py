"""A plan in a file: what is written, what is read back, and what makes it void."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from stackproof.deployment import planfile
from stackproof.deployment.aws import Aws
from stackproof.deployment.planfile import Stage
from stackproof.errors import BadInputError, RefusedError
from stackproof.steps import Backup, Healthy, Idle, Task
from tests.unit.stackproof.deployment.builders import STACK_ID, START, environment, stack

if TYPE_CHECKING:
    from pathlib import Path

    from stackproof.deployment.planfile import PlanFile

ACCOUNT = Aws(session=None, account="111111111111", caller="arn:me", region="sa-east-1")  # type: ignore[arg-type]  # no call
TEMPLATE = {
    "Parameters": {"Password": {"Type": "String", "NoEcho": True}, "Size": {"Type": "Number"}},
    "Resources": {},
}


def made(existing: Any = None, settings: dict[str, str] | None = None, **more: Any) -> PlanFile:
    values = {
        "template": TEMPLATE,
        "template_text": json.dumps(TEMPLATE),
        "parameters": {"Password": "s3cr3t", "Size": "1"},
    } | more
    return planfile.made(
        ACCOUNT,
        environment(**values),
        existing,
        change_set="arn:set",
        stack_id=STACK_ID,
        settings=settings or {},
    )


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    plan = made(stack(), {"Size": "1"})
    planfile.write(tmp_path / "plan.json", plan)
    assert planfile.read(tmp_path / "plan.json") == plan


def test_a_new_stack_has_no_last_update_and_an_existing_one_has() -> None:
    assert made(None).updated is None
    assert made(stack("REVIEW_IN_PROGRESS")).updated is None
    assert made(stack()).updated == START.isoformat()


def test_no_secret_is_in_it_not_even_in_a_hash() -> None:
    assert "s3cr3t" not in json.dumps(asdict(made()))
    assert made() == made(parameters={"Password": "another", "Size": "1"})


def test_the_template_counts_as_it_is_sent_not_as_it_is_laid_out() -> None:
    assert made().template == made(template_text=json.dumps(TEMPLATE, indent=4)).template


@pytest.mark.parametrize(
    ("now", "words"),
    [
        (made(stack(), parameters={"Size": "2"}), "the parameters"),
        (made(stack(), tags={"environment": "prod"}), "the tags"),
        (made(stack(), stack_policy={"Statement": []}), "the stack policy in the parameter file"),
        (made(stack(), template=TEMPLATE | {"Description": "new"}), "the template"),
        (made(stack(updated=START + timedelta(seconds=1))), "the stack (it was updated since)"),
        (replace(made(stack()), stack_id="arn:another"), "the stack (another one has its name now)"),
        (replace(made(stack()), region="us-east-1", account="2"), "the account and the region"),
        (made(stack(), stack="lms-test"), "the stack's name"),
    ],
)
def test_whatever_moved_voids_the_plan_and_is_named(now: PlanFile, words: str) -> None:
    with pytest.raises(RefusedError) as refused:
        planfile.not_moved(made(stack()), now)
    assert f"since the plan was made, {words} changed. Make a new plan." in str(refused.value)


def test_a_plan_of_which_nothing_moved_stands() -> None:
    planfile.not_moved(made(stack()), made(stack()))


TASK = Task("Service", "UpgradeTask", command=("lms", "upgrade"), minutes=30)
BACKUP = Backup(("Files", "Database"), "Vault", "Role", 7, {"Database": "Snapshot"})
ONE = Stage("One", {"Size": "1"}, {"Image": "old"}, shown={"Topic": "modify"}, started="stackproof-ana-1")
STAGE: dict[str, Any] = asdict(ONE)


def in_steps() -> PlanFile:
    stages = (
        ONE,
        Stage("Two", action=TASK),
        Stage("Three", action=BACKUP, points={"Files": "arn:point"}),
        Stage("Four", action=Idle("Cluster", 5)),
        Stage("Five", action=Healthy(("Service",))),
    )
    return replace(made(stack()), stages=stages)


def test_steps_are_read_back_as_they_were_written(tmp_path: Path) -> None:
    planfile.write(tmp_path / "plan.json", in_steps())
    assert planfile.read(tmp_path / "plan.json") == in_steps()


def test_what_becomes_known_of_a_step_leaves_the_others_alone() -> None:
    plan = in_steps().with_stage(1, started="arn:task", is_done=True)
    assert plan.stages[1] == Stage("Two", action=TASK, started="arn:task", is_done=True)
    assert (plan.stages[0], plan.stages[2:]) == (in_steps().stages[0], in_steps().stages[2:])


def unreadable(path: Path) -> str:
    with pytest.raises(BadInputError) as refused:
        planfile.read(path)
    return str(refused.value)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "is no plan file (Expecting value"),
        ("not json", "is no plan file (Expecting value"),
        ("[]", "is no plan file that this version reads; make a new one with plan --out"),
        ("{}", "is no plan file that this version reads"),
        (json.dumps(asdict(made()) | {"format": 0}), "is no plan file that this version reads"),
        (json.dumps(asdict(made()) | {"more": 1}), "is no plan file that this version reads"),
        (json.dumps(asdict(made()) | {"change_set": 7}), "is no plan file that this version reads"),
        (json.dumps(asdict(made()) | {"settings": {"Size": 1}}), "is no plan file that this version reads"),
        (json.dumps(asdict(made()) | {"settings": []}), "is no plan file that this version reads"),
        *(
            (json.dumps(asdict(in_steps()) | {"stages": [each]}), "is no plan file that this version reads")
            for each in (
                "One",
                {"title": "One"},
                STAGE | {"title": None},
                STAGE | {"shown": {"Topic": 1}},
                STAGE | {"is_done": "yes"},
                STAGE | {"kept": ["Image"]},
                STAGE | {"points": {"Files": None}},
                STAGE | {"action": []},
                STAGE | {"action": asdict(TASK)},
                STAGE | {"action": asdict(TASK) | {"kind": "hope"}},
                STAGE | {"action": {"kind": "task", "service": "Service"}},
                STAGE | {"action": asdict(TASK) | {"kind": "task", "command": "lms upgrade"}},
                STAGE | {"action": asdict(TASK) | {"kind": "task", "minutes": "60"}},
                STAGE | {"action": asdict(BACKUP) | {"kind": "backup", "restore": ["Snapshot"]}},
            )
        ),
        (json.dumps(asdict(made()) | {"stages": {}}), "is no plan file that this version reads"),
        ("\xff\xfe", "is no plan file ("),
    ],
)
def test_a_file_that_is_no_plan_is_bad_input(content: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    path.write_bytes(content.encode("latin-1"))
    assert words in unreadable(path)


def test_a_file_that_is_not_there_is_bad_input(tmp_path: Path) -> None:
    assert "cannot be read: No such file" in unreadable(tmp_path / "plan.json")
    assert "cannot be read: Is a directory" in unreadable(tmp_path)


def test_a_file_that_cannot_be_written_is_bad_input(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(BadInputError, match="cannot be written"):
        planfile.write(tmp_path / "file" / "plan.json", made())
