"""An update that is cancelled comes back at once, whatever it waits for."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tests.unit.stackproof.emulator.stacks import resources

if TYPE_CHECKING:
    from tests.unit.stackproof.emulator.stacks import Stacks

GATEWAY: tuple[str, dict[str, Any]] = ("EC2::InternetGateway", {})
WAIT = {
    "Type": "AWS::CloudFormation::WaitCondition",
    "CreationPolicy": {"ResourceSignal": {"Timeout": "PT10M"}},
}


def waiting(stacks: Stacks, stack: str = "demo") -> None:
    """Start an update that waits."""
    stacks.deploy(resources(Gateway=GATEWAY), stack=stack)
    template = resources(Gateway=GATEWAY)
    template["Resources"]["Wait"] = WAIT
    stacks.client.execute_change_set(ChangeSetName=stacks.change_set(template, stack=stack))
    deadline = time.monotonic() + 30
    while not any(name == "Wait" for name, *_ in stacks.events(stack)):
        assert time.monotonic() < deadline, "it never came to wait"
        time.sleep(0.01)


def test_what_waits_is_given_up_and_the_update_is_rolled_back_as_the_person_s_doing(stacks: Stacks) -> None:
    waiting(stacks)
    stacks.client.cancel_update_stack(StackName="demo", ClientRequestToken="somebody")
    assert stacks.settled("demo")["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    found = stacks.client.describe_stack_events(StackName="demo")["StackEvents"]
    told = [
        (each["ResourceStatus"], each.get("ResourceStatusReason", ""), each.get("ClientRequestToken")) for each in found
    ]
    assert ("UPDATE_ROLLBACK_IN_PROGRESS", "User Initiated", "somebody") in told
    assert ("CREATE_FAILED", "Resource creation cancelled", None) in told


def test_another_stack_goes_on_waiting_for_its_signal(stacks: Stacks) -> None:
    waiting(stacks)
    waiting(stacks, "other")
    stacks.client.cancel_update_stack(StackName="demo")
    stacks.settled("demo")
    assert stacks.client.describe_stacks(StackName="other")["Stacks"][0]["StackStatus"] == "UPDATE_IN_PROGRESS"
    stacks.client.signal_resource(StackName="other", LogicalResourceId="Wait", UniqueId="1", Status="FAILURE")
    assert stacks.settled("other")["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert stacks.failure("other") == "WaitCondition received failed message: '' for uniqueId: 1"


def test_a_stack_that_rests_has_nothing_to_cancel(stacks: Stacks) -> None:
    stacks.deploy(resources(Gateway=GATEWAY))
    with pytest.raises(ClientError, match="cannot be called from current stack status"):
        stacks.client.cancel_update_stack(StackName="demo")
