"""Whatever happens to the line, the credentials or the command: nothing is lost, and the next run takes up."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, Any

import pytest
from botocore.retries.bucket import TokenBucket
from botocore.retries.standard import ExponentialBackoff

from stackproof.deployment import aws, polling
from tests.integration.deployer import ALLOW, TOPIC
from tests.integration.lasting import status
from tests.proxy import Fault, proxy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.integration.deployer import Deployer
    from tests.proxy import Proxy

# Every call of an update, in the order in which they are first made.
UPDATE = [
    "GetCallerIdentity",
    "DescribeStacks",
    "CreateChangeSet",
    "DescribeChangeSet",
    "DescribeEvents",
    "GetTemplate",
    "GetStackPolicy",
    "SetStackPolicy",
    "UpdateTerminationProtection",
    "DescribeStackEvents",
    "ExecuteChangeSet",
]
# A failure to read these is a warning, and no reason to stop.
OPTIONAL = {"DescribeEvents"}


def setting(value: str) -> dict[str, Any]:
    return {"Type": "AWS::SSM::Parameter", "Properties": {"Name": "/lms/setting", "Type": "String", "Value": value}}


def value(deployer: Deployer) -> str:
    return str(deployer.aws.client("ssm").get_parameter(Name="/lms/setting")["Parameter"]["Value"])


@pytest.fixture
def line(deployer: Deployer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    """A stack with the setting "old"; its files say "new", a stack policy and protection; a line that may fail."""
    deployer.write({"Setting": setting("old")})
    deployer.apply()
    deployer.write({"Setting": setting("new"), "Topic": TOPIC}, policy=ALLOW, target="protected = true")
    # How long the SDK waits between its own attempts, and how slowly it sends once it was throttled, is not what is
    # tested here.
    monkeypatch.setattr(ExponentialBackoff, "delay_amount", lambda *_: 0.01)
    monkeypatch.setattr(TokenBucket, "acquire", lambda *_: True)
    with proxy(deployer.aws.url) as found:
        monkeypatch.setenv("AWS_ENDPOINT_URL", found.url)
        deployer.aws.environment["AWS_ENDPOINT_URL"] = found.url
        yield found


def taken_up(deployer: Deployer, line: Proxy) -> None:
    """The next run, with a sound line, ends in what the files say, and leaves nothing else."""
    line.fault = None
    done = deployer("apply", "dev", "--yes", "--wait")
    assert done.code == 0, done.err
    assert (status(deployer), value(deployer)) == ("UPDATE_COMPLETE", "new")
    assert (deployer.stack() or {})["EnableTerminationProtection"] is True
    assert deployer.cloudformation.get_stack_policy(StackName="lms-dev").get("StackPolicyBody")
    assert deployer.change_sets() == []


def test_the_calls_of_an_update_are_those_that_are_made_to_fail_here(deployer: Deployer, line: Proxy) -> None:
    assert deployer("apply", "dev", "--yes").code == 0
    assert list(dict.fromkeys(line.calls)) == UPDATE


@pytest.mark.parametrize("kind", ["throttled", "unheard", "unanswered"])
def test_each_call_may_be_throttled_or_lost_or_its_answer_be_lost_once(
    kind: str, deployer: Deployer, line: Proxy
) -> None:
    line.fault = Fault(kind, times=1)
    done = deployer("apply", "dev", "--yes")
    assert done.code == 0, done.err
    assert (status(deployer), value(deployer)) == ("UPDATE_COMPLETE", "new")
    assert [name for name in UPDATE if line.calls.count(name) < 2] == []


@pytest.mark.parametrize("kind", ["throttled", "unheard", "unanswered", "expired"])
@pytest.mark.parametrize("action", UPDATE)
def test_whichever_call_fails_for_good_the_next_run_takes_up(
    action: str, kind: str, deployer: Deployer, line: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aws, "_ATTEMPTS", 2)
    monkeypatch.setattr(polling, "PATIENCE", 2)
    line.fault = Fault(kind, action)
    done = deployer("apply", "dev", "--yes")
    if action in OPTIONAL and kind in {"throttled", "expired"}:
        assert "the validation of the change set could not be read" in done.out
    else:
        assert (done.code, "Traceback" in done.err) == (1, False)
        words = {"throttled": f"{action} was throttled", "expired": "credentials have expired"}
        assert words.get(kind, "cannot be reached") in done.err
        assert status(deployer) in {"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_IN_PROGRESS"}
    taken_up(deployer, line)


@pytest.mark.parametrize("kind", ["throttled", "unheard", "expired"])
def test_a_line_that_fails_in_the_middle_of_the_wait_says_what_goes_on(
    kind: str, deployer: Deployer, line: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aws, "_ATTEMPTS", 1)
    monkeypatch.setattr(polling, "PATIENCE", 2)
    # The first look is before the execution, the second one the first of the wait.
    line.fault = Fault(kind, "DescribeStackEvents", after=1)
    done = deployer("apply", "dev", "--yes")
    assert done.code == 1
    assert "the update of lms-dev may have started in AWS. Look at it: python deploy.py status dev\n" in done.err
    assert "Take it up again: python deploy.py apply dev --wait\nCancel it: python deploy.py cancel dev\n" in done.err
    taken_up(deployer, line)


@pytest.mark.parametrize(
    ("action", "by"),
    [
        *[(action, by) for action in UPDATE[1:] for by in (signal.SIGINT, signal.SIGKILL)],
        ("CreateChangeSet", signal.SIGTERM),
        ("DescribeStackEvents", signal.SIGTERM),
    ],
)
def test_at_whichever_call_it_is_stopped_the_next_run_takes_up(
    action: str, by: signal.Signals, deployer: Deployer, line: Proxy
) -> None:
    fault = line.fault = Fault("held", action, times=1)
    process = deployer.start("apply", "dev", "--yes")
    assert fault.reached.wait(30)
    process.send_signal(by)
    fault.release.set()
    _, said = process.communicate(timeout=30)
    if by == signal.SIGKILL:
        assert process.returncode == -signal.SIGKILL
    else:
        assert (process.returncode, "Traceback" in said) == (130, False)
        assert "interrupted" in said
        assert deployer.change_sets() == []
    taken_up(deployer, line)
