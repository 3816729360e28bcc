"""`status` through the command line: a stack as it is, whatever its state."""

from __future__ import annotations

import json
import re
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.deployer import BROKEN, MOMENT, NAME, STACK, TOPIC
from tests.integration.lasting import LASTING, finish, is_waiting, status, until
from tests.integration.policed import police
from tests.integration.terminal import Terminal

if TYPE_CHECKING:
    from tests.integration.deployer import Deployer

ROOT = Path(__file__).parents[2]
ALARM = {
    "Type": "AWS::CloudWatch::Alarm",
    "Properties": {
        "AlarmName": "too-long",
        "Namespace": "AWS/SQS",
        "MetricName": "ApproximateNumberOfMessagesVisible",
        "Statistic": "Maximum",
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": 100,
        "ComparisonOperator": "GreaterThanThreshold",
    },
}
SERVICE: dict[str, Any] = {
    "Cluster": {"Type": "AWS::ECS::Cluster", "Properties": {"ClusterName": "ours"}},
    "Definition": {
        "Type": "AWS::ECS::TaskDefinition",
        "Properties": {
            "Family": "web",
            "ContainerDefinitions": [
                {"Name": "web", "Image": "example.org/web:7", "Memory": 64},
                {"Name": "proxy", "Image": "example.org/proxy:2", "Memory": 64},
            ],
        },
    },
    "Service": {
        "Type": "AWS::ECS::Service",
        "Properties": {
            "ServiceName": "web",
            "Cluster": {"Ref": "Cluster"},
            "TaskDefinition": {"Ref": "Definition"},
            "DesiredCount": 2,
        },
    },
}
SIZES = {
    "Size": {"Type": "Number", "Default": 2},
    "Zones": {"Type": "CommaDelimitedList", "Default": "a,b"},
    "Password": {"Type": "String", "NoEcho": True, "Default": "secret-1"},
    "Image": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/lms/image"},
}


def look(deployer: Deployer, *options: str) -> dict[str, Any]:
    """What `status dev --json` says."""
    done = deployer("status", "dev", "--json", *options)
    assert done.code == 0, done.err
    (found,) = done.objects
    return found


class TestState:
    """State, place, last operation."""

    def test_a_stack_says_what_was_done_to_it_last_and_by_whom(self, deployer: Deployer) -> None:
        deployer.write({"Topic": TOPIC}, outputs=NAME)
        deployer.apply()
        done = deployer("status", "dev")
        assert done.code == 0
        first, account, created, last, protection, *rest = done.out.splitlines()
        assert first == "lms-dev: CREATE_COMPLETE"
        assert account == f"  account         {deployer.aws.account}, sa-east-1"
        assert re.fullmatch(rf"  created         {MOMENT}", created)
        assert re.fullmatch(rf"  last operation  create by root, {MOMENT} to \d\d:\d\d:\d\d, CREATE_COMPLETE", last)
        assert protection == "  protection      off"
        assert rest[:2] == ["Parameters: as in params/dev.json", "Outputs"]
        assert rest[2].startswith("  Name  lms-dev-Topic")
        assert "\x1b" not in done.out

    def test_as_json_it_is_one_object_with_every_key(self, deployer: Deployer) -> None:
        deployer.write({"Topic": TOPIC}, outputs=NAME)
        deployer.apply()
        found = look(deployer)
        operation = found.pop("operation")
        assert (operation["kind"], operation["status"], operation["by"]) == ("create", "CREATE_COMPLETE", "root")
        times = [found.pop("created"), operation["started"], operation["ended"]]
        assert [datetime.fromisoformat(each).tzinfo is not None for each in (*times, found.pop("updated"))] == [
            True
        ] * 4
        assert times == sorted(times)
        assert found.pop("outputs")["Name"].startswith("lms-dev-Topic")
        assert found == {
            "stack": STACK,
            "status": "CREATE_COMPLETE",
            "reason": "",
            "account": deployer.aws.account,
            "region": "sa-east-1",
            "protected": False,
            "differences": [],
            "services": [],
            "alarms": [],
            "unseen": [],
            "cause": None,
            "unfinished": None,
        }

    def test_a_stack_that_does_not_exist_is_an_answer(self, deployer: Deployer) -> None:
        deployer.write({"Topic": TOPIC})
        done = deployer("status", "dev")
        assert (done.code, done.out) == (0, f"lms-dev does not exist in account {deployer.aws.account}, sa-east-1.\n")
        assert look(deployer) == {"stack": STACK, "status": None, "outputs": {}, "cause": None}

    def test_an_update_that_was_rolled_back_says_why(self, deployer: Deployer) -> None:
        deployer.write({"Topic": TOPIC})
        deployer.apply()
        deployer.write({"Topic": TOPIC, "Broken": BROKEN})
        assert deployer("apply", "dev", "--yes").code == 1
        done = deployer("status", "dev")
        assert "last operation  update by root" in done.out
        assert "UPDATE_ROLLBACK_COMPLETE\n" in done.out
        assert "Cause: Broken (AWS::EC2::SecurityGroupIngress) CREATE_FAILED" in done.out
        assert look(deployer)["cause"]["logical_id"] == "Broken"

    def test_one_that_is_being_made_is_under_way(self, deployer: Deployer) -> None:
        deployer.write(LASTING)
        process = deployer.start("apply", "dev", "--yes")
        until(lambda: status(deployer) == "CREATE_IN_PROGRESS" and is_waiting(deployer))
        found = look(deployer)
        assert (found["status"], found["operation"]["kind"]) == ("CREATE_IN_PROGRESS", "create")
        assert found["operation"]["ended"] is None
        assert "UTC under way, CREATE_IN_PROGRESS\n" in deployer("status", "dev").out
        finish(deployer)
        assert process.communicate(timeout=30)[1]

    def test_one_that_was_only_planned_has_no_operation(self, deployer: Deployer) -> None:
        deployer.write({"Topic": TOPIC})
        assert deployer("plan", "dev", "--out", "plan.json").code == 0
        found = look(deployer)
        assert (found["status"], found["operation"]) == ("REVIEW_IN_PROGRESS", None)
        assert "last operation" not in deployer("status", "dev").out

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (["deb"], 'there is no environment "deb", did you mean "dev"?'),
            ([], "name an environment (dev), or give --stack-name NAME"),
            (["--stack-name", "1st"], "--stack-name: "),
            (["dev", "--region", "nowhere", "--stack-name", "a b"], "--region: "),
        ],
    )
    @pytest.mark.parametrize("command", ["status", "outputs"])
    def test_wrong_usage(self, command: str, arguments: list[str], words: str, deployer: Deployer) -> None:
        deployer.write({"Topic": TOPIC})
        done = deployer(command, *arguments)
        assert done.code == 2
        assert words in done.err


class TestParameters:
    """The stack against its files."""

    @pytest.fixture
    def running(self, deployer: Deployer) -> Deployer:
        deployer.aws.client("ssm").put_parameter(Name="/lms/image", Value="example.org/web:7", Type="String")
        deployer.write({"Topic": TOPIC}, parameters=SIZES, given={"Size": 3, "Password": "secret-2"})
        deployer.apply()
        return deployer

    def test_defaults_lists_and_secrets_of_an_unchanged_file_are_as_in_the_stack(self, running: Deployer) -> None:
        assert look(running)["differences"] == []
        assert "Parameters: as in params/dev.json\n" in running("status", "dev").out

    def test_each_one_that_differs_is_shown_but_no_secret(self, running: Deployer) -> None:
        parameters = {key: value for key, value in SIZES.items() if key != "Zones"} | {
            "Mode": {"Type": "String", "Default": "fast"}
        }
        running.write({"Topic": TOPIC}, parameters=parameters, given={"Size": 5, "Password": "secret-3"})
        assert look(running)["differences"] == [
            {"name": "Mode", "stack": None, "file": "fast"},
            {"name": "Size", "stack": "3", "file": "5"},
            {"name": "Zones", "stack": "a,b", "file": None},
        ]
        done = running("status", "dev")
        assert "Parameters that differ (3): in the stack → in params/dev.json\n" in done.out
        assert "  ~ Mode: (none) → fast\n  ~ Size: 3 → 5\n  ~ Zones: a,b → (none)\n" in done.out
        assert "secret" not in done.out

    def test_files_that_cannot_be_read_keep_nobody_from_looking(self, running: Deployer) -> None:
        (running.folder / "params" / "dev.json").write_text("{")
        done = running("status", "dev")
        assert done.code == 0
        assert "Parameters: not compared with params/dev.json\n  params/dev.json:1: " in done.out
        assert look(running)["differences"] is None
        (running.folder / "dist" / "lms.json").unlink()
        assert "lms-dev: CREATE_COMPLETE" in running("status", "dev").out

    def test_a_stack_of_somebody_else_is_compared_with_the_files_that_are_given(
        self, running: Deployer, tmp_path: Path
    ) -> None:
        done = running.stackproof("status", "--stack-name", STACK)
        assert "Parameters" not in done.out
        done = running.stackproof("status", "--stack-name", STACK, "--template", "dist/lms.json")
        assert "Parameters that differ (1): in the stack → in dist/lms.json\n  ~ Size: 3 → 2\n" in done.out
        (tmp_path / "theirs.json").write_text(json.dumps({"Parameters": {"Size": "3"}}))
        files = ("--template", "dist/lms.json", "--params", "theirs.json")
        done = running.stackproof("status", "--stack-name", STACK, *files)
        assert "Parameters: as in theirs.json\n" in done.out
        done = running.stackproof("status", "--stack-name", STACK, "--params", "theirs.json")
        assert "Parameters: not compared with theirs.json\n" in done.out


class TestRunning:
    """Tasks, images, alarms."""

    def test_services_show_their_tasks_and_images(self, deployer: Deployer) -> None:
        deployer.write(SERVICE)
        deployer.apply()
        done = deployer("status", "dev")
        images = "example.org/web:7, example.org/proxy:2"
        assert f"Services\n  web  2 of 2 tasks running\n    {images}  2 running, rollout COMPLETED\n" in done.out
        assert look(deployer)["services"] == [
            {
                "name": "web",
                "desired": 2,
                "running": 2,
                "pending": 0,
                "deployments": [
                    {
                        "images": ["example.org/web:7", "example.org/proxy:2"],
                        "desired": 2,
                        "running": 2,
                        "pending": 0,
                        "failed": 0,
                        "rollout": "COMPLETED",
                    }
                ],
            }
        ]

    def test_only_alarms_that_went_off_take_a_line(self, deployer: Deployer) -> None:
        quiet = {**ALARM, "Properties": {**ALARM["Properties"], "AlarmName": "quiet"}}  # type: ignore[dict-item]  # a dict
        deployer.write({"Alarm": ALARM, "Quiet": quiet})
        deployer.apply()
        cloudwatch = deployer.aws.client("cloudwatch")
        cloudwatch.set_alarm_state(AlarmName="quiet", StateValue="OK", StateReason="few messages")
        cloudwatch.set_alarm_state(AlarmName="too-long", StateValue="ALARM", StateReason="101 messages wait")
        done = deployer("status", "dev")
        assert "Alarms: 1 of 2 OK\n  ALARM  too-long: 101 messages wait\n" in done.out
        found = {each["name"]: (each["state"], each["reason"]) for each in look(deployer)["alarms"]}
        assert found == {"quiet": ("OK", "few messages"), "too-long": ("ALARM", "101 messages wait")}

    def test_what_may_not_be_looked_at_is_said_and_the_rest_is_shown(
        self, deployer: Deployer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        deployer.write({**SERVICE, "Alarm": ALARM}, outputs={"Id": {"Value": {"Ref": "Cluster"}}})
        deployer.apply()
        allowed = {"Action": ["cloudformation:DescribeStacks", "cloudformation:DescribeStackEvents"], "Resource": ["*"]}
        more = {"Action": ["cloudformation:ListStackResources", "ecs:DescribeServices"], "Resource": ["*"]}
        policy = {"Statement": [allowed, more]}
        police(monkeypatch, policy, region="sa-east-1", account=deployer.aws.account)
        done = deployer("status", "dev")
        assert done.code == 0
        assert "  web  2 of 2 tasks running\n    (image not known)  2 running" in done.out
        assert "Outputs\n  Id  ours\n" in done.out
        lines = done.out.splitlines()
        place = lines.index("Not looked at")
        assert [line.partition(" to these")[0] for line in lines[place + 1 :]] == [
            "  ! ecs:DescribeTaskDefinition is not allowed",
            "  ! cloudwatch:DescribeAlarms is not allowed",
        ]
        assert len(look(deployer)["unseen"]) == 2
        police(monkeypatch, {"Statement": [allowed]}, region="sa-east-1", account=deployer.aws.account)
        (unseen,) = look(deployer)["unseen"]
        assert unseen.startswith("cloudformation:ListStackResources is not allowed")


class TestTerminal:
    """What is read in colour where there is a terminal, and only there."""

    def test_a_failed_stack_is_red_and_a_good_one_green(self, deployer: Deployer) -> None:
        deployer.write({"Topic": TOPIC})
        deployer.apply()
        terminal = Terminal(deployer, "status", "--stack-name", STACK)
        assert terminal.end() == 0
        assert "\x1b[1;32mlms-dev: CREATE_COMPLETE\x1b[0m" in terminal.screen
        deployer.write({"Topic": TOPIC, "Broken": BROKEN})
        assert deployer("apply", "dev", "--yes").code == 1
        terminal = Terminal(deployer, "status", "--stack-name", STACK)
        assert terminal.end() == 0
        assert "\x1b[1;31mlms-dev: UPDATE_ROLLBACK_COMPLETE\x1b[0m" in terminal.screen

    @pytest.mark.parametrize(
        "command", [["status", "dev"], ["why", "dev"], ["outputs", "dev"], ["list"], ["permissions"]]
    )
    def test_no_colour_where_none_is_wanted(self, command: list[str], deployer: Deployer) -> None:
        """`stackproof` in the folder itself finds its params/, too."""
        deployer.write({"Topic": TOPIC}, outputs=NAME)
        deployer.apply()
        terminal = Terminal(deployer, *command, NO_COLOR="1")
        assert terminal.end() == 0
        assert "lms-dev" in terminal.screen
        assert "\x1b[3" not in terminal.screen


def documented(name: str) -> set[str]:
    """The keys of an object as docs/deploying.md names them, those inside of its lists left out."""
    text = (ROOT / "docs" / "deploying.md").read_text()
    (cell,) = [line.split("|")[2] for line in text.splitlines() if line.startswith(f"| {name} |")]
    while "[" in cell:
        cell = re.sub(r"\[[^\[\]]*\]", "", cell)
    return set(re.findall(r"`(\w+)`", cell))


@pytest.mark.parametrize("command", ["plan", "why", "status", "outputs", "list"])
def test_the_keys_of_an_object_are_those_that_are_documented(command: str, deployer: Deployer) -> None:
    deployer.write({"Topic": TOPIC}, outputs=NAME)
    deployer.apply()
    (found,) = deployer(command, *([] if command == "list" else ["dev"]), "--json").objects
    assert set(found) == documented(command)


def test_the_lines_of_what_runs_are_those_that_are_documented(deployer: Deployer) -> None:
    deployer.write({"Topic": TOPIC}, outputs=NAME)
    plan, *events, last = deployer.apply("--json").objects
    assert set(plan) == documented("plan")
    assert {frozenset(each) for each in events} == {frozenset(documented("an event"))}
    assert set(last) == documented("apply, bootstrap, cancel")
    first, *events, last = deployer("destroy", "dev", "--yes", "--json").objects
    assert set(first) == documented("destroy")
    assert {frozenset(each) for each in events} == {frozenset(documented("an event"))}
    assert set(last) == documented("apply, bootstrap, cancel")
