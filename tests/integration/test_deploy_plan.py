"""`plan` through the command line: what it shows, what it leaves behind, and how it exits."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from troposphere import Template
from troposphere.sns import Topic

from stackproof.emitting import emit
from tests.integration.deployer import STACK, TOPIC

if TYPE_CHECKING:
    from tests.integration.deployer import Deployer

LOGS = {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": {"Fn::Sub": "/lms/${AWS::StackName}/app"}}}
SIZE = {"Size": {"Type": "Number", "Default": 1, "MinValue": 1}}


def bucket(policy: str = "Delete", **properties: Any) -> dict[str, Any]:
    return {
        "Type": "AWS::S3::Bucket",
        "DeletionPolicy": policy,
        "UpdateReplacePolicy": policy,
        "Properties": properties,
    }


def parameter(value: Any, kind: str = "String") -> dict[str, Any]:
    return {"Type": "AWS::SSM::Parameter", "Properties": {"Type": kind, "Value": value}}


def test_a_new_stack_is_planned_and_nothing_is_left_behind(deployer: Deployer) -> None:
    deployer.write({"Topic": TOPIC, "Logs": LOGS})
    done = deployer("plan", "dev")
    assert (done.code, done.err) == (0, "")
    assert done.out == (
        f"lms-dev: create in account {deployer.aws.account}, sa-east-1\n"
        f"  as arn:aws:iam::{deployer.aws.account}:root\n"
        "\n"
        "Added (2)\n"
        "  + Logs   AWS::Logs::LogGroup\n"
        "  + Topic  AWS::SNS::Topic\n"
        "\n"
        "2 to add\n"
    )
    assert deployer.stack() is None


def test_a_plan_of_an_existing_stack_deletes_its_change_set_and_leaves_the_stack(deployer: Deployer) -> None:
    deployer.write({"Topic": TOPIC})
    deployer.apply()
    deployer.write({"Topic": TOPIC, "Logs": LOGS})
    assert deployer("plan", "dev").code == 0
    assert deployer.change_sets() == []
    assert (deployer.stack() or {})["StackStatus"] == "CREATE_COMPLETE"


def test_a_review_that_somebody_else_began_is_left_to_them(deployer: Deployer) -> None:
    deployer.write({"Topic": TOPIC})
    deployer.cloudformation.create_change_set(
        StackName=STACK,
        ChangeSetName="theirs",
        ChangeSetType="CREATE",
        TemplateBody=json.dumps({"Resources": {"Topic": TOPIC}}),
    )
    assert deployer("plan", "dev").code == 0
    assert deployer.change_sets() == ["theirs"]


def test_no_change_is_told_apart_and_leaves_no_change_set(deployer: Deployer) -> None:
    deployer.write({"Topic": TOPIC})
    deployer.apply()
    done = deployer("plan", "dev", "--check")
    account = deployer.aws.account
    assert (done.code, done.out) == (
        0,
        f"lms-dev: no changes in account {account}, sa-east-1\n  as arn:aws:iam::{account}:root\n",
    )
    assert deployer.change_sets() == []
    done = deployer("plan", "dev", "--check", "--json")
    assert (done.code, done.objects[0]["changes"]) == (0, [])


def test_check_exits_3_when_changes_wait_for_any_of_the_environments(deployer: Deployer) -> None:
    deployer.write({"Topic": TOPIC})
    deployer.apply()
    targets = deployer.folder / "params" / "targets.toml"
    targets.write_text(targets.read_text() + targets.read_text().replace("[dev]", "[test]"))
    (deployer.folder / "params" / "test.json").write_text('{"Parameters": {}, "Tags": {}}')
    done = deployer("plan", "dev", "test", "--check", "--json")
    assert done.code == 3
    assert [(each["stack"], each["operation"], len(each["changes"])) for each in done.objects] == [
        ("lms-dev", "update", 0),
        ("lms-test", "create", 1),
    ]


def test_what_changes_is_grouped_with_what_cannot_be_taken_back_first(deployer: Deployer) -> None:
    parameters = {"Text": {"Type": "String", "Default": "old"}}
    old = {
        "Uploads": bucket("Retain"),
        "Drafts": bucket(),
        "Table": {
            "Type": "AWS::SSM::Parameter",
            "Properties": {"Name": "/lms/table", "Type": "String", "Value": "x"},
        },
        "Setting": parameter({"Ref": "Text"}),
    }
    deployer.write(old, parameters=parameters)
    deployer.apply()
    new = {
        "Uploads": bucket("Retain", BucketName=f"lms-{deployer.aws.account}"),
        "Table": {**old["Table"], "Properties": {"Name": "/lms/other", "Type": "String", "Value": "x"}},
        "Setting": parameter({"Ref": "Text"}),
        "Topic": TOPIC,
    }
    deployer.write(new, parameters=parameters, given={"Text": "new"}, tags={"environment": "dev", "owner": "team"})
    done = deployer("plan", "dev")
    titles = [line for line in done.out.splitlines() if line and not line.startswith(" ")]
    assert titles == [
        f"lms-dev: update in account {deployer.aws.account}, sa-east-1",
        "Removed (1)",
        "Replaced (2)",
        "Modified (1)",
        "Added (1)",
        "Data at stake (2)",
        "Parameters",
        "Tags",
        "1 to remove, 2 to replace, 1 to modify, 1 to add, 2 settings",
    ]
    assert "  - Drafts  AWS::S3::Bucket\n" in done.out
    assert f"      BucketName: (none) → lms-{deployer.aws.account}  (replaces it)\n" in done.out
    assert "      Name: /lms/table → /lms/other  (replaces it)\n" in done.out
    assert "      Value: old → new  (from parameter Text)\n" in done.out
    assert (
        "  ! Drafts  AWS::S3::Bucket: its data would be left behind outside the stack if it holds any; an empty one is"
        " deleted\n      apply needs --allow-data-loss Drafts\n" in done.out
    )
    assert "  ! Uploads  AWS::S3::Bucket: its data would be left behind outside the stack" in done.out
    assert "Parameters\n  ~ Text: old → new\n" in done.out
    assert "Tags\n  ~ owner: (none) → team\n" in done.out


def test_as_json_it_is_one_object_with_the_keys_that_others_read(deployer: Deployer) -> None:
    deployer.write({"Setting": parameter("old")})
    deployer.apply()
    deployer.write({"Setting": parameter("new")})
    (plan,) = deployer("plan", "dev", "--json").objects
    assert plan["stack"] == STACK
    assert plan["change_set"].startswith("arn:aws:cloudformation:sa-east-1:")
    (change,) = plan["changes"]
    assert (change["logical_id"], change["type"], change["action"], change["data"]) == (
        "Setting",
        "AWS::SSM::Parameter",
        "modify",
        "none",
    )
    assert change["because"] == [{"path": "/Properties/Value", "by": "template"}]
    assert (change["before"], change["after"]) == ({"/Properties/Value": "old"}, {"/Properties/Value": "new"})


def test_a_secret_is_neither_shown_nor_stored(deployer: Deployer) -> None:
    parameters = {"Password": {"Type": "String", "NoEcho": True}}
    deployer.write({"Setting": parameter({"Ref": "Password"})}, parameters=parameters, given={"Password": "old-word"})
    shown = [deployer.apply(), deployer.apply("--json")]
    deployer.write(
        {"Setting": parameter({"Fn::Sub": "lms:${Password}"})}, parameters=parameters, given={"Password": "new-word"}
    )
    shown += [
        deployer("plan", "dev"),
        deployer("plan", "dev", "--json"),
        deployer("plan", "dev", "--out", "plan.json"),
        deployer("apply", "dev", "--yes", "--plan", "plan.json"),
        deployer("plan", "dev", "--set", "Password=third-word"),
        deployer("plan", "dev", "--set", "Password=third-word", "--out", "plan.json"),
    ]
    assert [done.code for done in shown] == [0] * 7 + [2]
    text = "".join(done.out + done.err for done in shown) + (deployer.folder / "plan.json").read_text()
    for word in ("old-word", "new-word", "third-word"):
        assert word not in text
    assert "is NoEcho, and --out would write it into a file; give it in the parameter file" in shown[-1].err


def test_a_log_group_that_an_earlier_stack_left_is_said_with_the_command_that_deletes_it(deployer: Deployer) -> None:
    deployer.aws.client("logs").create_log_group(logGroupName="/lms/lms-dev/app")
    deployer.aws.client("logs").create_log_group(logGroupName="/lms/lms-dev/app/other")
    deployer.write({"Logs": LOGS})
    done = deployer("plan", "dev")
    assert "Warnings\n  ! Logs: log group /lms/lms-dev/app exists already, left behind by an earlier stack" in done.out
    assert "aws logs delete-log-group --log-group-name /lms/lms-dev/app\n" in done.out
    assert done.code == 0


def test_a_change_of_outputs_alone_is_a_change(deployer: Deployer) -> None:
    deployer.write({"Topic": TOPIC})
    deployer.apply()
    deployer.write({"Topic": TOPIC}, outputs={"Name": {"Value": {"Ref": "Topic"}}})
    done = deployer("plan", "dev", "--check")
    assert done.code == 3
    assert "Nothing that changes a resource." in done.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["plan", "deb"], 'there is no environment "deb"; there are dev, did you mean "dev"?'),
        (["plan", "dev", "--set", "Sise=2"], 'Sise: the template has no such parameter, did you mean "Size"?'),
        (["plan", "dev", "--set", "Size"], "--set: wants KEY=VALUE"),
        (["plan", "dev", "--set", "=2"], "--set: wants KEY=VALUE"),
        (["plan", "dev", "--set", "Size=2", "--set", "Size=3"], "--set: Size: is given more than once; keep one"),
        (["plan", "dev", "--set", "Size=0"], "Size"),
        (["plan", "dev", "--out", "nowhere/plan.json"], "--out: there is no folder nowhere; make it first"),
        (["plan", "dev", "--out", "dist"], "--out: dist is a folder; give a file in it"),
        (["plan", "dev", "dev", "--out", "plan.json"], "--out: holds the plan of one environment; name one"),
        (["plan", "dev", "--stack-name", "1st"], "--stack-name"),
        (["plan", "dev", "--region", "sa-eats-1"], 'did you mean "sa-east-1"?'),
        (["plan", "dev", "--chekc"], 'unknown argument "--chekc", did you mean "--check"?'),
        (["apply", "dev", "--set", "Size=2"], "--set: belongs to plan: plan ENV --set KEY=VALUE --out FILE, then"),
        (["paln", "dev"], 'did you mean "plan"?'),
        (
            ["plan", "--template", "dist/lms.json"],
            "name an environment (dev), or give --template FILE and --stack-name",
        ),
        ([], "which command? See --help"),
    ],
)
def test_wrong_usage_exits_2_with_what_was_meant_and_asks_aws_nothing(
    arguments: list[str], words: str, deployer: Deployer, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployer.write({"Setting": parameter({"Ref": "Size"})}, parameters=SIZE)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")  # whoever asks AWS would exit 1
    done = deployer(*arguments)
    assert (done.code, done.out) == (2, "")
    assert words in done.err
    assert "Traceback" not in done.err


def test_all_faults_come_in_one_answer(deployer: Deployer) -> None:
    deployer.write({"Setting": parameter({"Ref": "Size"})}, parameters=SIZE)
    done = deployer("plan", "dev", "deb", "--set", "Sise=2", "--set", "Word", "--out", "nowhere/plan.json")
    assert done.code == 2
    for words in ('no environment "deb"', "Sise", "wants KEY=VALUE", "no folder nowhere"):
        assert done.err.count(words) == 1


def test_an_environment_may_be_called_by_its_file(deployer: Deployer) -> None:
    deployer.write({"Topic": TOPIC})
    assert deployer("plan", "dev.json").code == 0


def test_a_template_that_cloudformation_refuses_is_told_in_its_words(deployer: Deployer) -> None:
    deployer.write({"Unknown": {"Type": "AWS::Nowhere::Thing"}})
    done = deployer("plan", "dev")
    assert done.code == 1
    assert "AWS::Nowhere::Thing" in done.err
    assert deployer.stack() is None


class TestFreshness:
    """dist/ may be edited by hand; a plan says when it is not what build.py makes."""

    def builder(self) -> Template:
        template = Template()
        template.add_resource(Topic("Topic", DisplayName="one"))
        return template

    def warnings(self, deployer: Deployer, builder: Any, name: str = "lms") -> list[str]:
        deployer.templates = lambda: {name: builder}
        (plan,) = deployer("plan", "dev", "--json").objects
        return list(plan["warnings"])

    def test_what_build_py_makes_goes_without_a_word(self, deployer: Deployer) -> None:
        deployer.write({"Topic": TOPIC})
        (deployer.folder / "dist" / "lms.json").write_text(emit(self.builder()))
        assert self.warnings(deployer, self.builder) == []

    def test_what_was_edited_is_said(self, deployer: Deployer) -> None:
        deployer.write({"Topic": TOPIC})
        (deployer.folder / "dist" / "lms.json").write_text(emit(self.builder()).replace("one", "two"))
        assert self.warnings(deployer, self.builder) == [
            "dist/lms.json is not what build.py makes: it was edited, or templates/ changed since"
        ]

    def test_a_builder_that_fails_does_not_keep_the_file_from_being_deployed(self, deployer: Deployer) -> None:
        def broken() -> Template:
            raise ValueError("no such zone")

        deployer.write({"Topic": TOPIC})
        (warning,) = self.warnings(deployer, broken)
        assert warning == "dist/lms.json could not be compared with what build.py makes: ValueError: no such zone"

    def test_a_template_that_nobody_builds_is_taken_as_it_is(self, deployer: Deployer) -> None:
        deployer.write({"Topic": TOPIC})
        assert self.warnings(deployer, self.builder, name="another") == []
        elsewhere = deployer.folder / "lms.json"
        elsewhere.write_text(json.dumps({"Resources": {"Topic": TOPIC}}))
        assert deployer("plan", "dev", "--template", "lms.json", "--json").objects[0]["warnings"] == []
