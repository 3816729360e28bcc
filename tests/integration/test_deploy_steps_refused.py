"""Steps that are refused: whatever moved since, stores at stake, faults of the file, told at once."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.integration.deployer import TOPIC
from tests.integration.stepped import APPLY, STEPS, steps, values, write

if TYPE_CHECKING:
    from tests.integration.deployer import Deployer


def test_whatever_moved_since_voids_the_plan(planned: Deployer) -> None:
    write(planned, "3")
    done = planned(*APPLY)
    assert (done.code, "the parameters changed" in done.err) == (4, True)
    write(planned, "2", Other=TOPIC)
    assert "the template changed" in planned(*APPLY).err
    planned.apply()
    write(planned, "2")
    done = planned(*APPLY)
    assert (done.code, "the stack (it was updated since) changed" in done.err) == (4, True)


def test_a_step_that_would_do_what_was_not_shown_is_refused(planned: Deployer) -> None:
    path = planned.folder / "plan.json"
    content = json.loads(path.read_text())
    del content["stages"][2]["shown"]["Image"]
    path.write_text(json.dumps(content))
    done = planned(*APPLY)
    assert done.code == 4
    assert "not applied: The new image would do what was not shown: modify Image. Make a new plan." in done.err
    assert values(planned) == ("no", "1")


def test_a_store_at_stake_in_any_step_must_be_named_before_the_first(deployer: Deployer) -> None:
    bucket = {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": {"Fn::Sub": "lms-${Image}"}}}
    write(deployer, "1", Uploads=bucket)
    deployer.apply()
    write(deployer, "2", Uploads=bucket)
    steps(
        deployer, '[[step]]\ntitle = "One"\nkeep = ["Image"]\nset = { Maintenance = "yes" }\n[[step]]\ntitle = "Two"\n'
    )
    assert deployer("plan", "dev", "--steps", "steps.toml", "--out", "plan.json").code == 0
    done = deployer(*APPLY)
    assert done.code == 4
    assert "add: --allow-data-loss Uploads" in done.err
    assert values(deployer) == ("no", "1")
    assert deployer(*APPLY, "--allow-data-loss", "Uploads").code == 0
    assert values(deployer) == ("no", "2")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (STEPS, "Maintenance page on: lms-dev runs without Image, so there is nothing to keep"),
        ('[[step]]\ntitle = "T"\nservice = "Service"\n', "lms-dev does not exist, so no task of it can run"),
    ],
)
def test_what_needs_a_stack_is_refused_without_one(text: str, words: str, deployer: Deployer) -> None:
    write(deployer, "1")
    steps(deployer, text)
    done = deployer("plan", "dev", "--steps", "steps.toml", "--out", "plan.json")
    if done.code == 0:
        done = deployer(*APPLY)
    assert done.code == 4
    assert words in done.err


def test_a_task_that_has_no_place_to_run_says_what_there_is(planned: Deployer) -> None:
    steps(planned, '[[step]]\ntitle = "T"\nservice = "Service"\ncontainer = "web"\n')
    assert planned("plan", "dev", "--steps", "steps.toml", "--out", "plan.json").code == 0
    done = planned(*APPLY)
    assert done.code == 4
    assert done.err.startswith("Step 1 of 1: T\nStopped at step 1 of 1; what comes after it was not touched.\n")
    assert "its task definition has no container web; there are app" in done.err


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("", ["step: is missing: write [[step]]"]),
        ("[[stage]]\ntitle = 1", ["stage: is unknown", "step: is missing"]),
        ('[[step]]\ntitle = "T"\nwhen = { Maintenance = "yes" }', ["step: none is left: each is left out by its when"]),
        ("[[step]]\ntitle = ", ["no valid TOML"]),
        (
            (
                '[[step]]\ntitle = 1\nkeep = "Image"\n'
                'set = { Imag = "2", Maintenance = "maybe", Password = "x", Image = [1] }'
            ),
            [
                'step 1.title: "1" is no text',
                'step 1.keep: is no list of texts, like ["one", "two"]',
                "step 1.set.Image: ",
                "step 1.set.Password: Password is NoEcho",
                'the template has no parameter "Imag", did you mean "Image"?',
                '"maybe" is not allowed; allowed: yes, no',
            ],
        ),
        (
            '[[step]]\nservce = "x"\n[[step]]\ntitle = "T"\nminutes = 0\nset = {}\ncommand = [1]',
            [
                "step 1.title: is missing",
                (
                    "step 1.servce: is no key of a step; there are backup, cluster, command, container, days, groups, "
                    "healthy, idle, keep, minutes, restore, role, service, set, subnets, task, title, unless, vault, "
                    'when, did you mean "service"?'
                ),
                "step 2.service: is missing",
                'step 2.minutes: "0" is no whole number from 1 to 10080',
                "step 2.set: is no key of a task",
                "step 2.command: is no list of texts",
            ],
        ),
        (
            '[[step]]\ntitle = "T"\nset = 1\nkeep = ["Imge"]',
            ["step 1.set: is no table", 'no parameter "Imge", did you mean "Image"?'],
        ),
    ],
)
def test_every_fault_of_the_file_is_told_at_once(text: str, faults: list[str], deployer: Deployer) -> None:
    write(deployer, "1")
    steps(deployer, text)
    done = deployer("plan", "dev", "--steps", "steps.toml")
    assert done.code == 2
    assert [words for words in faults if words not in done.err] == []
    assert len(done.err.splitlines()) == len(faults)


def test_steps_are_for_one_environment_and_need_aws(deployer: Deployer) -> None:
    write(deployer, "1")
    steps(deployer)
    done = deployer("plan", "dev", "--steps", "steps.toml", "--against", "HEAD")
    assert (done.code, "--steps: is a plan for one environment" in done.err) == (2, True)
