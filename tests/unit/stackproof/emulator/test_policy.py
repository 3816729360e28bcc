"""The stack policy: an update that it denies fails, says why, and changes nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.stackproof.emulator.stacks import resources

if TYPE_CHECKING:
    from tests.unit.stackproof.emulator.stacks import Stacks, Template

ALLOW_ALL = {"Effect": "Allow", "Principal": "*", "Action": "Update:*", "Resource": "*"}


def template(cidr: str = "10.0.0.0/16", *, dns: bool = True, other: bool = True) -> Template:
    built = resources(
        Vpc=("EC2::VPC", {"CidrBlock": cidr, "EnableDnsSupport": dns}), Gateway=("EC2::InternetGateway", {})
    )
    if not other:
        del built["Resources"]["Gateway"]
    return built


def deny(**parts: Any) -> dict[str, Any]:
    return {"Effect": "Deny", "Principal": "*", "Action": "Update:Replace", "Resource": "*", **parts}


def updated(stacks: Stacks, statements: list[dict[str, Any]], after: Template, **execution: Any) -> dict[str, Any]:
    """The stack after an update under a policy."""
    stacks.deploy(template())
    stacks.client.set_stack_policy(StackName="demo", StackPolicyBody=json.dumps({"Statement": statements}))
    stacks.client.execute_change_set(ChangeSetName=stacks.change_set(after), **execution)
    return stacks.settled("demo")


@pytest.mark.parametrize(
    "statement",
    [
        deny(),
        deny(Action=["Update:Delete", "Update:Replace"]),
        deny(Action="Update:*", Resource="LogicalResourceId/Vpc"),
        deny(Resource=["LogicalResourceId/V*", "LogicalResourceId/Other"]),
        deny(Condition={"StringEquals": {"ResourceType": ["AWS::EC2::VPC", "AWS::RDS::DBCluster"]}}),
        deny(Condition={"StringLike": {"ResourceType": "AWS::EC2::*"}}),
        {"Effect": "Deny", "Principal": "*", "NotAction": "Update:Modify", "NotResource": "LogicalResourceId/Other"},
    ],
)
def test_a_deny_stops_the_replacement(stacks: Stacks, statement: dict[str, Any]) -> None:
    stack = updated(stacks, [ALLOW_ALL, statement], template("10.1.0.0/16"))
    assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert stacks.failure() == (
        "Action denied by stack policy: Statement [#2] does not allow [Update:Replace] "
        "for resource [LogicalResourceId/Vpc];"
    )
    vpc = stacks.aws.client("ec2").describe_vpcs(VpcIds=[stacks.physical_id("Vpc")])["Vpcs"][0]
    assert vpc["CidrBlock"] == "10.0.0.0/16"


@pytest.mark.parametrize(
    "statement",
    [
        deny(Resource="LogicalResourceId/Other"),
        deny(Action="Update:Modify"),
        deny(Condition={"StringEquals": {"ResourceType": "AWS::RDS::DBCluster"}}),
    ],
)
def test_a_deny_of_something_else_does_not(stacks: Stacks, statement: dict[str, Any]) -> None:
    stack = updated(stacks, [ALLOW_ALL, statement], template("10.1.0.0/16"))
    assert stack["StackStatus"] == "UPDATE_COMPLETE"


def test_what_nothing_allows_is_denied(stacks: Stacks) -> None:
    allow = {**ALLOW_ALL, "Action": ["Update:Replace", "Update:Delete"]}
    stack = updated(stacks, [allow], template(dns=False))
    assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert (
        stacks.failure() == "Action not allowed by stack policy: no statement allows [Update:Modify] for resource [Vpc]"
    )


def test_a_removal_is_denied_and_all_denials_are_told(stacks: Stacks) -> None:
    stack = updated(stacks, [ALLOW_ALL, deny(Action="Update:*")], template(dns=False, other=False))
    assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    failed = {name: reason for name, status, reason in stacks.events() if status == "UPDATE_FAILED"}
    assert set(failed) == {"Gateway", "Vpc"}
    assert "[Update:Delete] for resource [LogicalResourceId/Gateway]" in failed["Gateway"]
    reasons = [reason for _, status, reason in stacks.events() if status == "UPDATE_ROLLBACK_IN_PROGRESS"]
    assert reasons == ["The following resource(s) failed to update: [Gateway, Vpc]. "]
    assert stacks.physical_id("Gateway").startswith("igw-")


def test_adding_is_always_allowed(stacks: Stacks) -> None:
    after = template()
    after["Resources"]["New"] = {"Type": "AWS::EC2::InternetGateway"}
    assert updated(stacks, [deny(Action="Update:*")], after)["StackStatus"] == "UPDATE_COMPLETE"


def test_without_rollback_a_denied_update_stays_failed(stacks: Stacks) -> None:
    stack = updated(stacks, [deny()], template("10.1.0.0/16"), DisableRollback=True)
    assert stack["StackStatus"] == "UPDATE_FAILED"
    stacks.client.rollback_stack(StackName="demo")
    assert stacks.settled("demo")["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"


def test_a_policy_has_no_say_in_a_creation_of_another_stack(stacks: Stacks) -> None:
    updated(stacks, [deny(Action="Update:*")], {**template(), "Outputs": {"Id": {"Value": {"Ref": "Vpc"}}}})
    assert stacks.deploy(template(), stack="other")["StackStatus"] == "CREATE_COMPLETE"
