"""`why` through the command line: failures of stacks on the embedded AWS, at once and later."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.integration.deployer import BROKEN, STACK, TOPIC
from tests.integration.lasting import until
from tests.proxy import Fault, proxy

if TYPE_CHECKING:
    import pytest

    from tests.integration.deployer import Deployer

REASON = "The security group 'sg-00000000000000000' does not exist"


def why(deployer: Deployer, *options: str) -> dict[str, Any]:
    """What `why dev --json` says."""
    done = deployer("why", "dev", "--json", *options)
    assert done.code == 0, done.err
    (found,) = done.objects
    return found


def test_a_failed_creation_is_explained_with_the_way_out(deployer: Deployer) -> None:
    deployer.write({"Topic": TOPIC, "Broken": BROKEN | {"DependsOn": "Topic"}})
    assert deployer("apply", "dev", "--yes").code == 1
    done = deployer("why", "dev")
    first, operation, cause, reason, *rest = done.out.splitlines()
    assert (done.code, done.err, first) == (0, "", "lms-dev: ROLLBACK_COMPLETE")
    assert operation.startswith("The create of 2")
    assert " UTC by root failed, ended " in operation
    assert cause == "Cause: Broken (AWS::EC2::SecurityGroupIngress) CREATE_FAILED"
    assert reason.endswith(REASON)
    assert rest == [
        "It can only be deleted now. Mend the cause, then:",
        "  python deploy.py destroy dev",
        "  python deploy.py apply dev",
    ]


def test_as_json_it_is_one_object_with_every_key(deployer: Deployer) -> None:
    deployer.write({"Topic": TOPIC})
    deployer.apply()
    deployer.write({"Topic": TOPIC, "Broken": BROKEN})
    applied = deployer("apply", "dev", "--yes", "--json")
    found = why(deployer)
    assert found["cause"] == applied.objects[-1]["cause"]
    cause = found.pop("cause")
    assert (cause["logical_id"], cause["type"], cause["status"]) == ("Broken", BROKEN["Type"], "CREATE_FAILED")
    assert cause["reason"] == REASON
    assert cause["stack"].endswith(f":stack/{STACK}/{cause['stack'].rpartition('/')[2]}")
    operation = found.pop("operation")
    assert (operation["kind"], operation["status"], operation["by"]) == ("update", "UPDATE_ROLLBACK_COMPLETE", "root")
    assert found == {
        "stack": STACK,
        "status": "UPDATE_ROLLBACK_COMPLETE",
        "also": [],
        "evidence": [],
        "hint": None,
        "next": ["python deploy.py apply dev"],
        "unseen": [],
    }


def test_a_failure_of_old_is_found_behind_what_went_well_since(deployer: Deployer) -> None:
    deployer.write({"Topic": TOPIC})
    deployer.apply()
    deployer.write({"Topic": TOPIC, "Broken": BROKEN})
    assert deployer("apply", "dev", "--yes").code == 1
    deployer.write({"Topic": TOPIC, "Another": TOPIC})
    deployer.apply()
    found = why(deployer)
    assert (found["status"], found["cause"]["logical_id"], found["next"]) == ("UPDATE_COMPLETE", "Broken", [])
    assert "What was done to the stack since did not fail.\n" in deployer("why", "dev").out


def test_a_stack_that_is_gone_is_explained_by_its_name(deployer: Deployer) -> None:
    deployer.write({"Broken": BROKEN})
    assert deployer("apply", "dev", "--yes").code == 1
    assert deployer("destroy", "dev", "--yes").code == 0
    found = why(deployer)
    assert (found["status"], found["cause"]["logical_id"]) == ("DELETE_COMPLETE", "Broken")


def test_that_nothing_failed_is_an_answer(deployer: Deployer) -> None:
    deployer.write({"Topic": TOPIC})
    deployer.apply()
    found = why(deployer)
    assert (found["operation"], found["cause"], found["hint"], found["next"]) == (None, None, None, [])
    assert deployer("why", "dev").out == (
        "lms-dev: CREATE_COMPLETE\nNo operation on it failed, as far as its events go back.\n"
    )


def test_a_stack_that_never_was_is_bad_input(deployer: Deployer) -> None:
    deployer.write({"Topic": TOPIC})
    done = deployer("why", "dev")
    assert (done.code, done.out) == (2, "")
    assert f"lms-dev: does not exist in account {deployer.aws.account}, sa-east-1" in done.err


def test_somebody_else_s_stack_needs_its_name_alone(deployer: Deployer) -> None:
    deployer.write({"Topic": TOPIC})
    body = json.dumps({"Resources": {"Broken": BROKEN}})
    deployer.cloudformation.create_stack(StackName="shop", TemplateBody=body)
    until(lambda: (deployer.stack("shop") or {}).get("StackStatus") == "ROLLBACK_COMPLETE")
    done = deployer.stackproof("why", "--stack-name", "shop")
    assert done.code == 0, done.err
    assert "Cause: Broken (AWS::EC2::SecurityGroupIngress) CREATE_FAILED\n" in done.out
    assert done.out.endswith(
        "  stackproof destroy --stack-name shop\n  stackproof apply --template FILE --stack-name shop\n"
    )


def test_a_nested_stack_is_looked_into(deployer: Deployer) -> None:
    def write(key: str, resources: dict[str, Any]) -> None:
        url = deployer.upload(key, resources)
        deployer.write({"Inner": {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": url}}})

    write("good.json", {"Topic": TOPIC})
    deployer.apply()
    write("bad.json", {"Topic": TOPIC, "Broken": BROKEN})
    assert deployer("apply", "dev", "--yes").code == 1
    found = why(deployer)
    assert (found["cause"]["path"], found["cause"]["reason"]) == ("Inner/Broken", REASON)
    assert f":stack/{STACK}-Inner" in found["cause"]["stack"]


def test_events_that_may_not_be_read_are_named_and_nothing_is_invented(
    deployer: Deployer, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployer.write({"Broken": BROKEN})
    assert deployer("apply", "dev", "--yes").code == 1
    with proxy(deployer.aws.url) as line:
        monkeypatch.setenv("AWS_ENDPOINT_URL", line.url)
        line.fault = Fault("denied", "DescribeStackEvents")
        done = deployer("why", "dev")
    assert (done.code, done.out) == (1, "")
    assert "cloudformation:DescribeStackEvents is not allowed to these credentials" in done.err


def test_what_failed_last_is_said_of_a_deletion_too(deployer: Deployer) -> None:
    deployer.write({"Uploads": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "uploads"}}})
    deployer.apply()
    deployer.aws.client("s3").put_object(Bucket="uploads", Key="a", Body=b"1")
    done = deployer("destroy", "dev", "--yes")
    assert done.code == 1
    assert "aws s3 rm s3://uploads --recursive" in done.err
    found = why(deployer)
    assert (found["operation"]["kind"], found["cause"]["logical_id"]) == ("delete", "Uploads")
    assert found["hint"].startswith("Empty the bucket (all versions)")
    assert found["next"] == ["aws s3 rm s3://uploads --recursive", "python deploy.py destroy dev"]
