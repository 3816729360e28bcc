"""`destroy` through the command line: what it says, what it takes, what it refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.deployer import STACK, TOPIC

if TYPE_CHECKING:
    from tests.integration.deployer import Deployer

LOGS = {
    "Type": "AWS::Logs::LogGroup",
    "DeletionPolicy": "RetainExceptOnCreate",
    "Properties": {"LogGroupName": {"Fn::Sub": "/lms/${AWS::StackName}/app"}},
}
BUCKET: dict[str, Any] = {"Type": "AWS::S3::Bucket"}


def test_it_names_what_is_lost_and_what_stays_and_does_that(deployer: Deployer) -> None:
    deployer.write({"Topic": TOPIC, "Logs": LOGS, "Uploads": BUCKET})
    deployer.apply()
    (bucket,) = deployer.aws.client("s3").list_buckets()["Buckets"]
    done = deployer("destroy", "dev", "--yes")
    assert done.code == 0, done.err
    assert done.out == (
        f"lms-dev: delete in account {deployer.aws.account}, sa-east-1\n"
        "\n"
        "Deleted only if empty: the deletion fails at one that holds something (1)\n"
        f"  Uploads  AWS::S3::Bucket  {bucket['Name']}\n"
        "\n"
        "Left behind (1)\n"
        "  Logs  AWS::Logs::LogGroup  /lms/lms-dev/app\n"
        "\n"
        "Before this stack can be made again, its log groups must be deleted or imported\n"
        "  aws logs delete-log-group --log-group-name /lms/lms-dev/app\n"
        "\n"
        "3 resources in all\n"
        "lms-dev is deleted.\n"
    )
    assert "3 of 3  DELETE_COMPLETE" in done.err
    assert deployer.stack() is None
    assert deployer.aws.client("s3").list_buckets()["Buckets"] == []
    (kept,) = deployer.aws.client("logs").describe_log_groups()["logGroups"]
    assert kept["logGroupName"] == "/lms/lms-dev/app"


def test_as_json_lines_come_while_it_runs_and_the_object_last(deployer: Deployer) -> None:
    deployer.write({"Topic": TOPIC, "Logs": LOGS})
    deployer.apply()
    first, *events, end = deployer("destroy", "dev", "--yes", "--json").objects
    assert (first["total"], first["lost"], [each["logical_id"] for each in first["retained"]]) == (2, [], ["Logs"])
    assert {each["status"] for each in events} >= {"DELETE_IN_PROGRESS", "DELETE_COMPLETE"}
    assert end == {"stack": STACK, "status": "DELETE_COMPLETE", "outputs": {}, "cause": None}


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_a_stack_that_does_not_exist_needs_no_deletion(options: list[str], deployer: Deployer) -> None:
    deployer.write({"Topic": TOPIC})
    done = deployer("destroy", "dev", *options)
    assert done.code == 0
    expected = '"status": "DELETE_COMPLETE"' if options else "lms-dev does not exist: nothing to do.\n"
    assert expected in done.out


def test_without_a_terminal_only_yes_is_a_yes(deployer: Deployer) -> None:
    deployer.write({"Topic": TOPIC})
    deployer.apply()
    done = deployer("destroy", "dev")
    assert done.code == 4
    assert "there is no terminal to ask on; add --yes when it is meant" in done.err
    assert deployer.stack() is not None


def test_a_protected_stack_is_refused_with_the_way_out_which_works(deployer: Deployer) -> None:
    deployer.write({"Topic": TOPIC}, target="protected = true")
    deployer.apply()
    done = deployer("destroy", "dev", "--yes")
    assert done.code == 4
    assert "lms-dev is protected: write protected = false in its table of params/targets.toml" in done.err
    deployer.write({"Topic": TOPIC}, target="protected = false")
    assert "has termination protection" in deployer("destroy", "dev", "--yes").err
    deployer.apply()
    assert deployer("destroy", "dev", "--yes").code == 0


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_a_deletion_that_fails_is_explained_and_can_be_finished(options: list[str], deployer: Deployer) -> None:
    deployer.write({"Topic": TOPIC, "Uploads": BUCKET})
    deployer.apply()
    s3 = deployer.aws.client("s3")
    (bucket,) = s3.list_buckets()["Buckets"]
    s3.put_object(Bucket=bucket["Name"], Key="essay.pdf", Body=b"words")
    done = deployer("destroy", "dev", "--yes", *options)
    assert done.code == 1
    if options:
        end = done.objects[-1]
        assert (end["status"], end["cause"]["logical_id"]) == ("DELETE_FAILED", "Uploads")
    else:
        assert "lms-dev ended in DELETE_FAILED." in done.err
        assert "Cause: Uploads (AWS::S3::Bucket) DELETE_FAILED" in done.err
    again = deployer("apply", "dev", "--yes")
    assert again.code == 4
    assert "it is half deleted" in again.err
    assert "Finish with python deploy.py destroy dev" in again.err
    s3.delete_object(Bucket=bucket["Name"], Key="essay.pdf")
    assert deployer("destroy", "dev", "--yes").code == 0
    assert deployer.stack() is None


def test_a_stack_that_only_has_a_change_set_is_cleared_away(deployer: Deployer) -> None:
    deployer.write({"Topic": TOPIC})
    assert deployer("plan", "dev", "--out", "plan.json").code == 0
    done = deployer("destroy", "dev", "--yes")
    assert done.code == 0, done.err
    assert deployer.stack() is None


def test_somebody_else_s_stack_is_deleted_by_its_name_alone(deployer: Deployer) -> None:
    template = str(deployer.template(Resources={"Topic": TOPIC}))
    assert deployer.stackproof("apply", "--template", template, "--stack-name", "theirs", "--yes").code == 0
    done = deployer.stackproof("destroy", "--stack-name", "theirs", "--yes")
    assert done.code == 0, done.err
    assert deployer.stack("theirs") is None


def test_without_a_name_nothing_is_deleted(deployer: Deployer) -> None:
    done = deployer.stackproof("destroy", "--yes")
    assert done.code == 2
    assert "which stack?: there is no params/*.json here: give --stack-name NAME" in done.err
