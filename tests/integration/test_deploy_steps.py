"""A plan of several steps, changes and a task: shown, approved once, carried out, and taken up where it stopped."""

from __future__ import annotations

import json
import signal
from typing import TYPE_CHECKING, Any

import pytest

from stackproof.deployment import planfile
from tests.integration.deployer import STACK
from tests.integration.lasting import TOPIC, status, until
from tests.integration.tasks import ended, running
from tests.proxy import Fault, proxy

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator
    from pathlib import Path

    from stackproof.deployment.planfile import PlanFile
    from tests.integration.deployer import Deployer

PARAMETERS = {
    "Maintenance": {"Type": "String", "Default": "no", "AllowedValues": ["yes", "no"]},
    "Image": {"Type": "String"},
    "Password": {"Type": "String", "NoEcho": True, "Default": "first-password"},
}


def setting(name: str, value: Any) -> dict[str, Any]:
    return {"Type": "AWS::SSM::Parameter", "Properties": {"Name": f"/lms/{name}", "Type": "String", "Value": value}}


def definition(family: str) -> dict[str, Any]:
    log = {"awslogs-group": "/lms/app", "awslogs-region": "sa-east-1", "awslogs-stream-prefix": "app"}
    container = {
        "Name": "app",
        "Image": {"Ref": "Image"},
        "LogConfiguration": {"LogDriver": "awslogs", "Options": log},
    }
    properties = {
        "Family": family,
        "NetworkMode": "awsvpc",
        "RequiresCompatibilities": ["FARGATE"],
        "Cpu": "256",
        "Memory": "512",
        "ContainerDefinitions": [container],
    }
    return {"Type": "AWS::ECS::TaskDefinition", "Properties": properties}


NETWORK = {"AwsvpcConfiguration": {"Subnets": ["subnet-1"], "SecurityGroups": ["sg-1"], "AssignPublicIp": "DISABLED"}}
SERVICE = {
    "Cluster": {"Ref": "Cluster"},
    "ServiceName": "lms",
    "TaskDefinition": {"Ref": "App"},
    "DesiredCount": 1,
    "LaunchType": "FARGATE",
    "NetworkConfiguration": NETWORK,
}
RESOURCES = {
    "Maintenance": setting("maintenance", {"Ref": "Maintenance"}),
    "Image": setting("image", {"Ref": "Image"}),
    "Cluster": {"Type": "AWS::ECS::Cluster", "Properties": {"ClusterName": "lms"}},
    "App": definition("app"),
    "UpgradeTask": definition("upgrade"),
    "Service": {"Type": "AWS::ECS::Service", "Properties": SERVICE},
}
STEPS = """
[[step]]
title = "Maintenance page on"
set = { Maintenance = "yes" }
keep = ["Image"]

[[step]]
title = "Upgrade the database"
service = "Service"
task = "UpgradeTask"
command = ["lms", "upgrade"]

[[step]]
title = "The new image"
"""
APPLY = ("apply", "dev", "--plan", "plan.json", "--yes")


def value(deployer: Deployer, name: str) -> str:
    return str(deployer.aws.client("ssm").get_parameter(Name=f"/lms/{name}")["Parameter"]["Value"])


def values(deployer: Deployer) -> tuple[str, str]:
    return value(deployer, "maintenance"), value(deployer, "image")


def write(deployer: Deployer, image: str, **more: Any) -> None:
    deployer.write({**RESOURCES, **more}, parameters=PARAMETERS, given={"Image": image})


def steps(deployer: Deployer, text: str = STEPS) -> Path:
    path = deployer.folder / "steps.toml"
    path.write_text(text)
    return path


def stages(deployer: Deployer) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((deployer.folder / "plan.json").read_text())["stages"]
    return found


@pytest.fixture
def planned(deployer: Deployer) -> Deployer:
    """A stack that runs image 1, and a plan in three steps to image 2."""
    write(deployer, "1")
    deployer.apply()
    write(deployer, "2")
    steps(deployer)
    done = deployer("plan", "dev", "--steps", "steps.toml", "--out", "plan.json")
    assert done.code == 0, done.err
    assert done.err == "Apply exactly this with: python deploy.py apply dev --plan plan.json\n"
    assert deployer.change_sets() == []
    return deployer


def log(deployer: Deployer, arn: str, *lines: str) -> None:
    logs = deployer.aws.client("logs")
    place = {"logGroupName": "/lms/app", "logStreamName": f"app/app/{arn.rpartition('/')[2]}"}
    if not logs.describe_log_groups(logGroupNamePrefix="/lms/app")["logGroups"]:
        logs.create_log_group(logGroupName="/lms/app")
    logs.create_log_stream(**place)
    events = [{"timestamp": 1_800_000_000_000 + number, "message": line} for number, line in enumerate(lines)]
    logs.put_log_events(**place, logEvents=events)


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


BROKEN = {
    "Type": "AWS::EC2::SecurityGroupIngress",
    "Properties": {"GroupId": "sg-00000000000000000", "IpProtocol": "tcp", "FromPort": 80, "CidrIp": "10.0.0.0/8"},
}


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
