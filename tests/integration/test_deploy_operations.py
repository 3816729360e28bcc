"""While an operation runs: interrupted, taken up again, waited for, raced; and what stops one before it starts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.integration.deployer import STACK, TOPIC
from tests.integration.lasting import LASTING, finish, is_waiting, status, stopped, until
from tests.integration.terminal import Terminal
from tests.proxy import Fault, proxy

if TYPE_CHECKING:
    from collections.abc import Iterator
    from subprocess import Popen

    from tests.integration.deployer import Deployer


@pytest.fixture
def lasting(deployer: Deployer) -> Iterator[Deployer]:
    """A stack that somebody else is creating."""
    deployer.write(LASTING)
    process = deployer.start("apply", "dev", "--yes")
    until(lambda: status(deployer) == "CREATE_IN_PROGRESS")
    yield deployer
    if status(deployer) == "CREATE_IN_PROGRESS":
        finish(deployer)
    process.communicate(timeout=30)


def test_interrupted_it_says_what_goes_on_and_how_to_take_it_up_again_which_works(deployer: Deployer) -> None:
    deployer.write(LASTING)
    process = deployer.start("apply", "dev", "--yes")
    until(lambda: status(deployer) == "CREATE_IN_PROGRESS")
    assert process.stderr is not None
    process.stderr.readline()  # it has begun to watch
    code, said = stopped(process)
    assert code == 130
    assert "interrupted; the creation of lms-dev goes on in AWS. Look at it: stackproof status dev\n" in said
    assert said.endswith("Take it up again: stackproof apply dev --wait\n")
    assert "Traceback" not in said

    again = deployer.start("apply", "dev", "--wait")
    assert again.stderr is not None
    line = again.stderr.readline()
    assert line.startswith("lms-dev is in CREATE_IN_PROGRESS since 20")
    assert line.endswith(" UTC, started by root; waiting for it\n")
    finish(deployer)
    out, _ = again.communicate(timeout=30)
    assert (again.returncode, "no changes" in out) == (0, True)
    assert status(deployer) == "CREATE_COMPLETE"


def test_a_busy_stack_is_refused_before_anything_is_sent(lasting: Deployer) -> None:
    for command in (["plan", "dev"], ["apply", "dev", "--yes"], ["destroy", "dev", "--yes"]):
        done = lasting(*command)
        assert done.code == 4
        assert "lms-dev is in CREATE_IN_PROGRESS since " in done.err
        assert ", started by root; nothing was sent. Wait for it with python deploy.py apply dev --wait" in done.err
    assert lasting.change_sets() == []
    assert "lms-dev: CREATE_IN_PROGRESS" in lasting("status", "dev").out


@pytest.fixture
def updating(deployer: Deployer) -> Iterator[Popen[str]]:
    """An update of a stack that exists, under way in a process of its own."""
    deployer.write({"Topic": TOPIC})
    deployer.apply()
    deployer.write(LASTING)
    with deployer.start("apply", "dev", "--yes") as process:
        until(lambda: status(deployer) == "UPDATE_IN_PROGRESS" and is_waiting(deployer))
        yield process
        if status(deployer) == "UPDATE_IN_PROGRESS":
            finish(deployer)
        process.communicate(timeout=30)


def test_an_update_is_cancelled_and_watched_until_all_is_as_it_was(deployer: Deployer, updating: Popen[str]) -> None:
    process = deployer.start("cancel", "dev")
    assert process.stderr is not None
    line = process.stderr.readline()
    assert line.startswith("Cancelling the update of lms-dev, under way since 20")
    assert line.endswith(", started by root\n")
    out, said = process.communicate(timeout=30)
    assert process.returncode == 0, said
    assert out == "lms-dev is in UPDATE_ROLLBACK_COMPLETE: everything is as it was before.\n"
    # What happened before the cancellation counts on the way back: one was touched.
    assert "0 of 1  UPDATE_ROLLBACK_IN_PROGRESS" in said
    found = deployer.cloudformation.describe_stack_resources(StackName=STACK)["StackResources"]
    assert [each["LogicalResourceId"] for each in found] == ["Topic"]
    # Whoever applied it sees it come back, and is told so.
    _, applied = updating.communicate(timeout=30)
    assert updating.returncode == 1
    assert "lms-dev ended in UPDATE_ROLLBACK_COMPLETE." in applied


def test_a_program_reads_how_a_cancellation_ended(deployer: Deployer, updating: Popen[str]) -> None:
    assert updating.poll() is None
    first, *_, last = deployer("cancel", "dev", "--json").objects
    assert (first["logical_id"], first["status"]) == (STACK, "UPDATE_IN_PROGRESS")
    assert last == {"stack": STACK, "status": "UPDATE_ROLLBACK_COMPLETE", "outputs": {}, "cause": None}


def test_what_cannot_be_cancelled_is_left_alone(deployer: Deployer) -> None:
    deployer.write({"Topic": TOPIC})
    done = deployer("cancel", "dev")
    assert (done.code, done.out) == (0, "lms-dev does not exist: nothing to cancel.\n")
    deployer.apply()
    done = deployer("cancel", "dev", "--json")
    assert done.objects == [{"stack": STACK, "status": "CREATE_COMPLETE", "outputs": {}, "cause": None}]


def test_a_creation_cannot_be_cancelled(lasting: Deployer) -> None:
    done = lasting("cancel", "dev")
    assert done.code == 4
    assert "a creation cannot be cancelled. Wait for it, or delete what there is: python deploy.py destroy" in done.err
    assert status(lasting) == "CREATE_IN_PROGRESS"


def test_an_update_whose_end_comes_before_the_cancellation_is_no_success(
    deployer: Deployer, updating: Popen[str]
) -> None:
    with proxy(deployer.aws.url) as line:
        deployer.aws.environment["AWS_ENDPOINT_URL"] = line.url
        fault = line.fault = Fault("held", "CancelUpdateStack")
        process = deployer.start("cancel", "dev")
        assert fault.reached.wait(30)
        finish(deployer)
        until(lambda: status(deployer) == "UPDATE_COMPLETE")
        fault.release.set()
        _, said = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "CancelUpdateStack cannot be called from current stack status" in said


def test_what_a_nested_stack_does_is_shown_and_counted(deployer: Deployer) -> None:
    def write(*names: str) -> None:
        url = deployer.upload("-".join(names), dict.fromkeys(names, TOPIC))
        deployer.write(
            {"Topic": TOPIC, "Network": {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": url}}}
        )

    write("Inner")
    done = deployer.apply("--json")
    shown = {(each["within"], each["logical_id"]): each for each in done.objects[1:-1]}
    assert {key for key, each in shown.items() if each["status"] == "CREATE_COMPLETE"} == {
        ("", STACK),
        ("", "Topic"),
        ("", "Network"),
        ("Network", "Inner"),
    }
    assert (shown["", STACK]["done"], shown["", STACK]["total"]) == (3, 3)
    write("Inner", "Second")
    done = deployer.apply()
    assert "CREATE_COMPLETE       Network/Second (AWS::SNS::Topic)" in done.err


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [([], 4, "Plan again.\n"), (["--wait"], 0, "Planning again.\n")],
)
def test_of_two_that_apply_at_once_one_wins(options: list[str], code: int, words: str, deployer: Deployer) -> None:
    deployer.write({"Topic": TOPIC})
    deployer.apply()
    deployer.write({"Topic": TOPIC, "Other": TOPIC})
    with proxy(deployer.aws.url) as line:
        deployer.aws.environment["AWS_ENDPOINT_URL"] = line.url
        fault = line.fault = Fault("held", "ExecuteChangeSet")
        slower = deployer.start("apply", "dev", "--yes", *options)
        assert fault.reached.wait(30)
        deployer.apply()
        fault.release.set()
        out, said = slower.communicate(timeout=60)
    assert (slower.returncode, "Traceback" in said) == (code, False), said
    assert said.startswith("somebody else was faster, and this plan was not executed (")
    assert said.endswith(words)
    # What the faster one did leaves nothing to do.
    assert out.count("lms-dev: no changes") == len(options)
    assert status(deployer) == "UPDATE_COMPLETE"
    assert deployer.change_sets() == []


@pytest.mark.parametrize(("answer", "code"), [("y", 0), ("YES", 0), ("n", 4), ("", 4), ("maybe", 4)])
def test_on_a_terminal_it_asks_and_only_yes_is_a_yes(answer: str, code: int, deployer: Deployer) -> None:
    deployer.write({"Topic": TOPIC})
    terminal = Terminal(deployer, "apply", "dev")
    terminal.answer("Apply this? [y/N] ", answer)
    assert terminal.end() == code
    assert status(deployer) == ("CREATE_COMPLETE" if code == 0 else "None")
    if code:
        assert "not applied: the answer was no" in terminal.screen
    else:
        assert "\x1b[32m  + Topic  AWS::SNS::Topic\x1b[0m" in terminal.screen
        assert "1 of 1" in terminal.screen


def test_an_interrupted_question_is_no_answer_and_leaves_nothing(deployer: Deployer) -> None:
    deployer.write({"Topic": TOPIC})
    terminal = Terminal(deployer, "apply", "dev")
    terminal.answer("Apply this? [y/N] ", "\x03")
    assert terminal.end() == 130
    assert terminal.screen.rstrip().endswith("interrupted")
    assert status(deployer) == "None"


@pytest.mark.parametrize(("answer", "code"), [(STACK, 0), ("lms-prod", 4), ("y", 4)])
def test_a_store_at_stake_wants_the_stack_s_name_typed(answer: str, code: int, deployer: Deployer) -> None:
    deployer.write({"Uploads": {"Type": "AWS::S3::Bucket"}, "Topic": TOPIC})
    deployer.apply()
    deployer.write({"Topic": TOPIC})
    terminal = Terminal(deployer, "apply", "dev")
    terminal.answer("Type the stack's name, lms-dev, to go on: ", answer)
    assert terminal.end() == code
    assert len(deployer.aws.client("s3").list_buckets()["Buckets"]) == (0 if code == 0 else 1)


def test_a_deletion_wants_the_stack_s_name_typed(deployer: Deployer) -> None:
    deployer.write({"Topic": TOPIC})
    deployer.apply()
    for answer, code in (("yes", 4), (STACK, 0)):
        terminal = Terminal(deployer, "destroy", "dev")
        terminal.answer("to go on: ", answer)
        assert terminal.end() == code
    assert status(deployer) == "None"


def test_what_runs_is_redrawn_and_its_line_is_gone_at_the_end(deployer: Deployer) -> None:
    deployer.write(LASTING)
    terminal = Terminal(deployer, "apply", "dev", "--yes")
    terminal.read_until("Wait (AWS::CloudFormation::WaitCondition)")
    finish(deployer)
    assert terminal.end() == 0
    assert "\x1b[2K" in terminal.screen
    assert "2 of 2  CREATE_COMPLETE" in terminal.screen


@pytest.mark.parametrize("variables", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_no_colour_where_none_is_wanted(variables: dict[str, str], deployer: Deployer) -> None:
    deployer.write({"Topic": TOPIC})
    terminal = Terminal(deployer, "plan", "dev", **variables)
    assert terminal.end() == 0
    assert "  + Topic  AWS::SNS::Topic" in terminal.screen
    assert "\x1b[3" not in terminal.screen


def test_the_wrong_account_is_refused_with_both_named(deployer: Deployer, monkeypatch: pytest.MonkeyPatch) -> None:
    deployer.write({"Topic": TOPIC})
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "999999999999")
    for command in (["plan", "dev"], ["apply", "dev", "--yes"], ["destroy", "dev", "--yes"], ["status", "dev"]):
        done = deployer(*command)
        assert (done.code, done.out) == (4, "")
        assert f"belongs to account {deployer.aws.account}" in done.err
        assert "these credentials are of account 999999999999" in done.err


def test_without_credentials_the_answer_says_how_to_give_some(
    deployer: Deployer, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployer.write({"Topic": TOPIC})
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    done = deployer("plan", "dev")
    assert done.code == 1
    assert done.err.startswith("no AWS credentials: give --profile")


def test_an_endpoint_that_nobody_listens_on_is_named(deployer: Deployer, monkeypatch: pytest.MonkeyPatch) -> None:
    deployer.write({"Topic": TOPIC})
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    done = deployer("plan", "dev")
    assert done.code == 1
    assert done.err.startswith("http://127.0.0.1:9 cannot be reached: ")


def test_debug_shows_where_it_went_wrong(deployer: Deployer, monkeypatch: pytest.MonkeyPatch) -> None:
    deployer.write({"Topic": TOPIC})
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    done = deployer("plan", "dev", "--debug")
    assert "Traceback" in done.err
    assert "EndpointConnectionError" in done.err


def test_a_region_is_taken_from_aws_s_own_variable(deployer: Deployer, monkeypatch: pytest.MonkeyPatch) -> None:
    template = str(deployer.template(Resources={"Topic": TOPIC}))
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    (plan,) = deployer.stackproof("plan", "--template", template, "--stack-name", "theirs", "--json").objects
    assert plan["region"] == "eu-west-1"
    monkeypatch.delenv("AWS_REGION")
    done = deployer.stackproof("plan", "--template", template, "--stack-name", "theirs")
    assert (done.code, done.err) == (2, "region: is not known: give --region or set AWS_REGION\n")


def test_a_yaml_template_with_short_forms_is_sent_as_it_was_written(deployer: Deployer) -> None:
    path = deployer.folder / "theirs.yaml"
    text = "# ours\nParameters:\n  Word: {Type: String}\nResources:\n  Topic:\n    Type: AWS::SNS::Topic\n"
    path.write_text(text + "    Properties:\n      DisplayName: !Sub '${Word}-topic'\n")
    (deployer.folder / "theirs.json").write_text('{"Parameters": {"Word": "good"}}')
    call = ("--template", "theirs.yaml", "--params", "theirs.json", "--stack-name", "theirs")
    assert deployer.stackproof("apply", *call, "--yes").code == 0
    body = deployer.cloudformation.get_template(StackName="theirs", TemplateStage="Original")["TemplateBody"]
    assert body.startswith("# ours\n")
    assert "no changes" in deployer.stackproof("plan", *call).out
    assert deployer.stackproof("destroy", *call, "--yes").code == 0


def test_a_stack_whose_file_says_nothing_of_tags_keeps_its_own(deployer: Deployer) -> None:
    deployer.write({"Topic": TOPIC}, tags={"owner": "them"})
    deployer.apply()
    template = str(deployer.template(Resources={"Topic": TOPIC, "Other": TOPIC}))
    done = deployer.stackproof("apply", "--template", template, "--stack-name", STACK, "--yes")
    assert done.code == 0, done.err
    assert "Tags" not in done.out
    assert (deployer.stack() or {})["Tags"] == [{"Key": "owner", "Value": "them"}]


def test_the_version_is_told(deployer: Deployer) -> None:
    done = deployer.stackproof("--version")
    assert (done.code, done.out.split()[0]) == (0, "stackproof")
    with deployer.start("--version") as process:
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (0, done.out, "")
