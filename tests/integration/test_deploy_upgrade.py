"""A template that says how it is created and upgraded: in steps, with a recovery point, and never back by itself."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.stepped import log
from tests.integration.tasks import ended, running
from tests.integration.upgraded import NETWORK_OF_TASK, TITLES, UPGRADE, apply, now, state, titles, write

if TYPE_CHECKING:
    from tests.integration.deployer import Deployer


def test_a_new_stack_is_made_without_the_application_and_installed_first(deployer: Deployer) -> None:
    write(deployer, "1")
    plan = deployer("plan", "dev")
    assert plan.code == 0, plan.err
    assert titles(plan.out) == ["Make", "Install", "Open"]
    assert deployer.stack() is None
    with deployer.start("apply", "dev", "--yes") as process:
        task = running(deployer.aws)
        found = deployer.aws.client("ecs").describe_tasks(cluster="lms", tasks=[task])["tasks"][0]
        assert found["taskDefinitionArn"].rsplit("/", 1)[1].startswith("upgrade:")
        assert (now(deployer)["Run"], now(deployer)["Protected"]) == ("no", "no")
        log(deployer, task, "installing")
        ended(deployer.aws, task, 0)
        _, said = process.communicate(timeout=60)
    assert (process.returncode, "| installing" in said) == (0, True), said
    assert (state(deployer), now(deployer)["Protected"]) == (("1", "no", "yes"), "yes")
    assert list((deployer.folder / ".cache" / "plans").iterdir()) == []


def test_an_installation_that_fails_is_taken_up_again(deployer: Deployer) -> None:
    write(deployer, "1")
    done = apply(deployer, 3)
    assert done.code == 1
    assert "Stopped at step 2 of 3" in done.err
    assert done.err.endswith("take it up again: python deploy.py apply dev\n")
    done = apply(deployer)
    assert (done.code, state(deployer)) == (0, ("1", "no", "yes")), done.err
    assert "Step 1 of 3: Make: done" in done.out


def test_without_a_command_a_new_stack_is_only_protected_later(deployer: Deployer) -> None:
    write(deployer, "1", Command="")
    assert titles(deployer("plan", "dev").out) == ["Make", "Open"]
    assert titles(deployer("plan", "dev", "--set", "Protected=no").out) == []
    deployer.apply()
    assert now(deployer)["Protected"] == "yes"


def test_a_new_image_is_one_approved_plan(installed: Deployer) -> None:
    write(installed, "2")
    plan = installed("plan", "dev", "--out", "plan.json")
    assert titles(plan.out) == TITLES
    assert "Step 2 of 7: Idle: wait until no task runs in cluster lms; waits up to 1 minute\n" in plan.out
    assert "take a recovery point of Database and Files by AWS Backup; waits up to 60 minutes\n" in plan.out
    assert "run lms upgrade once, in cluster lms, with task definition UpgradeTask;" in plan.out
    assert "  - Service  AWS::ECS::Service" in plan.out
    assert state(installed) == ("1", "no", "yes")
    with installed.start("apply", "dev", "--plan", "plan.json", "--yes") as process:
        task = running(installed.aws)
        assert state(installed) == ("1", "yes", "no")
        (found,) = installed.aws.client("ecs").describe_tasks(cluster="lms", tasks=[task])["tasks"]
        assert found["containers"][0]["image"] == "2"
        jobs = installed.aws.client("backup").list_backup_jobs()["BackupJobs"]
        assert {each["ResourceArn"].split(":")[2] for each in jobs} == {"rds", "elasticfilesystem"}
        assert {each["State"] for each in jobs} == {"COMPLETED"}
        ended(installed.aws, task, 0)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 0, said
    assert (state(installed), now(installed)["UpgradeImage"]) == (("2", "no", "yes"), "")
    assert all(each["RecoveryPointArn"] in said for each in jobs)
    assert [line for line in said.splitlines() if line.startswith("Step ")] == [
        f"Step {number} of 7: {title}" for number, title in enumerate(TITLES, start=1)
    ]
    assert "HEALTHY" in said
    assert installed("plan", "dev", "--check").code == 0


def test_as_json_each_step_says_what_it_does(installed: Deployer) -> None:
    write(installed, "2")
    (plan,) = installed("plan", "dev", "--json").objects
    assert plan["steps"][1]["idle"] == {"cluster": "Cluster", "minutes": 1}
    assert plan["steps"][2]["backup"] == {
        "stores": ["Database", "Files"],
        "vault": "Vault",
        "role": "Role",
        "days": 35,
        "restore": {"Database": "Snapshot"},
        "minutes": 60,
    }
    assert plan["steps"][3]["task"] == {**NETWORK_OF_TASK, "task": "UpgradeTask", "command": [], "minutes": 60}
    assert plan["steps"][5]["healthy"] == {"services": ["Service"], "minutes": 60}


def test_an_image_that_changes_no_schema_is_a_single_change(installed: Deployer) -> None:
    write(installed, "2")
    assert titles(installed("plan", "dev", "--set", "SameSchema=2").out) == []
    write(installed, "2", SameSchema="2")
    installed.apply()
    assert state(installed) == ("2", "no", "yes")
    write(installed, "3", SameSchema="2")
    assert titles(installed("plan", "dev").out) == TITLES


def test_whatever_else_changes_is_a_single_change(installed: Deployer) -> None:
    write(installed, "1", Protected="no")
    assert titles(installed("plan", "dev").out) == []


def test_what_still_runs_is_waited_for_and_told(installed: Deployer) -> None:
    one = {**UPGRADE, "steps": [{**UPGRADE["steps"][1], "idle": "Cluster"}, {"title": "Open"}]}
    write(installed, "2", upgrade=one)
    plan = installed.folder / "plan.json"
    assert installed("plan", "dev", "--out", "plan.json").code == 0
    plan.write_text(plan.read_text().replace('"minutes": 1', '"minutes": 0'))
    done = installed("apply", "dev", "--plan", "plan.json", "--yes")
    assert done.code == 1
    assert "Idle: still waiting after 0 minutes: 1 task left\n" in done.err
    assert "take it up again: python deploy.py apply dev --plan plan.json\n" in done.err


def test_every_fault_of_the_declaration_is_told_at_once(deployer: Deployer) -> None:
    wrong = {
        "changes": ["Imge"],
        "unles": {},
        "unless": {"Command": [1], "SameSchema": {"parameter": 1}, "Image": {"parameter": ["Imag"]}},
        "steps": [
            {"title": "One", "backup": ["Cluster"], "vault": "Vault", "days": 0, "restore": {"Files": "Snapshot"}},
            {"title": "Two", "task": "UpgradeTask", "cluster": "Clster"},
            {"title": "Three", "service": "Service", "cluster": "Cluster"},
            {"title": "Four", "healthy": [], "unless": 1},
            {"title": "Five", "healthy": ["App"], "keep": ["Image"]},
            {"title": "Six", "idle": ""},
            {"title": "Seven", **NETWORK_OF_TASK},
        ],
        "create": {},
    }
    write(deployer, "1", upgrade=wrong)
    done = deployer("plan", "dev")
    assert done.code == 2
    said = done.err.splitlines()
    start = f"{deployer.folder}/dist/lms.json: Metadata.Stackproof::Upgrade."
    assert [line for line in said if not line.startswith(start)] == []
    stores = "AWS::DynamoDB::Table or AWS::EFS::FileSystem or AWS::RDS::DBCluster or AWS::RDS::DBInstance"
    assert [line.removeprefix(start) for line in said] == [
        'unles: is no key of an upgrade; there are changes, create, steps, unless, did you mean "unless"?',
        'changes: the template has no parameter "Imge", did you mean "Image"?',
        'unless.Command: "[1]" is no text; a list is one text, with commas',
        'unless.SameSchema: "1" is neither the name of a parameter nor a list of names',
        'unless.Image: the template has no parameter "Imag", did you mean "Image"?',
        f'steps 1.backup: the template has no {stores} "Cluster"; it has Database, Files',
        "steps 1.restore.Files: is not backed up here",
        "steps 1.role: is missing: AWS Backup needs both vault and role",
        'steps 1.days: "0" is no whole number from 1 to 36500',
        'steps 2.cluster: the template has no output "Clster", did you mean "Cluster"?',
        "steps 2.service: is missing: name one, or cluster, subnets, groups",
        "steps 3.service: says where the task runs already; leave out cluster",
        'steps 4.unless: is no table, like { Name = "value" }',
        "steps 4.healthy: is an empty list",
        "steps 5.keep: is no key of a step with healthy; there are healthy, minutes, title, unless, when",
        'steps 5.healthy: the template has no AWS::ECS::Service "App"; it has Service',
        "steps 6.idle: is missing",
        "steps 7.task: is missing: without a service, name the task definition",
        "create: is missing: write [[step]], once for each step",
    ]


@pytest.mark.parametrize(
    ("declared", "words"),
    [
        ([], "Metadata.Stackproof::Upgrade: is no table; it takes changes, create, steps, unless"),
        ({"unless": {"Command": ""}}, "steps: is missing, and so is create"),
        ({"steps": [{"title": "One"}]}, "changes: is missing: which parameters take the steps?"),
    ],
)
def test_a_declaration_that_says_nothing_is_refused(declared: Any, words: str, deployer: Deployer) -> None:
    write(deployer, "1")
    path = deployer.folder / "dist" / "lms.json"
    template = json.loads(path.read_text())
    path.write_text(json.dumps({**template, "Metadata": {"Stackproof::Upgrade": declared}}))
    for command in (["plan", "dev"], ["apply", "dev", "--yes"]):
        done = deployer(*command)
        assert (done.code, words in done.err) == (2, True), done.err
    assert deployer.stack() is None
