"""`permissions`: what it prints is enough for every command, and nothing in it is left unused."""

from __future__ import annotations

import json
import re
import shutil
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.deployer import ALLOW, BROKEN, STACK, TOPIC
from tests.integration.lasting import LASTING, is_waiting, status, until
from tests.integration.policed import police
from tests.integration.tasks import ended, running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.integration.deployer import Deployer
    from tests.integration.policed import Police

ROOT = Path(__file__).parents[2]
LOGS = {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "/lms/lms-dev/web", "RetentionInDays": 7}}
BREAKING = {**BROKEN, "DependsOn": "Topic"}
SERVICE: dict[str, Any] = {
    "Cluster": {"Type": "AWS::ECS::Cluster", "Properties": {"ClusterName": "ours"}},
    "Role": {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "AssumeRolePolicyDocument": {
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {"Service": "ecs-tasks.amazonaws.com"},
                        "Action": "sts:AssumeRole",
                    }
                ]
            }
        },
    },
    "Definition": {
        "Type": "AWS::ECS::TaskDefinition",
        "Properties": {
            "TaskRoleArn": {"Fn::GetAtt": ["Role", "Arn"]},
            "ContainerDefinitions": [{"Name": "app", "Image": "example.org/app:7", "Memory": 64}],
        },
    },
    "Service": {
        "Type": "AWS::ECS::Service",
        "Properties": {"Cluster": {"Ref": "Cluster"}, "TaskDefinition": {"Ref": "Definition"}, "DesiredCount": 1},
    },
    "Alarm": {
        "Type": "AWS::CloudWatch::Alarm",
        "Properties": {
            "Namespace": "AWS/SQS",
            "MetricName": "ApproximateNumberOfMessagesVisible",
            "Statistic": "Maximum",
            "Period": 60,
            "EvaluationPeriods": 1,
            "Threshold": 100,
            "ComparisonOperator": "GreaterThanThreshold",
        },
    },
}
# Over what fits into a request: by way of the artifact bucket.
FILLER = {"Filler": {"Type": "AWS::SNS::Topic", "Metadata": {"Text": "x" * 52_000}}}
# Checked inside of ExecuteChangeSet, when tags of the stack go: no call of its own.
UNASKED = {"cloudformation:UntagResource"}


def policy(deployer: Deployer, *options: str) -> dict[str, Any]:
    """What `permissions` prints."""
    done = deployer("permissions", "dev", *options)
    assert (done.code, done.err) == (0, "")
    return dict(json.loads(done.out))


def changes(document: dict[str, Any]) -> set[str]:
    """The actions of a policy that do more than read."""
    found = {action for each in document["Statement"] for action in each["Action"]}
    return {each for each in found if not re.fullmatch(r"[\w-]+:(Describe|List|Get|Decode)\w+", each)}


def held_to(deployer: Deployer, monkeypatch: pytest.MonkeyPatch, *options: str) -> Police:
    """From now on, the commands may do what `permissions` prints with these options, and no more."""
    monkeypatch.undo()  # the policy before this one
    for name, value in deployer.aws.environment.items():
        if name.startswith("AWS_"):
            monkeypatch.setenv(name, value)
    monkeypatch.chdir(deployer.folder)
    allowed = policy(deployer, *options)
    return police(monkeypatch, allowed, region="sa-east-1", account=deployer.aws.account)


def succeeds(deployer: Deployer, *words: str) -> str:
    done = deployer(*words)
    assert done.code == 0, f"{words}: {done.out}{done.err}"
    return done.out


def write(deployer: Deployer, resources: dict[str, Any], *, protected: bool = True, **tags: str) -> None:
    """A template too large for a request, with all that a deployment can set."""
    target = f"protected = {str(protected).lower()}"
    deployer.write({**resources, **FILLER}, tags={"environment": "dev", **tags}, policy=ALLOW, target=target)


@contextmanager
def while_it_runs(happens: Callable[[], object]) -> Iterator[None]:
    """Something happens in AWS while a command is waiting for it."""
    thread = threading.Thread(target=happens)
    thread.start()
    yield
    thread.join(timeout=30)


def test_each_level_is_enough_for_its_commands_and_has_nothing_besides(
    deployer: Deployer, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(deployer, {"Topic": TOPIC, "Logs": LOGS, **SERVICE})
    shutil.copy(ROOT / "dist" / "bootstrap.json", deployer.folder / "dist")
    bootstrapping = held_to(deployer, monkeypatch, "--for", "bootstrap")
    succeeds(deployer, "bootstrap", "dev", "--yes")

    applying = held_to(deployer, monkeypatch)
    succeeds(deployer, "plan", "dev")
    assert deployer.stack() is None
    succeeds(deployer, "apply", "dev", "--yes")
    write(deployer, {"Topic": TOPIC, "Logs": LOGS, **SERVICE}, owner="ana")
    succeeds(deployer, "plan", "dev", "--out", "plan.json")
    succeeds(deployer, "apply", "dev", "--plan", "plan.json", "--yes")
    write(deployer, {"Topic": TOPIC, "Logs": LOGS, "Broken": BREAKING, **SERVICE})
    assert "Cause: Broken" in deployer("apply", "dev", "--yes").err
    asked = set(applying.asked)

    held_to(deployer, monkeypatch, "--for", "look")
    for words in (["outputs", "dev"], ["list"]):
        succeeds(deployer, *words)
    assert json.loads(succeeds(deployer, "status", "dev", "--json"))["unseen"] == []
    told = json.loads(succeeds(deployer, "why", "dev", "--json"))
    assert (told["cause"]["logical_id"], told["unseen"]) == ("Broken", [])

    planning = held_to(deployer, monkeypatch, "--for", "plan")
    write(deployer, {"Topic": TOPIC, "Logs": LOGS, "Another": TOPIC, **SERVICE})
    assert "to add" in succeeds(deployer, "plan", "dev")

    applying = held_to(deployer, monkeypatch)
    write(deployer, {"Topic": TOPIC, **SERVICE}, protected=False)
    succeeds(deployer, "apply", "dev", "--yes", "--allow-data-loss", "Logs")
    write(deployer, {**LASTING, **SERVICE}, protected=False)
    process = deployer.start("apply", "dev", "--yes")
    until(lambda: status(deployer) == "UPDATE_IN_PROGRESS" and is_waiting(deployer))
    succeeds(deployer, "cancel", "dev")
    process.communicate(timeout=30)
    (deployer.folder / "steps.toml").write_text('[[step]]\ntitle = "Upgrade"\nservice = "Service"\n')
    succeeds(deployer, "plan", "dev", "--steps", "steps.toml", "--out", "steps.json")
    with while_it_runs(lambda: ended(deployer.aws, running(deployer.aws, "ours"), 0, cluster="ours")):
        succeeds(deployer, "apply", "dev", "--plan", "steps.json", "--yes")
    succeeds(deployer, "destroy", "dev", "--yes")
    assert deployer.stack() is None
    asked |= set(applying.asked)

    # Every read of the policies is in the source (tests/unit); here, each change that they allow was really made.
    assert changes(policy(deployer)) - asked == UNASKED
    assert changes(policy(deployer, "--for", "plan")) <= set(planning.asked)
    assert changes(policy(deployer, "--for", "look")) == set()
    assert {"cloudformation:ExecuteChangeSet", "cloudformation:DescribeStackEvents"} <= set(bootstrapping.asked)


BACKUPS = """
[[step]]
title = "Into the vault"
backup = ["Database", "Files"]
vault = "Vault"
role = "Role"

[[step]]
title = "As a snapshot"
backup = ["Database"]
"""


def test_recovery_points_take_what_the_policy_has_and_no_more(
    deployer: Deployer, monkeypatch: pytest.MonkeyPatch
) -> None:
    trusted = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "backup.amazonaws.com"}}
    trust = {"Version": "2012-10-17", "Statement": [trusted]}
    login = {"MasterUsername": "lms", "MasterUserPassword": "not-a-secret"}
    resources = {
        "Role": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": trust}},
        "Vault": {"Type": "AWS::Backup::BackupVault", "Properties": {"BackupVaultName": "lms"}},
        "Database": {"Type": "AWS::RDS::DBCluster", "Properties": {"Engine": "aurora-postgresql", **login}},
        "Files": {"Type": "AWS::EFS::FileSystem"},
    }
    role = {"Fn::GetAtt": ["Role", "Arn"]}
    deployer.write(resources, outputs={"Vault": {"Value": {"Ref": "Vault"}}, "Role": {"Value": role}})
    deployer.apply()
    (deployer.folder / "steps.toml").write_text(BACKUPS)
    applying = held_to(deployer, monkeypatch)
    succeeds(deployer, "plan", "dev", "--steps", "steps.toml", "--out", "plan.json")
    succeeds(deployer, "apply", "dev", "--plan", "plan.json", "--yes")
    needed = {action for action in applying.asked if not action.startswith("cloudformation:")}
    assert needed == {
        "backup:StartBackupJob",
        "backup:DescribeBackupJob",
        "iam:PassRole",
        "rds:CreateDBClusterSnapshot",
        "rds:DescribeDBClusterSnapshots",
    }
    bare = {"Topic": TOPIC}
    deployer.write(bare)
    assert needed & {action for each in policy(deployer)["Statement"] for action in each["Action"]} == set()


def test_a_plan_of_a_new_stack_says_what_it_may_not_clear_away(
    deployer: Deployer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To delete the empty stack that a first change set makes takes DeleteStack, which no plan should have."""
    deployer.write({"Topic": TOPIC})
    held_to(deployer, monkeypatch, "--for", "plan")
    done = deployer("plan", "dev")
    assert done.code == 1
    assert "1 to add" in done.out
    assert done.err.startswith("cloudformation:ListChangeSets is not allowed to these credentials")
    assert done.err.endswith("\nNothing was changed; left behind: the empty stack lms-dev.\n")
    assert deployer.change_sets() == []


def test_what_a_level_lacks_is_refused_and_named(deployer: Deployer, monkeypatch: pytest.MonkeyPatch) -> None:
    deployer.write({"Topic": TOPIC})
    deployer.apply()
    held_to(deployer, monkeypatch, "--for", "look")
    done = deployer("plan", "dev")
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("cloudformation:CreateChangeSet is not allowed to these credentials")
    deployer.write({"Topic": {**TOPIC, "Properties": {"DisplayName": "two"}}})
    held_to(deployer, monkeypatch, "--for", "plan")
    done = deployer("apply", "dev", "--yes")
    assert done.code == 1
    assert done.err.startswith("cloudformation:ExecuteChangeSet is not allowed to these credentials")
    assert (deployer.stack() or {})["StackStatus"] == "CREATE_COMPLETE"


class TestArguments:
    """Which stacks, and which level."""

    def test_without_a_name_every_environment_is_covered(self, deployer: Deployer) -> None:
        deployer.write({"Topic": TOPIC})
        (deployer.folder / "params" / "prod.json").write_text("{}")
        with (deployer.folder / "params" / "targets.toml").open("a") as targets:
            targets.write('[prod]\naccount = "333333333333"\nregion = "us-east-1"\ntemplate = "lms"\n')
        done = deployer("permissions", "--for", "look")
        assert json.loads(done.out)["Statement"][0]["Resource"] == [
            f"arn:aws:cloudformation:sa-east-1:{deployer.aws.account}:stack/lms-dev/*",
            "arn:aws:cloudformation:us-east-1:333333333333:stack/lms-prod/*",
        ]

    def test_a_stack_of_somebody_else_is_named_with_its_template(
        self, deployer: Deployer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("AWS_REGION")
        path = deployer.template(Transform="AWS::Serverless-2016-10-31", Resources={"Topic": TOPIC})
        done = deployer.stackproof("permissions", "--stack-name", "theirs", "--template", str(path), "--for", "plan")
        (plan,) = [each for each in json.loads(done.out)["Statement"] if each["Sid"] == "Plan"]
        assert plan["Resource"] == [
            "arn:aws:cloudformation:*:*:stack/theirs/*",
            "arn:aws:cloudformation:*:aws:transform/Serverless-2016-10-31",
        ]
        monkeypatch.setenv("AWS_REGION", "eu-west-1")
        done = deployer.stackproof("permissions", "--stack-name", "theirs", "--for", "look")
        assert json.loads(done.out)["Statement"][0]["Resource"] == ["arn:aws:cloudformation:eu-west-1:*:stack/theirs/*"]

    def test_what_resources_take_is_a_list_and_what_nobody_knows_is_named(self, deployer: Deployer) -> None:
        deployer.write({"Topic": TOPIC, "Own": {"Type": "Custom::Own"}})
        done = deployer("permissions", "dev", "--for", "resources")
        (document,) = json.loads(done.out)
        assert "sns:CreateTopic" in {action for each in document["Statement"] for action in each["Action"]}
        assert (done.code, done.err) == (
            0,
            "Custom::Own: no schema says which permissions it takes; add them yourself\n",
        )

    def test_aws_is_not_asked(self, deployer: Deployer, monkeypatch: pytest.MonkeyPatch) -> None:
        deployer.write({"Topic": TOPIC})
        monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
        monkeypatch.delenv("AWS_ACCESS_KEY_ID")
        assert f":{deployer.aws.account}:stack/{STACK}/*" in deployer("permissions").out

    @pytest.mark.parametrize(
        ("words", "said"),
        [
            (["deb"], 'there is no environment "deb", did you mean "dev"?'),
            (["deb", "prd"], 'there is no environment "prd"'),
            (["dev", "--for", "read"], 'argument --for: "read" is not one of look, plan, apply, bootstrap'),
            (
                ["--stack-name", "a", "--for", "resources"],
                "--template: a: what is the stack made of? Give its template",
            ),
            (["dev", "--template", "none.json"], "none.json"),
            (["--stack-name", "a b"], "--stack-name: "),
        ],
    )
    def test_wrong_usage(self, words: list[str], said: str, deployer: Deployer) -> None:
        deployer.write({"Topic": TOPIC})
        done = deployer("permissions", *words)
        assert (done.code, done.out) == (2, "")
        assert said in done.err

    def test_without_any_stack_it_asks_for_one(self, deployer: Deployer) -> None:
        done = deployer.stackproof("permissions")
        assert (done.code, done.out) == (2, "")
        assert done.err == "which stack?: there is no params/*.json here: give --stack-name NAME\n"


def test_read_only_credentials_are_enough_to_look_at_a_stack_of_somebody_else(
    deployer: Deployer, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployer.write({"Topic": TOPIC}, outputs={"Topic": {"Value": {"Ref": "Topic"}}})
    deployer.apply()
    deployer.write({"Topic": TOPIC, "Broken": BREAKING})
    assert deployer("apply", "dev", "--yes").code == 1
    allowed = json.loads(deployer.stackproof("permissions", "--stack-name", STACK, "--for", "look").out)
    officer = police(monkeypatch, allowed, region="sa-east-1", account=deployer.aws.account)
    for command in ("status", "why", "outputs"):
        done = deployer.stackproof(command, "--stack-name", STACK)
        assert (done.code, done.err) == (0, ""), command
    assert [action for action in officer.asked if not re.match(r"\w+:(Describe|List|Get)", action)] == []
