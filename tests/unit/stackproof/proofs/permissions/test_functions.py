"""Functions: their logs, network interfaces and queues, by their role."""

from __future__ import annotations

from stackproof.proofs.verdicts import Verdict
from tests.unit.stackproof.proofs.network_support import ACCOUNT, REGION, att, ref, resource
from tests.unit.stackproof.proofs.permissions_support import (
    BASIC,
    allow,
    alone,
    complaints,
    function,
    key,
    role,
    sub,
    the,
)


def test_a_function_writes_its_log_by_its_role() -> None:
    assert complaints(alone(**function())) == []
    logged = ["logs:CreateLogStream", "logs:PutLogEvents"]
    own = role("lambda", allow(logged, att("Group", "Arn")))
    group = resource("Logs::LogGroup", LogGroupName=sub("/aws/lambda/${Function}"))
    given = {"Function": function()["Function"], "FunctionRole": own, "Group": group}
    assert complaints(alone(**given)) == []
    found = the(alone(**given | {"FunctionRole": role("lambda")}))
    assert (found.logical_id, found.verdict) == ("FunctionRole", Verdict.BROKEN)
    assert found.message.startswith("Function cannot write its log, so that it leaves no log")


def test_a_function_that_makes_its_own_group_needs_the_right_to() -> None:
    own = role(
        "lambda",
        allow(["logs:CreateLogStream", "logs:PutLogEvents"], f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/x:*"),
    )
    made = alone(
        Function=resource("Lambda::Function", Role=att("Own", "Arn"), LoggingConfig={"LogGroup": "/x"}), Own=own
    )
    assert "Function cannot make its log group" in the(made).message


def test_a_function_in_a_vpc_needs_network_interfaces() -> None:
    found = complaints(alone(**function(VpcConfig={"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]})))
    assert {one.verdict for one in found} == {Verdict.BROKEN}
    assert "so that it is not made" in found[0].message
    there = function(VpcConfig={"SubnetIds": ["subnet-1"]})
    there["FunctionRole"]["Properties"]["ManagedPolicyArns"] = [
        "arn:aws:iam::aws:policy/service-role/AWSLambdaVPCAccessExecutionRole"
    ]
    assert complaints(alone(**there)) == []


def test_a_function_that_reads_a_queue_needs_the_right_to_and_its_key() -> None:
    reading = resource("Lambda::EventSourceMapping", EventSourceArn=att("Queue", "Arn"), FunctionName=ref("Function"))
    queue = resource("SQS::Queue", KmsMasterKeyId=ref("Key"))
    given = {**function(), "Queue": queue, "Key": key(), "Reading": reading}
    found = complaints(alone(**given))
    assert [(one.id, one.verdict) for one in found] == [("iam-allowed", Verdict.BROKEN), ("iam-key", Verdict.BROKEN)]
    given["FunctionRole"] = role(
        "lambda",
        allow(["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"], att("Queue", "Arn")),
        allow("kms:Decrypt", att("Key", "Arn")),
        ManagedPolicyArns=[BASIC],
    )
    assert complaints(alone(**given)) == []
    del given["Queue"]["Properties"]["KmsMasterKeyId"]
    assert complaints(alone(**given)) == []
    stream = resource("Lambda::EventSourceMapping", EventSourceArn="arn:aws:kinesis:x", FunctionName=ref("Function"))
    assert complaints(alone(**function(), Reading=stream)) == []
