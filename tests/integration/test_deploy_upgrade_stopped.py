"""An upgrade that stops: failed, refused, cut off or raced at each step, and how it is taken up."""

from __future__ import annotations

import pytest

from stackproof.deployment import planfile
from tests.integration.deployer import BROKEN, STACK, Deployer
from tests.integration.lasting import status
from tests.integration.tasks import ended, ending, running
from tests.integration.upgraded import TITLES, UPGRADE, apply, now, only_if, state, titles, write
from tests.proxy import Fault, proxy


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
