"""An operation that goes on until somebody says so, to interrupt, take up, wait for and race."""

from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING, Any

from tests.integration.deployer import STACK, TOPIC

if TYPE_CHECKING:
    from subprocess import Popen

    from tests.integration.deployer import Deployer

WAIT = {
    "Type": "AWS::CloudFormation::WaitCondition",
    "DependsOn": "Topic",
    "CreationPolicy": {"ResourceSignal": {"Timeout": "PT10M"}},
}
LASTING = {"Topic": TOPIC, "Wait": WAIT}


def until(what: Any) -> Any:
    """The first true answer to a question that is asked again and again."""
    for _ in range(600):
        if found := what():
            return found
        time.sleep(0.05)  # between two looks, not for luck
    raise AssertionError("it did not happen within half a minute")


def is_waiting(deployer: Deployer) -> bool:
    """Whether the operation has come to where it waits."""
    found = deployer.cloudformation.describe_stack_events(StackName=STACK)["StackEvents"]
    return any(each["LogicalResourceId"] == "Wait" for each in found)


def finish(deployer: Deployer, status: str = "SUCCESS") -> None:
    """Let the operation that lasts go on: well, or with a failure."""
    until(lambda: is_waiting(deployer))
    deployer.cloudformation.signal_resource(StackName=STACK, LogicalResourceId="Wait", UniqueId="1", Status=status)


def status(deployer: Deployer) -> str:
    """The stack's status; "None" when there is no stack."""
    return str((deployer.stack() or {}).get("StackStatus"))


def stopped(process: Popen[str], by: signal.Signals = signal.SIGINT) -> tuple[int, str]:
    """Exit code and standard error of a command that is sent a signal."""
    process.send_signal(by)
    _, said = process.communicate(timeout=30)
    return process.returncode, said
