"""A plan of several steps, changes and a task: shown, approved once, carried out, and taken up where it stopped."""

from __future__ import annotations

import json
import signal
from typing import TYPE_CHECKING

import pytest

from stackproof.deployment import planfile
from tests.integration.deployer import BROKEN, STACK
from tests.integration.lasting import status, until
from tests.integration.stepped import APPLY, log, stages, steps, values, write
from tests.integration.tasks import ended, running
from tests.proxy import Fault, proxy

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator
    from pathlib import Path

    from stackproof.deployment.planfile import PlanFile
    from tests.integration.deployer import Deployer


@pytest.fixture
def upgrading(planned: Deployer) -> Iterator[tuple[Deployer, subprocess.Popen[str], str]]:
    """The plan under way, at its second step: the task runs."""
    with planned.start(*APPLY) as process:
        yield planned, process, running(planned.aws)
        if process.poll() is None:
            process.kill()


def test_every_step_is_shown_before_anything_happens(planned: Deployer) -> None:
    done = planned("plan", "dev", "--steps", "steps.toml")
    _, first, second, third = done.out.split("Step ")
    assert first.startswith("1 of 3: Maintenance page on (lms-dev, account ")
    assert "  ~ Maintenance: no → yes\n" in first
    assert "~ Image" not in first
    assert second == (
        "2 of 3: Upgrade the database: run lms upgrade once, where Service runs, with task definition UpgradeTask; "
        "waits up to 60 minutes\n\n"
    )
    assert third.startswith("3 of 3: The new image (lms-dev, account ")
    assert "  ~ Image: 1 → 2\n" in third
    assert "  ~ Maintenance: yes → no\n" in third
    assert values(planned) == ("no", "1")
    assert planned("plan", "dev", "--steps", "steps.toml", "--check").code == 3


def test_as_json_it_is_one_object_with_a_plan_for_each_change(planned: Deployer) -> None:
    (plan,) = planned("plan", "dev", "--steps", "steps.toml", "--json").objects
    assert [each["title"] for each in plan["steps"]] == ["Maintenance page on", "Upgrade the database", "The new image"]
    assert plan["steps"][1]["task"] == {
        "service": "Service",
        "task": "UpgradeTask",
        "command": ["lms", "upgrade"],
        "minutes": 60,
    }
    assert plan["changes"] == [*plan["steps"][0]["plan"]["changes"], *plan["steps"][2]["plan"]["changes"]]
    assert {each["logical_id"] for each in plan["changes"]} >= {"Maintenance", "Image", "App"}


def test_the_steps_happen_in_order_and_the_task_is_watched_with_its_log(
    upgrading: tuple[Deployer, subprocess.Popen[str], str],
) -> None:
    deployer, process, arn = upgrading
    assert values(deployer) == ("yes", "1")
    (task,) = deployer.aws.client("ecs").describe_tasks(cluster="lms", tasks=[arn])["tasks"]
    assert task["taskDefinitionArn"].split("/")[-1].startswith("upgrade:")
    assert task["overrides"]["containerOverrides"] == [{"name": "app", "command": ["lms", "upgrade"]}]
    log(deployer, arn, "3 migrations to apply", "done")
    ended(deployer.aws, arn, 0)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 0, said
    assert values(deployer) == ("no", "2")
    assert [stage["is_done"] for stage in stages(deployer)] == [True, True, True]
    order = ["Step 1 of 3", "Step 2 of 3", "RUNNING", "| 3 migrations to apply", "| done", "Step 3 of 3"]
    assert sorted(order, key=said.index) == order
    assert "STOPPED" in said
    again = deployer(*APPLY)
    assert again.code == 0
    assert [line.rpartition(": ")[2] for line in again.out.splitlines() if line.startswith("Step")] == ["done"] * 3


@pytest.mark.parametrize(
    ("code", "words"),
    [(3, "failed with exit code 3: it broke"), (None, "failed with no exit code: it broke")],
)
def test_a_task_that_fails_stops_the_rest_and_runs_anew_when_it_is_taken_up(
    code: int | None, words: str, upgrading: tuple[Deployer, subprocess.Popen[str], str]
) -> None:
    deployer, process, arn = upgrading
    ended(deployer.aws, arn, code, "it broke")
    _, said = process.communicate(timeout=60)
    assert process.returncode == 1
    assert f"Upgrade the database {words}\n" in said
    assert "Stopped at step 2 of 3; what comes after it was not touched.\n" in said
    assert said.endswith("take it up again: stackproof apply dev --plan plan.json\n")
    assert values(deployer) == ("yes", "1")
    with deployer.start(*APPLY) as again:
        second = running(deployer.aws)
        assert second != arn
        ended(deployer.aws, second, 0)
        again.communicate(timeout=60)
    assert again.returncode == 0
    assert values(deployer) == ("no", "2")


def test_a_program_reads_how_a_task_failed(planned: Deployer) -> None:
    with planned.start(*APPLY, "--json") as process:
        ended(planned.aws, running(planned.aws), 3, "it broke")
        out, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert json.loads(out.splitlines()[-1]) == {
        "stack": STACK,
        "status": "UPDATE_COMPLETE",
        "outputs": {},
        "cause": {"step": "Upgrade the database", "exit_code": 3, "reason": "it broke"},
    }


def test_a_task_that_takes_too_long_is_left_running_and_waited_for_again(planned: Deployer) -> None:
    path = planned.folder / "plan.json"
    path.write_text(path.read_text().replace('"minutes": 60', '"minutes": 0'))
    done = planned(*APPLY)
    assert done.code == 1
    arn = running(planned.aws)
    assert "Upgrade the database: still running after 0 minutes\n" in done.err
    assert (
        f"the task goes on in AWS: {arn}\nTake it up again: python deploy.py apply dev --plan plan.json\n" in done.err
    )
    ended(planned.aws, arn, 0)
    assert planned(*APPLY).code == 0
    assert values(planned) == ("no", "2")


def test_a_step_with_nothing_to_do_is_done(deployer: Deployer) -> None:
    write(deployer, "1")
    deployer.apply()
    steps(deployer, '[[step]]\ntitle = "One"\n[[step]]\ntitle = "Two"\nset = { Maintenance = "yes" }\n')
    done = deployer("plan", "dev", "--steps", "steps.toml", "--out", "plan.json")
    assert "Step 1 of 2: One (lms-dev, account " in done.out
    assert ": no changes\n" in done.out
    assert deployer(*APPLY).code == 0
    assert values(deployer) == ("yes", "1")


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGKILL])
def test_a_task_is_taken_up_and_not_started_twice(
    by: signal.Signals, upgrading: tuple[Deployer, subprocess.Popen[str], str]
) -> None:
    deployer, process, arn = upgrading
    until(lambda: stages(deployer)[1]["started"] == arn)
    process.send_signal(by)
    _, said = process.communicate(timeout=30)
    if by == signal.SIGINT:
        assert process.returncode == 130
        assert f"interrupted; the task goes on in AWS: {arn}\n" in said
    with deployer.start(*APPLY) as again:
        assert running(deployer.aws) == arn
        ended(deployer.aws, arn, 0)
        _, said = again.communicate(timeout=60)
    assert again.returncode == 0, said
    assert "Step 1 of 3" not in said
    assert values(deployer) == ("no", "2")


def test_interrupted_between_the_start_and_the_first_look_it_says_what_goes_on(
    planned: Deployer, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_down = planfile.write

    def interrupted(path: Path, shown: PlanFile) -> None:
        write_down(path, shown)
        if shown.stages[1].started.startswith("arn:"):
            raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(planfile, "write", interrupted)
        done = planned(*APPLY)
    arn = running(planned.aws)
    assert done.code == 130
    assert done.err.endswith(
        f"interrupted; the task goes on in AWS: {arn}\nTake it up again: python deploy.py apply dev --plan plan.json\n"
    )
    ended(planned.aws, arn, 0)
    assert planned(*APPLY).code == 0


def test_a_task_whose_answer_was_lost_is_not_started_twice(planned: Deployer) -> None:
    with proxy(planned.aws.url) as line:
        planned.aws.environment["AWS_ENDPOINT_URL"] = line.url
        line.fault = Fault("unanswered", "RunTask", times=1)
        with planned.start(*APPLY) as process:
            ended(planned.aws, running(planned.aws), 0)
            process.communicate(timeout=60)
        assert line.calls.count("RunTask") == 2
    assert process.returncode == 0
    ecs = planned.aws.client("ecs")
    assert len(ecs.list_tasks(cluster="lms", desiredStatus="STOPPED", startedBy="stackproof")["taskArns"]) == 1


def test_a_task_that_nobody_knows_any_more_is_not_run_again_blindly(
    upgrading: tuple[Deployer, subprocess.Popen[str], str],
) -> None:
    deployer, process, arn = upgrading
    until(lambda: stages(deployer)[1]["started"] == arn)
    process.kill()
    process.communicate(timeout=30)
    plan = deployer.folder / "plan.json"
    plan.write_text(plan.read_text().replace(arn, arn[:-4] + "0000"))
    done = deployer(*APPLY)
    assert done.code == 4
    assert "does not know" in done.err
    assert "so whether it ended well is not known" in done.err


@pytest.mark.parametrize(
    ("kind", "action", "after"),
    [
        ("held", "CreateChangeSet", 1),
        ("held", "ExecuteChangeSet", 0),
        ("dropped", "ExecuteChangeSet", 0),
        ("held", "DescribeStackEvents", 1),
    ],
)
def test_killed_in_the_middle_of_a_change_it_is_taken_up_where_it_stopped(
    kind: str, action: str, after: int, planned: Deployer
) -> None:
    with proxy(planned.aws.url) as line:
        planned.aws.environment["AWS_ENDPOINT_URL"] = line.url
        fault = line.fault = Fault(kind, action, times=1, after=after)
        with planned.start(*APPLY) as process:
            assert fault.reached.wait(30)
            process.kill()
            fault.release.set()
            process.communicate(timeout=30)
        line.fault = None
        with planned.start(*APPLY, "--wait") as again:
            ended(planned.aws, running(planned.aws), 0)
            _, said = again.communicate(timeout=60)
    assert again.returncode == 0, said
    assert values(planned) == ("no", "2")
    assert planned.change_sets() == []


def test_interrupted_in_the_middle_of_a_change_it_says_what_goes_on(planned: Deployer) -> None:
    with proxy(planned.aws.url) as line:
        planned.aws.environment["AWS_ENDPOINT_URL"] = line.url
        fault = line.fault = Fault("held", "DescribeStackEvents", times=1, after=1)
        with planned.start(*APPLY) as process:
            assert fault.reached.wait(30)
            process.send_signal(signal.SIGINT)
            fault.release.set()
            _, said = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "interrupted; the update of lms-dev may have started in AWS" in said
    assert "Take it up again: stackproof apply dev --plan plan.json --wait\n" in said


def test_a_change_that_fails_stops_the_rest(deployer: Deployer) -> None:
    write(deployer, "1")
    deployer.apply()
    write(deployer, "2", Broken=BROKEN)
    steps(deployer)
    assert deployer("plan", "dev", "--steps", "steps.toml", "--out", "plan.json").code == 0
    done = deployer(*APPLY, "--json")
    assert done.code == 1
    end = done.objects[-1]
    assert (end["status"], end["cause"]["logical_id"]) == ("UPDATE_ROLLBACK_COMPLETE", "Broken")
    assert "Stopped at step 1 of 3" in done.err
    again = deployer(*APPLY)
    assert again.code == 1
    assert "lms-dev ended in UPDATE_ROLLBACK_COMPLETE." in again.err
    assert deployer.aws.client("ecs").list_tasks(cluster="lms", startedBy="stackproof")["taskArns"] == []


def test_a_new_stack_is_made_in_steps(deployer: Deployer) -> None:
    write(deployer, "1")
    steps(
        deployer,
        '[[step]]\ntitle = "One"\nset = { Maintenance = true }\n[[step]]\ntitle = "Two"\n'.replace("true", '"yes"'),
    )
    done = deployer("plan", "dev", "--steps", "steps.toml", "--out", "plan.json")
    assert done.code == 0, done.err
    assert deployer.stack() is None
    done = deployer(*APPLY)
    assert done.code == 0, done.err
    assert (status(deployer), values(deployer)) == ("UPDATE_COMPLETE", ("no", "1"))


def test_a_stack_of_somebody_else_is_changed_in_steps_too(deployer: Deployer) -> None:
    write(deployer, "1")
    deployer.apply()
    template = str(deployer.folder / "dist" / "lms.json")
    write(deployer, "2")
    steps(deployer, '[[step]]\ntitle = "One"\nset = { Maintenance = "yes" }\n')
    named = ("--template", template, "--params", "params/dev.json", "--stack-name", STACK)
    assert deployer.stackproof("plan", *named, "--steps", "steps.toml", "--out", "plan.json").code == 0
    assert deployer.stackproof("apply", *named, "--plan", "plan.json", "--yes").code == 0
    assert values(deployer) == ("yes", "2")
