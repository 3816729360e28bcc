"""The events of an update tell what the update touches, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.unit.stackproof.emulator.stacks import resources

if TYPE_CHECKING:
    from tests.unit.stackproof.emulator.stacks import Stacks, Template

GATEWAY: tuple[str, dict[str, Any]] = ("EC2::InternetGateway", {})
NOWHERE = ("EC2::NatGateway", {"SubnetId": "subnet-none"})


def vpc(cidr: str = "10.0.0.0/16", *, dns: bool = True) -> tuple[str, dict[str, object]]:
    return ("EC2::VPC", {"CidrBlock": cidr, "EnableDnsSupport": dns})


def update(stacks: Stacks, before: Template, after: Template) -> list[tuple[str, str]]:
    """Logical id and status of each event of an update."""
    stacks.deploy(before)
    earlier = len(stacks.events())
    stacks.deploy(after)
    return [(name, status) for name, status, _ in stacks.events()[earlier:]]


def test_a_resource_that_stays_as_it_is_has_no_event(stacks: Stacks) -> None:
    events = update(stacks, resources(Vpc=vpc(), Gateway=GATEWAY), resources(Vpc=vpc(dns=False), Gateway=GATEWAY))
    assert events == [
        ("demo", "UPDATE_IN_PROGRESS"),
        ("Vpc", "UPDATE_IN_PROGRESS"),
        ("Vpc", "UPDATE_COMPLETE"),
        ("demo", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"),
        ("demo", "UPDATE_COMPLETE"),
    ]


def test_a_new_resource_is_created_and_a_removed_one_deleted_in_the_cleanup(stacks: Stacks) -> None:
    events = update(stacks, resources(Vpc=vpc(), Old=GATEWAY), resources(Vpc=vpc(), New=GATEWAY))
    assert events == [
        ("demo", "UPDATE_IN_PROGRESS"),
        ("New", "CREATE_IN_PROGRESS"),
        ("New", "CREATE_COMPLETE"),
        ("demo", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"),
        ("Old", "DELETE_IN_PROGRESS"),
        ("Old", "DELETE_COMPLETE"),
        ("demo", "UPDATE_COMPLETE"),
    ]


def test_a_replaced_resource_says_why_and_its_predecessor_goes_last(stacks: Stacks) -> None:
    stacks.deploy(resources(Vpc=vpc()))
    first = stacks.physical_id("Vpc")
    stacks.deploy(resources(Vpc=vpc("10.1.0.0/16")))
    assert stacks.physical_id("Vpc") != first
    reason = "Requested update requires the creation of a new physical resource; hence creating one."
    assert stacks.events()[-6:] == [
        ("Vpc", "UPDATE_IN_PROGRESS", reason),
        ("Vpc", "UPDATE_COMPLETE", ""),
        ("demo", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", ""),
        ("Vpc", "DELETE_IN_PROGRESS", ""),
        ("Vpc", "DELETE_COMPLETE", ""),
        ("demo", "UPDATE_COMPLETE", ""),
    ]


def test_a_creation_that_fails_in_an_update_is_a_failed_creation(stacks: Stacks) -> None:
    events = update(stacks, resources(Vpc=vpc()), resources(Vpc=vpc(dns=False), Nat=NOWHERE))
    assert ("Nat", "CREATE_FAILED") in events
    assert ("Nat", "UPDATE_FAILED") not in events
    assert events[-1] == ("demo", "UPDATE_ROLLBACK_COMPLETE")
    assert stacks.failure() == "The subnet ID 'subnet-none' does not exist"


def test_an_update_that_fails_has_begun(stacks: Stacks) -> None:
    subnet = {"VpcId": {"Ref": "Vpc"}, "CidrBlock": "10.0.0.0/24"}
    wrong = {**subnet, "EnableDns64": True}
    events = update(
        stacks,
        resources(Vpc=vpc(), Subnet=("EC2::Subnet", subnet)),
        resources(Vpc=vpc(), Subnet=("EC2::Subnet", wrong)),
    )
    assert events[1:3] == [("Subnet", "UPDATE_IN_PROGRESS"), ("Subnet", "UPDATE_FAILED")]
    assert events[-1] == ("demo", "UPDATE_ROLLBACK_COMPLETE")


def test_a_deletion_of_a_stack_reports_as_ever(stacks: Stacks) -> None:
    stacks.deploy(resources(Vpc=vpc()))
    identifier = stacks.delete()["StackId"]
    assert [event[:2] for event in stacks.events(identifier)[-4:]] == [
        ("demo", "DELETE_IN_PROGRESS"),
        ("Vpc", "DELETE_IN_PROGRESS"),
        ("Vpc", "DELETE_COMPLETE"),
        ("demo", "DELETE_COMPLETE"),
    ]


def test_an_operation_that_the_checks_refuse_has_the_id_that_describe_events_is_asked_about(stacks: Stacks) -> None:
    taken = {"BucketName": f"taken-{stacks.aws.account}"}
    stacks.aws.client("s3").create_bucket(
        Bucket=taken["BucketName"], CreateBucketConfiguration={"LocationConstraint": "sa-east-1"}
    )
    stacks.deploy(resources(Gateway=GATEWAY))
    earlier = len(stacks.events())
    refused = stacks.deploy(resources(Gateway=GATEWAY, Files=("S3::Bucket", taken)))
    assert refused["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    found = stacks.client.describe_stack_events(StackName="demo")["StackEvents"]
    of_refused, of_creation = found[:-earlier], found[-earlier:]
    (operation,) = {each["OperationId"] for each in of_refused}
    assert of_refused[-1]["ResourceStatus"] == "UPDATE_IN_PROGRESS"
    assert not any("OperationId" in each for each in of_creation)
    checks = stacks.client.describe_events(OperationId=operation, Filters={"FailedEvents": True})["OperationEvents"]
    assert [(each["LogicalResourceId"], each["ValidationName"]) for each in checks if "ValidationName" in each] == [
        ("Files", "NAME_CONFLICT_VALIDATION")
    ]
