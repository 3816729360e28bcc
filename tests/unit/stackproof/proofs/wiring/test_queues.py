"""Queues: dead letters of the right kind, names that fit their kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from stackproof.proofs.verdicts import Verdict
from tests.unit.stackproof.proofs.network_support import add, att, ref, resource
from tests.unit.stackproof.proofs.wiring_support import changed, complaints, findings

if TYPE_CHECKING:
    from stackproof.proofs.verdicts import Finding

FIFO = resource("SQS::Queue", FifoQueue=True)
STANDARD = resource("SQS::Queue", FifoQueue="false")


def asked(**resources: dict[str, Any]) -> list[Finding]:
    """What is said of queues."""
    return [found for found in complaints(changed(add(**resources))) if found.id == "wire-queue"]


def source(**properties: object) -> dict[str, Any]:
    """A queue with dead letters."""
    return resource("SQS::Queue", RedrivePolicy={"deadLetterTargetArn": att("Letters", "Arn")}, **properties)


def schedule() -> dict[str, Any]:
    """A schedule with dead letters."""
    return resource("Scheduler::Schedule", Target={"DeadLetterConfig": {"Arn": att("Letters", "Arn")}})


def rule() -> dict[str, Any]:
    """A rule whose second target has dead letters."""
    letters = {"Id": "b", "DeadLetterConfig": {"Arn": att("Letters", "Arn")}}
    return resource("Events::Rule", Targets=[{"Id": "a"}, letters])


def function() -> dict[str, Any]:
    """A function with dead letters."""
    return resource("Lambda::Function", DeadLetterConfig={"TargetArn": att("Letters", "Arn")})


@pytest.mark.parametrize(
    ("owner", "letters", "path", "says"),
    [
        (
            source(),
            FIFO,
            "Properties.RedrivePolicy.deadLetterTargetArn",
            "A standard queue keeps dead letters in a standard queue alone, and Letters is a FIFO queue",
        ),
        (
            source(FifoQueue=True),
            STANDARD,
            "Properties.RedrivePolicy.deadLetterTargetArn",
            "A FIFO queue keeps dead letters in a FIFO queue alone, and Letters is a standard queue: AWS refuses it.",
        ),
        (
            schedule(),
            FIFO,
            "Properties.Target.DeadLetterConfig.Arn",
            "EventBridge Scheduler keeps dead letters in a standard queue alone, and Letters is a FIFO queue",
        ),
        (
            rule(),
            FIFO,
            "Properties.Targets.1.DeadLetterConfig.Arn",
            "EventBridge keeps dead letters in a standard queue alone, and Letters is a FIFO queue",
        ),
        (
            function(),
            FIFO,
            "Properties.DeadLetterConfig.TargetArn",
            "Lambda keeps dead letters in a standard queue alone, and Letters is a FIFO queue",
        ),
    ],
)
def test_dead_letters_in_a_queue_of_the_other_kind(
    owner: dict[str, Any], letters: dict[str, Any], path: str, says: str
) -> None:
    (found,) = asked(Odd=owner, Letters=letters)
    assert (found.verdict, found.logical_id, found.path) == (Verdict.BROKEN, "Odd", path)
    assert found.message.startswith(says)
    assert found.fix.endswith("or change FifoQueue of Letters.")
    other = STANDARD if letters is FIFO else FIFO
    assert asked(Odd=owner, Letters=other) == []
    told = [one.message for one in findings(changed(add(Odd=owner, Letters=other))) if one.logical_id == "Odd"]
    assert "Letters takes its dead letters" in told


def test_dead_letters_that_nobody_knows_are_not_judged() -> None:
    doubtful = resource("SQS::Queue", FifoQueue=ref("Given"))
    assert asked(Odd=source(), Letters=doubtful) == []
    assert asked(Odd=source(FifoQueue=ref("Given")), Letters=FIFO) == []
    assert asked(Odd=function(), Letters=resource("SNS::Topic", FifoTopic=True)) == []
    theirs = resource("SQS::Queue", RedrivePolicy={"deadLetterTargetArn": "arn:aws:sqs:sa-east-1:1:theirs.fifo"})
    assert asked(Odd=theirs) == []


def test_the_name_of_a_fifo_queue_ends_so() -> None:
    (found,) = asked(Odd=resource("SQS::Queue", FifoQueue=True, QueueName="orders"))
    assert (found.verdict, found.logical_id, found.path) == (Verdict.BROKEN, "Odd", "Properties.QueueName")
    assert found.message == "SQS refuses the queue: the name of a FIFO queue ends in .fifo."
    (found,) = asked(Odd=resource("SQS::Queue", QueueName={"Fn::Sub": "${Given}-orders.fifo"}))
    assert found.message == "SQS refuses the queue: a name that ends in .fifo is a FIFO queue's."
    assert asked(Odd=resource("SQS::Queue", FifoQueue=True, QueueName="orders.fifo")) == []
    assert asked(Odd=resource("SQS::Queue", QueueName="orders")) == []
    assert asked(Odd=resource("SQS::Queue", FifoQueue=True, QueueName=ref("Given"))) == []
    assert asked(Odd=resource("SQS::Queue", FifoQueue=ref("Given"), QueueName="orders")) == []


def read(visible: object, timeout: object, **mapping: object) -> list[Finding]:
    """What is said of a queue that a function reads."""
    reading = resource(
        "Lambda::EventSourceMapping", FunctionName=ref("Odd"), EventSourceArn=att("Work", "Arn"), **mapping
    )
    worker = resource("Lambda::Function", **({} if timeout is None else {"Timeout": timeout}))
    work = resource("SQS::Queue", **({} if visible is None else {"VisibilityTimeout": visible}))
    return asked(Work=work, Odd=worker, Fed=reading)


def test_a_message_is_hidden_as_long_as_its_function_may_run() -> None:
    (found,) = read(20, 30)
    assert (found.verdict, found.logical_id, found.path) == (Verdict.BROKEN, "Work", "Properties.VisibilityTimeout")
    assert found.message == (
        "Lambda refuses Fed: Work shows a message again after 20 s, while Odd may still work on it for 30 s."
    )
    assert found.fix == "Set VisibilityTimeout to 180, six times the function's Timeout."
    (found,) = read(None, 60)
    assert "again after 30 s" in found.message
    for visible, timeout in ((30, 30), (180, "30"), (None, None), (ref("Given"), 30), (20, ref("Given"))):
        assert read(visible, timeout) == []


def test_a_large_batch_has_a_time_to_gather() -> None:
    (found,) = read(180, 30, BatchSize=100)
    assert (found.verdict, found.logical_id, found.path) == (Verdict.BROKEN, "Fed", "Properties.BatchSize")
    assert found.message == "Lambda refuses Fed: a batch of 100 messages needs a time to gather them in."
    assert read(180, 30, BatchSize=100, MaximumBatchingWindowInSeconds=5) == []
    assert read(180, 30, BatchSize=10) == []
    assert read(180, 30, BatchSize=ref("Given")) == []
    assert read(180, 30, BatchSize=100, MaximumBatchingWindowInSeconds=ref("Given")) == []
    stream = resource(
        "Lambda::EventSourceMapping", FunctionName="theirs", EventSourceArn=att("Flow", "Arn"), BatchSize=100
    )
    assert asked(Flow=resource("Kinesis::Stream"), Fed=stream) == []
    theirs = resource("Lambda::EventSourceMapping", FunctionName="theirs", EventSourceArn=att("Work", "Arn"))
    assert asked(Work=resource("SQS::Queue", VisibilityTimeout=1), Fed=theirs) == []
