"""Requests that are refused at once, in CloudFormation's words."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tests.unit.stackproof.emulator.stacks import resources

if TYPE_CHECKING:
    from tests.unit.stackproof.emulator.stacks import Stacks

TEMPLATE = {
    "Parameters": {"Name": {"Type": "String"}, "Size": {"Type": "String"}, "Kind": {"Type": "String", "Default": "x"}},
    **resources(Vpc=("EC2::VPC", {"CidrBlock": "10.0.0.0/16"})),
}
GIVEN = {"Name": "a", "Size": "b"}
BROKEN = resources(Nat=("EC2::NatGateway", {"SubnetId": "subnet-none"}))


def refusal(stacks: Stacks, template: dict[str, Any], **request: Any) -> str:
    """The error with which CreateChangeSet refuses."""
    with pytest.raises(ClientError) as refused:
        stacks.change_set(template, **request)
    error = refused.value.response["Error"]
    return f"{error['Code']}: {error['Message']}"


def test_all_unknown_parameters_are_named(stacks: Stacks) -> None:
    text = refusal(stacks, TEMPLATE, parameters={**GIVEN, "Nmae": "a", "Siez": "b"})
    assert text == "ValidationError: Parameters: [Nmae, Siez] do not exist in the template"


def test_all_missing_parameters_are_named(stacks: Stacks) -> None:
    assert refusal(stacks, TEMPLATE) == "ValidationError: Parameters: [Name, Size] must have values"


def test_a_refused_creation_leaves_no_stack(stacks: Stacks) -> None:
    refusal(stacks, TEMPLATE)
    assert stacks.client.describe_stacks()["Stacks"] == []


@pytest.mark.parametrize("name", ["1st", "a_b", "a" * 129, "ä"])
def test_the_name_of_a_change_set_has_a_pattern(stacks: Stacks, name: str) -> None:
    text = refusal(stacks, TEMPLATE, name=name, parameters=GIVEN)
    assert text.startswith(f"ValidationError: 1 validation error detected: Value '{name}' at 'changeSetName' failed")


def test_capabilities_are_needed(stacks: Stacks) -> None:
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
    role = resources(Role=("IAM::Role", {"AssumeRolePolicyDocument": trust}))
    named = resources(Role=("IAM::Role", {"RoleName": "x", "AssumeRolePolicyDocument": trust}))
    needed = "InsufficientCapabilitiesException: Requires capabilities : "
    assert refusal(stacks, role) == f"{needed}[CAPABILITY_IAM]"
    assert refusal(stacks, named, Capabilities=["CAPABILITY_IAM"]) == f"{needed}[CAPABILITY_NAMED_IAM]"
    assert stacks.deploy(role, Capabilities=["CAPABILITY_NAMED_IAM"])["StackStatus"] == "CREATE_COMPLETE"


def test_a_stack_that_exists_is_not_created_again(stacks: Stacks) -> None:
    stacks.deploy(TEMPLATE, parameters=GIVEN)
    text = refusal(stacks, TEMPLATE, name="again", ChangeSetType="CREATE", parameters=GIVEN)
    assert (
        text == "ValidationError: Stack [demo] already exists and cannot be created again with the changeSet [again]."
    )


def test_a_stack_that_was_rolled_back_can_neither_be_created_nor_updated(stacks: Stacks) -> None:
    stack = stacks.deploy(BROKEN)
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    text = refusal(stacks, TEMPLATE, ChangeSetType="UPDATE", parameters=GIVEN)
    assert text == f"ValidationError: Stack:{stack['StackId']} is in ROLLBACK_COMPLETE state and can not be updated."
    assert "already exists" in refusal(stacks, TEMPLATE, ChangeSetType="CREATE", parameters=GIVEN)
    stacks.delete()
    assert stacks.deploy(TEMPLATE, parameters=GIVEN)["StackStatus"] == "CREATE_COMPLETE"


def test_a_busy_stack_takes_no_change_set(stacks: Stacks) -> None:
    handle = resources(Handle=("CloudFormation::WaitConditionHandle", {}))
    stack = stacks.deploy(handle)
    waiting = {"Handle": {"Ref": "Handle"}, "Timeout": "60"}
    both = {
        "Resources": {**handle["Resources"], **resources(Wait=("CloudFormation::WaitCondition", waiting))["Resources"]}
    }
    stacks.client.execute_change_set(ChangeSetName=stacks.change_set(both))
    text = refusal(stacks, both, ChangeSetType="UPDATE")
    assert text == f"ValidationError: Stack:{stack['StackId']} is in UPDATE_IN_PROGRESS state and can not be updated."
    stacks.client.signal_resource(StackName="demo", LogicalResourceId="Wait", UniqueId="1", Status="FAILURE")
    assert stacks.settled("demo")["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"


def test_an_update_of_no_stack_is_refused_by_ministack_itself(stacks: Stacks) -> None:
    assert refusal(stacks, TEMPLATE, ChangeSetType="UPDATE") == "ValidationError: Stack [demo] does not exist"


def test_a_second_change_set_leaves_the_stack_under_review_as_it_is(stacks: Stacks) -> None:
    first = stacks.client.describe_change_set(ChangeSetName=stacks.change_set(TEMPLATE, parameters=GIVEN))
    second = stacks.change_set(TEMPLATE, parameters=GIVEN)
    assert stacks.client.describe_change_set(ChangeSetName=second)["StackId"] == first["StackId"]
    (stack,) = stacks.client.describe_stacks()["Stacks"]
    assert (stack["StackId"], stack["StackStatus"]) == (first["StackId"], "REVIEW_IN_PROGRESS")
    refusal(stacks, TEMPLATE)
    assert [entry["StackId"] for entry in stacks.client.describe_stacks()["Stacks"]] == [first["StackId"]]
    assert stacks.execute(second)["StackId"] == first["StackId"]


def test_a_stack_under_review_takes_no_policy(stacks: Stacks) -> None:
    stacks.change_set(TEMPLATE, parameters=GIVEN)
    with pytest.raises(ClientError, match="is in REVIEW_IN_PROGRESS state"):
        stacks.client.set_stack_policy(StackName="demo", StackPolicyBody=json.dumps({"Statement": []}))


@pytest.mark.parametrize(
    ("resource", "output", "names", "block"),
    [
        ({"Properties": {"CidrBlock": {"Ref": "Cdir"}}}, {}, "Cdir", "Resources"),
        (
            {"Properties": {"Tags": [{"Key": "a", "Value": {"Fn::Sub": "${Nme}-${AWS::Region}"}}]}},
            {},
            "Nme",
            "Resources",
        ),
        ({"DependsOn": "First"}, {}, "First", "Resources"),
        ({"DependsOn": ["Second", "First"], "Condition": "Never"}, {}, "First, Never, Second", "Resources"),
        ({"Properties": {"CidrBlock": {"Fn::If": ["Never", "a", "b"]}}}, {}, "Never", "Resources"),
        ({}, {"Value": {"Fn::GetAtt": ["Vcp", "CidrBlock"]}}, "Vcp", "Outputs"),
    ],
)
def test_what_nothing_defines_is_named(
    stacks: Stacks, resource: dict[str, Any], output: dict[str, Any], names: str, block: str
) -> None:
    template = {
        "Resources": {"Vpc": {"Type": "AWS::EC2::VPC", **resource}},
        "Outputs": {"It": {"Value": {"Ref": "Vpc"}, **output}},
    }
    assert refusal(stacks, template) == (
        f"ValidationError: Template format error: Unresolved resource dependencies [{names}] "
        f"in the {block} block of the template"
    )
