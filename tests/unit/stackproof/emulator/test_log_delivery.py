"""Log delivery: a source, a destination and a delivery between them come, change and go."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.unit.stackproof.emulator.stacks import resources

if TYPE_CHECKING:
    from tests.unit.stackproof.emulator.stacks import Stacks, Template

ARN = "arn:aws:logs:sa-east-1:${AWS::AccountId}:log-group:"
BALANCER = "arn:aws:elasticloadbalancing:sa-east-1:${AWS::AccountId}:loadbalancer/app/lms/0123456789abcdef"
LET_IN = {
    "Effect": "Allow",
    "Principal": {"Service": "delivery.logs.amazonaws.com"},
    "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
    "Resource": "*",
}


def carried(*, log: str = "${Group}", balancer: str = BALANCER, tag: str = "a", form: str | None = None) -> Template:
    """A delivery into a log group that lets it in."""
    policy = {"Version": "2012-10-17", "Statement": [LET_IN]}
    tags = [{"Key": "kind", "Value": tag}]
    made: dict[str, tuple[str, dict[str, Any]]] = {
        "Group": ("Logs::LogGroup", {"LogGroupName": "/lms/access", "ResourcePolicyDocument": policy}),
        "Source": (
            "Logs::DeliverySource",
            {"Name": "access", "ResourceArn": {"Fn::Sub": balancer}, "LogType": "ALB_ACCESS_LOGS", "Tags": tags},
        ),
        "Destination": (
            "Logs::DeliveryDestination",
            {"Name": "access", "DestinationResourceArn": {"Fn::Sub": ARN + log}, "Tags": tags},
        ),
        "Delivery": (
            "Logs::Delivery",
            {
                "DeliverySourceName": {"Ref": "Source"},
                "DeliveryDestinationArn": {"Fn::GetAtt": ["Destination", "Arn"]},
                "Tags": tags,
            },
        ),
    }
    if form is not None:
        made["Destination"][1]["OutputFormat"] = form
    return resources(**made)


def in_account(stacks: Stacks, arn: str) -> str:
    return arn.replace("${AWS::AccountId}", stacks.aws.account)


def test_a_delivery_comes_changes_and_goes(stacks: Stacks) -> None:
    logs = stacks.aws.client("logs")
    stacks.deploy(carried())
    [delivery] = logs.describe_deliveries()["deliveries"]
    assert delivery["id"] == stacks.physical_id("Delivery")
    assert delivery["deliverySourceName"] == "access"
    destination = logs.get_delivery_destination(name="access")["deliveryDestination"]
    assert delivery["deliveryDestinationArn"] == destination["arn"]
    assert destination["outputFormat"] == "json"
    assert destination["deliveryDestinationConfiguration"] == {
        "destinationResourceArn": in_account(stacks, f"{ARN}/lms/access")
    }

    moved = BALANCER.replace("app/lms", "app/next")
    stacks.deploy(carried(balancer=moved, tag="b"))
    assert logs.get_delivery_source(name="access")["deliverySource"]["resourceArns"] == [in_account(stacks, moved)]
    assert logs.get_delivery_destination(name="access")["deliveryDestination"]["tags"]["kind"] == "b"
    [changed] = logs.describe_deliveries()["deliveries"]
    assert (changed["id"], changed["tags"]["kind"]) == (delivery["id"], "b")

    stacks.delete()
    assert logs.describe_deliveries()["deliveries"] == []
    assert logs.describe_delivery_sources()["deliverySources"] == []
    assert logs.describe_delivery_destinations()["deliveryDestinations"] == []


def test_a_log_group_that_is_not_there_takes_nothing(stacks: Stacks) -> None:
    described = stacks.deploy(carried(log="/elsewhere"))
    assert described["StackStatus"] == "ROLLBACK_COMPLETE"
    missing = in_account(stacks, f"{ARN}/elsewhere")
    assert f"Destination resource does not exist: {missing}" in stacks.failure()


def test_a_log_group_takes_nothing_without_a_policy_of_its_own_or_of_the_account(stacks: Stacks) -> None:
    """CloudFormation, unlike the console, puts none into the account."""
    closed = carried()
    del closed["Resources"]["Group"]["Properties"]["ResourcePolicyDocument"]
    assert stacks.deploy(closed)["StackStatus"] == "ROLLBACK_COMPLETE"
    assert "Access Denied for this Delivery Destination" in stacks.failure()

    document = json.dumps({"Version": "2012-10-17", "Statement": [LET_IN]})
    stacks.aws.client("logs").put_resource_policy(policyName="deliveries", policyDocument=document)
    assert stacks.deploy(closed, stack="second")["StackStatus"] == "CREATE_COMPLETE"


def test_a_bucket_needs_no_policy_of_a_log_group(stacks: Stacks) -> None:
    bucket = carried(form="parquet")
    bucket["Resources"]["Destination"]["Properties"]["DestinationResourceArn"] = "arn:aws:s3:::theirs"
    assert stacks.deploy(bucket)["StackStatus"] == "CREATE_COMPLETE"
    [destination] = stacks.aws.client("logs").describe_delivery_destinations()["deliveryDestinations"]
    assert (destination["deliveryDestinationType"], destination["outputFormat"]) == ("S3", "parquet")


def test_a_destination_that_is_not_there_is_none(stacks: Stacks) -> None:
    missing = carried()
    there = "arn:aws:logs:sa-east-1:${AWS::AccountId}:delivery-destination:gone"
    missing["Resources"]["Delivery"]["Properties"]["DeliveryDestinationArn"] = {"Fn::Sub": there}
    assert stacks.deploy(missing)["StackStatus"] == "ROLLBACK_COMPLETE"
    assert "Requested Delivery Destination does not exist in this account" in stacks.failure()


def test_a_name_is_taken_by_one_stack(stacks: Stacks) -> None:
    stacks.deploy(carried())
    second = carried()
    del second["Resources"]["Group"], second["Resources"]["Destination"], second["Resources"]["Delivery"]
    assert stacks.deploy(second, stack="second")["StackStatus"] == "ROLLBACK_COMPLETE"
    assert "AWS::Logs::DeliverySource" in stacks.failure("second")
    assert "already exists" in stacks.failure("second")


def test_what_a_delivery_uses_is_not_deleted(stacks: Stacks) -> None:
    stacks.deploy(carried())
    logs = stacks.aws.client("logs")
    kept = carried()
    kept["Resources"]["Delivery"]["Properties"] |= {
        "DeliverySourceName": "access",
        "DeliveryDestinationArn": logs.get_delivery_destination(name="access")["deliveryDestination"]["arn"],
    }
    del kept["Resources"]["Source"], kept["Resources"]["Destination"]
    stacks.deploy(kept)
    assert [source["name"] for source in logs.describe_delivery_sources()["deliverySources"]] == ["access"]
    assert [each["name"] for each in logs.describe_delivery_destinations()["deliveryDestinations"]] == ["access"]
