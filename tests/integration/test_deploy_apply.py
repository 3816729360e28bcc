"""`apply`, `status` and `bootstrap` through the command line, and the state that AWS has afterwards."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.deployer import ALLOW, BROKEN, NAME, STACK, TAGS, TOPIC

if TYPE_CHECKING:
    from tests.integration.deployer import Deployer

BUCKET = {"Type": "AWS::S3::Bucket", "DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain", "Properties": {}}
BREAKING = {**BROKEN, "DependsOn": "Topic"}
DENY = {"Statement": [{"Effect": "Deny", "Action": "Update:*", "Principal": "*", "Resource": "*"}]}


def parameter(value: str) -> dict[str, Any]:
    return {"Type": "AWS::SSM::Parameter", "Properties": {"Name": "/lms/setting", "Type": "String", "Value": value}}


def test_a_stack_is_made_with_every_resource_counted_and_its_outputs_last(deployer: Deployer) -> None:
    deployer.write({"Topic": TOPIC, "Setting": parameter("x")}, outputs=NAME)
    done = deployer.apply()
    stack = deployer.stack() or {}
    (output,) = stack["Outputs"]
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    assert stack["Tags"] == [{"Key": "environment", "Value": "dev"}]
    assert done.out.endswith(f"2 to add\nOutputs\n  Name  {output['OutputValue']}\n")
    shown = done.err.splitlines()
    assert "0 of 2  CREATE_IN_PROGRESS    lms-dev (AWS::CloudFormation::Stack)" in shown[0]
    assert [line.split()[1:5] for line in shown[1:]] == [
        ["1", "of", "2", "CREATE_COMPLETE"],
        ["2", "of", "2", "CREATE_COMPLETE"],
        ["2", "of", "2", "CREATE_COMPLETE"],
    ]
    assert "\x1b" not in done.out + done.err


def test_an_update_changes_what_was_planned(deployer: Deployer) -> None:
    deployer.write({"Setting": parameter("old")})
    deployer.apply()
    deployer.write({"Setting": parameter("new"), "Topic": TOPIC})
    deployer.apply()
    assert (deployer.stack() or {})["StackStatus"] == "UPDATE_COMPLETE"
    found = deployer.aws.client("ssm").get_parameter(Name="/lms/setting")
    assert found["Parameter"]["Value"] == "new"


def test_a_template_with_named_roles_is_applied_with_the_capability_that_it_needs(deployer: Deployer) -> None:
    trust = {
        "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}}]
    }
    properties = {"RoleName": "lms-named", "AssumeRolePolicyDocument": {"Version": "2012-10-17", **trust}}
    deployer.write({"Role": {"Type": "AWS::IAM::Role", "Properties": properties}})
    deployer.apply()
    assert deployer.aws.client("iam").get_role(RoleName="lms-named")["Role"]["RoleName"] == "lms-named"
    assert (deployer.stack() or {})["Capabilities"] == ["CAPABILITY_NAMED_IAM"]


def test_as_json_lines_come_while_it_runs_and_the_object_last(deployer: Deployer) -> None:
    deployer.write({"Topic": TOPIC}, outputs=NAME)
    done = deployer.apply("--json")
    plan, *events, end = done.objects
    assert done.err == ""
    assert [each["action"] for each in plan["changes"]] == ["add"]
    assert {(each["logical_id"], each["status"], each["done"], each["total"]) for each in events} >= {
        ("lms-dev", "CREATE_IN_PROGRESS", 0, 1),
        ("Topic", "CREATE_COMPLETE", 1, 1),
        ("lms-dev", "CREATE_COMPLETE", 1, 1),
    }
    assert end == {
        "stack": STACK,
        "status": "CREATE_COMPLETE",
        "outputs": {"Name": end["outputs"]["Name"]},
        "cause": None,
    }


@pytest.mark.parametrize("options", [[], ["--yes"], ["--json"]])
def test_without_a_change_nothing_is_asked_nothing_is_done_and_nothing_is_left(
    options: list[str], deployer: Deployer
) -> None:
    deployer.write({"Topic": TOPIC}, outputs=NAME)
    deployer.apply()
    before = deployer.stack()
    done = deployer("apply", "dev", *options)
    assert (done.code, done.err) == (0, "")
    assert deployer.stack() == before
    assert deployer.change_sets() == []
    if options == ["--json"]:
        assert [done.objects[0]["changes"], done.objects[1]["status"]] == [[], "CREATE_COMPLETE"]
    else:
        assert "no changes" in done.out
        assert "Outputs\n  Name" in done.out


def test_without_a_terminal_only_yes_is_a_yes(deployer: Deployer) -> None:
    deployer.write({"Topic": TOPIC})
    done = deployer("apply", "dev")
    assert done.code == 4
    assert "there is no terminal to ask on; add --yes" in done.err
    assert deployer.stack() is None


def test_what_cloudformation_s_own_checks_refuse_is_told_and_not_only_counted(deployer: Deployer) -> None:
    taken = f"taken-{deployer.aws.account}"
    deployer.aws.client("s3").create_bucket(Bucket=taken, CreateBucketConfiguration={"LocationConstraint": "sa-east-1"})
    deployer.write({"Topic": TOPIC, "Files": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": taken}}})
    done = deployer("apply", "dev", "--yes")
    assert done.code == 1
    progress, _, told = done.err.partition("\nlms-dev ended in ROLLBACK_COMPLETE.\n")
    # Nothing was touched, so there is nothing to count on the way back.
    assert [line.split()[1:4] for line in progress.splitlines()] == [
        ["0", "of", "2"],
        ["0", "of", "2"],
        ["0", "done", "ROLLBACK_IN_PROGRESS"],
        ["0", "done", "ROLLBACK_COMPLETE"],
    ]
    assert told.startswith("Cause: Files (AWS::S3::Bucket) VALIDATION_ERROR\n")
    assert f"identifier '{taken}' already exists" in told
    assert "What mends it\n  The name is taken" in told
    assert "Call DescribeEvents" not in told


class TestStores:
    """A store that is removed or replaced must be named."""

    @pytest.fixture
    def at_stake(self, deployer: Deployer) -> Deployer:
        deployer.write({"Uploads": BUCKET, "Topic": TOPIC})
        deployer.apply()
        named = {**BUCKET, "Properties": {"BucketName": f"lms-{deployer.aws.account}"}}
        deployer.write({"Uploads": named, "Topic": TOPIC})
        return deployer

    @pytest.mark.parametrize("options", [["--yes"], [], ["--yes", "--allow-data-loss", "Upload"]])
    def test_it_is_refused_with_the_option_even_where_the_old_one_is_retained(
        self, options: list[str], at_stake: Deployer
    ) -> None:
        done = at_stake("apply", "dev", *options)
        assert done.code == 4
        assert "Uploads (AWS::S3::Bucket) is replaced" in done.err
        assert "add: --allow-data-loss Uploads" in done.err
        assert ('did you mean "Uploads"?' in done.err) is (len(options) == 3)
        assert (at_stake.stack() or {})["StackStatus"] == "CREATE_COMPLETE"
        assert at_stake.change_sets() == []

    def test_once_named_it_is_done(self, at_stake: Deployer) -> None:
        at_stake.apply("--allow-data-loss", "Uploads")
        buckets = {each["Name"] for each in at_stake.aws.client("s3").list_buckets()["Buckets"]}
        assert f"lms-{at_stake.aws.account}" in buckets
        assert len(buckets) == 2  # the old one is retained


class TestStackPolicyAndProtection:
    """Set before an update and right after a create; shown in the plan like everything else."""

    def policy(self, deployer: Deployer) -> Any:
        found = deployer.cloudformation.get_stack_policy(StackName=STACK).get("StackPolicyBody")
        return json.loads(found) if found else None

    def test_a_new_stack_has_its_policy_and_protection_when_it_is_made(self, deployer: Deployer) -> None:
        deployer.write({"Topic": TOPIC}, policy=ALLOW, target="protected = true")
        done = deployer.apply()
        assert "Stack\n  ~ stack policy: (none) → {" in done.out
        assert "  ~ termination protection: off → on\n" in done.out
        assert self.policy(deployer) == ALLOW
        assert (deployer.stack() or {})["EnableTerminationProtection"] is True
        assert deployer("plan", "dev", "--check").code == 0

    def test_a_policy_that_forbids_the_update_is_there_before_it(self, deployer: Deployer) -> None:
        deployer.write({"Setting": parameter("old")})
        deployer.apply()
        deployer.write({"Setting": parameter("new")}, policy=DENY)
        done = deployer("apply", "dev", "--yes")
        assert done.code == 1
        assert "Action denied by stack policy" in done.err
        assert "The stack policy forbids this change" in done.err
        assert "It was rolled back: everything is as it was before." in done.err
        assert deployer.aws.client("ssm").get_parameter(Name="/lms/setting")["Parameter"]["Value"] == "old"

    def test_where_nothing_else_changes_they_are_set_without_an_update(self, deployer: Deployer) -> None:
        deployer.write({"Topic": TOPIC})
        deployer.apply()
        deployer.write({"Topic": TOPIC}, policy=ALLOW, target="protected = true")
        assert deployer("plan", "dev", "--check").code == 3
        done = deployer.apply()
        assert "2 settings" in done.out
        assert self.policy(deployer) == ALLOW
        stack = deployer.stack() or {}
        assert (stack["EnableTerminationProtection"], stack["StackStatus"]) == (True, "CREATE_COMPLETE")

    def test_protection_follows_the_target_off_again(self, deployer: Deployer) -> None:
        deployer.write({"Topic": TOPIC}, target="protected = true")
        deployer.apply()
        deployer.write({"Topic": TOPIC})
        assert "termination protection: on → off" in deployer.apply().out
        assert (deployer.stack() or {})["EnableTerminationProtection"] is False

    def test_on_somebody_else_s_stack_it_is_never_turned_off(self, deployer: Deployer) -> None:
        deployer.write({"Topic": TOPIC}, target="protected = true")
        deployer.apply()
        done = deployer.stackproof("plan", "--template", "dist/lms.json", "--params", "params/dev.json", *NAMED)
        assert "no changes" in done.out


NAMED = ("--stack-name", STACK)


class TestFailures:
    """The first real cause, and what can be done now."""

    def test_a_create_that_fails_is_explained_and_can_be_cleared(self, deployer: Deployer) -> None:
        deployer.write({"Topic": TOPIC, "Broken": BREAKING})
        done = deployer("apply", "dev", "--yes")
        assert done.code == 1
        assert "lms-dev ended in ROLLBACK_COMPLETE." in done.err
        assert "Cause: Broken (AWS::EC2::SecurityGroupIngress) CREATE_FAILED\n  " in done.err
        assert "sg-00000000000000000" in done.err.split("Cause:")[1]
        assert done.err.endswith("  python deploy.py destroy dev\n  python deploy.py apply dev\n")
        again = deployer("apply", "dev", "--yes")
        assert again.code == 4
        assert "Clear it with python deploy.py destroy dev, then apply again." in again.err
        assert deployer("destroy", "dev", "--yes").code == 0
        deployer.write({"Topic": TOPIC})
        deployer.apply()

    def test_on_the_way_back_what_was_touched_is_counted(self, deployer: Deployer) -> None:
        deployer.write({"Topic": TOPIC, "Broken": BREAKING})
        events = deployer("apply", "dev", "--yes", "--json").objects[1:-1]
        back = [each for each in events if each["status"] == "DELETE_COMPLETE"]
        assert back
        assert {each["total"] for each in back} == {2}
        assert max(each["done"] for each in back) <= 2

    def test_a_stack_in_the_same_state_that_is_somebody_else_s_is_left_alone(self, deployer: Deployer) -> None:
        deployer.write({"Topic": TOPIC, "Broken": BREAKING}, tags={"environment": "other"})
        assert deployer("apply", "dev", "--yes").code == 1
        deployer.write({"Topic": TOPIC}, tags=TAGS)
        done = deployer("apply", "dev", "--yes")
        assert done.code == 4
        assert (
            "Its tags are not those of the parameter file; if it is yours, aws cloudformation delete-stack" in done.err
        )
        done = deployer("destroy", "dev", "--yes")
        assert done.code == 4
        assert "it may be somebody else's" in done.err
        assert (deployer.stack() or {})["StackStatus"] == "ROLLBACK_COMPLETE"

    def test_an_update_that_fails_is_rolled_back_and_explained(self, deployer: Deployer) -> None:
        deployer.write({"Topic": TOPIC}, outputs=NAME)
        deployer.apply()
        deployer.write({"Topic": TOPIC, "Broken": BREAKING}, outputs=NAME)
        *_, end = deployer("apply", "dev", "--yes", "--json").objects
        assert end["status"] == "UPDATE_ROLLBACK_COMPLETE"
        assert (end["cause"]["logical_id"], end["cause"]["status"]) == ("Broken", "CREATE_FAILED")
        assert "sg-00000000000000000" in end["cause"]["reason"]
        deployer.write({"Topic": TOPIC}, outputs=NAME)
        *_, unchanged = deployer("apply", "dev", "--json").objects
        assert (unchanged["status"], unchanged["cause"]) == ("UPDATE_ROLLBACK_COMPLETE", None)
        status = deployer("status", "dev")
        assert "lms-dev: UPDATE_ROLLBACK_COMPLETE" in status.out
        assert "Cause: Broken (AWS::EC2::SecurityGroupIngress)" in status.out

    def test_no_rollback_leaves_it_to_be_looked_at_with_both_ways_out(self, deployer: Deployer) -> None:
        deployer.write({"Topic": TOPIC})
        deployer.apply()
        deployer.write({"Topic": TOPIC, "Broken": BREAKING})
        done = deployer("apply", "dev", "--yes", "--no-rollback")
        assert done.code == 1
        assert "lms-dev ended in UPDATE_FAILED." in done.err
        assert done.err.endswith(
            "  python deploy.py apply dev --no-rollback\n  aws cloudformation rollback-stack --stack-name lms-dev\n"
        )
        deployer.write({"Topic": TOPIC, "Other": TOPIC})
        again = deployer("apply", "dev", "--yes")
        assert again.code == 4
        assert "Go on from there with python deploy.py apply dev --no-rollback, or go back first" in again.err
        assert deployer.change_sets() == []
        deployer.apply("--no-rollback")

    def test_rollback_stays_on_where_something_is_replaced_or_the_environment_is_protected(
        self, deployer: Deployer
    ) -> None:
        deployer.write({"Topic": TOPIC})
        deployer.apply()
        named = {**TOPIC, "Properties": {"TopicName": "another"}}
        deployer.write({"Topic": named})
        done = deployer("apply", "dev", "--yes", "--no-rollback")
        assert done.code == 4
        assert "CloudFormation replaces nothing while rollback is off, and this replaces Topic." in done.err
        deployer.write({"Topic": TOPIC, "Other": TOPIC}, target="protected = true")
        done = deployer("apply", "dev", "--yes", "--no-rollback")
        assert done.code == 4
        assert "lms-dev is protected: --no-rollback would leave it half-way" in done.err
        assert (deployer.stack() or {})["StackStatus"] == "CREATE_COMPLETE"

    def test_an_output_that_cannot_be_made_is_the_stack_s_own_failure(self, deployer: Deployer) -> None:
        deployer.write({"Topic": TOPIC}, outputs={"Name": {"Value": {"Fn::GetAtt": ["Topic", "Nowhere"]}}})
        done = deployer("apply", "dev", "--yes", "--json")
        assert done.code == 1
        cause = done.objects[-1]["cause"]
        assert (cause["logical_id"], "Nowhere" in cause["reason"]) == (STACK, True)


class TestLargeTemplates:
    """Over 51,200 bytes a template goes by way of the artifact bucket."""

    def large(self, deployer: Deployer, filler: int = 60_000) -> None:
        deployer.write({"Topic": {**TOPIC, "Metadata": {"Filler": "x" * filler}}})

    def bootstrap(self, deployer: Deployer) -> None:
        resources = {"Artifacts": {"Type": "AWS::S3::Bucket"}}
        outputs = {"ArtifactBucket": {"Value": {"Ref": "Artifacts"}}}
        content = json.dumps({"Resources": resources, "Outputs": outputs})
        (deployer.folder / "dist" / "bootstrap.json").write_text(content)

    def test_without_the_bucket_the_answer_is_the_command_that_makes_it(self, deployer: Deployer) -> None:
        self.large(deployer)
        self.bootstrap(deployer)
        done = deployer("apply", "dev", "--yes")
        assert done.code == 4
        assert done.err.startswith("dist/lms.json is 60,")
        assert "over 51,200 a template goes by way of the artifact bucket" in done.err
        assert done.err.endswith("Make it once for this account and region: python deploy.py bootstrap dev\n")
        assert deployer.stack() is None

        assert deployer("bootstrap", "dev", "--yes").code == 0
        assert {"Key": "stackproof", "Value": "bootstrap"} in (deployer.stack("lms-bootstrap") or {})["Tags"]
        assert "no changes" in deployer("bootstrap", "dev").out
        deployer.apply()

    def test_it_is_stored_once_under_its_content_s_hash(self, deployer: Deployer) -> None:
        self.large(deployer)
        self.bootstrap(deployer)
        deployer("bootstrap", "dev", "--yes")
        for _ in range(2):
            assert deployer("plan", "dev").code == 0
        (output,) = (deployer.stack("lms-bootstrap") or {})["Outputs"]
        (stored,) = deployer.aws.client("s3").list_objects_v2(Bucket=output["OutputValue"])["Contents"]
        assert stored["Key"].startswith("templates/")
        assert stored["Size"] > 60_000

    def test_one_that_fits_when_it_is_sent_compact_needs_no_bucket(self, deployer: Deployer) -> None:
        deployer.write({f"Topic{number}": TOPIC for number in range(500)})
        path = deployer.folder / "dist" / "lms.json"
        assert path.stat().st_size > 51_200
        assert deployer("plan", "dev").code == 0

    def test_one_that_cloudformation_would_never_take_is_bad_input(self, deployer: Deployer) -> None:
        self.large(deployer, filler=1_000_001)
        done = deployer("plan", "dev")
        assert done.code == 2
        assert "CloudFormation takes up to 1,000,000: move a part into a stack of its own" in done.err

    def test_a_bootstrap_stack_without_a_bucket_is_no_bootstrap_stack(self, deployer: Deployer) -> None:
        self.large(deployer)
        deployer.cloudformation.create_stack(
            StackName="lms-bootstrap", TemplateBody=json.dumps({"Resources": {"Topic": TOPIC}})
        )
        done = deployer("plan", "dev")
        assert done.code == 4
        assert "stack lms-bootstrap has no output ArtifactBucket in" in done.err

    def test_a_bootstrap_that_fails_names_its_own_commands(self, deployer: Deployer) -> None:
        deployer.write({"Topic": TOPIC})
        content = json.dumps({"Resources": {"Topic": TOPIC, "Broken": BREAKING}})
        (deployer.folder / "dist" / "bootstrap.json").write_text(content)
        done = deployer("bootstrap", "dev", "--yes")
        assert done.code == 1
        assert done.err.endswith(
            "  python deploy.py destroy --stack-name lms-bootstrap --region sa-east-1\n"
            "  python deploy.py bootstrap dev\n"
        )
        done = deployer("bootstrap", "dev", "--yes")
        assert "Clear it with python deploy.py destroy --stack-name lms-bootstrap --region sa-east-1" in done.err
        assert deployer("destroy", "--stack-name", "lms-bootstrap", "--region", "sa-east-1", "--yes").code == 0
