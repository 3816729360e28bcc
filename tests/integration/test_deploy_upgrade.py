"""A template that says how it is created and upgraded: in steps, with a recovery point, and never back by itself."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from stackproof.deployment import planfile
from tests.integration.deployer import STACK, Deployer
from tests.integration.lasting import status
from tests.integration.tasks import ended, ending, running
from tests.integration.test_deploy_steps import BROKEN, NETWORK, definition, log, setting
from tests.proxy import Fault, proxy

if TYPE_CHECKING:
    from tests.integration.deployer import Done

YES_NO = {"Type": "String", "AllowedValues": ["yes", "no"]}
PARAMETERS = {
    "Image": {"Type": "String"},
    "UpgradeImage": {"Type": "String", "Default": ""},
    "Command": {"Type": "CommaDelimitedList", "Default": "lms,upgrade"},
    "SameSchema": {"Type": "String", "Default": ""},
    "Maintenance": {**YES_NO, "Default": "no"},
    "Run": {**YES_NO, "Default": "yes"},
    "Protected": {**YES_NO, "Default": "yes"},
    "Vault": {**YES_NO, "Default": "yes"},
    "Database": {**YES_NO, "Default": "yes"},
    "Snapshot": {"Type": "String", "Default": ""},
}
NETWORK_OF_TASK = {"cluster": "Cluster", "subnets": "Subnets", "groups": ["Group"]}
UPGRADE: dict[str, Any] = {
    "changes": ["Image", "UpgradeImage"],
    "unless": {"Command": "", "SameSchema": {"parameter": "Image"}},
    "steps": [
        {
            "title": "Stop",
            "set": {"Maintenance": "yes", "Run": "no", "UpgradeImage": {"parameter": ["UpgradeImage", "Image"]}},
            "keep": ["Image"],
        },
        {"title": "Idle", "idle": "Cluster", "minutes": 1},
        {
            "title": "Recovery point",
            "backup": ["Database", "Files"],
            "vault": "Vault",
            "role": "Role",
            "restore": {"Database": "Snapshot"},
        },
        {"title": "Upgrade", "task": "UpgradeTask", **NETWORK_OF_TASK},
        {"title": "Start", "set": {"Maintenance": "yes", "UpgradeImage": {"parameter": ["UpgradeImage", "Image"]}}},
        {"title": "Healthy", "healthy": ["Service"]},
        {"title": "Open"},
    ],
    "create": [
        {"title": "Make", "set": {"Run": "no", "Protected": "no"}, "unless": {"Command": ""}},
        {"title": "Make", "set": {"Protected": "no"}, "when": {"Command": ""}},
        {"title": "Install", "task": "UpgradeTask", **NETWORK_OF_TASK, "unless": {"Command": ""}},
        {"title": "Open"},
    ],
}
TITLES = [each["title"] for each in UPGRADE["steps"]]


def only_if(condition: str, resource: dict[str, Any]) -> dict[str, Any]:
    return {**resource, "Condition": condition}


ROLE = {
    "Type": "AWS::IAM::Role",
    "Properties": {
        "AssumeRolePolicyDocument": {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "backup.amazonaws.com"}}
            ],
        }
    },
}
DATABASE = {
    "Engine": "aurora-postgresql",
    "MasterUsername": "lms",
    "MasterUserPassword": "not-a-secret",
    "DeletionProtection": {"Fn::If": ["IsProtected", True, False]},
    "SnapshotIdentifier": {"Fn::If": ["Restores", {"Ref": "Snapshot"}, {"Ref": "AWS::NoValue"}]},
}
UPGRADE_TASK = definition("upgrade")
UPGRADE_TASK["Properties"]["ContainerDefinitions"][0] |= {
    "Image": {"Fn::If": ["HasUpgradeImage", {"Ref": "UpgradeImage"}, {"Ref": "Image"}]},
    "Command": {"Ref": "Command"},
}
RESOURCES = {
    "Vpc": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}},
    "Group": {
        "Type": "AWS::EC2::SecurityGroup",
        "Properties": {"GroupDescription": "Tasks", "VpcId": {"Ref": "Vpc"}},
    },
    "Maintenance": setting("maintenance", {"Ref": "Maintenance"}),
    "Cluster": {"Type": "AWS::ECS::Cluster", "Properties": {"ClusterName": "lms"}},
    "App": definition("app"),
    "UpgradeTask": UPGRADE_TASK,
    "Service": only_if(
        "Runs",
        {
            "Type": "AWS::ECS::Service",
            "Properties": {
                "Cluster": {"Ref": "Cluster"},
                "ServiceName": "lms",
                "TaskDefinition": {"Ref": "App"},
                "DesiredCount": 1,
                "LaunchType": "FARGATE",
                "NetworkConfiguration": NETWORK,
            },
        },
    ),
    "BackupVault": only_if("HasVault", {"Type": "AWS::Backup::BackupVault", "Properties": {"BackupVaultName": "lms"}}),
    "BackupRole": only_if("HasVault", ROLE),
    "Database": only_if(
        "HasDatabase", {"Type": "AWS::RDS::DBCluster", "DeletionPolicy": "Delete", "Properties": DATABASE}
    ),
    "Files": {"Type": "AWS::EFS::FileSystem"},
}


def is_yes(name: str) -> dict[str, Any]:
    return {"Fn::Equals": [{"Ref": name}, "yes"]}


CONDITIONS = {
    "Runs": is_yes("Run"),
    "IsProtected": is_yes("Protected"),
    "HasVault": is_yes("Vault"),
    "HasDatabase": is_yes("Database"),
    "HasUpgradeImage": {"Fn::Not": [{"Fn::Equals": [{"Ref": "UpgradeImage"}, ""]}]},
    "Restores": {"Fn::Not": [{"Fn::Equals": [{"Ref": "Snapshot"}, ""]}]},
}
OUTPUTS = {
    "Cluster": {"Value": {"Ref": "Cluster"}},
    "Subnets": {"Value": "subnet-1,subnet-2"},
    "Vault": {"Value": {"Ref": "BackupVault"}, "Condition": "HasVault"},
    "Role": {"Value": {"Fn::GetAtt": ["BackupRole", "Arn"]}, "Condition": "HasVault"},
}


def write(deployer: Deployer, image: str, *, upgrade: Any = None, more: Any = None, **given: str) -> None:
    deployer.write({}, given={"Image": image, **given})
    deployer.template(
        Metadata={"Stackproof::Upgrade": upgrade or UPGRADE},
        Parameters=PARAMETERS,
        Conditions=CONDITIONS,
        Resources={**RESOURCES, **(more or {})},
        Outputs=OUTPUTS,
    )


def now(deployer: Deployer) -> dict[str, str]:
    """The parameters that the stack runs with."""
    return {each["ParameterKey"]: each["ParameterValue"] for each in (deployer.stack() or {})["Parameters"]}


def state(deployer: Deployer) -> tuple[str, str, str]:
    found = now(deployer)
    return found["Image"], found["Maintenance"], found["Run"]


def physical(deployer: Deployer, logical_id: str) -> str:
    found = deployer.cloudformation.describe_stack_resource(StackName=STACK, LogicalResourceId=logical_id)
    return str(found["StackResourceDetail"]["PhysicalResourceId"])


def titles(out: str) -> list[str]:
    """The titles of the steps that are shown."""
    return [line.split(": ")[1].split(" (")[0] for line in out.splitlines() if line.startswith("Step ")]


@pytest.fixture
def installed(deployer: Deployer) -> Deployer:
    """A stack that runs image 1."""
    write(deployer, "1", Command="", Protected="no")
    deployer.apply()
    assert state(deployer) == ("1", "no", "yes")
    return deployer


def apply(deployer: Deployer, code: int = 0, *words: str) -> Done:
    """`apply`, with a task that ends so."""
    with ending(deployer.aws, code, "it broke" if code else ""):
        return deployer("apply", "dev", "--yes", *words)


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


def test_a_failed_upgrade_stays_in_maintenance_and_says_how_to_go_back(installed: Deployer) -> None:
    write(installed, "2")
    done = apply(installed, 3)
    assert done.code == 1
    assert state(installed) == ("1", "yes", "no")
    points = installed.aws.client("backup").list_backup_jobs()["BackupJobs"]
    arns = {each["ResourceArn"].split(":")[2]: each["RecoveryPointArn"] for each in points}
    assert done.err.endswith(
        "Upgrade failed with exit code 3: it broke\n"
        "Stopped at step 4 of 7; what comes after it was not touched.\n"
        "Nothing goes back by itself: data may have changed. As they were before:\n"
        f"  Database  {arns['rds']}\n"
        f"  Files  {arns['elasticfilesystem']}\n"
        "If it is to go back to that:\n"
        f"  python deploy.py plan dev --set Image=1 --set Snapshot={arns['rds']} --out restore.json\n"
        f"  aws backup start-restore-job --recovery-point-arn {arns['elasticfilesystem']} --iam-role-arn ROLE "
        "--metadata file://METADATA.json\n"
        "When the cause is mended, take it up again: python deploy.py apply dev\n"
    )
    back = ("--set", "Image=1", "--set", f"Snapshot={arns['rds']}")
    assert "± Database" in installed("plan", "dev", *back, "--out", "restore.json").out

    seen = installed("status", "dev").out
    assert seen.endswith(
        "Steps: 3 of 7 done, next is: Upgrade\n  unless that is under way, go on with: python deploy.py apply dev\n"
    )
    plan = installed("plan", "dev", "--out", "rest.json")
    assert (titles(plan.out), plan.out.count(": done\n")) == (TITLES, 3)
    assert plan.err.startswith("An earlier run stopped at step 4 of 7; apply goes on there.\n")
    with ending(installed.aws, 0):
        done = installed("apply", "dev", "--plan", "rest.json", "--yes")
    assert (done.code, state(installed)) == (0, ("2", "no", "yes")), done.err
    assert "Recovery point: done" in done.out
    assert "Steps:" not in installed("status", "dev").out, "what is remembered here is of an earlier state"
    assert len(installed.aws.client("backup").list_backup_jobs()["BackupJobs"]) == 2


def test_interrupted_between_two_looks_it_says_how_to_go_on(
    installed: Deployer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    write(installed, "2")
    with monkeypatch.context() as patched:
        patched.setattr(planfile, "write", interrupted)
        done = installed("apply", "dev", "--yes")
    assert done.code == 130
    assert done.err.endswith("\ninterrupted\nTake it up again: python deploy.py apply dev\n")
    assert apply(installed).code == 0
    assert state(installed) == ("2", "no", "yes")


def test_two_at_once_never_run_two_tasks(installed: Deployer, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The other one comes from a machine of its own, and finds the task that runs."""
    steps = [each for each in UPGRADE["steps"] if each["title"] in {"Stop", "Upgrade", "Start", "Open"}]
    write(installed, "2", upgrade={**UPGRADE, "steps": steps})
    elsewhere = Deployer(installed.aws, tmp_path_factory.mktemp("elsewhere"), installed.capsys)
    write(elsewhere, "2", upgrade={**UPGRADE, "steps": steps})
    with installed.start("apply", "dev", "--yes") as process:
        task = running(installed.aws)
        done = elsewhere("apply", "dev", "--yes")
        assert running(installed.aws) == task
        ended(installed.aws, task, 0)
        _, said = process.communicate(timeout=60)
    assert done.code == 4
    assert f"{task} runs already, of the same task definition: another run of this is under way, or" in done.err
    assert "Stopped at step 2 of 4" in done.err
    assert (process.returncode, state(installed)) == (0, ("2", "no", "yes")), said
    assert elsewhere("apply", "dev", "--yes").code == 0
    assert state(installed) == ("2", "no", "yes")


def test_a_stack_that_somebody_changed_between_two_steps_is_left_alone(installed: Deployer) -> None:
    write(installed, "2")
    with installed.start("apply", "dev", "--yes") as process:
        task = running(installed.aws)
        now_set = [{"ParameterKey": name, "ParameterValue": value} for name, value in now(installed).items()]
        installed.cloudformation.update_stack(
            StackName=STACK,
            UsePreviousTemplate=True,
            Parameters=now_set,
            Tags=[{"Key": "by", "Value": "hand"}],
            Capabilities=["CAPABILITY_IAM"],
        )
        installed.cloudformation.get_waiter("stack_update_complete").wait(StackName=STACK)
        ended(installed.aws, task, 0)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 4, said
    assert "lms-dev was changed since the last step, by another run of this or by somebody else: nothing more" in said
    assert "Stopped at step 5 of 7" in said
    assert state(installed) == ("1", "yes", "no")
    assert "Steps:" not in installed("status", "dev").out


def test_with_other_parameters_a_failed_upgrade_begins_anew_and_names_the_recovery_points(installed: Deployer) -> None:
    write(installed, "2")
    assert apply(installed, 3).code == 1
    write(installed, "3")
    done = apply(installed)
    assert (done.code, state(installed)) == (0, ("3", "no", "yes")), done.err
    said = "An earlier run stopped half-way, and something changed since: a new plan is made. It took recovery points: "
    assert f"{said}Database arn:aws:rds:" in done.err
    assert ": done" not in done.out


@pytest.mark.parametrize("known", ["1", "2"])
def test_what_was_begun_is_gone_through_again_where_nobody_remembers(known: str, installed: Deployer) -> None:
    """On another machine, even with the old image: the deployed UpgradeImage tells."""
    write(installed, "2")
    assert apply(installed, 3).code == 1
    for each in (installed.folder / ".cache" / "plans").iterdir():
        each.unlink()
    write(installed, known)
    done = apply(installed)
    assert (done.code, state(installed)) == (0, (known, "no", "yes")), done.err
    assert titles(done.out) == TITLES


def test_an_earlier_run_that_a_single_change_has_overtaken_is_forgotten(installed: Deployer) -> None:
    write(installed, "2")
    assert apply(installed, 3).code == 1
    write(installed, "2", SameSchema="2")
    assert "An earlier run stopped half-way" in installed.apply().err
    assert "An earlier run" not in installed.apply().err
    assert state(installed) == ("2", "no", "yes")


@pytest.mark.parametrize(
    ("given", "told", "made"),
    [
        ({"Vault": "no"}, "take a recovery point of Database by a snapshot;", "cluster-snapshot:lms-dev-"),
        ({"Database": "no"}, "take a recovery point of Files by AWS Backup;", "recovery-point"),
        ({"Database": "no", "Vault": "no"}, "nothing to take", ""),
    ],
)
def test_what_cannot_be_backed_up_is_said(given: dict[str, str], told: str, made: str, deployer: Deployer) -> None:
    write(deployer, "1", Command="", Protected="no", **given)
    deployer.apply()
    write(deployer, "2", **given)
    plan = deployer("plan", "dev").out
    assert f"Recovery point: {told}" in plan
    words = {
        "Database": "the stack has no Database: whoever has that store backs it up",
        "Vault": "without a vault, Files is not backed up here",
    }
    assert [each for key, each in words.items() if (key in given) != (each in plan)] == []
    done = apply(deployer, 3)
    assert (done.code, made in done.err) == (1, True)
    assert [each for key, each in words.items() if (key in given) != (each in done.err)] == []
    assert ("If it is to go back to that:" in done.err) == bool(made)


def test_refused_at_any_step_it_stops_there_and_goes_on_later(
    installed: Deployer, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(installed, "2")
    refused = [
        ("ExecuteChangeSet", 1, False),
        ("ListTasks", 2, False),
        ("PUT /backup-jobs", 3, False),
        ("RunTask", 4, False),
        ("ExecuteChangeSet", 5, True),
        ("DescribeServices", 6, False),
        ("ExecuteChangeSet", 7, False),
    ]
    with proxy(installed.aws.url) as line:
        monkeypatch.setenv("AWS_ENDPOINT_URL", line.url)
        before = 1
        for action, step, has_task in refused:
            line.fault = Fault("denied", action, after=line.calls.count(action))
            done = apply(installed) if has_task else installed("apply", "dev", "--yes")
            assert done.code == 1, f"{action}: {done.err}"
            assert f"Stopped at step {step} of 7; what comes after it was not touched.\n" in done.err
            assert ("If it is to go back to that:" in done.err) == (step > 3)
            shown = [line for line in done.out.splitlines() if line.endswith(": done")]
            assert len(shown) == before - 1
            before = step
        line.fault = None
        assert installed("apply", "dev", "--yes").code == 0
    assert (state(installed), status(installed)) == (("2", "no", "yes"), "UPDATE_COMPLETE")
    assert len(installed.aws.client("backup").list_backup_jobs()["BackupJobs"]) == 2
    assert len(installed.aws.client("ecs").list_tasks(cluster="lms", desiredStatus="STOPPED")["taskArns"]) >= 1


@pytest.mark.parametrize("action", ["PUT /backup-jobs", "CreateDBClusterSnapshot"])
def test_a_backup_whose_answer_was_lost_is_not_taken_twice(
    action: str, installed: Deployer, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(installed, "2", Vault="yes" if "jobs" in action else "no")
    loss = () if "jobs" in action else ("--allow-data-loss", "BackupVault")
    with proxy(installed.aws.url) as line:
        monkeypatch.setenv("AWS_ENDPOINT_URL", line.url)
        line.fault = Fault("unanswered", action, times=1)
        assert apply(installed, 0, *loss).code == 0
        assert line.calls.count(action) >= 2
    snapshots = installed.aws.client("rds").describe_db_cluster_snapshots()["DBClusterSnapshots"]
    assert len(snapshots) == 1


def test_a_failing_last_change_goes_back_to_maintenance_not_to_the_old_image(installed: Deployer) -> None:
    broken = only_if("Runs", {**BROKEN, "DependsOn": "Service"})
    write(installed, "2", more={"Late": broken})
    done = apply(installed)
    assert done.code == 1
    assert "Stopped at step 5 of 7" in done.err
    assert "Cause: Late" in done.err
    assert state(installed) == ("1", "yes", "no")
    assert installed.aws.client("ecs").list_services(cluster="lms")["serviceArns"] == []


def test_a_backup_that_fails_stops_before_anything_changes_data(installed: Deployer) -> None:
    locked = {"BackupVaultName": "lms", "LockConfiguration": {"MinRetentionDays": 40}}
    vault = only_if("HasVault", {"Type": "AWS::Backup::BackupVault", "Properties": locked})
    write(installed, "2", more={"BackupVault": vault})
    done = installed("apply", "dev", "--yes", "--json")
    assert done.code == 1
    assert done.objects[-1]["cause"]["step"] == "Recovery point"
    assert "outside the valid range" in done.objects[-1]["cause"]["reason"]
    assert "Recovery point failed: Database: FAILED: Backup job failed" in done.err
    assert "Stopped at step 3 of 7" in done.err
    assert "go back" not in done.err
    assert state(installed) == ("1", "yes", "no")
    assert installed.aws.client("ecs").list_tasks(cluster="lms", startedBy="stackproof")["taskArns"] == []


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
